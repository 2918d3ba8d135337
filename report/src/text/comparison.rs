//! A comparison as text: the verdict first, then the touchpoints, then how to read them.

use super::safe::safe_lines;
use super::sections::section;
use super::table::{cut, width_max};
use super::units::{count, duration};
use super::words::verdict;
use crate::section::of_comparison;
use crate::verdict::{Comparison, Subject, TouchpointChange, Verdict};

/// A whole comparison.
#[must_use]
pub fn comparison(comparison: &Comparison) -> String {
    let title = format!("NoWait compare   BASE {}   HEAD {}", comparison.base, comparison.head);
    let mut out = format!("{}\n\n{}\n\n", cut(&title, width_max()), verdict_line(comparison));
    let sections = of_comparison(comparison);
    sections.iter().for_each(|of| out.push_str(&section(of)));
    out.push_str(&legend(comparison));
    safe_lines(&out).into_owned()
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
    let is_of_values = |touchpoint: &TouchpointChange| matches!(touchpoint.subject, Subject::Values { .. });
    if comparison.touchpoints.iter().any(is_of_values) {
        out.push_str(&format!(
            "Of metrics {effect} % alone decide; what may be negative is compared by difference ({} of a time), and so are counts (1).\n\
             Each file is a run, and runs are what intervals are of: with one a side there is none, and no verdict. p50 decides\n\
             from 6 values a side, p75 from 13, p95 from 100; p99 would need 368. Of what should be more, p75 is reached by 75 %.\n",
            duration(options.effect_min_ns.round() as u64),
        ));
    }
    out
}
