//! Journeys: what stands beside a batch says what the batch says.

use super::*;
use crate::store::batches::Entry;
use crate::store::fold::Numbered;
use crate::store::intake::Placement;
use crate::store::journey_events::{self, Names, Row};
use nowait_report::{JourneyMap, Walks};
use nowait_wire::{quantise, quantise_event};

/// A journey of the sessions that tests make.
const JOURNEY: &str = "transfer";

/// A session in two batches; behind each journey a rating of it and one of a step, and a hand-over.
fn in_two(seed: u64, hour: u64) -> [Batch; 2] {
    let mut whole = batch(seed, 240, "8.2.0", Os::Ios, hour);
    let of = |kind: Kind| whole.events.iter().filter(move |event| event.kind == kind).copied();
    let behind = |event: Event, kind: Kind, a: u64| Event {
        kind,
        outcome: Outcome::Done,
        started_uptime_ns: event.ended_uptime_ns(),
        duration_ns: 0,
        a,
        b: 0,
        ..event
    };
    let mut more = Vec::new();
    for journey in of(Kind::Journey) {
        more.push(behind(journey, Kind::Rating, seed % 5 + 1));
        more.push(behind(journey, Kind::HandOver, seed << 40 | journey.journey));
        more.push(behind(journey, Kind::RageTap, 0));
        more.extend(of(Kind::Step).find(|step| step.journey == journey.journey).map(|step| {
            let rating = behind(step, Kind::Rating, 1);
            Event { started_uptime_ns: journey.ended_uptime_ns(), ..rating }
        }));
    }
    whole.events.extend(more);
    whole.events.sort_by_key(|event| event.started_uptime_ns);
    let (mut first, mut second) = (whole.clone(), whole);
    second.events = first.events.split_off(seed as usize % 200 + 20);
    second.id.first += first.events.len() as u64;
    [first, second]
}

fn map(store: &SqliteStore, query: &Query) -> JourneyMap {
    store.journey("bank", query, JOURNEY, &Budgets::default()).unwrap()
}

fn rows(folder: &TempDir) -> u64 {
    let count = "SELECT count(*) FROM journey_events";
    database(folder).query_row(count, [], |row| row.get(0)).unwrap()
}

fn database(folder: &TempDir) -> rusqlite::Connection {
    rusqlite::Connection::open(folder.path().join("nowait.db")).unwrap()
}

#[test]
fn a_journey_is_the_same_from_its_batches_and_from_what_stands_beside_them() {
    let (folder, store) = fresh();
    let mut batches: Vec<Batch> = (1..30).flat_map(|seed| in_two(seed, seed * 5)).collect();
    // With more than one anchor, the batch has to be asked.
    batches.extend((30..33).map(|seed| asleep(batch(seed, 200, "8.2.0", Os::Ios, 150), 3)));
    batches.iter().for_each(|batch| assert_eq!(put(&store, batch), Stored::New));
    let questions = [
        Query::default(),
        Query::default().from(START + 30 * HOUR_MS).until(START + 90 * HOUR_MS),
        Query::of(Filter { tier: Some(Tier::High), ..Filter::default() }),
    ];
    let all = |store: &SqliteStore| questions.each_ref().map(|query| map(store, query));
    let not_folded = all(&store);
    assert!(not_folded.iter().all(|map| map.steps.len() > 1), "{not_folded:?}");
    let of_all = &not_folded[0];
    assert!(of_all.steps.iter().any(|step| step.rage_taps > 0) && of_all.hand_overs.handed_over > 0);
    assert!(of_all.channels[0].ratings.iter().sum::<u64>() > 0);
    drop(store);

    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    assert_eq!(rows(&folder), batches.len() as u64 - 3);
    assert_eq!(all(&store), not_folded);
    drop(store);

    // What an older program stored has nothing beside it until it is indexed again.
    database(&folder).execute("DELETE FROM journey_events", []).unwrap();
    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    assert_eq!(all(&store), not_folded);
    drop(store);
    SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
    assert_eq!(rows(&folder), batches.len() as u64 - 3);
    // A frame that nobody asks is not missed.
    let unread = "UPDATE batches SET frame = zeroblob(40) WHERE id IN (SELECT batch FROM journey_events)";
    database(&folder).execute(unread, []).unwrap();
    assert_eq!(all(&SqliteStore::open_read_only(folder.path()).unwrap()), not_folded);
}

#[test]
fn what_stands_beside_a_batch_goes_with_it() {
    let (folder, store) = fresh();
    let batches = [in_two(1, 5), in_two(2, 6)].concat();
    batches.iter().for_each(|batch| assert_eq!(put(&store, batch), Stored::New));
    drop(store);
    assert_eq!(rows(&folder), 4);
    let whose = Whose::Session(batches[0].id.session);
    SqliteStore::deletion(folder.path(), "bank", whose).unwrap().run(|_, _| {}).unwrap();
    assert_eq!(rows(&folder), 2);
}

#[test]
fn names_beyond_the_budget_are_told_one_by_one() {
    let (folder, store) = fresh();
    in_two(1, 5).iter().for_each(|batch| assert_eq!(put(&store, batch), Stored::New));
    drop(store);
    let before = map(&SqliteStore::open_read_only(folder.path()).unwrap(), &Query::default());
    let as_one = "UPDATE series SET name = '(other)' WHERE kind = ?1 AND name = ?2";
    assert_eq!(database(&folder).execute(as_one, (Kind::Journey as u8, JOURNEY)).unwrap(), 1);
    assert_eq!(map(&SqliteStore::open_read_only(folder.path()).unwrap(), &Query::default()), before);
}

fn arbitrary_event() -> impl Strategy<Value = Event> {
    let number = || prop_oneof![0..700u64, any::<u64>(), Just(u64::MAX)];
    let kind = prop::sample::select(Kind::ALL);
    let outcome = prop::sample::select(Outcome::ALL);
    let parts = (number(), number(), number(), number());
    (kind, outcome, 0..9u32, 0..1u64 << 50, parts).prop_map(
        |(kind, outcome, name, started_uptime_ns, (duration_ns, journey, a, b))| Event {
            outcome,
            started_uptime_ns,
            duration_ns,
            journey,
            a,
            b,
            ..Event::new(kind, NameId(name))
        },
    )
}

/// What is asked for of a batch.
fn told(batch: &Batch) -> Vec<(Event, String)> {
    let is_told = |event: &&Event| match event.kind {
        Kind::RageTap => event.journey != 0,
        Kind::HandOver => true,
        kind => Walks::is_meant(kind) && nowait_report::Cell::believes(event),
    };
    let told = batch.events.iter().filter(is_told).map(|event| {
        let is_named = event.kind != Kind::RageTap;
        let name = if is_named { batch.names[event.name.0 as usize].clone() } else { String::new() };
        (Event { name: NameId::NONE, screen: NameId::NONE, ..*event }, name)
    });
    told.collect()
}

proptest! {
    #[test]
    fn a_row_tells_what_the_batch_tells(events in prop::collection::vec(arbitrary_event(), 0..40), is_rounded in prop::bool::weighted(0.9)) {
        let mut batch = batch(1, 1, "8.2.0", Os::Ios, 5);
        let count = batch.names.len() as u32;
        batch.events = events.into_iter().map(|event| Event { name: NameId(event.name.0 % count), ..event }).collect();
        batch.events.sort_by_key(|event| event.started_uptime_ns);
        if is_rounded {
            batch = quantise(&batch);
        }
        let (placement, told) = (Placement::of_one_anchor(0, NOW), told(&batch));
        let rounded = told.iter().all(|(event, _)| quantise_event(event) == *event);
        let entry = Entry { id: 7, tenant: 1, session: 1, batch, placement, bytes: 0 };
        let mut series = Numbered::default();
        let row = Row::of(&entry, &mut series);
        prop_assert_eq!(row.is_some(), rounded);
        if let Some(row) = row {
            let conn = rusqlite::Connection::open_in_memory().unwrap();
            conn.execute_batch(
                "CREATE TABLE series (id INTEGER PRIMARY KEY, tenant INTEGER, name TEXT); \
                CREATE TABLE journey_events (batch INTEGER PRIMARY KEY, events BLOB)",
            )
            .unwrap();
            let mut ids = Vec::new();
            for (_, name) in series.all() {
                conn.execute("INSERT INTO series (tenant, name) VALUES (1, ?1)", [name]).unwrap();
                ids.push(conn.last_insert_rowid());
            }
            journey_events::write(&conn, &[row], &ids).unwrap();
            let bytes: Vec<u8> = conn.query_row("SELECT events FROM journey_events", [], |row| row.get(0)).unwrap();
            let events = Names::of(&conn, 1).unwrap().events(&bytes);
            let events: Vec<(Event, String)> =
                events.unwrap().into_iter().map(|(event, name)| (event, name.to_string())).collect();
            prop_assert_eq!(&events, &told);
            for kind in [Kind::Rating, Kind::Journey] {
                prop_assert_eq!(journey_events::has(&bytes, kind), Some(told.iter().any(|(event, _)| event.kind == kind)));
            }
        }
    }

    #[test]
    fn damaged_rows_ask_the_batch_or_tell_something(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let conn = rusqlite::Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE series (id INTEGER PRIMARY KEY, tenant INTEGER, name TEXT)").unwrap();
        _ = Names::of(&conn, 1).unwrap().events(&bytes);
        _ = journey_events::has(&bytes, Kind::Rating);
    }
}
