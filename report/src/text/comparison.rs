//! A comparison as text: the verdict first, then the touchpoints, then how to read them.

use super::safe::safe_lines;
use super::table::{Table, WIDTH_MAX, cut};
use super::units::{NONE, change, change_interval, count, duration, share, signed};
use crate::verdict::{Comparison, Figure, FigureChange, TouchpointChange, Verdict};

/// A whole comparison.
#[must_use]
pub fn comparison(comparison: &Comparison) -> String {
    let title = format!("NoWait compare   BASE {}   HEAD {}", comparison.base, comparison.head);
    let mut out = format!("{}\n\n{}\n\n", cut(&title, WIDTH_MAX), verdict_line(comparison));
    out.push_str(&touchpoints(comparison));
    out.push_str(&reasons(comparison));
    out.push_str(&steps(comparison));
    out.push_str(&mix(comparison));
    out.push_str(&legend(comparison));
    safe_lines(&out).into_owned()
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

/// A figure in words.
#[must_use]
pub fn figure(figure: Figure) -> &'static str {
    match figure {
        Figure::P50 => "p50",
        Figure::P75 => "p75",
        Figure::P95 => "p95",
        Figure::Longer => "takes longer",
        Figure::InTime => "in time",
        Figure::Unanswered => "failed, given up",
    }
}

/// How much a figure of a touchpoint changed, and within which bounds, as a table shows them.
#[must_use]
pub fn figure_change(of: &FigureChange) -> (String, String) {
    let points = |difference: f64| signed(difference * 100.0, " pp");
    let ends = |write: &dyn Fn(f64) -> String| {
        let end = |end: Option<f64>| end.map_or_else(|| NONE.to_owned(), write);
        format!("{} to {}", end(of.low), end(of.high))
    };
    match of.figure {
        Figure::P50 | Figure::P75 | Figure::P95 => (change(of.change), change_interval(of.low, of.high)),
        Figure::InTime | Figure::Unanswered => (points(of.change), ends(&points)),
        Figure::Longer => (share(Some(of.change)), ends(&|chance| share(Some(chance)))),
    }
}

/// A figure of one side, as a table shows it.
#[must_use]
pub fn figure_value(of: Figure, value: f64) -> String {
    match of {
        Figure::InTime | Figure::Unanswered => share(Some(value)),
        Figure::P50 | Figure::P75 | Figure::P95 | Figure::Longer => duration(value.round() as u64),
    }
}

fn name(touchpoint: &TouchpointChange) -> String {
    if touchpoint.name.is_empty() { "(no name)".to_owned() } else { touchpoint.name.clone() }
}

fn verdict_line(comparison: &Comparison) -> String {
    let of = |wanted| comparison.touchpoints.iter().filter(|change| change.verdict == wanted).count();
    let all =
        [Verdict::Slower, Verdict::Faster, Verdict::Equivalent, Verdict::NoEvidence, Verdict::TooFewSamples];
    let told = all.into_iter().map(|wanted| (of(wanted), wanted)).filter(|(n, _)| *n > 0);
    let mut parts: Vec<String> = told.map(|(n, wanted)| format!("{n} {}", verdict(wanted))).collect();
    if parts.is_empty() {
        parts.push("neither release has a wait".to_owned());
    }
    if comparison.touchpoints_left_out > 0 {
        parts.push(format!("{} not listed", count(comparison.touchpoints_left_out)));
    }
    format!("VERDICT   {}   ({})", verdict(comparison.verdict).to_uppercase(), parts.join(", "))
}

fn touchpoints(comparison: &Comparison) -> String {
    const COLUMNS: [&str; 9] = [
        "touchpoint",
        "<kind",
        "<verdict",
        "n BASE/HEAD",
        "p75 BASE",
        "HEAD",
        "change",
        "<interval",
        "floor",
    ];
    Table::new("TOUCHPOINTS   HEAD as if BASE's customers used it", &COLUMNS)
        .fill(&comparison.touchpoints, |_, touchpoint| {
            let primary = touchpoint.primary();
            let or_none = |text: Option<String>| text.unwrap_or_else(|| NONE.to_owned());
            let missing = |n: u64| format!("{} missing", count(n));
            let said = match touchpoint.waits_missing {
                0 => verdict(touchpoint.verdict).to_owned(),
                n => missing(n),
            };
            let p50 = if primary.is_some_and(|change| change.figure == Figure::P50) { " (p50)" } else { "" };
            vec![vec![
                name(touchpoint),
                touchpoint.kind.to_string(),
                said,
                format!("{}/{}", count(touchpoint.base.waits), count(touchpoint.head.waits)),
                or_none(primary.map(|at| format!("{}{p50}", figure_value(at.figure, at.base)))),
                or_none(primary.map(|at| figure_value(at.figure, at.head))),
                or_none(primary.map(|at| figure_change(at).0)),
                or_none(primary.map(|at| figure_change(at).1)),
                or_none(touchpoint.noise_floor.map(|floor| change(1.0 + floor))),
            ]]
        })
        .render()
}

/// Each figure of the touchpoints that changed, and what it says.
fn reasons(comparison: &Comparison) -> String {
    const COLUMNS: [&str; 9] =
        ["touchpoint", "<kind", "<figure", "<says", "BASE", "HEAD", "as it is", "change", "<interval"];
    let changed = comparison
        .touchpoints
        .iter()
        .filter(|change| matches!(change.verdict, Verdict::Slower | Verdict::Faster));
    let figures: Vec<(&TouchpointChange, &FigureChange)> = changed
        .flat_map(|touchpoint| {
            let deciding = touchpoint.figures.iter().filter(|change| change.decides);
            deciding.map(move |change| (touchpoint, change))
        })
        .collect();
    if figures.is_empty() {
        return String::new();
    }
    Table::new("WHY   the figures that decide", &COLUMNS)
        .fill(&figures, |_, (touchpoint, of)| {
            let (change, interval) = figure_change(of);
            let as_it_is = of.head_as_is.map(|value| figure_value(of.figure, value));
            vec![vec![
                name(touchpoint),
                touchpoint.kind.to_string(),
                figure(of.figure).to_owned(),
                verdict(of.verdict).to_owned(),
                figure_value(of.figure, of.base),
                figure_value(of.figure, of.head),
                as_it_is.unwrap_or_else(|| NONE.to_owned()),
                change,
                interval,
            ]]
        })
        .render()
}

/// The touchpoints of which p75 says little, as their times come in steps.
fn steps(comparison: &Comparison) -> String {
    let stepped =
        comparison.touchpoints.iter().filter_map(|touchpoint| Some((touchpoint, touchpoint.steps_ns?)));
    let stepped: Vec<(&TouchpointChange, f64)> = stepped.collect();
    if stepped.is_empty() {
        return String::new();
    }
    let title =
        "STEPS   times that come in steps: p75 moves by a whole one; ranks and the share in time say more";
    Table::new(title, &["touchpoint", "<kind", "steps of"])
        .fill(&stepped, |_, (touchpoint, steps_ns)| {
            vec![vec![name(touchpoint), touchpoint.kind.to_string(), duration(steps_ns.round() as u64)]]
        })
        .render()
}

/// Where the customers of both releases differ.
fn mix(comparison: &Comparison) -> String {
    if comparison.mix.is_empty() {
        return String::new();
    }
    Table::new(
        "CUSTOMERS   shares of sessions that differ by more than chance",
        &["<of", "<value", "BASE", "HEAD"],
    )
    .fill(&comparison.mix, |_, of| {
        let shares = [of.base_share, of.head_share].map(|value| share(Some(value)));
        vec![[of.field.clone(), of.value.clone()].into_iter().chain(shares).collect()]
    })
    .render()
}

fn legend(comparison: &Comparison) -> String {
    let options = &comparison.options;
    let per_cent = |share: f64| (share * 1e4).round() / 100.0;
    let looks = if options.at_every_look { ", at every look" } else { "" };
    format!(
        "A change counts if its interval excludes \"no change\" and it is at least {} % and {} of a time, or\n\
         {} percentage points of a share, with {} waits or more on each side. It is equivalent if all of the interval\n\
         is less than that. Intervals are of sessions, not of waits. The {} figures that decide err together with a\n\
         chance of at most {} % (Holm){looks}. floor: the change of p75 that random halves of BASE show in 95 of 100 cases.\n",
        per_cent(options.effect_min),
        duration(options.effect_min_ns.round() as u64),
        per_cent(options.share_effect_min),
        count(options.samples_min),
        count(comparison.tests),
        per_cent(options.error_share_max)
    )
}
