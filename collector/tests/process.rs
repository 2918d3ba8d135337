//! The binary `nowait` as people run it: its messages, its exit codes, and its death.

mod running;

use nowait_wire::testing::session;
use nowait_wire::{CONTENT_TYPE, Receipt, ReceiptStatus, Uuid};
use running::{NOWAIT, Server};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

fn nowait(args: &[&str]) -> Output {
    Command::new(NOWAIT).args(args).env_remove("NOWAIT_DATA").output().unwrap()
}

fn said(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

impl Server {
    /// Sends a batch on a connection of its own; `None` if the server went away meanwhile.
    fn send(&self, frame: &[u8]) -> Option<Receipt> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        let head = format!(
            "POST /v1/batches HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: {CONTENT_TYPE}\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            self.address,
            self.key,
            frame.len()
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(frame)).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split("\r\n\r\n").nth(1)?).ok()
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }
}

fn frame(seed: u64, version: &str, slower: u64) -> Vec<u8> {
    let mut batch = session(seed, 400);
    batch.context.app_version = version.into();
    for event in &mut batch.events {
        event.duration_ns *= slower;
    }
    nowait_wire::encode(&batch).unwrap()
}

#[cfg(unix)]
#[test]
fn a_machine_can_read_where_it_listens_and_that_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(NOWAIT)
        .args(["serve", "--json", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<serde_json::Value>(&lines.next().unwrap().unwrap()).unwrap();
    let listening = next();
    let address = listening["page"].as_str().unwrap().trim_start_matches("http://").trim_end_matches('/');
    assert!(TcpStream::connect(address).is_ok() && listening["keys_made"] == true, "{listening}");
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(next()["state"], "stopped");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_remote_configuration_that_cannot_be_followed_is_no_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("remote.json");
    let data = folder.path().join("data");
    let start = || {
        let (file, data) = (file.to_str().unwrap(), data.to_str().unwrap());
        said(&nowait(&["serve", "--listen", "127.0.0.1:0", "--data", data, "--remote-config", file]))
    };
    for (text, wanted) in [
        ("{\"enabled\":false}", "remote.json: missing field `version`"),
        (
            "{\"version\":7,\"sampled_per_mille\":2000}",
            "remote.json: sampled_per_mille: 2000 is no share; write 0 to 1000",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let (code, out, error) = start();
        assert!(code == 2 && out.is_empty() && error.contains(wanted), "{error}");
    }
    assert!(!data.exists(), "nothing was begun");
}

#[test]
fn a_release_that_is_slower_ends_with_one() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Command::new(NOWAIT), folder.path());
    for seed in 0..12 {
        assert_eq!(server.send(&frame(seed, "8.1.0", 1)).unwrap().status, ReceiptStatus::Stored);
        assert_eq!(server.send(&frame(seed + 100, "8.2.0", 3)).unwrap().status, ReceiptStatus::Stored);
    }
    let data = folder.path().to_str().unwrap();
    let url = server.url();
    let from_folder = said(&nowait(&["compare", "8.1.0", "8.2.0", "--data", data]));
    let from_server = said(&nowait(&["compare", "8.1.0", "8.2.0", "--url", &url]));
    assert_eq!((from_folder.0, from_folder.1.contains("SLOWER")), (1, true), "{from_folder:?}");
    assert_eq!(from_folder, from_server);
    assert_eq!(said(&nowait(&["compare", "8.2.0", "8.1.0", "--data", data])).0, 0);
    assert_eq!(said(&nowait(&["compare", "8.1.0", "8.1.0", "--data", data])).0, 0);
    let report = said(&nowait(&["report", "--data", data, "--version", "8.1.0"]));
    assert!(report.0 == 0 && report.1.contains("balances over 12 sessions"), "{report:?}");
    let json = said(&nowait(&["report", "--url", &url, "--json"]));
    let json: nowait_report::Report = serde_json::from_str(&json.1).unwrap();
    assert_eq!(json.ledger.sessions, 24);
}

#[cfg(unix)]
#[test]
fn the_server_ends_cleanly_and_its_folder_can_be_read_and_reindexed() {
    for signal in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_str().unwrap();
        let mut server = Server::start(Command::new(NOWAIT), folder.path());
        server.send(&frame(1, "8.1.0", 1)).unwrap();
        let locked = said(&nowait(&["reindex", "--data", data]));
        assert!(locked.0 == 2 && locked.2.contains("another nowait process writes"), "{locked:?}");
        server.signal(signal);
        assert_eq!(server.child.wait().unwrap().code(), Some(0));
        let before = said(&nowait(&["report", "--data", data, "--json"]));
        assert_eq!(said(&nowait(&["reindex", "--data", data])).0, 0);
        assert_eq!(said(&nowait(&["report", "--data", data, "--json"])), before);
    }
}

#[cfg(unix)]
#[test]
fn what_has_a_receipt_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut receipts = Vec::new();
    let mut next = 0;
    for _ in 0..4 {
        let server = Server::start(Command::new(NOWAIT), folder.path());
        let killer = std::thread::scope(|scope| {
            let senders: Vec<_> = (0..4u64)
                .map(|sender| {
                    let (server, first) = (&server, next + sender);
                    scope.spawn(move || {
                        let mut stored = Vec::new();
                        for seed in (first..).step_by(4) {
                            let mut batch = session(seed, 60);
                            batch.id.session = Uuid::from_u64_pair(9, seed);
                            match server.send(&nowait_wire::encode(&batch).unwrap()) {
                                Some(receipt) => {
                                    assert_eq!(receipt.status, ReceiptStatus::Stored);
                                    stored.push(seed);
                                }
                                None => break,
                            }
                        }
                        stored
                    })
                })
                .collect();
            std::thread::sleep(Duration::from_millis(300));
            server.signal("-KILL");
            senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect::<Vec<_>>()
        });
        next += 1_000_000;
        receipts.extend(killer);
    }
    assert!(receipts.len() > 20, "only {} receipts", receipts.len());
    let server = Server::start(Command::new(NOWAIT), folder.path());
    for seed in receipts {
        let mut batch = session(seed, 60);
        batch.id.session = Uuid::from_u64_pair(9, seed);
        let again = server.send(&nowait_wire::encode(&batch).unwrap()).unwrap();
        assert_eq!(again.status, ReceiptStatus::Duplicate, "batch {} had a receipt and is gone", again.batch);
    }
    let json = said(&nowait(&["report", "--url", &server.url(), "--json"])).1;
    let report: nowait_report::Report = serde_json::from_str(&json).unwrap();
    assert!(report.ledger.balanced && report.ledger.delivered == report.ledger.sessions * 60);
}

#[test]
fn an_error_says_what_and_what_to_do_and_ends_with_two() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let file = folder.path().join("wrong.toml");
    std::fs::write(&file, "wrong = [").unwrap();
    let wrong = file.to_str().unwrap();
    for (args, hint) in [
        (vec!["report", "--data", data], "nowait serve --data"),
        (vec!["report", "--url", "http://127.0.0.1:9"], "is the collector running there?"),
        (vec!["report", "--url", "bank"], "write http://HOST:PORT"),
        (vec!["report", "--data", data, "--hours", "x"], "hours"),
        (vec!["report", "--data", data, "--budgets", wrong], "wrong.toml"),
        (vec!["compare", "8.1.0"], "<HEAD>"),
        (vec!["compare", "1", "2", "--data", data, "--min-effect", "lots"], "per cent"),
        (vec!["reindex", "--data", data], "nowait serve --data"),
        (vec!["serve", "--data", data, "--keys", wrong], "[[app_key]]"),
        (vec!["serve", "--data", data, "--keys", "/nowhere/keys.toml"], "/nowhere/keys.toml"),
        (vec!["serve", "--data", data, "--listen", "0.0.0.0:0"], "[[read_token]]"),
        (vec!["frobnicate"], "--help"),
    ] {
        let (code, out, err) = said(&nowait(&args));
        assert!(code == 2 && out.is_empty() && err.contains(hint), "{args:?}: {code} {out} {err}");
    }
}

#[test]
fn every_command_explains_itself() {
    let (code, help, _) = said(&nowait(&["--help"]));
    assert!(code == 0 && help.contains("Examples:") && help.contains("Exit codes:"), "{help}");
    let listed = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.contains(&"serve") && commands.contains(&"compare"), "{commands:?}");
    for command in commands.iter().filter(|command| **command != "help") {
        let (code, out, _) = said(&nowait(&[command, "--help"]));
        assert!(code == 0 && out.contains(&format!("\n  nowait {command}")), "{command}: {out}");
    }
}
