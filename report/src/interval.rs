//! Intervals without random numbers: of a quantile, of a share, and of how much two of either differ.
//!
//! Owns: order-statistic intervals (binomial), Wilson's interval, and MOVER, which joins two intervals into one.
//! Refuses: verdicts and corrections for many comparisons (see [`crate::compare`]).
//! Invariant: an interval contains its own estimate, and a smaller error share never makes it narrower.

use crate::histogram::Histogram;

/// Up to this many samples the binomial distribution is summed exactly; above, its normal approximation is off by
/// less than one rank for the quantiles used here, and one rank is added on either side.
const EXACT_SAMPLES_MAX: u64 = 1_000;

/// An estimate and the interval around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) value: f64,
    pub(crate) high: f64,
}

impl Interval {
    /// Whether all of it lies on one side of `point`.
    pub(crate) fn excludes(&self, point: f64) -> bool {
        self.low > point || self.high < point
    }

    fn map(self, f: impl Fn(f64) -> f64) -> Interval {
        Interval { low: f(self.low), value: f(self.value), high: f(self.high) }
    }
}

/// The `q` quantile in nanoseconds with an interval that misses the true one with a chance of at most `error_share`;
/// `None` if the samples are too few to bound it at both ends.
///
/// The ends are order statistics whose ranks come from the binomial distribution, so nothing is assumed of the
/// shape of the durations (Conover, Practical Nonparametric Statistics, 3rd edition, section 3.2). Each end is taken at the outer
/// bound of its bucket, so that rounding to buckets can only widen the interval.
pub(crate) fn quantile(durations: &Histogram, q: f64, error_share: f64) -> Option<Interval> {
    let (lower, upper) = ranks(durations.count(), q, error_share)?;
    let value = durations.quantile_ns(q)? as f64;
    Some(Interval { low: durations.locate(lower)?.low_ns, value, high: durations.locate(upper)?.high_ns })
}

/// The ranks of the order statistics that bound the `q` quantile of `n` samples.
fn ranks(n: u64, q: f64, error_share: f64) -> Option<(u64, u64)> {
    let tail = error_share / 2.0;
    let (lower, upper) = if n <= EXACT_SAMPLES_MAX {
        binomial_ranks(n, q, tail)
    } else {
        let mean = n as f64 * q;
        let reach = -normal_quantile(tail) * (mean * (1.0 - q)).sqrt();
        ((mean - reach).floor() as u64, (mean + reach).ceil() as u64 + 1)
    };
    (lower >= 1 && upper <= n).then_some((lower, upper))
}

/// The largest `l` with P(B < l) <= tail and the smallest `u` with P(B >= u) <= tail, for B binomial (n, q).
fn binomial_ranks(n: u64, q: f64, tail: f64) -> (u64, u64) {
    let mut ln_mass = n as f64 * (1.0 - q).ln();
    let mut below = 0.0;
    let (mut lower, mut upper) = (0, n + 1);
    for k in 0..=n {
        if below <= tail {
            lower = k;
        }
        if 1.0 - below <= tail {
            upper = k;
            break;
        }
        below += ln_mass.exp();
        ln_mass += ((n - k) as f64 / (k + 1) as f64).ln() + (q / (1.0 - q)).ln();
    }
    (lower, upper)
}

/// HEAD / BASE of two positive estimates with its interval, joined on the logarithmic scale.
pub(crate) fn ratio(base: Interval, head: Interval) -> Interval {
    // A quantile of 0 ns has no logarithm; 1 ns is the clock's unit.
    let ln = |interval: Interval| interval.map(|ns| ns.max(1.0).ln());
    difference(ln(base), ln(head)).map(f64::exp)
}

/// HEAD - BASE with its interval by MOVER, the method of variance estimates recovery (Zou and Donner, Statistics in
/// Medicine 27, 2008): each end uses the reach of that end of either interval.
pub(crate) fn difference(base: Interval, head: Interval) -> Interval {
    let value = head.value - base.value;
    Interval {
        low: value - (head.value - head.low).hypot(base.high - base.value),
        value,
        high: value + (head.high - head.value).hypot(base.value - base.low),
    }
}

/// The share `hits` / `n` with its score interval (Wilson, 1927). `n` must not be 0.
///
/// With [`difference`] it is Newcombe's method 10 (Statistics in Medicine 17, 1998).
pub(crate) fn share(hits: u64, n: u64, error_share: f64) -> Interval {
    let z = -normal_quantile(error_share / 2.0);
    let (hits, n) = (hits as f64, n as f64);
    let value = hits / n;
    let middle = (hits + z * z / 2.0) / (n + z * z);
    let reach = z / (n + z * z) * (hits * (n - hits) / n + z * z / 4.0).sqrt();
    Interval { low: (middle - reach).clamp(0.0, value), value, high: (middle + reach).clamp(value, 1.0) }
}

/// The quantile of the standard normal distribution, with a relative error below 1.2e-9.
///
/// Peter J. Acklam's rational approximation (2003).
fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    /// Where the approximation changes from the tails to the centre.
    const TAIL: f64 = 0.024_25;
    let polynomial = |coefficients: &[f64], x: f64| coefficients.iter().fold(0.0, |sum, c| sum * x + c);
    let tail = |p: f64| {
        let x = (-2.0 * p.ln()).sqrt();
        polynomial(&C, x) / polynomial(&D, x)
    };
    if p < TAIL {
        tail(p)
    } else if p > 1.0 - TAIL {
        -tail(1.0 - p)
    } else {
        let x = p - 0.5;
        x * polynomial(&A, x * x) / polynomial(&B, x * x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_quantiles_are_those_of_the_tables() {
        for (p, z) in [(0.5, 0.0), (0.025, -1.959_963_985), (0.999, 3.090_232_306), (0.0005, -3.290_526_731)]
        {
            assert!((normal_quantile(p) - z).abs() < 1e-7, "{p}");
        }
    }

    #[test]
    fn ranks_are_those_of_the_binomial_tables() {
        // The sign-test interval of the median: n = 10 gives X(2)..X(9), n = 20 gives X(6)..X(15).
        assert_eq!(ranks(10, 0.5, 0.05), Some((2, 9)));
        assert_eq!(ranks(20, 0.5, 0.05), Some((6, 15)));
        assert_eq!(ranks(5, 0.5, 0.05), None, "1 of 32 is more than 2.5 %");
        assert_eq!(ranks(50, 0.95, 0.05), None, "the upper end would need a duration beyond the longest");
    }

    #[test]
    fn the_approximation_meets_the_exact_sum() {
        for q in [0.5, 0.75, 0.95] {
            let (lower, upper) = binomial_ranks(5_000, q, 0.0005);
            let (near_lower, near_upper) = ranks(5_000, q, 0.001).unwrap();
            assert!(near_lower.abs_diff(lower) <= 3 && near_upper.abs_diff(upper) <= 3, "{q}");
        }
    }

    #[test]
    fn differences_of_shares_are_those_newcombe_prints() {
        // Newcombe 1998, table II (a): 56/70 - 48/80 gives 0.0524 to 0.3339.
        let found = difference(share(48, 80, 0.05), share(56, 70, 0.05));
        assert!((found.low - 0.0524).abs() < 5e-5 && (found.high - 0.3339).abs() < 5e-5, "{found:?}");
    }
}
