//! What strangers send takes no more memory than its budget, before the rollups have it and beside them.

use super::super::period::Calendar;
use super::*;
use crate::limits::{CELLS_PER_PERIOD_MAX, SERIES_PER_TENANT_MAX, UNFOLDED_BYTES_MAX};
use crate::store::fold::Folded;

/// Two waits as far apart as they can be, of each of so many names.
fn names(seed: u64, version: &str, names: u32) -> Batch {
    let mut batch = batch(seed, 0, version, Os::Ios, 5);
    batch.names.extend((0..names).map(|name| format!("n{name}")));
    let wait = |name: u32, duration_ns| Event { duration_ns, ..Event::new(Kind::Action, NameId(6 + name)) };
    batch.events = (0..names).flat_map(|name| [wait(name, 1), wait(name, 3_000_000_000_000)]).collect();
    batch
}

#[test]
fn what_is_folded_is_full_before_it_takes_the_memory_of_a_report() {
    let mut folded = Folded::only_read(Calendar::default());
    let mut added = 0;
    while !folded.is_full(usize::MAX) {
        added += 1;
        let Intake { batch, placement, .. } = intake("bank", &names(added, &format!("{added}"), 4_000));
        let entry = batches::Entry { id: 1, tenant: 1, session: 1, batch, placement, bytes: 0 };
        folded.add(&entry, &Budgets::default(), || Ok(None)).unwrap();
    }
    // A place, a cell and two octaves of buckets for each name.
    let least = added as usize * 4_000 * (2 * 512 + size_of::<nowait_report::Cell>());
    assert!(least < 2 * UNFOLDED_BYTES_MAX && added > 2, "{added} batches take {least} bytes");
}

#[test]
fn a_question_that_is_answered_from_batches_has_the_budget_of_the_rollups() {
    let (_folder, store) = fresh();
    let mut sent = 0;
    for seed in 0..300 {
        let batch = names(seed, &format!("{seed}"), 80);
        sent += batch.events.len() as u64;
        put(&store, &batch);
    }
    let of_two = Filter { tier: Some(Tier::High), country: Some("VN".into()), ..Filter::default() };
    let query = Query::of(of_two);
    let cells = store.cells("bank", &query).unwrap();
    assert_eq!(cells.iter().map(|(_, cell)| cell.count()).sum::<u64>(), sent, "nothing is lost");
    let count = cells.iter().count();
    assert!(count > CELLS_PER_PERIOD_MAX && count <= CELLS_PER_PERIOD_MAX + 80, "{count}");
    assert!(cells.iter().any(|(key, _)| key.app_version == "(other)"));
}

#[test]
fn figures_that_cannot_be_true_are_counted_and_stand_in_no_other() {
    let (folder, store) = fresh();
    let honest = batch(2, 40, "8.2.0", Os::Ios, 5);
    put(&store, &honest);
    let mut stranger = batch(1, 4, "8.2.0", Os::Ios, 5);
    stranger.ledger.produced = u64::MAX / 2;
    stranger.ledger.cost.sent_bytes = u64::MAX;
    let at = stranger.anchors[0].uptime_ns - 1_000_000_000;
    let wait = |kind, duration_ns, a| Event {
        started_uptime_ns: at,
        duration_ns,
        a,
        ..Event::new(kind, NameId::OTHER)
    };
    stranger.events = vec![
        wait(Kind::Action, u64::MAX / 2, 0),
        wait(Kind::Tap, 5_000_000, u64::MAX),
        wait(Kind::Screen, 3_700_000_000_000, 0),
        wait(Kind::Journey, 3_700_000_000_000, 0),
    ];
    put(&store, &stranger);
    let check = |store: &SqliteStore| {
        let report = report(store, "bank", &Query::default(), &Budgets::default()).unwrap();
        assert_eq!(
            (report.ledger.produced, report.journeys.iter().map(|row| row.outcomes.done).sum::<u64>() > 0),
            (44, true)
        );
        assert!(report.touchpoints.iter().all(|row| row.figures.latency.max_ns < Some(3_600_000_000_000)));
        let uncounted = [("implausible ledgers", 1), ("implausible waits", 3)];
        assert_eq!(report.uncounted, uncounted.map(|(what, n)| (what.to_owned(), n)).into());
    };
    check(&store);
    store.close();
    drop(store);
    check(&SqliteStore::open_read_only(folder.path()).unwrap());
    SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
    check(&SqliteStore::open_read_only(folder.path()).unwrap());
}

#[test]
fn a_tenant_that_sends_new_names_and_releases_without_end_has_a_budget() {
    let (folder, store) = fresh();
    let mut sent = 0;
    for seed in 0..700_u64 {
        let mut batch = batch(seed, 40, &format!("{seed}"), Os::Ios, 5);
        batch.names.truncate(6);
        batch.names.extend((0..40).map(|n| format!("n{seed}.{n}")));
        for (n, event) in batch.events.iter_mut().enumerate() {
            *event = Event { kind: Kind::Action, name: NameId(6 + n as u32), a: 0, b: 0, ..*event };
        }
        sent += batch.events.len() as u64;
        put(&store, &batch);
    }
    store.close();
    drop(store);
    let count = |table: &str| -> usize {
        let select = format!("SELECT count(*) FROM {table}");
        database(&folder).query_row(&select, [], |row| row.get(0)).unwrap()
    };
    assert!(count("series") <= crate::limits::SERIES_PER_TENANT_MAX + Kind::ALL.len());
    assert_eq!(count("releases"), crate::limits::RELEASES_PER_TENANT_MAX + 1);
    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    let cells = store.cells("bank", &Query::default()).unwrap();
    assert_eq!(cells.iter().map(|(_, cell)| cell.count()).sum::<u64>(), sent, "nothing is lost");
    let other: u64 =
        cells.iter().filter(|(key, _)| key.name == "(other)").map(|(_, cell)| cell.count()).sum();
    assert!(other > 10_000, "{other}");
    let report = whole(&store, "bank");
    assert_eq!((report.touchpoints.len(), report.left_out.len()), (100, 1));
    // Page by page it is all there, and nothing twice.
    let mut listed = std::collections::BTreeSet::new();
    for page in 1..=SERIES_PER_TENANT_MAX / 100 + 1 {
        let query = Query { rows: Rows::page(page, 100), ..Query::default() };
        let report = super::report(&store, "bank", &query, &Budgets::default()).unwrap();
        assert!(report.touchpoints.iter().all(|row| listed.insert(row.name.clone())), "page {page}");
    }
    assert_eq!(listed.len() as u64, 100 + report.left_out["touchpoints"]);
    let error =
        super::report(&store, "bank", &Query::default().of_version("699"), &Budgets::default()).unwrap_err();
    assert!(error.to_string().contains("more than the 500 that are kept apart"), "{error}");
}
