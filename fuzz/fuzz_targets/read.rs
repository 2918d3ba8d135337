//! Any batches, stored and read back in every way: see `fuzz/README.md`.
#![no_main]

mod batches;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use nowait_collector::ask::Filter;
use nowait_collector::store::{Intake, Query, SqliteStore, Store, Stored, compare};
use nowait_report::limits::EXITS_LISTED_MAX;
use nowait_report::{Budgets, Cell, Cells, CompareOptions, Report};
use nowait_wire::{Batch, BatchId, Tier, Uuid, decode, encode};

/// The latest moment at which our own clock may say that something arrived: 2100.
const RECEIVED_MAX: u64 = 4_102_444_800_000;

/// What was stored for one tenant, counted one by one.
#[derive(Default)]
struct Sent {
    events: u64,
    waits: u64,
}

/// Batches of few sessions and releases, so that they meet.
fn some(u: &mut Unstructured<'_>) -> Result<Batch> {
    // Each batch has a part of the bytes.
    let bytes = u.int_in_range(0..=u.len().min(2_000))?;
    let batch = batches::batch(&mut Unstructured::new(u.bytes(bytes)?))?;
    let id = match u.int_in_range(0..=3)? {
        0 => batch.id,
        session => BatchId { session: Uuid::from_u64_pair(1, session), first: u.int_in_range(0..=2)? },
    };
    let app_version = u.choose(&["8.1.0", "8.2.0", "(other)", ""])?;
    let context = nowait_wire::Context { app_version: (*app_version).into(), ..batch.context };
    Ok(Batch { id, context, ..batch })
}

fn waits(cells: &Cells) -> u64 {
    cells.iter().map(|(_, cell)| cell.count()).sum()
}

fn report(store: &SqliteStore, tenant: &str, query: &Query) -> Report {
    store.report(tenant, query, &Budgets::default()).expect("a report of what was stored")
}

fn uncounted(report: &Report) -> u64 {
    report.uncounted.get("implausible waits").copied().unwrap_or(0)
}

/// Reads everything of a tenant in every way, and checks that nothing is lost on any.
fn read(store: &SqliteStore, tenant: &str, sent: &Sent) -> (Report, Cells) {
    let all = Query::default();
    let (whole, cells) = (report(store, tenant, &all), store.cells(tenant, &all).expect("cells"));
    assert_eq!(waits(&cells) + uncounted(&whole), sent.waits, "every wait is counted once");
    assert_eq!(whole.ledger.delivered, sent.events, "and so is every event");
    let (mut parts, mut left) = (0, 0);
    for tier in Tier::ALL {
        let query = Query::of(Filter { tier: Some(*tier), ..Filter::default() });
        parts += waits(&store.cells(tenant, &query).expect("cells of a tier"));
        left += uncounted(&report(store, tenant, &query));
    }
    assert_eq!(parts + left, sent.waits, "the parts are the whole");
    let of_both = |query: &Query| match compare(
        store,
        tenant,
        query,
        ("8.1.0", "8.2.0"),
        &Budgets::default(),
        CompareOptions::default(),
    ) {
        Ok(_) => {}
        Err(error) => assert!(error.is_no_data(), "{error}"),
    };
    of_both(&all);
    of_both(&Query::of(Filter { tier: Some(Tier::High), ..Filter::default() }));
    for report in [&whole, &report(store, tenant, &Query::default().from(1).until(u64::MAX))] {
        assert!(report.exits.latest.len() <= EXITS_LISTED_MAX);
    }
    (whole, cells)
}

fuzz_target!(|data: &[u8]| {
    let u = &mut Unstructured::new(data);
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path()).expect("a new store");
    let tenants = ["bank", "shop"];
    let mut sent = [Sent::default(), Sent::default()];
    while !u.is_empty() {
        let Ok(batch) = some(u) else { break };
        let Ok(frame) = encode(&batch) else { continue };
        let batch = decode(&frame).expect("what was encoded");
        let (Ok(of), Ok(received), Ok(claimed)) =
            (u.choose_index(2), u.int_in_range(0..=RECEIVED_MAX), u.arbitrary())
        else {
            break;
        };
        let (events, waits) =
            (batch.events.len(), batch.events.iter().filter(|event| Cell::takes(event.kind)).count());
        let intake = Intake::new(tenants[of], frame, batch, received, claimed);
        assert_eq!(intake.events(), events);
        if store.append(intake).and_then(|pending| pending.wait()).expect("it is stored") == Stored::New {
            sent[of].events += events as u64;
            sent[of].waits += waits as u64;
        }
    }
    let read_both = |store: &SqliteStore| [0, 1].map(|of| read(store, tenants[of], &sent[of]));
    // From the log; from the rollups; from rollups that were made again.
    let first = read_both(&store);
    store.close();
    drop(store);
    let reader =
        |folder: &tempfile::TempDir| SqliteStore::open_read_only(folder.path()).expect("the same store");
    assert!(first == read_both(&reader(&folder)), "the rollups say what the log says");
    SqliteStore::reindex(folder.path(), None, |_, _| {}).expect("rollups are made again");
    assert!(first == read_both(&reader(&folder)), "and say it again");
});
