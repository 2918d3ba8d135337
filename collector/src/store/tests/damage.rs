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
        let query = Query::of(Filter { tier: Some(Tier::High), ..Filter::default() });
        assert_eq!(super::report(&store, "bank", &query, &Budgets::default()).unwrap().ledger.sessions, 2);
    }
}
