//! What a comparison says, as everybody reads it: the text, the page, the JSON.
//!
//! Owns: [`Comparison`] and its parts, and how a comparison is asked to decide. Refuses: deciding (see `compare`).
//! Invariant: whoever reads it can decide again: each figure stands with its interval, and with what was asked of it.

use crate::metric::{Axis, Metric, Unit};
use nowait_wire::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a comparison decides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CompareOptions {
    /// The chance (0 to 1) that two equal releases are told apart anywhere in the comparison. Default 0.05.
    pub error_share_max: f64,
    /// The least change of a time that matters, as a share of it. Default 0.03.
    pub effect_min: f64,
    /// The least change of a time that matters, in nanoseconds: both have to be reached. Default 5,000,000, a third of a frame.
    pub effect_min_ns: f64,
    /// The least change of a share that matters, in absolute terms. Default 0.01.
    pub share_effect_min: f64,
    /// The fewest waits per side. Default 50.
    pub samples_min: u64,
    /// Whether the verdict holds at every look at data that grow, and not at one that was planned. Default false.
    pub at_every_look: bool,
}

impl Default for CompareOptions {
    fn default() -> CompareOptions {
        CompareOptions {
            error_share_max: 0.05,
            effect_min: 0.03,
            effect_min_ns: 5e6,
            share_effect_min: 0.01,
            samples_min: 50,
            at_every_look: false,
        }
    }
}

/// What can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// HEAD is worse: its waits are longer, fewer are in time, or more of them fail or are given up.
    Slower,
    /// HEAD is better.
    Faster,
    /// Whatever the difference is, it is less than what matters.
    Equivalent,
    /// There may be a difference that matters, or none.
    NoEvidence,
    /// Too few waits or sessions on a side to say anything.
    TooFewSamples,
}

/// What is measured of the waits of a touchpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Half of the waits take at most this long, those that were given up among them (Kaplan and Meier, 1958).
    P50,
    /// Three quarters of them do; three quarters of a benchmark's values are at least as good. Google judges Web Vitals by it: it speaks for most customers, and is surer than p95.
    P75,
    /// 95 % of them do: whether the slowest moved.
    P95,
    /// How often a wait of HEAD takes longer than one of BASE, a tie counting half (the mean of ranks): 0.5 where nothing changed.
    Longer,
    /// The share of waits that were done within the target of the touchpoint.
    InTime,
    /// The share of waits that failed, had no answer, or were given up.
    Unanswered,
}

/// One figure on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FigureChange {
    /// Which one.
    pub figure: Figure,
    /// In BASE: nanoseconds, the unit of the metric, or a share from 0 to 1. Of `longer`, the middle of the deciles.
    pub base: f64,
    /// In HEAD, if it had BASE's mix of devices, networks and systems.
    pub head: f64,
    /// In HEAD as it is; `null` where too many waits were given up to know, and of `longer`.
    pub head_as_is: Option<f64>,
    /// HEAD / BASE of a time, HEAD - BASE of a share and of a metric that is compared by difference. It is held against the least
    /// change that matters.
    pub effect: f64,
    /// What the interval is of: the effect, and of `longer` the chance itself.
    pub change: f64,
    /// The lower end of its interval; `null` if the samples do not bound it.
    pub low: Option<f64>,
    /// The upper end of its interval; `null` if the samples do not bound it.
    pub high: Option<f64>,
    /// The chance (0 to 1) that the interval misses the true change, after Holm's correction.
    pub error_share: f64,
    /// Whether it is among those that decide; the others are shown.
    pub decides: bool,
    /// What it says: `slower` wherever customers are worse off.
    pub verdict: Verdict,
}

/// How many waits of a touchpoint a side has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SideCount {
    /// Waits that ended, with or without an answer.
    pub waits: u64,
    /// Sessions that were looked at one by one: all, or a sample drawn by their ids. Of a benchmark, its runs.
    pub sessions: u64,
    /// Waits that were interrupted or answered by what moved already: in no figure.
    pub interrupted: u64,
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Subject {
    /// Waits of customers.
    Waits {
        /// Their kind.
        #[schemars(schema_with = "crate::schema::kind")]
        kind: Kind,
        /// The longest one that is in time, in nanoseconds: the target, up to the end of its bucket.
        in_time_ns: u64,
    },
    /// Values of a benchmark.
    Values {
        /// Their unit, and which way is better.
        #[serde(flatten)]
        metric: Metric,
        /// Whether changes are ratios or differences.
        compared_by: Axis,
    },
}

impl Subject {
    /// The kind of wait, or `metric`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Subject::Waits { kind, .. } => kind.as_str(),
            Subject::Values { .. } => "metric",
        }
    }

    /// Whether changes of its times and values are ratios or differences.
    #[must_use]
    pub fn axis(&self) -> Axis {
        match self {
            Subject::Waits { .. } => Axis::Ratio,
            Subject::Values { compared_by, .. } => *compared_by,
        }
    }
}

/// How a time changed where nothing is held equal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AsIs {
    /// Which time.
    pub figure: Figure,
    /// In BASE, in nanoseconds.
    pub base: f64,
    /// In HEAD, in nanoseconds.
    pub head: f64,
    /// HEAD / BASE.
    pub change: f64,
    /// The lower end of its interval, at the error share of the same figure among `figures`; `null` if the samples do not bound it.
    pub low: Option<f64>,
    /// The upper end of its interval; `null` if the samples do not bound it.
    pub high: Option<f64>,
}

/// Waits or values between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bin {
    /// The lower bound, in nanoseconds or the unit of the metric; the first bin has what lies below, too.
    pub from: f64,
    /// The upper bound; the last bin has what lies beyond, too.
    pub until: f64,
    /// The share of BASE's that lies in it, 0 to 1.
    pub base: f64,
    /// The share of HEAD's, with its own customers.
    pub head: f64,
}

/// One touchpoint in both releases, or one metric of a benchmark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TouchpointChange {
    /// What it is, and how it is compared.
    #[serde(flatten)]
    pub subject: Subject,
    /// Its name.
    pub name: String,
    /// `slower` if any figure that decides is, else `faster` if any is, else `equivalent` if all are.
    pub verdict: Verdict,
    /// Waits of BASE; of journeys and steps the time that the app made the customer wait.
    pub base: SideCount,
    /// Waits of HEAD.
    pub head: SideCount,
    /// How many more waits or values the smaller side needs to be judged.
    pub waits_missing: u64,
    /// The figures, those that decide first.
    pub figures: Vec<FigureChange>,
    /// The time that decides first where each release has its own customers: what lies between the two is the mix. `null` of
    /// benchmarks, of too few waits, and in the JSON of a collector that did not tell.
    #[serde(default)]
    pub as_is: Option<AsIs>,
    /// How many times as much as independent waits those of one session vary, by the figure that decides first; `null` if unknown.
    pub design_effect: Option<f64>,
    /// The change of that figure that random halves of BASE show in 95 of 100 cases, as a share, or in the unit of a metric that is
    /// compared by difference: less than that nobody can see here.
    /// `null` if there are too few sessions.
    pub noise_floor: Option<f64>,
    /// The distance of the steps in which the times of both sides come, in nanoseconds, as those of whole frames do: p75 moves by
    /// one or not at all, and the share in time and the ranks say more. `null` where times flow, or come in steps too small to see.
    pub steps_ns: Option<f64>,
    /// The share of waits whose devices, networks or systems one side lacks: they are in no figure.
    pub left_out: f64,
    /// How the waits of both sides are spread, at most 32 bins in ascending order: equal ratios wide, or equal differences where
    /// these are compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shape: Vec<Bin>,
}

/// How far the customers of both releases differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MixChange {
    /// The field, for example `tier`.
    pub field: String,
    /// Its value.
    pub value: String,
    /// The share of BASE's sessions, 0 to 1.
    pub base_share: f64,
    /// The share of HEAD's sessions, 0 to 1.
    pub head_share: f64,
}

/// A metric of a benchmark that is shown and not judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NotJudged {
    /// Its name.
    pub name: String,
    /// Its unit.
    pub unit: Unit,
    /// Why not.
    pub reason: NotJudgedReason,
    /// The middle of BASE's values; `null` if it has none.
    pub base: Option<f64>,
    /// The middle of HEAD's values; `null` if it has none.
    pub head: Option<f64>,
}

/// Why a metric is not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotJudgedReason {
    /// More of it is neither better nor worse.
    NeitherWayIsBetter,
    /// All values of both sides are 0: whatever it is, it was not met.
    ZeroOnBothSides,
}

impl NotJudgedReason {
    /// Its word, as in the JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            NotJudgedReason::NeitherWayIsBetter => "neither_way_is_better",
            NotJudgedReason::ZeroOnBothSides => "zero_on_both_sides",
        }
    }
}

/// A side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Release {
    /// What is compared with.
    Base,
    /// What is judged.
    Head,
}

/// A run of a benchmark whose values drift, or go up and down: they are not of one state of the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Drift {
    /// Of which side.
    pub of: Release,
    /// The metric.
    pub name: String,
    /// Its unit.
    pub unit: Unit,
    /// The run.
    pub run: String,
    /// The middle of the first half of its values.
    pub first: f64,
    /// The middle of the second half.
    pub second: f64,
    /// How alike each value is to the one before, -1 to 1 (lag-1 autocorrelation).
    pub autocorrelation: f64,
}

/// Two releases side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// What BASE is, for example `8.1.0`.
    pub base: String,
    /// What HEAD is, for example `8.2.0`.
    pub head: String,
    /// How it was decided.
    pub options: CompareOptions,
    /// `slower` if any touchpoint is, else `faster` if any is, else `equivalent` if all that could be judged are, and
    /// `too_few_samples` if nothing could be judged.
    pub verdict: Verdict,
    /// How many figures were tested together.
    pub tests: u64,
    /// The touchpoints that either release has: worse first, larger changes first.
    pub touchpoints: Vec<TouchpointChange>,
    /// How many more there are: they were judged, none of them is worse than those, and they are not listed.
    pub touchpoints_left_out: u64,
    /// Shares of sessions that differ by more than chance explains (once in 1,000 comparisons of equal mixes): who uses the
    /// releases is not the same. Figures hold the mix equal all the same.
    pub mix: Vec<MixChange>,
    /// Metrics of benchmarks that are not judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_judged: Vec<NotJudged>,
    /// Runs of benchmarks whose values drift, once in 1,000 of those that do not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drifts: Vec<Drift>,
}

impl TouchpointChange {
    /// A figure, if there are enough waits for it.
    #[must_use]
    pub fn figure(&self, figure: Figure) -> Option<&FigureChange> {
        self.figures.iter().find(|change| change.figure == figure)
    }

    /// The time that decides: p75, or p50 where there are too few waits for it.
    #[must_use]
    pub fn primary(&self) -> Option<&FigureChange> {
        self.figure(Figure::P75).filter(|change| change.decides).or_else(|| self.figure(Figure::P50))
    }
}
