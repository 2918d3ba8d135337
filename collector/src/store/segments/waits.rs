//! What the waits of batches add to the rollups of segments.
//!
//! Owns: adding them up, and writing them. Refuses: which segments there are (see `super`).
//! Invariant: adding some batches, writing that, and adding the others gives what adding all of them at once gives.

use super::super::batches::{self, Entry};
use super::super::budget::Budget;
use super::super::fold::Numbered;
use super::super::people;
use super::super::period::{Calendar, Period};
use super::super::progress::Progress;
use super::super::rollups::{self, BY_PERIOD, CellRow, Floors};
use super::super::waits::{self, Counted, Counts, place_of};
use super::{Field, Segment, beyond, counted_in, is_too_wide, of_context, put_row, tenants};
use crate::error::Error;
use crate::limits::{SEGMENT_SERIES_MAX, SEGMENTS_BYTES_MAX, SEGMENTS_EVENTS_MAX};
use foldhash::fast::RandomState;
use nowait_report::limits::PEOPLE_OF_SEGMENT_LG_K;
use nowait_report::{Budgets, Cell, Happened, People};
use nowait_wire::{Event, Kind, Os};
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Where the cell of a segment belongs: numbers of the segment, month, numbers of the series and the release.
type Place = (u32, u32, u32, u32);

/// What waits add to the rollups of segments.
#[derive(Debug, Default)]
pub(in crate::store) struct Waits {
    calendar: Calendar,
    /// The last of the batches.
    to: i64,
    events: usize,
    /// What cells and sketches take beside their places.
    heap_bytes: usize,
    /// Segments of a tenant.
    segments: Numbered<(i64, Field)>,
    /// Kinds and names of a tenant.
    series: Numbered<(i64, Kind)>,
    /// Releases of a tenant on a system.
    releases: Numbered<(i64, Os)>,
    cells: Counted<Place, Cell>,
    /// Of everybody in a segment.
    people: HashMap<(u32, u32, u32), People, RandomState>,
}

impl Waits {
    /// Nothing yet.
    pub(in crate::store) fn of(calendar: Calendar) -> Waits {
        Waits { calendar, ..Waits::default() }
    }

    /// Whether nothing is to be written.
    pub(in crate::store) fn is_empty(&self) -> bool {
        self.to == 0
    }

    /// Whether there is room for no more batches.
    pub(in crate::store) fn is_full(&self) -> bool {
        let places = self.cells.len() * size_of::<(Place, Cell)>()
            + self.people.len() * size_of::<((u32, u32, u32), People)>();
        self.events >= SEGMENTS_EVENTS_MAX || places + self.heap_bytes >= SEGMENTS_BYTES_MAX
    }

    /// Whether a tenant has so many names in here alone that none of its segments will have rollups: [`Waits::write`] gives them up.
    fn is_too_wide(&self, tenant: i64) -> bool {
        self.series.all().iter().filter(|((of, _), _)| *of == tenant).count() > SEGMENT_SERIES_MAX
    }

    /// Adds the waits of a batch, which are too long by these budgets: to all of its segments, or to this one if it is in that.
    pub(in crate::store) fn add(&mut self, entry: &Entry, budgets: &Budgets, only: Option<&Segment>) {
        let context = &entry.batch.context;
        let asked: Vec<Segment> =
            of_context(context).filter(|segment| only.is_none_or(|only| only == segment)).collect();
        let counted: BTreeSet<Segment> = asked.iter().map(|segment| counted_in(segment, context)).collect();
        let mut number = |(field, value): &Segment| self.segments.number((entry.tenant, *field), value);
        let asked: Vec<u32> = asked.iter().map(&mut number).collect();
        let counted: Vec<u32> = counted.iter().map(&mut number).collect();
        self.to = self.to.max(entry.id);
        if asked.is_empty() {
            return;
        }
        let mut of_batch = OfBatch {
            calendar: &self.calendar,
            tenant: entry.tenant,
            series: &mut self.series,
            places: Counted::default(),
            waits: Vec::with_capacity(entry.batch.events.len()),
            month: (0, 0),
        };
        waits::walk(entry, budgets, &mut of_batch);
        let OfBatch { places, mut waits, .. } = of_batch;
        if self.is_too_wide(entry.tenant) {
            return;
        }
        // Those of one cell behind each other: it is large, and there are many.
        waits.sort_by_key(|(place, _)| *place);
        let release = self.releases.number((entry.tenant, context.os), &context.app_version);
        // Of an install without an id nobody knows whether it was here before.
        let install = context.install.as_u128();
        for segment in counted {
            for waits in waits.chunk_by(|(one, _), (next, _)| one == next) {
                let first = waits.first().and_then(|(place, _)| places.get_index(*place));
                let Some(((month, series), _)) = first else { continue };
                let place = place_of(&mut self.cells, (segment, *month, *series, release));
                if let Some((_, cell)) = self.cells.get_index_mut(place) {
                    self.heap_bytes += waits.iter().map(|(_, event)| cell.add_growing(event)).sum::<usize>();
                }
            }
        }
        for segment in asked {
            let is_known = |(_, happened): &(_, &Happened)| **happened != Happened::default();
            for ((month, series), happened) in places.iter().filter(is_known) {
                let people = self.people.entry((segment, *month, *series)).or_default();
                people.add_within(install, *happened, PEOPLE_OF_SEGMENT_LG_K);
                self.heap_bytes += SKETCHED_BYTES;
            }
        }
        self.events += entry.batch.events.len();
    }

    /// The cells of each kind and name in these months, with their releases, of all segments together.
    pub(in crate::store) fn cells(
        &self,
        is_asked: impl Fn(u32) -> bool,
    ) -> impl Iterator<Item = (Kind, &str, &((i64, Os), String), &Cell)> {
        let asked = self.cells.iter().filter(move |((_, month, ..), _)| is_asked(*month));
        asked.filter_map(|((_, _, series, release), cell)| {
            let ((_, kind), name) = self.series.all().get(*series as usize)?;
            Some((*kind, name.as_str(), self.releases.all().get(*release as usize)?, cell))
        })
    }

    /// The people of each kind and name in these months, of all segments together.
    pub(in crate::store) fn people(
        &self,
        is_asked: impl Fn(u32) -> bool,
    ) -> impl Iterator<Item = (Kind, &str, &People)> {
        let asked = self.people.iter().filter(move |((_, month, _), _)| is_asked(*month));
        asked.filter_map(|((_, _, series), people)| {
            let ((_, kind), name) = self.series.all().get(*series as usize)?;
            Some((*kind, name.as_str(), people))
        })
    }

    /// Writes everything, and up to which batch that is.
    pub(in crate::store) fn write(&self, conn: &Connection, floors: &Floors) -> Result<(), Error> {
        let mut budget = Budget::default();
        let segments = tenants(conn, &self.segments)?;
        for (((tenant, _), _), segment) in self.segments.all().iter().zip(&segments) {
            segment.iter().for_each(|segment| budget.owns(*tenant, *segment));
        }
        let series = budget.all_series(conn, &self.series)?;
        let releases = budget.all_releases(conn, &self.releases)?;
        let id_of = |ids: &[i64], number: u32| ids.get(number as usize).copied().unwrap_or_default();
        let segment_of = |number: u32| segments.get(number as usize).copied().flatten();
        let mut cells: HashMap<CellRow, Cell> = HashMap::new();
        for ((segment, month, of_series, release), cell) in &self.cells {
            if let Some(segment) = segment_of(*segment) {
                let row = (segment, *month, id_of(&series, *of_series), id_of(&releases, *release));
                cells.entry(row).or_default().merge(cell);
            }
        }
        rollups::write_cells(conn, Period::Month, floors, &cells, &mut budget)?;
        let mut rows: BTreeMap<people::Row, People> = BTreeMap::new();
        for ((segment, month, of_series), people) in &self.people {
            if let Some(segment) = segment_of(*segment) {
                let row = (segment, *month, people::EVERYBODY, id_of(&series, *of_series));
                rows.entry(row).or_default().merge(people);
            }
        }
        people::write_rows(conn, Period::Month, floors, rows)?;
        let tenants: BTreeSet<i64> = self.segments.all().iter().map(|((tenant, _), _)| *tenant).collect();
        tenants.into_iter().try_for_each(|tenant| give_up_too_wide(conn, tenant))?;
        Progress::SegmentsTo.write(conn, self.to)
    }
}

/// What one more install takes in a sketch, in bytes, as long as there are few.
const SKETCHED_BYTES: usize = 4;

/// Removes the rollups of all segments of a tenant that has more names than any app: from then on its questions are answered from
/// batches. Each name is a cell in each segment, and its budget is that of the tenant in each of them.
fn give_up_too_wide(conn: &Connection, tenant: i64) -> Result<(), Error> {
    if !is_too_wide(conn, tenant)? {
        return Ok(());
    }
    for (table, _) in BY_PERIOD {
        let delete =
            format!("DELETE FROM {table} WHERE tenant IN (SELECT -id FROM segments WHERE tenant = ?1)");
        conn.prepare_cached(&delete)?.execute([tenant])?;
    }
    conn.prepare_cached("DELETE FROM segments WHERE tenant = ?1")?.execute([tenant])?;
    put_row(conn, tenant, &beyond())?;
    Ok(())
}

/// Adds the waits of batches that are in the other rollups, one step: how many batches that were.
pub(in crate::store) fn catch_up(
    conn: &Connection,
    budgets: &Budgets,
    floors: &Floors,
) -> Result<usize, Error> {
    let (from, to) = (Progress::SegmentsTo.read(conn)?, Progress::FoldedTo.read(conn)?);
    if from >= to {
        return Ok(0);
    }
    let select = format!("SELECT {} FROM batches WHERE id > ?1 AND id <= ?2 ORDER BY id", batches::ENTRY);
    let mut select = conn.prepare_cached(&select)?;
    let mut rows = select.query(params![from, to])?;
    let (mut waits, mut done) = (Waits::of(floors.calendar.clone()), 0);
    while !waits.is_full() {
        let Some(row) = rows.next()? else {
            // What was taken out of the log behind the last of them is not met again.
            waits.to = to;
            break;
        };
        done += 1;
        // One that is damaged was set apart when it was met first.
        if let Ok(entry) = batches::entry(row)? {
            waits.add(&entry, budgets, None);
        }
    }
    drop(rows);
    waits.write(conn, floors)?;
    Ok(done)
}

/// The waits of one batch.
struct OfBatch<'w> {
    calendar: &'w Calendar,
    tenant: i64,
    series: &'w mut Numbered<(i64, Kind)>,
    /// By month and number of the series, what happened to the install.
    places: Counted<(u32, u32), Happened>,
    /// Each with its place in `places`.
    waits: Vec<(usize, Event)>,
    /// An hour and its month: the calendar costs more than a wait.
    month: (u32, u32),
}

impl Counts for OfBatch<'_> {
    fn place(&mut self, hour: u32, kind: Kind, name: &str) -> Option<usize> {
        if self.month.0 != hour {
            self.month = (hour, self.calendar.of_hour(Period::Month, hour));
        }
        let series = self.series.number((self.tenant, kind), name);
        Some(place_of(&mut self.places, (self.month.1, series)))
    }

    fn add(&mut self, place: usize, event: &Event) {
        self.waits.push((place, *event));
    }

    fn add_implausible(&mut self, _: u32) {}

    fn add_install(&mut self, place: usize, _: u128, happened: Happened) {
        if let Some((_, all)) = self.places.get_index_mut(place) {
            *all = all.and(happened);
        }
    }
}
