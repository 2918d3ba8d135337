//! What a store is asked for what customers say.
//!
//! Owns: what is said where there is no answer. Refuses: figures (see `nowait_report::feedback`).

use super::{Query, Store};
use crate::error::Error;
use nowait_report::Budgets;
use nowait_report::feedback::Listening;

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
