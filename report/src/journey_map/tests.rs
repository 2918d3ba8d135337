//! What walks add up to, to the digit.

use super::*;
use nowait_wire::{NameId, Outcome};
use proptest::prelude::*;

const S: u64 = 1_000_000_000;
const HOUR_MS: u64 = 3_600_000;
const ID: u64 = 0x9E37_79B9_7F4A_7C15;

/// A kind, a name, the journey, when it began and how long it took in seconds, how it ended, and its two values.
type Row = (Kind, &'static str, u64, u64, u64, Outcome, u64, u64);

fn walks<'b>(budgets: &'b Budgets, sessions: &[(&str, &[Row])]) -> Walks<'b> {
    let mut walks = Walks::new("Open", HOUR_MS..100 * HOUR_MS, budgets);
    sessions.iter().for_each(|(channel, rows)| add_to(&mut walks, channel, rows));
    walks
}

fn add_to(walks: &mut Walks, channel: &str, rows: &[Row]) {
    let event = |row: &Row| Event {
        started_uptime_ns: row.3 * S,
        duration_ns: row.4 * S,
        journey: row.2,
        outcome: row.5,
        a: row.6,
        b: row.7,
        ..Event::new(row.0, NameId::OTHER)
    };
    let events: Vec<Event> = rows.iter().map(event).collect();
    let told = |(row, event): (&Row, _)| Told { event, name: row.1, unix_ms: row.3 * 1_000 };
    let told: Vec<Told> = rows.iter().zip(&events).map(|(row, event)| told((row, event))).collect();
    walks.add_session(channel, &told);
}

fn map(walks: Walks) -> JourneyMap {
    walks.map(Scope::default(), BTreeMap::new())
}

const US: u64 = 1_000_000;
const DONE: Outcome = Outcome::Done;
const LEFT: Outcome = Outcome::Abandoned;

/// Two journeys through the app: one is done at the second try of `Sign`, the other is left there.
const APP: &[Row] = &[
    (Kind::Step, "Form", 1, 4_000, 60, DONE, 2 * US, 10 * US),
    (Kind::Step, "Sign", 1, 4_060, 30, Outcome::Failed, 15 * US, 0),
    (Kind::RageTap, "Ok", 1, 4_070, 1, DONE, 4, 0),
    (Kind::Step, "Sign", 1, 4_090, 20, DONE, 45 * US, 0),
    (Kind::Journey, "Open", 1, 4_000, 110, DONE, 20 * US, 10 * US),
    (Kind::Rating, "Open", 1, 4_120, 0, DONE, 5, 0),
    (Kind::Rating, "Sign", 1, 4_121, 0, DONE, 2, 0),
    (Kind::Step, "Form", 2, 5_000, 40, DONE, 0, 0),
    (Kind::Step, "Sign", 2, 5_040, 10, LEFT, 5 * US, 0),
    (Kind::HandOver, "Open", 2, 5_045, 0, DONE, ID, 0),
    (Kind::Journey, "Open", 2, 5_000, 50, LEFT, 5 * US, 0),
    // Another journey, one that is not over, and one before the span: none of them is counted.
    (Kind::Step, "Form", 3, 6_000, 40, DONE, 0, 0),
    (Kind::Journey, "Pay", 3, 6_000, 40, DONE, 0, 0),
    (Kind::Step, "Form", 4, 7_000, 40, DONE, 0, 0),
    (Kind::Step, "Form", 5, 100, 40, DONE, 0, 0),
    (Kind::Journey, "Open", 5, 100, 40, DONE, 0, 0),
];

const fn visit(at: u64) -> [Row; 3] {
    [
        (Kind::HandOver, "Open", 1, at, 0, DONE, ID, 1),
        (Kind::Step, "Counter", 1, at, 900, DONE, 600 * US, 60 * US),
        (Kind::Journey, "Open", 1, at, 900, DONE, 600 * US, 60 * US),
    ]
}

#[test]
fn steps_are_told_in_their_order_with_what_was_measured_there() {
    let budgets = Budgets::default();
    let map = map(walks(&budgets, &[("app", APP), ("branch", &visit(9_000))]));
    let names: Vec<_> = map.steps.iter().map(|step| (step.channel.as_str(), step.name.as_str())).collect();
    assert_eq!(names, [("app", "Form"), ("app", "Sign"), ("branch", "Counter")]);
    let [form, sign, counter] = &map.steps[..] else { panic!("{names:?}") };
    assert_eq!(form.target_ns, 5 * S / 2, "the default of steps");
    assert_eq!((form.reached, form.visits(), form.measured.in_time, form.left.total()), (2, 2, 2, 0));
    assert_eq!((form.waiting_ns, form.acting_ns, form.away_ns), (2 * S, 88 * S, 10 * S));
    assert_eq!((sign.reached, sign.visits(), sign.retries, sign.rage_taps), (2, 3, 1, 1));
    let expected =
        Measured { visits: 3, in_time: 0, tolerable: 1, done: 1, troubled: 2, ratings: [0, 1, 0, 0, 0] };
    assert_eq!(sign.measured, expected, "5 s are tolerable, 15 s and 45 s are not");
    assert_eq!((sign.rating_mean, sign.moment), (Some(2.0), None), "three visits are too few for a moment");
    assert_eq!((sign.left.abandoned, sign.went_on), (0, 1), "who went on did not leave");
    assert_eq!((counter.waiting_ns, counter.acting_ns, counter.away_ns), (600 * S, 240 * S, 60 * S));
}

#[test]
fn channels_stand_apart_and_hand_overs_join_them() {
    let budgets = Budgets::default();
    let map = map(walks(&budgets, &[("branch", &visit(9_000)), ("app", APP)]));
    let [app, branch] = &map.channels[..] else { panic!("{:?}", map.channels) };
    assert_eq!((app.channel.as_str(), app.outcomes.done, app.outcomes.abandoned), ("app", 1, 1));
    assert_eq!(
        (app.waiting_ns, app.acting_ns, app.away_ns),
        (20 * S, 80 * S, 10 * S),
        "of the one that is done"
    );
    assert_eq!((app.rating_mean, app.continued), (Some(5.0), 0));
    assert_eq!((branch.channel.as_str(), branch.outcomes.done, branch.continued), ("branch", 1, 1));
    let joined = HandOvers {
        handed_over: 1,
        joined: 1,
        joined_done: 1,
        between_ns: 3_955 * S,
        ..HandOvers::default()
    };
    assert_eq!(map.hand_overs, joined);
}

#[test]
fn an_id_is_good_for_one_use_and_for_a_day() {
    let budgets = Budgets::default();
    let of = |visits: &[u64]| {
        let visits: Vec<[Row; 3]> = visits.iter().map(|at| visit(*at)).collect();
        let mut sessions: Vec<(&str, &[Row])> = visits.iter().map(|visit| ("branch", &visit[..])).collect();
        sessions.push(("app", APP));
        let found = map(walks(&budgets, &sessions)).hand_overs;
        [found.joined, found.unknown, found.used_again, found.expired]
    };
    let day = CONTINUATION_LIFE_MS / 1_000;
    assert_eq!(of(&[5_045 + day]), [1, 0, 0, 0]);
    assert_eq!(of(&[5_046 + day]), [0, 0, 0, 1]);
    assert_eq!(of(&[9_000, 8_000, 5_046 + day]), [1, 0, 1, 1], "the earliest is joined");
    assert_eq!(of(&[5_045 - 3_600]).map(u64::from), [0, 0, 0, 0], "it began before the span");
    let alone = map(walks(&budgets, &[("branch", &visit(9_000))]));
    assert_eq!((alone.hand_overs.unknown, alone.channels[0].outcomes.done), (1, 1), "kept, and not joined");
}

/// What was handed over before the span is joined, and counted there.
#[test]
fn a_hand_over_of_the_day_before_is_known() {
    let budgets = Budgets::default();
    let given: &[Row] = &[(Kind::HandOver, "Open", 9, 3_000, 0, DONE, ID, 0)];
    let found = map(walks(&budgets, &[("app", given), ("branch", &visit(9_000))])).hand_overs;
    assert_eq!((found.handed_over, found.joined), (0, 1));
}

#[test]
fn what_passes_the_limits_is_one_row() {
    let budgets = Budgets::default();
    let names: Vec<&'static str> = (0..STEPS_OF_JOURNEY_MAX + 20)
        .map(|n| &*Box::leak(format!("Step {n:03}").into_boxed_str()))
        .collect();
    let mut rows: Vec<Row> =
        names.iter().zip(0..).map(|(name, n)| (Kind::Step, *name, 1, 4_000 + n, 1, DONE, 0, 0)).collect();
    rows.push((Kind::Journey, "Open", 1, 4_000, 200, DONE, 0, 0));
    let map = map(walks(&budgets, &[("app", &rows)]));
    assert_eq!(map.steps.len(), STEPS_OF_JOURNEY_MAX + 1);
    assert_eq!(map.steps.iter().find(|step| step.name == "(other)").unwrap().visits(), 20);
    assert_eq!(map.steps.iter().map(Step::visits).sum::<u64>(), STEPS_OF_JOURNEY_MAX as u64 + 20);
}

proptest! {
    #[test]
    fn the_same_sessions_give_the_same_map_however_they_are_shared_out(cut in 0..4_usize, turn in 0..4_usize) {
        let budgets = Budgets::default();
        let (late, later) = (visit(9_000), visit(12_000));
        let mut sessions: Vec<(&str, &[Row])> = vec![("app", APP), ("branch", &late), ("web", &later), ("app", APP)];
        let all = map(walks(&budgets, &sessions));
        sessions.rotate_left(turn);
        let (first, second) = sessions.split_at(cut);
        let mut parts = walks(&budgets, first);
        parts.merge(walks(&budgets, second));
        prop_assert_eq!(map(parts), all);
    }
}
