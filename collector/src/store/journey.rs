//! One journey, step by step and across channels.
//!
//! Owns: which events it is made of. Refuses: figures (see `nowait_report::journey_map`) and reading sessions (see `sessions`).
//! Invariant: sessions of before the span are read for as long as an id that was handed over then may be used in it.

use super::detail::nothing_of;
use super::sessions::{Needs, Part, Sessions};
use super::sqlite::SqliteStore;
use super::{Query, Store as _};
use crate::ask::unknown;
use crate::error::Error;
use crate::time::HOUR_MS;
use nowait_report::journey_map::CONTINUATION_LIFE_MS;
use nowait_report::{Budgets, JourneyMap, Scope, Told, Walks};
use nowait_wire::Kind;

impl Part for Walks<'_> {
    const NEEDS: Needs = Needs::Journeys;

    fn is_meant(kind: Kind) -> bool {
        Walks::is_meant(kind)
    }

    fn add(&mut self, channel: &str, told: &[Told]) {
        self.add_session(channel, told);
    }

    fn merge(&mut self, other: Self) {
        Walks::merge(self, other);
    }
}

/// All that is known of a journey.
pub(super) fn read(
    store: &SqliteStore,
    tenant: &str,
    query: &Query,
    journey: &str,
    budgets: &Budgets,
) -> Result<JourneyMap, Error> {
    let before = u32::try_from(CONTINUATION_LIFE_MS / HOUR_MS).unwrap_or(0);
    let found = store.of_tenant(tenant, query, |conn, tenant| Sessions::of(conn, tenant, query, before))?;
    let Some((_, sessions)) = found else { return Err(unknown("journey", journey, &[])) };
    let new = || Walks::new(journey, sessions.span.clone(), budgets);
    let (walks, uncounted) = sessions.sum(store, query, new)?;
    if walks.is_empty() {
        return Err(nothing_of(store, tenant, (Kind::Journey, journey))?);
    }
    let scope = Scope { zone: store.zone().clone(), ..sessions.scope };
    Ok(walks.map(scope, uncounted))
}
