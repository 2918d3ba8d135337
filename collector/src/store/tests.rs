//! The store against a plain model: all batches in a list, every event counted one by one.

mod arrivals;
mod bounds;
mod care;
mod damage;
mod details;
mod exits;
mod feedback;
mod journeys;
mod kept;
mod older;
mod people;
mod segments;
mod sides;
mod zones;

use super::*;
use crate::time::{DAY_MS, HOUR_MS};
use nowait_report::{Accounts, CellKey, CompareOptions, Comparison, Exits, SessionAccount};
use nowait_wire::testing::session;
use nowait_wire::{
    Anchor, Batch, BatchId, Cost, DropReason, Event, ExitReason, Facts, Kind, Ledger, NameId, Os, Outcome,
    RefuseReason, Tier, Uuid,
};
use proptest::prelude::*;
use tempfile::TempDir;

/// Ten days before the moment at which everything arrives.
const START: u64 = 1_772_755_200_000;
const NOW: u64 = START + 10 * DAY_MS;

fn fresh() -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    (folder, store)
}

/// A session whose last event ended about `hour` hours after [`START`].
fn batch(seed: u64, events: usize, version: &str, os: Os, hour: u64) -> Batch {
    let mut batch = session(seed, events);
    batch.context.app_version = version.into();
    batch.context.os = os;
    batch.anchors[0].wall_unix_ms = START + hour * HOUR_MS;
    batch
}

/// The same session, asleep for so many hours at the event in the middle: everything before it lies that much earlier.
fn asleep(mut batch: Batch, hours: u64) -> Batch {
    let sealed = batch.anchors[0];
    let earlier = |uptime_ns: u64, slept_ms: u64| {
        let ms = (sealed.uptime_ns - uptime_ns) / 1_000_000 + slept_ms;
        let boot_ns = sealed.boot_ns + 20 * DAY_MS * 1_000_000 - ms * 1_000_000;
        Anchor { uptime_ns, boot_ns, wall_unix_ms: sealed.wall_unix_ms - ms }
    };
    let start = |at: usize| batch.events.get(at).map_or(sealed.uptime_ns, |event| event.started_uptime_ns);
    let (first, middle) = (start(0), start(batch.events.len() / 2));
    batch.anchors = vec![earlier(first, hours * HOUR_MS), earlier(middle, 0)];
    batch
}

fn intake(tenant: &str, batch: &Batch) -> Intake {
    let frame = nowait_wire::encode(batch).unwrap();
    let decoded = nowait_wire::decode(&frame).unwrap();
    Intake::new(tenant, frame, decoded, NOW, None)
}

fn put(store: &SqliteStore, batch: &Batch) -> Stored {
    store.append(intake("bank", batch)).unwrap().wait().unwrap()
}

/// The sum of the accounts of all sessions.
fn accounts(store: &SqliteStore, query: &Query) -> Accounts {
    let accounts = store.read(&Cancel::default(), |conn| {
        let tenant = read::tenant(conn, "bank")?;
        tenant.map_or_else(|| Ok(Accounts::new()), |tenant| read::accounts(conn, tenant, query))
    });
    accounts.unwrap()
}

/// What the accounts must be if there is one session.
fn of_one(ledger: Ledger, delivered: u64, received_bytes: u64) -> Accounts {
    Accounts::of(&SessionAccount { ledger, delivered, received_bytes })
}

/// Bytes of the frames of these batches.
fn bytes(batches: &[&Batch]) -> u64 {
    batches.iter().map(|batch| nowait_wire::encode(batch).unwrap().len() as u64).sum()
}

fn exits(store: &SqliteStore, query: &Query) -> Exits {
    report(store, "bank", query, &Budgets::default()).unwrap().exits
}

/// What the rollups must say, from the events themselves.
fn counted(batches: &[Batch], query: &Query) -> Cells {
    let mut cells = Cells::new();
    for batch in batches {
        let batch = nowait_wire::decode(&nowait_wire::encode(batch).unwrap()).unwrap();
        let context = &batch.context;
        let is_other = query.filter.version.as_ref().is_some_and(|version| *version != context.app_version)
            || query.filter.os.is_some_and(|os| os != context.os);
        for event in batch.events.iter().filter(|_| !is_other) {
            let anchor = batch.anchor_at(event.started_uptime_ns).unwrap();
            let at = anchor.wall_unix_ms + event.started_uptime_ns / 1_000_000 - anchor.uptime_ns / 1_000_000;
            if (query.from_unix_ms()..query.until_unix_ms()).contains(&at) {
                let name = &batch.names[event.name.0 as usize];
                cells.add(CellKey::new(event.kind, name, context), event);
            }
        }
    }
    cells
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn rollups_say_what_the_batches_say(
        sessions in prop::collection::vec((any::<u64>(), 1..120usize, 0..3usize, 0..2usize, 1..200u64), 1..12),
        slept in prop::collection::vec(0..30u64, 12),
        (from, until) in (0..220u64, 0..220u64),
        (version, os) in (0..4usize, 0..3usize),
    ) {
        let versions = ["8.1.0", "8.2.0", "8.3.0"];
        let systems = [Os::Android, Os::Ios];
        let batches: Vec<Batch> = sessions
            .iter()
            .map(|(seed, events, version, os, hour)| batch(*seed, *events, versions[*version], systems[*os], *hour))
            .zip(slept)
            .map(|(batch, hours)| if hours == 0 { batch } else { asleep(batch, hours) })
            .collect();
        let (folder, store) = fresh();
        let unique: std::collections::BTreeMap<BatchId, Batch> =
            batches.iter().rev().map(|batch| (batch.id, batch.clone())).collect();
        for batch in &batches {
            put(&store, batch);
        }
        let version = versions.get(version).map(|version| (*version).to_owned());
        let mut query = Query::of(Filter { version, os: systems.get(os).copied(), ..Filter::default() });
        if from < until {
            query = query.from(START + from * HOUR_MS).until(START + until * HOUR_MS);
        }
        let unique: Vec<Batch> = unique.into_values().collect();
        let expected = counted(&unique, &query);
        // From the log, as nothing is folded yet; from the rollups; and from rollups that were made again.
        prop_assert_eq!(store.cells("bank", &query).unwrap(), expected.clone());
        let told = accounts(&store, &Query::default());
        drop(store);
        let store = SqliteStore::open_read_only(folder.path()).unwrap();
        prop_assert_eq!(store.cells("bank", &query).unwrap(), expected.clone());
        prop_assert_eq!(accounts(&store, &Query::default()), told);
        drop(store);
        SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
        let store = SqliteStore::open_read_only(folder.path()).unwrap();
        prop_assert_eq!(store.cells("bank", &query).unwrap(), expected);
    }
}

#[test]
fn a_batch_that_comes_twice_counts_once() {
    let (_folder, store) = fresh();
    let batch = batch(1, 50, "8.2.0", Os::Ios, 5);
    assert_eq!(put(&store, &batch), Stored::New);
    assert_eq!(put(&store, &batch), Stored::Duplicate);
    let both = [store.append(intake("bank", &batch)).unwrap(), store.append(intake("bank", &batch)).unwrap()];
    for pending in both {
        assert_eq!(pending.wait().unwrap(), Stored::Duplicate);
    }
    assert_eq!(accounts(&store, &Query::default()), of_one(batch.ledger.clone(), 50, bytes(&[&batch])));
    assert_eq!(store.cells("bank", &Query::default()).unwrap(), counted(&[batch], &Query::default()));
}

#[test]
fn what_came_before_a_sleep_is_not_placed_behind_it() {
    let (folder, store) = fresh();
    // Sealed at 100 h; what came before the sleep lies 8 h earlier. The session itself is some minutes long.
    let batch = asleep(batch(3, 200, "8.2.0", Os::Ios, 100), 8);
    put(&store, &batch);
    let waits = |store: &SqliteStore, from: u64, until: u64| -> u64 {
        let query = Query::default().from(START + from * HOUR_MS).until(START + until * HOUR_MS);
        store.cells("bank", &query).unwrap().iter().map(|(_, cell)| cell.count()).sum()
    };
    let taken = |events: &[Event]| {
        events.iter().filter(|event| nowait_report::Cell::takes(event.kind)).count() as u64
    };
    let sleep = batch.events.partition_point(|event| event.started_uptime_ns < batch.anchors[1].uptime_ns);
    let (before, after) = batch.events.split_at(sleep);
    let expected = (taken(before), taken(after));
    assert_eq!((waits(&store, 91, 93), waits(&store, 99, 101)), expected);
    assert_eq!(waits(&store, 0, 1_000), expected.0 + expected.1);
    store.close();
    drop(store);
    SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    assert_eq!((waits(&store, 91, 93), waits(&store, 99, 101)), expected);
}

#[test]
fn an_exit_after_a_sleep_has_its_own_moment() {
    let (_folder, store) = fresh();
    let mut dead = asleep(batch(3, 200, "8.2.0", Os::Ios, 100), 8);
    let [first, middle] = dead.anchors[..] else { panic!("{:?}", dead.anchors) };
    let crumb = Event { started_uptime_ns: first.uptime_ns, ..Event::new(Kind::Breadcrumb, NameId::OTHER) };
    let exit = Event {
        started_uptime_ns: first.uptime_ns,
        duration_ns: middle.uptime_ns - first.uptime_ns + 5_000_000_000,
        a: ExitReason::Foreground as u64,
        ..Event::new(Kind::Exit, NameId::NONE)
    };
    dead.events = vec![exit, crumb];
    put(&store, &dead);
    let exits = exits(&store, &Query::default()).latest;
    let awake_ms = (middle.uptime_ns - first.uptime_ns) / 1_000_000 + 5_000;
    // Durations are rounded by at most 0.2 % on the wire.
    assert!(exits[0].ended_unix_ms.abs_diff(middle.wall_unix_ms + 5_000) < 3_000, "{exits:?}");
    assert!(exits[0].trail[0].before_end_ms.abs_diff(8 * HOUR_MS + awake_ms) < 3_000, "{exits:?}");
}

#[test]
fn a_wait_that_died_is_stored_and_counted() {
    let (folder, store) = fresh();
    let mut batch = batch(1, 40, "8.2.0", Os::Ios, 5);
    let taps = batch.events.iter_mut().filter(|event| event.kind == Kind::Tap);
    let died = taps.take(2).map(|tap| tap.outcome = Outcome::Died).count() as u64;
    put(&store, &batch);
    let count = |store: &SqliteStore| {
        let report = report(store, "bank", &Query::default(), &Budgets::default()).unwrap();
        report.taps.iter().map(|tap| tap.outcomes.died).sum::<u64>()
    };
    assert_eq!((died, count(&store)), (2, 2));
    store.close();
    drop(store);
    SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
    assert_eq!(count(&SqliteStore::open_read_only(folder.path()).unwrap()), 2);
}

#[test]
fn tenants_do_not_see_each_other() {
    let (_folder, store) = fresh();
    let batch = batch(1, 50, "8.2.0", Os::Ios, 5);
    for tenant in ["bank", "shop"] {
        assert_eq!(store.append(intake(tenant, &batch)).unwrap().wait().unwrap(), Stored::New);
    }
    assert_eq!(store.tenants().unwrap(), ["bank", "shop"]);
    assert_eq!(store.cells("shop", &Query::default()).unwrap(), counted(&[batch], &Query::default()));
    assert!(store.cells("stranger", &Query::default()).unwrap().is_empty());
    assert!(tenant_meant(&store, None).unwrap_err().is_input());
    assert_eq!(tenant_meant(&store, Some("shop")).unwrap(), "shop");
}

#[test]
fn the_ledger_of_a_session_is_the_largest_of_its_batches_in_any_order() {
    let (_folder, store) = fresh();
    let mut late = batch(1, 30, "8.2.0", Os::Ios, 5);
    late.id.first = 20;
    late.ledger.produced = 60;
    late.ledger.dropped[DropReason::Quarantined as usize] = 4;
    late.ledger.dropped[DropReason::RingFull as usize] = 6;
    late.ledger.ring_on_heap = true;
    late.ledger.facts = Facts { folded: 900, refused: [3, 0, 1, 0] };
    late.ledger.starts_failed = 1;
    let mut early = batch(1, 20, "8.2.0", Os::Ios, 4);
    early.ledger.produced = 20;
    early.ledger.dropped[DropReason::RingFull as usize] = 2;
    early.ledger.facts = Facts { folded: 400, refused: [1, 0, 1, 0] };
    put(&store, &late);
    put(&store, &early);
    let both = bytes(&[&late, &early]);
    assert_eq!(accounts(&store, &Query::default()), of_one(late.ledger, 50, both));
    let until = Query::default().until(START);
    assert_eq!(accounts(&store, &until), Accounts::new());
}

/// A batch of session 1, and what that session had cost when it was sealed.
fn costing(first: u64, times: u64) -> Batch {
    let mut batch = batch(1, 10, "8.2.0", Os::Ios, 5);
    batch.id.first = first;
    let mut cost = Cost {
        start_ns: 150_000,
        worker_cpu_ns: 1_000 * times,
        sealed_bytes: 300 * times,
        sent_bytes: 200 * times,
        record_ns_sum: 50 * times,
        ..Cost::default()
    };
    cost.record_ns_buckets[1] = 250 * times;
    cost.record_ns_buckets[15] = times / 3;
    batch.ledger.cost = cost;
    batch.ledger.produced = first + 10;
    batch
}

#[test]
fn the_cost_of_a_session_is_that_of_its_latest_batch_in_any_order() {
    // Around 256 the number of samples gets another byte.
    let batches = [costing(0, 0), costing(10, 1), costing(20, 2), costing(30, 300)];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 3, 0, 1], [1, 3, 2, 0]] {
        let (_folder, store) = fresh();
        for at in order {
            put(&store, &batches[at]);
        }
        let expected = of_one(batches[3].ledger.clone(), 40, bytes(&batches.each_ref()));
        assert_eq!(accounts(&store, &Query::default()), expected, "{order:?}");
    }
}

#[test]
fn every_reason_has_its_column() {
    let (_folder, store) = fresh();
    let mut batch = batch(1, 10, "8.2.0", Os::Ios, 5);
    for reason in DropReason::ALL {
        batch.ledger.dropped[*reason as usize] = 100 + *reason as u64;
    }
    for reason in RefuseReason::ALL {
        batch.ledger.facts.refused[*reason as usize] = 200 + *reason as u64;
    }
    (batch.ledger.facts.folded, batch.ledger.starts_failed) = (300, 400);
    put(&store, &batch);
    assert_eq!(accounts(&store, &Query::default()), of_one(batch.ledger.clone(), 10, bytes(&[&batch])));
}

/// The database of a store that is closed.
fn database(folder: &TempDir) -> rusqlite::Connection {
    rusqlite::Connection::open(folder.path().join("nowait.db")).unwrap()
}

fn whole(store: &SqliteStore, tenant: &str) -> Report {
    report(store, tenant, &Query::default(), &Budgets::default()).unwrap()
}

#[test]
fn any_filter_gives_what_its_batches_say() {
    let (_folder, store) = fresh();
    let mut batches: Vec<Batch> = (0..12).map(|seed| batch(seed, 60, "8.1.0", Os::Ios, seed * 7)).collect();
    for (n, batch) in batches.iter_mut().enumerate() {
        batch.context.device_tier = Tier::ALL[n % 3];
        batch.context.country = ["DE", "HK"][n % 2].into();
        batch.context.dimensions = vec![("segment".into(), ["retail", "private"][n % 2].into())];
        put(&store, batch);
    }
    let filter = Filter {
        tier: Some(Tier::ALL[1]),
        country: Some("HK".into()),
        dimensions: vec![("segment".into(), "private".into())],
        ..Filter::default()
    };
    let meant: Vec<Batch> = batches
        .iter()
        .filter(|batch| batch.context.device_tier == Tier::ALL[1] && batch.context.country == "HK")
        .cloned()
        .collect();
    assert_eq!(meant.len(), 2);
    for query in [Query::of(filter.clone()), Query::of(filter).from(START).until(START + 20 * HOUR_MS)] {
        assert_eq!(store.cells("bank", &query).unwrap(), counted(&meant, &query));
        let sliced = report(&store, "bank", &query, &Budgets::default()).unwrap();
        assert_eq!(sliced.scope.filters.len(), 3);
    }
    let unknown = Filter { dimensions: vec![("segment".into(), "retial".into())], ..Filter::default() };
    let error = report(&store, "bank", &Query::of(unknown), &Budgets::default()).unwrap_err();
    assert!(error.is_no_data() && error.to_string().contains("\"segment:retail\""), "{error}");
}

#[test]
fn one_process_writes_and_others_read_meanwhile() {
    let (folder, store) = fresh();
    let first = batch(1, 40, "8.1.0", Os::Ios, 5);
    put(&store, &first);
    let error = SqliteStore::open(folder.path()).unwrap_err();
    assert!(error.is_store() && error.to_string().contains("another nowait process"), "{error}");
    assert!(SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap_err().is_store());
    let reader = SqliteStore::open_read_only(folder.path()).unwrap();
    assert_eq!(reader.app_versions("bank").unwrap(), ["8.1.0"]);
    put(&store, &batch(2, 40, "8.2.0", Os::Ios, 5));
    assert_eq!(reader.app_versions("bank").unwrap(), ["8.1.0", "8.2.0"]);
    assert!(reader.append(intake("bank", &first)).unwrap_err().is_store());
    store.close();
    drop(store);
    let reader = SqliteStore::open_read_only(folder.path()).unwrap();
    assert_eq!(reader.app_versions("bank").unwrap(), ["8.1.0", "8.2.0"]);
}

#[test]
fn a_folder_without_a_store_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = SqliteStore::open_read_only(folder.path()).unwrap_err();
    assert!(error.is_store() && error.to_string().contains("nowait serve --data"), "{error}");
}

#[test]
fn a_closed_store_takes_nothing_and_keeps_what_it_took() {
    let (_folder, store) = fresh();
    let batches: Vec<Batch> = (0..40).map(|seed| batch(seed, 20, "8.2.0", Os::Ios, 5)).collect();
    let pending: Vec<Pending> =
        batches.iter().map(|batch| store.append(intake("bank", batch)).unwrap()).collect();
    store.close();
    for pending in pending {
        assert_eq!(pending.wait().unwrap(), Stored::New);
    }
    assert!(!store.is_open());
    assert!(store.append(intake("bank", &batches[0])).unwrap_err().is_store());
    assert_eq!(store.cells("bank", &Query::default()).unwrap(), counted(&batches, &Query::default()));
}

#[test]
fn a_comparison_needs_both_releases() {
    let (_folder, store) = fresh();
    put(&store, &batch(1, 100, "8.1.0", Os::Ios, 5));
    let asked = Query::default();
    let error =
        compare(&store, "bank", &asked, ("8.1.0", "9"), &Budgets::default(), CompareOptions::default())
            .unwrap_err();
    assert!(error.is_no_data() && error.to_string().contains("8.1.0"), "{error}");
    assert!(
        compare(&store, "bank", &asked, ("8.1.0", "8.1.0"), &Budgets::default(), CompareOptions::default())
            .is_ok()
    );
}

#[test]
fn ids_with_every_bit_set_are_kept_apart() {
    let (_folder, store) = fresh();
    let mut batch = batch(1, 10, "8.2.0", Os::Ios, 5);
    for first in [0, u64::MAX, i64::MAX as u64, i64::MAX as u64 + 1] {
        batch.id = BatchId { session: Uuid::max(), first };
        assert_eq!(put(&store, &batch), Stored::New, "{first}");
    }
    let ledger = report(&store, "bank", &Query::default(), &Budgets::default()).unwrap().ledger;
    assert_eq!((ledger.sessions, ledger.delivered), (1, 40));
}

#[cfg(unix)]
#[test]
fn what_the_store_makes_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("of/nowait");
    let store = SqliteStore::open(&folder).unwrap();
    put(&store, &batch(1, 10, "8.2.0", Os::Ios, 5));
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(folder.parent().unwrap())), (0o700, 0o700));
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");
}

#[test]
fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    for (version, table) in [(0, "notes"), (2, "notes"), (3, "batches"), (9, "notes")] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nowait.db");
        let conn = rusqlite::Connection::open(&path).unwrap();
        conn.execute_batch(&format!("CREATE TABLE {table} (text TEXT); PRAGMA user_version = {version}"))
            .unwrap();
        drop(conn);
        let before = std::fs::read(&path).unwrap();
        for error in [SqliteStore::open(folder.path()), SqliteStore::open_read_only(folder.path())] {
            let error = error.unwrap_err();
            assert!(error.is_store() && error.to_string().contains("another program"), "{error}");
        }
        assert_eq!(before, std::fs::read(&path).unwrap(), "version {version}");
    }
}
