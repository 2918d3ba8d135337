//! What rollups of segments say, against the batches decoded one by one.

use super::*;
use crate::limits::{SEGMENT_SERIES_MAX, SEGMENTS_PER_TENANT_MAX};
use nowait_wire::Network;

/// A batch of one of a few customers, whose network changes from one batch to the next.
fn of_customer(session: u64, nth: u64, hour: u64) -> Batch {
    let mut batch = batch(session, 40, ["8.1.0", "8.2.0"][session as usize % 2], Os::Ios, hour);
    batch.id.first = nth * 40;
    batch.ledger.produced = 40 * (nth + 1);
    batch.context.device_tier = Tier::ALL[session as usize % 3];
    batch.context.network = [Network::Wifi, Network::Cellular][nth as usize % 2];
    batch.context.country = ["CH", "SG", ""][session as usize % 3].into();
    batch.context.dimensions = vec![("clients".into(), ["retail", "private"][session as usize % 2].into())];
    batch
}

fn filters() -> Vec<Filter> {
    let dimension = |value: &str| vec![("clients".to_owned(), value.to_owned())];
    let none = Filter::default();
    vec![
        Filter { tier: Some(Tier::ALL[0]), ..none.clone() },
        Filter { tier: Some(Tier::ALL[2]), ..none.clone() },
        Filter { network: Some(Network::Wifi), ..none.clone() },
        Filter { network: Some(Network::Cellular), ..none.clone() },
        Filter { country: Some("SG".into()), ..none.clone() },
        Filter { dimensions: dimension("private"), ..none.clone() },
        Filter { dimensions: dimension("retail"), ..none },
    ]
}

fn found(store: &SqliteStore) -> read::Tenant {
    store.read(&Cancel::default(), |conn| read::tenant(conn, "bank")).unwrap().unwrap()
}

/// What the rollups say, if they can.
fn rolled_up(store: &SqliteStore, query: &Query) -> Option<Report> {
    let tenant = found(store);
    store.read(&Cancel::default(), |conn| read::report(conn, tenant, query, &Budgets::default())).unwrap()
}

/// What the batches say.
fn decoded(store: &SqliteStore, query: &Query) -> Report {
    let (sum, plan) = store.slice(found(store), query, &Budgets::default()).unwrap();
    sum.report(query, &plan, &Budgets::default())
}

/// Both say the same, but for where the data of the span begin and end.
fn assert_same(store: &SqliteStore, filter: &Filter) {
    let query = Query::of(filter.clone());
    // Of one moment: the writer may fold between the two.
    let (rolled_up, decoded) = loop {
        let before = store.changes().unwrap();
        let both = (rolled_up(store, &query), decoded(store, &query));
        if store.changes().unwrap() == before {
            break both;
        }
    };
    let Some(mut rolled_up) = rolled_up else { panic!("{filter}: not in the rollups") };
    rolled_up.scope = decoded.scope.clone();
    assert_eq!(rolled_up.ledger, decoded.ledger, "{filter}");
    assert_eq!(rolled_up.exits, decoded.exits, "{filter}");
    assert_eq!(rolled_up.touchpoints, decoded.touchpoints, "{filter}");
    assert_eq!(rolled_up, decoded, "{filter}");
    assert_eq!(
        store.cells("bank", &query).unwrap(),
        store.slice(found(store), &query, &Budgets::default()).unwrap().0.cells()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn rollups_of_segments_say_what_their_batches_say(
        sent in prop::collection::vec((0..6u64, 0..220u64), 1..24),
        (reopened, rebuilt) in (0..24usize, 0..24usize),
    ) {
        let (folder, store) = fresh();
        let (mut store, mut times) = (Some(store), [0; 6]);
        for (n, (session, hour)) in sent.iter().enumerate() {
            let nth = &mut times[*session as usize];
            let batch = of_customer(*session, *nth, *hour);
            *nth += 1;
            let open = store.take().unwrap_or_else(|| SqliteStore::open(folder.path()).unwrap());
            put(&open, &batch);
            if n != reopened && n != rebuilt {
                store = Some(open);
                continue;
            }
            drop(open);
            if n == rebuilt {
                SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
            }
        }
        // Once with batches that no rollup has yet, and once with none.
        let open = store.take().unwrap_or_else(|| SqliteStore::open(folder.path()).unwrap());
        let met = |filter: &&Filter| !decoded(&open, &Query::of((*filter).clone())).touchpoints.is_empty();
        let filters = filters();
        let met: Vec<&Filter> = filters.iter().filter(met).collect();
        met.iter().filter(|filter| rolled_up(&open, &Query::of((**filter).clone())).is_some()).for_each(|filter| assert_same(&open, filter));
        drop(open);
        let folded = SqliteStore::open(folder.path()).unwrap();
        met.iter().for_each(|filter| assert_same(&folded, filter));
    }
}

#[test]
fn a_segment_is_known_for_longer_than_its_batches_and_days_come_from_these() {
    let (folder, store) = fresh();
    (0..6).for_each(|session| _ = put(&store, &of_customer(session, 0, session * 30)));
    drop(store);
    let store = SqliteStore::open(folder.path()).unwrap();
    let tier = Filter { tier: Some(Tier::ALL[0]), ..Filter::default() };
    // Two segments at once, a release of one, and some days of one.
    let both = Filter { network: Some(Network::Wifi), ..tier.clone() };
    let of_release = Filter { version: Some("8.1.0".into()), ..tier.clone() };
    let days = Query::of(tier.clone()).from(START).until(START + 5 * DAY_MS);
    for query in [Query::of(both), Query::of(of_release), days] {
        assert_eq!(rolled_up(&store, &query), None);
        assert!(!report(&store, "bank", &query, &Budgets::default()).unwrap().touchpoints.is_empty());
    }
    let asked = [filters()[0].clone(), filters()[4].clone(), filters()[5].clone()].map(Query::of);
    let ask = |store: &SqliteStore| {
        asked.each_ref().map(|query| report(store, "bank", query, &Budgets::default()).unwrap().touchpoints)
    };
    let before = ask(&store);
    assert!(before.iter().all(|touchpoints| !touchpoints.is_empty()));
    drop(store);
    database(&folder).execute_batch("DELETE FROM batches; DELETE FROM contexts").unwrap();
    assert_eq!(ask(&SqliteStore::open_read_only(folder.path()).unwrap()), before);
}

#[test]
fn values_without_end_have_a_budget_and_are_answered_from_their_batches() {
    let (folder, store) = fresh();
    for n in 0..SEGMENTS_PER_TENANT_MAX as u64 + 20 {
        let mut batch = of_customer(0, n, 5);
        batch.context.dimensions = vec![("customer".into(), n.to_string())];
        put(&store, &batch);
    }
    drop(store);
    let store = SqliteStore::open(folder.path()).unwrap();
    let of = |n: usize| {
        Query::of(Filter { dimensions: vec![("customer".into(), n.to_string())], ..Filter::default() })
    };
    assert!(rolled_up(&store, &of(0)).is_some());
    let beyond = of(SEGMENTS_PER_TENANT_MAX + 10);
    assert_eq!(rolled_up(&store, &beyond), None);
    let counts = report(&store, "bank", &beyond, &Budgets::default()).unwrap();
    assert!(!counts.touchpoints.is_empty());
    let rows: usize = database(&folder)
        .query_row("SELECT count(*) FROM segments WHERE field < 5", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, SEGMENTS_PER_TENANT_MAX + 1);
}

#[test]
fn a_store_of_before_has_segments_from_its_next_month_on_and_all_of_them_after_reindex() {
    let without_segments = "DROP INDEX sessions_sampled; DROP TABLE segments; ALTER TABLE sessions DROP COLUMN segments; \
        DELETE FROM cells WHERE tenant < 0; DELETE FROM people WHERE tenant < 0; DELETE FROM accounts WHERE tenant < 0; \
        DELETE FROM exit_groups WHERE tenant < 0; DELETE FROM progress WHERE name LIKE 'segments%'; PRAGMA user_version = 6";
    let without_strata = "DROP INDEX sessions_sampled; PRAGMA user_version = 7";
    let without_later = "DROP TABLE journey_events; DROP TABLE feedback; DROP TABLE feedback_rows; DROP TABLE feedback_texts;";
    for undo in [without_segments, without_strata] {
        after_an_older_program(&format!("{without_later} {undo}"));
    }
}

fn after_an_older_program(undo: &str) {
    let (folder, store) = fresh();
    (0..6).for_each(|session| _ = put(&store, &of_customer(session, 0, session * 30)));
    drop(store);
    drop(SqliteStore::open(folder.path()).unwrap());
    let conn = database(&folder);
    conn.execute_batch(undo).unwrap();
    drop(conn);
    let store = SqliteStore::open(folder.path()).unwrap();
    put(&store, &of_customer(0, 1, 160));
    drop(store);
    let store = SqliteStore::open(folder.path()).unwrap();
    let wifi = Filter { network: Some(Network::Wifi), ..Filter::default() };
    let (query, all) = (Query::of(wifi.clone()), filters());
    assert_eq!(rolled_up(&store, &query), None);
    assert!(!report(&store, "bank", &query, &Budgets::default()).unwrap().touchpoints.is_empty());
    drop(store);
    SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    all.iter().for_each(|filter| assert_same(&store, filter));
}

#[test]
fn a_value_that_is_deleted_leaves_no_segment() {
    let (folder, store) = fresh();
    let mut alone = of_customer(1, 0, 5);
    alone.context.dimensions = vec![("clients".into(), "only-one-of-these".into())];
    put(&store, &alone);
    put(&store, &of_customer(0, 0, 5));
    drop(store);
    SqliteStore::deletion(folder.path(), "bank", Whose::Session(alone.id.session))
        .unwrap()
        .run(|_, _| {})
        .unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!file.windows(17).any(|bytes| bytes == b"only-one-of-these"));
    }
}

#[test]
fn a_tenant_with_more_names_than_any_app_has_no_rollups_of_segments() {
    let (folder, store) = fresh();
    let mut sent = 0;
    for n in 0..SEGMENT_SERIES_MAX / 1_000 + 1 {
        let mut batch = of_customer(0, n as u64, 5);
        let moment = batch.anchors[0].uptime_ns;
        let reserved = NameId::RESERVED.len();
        batch.names.truncate(reserved);
        batch.names.extend((0..1_000).map(|name| format!("Screen{n}x{name}")));
        let event = |name| Event {
            started_uptime_ns: moment,
            duration_ns: 1_000_000,
            ..Event::new(Kind::Action, NameId(name + reserved as u32))
        };
        batch.events = (0..1_000).map(event).collect();
        sent += 1_000;
        put(&store, &batch);
    }
    drop(store);
    let store = SqliteStore::open(folder.path()).unwrap();
    let query = Query::of(filters()[0].clone());
    assert_eq!(rolled_up(&store, &query), None);
    let cells = store.cells("bank", &query).unwrap();
    assert_eq!(cells.iter().map(|(_, cell)| cell.count()).sum::<u64>(), sent);
    let rows: usize = database(&folder)
        .query_row("SELECT count(*) FROM cells WHERE tenant < 0", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 0);
}
