//! What a comparison fails on.
//!
//! Owns: the words of `--fail-on`. Refuses: verdicts. Invariant: a comparison in which nothing could be judged is no success, unless
//! that was asked for.

use super::Finding;
use nowait_report::{Comparison, Verdict};

/// A reason to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FailOn {
    /// Customers are worse off somewhere
    Slower,
    /// Nothing could be judged
    TooFew,
    /// Nothing at all
    Never,
}

impl FailOn {
    /// What comparisons end with where these are reasons to fail.
    pub(super) fn finding(reasons: &[FailOn], comparisons: &[Comparison]) -> Finding {
        let has = |wanted| comparisons.iter().any(|comparison| comparison.verdict == wanted);
        let fails_on = |reason| reasons.contains(&reason) && !reasons.contains(&FailOn::Never);
        if fails_on(FailOn::Slower) && has(Verdict::Slower) {
            Finding::Regression
        } else if fails_on(FailOn::TooFew) && has(Verdict::TooFewSamples) {
            Finding::Unjudged
        } else {
            Finding::Fine
        }
    }
}
