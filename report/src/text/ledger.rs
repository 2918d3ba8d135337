//! Whether all that was told is accounted for, as the last section of a report.
//!
//! Owns: the lines of the ledger. Refuses: sums (see [`crate::Accounts`]).
//! Invariant: a line that would say nothing is not there.

use super::units::count;
use crate::report::{FactsSummary, LedgerSummary, Report};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Whether every fact that the app told and every event that was made of them is accounted for.
#[must_use]
pub fn ledger(report: &Report) -> String {
    let ledger = &report.ledger;
    let sessions = count(ledger.sessions);
    let verdict = if ledger.balanced { "balances" } else { "DOES NOT BALANCE" };
    let mut out = format!("LEDGER   {verdict} over {sessions} sessions\n");
    facts_lines(&mut out, &ledger.facts);
    events_lines(&mut out, ledger);
    let notes = notes(ledger);
    if !notes.is_empty() {
        let _ = writeln!(out, "  {}", notes.join(", "));
    }
    out
}

/// Nothing if no session has such a line.
fn facts_lines(out: &mut String, facts: &FactsSummary) {
    if facts.sessions == 0 {
        return;
    }
    let _ = writeln!(
        out,
        "  facts: appended {} = folded {} + refused {}   in {} sessions",
        count(facts.appended),
        count(facts.folded),
        count(facts.refused_total),
        count(facts.sessions)
    );
    if facts.refused_total > 0 {
        let _ = writeln!(out, "  refused: {}", reasons(&facts.refused));
    }
    if facts.sessions_unbalanced > 0 {
        let _ = writeln!(out, "  sessions whose facts do not add up: {}", count(facts.sessions_unbalanced));
    }
}

/// The reasons with their counts.
fn reasons(counts: &BTreeMap<String, u64>) -> String {
    let reasons = counts.iter().map(|(reason, n)| format!("{reason} {}", count(*n)));
    reasons.collect::<Vec<_>>().join(", ")
}

fn events_lines(out: &mut String, ledger: &LedgerSummary) {
    let _ = write!(
        out,
        "  events: produced {} = delivered {} + dropped {}",
        count(ledger.produced),
        count(ledger.delivered),
        count(ledger.dropped_total)
    );
    if ledger.missing > 0 {
        let _ = write!(out, " + missing {}", count(ledger.missing));
    }
    if ledger.surplus > 0 {
        let _ = write!(out, " - surplus {}", count(ledger.surplus));
    }
    out.push('\n');
    if ledger.dropped_total > 0 {
        let _ = writeln!(out, "  dropped: {}", reasons(&ledger.dropped));
    }
    if ledger.sessions_unbalanced > 0 {
        let unbalanced = count(ledger.sessions_unbalanced);
        let _ = writeln!(
            out,
            "  sessions that differ: {unbalanced}; missing events are still on a device, or lost"
        );
    }
}

/// What else the sessions admit; nothing where all is well.
fn notes(ledger: &LedgerSummary) -> Vec<String> {
    [
        (ledger.names_redacted, "names redacted"),
        (ledger.names_overflowed, "names found the table full"),
        (ledger.signals_lost, "waits not watched"),
        (ledger.panics_caught, "panics caught"),
        (ledger.starts_failed, "starts failed"),
        (ledger.rings_on_heap, "sessions recorded on the heap"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, what)| format!("{} {what}", count(n)))
    .collect()
}
