//! The sections of a comparison on the page.

use super::html::{Shown, table};
use maud::{Markup, html};
use nowait_report::text::units::{NONE, count, share};
use nowait_report::verdict::{FigureChange, MixChange, TouchpointChange};
use nowait_report::{Comparison, Verdict, text};

pub(super) fn comparison(comparison: &Comparison) -> Markup {
    let (few, judged): (Vec<_>, Vec<_>) =
        comparison.touchpoints.iter().partition(|touchpoint| touchpoint.verdict == Verdict::TooFewSamples);
    html! {
        section {
            h2 { (Shown(&comparison.head)) " against " (Shown(&comparison.base)) }
            p class={ "verdict " (class(comparison.verdict)) } { (text::verdict(comparison.verdict)) }
        }
        (changes("Changes", "HEAD as if BASE's customers used it: each figure that decides, with its interval.", &judged))
        (steps(comparison))
        (drifts(comparison))
        (not_judged(comparison))
        @if !comparison.mix.is_empty() {
            (mix(&comparison.mix))
        }
        @if !few.is_empty() {
            details {
                summary { (count(few.len() as u64)) " more with too few samples to judge" }
                (changes("Too few samples", "What there is of them.", &few))
            }
        }
    }
}

/// The touchpoints of which p75 says little, as their times come in steps.
fn steps(comparison: &Comparison) -> Markup {
    let row = |touchpoint: &TouchpointChange| {
        let steps_ns = touchpoint.steps_ns?;
        let kind = touchpoint.subject.kind().to_owned();
        Some(vec![touchpoint.name.clone(), kind, text::duration(steps_ns.round() as u64)])
    };
    let rows: Vec<Vec<String>> = comparison.touchpoints.iter().filter_map(row).collect();
    let sentence = "Times that come in steps, as those of whole frames do: p75 moves by a whole one; ranks and the share in time say more.";
    table("Steps", sentence, &["<touchpoint", "<kind", "steps of"], &rows)
}

/// The runs of benchmarks whose values are not of one state of the machine.
fn drifts(comparison: &Comparison) -> Markup {
    let rows: Vec<Vec<String>> = comparison.drifts.iter().map(text::drift_cells).collect();
    let columns = ["<metric", "<of", "<run", "first half", "second half", "lag-1"];
    let sentence = "Values climb, fall or alternate within a run: measure it again on a cool, idle device.";
    table("Drift", sentence, &columns, &rows)
}

/// What benchmarks measured and nobody can judge by.
fn not_judged(comparison: &Comparison) -> Markup {
    let rows: Vec<Vec<String>> = comparison.not_judged.iter().map(text::not_judged_cells).collect();
    table("Not judged", "Shown, and in no verdict.", &["<metric", "median BASE", "HEAD", "<why"], &rows)
}

/// A row for each figure that decides; the first one names the touchpoint.
fn changes(title: &str, sentence: &str, touchpoints: &[&TouchpointChange]) -> Markup {
    let columns = [
        "<touchpoint",
        "<kind",
        "<verdict",
        "waits BASE",
        "HEAD",
        "<figure",
        "BASE",
        "HEAD",
        "as it is",
        "change",
        "interval",
    ];
    let rows: Vec<Vec<String>> =
        touchpoints.iter().flat_map(|touchpoint| rows_of_change(touchpoint)).collect();
    table(title, sentence, &columns, &rows)
}

fn rows_of_change(touchpoint: &TouchpointChange) -> Vec<Vec<String>> {
    let head = [
        touchpoint.name.clone(),
        touchpoint.subject.kind().to_owned(),
        text::verdict(touchpoint.verdict).to_owned(),
        count(touchpoint.base.waits),
        count(touchpoint.head.waits),
    ];
    let figure = |of: &FigureChange| {
        let words = text::FigureWords::of(touchpoint, of);
        let figure = words.figure.to_owned();
        vec![figure, words.base, words.head, words.head_as_is, words.change, words.interval]
    };
    let deciding: Vec<Vec<String>> =
        touchpoint.figures.iter().filter(|change| change.decides).map(figure).collect();
    if deciding.is_empty() {
        return vec![head.into_iter().chain(std::iter::repeat_n(NONE.to_owned(), 6)).collect()];
    }
    let named = |(nth, figure): (usize, Vec<String>)| {
        let head = head.clone().map(|cell| if nth == 0 { cell } else { String::new() });
        head.into_iter().chain(figure).collect()
    };
    deciding.into_iter().enumerate().map(named).collect()
}

/// Where the customers of both releases differ.
fn mix(changes: &[MixChange]) -> Markup {
    let row = |of: &MixChange| {
        let shares = [of.base_share, of.head_share].map(|value| share(Some(value)));
        [of.field.clone(), of.value.clone()].into_iter().chain(shares).collect()
    };
    let rows: Vec<Vec<String>> = changes.iter().map(row).collect();
    let sentence = "Shares of sessions that differ by more than chance; the figures above hold them equal.";
    table("Customers", sentence, &["<of", "<value", "BASE", "HEAD"], &rows)
}

/// The colour of a verdict.
fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Slower => "bad",
        Verdict::Faster => "good",
        Verdict::Equivalent | Verdict::NoEvidence | Verdict::TooFewSamples => "",
    }
}
