//! What NoWait itself cost the customers, from what the sessions measured.
//!
//! Owns: adding up the costs of sessions. Refuses: judging them; how a device measures (see `Cost` in `wire`).
//! Invariant: what no session measured is absent, never 0.

use crate::accounts::{Accounts, Of};
use crate::assemble::latency;
use crate::estimate::rank;
use crate::histogram::supports_quantile;
use crate::report::{ByteCost, CostSummary, LedgerSummary, ReceivedBytes, RecordCost, Within};
use nowait_wire::Cost;

/// The costs of all sessions; `ledger` is theirs.
pub(crate) fn cost(accounts: &Accounts, ledger: &LedgerSummary) -> CostSummary {
    let bytes = |sessions: Of, total: Of| {
        let (sessions, total) = (accounts.at(sessions), accounts.at(total));
        ByteCost { sessions, total, per_session: total.checked_div(sessions) }
    };
    CostSummary {
        sessions: accounts.at(Of::CostSessions),
        start: latency(accounts.start()),
        worker_cpu: latency(accounts.worker_cpu()),
        record: record_cost(&accounts.record()),
        sealed: bytes(Of::SealedSessions, Of::SealedBytes),
        sent: bytes(Of::SentSessions, Of::SentBytes),
        received: received(accounts),
        dropped_share: (ledger.produced > 0).then(|| ledger.dropped_total as f64 / ledger.produced as f64),
    }
}

/// What arrived.
fn received(accounts: &Accounts) -> ReceivedBytes {
    let (sessions, events, total) =
        (accounts.at(Of::ReceivedSessions), accounts.at(Of::ReceivedEvents), accounts.at(Of::ReceivedBytes));
    ReceivedBytes {
        sessions,
        events,
        total,
        per_session: total.checked_div(sessions),
        per_event: (events > 0).then(|| total as f64 / events as f64),
    }
}

/// The sampled calls of all sessions together.
fn record_cost(all: &Cost) -> RecordCost {
    let samples = all.record_samples();
    let quantile = |q: f64| supports_quantile(samples, q).then(|| within(all, rank(samples, q))).flatten();
    RecordCost {
        samples,
        mean_ns: all.record_ns_sum.checked_div(samples),
        p50: quantile(0.5),
        p95: quantile(0.95),
        p99: quantile(0.99),
    }
}

/// The bucket of the call at place `rank`, counted from 1 in ascending order.
fn within(all: &Cost, rank: u64) -> Option<Within> {
    let mut passed = 0u64;
    let bucket = all.record_ns_buckets.iter().position(|count| {
        passed = passed.saturating_add(*count);
        passed >= rank
    })?;
    let from_ns = bucket.checked_sub(1).and_then(Cost::record_bucket_end_ns).unwrap_or(0);
    Some(Within { from_ns, below_ns: Cost::record_bucket_end_ns(bucket) })
}
