//! Intervals of a share, and of how much two estimates differ.
//!
//! Owns: Wilson's interval, and MOVER, which joins two intervals into one. Refuses: what varies how much (see `spread`).
//! Invariant: an interval contains its own estimate; where nothing bounds it its end is infinite.

use crate::metric::Axis;

/// Standard errors that 95 % of a normal distribution lie within.
pub(crate) const Z95: f64 = 1.959_963_985;

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

/// HEAD / BASE of two positive estimates, or HEAD - BASE, with its interval, joined on the line of their axis.
pub(crate) fn effect(axis: Axis, base: Interval, head: Interval) -> Interval {
    // What is not bounded stays so.
    let line = |interval: Interval| interval.map(|at| if at.is_finite() { axis.position(at) } else { at });
    difference(line(base), line(head)).map(|line| axis.cost_at(line))
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

/// A share of `n` waits with its score interval (Wilson, 1927) that reaches `z` standard errors. `n` must not be 0.
///
/// With [`difference`] it is Newcombe's method 10 (Statistics in Medicine 17, 1998).
pub(crate) fn share(value: f64, n: f64, z: f64) -> Interval {
    let hits = value * n;
    let middle = (hits + z * z / 2.0) / (n + z * z);
    let reach = z / (n + z * z) * (hits * (n - hits) / n + z * z / 4.0).max(0.0).sqrt();
    Interval { low: (middle - reach).clamp(0.0, value), value, high: (middle + reach).clamp(value, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_of_shares_are_those_newcombe_prints() {
        // Newcombe 1998, table II (a): 56/70 - 48/80 gives 0.0524 to 0.3339.
        let z = Z95;
        let found = difference(share(0.6, 80.0, z), share(0.8, 70.0, z));
        assert!((found.low - 0.0524).abs() < 5e-5 && (found.high - 0.3339).abs() < 5e-5, "{found:?}");
    }
}
