//! A comparison as `JUnit` XML, which every CI reads: a suite for each comparison, a case for each touchpoint.
//!
//! Owns: what is a failure and what is skipped. Refuses: the XML (see the crate `quick_junit`) and the verdicts.
//! Invariant: a case fails exactly where the touchpoint is slower.

use crate::error::Error;
use nowait_report::check::{LimitCheck, Status};
use nowait_report::text::{self, FigureWords, safe, too_few, verdict};
use nowait_report::verdict::{FigureChange, TouchpointChange};
use nowait_report::{Check, Comparison, Verdict};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// The whole file: the limits of a release if there are any, and comparisons.
pub(super) fn report(check: Option<&Check>, comparisons: &[Comparison]) -> Result<String, Error> {
    let mut report = Report::new("nowait");
    if let Some(check) = check {
        let mut suite = TestSuite::new(format!("limits of {}", safe(&check.version)));
        suite.add_test_cases(check.limits.iter().map(limit_case));
        report.add_test_suite(suite);
    }
    for comparison in comparisons {
        let name = format!("{} against {}", safe(&comparison.head), safe(&comparison.base));
        let mut suite = TestSuite::new(name);
        suite.add_test_cases(comparison.touchpoints.iter().map(|touchpoint| case(touchpoint, comparison)));
        report.add_test_suite(suite);
    }
    report.to_string().map_err(|error| Error::io(format!("the comparison has no JUnit form: {error}")))
}

fn case(touchpoint: &TouchpointChange, comparison: &Comparison) -> TestCase {
    let word = verdict(touchpoint.verdict);
    let status = match touchpoint.verdict {
        Verdict::Slower => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(word.as_str()).set_type("slower").set_description(figures(touchpoint));
            status
        }
        Verdict::TooFewSamples => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("too few samples: {}", too_few(touchpoint, &comparison.options)));
            status
        }
        Verdict::Faster | Verdict::Equivalent | Verdict::NoEvidence => TestCaseStatus::success(),
    };
    let name = if touchpoint.name.is_empty() { "(no name)".into() } else { safe(&touchpoint.name) };
    let mut case = TestCase::new(name.into_owned(), status);
    case.set_classname(format!("nowait.{}", touchpoint.subject.kind()));
    if touchpoint.verdict != Verdict::TooFewSamples {
        case.set_system_out(format!("{word}\n{}", figures(touchpoint)));
    }
    case
}

fn limit_case(limit: &LimitCheck) -> TestCase {
    let (value, interval) = text::limited(limit);
    let said = format!("{}: {value} ({interval}), limit {}", text::status(limit), text::limit(limit));
    let status = match limit.status {
        Status::Broken => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(said.as_str()).set_type("broken");
            status
        }
        Status::TooFewSamples => {
            let mut status = TestCaseStatus::skipped();
            status.set_message("too few samples: 50 waits of two sessions are needed");
            status
        }
        Status::Excepted | Status::Unsure | Status::Kept => TestCaseStatus::success(),
    };
    let figure = serde_json::to_value(limit.figure).ok();
    let figure = figure.as_ref().and_then(|figure| figure.as_str()).unwrap_or_default();
    let mut case = TestCase::new(format!("{} {figure}", safe(&limit.name)), status);
    case.set_classname(format!("nowait.{}", limit.kind));
    if limit.status != Status::TooFewSamples {
        case.set_system_out(said);
    }
    case
}

/// The figures that decide, a line each.
fn figures(touchpoint: &TouchpointChange) -> String {
    let line = |of: &FigureChange| {
        let FigureWords { figure, base, head, change, interval, .. } = FigureWords::of(touchpoint, of);
        format!("{} {figure}: {base} to {head}, {change} ({interval})", verdict(of.verdict))
    };
    let steps =
        touchpoint.steps_ns.map(|ns| format!("times come in steps of {}", text::duration(ns.round() as u64)));
    let lines = touchpoint.figures.iter().filter(|of| of.decides).map(line);
    let lines: Vec<String> = lines.chain(steps).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use nowait_report::{Budgets, CompareOptions, Side, Stratum};
    use nowait_wire::{Event, Kind, NameId, Network, Os, Tier};

    fn side(factor: u64, rare: u64) -> Side {
        let stratum = Stratum { tier: Tier::High, network: Network::Wifi, os: Os::Ios, more: 0 };
        let mut side = Side::new();
        for at in 0..200 {
            let wait = |ms: u64| Event { duration_ns: ms * 1_000_000, ..Event::new(Kind::Tap, NameId(6)) };
            let mut events =
                vec![("Pay <&>\u{1b}[8m", wait((300 + at % 90) * factor)), ("Home", wait(300 + at % 90))];
            if at < rare {
                events.push(("Rare", wait(100)));
            }
            side.add_whole_session(events.iter().map(|(name, event)| (stratum, *name, *event)));
        }
        side
    }

    #[test]
    fn what_is_slower_fails_and_what_is_rare_is_skipped() {
        let (base, head) = (("8.1.0", &side(1, 3)), ("8.2.0", &side(2, 3)));
        let found = Comparison::new(base, head, &Budgets::default(), CompareOptions::default());
        let xml = report(None, &[found]).unwrap();
        assert!(xml.contains(r#"tests="3""#) && xml.contains(r#"failures="1""#), "{xml}");
        assert!(
            xml.contains(r#"classname="nowait.tap""#) && xml.contains("Pay &lt;&amp;&gt;\u{fffd}[8m"),
            "{xml}"
        );
        assert!(xml.contains("slower p75: ") && xml.contains("50 waits a side are needed"), "{xml}");
        assert!(!xml.contains('\u{1b}'));
    }
}
