//! A comparison's values in words: the same in text, Markdown, JUnit and on the page.
//!
//! Owns: what a verdict and a figure are called, and how the values of one are written. Refuses: tables and sentences.
//! Invariant: whoever tells a figure tells it by [`FigureWords`].

use super::sections::cell;
use super::units::{NONE, quantity};
use crate::check::{LimitCheck, Status};
use crate::metric::Unit;
use crate::section::{self, Told};
use crate::verdict::{CompareOptions, Figure, FigureChange, Subject, TouchpointChange, Verdict};
use crate::words::Language;

/// A figure of a touchpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FigureWords {
    /// What it is called.
    pub figure: String,
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
        let told = Told::of(touchpoint, of);
        let [figure, base, head, head_as_is, change, interval] =
            [told.figure, told.base, told.head, told.head_as_is, told.change, told.interval]
                .map(|of| cell(&of, Language::En));
        FigureWords { figure, base, head, head_as_is, change, interval }
    }
}

/// A figure of waits.
fn of_waits(figure: Figure, value: f64) -> String {
    cell(&section::value_of_waits(figure, value), Language::En)
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
pub(super) fn limit_figure(of: &LimitCheck) -> String {
    cell(&section::figure_of_waits(of.figure), Language::En)
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
pub fn verdict(verdict: Verdict) -> String {
    cell(&section::verdict(verdict), Language::En)
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

/// A value of a metric, or a dash.
#[must_use]
pub(super) fn value(unit: &Unit, value: Option<f64>) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| quantity(unit, value))
}
