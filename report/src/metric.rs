//! What a benchmark measures: anything that is no wait of a customer.
//!
//! Owns: units, which way is better, and on which scale values are compared. Refuses: waits (see `side`) and files.
//! Invariant: more of a *cost* is worse: whatever a metric is, figures are made of costs, and told as values again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What values are of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Metric {
    /// Their unit.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
}

/// A unit, by its name in [UCUM](https://ucum.org) where it has one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Unit {
    /// Times.
    #[serde(rename = "ns")]
    Nanoseconds,
    /// Sizes.
    #[serde(rename = "By")]
    Bytes,
    /// Whole things.
    #[serde(rename = "1")]
    Count,
    /// Whatever a tool calls it; empty if it does not say.
    #[serde(untagged)]
    Other(String),
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Less of it, as of times.
    Less,
    /// More of it, as of operations per second.
    More,
    /// Neither, as of the number of frames: it is shown and not judged.
    Neither,
}

/// A value that was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// In the unit of the metric.
    pub value: f64,
    /// Whether what was measured failed: nobody knows how long it would have taken.
    pub has_failed: bool,
}

impl Measured {
    /// A value of what did not fail.
    #[must_use]
    pub fn of(value: f64) -> Measured {
        Measured { value, has_failed: false }
    }
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// How many times as much one is: all are above 0.
    Ratio,
    /// How much more one is: what may be 0 or less, and what is counted.
    Difference,
}

impl Axis {
    /// Where a cost lies on the line on which equal steps are equal changes.
    pub(crate) fn position(self, cost: f64) -> f64 {
        match self {
            Axis::Ratio => cost.max(f64::MIN_POSITIVE).ln(),
            Axis::Difference => cost,
        }
    }

    /// The cost at a position.
    pub(crate) fn cost_at(self, position: f64) -> f64 {
        match self {
            Axis::Ratio => position.exp(),
            Axis::Difference => position,
        }
    }

    /// By how much another cost is another.
    pub(crate) fn effect(self, base: f64, head: f64) -> f64 {
        match self {
            Axis::Ratio => head.max(f64::MIN_POSITIVE) / base.max(f64::MIN_POSITIVE),
            Axis::Difference => head - base,
        }
    }

    /// The effect at which nothing changed.
    pub(crate) fn equal(self) -> f64 {
        match self {
            Axis::Ratio => 1.0,
            Axis::Difference => 0.0,
        }
    }
}

/// How values of a metric become costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    pub(crate) axis: Axis,
    is_more_better: bool,
}

impl Scale {
    /// Of waits.
    pub(crate) const WAITS: Scale = Scale { axis: Axis::Ratio, is_more_better: false };

    /// Of a metric with these values on both sides.
    pub(crate) fn of(metric: &Metric, mut values: impl Iterator<Item = f64>) -> Scale {
        let is_counted = metric.unit == Unit::Count;
        let axis =
            if is_counted || values.any(|value| value <= 0.0) { Axis::Difference } else { Axis::Ratio };
        Scale { axis, is_more_better: metric.better == Better::More }
    }

    /// A value as a cost, or a cost as a value.
    pub(crate) fn turn(self, value: f64) -> f64 {
        match (self.is_more_better, self.axis) {
            (false, _) => value,
            (true, Axis::Ratio) => 1.0 / value.max(f64::MIN_POSITIVE),
            (true, Axis::Difference) => -value,
        }
    }

    /// An interval of changes of costs as one of values, or back.
    pub(crate) fn turn_change(self, low: f64, value: f64, high: f64) -> (f64, f64, f64) {
        if self.is_more_better {
            (self.turn(high), self.turn(value), self.turn(low))
        } else {
            (low, value, high)
        }
    }
}
