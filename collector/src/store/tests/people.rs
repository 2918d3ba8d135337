//! How many people it was, and by whose budgets they were late.

use super::*;
use nowait_report::report::PeopleFigures;

#[test]
fn it_says_how_many_people_waited_too_long_failed_or_gave_up() {
    let (folder, store) = fresh();
    let limit = Budgets::default().of(Kind::Action, "x").target_ns;
    for seed in 0..40 {
        // Ten people, each of them four times.
        let mut batch = batch(seed, 4, ["8.1.0", "8.2.0"][seed as usize % 2], Os::Ios, seed);
        batch.context.install = Uuid::from_u128(u128::from(seed % 10 + 1) << 7);
        for (n, event) in batch.events.iter_mut().enumerate() {
            let outcome = match seed % 10 {
                3 if n == 1 => Outcome::Failed,
                4 | 5 if n == 2 => Outcome::Abandoned,
                6 => Outcome::Interrupted,
                _ => Outcome::Done,
            };
            let duration_ns = if seed % 10 < 3 && n == 0 { limit * 2 } else { 1_000 };
            let started_uptime_ns = event.started_uptime_ns;
            *event =
                Event { started_uptime_ns, duration_ns, outcome, ..Event::new(Kind::Action, NameId::OTHER) };
        }
        put(&store, &batch);
    }
    let expected = PeopleFigures { waited: 9, beyond_target: 3, failed: 1, gave_up: 2 };
    let check = |store: &SqliteStore| {
        let report = whole(store, "bank");
        let action = report.of_kind(Kind::Action).next().unwrap();
        assert_eq!(action.figures.people, Some(expected));
        let of_release = |version: &str| {
            let query = Query::default().of_version(version);
            let report = super::report(store, "bank", &query, &Budgets::default()).unwrap();
            report.of_kind(Kind::Action).next().unwrap().figures.people.unwrap().waited
        };
        assert_eq!(
            (of_release("8.1.0"), of_release("8.2.0")),
            (4, 5),
            "of 0, 2, 4, (6,) 8 and 1, 3, 5, 7, 9"
        );
        let days = Query::default().from(START).until(START + DAY_MS);
        let report = super::report(store, "bank", &days, &Budgets::default()).unwrap();
        assert_eq!(report.of_kind(Kind::Action).next().unwrap().figures.people, Some(expected));
        let hours = Query::default().from(START).until(START + 3 * HOUR_MS);
        let report = super::report(store, "bank", &hours, &Budgets::default()).unwrap();
        assert_eq!(report.of_kind(Kind::Action).next().unwrap().figures.people, None);
    };
    check(&store);
    store.close();
    drop(store);
    check(&SqliteStore::open_read_only(folder.path()).unwrap());
    SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
    check(&SqliteStore::open_read_only(folder.path()).unwrap());
}

#[test]
fn who_is_late_is_judged_by_the_budgets_that_were_served_with_also_when_counted_again() {
    let folder = tempfile::tempdir().unwrap();
    let strict = Budgets::parse("[kind.action]\ntarget_ms = 0.0005\n").unwrap();
    let policy = Policy { budgets: Some(strict), ..Policy::default() };
    let store = SqliteStore::open_with(folder.path(), policy.clone(), |_, _| {}).unwrap();
    let mut batch = batch(1, 4, "8.1.0", Os::Ios, 5);
    for event in &mut batch.events {
        let started_uptime_ns = event.started_uptime_ns;
        *event = Event { started_uptime_ns, duration_ns: 1_000, ..Event::new(Kind::Action, NameId::OTHER) };
    }
    put(&store, &batch);
    drop(store);
    let late = |folder: &TempDir| {
        let report = whole(&SqliteStore::open_read_only(folder.path()).unwrap(), "bank");
        report.of_kind(Kind::Action).next().unwrap().figures.people.unwrap().beyond_target
    };
    assert_eq!(late(&folder), 1);
    SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
    assert_eq!(late(&folder), 1);
    drop(SqliteStore::open(folder.path()).unwrap());
    SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
    assert_eq!(late(&folder), 1, "what it was told last");
    let others = Policy { budgets: Some(Budgets::default()), ..policy };
    drop(SqliteStore::open_with(folder.path(), others, |_, _| {}).unwrap());
    SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
    assert_eq!(late(&folder), 0, "another collector was given others");
}
