//! A touchpoint in detail says what the report says of it, whatever it is answered from.

use super::*;
use nowait_report::report::{Figures, Touchpoint};
use nowait_report::{Detail, Split};

/// Forty sessions over four days, of two releases on two systems and two tiers.
fn batches() -> Vec<Batch> {
    let all = (0..40).map(|seed| {
        let hour = 1 + seed * 5 / 2;
        let mut batch = batch(
            seed,
            60,
            ["8.9.0", "8.10.0"][seed as usize / 20],
            [Os::Android, Os::Ios][seed as usize % 2],
            hour,
        );
        batch.context.install = Uuid::from_u128(u128::from(seed % 13 + 1) << 9);
        batch.context.device_tier = [Tier::Low, Tier::High][seed as usize / 2 % 2];
        batch
    });
    all.collect()
}

/// All touchpoints of the report of a question, each with its detail.
fn pairs(store: &SqliteStore, query: &Query) -> Vec<(Touchpoint, Detail)> {
    let budgets = Budgets::default();
    let report = report(store, "bank", query, &budgets).unwrap();
    let of = |touchpoint: Touchpoint| {
        let place = (touchpoint.kind, touchpoint.name.as_str());
        let detail = store.detail("bank", query, place, None, &budgets).unwrap();
        assert_eq!((&detail.scope.zone, &detail.scope.filters), (&report.scope.zone, &report.scope.filters));
        (touchpoint, detail)
    };
    report.touchpoints.into_iter().map(of).collect()
}

/// What a detail must be, whatever it is answered from.
fn check(store: &SqliteStore, query: &Query, is_by_hours: bool) {
    let pairs = pairs(store, query);
    assert!(pairs.len() > 3);
    for (touchpoint, detail) in pairs {
        let mut told = detail.touchpoint.clone();
        // A report does not know who waited where it reads hours; decoded batches tell.
        if touchpoint.figures.people.is_none() {
            told.figures.people = None;
        }
        assert_eq!(told, touchpoint);
        let sum = |of: fn(&Figures) -> u64| detail.days.iter().map(|day| of(&day.figures)).sum::<u64>();
        assert_eq!(sum(|figures| figures.outcomes.total()), touchpoint.figures.outcomes.total());
        // In the bucket of the target nobody knows who was beyond it.
        let lost = (sum(|figures| figures.lost_ns), touchpoint.figures.lost_ns);
        assert!(lost.0.abs_diff(lost.1) <= lost.1 / 20, "{lost:?}");
        let in_bars: u64 = detail.distribution.iter().map(|bar| bar.answered + bar.unanswered).sum();
        let ended = touchpoint.figures.latency.count + touchpoint.figures.outcomes.unanswered_or_failed()
            - touchpoint.figures.outcomes.failed;
        assert_eq!(in_bars, ended);
        if is_by_hours {
            let in_hours: u64 = detail.hours.iter().map(|hour| hour.count).sum();
            assert_eq!(in_hours, touchpoint.figures.outcomes.ended());
        }
        assert!(
            detail
                .longest
                .iter()
                .zip(detail.longest.iter().skip(1))
                .all(|(one, next)| one.duration_ns >= next.duration_ns)
        );
        let by_version: Vec<_> = detail.releases.iter().map(|of| of.app_version.as_str()).collect();
        let known: Vec<_> = touchpoint.by_app_version.iter().map(|of| of.value.as_str()).collect();
        assert_eq!(by_version, known);
    }
}

/// The days beside a ranking are those of each touchpoint in detail, from the earliest of them up to where the question ends.
fn check_daily(store: &SqliteStore, query: &Query) {
    let budgets = Budgets::default();
    let daily = store.daily("bank", query, &budgets).unwrap();
    let ranked = report(store, "bank", query, &budgets).unwrap().touchpoints;
    let names = |kind: Kind, name: &str| (kind, name.to_owned());
    let of_daily: Vec<_> = daily.touchpoints.iter().map(|of| names(of.kind, &of.name)).collect();
    assert_eq!(of_daily, ranked.iter().map(|of| names(of.kind, &of.name)).collect::<Vec<_>>());
    assert!(daily.days.len() >= 3, "{:?}", daily.days);
    let unbounded = Query { from_unix_ms: None, ..query.clone() };
    for of in &daily.touchpoints {
        let detail = store.detail("bank", &unbounded, (of.kind, &of.name), None, &budgets).unwrap();
        let known: Vec<_> = (daily.days.iter().zip(&of.p75_ns))
            .filter_map(|(day, p75_ns)| Some((day.clone(), (*p75_ns)?)))
            .collect();
        let told = detail.days.into_iter().filter_map(|day| Some((day.day, day.figures.latency.p75_ns?)));
        assert_eq!(known, told.collect::<Vec<_>>(), "{} {}", of.kind, of.name);
    }
}

#[test]
fn the_last_thirty_days_stand_beside_a_ranking_and_those_before_do_not() {
    let (folder, store) = fresh();
    for day in 0..40 {
        let mut batch = batch(day, 60, "8.2.0", Os::Android, 1 + day * 24);
        batch.anchors[0].wall_unix_ms -= 31 * DAY_MS;
        put(&store, &batch);
    }
    drop(store);
    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    let days = |query: &Query| store.daily("bank", query, &Budgets::default()).unwrap().days;
    let all = days(&Query::default());
    assert_eq!(all.len(), 30);
    // A question of one day is followed back all the same, and nothing behind it is told.
    let one_day = Query::default().from(START + 3 * DAY_MS).until(START + 4 * DAY_MS);
    let of_one = days(&one_day);
    assert_eq!((of_one.len(), of_one.last()), (30, all.get(24)));
    assert_eq!(all.get(24).map(String::as_str), Some("2026-03-09"));
    assert!(days(&Query::default().until(START - 40 * DAY_MS)).is_empty());
}

#[test]
fn it_says_what_the_report_says_from_the_log_from_rollups_and_from_batches() {
    for zone in ["UTC", "Asia/Shanghai", "Asia/Kolkata"] {
        let folder = tempfile::tempdir().unwrap();
        let policy = Policy { zone: Some(zone.parse().unwrap()), ..Policy::default() };
        let store = SqliteStore::open_with(folder.path(), policy, |_, _| {}).unwrap();
        batches().iter().for_each(|batch| _ = put(&store, batch));
        let two_days = Query::default().from(START + 20 * HOUR_MS).until(START + 68 * HOUR_MS);
        let of_ios = Query::of(Filter { os: Some(Os::Ios), ..Filter::default() });
        let of_release = Query::default().of_version("8.10.0");
        let of_tier = Query::of(Filter { tier: Some(Tier::High), ..Filter::default() });
        let all = [Query::default(), two_days, of_ios, of_release, of_tier];
        all.iter().for_each(|query| check(&store, query, true));
        all.iter().for_each(|query| check_daily(&store, query));
        drop(store);
        let store = SqliteStore::open_read_only(folder.path()).unwrap();
        all.iter().for_each(|query| check(&store, query, true));
        all.iter().for_each(|query| check_daily(&store, query));
    }
}

#[test]
fn a_day_has_its_own_people_and_its_waits_lead_to_their_sessions() {
    let (folder, store) = fresh();
    let batches = batches();
    batches.iter().for_each(|batch| _ = put(&store, batch));
    drop(store);
    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    let (touchpoint, detail) = pairs(&store, &Query::default()).swap_remove(0);
    assert!(detail.days.len() >= 4);
    for day in &detail.days {
        let people = day.figures.people.unwrap();
        let from = crate::time::parse(&day.day, NOW, &Zone::UTC).unwrap();
        let query = Query::default().from(from).until(from + DAY_MS);
        let of_day = report(&store, "bank", &query, &Budgets::default()).unwrap();
        let same = of_day.of_kind(touchpoint.kind).find(|of| of.name == touchpoint.name).unwrap();
        assert_eq!((same.figures.people, &same.figures), (Some(people), &day.figures));
    }
    assert!(!detail.longest.is_empty());
    for wait in &detail.longest {
        let session = store.session("bank", wait.session.parse().unwrap()).unwrap();
        let events = session.iter().flat_map(|batch| &batch.events);
        assert!(
            events
                .into_iter()
                .any(|event| event.kind == touchpoint.kind && event.duration_ns == wait.duration_ns)
        );
    }
}

#[test]
fn the_values_of_a_field_are_what_a_filter_by_each_of_them_says() {
    let (_folder, store) = fresh();
    batches().iter().for_each(|batch| _ = put(&store, batch));
    let touchpoint = whole(&store, "bank").touchpoints.swap_remove(0);
    let place = (touchpoint.kind, touchpoint.name.as_str());
    let split = |by: By| {
        let detail = store.detail("bank", &Query::default(), place, Some(&by), &Budgets::default());
        detail.unwrap().split.unwrap()
    };
    let tiers = split(By::Tier);
    assert_eq!((tiers.by.as_str(), tiers.values.len()), ("tier", 2));
    for slice in &tiers.values {
        let query = Query::of(Filter { tier: slice.value.parse().ok(), ..Filter::default() });
        let alone = store.detail("bank", &query, place, None, &Budgets::default()).unwrap();
        assert_eq!(alone.touchpoint.figures, slice.figures, "{}", slice.value);
    }
    // The app is a channel, and a key that nobody has says nothing of anybody.
    let of = |key: &str| {
        split(By::Dimension(key.into())).values.into_iter().map(|of| of.value).collect::<Vec<_>>()
    };
    assert_eq!((of("channel"), of("nothing")), (vec!["app".to_owned()], vec![String::new()]));
}

#[test]
fn the_values_of_a_field_are_known_for_longer_than_their_batches() {
    let (folder, store) = fresh();
    let of_place = |place: (Kind, &str), by: By| {
        let store = SqliteStore::open_read_only(folder.path()).unwrap();
        store.detail("bank", &Query::default(), place, Some(&by), &Budgets::default()).unwrap().split.unwrap()
    };
    let all = batches();
    let (early, late) = all.split_at(all.len() / 2);
    early.iter().for_each(|batch| _ = put(&store, batch));
    drop(store);
    let store = SqliteStore::open(folder.path()).unwrap();
    late.iter().for_each(|batch| _ = put(&store, batch));
    let touchpoint = whole(&store, "bank").touchpoints.swap_remove(0);
    let ask = || {
        [By::Tier, By::Network, By::Country, By::Dimension("segment".into())]
            .map(|by| of_place((touchpoint.kind, &touchpoint.name), by))
    };
    // The rollups of segments have a half of it, then all of it, and then nothing else has it.
    let before = ask();
    drop(store);
    drop(SqliteStore::open(folder.path()).unwrap());
    assert_eq!(ask(), before);
    database(&folder).execute_batch("DELETE FROM batches; DELETE FROM contexts").unwrap();
    assert_eq!(ask(), before);
    let n = |split: &Split| split.values.iter().map(|value| value.figures.outcomes.total()).sum::<u64>();
    assert!(before.iter().all(|split| n(split) == touchpoint.figures.outcomes.total()));
    // Of models there are none.
    assert!(of_place((touchpoint.kind, &touchpoint.name), By::Model).values.is_empty());
}

#[test]
fn what_nobody_waited_for_is_refused_with_the_nearest() {
    let (_folder, store) = fresh();
    let said = |kind, name: &str, query: &Query| {
        let error = store.detail("bank", query, (kind, name), None, &Budgets::default()).unwrap_err();
        assert!(error.is_no_data(), "{error}");
        error.to_string()
    };
    assert!(said(Kind::Action, "Pay", &Query::default()).contains("none has sent anything yet"));
    batches().iter().for_each(|batch| _ = put(&store, batch));
    let report = whole(&store, "bank");
    let name = report.of_kind(Kind::Screen).next().unwrap().name.clone();
    store.close();
    let near = said(Kind::Screen, &format!("{name}x"), &Query::default());
    assert!(near.contains(&format!("{name:?}")), "{near}");
    let earlier = Query::default().from(START - 9 * DAY_MS).until(START - 8 * DAY_MS);
    assert!(
        said(Kind::Screen, &name, &earlier).contains("in this span"),
        "{}",
        said(Kind::Screen, &name, &earlier)
    );
}
