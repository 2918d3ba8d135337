//! One touchpoint in detail.
//!
//! Owns: what it is answered from, the waits of it that are decoded from batches, and its longest ones. Refuses: figures.
//! Invariant: it reads the rows of one touchpoint, or as many batches as any other slice does.

use super::batches::{self, Entry};
use super::fold::Numbered;
use super::period::{Calendar, Period, Plan, unix_ms};
use super::read::{DAMAGED_ROWS, Tenant, count};
use super::slice;
use super::source::Source;
use super::split::{self, Known};
use super::sqlite::SqliteStore;
use super::waits::{self, Counted, Counts};
use super::{By, Query, Store as _};
use crate::ask::unknown;
use crate::error::Error;
use crate::limits::{LONGEST_BATCHES_MAX, LONGEST_ROWS_MAX, RELEASES_PER_TENANT_MAX};
use nowait_report::limits::REAL_WAITS_LISTED;
use nowait_report::{Budgets, Cell, Crowd, Detail, Happened, People, RealWait, Scope, Times};
use nowait_wire::{Event, Kind, Os, Outcome};
use rusqlite::{Connection, params};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What is asked for: a kind and a name.
type Place<'p> = (Kind, &'p str);

/// All that is known of a touchpoint.
pub(super) fn read(
    store: &SqliteStore,
    tenant: &str,
    query: &Query,
    place: Place,
    by: Option<&By>,
    budgets: &Budgets,
) -> Result<Detail, Error> {
    let found = store.of_tenant(tenant, query, |conn, tenant| {
        (!slice::is_needed(&query.filter))
            .then(|| of_rollups(conn, tenant, query, place, by, budgets))
            .transpose()
    })?;
    let (found, (times, plan, uncounted), known) = match found {
        None => return Err(unknown("touchpoint", place.1, &[])),
        Some((found, Some((answer, known)))) => (found, answer, known),
        Some((found, None)) => (found, of_batches(store, found, query, place, budgets)?, None),
    };
    if times.is_empty() {
        return Err(nothing_of(store, tenant, place)?);
    }
    let longest = store.read(&query.cancel, |conn| longest(conn, found, query, &plan, place))?;
    let scope = Scope { zone: store.zone().clone(), ..query.scope(Some(&plan)) };
    let split = by.map(|by| split::read(store, found, query, place, by, known, budgets)).transpose()?;
    Ok(Detail { split, ..times.detail(scope, place, budgets, uncounted, longest) })
}

/// Why there is no wait: nobody ever had one, or nobody in the span.
pub(super) fn nothing_of(store: &SqliteStore, tenant: &str, (kind, name): Place) -> Result<Error, Error> {
    let cells = store.cells(tenant, &Query::default())?;
    let of_kind = cells.iter().filter(|(key, _)| key.kind == kind).map(|(key, _)| key.name.clone());
    let known: Vec<String> = of_kind.collect::<BTreeSet<_>>().into_iter().collect();
    if known.iter().any(|known| known == name) {
        return Ok(Error::no_data(format!(
            "no waits of {kind} {name:?} in this span and filter; widen them, or name another one"
        )));
    }
    Ok(unknown(&format!("touchpoint of kind {kind}"), name, &known))
}

/// The waits, when they can have been, and what is not counted among them.
type Answer = (Times, Plan, BTreeMap<String, u64>);

fn of_rollups(
    conn: &Connection,
    tenant: Tenant,
    query: &Query,
    place: Place,
    by: Option<&By>,
    budgets: &Budgets,
) -> Result<(Answer, Option<Known>), Error> {
    let source = Source::look(conn, tenant, query, budgets)?;
    let mut uncounted = source.uncounted()?;
    let (times, damaged) = source.times(query, place)?;
    count(&mut uncounted, DAMAGED_ROWS, damaged);
    let of_segments = |by| split::of_segments(&source, conn, tenant, query, place, by, times.count());
    let known = by.map(of_segments).transpose()?.flatten();
    Ok(((times, source.plan, uncounted), known))
}

fn of_batches(
    store: &SqliteStore,
    tenant: Tenant,
    query: &Query,
    place: Place,
    budgets: &Budgets,
) -> Result<Answer, Error> {
    let _turn = store.turn_to_decode(&query.cancel)?;
    let chosen = store.read(&query.cancel, |conn| slice::choose(conn, tenant, query))?;
    let new = || Sum::of(place, &chosen.plan, Calendar::of(store.zone().clone()));
    let add = |sum: &mut Sum, entry: &Entry| sum.add(entry, budgets);
    let (parts, damaged) = slice::sums(store, &chosen.ids, &query.cancel, new, add)?;
    let mut all = new();
    parts.into_iter().for_each(|part| all.merge(part));
    let mut uncounted = BTreeMap::new();
    count(&mut uncounted, DAMAGED_ROWS, damaged);
    Ok((all.times(), chosen.plan, uncounted))
}

/// The waits of a touchpoint in some batches.
struct Sum<'p> {
    place: Place<'p>,
    plan: &'p Plan,
    calendar: Calendar,
    releases: Numbered<Os>,
    /// By hour and number of the release.
    cells: Counted<(u32, u32), Cell>,
    /// By day.
    people: HashMap<u32, People>,
    /// The release of the batch that is being added.
    release: u32,
}

impl<'p> Sum<'p> {
    fn of(place: Place<'p>, plan: &'p Plan, calendar: Calendar) -> Sum<'p> {
        let (releases, cells, people) = (Numbered::default(), Counted::default(), HashMap::new());
        Sum { place, plan, calendar, releases, cells, people, release: 0 }
    }

    fn number(&mut self, os: Os, app_version: &str) -> u32 {
        let other = (Os::Other, super::budget::OTHER);
        self.releases.number_within(RELEASES_PER_TENANT_MAX, (os, app_version), other)
    }

    fn add(&mut self, entry: &Entry, budgets: &Budgets) {
        let context = &entry.batch.context;
        self.release = self.number(context.os, &context.app_version);
        waits::walk(entry, budgets, self);
    }

    fn merge(&mut self, other: Sum) {
        for ((hour, release), cell) in &other.cells {
            if let Some((os, app_version)) = other.releases.all().get(*release as usize) {
                let release = self.number(*os, app_version);
                self.cells.entry((*hour, release)).or_default().merge(cell);
            }
        }
        for (day, people) in &other.people {
            self.people.entry(*day).or_default().merge(people);
        }
    }

    fn times(self) -> Times {
        let mut times = Times::default();
        for ((hour, release), cell) in &self.cells {
            let Some((os, app_version)) = self.releases.all().get(*release as usize) else { continue };
            times.add(app_version, *os, cell);
            times.add_hour(unix_ms(*hour), cell);
            if let Some(date) = Calendar::date_of_day(self.calendar.of_hour(Period::Day, *hour)) {
                times.add_day(date, app_version, cell);
            }
        }
        if People::takes(self.place.0) {
            let mut all = Crowd::new();
            for (day, people) in &self.people {
                all.add(people);
                let mut of_day = Crowd::new();
                of_day.add(people);
                if let Some(date) = Calendar::date_of_day(*day) {
                    times.set_people_of_day(date, of_day);
                }
            }
            times.set_people(all);
        }
        times
    }
}

impl Counts for Sum<'_> {
    fn place(&mut self, hour: u32, kind: Kind, name: &str) -> Option<usize> {
        let is_meant = (kind, name) == self.place && (self.plan.from..self.plan.until).contains(&hour);
        is_meant.then(|| waits::place_of(&mut self.cells, (hour, self.release)))
    }

    fn add(&mut self, place: usize, event: &Event) {
        if let Some((_, cell)) = self.cells.get_index_mut(place) {
            cell.add(event);
        }
    }

    fn add_implausible(&mut self, _: u32) {}

    fn add_install(&mut self, place: usize, install: u128, happened: Happened) {
        if let Some(((hour, _), _)) = self.cells.get_index(place) {
            let day = self.calendar.of_hour(Period::Day, *hour);
            self.people.entry(day).or_default().add(install, happened);
        }
    }
}

/// The longest waits in the latest batches, the longest first, one of a session.
fn longest(
    conn: &Connection,
    tenant: Tenant,
    query: &Query,
    plan: &Plan,
    place: Place,
) -> Result<Vec<RealWait>, Error> {
    let contexts = slice::contexts(conn, tenant, &query.filter)?;
    let select = format!(
        "SELECT {}, context FROM batches WHERE tenant = ?1 AND first_hour < ?2 AND last_hour >= ?3 ORDER BY id DESC LIMIT ?4",
        batches::ENTRY
    );
    let mut select = conn.prepare_cached(&select)?;
    let mut rows = select.query(params![tenant.id, plan.until, plan.from, LONGEST_ROWS_MAX])?;
    let mut of_sessions: BTreeMap<String, RealWait> = BTreeMap::new();
    let mut read = 0;
    while read < LONGEST_BATCHES_MAX
        && let Some(row) = rows.next()?
    {
        if contexts.contains_key(&row.get(6)?)
            && let Ok(entry) = batches::entry(row)?
        {
            read += 1;
            query.cancel.check()?;
            for wait in waits_of(&entry, plan, place) {
                let known = of_sessions.get(&wait.session);
                if known.is_none_or(|known| known.duration_ns < wait.duration_ns) {
                    of_sessions.insert(wait.session.clone(), wait);
                }
            }
        }
    }
    let mut longest: Vec<RealWait> = of_sessions.into_values().collect();
    longest.sort_by_key(|wait| (Reverse(wait.duration_ns), wait.started_unix_ms));
    longest.truncate(REAL_WAITS_LISTED);
    Ok(longest)
}

/// The waits of a batch at this place that ended within the plan.
fn waits_of<'e>(
    entry: &'e Entry,
    plan: &'e Plan,
    (kind, name): Place<'e>,
) -> impl Iterator<Item = RealWait> + 'e {
    let batch = &entry.batch;
    let is_name =
        move |event: &Event| batch.names.get(event.name.0 as usize).is_some_and(|known| known == name);
    let is_told = |event: &Event| {
        !matches!(event.outcome, Outcome::Interrupted | Outcome::AlreadyAnimating) && Cell::believes(event)
    };
    let meant =
        batch.events.iter().filter(move |event| event.kind == kind && is_name(event) && is_told(event));
    meant.filter_map(move |event| {
        let started_unix_ms = entry.placement.unix_ms(event.started_uptime_ns);
        let is_in_span = (unix_ms(plan.from)..unix_ms(plan.until)).contains(&started_unix_ms);
        is_in_span.then(|| RealWait {
            started_unix_ms,
            duration_ns: event.duration_ns,
            outcome: event.outcome,
            session: batch.id.session.to_string(),
            app_version: batch.context.app_version.clone(),
            device_model: batch.context.device_model.clone(),
        })
    })
}
