//! The sections of a comparison on the page.

use super::html::Shown;
use super::sections::section;
use maud::{Markup, html};
use nowait_report::section::of_comparison;
use nowait_report::{Comparison, Language, Verdict, text};

pub(super) fn comparison(comparison: &Comparison) -> Markup {
    html! {
        section {
            h2 { (Shown(&comparison.head)) " against " (Shown(&comparison.base)) }
            p class={ "verdict " (class(comparison.verdict)) } { (text::verdict(comparison.verdict)) }
        }
        @for of in &of_comparison(comparison) {
            (section(of, Language::En))
        }
    }
}

/// The colour of a verdict.
fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Slower => "bad",
        Verdict::Faster => "good",
        Verdict::Equivalent | Verdict::NoEvidence | Verdict::TooFewSamples => "",
    }
}
