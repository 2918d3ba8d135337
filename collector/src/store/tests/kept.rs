//! What goes with age, and what must not change by that.

use super::*;
use crate::store::progress::Progress;
use crate::store::retention::Retention;
use std::time::{Duration, Instant};

/// A store that removes what is older than is kept by default.
fn keeping() -> Policy {
    Policy { keep: Keep::default(), ..Policy::default() }
}

fn put_at(store: &SqliteStore, batch: &Batch, received: u64) -> Stored {
    let frame = nowait_wire::encode(batch).unwrap();
    let decoded = nowait_wire::decode(&frame).unwrap();
    store.append(Intake::new("bank", frame, decoded, received, None)).unwrap().wait().unwrap()
}

/// The session of a day, at noon.
fn of_day(day: u64) -> Batch {
    batch(1_000 + day, 60, "8.2.0", Os::Ios, day * 24 + 12)
}

/// One session a day, for sixty days, each received when it ended.
fn sixty_days() -> (TempDir, Vec<Batch>) {
    let (folder, store) = fresh();
    let batches: Vec<Batch> = (0..60).map(of_day).collect();
    for (day, batch) in (0..).zip(&batches) {
        put_at(&store, batch, START + day * DAY_MS + 12 * HOUR_MS);
    }
    (folder, batches)
}

const SIXTY_DAYS: u64 = START + 60 * DAY_MS;

/// A whole round, and how many bites it took.
pub(super) fn round(folder: &TempDir, keep: &str, now: u64) -> usize {
    let conn = database(folder);
    let mut retention = Retention::new(keep.parse().unwrap());
    (1..).find(|_| !retention.bite(&conn, now).unwrap()).unwrap()
}

fn number(folder: &TempDir, select: &str) -> u64 {
    database(folder).query_row(select, [], |row| row.get(0)).unwrap()
}

fn read(folder: &TempDir, query: &Query) -> Report {
    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    report(&store, "bank", query, &Budgets::default()).unwrap()
}

fn hours(from: u64, until: u64) -> Query {
    Query::default().from(START + from * HOUR_MS).until(START + until * HOUR_MS)
}

#[test]
fn what_is_kept_is_read_in_one_way_or_refused() {
    assert_eq!(Keep::DEFAULT.parse::<Keep>().unwrap(), Keep::default());
    let keep: Keep = "hours=36h,batches=forever".parse().unwrap();
    assert_eq!(keep, Keep { batches_ms: u64::MAX, hours_ms: 36 * HOUR_MS, ..Keep::default() });
    for (text, wanted) in [
        ("", "does not say how long"),
        ("30d", "does not say how long"),
        ("months=1w", "months stay for ever"),
        ("hours=2d,hours=3d", "said twice"),
        ("batches=13mo", "write 30d"),
        ("batches=23h", "the least is 1d"),
        ("hours=30d,days=29d", "for as long at least"),
    ] {
        let error = text.parse::<Keep>().unwrap_err();
        assert!(error.is_input() && error.to_string().contains(wanted), "{text}: {error}");
    }
}

#[test]
fn age_takes_batches_and_hours_and_no_report_of_everything_changes() {
    let (folder, batches) = sixty_days();
    let all = read(&folder, &Query::default());
    assert_eq!(all.ledger.sessions, 60);
    assert!(round(&folder, Keep::DEFAULT, SIXTY_DAYS) > 5, "in bites");
    assert_eq!(number(&folder, "SELECT count(*) FROM batches"), 30);
    assert_eq!(
        number(&folder, "SELECT count(*) FROM contexts WHERE id NOT IN (SELECT context FROM batches)"),
        0
    );
    assert_eq!(number(&folder, "SELECT count(*) FROM exits WHERE batch NOT IN (SELECT id FROM batches)"), 0);
    assert_eq!(number(&folder, "SELECT count(*) FROM sessions"), 60, "a late batch may come for 90 days");
    let first_hour = number(&folder, "SELECT min(start) FROM cells WHERE period = 0") * HOUR_MS;
    assert!(first_hour >= SIXTY_DAYS - 14 * DAY_MS, "{first_hour}");
    // The one release is still known by name.
    let error = SqliteStore::open_read_only(folder.path()).map(|store| {
        report(&store, "bank", &Query::default().of_version("9"), &Budgets::default()).unwrap_err()
    });
    assert!(error.unwrap().to_string().contains("\"8.2.0\""));
    let check = || {
        let now = read(&folder, &Query::default());
        assert_eq!(
            (&now.ledger, &now.touchpoints, now.scope),
            (&all.ledger, &all.touchpoints, all.scope.clone())
        );
        // Day 20 has no hours any more, day 50 has.
        let store = SqliteStore::open_read_only(folder.path()).unwrap();
        let day = hours(20 * 24, 21 * 24);
        assert_eq!(store.cells("bank", &hours(20 * 24 + 11, 20 * 24 + 12)).unwrap(), counted(&batches, &day));
        let scope = read(&folder, &hours(20 * 24 + 11, 20 * 24 + 12)).scope;
        assert_eq!((scope.from_unix_ms, scope.until_unix_ms), (day.from_unix_ms(), day.until_unix_ms()));
        let fine = hours(50 * 24 + 11, 50 * 24 + 13);
        assert_eq!(store.cells("bank", &fine).unwrap(), counted(&batches, &fine));
        assert_eq!(read(&folder, &fine).scope.from_unix_ms, fine.from_unix_ms());
    };
    check();
    let rebuilt = SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
    let [hours, days, months] = rebuilt.since_unix_ms.unwrap();
    assert_eq!((rebuilt.batches, months), (30, 1_777_593_600_000), "May 2026");
    // Batches of noon of day 29 went: day 30 is the first whole one.
    assert_eq!((hours, days), (SIXTY_DAYS - 14 * DAY_MS, START + 30 * DAY_MS));
    check();
    // A batch of a session whose first batch is gone joins it, in the rollups that stay and in those that are made again.
    let store = SqliteStore::open(folder.path()).unwrap();
    let mut late = of_day(5);
    late.id.first = 60;
    late.ledger.produced = 120;
    assert_eq!(put_at(&store, &late, SIXTY_DAYS), Stored::New);
    drop(store);
    for _ in 0..2 {
        let ledger = read(&folder, &Query::default()).ledger;
        assert_eq!((ledger.sessions, ledger.delivered, ledger.produced), (60, 61 * 60, 61 * 60));
        SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn whatever_goes_and_is_made_again_the_whole_stays(
        // Session, days until it came, and what is done then: a round of removing, a rebuild, both or nothing.
        sent in prop::collection::vec((0..8u64, 0..80u64, 0..4u8), 1..16),
    ) {
        let (folder, store) = fresh();
        let (plain_folder, plain) = fresh();
        let mut times = [0; 8];
        let mut all: Vec<(u64, Batch, u8)> = Vec::new();
        for (session, late, then) in sent {
            let nth = times[session as usize];
            times[session as usize] += 1;
            let mut batch = batch(session, 40, ["8.1.0", "8.2.0"][session as usize % 2], Os::Ios, session * 168 + nth);
            batch.id.first = nth * 40;
            batch.ledger.produced = 40 * (nth + 1);
            all.push((START + (session * 7 + late) * DAY_MS + (nth + 1) * HOUR_MS, batch, then));
        }
        all.sort_by_key(|(received, ..)| *received);
        let (mut store, mut until) = (Some(store), 0);
        for (received, batch, then) in &all {
            let open = store.take().unwrap_or_else(|| SqliteStore::open(folder.path()).unwrap());
            put_at(&open, batch, *received);
            put_at(&plain, batch, *received);
            drop(open);
            if then & 1 == 1 {
                round(&folder, "batches=10d,hours=5d,days=20d", *received);
            }
            if then & 2 == 2 {
                SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
            }
            until = *received;
        }
        let kept = SqliteStore::open_read_only(folder.path()).unwrap();
        let everything = Query::default();
        prop_assert_eq!(kept.cells("bank", &everything).unwrap(), plain.cells("bank", &everything).unwrap());
        prop_assert_eq!(accounts(&kept, &everything), accounts(&plain, &everything));
        // The last days have all of their hours.
        let fine = Query::default().from(until - 4 * DAY_MS).until(until - 3 * DAY_MS - HOUR_MS);
        prop_assert_eq!(kept.cells("bank", &fine).unwrap(), plain.cells("bank", &fine).unwrap());
        drop(plain_folder);
    }
}

#[test]
fn days_go_by_whole_months() {
    let (folder, batches) = sixty_days();
    round(&folder, "hours=14d,days=20d", SIXTY_DAYS);
    // Twenty days before is the middle of April: March is a month alone.
    let april = 1_775_001_600_000;
    assert_eq!(number(&folder, "SELECT min(start) FROM cells WHERE period = 1") * DAY_MS, april);
    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    let march = Query::default().until(april);
    assert_eq!(store.cells("bank", &hours(20 * 24, 21 * 24)).unwrap(), counted(&batches, &march));
    assert_eq!(read(&folder, &hours(20 * 24, 21 * 24)).scope.until_unix_ms, april);
}

#[test]
fn sessions_go_when_no_batch_of_theirs_can_come_any_more() {
    let (folder, _) = sixty_days();
    let all = read(&folder, &Query::default());
    round(&folder, Keep::DEFAULT, START + 100 * DAY_MS);
    assert_eq!(number(&folder, "SELECT count(*) FROM batches"), 0);
    // Those of the first ten days.
    assert_eq!(number(&folder, "SELECT count(*) FROM sessions"), 50);
    assert_eq!(read(&folder, &Query::default()).ledger, all.ledger);
    SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
    assert_eq!(read(&folder, &Query::default()).ledger, all.ledger);
}

#[test]
fn what_is_not_folded_stays() {
    let (folder, _) = sixty_days();
    Progress::FoldedTo.write(&database(&folder), 10).unwrap();
    round(&folder, Keep::DEFAULT, START + 100 * DAY_MS);
    assert_eq!(number(&folder, "SELECT min(id) FROM batches"), 11);
    // Received late, and as young as that: its receipt may have been lost.
    let (folder, store) = fresh();
    put_at(&store, &of_day(0), SIXTY_DAYS);
    drop(store);
    round(&folder, Keep::DEFAULT, SIXTY_DAYS + DAY_MS);
    assert_eq!(number(&folder, "SELECT count(*) FROM batches"), 1);
}

#[test]
fn the_writer_removes_beside_ingest_and_gives_space_back() {
    let (folder, store) = fresh();
    let old: Vec<Batch> = (0..600).map(|seed| batch(seed, 120, "8.2.0", Os::Ios, seed % 200)).collect();
    let pages = || number(&folder, "PRAGMA page_count");
    let waiting: Vec<Pending> = old
        .iter()
        .map(|batch| {
            loop {
                match store.append(intake("bank", batch)) {
                    Ok(pending) => break pending,
                    Err(_) => std::thread::sleep(Duration::from_millis(5)),
                }
            }
        })
        .collect();
    waiting.into_iter().for_each(|pending| _ = pending.wait().unwrap());
    store.close();
    drop(store);
    let (all, before) = (read(&folder, &Query::default()), pages());
    // They came months ago; young ones come while they go.
    let store = SqliteStore::open_with(folder.path(), keeping(), |_, _| {}).unwrap();
    let now = crate::time::now_unix_ms();
    let (begin, mut young, mut slowest) = (Instant::now(), 0, Duration::ZERO);
    let free = || number(&folder, "PRAGMA freelist_count");
    while number(&folder, "SELECT count(*) FROM batches WHERE id <= 600") > 0
        || number(&folder, "SELECT count(*) FROM cells WHERE period = 0 AND start < 493000") > 0
        || free() > pages() / 16
    {
        assert!(begin.elapsed() < Duration::from_secs(60), "{} of {before} pages", pages());
        let mut batch = batch(10_000 + young, 20, "8.3.0", Os::Ios, 0);
        batch.anchors[0].wall_unix_ms = now;
        let asked = Instant::now();
        assert_eq!(put_at(&store, &batch, now), Stored::New);
        slowest = slowest.max(asked.elapsed());
        std::thread::sleep(Duration::from_millis(20));
        young += 1;
    }
    assert!(pages() < before, "{} of {before} pages", pages());
    assert!(young > 3 && slowest < Duration::from_secs(2), "{young} in {slowest:?}");
    drop(store);
    let report = read(&folder, &Query::default());
    assert_eq!(report.ledger.sessions, all.ledger.sessions + young);
    assert_eq!(report.ledger.delivered, all.ledger.delivered + 20 * young);
    assert_eq!(number(&folder, "SELECT count(*) FROM batches"), young);
}

#[test]
fn a_file_that_cannot_give_space_back_learns_it_by_reindex() {
    let (folder, store) = fresh();
    put(&store, &of_day(1));
    drop(store);
    database(&folder).execute_batch("PRAGMA auto_vacuum = NONE; VACUUM").unwrap();
    let mode = || number(&folder, "PRAGMA auto_vacuum");
    drop(SqliteStore::open_with(folder.path(), keeping(), |_, _| {}).unwrap());
    assert_eq!(mode(), 0, "not while somebody waits");
    SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
    assert_eq!(mode(), 2);
}

#[test]
fn reindex_scrubs_what_came_before_scrubbing() {
    let (folder, store) = fresh();
    let mut dirty = batch(1, 60, "8.2.0", Os::Ios, 5);
    put(&store, &dirty);
    drop(store);
    const CARD: &str = "4111 1111 1111 1111";
    dirty.names[6] = CARD.into();
    dirty.context.country = CARD.into();
    let conn = database(&folder);
    let frame = nowait_wire::encode(&dirty).unwrap();
    conn.execute("UPDATE batches SET frame = ?1", [&frame]).unwrap();
    conn.execute("UPDATE contexts SET country = ?1", [CARD]).unwrap();
    drop(conn);
    SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
    let (frame, countries): (Vec<u8>, String) = database(&folder)
        .query_row("SELECT frame, (SELECT group_concat(country) FROM contexts) FROM batches", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let clean = nowait_wire::decode(&frame).unwrap();
    assert!(!format!("{clean:?}").contains("4111") && countries == "redacted", "{countries}");
    assert_eq!((clean.ledger.names_redacted, clean.events.len()), (2, 60));
    let names =
        format!("{:?}", SqliteStore::open_read_only(folder.path()).unwrap().cells("bank", &Query::default()));
    assert!(!names.contains("4111") && names.contains("redacted"));
    let again = SqliteStore::reindex(folder.path(), None, |_, _| {}).unwrap();
    assert_eq!((again.batches, again.since_unix_ms), (1, None));
}

#[test]
fn what_is_kept_is_said_as_it_is_read() {
    for text in
        [Keep::DEFAULT, "batches=forever,hours=forever,days=forever", "batches=2160m,hours=1d,days=7d"]
    {
        assert_eq!(text.parse::<Keep>().unwrap().to_string(), text);
    }
    assert_eq!(Keep::default().to_string(), Keep::DEFAULT);
}
