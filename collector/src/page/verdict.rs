//! Comparisons and checks as one HTML file that needs nothing beside it: for a release's records, or an attachment of a merge request.
//!
//! Owns: the drawing of two distributions over each other, with targets and limits in it. Refuses: figures (see `nowait_report`).
//! Invariant: no script, no request; what is drawn stands beside it in words.

use super::html::{Shown, table};
use super::{STYLE, comparison};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use nowait_report::text::{self, units};
use nowait_report::verdict::{Bin, Subject, TouchpointChange};
use nowait_report::{Budgets, Check, Comparison};

/// The size of a drawing, in its own units.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 120.0;

/// How many touchpoints are drawn.
const DRAWN_MAX: usize = 60;

/// The whole document.
pub(crate) fn document(check: Option<&Check>, comparisons: &[Comparison], budgets: &Budgets) -> String {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "NoWait: verdict" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { h1 { "Is this build slower?" } }
                main {
                    @if let Some(check) = check {
                        (limits(check))
                    }
                    @for comparison in comparisons {
                        (comparison::comparison(comparison))
                        (drawings(comparison, budgets))
                    }
                }
            }
        }
    };
    document.into_string()
}

/// A release against its limits.
fn limits(check: &Check) -> Markup {
    let columns =
        ["<touchpoint", "<kind", "<figure", "<limit", "is", "interval", "waits", "<status", "<owner"];
    let rows: Vec<Vec<String>> = check.limits.iter().map(text::limit_cells).collect();
    table(&format!("Limits of {}", check.version), &format!("On {}.", check.day), &columns, &rows)
}

fn drawings(comparison: &Comparison, budgets: &Budgets) -> Markup {
    let drawn: Vec<&TouchpointChange> = comparison
        .touchpoints
        .iter()
        .filter(|touchpoint| touchpoint.shape.len() > 1)
        .take(DRAWN_MAX)
        .collect();
    html! {
        @if !drawn.is_empty() {
            section {
                h2 { "Distributions" }
                p {
                    "How many waits or values are so long: BASE is the grey area, HEAD the line. Broken lines are the target of the "
                    "touchpoint and its limits. Equal steps are equal ratios, or differences where these are compared."
                }
                @for touchpoint in drawn {
                    (drawing(touchpoint, budgets))
                }
            }
        }
    }
}

fn drawing(touchpoint: &TouchpointChange, budgets: &Budgets) -> Markup {
    let bins = &touchpoint.shape;
    let most = bins.iter().map(|bin| bin.base.max(bin.head)).fold(f64::MIN_POSITIVE, f64::max);
    let step = WIDTH / bins.len() as f64;
    let points = |share: fn(&Bin) -> f64| -> String {
        let height = |bin: &Bin| HEIGHT * (1.0 - share(bin) / most);
        let steps = bins.iter().enumerate().map(|(at, bin)| {
            let (from, until, y) = (step * at as f64, step * (at + 1) as f64, height(bin));
            format!("{from:.1},{y:.1} {until:.1},{y:.1}")
        });
        steps.collect::<Vec<_>>().join(" ")
    };
    let value = |value: f64| match &touchpoint.subject {
        Subject::Waits { .. } => units::duration(value.max(0.0).round() as u64),
        Subject::Values { metric, .. } => units::quantity(&metric.unit, value),
    };
    let (low, high) = (bins.first().map_or(0.0, |bin| bin.from), bins.last().map_or(0.0, |bin| bin.until));
    let words =
        format!("{} {}: {}", touchpoint.subject.kind(), touchpoint.name, text::verdict(touchpoint.verdict));
    html! {
        figure {
            figcaption { (Shown(&words)) }
            svg viewBox=(format!("0 -12 {WIDTH} {}", HEIGHT + 28.0)) role="img" aria-label=(text::safe(&words)) class="shape" {
                polygon class="base" points=(format!("0,{HEIGHT} {} {WIDTH},{HEIGHT}", points(|bin| bin.base))) {}
                polyline class="head" points=(points(|bin| bin.head)) {}
                text x="0" y=(HEIGHT + 12.0) { (value(low)) }
                text x=(WIDTH) y=(HEIGHT + 12.0) text-anchor="end" { (value(high)) }
                @for (called, at) in marks(touchpoint, budgets) {
                    @if let Some(x) = place_of(bins, at) {
                        line class="mark" x1=(format!("{x:.1}")) x2=(format!("{x:.1}")) y1="0" y2=(HEIGHT) {}
                        text x=(format!("{:.1}", x.min(WIDTH - 90.0) + 3.0)) y="-2" { (called) " " (value(at)) }
                    }
                }
            }
        }
    }
}

/// The target of a touchpoint and the limits of its quantiles, in nanoseconds.
fn marks(touchpoint: &TouchpointChange, budgets: &Budgets) -> Vec<(&'static str, f64)> {
    let Subject::Waits { kind, in_time_ns } = &touchpoint.subject else { return Vec::new() };
    let limits = budgets.quantile_limits(*kind, &touchpoint.name);
    std::iter::once(("target", *in_time_ns as f64)).chain(limits).collect()
}

/// Where a value lies in the drawing; `None` if it lies beyond it.
fn place_of(bins: &[Bin], value: f64) -> Option<f64> {
    let at = bins.iter().position(|bin| (bin.from..=bin.until).contains(&value))?;
    let bin = bins.get(at)?;
    let within = if bin.until > bin.from { (value - bin.from) / (bin.until - bin.from) } else { 0.0 };
    Some(WIDTH / bins.len() as f64 * (at as f64 + within))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nowait_report::{CompareOptions, Side, Stratum};
    use nowait_wire::{Event, Kind, NameId};

    #[test]
    fn distributions_lie_over_each_other_with_budgets_in_them() {
        let side = |factor: u64| {
            let mut side = Side::new();
            for at in 0..200 {
                let duration_ns = (300 + at * 7 % 90) * factor * 1_000_000;
                let wait = Event { duration_ns, ..Event::new(Kind::Screen, NameId::NONE) };
                side.add_whole_session([(Stratum::UNKNOWN, "Pay<script>\u{202e}", wait)]);
            }
            side
        };
        let budgets = "[[limit]]\nkind = \"screen\"\nname = \"Pay<script>\u{202e}\"\np75_ms = 350\n";
        let budgets = Budgets::parse(budgets).unwrap();
        let (base, head) = (side(1), side(3));
        let check = Check::new(("8.2.0", &head), &budgets, "2026-03-05");
        let found = Comparison::new(("8.1.0", &base), ("8.2.0", &head), &budgets, CompareOptions::default());
        let shares = |share: fn(&Bin) -> f64| found.touchpoints[0].shape.iter().map(share).sum::<f64>();
        assert!((shares(|bin| bin.base) - 1.0).abs() < 0.01 && (shares(|bin| bin.head) - 1.0).abs() < 0.01);
        let html = document(Some(&check), &[found], &budgets);
        assert!(
            html.contains("target 1.0") && html.contains("p75 350 ms") && html.contains("slower"),
            "{html}"
        );
        assert!(
            html.matches("<polygon").count() == 1 && !html.contains("<script") && !html.contains("http:")
        );
        assert!(!html.contains('\u{202e}'));
    }
}
