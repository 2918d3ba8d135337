//! The flight recorder: what lies in the mapped file, or on the heap where the disk gives none.
//!
//! Owns: the ring, the trail and the account over one memory, and the header that says whose they are.
//! Refuses: signals, clocks (but the one moment of the first anchor), and the time before the memory is there
//! (`early`).
//! Invariant: an event for which [`Flight::record`] returned [`Recorded::Kept`] survives the kill of the process.

use crate::breadcrumb::Trail;
use crate::header;
use crate::layout::{self, Word};
use crate::ledger::{Account, Counter};
use crate::memory::Memory;
use crate::record::Recorded;
use crate::ring::Ring;
use crate::slot::Packed;
use nowait_wire::{Anchor, Context, Event, Uuid};
use std::sync::atomic::{AtomicBool, Ordering};

/// The flight recorder of this process. Lives as long as the process does.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) memory: Memory,
    pub(crate) ring: Ring<'static>,
    pub(crate) trail: Trail<'static>,
    pub(crate) account: Account<'static>,
    /// Whether a kill loses what is recorded now.
    on_heap: AtomicBool,
    /// Which of the calls are timed.
    phase: u64,
}

impl Flight {
    /// A flight recorder over fresh memory, with the session's identity written and the magic word last.
    pub(crate) fn new(
        memory: Memory,
        session: Uuid,
        context: &Context,
        started_uptime_ns: u64,
        anchor: Anchor,
    ) -> Flight {
        let words = memory.words;
        layout::store(words, Word::SealedTo, layout::checked(0));
        layout::store(words, Word::HeldTo, layout::checked(0));
        header::write_context(words, session, context);
        header::write_anchor(words, 0, anchor);
        layout::store(words, Word::StartedUptimeNs, started_uptime_ns);
        layout::store(words, Word::Magic, layout::MAGIC);
        let flight = Flight {
            ring: Ring::new(layout::slots(words, layout::EVENTS)),
            trail: Trail::new(layout::slots(words, layout::CRUMBS)),
            account: Account::new(words),
            on_heap: AtomicBool::new(false),
            // As random as the session's id.
            phase: session.as_u64_pair().1,
            memory,
        };
        flight.settle_lost_file();
        flight
    }

    /// Whether the next call of [`Flight::record`] is one of those that are timed.
    #[inline]
    pub(crate) fn is_sampled(&self) -> bool {
        self.ring.is_sampled(self.phase)
    }

    /// Records a finished event. A refusal is counted.
    #[inline]
    pub(crate) fn record(&self, event: &Event) -> Recorded {
        match self.ring.push(&Packed::new(event)) {
            // Relaxed: a file that somebody removes this very moment is one that a kill may take with it.
            Ok(_) if self.on_heap.load(Ordering::Relaxed) => Recorded::InMemory,
            Ok(_) => Recorded::Kept,
            Err(reason) => {
                self.account.dropped(reason, 1);
                Recorded::Refused
            }
        }
    }

    /// Notes in the account if a kill would lose what is recorded: for good, because it may have lost something.
    pub(crate) fn settle_lost_file(&self) {
        if self.memory.is_lost_by_a_kill() {
            // Relaxed: see `record`.
            self.on_heap.store(true, Ordering::Relaxed);
            self.account.raise(Counter::RingOnHeap, 1);
        }
    }
}
