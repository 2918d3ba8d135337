//! What is recorded before the flight recorder's memory is there: the first milliseconds after a start, while the
//! worker makes and maps the file.
//!
//! The same promises as the rings that follow, in memory: the newest event is refused and counted when there is no
//! room, the oldest crumb makes way. The worker takes everything over as soon as the memory is there, and looks again
//! at every turn, because a thread may have looked for the memory just before.
//!
//! Owns: a ring, a trail and an account on the heap, smaller than those that follow. Refuses: telling anybody that an
//! event is safe.
//! Invariant: nothing here waits or allocates after the start, and what was taken over is not here any more.

use crate::breadcrumb::Trail;
use crate::flight::Flight;
use crate::layout::{self, Word};
use crate::ledger::Account;
use crate::limits::{CRUMB_SLOTS, EARLY_EVENTS_MAX};
use crate::memory::Memory;
use crate::record::Recorded;
use crate::ring::{Drain, Ring};
use crate::slot::{Packed, SLOT_WORDS, Slot};
use crate::sync::AtomicU64;
use nowait_wire::{Event, Ledger};

/// Where events, crumbs and counts wait for the flight recorder.
#[derive(Debug)]
pub(crate) struct Early {
    ring: Ring<'static>,
    trail: Trail<'static>,
    /// As much of a header as an account has.
    words: [AtomicU64; Word::Anchors as usize],
}

impl Early {
    pub(crate) fn new() -> Early {
        Early {
            ring: Ring::new(slots(EARLY_EVENTS_MAX)),
            trail: Trail::new(slots(CRUMB_SLOTS)),
            words: [(); Word::Anchors as usize].map(|()| AtomicU64::new(0)),
        }
    }

    /// The counts of this time.
    pub(crate) fn account(&self) -> Account<'_> {
        Account::new(&self.words)
    }

    /// Keeps an event in memory, or refuses and counts it.
    #[cold]
    pub(crate) fn record(&self, event: &Event) -> Recorded {
        match self.ring.push(&Packed::new(event)) {
            Ok(_) => Recorded::InMemory,
            Err(reason) => {
                self.account().dropped(reason, 1);
                Recorded::Refused
            }
        }
    }

    /// Keeps a crumb, instead of the oldest if need be.
    #[cold]
    pub(crate) fn drop_crumb(&self, crumb: &Event) {
        self.trail.drop_crumb(&Packed::new(crumb));
    }

    /// Moves everything into the flight recorder. Only the worker calls this.
    pub(crate) fn move_to(&self, flight: &Flight) {
        let mut drain = Drain::new(&self.ring);
        // Bounded by the ring's length: nobody who still looks for the memory can hold the worker here.
        let drained = drain.read(EARLY_EVENTS_MAX);
        for event in &drained.events {
            flight.record(event);
        }
        drain.release(drained.next);
        for crumb in self.trail.take() {
            flight.trail.drop_crumb(&Packed::new(&crumb));
        }
        self.account().move_to(flight.account);
    }

    /// Forgets what waits, when the customer refuses. Only the worker calls this.
    pub(crate) fn wipe(&self) {
        let mut drain = Drain::new(&self.ring);
        drain.release(drain.read(EARLY_EVENTS_MAX).next);
        self.trail.wipe();
    }

    /// The account of a session whose flight recorder is not there yet: what waits is not produced before it is in
    /// there, and a kill would lose it.
    pub(crate) fn ledger(&self) -> Ledger {
        Ledger { ring_on_heap: true, ..self.account().ledger_with_cost(0) }
    }
}

/// Zeroed slots that live as long as the process, as the recorder does.
fn slots(count: usize) -> &'static [Slot] {
    let words = 0..count * SLOT_WORDS;
    layout::slots(Memory::heap(words.end).words, words)
}
