//! Damage that SQLite does not see: it costs what it touches, is counted, and ends no report.

use super::*;

#[test]
fn an_exit_in_a_damaged_frame_is_counted_as_damaged() {
    let (folder, store) = fresh();
    let mut dead = batch(1, 0, "8.2.0", Os::Ios, 5);
    dead.events = vec![Event { a: ExitReason::Foreground as u64, ..Event::new(Kind::Exit, NameId::NONE) }];
    put(&store, &dead);
    store.close();
    drop(store);
    database(&folder).execute("UPDATE batches SET frame = zeroblob(40)", []).unwrap();
    let report = whole(&SqliteStore::open_read_only(folder.path()).unwrap(), "bank");
    assert_eq!((report.exits.count, report.exits.latest.len()), (1, 0));
    assert_eq!(report.uncounted, [("damaged rows".to_owned(), 1)].into());
}

#[test]
fn a_number_that_means_nothing_ends_no_report() {
    let (folder, store) = fresh();
    let mut dead = batch(1, 60, "8.2.0", Os::Ios, 5);
    dead.events.push(Event {
        started_uptime_ns: dead.anchors[0].uptime_ns,
        a: ExitReason::Foreground as u64,
        ..Event::new(Kind::Exit, NameId::NONE)
    });
    put(&store, &dead);
    put(&store, &batch(2, 60, "8.3.0", Os::Android, 5));
    store.close();
    drop(store);
    let honest = whole(&SqliteStore::open_read_only(folder.path()).unwrap(), "bank");
    for (damage, sessions) in [
        ("UPDATE exit_groups SET reason = 200", 2),
        ("UPDATE series SET kind = 300 WHERE id = (SELECT min(id) FROM series)", 2),
        ("UPDATE releases SET os = -1 WHERE app_version = '8.3.0'", 1),
        ("UPDATE contexts SET os = 77, network = 77 WHERE app_version = '8.3.0'", 1),
    ] {
        database(&folder).execute_batch(damage).unwrap();
        let store = SqliteStore::open_read_only(folder.path()).unwrap();
        let report = whole(&store, "bank");
        assert!(report.uncounted["damaged rows"] > 0 && !report.touchpoints.is_empty(), "{damage}");
        assert_eq!((report.ledger.sessions, honest.ledger.sessions), (sessions, 2), "{damage}");
        let of_two = Filter { tier: Some(Tier::High), country: Some("VN".into()), ..Filter::default() };
        let query = Query::of(of_two);
        assert_eq!(super::report(&store, "bank", &query, &Budgets::default()).unwrap().ledger.sessions, 2);
    }
}

#[test]
fn a_kill_before_the_rollups_are_written_loses_nothing() {
    let (folder, store) = fresh();
    put(&store, &batch(1, 60, "8.1.0", Os::Ios, 5));
    store.close();
    drop(store);
    let expected = whole(&SqliteStore::open_read_only(folder.path()).unwrap(), "bank");
    // As a kill leaves it: the batch is committed, the rollups are not.
    let mut rollups = database(&folder);
    let tx = rollups.transaction().unwrap();
    for table in ["cells", "accounts", "exit_groups", "exits", "series", "releases", "uncounted", "progress"]
    {
        tx.execute(&format!("DELETE FROM {table}"), []).unwrap();
    }
    tx.execute("UPDATE sessions SET hour = NULL, release = NULL, account = NULL", []).unwrap();
    tx.commit().unwrap();
    assert_eq!(whole(&SqliteStore::open_read_only(folder.path()).unwrap(), "bank"), expected);
    drop(SqliteStore::open(folder.path()).unwrap());
    let folded: i64 =
        database(&folder).query_row("SELECT count(*) FROM cells", [], |row| row.get(0)).unwrap();
    assert!(folded > 0, "a store that is opened is folded");
    assert_eq!(whole(&SqliteStore::open_read_only(folder.path()).unwrap(), "bank"), expected);
}

#[test]
fn a_damaged_row_of_one_tenant_is_set_apart_and_hurts_nobody() {
    let (folder, store) = fresh();
    for tenant in ["bank", "shop"] {
        store.append(intake(tenant, &batch(1, 60, "8.1.0", Os::Ios, 5))).unwrap().wait().unwrap();
    }
    store.close();
    drop(store);
    let shop = whole(&SqliteStore::open_read_only(folder.path()).unwrap(), "shop");
    let conn = database(&folder);
    let cells =
        "UPDATE cells SET cell = x'0203' WHERE tenant = 1 AND series = (SELECT min(series) FROM cells)";
    assert_eq!(conn.execute(cells, []).unwrap(), 3);
    conn.execute("UPDATE accounts SET accounts = x'09' WHERE tenant = 1", []).unwrap();
    conn.execute("UPDATE sessions SET account = x'ff' WHERE tenant = 1", []).unwrap();
    drop(conn);
    let store = SqliteStore::open(folder.path()).unwrap();
    let bank = whole(&store, "bank");
    assert_eq!(bank.uncounted, [("damaged rows".to_owned(), 2)].into());
    assert_eq!(whole(&store, "shop"), shop);
    // Both go on sending, in the same hour and session.
    let mut later = batch(1, 60, "8.1.0", Os::Ios, 5);
    later.id.first = 60;
    for tenant in ["bank", "shop"] {
        assert_eq!(store.append(intake(tenant, &later)).unwrap().wait().unwrap(), Stored::New);
    }
    store.close();
    drop(store);
    let places = "SELECT group_concat(place, ' ') FROM (SELECT place FROM quarantine ORDER BY place)";
    let places: String = database(&folder).query_row(places, [], |row| row.get(0)).unwrap();
    assert_eq!(places.matches("cells 1/").count(), 3, "{places}");
    assert_eq!(places.matches("accounts 1/").count(), 3, "{places}");
    assert!(places.contains("sessions 1"), "{places}");
    SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    assert_eq!(whole(&store, "bank").ledger, whole(&store, "shop").ledger);
    assert!(whole(&store, "bank").uncounted.is_empty());
}

#[test]
fn a_damaged_frame_is_named_and_neither_report_nor_reindex_ends_with_it() {
    let (folder, store) = fresh();
    for seed in 1..=3 {
        put(&store, &batch(seed, 40, "8.1.0", Os::Ios, 5));
    }
    store.close();
    drop(store);
    database(&folder).execute("UPDATE batches SET frame = zeroblob(40) WHERE id = 2", []).unwrap();
    let sliced = |store: &SqliteStore| {
        let of_two = Filter { tier: Some(Tier::High), country: Some("VN".into()), ..Filter::default() };
        report(store, "bank", &Query::of(of_two), &Budgets::default()).unwrap().uncounted
    };
    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    let all: u64 = nowait_wire::Tier::ALL
        .iter()
        .map(|tier| Query::of(Filter { tier: Some(*tier), country: Some("VN".into()), ..Filter::default() }))
        .map(|query| {
            report(&store, "bank", &query, &Budgets::default())
                .map_or(0, |report| report.uncounted.values().sum())
        })
        .sum();
    assert_eq!(all, 1);
    drop(store);
    assert_eq!(SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap().batches, 3);
    let (place, why): (String, String) = database(&folder)
        .query_row("SELECT place, why FROM quarantine", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert!(place == "batches 2" && !why.is_empty(), "{place}: {why}");
    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    assert_eq!(whole(&store, "bank").ledger.sessions, 2);
    assert!(sliced(&store).is_empty());
}

#[test]
fn a_store_that_refuses_every_batch_says_that_it_is_not_ready() {
    let (folder, store) = fresh();
    put(&store, &batch(1, 10, "8.1.0", Os::Ios, 5));
    assert_eq!(store.health(), Ok(()));
    let conn = database(&folder);
    conn.execute_batch(
        "CREATE TRIGGER refuse BEFORE INSERT ON batches BEGIN SELECT RAISE(FAIL, 'no more'); END",
    )
    .unwrap();
    let refused = store.append(intake("bank", &batch(2, 10, "8.1.0", Os::Ios, 5))).unwrap().wait();
    assert!(refused.unwrap_err().is_store());
    assert!(store.health().unwrap_err().contains("no more"));
    conn.execute_batch("DROP TRIGGER refuse").unwrap();
    put(&store, &batch(3, 10, "8.1.0", Os::Ios, 5));
    assert_eq!(store.health(), Ok(()));
    store.close();
    assert_eq!(whole(&store, "bank").ledger.sessions, 2);
}
