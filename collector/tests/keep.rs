//! What keeps a store in order, as people run it: retention, deletion, backup, examination.

mod running;
mod sending;

use nowait_wire::ReceiptStatus;
use nowait_wire::testing::session;
use running::{NOWAIT, Server};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

fn nowait(args: &[&str], data: &Path, answer: &str) -> (i32, String, String) {
    let mut child = Command::new(NOWAIT)
        .args(args)
        .env("NOWAIT_DATA", data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who does not ask has ended by then.
    let _ = child.stdin.take().unwrap().write_all(answer.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// Sends a session of a seed; its id.
fn send(server: &Server, seed: u64) -> String {
    let batch = session(seed, 200);
    let receipt = server.send(&nowait_wire::encode(&batch).unwrap()).unwrap();
    assert!(matches!(receipt.status, ReceiptStatus::Stored | ReceiptStatus::Duplicate), "{receipt:?}");
    batch.id.session.to_string()
}

fn sessions(data: &Path) -> u64 {
    let (code, json, error) = nowait(&["report", "--json"], data, "");
    assert_eq!(code, 0, "{error}");
    serde_json::from_str::<nowait_report::Report>(&json).unwrap().ledger.sessions
}

#[test]
fn a_length_that_is_none_is_no_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (code, out, error) = nowait(&["serve", "--keep", "batches=13mo"], &data, "");
    assert!(code == 2 && out.is_empty() && error.contains("write 30d, 2w or 36h"), "{error}");
    assert!(!data.exists(), "nothing was begun");
}

#[test]
fn a_session_is_deleted_after_asking_and_only_while_nobody_writes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let server = Server::start(Command::new(NOWAIT), data, &[]);
    let ids: Vec<String> = (1..=3).map(|seed| send(&server, seed)).collect();
    let (code, _, error) = nowait(&["delete", "--session", &ids[1], "--yes"], data, "");
    assert!(code == 2 && error.contains("another nowait process writes"), "{error}");
    drop(server);
    for answer in ["", "n\n", "\n"] {
        let (code, out, error) = nowait(&["delete", "--session", &ids[1]], data, answer);
        assert!(code == 2 && out.is_empty() && error.contains("delete 1 batches and 1 sessions"), "{error}");
        assert!(error.contains("nothing was deleted: answer y, or say --yes"), "{error}");
    }
    assert_eq!(sessions(data), 3);
    let (code, out, _) = nowait(&["delete", "--session", &ids[1]], data, "y\n");
    assert!(code == 0 && out.contains("made the rollups again from 2 batches"), "{out}");
    assert_eq!(sessions(data), 2);
    let (code, _, error) = nowait(&["delete", "--session", &ids[1], "--yes"], data, "");
    assert!(code == 2 && error.contains("nothing was changed"), "{error}");
    let (code, _, error) = nowait(&["delete", "--session", &ids[0], "--tenant", "bank", "--yes"], data, "");
    assert!(code == 2 && error.contains("known is: \"default\""), "{error}");
    for args in [
        vec!["delete"],
        vec!["delete", "--session", &ids[0], "--version", "8"],
        vec!["delete", "--session", "x"],
    ] {
        let (code, _, error) = nowait(&args, data, "y\n");
        assert!(code == 2 && error.contains("--session"), "{args:?}: {error}");
    }
}

#[test]
fn a_backup_beside_a_collector_that_takes_batches_can_be_restored() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Command::new(NOWAIT), folder.path(), &[]);
    let before = send(&server, 1);
    let file = folder.path().join("backup.db");
    let is_done = AtomicBool::new(false);
    let (code, out, error) = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut seed = 100;
            while !is_done.load(Ordering::Relaxed) {
                send(&server, seed);
                seed += 1;
            }
        });
        let said = nowait(&["backup", file.to_str().unwrap()], folder.path(), "");
        is_done.store(true, Ordering::Relaxed);
        said
    });
    assert!(code == 0 && out.contains("backup.db: ") && out.contains("B, checked"), "{out} {error}");
    let (code, _, error) = nowait(&["backup", file.to_str().unwrap()], folder.path(), "");
    assert!(code == 2 && error.contains("is not written over"), "{error}");
    let restored = tempfile::tempdir().unwrap();
    std::fs::copy(&file, restored.path().join("nowait.db")).unwrap();
    let server = Server::start(Command::new(NOWAIT), restored.path(), &[]);
    let (code, json, error) = nowait(&["report", "--json", "--url", &server.url()], restored.path(), "");
    assert!(code == 0 && json.contains("\"sessions\""), "{error}");
    assert!(sessions(restored.path()) >= 1);
    drop(server);
    assert_eq!(nowait(&["delete", "--session", &before, "--yes"], restored.path(), "").0, 0);
}

#[test]
fn damage_ends_with_one_until_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let server = Server::start(Command::new(NOWAIT), data, &[]);
    (1..=3).for_each(|seed| _ = send(&server, seed));
    let (code, out, _) = nowait(&["doctor"], data, "");
    assert!(code == 0 && out.contains("nothing is damaged"), "{out}");
    drop(server);
    let conn = rusqlite::Connection::open(data.join("nowait.db")).unwrap();
    conn.execute("UPDATE batches SET frame = zeroblob(9) WHERE id = 2", []).unwrap();
    drop(conn);
    let (code, out, _) = nowait(&["doctor"], data, "");
    assert!(
        code == 1 && out.contains("damaged: batches 2: ") && out.contains("nowait doctor --mend"),
        "{out}"
    );
    let (code, out, _) = nowait(&["doctor", "--mend"], data, "");
    assert!(code == 0 && out.contains("made the rollups again from 2 batches"), "{out}");
    let (code, out, _) = nowait(&["doctor"], data, "");
    assert!(code == 0 && out.contains("set apart before: batches 2: "), "{out}");
    assert_eq!(sessions(data), 2);
    std::fs::write(data.join("nowait.db"), "not a database at all, but long enough to be one").unwrap();
    let (code, _, error) = nowait(&["doctor"], data, "");
    assert!(code == 2 && error.contains("bring back a backup (docs/operate.md)"), "{error}");
}
