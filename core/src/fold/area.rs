//! The event area: what the fold made and no batch holds yet, numbered from 0 in the session.
//!
//! Owns: slots for events, and the form of an event in one. Refuses: to know which of them are sealed or believed (the fold's
//! checkpoint says how many there are).
//! Invariant: event `n` lies in slot `n` modulo their number, tied to `n` by its checksum.

use crate::ring::slot::{self, Payload, Recovered, SLOT_WORDS, Slot};
use nowait_wire::{Event, Flags, Kind, NameId, Outcome};

/// The area over borrowed slots. Only the worker writes.
#[derive(Debug)]
pub(crate) struct Area<'a> {
    slots: &'a [Slot],
}

/// Events read from an area.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// The number of the first.
    pub(crate) first: u64,
    /// The number after the last.
    pub(crate) next: u64,
    /// Those that can be read, in the order of their numbers.
    pub(crate) events: Vec<Event>,
    /// Those that cannot: somebody else wrote to the memory.
    pub(crate) corrupt: u64,
}

impl<'a> Area<'a> {
    pub(crate) fn new(slots: &'a [Slot]) -> Area<'a> {
        Area { slots }
    }

    fn slot(&self, number: u64) -> Option<&'a Slot> {
        self.slots.get((number % self.slots.len().max(1) as u64) as usize)
    }

    /// Puts an event where the one a lap earlier was, which must be sealed by now.
    pub(crate) fn put(&self, number: u64, event: &Event) {
        if let Some(slot) = self.slot(number) {
            slot::write(slot, number, &pack(event));
        }
    }

    /// The events with these numbers.
    pub(crate) fn read(&self, first: u64, next: u64) -> Waiting {
        let mut waiting = Waiting { first, next, ..Waiting::default() };
        for number in first..next {
            let slot = self.slot(number).filter(|slot| slot::commit_word(slot) == number + 1);
            match slot.and_then(|slot| slot::read(slot, number)).and_then(|payload| unpack(&payload)) {
                Some(event) => waiting.events.push(event),
                None => waiting.corrupt += 1,
            }
        }
        waiting
    }
}

/// Every whole event in the slots of a dead process, by number.
pub(crate) fn recover(slots: &[[u64; SLOT_WORDS]]) -> Vec<(u64, Event)> {
    let mut events: Vec<(u64, Event)> = (0..)
        .zip(slots)
        .filter_map(|(index, words)| match slot::recover(words) {
            Recovered::Whole { position, payload } if position % slots.len() as u64 == index => {
                Some((position, unpack(&payload)?))
            }
            _ => None,
        })
        .collect();
    events.sort_unstable_by_key(|(number, _)| *number);
    events
}

/// An event as a payload.
fn pack(event: &Event) -> Payload {
    let head = u64::from(event.kind as u8)
        | u64::from(event.outcome as u8) << 8
        | u64::from(event.flags.0) << 16
        | u64::from(event.name.0) << 32;
    [
        head,
        u64::from(event.screen.0),
        event.started_uptime_ns,
        event.duration_ns,
        event.journey,
        event.a,
        event.b,
    ]
}

/// The event of a payload, if its numbers have meanings.
pub(crate) fn unpack(payload: &Payload) -> Option<Event> {
    let [head, screen, started_uptime_ns, duration_ns, journey, a, b] = *payload;
    Some(Event {
        kind: Kind::from_u8(head as u8)?,
        outcome: Outcome::from_u8((head >> 8) as u8)?,
        flags: Flags((head >> 16) as u16),
        name: NameId((head >> 32) as u32),
        screen: NameId(screen as u32),
        started_uptime_ns,
        duration_ns,
        journey,
        a,
        b,
    })
}
