//! The events of a batch, column by column.
//!
//! Owns: the order of the columns and what each predicts. Refuses: names as text, compression.
//! Invariant: what one column needs to be read stands in a column before it.
//!
//! The subject and journey columns are in the order of the events. All others are grouped: by kind, then by
//! subject, then by start, because durations of one route are alike and outcomes of one kind are alike.

use crate::error::Error;
use crate::event::{Event, Flags, Kind, NameId, Outcome};
use crate::frame::{Header, VERSION_WITH_DIED};
use crate::number::{BitReader, Precision, Reader, Writer, unzigzag, zigzag};
use crate::quantise::{START_UNIT_NS, has_time_values, quantise_event};
use std::collections::HashMap;

/// Duration token for "the same as the event before": a visit's summaries share one duration.
const TOKEN_REPEATED: u8 = 65;
/// Subject code that announces a definition.
const SUBJECT_NEW: u64 = 0;
/// Subject code for the subject that followed last time.
const SUBJECT_FOLLOWS: u64 = 1;
/// Subject 0 has this code, subject 1 the next one.
const SUBJECT_FIRST: u64 = 2;
/// Journey code for "the same as the event before".
const JOURNEY_SAME: u64 = 0;
/// Journey code for "none".
const JOURNEY_NONE: u64 = 1;
/// Journey code for "the last one that was not 0".
const JOURNEY_BACK: u64 = 2;
/// Journey code for "the one after the last that was not 0".
const JOURNEY_NEXT: u64 = 3;
/// Journey code for a number that follows in a varint of its own.
const JOURNEY_OTHER: u64 = 4;
/// Most lanes into which `a` and `b` are cut.
const LANES_MAX: u32 = 16;

/// What most events share with others: (kind, name, screen).
type Subject = (Kind, NameId, NameId);

/// An event on its way to or from the columns.
struct Row {
    /// Whole milliseconds since the start of the event before, or since boot for the first.
    delta_ms: u64,
    /// Whether its duration is that of the event before.
    repeats: bool,
    event: Event,
}

/// Which subject followed each subject when it was last seen.
#[derive(Default)]
struct Successors {
    /// By subject and, in the first place, for the first event of all.
    after: Vec<Option<usize>>,
    /// Where the successor of the latest subject stands.
    latest: usize,
}

impl Successors {
    fn expected(&self) -> Option<usize> {
        self.after.get(self.latest).copied().flatten()
    }

    fn saw(&mut self, subject: usize) {
        let place = subject + 1;
        if self.after.len() <= place {
            self.after.resize(place + 1, None);
        }
        if let Some(after) = self.after.get_mut(self.latest) {
            *after = Some(subject);
        }
        self.latest = place;
    }
}

/// How `a` and `b` of a kind are cut: seen as one number of 128 bits, `b` in the upper half.
#[derive(Clone, Copy)]
struct Lanes {
    count: u32,
    /// `None` writes varints, which deflate well when few values repeat (HTTP statuses).
    precision: Option<Precision>,
}

impl Lanes {
    const fn of(kind: Kind) -> Lanes {
        if has_time_values(kind) {
            return Lanes { count: 2, precision: Some(Precision::Time) };
        }
        match kind {
            Kind::Frames => Lanes { count: 4, precision: Some(Precision::Exact) },
            Kind::FrameTimes => Lanes { count: LANES_MAX, precision: Some(Precision::Exact) },
            _ => Lanes { count: 2, precision: None },
        }
    }

    const fn width(self) -> u32 {
        u128::BITS / self.count
    }
}

/// Writes all columns of these events, which are sorted by start.
pub(crate) fn write(events: &[Event]) -> Writer {
    let mut writer = Writer::default();
    let rows = rows_of(events);
    let groups = write_subjects(&rows, &mut writer);
    write_journeys(&rows, &mut writer);
    let grouped: Vec<&Row> = groups.iter().filter_map(|at| rows.get(*at)).collect();
    for row in &grouped {
        writer.byte(row.event.outcome as u8);
    }
    for row in &grouped {
        writer.varint(u64::from(row.event.flags.0 ^ expected_flags(row.event.journey)));
    }
    for row in &grouped {
        writer.number(row.delta_ms, Precision::Exact);
    }
    for row in &grouped {
        match row.repeats {
            true => writer.byte(TOKEN_REPEATED),
            false => writer.number(row.event.duration_ns, Precision::Time),
        }
    }
    write_values(grouped, &mut writer);
    writer.finish_bits();
    writer
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

/// The flags that an event has unless something is unusual about it.
const fn expected_flags(journey: u64) -> u16 {
    if journey == 0 { Flags::NONE.0 } else { Flags::IN_JOURNEY.0 }
}

/// The events, rounded, with what each shares with the one before.
fn rows_of(events: &[Event]) -> Vec<Row> {
    let (mut latest_ms, mut latest_duration_ns) = (0, 0);
    let row = |event: &Event| {
        let event = quantise_event(event);
        let started_ms = event.started_uptime_ns / START_UNIT_NS;
        let delta_ms = started_ms.saturating_sub(latest_ms);
        let repeats = event.duration_ns != 0 && event.duration_ns == latest_duration_ns;
        (latest_ms, latest_duration_ns) = (started_ms, event.duration_ns);
        Row { delta_ms, repeats, event }
    };
    events.iter().map(row).collect()
}

/// Writes the subject of every event, then the definitions; gives the groups.
fn write_subjects(rows: &[Row], writer: &mut Writer) -> Vec<usize> {
    let mut known: HashMap<Subject, usize> = HashMap::new();
    let mut definitions: Vec<Subject> = Vec::new();
    let mut successors = Successors::default();
    let mut subjects = Vec::with_capacity(rows.len());
    for Row { event, .. } in rows {
        let definition = (event.kind, event.name, event.screen);
        let subject = *known.entry(definition).or_insert(definitions.len());
        if subject == definitions.len() {
            definitions.push(definition);
            writer.varint(SUBJECT_NEW);
        } else if successors.expected() == Some(subject) {
            writer.varint(SUBJECT_FOLLOWS);
        } else {
            writer.varint(subject as u64 + SUBJECT_FIRST);
        }
        successors.saw(subject);
        subjects.push(subject);
    }
    for (kind, _, _) in &definitions {
        writer.byte(*kind as u8);
    }
    let mut next = NameId::RESERVED.len() as i64;
    for (_, name, _) in &definitions {
        let name = i64::from(name.0);
        writer.varint(zigzag(next - name));
        next = next.max(name + 1);
    }
    for (_, _, screen) in &definitions {
        writer.varint(u64::from(screen.0));
    }
    grouped(&subjects, &definitions)
}

/// Reads what [`write_subjects`] wrote: the rows, with nothing known but their subjects, and the groups.
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

fn write_journeys(rows: &[Row], writer: &mut Writer) {
    let (mut latest, mut latest_some) = (0, 0u64);
    for journey in rows.iter().map(|row| row.event.journey) {
        if journey == latest {
            writer.varint(JOURNEY_SAME);
        } else if journey == 0 {
            writer.varint(JOURNEY_NONE);
        } else if journey == latest_some {
            writer.varint(JOURNEY_BACK);
        } else if Some(journey) == latest_some.checked_add(1) {
            writer.varint(JOURNEY_NEXT);
        } else {
            writer.varint(JOURNEY_OTHER);
            writer.varint(journey);
        }
        latest = journey;
        latest_some = if journey == 0 { latest_some } else { journey };
    }
}

fn read_journeys(rows: &mut [Row], reader: &mut Reader<'_>) -> Result<(), Error> {
    let (mut latest, mut latest_some) = (0, 0u64);
    for row in rows {
        latest = match reader.varint("journey")? {
            JOURNEY_SAME => latest,
            JOURNEY_NONE => 0,
            JOURNEY_BACK => latest_some,
            JOURNEY_NEXT => {
                latest_some.checked_add(1).ok_or(Error::malformed("journey", "passes 64 bits"))?
            }
            JOURNEY_OTHER => reader.varint("journey")?,
            _ => return Err(Error::malformed("journey", "code not known")),
        };
        latest_some = if latest == 0 { latest_some } else { latest };
        row.event.journey = latest;
    }
    Ok(())
}

/// Writes `a` and `b`, lane by lane, so that lanes that are always 0 become one long run.
fn write_values(mut grouped: Vec<&Row>, writer: &mut Writer) {
    for lane in 0..LANES_MAX {
        grouped.retain(|row| lane < Lanes::of(row.event.kind).count);
        for row in &grouped {
            let lanes = Lanes::of(row.event.kind);
            let both = u128::from(row.event.a) | u128::from(row.event.b) << 64;
            let value = (both >> (lane * lanes.width())) as u64 & (u64::MAX >> (64 - lanes.width()));
            match lanes.precision {
                Some(precision) => writer.number(value, precision),
                None => writer.varint(value),
            }
        }
    }
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
            let value = match lanes.precision {
                Some(precision) => bits.number(reader.byte("value")?, precision, "value")?,
                None => reader.varint("value")?,
            };
            if value > u64::MAX >> (64 - lanes.width()) {
                return Err(Error::malformed("value", "wider than its lane"));
            }
            let both = u128::from(value) << (lane * lanes.width());
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
