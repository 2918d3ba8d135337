//! What a store is asked for what customers say.
//!
//! Owns: what is said where there is no answer. Refuses: figures (see `nowait_report::feedback`).

use super::{Query, Store};
use crate::error::Error;
use nowait_report::Budgets;
use nowait_report::feedback::Listening;
use nowait_report::rated::Explained;

/// What customers said of the own product and of others.
///
/// # Errors
/// As [`Store::feedback`].
pub fn listening(
    store: &dyn Store,
    tenant: &str,
    query: &Query,
    budgets: &Budgets,
) -> Result<Listening, Error> {
    Ok(Listening::new(&store.feedback(tenant, query)?, budgets))
}

/// Whether waiting explains what customers said in the app.
///
/// # Errors
/// As [`Store::rated`].
pub fn rated(store: &dyn Store, tenant: &str, query: &Query, budgets: &Budgets) -> Result<Explained, Error> {
    // A filter may be of reviews alone: a release that devices never told is no mistake.
    store.rated(tenant, query, budgets)
}
