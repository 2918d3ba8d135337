//! A comparison as text: the verdict first, then the touchpoints, then how to read them.

use super::safe::safe_lines;
use super::table::{Table, cut, width_max};
use super::units::{NONE, count, duration, share};
use super::words::{FigureWords, drift_cells, noise_floor, not_judged_cells, verdict};
use crate::verdict::{Comparison, Figure, FigureChange, SideCount, Subject, TouchpointChange, Verdict};

/// A whole comparison.
#[must_use]
pub fn comparison(comparison: &Comparison) -> String {
    let title = format!("NoWait compare   BASE {}   HEAD {}", comparison.base, comparison.head);
    let mut out = format!("{}\n\n{}\n\n", cut(&title, width_max()), verdict_line(comparison));
    out.push_str(&touchpoints(comparison));
    out.push_str(&metrics(comparison));
    out.push_str(&reasons(comparison));
    out.push_str(&steps(comparison));
    out.push_str(&drifts(comparison));
    out.push_str(&not_judged(comparison));
    out.push_str(&mix(comparison));
    out.push_str(&legend(comparison));
    safe_lines(&out).into_owned()
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

/// The touchpoints that are of waits, or those that are of values.
fn of_waits(comparison: &Comparison, are_waits: bool) -> Vec<&TouchpointChange> {
    let is_meant =
        |touchpoint: &&TouchpointChange| matches!(touchpoint.subject, Subject::Waits { .. }) == are_waits;
    comparison.touchpoints.iter().filter(is_meant).collect()
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
        .fill(&of_waits(comparison, true), |_, touchpoint| {
            let mut row = row(touchpoint);
            row.insert(1, touchpoint.subject.kind().to_owned());
            vec![row]
        })
        .render()
}

/// What benchmarks measured.
fn metrics(comparison: &Comparison) -> String {
    const COLUMNS: [&str; 8] =
        ["metric", "<verdict", "n BASE/HEAD", "p75 BASE", "HEAD", "change", "<interval", "floor"];
    Table::new("METRICS   n: values (runs)", &COLUMNS)
        .whose_ends_matter()
        .fill(&of_waits(comparison, false), |_, touchpoint| vec![row(touchpoint)])
        .render()
}

/// The cells that touchpoints and metrics have in common.
fn row(touchpoint: &TouchpointChange) -> Vec<String> {
    let said = match touchpoint.waits_missing {
        0 => verdict(touchpoint.verdict).to_owned(),
        n => format!("{} missing", count(n)),
    };
    let n = |side: SideCount| match touchpoint.subject {
        Subject::Waits { .. } => count(side.waits),
        Subject::Values { .. } => format!("{} ({})", count(side.waits), count(side.sessions)),
    };
    let mut row = vec![name(touchpoint), said, format!("{}/{}", n(touchpoint.base), n(touchpoint.head))];
    match touchpoint.primary() {
        None => row.extend([NONE; 4].map(str::to_owned)),
        Some(of) => {
            let words = FigureWords::of(touchpoint, of);
            let p50 = if of.figure == Figure::P50 { " (p50)" } else { "" };
            row.extend([format!("{}{p50}", words.base), words.head, words.change, words.interval]);
        }
    }
    row.push(noise_floor(touchpoint));
    row
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
            let words = FigureWords::of(touchpoint, of);
            vec![vec![
                name(touchpoint),
                touchpoint.subject.kind().to_owned(),
                words.figure.to_owned(),
                verdict(of.verdict).to_owned(),
                words.base,
                words.head,
                words.head_as_is,
                words.change,
                words.interval,
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
            let kind = touchpoint.subject.kind().to_owned();
            vec![vec![name(touchpoint), kind, duration(steps_ns.round() as u64)]]
        })
        .render()
}

/// The runs whose values are not of one state of the machine.
fn drifts(comparison: &Comparison) -> String {
    const COLUMNS: [&str; 6] = ["metric", "<of", "<run", "first half", "second", "lag-1"];
    let title = "DRIFT   values climb, fall or alternate within a run: measure it again on a cool, idle device (lag-1: autocorrelation)";
    Table::new(title, &COLUMNS)
        .whose_ends_matter()
        .fill(&comparison.drifts, |_, drift| vec![drift_cells(drift)])
        .render()
}

/// What benchmarks measured and nobody can judge by.
fn not_judged(comparison: &Comparison) -> String {
    Table::new("NOT JUDGED", &["metric", "median BASE", "HEAD", "<why"])
        .whose_ends_matter()
        .fill(&comparison.not_judged, |_, of| vec![not_judged_cells(of)])
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
    let effect = per_cent(options.effect_min);
    let mut out = format!(
        "A change counts if its interval excludes \"no change\" and it is at least {effect} % and {} of a time, or\n\
         {} percentage points of a share, with {} waits or more on each side. It is equivalent if all of the interval\n\
         is less than that. Intervals are of sessions, not of waits. The {} figures that decide err together with a\n\
         chance of at most {} % (Holm){looks}. floor: the change of p75 that random halves of BASE show in 95 of 100 cases.\n",
        duration(options.effect_min_ns.round() as u64),
        per_cent(options.share_effect_min),
        count(options.samples_min),
        count(comparison.tests),
        per_cent(options.error_share_max)
    );
    if !of_waits(comparison, false).is_empty() {
        out.push_str(&format!(
            "Of metrics {effect} % alone decide; what may be negative is compared by difference ({} of a time), and so are counts (1).\n\
             Each file is a run, and runs are what intervals are of: with one a side there is none, and no verdict. p50 decides\n\
             from 6 values a side, p75 from 13, p95 from 100; p99 would need 368. Of what should be more, p75 is reached by 75 %.\n",
            duration(options.effect_min_ns.round() as u64),
        ));
    }
    out
}
