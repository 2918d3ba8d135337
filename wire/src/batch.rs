//! The batch: events that were drained together, and all that is true of every one of them.
//!
//! Owns: the value that [`crate::encode`] turns into bytes and [`crate::decode`] gives back.
//! Refuses: compression, files, sockets.
//! Invariant: a batch id names one content for ever, so that sending it twice stores it once.

use crate::event::UnknownName;
use crate::event::{Event, numbered};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The identity of a batch: the session and the position of its first event in that session's ring.
///
/// It is derived, not drawn, so that a process that dies between sealing a batch and noting that it did
/// gives the same events the same id at the next start, and the collector stores them once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BatchId {
    /// The session (one process run) that recorded the events.
    pub session: Uuid,
    /// Position of the first event, counted from 0 over the session.
    pub first: u64,
}

impl core::fmt::Display for BatchId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{}", self.session, self.first)
    }
}

impl core::str::FromStr for BatchId {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let (session, first) = text.split_once('.').ok_or(UnknownName)?;
        Ok(BatchId {
            session: session.parse().map_err(|_| UnknownName)?,
            first: first.parse().map_err(|_| UnknownName)?,
        })
    }
}

numbered! {
    /// The operating system family, in OpenTelemetry's spelling of `os.type` where it has one.
    Os {
        /// None of the others.
        Other = 0 "other",
        /// Android.
        Android = 1 "android",
        /// iOS and iPadOS.
        Ios = 2 "ios",
        /// Linux: servers, tests and the demo.
        Linux = 3 "linux",
        /// macOS.
        MacOs = 4 "macos",
        /// Windows.
        Windows = 5 "windows",
    }
}

numbered! {
    /// How strong the device is, in three classes that the face decides (memory and cores).
    Tier {
        /// Not known.
        Unknown = 0 "unknown",
        /// An entry device.
        Low = 1 "low",
        /// A usual device.
        Mid = 2 "mid",
        /// A strong device.
        High = 3 "high",
    }
}

numbered! {
    /// The network at the moment the batch was sealed.
    Network {
        /// Not known.
        Unknown = 0 "unknown",
        /// No network.
        Offline = 1 "offline",
        /// Wi-Fi.
        Wifi = 2 "wifi",
        /// A cellular network.
        Cellular = 3 "cellular",
        /// A cable.
        Wired = 4 "wired",
    }
}

/// What is true of every event of a batch: the slice it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// A random id of this installation; wiped when consent is refused.
    pub install: Uuid,
    /// The release, for example `8.2.0`.
    pub app_version: String,
    /// The build number or commit.
    pub app_build: String,
    /// The operating system family.
    pub os: Os,
    /// Its version, for example `15`.
    pub os_version: String,
    /// The device model, for example `Pixel 8`.
    pub device_model: String,
    /// How strong the device is.
    pub device_tier: Tier,
    /// The network when the batch was sealed.
    pub network: Network,
    /// ISO 3166-1 alpha-2, or empty.
    pub country: String,
    /// The version of NoWait that sealed the batch.
    pub sdk_version: String,
    /// The app's own dimensions, as (key, value), sorted by key.
    pub dimensions: Vec<(String, String)>,
}

/// One moment on both clocks, so that the collector can place uptimes in the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The uptime clock, in nanoseconds.
    pub uptime_ns: u64,
    /// The device's wall clock at the same moment, in milliseconds since 1970 UTC.
    pub wall_unix_ms: u64,
}

numbered! {
    /// Why an event that was produced will never be delivered.
    DropReason {
        /// The ring had no free slot.
        RingFull = 0 "ring_full",
        /// Too many threads recorded at the same instant.
        Contended = 1 "contended",
        /// A slot of a dead process's ring did not pass its checksum.
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

/// A session's account up to a moment: cumulative, so the largest numbers are the latest.
///
/// It balances when `produced` = events delivered + the sum of `dropped`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Events produced by this session, refused ones included.
    pub produced: u64,
    /// Events that will never be delivered, by [`DropReason`] number.
    pub dropped: [u64; DropReason::ALL.len()],
    /// Names that were replaced by `redacted`.
    pub names_redacted: u64,
    /// Names that found the table full.
    pub names_overflowed: u64,
    /// Signals that the trackers could not take (see the hub in `core`).
    pub signals_lost: u64,
    /// Panics that a boundary of the SDK caught.
    pub panics_caught: u64,
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

/// A sealed set of events with what is true of all of them.
///
/// `events[i].name` and `.screen` are indices into `names`, except that the reserved ids keep their meaning:
/// `names[0..6]` are always [`NameId::RESERVED`](crate::NameId::RESERVED).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Who it is.
    pub id: BatchId,
    /// What is true of every event.
    pub context: Context,
    /// Places the uptimes in the day.
    pub anchor: Anchor,
    /// The session's account when this batch was sealed.
    pub ledger: Ledger,
    /// The dictionary.
    pub names: Vec<String>,
    /// The events, sorted by start.
    pub events: Vec<Event>,
}

/// The collector's word that a batch is stored, as the JSON body of a 200.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The batch it speaks of, as [`BatchId`] displays.
    pub batch: String,
    /// What became of it.
    pub status: ReceiptStatus,
    /// Why, where the status is `rejected`; short, without payload.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// What the collector did with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    /// Durably stored now.
    Stored,
    /// Durably stored before.
    Duplicate,
    /// Never to be stored: sending it again will not help.
    Rejected,
}
