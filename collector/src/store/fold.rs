//! From batches to what they add to the rollups, in memory.
//!
//! Owns: which series and release a wait belongs to, and what a session's batches change about its account. Refuses: tables (see `rollups` for writing, `source` for reading).
//! Invariant: folding some batches, writing that, and folding the others gives what folding all of them at once gives.

use super::account::Account;
use super::batches::{Entry, Session};
use super::exits::{self, Ending};
use super::journey_events;
use super::period::{Calendar, Period, hour_of};
use super::segments::Beside;
use super::waits::{self, Counted, Counts, IMPLAUSIBLE_WAITS};
use crate::error::Error;
use crate::limits::UNFOLDED_BYTES_MAX;
use foldhash::fast::RandomState;
use nowait_report::{Budgets, Cell, Happened, People};
use nowait_wire::{Event, Kind, Os};
use std::collections::HashMap;
use std::hash::Hash;

/// Ledgers that cannot be true.
pub(super) const IMPLAUSIBLE_LEDGERS: &str = "implausible ledgers";

/// Texts of groups, each with a number of its own.
#[derive(Debug)]
pub(super) struct Numbered<G> {
    numbers: HashMap<G, HashMap<String, u32, RandomState>, RandomState>,
    all: Vec<(G, String)>,
}

impl<G> Default for Numbered<G> {
    fn default() -> Numbered<G> {
        Numbered { numbers: HashMap::default(), all: Vec::new() }
    }
}

impl<G: Copy + Eq + Hash> Numbered<G> {
    pub(super) fn number(&mut self, group: G, text: &str) -> u32 {
        let known = self.numbers.get(&group).and_then(|of_group| of_group.get(text));
        known.copied().unwrap_or_else(|| {
            let number = self.all.len() as u32;
            self.numbers.entry(group).or_default().insert(text.to_owned(), number);
            self.all.push((group, text.to_owned()));
            number
        })
    }

    /// The number of one of the first `most` of them; beyond these, that of `other`.
    pub(super) fn number_within(&mut self, most: usize, one: (G, &str), other: (G, &str)) -> u32 {
        let is_known = self.numbers.get(&one.0).is_some_and(|of_group| of_group.contains_key(one.1));
        let (group, text) = if is_known || self.all.len() < most { one } else { other };
        self.number(group, text)
    }

    /// All of them, by number.
    pub(super) fn all(&self) -> &[(G, String)] {
        &self.all
    }
}

/// Where a cell belongs: hour since 1970, number of the series, number of the release.
pub(super) type Place = (u32, u32, u32);

/// What became of a session's account.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) tenant: i64,
    /// As it is counted in the rollups; `None` if it is in none yet.
    pub(super) before: Option<Session>,
    pub(super) now: Account,
    /// The hour in which its earliest batch began.
    pub(super) hour: u32,
    /// The number of its release, which is that of its first batch; `None` for the one before.
    pub(super) release: Option<u32>,
    /// The numbers of the segments that these batches are in.
    pub(super) segments: Vec<u32>,
}

/// What some batches add to the rollups.
#[derive(Debug, Default)]
pub(super) struct Folded {
    calendar: Calendar,
    /// The last of the batches.
    pub(super) to: i64,
    /// Sessions that began before this hour are counted with all of their batches already: a rebuild takes only their waits.
    sessions_from: u32,
    pub(super) events: usize,
    /// What the cells take beside their places.
    heap_bytes: usize,
    /// Kinds and names of a tenant.
    pub(super) series: Numbered<(i64, Kind)>,
    /// Releases of a tenant on a system.
    pub(super) releases: Numbered<(i64, Os)>,
    pub(super) cells: Counted<Place, Cell>,
    /// The same by day, as a day and not an hour is the least that people are counted in.
    pub(super) people: HashMap<Place, People, RandomState>,
    /// By session.
    pub(super) sessions: HashMap<i64, Turn>,
    /// By hour, number of the release, ending and last breadcrumb.
    pub(super) exit_groups: HashMap<(u32, u32, Ending, String), u64>,
    /// Number of the release, end in milliseconds since 1970 UTC, batch.
    pub(super) exits: Vec<(u32, u64, i64)>,
    /// What these batches tell of journeys.
    pub(super) journeys: Vec<journey_events::Row>,
    /// By tenant, hour and what it is.
    pub(super) uncounted: HashMap<(i64, u32, &'static str), u64>,
    /// Nothing where the fold is only read.
    pub(super) segments: Beside,
    is_only_read: bool,
}

impl Folded {
    /// Nothing yet.
    pub(super) fn of(calendar: Calendar) -> Folded {
        Folded { calendar, ..Folded::default() }
    }

    /// Nothing yet, beside accounts of sessions that began before this hour, which stay as they are.
    pub(super) fn beside(sessions_from: u32, calendar: Calendar) -> Folded {
        Folded { sessions_from, calendar, ..Folded::default() }
    }

    /// Nothing yet, of batches whose rollups a report adds to those that are written: it reads what belongs to a segment from its
    /// batches alone.
    pub(super) fn only_read(calendar: Calendar) -> Folded {
        Folded { is_only_read: true, calendar, ..Folded::default() }
    }

    /// Whether nothing is to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.to == 0
    }

    /// Whether there is room for no more batches, where so many events are taken.
    pub(super) fn is_full(&self, events_max: usize) -> bool {
        let places =
            self.cells.len() * size_of::<(Place, Cell)>() + self.people.len() * size_of::<(Place, People)>();
        let bytes = places + self.heap_bytes;
        self.events >= events_max || bytes >= UNFOLDED_BYTES_MAX
    }

    /// Whose a release is, by its number.
    pub(super) fn tenant_of(&self, release: u32) -> i64 {
        self.releases.all().get(release as usize).map_or(0, |((tenant, _), _)| *tenant)
    }

    /// Tenant and hour of everything that is in here, some of them often.
    pub(super) fn hours(&self) -> impl Iterator<Item = (i64, u32)> {
        let tenant = |release: u32| self.tenant_of(release);
        let cells = self.cells.keys().map(move |(hour, _, release)| (tenant(*release), *hour));
        let exits = self.exit_groups.keys().map(move |(hour, release, ..)| (tenant(*release), *hour));
        let sessions = self.sessions.values().map(|turn| (turn.tenant, turn.hour));
        let uncounted = self.uncounted.keys().map(|(tenant, hour, _)| (*tenant, *hour));
        cells.chain(exits).chain(sessions).chain(uncounted)
    }

    /// Adds a batch, whose waits are too long by these budgets. `session` looks up what the rollups hold of its session.
    pub(super) fn add(
        &mut self,
        entry: &Entry,
        budgets: &Budgets,
        session: impl FnOnce() -> Result<Option<Session>, Error>,
    ) -> Result<(), Error> {
        let context = &entry.batch.context;
        let release = self.releases.number((entry.tenant, context.os), &context.app_version);
        let segments =
            if self.is_only_read { Vec::new() } else { self.segments.of_batch(entry.tenant, context) };
        self.add_account(entry, release, &segments, session)?;
        waits::walk(
            entry,
            budgets,
            &mut Waits { folded: self, tenant: entry.tenant, release, segments: &segments },
        );
        for exit in exits::of(entry) {
            let last_crumb = exit.last_crumb().to_owned();
            let hour = hour_of(exit.ended_unix_ms);
            self.segments.add_exit(&segments, self.calendar.of_hour(Period::Month, hour), release, &exit);
            *self.exit_groups.entry((hour, release, Ending::of(&exit), last_crumb)).or_default() += 1;
            if exit.is_abnormal() {
                self.exits.push((release, exit.ended_unix_ms, entry.id));
            }
        }
        if !self.is_only_read
            && let Some(row) = journey_events::Row::of(entry, &mut self.series)
        {
            self.heap_bytes += row.heap_bytes();
            self.journeys.push(row);
        }
        self.to = self.to.max(entry.id);
        self.events += entry.batch.events.len();
        Ok(())
    }

    fn add_account(
        &mut self,
        entry: &Entry,
        release: u32,
        segments: &[u32],
        session: impl FnOnce() -> Result<Option<Session>, Error>,
    ) -> Result<(), Error> {
        let hour = entry.first_hour();
        let (told, is_plausible) =
            Account::of(&entry.batch.ledger, entry.batch.events.len() as u64, entry.bytes);
        if !is_plausible {
            *self.uncounted.entry((entry.tenant, hour, IMPLAUSIBLE_LEDGERS)).or_default() += 1;
            let month = self.calendar.of_hour(Period::Month, hour);
            self.segments.add_uncounted(segments, month, IMPLAUSIBLE_LEDGERS);
        }
        match self.sessions.get_mut(&entry.session) {
            Some(turn) => {
                turn.now.add(&told);
                turn.hour = turn.hour.min(hour);
                let new = segments.iter().filter(|segment| !turn.segments.contains(segment));
                let new: Vec<u32> = new.copied().collect();
                turn.segments.extend(new);
            }
            None => {
                let before = session()?;
                if before.as_ref().is_some_and(|before| before.hour < self.sessions_from) {
                    return Ok(());
                }
                let mut now = before.as_ref().map(|before| before.account.clone()).unwrap_or_default();
                now.add(&told);
                let turn = Turn {
                    tenant: entry.tenant,
                    now,
                    hour: before.as_ref().map_or(hour, |before| before.hour.min(hour)),
                    release: before.is_none().then_some(release),
                    segments: segments.to_vec(),
                    before,
                };
                self.sessions.insert(entry.session, turn);
            }
        }
        Ok(())
    }
}

/// A fold that counts the waits of one batch.
struct Waits<'f> {
    folded: &'f mut Folded,
    tenant: i64,
    release: u32,
    segments: &'f [u32],
}

impl Counts for Waits<'_> {
    fn place(&mut self, hour: u32, kind: Kind, name: &str) -> Option<usize> {
        let series = self.folded.series.number((self.tenant, kind), name);
        Some(waits::place_of(&mut self.folded.cells, (hour, series, self.release)))
    }

    fn add(&mut self, place: usize, event: &Event) {
        if let Some((_, cell)) = self.folded.cells.get_index_mut(place) {
            self.folded.heap_bytes += cell.add_growing(event);
        }
    }

    fn add_implausible(&mut self, hour: u32) {
        *self.folded.uncounted.entry((self.tenant, hour, IMPLAUSIBLE_WAITS)).or_default() += 1;
        let month = self.folded.calendar.of_hour(Period::Month, hour);
        self.folded.segments.add_uncounted(self.segments, month, IMPLAUSIBLE_WAITS);
    }

    fn add_install(&mut self, place: usize, install: u128, happened: Happened) {
        if let Some(((hour, series, release), _)) = self.folded.cells.get_index(place) {
            let of_day = (self.folded.calendar.of_hour(Period::Day, *hour), *series, *release);
            self.folded.people.entry(of_day).or_default().add(install, happened);
        }
    }
}
