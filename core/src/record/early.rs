//! What is recorded before the flight recorder's memory is there: before a start, in its first milliseconds, and while a
//! new session begins.
//!
//! The same promises as the ring that follows, in memory: the newest fact is refused and counted when there is no room.
//! The worker takes everything over as soon as the memory is there, and looks again at every turn, because a thread may
//! have looked for the memory just before. Such a thread may be parked for as long as it likes, over any number of decisions:
//! so each fact lies beside the decision under which it was told.
//!
//! Owns: a ring and an account on the heap, smaller than those that follow. Refuses: telling anybody that a fact is safe, and
//! what a decision comes to (`decided`).
//! Invariant: nothing here waits or allocates after the start, and what was taken over is not here any more.

use super::decided::Under;
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
    /// The decision under which each fact was told, by its place in the ring.
    told: [AtomicU64; EARLY_FACTS_MAX],
    /// As much of a header as an account has.
    words: [AtomicU64; ACCOUNT_WORDS],
}

/// What becomes of a fact that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes into the flight recorder.
    Moves,
    /// It waits for a flight recorder that is not there yet, and so does what came after it.
    Stays,
    /// It came before a refusal. Like all that a refusal wipes, it goes nowhere and is counted nowhere.
    Wiped,
}

impl Early {
    pub(crate) fn new() -> Early {
        let words = 0..EARLY_FACTS_MAX * SLOT_WORDS;
        Early {
            // As long-lived as the recorder.
            ring: Ring::new(layout::slots(Memory::heap(words.end).words, words)),
            told: [(); EARLY_FACTS_MAX].map(|()| AtomicU64::new(0)),
            words: [(); ACCOUNT_WORDS].map(|()| AtomicU64::new(0)),
        }
    }

    /// The position after all that waits now.
    pub(crate) fn end(&self) -> u64 {
        self.ring.reserved()
    }

    /// A number that was not given here before.
    pub(crate) fn next_number(&self) -> u64 {
        self.ring.next_number()
    }

    /// The counts of this time.
    pub(crate) fn account(&self) -> Account<'_> {
        Account::new(&self.words)
    }

    fn told(&self, position: u64) -> Option<&AtomicU64> {
        self.told.get(position as usize % EARLY_FACTS_MAX)
    }

    /// Keeps a fact in memory that was told under this decision, or refuses and counts it.
    pub(super) fn append(&self, payload: &Payload, under: Under) -> Recorded {
        let note = |position| {
            if let Some(told) = self.told(position) {
                // Relaxed: whoever sees the fact sees this, as if it were a part of it.
                told.store(under.to_word(), Ordering::Relaxed);
            }
        };
        match self.ring.push_noted(payload, note) {
            Ok(_) => Recorded::InMemory,
            Err(reason) => {
                self.account().refused(reason, 1);
                Recorded::Refused
            }
        }
    }

    /// Moves what waits into the flight recorder, as `fate` says. Only the worker calls this.
    pub(super) fn move_to(&self, flight: &Flight, fate: impl Fn(Under) -> Fate) {
        let end = self.ring.released().saturating_add(EARLY_FACTS_MAX as u64);
        self.drain(end, fate, |payload| {
            flight.append(payload);
            step("early fact moved");
        });
        self.account().move_to(flight.account);
    }

    /// Forgets what waits before this position, up to the first fact that stays. Only the worker calls this.
    pub(super) fn forget(&self, end: u64, fate: impl Fn(Under) -> Fate) {
        self.drain(end, fate, |_| {});
    }

    /// Takes out what lies before `end`, so that nobody who still looks for the memory can hold the worker here. `each` sees
    /// what moves.
    fn drain(&self, end: u64, fate: impl Fn(Under) -> Fate, mut each: impl FnMut(&Payload)) {
        let mut drain = Drain::new(&self.ring);
        let mut position = drain.released();
        while position < end {
            // Not before the fact was seen.
            let found = drain.read(position);
            // Relaxed: the fact was seen, and this with it.
            let told = self.told(position).map_or(0, |told| told.load(Ordering::Relaxed));
            match found {
                Found::Nothing => break,
                Found::Whole(payload) => match fate(Under::from_word(told)) {
                    Fate::Moves => each(&payload),
                    Fate::Stays => break,
                    Fate::Wiped => {}
                },
                // Which cannot be: on our own heap nobody else writes.
                Found::Corrupt => {}
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
