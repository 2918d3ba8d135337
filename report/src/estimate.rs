//! What a histogram can say about the durations it no longer has.
//!
//! Owns: quantiles, counts within a target, time beyond a target, and the error bound of each.
//! Refuses: quantiles that too few durations support (callers ask [`supports_quantile`]).
//! Invariant: a quantile is within 0.55 % (and the rounding to 1 ns) of the exact one.

use crate::histogram::{Histogram, bucket_bounds_ns, bucket_index, largest_ns};

/// Keeps the rounding of `q * n` in floating point from asking for the rank after the one that was meant.
const RANK_SLACK: f64 = 1e-9;

/// Whether `count` durations support quantile `q`: at least one of them is expected beyond it, so
/// `count * (1 - q) >= 1`. p50 needs 2, p75 needs 4, p95 needs 20, p99 needs 100.
#[must_use]
pub fn supports_quantile(count: u64, q: f64) -> bool {
    count as f64 * (1.0 - q) >= 1.0 - RANK_SLACK
}

/// The place of the `q` quantile (0 to 1) among `n` in ascending order, by nearest rank: ceil(q * n), from 1 to n.
pub(crate) fn rank(n: u64, q: f64) -> u64 {
    let rank = (q.clamp(0.0, 1.0) * n as f64 * (1.0 - RANK_SLACK)).ceil() as u64;
    rank.clamp(1, n.max(1))
}

/// Where a duration of a given rank is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Located {
    /// No duration of that rank is shorter, in nanoseconds.
    pub(crate) low_ns: f64,
    /// The estimate, in nanoseconds.
    pub(crate) value_ns: f64,
    /// No duration of that rank is longer, in nanoseconds.
    pub(crate) high_ns: f64,
}

impl Histogram {
    /// The `q` quantile (0 to 1) in nanoseconds by nearest rank: the duration at place ceil(q * n) of all n in
    /// ascending order (type 1 of Hyndman and Fan, 1996), as good as its bucket knows it. `None` while empty.
    ///
    /// The answer is the bucket's middle on the logarithmic scale, cut to the exact minimum and maximum: at most
    /// 0.55 % (and the rounding to 1 ns) from the exact one. It does not interpolate inside the bucket: that would
    /// be closer on average, and twice as far in the worst case.
    #[must_use]
    pub fn quantile_ns(&self, q: f64) -> Option<u64> {
        self.locate(rank(self.count(), q)).map(|at| at.value_ns.round() as u64)
    }

    /// The quantile, unless too few durations support it (see [`supports_quantile`]).
    #[must_use]
    pub fn supported_quantile_ns(&self, q: f64) -> Option<u64> {
        supports_quantile(self.count(), q).then(|| self.quantile_ns(q)).flatten()
    }

    /// The duration at place `rank`, counted from 1 in ascending order.
    pub(crate) fn locate(&self, rank: u64) -> Option<Located> {
        let (min, max) = (self.min_ns()? as f64, self.max_ns()? as f64);
        if rank == 0 || rank > self.count() {
            return None;
        }
        let exact = |ns: f64| Some(Located { low_ns: ns, value_ns: ns, high_ns: ns });
        if rank == 1 || rank <= self.zeros() {
            return exact(min);
        }
        if rank == self.count() {
            return exact(max);
        }
        let mut below = self.zeros();
        for (index, count) in self.buckets() {
            below = below.saturating_add(count);
            if below >= rank {
                let (lower, upper) = bucket_bounds_ns(index);
                let cut = |ns: f64| ns.clamp(min, max);
                let value_ns = cut((lower * upper).sqrt());
                return Some(Located { low_ns: cut(lower), value_ns, high_ns: cut(upper) });
            }
        }
        exact(max)
    }

    /// How many durations were at most `target_ns`, up to the end of its bucket (its largest whole nanosecond): what is as long as the target is in
    /// time, and what is at most 1.09 % longer may be.
    #[must_use]
    pub fn count_at_most(&self, target_ns: u64) -> u64 {
        let target = bucket_index(target_ns);
        let within = self.buckets().take_while(|(index, _)| Some(*index) <= target);
        within.fold(self.zeros(), |sum, (_, count)| sum.saturating_add(count))
    }

    /// The time spent beyond `target_ns`: the sum of duration - target over all durations that [`Histogram::count_at_most`] does not
    /// count, in nanoseconds.
    ///
    /// Durations are taken as evenly spread in their bucket, but for the longest, which is known: the answer is at most 0.55 %
    /// of the time those waits took away from the exact one, and never more than [`Histogram::sum_ns`].
    #[must_use]
    pub fn excess_over(&self, target_ns: u64) -> u64 {
        let (Some(min), Some(max)) = (self.min_ns(), self.max_ns()) else { return 0 };
        let target = bucket_index(target_ns);
        let late = || self.buckets().filter(|(index, _)| Some(*index) > target);
        if self.zeros() == 0 && late().count() == self.buckets().count() {
            return self.sum_ns().saturating_sub(self.count().saturating_mul(target_ns));
        }
        let excess: f64 = late()
            .map(|(index, count)| {
                let (lower, upper) = bucket_bounds_ns(index);
                let is_longest = Some(index) == bucket_index(max);
                let (lower, upper) = (lower.max(min as f64), upper.min(max as f64));
                let others = count.saturating_sub(u64::from(is_longest)) as f64;
                let longest = if is_longest { (max - target_ns) as f64 } else { 0.0 };
                others * (f64::midpoint(lower, upper) - target_ns as f64) + longest
            })
            .sum();
        (excess.round() as u64).min(self.sum_ns())
    }
}

/// The longest wait that is in time where the target is this: the end of the target's bucket, in nanoseconds.
pub(crate) fn in_time_ns(target_ns: u64) -> u64 {
    bucket_index(target_ns).map_or(0, largest_ns)
}
