//! What strangers send takes no more memory than its budget, before the rollups have it and beside them.

use super::*;
use crate::limits::{CELLS_PER_PERIOD_MAX, UNFOLDED_BYTES_MAX};
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
    let mut folded = Folded::default();
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
    let query = Query::of(Filter { tier: Some(Tier::High), ..Filter::default() });
    let cells = store.cells("bank", &query).unwrap();
    assert_eq!(cells.iter().map(|(_, cell)| cell.count()).sum::<u64>(), sent, "nothing is lost");
    let count = cells.iter().count();
    assert!(count > CELLS_PER_PERIOD_MAX && count <= CELLS_PER_PERIOD_MAX + 80, "{count}");
    assert!(cells.iter().any(|(key, _)| key.app_version == "(other)"));
}
