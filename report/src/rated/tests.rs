use super::*;
use nowait_wire::{Event, NameId};

const S: u64 = 1_000_000_000;
const US: u64 = 1_000_000;

/// A kind, a name, the journey, when it began and how long it took in seconds, how it ended, and its first value.
type Row = (Kind, &'static str, u64, u64, u64, Outcome, u64);

const DONE: Outcome = Outcome::Done;
const FAILED: Outcome = Outcome::Failed;

fn add_to(rated: &mut Rated, rows: &[Row]) {
    let event = |row: &Row| Event {
        started_uptime_ns: row.3 * S,
        duration_ns: row.4 * S,
        journey: row.2,
        outcome: row.5,
        a: row.6,
        ..Event::new(row.0, NameId::OTHER)
    };
    let events: Vec<Event> = rows.iter().map(event).collect();
    let told = |(row, event): (&Row, _)| Told { event, name: row.1, unix_ms: row.3 * 1_000 };
    let told: Vec<Told> = rows.iter().zip(&events).map(told).collect();
    rated.add_session(&told);
}

/// Ten seconds for a journey, one for a step.
fn budgets() -> Budgets {
    Budgets::parse("kind.journey.target_ms = 10000\nkind.step.target_ms = 1000\n").unwrap()
}

fn groups(rows: &[Row]) -> ([u64; 4], u64) {
    let budgets = budgets();
    let mut rated = Rated::new(0..10_000_000, &budgets);
    add_to(&mut rated, rows);
    let found = rated.explained(Scope::default(), BTreeMap::new());
    let n: Vec<u64> = found.groups.iter().map(|group| group.ratings.n).collect();
    (n.try_into().unwrap(), found.untied)
}

#[test]
fn a_rating_is_of_the_journey_that_it_names_and_of_the_worst_of_it() {
    let journey = |waited: u64, of_step: u64, outcome| {
        groups(&[
            (Kind::Step, "Sign", 1, 100, 20, DONE, of_step),
            (Kind::Journey, "Pay", 1, 100, 60, outcome, waited),
            // Another one of the same name.
            (Kind::Journey, "Pay", 2, 400, 60, FAILED, 99 * US),
            (Kind::Rating, "Pay", 1, 170, 0, DONE, 4),
        ])
        .0
    };
    assert_eq!(journey(10 * US, US, DONE), [1, 0, 0, 0]);
    assert_eq!(journey(11 * US, US, DONE), [0, 1, 0, 0]);
    assert_eq!(journey(10 * US, 4 * US, DONE), [0, 1, 0, 0], "a step may be late in a journey that is not");
    assert_eq!(journey(41 * US, US, DONE), [0, 0, 1, 0]);
    assert_eq!(journey(US, US, FAILED), [0, 0, 0, 1]);
    assert_eq!(journey(US, US, Outcome::Abandoned), [0, 0, 0, 1]);
}

#[test]
fn a_rating_of_a_touchpoint_is_of_its_latest_wait() {
    let tap = |rest: &[Row]| {
        let before: [Row; 2] = [(Kind::Tap, "Ok", 0, 10, 9, DONE, 0), (Kind::Tap, "Ok", 0, 30, 0, DONE, 0)];
        groups(&[&before, rest].concat())
    };
    let rating: Row = (Kind::Rating, "Ok", 0, 60, 0, DONE, 1);
    assert_eq!(tap(&[rating]), ([1, 0, 0, 0], 0));
    assert_eq!(tap(&[(Kind::Tap, "Ok", 0, 40, 3, Outcome::NoResponse, 0), rating]), ([0, 0, 0, 1], 0));
    // Nobody knows how long this one was, and that one came later.
    let unknown: Row = (Kind::Tap, "Ok", 0, 40, 9, Outcome::Interrupted, 0);
    assert_eq!(tap(&[unknown, (Kind::Tap, "Ok", 0, 70, 9, DONE, 0), rating]), ([1, 0, 0, 0], 0));
    assert_eq!(tap(&[(Kind::Rating, "Other", 0, 60, 0, DONE, 1)]), ([0; 4], 1));
    assert_eq!(tap(&[(Kind::Rating, "Ok", 0, 60, 0, DONE, 9)]), ([0; 4], 0), "nobody can rate so");
    assert_eq!(tap(&[(Kind::Rating, "Ok", 0, 20_000, 0, DONE, 1)]), ([0; 4], 0), "behind the span");
}

fn explained(in_time: Ratings, late: Ratings, failed: Ratings) -> Explained {
    let budgets = budgets();
    let mut rated = Rated::new(0..1, &budgets);
    rated.places.insert((Kind::Journey, "Pay".into()), [in_time, late, [0; RATINGS], failed]);
    rated.explained(Scope::default(), BTreeMap::new())
}

#[test]
fn waiting_explains_ratings_that_are_lower_by_more_than_chance() {
    let waiting = |in_time, late| explained(in_time, late, [0; RATINGS]).waiting;
    let yes = waiting([0, 0, 5, 25, 30], [10, 15, 20, 10, 5]);
    assert_eq!(yes.explains, Explains::Yes);
    assert!((yes.change.unwrap() + 1.667).abs() < 0.001 && yes.high.unwrap() < -1.0, "{yes:?}");
    assert_eq!(waiting([10, 15, 20, 10, 5], [0, 0, 5, 25, 30]).explains, Explains::OtherWay);
    let many = [100, 100, 200, 400, 400];
    assert_eq!(waiting(many, many).explains, Explains::No);
    assert_eq!(waiting([2, 2, 5, 8, 8], [2, 2, 5, 8, 8]).explains, Explains::Unclear);
    let few = waiting([0, 0, 0, 0, 500], [19, 0, 0, 0, 0]);
    assert_eq!((few.explains, few.change, few.worse.mean, few.worse.n), (Explains::TooFew, None, None, 19));
    let failing = explained([0, 0, 5, 25, 30], [0, 0, 0, 0, 30], [20, 10, 0, 0, 0]);
    assert_eq!((failing.failing.explains, failing.waiting.explains), (Explains::Yes, Explains::OtherWay));
    assert_eq!(failing.places.len(), 1);
}

#[test]
fn sessions_may_be_shared_out_and_places_are_bounded() {
    const ROWS: [Row; 2] = [(Kind::Tap, "Ok", 0, 10, 1, DONE, 0), (Kind::Rating, "Ok", 0, 60, 0, DONE, 2)];
    let budgets = budgets();
    let new = || Rated::new(0..1_000_000, &budgets);
    let (mut all, mut one, mut other) = (new(), new(), new());
    for part in [&mut one, &mut other] {
        add_to(part, &ROWS);
        add_to(&mut all, &ROWS);
    }
    one.merge(other);
    let told = |rated: Rated| rated.explained(Scope::default(), BTreeMap::new());
    assert_eq!(told(one), told(all));
    let (mut full, mut more) = (new(), new());
    for number in 0..RATED_PLACES_MAX {
        full.places.insert((Kind::Tap, number.to_string()), ByWent::default());
    }
    add_to(&mut more, &ROWS);
    add_to(&mut full, &ROWS);
    full.merge(more);
    assert_eq!(full.places.len(), RATED_PLACES_MAX + 1);
    assert_eq!(full.places.get(&(Kind::Tap, OTHER.to_owned())).map(|of| of[2][1]), Some(2));
}

/// Of samples of known distributions, how often the interval has the true mean in it.
#[test]
fn nineteen_of_twenty_intervals_hold_the_mean() {
    let mut seed = 1_u64;
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64 / (1_u64 << 53) as f64
    };
    for shares in
        [[0.2; RATINGS], [0.05, 0.0, 0.0, 0.15, 0.8], [0.5, 0.0, 0.0, 0.0, 0.5], [0.0, 0.1, 0.2, 0.4, 0.3]]
    {
        let mean: f64 =
            shares.iter().zip(0..).map(|(share, at): (&f64, u32)| share * f64::from(at) / 4.0).sum();
        for n in [RATINGS_COMPARED_MIN, 60, 200] {
            let mut held = 0;
            for _ in 0..2_000 {
                let mut ratings = Ratings::default();
                for _ in 0..n {
                    let drawn = random();
                    let mut below = 0.0;
                    let place = shares.iter().take_while(|share| {
                        below += **share;
                        below <= drawn
                    });
                    ratings[place.count().min(RATINGS - 1)] += 1;
                }
                let found = interval(&ratings);
                held += u32::from((found.low..=found.high).contains(&mean));
            }
            let share = f64::from(held) / 2_000.0;
            assert!((0.935..=0.99).contains(&share), "{shares:?} of {n}: {share}");
        }
    }
}
