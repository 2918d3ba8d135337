//! What each batch tells of journeys, in a few bytes beside it: decoding a batch costs more than everything else that a question about a
//! journey needs.
//!
//! Owns: the table `journey_events` and the form of its rows. Refuses: which batches there are (see `batches`), and figures.
//! Invariant: a row tells exactly what the batch tells of journeys, but for screens and flags, which nobody asks. Where it could not, and where the batch is not folded yet, there is none, and whoever
//! asks decodes the batch.

use super::batches::Entry;
use super::budget::OTHER;
use super::fold::Numbered;
use crate::error::Error;
use nowait_report::bytes::{Reader, put};
use nowait_report::{Cell, Walks};
use nowait_wire::{Event, Kind, NameId, Outcome, quantise_event};
use rusqlite::{Connection, params};
use std::collections::HashMap;
use std::sync::Arc;

/// The kinds that a row holds, by the number that they have in it.
const KINDS: [Kind; 5] = [Kind::Journey, Kind::Step, Kind::RageTap, Kind::Rating, Kind::HandOver];

/// In the first byte of an event: bits of its kind, of its outcome above them, and what is left out.
const KIND_BITS: u8 = 0b0000_0111;
const OUTCOME_SHIFT: u32 = 3;
const OUTCOME_BITS: u8 = 0b0011_1000;
const HAS_B: u8 = 0b0100_0000;
const HAS_JOURNEY: u8 = 0b1000_0000;

/// Nanoseconds in the unit of starts, which is that of the wire.
const START_UNIT_NS: u64 = 1_000_000;

/// Times below this many units are exact on the wire; above, they have this many steps for each doubling.
const EXACT_BELOW: u64 = 512;
const STEPS: u64 = EXACT_BELOW / 2;

/// What one batch tells of journeys, with the number of each event's series.
#[derive(Debug)]
pub(super) struct Row {
    batch: i64,
    events: Vec<(Event, u32)>,
}

impl Row {
    /// The row of a batch; `None` if a row cannot hold what it tells.
    pub(super) fn of(entry: &Entry, series: &mut Numbered<(i64, Kind)>) -> Option<Row> {
        // Where the device slept in between, each event has a place in the day of its own.
        if entry.batch.anchors.len() > 1 {
            return None;
        }
        let mut events = Vec::new();
        for event in entry.batch.events.iter().filter(|event| is_told(event)) {
            // Older devices rounded otherwise.
            if quantise_event(event) != *event {
                return None;
            }
            let name = entry.batch.names.get(event.name.0 as usize).map_or("", String::as_str);
            // Nobody asks on what a rage tap was.
            let is_named = event.kind != Kind::RageTap;
            let number = if is_named { series.number((entry.tenant, event.kind), name) } else { 0 };
            events.push((*event, number));
        }
        Some(Row { batch: entry.id, events })
    }

    /// What it takes in memory.
    pub(super) fn heap_bytes(&self) -> usize {
        size_of::<Row>() + self.events.capacity() * size_of::<(Event, u32)>()
    }
}

/// Whether a journey is told with this event.
fn is_told(event: &Event) -> bool {
    match event.kind {
        Kind::RageTap => event.journey != 0,
        Kind::HandOver => true,
        kind => Walks::is_meant(kind) && Cell::believes(event),
    }
}

/// Writes rows; `series` are the ids by number.
pub(super) fn write(conn: &Connection, rows: &[Row], series: &[i64]) -> Result<(), Error> {
    let mut insert =
        conn.prepare_cached("INSERT OR REPLACE INTO journey_events (batch, events) VALUES (?1, ?2)")?;
    for row in rows {
        insert.execute(params![row.batch, to_bytes(&row.events, series)])?;
    }
    Ok(())
}

/// Removes the row of a batch.
pub(super) fn remove(conn: &Connection, batch: i64) -> Result<(), Error> {
    conn.prepare_cached("DELETE FROM journey_events WHERE batch = ?1")?.execute([batch])?;
    Ok(())
}

/// Removes all rows: they are made again with the rollups.
pub(super) fn clear(conn: &Connection) -> Result<(), Error> {
    conn.execute("DELETE FROM journey_events", [])?;
    Ok(())
}

/// The names of a tenant's series, by id.
pub(super) struct Names(HashMap<i64, Arc<str>>);

impl Names {
    pub(super) fn of(conn: &Connection, tenant: i64) -> Result<Names, Error> {
        // Names beyond the budget are counted as one, but asked for one by one.
        let mut select =
            conn.prepare_cached("SELECT id, name FROM series WHERE tenant = ?1 AND name <> ?2")?;
        let names = select.query_map(params![tenant, OTHER], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Names(names.collect::<Result<_, _>>()?))
    }

    /// The events of a row, each with its name; `None` where the batch has to be asked.
    pub(super) fn events(&self, row: &[u8]) -> Option<Vec<(Event, Arc<str>)>> {
        let name = |(event, series): (Event, i64)| match event.kind {
            Kind::RageTap => Some((event, Arc::from(""))),
            _ => self.0.get(&series).map(|name| (event, Arc::clone(name))),
        };
        each(row).map(|read| read.and_then(name)).collect()
    }
}

/// Whether a row tells of this kind; `None` where the batch has to be asked.
pub(super) fn has(row: &[u8], kind: Kind) -> Option<bool> {
    each(row)
        .find_map(|read| match read {
            Some((event, _)) => (event.kind == kind).then_some(Some(true)),
            None => Some(None),
        })
        .unwrap_or(Some(false))
}

/// The events of a row, each with the id of its series; it ends with `None` where the row is damaged.
fn each(row: &[u8]) -> impl Iterator<Item = Option<(Event, i64)>> {
    let mut reader = Reader::new(row);
    let mut before = Some(Event::new(Kind::Journey, NameId::NONE));
    std::iter::from_fn(move || {
        let known = before.filter(|_| !reader.is_empty())?;
        let read = read(&mut reader, &known);
        before = read.map(|(event, _)| event);
        Some(read)
    })
}

fn to_bytes(events: &[(Event, u32)], series: &[i64]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut before = Event::new(Kind::Journey, NameId::NONE);
    for (event, number) in events {
        let Some(kind) = KINDS.iter().position(|kind| *kind == event.kind) else { continue };
        let mut first = kind as u8 | (event.outcome as u8) << OUTCOME_SHIFT & OUTCOME_BITS;
        first |= if event.b == 0 { 0 } else { HAS_B };
        first |= if event.journey == before.journey { 0 } else { HAS_JOURNEY };
        out.push(first);
        if event.kind != Kind::RageTap {
            let id = series.get(*number as usize).copied().unwrap_or_default();
            put(&mut out, id.unsigned_abs());
        }
        // The events of a batch are sorted by their start.
        put(&mut out, event.started_uptime_ns.saturating_sub(before.started_uptime_ns) / START_UNIT_NS);
        if event.journey != before.journey {
            put(&mut out, event.journey);
        }
        put(&mut out, time_code(event.duration_ns));
        let code = if has_times(event.kind) { time_code } else { |value| value };
        put(&mut out, code(event.a));
        if event.b != 0 {
            put(&mut out, code(event.b));
        }
        before = *event;
    }
    out
}

/// One event, and the id of its series.
fn read(reader: &mut Reader, before: &Event) -> Option<(Event, i64)> {
    let first = reader.byte().ok()?;
    let kind = *KINDS.get(usize::from(first & KIND_BITS))?;
    let outcome = Outcome::from_u8((first & OUTCOME_BITS) >> OUTCOME_SHIFT)?;
    let series = if kind == Kind::RageTap { 0 } else { reader.number().ok()? };
    let later_ns = reader.number().ok()?.checked_mul(START_UNIT_NS)?;
    let started_uptime_ns = before.started_uptime_ns.checked_add(later_ns)?;
    let journey = if first & HAS_JOURNEY == 0 { before.journey } else { reader.number().ok()? };
    let duration_ns = time(reader.number().ok()?)?;
    let decode = |code: u64| if has_times(kind) { time(code) } else { Some(code) };
    let a = decode(reader.number().ok()?)?;
    let b = if first & HAS_B == 0 { 0 } else { decode(reader.number().ok()?)? };
    let event =
        Event { outcome, started_uptime_ns, duration_ns, journey, a, b, ..Event::new(kind, NameId::NONE) };
    Some((event, i64::try_from(series).ok()?))
}

/// Whether the small values are times.
fn has_times(kind: Kind) -> bool {
    matches!(kind, Kind::Journey | Kind::Step)
}

/// A time as the wire rounds it, in two bytes: nine significant bits and how far they are shifted.
fn time_code(time: u64) -> u64 {
    if time < EXACT_BELOW {
        return time;
    }
    let shift = u64::BITS - EXACT_BELOW.trailing_zeros() - time.leading_zeros();
    EXACT_BELOW + (u64::from(shift) - 1) * STEPS + ((time >> shift) - STEPS)
}

/// The time of a code.
fn time(code: u64) -> Option<u64> {
    let Some(above) = code.checked_sub(EXACT_BELOW) else { return Some(code) };
    let shift = u32::try_from(above / STEPS + 1).ok()?;
    let significant = above % STEPS + STEPS;
    (significant.leading_zeros() >= shift).then(|| significant << shift)
}
