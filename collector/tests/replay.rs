//! `nowait replay` as people run it: what it prints of which recorder file, and what it says of any other.
#![cfg(feature = "replay")]

use nowait_core::testing::{self, MemoryUpload};
use nowait_core::{Build, Config, Consent, Fact, ManualClock, NOW};
use serde_json::Value;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

fn replay(files: &[&Path], options: &[&str]) -> (i32, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_nowait")).arg("replay").args(options).args(files).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn only_file(folder: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let file = files.next().unwrap();
    assert_eq!(files.next(), None);
    file
}

/// What a process leaves that dies in the middle of a payment, ten minutes after midnight.
fn left_by_a_death(folder: &Path) -> PathBuf {
    let config = Config {
        consent: Consent::Granted,
        ..Config::new("http://127.0.0.1:1", "key", Build::new("8.2.0", "48211"), folder)
    };
    let clock = ManualClock::new(1_772_668_800_000 + 600_000);
    let (nowait, mut worker) = testing::start(config, MemoryUpload::new(), clock.clone()).unwrap();
    nowait.append(Fact::Foreground { at: NOW, restored: false });
    let home = nowait.screen("Home").created();
    clock.advance(Duration::from_millis(250));
    home.shown();
    home.ready();
    let journey = nowait.journey("transfer").begin();
    journey.step(nowait.name("confirm"));
    let request = nowait.route("POST /confirm").begin();
    clock.advance(Duration::from_millis(1_280));
    request.end(503);
    worker.turn();
    // What follows is not folded before the process dies.
    nowait.breadcrumb(nowait.crumb("payment.sign"));
    let pay = nowait.action("Pay.Confirm").begin();
    clock.advance(Duration::from_millis(40));
    nowait.append(Fact::Frame { started: nowait.now_ns(), deadline: NOW, at: NOW });
    std::mem::forget((journey, pay));
    drop(worker);
    only_file(&folder.join("live"))
}

#[test]
fn the_events_of_a_dead_process_are_a_readable_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = left_by_a_death(folder.path());
    let (code, out, err) = replay(&[&file], &[]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let session = file.file_stem().unwrap().to_str().unwrap();
    assert!(out.starts_with(&format!("{}\nsession  {session}\n", file.display())), "{out}");
    assert!(out.contains("app      8.2.0 (48211) on "), "{out}");
    let line = |words: &[&str]| {
        let found = out.lines().find(|line| words.iter().all(|word| line.contains(word)));
        found.unwrap_or_else(|| panic!("no line with {words:?} in\n{out}"))
    };
    line(&["2026-03-05 00:10:00.000", "screen", "Home", "250 ms", "done", "shown after 250 ms"]);
    line(&["2026-03-05 00:10:00.250", "request", "POST /confirm", "Home", "1.28 s", "failed", "status 503"]);
    line(&["2026-03-05 00:10:01.530", "action", "Pay.Confirm", "40.0 ms", "died", "recovered"]);
    line(&["step", "confirm", "1.32 s", "died", "waiting 1.32 s, away 0 s"]);
    line(&["journey", "transfer", "died"]);
    line(&["breadcrumb", "payment.sign"]);
    line(&["lifecycle", "foreground"]);
    line(&["exit", "died_in_foreground"]);
    let facts = line(&["facts    appended"]);
    assert!(facts.ends_with("refused 0"), "{facts}");
}

#[test]
fn json_has_every_event_of_every_file() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let files = [left_by_a_death(one.path()), left_by_a_death(other.path())];
    let (code, out, err) = replay(&[&files[0], &files[1]], &["--json"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let told: Value = serde_json::from_str(&out).unwrap();
    for (told, file) in told.as_array().unwrap().iter().zip(&files) {
        assert_eq!(told["file"], file.to_str().unwrap());
        assert_eq!(told["session"], file.file_stem().unwrap().to_str().unwrap());
        assert_eq!(told["context"]["app_version"], "8.2.0");
        let events = told["events"].as_array().unwrap();
        assert_eq!(told["ledger"]["produced"], events.len());
        let request = events.iter().find(|event| event["kind"] == "request").unwrap();
        assert_eq!(request["name"], "POST /confirm");
        assert_eq!(request["started_unix_ms"], 1_772_669_400_250_u64);
        assert_eq!(request["duration_ns"], 1_280_000_000_u64);
        assert_eq!((&request["outcome"], &request["a"]), (&Value::from("failed"), &Value::from(503)));
        assert_eq!(request["flags"], serde_json::json!(["recovered", "in_journey"]));
    }
}

/// A phone in the field may still have a file of the layout before.
#[test]
fn the_layout_before_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for which in ["granted", "pending"] {
        let live =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/testdata/layout-2").join(which).join("live");
        let packed = std::fs::read(only_file(&live)).unwrap();
        let file = folder.path().join("old.ring");
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
        std::fs::write(&file, bytes).unwrap();
        let (code, out, err) = replay(&[&file], &[]);
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        assert_eq!(out.matches("Pay.Confirm").count(), 20, "{out}");
        assert!(out.contains("died_in_foreground"), "{out}");
    }
}

#[test]
fn what_is_no_recorder_is_named_and_keeps_no_other_from_being_shown() {
    let folder = tempfile::tempdir().unwrap();
    let good = left_by_a_death(&folder.path().join("app"));
    let bytes = std::fs::read(&good).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let mut later = bytes.clone();
    later[6] = 9;
    let too_large = write("large.ring", b"NWRING");
    std::fs::File::options().write(true).open(&too_large).unwrap().set_len(5 << 20).unwrap();
    for (file, said) in [
        (folder.path().join("nothing.ring"), "cannot be read: No such file"),
        (folder.path().to_owned(), "cannot be read: Is a directory"),
        (write("empty.ring", b""), "is no recorder file"),
        (write("note.txt", b"a note"), "give one of live/*.ring"),
        (write("later.ring", &later), "has layout 9"),
        (too_large, "has more than 4194304 bytes"),
    ] {
        let (code, out, err) = replay(&[&file, &good], &[]);
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(file.to_str().unwrap()) && err.contains(said), "{err}");
        assert!(!err.contains("panicked"), "{err}");
        assert!(out.contains("died_in_foreground"), "the other file: {out}");
    }
    assert_eq!(replay(&[], &[]).0, 2);
}

/// Numbers that depend on nothing but the seed.
fn random(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

#[test]
fn no_garbage_makes_it_panic() {
    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read(left_by_a_death(&folder.path().join("app"))).unwrap();
    let mut seed = 0x9E37_79B9_7F4A_7C15;
    let mut paths = Vec::new();
    for nth in 0..60_usize {
        let mut bytes = good.clone();
        match nth % 3 {
            // Cut short anywhere, or behind the first page.
            0 => bytes.truncate(random(&mut seed) as usize % bytes.len()),
            // A recorder in name only.
            1 => bytes.iter_mut().skip(8).for_each(|byte| *byte = random(&mut seed) as u8),
            // Some bytes changed, most of them where something is.
            _ => {
                for _ in 0..64 {
                    let at = 8 + random(&mut seed) as usize % (bytes.len() - 8);
                    bytes[at] ^= random(&mut seed) as u8 | 1;
                    bytes[8 + at % 2_048] ^= random(&mut seed) as u8;
                }
            }
        }
        let path = folder.path().join(format!("{nth}.ring"));
        std::fs::write(&path, bytes).unwrap();
        paths.push(path);
    }
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    for options in [&[][..], &["--json"]] {
        let (code, out, err) = replay(&paths, options);
        assert!(code == 0 || code == 2, "{code}: {err}");
        assert!(!err.contains("panicked"), "{err}");
        assert!(!out.is_empty());
    }
}
