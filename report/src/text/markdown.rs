//! A comparison as Markdown, for a merge request: the verdict, and what changed, worst first.
//!
//! Owns: the form, and how much of it is shown. Refuses: figures (see `verdict`).
//! Invariant: at most 60 lines, and no text from a device is taken for Markdown.

use super::check::sentence;
use super::safe::safe;
use super::units::{NONE, count, share};
use super::words::{FigureWords, limit, limit_figure, limited, status, verdict};
use crate::check::Check;
use crate::verdict::{Comparison, FigureChange, TouchpointChange, Verdict};
use std::fmt::Write;

/// What a reviewer reads without scrolling much.
const LINES_MAX: usize = 60;

/// Lines that are not rows of touchpoints.
const LINES_BESIDE: usize = 20;

/// A comparison in at most 60 lines of GitHub's and GitLab's Markdown.
#[must_use]
pub fn markdown(comparison: &Comparison) -> String {
    let mut out = format!(
        "**NoWait: {}** — {} against {}\n\n",
        verdict(comparison.verdict),
        code(&comparison.head),
        code(&comparison.base)
    );
    let rows = LINES_MAX - LINES_BESIDE;
    let (judged, few): (Vec<_>, Vec<_>) =
        comparison.touchpoints.iter().partition(|touchpoint| touchpoint.verdict != Verdict::TooFewSamples);
    if !judged.is_empty() {
        out.push_str("| touchpoint | verdict | figure | BASE | HEAD | change | interval |\n");
        out.push_str("|---|---|---|---|---|---|---|\n");
    }
    for touchpoint in judged.iter().take(rows) {
        out.push_str(&row(touchpoint));
    }
    let left_out = judged.len().saturating_sub(rows) as u64 + comparison.touchpoints_left_out;
    // Writing to a string does not fail.
    if left_out > 0 {
        let _ = writeln!(out, "\n{} more touchpoints changed less.", count(left_out));
    }
    if !few.is_empty() {
        let missing = few.iter().map(|touchpoint| touchpoint.waits_missing).max().unwrap_or(0);
        let least = comparison.options.samples_min;
        let of =
            if missing > 0 { format!(" ({} waits a side are needed)", count(least)) } else { String::new() };
        let _ = writeln!(out, "\n{} more have too few samples to judge{of}.", count(few.len() as u64));
    }
    let stepped = comparison.touchpoints.iter().filter(|touchpoint| touchpoint.steps_ns.is_some()).count();
    if stepped > 0 {
        let _ = writeln!(
            out,
            "\nTimes of {} come in steps, as whole frames do: ranks and the share in time say more than p75.",
            count(stepped as u64)
        );
    }
    if !comparison.drifts.is_empty() {
        let _ = writeln!(out, "\n{} runs drift: measure them again.", count(comparison.drifts.len() as u64));
    }
    for change in comparison.mix.iter().take(3) {
        let shares = [change.base_share, change.head_share].map(|value| share(Some(value)));
        let _ = writeln!(
            out,
            "\nOther customers: {} {} are {} of sessions, and were {}; figures hold the mix equal.",
            change.field,
            code(&change.value),
            shares[1],
            shares[0]
        );
    }
    out
}

/// A release against its limits, in at most 60 lines.
#[must_use]
pub fn check_markdown(check: &Check) -> String {
    let mut out = format!("**NoWait: {}** — {}\n\n", code(&check.version), sentence(check));
    if !check.limits.is_empty() {
        out.push_str("| touchpoint | figure | limit | is | interval | status | owner |\n|---|---|---|---|---|---|---|\n");
    }
    let rows = LINES_MAX - LINES_BESIDE;
    for of in check.limits.iter().take(rows) {
        let (value, interval) = limited(of);
        let owner = of.owner.as_deref().map_or_else(|| NONE.to_owned(), code);
        let figure = limit_figure(of);
        let (touchpoint, limit, status) = (code(&of.name), limit(of), status(of));
        let _ = writeln!(
            out,
            "| {} {touchpoint} | {figure} | {limit} | {value} | {interval} | {status} | {owner} |",
            of.kind
        );
    }
    let left_out = check.limits.len().saturating_sub(rows);
    if left_out > 0 {
        let _ = writeln!(out, "\n{} more limits.", count(left_out as u64));
    }
    out
}

/// The figure that says most of a touchpoint.
fn told(touchpoint: &TouchpointChange) -> Option<&FigureChange> {
    let says =
        touchpoint.figures.iter().find(|change| change.decides && change.verdict == touchpoint.verdict);
    says.or_else(|| touchpoint.primary())
}

fn row(touchpoint: &TouchpointChange) -> String {
    let name = format!("{} {}", touchpoint.subject.kind(), code(&touchpoint.name));
    let cells = told(touchpoint).map_or_else(
        || [NONE; 5].map(str::to_owned).to_vec(),
        |of| {
            let words = FigureWords::of(touchpoint, of);
            vec![words.figure.to_owned(), words.base, words.head, words.change, words.interval]
        },
    );
    format!("| {name} | {} | {} |\n", verdict(touchpoint.verdict), cells.join(" | "))
}

/// Text from outside as code, in which nothing is Markdown. Backticks and bars would end it.
fn code(text: &str) -> String {
    let text: String =
        safe(text).chars().map(|c| if matches!(c, '`' | '|') { '\u{fffd}' } else { c }).collect();
    if text.trim().is_empty() { "(no name)".to_owned() } else { format!("`{text}`") }
}
