//! The account of a session, in two lines: every fact that was appended is folded, or refused for a named reason; every
//! event that the fold produced is delivered, or dropped for a named reason.
//!
//! Owns: the counters of everybody but the fold, in the flight recorder's memory, so that they survive a kill. What the
//! fold counts lies in its checkpoint.
//! Refuses: deciding what to drop; whoever drops tells it why.
//! Invariant: a counter never goes down, and a batch of the spool is given up exactly once whatever dies when.

use super::layout::{self, Word};
use crate::sync::{AtomicU64, Ordering};
use nowait_wire::{Cost, DropReason, Facts, Ledger, RECORD_BUCKETS, RefuseReason};

/// Where the refusals lie, behind the drops.
const REFUSALS: usize = DropReason::ALL.len();

/// The other counters, behind drops and refusals in memory: what went wrong, then what it cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Counter {
    NamesRedacted = REFUSALS + RefuseReason::ALL.len(),
    NamesOverflowed,
    PanicsCaught,
    StartsFailed,
    RingOnHeap,
    StartNs,
    WorkerCpuNs,
    SealedBytes,
    SentBytes,
    RecordNsSum,
    /// First of [`RECORD_BUCKETS`].
    RecordNsBuckets,
}

/// Counters of a session.
const COUNTERS: usize = Counter::RecordNsBuckets as usize + RECORD_BUCKETS;
/// Words of a header that hold an account, counted from the header's first.
pub(crate) const ACCOUNT_WORDS: usize = Word::Counters as usize + COUNTERS;
const _: () = assert!(ACCOUNT_WORDS <= layout::CONTEXT.start);

/// What the fold counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Folded {
    /// Facts folded.
    pub(crate) facts: u64,
    /// Facts that were there and could not be read.
    pub(crate) facts_corrupt: u64,
    /// Events made of them that are, or are about to be, in a batch.
    pub(crate) events: u64,
    /// Waits that found a full table.
    pub(crate) waits_lost: u64,
}

/// What sampled calls took, as the app's threads count it: beside the account and not in it, because who stores first into a
/// page that was synced pays some microseconds. A kill takes the samples since the last batch with it.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    ns_sum: AtomicU64,
    ns_buckets: [AtomicU64; RECORD_BUCKETS],
}

impl Calls {
    /// Counts a call that took this long.
    pub(crate) fn took(&self, ns: u64) {
        // Relaxed: counters order nothing.
        self.ns_sum.fetch_add(ns, Ordering::Relaxed);
        if let Some(bucket) = self.ns_buckets.get(Cost::record_bucket(ns)) {
            // Relaxed: as above.
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Brings an account up to date.
    pub(crate) fn settle(&self, account: Account<'_>) {
        // Relaxed: counters order nothing.
        account.raise(Counter::RecordNsSum, self.ns_sum.load(Ordering::Relaxed));
        for (index, bucket) in self.ns_buckets.iter().enumerate() {
            // Relaxed: as above.
            account.raise_at(Counter::RecordNsBuckets as usize + index, bucket.load(Ordering::Relaxed));
        }
    }
}

/// The counters of one session, in its flight recorder's memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account<'a> {
    words: &'a [AtomicU64],
}

impl<'a> Account<'a> {
    /// The account kept in this memory.
    pub(crate) fn new(words: &'a [AtomicU64]) -> Account<'a> {
        Account { words }
    }

    fn counter(&self, index: usize) -> Option<&'a AtomicU64> {
        self.words.get(Word::Counters as usize + index)
    }

    fn get(&self, index: usize) -> u64 {
        // Relaxed: counters order nothing.
        self.counter(index).map_or(0, |counter| counter.load(Ordering::Relaxed))
    }

    /// Adds to the counter at this index; see [`Counter`] for what lies behind the drops.
    fn add(&self, index: usize, n: u64) {
        if let Some(counter) = self.counter(index) {
            // Relaxed: counters order nothing.
            counter.fetch_add(n, Ordering::Relaxed);
        }
    }

    /// Counts events that will never be delivered.
    pub(crate) fn dropped(&self, reason: DropReason, events: u64) {
        self.add(reason as usize, events);
    }

    /// Counts facts that were not taken, or cannot be read any more.
    pub(crate) fn refused(&self, reason: RefuseReason, facts: u64) {
        self.add(REFUSALS + reason as usize, facts);
    }

    /// Facts refused so far, by reason.
    pub(crate) fn refusals(&self) -> [u64; RefuseReason::ALL.len()] {
        let mut refused = [0; RefuseReason::ALL.len()];
        for (index, refused) in refused.iter_mut().enumerate() {
            *refused = self.get(REFUSALS + index);
        }
        refused
    }

    /// Counts something else.
    pub(crate) fn count(&self, counter: Counter, n: u64) {
        self.add(counter as usize, n);
    }

    /// Moves every count to another account, each once.
    pub(crate) fn move_to(&self, other: Account<'_>) {
        for index in 0..COUNTERS {
            // Relaxed: counters order nothing.
            let n = self.counter(index).map_or(0, |counter| counter.swap(0, Ordering::Relaxed));
            if n > 0 {
                other.add(index, n);
            }
        }
    }

    /// Raises a counter that is kept elsewhere to what it is now.
    pub(crate) fn raise(&self, counter: Counter, to: u64) {
        self.raise_at(counter as usize, to);
    }

    fn raise_at(&self, index: usize, to: u64) {
        if let Some(counter) = self.counter(index) {
            // Relaxed: counters order nothing.
            counter.fetch_max(to, Ordering::Relaxed);
        }
    }

    /// The account without the cost, when the fold counted this much.
    ///
    /// What the spool gave up was counted as produced when it was sealed, perhaps by an earlier session.
    pub(crate) fn ledger(&self, folded: Folded) -> Ledger {
        let mut dropped = [0; DropReason::ALL.len()];
        for (index, dropped) in dropped.iter_mut().enumerate() {
            *dropped = self.get(index);
        }
        let mut refused = self.refusals();
        if let Some(corrupt) = refused.get_mut(RefuseReason::Corrupt as usize) {
            *corrupt = corrupt.saturating_add(folded.facts_corrupt);
        }
        Ledger {
            // Saturating: a damaged header may say anything.
            produced: folded.events.saturating_add(self.get(DropReason::Quarantined as usize)),
            dropped,
            facts: Facts { folded: folded.facts, refused },
            names_redacted: self.get(Counter::NamesRedacted as usize),
            names_overflowed: self.get(Counter::NamesOverflowed as usize),
            signals_lost: folded.waits_lost,
            panics_caught: self.get(Counter::PanicsCaught as usize),
            ring_on_heap: self.get(Counter::RingOnHeap as usize) > 0,
            starts_failed: self.get(Counter::StartsFailed as usize),
            cost: Cost::default(),
        }
    }

    /// What the session cost so far.
    pub(crate) fn cost(&self) -> Cost {
        let mut record_ns_buckets = [0; RECORD_BUCKETS];
        for (index, bucket) in record_ns_buckets.iter_mut().enumerate() {
            *bucket = self.get(Counter::RecordNsBuckets as usize + index);
        }
        Cost {
            start_ns: self.get(Counter::StartNs as usize),
            worker_cpu_ns: self.get(Counter::WorkerCpuNs as usize),
            sealed_bytes: self.get(Counter::SealedBytes as usize),
            sent_bytes: self.get(Counter::SentBytes as usize),
            record_ns_sum: self.get(Counter::RecordNsSum as usize),
            record_ns_buckets,
        }
    }

    /// The account and the cost, as a batch carries them.
    pub(crate) fn ledger_with_cost(&self, folded: Folded) -> Ledger {
        Ledger { cost: self.cost(), ..self.ledger(folded) }
    }

    /// Notes that file `sequence` with `events` is about to be given up. Only the worker calls this.
    ///
    /// The note holds the counter's new value, not a difference, so that finishing it twice does no harm.
    pub(crate) fn give_up_begin(&self, reason: DropReason, sequence: u64, events: u64) {
        layout::store(self.words, Word::GiveUpFile, sequence);
        layout::store(self.words, Word::GiveUpTotal, self.get(reason as usize).saturating_add(events));
        layout::store(self.words, Word::GiveUpReason, 1 + u64::from(reason as u8));
    }

    /// The file of the give-up under way, if there is one.
    pub(crate) fn give_up_file(&self) -> Option<u64> {
        (layout::load(self.words, Word::GiveUpReason) != 0)
            .then(|| layout::load(self.words, Word::GiveUpFile))
    }

    /// Counts the give-up under way, now that its file has been set aside under a name only we use.
    pub(crate) fn give_up_finish(&self) {
        let reason = layout::load(self.words, Word::GiveUpReason);
        if let Some(reason) = reason.checked_sub(1).and_then(|reason| DropReason::from_u8(reason as u8))
            && let Some(counter) = self.counter(reason as usize)
        {
            // Release: the count is in memory before the note is gone.
            counter.store(layout::load(self.words, Word::GiveUpTotal), Ordering::Release);
        }
        layout::store(self.words, Word::GiveUpReason, 0);
    }

    /// Forgets the give-up under way: its file could not be set aside, so nothing was given up.
    pub(crate) fn give_up_cancel(&self) {
        layout::store(self.words, Word::GiveUpReason, 0);
    }
}
