//! A comparison as text: the verdict first, then the touchpoints, then how to read them.

use super::safe::safe_lines;
use super::table::{Table, WIDTH_MAX, cut};
use super::units::{NONE, change, change_interval, count, duration, share, signed};
use crate::compare::{Comparison, QUANTILE_TAIL, TouchpointChange, Verdict};

/// A whole comparison.
#[must_use]
pub fn comparison(comparison: &Comparison) -> String {
    let title = format!("NoWait compare   BASE {}   HEAD {}", comparison.base, comparison.head);
    let mut out = format!("{}\n\n{}\n\n", cut(&title, WIDTH_MAX), verdict_line(comparison));
    out.push_str(&latencies(comparison));
    out.push_str(&failures(comparison));
    out.push_str(&legend(comparison));
    safe_lines(&out).into_owned()
}

/// The verdict in words.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Slower => "slower",
        Verdict::Faster => "faster",
        Verdict::NoEvidence => "no evidence",
        Verdict::TooFewSamples => "too few",
    }
}

fn verdict_line(comparison: &Comparison) -> String {
    let of = |wanted| comparison.touchpoints.iter().filter(|change| change.verdict == wanted).count();
    let failing = |wanted| {
        let verdict = |change: &&TouchpointChange| change.failures.map(|failures| failures.verdict);
        comparison.touchpoints.iter().filter(|change| verdict(change) == Some(wanted)).count()
    };
    let mut parts: Vec<String> =
        [Verdict::Slower, Verdict::Faster, Verdict::NoEvidence, Verdict::TooFewSamples]
            .into_iter()
            .map(|verdict| (of(verdict), word(verdict)))
            .chain([(failing(Verdict::Slower), "fail more"), (failing(Verdict::Faster), "fail less")])
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{n} {what}"))
            .collect();
    if parts.is_empty() {
        parts.push("neither release has a wait".to_owned());
    }
    format!("VERDICT   {}   ({})", word(comparison.verdict).to_uppercase(), parts.join(", "))
}

fn latencies(comparison: &Comparison) -> String {
    const COLUMNS: [&str; 9] =
        ["touchpoint", "<kind", "<verdict", "n BASE/HEAD", "p75 BASE", "HEAD", "change", "<interval", "p95"];
    Table::new("LATENCY   p75 decides; the change of p95 stands beside it", &COLUMNS)
        .fill(&comparison.touchpoints, |_, touchpoint| {
            let primary = touchpoint.primary();
            let tail = touchpoint.quantiles.iter().find(|change| change.quantile == QUANTILE_TAIL);
            let or_none = |text: Option<String>| text.unwrap_or_else(|| NONE.to_owned());
            vec![vec![
                if touchpoint.name.is_empty() { "(no name)".to_owned() } else { touchpoint.name.clone() },
                touchpoint.kind.to_string(),
                word(touchpoint.verdict).to_owned(),
                format!("{}/{}", count(touchpoint.base_count), count(touchpoint.head_count)),
                or_none(primary.map(|at| duration(at.base_ns))),
                or_none(primary.map(|at| duration(at.head_ns))),
                or_none(primary.map(|at| change(at.ratio))),
                or_none(primary.map(|at| change_interval(at.ratio_low, at.ratio_high))),
                or_none(tail.map(|at| change(at.ratio))),
            ]]
        })
        .render()
}

/// The touchpoints that fail at all.
fn failures(comparison: &Comparison) -> String {
    const COLUMNS: [&str; 7] = ["touchpoint", "<kind", "<verdict", "BASE", "HEAD", "change", "<interval"];
    let failing: Vec<_> = comparison
        .touchpoints
        .iter()
        .filter_map(|touchpoint| Some((touchpoint, touchpoint.failures?)))
        .filter(|(_, failures)| failures.base_share > 0.0 || failures.head_share > 0.0)
        .collect();
    Table::new(
        "FAILURES   share of waits that failed or had no answer; changes in percentage points",
        &COLUMNS,
    )
    .fill(&failing, |_, (touchpoint, failures)| {
        let points = |difference: f64| signed(difference * 100.0, "");
        let verdict = match failures.verdict {
            Verdict::Slower => "fails more",
            Verdict::Faster => "fails less",
            other => word(other),
        };
        vec![vec![
            touchpoint.name.clone(),
            touchpoint.kind.to_string(),
            verdict.to_owned(),
            share(Some(failures.base_share)),
            share(Some(failures.head_share)),
            points(failures.difference),
            format!("{} to {}", points(failures.difference_low), points(failures.difference_high)),
        ]]
    })
    .render()
}

fn legend(comparison: &Comparison) -> String {
    let options = &comparison.options;
    let per_cent = |share: f64| (share * 1e4).round() / 100.0;
    format!(
        "A change counts if its interval excludes \"no change\" and it is at least {} % of the latency or {} percentage\n\
         points of failures, with {} waits or more on each side. The {} tested figures together err with a chance of at\n\
         most {} % (Holm).\n",
        per_cent(options.effect_min),
        per_cent(options.failure_effect_min),
        count(options.samples_min),
        count(comparison.tests),
        per_cent(options.error_share_max)
    )
}
