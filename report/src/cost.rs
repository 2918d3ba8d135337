//! What NoWait itself cost the customers, from what the sessions measured.
//!
//! Owns: adding up the costs of sessions. Refuses: judging them; how a device measures (see `Cost` in `wire`).
//! Invariant: what no session measured is absent, never 0.

use crate::assemble::latency;
use crate::estimate::rank;
use crate::histogram::{Histogram, supports_quantile};
use crate::report::{
    ByteCost, CostSummary, LedgerSummary, ReceivedBytes, RecordCost, SessionAccount, Within,
};
use nowait_wire::Cost;

/// Adds up the costs of all sessions; `ledger` is theirs.
pub(crate) fn cost(sessions: &[SessionAccount], ledger: &LedgerSummary) -> CostSummary {
    let none = Cost::default();
    let (mut start, mut worker_cpu) = (Histogram::new(), Histogram::new());
    let mut summary = CostSummary::default();
    let mut record = Cost::default();
    for SessionAccount { ledger, .. } in sessions {
        let cost = &ledger.cost;
        if *cost == none {
            continue;
        }
        summary.sessions = summary.sessions.saturating_add(1);
        // No call and no thread takes 0 ns: that session could not tell.
        start.record_n(cost.start_ns, u64::from(cost.start_ns > 0));
        worker_cpu.record_n(cost.worker_cpu_ns, u64::from(cost.worker_cpu_ns > 0));
        add_bytes(&mut summary.sealed, cost.sealed_bytes);
        add_bytes(&mut summary.sent, cost.sent_bytes);
        record.record_ns_sum = record.record_ns_sum.saturating_add(cost.record_ns_sum);
        for (sum, count) in record.record_ns_buckets.iter_mut().zip(cost.record_ns_buckets) {
            *sum = sum.saturating_add(count);
        }
    }
    for bytes in [&mut summary.sealed, &mut summary.sent] {
        bytes.per_session = bytes.total.checked_div(bytes.sessions);
    }
    CostSummary {
        start: latency(&start),
        worker_cpu: latency(&worker_cpu),
        record: record_cost(&record),
        received: received(sessions),
        dropped_share: (ledger.produced > 0).then(|| ledger.dropped_total as f64 / ledger.produced as f64),
        ..summary
    }
}

fn add_bytes(sum: &mut ByteCost, bytes: u64) {
    if bytes > 0 {
        sum.sessions = sum.sessions.saturating_add(1);
        sum.total = sum.total.saturating_add(bytes);
    }
}

/// Adds up what arrived.
fn received(sessions: &[SessionAccount]) -> ReceivedBytes {
    let mut sum = ReceivedBytes::default();
    for SessionAccount { delivered, received_bytes, .. } in sessions {
        if *received_bytes > 0 {
            sum.sessions = sum.sessions.saturating_add(1);
            sum.events = sum.events.saturating_add(*delivered);
            sum.total = sum.total.saturating_add(*received_bytes);
        }
    }
    sum.per_session = sum.total.checked_div(sum.sessions);
    sum.per_event = (sum.events > 0).then(|| sum.total as f64 / sum.events as f64);
    sum
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
