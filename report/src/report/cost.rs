//! What NoWait itself cost the customers, and whether everything that it was told is accounted for.
//!
//! Owns: the shapes of the ledgers and costs of a report. Refuses: adding them up (see `accounts` and `cost`).
//! Invariant: what was told = what arrived + what was lost, each with its reason; a report says where that does not hold.

use super::Latency;
use nowait_wire::Ledger;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one session says it produced, and what the store has of it: what a store hands in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionAccount {
    /// The latest ledger of the session.
    pub ledger: Ledger,
    /// Events of the session that are stored.
    pub delivered: u64,
    /// Bytes of the batches with these events, as they came; 0 if not known.
    pub received_bytes: u64,
}

/// The facts' lines of all ledgers together: what the app told, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FactsSummary {
    /// Sessions whose ledger has such a line; those of older releases of NoWait do not.
    pub sessions: u64,
    /// Facts that the app told.
    pub appended: u64,
    /// Facts that events were made of.
    pub folded: u64,
    /// Facts that no event will ever be made of, by reason; reasons that never occurred are absent.
    pub refused: BTreeMap<String, u64>,
    /// The sum of `refused`.
    pub refused_total: u64,
    /// Sessions in which appended = folded + refused does not hold.
    pub sessions_unbalanced: u64,
}

/// The ledgers of all sessions together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerSummary {
    /// Sessions that delivered at least one batch.
    pub sessions: u64,
    /// Events they produced.
    pub produced: u64,
    /// Events that are stored.
    pub delivered: u64,
    /// Events that will never come, by reason; reasons that never occurred are absent.
    pub dropped: BTreeMap<String, u64>,
    /// The sum of `dropped`.
    pub dropped_total: u64,
    /// Events that are neither delivered nor dropped: still on a device, or lost.
    pub missing: u64,
    /// Events delivered or dropped beyond what was produced: always a defect.
    pub surplus: u64,
    /// Whether both lines balance in every single session: events produced = delivered + dropped, and facts
    /// appended = folded + refused.
    pub balanced: bool,
    /// Sessions in which the events do not.
    pub sessions_unbalanced: u64,
    /// The facts' line; empty in the JSON of a collector that did not know of it.
    #[serde(default)]
    pub facts: FactsSummary,
    /// Names that were replaced by `redacted`.
    pub names_redacted: u64,
    /// Names that found the table full.
    pub names_overflowed: u64,
    /// Waits that nobody watched, because a table of open waits was full.
    pub signals_lost: u64,
    /// Panics that a boundary of the SDK caught.
    pub panics_caught: u64,
    /// Starts of NoWait that did not come to the end of their first turn, as far as a later one could tell.
    #[serde(default)]
    pub starts_failed: u64,
    /// Sessions whose flight recorder was on the heap.
    pub rings_on_heap: u64,
}

/// Where one of the sampled calls of `record` lies: calls are counted in buckets, not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Within {
    /// It took this long or longer, in nanoseconds.
    pub from_ns: u64,
    /// It took less than this, in nanoseconds; `null` in the last bucket, which has no end.
    pub below_ns: Option<u64>,
}

/// What calls of `record` cost the threads that made them, from a sample. A call is timed by the uptime clock, so a
/// thread that lost its core meanwhile has that time in it: more in the mean and in p99 than in p50.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordCost {
    /// Calls that were timed.
    pub samples: u64,
    /// Their mean, in nanoseconds; `null` if there are none.
    pub mean_ns: Option<u64>,
    /// The bucket of the median; `null` below 2 samples.
    pub p50: Option<Within>,
    /// The bucket of the call that 95 of 100 are no longer than; `null` below 20 samples.
    pub p95: Option<Within>,
    /// The bucket of the call that 99 of 100 are no longer than; `null` below 100 samples.
    pub p99: Option<Within>,
}

/// Bytes, in the sessions that told of any. A batch tells of those before it and not of itself, so the latest batch of
/// each session is missing here: the bytes are at least what they were, by less the more batches a session has. What dead
/// sessions left is in the bytes of the session that took it over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ByteCost {
    /// Sessions that told of any.
    pub sessions: u64,
    /// The bytes of all of these sessions.
    pub total: u64,
    /// Mean bytes of such a session; `null` if there is none.
    pub per_session: Option<u64>,
}

/// Bytes of batches as the collector has them, whole: each once, without headers and what was sent in vain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReceivedBytes {
    /// Sessions with batches.
    pub sessions: u64,
    /// Their events that are stored.
    pub events: u64,
    /// The bytes of their batches.
    pub total: u64,
    /// Mean bytes of such a session; `null` if there is none.
    pub per_session: Option<u64>,
    /// Bytes for each of `events`; `null` if there are none.
    pub per_event: Option<f64>,
}

/// What NoWait itself cost the customers, as their sessions measured it, each up to its latest batch.
///
/// A figure that a session did not measure is 0 in its ledger, and that session is not in the figure here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CostSummary {
    /// Sessions that measured anything.
    pub sessions: u64,
    /// The call that started NoWait, on the thread that made it: one duration from each session, by the uptime clock.
    pub start: Latency,
    /// Processor time of NoWait's own thread: one sum from each session.
    pub worker_cpu: Latency,
    /// The calls of `record`, on the threads of the app.
    pub record: RecordCost,
    /// Batches written to the disk.
    pub sealed: ByteCost,
    /// Batches handed to the network, each attempt included; without headers.
    pub sent: ByteCost,
    /// Batches as they arrived: what an event takes on the network. Of all sessions of the ledger.
    #[serde(default)]
    pub received: ReceivedBytes,
    /// Dropped events as a share (0 to 1) of the produced ones, over all sessions of the ledger, those that measured
    /// nothing included; `null` if nothing was produced.
    pub dropped_share: Option<f64>,
}
