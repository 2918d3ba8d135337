//! What comparisons read, from whichever place it comes.

use super::*;
use crate::limits::SESSIONS_SAMPLED;
use nowait_report::Verdict;
use nowait_wire::Network;
use std::sync::Arc;

/// A session of one of two releases, on one of six strata; its ids are random, as a device's are.
fn session(seed: u64) -> Batch {
    let mut batch = batch(seed, 60, ["8.1.0", "8.2.0"][seed as usize % 2], Os::Ios, 5 + seed % 400);
    batch.id.session = Uuid::from_u64_pair(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), seed);
    batch.context.device_tier = Tier::ALL[seed as usize / 2 % 3];
    batch.context.network = [Network::Wifi, Network::Cellular][seed as usize / 6 % 2];
    batch.context.country = ["CH", "SG"][seed as usize / 12 % 2].into();
    batch
}

fn asked(store: &SqliteStore, query: &Query) -> Comparison {
    compare(store, "bank", query, ("8.1.0", "8.2.0"), &Budgets::default(), CompareOptions::default()).unwrap()
}

/// How many waits a comparison has, on both sides, and of how many sessions a touchpoint's are at most.
fn counts(comparison: &Comparison) -> (u64, u64) {
    let waits = comparison.touchpoints.iter().map(|change| change.base.waits + change.head.waits).sum();
    (waits, comparison.touchpoints.iter().map(|change| change.base.sessions).max().unwrap_or(0))
}

#[test]
fn rollups_of_strata_and_batches_give_the_same_comparison() {
    let (folder, store) = fresh();
    (0..120).for_each(|seed| _ = put(&store, &session(seed)));
    let everything = Query::default();
    let from_tail = asked(&store, &everything);
    assert!(from_tail.tests > 10 && counts(&from_tail).1 > 40, "{:?}", counts(&from_tail));
    drop(store);
    let store = SqliteStore::open(folder.path()).unwrap();
    assert_eq!(asked(&store, &everything), from_tail, "once everything is folded");
    // Of a filter and of a span, batches know.
    let country = asked(&store, &Query::of(Filter { country: Some("SG".into()), ..Filter::default() }));
    let (waits, sessions) = counts(&country);
    assert!(
        waits > 1_000 && waits < counts(&from_tail).0 && sessions < counts(&from_tail).1,
        "{waits} {sessions}"
    );
    let days = asked(&store, &Query::default().from(START).until(START + 3 * DAY_MS));
    assert!(counts(&days).0 > 0 && counts(&days).0 < counts(&from_tail).0);
    drop(store);
    // An older program had no strata, as long as the batches are there they tell.
    let conn = database(&folder);
    let none = "INSERT OR REPLACE INTO progress (name, number) VALUES ('segments_from', 100000)";
    conn.execute_batch(none).unwrap();
    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    assert_eq!(asked(&store, &everything), from_tail);
    // Without batches neither strata nor sessions are known: figures are, and no verdict.
    conn.execute_batch(
        "DELETE FROM batches; INSERT OR REPLACE INTO progress (name, number) VALUES ('batches_from', 4000000)",
    )
    .unwrap();
    let left = asked(&SqliteStore::open_read_only(folder.path()).unwrap(), &everything);
    assert_eq!((counts(&left).0, left.verdict), (counts(&from_tail).0, Verdict::TooFewSamples));
}

#[test]
fn what_is_asked_to_be_held_equal_is() {
    let (_folder, store) = fresh();
    // Of 8.2.0 most come from where waits are twice as long, and nothing else changed.
    for seed in 0..240_u64 {
        let mut batch = session(seed);
        (batch.context.device_tier, batch.context.network) = (Tier::High, Network::Wifi);
        let is_slow = if seed % 2 == 0 { seed % 8 < 2 } else { seed % 8 < 6 };
        batch.context.country = if is_slow { "BR" } else { "CH" }.into();
        for event in &mut batch.events {
            event.duration_ns =
                event.duration_ns / 50_000_000 + if is_slow { 800_000_000 } else { 400_000_000 };
        }
        put(&store, &batch);
    }
    let of = |strata: Option<Strata>| asked(&store, &Query { strata, ..Query::default() });
    assert_eq!(of(None).verdict, Verdict::Slower, "the mix of countries");
    let equal = of(Some(Strata::Country));
    assert!(!matches!(equal.verdict, Verdict::Slower | Verdict::Faster), "{:?}", equal.verdict);
    assert_eq!(counts(&equal).0, counts(&of(None)).0, "the same waits");
}

#[test]
fn a_large_release_is_sampled_by_its_sessions_ids() {
    let (_folder, store) = fresh();
    let sent: Vec<Batch> = (0..SESSIONS_SAMPLED as u64 + 300)
        .map(|seed| Batch { events: session(2 * seed).events[..2].to_vec(), ..session(2 * seed) })
        .collect();
    let pending: Vec<Pending> = sent
        .iter()
        .map(|batch| {
            loop {
                if let Ok(pending) = store.append(intake("bank", batch)) {
                    break pending;
                }
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        })
        .collect();
    pending.into_iter().for_each(|pending| _ = pending.wait().unwrap());
    let side = store.side("bank", &Query::default().of_version("8.1.0")).unwrap();
    assert!(
        (SESSIONS_SAMPLED - 50..=SESSIONS_SAMPLED + 2).contains(&(side.sessions() as usize)),
        "{}",
        side.sessions()
    );
}

#[test]
fn a_comparison_is_made_again_when_anything_was_written() {
    let (_folder, store) = fresh();
    (0..40).for_each(|seed| _ = put(&store, &session(seed)));
    let (comparisons, budgets) = (Comparisons::default(), Arc::default());
    let query = Query::default();
    let ask = |query: &Query, options| {
        comparisons.compare(&store, "bank", query, ("8.1.0", "8.2.0"), &budgets, options).unwrap()
    };
    let plain = CompareOptions::default();
    // The fold writes a moment after the last receipt, which may be between two questions; then nothing does.
    let is_kept = (0..100).any(|_| {
        let first = ask(&query, plain);
        let is_same = Arc::ptr_eq(&first, &ask(&query, plain));
        std::thread::sleep(std::time::Duration::from_millis(if is_same { 0 } else { 100 }));
        is_same
    });
    assert!(is_kept, "the same one");
    let first = ask(&query, plain);
    let strict = CompareOptions { effect_min: 0.2, ..CompareOptions::default() };
    assert_eq!(ask(&query, strict).options, strict, "another question");
    let ios = Query::of(Filter { os: Some(Os::Android), ..Filter::default() });
    assert!(
        comparisons.compare(&store, "bank", &ios, ("8.1.0", "8.2.0"), &budgets, strict).is_err(),
        "no such waits"
    );
    put(&store, &session(40));
    let second = ask(&query, plain);
    assert_eq!(*second, asked(&store, &query));
    assert_ne!(counts(&first), counts(&second), "one session more");
}
