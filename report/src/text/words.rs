//! A comparison's values in words: the same in text, Markdown, JUnit and on the page.
//!
//! Owns: what a verdict and a figure are called, and how the values of one are written. Refuses: tables and sentences.
//! Invariant: whoever tells a figure tells it by [`FigureWords`].

use super::units::{NONE, change, change_interval, duration, quantity, share, signed, signed_quantity};
use crate::check::{LimitCheck, Status};
use crate::metric::{Axis, Unit};
use crate::verdict::{
    CompareOptions, Drift, Figure, FigureChange, NotJudged, NotJudgedReason, Release, Subject,
    TouchpointChange, Verdict,
};

/// A figure of a touchpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FigureWords {
    /// What it is called.
    pub figure: &'static str,
    /// BASE.
    pub base: String,
    /// HEAD with BASE's customers.
    pub head: String,
    /// HEAD as it is.
    pub head_as_is: String,
    /// How much it changed.
    pub change: String,
    /// Within which bounds.
    pub interval: String,
}

impl FigureWords {
    /// The words of a figure of this touchpoint.
    #[must_use]
    pub fn of(touchpoint: &TouchpointChange, of: &FigureChange) -> FigureWords {
        let subject = &touchpoint.subject;
        let value = |value: f64| match (of.figure, subject) {
            (Figure::P50 | Figure::P75 | Figure::P95 | Figure::Longer, Subject::Values { metric, .. }) => {
                quantity(&metric.unit, value)
            }
            (figure, _) => of_waits(figure, value),
        };
        let ends = |write: &dyn Fn(f64) -> String| match (of.low, of.high) {
            (None, None) => NONE.to_owned(),
            ends => {
                let end = |end: Option<f64>| end.map_or_else(|| NONE.to_owned(), write);
                format!("{} to {}", end(ends.0), end(ends.1))
            }
        };
        let points = |difference: f64| signed(difference * 100.0, " pp");
        let chance = |chance: f64| share(Some(chance));
        let (change, interval) = match (of.figure, subject) {
            (Figure::InTime | Figure::Unanswered, _) => (points(of.change), ends(&points)),
            (Figure::Longer, _) => (chance(of.change), ends(&chance)),
            (_, Subject::Values { metric, compared_by: Axis::Difference }) => {
                let difference = |by: f64| signed_quantity(&metric.unit, by);
                (difference(of.change), ends(&difference))
            }
            _ => (change(of.change), change_interval(of.low, of.high)),
        };
        FigureWords {
            figure: figure(of.figure, subject),
            base: value(of.base),
            head: value(of.head),
            head_as_is: of.head_as_is.map_or_else(|| NONE.to_owned(), value),
            change,
            interval,
        }
    }
}

/// A figure of waits.
pub(super) fn of_waits(figure: Figure, value: f64) -> String {
    match figure {
        Figure::InTime | Figure::Unanswered => share(Some(value)),
        Figure::P50 | Figure::P75 | Figure::P95 | Figure::Longer => duration(value.round() as u64),
    }
}

/// What a figure of waits is called.
fn figure_of_waits(figure: Figure) -> &'static str {
    match figure {
        Figure::P50 => "p50",
        Figure::P75 => "p75",
        Figure::P95 => "p95",
        Figure::Longer => "takes longer",
        Figure::InTime => "in time",
        Figure::Unanswered => "failed, given up",
    }
}

/// What can be said of a limit, in words.
#[must_use]
pub fn status(limit: &LimitCheck) -> String {
    let until = limit.exception_until.as_deref().unwrap_or_default();
    match limit.status {
        Status::Broken if limit.exception_until.is_some() => format!("broken (exception ended {until})"),
        Status::Broken => "broken".to_owned(),
        Status::Excepted => format!("broken (excepted until {until})"),
        Status::Unsure => "beyond, by chance?".to_owned(),
        Status::TooFewSamples => "too few".to_owned(),
        Status::Kept => "kept".to_owned(),
    }
}

/// What the figure of a limit is called.
#[must_use]
pub(super) fn limit_figure(of: &LimitCheck) -> &'static str {
    figure_of_waits(of.figure)
}

/// A limit in words: whether it bounds from above or from below.
#[must_use]
pub fn limit(of: &LimitCheck) -> String {
    let sign = if of.figure == Figure::InTime { "≥" } else { "≤" };
    format!("{sign} {}", of_waits(of.figure, of.limit))
}

/// The value that a limit is of, and its interval.
#[must_use]
pub fn limited(of: &LimitCheck) -> (String, String) {
    let value =
        |value: Option<f64>| value.map_or_else(|| NONE.to_owned(), |value| of_waits(of.figure, value));
    let interval = match (of.low, of.high) {
        (None, None) => NONE.to_owned(),
        (low, high) => format!("{} to {}", value(low), value(high)),
    };
    (value(of.value), interval)
}

/// The verdict in words.
#[must_use]
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Slower => "slower",
        Verdict::Faster => "faster",
        Verdict::Equivalent => "equivalent",
        Verdict::NoEvidence => "no evidence",
        Verdict::TooFewSamples => "too few",
    }
}

fn figure(figure: Figure, subject: &Subject) -> &'static str {
    match (figure, subject) {
        (Figure::Longer, Subject::Values { .. }) => "is worse",
        (Figure::Unanswered, Subject::Values { .. }) => "failed",
        (figure, _) => figure_of_waits(figure),
    }
}

/// The noise floor of a touchpoint.
#[must_use]
pub(super) fn noise_floor(touchpoint: &TouchpointChange) -> String {
    let Some(floor) = touchpoint.noise_floor else { return NONE.to_owned() };
    match &touchpoint.subject {
        Subject::Values { metric, compared_by: Axis::Difference } => signed_quantity(&metric.unit, floor),
        _ => change(1.0 + floor),
    }
}

/// Why too few samples are too few, as a sentence without its end.
#[must_use]
pub fn too_few(touchpoint: &TouchpointChange, options: &CompareOptions) -> String {
    let is_of_waits = matches!(touchpoint.subject, Subject::Waits { .. });
    let (what, whose) = if is_of_waits { ("waits", "session") } else { ("values", "run") };
    if touchpoint.waits_missing > 0 {
        let fewest = touchpoint.base.waits.min(touchpoint.head.waits);
        let least = if is_of_waits { options.samples_min } else { fewest + touchpoint.waits_missing };
        return format!("{least} {what} a side are needed");
    }
    format!("how much a {whose} differs from the next is unknown: two a side are needed")
}

/// Why a metric is not judged.
fn not_judged(reason: NotJudgedReason) -> &'static str {
    match reason {
        NotJudgedReason::NeitherWayIsBetter => "more of it is neither better nor worse",
        NotJudgedReason::ZeroOnBothSides => "not measured on either side: all values are 0",
    }
}

/// A metric that is not judged as the cells of a table: metric, both middles, why.
#[must_use]
pub fn not_judged_cells(of: &NotJudged) -> Vec<String> {
    let [base, head] = [of.base, of.head].map(|middle| value(&of.unit, middle));
    vec![of.name.clone(), base, head, not_judged(of.reason).to_owned()]
}

/// A run that drifts as the cells of a table: metric, side, run, both halves, autocorrelation.
#[must_use]
pub fn drift_cells(of: &Drift) -> Vec<String> {
    let side = if of.of == Release::Base { "BASE" } else { "HEAD" };
    let [first, second] = [of.first, of.second].map(|middle| quantity(&of.unit, middle));
    vec![
        of.name.clone(),
        side.to_owned(),
        of.run.clone(),
        first,
        second,
        format!("{:+.2}", of.autocorrelation),
    ]
}

/// A value of a metric, or a dash.
#[must_use]
pub(super) fn value(unit: &Unit, value: Option<f64>) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| quantity(unit, value))
}
