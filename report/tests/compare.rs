//! The rules of a comparison, each by its smallest case. How often it errs and what it sees is `tests/calibrate`.

mod words;

use nowait_report::section::{self, Change, of_comparison};
use nowait_report::verdict::{Figure, FigureChange};
use nowait_report::{Budgets, Cell, CompareOptions, Comparison, Side, Stratum, Verdict, text};
use nowait_wire::{Event, Kind, NameId, Network, Os, Outcome, Tier};

const MS: u64 = 1_000_000;

const WIFI: Stratum = Stratum { tier: Tier::High, network: Network::Wifi, os: Os::Android, more: 0 };

fn wait(ns: u64, outcome: Outcome) -> Event {
    Event { duration_ns: ns, outcome, ..Event::new(Kind::Screen, NameId(6)) }
}

/// A release with a session for each wait.
fn release(waits: impl Iterator<Item = (Stratum, Event)>) -> Side {
    let mut side = Side::new();
    for (stratum, event) in waits {
        side.add_whole_session([(stratum, "Home", event)]);
    }
    side
}

fn done(times_ns: impl Iterator<Item = u64>) -> Side {
    release(times_ns.map(|ns| (WIFI, wait(ns, Outcome::Done))))
}

fn compare(base: &Side, head: &Side) -> Comparison {
    Comparison::new(("8.1.0", base), ("8.2.0", head), &Budgets::default(), CompareOptions::default())
}

fn figure(of: &Comparison, figure: Figure) -> FigureChange {
    *of.touchpoints[0].figure(figure).unwrap()
}

/// Times around 400 ms, `factor` times as long.
fn spread(n: u64, factor: f64) -> impl Iterator<Item = u64> {
    (0..n).map(move |at| ((300 + at * 7919 % 200) as f64 * MS as f64 * factor) as u64)
}

#[test]
fn changes_as_large_as_asked_for_are_found() {
    for (base, head) in [(100, 105), (200, 210), (500, 515)] {
        let found = compare(&done((0..100).map(|_| base * MS)), &done((0..100).map(|_| head * MS)));
        assert_eq!(found.verdict, Verdict::Slower, "{base} to {head}: {found:?}");
        let p75 = figure(&found, Figure::P75);
        assert_eq!((p75.base, p75.head), ((base * MS) as f64, (head * MS) as f64));
        assert_eq!(p75.effect, head as f64 / base as f64);
    }
    let failing = |failed: u64| {
        release((0..100_000).map(move |at| {
            let outcome = if at < failed { Outcome::Failed } else { Outcome::Done };
            (WIFI, wait(100 * MS, outcome))
        }))
    };
    for (base, head) in [(2_000, 3_000), (1_000, 2_000)] {
        let found = compare(&failing(base), &failing(head));
        assert_eq!(figure(&found, Figure::Unanswered).verdict, Verdict::Slower, "{base} to {head}");
        assert_eq!(compare(&failing(head), &failing(base)).verdict, Verdict::Faster);
    }
}

#[test]
fn what_is_less_than_matters_is_equivalent_or_unknown() {
    let base = done(spread(20_000, 1.0));
    let found = compare(&base, &done(spread(20_000, 1.01)));
    assert_eq!(found.verdict, Verdict::Equivalent, "{found:?}");
    let p75 = figure(&found, Figure::P75);
    assert!(p75.low > Some(1.0) && p75.high < Some(1.03), "{p75:?}");
    assert_eq!(compare(&done(spread(100, 1.0)), &done(spread(100, 1.01))).verdict, Verdict::NoEvidence);
    // A twentieth of a tap of 20 ms is nothing that anybody feels.
    let taps = |factor: f64| done(spread(20_000, factor / 20.0));
    assert_eq!(compare(&taps(1.0), &taps(1.1)).verdict, Verdict::Equivalent);
}

#[test]
fn few_waits_and_single_sessions_say_nothing_and_how_many_are_missing() {
    let found = compare(&done(spread(49, 1.0)), &done(spread(5_000, 3.0)));
    assert_eq!((found.verdict, found.tests), (Verdict::TooFewSamples, 0));
    assert_eq!(found.touchpoints[0].waits_missing, 1);
    assert_eq!(compare(&Side::new(), &Side::new()).verdict, Verdict::TooFewSamples);
    let one_session = |factor: f64| {
        let mut side = Side::new();
        let events: Vec<Event> = spread(500, factor).map(|ns| wait(ns, Outcome::Done)).collect();
        side.add_whole_session(events.iter().map(|event| (WIFI, "Home", *event)));
        side
    };
    assert_eq!(compare(&one_session(1.0), &one_session(3.0)).verdict, Verdict::TooFewSamples);
}

#[test]
fn who_gives_up_is_not_faster_and_is_told() {
    let base = done(spread(2_000, 1.0));
    let limit = 480 * MS;
    let head = release(spread(2_000, 1.0).map(|ns| {
        let given_up = ns >= limit;
        (WIFI, wait(ns.min(limit), if given_up { Outcome::Abandoned } else { Outcome::Done }))
    }));
    let found = compare(&base, &head);
    assert_eq!(found.verdict, Verdict::Slower);
    assert_eq!(figure(&found, Figure::Unanswered).verdict, Verdict::Slower);
    let p75 = figure(&found, Figure::P75);
    assert!((p75.effect - 1.0).abs() < 1e-9, "who waited longer is still known to have: {p75:?}");
    assert!(
        found.touchpoints[0].figure(Figure::P95).is_none(),
        "nobody knows how long those would have taken"
    );
    // With all of them given up there is no time at all, and it is no shorter.
    let nobody = release(spread(2_000, 1.0).map(|ns| (WIFI, wait(ns / 10, Outcome::TimedOut))));
    let found = compare(&base, &nobody);
    assert_eq!((found.verdict, found.touchpoints[0].primary()), (Verdict::Slower, None));
}

#[test]
fn interrupted_waits_are_in_no_figure_and_are_counted() {
    let with = |interrupted: u64| {
        release(
            spread(200, 1.0)
                .map(|ns| (WIFI, wait(ns, Outcome::Done)))
                .chain((0..interrupted).map(|_| (WIFI, wait(1, Outcome::Interrupted)))),
        )
    };
    let found = compare(&with(0), &with(150));
    assert_eq!(found.touchpoints[0].head.interrupted, 150);
    assert_eq!(found.touchpoints[0].head.waits, 200);
    assert_ne!(found.verdict, Verdict::Faster);
}

#[test]
fn the_mix_of_devices_is_held_equal_and_its_change_is_told() {
    let low = Stratum { tier: Tier::Low, ..WIFI };
    // Low-end devices take twice as long; of three thousand sessions so many are on them.
    let with = |low_end: u64, factor: f64| {
        let of = spread(3_000, factor).enumerate().map(move |(at, ns)| {
            let is_low = (at as u64 * 7 % 3_000) < low_end;
            if is_low { (low, wait(2 * ns, Outcome::Done)) } else { (WIFI, wait(ns, Outcome::Done)) }
        });
        release(of)
    };
    let found = compare(&with(900, 1.0), &with(1_300, 1.0));
    assert!(matches!(found.verdict, Verdict::NoEvidence | Verdict::Equivalent), "{found:?}");
    let p75 = figure(&found, Figure::P75);
    assert!(p75.head_as_is > Some(p75.base * 1.03) && (p75.effect - 1.0).abs() < 0.03, "{p75:?}");
    let as_is = found.touchpoints[0].as_is.unwrap();
    assert_eq!((as_is.figure, Some(as_is.head)), (Figure::P75, p75.head_as_is));
    assert!(
        as_is.low.unwrap() > 1.0 && p75.low.unwrap() < 1.0,
        "the mix alone made it longer: {as_is:?} {p75:?}"
    );
    let tables = of_comparison(&found);
    let row = &tables.iter().find(|section| section.key == "as_is").unwrap().rows[0];
    assert_eq!(row.cells[3], section::Cell::Change(Change::Ratio(as_is.change)));
    assert_eq!(row.cells[5], section::Cell::Change(Change::Ratio(p75.change)));
    assert_eq!(found.mix.iter().map(|change| change.value.as_str()).collect::<Vec<_>>().len(), 2);
    assert!(found.mix.iter().all(|change| change.field == "tier"));
    // Everybody waits a tenth longer, on better devices.
    let found = compare(&with(1_800, 1.0), &with(900, 1.1));
    assert_eq!(found.verdict, Verdict::Slower);
    // Strata that only one side has are left out, and that is told.
    let other = Stratum { os: Os::Ios, ..WIFI };
    let both = spread(1_000, 1.0)
        .enumerate()
        .map(|(at, ns)| (if at % 2 == 0 { other } else { WIFI }, wait(ns, Outcome::Done)));
    let found = compare(&done(spread(1_000, 1.0)), &release(both));
    assert!((found.touchpoints[0].left_out - 0.25).abs() < 1e-9, "{}", found.touchpoints[0].left_out);
}

#[test]
fn customers_that_one_side_lacks_are_not_compared_with_others() {
    let on =
        |os| release(spread(1_000, 1.0).map(move |ns| (Stratum { os, ..WIFI }, wait(ns, Outcome::Done))));
    let found = compare(&on(Os::Android), &on(Os::Ios));
    assert_eq!((found.verdict, found.touchpoints[0].left_out), (Verdict::TooFewSamples, 1.0));
}

#[test]
fn a_release_whose_sessions_are_gone_is_compared_with_those_of_the_other() {
    let low = Stratum { tier: Tier::Low, ..WIFI };
    let waits = |low_end: u64| {
        spread(3_000, 1.0).enumerate().map(move |(at, ns)| {
            let is_low = (at as u64 * 7 % 3_000) < low_end;
            if is_low { (low, wait(2 * ns, Outcome::Done)) } else { (WIFI, wait(ns, Outcome::Done)) }
        })
    };
    let mut gone = Side::new();
    for (stratum, event) in waits(900) {
        let mut cell = Cell::new();
        cell.add(&event);
        gone.add_cell(stratum, Kind::Screen, "Home", &cell);
    }
    let found = compare(&gone, &release(waits(1_300)));
    assert!(matches!(found.verdict, Verdict::NoEvidence | Verdict::Equivalent), "{:?}", found.verdict);
    assert_eq!((found.touchpoints[0].base.sessions, found.touchpoints[0].base.waits), (0, 3_000));
    let p75 = figure(&found, Figure::P75);
    assert!((p75.effect - 1.0).abs() < 0.03 && p75.low.is_some(), "{p75:?}");
    let slower = release(
        waits(900)
            .map(|(stratum, event)| (stratum, Event { duration_ns: event.duration_ns * 6 / 5, ..event })),
    );
    assert_eq!(compare(&gone, &slower).verdict, Verdict::Slower);
    assert_eq!(compare(&gone, &gone).verdict, Verdict::TooFewSamples);
}

#[test]
fn a_target_is_met_up_to_the_end_of_its_bucket() {
    let waits = |times: &[u64]| {
        let mut cell = Cell::new();
        times.iter().for_each(|ns| cell.add(&wait(*ns, Outcome::Done)));
        cell
    };
    let target = 1_000 * MS;
    let exact = waits(&[vec![target; 1_000], vec![2 * target]].concat());
    assert_eq!(exact.done().count_at_most(target), 1_000);
    assert_eq!(waits(&[vec![999 * MS; 1_000], vec![2 * target]].concat()).done().excess_over(target), target);
    // Times in whole frames of a display of 60 and of 120 Hz, and targets in whole tens of milliseconds.
    for (frame_ns, frames) in [(16_666_667, 6), (8_333_333, 12), (16_666_667, 60), (8_333_333, 120)] {
        let target = (frame_ns * frames + 5 * MS) / (10 * MS) * 10 * MS;
        assert_eq!(waits(&[frame_ns * frames]).done().count_at_most(target), 1, "{frames} frames");
        assert_eq!(
            waits(&[frame_ns * (frames + 2)]).done().count_at_most(target),
            0,
            "{frames} frames and two"
        );
    }
}

#[test]
fn what_nobody_can_have_waited_is_in_no_histogram() {
    let mut cell = Cell::new();
    (0..1_000).for_each(|_| cell.add(&wait(100 * MS, Outcome::Done)));
    cell.add(&wait(u64::MAX, Outcome::Done));
    assert_eq!((cell.count(), cell.done().mean_ns()), (1_000, Some(100 * MS)));
}

#[test]
fn every_look_needs_more() {
    let [base, head] = [1.0, 1.035].map(|factor| done(spread(3_000, factor)));
    let at = |at_every_look| {
        let options = CompareOptions { at_every_look, ..CompareOptions::default() };
        Comparison::new(("a", &base), ("b", &head), &Budgets::default(), options)
    };
    let width = |of: &Comparison| {
        let p75 = figure(of, Figure::P75);
        p75.high.unwrap() - p75.low.unwrap()
    };
    assert!(width(&at(true)) > 1.1 * width(&at(false)));
}

#[test]
fn the_worst_of_many_touchpoints_are_listed_and_the_others_counted() {
    let many = |factor: u64| {
        let mut side = Side::new();
        for at in 0..60 {
            let events: Vec<(String, Event)> = (0..1_100)
                .map(|name| {
                    let factor = if name == 1_050 { factor } else { 1 };
                    (format!("Screen{name:04}"), wait((200 + at) * factor * MS, Outcome::Done))
                })
                .collect();
            side.add_whole_session(events.iter().map(|(name, event)| (WIFI, name.as_str(), *event)));
        }
        side
    };
    let found = compare(&many(1), &many(4));
    assert_eq!((found.touchpoints.len(), found.touchpoints_left_out), (1_000, 100));
    assert_eq!((found.verdict, found.touchpoints[0].name.as_str()), (Verdict::Slower, "Screen1050"));
    assert!(text::comparison(&found).contains("100 not listed"));
    let mut side = many(1);
    let names = |side: &mut Side, name: &str| side.touchpoint_within(1_100, Kind::Screen, name, "(other)");
    assert_eq!(names(&mut side, "New"), names(&mut side, "(other)"));
    assert_ne!(names(&mut side, "Screen0000"), names(&mut side, "(other)"));
    assert_eq!(side.touchpoint(Kind::Frames, "New"), None);
}

#[test]
fn a_release_whose_process_dies_in_a_wait_fails_more() {
    let many = |died: u64| {
        release((0..400).map(move |n| {
            let outcome = if n < died { Outcome::Died } else { Outcome::Done };
            (WIFI, wait((500 + n % 7) * MS, outcome))
        }))
    };
    let found = compare(&many(0), &many(80));
    let failures = figure(&found, Figure::Unanswered);
    assert_eq!((failures.verdict, failures.head), (Verdict::Slower, 0.2));
}

#[test]
fn it_reads_well_and_its_json_like_itself() {
    let release = |factor: f64, low_end: u64| {
        let mut side = Side::new();
        for (at, ns) in spread(1_200, 1.0).enumerate() {
            let tier = if (at as u64 * 7 % 1_200) < low_end { Tier::Low } else { Tier::High };
            let stratum = Stratum { tier, ..WIFI };
            let slow = wait((ns as f64 * factor) as u64, Outcome::Done);
            let mut events = vec![("Transfer.Confirm", slow), ("Home", wait(ns, Outcome::Done))];
            events.push(("\u{202e}a\nb", wait(ns, Outcome::Failed)));
            if at < 20 {
                events.push(("Rare", slow));
            }
            side.add_whole_session(events.iter().map(|(name, event)| (stratum, *name, *event)));
        }
        side
    };
    let found = compare(&release(1.0, 300), &release(1.4, 500));
    let page = text::comparison(&found);
    println!("{page}");
    assert!(page.lines().all(|line| line.chars().count() <= 110));
    for wanted in
        ["VERDICT   SLOWER", "(1 slower", "missing 30", "Transfer.Confirm", "CUSTOMERS", "a\u{fffd}b"]
    {
        assert!(page.contains(wanted), "{wanted}");
    }
    let sections = of_comparison(&found);
    assert_eq!(sections.iter().map(|of| of.key).collect::<Vec<_>>(), ["compared", "reasons", "as_is", "mix"]);
    assert_eq!(words::missing(&sections), Vec::<String>::new());
    assert!(found.touchpoints[0].noise_floor.is_some_and(|floor| floor < 0.2));
    let json = serde_json::to_string(&found).expect("a comparison is plain data");
    let read: Comparison = serde_json::from_str(&json).expect("its own JSON");
    assert_eq!(text::comparison(&read), page);
    assert!(text::comparison(&compare(&Side::new(), &Side::new())).contains("neither release has a wait"));
}

#[test]
fn its_markdown_is_short_worst_first_and_no_name_is_markdown() {
    let release = |factor: f64| {
        let mut side = Side::new();
        for ns in spread(200, 1.0) {
            let events: Vec<(String, Event)> = (0..80)
                .map(|at| {
                    let factor = if at == 70 { factor } else { 1.0 };
                    let name = if at == 70 { "Pay`|<b>\n# no".to_owned() } else { format!("Screen{at}") };
                    (name, wait((ns as f64 * factor) as u64, Outcome::Done))
                })
                .collect();
            side.add_whole_session(events.iter().map(|(name, event)| (WIFI, name.as_str(), *event)));
        }
        side
    };
    let page = text::markdown(&compare(&release(1.0), &release(2.0)));
    assert!(page.lines().count() <= 60, "{page}");
    assert!(page.starts_with("**NoWait: slower** — `8.2.0` against `8.1.0`"), "{page}");
    let first = page.lines().nth(4).unwrap();
    assert!(first.starts_with("| screen `Pay\u{fffd}\u{fffd}<b>\u{fffd}# no` | slower | p75 |"), "{first}");
    assert!(page.contains("40 more touchpoints changed less."), "{page}");
}
