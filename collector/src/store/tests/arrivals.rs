//! What arrives is counted whole, or not told.

use super::*;
use nowait_report::arrivals::{Arrivals, Lately};

fn arrivals(store: &SqliteStore, hours: u64) -> Arrivals {
    store.arrivals("bank", &Query::default(), START + hours * HOUR_MS).unwrap()
}

#[test]
fn sessions_and_installs_are_counted_by_when_they_began() {
    let (folder, store) = fresh();
    // Twenty hours apart, of three installs.
    for seed in 0..12 {
        let mut batch = batch(seed, 60, "8.9.0", Os::Ios, 1 + seed * 20);
        batch.context.install = Uuid::from_u128(u128::from(seed % 3 + 1) << 9);
        put(&store, &batch);
    }
    drop(store);
    let store = SqliteStore::open(folder.path()).unwrap();
    // The latest began at hour 221.
    let found = arrivals(&store, 222);
    let counts: Vec<_> = found.spans.iter().map(|of| (of.span, of.sessions, of.installs)).collect();
    let expected = [
        (Lately::LastDay, Some(2), Some(2)),
        (Lately::DayBefore, Some(1), Some(1)),
        (Lately::LastWeek, Some(9), Some(3)),
        (Lately::WeekBefore, Some(3), Some(3)),
    ];
    assert_eq!(counts, expected);
    assert!(found.latest_unix_ms.is_some());
    let used: Vec<_> = found.room.iter().map(|of| (of.used > 0, of.is_beyond)).collect();
    assert_eq!(used, [(true, false); 3]);
    assert_eq!(found.set_apart, []);
    // Of nobody there is nothing to tell.
    let nobody = store.arrivals("nobody", &Query::default(), START).unwrap();
    assert_eq!((nobody.latest_unix_ms, nobody.spans.len()), (None, 0));
}

#[test]
fn what_was_set_apart_is_told_by_table_and_reason() {
    let (folder, store) = fresh();
    put(&store, &batch(1, 60, "8.9.0", Os::Ios, 1));
    drop(store);
    let insert = "INSERT INTO quarantine (found_unix_ms, tenant, place, why, content) VALUES (1, 1, ?1, 'torn', x'00')";
    let database = database(&folder);
    for place in ["cells 1/2/3", "cells 1/2/4", "people 1/2/3"] {
        database.execute(insert, [place]).unwrap();
    }
    let found = arrivals(&SqliteStore::open_read_only(folder.path()).unwrap(), 2);
    let told: Vec<_> =
        found.set_apart.iter().map(|of| (of.table.as_str(), of.why.as_str(), of.count)).collect();
    assert_eq!(told, [("cells", "torn", 2), ("people", "torn", 1)]);
}
