//! The engine end to end, turned by hand: from a recorded event to a stored batch, through every mishap.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use nowait_core::testing::{self, Crank, MemoryUpload};
use nowait_core::{
    Answer, Build, Config, Consent, Event, Kind, ManualClock, NoWait, Outcome, Recorded, Signal,
};
use std::path::Path;
use std::time::Duration;

fn config(folder: &Path) -> Config {
    let build = Build::new("8.2.0", "1");
    Config {
        consent: Consent::Granted,
        flush_interval: Duration::from_secs(30),
        ..Config::new("http://127.0.0.1:1", "key", build, folder)
    }
}

fn start(config: Config, upload: &MemoryUpload) -> (NoWait, Crank, ManualClock) {
    let clock = ManualClock::new(1_800_000_000_000);
    let (nowait, crank) = testing::start(config, upload.clone(), clock.clone()).unwrap();
    (nowait, crank, clock)
}

fn record(nowait: NoWait, name: &str, events: u64) {
    let name = nowait.name(name);
    for n in 0..events {
        assert!(nowait.record(&Event { duration_ns: n, ..Event::new(Kind::Action, name) }).is_taken());
    }
}

fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Produced = delivered + dropped, over all sessions that reached the collector.
fn assert_balanced(upload: &MemoryUpload) {
    let batches = upload.batches();
    let mut sessions: Vec<_> = batches.iter().map(|batch| batch.id.session).collect();
    sessions.sort();
    sessions.dedup();
    let mut produced = 0;
    let mut dropped = 0;
    for session in sessions {
        let of_session = batches.iter().filter(|batch| batch.id.session == session);
        produced += of_session.clone().map(|batch| batch.ledger.produced).max().unwrap();
        dropped += of_session.map(|batch| batch.ledger.dropped_total()).max().unwrap();
    }
    let delivered: usize = batches.iter().map(|batch| batch.events.len()).sum();
    assert_eq!(produced, delivered as u64 + dropped, "produced = delivered + dropped");
}

#[test]
fn what_is_recorded_is_delivered_once() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut crank, _) = start(config(folder.path()), &upload);
    record(nowait, "Pay.Confirm", 10_000 / 4);
    assert!(crank.flush().complete);
    record(nowait, "Pay.Confirm", 1_000);
    assert!(crank.shutdown().complete);
    assert_eq!(upload.events().len(), 3_500);
    assert!(upload.events().iter().all(|(name, _)| name == "Pay.Confirm"));
    assert_balanced(&upload);
    assert!(files(&folder.path().join("live")).is_empty(), "a clean end leaves no recorder");
    assert!(
        !nowait.record(&Event::new(Kind::Action, nowait.name("late"))).is_taken(),
        "nothing after the end"
    );
}

#[test]
fn a_full_ring_refuses_counts_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut crank, _) = start(config(folder.path()), &upload);
    let event = Event::new(Kind::Action, nowait.name("a"));
    let taken = (0..5_000).filter(|_| nowait.record(&event).is_taken()).count();
    assert_eq!(taken, 4_096);
    crank.flush();
    assert!(nowait.record(&event).is_taken());
    crank.shutdown();
    assert_eq!(upload.events().len(), 4_097);
    assert_eq!(upload.batches().last().unwrap().ledger.dropped_total(), 904);
    assert_balanced(&upload);
}

#[test]
fn a_dead_session_is_recovered_with_its_exit_and_its_trail() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut crank, clock) = start(config(folder.path()), &upload);
    nowait.signal(&Signal::Foreground { at: 0, restored: false });
    record(nowait, "sealed", 5);
    crank.flush();
    clock.advance(Duration::from_secs(3));
    record(nowait, "not sealed", 7);
    nowait.breadcrumb(nowait.crumb("biometric.prompt"));
    die(folder.path(), crank);

    let (_, mut crank, _) = start(config(folder.path()), &upload);
    assert!(crank.flush().complete);
    let events = upload.events();
    let count = |wanted: &str| events.iter().filter(|(name, _)| name == wanted).count();
    assert_eq!((count("sealed"), count("not sealed"), count("biometric.prompt")), (5, 7, 1));
    let exits: Vec<_> = events.iter().filter(|(_, event)| event.kind == Kind::Exit).collect();
    assert_eq!(exits.len(), 1);
    let three_seconds = nowait_wire::quantise_duration_ns(3_000_000_000);
    assert_eq!(
        (exits[0].1.a, exits[0].1.duration_ns),
        (1, three_seconds),
        "died in the foreground after 3 s"
    );
    assert_balanced(&upload);
    crank.shutdown();
    assert!(files(&folder.path().join("live")).is_empty());
}

/// Leaves the folder as a killed process would: the worker stops and its lock on the recorder is gone.
fn die(folder: &Path, crank: Crank) {
    drop(crank);
    // In one process the lock would be held for ever: a copy of the file is what a kill leaves behind.
    for name in files(&folder.join("live")) {
        let path = folder.join("live").join(name);
        let copy = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, copy).unwrap();
    }
}

#[test]
fn a_kill_between_sealing_and_noting_it_delivers_once() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut crank, _) = start(config(folder.path()), &upload);
    record(nowait, "a", 5);
    // What the file looked like before the seal is what a kill right after it would have left.
    let live = folder.path().join("live");
    let ring = live.join(&files(&live)[0]);
    let before = std::fs::read(&ring).unwrap();
    upload.plan([None]);
    assert!(!crank.flush().complete);
    record(nowait, "b", 3);
    let mut after = std::fs::read(&ring).unwrap();
    // Words 4 and 10 of the header: sealed_to as before the seal, held_to as noted before it.
    after[4 * 8..5 * 8].copy_from_slice(&before[4 * 8..5 * 8]);
    let events = 17_920 * 8;
    after[events..events + 5 * 64].copy_from_slice(&before[events..events + 5 * 64]);
    drop(crank);
    std::fs::remove_file(&ring).unwrap();
    std::fs::write(&ring, after).unwrap();

    let (_, mut crank, _) = start(config(folder.path()), &upload);
    assert!(crank.flush().complete);
    let actions = upload.events().iter().filter(|(_, event)| event.kind == Kind::Action).count();
    assert_eq!(actions, 8);
    assert_balanced(&upload);
}

#[test]
fn a_lost_answer_or_a_busy_server_delays_but_never_doubles() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut crank, clock) = start(config(folder.path()), &upload);
    record(nowait, "a", 5);
    let busy = Answer { status: 503, retry_after: Some("60".to_owned()), body: Vec::new() };
    upload.plan([Some(busy)]);
    assert_eq!(crank.flush().batches_left, 1);
    clock.advance(Duration::from_secs(59));
    crank.step();
    assert_eq!(upload.attempts(), 1, "not before the server said");
    clock.advance(Duration::from_secs(2));
    crank.step();
    assert_eq!(upload.events().len(), 5);
    assert_balanced(&upload);
}

#[test]
fn a_refused_batch_is_split_once_and_then_counted() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut crank, clock) = start(config(folder.path()), &upload);
    record(nowait, "a", 9);
    let refusal = || {
        let body = br#"{"batch":"","status":"rejected","reason":"too large"}"#.to_vec();
        Some(Answer { status: 413, retry_after: None, body })
    };
    upload.plan([refusal(), refusal()]);
    crank.flush();
    clock.advance(Duration::from_secs(60));
    crank.shutdown();
    assert_eq!(upload.events().len(), 5, "the second half");
    assert_balanced(&upload);
}

#[test]
fn pending_keeps_apart_granted_delivers_refused_wipes() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let pending = Config { consent: Consent::Pending, ..config(folder.path()) };
    let (nowait, mut crank, _) = start(pending.clone(), &upload);
    record(nowait, "before", 5);
    assert!(!crank.flush().complete);
    assert_eq!((upload.attempts(), files(&folder.path().join("pending")).len()), (0, 1));
    nowait.consent(Consent::Granted);
    record(nowait, "after", 2);
    assert!(crank.flush().complete);
    assert_eq!(upload.events().len(), 7);

    nowait.consent(Consent::Refused);
    assert!(!nowait.record(&Event::new(Kind::Action, nowait.name("refused"))).is_taken());
    crank.step();
    assert_eq!(files(folder.path()), ["consent"]);
    drop(crank);
    let (nowait, mut crank, _) = start(pending, &upload);
    assert!(!nowait.record(&Event::new(Kind::Action, nowait.name("still refused"))).is_taken());
    crank.flush();
    assert_eq!(files(folder.path()), ["consent"], "a refusal outlives the process");
    assert_eq!(upload.events().len(), 7);
}

#[test]
fn an_action_over_a_trip_to_the_background_is_interrupted_and_so_is_a_dropped_span() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut crank, clock) = start(config(folder.path()), &upload);
    let pay = nowait.action("Pay.Confirm");
    pay.measure(|| clock.advance(Duration::from_millis(250)));
    let span = pay.begin();
    nowait.signal(&Signal::Background { at: nowait.now_ns() });
    nowait.signal(&Signal::Foreground { at: nowait.now_ns(), restored: true });
    span.end();
    clock.advance(Duration::from_millis(1));
    drop(pay.begin());
    pay.begin().fail();
    let started = nowait.now_ns();
    clock.advance(Duration::from_millis(250));
    nowait.record_action(nowait.name("Pay.Confirm"), started, nowait.now_ns(), Outcome::Done);
    nowait.record_action(nowait.name("Pay.Confirm"), started - 1_000_000, nowait.now_ns(), Outcome::Done);
    crank.shutdown();
    let outcomes: Vec<_> = upload
        .events()
        .iter()
        .filter(|(_, event)| event.kind == Kind::Action)
        .map(|(_, event)| (event.outcome, event.duration_ns / 1_000_000))
        .collect();
    assert_eq!(
        outcomes,
        [
            (Outcome::Done, 250),
            (Outcome::Interrupted, 0),
            (Outcome::Interrupted, 251),
            (Outcome::Interrupted, 0),
            (Outcome::Failed, 0),
            (Outcome::Done, 250),
        ]
    );
}

#[test]
fn names_that_look_personal_or_overflow_are_replaced_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut crank, _) = start(config(folder.path()), &upload);
    record(nowait, "4111 1111 1111 1111", 1);
    record(nowait, &"x".repeat(121), 1);
    for n in 0..1_025 {
        let _ = nowait.name(&format!("screen {n}"));
    }
    record(nowait, "one too many", 1);
    crank.shutdown();
    let names: Vec<String> = upload.events().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["redacted", "redacted", "other"]);
    let ledger = &upload.batches()[0].ledger;
    assert_eq!((ledger.names_redacted, ledger.names_overflowed), (2, 2));
}

#[test]
fn an_unusable_config_says_which_field() {
    let folder = tempfile::tempdir().unwrap();
    let good = config(folder.path());
    for (config, field) in [
        (Config { endpoint: "telemetry.bank.example".to_owned(), ..good.clone() }, "endpoint"),
        (Config { app_key: String::new(), ..good.clone() }, "app_key"),
        (Config { build: Build::new("", "1"), ..good.clone() }, "build.version"),
        (Config { flush_interval: Duration::ZERO, ..good.clone() }, "flush_interval"),
        (Config { dimensions: vec![(String::new(), String::new()); 2], ..good.clone() }, "dimensions"),
        (Config { folder: "".into(), ..good }, "folder"),
    ] {
        let error = NoWait::start_with(config, MemoryUpload::new()).unwrap_err();
        assert!(error.is_config() && error.to_string().contains(field), "{error}");
    }
}

#[test]
fn whatever_the_host_says_of_itself_can_be_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let odd = "8.2\0\n4111 1111 1111 1111 @".repeat(20);
    let dimensions = vec![("a@b".to_owned(), odd.clone()), ("c@d".to_owned(), odd.clone())];
    let build = Build::new(odd.clone(), odd);
    let (nowait, mut crank, _) = start(Config { build, dimensions, ..config(folder.path()) }, &upload);
    record(nowait, "a", 1);
    crank.shutdown();
    let context = &upload.batches()[0].context;
    assert_eq!(context.dimensions, [("redacted".to_owned(), "redacted".to_owned())]);
    assert!(context.app_version.starts_with("8.2411"), "{}", context.app_version);
}

#[test]
fn a_folder_that_cannot_be_had_moves_the_recorder_to_the_heap_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    std::fs::write(&file, "not a folder").unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut crank, _) = start(config(&file.join("below")), &upload);
    record(nowait, "a", 5);
    assert_eq!(nowait.record(&Event::new(Kind::Action, nowait.name("a"))), Recorded::InMemory);
    assert!(crank.flush().complete, "straight from memory");
    crank.shutdown();
    assert_eq!(upload.events().len(), 6);
    assert!(upload.batches()[0].ledger.ring_on_heap);
    assert_balanced(&upload);
}

#[test]
fn without_a_disk_what_came_after_the_batch_in_memory_is_sent_before_a_flush_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    std::fs::write(&file, "not a folder").unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut crank, clock) = start(config(&file.join("below")), &upload);
    let busy = || Some(Answer { status: 503, retry_after: Some("0".to_owned()), body: Vec::new() });
    record(nowait, "a", 5);
    upload.plan([busy()]);
    assert!(!crank.flush().complete);
    record(nowait, "a", 7);
    upload.plan([busy()]);
    clock.advance(Duration::from_secs(10));
    assert!(!crank.flush().complete);
    clock.advance(Duration::from_secs(10));
    assert!(crank.shutdown().complete);
    assert_eq!(upload.events().len(), 12);
    assert_balanced(&upload);
}

#[test]
fn the_ledger_carries_what_it_cost_and_nothing_is_sent_for_its_sake() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut crank, _) = start(config(folder.path()), &upload);
    record(nowait, "a", 1_024);
    assert!(crank.flush().complete);
    record(nowait, "a", 1);
    assert!(crank.flush().complete);
    let batches = upload.batches();
    let cost = batches.last().unwrap().ledger.cost.clone();
    assert!((4..=5).contains(&cost.record_samples()), "one call in 256: {cost:?}");
    let bytes: usize =
        batches.iter().take(batches.len() - 1).map(|batch| nowait_wire::encode(batch).unwrap().len()).sum();
    assert_eq!(cost.sent_bytes, bytes as u64, "the last batch cannot know of itself");
    assert!(cost.sealed_bytes > cost.sent_bytes, "a file has a footer");
    assert_eq!(upload.attempts(), batches.len());

    let next_ledger = nowait.ledger();
    assert!(next_ledger.cost.sent_bytes > cost.sent_bytes);
    assert!(crank.shutdown().complete);
    assert_eq!(upload.attempts(), batches.len(), "the cost alone is no reason to send");
}

#[test]
fn a_dead_session_says_what_it_cost() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, crank, _) = start(config(folder.path()), &upload);
    record(nowait, "a", 512);
    let dead = nowait.ledger().cost;
    die(folder.path(), crank);
    let (_, mut crank, _) = start(config(folder.path()), &upload);
    crank.flush();
    assert_eq!(dead.record_samples(), 2);
    assert_eq!(upload.batches()[0].ledger.cost, dead);
}
