//! The events of a batch, one after another, each told by how it differs from what the ones before make likely.
//!
//! Owns: what of an event is coded, in which order and with which odds. Refuses: names as text, the coder's arithmetic.
//! Invariant: one description serves both directions; an encoder is given the events, a decoder makes them.

use crate::coder::{Coder, Number, Odds};
use crate::error::Error;
use crate::event::{Event, Flags, Kind, NameId, Outcome};
use crate::predict::{Journeys, Lanes, Subject, Successors, expected_flags};
use crate::quantise::{START_UNIT_NS, quantise_event};
use crate::zigzag::{unzigzag, zigzag};
use std::collections::HashMap;

/// Bits of a kind: twice as many as there are today.
const KIND_BITS: u32 = 5;
/// The numbers that they can hold.
const KINDS_MAX: usize = 1 << KIND_BITS;

/// Codes this many events: the ones that are given to an encoder, those that stand in the bytes of a decoder.
pub(crate) fn code<C: Coder>(coder: &mut C, count: usize, given: &[Event]) -> Result<Vec<Event>, Error> {
    let mut rows = Rows::default();
    let mut events = Vec::with_capacity(if C::IS_ENCODER { 0 } else { count });
    for place in 0..count {
        let given = given.get(place).map_or(Event::new(Kind::Launch, NameId::NONE), quantise_event);
        let event = rows.event(coder, &given)?;
        if !C::IS_ENCODER {
            events.push(event);
        }
    }
    Ok(events)
}

/// What was learnt from the events so far.
struct Rows {
    subjects: Subjects,
    journeys: Journeys,
    journey: Number,
    flags: Number,
    first_start: Number,
    before: Option<Event>,
    /// Kinds are few in most batches, and their odds are large.
    kinds: [Option<Box<KindRows>>; KINDS_MAX],
}

impl Default for Rows {
    fn default() -> Rows {
        Rows {
            subjects: Subjects::default(),
            journeys: Journeys::default(),
            journey: Number::default(),
            flags: Number::default(),
            first_start: Number::default(),
            before: None,
            kinds: [const { None }; KINDS_MAX],
        }
    }
}

/// What was learnt from the events of one kind.
#[derive(Default)]
struct KindRows {
    journey: Number,
    outcome: Number,
    start: Number,
    has_other_duration: Odds,
    duration: Number,
    has_other_values: Odds,
    latest_values: u128,
    lanes: Vec<Number>,
}

impl Rows {
    fn event<C: Coder>(&mut self, coder: &mut C, given: &Event) -> Result<Event, Error> {
        let before = self.before.unwrap_or(Event::new(Kind::Launch, NameId::NONE));
        let (kind, name, screen) =
            self.subjects.subject(coder, (given.kind, given.name, given.screen), &before)?;
        let unknown = Error::malformed("kind", "not known");
        let rows = self.kinds.get_mut(kind as usize).ok_or(unknown)?.get_or_insert_default();
        let code = coder.exact(&mut rows.journey, self.journeys.code(given.journey));
        let other = || Ok(coder.exact(&mut self.journey, given.journey));
        let journey = self.journeys.journey(code, other)?;
        let outcome = u8::try_from(coder.exact(&mut rows.outcome, given.outcome as u64)).ok();
        let outcome = outcome.and_then(Outcome::from_u8).ok_or(Error::malformed("outcome", "not known"))?;
        let expected = expected_flags(journey);
        let flags = u16::try_from(coder.exact(&mut self.flags, u64::from(given.flags.0 ^ expected)));
        let flags = flags.map_err(|_| Error::malformed("flags", "more than 16 bits"))?;
        let start = if self.before.is_none() { &mut self.first_start } else { &mut rows.start };
        let mut event = Event {
            kind,
            outcome,
            flags: Flags(flags ^ expected),
            name,
            screen,
            started_uptime_ns: start_after(coder, start, before.started_uptime_ns, given)?,
            duration_ns: rows.duration(coder, before.duration_ns, given.duration_ns),
            journey,
            a: 0,
            b: 0,
        };
        let both = rows.values(coder, Lanes::of(kind), u128::from(given.a) | u128::from(given.b) << 64)?;
        (event.a, event.b) = (both as u64, (both >> 64) as u64);
        self.before = Some(event);
        Ok(event)
    }
}

/// When an event started: whole milliseconds after the one before.
fn start_after<C: Coder>(
    coder: &mut C,
    odds: &mut Number,
    before_ns: u64,
    given: &Event,
) -> Result<u64, Error> {
    let grown_ns = given.started_uptime_ns.saturating_sub(before_ns);
    let grown_ms = coder.exact(odds, grown_ns / START_UNIT_NS);
    let passes = Error::malformed("start", "passes 64 bits of nanoseconds");
    grown_ms.checked_mul(START_UNIT_NS).and_then(|grown_ns| before_ns.checked_add(grown_ns)).ok_or(passes)
}

impl KindRows {
    fn duration<C: Coder>(&mut self, coder: &mut C, before_ns: u64, given_ns: u64) -> u64 {
        if coder.bit(&mut self.has_other_duration, given_ns != before_ns) {
            coder.time(&mut self.duration, given_ns)
        } else {
            before_ns
        }
    }

    /// `a` and `b` as one number.
    fn values<C: Coder>(&mut self, coder: &mut C, lanes: Lanes, given: u128) -> Result<u128, Error> {
        if coder.bit(&mut self.has_other_values, given != self.latest_values) {
            self.lanes.resize(lanes.count as usize, Number::default());
            self.latest_values = 0;
            for (lane, odds) in (0..).zip(&mut self.lanes) {
                let value = coder.number(odds, lanes.value(lane, given), lanes.precision);
                self.latest_values |= lanes.placed(lane, value)?;
            }
        }
        Ok(self.latest_values)
    }
}

/// The subjects so far, numbered in the order of their first use.
struct Subjects {
    all: Vec<Subject>,
    /// The numbers of those of each kind.
    of_kind: [Vec<usize>; KINDS_MAX],
    /// For an encoder: the number of each, and its place among those of its kind.
    known: HashMap<Subject, (usize, usize)>,
    successors: Successors,
    is_unexpected: Odds,
    /// By the kind of the event before.
    kind: [[Odds; KINDS_MAX]; KINDS_MAX],
    place: Number,
    name: NameOdds,
    screen: NameOdds,
    /// The id after the largest one so far: names are numbered in the order of their first use.
    next: u32,
}

impl Default for Subjects {
    fn default() -> Subjects {
        Subjects {
            all: Vec::new(),
            of_kind: [const { Vec::new() }; KINDS_MAX],
            known: HashMap::new(),
            successors: Successors::default(),
            is_unexpected: Odds::default(),
            kind: [[Odds::default(); KINDS_MAX]; KINDS_MAX],
            place: Number::default(),
            name: NameOdds::default(),
            screen: NameOdds::default(),
            next: NameId::RESERVED.len() as u32,
        }
    }
}

/// The odds of a name in a new subject.
struct NameOdds {
    /// By the kind of the event.
    is_other: [Odds; KINDS_MAX],
    distance: Number,
}

impl Default for NameOdds {
    fn default() -> NameOdds {
        NameOdds { is_other: [Odds::default(); KINDS_MAX], distance: Number::default() }
    }
}

impl NameOdds {
    /// A name: the one of the event before, or its distance from `near`.
    fn name<C: Coder>(
        &mut self,
        coder: &mut C,
        kind: Kind,
        (before, near): (NameId, u32),
        given: NameId,
    ) -> Result<NameId, Error> {
        let unknown = Error::malformed("name", "an id outside 32 bits");
        let is_other = self.is_other.get_mut(kind as usize).ok_or(unknown.clone())?;
        if !coder.bit(is_other, given != before) {
            return Ok(before);
        }
        let distance = coder.exact(&mut self.distance, zigzag(i64::from(near) - i64::from(given.0)));
        let id = i64::from(near).checked_sub(unzigzag(distance)).and_then(|id| u32::try_from(id).ok());
        id.map(NameId).ok_or(unknown)
    }
}

impl Subjects {
    /// The subject of the next event.
    fn subject<C: Coder>(&mut self, coder: &mut C, given: Subject, before: &Event) -> Result<Subject, Error> {
        let known = if C::IS_ENCODER { self.known.get(&given).copied() } else { None };
        let expected = self.successors.expected();
        let number = match expected {
            Some(expected)
                if !coder.bit(&mut self.is_unexpected, known.map(|(number, _)| number) != Some(expected)) =>
            {
                expected
            }
            _ => self.unexpected(coder, given, known.map(|(_, place)| place), before)?,
        };
        self.successors.saw(number);
        self.all.get(number).copied().ok_or(Error::malformed("subject", "not defined yet"))
    }

    /// The number of a subject that was seen before, at this place among those of its kind, or is new.
    fn unexpected<C: Coder>(
        &mut self,
        coder: &mut C,
        given: Subject,
        place: Option<usize>,
        before: &Event,
    ) -> Result<usize, Error> {
        let unknown = Error::malformed("kind", "not known");
        let odds = self.kind.get_mut(before.kind as usize).ok_or(unknown.clone())?;
        let kind = coder.tree(odds, KIND_BITS, given.0 as u32);
        let kind = u8::try_from(kind).ok().and_then(Kind::from_u8).ok_or(unknown.clone())?;
        // 0 is a new one.
        let place = coder.exact(&mut self.place, place.map_or(0, |place| place as u64 + 1));
        let of_kind = self.of_kind.get_mut(kind as usize).ok_or(unknown)?;
        if let Some(place) = place.checked_sub(1) {
            let number = usize::try_from(place).ok().and_then(|place| of_kind.get(place));
            return number.copied().ok_or(Error::malformed("subject", "not defined yet"));
        }
        let number = self.all.len();
        let place = of_kind.len();
        of_kind.push(number);
        let name = self.name.name(coder, kind, (before.name, self.next), given.1)?;
        self.next = self.next.max(name.0.saturating_add(1));
        let screen = self.screen.name(coder, kind, (before.screen, self.next - 1), given.2)?;
        self.next = self.next.max(screen.0.saturating_add(1));
        let subject = (kind, name, screen);
        self.all.push(subject);
        if C::IS_ENCODER {
            self.known.insert(subject, (number, place));
        }
        Ok(number)
    }
}
