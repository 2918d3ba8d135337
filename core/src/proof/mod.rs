//! Proofs of what only the engine's private parts can show: `make loom`, `make shuttle`, `make miri`, `make tsan`.
//!
//! Owns: tests of the ring and the pipeline under every schedule a tool can think of. Refuses: processes, files and
//! deaths (`tests/processes`). Invariant: every proof by a model checker counts what it saw, and breaks the code in
//! a named place to show that it would have seen that too.

#[cfg(loom)]
pub(crate) mod combining;
#[cfg(all(unix, not(any(loom, shuttle, miri))))]
mod damage;
#[cfg(loom)]
mod interleavings;
#[cfg(not(any(loom, shuttle)))]
mod model;
#[cfg(any(loom, shuttle))]
pub(crate) mod mutants;
#[cfg(shuttle)]
mod schedules;
#[cfg(not(any(loom, shuttle)))]
mod stress;

#[cfg(not(shuttle))]
use crate::slot::{Packed, SLOT_WORDS, Slot};
#[cfg(not(shuttle))]
use crate::sync::AtomicU64;
#[cfg(not(shuttle))]
use nowait_wire::{Event, Kind, NameId};

/// Zeroed slots on the heap.
#[cfg(not(shuttle))]
fn slots(count: usize) -> Vec<Slot> {
    (0..count).map(|_| [(); SLOT_WORDS].map(|()| AtomicU64::new(0))).collect()
}

/// An event that says who recorded it, and the how manieth of theirs it is.
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
fn packed(thread: u64, number: u64) -> Packed {
    Packed::new(&event(thread, number))
}
