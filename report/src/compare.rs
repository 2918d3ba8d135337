//! BASE against HEAD: is a release slower, faster, or can nobody say?
//!
//! Owns: the comparison of two sets of cells and its verdict. Refuses: the statistics below it (see `interval`).
//! Invariant: the same cells give the same verdict, always; no random numbers.

use crate::cell::{Cell, Cells};
use crate::histogram::Histogram;
use crate::interval::{self, Interval};
use nowait_wire::Kind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The quantile that decides: three quarters of the waits were at most this long. Google judges Web Vitals by it,
/// because it speaks for most customers and yet is surer than p95, whose interval is half as wide again.
pub const QUANTILE_PRIMARY: f64 = 0.75;

/// The quantile that shows whether the slowest waits moved with the others.
pub const QUANTILE_TAIL: f64 = 0.95;

/// The quantiles that are shown.
const QUANTILES: [f64; 3] = [0.5, QUANTILE_PRIMARY, QUANTILE_TAIL];

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
    /// The lower end of the interval of the ratio; `null` if the samples cannot bound it.
    pub ratio_low: Option<f64>,
    /// The upper end of the interval of the ratio; `null` if the samples cannot bound it.
    pub ratio_high: Option<f64>,
}

/// The share of waits that failed or had no answer (`failed`, `no_response`, `timed_out`, `died`), on both sides.
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
    /// Latencies in BASE; of journeys and steps the time that the app made the customer wait.
    pub base_count: u64,
    /// Latencies in HEAD.
    pub head_count: u64,
    /// p50, p75 and p95, as far as the samples support them.
    pub quantiles: Vec<QuantileChange>,
    /// The chance (0 to 1) that an interval of this latency misses its true ratio, after Holm's correction.
    pub interval_error_share: f64,
    /// The verdict on p75: its interval has to exclude 1 and its ratio has to be as large as `effect_min` asks.
    pub verdict: Verdict,
    /// The share of waits that failed or had no answer, if both sides have enough waits.
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
    /// `slower` if any touchpoint is slower or fails more, else `faster` if any is better, else `no_evidence`, and
    /// `too_few_samples` if nothing could be tested.
    pub verdict: Verdict,
    /// How many figures were tested together: latencies and failure shares with enough samples.
    pub tests: u64,
    /// Every touchpoint that either release has: worse, better, no evidence, too few samples; larger changes first.
    pub touchpoints: Vec<TouchpointChange>,
}

/// The kinds that are compared: all waits but hangs, which exist only above 250 ms, so that their number tells of a
/// change and their length does not.
const COMPARED: [Kind; 8] = [
    Kind::Launch,
    Kind::Screen,
    Kind::Tap,
    Kind::Settled,
    Kind::Request,
    Kind::Action,
    Kind::Journey,
    Kind::Step,
];

/// One touchpoint's cells of both releases, over all slices.
#[derive(Default)]
struct Pair {
    base: Side,
    head: Side,
}

/// One release's waits at one touchpoint.
#[derive(Default)]
struct Side {
    waits: Histogram,
    /// Waits that failed or had no answer.
    failures: u64,
    /// All waits that ended with or without an answer.
    ended: u64,
}

impl Side {
    fn add(&mut self, kind: Kind, cell: &Cell) {
        if matches!(kind, Kind::Journey | Kind::Step) {
            self.waits.merge(cell.part());
        } else {
            self.waits.merge(cell.done());
            self.waits.merge(cell.failed());
        }
        let failures = cell.failed().count().saturating_add(cell.unanswered().count());
        self.failures = self.failures.saturating_add(failures);
        self.ended = self.ended.saturating_add(failures).saturating_add(cell.done().count());
    }
}

/// What is tested of a pair.
#[derive(Clone, Copy, PartialEq)]
enum Figure {
    Latency,
    Failures,
}

impl Pair {
    /// HEAD / BASE of the `q` quantile.
    fn quantile_ratio(&self, q: f64, error_share: f64, samples_min: u64) -> Option<Interval> {
        if self.base.waits.count().min(self.head.waits.count()) < samples_min {
            return None;
        }
        let base = interval::quantile(&self.base.waits, q, error_share)?;
        Some(interval::ratio(base, interval::quantile(&self.head.waits, q, error_share)?))
    }

    /// HEAD - BASE of the failure share.
    fn failure_difference(&self, error_share: f64, samples_min: u64) -> Option<Interval> {
        if self.base.ended.min(self.head.ended) < samples_min.max(1) {
            return None;
        }
        let base = interval::share(self.base.failures, self.base.ended, error_share);
        Some(interval::difference(base, interval::share(self.head.failures, self.head.ended, error_share)))
    }

    /// Whether the figure differs between the releases, at this chance of error.
    fn differs(&self, figure: Figure, error_share: f64, samples_min: u64) -> bool {
        match figure {
            Figure::Latency => self
                .quantile_ratio(QUANTILE_PRIMARY, error_share, samples_min)
                .is_some_and(|ratio| ratio.excludes(1.0)),
            Figure::Failures => self
                .failure_difference(error_share, samples_min)
                .is_some_and(|difference| difference.excludes(0.0)),
        }
    }

    /// The figures that can differ at all: enough waits, and for failures at least one of them.
    fn figures(&self, samples_min: u64) -> impl Iterator<Item = Figure> {
        let latency = self.base.waits.count().min(self.head.waits.count()) >= samples_min;
        let ended = self.base.ended.min(self.head.ended) >= samples_min.max(1);
        let failures = ended && self.base.failures.saturating_add(self.head.failures) > 0;
        let latency = latency.then_some(Figure::Latency);
        latency.into_iter().chain(failures.then_some(Figure::Failures))
    }

    fn quantiles(&self, error_share: f64, samples_min: u64) -> Vec<QuantileChange> {
        let change = |quantile: f64| {
            let base_ns = self.base.waits.supported_quantile_ns(quantile)?;
            let head_ns = self.head.waits.supported_quantile_ns(quantile)?;
            let ratio = self.quantile_ratio(quantile, error_share, samples_min);
            Some(QuantileChange {
                quantile,
                base_ns,
                head_ns,
                ratio: head_ns.max(1) as f64 / base_ns.max(1) as f64,
                ratio_low: ratio.map(|ratio| ratio.low),
                ratio_high: ratio.map(|ratio| ratio.high),
            })
        };
        QUANTILES.into_iter().filter_map(change).collect()
    }

    fn failures(&self, error_share: f64, options: &CompareOptions) -> Option<FailureChange> {
        let found = self.failure_difference(error_share, options.samples_min)?;
        let matters = found.value.abs() >= options.failure_effect_min;
        Some(FailureChange {
            base_share: self.base.failures as f64 / self.base.ended as f64,
            head_share: self.head.failures as f64 / self.head.ended as f64,
            difference: found.value,
            difference_low: found.low,
            difference_high: found.high,
            verdict: Verdict::of(found, 0.0, matters),
        })
    }

    fn change(&self, kind: Kind, name: &str, error: [f64; 2], options: &CompareOptions) -> TouchpointChange {
        let [latency_error, failure_error] = error;
        let ratio = self.quantile_ratio(QUANTILE_PRIMARY, latency_error, options.samples_min);
        let verdict = ratio.map_or(Verdict::TooFewSamples, |ratio| {
            let matters = ratio.value.max(1.0 / ratio.value) >= 1.0 + options.effect_min;
            Verdict::of(ratio, 1.0, matters)
        });
        TouchpointChange {
            kind,
            name: name.to_owned(),
            base_count: self.base.waits.count(),
            head_count: self.head.waits.count(),
            quantiles: self.quantiles(latency_error, options.samples_min),
            interval_error_share: latency_error,
            verdict,
            failures: self.failures(failure_error, options),
        }
    }
}

impl Verdict {
    /// On an interval of a change, where `equal` means none and more means worse.
    fn of(change: Interval, equal: f64, matters: bool) -> Verdict {
        if !matters || !change.excludes(equal) {
            Verdict::NoEvidence
        } else if change.value > equal {
            Verdict::Slower
        } else {
            Verdict::Faster
        }
    }
}

/// Holm's correction (Scandinavian Journal of Statistics 6, 1979), written on intervals instead of p-values so that
/// every verdict can be read off its printed interval: all open tests share the error equally; what differs closes,
/// the others share again, until nothing more differs. Valid however the tests depend on each other.
///
/// Returns the error share at which each test was last looked at.
fn holm(tests: usize, error_share_max: f64, differs: impl Fn(usize, f64) -> bool) -> Vec<f64> {
    let mut closed = vec![None; tests];
    loop {
        let open = closed.iter().filter(|share| share.is_none()).count();
        let share = error_share_max / open.max(1) as f64;
        let found: Vec<usize> =
            (0..tests).filter(|test| closed[*test].is_none() && differs(*test, share)).collect();
        if found.is_empty() {
            return closed.into_iter().map(|closed| closed.unwrap_or(share)).collect();
        }
        for test in found {
            closed[test] = Some(share);
        }
    }
}

impl Comparison {
    /// Compares two releases, each given as its name and its cells; cells of kinds that are no waits are passed over.
    #[must_use]
    pub fn new(base: (&str, &Cells), head: (&str, &Cells), options: CompareOptions) -> Comparison {
        let mut pairs: BTreeMap<(Kind, &str), Pair> = BTreeMap::new();
        for (key, cell) in base.1.iter().filter(|(key, _)| COMPARED.contains(&key.kind)) {
            pairs.entry((key.kind, &key.name)).or_default().base.add(key.kind, cell);
        }
        for (key, cell) in head.1.iter().filter(|(key, _)| COMPARED.contains(&key.kind)) {
            pairs.entry((key.kind, &key.name)).or_default().head.add(key.kind, cell);
        }
        let tests: Vec<(&(Kind, &str), &Pair, Figure)> = pairs
            .iter()
            .flat_map(|(key, pair)| pair.figures(options.samples_min).map(move |figure| (key, pair, figure)))
            .collect();
        let shares = holm(tests.len(), options.error_share_max, |test, share| {
            tests[test].1.differs(tests[test].2, share, options.samples_min)
        });
        // What was not tested is shown at the share that the whole family began with.
        let first = options.error_share_max / tests.len().max(1) as f64;
        let share_of = |key: &(Kind, &str), figure: Figure| {
            let at = tests.iter().position(|test| test.0 == key && test.2 == figure);
            at.map_or(first, |at| shares[at])
        };
        let mut touchpoints: Vec<TouchpointChange> = pairs
            .iter()
            .map(|(key, pair)| {
                let error = [share_of(key, Figure::Latency), share_of(key, Figure::Failures)];
                pair.change(key.0, key.1, error, &options)
            })
            .collect();
        touchpoints.sort_by(|a, b| a.rank().cmp(&b.rank()).then(b.size().total_cmp(&a.size())));
        Comparison {
            base: base.0.to_owned(),
            head: head.0.to_owned(),
            options,
            verdict: overall(&touchpoints),
            tests: tests.len() as u64,
            touchpoints,
        }
    }

    /// Whether HEAD is worse anywhere.
    #[must_use]
    pub fn is_regression(&self) -> bool {
        self.verdict == Verdict::Slower
    }
}

impl TouchpointChange {
    /// The change of the primary quantile, if both sides support it.
    #[must_use]
    pub fn primary(&self) -> Option<&QuantileChange> {
        self.quantiles.iter().find(|change| change.quantile == QUANTILE_PRIMARY)
    }

    /// Both verdicts: on the latency and on the failures.
    fn verdicts(&self) -> impl Iterator<Item = Verdict> {
        [Some(self.verdict), self.failures.map(|failures| failures.verdict)].into_iter().flatten()
    }

    /// Worse first, then better, then unchanged, then unknown.
    fn rank(&self) -> u8 {
        let rank = |verdict| match verdict {
            Verdict::Slower => 0,
            Verdict::Faster => 1,
            Verdict::NoEvidence => 2,
            Verdict::TooFewSamples => 3,
        };
        self.verdicts().map(rank).min().unwrap_or(3)
    }

    /// How large the change of the primary quantile is, on the logarithmic scale.
    fn size(&self) -> f64 {
        self.primary().map_or(0.0, |change| change.ratio.ln().abs())
    }
}

/// One verdict over all touchpoints: a single one that is worse decides.
fn overall(touchpoints: &[TouchpointChange]) -> Verdict {
    let has = |wanted| touchpoints.iter().any(|change| change.verdicts().any(|verdict| verdict == wanted));
    [Verdict::Slower, Verdict::Faster, Verdict::NoEvidence]
        .into_iter()
        .find(|verdict| has(*verdict))
        .unwrap_or(Verdict::TooFewSamples)
}
