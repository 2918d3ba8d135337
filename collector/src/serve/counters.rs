//! What the collector counts about itself.
//!
//! Owns: the numbers of `GET /v1/status`. Refuses: anything about customers.
//! Invariant: every request to `/v1/batches` ends in exactly one of them.

use nowait_wire::RemoteConfig;
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};

/// How a request to store a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Stored,
    Duplicate,
    WrongKey,
    WrongType,
    TooLarge,
    Malformed,
    Unsupported,
    Incomplete,
    Busy,
    Failed,
}

/// The numbers since this process started.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    endings: [AtomicU64; 10],
    events_stored: AtomicU64,
    bytes_stored: AtomicU64,
    panics_caught: AtomicU64,
}

/// The JSON of `GET /v1/status`.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    version: &'static str,
    batches_stored: u64,
    batches_duplicate: u64,
    rejected: Rejected,
    unanswered: Unanswered,
    events_stored: u64,
    bytes_stored: u64,
    panics_caught: u64,
    /// What receipts ask of devices; `null` if nothing.
    remote_config: Option<RemoteConfig>,
}

/// Batches that the device gives up, and requests that were not let in.
#[derive(Debug, Serialize)]
struct Rejected {
    wrong_key: u64,
    wrong_type: u64,
    too_large: u64,
    malformed: u64,
    unsupported: u64,
}

/// Batches that the device will send again.
#[derive(Debug, Serialize)]
struct Unanswered {
    incomplete: u64,
    busy: u64,
    failed: u64,
}

// The numbers are independent of each other and of everything else: relaxed is enough.
impl Counters {
    pub(crate) fn count(&self, ending: Ending) {
        if let Some(count) = self.endings.get(ending as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn count_stored(&self, events: usize, bytes: usize) {
        self.count(Ending::Stored);
        self.events_stored.fetch_add(events as u64, Ordering::Relaxed);
        self.bytes_stored.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn count_panic(&self) {
        self.panics_caught.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn status(&self, remote_config: Option<RemoteConfig>) -> Status {
        let of = |ending: Ending| {
            self.endings.get(ending as usize).map_or(0, |count| count.load(Ordering::Relaxed))
        };
        Status {
            version: env!("CARGO_PKG_VERSION"),
            batches_stored: of(Ending::Stored),
            batches_duplicate: of(Ending::Duplicate),
            rejected: Rejected {
                wrong_key: of(Ending::WrongKey),
                wrong_type: of(Ending::WrongType),
                too_large: of(Ending::TooLarge),
                malformed: of(Ending::Malformed),
                unsupported: of(Ending::Unsupported),
            },
            unanswered: Unanswered {
                incomplete: of(Ending::Incomplete),
                busy: of(Ending::Busy),
                failed: of(Ending::Failed),
            },
            events_stored: self.events_stored.load(Ordering::Relaxed),
            bytes_stored: self.bytes_stored.load(Ordering::Relaxed),
            panics_caught: self.panics_caught.load(Ordering::Relaxed),
            remote_config,
        }
    }
}
