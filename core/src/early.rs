//! What is recorded before the flight recorder's memory is there: the first milliseconds after a start, while the
//! worker makes and maps the file.
//!
//! The same promises as the rings that follow, in memory: the newest event is refused and counted when there is no
//! room, the oldest crumb makes way. The worker takes everything over as soon as the memory is there, and looks again
//! at every turn, because a thread may have looked for the memory just before.
//!
//! Owns: two bounded queues and the counters of that time. Refuses: telling anybody that an event is safe.
//! Invariant: nothing here waits or allocates after the start, and what was taken over is not here any more.

use crate::flight::Flight;
use crate::layout::Word;
use crate::ledger::Account;
use crate::limits::{CRUMB_SLOTS, EARLY_EVENTS_MAX};
use crate::record::Recorded;
use crate::slot::Packed;
use crate::sync::{AtomicU64, interleave};
use crossbeam::queue::ArrayQueue;
use nowait_wire::{DropReason, Event, Ledger};

/// Where events, crumbs and counts wait for the flight recorder.
#[derive(Debug)]
pub(crate) struct Early {
    events: ArrayQueue<Event>,
    crumbs: ArrayQueue<Event>,
    /// As much of a header as an account has.
    words: [AtomicU64; Word::Anchors as usize],
}

impl Early {
    pub(crate) fn new() -> Early {
        Early {
            events: ArrayQueue::new(EARLY_EVENTS_MAX),
            crumbs: ArrayQueue::new(CRUMB_SLOTS),
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
        interleave();
        match self.events.push(*event) {
            Ok(()) => Recorded::InMemory,
            Err(_) => {
                self.account().dropped(DropReason::RingFull, 1);
                Recorded::Refused
            }
        }
    }

    /// Keeps a crumb, instead of the oldest if need be.
    #[cold]
    pub(crate) fn drop_crumb(&self, crumb: &Event) {
        interleave();
        self.crumbs.force_push(*crumb);
    }

    /// Moves everything into the flight recorder. Only the worker calls this.
    pub(crate) fn move_to(&self, flight: &Flight) {
        // Bounded by the queues' capacity: nobody who still looks for the memory can hold the worker here.
        for event in (0..EARLY_EVENTS_MAX).map_while(|_| self.events.pop()) {
            flight.record(&event);
        }
        for crumb in (0..CRUMB_SLOTS).map_while(|_| self.crumbs.pop()) {
            flight.trail.drop_crumb(&Packed::new(&crumb));
        }
        self.account().move_to(flight.account);
    }

    /// Forgets what waits, when the customer refuses.
    pub(crate) fn wipe(&self) {
        while self.events.pop().is_some() {}
        while self.crumbs.pop().is_some() {}
    }

    /// The account of a session whose flight recorder is not there yet: what waits is not produced before it is in
    /// there, and a kill would lose it.
    pub(crate) fn ledger(&self) -> Ledger {
        Ledger { ring_on_heap: true, ..self.account().ledger_with_cost(0) }
    }
}
