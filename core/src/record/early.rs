//! What is recorded before the flight recorder's memory is there: before a start, in its first milliseconds, and while a
//! new session begins.
//!
//! The same promises as the ring that follows, in memory: the newest fact is refused and counted when there is no room.
//! The worker takes everything over as soon as the memory is there, and looks again at every turn, because a thread may
//! have looked for the memory just before.
//!
//! Owns: a ring and an account on the heap, smaller than those that follow. Refuses: telling anybody that a fact is safe.
//! Invariant: nothing here waits or allocates after the start, and what was taken over is not here any more.

use crate::limits::EARLY_FACTS_MAX;
use crate::ring::account::{ACCOUNT_WORDS, Account, Folded};
use crate::ring::flight::{Flight, Recorded};
use crate::ring::layout;
use crate::ring::memory::Memory;
use crate::ring::slot::{Payload, SLOT_WORDS};
use crate::ring::{Drain, Found, Ring};
use crate::sync::{AtomicU64, Ordering, step};
use nowait_wire::Ledger;

/// Where facts and counts wait for the flight recorder.
#[derive(Debug)]
pub(crate) struct Early {
    ring: Ring<'static>,
    /// As much of a header as an account has.
    words: [AtomicU64; ACCOUNT_WORDS],
    /// What lies before this came before a refusal of the customer.
    refused_to: AtomicU64,
}

impl Early {
    pub(crate) fn new() -> Early {
        let words = 0..EARLY_FACTS_MAX * SLOT_WORDS;
        Early {
            // As long-lived as the recorder.
            ring: Ring::new(layout::slots(Memory::heap(words.end).words, words)),
            words: [(); ACCOUNT_WORDS].map(|()| AtomicU64::new(0)),
            refused_to: AtomicU64::new(0),
        }
    }

    /// The position after all that waits now.
    pub(crate) fn end(&self) -> u64 {
        self.ring.reserved()
    }

    /// What waits before this position came before a refusal, and goes nowhere.
    pub(crate) fn refuse(&self, end: u64) {
        // Release: whoever sees a decision that followed on the refusal sees this as well.
        self.refused_to.fetch_max(end, Ordering::Release);
    }

    /// The counts of this time.
    pub(crate) fn account(&self) -> Account<'_> {
        Account::new(&self.words)
    }

    /// Keeps a fact in memory, or refuses and counts it.
    pub(crate) fn append(&self, payload: &Payload) -> Recorded {
        match self.ring.push(payload) {
            Ok(_) => Recorded::InMemory,
            Err(reason) => {
                self.account().refused(reason, 1);
                Recorded::Refused
            }
        }
    }

    /// Moves everything into the flight recorder, but for what was refused. Only the worker calls this.
    pub(crate) fn move_to(&self, flight: &Flight) {
        self.drain(self.ring.released().saturating_add(EARLY_FACTS_MAX as u64), |payload| {
            flight.append(payload);
            step("early fact moved");
        });
        self.account().move_to(flight.account);
    }

    /// Forgets what was refused. Only the worker calls this.
    pub(crate) fn wipe(&self) {
        self.drain(self.refused_to(), |_| {});
    }

    fn refused_to(&self) -> u64 {
        // Acquire: pairs with the release in `refuse`.
        self.refused_to.load(Ordering::Acquire)
    }

    /// Takes out what lies before `end`, so that nobody who still looks for the memory can hold the worker here. `each` sees
    /// what was not refused.
    fn drain(&self, end: u64, mut each: impl FnMut(&Payload)) {
        let refused_to = self.refused_to();
        let mut drain = Drain::new(&self.ring);
        let mut position = drain.released();
        while position < end {
            match drain.read(position) {
                Found::Nothing => break,
                Found::Whole(payload) if position >= refused_to => each(&payload),
                // Refused; or damaged, which cannot be: on our own heap nobody else writes.
                Found::Whole(_) | Found::Corrupt => {}
            }
            position += 1;
        }
        drain.release(position);
    }

    /// The account of a session whose flight recorder is not there yet: what waits is not appended before it is in
    /// there, and a kill would lose it.
    pub(crate) fn ledger(&self) -> Ledger {
        Ledger { ring_on_heap: true, ..self.account().ledger_with_cost(Folded::default()) }
    }
}
