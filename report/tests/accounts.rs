//! What sessions say of themselves: the two lines of the ledger, and what NoWait cost.

use nowait_report::report::{ByteCost, CostSummary, ReceivedBytes, Within};
use nowait_report::{Budgets, Input, Report, SessionAccount, sections, text};
use nowait_wire::{Cost, DropReason, Facts, Ledger, RefuseReason};

const MS: u64 = 1_000_000;

/// A session that measured a cost: all of it `times` as much.
fn costing(times: u64) -> SessionAccount {
    let mut cost = Cost {
        start_ns: 150_000 * times,
        worker_cpu_ns: 20 * MS * times,
        sealed_bytes: 2_500 * times,
        sent_bytes: 2_400 * times,
        ..Cost::default()
    };
    for ns in [20, 40, 40, 40, 45, 50, 55, 60, 63, 700_000].map(|ns| ns * times) {
        cost.record_ns_sum += ns;
        cost.record_ns_buckets[Cost::record_bucket(ns)] += 1;
    }
    let ledger = Ledger { produced: 500, cost, ..Ledger::default() };
    SessionAccount { ledger, delivered: 500, received_bytes: 2_600 * times }
}

fn report_of(sessions: Vec<SessionAccount>) -> Report {
    Report::new(&Input { sessions, ..Input::default() }, &Budgets::default())
}

/// The sections whose keys begin with this, as text.
fn text_of(report: &Report, key: &str) -> String {
    let of = sections(report).into_iter().filter(|section| section.key.starts_with(key));
    of.map(|section| text::section(&section)).collect()
}

/// The lines of the text that tell of the cost.
fn cost_text(report: &Report) -> String {
    let text = text_of(report, "cost");
    assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
    assert!(text::report(report).contains(&text));
    text
}

#[test]
fn the_cost_is_that_of_the_sessions_that_measured_it() {
    let mut sessions = vec![costing(1); 30];
    sessions.extend(vec![costing(3); 10]);
    let mut old = costing(1);
    (old.ledger.cost, old.ledger.produced, old.ledger.dropped[0]) = (Cost::default(), 1_000, 500);
    sessions.push(old);
    let report = report_of(sessions.clone());
    let cost = &report.cost;
    assert_eq!(cost.sessions, 40);
    assert_eq!((cost.start.count, cost.start.mean_ns, cost.start.max_ns), (40, Some(225_000), Some(450_000)));
    assert!(cost.start.p50_ns.unwrap().abs_diff(150_000) <= 825, "{:?}", cost.start);
    assert!(cost.worker_cpu.p95_ns.unwrap().abs_diff(60 * MS) <= 330_000, "{:?}", cost.worker_cpu);
    assert_eq!((cost.start.p95_ns.is_some(), cost.start.p99_ns), (true, None));
    let sealed = ByteCost { sessions: 40, total: 150_000, per_session: Some(3_750) };
    assert_eq!(cost.sealed, sealed);
    assert_eq!((cost.sent.total, cost.sent.per_session), (144_000, Some(3_600)));
    // What arrived is known of every session, whatever it measured.
    let received = ReceivedBytes {
        sessions: 41,
        events: 20_500,
        total: 158_600,
        per_session: Some(3_868),
        per_event: Some(158_600.0 / 20_500.0),
    };
    assert_eq!(cost.received, received);
    // Drops are in the ledger of every session, whatever else it measured.
    assert_eq!(cost.dropped_share, Some(500.0 / 21_000.0));
    sessions.reverse();
    assert_eq!(report_of(sessions).cost, report.cost, "in any order");
    let text = cost_text(&report);
    println!("{text}");
    for wanted in [
        "WHAT NOWAIT COST   measured in 40 sessions",
        "written to the disk               40    3.75 kB         –\n",
        "sent, each attempt counted        40    3.60 kB         –\n",
        "received                          41    3.87 kB    7.74 B\n",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}

#[test]
fn times_of_record_are_bounds_of_buckets() {
    let record = |sessions: usize| report_of(vec![costing(1); sessions]).cost.record;
    let within = |from_ns, below_ns| Some(Within { from_ns, below_ns });
    // One call in ten is in the first bucket, one in the last.
    assert_eq!((record(10).samples, record(10).mean_ns), (100, Some(70_041)));
    assert_eq!(record(10).p50, within(32, Some(64)));
    assert_eq!(record(10).p99, within(524_288, None));
    assert_eq!((record(9).p95.is_some(), record(9).p99), (true, None), "99 need 100 samples");
    assert_eq!((record(1).p50.is_some(), record(1).p95), (true, None), "95 need 20 samples");
    let text = cost_text(&report_of(vec![costing(1); 10]));
    assert!(text.contains("< 64 ns") && text.contains("≥ 524 µs"), "{text}");
    let mut quick = costing(1);
    quick.ledger.cost.record_ns_buckets = [2; 16];
    quick.ledger.cost.record_ns_buckets[0] = 1_000;
    assert_eq!(report_of(vec![quick]).cost.record.p50, within(0, Some(32)));
}

#[test]
fn what_was_not_measured_is_a_dash() {
    let none = report_of(vec![SessionAccount { ledger: Ledger::default(), delivered: 9, received_bytes: 0 }]);
    assert_eq!((none.cost, text_of(&none, "cost").as_str()), (CostSummary::default(), ""));
    assert_eq!(none.ledger.sessions, 1);
    // A phone that only told how long the start took, and one that told everything.
    let mut little = costing(1);
    little.ledger.cost = Cost { start_ns: 1_500_000, ..Cost::default() };
    let report = report_of(vec![little.clone()]);
    let text = cost_text(&report);
    println!("{text}");
    let row = |text: &str, what: &str| -> Vec<String> {
        let line = text.lines().find(|line| line.starts_with(what)).unwrap();
        line[what.len()..]
            .split("  ")
            .map(|cell| cell.trim().to_owned())
            .filter(|cell| !cell.is_empty())
            .collect()
    };
    assert_eq!(
        row(&text, "start, on the thread that called it"),
        ["1", "1.50 ms", "too few", "too few", "too few", "1.50 ms"]
    );
    assert_eq!(row(&text, "processor time of its thread, a session"), ["0", "–", "–", "–", "–", "–"]);
    assert_eq!(row(&text, "a call of record (sampled)"), ["0", "–", "–", "–", "–", "–"]);
    assert_eq!(row(&text, "written to the disk"), ["0", "–", "–"]);
    assert_eq!(report.cost.dropped_share, Some(0.0), "that nothing was dropped is known");
    let both = report_of(vec![little, costing(1)]).cost;
    assert_eq!((both.sessions, both.start.count, both.worker_cpu.count), (2, 2, 1));
    assert_eq!((both.sent.sessions, both.sent.per_session), (1, Some(2_400)));
}

#[test]
fn costs_beyond_reason_add_up_to_the_largest_number() {
    let mut mad = costing(1);
    (mad.delivered, mad.received_bytes) = (u64::MAX, u64::MAX);
    mad.ledger.produced = u64::MAX;
    mad.ledger.dropped = [u64::MAX; 7];
    mad.ledger.facts = Facts { folded: u64::MAX, refused: [u64::MAX; 4] };
    mad.ledger.cost = Cost {
        start_ns: u64::MAX,
        worker_cpu_ns: u64::MAX,
        sealed_bytes: u64::MAX,
        sent_bytes: u64::MAX,
        record_ns_sum: u64::MAX,
        record_ns_buckets: [u64::MAX; 16],
    };
    let report = report_of(vec![mad; 3]);
    let cost = &report.cost;
    assert_eq!((cost.sealed.total, cost.received.total, cost.record.samples), (u64::MAX, u64::MAX, u64::MAX));
    assert_eq!(cost.start.max_ns, Some(u64::MAX));
    let facts = &report.ledger.facts;
    assert_eq!((facts.appended, facts.sessions_unbalanced), (u64::MAX, 3), "no device tells so many");
    let text = text_of(&report, "ledger_facts");
    assert!(text.contains("DOES NOT BA…         3            3"), "{text}");
    cost_text(&report);
    let mut silent = costing(1);
    (silent.delivered, silent.ledger.produced) = (0, 0);
    let cost = report_of(vec![silent]).cost;
    assert_eq!((cost.received.per_event, cost.dropped_share), (None, None));
}

#[test]
fn a_report_of_before_has_no_cost() {
    let json = serde_json::to_value(report_of(vec![costing(1)])).unwrap();
    assert_eq!(json["cost"]["sealed"]["per_session"], 2_500);
    assert_eq!(json["cost"]["record"]["p50"]["below_ns"], 64);
    let mut before = json;
    before.as_object_mut().unwrap().remove("cost");
    let read: Report = serde_json::from_value(before).unwrap();
    assert_eq!((read.cost.sessions, read.ledger.sessions), (0, 1));
}

#[test]
fn the_ledger_has_two_lines_where_the_device_told_both() {
    let mut refusing = costing(1);
    refusing.ledger.facts = Facts { folded: 20_000, refused: [7, 0, 0, 0] };
    refusing.ledger.facts.refused[RefuseReason::Corrupt as usize] = 2;
    refusing.ledger.starts_failed = 2;
    let mut old = costing(1);
    (old.ledger.produced, old.ledger.dropped[DropReason::RingFull as usize]) = (520, 20);
    let report = report_of(vec![refusing, old.clone()]);
    let facts = &report.ledger.facts;
    assert_eq!((facts.sessions, facts.appended, facts.folded, facts.refused_total), (1, 20_009, 20_000, 9));
    assert_eq!((report.ledger.balanced, facts.sessions_unbalanced), (true, 0));
    assert_eq!((report.ledger.dropped_total, report.ledger.starts_failed), (20, 2));
    let text = text_of(&report, "ledger");
    println!("{text}");
    for wanted in [
        "balances         2            0     1,020      1,000       20  2.0 %        0        0\n",
        "balances         1            0    20,009  20,000        9\n",
        "dropped  no room in the recorder 20\nrefused  corrupt 2, no room in the recorder 7\n",
        "starts failed  2\n",
    ] {
        assert!(text.contains(wanted), "{wanted}");
    }
    let before = text_of(&report_of(vec![old]), "ledger");
    assert!(before.contains("balances         1") && !before.contains("FACTS"), "{before}");
    // The JSON of a collector that knew only one line.
    let mut json = serde_json::to_value(&report).unwrap();
    json["ledger"].as_object_mut().unwrap().remove("facts");
    json["ledger"].as_object_mut().unwrap().remove("starts_failed");
    let read: Report = serde_json::from_value(json).unwrap();
    assert_eq!((read.ledger.facts.sessions, read.ledger.produced), (0, 1_020));
}
