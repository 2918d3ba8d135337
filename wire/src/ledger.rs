//! A session's account: what the app told, what became of it, and what NoWait cost.
//!
//! Owns: [`Ledger`] with its two lines and [`Cost`]. Refuses: deciding who is to blame where it does not balance.
//! Invariant: every number only grows within a session, so that of two ledgers the larger numbers are the later.

use crate::event::{UnknownName, numbered};
use serde::{Deserialize, Serialize};

numbered! {
    /// Why an event that was produced will never be delivered.
    DropReason {
        /// The ring had no free slot. 0 from version 3 of the wire on, where it is a [`RefuseReason`].
        RingFull = 0 "ring_full",
        /// Too many threads recorded at the same instant. 0 from version 3 of the wire on, as the one before.
        Contended = 1 "contended",
        /// An event in a dead process's file did not pass its checksum.
        Corrupt = 2 "corrupt",
        /// The spool reached its cap and gave up its least valuable batch.
        SpoolEvicted = 3 "spool_evicted",
        /// The collector refused the batch for good.
        Rejected = 4 "rejected",
        /// A sealed file could not be read back.
        SpoolCorrupt = 5 "spool_corrupt",
        /// A ring file could not be read in three attempts.
        Quarantined = 6 "quarantined",
    }
}

numbered! {
    /// Why a fact that the app told was not recorded or cannot be folded.
    RefuseReason {
        /// The ring had no free slot.
        RingFull = 0 "ring_full",
        /// Too many threads recorded at the same instant.
        Contended = 1 "contended",
        /// A slot did not pass its checksum.
        Corrupt = 2 "corrupt",
        /// A dead process's ring file could not be read in three attempts.
        Quarantined = 3 "quarantined",
    }
}

/// The facts' line of a [`Ledger`]: what the app told, and what became of it. Cumulative over the session.
///
/// A refused fact is no dropped event: nobody knows what the fold would have made of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Facts that the fold took.
    pub folded: u64,
    /// Facts that it will never take, by [`RefuseReason`] number.
    pub refused: [u64; RefuseReason::ALL.len()],
}

impl Facts {
    /// Every fact that the app told up to here: those folded and those refused.
    #[must_use]
    pub fn appended(&self) -> u64 {
        self.folded.saturating_add(self.refused_total())
    }

    /// The sum of all refusals.
    #[must_use]
    pub fn refused_total(&self) -> u64 {
        self.refused.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }
}

/// A session's account up to a moment: cumulative, so the largest numbers are the latest.
///
/// It has two lines. Facts: appended = folded + refused, in [`Facts`]. Events: `produced` = events delivered + the
/// sum of `dropped`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Facts that the app told; 0 in versions 1 and 2 of the wire, which had no such line.
    pub facts: Facts,
    /// Events that the fold made of this session's facts. Up to version 2 of the wire: events that were recorded,
    /// refused ones included.
    pub produced: u64,
    /// Events that will never be delivered, by [`DropReason`] number.
    pub dropped: [u64; DropReason::ALL.len()],
    /// Names that were replaced by `redacted`.
    pub names_redacted: u64,
    /// Names that found the table full.
    pub names_overflowed: u64,
    /// Waits that began while a tracker's table of open waits was full, so that nobody watched them.
    pub signals_lost: u64,
    /// Panics that a boundary of the SDK caught.
    pub panics_caught: u64,
    /// Starts of NoWait on this device that did not come to the end of their first turn, since the last that did.
    pub starts_failed: u64,
    /// Whether the flight recorder is on the heap, because its file could not be had.
    pub ring_on_heap: bool,
    /// What all this cost the app.
    pub cost: Cost,
}

/// Buckets of [`Cost::record_ns_buckets`].
pub const RECORD_BUCKETS: usize = 16;

/// What NoWait cost the app in this session, measured by itself; cumulative, as the ledger that carries it.
///
/// It is as of the moment before the session's latest batch was sealed: that batch's own bytes are not in it, and
/// nothing is sent for its sake alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// The call that started NoWait, on the thread that made it, in nanoseconds of the uptime clock.
    pub start_ns: u64,
    /// Processor time of NoWait's own thread, in nanoseconds; 0 where the system does not say.
    pub worker_cpu_ns: u64,
    /// Bytes of sealed batches written to the disk, those of dead sessions that this one took over included.
    pub sealed_bytes: u64,
    /// Bytes of batches handed to the network, of whichever session, each attempt included; without headers.
    pub sent_bytes: u64,
    /// Time that the sampled calls of `record` took together, in nanoseconds of the uptime clock: a thread that
    /// lost its core meanwhile is in it.
    pub record_ns_sum: u64,
    /// Sampled calls of `record` by how long they took: bucket 0 counts those below 32 ns, each one after it those
    /// below twice as much, the last one all that took half a millisecond or longer.
    pub record_ns_buckets: [u64; RECORD_BUCKETS],
}

impl Cost {
    /// The bucket of a call that took this long.
    #[must_use]
    pub const fn record_bucket(ns: u64) -> usize {
        let bucket = (u64::BITS - (ns >> 5).leading_zeros()) as usize;
        if bucket < RECORD_BUCKETS { bucket } else { RECORD_BUCKETS - 1 }
    }

    /// What every call in this bucket was faster than, in nanoseconds; `None` for the last, which has no end.
    #[must_use]
    pub const fn record_bucket_end_ns(bucket: usize) -> Option<u64> {
        if bucket + 1 < RECORD_BUCKETS { Some(32 << bucket) } else { None }
    }

    /// How many calls of `record` were sampled.
    #[must_use]
    pub fn record_samples(&self) -> u64 {
        self.record_ns_buckets.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }
}

impl Ledger {
    /// The sum of all drops.
    #[must_use]
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }
}
