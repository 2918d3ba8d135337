//! Cells and reports against exact computation on the events themselves, and their text against its limits.

mod words;

use nowait_report::bytes;
use nowait_report::report::Figures;

use nowait_report::{
    Budgets, Cell, CellKey, Cells, Crumb, Exit, Input, Report, Scope, SessionAccount, sections, text,
};
use nowait_wire::{Cost, DropReason, Event, ExitCause, ExitReason, Facts, Kind, Ledger, NameId, Os, Outcome};
use proptest::prelude::*;

const MS: u64 = 1_000_000;

fn key(kind: Kind, name: &str, app_version: &str, os: Os) -> CellKey {
    let (name, app_version) = (name.to_owned(), app_version.to_owned());
    CellKey { kind, name, app_version, os }
}

fn event(kind: Kind, outcome: Outcome, duration_ns: u64, a: u64, b: u64) -> Event {
    Event { outcome, duration_ns, a, b, ..Event::new(kind, NameId(6)) }
}

fn outcome() -> impl Strategy<Value = Outcome> {
    (0..Outcome::ALL.len()).prop_map(|at| Outcome::ALL[at])
}

fn events(kind: Kind) -> impl Strategy<Value = Vec<Event>> {
    let one = (outcome(), 0u64..20_000 * MS, 0u64..20_000_000, 0u64..1_000_000);
    prop::collection::vec(one.prop_map(move |(outcome, ns, a, b)| event(kind, outcome, ns, a, b)), 0..120)
}

fn any_events() -> impl Strategy<Value = Vec<Event>> {
    (0..Kind::ALL.len()).prop_flat_map(|at| events(Kind::ALL[at]))
}

fn cell_of(events: &[Event]) -> Cell {
    let mut cell = Cell::new();
    events.iter().for_each(|event| cell.add(event));
    cell
}

/// The first touchpoint's figures of a report over these events, and its target.
fn figures_of(kind: Kind, events: &[Event]) -> (Figures, u64) {
    let cells = Cells::from_iter([(key(kind, "X", "1", Os::Ios), cell_of(events))]);
    let report = Report::new(&Input { cells, ..Input::default() }, &Budgets::default());
    (report.touchpoints[0].figures.clone(), report.touchpoints[0].target_ns)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merged_cells_are_one_cell(a in events(Kind::Step), b in events(Kind::Step)) {
        let mut merged = cell_of(&a);
        merged.merge(&cell_of(&b));
        let both: Vec<Event> = a.iter().chain(&b).copied().collect();
        prop_assert_eq!(merged, cell_of(&both));
    }

    #[test]
    fn cells_come_back_from_bytes(events in any_events()) {
        let cell = cell_of(&events);
        prop_assert_eq!(cell.count(), events.iter().filter(|event| Cell::believes(event)).count() as u64);
        prop_assert_eq!(Cell::from_bytes(&cell.to_bytes()), Ok(cell));
    }

    #[test]
    fn damaged_cells_are_refused_or_whole(events in any_events(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = cell_of(&events).to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = Cell::from_bytes(&bytes) {
            prop_assert_eq!(Cell::from_bytes(&read.to_bytes()), Ok(read));
        }
        prop_assert!(Cell::from_bytes(&bytes[..at]).is_err());
    }

    #[test]
    fn lost_time_and_apdex_are_those_of_the_events(events in events(Kind::Screen)) {
        prop_assume!(!events.is_empty());
        let (figures, target) = figures_of(Kind::Screen, &events);
        let latency: Vec<u64> =
            events.iter().filter(|e| e.outcome.is_latency()).map(|e| e.duration_ns).collect();
        let is_unanswered = |e: &&Event| {
            matches!(e.outcome, Outcome::NoResponse | Outcome::TimedOut | Outcome::Died)
        };
        let unanswered: Vec<u64> = events.iter().filter(is_unanswered).map(|e| e.duration_ns).collect();
        let given_up: Vec<u64> =
            events.iter().filter(|e| e.outcome == Outcome::Abandoned).map(|e| e.duration_ns).collect();
        let waits = || latency.iter().chain(&unanswered);
        let all = || waits().chain(&given_up);
        let lost: u64 = all().map(|ns| ns.saturating_sub(target)).sum();
        let touched: u64 = all().filter(|ns| **ns as f64 > target as f64 * 0.98).sum();
        prop_assert!(figures.lost_ns.abs_diff(lost) as f64 <= touched as f64 * 0.011 + 500.0);
        // Each part is that of its outcomes alone, and together they are all of it.
        let parts = figures.lost.unwrap();
        prop_assert_eq!(parts.total_ns(), figures.lost_ns);
        for (part_ns, outcomes) in [
            (parts.late_ns, &[Outcome::Done][..]),
            (parts.failed_ns, &[Outcome::Failed, Outcome::NoResponse, Outcome::TimedOut]),
            (parts.gave_up_ns, &[Outcome::Abandoned]),
            (parts.died_ns, &[Outcome::Died]),
        ] {
            let of_part: Vec<Event> = events.iter().filter(|e| outcomes.contains(&e.outcome)).copied().collect();
            let alone = if of_part.is_empty() { 0 } else { figures_of(Kind::Screen, &of_part).0.lost_ns };
            prop_assert_eq!(part_ns, alone);
        }

        let ended = waits().count();
        prop_assert_eq!(figures.apdex.is_some(), ended > 0);
        if ended > 0 {
            let done = || events.iter().filter(|e| e.outcome == Outcome::Done).map(|e| e.duration_ns);
            let within = |limit: u64| done().filter(|ns| *ns <= limit).count() as f64;
            let near = |limit: u64| done().filter(|ns| ns.abs_diff(limit) as f64 <= limit as f64 * 0.011).count();
            let apdex = (within(target) + within(4 * target)) / 2.0 / ended as f64;
            let unsure = (near(target) + near(4 * target)) as f64 / 2.0 / ended as f64;
            prop_assert!((figures.apdex.unwrap_or(9.0) - apdex).abs() <= unsure + 1e-9);
        }
    }

    #[test]
    fn journeys_split_their_time_without_a_rest(spans in prop::collection::vec((0u64..9_000, 0u64..9_000, 0u64..9_000), 1..40)) {
        let events: Vec<Event> = spans
            .iter()
            .map(|(waiting, acting, away)| {
                let ms = waiting + acting + away;
                event(Kind::Journey, Outcome::Done, ms * MS, waiting * 1_000, away * 1_000)
            })
            .chain([event(Kind::Journey, Outcome::Abandoned, 5 * MS, 5_000, 0)])
            .collect();
        let cells = Cells::from_iter([(key(Kind::Journey, "Transfer", "1", Os::Ios), cell_of(&events))]);
        let report = Report::new(&Input { cells, ..Input::default() }, &Budgets::default());
        let journey = &report.journeys[0];
        let sum = |part: fn(&(u64, u64, u64)) -> u64| spans.iter().map(part).sum::<u64>() * MS;
        prop_assert_eq!(journey.waiting_ns, sum(|s| s.0));
        prop_assert_eq!(journey.acting_ns, sum(|s| s.1));
        prop_assert_eq!(journey.away_ns, sum(|s| s.2));
        prop_assert_eq!(journey.completion_share, Some(spans.len() as f64 / (spans.len() + 1) as f64));
    }
}

#[test]
fn ratings_are_counted_by_what_was_said_and_come_back_from_bytes() {
    let said = [5, 4, 4, 1, 0, 6, u64::MAX];
    let cell = cell_of(&said.map(|rating| event(Kind::Rating, Outcome::Done, 0, rating, 0)));
    assert_eq!((cell.count(), cell.ratings()), (4, [1, 0, 0, 2, 1]), "what is none of the five is no rating");
    assert_eq!(Cell::from_bytes(&cell.to_bytes()).unwrap().ratings(), [1, 0, 0, 2, 1]);
}

/// The waits of [`bank_day`].
fn bank_day_cells() -> Cells {
    let mut cells = Cells::new();
    for (version, factor) in [("8.10.0", 14), ("8.9.0", 10)] {
        for (at, os) in [Os::Android, Os::Ios].into_iter().enumerate() {
            for n in 0..240u64 {
                let noise = 1 + (n * 7_919 + at as u64 * 13) % 97;
                let mut add = |kind, name: &str, event| cells.add(key(kind, name, version, os), &event);
                let ended = |n: u64| if n % 40 == 3 { Outcome::Failed } else { Outcome::Done };
                let tap = match n % 60 {
                    7 => Outcome::NoResponse,
                    11 => Outcome::Died,
                    _ => Outcome::Done,
                };
                let tap_ns = if tap == Outcome::Done { noise * 3 * MS } else { 3_000 * MS };
                add(Kind::Launch, "cold", event(Kind::Launch, Outcome::Done, noise * 30 * MS, 0, 0));
                add(Kind::Tap, "Pay", event(Kind::Tap, tap, tap_ns, noise * 900, 0));
                let ready = noise * 4 * factor * MS;
                add(Kind::Screen, "Transfer.Confirm", event(Kind::Screen, ended(n), ready, noise * 9_000, 0));
                add(
                    Kind::Screen,
                    "Home",
                    event(Kind::Screen, Outcome::Done, noise * 8 * MS, noise * 2_000, 0),
                );
                let status = if ended(n) == Outcome::Done { 200 } else { 503 };
                add(Kind::Request, "POST /transfers", event(Kind::Request, ended(n), ready / 2, status, 0));
                let journey = if n % 9 == 0 { Outcome::Abandoned } else { Outcome::Done };
                let span = event(Kind::Journey, journey, noise * 900 * MS, noise * 90_000, noise * 9_000);
                add(Kind::Journey, "Transfer", span);
                add(
                    Kind::Step,
                    "Transfer.Confirm",
                    Event { kind: Kind::Step, duration_ns: noise * 99 * MS, ..span },
                );
                add(
                    Kind::Frames,
                    "Home",
                    event(Kind::Frames, Outcome::Done, 9_000 * MS, 120 | ((noise / 9) << 32), 0),
                );
                if n % 50 == 0 {
                    add(Kind::Hang, "Home", event(Kind::Hang, Outcome::Done, (250 + noise * 5) * MS, 0, 0));
                    add(Kind::RageTap, "Pay", event(Kind::RageTap, Outcome::Done, 700 * MS, 4, 0));
                }
            }
        }
    }
    cells
}

/// A bank day in small: two releases on two systems; confirming a transfer is slower in the newer one.
fn bank_day() -> Input {
    let crumb = |name: &str, before_end_ms| Crumb { name: name.to_owned(), value: 0, before_end_ms };
    let exit = Exit {
        session: "0c6b1b52-5f0e-4f53-9e0c-6e7d1f1f6a01".to_owned(),
        app_version: "8.10.0".to_owned(),
        os: Os::Android,
        device_model: "Pixel 8".to_owned(),
        reason: ExitReason::Foreground,
        cause: ExitCause::NotResponding,
        ended_unix_ms: 1_795_392_960_000,
        lived_ns: 75_000 * MS,
        trail: (0..12).map(|at| crumb("biometric.prompt", 9_000 - at * 700)).collect(),
    };
    let background =
        Exit { reason: ExitReason::Background, cause: ExitCause::Unknown, trail: Vec::new(), ..exit.clone() };
    let cost = Cost { start_ns: 150_000, worker_cpu_ns: 20 * MS, sent_bytes: 2_400, ..Cost::default() };
    let measured = Ledger { produced: 500, cost, ..Ledger::default() };
    let measured = SessionAccount { ledger: measured, delivered: 500, received_bytes: 2_400 };
    let facts = Facts { folded: 180_000, refused: [5, 0, 1, 0] };
    let mut ledger = Ledger { facts, produced: 5_000, ..Ledger::default() };
    ledger.dropped[DropReason::SpoolEvicted as usize] = 7;
    Input {
        scope: Scope {
            from_unix_ms: 1_795_350_000_000,
            until_unix_ms: 1_795_393_000_000,
            ..Scope::default()
        },
        cells: bank_day_cells(),
        exits: vec![exit, background],
        sessions: vec![
            SessionAccount { ledger: ledger.clone(), delivered: 4_993, received_bytes: 0 },
            SessionAccount { ledger, delivered: 4_990, received_bytes: 0 },
            measured,
        ],
    }
}

#[test]
fn a_bank_day_reads_well() {
    let report = Report::new(&bank_day(), &Budgets::default());
    let page = text::report(&report);
    println!("{page}");
    for line in page.lines() {
        assert!(line.chars().count() <= 110, "{line}");
    }
    assert_eq!(report.of_kind(Kind::Launch).count(), 1);
    assert_eq!(report.touchpoints[0].by_app_version[0].value, "8.9.0", "releases stand in their order");
    assert_eq!(report.taps[0].rage_taps, 20);
    assert_eq!((report.exits.count, report.exits.latest.len()), (2, 1));
    assert_eq!(report.exits.latest[0].trail.len(), 10);
    assert_eq!(
        (report.ledger.missing, report.ledger.balanced, report.ledger.sessions_unbalanced),
        (3, false, 1)
    );
    for wanted in [
        "WHERE CUSTOMERS WAIT",
        "Cold launch",
        "died in the foreground",
        "spool evicted 14",
        "DOES NOT BALANCE",
    ] {
        assert!(page.contains(wanted), "{wanted}");
    }
}

#[test]
fn every_word_of_a_section_is_in_every_language() {
    let sections = sections(&Report::new(&bank_day(), &Budgets::default()));
    assert!(sections.len() > 10);
    assert_eq!(words::missing(&sections), Vec::<String>::new());
}

#[test]
fn json_renders_like_the_value_itself() {
    let report = Report::new(&bank_day(), &Budgets::default());
    let json = serde_json::to_string(&report).expect("a report is plain data");
    assert!(json.contains("\"p95_ns\":") && json.contains("\"kind\":\"screen\""));
    let read: Report = serde_json::from_str(&json).expect("its own JSON");
    assert_eq!(text::report(&read), text::report(&report));
}

#[test]
fn nothing_is_said_about_nothing() {
    let report = Report::new(&Input::default(), &Budgets::default());
    let page = text::report(&report);
    assert!(page.contains("No waits in this span"), "{page}");
    assert!(
        page.contains("\nLEDGER   produced = delivered + dropped") && page.contains("balances"),
        "{page}"
    );
}

#[test]
fn names_cannot_break_a_table() {
    let long = "ü".repeat(300);
    let cells = Cells::from_iter([
        (key(Kind::Screen, &long, "1", Os::Ios), cell_of(&[event(Kind::Screen, Outcome::Done, MS, 0, 0)])),
        (key(Kind::Screen, "a\nb", "2", Os::Ios), cell_of(&[event(Kind::Screen, Outcome::Done, MS, 0, 0)])),
    ]);
    let page = text::report(&Report::new(&Input { cells, ..Input::default() }, &Budgets::default()));
    assert!(page.lines().all(|line| line.chars().count() <= 110), "{page}");
    assert!(page.contains("a\u{fffd}b"));
}

#[test]
fn a_wait_that_died_is_no_latency_and_never_in_time() {
    let done = || event(Kind::Screen, Outcome::Done, 10 * MS, 5_000, 0);
    let died = event(Kind::Screen, Outcome::Died, 10 * MS, 4_000, 0);
    let shown_then_died = event(Kind::Screen, Outcome::Died, 9_000 * MS, 0, 0);
    let events = [done(), done(), died, shown_then_died];
    let (figures, target) = figures_of(Kind::Screen, &events);
    assert_eq!((figures.outcomes.died, figures.outcomes.ended(), figures.outcomes.total()), (2, 4, 4));
    assert_eq!((figures.latency.count, figures.latency.max_ns), (2, Some(10 * MS)));
    assert_eq!((figures.within_budget_share, figures.apdex), (Some(0.5), Some(0.5)));
    assert!(figures.lost_ns.abs_diff(9_000 * MS - target) <= 50 * MS, "{figures:?}");

    let hang = |outcome, ns| event(Kind::Hang, outcome, ns, 0, 0);
    let cells = Cells::from_iter([
        (key(Kind::Screen, "Home", "1", Os::Ios), cell_of(&events)),
        (key(Kind::Launch, "cold", "1", Os::Ios), cell_of(&[event(Kind::Launch, Outcome::Died, MS, 0, 0)])),
        (key(Kind::Tap, "Pay", "1", Os::Ios), cell_of(&[event(Kind::Tap, Outcome::Died, MS, 0, 0)])),
        (
            key(Kind::Hang, "Home", "1", Os::Ios),
            cell_of(&[hang(Outcome::Done, 300 * MS), hang(Outcome::Died, 5_000 * MS)]),
        ),
    ]);
    let report = Report::new(&Input { cells: cells.clone(), ..Input::default() }, &Budgets::default());
    let hangs = &report.hangs[0];
    assert_eq!((hangs.died, hangs.latency.count, hangs.total_ns), (1, 1, 300 * MS));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["screens"][0]["outcomes"]["died"], 2);
    assert_eq!(json["touchpoints"].as_array().unwrap().len(), 4);
    for (key, died) in [("screens", "2"), ("launches", "1"), ("taps", "1"), ("hangs", "1")] {
        let section = text::section(sections(&report).iter().find(|section| section.key == key).unwrap());
        let mut lines = section.lines().skip(1);
        let header: Vec<&str> =
            lines.next().unwrap().split("  ").map(str::trim).filter(|h| !h.is_empty()).collect();
        let row: Vec<&str> =
            lines.next().unwrap().split("  ").map(str::trim).filter(|c| !c.is_empty()).collect();
        let column = header.iter().position(|name| *name == "died").unwrap();
        assert_eq!(row[column], died, "{section}");
    }
}

#[test]
fn a_cell_of_before_died_is_read() {
    // As a store of schema version 2 had it: four taps that were done, one without a response (3 s, as the wire rounds it).
    let old = "01070604000100000000000000000000048080963780808606808098130004E80B0153010101160100018080\
               80980B808080980B808080980B0001E00F0104C0EAF10DC0DB9D0180D2A9050004D50A013C0144010701";
    let bytes: Vec<u8> =
        (0..old.len()).step_by(2).map(|at| u8::from_str_radix(&old[at..at + 2], 16).unwrap()).collect();
    let cell = Cell::from_bytes(&bytes).unwrap();
    assert_eq!(cell.outcomes(), &[4, 0, 1, 0, 0, 0, 0, 0]);
    assert_eq!((cell.done().count(), cell.unanswered().max_ns()), (4, Some(3_003_121_664)));
    let mut both = cell.clone();
    both.add(&event(Kind::Tap, Outcome::Died, 40 * MS, 0, 0));
    let read = Cell::from_bytes(&both.to_bytes()).unwrap();
    assert_eq!((read.outcome(Outcome::Died), read.count(), read.unanswered().count()), (1, 6, 1));
    assert_eq!(read.died().max_ns(), Some(40 * MS));
    assert_eq!(Cell::from_bytes(&cell.to_bytes()), Ok(cell));
    let with = |at: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = byte;
        Cell::from_bytes(&bytes).unwrap_err()
    };
    assert!(with(0, 6).is_unknown_version());
    assert!(with(1, 8).is_corrupt() && [2, 3, 4, 5].into_iter().all(|version| with(0, version).is_corrupt()));
    // Version 3 did not pack its buckets, and 2 did not know how long those had waited who gave up.
    let now = cell_of(&[
        event(Kind::Tap, Outcome::Done, 40 * MS, 7, 0),
        event(Kind::Tap, Outcome::Abandoned, MS, 0, 0),
    ]);
    let mut old = vec![3, 8, 6, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    for (count, value) in [(1, 40 * MS), (0, 0), (0, 0), (1, 7_000), (1, MS)] {
        bytes::put(&mut old, count);
        if count > 0 {
            [value, value, value, 0, 1].into_iter().for_each(|number| bytes::put(&mut old, number));
            let bucket = nowait_report::histogram::bucket_index(value).unwrap();
            [(bucket + 2) as u64, 1].into_iter().for_each(|number| bytes::put(&mut old, number));
        }
    }
    assert_eq!(Cell::from_bytes(&old).as_ref(), Ok(&now));
    // As if nothing was known of given up ones: their histogram stands last and takes 15 bytes.
    let mut before = old.clone();
    before.truncate(old.len() - 15);
    before[0] = 2;
    let read = Cell::from_bytes(&before).unwrap();
    assert_eq!((read.given_up().count(), read.outcomes()), (0, now.outcomes()));
    assert_eq!((read.done(), read.part()), (now.done(), now.part()));
}

#[test]
fn a_cell_of_before_tells_who_died_apart_where_nobody_else_was_without_an_answer() {
    let tap = |outcome, ms: u64| event(Kind::Tap, outcome, ms * MS, 0, 0);
    // Version 4 ends before the histogram of those that died, which stood among the unanswered ones.
    //
    let written = |events: &[Event], counts: [u8; 8]| {
        let all = cell_of(events);
        let mut bytes = vec![4, 8, 6];
        bytes.extend(counts);
        bytes.extend([0; 6]);
        let mut unanswered = all.unanswered().clone();
        unanswered.merge(all.died());
        for histogram in [all.done(), all.failed(), &unanswered, all.part(), all.given_up()] {
            bytes.extend(&histogram.to_bytes()[1..]);
        }
        Cell::from_bytes(&bytes).unwrap()
    };
    let alone = written(&[tap(Outcome::Died, 5_000)], [0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!((alone.died().count(), alone.unanswered().count()), (1, 0));
    let both = [tap(Outcome::Died, 5_000), tap(Outcome::NoResponse, 3_000)];
    let both = written(&both, [0, 0, 1, 0, 0, 0, 0, 1]);
    assert_eq!((both.died().count(), both.unanswered().count()), (0, 2), "nobody knows which of them died");
    assert_eq!(both.unanswered().max_ns(), Some(5_000 * MS));
}
