//! Proofs of what only the engine's private parts can show: `make loom`, `make shuttle`, `make miri`, `make tsan`.
//!
//! Owns: tests of the ring and the engine under every schedule a tool can think of. Refuses: processes and their
//! deaths (`tests/processes`). Invariant: every proof by a model checker counts what it saw, and breaks the code in
//! a named place to show that it would have seen that too.

#[cfg(not(any(loom, shuttle)))]
mod damage;
#[cfg(shuttle)]
mod decisions;
#[cfg(loom)]
mod interleavings;
#[cfg(shuttle)]
mod kills;
#[cfg(not(any(loom, shuttle)))]
mod model;
#[cfg(any(loom, shuttle))]
pub(crate) mod mutants;
#[cfg(shuttle)]
mod schedules;
#[cfg(not(any(loom, shuttle)))]
mod stress;

#[cfg(not(shuttle))]
use crate::record::Fact;
#[cfg(not(shuttle))]
use crate::ring::slot::{Payload, SLOT_WORDS, Slot};
#[cfg(not(shuttle))]
use crate::ring::{Drain, Found};
#[cfg(not(shuttle))]
use crate::sync::AtomicU64;
#[cfg(not(shuttle))]
use nowait_wire::{Event, Kind, NameId};

/// Zeroed slots on the heap.
#[cfg(not(shuttle))]
fn slots(count: usize) -> Vec<Slot> {
    (0..count).map(|_| [(); SLOT_WORDS].map(|()| AtomicU64::new(0))).collect()
}

/// An event that says who recorded it, and its number among theirs.
#[cfg(not(shuttle))]
fn event(thread: u64, number: u64) -> Event {
    Event {
        started_uptime_ns: number,
        duration_ns: thread << 32 | number,
        journey: thread,
        a: number,
        b: !number,
        ..Event::new(Kind::Action, NameId(7))
    }
}

#[cfg(not(shuttle))]
fn payload(thread: u64, number: u64) -> Payload {
    Fact::Measured(event(thread, number)).to_words()
}

/// The event of a payload that [`payload`] made.
#[cfg(not(shuttle))]
fn event_of(payload: &Payload) -> Event {
    let Some(Fact::Measured(event)) = Fact::from_words(payload) else { panic!("no such fact was appended") };
    event
}

/// What a drain finds from its first position on.
#[cfg(not(shuttle))]
#[derive(Debug, Default)]
struct Read {
    /// Where the drain may release to.
    next: u64,
    events: Vec<Event>,
    corrupt: u64,
}

#[cfg(not(shuttle))]
fn read_all(drain: &Drain<'_, '_>, max: usize) -> Read {
    let mut read = Read { next: drain.released(), ..Read::default() };
    while read.events.len() < max {
        match drain.read(read.next) {
            Found::Nothing => break,
            Found::Whole(payload) => read.events.push(event_of(&payload)),
            Found::Corrupt => read.corrupt += 1,
        }
        read.next += 1;
    }
    read
}
