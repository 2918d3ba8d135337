//! The events of a batch of versions 1 to 3, column by column.
//!
//! Owns: reading the columns, and what each predicts. Refuses: names as text, compression, and writing.
//! Invariant: what one column needs to be read stands in a column before it.
//!
//! The subject and journey columns are in the order of the events. All others are grouped: by kind, then by
//! subject, then by start, because durations of one route are alike and outcomes of one kind are alike.

use super::number::{BitReader, Reader};
use crate::coder::Precision;
use crate::error::Error;
use crate::event::{Event, Flags, Kind, NameId, Outcome};
use crate::frame::{Header, VERSION_WITH_DIED};
use crate::predict::{Journeys, LANES_MAX, Lanes, Subject, Successors, expected_flags};
use crate::quantise::START_UNIT_NS;
use crate::zigzag::unzigzag;

/// Duration token for "the same as the event before": a visit's summaries share one duration.
const TOKEN_REPEATED: u8 = 65;
/// Subject code that announces a definition.
const SUBJECT_NEW: u64 = 0;
/// Subject code for the subject that followed last time.
const SUBJECT_FOLLOWS: u64 = 1;
/// Subject 0 has this code, subject 1 the next one.
const SUBJECT_FIRST: u64 = 2;
/// An event on its way from the columns.
struct Row {
    /// Whole milliseconds since the start of the event before, or since boot for the first.
    delta_ms: u64,
    /// Whether its duration is that of the event before.
    repeats: bool,
    event: Event,
}

/// Reads as many events as the header says; all columns must end where the bytes and the bits end.
pub(crate) fn read(
    header: &Header,
    reader: &mut Reader<'_>,
    bits: &mut BitReader<'_>,
) -> Result<Vec<Event>, Error> {
    let (mut rows, groups) = read_subjects(header.events, reader)?;
    read_journeys(&mut rows, reader)?;
    each(&mut rows, &groups, |row| {
        let outcome = Outcome::from_u8(reader.byte("outcome")?);
        let outcome =
            outcome.filter(|outcome| *outcome != Outcome::Died || header.version >= VERSION_WITH_DIED);
        row.event.outcome = outcome.ok_or(Error::malformed("outcome", "not known"))?;
        Ok(())
    })?;
    each(&mut rows, &groups, |row| {
        let flags = u16::try_from(reader.varint("flags")?);
        let flags = flags.map_err(|_| Error::malformed("flags", "a varint passes 16 bits"))?;
        row.event.flags = Flags(flags ^ expected_flags(row.event.journey));
        Ok(())
    })?;
    each(&mut rows, &groups, |row| {
        row.delta_ms = bits.number(reader.byte("start")?, Precision::Exact, "start")?;
        Ok(())
    })?;
    each(&mut rows, &groups, |row| {
        let token = reader.byte("duration")?;
        row.repeats = token == TOKEN_REPEATED;
        if !row.repeats {
            row.event.duration_ns = bits.number(token, Precision::Time, "duration")?;
        }
        Ok(())
    })?;
    read_values(&mut rows, groups, reader, bits)?;
    bits.finish()?;
    if !reader.rest().is_empty() {
        return Err(Error::malformed("columns", "followed by more bytes"));
    }
    place_in_time(&mut rows)?;
    Ok(rows.into_iter().map(|row| row.event).collect())
}

/// Visits the rows in the order of their groups.
fn each(
    rows: &mut [Row],
    groups: &[usize],
    mut visit: impl FnMut(&mut Row) -> Result<(), Error>,
) -> Result<(), Error> {
    for at in groups {
        if let Some(row) = rows.get_mut(*at) {
            visit(row)?;
        }
    }
    Ok(())
}

/// The places of all events, grouped by kind, then by subject, then by start.
fn grouped(subjects: &[usize], definitions: &[Subject]) -> Vec<usize> {
    let mut ranked: Vec<usize> = (0..definitions.len()).collect();
    ranked.sort_by_key(|subject| definitions.get(*subject).map(|definition| definition.0));
    let mut next = vec![0; definitions.len()];
    for subject in subjects {
        if let Some(slot) = next.get_mut(*subject) {
            *slot += 1;
        }
    }
    // From counts to where each subject's next event goes.
    let mut begin = 0;
    for subject in ranked {
        if let Some(slot) = next.get_mut(subject) {
            begin += core::mem::replace(slot, begin);
        }
    }
    let mut places = vec![0; subjects.len()];
    for (at, subject) in subjects.iter().enumerate() {
        if let Some(slot) = next.get_mut(*subject) {
            if let Some(place) = places.get_mut(*slot) {
                *place = at;
            }
            *slot += 1;
        }
    }
    places
}

/// Reads the subject of every event, then the definitions: the rows, with nothing known but their subjects, and the groups.
fn read_subjects(count: usize, reader: &mut Reader<'_>) -> Result<(Vec<Row>, Vec<usize>), Error> {
    let mut subjects = Vec::with_capacity(count);
    let mut successors = Successors::default();
    let mut defined = 0;
    for _ in 0..count {
        let unknown = Error::malformed("subject", "not defined yet");
        let subject = match reader.varint("subject")? {
            SUBJECT_NEW => {
                defined += 1;
                defined - 1
            }
            SUBJECT_FOLLOWS => successors.expected().ok_or(unknown)?,
            code => usize::try_from(code - SUBJECT_FIRST).ok().filter(|s| *s < defined).ok_or(unknown)?,
        };
        successors.saw(subject);
        subjects.push(subject);
    }
    let definitions = read_definitions(defined, reader)?;
    let row = |subject: &usize| {
        let (kind, name, screen) = definitions.get(*subject).copied()?;
        Some(Row { delta_ms: 0, repeats: false, event: Event { screen, ..Event::new(kind, name) } })
    };
    let rows: Option<Vec<Row>> = subjects.iter().map(row).collect();
    let rows = rows.ok_or(Error::malformed("subject", "not defined"))?;
    Ok((rows, grouped(&subjects, &definitions)))
}

fn read_definitions(count: usize, reader: &mut Reader<'_>) -> Result<Vec<Subject>, Error> {
    let mut definitions = Vec::with_capacity(count);
    for _ in 0..count {
        let kind = Kind::from_u8(reader.byte("kind")?).ok_or(Error::malformed("kind", "not known"))?;
        definitions.push((kind, NameId::NONE, NameId::NONE));
    }
    let mut next = NameId::RESERVED.len() as i64;
    for (_, name, _) in &mut definitions {
        let id = next.checked_sub(unzigzag(reader.varint("name")?)).and_then(|id| u32::try_from(id).ok());
        let id = id.ok_or(Error::malformed("name", "an id outside 32 bits"))?;
        next = next.max(i64::from(id) + 1);
        *name = NameId(id);
    }
    for (_, _, screen) in &mut definitions {
        *screen = NameId(reader.varint_u32("screen")?);
    }
    Ok(definitions)
}

fn read_journeys(rows: &mut [Row], reader: &mut Reader<'_>) -> Result<(), Error> {
    let mut journeys = Journeys::default();
    for row in rows {
        let code = reader.varint("journey")?;
        row.event.journey = journeys.journey(code, || reader.varint("journey"))?;
    }
    Ok(())
}

fn read_values(
    rows: &mut [Row],
    mut groups: Vec<usize>,
    reader: &mut Reader<'_>,
    bits: &mut BitReader<'_>,
) -> Result<(), Error> {
    for lane in 0..LANES_MAX {
        groups.retain(|at| rows.get(*at).is_some_and(|row| lane < Lanes::of(row.event.kind).count));
        each(rows, &groups, |row| {
            let lanes = Lanes::of(row.event.kind);
            // Few values repeat among these (HTTP statuses): so they were varints, which deflate well.
            let is_varint = lanes.count == 2 && lanes.precision == Precision::Exact;
            let value = match is_varint {
                false => bits.number(reader.byte("value")?, lanes.precision, "value")?,
                true => reader.varint("value")?,
            };
            let both = lanes.placed(lane, value)?;
            row.event.a |= both as u64;
            row.event.b |= (both >> 64) as u64;
            Ok(())
        })?;
    }
    Ok(())
}

/// Turns differences into starts and repetitions into durations.
fn place_in_time(rows: &mut [Row]) -> Result<(), Error> {
    let (mut started_ms, mut duration_ns) = (0u64, 0);
    for row in rows {
        started_ms = started_ms
            .checked_add(row.delta_ms)
            .filter(|ms| *ms <= u64::MAX / START_UNIT_NS)
            .ok_or(Error::malformed("start", "passes 64 bits of nanoseconds"))?;
        row.event.started_uptime_ns = started_ms * START_UNIT_NS;
        if row.repeats {
            row.event.duration_ns = duration_ns;
        }
        duration_ns = row.event.duration_ns;
    }
    Ok(())
}
