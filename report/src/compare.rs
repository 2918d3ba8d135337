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
use crate::mix;
use crate::pair::{Pair, Part};
use crate::side::{Ending, Side, Waits};
use crate::spread::Level;
use crate::steps::steps_ns;
use crate::verdict::{
    CompareOptions, Comparison, Figure, FigureChange, SideCount, TouchpointChange, Verdict,
};
use nowait_wire::Kind;
use std::collections::BTreeSet;

/// From how many waits a side each quantile is bounded by an interval at 95 %: the binomial distribution says so of p50 and p75,
/// and of p95 it leaves five waits beyond.
const QUANTILES: [(Figure, f64, u64); 3] =
    [(Figure::P50, 0.5, 6), (Figure::P75, 0.75, 13), (Figure::P95, 0.95, 100)];

/// The fewest touchpoints that are worth a thread.
const TOUCHPOINTS_A_THREAD_MIN: usize = 4;

/// Keeps the rounding of floating point from hiding a change that is as large as was asked for.
const SLACK: f64 = 1e-9;

/// A touchpoint and what is tested of it.
struct Touchpoint<'s> {
    kind: Kind,
    name: &'s str,
    base: &'s Waits,
    head: &'s Waits,
    pair: Pair,
    in_time_ns: u64,
    estimates: Vec<(Figure, Estimate, bool)>,
}

impl<'s> Touchpoint<'s> {
    fn new(
        (kind, name): (Kind, &'s str),
        (base, head): (&'s Waits, &'s Waits),
        budgets: &Budgets,
        options: &CompareOptions,
    ) -> Touchpoint<'s> {
        let pair = Pair::new(base, head);
        let target_ns = budgets.of(kind, name).target_ns;
        let (target, in_time_ns) = (bucket_place(target_ns), estimate::in_time_ns(target_ns));
        let mut estimates = Vec::new();
        let fewest = pair.base.count.min(pair.head.count);
        if fewest >= options.samples_min.max(1) {
            let is_primary = |figure| figure == if fewest < 13 { Figure::P50 } else { Figure::P75 };
            for (figure, q, from) in QUANTILES {
                if fewest >= from
                    && let Some(estimate) = figures::of_quantile(&pair, q)
                {
                    estimates.push((figure, estimate, is_primary(figure) || figure == Figure::P95));
                }
            }
            let places = &pair.places;
            let is_in_time = |place: usize, ending| {
                ending == Ending::Done && places.get(place).is_some_and(|place| *place <= target)
            };
            let ranks = figures::of_ranks(&pair);
            let in_time = figures::of_share(&pair, is_in_time);
            let unanswered = figures::of_share(&pair, |_, ending| ending != Ending::Done);
            estimates.extend(ranks.map(|estimate| (Figure::Longer, estimate, true)));
            let varies = |estimate: &Estimate| {
                let is_all_or_none = |share: f64| share <= 0.0 || share >= 1.0;
                !(is_all_or_none(estimate.base) && estimate.base == estimate.head)
            };
            for (figure, estimate) in [(Figure::InTime, in_time), (Figure::Unanswered, unanswered)] {
                let decides = estimate.as_ref().is_some_and(varies);
                estimates.extend(estimate.map(|estimate| (figure, estimate, decides)));
            }
        }
        Touchpoint { kind, name, base, head, pair, in_time_ns, estimates }
    }

    fn change(&self, shares: impl Fn(usize) -> f64, options: &CompareOptions) -> TouchpointChange {
        let mut figures: Vec<FigureChange> = (self.estimates.iter().enumerate())
            .map(|(nth, (figure, estimate, decides))| {
                let level = Level { error_share: shares(nth), at_every_look: options.at_every_look };
                told(*figure, estimate, *decides, level, options)
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
        let count = |waits: &Waits, of: &Part| SideCount {
            waits: of.count,
            sessions: of.sessions as u64,
            interrupted: waits.interrupted,
        };
        let primary = self.estimates.iter().find(|(figure, _, decides)| *decides && *figure < Figure::P95);
        let fewest = self.pair.base.count.min(self.pair.head.count);
        TouchpointChange {
            kind: self.kind,
            name: self.name.to_owned(),
            verdict,
            base: count(self.base, &self.pair.base),
            head: count(self.head, &self.pair.head),
            waits_missing: options.samples_min.saturating_sub(fewest),
            in_time_ns: self.in_time_ns,
            design_effect: primary.map(|(_, estimate, _)| estimate.design_effect()),
            noise_floor: primary.and_then(|(figure, ..)| {
                let q = QUANTILES.iter().find(|(of, ..)| of == figure)?.1;
                floor::of_quantile(&self.pair.base, q, (self.pair.base.count, self.pair.head.count))
            }),
            steps_ns: steps_ns(&self.pair),
            left_out: self.pair.left_out,
            figures,
        }
    }
}

fn told(
    figure: Figure,
    estimate: &Estimate,
    decides: bool,
    level: Level,
    options: &CompareOptions,
) -> FigureChange {
    let change = estimate.change(level);
    let is_share = matches!(figure, Figure::InTime | Figure::Unanswered);
    // Nobody knows a time better than that.
    let whole = |value: f64| if is_share { value } else { value.round() };
    let is_ratio = equal(figure) == 1.0;
    let end = |end: f64| Some(end).filter(|end| end.is_finite() && (!is_ratio || *end > 0.0));
    FigureChange {
        figure,
        base: whole(estimate.base),
        head: whole(estimate.head),
        head_as_is: estimate.head_as_is.map(whole),
        effect: estimate.effect,
        change: change.value,
        low: end(change.low),
        high: end(change.high),
        error_share: level.error_share,
        decides,
        verdict: verdict(figure, estimate, change, options),
    }
}

/// The change at which nothing changed.
fn equal(figure: Figure) -> f64 {
    match figure {
        Figure::Longer => 0.5,
        Figure::InTime | Figure::Unanswered => 0.0,
        Figure::P50 | Figure::P75 | Figure::P95 => 1.0,
    }
}

fn verdict(figure: Figure, estimate: &Estimate, change: Interval, options: &CompareOptions) -> Verdict {
    let equal = equal(figure);
    let difference = estimate.head - estimate.base;
    let (matters, is_within) = match figure {
        Figure::InTime | Figure::Unanswered => {
            let least = options.share_effect_min;
            (difference.abs() >= least - SLACK, change.low >= -least && change.high <= least)
        }
        Figure::P50 | Figure::P75 | Figure::P95 | Figure::Longer => {
            let (least, least_ns) = (1.0 + options.effect_min, options.effect_min_ns);
            let ratio = estimate.effect.max(1.0 / estimate.effect);
            let is_less = change.low >= 1.0 / least && change.high <= least;
            let is_less_ns = (change.low - 1.0) * estimate.base >= -least_ns
                && (change.high - 1.0) * estimate.base <= least_ns;
            let matters = ratio >= least - SLACK && difference.abs() >= least_ns * (1.0 - SLACK);
            (matters, figure != Figure::Longer && (is_less || is_less_ns))
        }
    };
    let is_worse_when_more = figure != Figure::InTime;
    if matters && change.excludes(equal) {
        if (change.value > equal) == is_worse_when_more { Verdict::Slower } else { Verdict::Faster }
    } else if is_within {
        Verdict::Equivalent
    } else {
        Verdict::NoEvidence
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
    /// Compares two releases, each given as its name and its waits; by these budgets waits are in time.
    #[must_use]
    pub fn new(
        base: (&str, &Side),
        head: (&str, &Side),
        budgets: &Budgets,
        options: CompareOptions,
    ) -> Comparison {
        let none = Waits::default();
        let names: BTreeSet<&(Kind, String)> =
            [base.1, head.1].into_iter().flat_map(Side::touchpoints).map(|(key, _)| key).collect();
        let names: Vec<&(Kind, String)> = names.into_iter().collect();
        let touchpoints: Vec<Touchpoint<'_>> = on_all_cores(&names, |key| {
            let [of_base, of_head] = [base.1, head.1].map(|side| side.waits(key).unwrap_or(&none));
            Touchpoint::new((key.0, key.1.as_str()), (of_base, of_head), budgets, &options)
        });
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
            estimate.change(level).excludes(equal(*figure))
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
        }
    }
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

/// How large the change of the time that decides is, on the logarithmic scale.
fn size(change: &TouchpointChange) -> f64 {
    change.primary().map_or(0.0, |change| change.effect.abs().max(f64::MIN_POSITIVE).ln().abs())
}

/// One verdict over all touchpoints: a single one that is worse decides.
fn overall(touchpoints: &[TouchpointChange]) -> Verdict {
    let has = |wanted| touchpoints.iter().any(|change| change.verdict == wanted);
    [Verdict::Slower, Verdict::Faster, Verdict::NoEvidence, Verdict::Equivalent]
        .into_iter()
        .find(|verdict| has(*verdict))
        .unwrap_or(Verdict::TooFewSamples)
}
