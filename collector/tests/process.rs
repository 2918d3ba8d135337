//! The binary `nowait` as people run it: its messages, its exit codes, and its death.

mod running;
mod sending;

use nowait_wire::testing::session;
use nowait_wire::{ReceiptStatus, Uuid};
use running::{NOWAIT, Server};
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
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
    let server = Server::start(Command::new(NOWAIT), folder.path(), &[]);
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
    // A file of waits against a release.
    let file = folder.path().join("lab.csv");
    let mut text = "metric,value,unit,kind,run\n".to_owned();
    (0..200).for_each(|at| text.push_str(&format!("Home.Transfer,{},s,tap,{}\n", 20 + at % 7, at / 5)));
    std::fs::write(&file, text).unwrap();
    let mixed = said(&nowait(&["compare", "8.1.0", file.to_str().unwrap(), "--data", data]));
    assert!(mixed.0 == 1 && mixed.1.contains("Home.Transfer") && mixed.1.contains("SLOWER"), "{mixed:?}");
    let report = said(&nowait(&["report", "--data", data, "--version", "8.1.0"]));
    assert!(report.0 == 0 && report.1.contains("\nbalances        12 "), "{report:?}");
    let json = said(&nowait(&["report", "--url", &url, "--json"]));
    let json: nowait_report::Report = serde_json::from_str(&json.1).unwrap();
    assert_eq!(json.ledger.sessions, 24);
}

#[test]
fn limits_that_are_broken_end_with_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("budgets.toml");
    let limits = |pinned: &str, p75_ms: u32, exception: &str| {
        let text = format!(
            "pinned = {pinned:?}\n[[limit]]\nkind = \"tap\"\nname = \"Home.Transfer\"\np75_ms = {p75_ms}\nowner = \"Pay|ments\"\n{exception}"
        );
        std::fs::write(&file, text).unwrap();
    };
    limits("8.1.0", 10, "");
    let budgets = file.to_str().unwrap();
    let server = Server::start(Command::new(NOWAIT), folder.path(), &["--budgets", budgets]);
    for seed in 0..40 {
        server.send(&frame(seed, "8.1.0", 1)).unwrap();
        server.send(&frame(seed + 100, "8.2.0", 3)).unwrap();
    }
    let (data, url) = (folder.path().to_str().unwrap(), server.url());
    let check = |version: &str, more: &[&str]| {
        let words = ["check", "--version", version, "--data", data, "--budgets", budgets];
        said(&nowait(&words.into_iter().chain(more.iter().copied()).collect::<Vec<_>>()))
    };
    let broken = check("8.1.0", &[]);
    assert!(broken.0 == 1 && broken.1.contains("CHECK   BROKEN   (1 broken)"), "{broken:?}");
    let from_server = said(&nowait(&["check", "--version", "8.1.0", "--url", &url]));
    assert_eq!(from_server, broken, "the server checks its own limits");
    // Also slower than the pinned release.
    let slower = check("8.2.0", &["--markdown"]);
    let sides = slower.1.contains("**NoWait: slower**") && slower.1.contains("`Pay\u{fffd}ments`");
    assert!(slower.0 == 1 && sides && slower.1.lines().count() <= 120, "{slower:?}");
    let junit = check("8.2.0", &["--junit", "--fail-on", "never"]);
    assert!(junit.0 == 0 && junit.1.contains("name=\"Home.Transfer p75\""), "{junit:?}");
    let json: serde_json::Value = serde_json::from_str(&check("8.2.0", &["--json"]).1).unwrap();
    assert_eq!(json["limits"][0]["status"], "broken");
    assert_eq!(json["against_pinned"]["base"], "8.1.0");
    limits("8.2.0", 10, "exception_until = 9999-01-01\n");
    assert_eq!(check("8.2.0", &[]).0, 0, "excepted, and pinned itself");
    limits("8.2.0", 10, "exception_until = 2026-01-01\n");
    let ended = check("8.2.0", &[]);
    assert!(ended.0 == 1 && ended.1.contains("exception ended 2026-01-01"), "{ended:?}");
    limits("8.2.0", 3_600_000, "");
    let kept = check("8.2.0", &[]);
    assert!(kept.0 == 0 && kept.1.contains("KEPT"), "{kept:?}");
    std::fs::write(&file, "[kind.tap]\ntarget_ms = 100\n").unwrap();
    let none = check("8.2.0", &[]);
    assert!(none.0 == 2 && none.2.contains("[[limit]]"), "{none:?}");
}

#[test]
fn files_of_benchmarks_end_as_releases_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (side, middle) in [("base", 400.0), ("head", 460.0)] {
        std::fs::create_dir(path(side)).unwrap();
        for run in 0..4 {
            let value = |at: i32| middle + f64::from(run * 7 % 5) + f64::from(at * 5 % 7);
            let times: Vec<String> = (0..8).map(|at| (value(at) / 1e3).to_string()).collect();
            let text = format!(r#"{{"results": [{{"command": "start", "times": [{}]}}]}}"#, times.join(","));
            std::fs::write(path(&format!("{side}/run{run}.json")), text).unwrap();
        }
    }
    let folders = said(&nowait(&["compare", &path("base/"), &path("head/")]));
    assert!(folders.0 == 1 && folders.1.contains("SLOWER"), "{folders:?}");
    assert!(folders.1.contains("slower    32/32   4/4  p75"), "values and runs: {folders:?}");
    assert_eq!(said(&nowait(&["compare", &path("head/"), &path("base/")])).0, 0, "faster");
    let one = [path("base/run0.json"), path("head/run0.json")];
    let few = said(&nowait(&["compare", &one[0], &one[1]]));
    assert!(few.0 == 1 && few.1.contains("TOO FEW") && few.1.contains("+14.9 %"), "{few:?}");
    assert_eq!(said(&nowait(&["compare", &one[0], &one[1], "--fail-on", "slower"])).0, 0);
    let all: Vec<String> = ["base", "head"]
        .iter()
        .flat_map(|side| (0..4).map(move |run| format!("{side}/run{run}.json")))
        .collect();
    let all: Vec<String> = all.iter().map(|name| path(name)).collect();
    let words: Vec<&str> = ["compare", "--junit"].into_iter().chain(all.iter().map(String::as_str)).collect();
    let junit = said(&nowait(&words));
    assert!(junit.0 == 1 && junit.1.contains("classname=\"nowait.metric\""), "{junit:?}");
    let stray = said(&nowait(&["compare", &one[0], &one[1], "--os", "ios"]));
    assert!(stray.0 == 2 && stray.2.contains("--os: it is of a collector"), "{stray:?}");
    let pinned = said(&nowait(&["compare", &one[0], &one[1], "--pinned", "8.0.0"]));
    assert!(pinned.0 == 2 && pinned.2.contains("--pinned"), "{pinned:?}");
    std::fs::write(path("head/run0.json"), "[]").unwrap();
    let empty = said(&nowait(&["compare", &path("base/"), &path("head/")]));
    assert!(empty.0 == 2 && empty.2.contains("head/run0.json: it is an empty list"), "{empty:?}");
}

#[cfg(unix)]
#[test]
fn two_commands_take_turns_and_a_farm_learns_its_noise() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let turns = path("turns");
    let command = |what: &str, seconds: &str| format!("echo {what} >> {turns}; sleep {seconds}");
    let (base, head, out) = (command("base", "0.01"), command("head", "0.06"), path("lab"));
    let words = ["bench", "--base", &base, "--head", &head, "--runs", "8", "--out", &out];
    let found = said(&nowait(&words));
    assert!(
        found.0 == 1 && found.1.contains("SLOWER") && found.1.contains("slower      8/8   8/8  p50"),
        "{found:?}"
    );
    assert_eq!(std::fs::read_to_string(&turns).unwrap(), "base\nhead\n".repeat(9), "one turn of warm-up");
    let files = [format!("{out}/base.csv"), format!("{out}/head.csv")];
    let again = said(&nowait(&["compare", &files[0], &files[1]]));
    let table = |text: &str| text.lines().skip(3).take(3).collect::<Vec<_>>().join("\n");
    assert_eq!((again.0, table(&again.1)), (1, table(&found.1)), "what is stored says the same");
    let taken = said(&nowait(&words));
    assert!(taken.0 == 2 && taken.2.contains("base.csv already"), "{taken:?}");
    let failing = said(&nowait(&["bench", "--base", "true", "--head", "exit 3"]));
    assert!(
        failing.0 == 2 && failing.2.contains("\"exit 3\" failed before anything was measured"),
        "{failing:?}"
    );
    for run in 0..6 {
        let times: Vec<String> =
            (0..8).map(|at| (0.4 + f64::from((run * 7 + at * 5) % 11) / 1e3).to_string()).collect();
        let text = format!(r#"{{"results": [{{"command": "start", "times": [{}]}}]}}"#, times.join(","));
        std::fs::create_dir_all(path("aa")).unwrap();
        std::fs::write(path(&format!("aa/run{run}.json")), text).unwrap();
    }
    let noise = said(&nowait(&["aa", &path("aa/")]));
    assert!(
        noise.0 == 0 && noise.1.contains("of 100 pairs of halves") && noise.1.contains("start"),
        "{noise:?}"
    );
    let few = said(&nowait(&["aa", &path("aa/run0.json")]));
    assert!(few.0 == 2 && few.2.contains("at least four times"), "{few:?}");
}

#[test]
fn a_session_becomes_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Command::new(NOWAIT), folder.path(), &[]);
    server.send(&frame(1, "8.1.0", 1)).unwrap();
    let (data, out) = (folder.path().to_str().unwrap(), folder.path().join("one.perfetto-trace"));
    let id = session(1, 400).id.session.to_string();
    let words = ["export", "--perfetto", &id, "--data", data, "--out", out.to_str().unwrap()];
    let made = said(&nowait(&words));
    assert!(made.0 == 0 && made.1.contains("400 events"), "{made:?}");
    assert!(std::fs::read(&out).unwrap().len() > 10_000);
    let there = said(&nowait(&words));
    assert!(there.0 == 2 && there.2.contains("name a file that is not there"), "{there:?}");
    let none =
        said(&nowait(&["export", "--perfetto", "00000000-0000-0000-0000-000000000001", "--data", data]));
    assert!(none.0 == 2 && none.2.contains("there is no batch of session"), "{none:?}");
}

#[cfg(unix)]
#[test]
fn the_server_ends_cleanly_and_its_folder_can_be_read_and_reindexed() {
    for signal in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_str().unwrap();
        let mut server = Server::start(Command::new(NOWAIT), folder.path(), &[]);
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
        let server = Server::start(Command::new(NOWAIT), folder.path(), &[]);
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
    let server = Server::start(Command::new(NOWAIT), folder.path(), &[]);
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

/// Rows that the trace processor answers with.
fn asked(engine: &str, trace: &Path, sql: &str) -> Vec<Vec<serde_json::Value>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/perfetto/query.mjs");
    let out = Command::new("node").arg(script).arg(engine).arg(trace).arg(sql).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
#[ignore = "`make test-perfetto` fetches the trace processor and runs it"]
fn the_trace_processor_reads_what_happened() {
    let engine = std::env::var("NOWAIT_PERFETTO_ENGINE").expect("the folder of the engine");
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Command::new(NOWAIT), folder.path(), &[]);
    let batch = session(7, 400);
    server.send(&nowait_wire::encode(&batch).unwrap()).unwrap();
    let trace = folder.path().join("one.perfetto-trace");
    let id = batch.id.session.to_string();
    let mut export = Command::new(NOWAIT);
    export.args(["export", "--perfetto", &id, "--out"]).arg(&trace).arg("--data").arg(folder.path());
    assert!(export.status().unwrap().success());
    // As the wire rounds them.
    let stored = nowait_wire::decode(&nowait_wire::encode(&batch).unwrap()).unwrap();
    let slices = asked(&engine, &trace, "select name, ts, dur from slice");
    let mut found: Vec<(String, u64, u64)> = slices
        .iter()
        .map(|row| {
            let number = |at: usize| row[at].as_str().unwrap().parse().unwrap();
            (row[0].as_str().unwrap().to_owned(), number(1), number(2))
        })
        .collect();
    let name = |id: nowait_wire::NameId| stored.names.get(id.0 as usize).filter(|name| !name.is_empty());
    let told = stored.events.iter().map(|event| {
        let name = name(event.name).cloned().unwrap_or_else(|| event.kind.to_string());
        (name, event.started_uptime_ns, event.duration_ns)
    });
    let mut told: Vec<(String, u64, u64)> = told.collect();
    found.sort();
    told.sort();
    assert_eq!(found.len(), 400);
    assert!(found == told, "every event is a slice with its name, beginning and length");
    let wrong = asked(&engine, &trace, "select name from stats where severity = 'error' and value > 0");
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// As docs/channels.md has it, on a connection, and durable: a receipt survives the death of the process.
#[test]
fn what_a_branch_tells_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let told = |id: &str| {
        let at = |ago_s: u64| nowait_collector::time::now_unix_ms() - ago_s * 1_000;
        let step = format!(
            "{{\"name\": \"Counter\", \"ticket_taken\": {}, \"called\": {}, \"done\": {}}}",
            at(900),
            at(600),
            at(60)
        );
        format!(
            "{{\"id\": \"{id}\", \"channel\": \"branch\", \"journey\": \"OpenAccount\", \"steps\": [{step}]}}"
        )
    };
    let server = Server::start(Command::new(NOWAIT), folder.path(), &[]);
    assert_eq!(server.tell(&told("A117")).unwrap().status, ReceiptStatus::Stored);
    let refused = server.tell(&told("A 117")).unwrap();
    assert_eq!(refused.status, ReceiptStatus::Rejected);
    assert!(refused.reason.starts_with("id: "), "{}", refused.reason);
    drop(server);
    let server = Server::start(Command::new(NOWAIT), folder.path(), &[]);
    assert_eq!(server.tell(&told("A117")).unwrap().status, ReceiptStatus::Duplicate);
    drop(server);
    let data = folder.path().to_str().unwrap();
    let (code, out, error) = said(&nowait(&["report", "--json", "--data", data]));
    assert_eq!(code, 0, "{error}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["journeys"][0]["outcomes"]["done"], 1);
}
