//! What a store is asked for the gaps of a bank and what became of its targets.
//!
//! Owns: which sides are read. Refuses: figures (see `nowait_report`).
//! Invariant: nothing is read for what the budgets do not speak of.

use super::{Query, Store};
use crate::ask;
use crate::error::Error;
use nowait_report::{Budgets, Gaps, Side, Targets};
use std::collections::BTreeMap;

/// How far the experience of these customers is from what the bank says of it.
///
/// # Errors
/// [`Error::is_store`]; [`Error::is_no_data`] if what was asked for never sent anything, naming the nearest.
pub fn gaps(store: &dyn Store, tenant: &str, query: &Query, budgets: &Budgets) -> Result<Gaps, Error> {
    let side = if budgets.has_measured_factors() { store.side(tenant, query)? } else { Side::new() };
    if side.is_empty() {
        ask::filter_known(store, tenant, &query.filter)?;
    }
    Ok(Gaps::new(&side, budgets))
}

/// What the latest releases did for the gaps that were chosen, within the rest of the query.
///
/// # Errors
/// [`Error::is_store`]; [`Error::is_input`] if the query is about one release.
pub fn targets(store: &dyn Store, tenant: &str, query: &Query, budgets: &Budgets) -> Result<Targets, Error> {
    if query.filter.version.is_some() {
        return Err(Error::input("version: targets are told of each release; leave it out"));
    }
    let known = store.app_versions(tenant)?;
    let mut sides = BTreeMap::new();
    for version in Targets::releases(budgets, &known) {
        let mut side = store.side(tenant, &query.of_version(&version))?;
        side.keep(|kind, name| Targets::is_measured(budgets, kind, name));
        sides.insert(version, side);
    }
    Ok(Targets::new(&sides, budgets, &known))
}
