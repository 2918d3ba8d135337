//! Stores that another version of this program wrote.

use super::*;

/// A folder with a store that a nowait of schema version 1 wrote: one session with one batch of 15 events.
fn of_version_1(also: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let conn = rusqlite::Connection::open(folder.path().join("nowait.db")).unwrap();
    conn.execute_batch(include_str!("../../../testdata/store-version-1.sql")).unwrap();
    conn.execute_batch(also).unwrap();
    folder
}

/// The same session in a store that a nowait of schema version 2 wrote, whose cells did not know `died`.
fn of_version_2() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let conn = rusqlite::Connection::open(folder.path().join("nowait.db")).unwrap();
    conn.execute_batch(include_str!("../../../testdata/store-version-2.sql")).unwrap();
    folder
}

fn whole(store: &SqliteStore) -> Report {
    report(store, "default", &Query::default(), &Budgets::default()).unwrap()
}

fn cells(store: &SqliteStore) -> Cells {
    store.cells("default", &Query::default()).unwrap()
}

fn user_version(folder: &TempDir) -> i64 {
    let conn = rusqlite::Connection::open(folder.path().join("nowait.db")).unwrap();
    conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

#[test]
fn a_store_of_version_1_is_brought_up_to_date_with_all_that_is_in_it() {
    let folder = of_version_1("");
    let store = SqliteStore::open(folder.path()).unwrap();
    assert_eq!(user_version(&folder), schema::VERSION);
    let report = whole(&store);
    let ledger = &report.ledger;
    assert_eq!((ledger.sessions, ledger.delivered, ledger.produced, ledger.rings_on_heap), (1, 15, 5_000, 1));
    let mut dropped: Vec<u64> = ledger.dropped.values().copied().collect();
    dropped.sort_unstable();
    assert_eq!(dropped, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(report.cost.sessions, 0);
    assert_eq!((cells(&store).len(), report.exits.count), (11, 1));

    // The session goes on under a newer NoWait.
    let mut later = costing(4_111, 3);
    later.id.session = "00112233-4455-6677-8899-aabbccddeeff".parse().unwrap();
    store.append(intake("default", &later)).unwrap().wait().unwrap();
    let report = whole(&store);
    assert_eq!((report.ledger.sessions, report.ledger.delivered, report.cost.sessions), (1, 25, 1));
    drop(store);
    assert!(SqliteStore::open(folder.path()).is_ok(), "once and for all");
}

#[test]
fn a_store_of_version_2_goes_on_with_its_cells_and_a_second_line() {
    let folder = of_version_2();
    let store = SqliteStore::open(folder.path()).unwrap();
    assert_eq!(user_version(&folder), schema::VERSION);
    let report = whole(&store);
    assert_eq!((cells(&store).len(), report.exits.count, report.ledger.sessions), (11, 1, 1));
    assert_eq!((report.ledger.delivered, report.ledger.produced, report.cost.sessions), (15, 5_000, 1));
    assert_eq!(report.ledger.starts_failed, 0);

    // The session goes on under a newer NoWait, in the hour and the series of the old cells.
    let golden = include_bytes!("../../../../wire/testdata/v2/one_of_each_kind.bin");
    let mut later = nowait_wire::decode(golden).unwrap();
    later.id.first += 15;
    later.events.iter_mut().for_each(|event| event.outcome = Outcome::Died);
    later.ledger.facts = Facts { folded: 90, refused: [1, 2, 3, 4] };
    later.ledger.starts_failed = 1;
    store.append(intake("default", &later)).unwrap().wait().unwrap();
    let both = cells(&store);
    assert_eq!(both.len(), 11, "no cell of its own");
    for (key, cell) in both.iter() {
        assert_eq!((cell.count(), cell.outcome(Outcome::Died)), (2, 1), "{key:?}");
    }
    let ledger = whole(&store).ledger;
    assert_eq!((ledger.sessions, ledger.delivered, ledger.starts_failed), (1, 30, 1));
    store.close();
    drop(store);
    SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    assert_eq!(cells(&store), both);
}

#[test]
fn an_old_store_has_the_tables_of_a_new_one() {
    let (folder, old, less_old) = (fresh().0, of_version_1(""), of_version_2());
    drop(SqliteStore::open(old.path()).unwrap());
    drop(SqliteStore::open(less_old.path()).unwrap());
    let columns = |folder: &TempDir| -> Vec<(String, String, String)> {
        let conn = rusqlite::Connection::open(folder.path().join("nowait.db")).unwrap();
        let sql = "SELECT m.name, c.name, c.type FROM sqlite_schema m, pragma_table_info(m.name) c ORDER BY 1, c.cid";
        let mut select = conn.prepare(sql).unwrap();
        select
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    assert_eq!(columns(&folder), columns(&old));
    assert_eq!(columns(&folder), columns(&less_old));
    assert!(columns(&old).len() > 50);
}

#[test]
fn an_old_store_is_left_whole_when_it_cannot_be_brought_up_to_date() {
    // The last of the new columns is taken: the change fails after it has begun.
    let folder = of_version_1("ALTER TABLE sessions ADD COLUMN cost_record TEXT");
    let error = SqliteStore::open(folder.path()).unwrap_err();
    assert!(error.is_store() && error.to_string().contains("cost_record"), "{error}");
    assert_eq!(user_version(&folder), 1);
    let conn = rusqlite::Connection::open(folder.path().join("nowait.db")).unwrap();
    let new = "SELECT count(*) FROM pragma_table_info('sessions') WHERE name LIKE 'cost_%'";
    assert_eq!(conn.query_row(new, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
}

#[test]
fn who_only_reads_an_old_store_says_what_to_do_and_reindex_does_it() {
    let folder = of_version_1("");
    let error = SqliteStore::open_read_only(folder.path()).unwrap_err();
    assert!(error.is_store() && !error.is_newer_schema(), "{error}");
    assert!(error.to_string().contains("version 1") && error.to_string().contains("nowait serve"), "{error}");
    assert_eq!(user_version(&folder), 1);
    assert_eq!(SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap().batches, 1);
    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    assert_eq!(whole(&store).ledger.delivered, 15);
}

#[test]
fn a_newer_schema_is_left_alone() {
    let (folder, store) = fresh();
    drop(store);
    let conn = rusqlite::Connection::open(folder.path().join("nowait.db")).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    drop(conn);
    for error in [
        SqliteStore::open(folder.path()).unwrap_err(),
        SqliteStore::open_read_only(folder.path()).unwrap_err(),
    ] {
        assert!(error.is_newer_schema() && error.to_string().contains("99"), "{error}");
    }
}
