//! The flight recorder of one session: what lies in the mapped file, or on the heap where the disk gives none.
//!
//! Owns: the ring and the account over one memory, and the header that says whose they are. Refuses: the meaning of
//! facts, clocks, and the time before the memory is there (`record::early`).
//! Invariant: a fact for which [`Flight::append`] returned [`Recorded::Kept`] survives the kill of the process.

use super::account::{Account, Calls, Counter, Folded};
use super::header;
use super::layout::{self, Word};
use super::memory::Memory;
use super::slot::Payload;
use super::{Reserved, Ring};
use crate::consent::{Consent, Decision};
use crate::limits::RING_SLOTS;
use nowait_wire::{Context, Ledger, RefuseReason, Uuid};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Facts that wait when it is time to fold.
const HALF_FULL: u64 = RING_SLOTS as u64 / 2;

/// How often that is told as long as it is so: whoever tells it may wake the worker, which is a system call.
const TOLD_EVERY: u64 = RING_SLOTS as u64 / 8;

/// What became of a fact that was handed to [`NoWait`](crate::NoWait).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is in a file: whatever ends the process, it is folded, or stands in the ledger.
    Kept,
    /// It was taken, but a kill of the process would lose it: there is no file. That is so in the first milliseconds
    /// after a start, and for the whole session where the disk refuses; the ledger says so. What finds no room when
    /// the file comes is counted there.
    InMemory,
    /// There was no room, and the ledger counts it; or nothing is recorded now.
    Refused,
}

impl Recorded {
    /// Whether it was taken at all.
    #[must_use]
    pub const fn is_taken(self) -> bool {
        !matches!(self, Recorded::Refused)
    }
}

/// The flight recorder of a session. Lives as long as the process does.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) memory: Memory,
    pub(crate) ring: Ring<'static>,
    pub(crate) account: Account<'static>,
    /// What sampled calls took, until the account has it.
    pub(crate) calls: Calls,
    pub(crate) session: Uuid,
    /// How many refusals of the customer came before this session: see `consent`.
    pub(crate) generation: u64,
    /// Whether a kill loses what is recorded now.
    on_heap: AtomicBool,
    /// Which of the calls are timed.
    phase: u64,
    /// The words of the customer's decision under which this session goes on.
    open_under: [u64; 2],
    /// What the fold counted, for threads that ask.
    folded: [AtomicU64; 4],
}

/// What became of a fact, and whether the worker is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Appended {
    /// It is in.
    Kept(Recorded),
    /// It is in, and the ring is half full or more: time to fold.
    HalfFull(Recorded),
    /// There was no room, and the account counts it.
    Refused,
}

impl Flight {
    /// A flight recorder over fresh memory, with the session's identity written and the magic word last.
    pub(crate) fn new(
        memory: Memory,
        session: Uuid,
        generation: u64,
        context: &Context,
        started_uptime_ns: u64,
    ) -> Flight {
        let words = memory.words;
        for word in [Word::SealedTo, Word::FoldedTo, Word::EventsMade] {
            layout::store(words, word, layout::checked(0));
        }
        layout::store(words, Word::Generation, layout::checked(generation));
        header::write_context(words, session, context);
        layout::store(words, Word::StartedUptimeMs, layout::checked_ms(started_uptime_ns));
        layout::store(words, Word::Process, layout::checked(u64::from(std::process::id())));
        layout::store(words, Word::Magic, layout::MAGIC);
        let flight = Flight {
            ring: Ring::new(layout::slots(words, layout::FACTS)),
            account: Account::new(words),
            calls: Calls::default(),
            session,
            generation,
            on_heap: AtomicBool::new(false),
            // As random as the session's id.
            phase: session.as_u64_pair().1,
            open_under: [Consent::Pending, Consent::Granted]
                .map(|consent| Decision { consent, generation }.to_word()),
            folded: [const { AtomicU64::new(0) }; 4],
            memory,
        };
        flight.settle_lost_file();
        flight
    }

    /// Whether the next call of [`Flight::append`] is one of those that are timed.
    #[inline]
    pub(crate) fn is_sampled(&self) -> bool {
        self.ring.is_sampled(self.phase)
    }

    /// Appends a fact. A refusal is counted.
    #[inline]
    pub(crate) fn append(&self, payload: &Payload) -> Appended {
        let appended = self.append_uncounted(payload);
        if let Err(reason) = appended {
            self.account.refused(reason, 1);
        }
        appended.unwrap_or(Appended::Refused)
    }

    /// Appends a fact that may as well be missing.
    #[inline]
    pub(crate) fn append_uncounted(&self, payload: &Payload) -> Result<Appended, RefuseReason> {
        let Reserved { position, held } = self.ring.push(payload)?;
        // Relaxed: a file that somebody removes this very moment is one that a kill may take with it.
        let on_heap = self.on_heap.load(Ordering::Relaxed);
        let recorded = if on_heap { Recorded::InMemory } else { Recorded::Kept };
        let is_half_full = held >= HALF_FULL && position.is_multiple_of(TOLD_EVERY);
        Ok(if is_half_full { Appended::HalfFull(recorded) } else { Appended::Kept(recorded) })
    }

    /// Whether this session goes on under the word of the customer's decision, as it lies in the shared file.
    #[inline]
    pub(crate) fn is_open_under(&self, word: u64) -> bool {
        let [pending, granted] = self.open_under;
        word == granted || word == pending
    }

    /// Tells threads what the fold counted.
    pub(crate) fn publish(&self, folded: Folded) {
        let Folded { facts, facts_corrupt, events, waits_lost } = folded;
        for (to, count) in self.folded.iter().zip([facts, facts_corrupt, events, waits_lost]) {
            // Relaxed: counts for reports.
            to.store(count, Ordering::Relaxed);
        }
    }

    /// The account and the cost now, when the fold counted this much.
    pub(crate) fn ledger(&self, folded: Folded) -> Ledger {
        self.calls.settle(self.account);
        self.account.ledger_with_cost(folded)
    }

    /// What the fold counted when it published last.
    pub(crate) fn folded(&self) -> Folded {
        // Relaxed: counts for reports.
        let [facts, facts_corrupt, events, waits_lost] =
            self.folded.each_ref().map(|count| count.load(Ordering::Relaxed));
        Folded { facts, facts_corrupt, events, waits_lost }
    }

    /// Notes in the account if a kill would lose what is recorded: for good, because it may have lost something.
    pub(crate) fn settle_lost_file(&self) {
        if self.memory.is_lost_by_a_kill() {
            // Relaxed: see `append`.
            self.on_heap.store(true, Ordering::Relaxed);
            self.account.raise(Counter::RingOnHeap, 1);
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::record::Fact;
    use crate::ring::Drain;
    use crate::testing::context;

    #[test]
    fn only_a_ring_that_is_half_full_asks_for_the_worker() {
        let memory = Memory::heap(layout::WORDS);
        let flight: &Flight = Box::leak(Box::new(Flight::new(memory, Uuid::from_u128(7), 0, &context(), 0)));
        let fact = Fact::MainIdle { at: 0 }.to_words();
        let asks = |facts: u64| {
            (0..facts).filter(|_| matches!(flight.append(&fact), Appended::HalfFull(_))).count() as u64
        };
        assert_eq!(asks(HALF_FULL), 0);
        assert_eq!(asks(HALF_FULL), HALF_FULL / TOLD_EVERY, "again and again, as long as nobody comes");
        assert_eq!(flight.append(&fact), Appended::Refused);
        let mut drain = Drain::new(&flight.ring);
        drain.release(RING_SLOTS as u64);
        // A worker that comes by itself often enough is never called, wherever it meets the ring.
        for lap in 1..=10 {
            assert_eq!(asks(HALF_FULL - 100), 0, "{lap}");
            drain.release(RING_SLOTS as u64 + lap * (HALF_FULL - 100));
        }
    }
}
