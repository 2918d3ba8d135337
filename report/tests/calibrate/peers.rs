//! What else people judge releases by, on the same waits: Welch's test, Mann and Whitney's, a limit for p95, a bootstrap of sessions.
//!
//! Owns: the peers. Each is written as its users write it. Refuses: our own comparison.
//! Invariant: each says that a release is slower, faster, or nothing, at 5 % (the limit for p95 at 5 % of time).

use crate::random::Random;
use crate::world::{Session, Wait};
use nowait_wire::Outcome;

/// 2.5 % of the standard normal distribution lie beyond.
const REACH: f64 = 1.959_963_985;

/// Resamples of the bootstrap.
const RESAMPLES: usize = 200;

/// What is said of HEAD: 1 slower, -1 faster, 0 nothing.
pub(crate) type Said = i8;

/// What says it, of the sessions of BASE and HEAD.
pub(crate) type Peer = fn(&[Session], &[Session]) -> Said;

/// All peers, by name.
pub(crate) const PEERS: [(&str, Peer); 4] =
    [("Welch", welch), ("Mann-Whitney", mann_whitney), ("p95 +-5 %", p95_limit), ("bootstrap", bootstrap)];

/// Latencies in milliseconds: what was given up has none.
fn latencies(sessions: &[Session]) -> Vec<f64> {
    sessions.iter().flat_map(|session| session.waits.iter().filter_map(latency)).collect()
}

fn latency(wait: &Wait) -> Option<f64> {
    (wait.outcome != Outcome::Abandoned).then_some(wait.ns / 1e6)
}

fn said(z: f64) -> Said {
    if z > REACH {
        1
    } else if z < -REACH {
        -1
    } else {
        0
    }
}

fn welch(base: &[Session], head: &[Session]) -> Said {
    let moments = |times: &[f64]| {
        let n = times.len() as f64;
        let mean = times.iter().sum::<f64>() / n;
        (mean, times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (n - 1.0) / n)
    };
    let ((base, of_base), (head, of_head)) = (moments(&latencies(base)), moments(&latencies(head)));
    said((head - base) / (of_base + of_head).sqrt())
}

fn mann_whitney(base: &[Session], head: &[Session]) -> Said {
    let (base, head) = (latencies(base), latencies(head));
    let mut all: Vec<(f64, bool)> = base.iter().map(|time| (*time, false)).collect();
    all.extend(head.iter().map(|time| (*time, true)));
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (n, m) = (base.len() as f64, head.len() as f64);
    let (mut ranks, mut ties, mut before) = (0.0, 0.0, 0.0);
    for equal in all.chunk_by(|one, next| one.0 == next.0) {
        let count = equal.len() as f64;
        ranks += equal.iter().filter(|(_, is_head)| *is_head).count() as f64 * (before + (count + 1.0) / 2.0);
        ties += count.powi(3) - count;
        before += count;
    }
    let u = ranks - m * (m + 1.0) / 2.0;
    let variance = n * m / 12.0 * (n + m + 1.0 - ties / ((n + m) * (n + m - 1.0)));
    said((u - n * m / 2.0) / variance.sqrt())
}

fn quantile(times: &mut [f64], q: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    times[((times.len() as f64 * q).ceil() as usize).clamp(1, times.len()) - 1]
}

fn p95_limit(base: &[Session], head: &[Session]) -> Said {
    let ratio = quantile(&mut latencies(head), 0.95) / quantile(&mut latencies(base), 0.95);
    if ratio > 1.05 {
        1
    } else if ratio < 0.95 {
        -1
    } else {
        0
    }
}

/// The percentile interval of the ratio of p75, from sessions drawn with replacement.
fn bootstrap(base: &[Session], head: &[Session]) -> Said {
    let mut random = Random(base.len() as u64 * 31 + head.len() as u64);
    let mut resampled = |sessions: &[Session]| {
        let drawn = (0..sessions.len()).map(|_| &sessions[random.below(sessions.len() as u64) as usize]);
        let mut times: Vec<f64> =
            drawn.flat_map(|session| session.waits.iter().filter_map(latency)).collect();
        if times.is_empty() { 1.0 } else { quantile(&mut times, 0.75) }
    };
    let mut ratios: Vec<f64> = (0..RESAMPLES).map(|_| resampled(head) / resampled(base)).collect();
    let (low, high) = (quantile(&mut ratios, 0.025), quantile(&mut ratios, 0.975));
    if low > 1.0 {
        1
    } else if high < 1.0 {
        -1
    } else {
        0
    }
}
