//! What NoWait itself cost the customers, and whether all that was told is accounted for.

use super::{Cell, Column, Row, Section, duration, number, quantile, share, text};
use crate::report::{ByteCost, CostSummary, FactsSummary, Latency, LedgerSummary, Report, Within};
use std::collections::BTreeMap;

fn row(cells: Vec<Cell>) -> Row {
    Row::of(cells)
}

/// Time; nothing if no session measured it.
pub(super) fn times(cost: &CostSummary) -> Section {
    const COLUMNS: &[Column] = &[
        text("what"),
        number("n"),
        number("mean"),
        number("p50"),
        number("p95"),
        number("p99"),
        number("longest"),
    ];
    let mut section = Section { n: Some(cost.sessions), ..Section::of_nowait("cost_times", COLUMNS) };
    if cost.sessions == 0 {
        return section;
    }
    let times = |what: &'static str, of: &Latency| {
        let mut cells = vec![Cell::Word("cost", what), Cell::Count(of.count)];
        cells.push(duration(of.mean_ns));
        cells.extend([of.p50_ns, of.p95_ns, of.p99_ns].map(|ns| quantile(of, ns)));
        cells.push(duration(of.max_ns));
        row(cells)
    };
    let within = |bucket: Option<Within>| bucket.map_or(Cell::None, Cell::Within);
    let record = &cost.record;
    let mut calls = vec![Cell::Word("cost", "record"), Cell::Count(record.samples), duration(record.mean_ns)];
    calls.extend([record.p50, record.p95, record.p99].map(within));
    calls.push(Cell::None);
    section.rows = vec![times("start", &cost.start), times("worker_cpu", &cost.worker_cpu), row(calls)];
    section
}

/// Bytes; nothing if no session measured any.
pub(super) fn bytes(cost: &CostSummary) -> Section {
    const COLUMNS: &[Column] = &[text("what"), number("sessions"), number("a_session"), number("an_event")];
    let mut section = Section::of_nowait("cost_bytes", COLUMNS);
    if cost.sessions == 0 {
        return section;
    }
    let bytes = |n: Option<f64>| n.map_or(Cell::None, Cell::Bytes);
    let of = |what: &'static str, of: &ByteCost| {
        let mean = bytes(of.per_session.map(|n| n as f64));
        row(vec![Cell::Word("cost", what), Cell::Count(of.sessions), mean, Cell::None])
    };
    let received = &cost.received;
    section.rows = vec![
        of("sealed", &cost.sealed),
        of("sent", &cost.sent),
        row(vec![
            Cell::Word("cost", "received"),
            Cell::Count(received.sessions),
            bytes(received.per_session.map(|n| n as f64)),
            bytes(received.per_event),
        ]),
    ];
    section
}

fn balance(is_balanced: bool) -> Cell {
    Cell::Word("ledger", if is_balanced { "balances" } else { "differs" })
}

/// Events: produced = delivered + dropped, session by session.
pub(super) fn events(report: &Report) -> Section {
    const COLUMNS: &[Column] = &[
        text("verdict"),
        number("sessions"),
        number("sessions_differ"),
        number("produced"),
        number("delivered"),
        number("dropped"),
        number("dropped_share"),
        number("missing"),
        number("surplus"),
    ];
    let mut section = Section::of_nowait("ledger", COLUMNS);
    let ledger = &report.ledger;
    section.rows = vec![row(vec![
        balance(ledger.balanced),
        Cell::Count(ledger.sessions),
        Cell::Count(ledger.sessions_unbalanced),
        Cell::Count(ledger.produced),
        Cell::Count(ledger.delivered),
        Cell::Count(ledger.dropped_total),
        share(report.cost.dropped_share),
        Cell::Count(ledger.missing),
        Cell::Count(ledger.surplus),
    ])];
    section
}

/// Facts that the app told: appended = folded + refused, session by session. Nothing if no session has such a line.
pub(super) fn facts(facts: &FactsSummary) -> Section {
    const COLUMNS: &[Column] = &[
        text("verdict"),
        number("sessions"),
        number("sessions_differ"),
        number("appended"),
        number("folded"),
        number("refused"),
    ];
    let mut section = Section::of_nowait("ledger_facts", COLUMNS);
    if facts.sessions > 0 {
        section.rows = vec![row(vec![
            balance(facts.sessions_unbalanced == 0),
            Cell::Count(facts.sessions),
            Cell::Count(facts.sessions_unbalanced),
            Cell::Count(facts.appended),
            Cell::Count(facts.folded),
            Cell::Count(facts.refused_total),
        ])];
    }
    section
}

/// Why events were dropped, and facts refused; nothing where none were.
pub(super) fn reasons(ledger: &LedgerSummary) -> Section {
    const COLUMNS: &[Column] = &[text("what"), text("reasons")];
    let mut section = Section::of_nowait("ledger_reasons", COLUMNS);
    let of = |group: &'static str, counts: &BTreeMap<String, u64>| {
        let reasons = counts.iter().map(|(reason, n)| (reason.clone(), *n)).collect();
        (!counts.is_empty()).then(|| row(vec![Cell::Word("column", group), Cell::Counts(group, reasons)]))
    };
    let rows = [of("dropped", &ledger.dropped), of("refused", &ledger.facts.refused)];
    section.rows = rows.into_iter().flatten().collect();
    section
}

/// What else the sessions admit; nothing where all is well.
pub(super) fn notes(ledger: &LedgerSummary) -> Section {
    const COLUMNS: &[Column] = &[text("what"), number("n")];
    let mut section = Section::of_nowait("ledger_notes", COLUMNS);
    let all = [
        ("names_redacted", ledger.names_redacted),
        ("names_overflowed", ledger.names_overflowed),
        ("signals_lost", ledger.signals_lost),
        ("panics_caught", ledger.panics_caught),
        ("starts_failed", ledger.starts_failed),
        ("rings_on_heap", ledger.rings_on_heap),
    ];
    let admitted = all.into_iter().filter(|(_, n)| *n > 0);
    section.rows = admitted.map(|(what, n)| row(vec![Cell::Word("ledger", what), Cell::Count(n)])).collect();
    section
}
