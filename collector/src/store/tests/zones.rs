//! Days are those of the bank, and of one bank only.

use super::*;

fn shanghai() -> Zone {
    "Asia/Shanghai".parse().unwrap()
}

/// A store whose days are those of this zone, with a wait of an install in each of 48 hours from [`START`] on.
fn of_zone(zone: Option<Zone>) -> (TempDir, Vec<Batch>) {
    let folder = tempfile::tempdir().unwrap();
    let policy = Policy { zone, ..Policy::default() };
    let store = SqliteStore::open_with(folder.path(), policy, |_, _| {}).unwrap();
    let batches: Vec<Batch> = (1..=48)
        .map(|hour| {
            let mut batch = batch(hour, 1, "8.1.0", Os::Ios, hour);
            batch.context.install = Uuid::from_u128(u128::from(hour) << 7);
            let started_uptime_ns = batch.events[0].started_uptime_ns;
            let event = Event::new(Kind::Action, NameId::OTHER);
            batch.events[0] = Event { started_uptime_ns, duration_ns: 1_000, ..event };
            batch
        })
        .collect();
    for batch in &batches {
        put(&store, batch);
    }
    drop(store);
    (folder, batches)
}

/// Who waited between these hours, from the rollups.
fn waited(folder: &TempDir, from: u64, until: u64) -> Option<u64> {
    let query = Query::default().from(START + from * HOUR_MS).until(START + until * HOUR_MS);
    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    let report = report(&store, "bank", &query, &Budgets::default()).unwrap();
    assert_eq!(report.scope.zone, *store.zone());
    report.of_kind(Kind::Action).next().unwrap().figures.people.map(|people| people.waited)
}

#[test]
fn the_people_of_a_day_are_those_from_midnight_to_midnight_of_its_zone() {
    // Midnight in Shanghai is 16 hours after midnight UTC. Each wait begins within the hour before the full one.
    let (of_utc, _) = of_zone(None);
    assert_eq!((waited(&of_utc, 0, 24), waited(&of_utc, 16, 40)), (Some(24), None));
    let (of_bank, batches) = of_zone(Some(shanghai()));
    assert_eq!((waited(&of_bank, 0, 24), waited(&of_bank, 16, 40)), (None, Some(24)));
    let store = SqliteStore::open_read_only(of_bank.path()).unwrap();
    for query in [Query::default().from(START + 16 * HOUR_MS).until(START + 40 * HOUR_MS), Query::default()] {
        assert_eq!(store.cells("bank", &query).unwrap(), counted(&batches, &query));
    }
}

#[test]
fn another_zone_is_refused_until_everything_is_cut_again() {
    let (folder, batches) = of_zone(None);
    let open = |zone: &str| {
        let policy = Policy { zone: Some(zone.parse().unwrap()), ..Policy::default() };
        SqliteStore::open_with(folder.path(), policy, |_, _| {})
    };
    let error = open("Asia/Shanghai").unwrap_err();
    assert!(error.is_input() && error.to_string().contains("nowait reindex --zone Asia/Shanghai"), "{error}");
    assert_eq!(waited(&folder, 0, 24), Some(24), "nothing was changed");
    assert_eq!(*open("UTC").unwrap().zone(), Zone::UTC);
    SqliteStore::reindex(folder.path(), Some(&shanghai()), |_, _| {}).unwrap();
    assert_eq!((waited(&folder, 0, 24), waited(&folder, 16, 40)), (None, Some(24)));
    let store = open("Asia/Shanghai").unwrap();
    put(&store, &batch(99, 1, "8.1.0", Os::Ios, 3));
    let batches: Vec<Batch> = batches.into_iter().chain([batch(99, 1, "8.1.0", Os::Ios, 3)]).collect();
    assert_eq!(store.cells("bank", &Query::default()).unwrap(), counted(&batches, &Query::default()));
}

#[test]
fn days_whose_batches_are_gone_stay_in_the_zone_that_they_were_cut_in() {
    let (folder, _) = of_zone(None);
    super::kept::round(&folder, "batches=1d,hours=1d,days=1d", NOW + 3 * DAY_MS);
    let error = SqliteStore::reindex(folder.path(), Some(&shanghai()), |_, _| {}).unwrap_err();
    assert!(error.is_input() && error.to_string().contains("stay cut in UTC"), "{error}");
    assert_eq!(*SqliteStore::open_read_only(folder.path()).unwrap().zone(), Zone::UTC);
}
