//! How long waits of one touchpoint take, where some of them were given up before they ended.
//!
//! Owns: the Kaplan-Meier estimate over places on an axis of time, quantiles between its places, and how much each wait moves
//! them. Refuses: which waits these are, and how much what is said of them varies (see `cluster`).
//! Invariant: without waits that were given up the curve is the share of waits up to each place; and of one place or of many
//! it gives quantiles that move as smoothly as the shares do.

use crate::histogram::{Histogram, bucket_bounds_ns, bucket_index};
use crate::metric::Axis;

/// A place on the axis and the waits there, weighted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Place {
    /// Where it is: a time in nanoseconds, or the cost that a value of a benchmark is.
    pub(crate) at: f64,
    /// Waits that ended there.
    pub(crate) ended: f64,
    /// Waits of which only is known that they took longer.
    pub(crate) given_up: f64,
}

/// What is known of a place, from all waits at it and beyond.
#[derive(Clone, Copy, Debug)]
struct Step {
    at: f64,
    /// The same on the axis as a line.
    line: f64,
    /// The share of waits that end at it or before.
    share: f64,
    /// Half of those that end at it, and all before: what a quantile is found by (Ma, Genton and Parzen, Asymptotic properties of
    /// sample quantiles of discrete distributions, Annals of the Institute of Statistical Mathematics 63, 2011).
    middle: f64,
    /// What a wait that ends here adds to its own share, as one that lasts until here takes away (the terms of Greenwood's sum).
    ends: f64,
    lasts: f64,
    has_ends: bool,
}

/// The curve of some waits.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    axis: Axis,
    waits: f64,
    steps: Vec<Step>,
}

impl Curve {
    /// The curve of waits at these places, which are in ascending order.
    pub(crate) fn new(axis: Axis, places: &[Place]) -> Curve {
        let waits: f64 = places.iter().map(|place| place.ended + place.given_up).sum();
        let mut at_risk = waits;
        let (mut lasting, mut before, mut lasts) = (1.0, 0.0, 0.0);
        let mut steps = Vec::with_capacity(places.len());
        for place in places {
            let hazard = if at_risk > 0.0 { (place.ended / at_risk).min(1.0) } else { 0.0 };
            // Where everybody ends nobody is left whose share could vary.
            let is_last = hazard > 1.0 - 1e-12;
            let ends = if is_last || at_risk <= 0.0 { 0.0 } else { 1.0 / (at_risk * (1.0 - hazard)) };
            lasting *= if is_last { 0.0 } else { 1.0 - hazard };
            lasts += hazard * ends;
            let share = 1.0 - lasting;
            let (line, has_ends) = (axis.position(place.at), place.ended > 0.0);
            steps.push(Step {
                at: place.at,
                line,
                share,
                middle: f64::midpoint(before, share),
                ends,
                lasts,
                has_ends,
            });
            before = share;
            at_risk -= place.ended + place.given_up;
        }
        Curve { axis, waits, steps }
    }

    /// The time that this share of waits takes at most; `None` where too many were given up to know.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let mut below: Option<&Step> = None;
        for step in self.steps.iter().filter(|step| step.has_ends) {
            if step.middle >= share {
                let Some(below) = below else { return Some(step.at) };
                let part = (share - below.middle) / (step.middle - below.middle);
                return Some(self.axis.cost_at(below.line + part * (step.line - below.line)));
            }
            below = Some(step);
        }
        // Beyond the middle of the last place there is only the place itself, as far as its waits reach.
        below.filter(|last| share <= last.share + 1e-9).map(|last| last.at)
    }

    /// The same as an end of an interval: `None` beyond the first and the last wait, as nobody knows what lies there.
    pub(crate) fn bounded_quantile(&self, share: f64) -> Option<f64> {
        let first = 0.5 / self.waits;
        (first..=1.0 - first).contains(&share).then(|| self.quantile(share)).flatten()
    }

    /// What every wait moves the share of waits up to this time by. `at` is on the axis.
    pub(crate) fn influence(&self, at: f64) -> Influence<'_> {
        let line = self.axis.position(at);
        let ends: Vec<usize> = (0..self.steps.len()).filter(|step| self.steps[*step].has_ends).collect();
        let above = ends.partition_point(|step| self.steps[*step].line < line);
        let place = |nth: usize| ends.get(nth).copied();
        let mut terms = Vec::with_capacity(3);
        let mut add = |nth: Option<usize>, factor: f64| {
            let before = nth.and_then(|nth| nth.checked_sub(1)).and_then(place);
            terms.extend(nth.and_then(place).map(|step| (step, factor / 2.0)));
            terms.extend(before.map(|step| (step, factor / 2.0)));
        };
        match (above.checked_sub(1), place(above)) {
            (Some(below), Some(next)) => {
                let (from, to) = (self.steps[ends[below]].line, self.steps[next].line);
                let part = if to > from { (line - from) / (to - from) } else { 1.0 };
                add(Some(below), 1.0 - part);
                add(Some(above), part);
            }
            (None, _) => add(Some(0), 1.0),
            (below, None) => add(below, 1.0),
        }
        Influence { curve: self, terms }
    }
}

/// See [`Curve::influence`].
pub(crate) struct Influence<'c> {
    curve: &'c Curve,
    /// Steps, and how much the share at each counts.
    terms: Vec<(usize, f64)>,
}

impl Influence<'_> {
    /// Of a wait at this place (by its number) that ended or was given up.
    pub(crate) fn of(&self, place: usize, ended: bool) -> f64 {
        let steps = &self.curve.steps;
        let of_term = |(step, factor): &(usize, f64)| -> Option<f64> {
            let lasting = 1.0 - steps.get(*step)?.share;
            let ends = if ended && place <= *step { steps.get(place)?.ends } else { 0.0 };
            Some(factor * lasting * (ends - steps.get(place.min(*step))?.lasts))
        };
        self.terms.iter().filter_map(of_term).sum()
    }
}

/// The place of a duration among those of histograms: each bucket is one, and 0 ns is the first.
pub(crate) fn bucket_place(duration_ns: u64) -> i32 {
    bucket_index(duration_ns).unwrap_or(i32::MIN)
}

/// The middle of a bucket in nanoseconds.
pub(crate) fn middle_ns(place: i32) -> f64 {
    if place == i32::MIN {
        return 0.0;
    }
    let (lower, upper) = bucket_bounds_ns(place);
    (lower * upper).sqrt()
}

/// Hands over how many durations a histogram has at which place.
pub(crate) fn places(histogram: &Histogram) -> impl Iterator<Item = (i32, u64)> + '_ {
    let zeros = (histogram.zeros() > 0).then(|| (i32::MIN, histogram.zeros()));
    zeros.into_iter().chain(histogram.buckets())
}
