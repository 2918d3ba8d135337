//! A tenant that never sends the same name or release twice.
//!
//! Owns: how large and how slow its figures may become. Refuses: single frames (see `expand`).
//! Invariant: what one tenant sends makes an answer neither longer nor slower than its budget, and nothing sent is lost from it.

use crate::attacked::{Attacked, KEY, is_long, until};
use crate::expand::{READ, read_all, stranger, takes_no_more, used};
use crate::said::nowait;
use nowait_report::Report;
use nowait_wire::testing::session;
use nowait_wire::{Event, Kind, NameId};
use std::time::{Duration, Instant};

/// The longest answer, in bytes: 100 rows of each of ten sections, a line of a hundred figures each.
const ANSWER_BYTES_MAX: usize = 1_000_000;

/// How long an answer may take, of a debug build on a busy machine; a release build has the 0.2 s of the issue.
const ANSWERED: Duration = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 1 });

/// Waits until everything is in the rollups, which are what a month is read from.
pub(crate) fn until_folded(server: &Attacked) {
    let database = server.database();
    let behind =
        "SELECT (SELECT max(id) FROM batches) > (SELECT number FROM progress WHERE name = 'folded_to')";
    until("all batches are folded", Duration::from_secs(60), || {
        !database.query_row(behind, [], |row| row.get::<_, bool>(0)).unwrap_or(true)
    });
}

/// Answers that are short, soon there, and say that something was left out.
fn answers_are_short(server: &Attacked) -> Report {
    for path in READ {
        let started = Instant::now();
        let answer = server.local(path);
        let took = started.elapsed();
        assert!(answer.status == 200 && answer.body.len() < ANSWER_BYTES_MAX, "{path} {}", answer.body.len());
        assert!(took < ANSWERED, "{path} took {took:?}");
    }
    let said = nowait(&["report", "--url", &server.server.url(), "--json"]);
    assert_eq!(said.0, 0, "{}", said.2);
    serde_json::from_str(&said.1).unwrap()
}

pub(crate) fn series() {
    let (server, honest) = used();
    let frames = if is_long() { 30 } else { 10 };
    for seed in 0..frames {
        let mut batch = stranger(seed);
        batch.names.extend((0..4_090).map(|name| format!("{seed}.{name}")));
        let wait =
            |kind: Kind, name: u32| Event { duration_ns: 5_000_000, ..Event::new(kind, NameId(6 + name)) };
        batch.events =
            (0..4_090).flat_map(|name| [wait(Kind::Action, name), wait(Kind::Request, name)]).collect();
        server.store(KEY, &batch);
    }
    // From the log, as most of it is not folded yet, and from the rollups.
    answers_are_short(&server);
    until_folded(&server);
    let report = answers_are_short(&server);
    assert!(report.left_out["touchpoints"] > 1_000, "{:?}", report.left_out);
    assert!(
        report.uncounted.is_empty() && report.ledger.delivered == 20 * 400 + frames * 8_180,
        "{:?}",
        report.ledger
    );
    read_all(&server);
    takes_no_more(&server, honest);
    let stored = std::fs::metadata(server.data().join("nowait.db")).unwrap().len();
    assert!(stored < 16_000_000, "{stored} bytes for 281 KiB");
}

pub(crate) fn releases() {
    let (server, honest) = used();
    let releases = if is_long() { 2_000 } else { 700 };
    for seed in 0..releases {
        let mut batch = session(1_000 + seed, 20);
        batch.context.app_version = format!("9.{seed}");
        server.store(KEY, &batch);
    }
    answers_are_short(&server);
    until_folded(&server);
    let report = answers_are_short(&server);
    assert_eq!(report.ledger.sessions, 20 + releases);
    takes_no_more(&server, honest);
}
