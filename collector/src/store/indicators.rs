//! What a store is asked for the indicators of a bank, and for its map of touchpoints.
//!
//! Owns: which months a trend is of. Refuses: figures (see `nowait_report`).
//! Invariant: months are those of the store's time zone, so that each is read from the rollups of a month.

use super::{Query, Store};
use crate::ask;
use crate::error::Error;
use jiff::ToSpan;
use nowait_report::indicator::{Experiences, Trends};
use nowait_report::life::LifeMap;
use nowait_report::limits::MONTHS_OF_TREND;
use nowait_report::{Budgets, Zone};

/// How these customers fare.
///
/// # Errors
/// [`Error::is_store`]; [`Error::is_no_data`] if what was asked for never sent anything, naming the nearest.
pub fn indicators(
    store: &dyn Store,
    tenant: &str,
    query: &Query,
    budgets: &Budgets,
) -> Result<Experiences, Error> {
    let cells = store.cells(tenant, query)?;
    if cells.is_empty() {
        ask::filter_known(store, tenant, &query.filter)?;
    }
    Ok(Experiences::new(&cells, budgets))
}

/// The same in each of the last twelve months, the current one included, from the first that has anything on.
///
/// # Errors
/// [`Error::is_store`]; [`Error::is_input`] if the query has a span of its own.
pub fn months(
    store: &dyn Store,
    tenant: &str,
    query: &Query,
    budgets: &Budgets,
    now_unix_ms: u64,
) -> Result<Trends, Error> {
    if query.has_span() {
        return Err(Error::input("since, until, hours: the months are the last twelve; leave them out"));
    }
    let mut trends = Trends::default();
    for (month, from, until) in last_months(store.zone(), now_unix_ms) {
        let query = query.clone().from(from).until(until);
        trends.add(&month, Experiences::new(&store.cells(tenant, &query)?, budgets));
    }
    trends.begin_with_data();
    Ok(trends)
}

/// The touchpoints that the budgets place in a customer's life.
///
/// # Errors
/// As [`indicators`].
pub fn life_map(store: &dyn Store, tenant: &str, query: &Query, budgets: &Budgets) -> Result<LifeMap, Error> {
    let cells = store.cells(tenant, query)?;
    if cells.is_empty() {
        ask::filter_known(store, tenant, &query.filter)?;
    }
    Ok(LifeMap::new(&cells, budgets))
}

/// The month, its first moment and the first moment after it, of each of the last months, the earliest first.
fn last_months(zone: &Zone, now_unix_ms: u64) -> Vec<(String, u64, u64)> {
    let Some(today) = zone.date(now_unix_ms) else { return Vec::new() };
    let begin = |months_ago: i64| {
        let first = today.first_of_month().checked_sub(months_ago.months()).ok()?;
        Some((first.strftime("%Y-%m").to_string(), zone.begin_of(first)?))
    };
    let most = i64::try_from(MONTHS_OF_TREND).unwrap_or(0);
    let month = |months_ago: i64| {
        let ((month, from), (_, until)) = (begin(months_ago)?, begin(months_ago - 1)?);
        Some((month, from, until))
    };
    (0..most).rev().filter_map(month).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_zone() {
        let shanghai: Zone = "Asia/Shanghai".parse().unwrap();
        // The last evening of February in UTC is March in Shanghai.
        let months = last_months(&shanghai, 1_772_304_000_000);
        assert_eq!(months.len(), MONTHS_OF_TREND);
        let (first, last) = (months.first().unwrap(), months.last().unwrap());
        assert_eq!((first.0.as_str(), last.0.as_str()), ("2025-04", "2026-03"));
        assert_eq!(last.1, 1_772_294_400_000, "midnight of 1 March there");
        assert!(
            months.windows(2).all(|two| two[0].2 == two[1].1),
            "no moment is in two, and none is in none"
        );
    }
}
