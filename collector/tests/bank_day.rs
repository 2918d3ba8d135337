//! A small bank day, end to end: real processes, real kills, a real collector, and the account to the last event.
//!
//! It asserts counts and shares, never how long anything took.
#![cfg(all(feature = "demo", unix))]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Ten customers have everything happen to them, late consent included; see `demo::plan`.
const CUSTOMERS: u64 = 10;

fn demo(out: &Path, seed: u64) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nowait"));
    command
        .args(["demo", "--seconds", "20", "--customers", &CUSTOMERS.to_string(), "--seed", &seed.to_string()])
        .arg("--out")
        .arg(out)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn number(value: &Value, path: &str) -> u64 {
    value.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("no number at {path}"))
}

/// Processes whose command line names this folder.
fn processes_of(out: &Path) -> Vec<PathBuf> {
    let out = out.to_str().unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    processes
        .filter(|process| {
            let line = std::fs::read(process.join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(out)
        })
        .collect()
}

#[test]
fn a_small_bank_day_balances_to_the_last_event() {
    let folder = tempfile::tempdir().unwrap();
    let ended = demo(folder.path(), 7).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{}\n{out}\n{err}", ended.status);
    let day: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("report.json")).unwrap()).unwrap();
    assert_eq!(day["problems"], Value::Array(Vec::new()));

    let happened = ["killed", "offline", "disk_full", "rings_on_heap", "run"];
    for what in happened {
        assert!(number(&day, &format!("/processes/{what}")) > 0, "{what}: {}", day["processes"]);
    }
    assert_eq!(number(&day, "/processes/deliveries"), CUSTOMERS);

    assert_eq!(day["ledger"]["balanced"], Value::Bool(true));
    let accounted = number(&day, "/ledger/delivered") + number(&day, "/ledger/dropped_total");
    assert_eq!(number(&day, "/ledger/produced"), accounted);
    let told = number(&day, "/ledger/facts_folded") + number(&day, "/ledger/facts_refused");
    assert_eq!(number(&day, "/ledger/facts_appended"), told);
    for (acknowledged, least) in [("facts_acknowledged", 5_000), ("acknowledged", 500)] {
        assert!(number(&day, &format!("/ledger/{acknowledged}")) > least, "{}", day["ledger"]);
        assert_eq!(number(&day, &format!("/ledger/{acknowledged}_lost")), 0);
    }
    // Whoever is killed in the middle of a journey waits at least for its end.
    assert!(number(&day, "/ledger/died") >= number(&day, "/processes/killed"), "{}", day["ledger"]);
    // Sessions of some seconds, now and then with an exit and its trail; a day of a minute stays below 10.
    let bytes = day["traffic"]["bytes_per_event"].as_f64().unwrap();
    assert!((2.0..12.0).contains(&bytes), "{}", day["traffic"]);
    // Every kill is an abnormal exit, and its breadcrumbs are there.
    assert_eq!(number(&day, "/report/exits/count"), number(&day, "/processes/killed"));
    let latest = day.pointer("/report/exits/latest").and_then(Value::as_array).unwrap();
    assert!(latest.iter().all(|exit| !exit["trail"].as_array().unwrap().is_empty()), "{latest:?}");

    // What NoWait cost itself comes through.
    assert!(number(&day, "/report/cost/sessions") > CUSTOMERS, "{}", day["report"]["cost"]);

    let endpoints = day.pointer("/truth/endpoints").and_then(Value::as_array).unwrap();
    assert!(endpoints.len() >= 8, "{endpoints:?}");
    for endpoint in endpoints {
        assert_eq!(endpoint["reported_count"], endpoint["truth_count"]);
        for quantile in ["p50", "p95"] {
            // `null`: too few answers, or a machine that is too busy to say; see docs/demo.md.
            assert_ne!(endpoint[quantile]["agrees"], Value::Bool(false), "{endpoint}");
        }
    }
    let judged = |endpoint: &&Value| endpoint["p50"]["agrees"] == Value::Bool(true);
    let is_busy = day["truth"]["is_machine_busy"] == Value::Bool(true);
    assert!(is_busy || endpoints.iter().filter(judged).count() >= 2, "{endpoints:?}");
    let confirm = |change: &&Value| change["kind"] == "request" && change["name"] == "POST /confirm";
    let changes = day.pointer("/comparison/touchpoints").and_then(Value::as_array).unwrap();
    let verdict = &changes.iter().find(confirm).unwrap()["verdict"];
    assert!(verdict == "slower" || verdict == "too_few_samples", "{verdict}");
    assert_eq!(processes_of(folder.path()), Vec::<PathBuf>::new());
}

#[test]
fn a_day_that_is_broken_off_leaves_nothing_running() {
    let folder = tempfile::tempdir().unwrap();
    let mut day = demo(folder.path(), 8).spawn().unwrap();
    // Customers are there: the day has begun.
    while processes_of(folder.path()).len() < 4 {
        assert_eq!(day.try_wait().unwrap(), None, "the day ended before it began");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let pid = rustix::process::Pid::from_raw(day.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let ended = day.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("nothing is left running"), "{ended:?}");
    assert_eq!(processes_of(folder.path()), Vec::<PathBuf>::new());
}
