//! BASE against HEAD: is a release slower, faster, or can nobody say?
//!
//! Owns: the comparison of two sets of cells and its verdict. Refuses: the statistics below it (see `interval`).
//! Invariant: the same cells give the same verdict, always; no random numbers.

use crate::cell::Cells;
use nowait_wire::Kind;
use serde::{Deserialize, Serialize};

/// How a comparison decides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompareOptions {
    /// The chance (0 to 1) that two equal releases are told apart anywhere in the comparison. Default 0.05.
    pub error_share_max: f64,
    /// The least change of the primary quantile that matters, as a share. Default 0.05.
    pub effect_min: f64,
    /// The least change of the failure share that matters, in absolute terms. Default 0.01.
    pub failure_effect_min: f64,
    /// The fewest waits per side. Default 50.
    pub samples_min: u64,
}

impl Default for CompareOptions {
    fn default() -> CompareOptions {
        CompareOptions { error_share_max: 0.05, effect_min: 0.05, failure_effect_min: 0.01, samples_min: 50 }
    }
}

/// What can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// HEAD is slower.
    Slower,
    /// HEAD is faster.
    Faster,
    /// Nothing speaks for a difference that matters.
    NoEvidence,
    /// Too few waits on a side to say anything.
    TooFewSamples,
}

/// One quantile on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuantileChange {
    /// Which one, 0 to 1.
    pub quantile: f64,
    /// In BASE, in nanoseconds.
    pub base_ns: u64,
    /// In HEAD, in nanoseconds.
    pub head_ns: u64,
    /// HEAD / BASE.
    pub ratio: f64,
    /// The lower end of the interval of the ratio.
    pub ratio_low: f64,
    /// The upper end of the interval of the ratio.
    pub ratio_high: f64,
}

/// The share of waits that failed or had no answer, on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailureChange {
    /// In BASE, 0 to 1.
    pub base_share: f64,
    /// In HEAD, 0 to 1.
    pub head_share: f64,
    /// HEAD - BASE.
    pub difference: f64,
    /// The lower end of the interval of the difference.
    pub difference_low: f64,
    /// The upper end of the interval of the difference.
    pub difference_high: f64,
    /// Whether HEAD fails more (`slower`), less (`faster`), or neither can be said.
    pub verdict: Verdict,
}

/// One touchpoint in both releases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TouchpointChange {
    /// The kind of wait.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Latencies in BASE.
    pub base_count: u64,
    /// Latencies in HEAD.
    pub head_count: u64,
    /// p50, p75 and p95, as far as the samples support them.
    pub quantiles: Vec<QuantileChange>,
    /// The verdict on p75.
    pub verdict: Verdict,
    /// The failure shares, if both sides have enough waits.
    pub failures: Option<FailureChange>,
}

/// Two releases side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// What BASE is, for example `8.1.0`.
    pub base: String,
    /// What HEAD is, for example `8.2.0`.
    pub head: String,
    /// How it was decided.
    pub options: CompareOptions,
    /// `slower` if any touchpoint is slower or fails more.
    pub verdict: Verdict,
    /// Every touchpoint that either release has.
    pub touchpoints: Vec<TouchpointChange>,
}

impl Comparison {
    /// Compares.
    #[must_use]
    pub fn new(_base: (&str, &Cells), _head: (&str, &Cells), options: CompareOptions) -> Comparison {
        Comparison {
            base: _base.0.to_owned(),
            head: _head.0.to_owned(),
            options,
            verdict: Verdict::TooFewSamples,
            touchpoints: Vec::new(),
        }
    }

    /// Whether HEAD is worse anywhere.
    #[must_use]
    pub fn is_regression(&self) -> bool {
        self.verdict == Verdict::Slower
    }
}
