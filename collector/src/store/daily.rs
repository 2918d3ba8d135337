//! The touchpoints of a report from day to day.
//!
//! Owns: which days, and what they are answered from. Refuses: figures, and which touchpoints come first (the report knows).
//! Invariant: it reads the days of the touchpoints of one report, or the batches of those days.

use super::batches::Entry;
use super::period::{Calendar, Period, Plan, hour_of, unix_ms};
use super::read::{DAMAGED_ROWS, Tenant, count};
use super::source::Source;
use super::sqlite::SqliteStore;
use super::waits::{self, Counted, Counts};
use super::{Query, Store as _, slice};
use crate::error::Error;
use jiff::civil::Date;
use nowait_report::limits::DAYS_OF_TREND_MAX;
use nowait_report::{Budgets, Cell, Daily, Happened, Scope};
use nowait_wire::{Event, Kind};
use rusqlite::Connection;
use std::collections::{BTreeMap, HashMap};

/// What is asked for: a kind and a name.
type Place<'p> = (Kind, &'p str);

/// The waits of each place by day, and how many damaged rows there were.
type Days = (Vec<BTreeMap<Date, Cell>>, u64);

/// The days up to where the question ends: where it begins says which touchpoints come first, and what came before says whether
/// they get better.
pub(super) fn read(
    store: &SqliteStore,
    tenant: &str,
    query: &Query,
    budgets: &Budgets,
) -> Result<Daily, Error> {
    let report = store.report(tenant, query, budgets)?;
    let places: Vec<Place<'_>> = report.touchpoints.iter().map(|of| (of.kind, of.name.as_str())).collect();
    if places.is_empty() {
        return Ok(Daily::new(report.scope, BTreeMap::new(), [], budgets));
    }
    let calendar = Calendar::of(store.zone().clone());
    let last = calendar.of_hour(Period::Day, hour_of(report.scope.until_unix_ms.saturating_sub(1)));
    let days_before = u32::try_from(DAYS_OF_TREND_MAX).unwrap_or(1).saturating_sub(1);
    let from_unix_ms = unix_ms(calendar.first_hour(Period::Day, last.saturating_sub(days_before)));
    let query = &query.clone().from(from_unix_ms);
    let found = store.of_tenant(tenant, query, |conn, found| {
        (!slice::is_needed(&query.filter))
            .then(|| of_rollups(conn, found, query, &places, budgets))
            .transpose()
    })?;
    let (days, damaged) = match found {
        None => (Vec::new(), 0),
        Some((_, Some(days))) => days,
        Some((found, None)) => of_batches(store, found, query, &calendar, &places, budgets)?,
    };
    let mut uncounted = BTreeMap::new();
    count(&mut uncounted, DAMAGED_ROWS, damaged);
    let scope = Scope { from_unix_ms, ..report.scope };
    let touchpoints = places.into_iter().zip(days).map(|((kind, name), days)| (kind, name, days));
    Ok(Daily::new(scope, uncounted, touchpoints, budgets))
}

fn of_rollups(
    conn: &Connection,
    tenant: Tenant,
    query: &Query,
    places: &[Place<'_>],
    budgets: &Budgets,
) -> Result<Days, Error> {
    Source::look(conn, tenant, query, budgets)?.days(query, places)
}

fn of_batches(
    store: &SqliteStore,
    tenant: Tenant,
    query: &Query,
    calendar: &Calendar,
    places: &[Place<'_>],
    budgets: &Budgets,
) -> Result<Days, Error> {
    let _turn = store.turn_to_decode(&query.cancel)?;
    let chosen = store.read(&query.cancel, |conn| slice::choose(conn, tenant, query))?;
    let numbers: HashMap<Place<'_>, usize> =
        places.iter().enumerate().map(|(number, place)| (*place, number)).collect();
    let new = || Sum { numbers: &numbers, plan: &chosen.plan, calendar, cells: Counted::default() };
    let add = |sum: &mut Sum, entry: &Entry| waits::walk(entry, budgets, sum);
    let (parts, damaged) = slice::sums(store, &chosen.ids, &query.cancel, new, add)?;
    let mut all = vec![BTreeMap::<Date, Cell>::new(); places.len()];
    for ((number, day), cell) in parts.iter().flat_map(|part| &part.cells) {
        if let (Some(of), Some(date)) = (all.get_mut(*number), Calendar::date_of_day(*day)) {
            of.entry(date).or_default().merge(cell);
        }
    }
    Ok((all, damaged))
}

/// The waits of some touchpoints in some batches.
struct Sum<'p> {
    numbers: &'p HashMap<Place<'p>, usize>,
    plan: &'p Plan,
    calendar: &'p Calendar,
    /// By the number of the touchpoint and the day.
    cells: Counted<(usize, u32), Cell>,
}

impl Counts for Sum<'_> {
    fn place(&mut self, hour: u32, kind: Kind, name: &str) -> Option<usize> {
        let number =
            self.numbers.get(&(kind, name)).filter(|_| (self.plan.from..self.plan.until).contains(&hour))?;
        Some(waits::place_of(&mut self.cells, (*number, self.calendar.of_hour(Period::Day, hour))))
    }

    fn add(&mut self, place: usize, event: &Event) {
        if let Some((_, cell)) = self.cells.get_index_mut(place) {
            cell.add(event);
        }
    }

    fn add_implausible(&mut self, _: u32) {}

    fn add_install(&mut self, _: usize, _: u128, _: Happened) {}
}
