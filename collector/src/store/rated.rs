//! What customers said in the app, beside how long they had waited.
//!
//! Owns: when sessions are read at all. Refuses: figures (see `nowait_report::rated`) and reading sessions (see `sessions`).
//! Invariant: where the rollups know of no rating nothing is decoded.

use super::sessions::{Needs, Part, Sessions};
use super::sqlite::SqliteStore;
use super::{Query, Store as _, slice};
use crate::error::Error;
use nowait_report::rated::{Explained, Rated};
use nowait_report::{Budgets, Scope, Told};
use nowait_wire::Kind;
use std::collections::BTreeMap;

impl Part for Rated<'_> {
    const NEEDS: Needs = Needs::AllWith(Kind::Rating);

    fn is_meant(kind: Kind) -> bool {
        Rated::is_meant(kind)
    }

    fn add(&mut self, _channel: &str, told: &[Told]) {
        self.add_session(told);
    }

    fn merge(&mut self, other: Self) {
        Rated::merge(self, other);
    }
}

/// What the ratings of a question say.
pub(super) fn read(
    store: &SqliteStore,
    tenant: &str,
    query: &Query,
    budgets: &Budgets,
) -> Result<Explained, Error> {
    let nothing = || {
        let scope = Scope { zone: store.zone().clone(), ..query.scope(None) };
        Rated::new(0..0, budgets).explained(scope, BTreeMap::new())
    };
    // What would have to be decoded for that is decoded once.
    if !slice::is_needed(&query.filter) {
        let cells = store.cells(tenant, query)?;
        if !cells.iter().any(|(key, _)| key.kind == Kind::Rating) {
            return Ok(nothing());
        }
    }
    let found = store.of_tenant(tenant, query, |conn, tenant| Sessions::of(conn, tenant, query, 0))?;
    let Some((_, sessions)) = found else { return Ok(nothing()) };
    let new = || Rated::new(sessions.span.clone(), budgets);
    let (rated, uncounted) = sessions.sum(store, query, new)?;
    let scope = Scope { zone: store.zone().clone(), ..sessions.scope };
    Ok(rated.explained(scope, uncounted))
}
