//! BASE against HEAD: is a release slower, faster, as fast, or can nobody say?
//!
//! Owns: which figures are tested, the correction for many of them, and the verdicts. Refuses: the figures (see `figures`).
//! Invariant: the same waits give the same verdict, always; no random numbers.

use crate::budget::Budgets;
use crate::curve::bucket_place;
use crate::estimate;
use crate::figures::{self, Estimate};
use crate::floor;
use crate::interval::Interval;
use crate::limits::COMPARED_LISTED_MAX;
use crate::metric::{Axis, Better, Metric, Scale, Unit};
use crate::mix;
use crate::pair::{Pair, Part};
use crate::runs::Runs;
use crate::shape::shape;
use crate::side::{Ending, Side, Waits};
use crate::spread::Level;
use crate::steps::steps_ns;
use crate::verdict::{
    AsIs, CompareOptions, Comparison, Figure, FigureChange, NotJudged, NotJudgedReason, Release, SideCount,
    Subject, TouchpointChange, Verdict,
};
use nowait_wire::Kind;
use std::collections::BTreeSet;

/// From how many waits a side each quantile is bounded by an interval at 95 %: the binomial distribution says so of p50 and p75,
/// and of p95 it leaves five waits beyond.
const QUANTILES: [(Figure, f64, u64); 3] =
    [(Figure::P50, 0.5, 6), (Figure::P75, 0.75, 13), (Figure::P95, 0.95, 100)];

/// The fewest values of a benchmark on each side: from them on an interval at 95 % bounds p50.
const VALUES_MIN: u64 = 6;

/// The fewest touchpoints that are worth a thread.
const TOUCHPOINTS_A_THREAD_MIN: usize = 4;

/// Keeps the rounding of floating point from hiding a change that is as large as was asked for.
const SLACK: f64 = 1e-9;

/// A touchpoint or a metric, and what is tested of it.
struct Touchpoint<'s> {
    subject: Subject,
    name: &'s str,
    /// Waits that are in no figure, on both sides.
    interrupted: [u64; 2],
    pair: Pair,
    scale: Scale,
    samples_min: u64,
    estimates: Vec<(Figure, Estimate, bool)>,
    /// The time that decides first, of waits with each side's own customers.
    as_is: Option<(Figure, Estimate)>,
}

impl<'s> Touchpoint<'s> {
    fn of_waits(
        (kind, name): (Kind, &'s str),
        [base, head]: [&Waits; 2],
        budgets: &Budgets,
        options: &CompareOptions,
    ) -> Touchpoint<'s> {
        let pair = Pair::new(base, head);
        let target_ns = budgets.of(kind, name).target_ns;
        let samples_min = options.samples_min;
        let is_enough = pair.fewest() >= samples_min;
        let as_is = || {
            let (figure, q, _) =
                QUANTILES.into_iter().find(|(figure, ..)| *figure == primary(pair.fewest()))?;
            Some((figure, figures::of_quantile(&Pair::as_they_are(base, head), q)?))
        };
        Touchpoint {
            as_is: if is_enough { as_is() } else { None },
            subject: Subject::Waits { kind, in_time_ns: estimate::in_time_ns(target_ns) },
            name,
            interrupted: [base.interrupted, head.interrupted],
            estimates: if is_enough { estimates(&pair, Some(bucket_place(target_ns))) } else { Vec::new() },
            pair,
            scale: Scale::WAITS,
            samples_min,
        }
    }

    fn of_runs((name, metric): (&'s str, &Metric), [base, head]: [&Runs; 2]) -> Touchpoint<'s> {
        let scale = Scale::of(metric, base.values().chain(head.values()));
        let pair = Pair::of_runs(base, head, scale);
        Touchpoint {
            subject: Subject::Values { metric: metric.clone(), compared_by: scale.axis },
            name,
            interrupted: [0, 0],
            as_is: None,
            // Those of too few values are shown, and decide nothing.
            estimates: estimates(&pair, None),
            pair,
            scale,
            samples_min: VALUES_MIN,
        }
    }

    /// The least change of a time or value that matters, as the effect and as a difference of costs; both have to be reached.
    fn least(&self, base: f64, options: &CompareOptions) -> (f64, f64) {
        let relative = options.effect_min * base.abs();
        match (&self.subject, self.scale.axis) {
            (Subject::Waits { .. }, _) => (1.0 + options.effect_min, options.effect_min_ns),
            // A benchmark may be of nanoseconds: a share of it says all.
            (_, Axis::Ratio) => (1.0 + options.effect_min, 0.0),
            (Subject::Values { metric, .. }, Axis::Difference) => {
                let least = match metric.unit {
                    Unit::Nanoseconds => options.effect_min_ns,
                    Unit::Count => relative.max(1.0),
                    Unit::Bytes | Unit::Other(_) => relative,
                };
                (least, least)
            }
        }
    }

    fn change(&self, shares: impl Fn(usize) -> f64, options: &CompareOptions) -> TouchpointChange {
        let mut figures: Vec<FigureChange> = (self.estimates.iter().enumerate())
            .map(|(nth, (figure, estimate, decides))| {
                let level = Level { error_share: shares(nth), at_every_look: options.at_every_look };
                self.told(*figure, estimate, *decides, level, options)
            })
            .collect();
        figures.sort_by_key(|change| (!change.decides, change.figure));
        let deciding = || figures.iter().filter(|change| change.decides).map(|change| change.verdict);
        let has = |wanted| deciding().any(|verdict| verdict == wanted);
        // Ranks have no range that is too small to matter.
        let mut sized =
            figures.iter().filter(|change| change.decides && change.figure != Figure::Longer).peekable();
        let is_equivalent =
            sized.peek().is_some() && sized.all(|change| change.verdict == Verdict::Equivalent);
        let verdict = if has(Verdict::Slower) {
            Verdict::Slower
        } else if has(Verdict::Faster) {
            Verdict::Faster
        } else if deciding().next().is_none() {
            Verdict::TooFewSamples
        } else if is_equivalent {
            Verdict::Equivalent
        } else {
            Verdict::NoEvidence
        };
        let count =
            |of: &Part, interrupted| SideCount { waits: of.count, sessions: of.sessions as u64, interrupted };
        let primary = self.estimates.iter().find(|(figure, _, decides)| *decides && *figure < Figure::P95);
        TouchpointChange {
            subject: self.subject.clone(),
            name: self.name.to_owned(),
            verdict,
            base: count(&self.pair.base, self.interrupted[0]),
            head: count(&self.pair.head, self.interrupted[1]),
            waits_missing: self.samples_min.saturating_sub(self.pair.fewest()),
            design_effect: primary.and_then(|(_, estimate, _)| estimate.design_effect()),
            noise_floor: primary.and_then(|(figure, ..)| {
                let q = QUANTILES.iter().find(|(of, ..)| of == figure)?.1;
                floor::of_quantile(&self.pair.base, q, (self.pair.base.count, self.pair.head.count))
            }),
            steps_ns: matches!(self.subject, Subject::Waits { .. }).then(|| steps_ns(&self.pair)).flatten(),
            left_out: self.pair.left_out,
            as_is: self.as_is(&figures, options),
            shape: shape(&self.pair, self.scale),
            figures,
        }
    }

    fn told(
        &self,
        figure: Figure,
        estimate: &Estimate,
        decides: bool,
        level: Level,
        options: &CompareOptions,
    ) -> FigureChange {
        let change = estimate.change(level);
        let is_share = is_share(figure);
        let value = |cost: f64| match self.subject {
            _ if is_share => cost,
            // Nobody knows a time better than that.
            Subject::Waits { .. } => cost.round(),
            Subject::Values { .. } => self.scale.turn(cost),
        };
        let turned = |low, value, high| {
            if is_share || figure == Figure::Longer {
                (low, value, high)
            } else {
                self.scale.turn_change(low, value, high)
            }
        };
        let is_ratio = self.equal(figure) == 1.0;
        let end = |end: f64| Some(end).filter(|end| end.is_finite() && (!is_ratio || *end > 0.0));
        let (low, shown, high) = turned(change.low, change.value, change.high);
        let effect =
            if is_share { estimate.effect } else { self.scale.turn_change(0.0, estimate.effect, 0.0).1 };
        FigureChange {
            figure,
            base: value(estimate.base),
            head: value(estimate.head),
            head_as_is: estimate.head_as_is.map(value),
            effect,
            change: shown,
            low: end(low),
            high: end(high),
            error_share: level.error_share,
            decides,
            verdict: if estimate.is_bounded() && self.pair.fewest() >= self.samples_min {
                self.verdict(figure, estimate, change, options)
            } else {
                Verdict::TooFewSamples
            },
        }
    }

    /// The time that decides first with each side's own customers, as sure as the same figure is.
    fn as_is(&self, figures: &[FigureChange], options: &CompareOptions) -> Option<AsIs> {
        let (figure, estimate) = self.as_is.as_ref()?;
        let error_share = figures.iter().find(|change| change.figure == *figure)?.error_share;
        let Interval { low, value, high } =
            estimate.change(Level { error_share, at_every_look: options.at_every_look });
        let end = |end: f64| Some(end).filter(|end| end.is_finite() && *end > 0.0);
        let (base, head) = (estimate.base.round(), estimate.head.round());
        Some(AsIs { figure: *figure, base, head, change: value, low: end(low), high: end(high) })
    }

    /// The change at which nothing changed.
    fn equal(&self, figure: Figure) -> f64 {
        match figure {
            Figure::Longer => 0.5,
            Figure::InTime | Figure::Unanswered => 0.0,
            Figure::P50 | Figure::P75 | Figure::P95 => self.scale.axis.equal(),
        }
    }

    fn verdict(
        &self,
        figure: Figure,
        estimate: &Estimate,
        change: Interval,
        options: &CompareOptions,
    ) -> Verdict {
        let equal = self.equal(figure);
        let difference = estimate.head - estimate.base;
        let (matters, is_within) = match (figure, self.scale.axis) {
            (Figure::InTime | Figure::Unanswered, _) => {
                let least = options.share_effect_min;
                (difference.abs() >= least - SLACK, change.low >= -least && change.high <= least)
            }
            (_, Axis::Ratio) => {
                let (least, least_cost) = self.least(estimate.base, options);
                let ratio = estimate.effect.max(1.0 / estimate.effect);
                let is_less = change.low >= 1.0 / least && change.high <= least;
                let is_less_cost = (change.low - 1.0) * estimate.base >= -least_cost
                    && (change.high - 1.0) * estimate.base <= least_cost;
                let matters = ratio >= least - SLACK && difference.abs() >= least_cost * (1.0 - SLACK);
                (matters, is_less || is_less_cost)
            }
            (_, Axis::Difference) => {
                let (least, _) = self.least(estimate.base, options);
                (difference.abs() >= least * (1.0 - SLACK), change.low >= -least && change.high <= least)
            }
        };
        let is_worse_when_more = figure != Figure::InTime;
        if matters && change.excludes(equal) {
            if (change.value > equal) == is_worse_when_more { Verdict::Slower } else { Verdict::Faster }
        } else if is_within && figure != Figure::Longer {
            // Ranks have no range that is too small to matter.
            Verdict::Equivalent
        } else {
            Verdict::NoEvidence
        }
    }
}

fn is_share(figure: Figure) -> bool {
    matches!(figure, Figure::InTime | Figure::Unanswered)
}

/// The time that decides first, where the smaller side has so many waits or values.
fn primary(fewest: u64) -> Figure {
    if fewest < 13 { Figure::P50 } else { Figure::P75 }
}

/// The figures of both sides, and whether each decides. A wait is in time at this place or before.
fn estimates(pair: &Pair, target: Option<i32>) -> Vec<(Figure, Estimate, bool)> {
    let fewest = pair.fewest();
    let mut estimates = Vec::new();
    let is_primary = |figure| figure == primary(fewest);
    for (figure, q, from) in QUANTILES {
        if (fewest >= from || figure == Figure::P50)
            && let Some(estimate) = figures::of_quantile(pair, q)
        {
            let may_decide = fewest >= from && estimate.is_bounded();
            let decides = may_decide && (is_primary(figure) || figure == Figure::P95);
            estimates.push((figure, estimate, decides));
        }
    }
    if fewest < VALUES_MIN {
        return estimates;
    }
    estimates.extend(figures::of_ranks(pair).map(|estimate| (Figure::Longer, estimate, true)));
    let in_time = target
        .and_then(|target| figures::of_share(pair, |place, ending| pair.is_in_time(target, place, ending)));
    let unanswered = figures::of_share(pair, |_, ending| ending != Ending::Done);
    let varies = |estimate: &Estimate| {
        let is_all_or_none = |share: f64| share <= 0.0 || share >= 1.0;
        !(is_all_or_none(estimate.base) && estimate.base == estimate.head)
    };
    for (figure, estimate) in [(Figure::InTime, in_time), (Figure::Unanswered, unanswered)] {
        let decides = estimate.as_ref().is_some_and(varies);
        estimates.extend(estimate.map(|estimate| (figure, estimate, decides)));
    }
    estimates
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
    /// Compares two releases, each given as its name and its waits; by these budgets waits are in time.
    #[must_use]
    pub fn new(
        base: (&str, &Side),
        head: (&str, &Side),
        budgets: &Budgets,
        options: CompareOptions,
    ) -> Comparison {
        let sides = [base.1, head.1];
        let (none, no_runs) = (Waits::default(), Runs::default());
        let waits: BTreeSet<&(Kind, String)> =
            sides.into_iter().flat_map(Side::touchpoints).map(|(key, _)| key).collect();
        let waits: Vec<&(Kind, String)> = waits.into_iter().collect();
        let mut touchpoints: Vec<Touchpoint<'_>> = on_all_cores(&waits, |key| {
            let of_both = sides.map(|side| side.waits(key).unwrap_or(&none));
            Touchpoint::of_waits((key.0, key.1.as_str()), of_both, budgets, &options)
        });
        let metrics: BTreeSet<&(String, Metric)> =
            sides.into_iter().flat_map(|side| side.metrics.keys()).collect();
        let (mut judged, mut not_judged, mut drifts) = (Vec::new(), Vec::new(), Vec::new());
        for key in metrics {
            let of_both = sides.map(|side| side.metrics.get(key).unwrap_or(&no_runs));
            match not_judged_for(&key.1, of_both) {
                Some(reason) => not_judged.push(NotJudged {
                    name: key.0.clone(),
                    unit: key.1.unit.clone(),
                    reason,
                    base: of_both[0].median(),
                    head: of_both[1].median(),
                }),
                None => judged.push((key, of_both)),
            }
            for (of, runs) in [Release::Base, Release::Head].into_iter().zip(of_both) {
                drifts.extend(runs.drifts(of, &key.0, &key.1));
            }
        }
        touchpoints.extend(on_all_cores(&judged, |(key, of_both)| {
            Touchpoint::of_runs((key.0.as_str(), &key.1), *of_both)
        }));
        let tests: Vec<(usize, usize)> = (touchpoints.iter().enumerate())
            .flat_map(|(at, touchpoint)| {
                let deciding = touchpoint.estimates.iter().enumerate().filter(|(_, (.., decides))| *decides);
                deciding.map(move |(nth, _)| (at, nth))
            })
            .collect();
        let differs = |test: usize, error_share: f64| {
            let (at, nth) = tests[test];
            let (figure, estimate, _) = &touchpoints[at].estimates[nth];
            let level = Level { error_share, at_every_look: options.at_every_look };
            estimate.change(level).excludes(touchpoints[at].equal(*figure))
        };
        let shares = holm(tests.len(), options.error_share_max, differs);
        // What was not tested is shown at the share that the whole family began with.
        let first = options.error_share_max / tests.len().max(1) as f64;
        let numbered: Vec<(usize, &Touchpoint<'_>)> = touchpoints.iter().enumerate().collect();
        let mut changes: Vec<TouchpointChange> = on_all_cores(&numbered, |(at, touchpoint)| {
            let test = |nth: usize| tests.binary_search(&(*at, nth)).ok();
            let share = |nth: usize| test(nth).and_then(|test| shares.get(test)).copied().unwrap_or(first);
            touchpoint.change(share, &options)
        });
        changes.sort_by(|one, other| one.verdict.cmp(&other.verdict).then(size(other).total_cmp(&size(one))));
        let verdict = overall(&changes);
        let touchpoints_left_out = changes.len().saturating_sub(COMPARED_LISTED_MAX) as u64;
        changes.truncate(COMPARED_LISTED_MAX);
        Comparison {
            base: base.0.to_owned(),
            head: head.0.to_owned(),
            options,
            verdict,
            tests: tests.len() as u64,
            touchpoints: changes,
            touchpoints_left_out,
            mix: mix::changes(base.1, head.1),
            not_judged,
            drifts,
        }
    }
}

/// Why a metric is not judged, if it is not.
pub(crate) fn not_judged_for(metric: &Metric, sides: [&Runs; 2]) -> Option<NotJudgedReason> {
    if metric.better == Better::Neither {
        return Some(NotJudgedReason::NeitherWayIsBetter);
    }
    let is_zero = |runs: &Runs| runs.values().all(|value| value == 0.0);
    sides.into_iter().all(is_zero).then_some(NotJudgedReason::ZeroOnBothSides)
}

/// Does the same with each, on as many cores as there are; the order stays.
fn on_all_cores<'t, T: Sync, R: Send>(all: &'t [T], each: impl Fn(&'t T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let part = all.len().div_ceil(cores).max(TOUCHPOINTS_A_THREAD_MIN);
    if part >= all.len() {
        return all.iter().map(each).collect();
    }
    std::thread::scope(|scope| {
        let each = &each;
        let parts: Vec<_> = all
            .chunks(part)
            .map(|part| scope.spawn(move || part.iter().map(each).collect::<Vec<R>>()))
            .collect();
        // What a part panics with goes on here.
        let done = |part: std::thread::ScopedJoinHandle<'_, Vec<R>>| {
            part.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause))
        };
        parts.into_iter().flat_map(done).collect()
    })
}

/// How large the change of the time or value that decides is, on the logarithmic scale.
fn size(change: &TouchpointChange) -> f64 {
    let Some(primary) = change.primary() else { return 0.0 };
    match change.subject.axis() {
        Axis::Ratio => primary.effect.abs().max(f64::MIN_POSITIVE).ln().abs(),
        // As a share of what it was, which no change of sign makes endless.
        Axis::Difference => (primary.effect.abs() / primary.base.abs().max(1.0)).ln_1p(),
    }
}

/// One verdict over all touchpoints: a single one that is worse decides.
fn overall(touchpoints: &[TouchpointChange]) -> Verdict {
    let has = |wanted| touchpoints.iter().any(|change| change.verdict == wanted);
    [Verdict::Slower, Verdict::Faster, Verdict::NoEvidence, Verdict::Equivalent]
        .into_iter()
        .find(|verdict| has(*verdict))
        .unwrap_or(Verdict::TooFewSamples)
}
