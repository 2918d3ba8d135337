//! The event area: what the fold made and no batch holds yet, numbered from 0 in the session.
//!
//! Owns: slots for events, each in the form of a measured fact. Refuses: to know which of them are sealed or believed (the fold's
//! checkpoint says how many there are).
//! Invariant: event `n` lies in slot `n` modulo their number, tied to `n` by its checksum.

use crate::record::Fact;
use crate::ring::slot::{self, Payload, Recovered, SLOT_WORDS, Slot};
use crate::sync::Ordering;
use nowait_wire::Event;

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
            slot::write(slot, number, &Fact::Measured(*event).to_words());
        }
    }

    /// Empties the slots of these numbers, so that what is sealed is not here any more, whatever becomes of the word that
    /// says so.
    pub(crate) fn clear(&self, first: u64, next: u64) {
        for [commit, ..] in (first..next).filter_map(|number| self.slot(number)) {
            // Release: not before that word.
            commit.store(0, Ordering::Release);
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

/// The event of a payload, if it is one.
pub(crate) fn unpack(payload: &Payload) -> Option<Event> {
    match Fact::from_words(payload)? {
        Fact::Measured(event) => Some(event),
        _ => None,
    }
}
