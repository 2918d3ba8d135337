//! A disk that damages rows, figures that cannot be true, and files that are not ours.
//!
//! Owns: what a damaged or foreign thing may cost: itself. Refuses: what arrives whole (see `expand` and `budget`).
//! Invariant: what cannot be read or believed is counted and named, and everything else is as it was.

use crate::attacked::{ANOTHER_TENANT, Attacked, KEY, ONE_TENANT, OTHER_KEY, is_long};
use crate::budget::until_folded;
use crate::expand::stranger;
use crate::said::nowait;
use nowait_report::Report;
use nowait_wire::testing::session;
use nowait_wire::{Batch, Event, ExitReason, Kind, NameId};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn report(server: &Attacked, words: &str) -> Report {
    let answer = server.local(&format!("/v1/report{words}"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

/// The next batch of the one session that a tenant has.
fn nth(first: u64) -> Batch {
    let mut batch = session(1, 40);
    batch.id.first = 40 * first;
    batch.ledger.produced = 40 * (first + 1);
    batch.events[0] = Event {
        started_uptime_ns: batch.events[0].started_uptime_ns,
        a: ExitReason::Foreground as u64,
        ..Event::new(Kind::Exit, NameId::NONE)
    };
    batch
}

pub(crate) fn rows_of_one_tenant() {
    let server = Attacked::start(&format!("{ONE_TENANT}{ANOTHER_TENANT}"));
    server.store(KEY, &nth(0));
    server.store(OTHER_KEY, &nth(0));
    until_folded(&server);
    let damage = "UPDATE cells SET cell = x'0203' WHERE tenant = 1; UPDATE accounts SET accounts = x'09' WHERE tenant = 1; \
        UPDATE sessions SET account = x'ff' WHERE tenant = 1; UPDATE OR IGNORE exit_groups SET reason = 200 WHERE tenant = 1; \
        UPDATE OR IGNORE series SET kind = 77 WHERE id = (SELECT min(id) FROM series WHERE tenant = 1 AND kind != 77);";
    let rounds = if is_long() { 300 } else { 30 };
    for round in 1..=rounds {
        if round % 10 == 1 {
            server.database().execute_batch(damage).unwrap();
        }
        for key in [KEY, OTHER_KEY] {
            server.store(key, &nth(round));
        }
        if round % 10 == 2 {
            assert!(report(&server, "?tenant=bank").uncounted["damaged rows"] > 0);
        }
    }
    until_folded(&server);
    let shop = report(&server, "?tenant=shop");
    let delivered = 40 * (rounds + 1);
    assert!(shop.uncounted.is_empty() && shop.ledger.balanced, "{:?}", shop.uncounted);
    assert_eq!((shop.ledger.sessions, shop.ledger.delivered), (1, delivered));
    let set_apart = "SELECT count(DISTINCT place) FROM quarantine WHERE tenant = 1";
    let set_apart: u64 = server.database().query_row(set_apart, [], |row| row.get(0)).unwrap();
    assert!(set_apart > 10, "{set_apart}");
    let other = "SELECT count(*) FROM quarantine WHERE tenant IS NOT 1";
    assert_eq!(server.database().query_row(other, [], |row| row.get::<_, u64>(0)).unwrap(), 0);
}

pub(crate) fn a_flipped_byte() {
    let mut server = Attacked::start(ONE_TENANT);
    server.store(KEY, &session(1, 40));
    let exit = Event { a: ExitReason::Foreground as u64, ..Event::new(Kind::Exit, NameId::NONE) };
    server.store(KEY, &Batch { events: vec![exit], ..stranger(1) });
    server.store(KEY, &session(2, 40));
    until_folded(&server);
    assert_eq!(report(&server, "").exits.latest.len(), 1);
    let flip =
        "UPDATE batches SET frame = CAST(substr(frame, 1, length(frame) - 1) || x'00' AS BLOB) WHERE id = 2";
    assert_eq!(server.database().execute(flip, []).unwrap(), 1);
    let data = server.data();
    let of_data = ["--data", data.to_str().unwrap()];
    for words in ["", "?tier=high"] {
        let report = report(&server, words);
        assert_eq!(report.uncounted.get("damaged rows"), Some(&1), "{words}: {:?}", report.uncounted);
        assert!(!report.touchpoints.is_empty() && report.exits.latest.is_empty());
    }
    assert_eq!(server.local("/plain").status, 200);
    server.end();
    let before = nowait(&[&["report"], &of_data[..]].concat());
    let reindexed = nowait(&[&["reindex"], &of_data[..]].concat());
    let after = nowait(&[&["report"], &of_data[..]].concat());
    assert_eq!((before.0, reindexed.0, after.0), (0, 0, 0), "{} {} {}", before.2, reindexed.2, after.2);
    let named = "SELECT place || ': ' || why FROM quarantine";
    let named: String = server.database().query_row(named, [], |row| row.get(0)).unwrap();
    assert!(named.starts_with("batches 2: "), "{named}");
}

pub(crate) fn figures_of_a_stranger() {
    let server = Attacked::start(ONE_TENANT);
    server.store(KEY, &session(1, 400));
    until_folded(&server);
    let before = report(&server, "");
    let mut batch = stranger(1);
    batch.ledger.produced = 9_200_000_000_000_000_000;
    let wait = |kind: Kind| Event { duration_ns: u64::MAX, ..Event::new(kind, NameId::OTHER) };
    batch.events = vec![wait(Kind::Action), wait(Kind::Screen), wait(Kind::Journey)];
    server.store(KEY, &batch);
    for _ in 0..2 {
        let after = report(&server, "");
        let uncounted = [("implausible ledgers", 1), ("implausible waits", 3)];
        assert_eq!(after.uncounted, uncounted.map(|(what, n)| (what.to_owned(), n)).into());
        // It is a session that delivered three events, and nothing more.
        assert_eq!(after.ledger.produced, before.ledger.produced + 3);
        assert_eq!((after.ledger.sessions, after.ledger.delivered), (2, 403));
        assert_eq!((&after.touchpoints, &after.screens), (&before.touchpoints, &before.screens));
        assert_eq!((&after.journeys, &after.taps), (&before.journeys, &before.taps));
        until_folded(&server);
    }
}

pub(crate) fn file_rights() {
    let server = Attacked::start_within("", "umask 0;");
    server.store(&server.server.key, &session(1, 40));
    let rights = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(rights(&server.data()), 0o700);
    let files: Vec<_> = std::fs::read_dir(server.data()).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() > 3 && files.iter().all(|file| rights(file) == 0o600), "{files:?}");
}

pub(crate) fn a_foreign_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nowait.db");
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine')").unwrap();
    drop(foreign);
    let before = std::fs::read(&path).unwrap();
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["report"], &["reindex"]] {
        let said = nowait(&[command, &["--data", folder.path().to_str().unwrap()]].concat());
        assert!(said.refuses("another program"), "{}", said.all());
    }
    assert_eq!(before, std::fs::read(&path).unwrap());
}
