//! The engine end to end, turned by hand: from a recorded event to a stored batch, through every mishap.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::*;
use nowait_core::testing::{self, MemoryUpload};
use nowait_core::{
    Answer, Build, Config, Device, Event, Fact, Kind, ManualClock, NOW, NoWait, Outcome, Rating, Recorded,
    RefuseReason,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn what_is_recorded_is_delivered_once() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, _) = start(config(folder.path()), &upload);
    record(nowait, "Pay.Confirm", 10_000 / 4);
    assert!(worker.flush().complete);
    record(nowait, "Pay.Confirm", 1_000);
    assert!(worker.shutdown().complete);
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
    let (nowait, mut worker, _) = start(config(folder.path()), &upload);
    let event = Event::new(Kind::Action, nowait.name("a"));
    let taken = (0..5_000).filter(|_| nowait.record(&event).is_taken()).count();
    assert_eq!(taken, 4_095, "and the tick that came first");
    worker.flush();
    assert!(nowait.record(&event).is_taken());
    worker.shutdown();
    assert_eq!(upload.events().len(), 4_096);
    let facts = upload.batches().last().unwrap().ledger.facts;
    assert_eq!(facts.refused[RefuseReason::RingFull as usize], 905);
    assert_balanced(&upload);
}

#[test]
fn a_dead_session_is_recovered_with_its_exit_and_its_trail() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, clock) = start(config(folder.path()), &upload);
    foreground(nowait);
    record(nowait, "sealed", 5);
    worker.flush();
    clock.advance(Duration::from_secs(3));
    record(nowait, "not sealed", 7);
    nowait.breadcrumb(nowait.crumb("biometric.prompt"));
    die(folder.path(), worker);

    let (_, mut worker, _) = start(config(folder.path()), &upload);
    assert!(worker.flush().complete);
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
    worker.shutdown();
    assert!(files(&folder.path().join("live")).is_empty());
}

/// Word 3 of the header says what is sealed.
const SEALED_TO: std::ops::Range<usize> = 3 * 8..4 * 8;

#[test]
fn a_kill_between_sealing_and_noting_it_delivers_once() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, _) = start(config(folder.path()), &upload);
    record(nowait, "a", 5);
    // What the file says before the seal is what a kill right after it would have left.
    let live = folder.path().join("live");
    let ring = live.join(&files(&live)[0]);
    let before = std::fs::read(&ring).unwrap();
    upload.plan([None]);
    assert!(!worker.flush().complete);
    record(nowait, "b", 3);
    let mut after = std::fs::read(&ring).unwrap();
    after[SEALED_TO].copy_from_slice(&before[SEALED_TO]);
    drop(worker);
    std::fs::remove_file(&ring).unwrap();
    std::fs::write(&ring, after).unwrap();

    let (_, mut worker, clock) = start(config(folder.path()), &upload);
    clock.advance(Duration::from_secs(600));
    assert!(worker.flush().complete);
    assert_eq!((stored(&upload, "a"), stored(&upload, "b")), (5, 3));
    assert_balanced(&upload);
}

#[test]
fn a_lost_answer_or_a_busy_server_delays_but_never_doubles() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, clock) = start(config(folder.path()), &upload);
    record(nowait, "a", 5);
    let busy = Answer { status: 503, retry_after: Some("60".to_owned()), body: Vec::new() };
    upload.plan([Some(busy)]);
    assert_eq!(worker.flush().batches_left, 1);
    clock.advance(Duration::from_secs(59));
    worker.turn();
    assert_eq!(upload.attempts(), 1, "not before the server said");
    clock.advance(Duration::from_secs(2));
    worker.turn();
    assert_eq!(upload.events().len(), 5);
    assert_balanced(&upload);
}

#[test]
fn a_refused_batch_is_split_once_and_then_counted() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, clock) = start(config(folder.path()), &upload);
    record(nowait, "a", 9);
    let refusal = || {
        let body = br#"{"batch":"","status":"rejected","reason":"too large"}"#.to_vec();
        Some(Answer { status: 413, retry_after: None, body })
    };
    upload.plan([refusal(), refusal()]);
    worker.flush();
    clock.advance(Duration::from_secs(60));
    worker.shutdown();
    assert_eq!(upload.events().len(), 5, "the second half");
    assert_balanced(&upload);
}

#[test]
fn an_action_over_a_trip_to_the_background_is_interrupted_and_so_is_a_dropped_span() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, clock) = start(config(folder.path()), &upload);
    let pay = nowait.action("Pay.Confirm");
    pay.measure(|| clock.advance(Duration::from_millis(250)));
    let span = pay.begin();
    nowait.append(Fact::Background { at: NOW });
    nowait.append(Fact::Foreground { at: NOW, restored: true });
    span.end();
    clock.advance(Duration::from_millis(1));
    drop(pay.begin());
    pay.begin().fail();
    let started = nowait.now_ns();
    clock.advance(Duration::from_millis(250));
    nowait.record_action(nowait.name("Pay.Confirm"), started, nowait.now_ns(), Outcome::Done);
    nowait.record_action(nowait.name("Pay.Confirm"), started - 2_000_000, nowait.now_ns(), Outcome::Done);
    worker.shutdown();
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
            (Outcome::Interrupted, 0),
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
    let (nowait, mut worker, _) = start(config(folder.path()), &upload);
    record(nowait, "4111 1111 1111 1111", 1);
    record(nowait, &"x".repeat(121), 1);
    for n in 0..1_025 {
        let _ = nowait.name(&format!("screen {n}"));
    }
    record(nowait, "one too many", 1);
    worker.shutdown();
    let names: Vec<String> = upload.events().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["redacted", "redacted", "other"]);
    let ledger = &upload.batches()[0].ledger;
    assert_eq!((ledger.names_redacted, ledger.names_overflowed), (2, 3));
    // One of the 1,024 is `screen`: what a tap on any of the numbered ones says.
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
    let device = Device { os_version: "15\0\n".into(), model: "Pixel ".repeat(40), ..Device::default() };
    let (nowait, mut worker, _) =
        start(Config { build, device, dimensions, ..config(folder.path()) }, &upload);
    record(nowait, "a", 1);
    worker.shutdown();
    let context = &upload.batches()[0].context;
    assert_eq!(context.dimensions, [("redacted".to_owned(), "redacted".to_owned())]);
    assert_eq!((context.app_version.as_str(), context.app_build.as_str()), ("redacted", "redacted"));
    assert_eq!((context.os_version.as_str(), context.device_model.len()), ("15", 64));
}

#[test]
fn a_folder_that_cannot_be_had_moves_the_recorder_to_the_heap_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    std::fs::write(&file, "not a folder").unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, _) = start(config(&file.join("below")), &upload);
    record(nowait, "a", 5);
    assert_eq!(nowait.record(&Event::new(Kind::Action, nowait.name("a"))), Recorded::InMemory);
    assert!(worker.flush().complete, "straight from memory");
    worker.shutdown();
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
    let (nowait, mut worker, clock) = start(config(&file.join("below")), &upload);
    let busy = || Some(Answer { status: 503, retry_after: Some("0".to_owned()), body: Vec::new() });
    record(nowait, "a", 5);
    upload.plan([busy()]);
    assert!(!worker.flush().complete);
    record(nowait, "a", 7);
    clock.advance(Duration::from_secs(10));
    assert!(worker.shutdown().complete);
    assert_eq!(upload.events().len(), 12);
    assert_balanced(&upload);
}

#[test]
fn the_ledger_carries_what_it_cost_and_nothing_is_sent_for_its_sake() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, _) = start(config(folder.path()), &upload);
    record(nowait, "a", 1_024);
    assert!(worker.flush().complete);
    record(nowait, "a", 1);
    assert!(worker.flush().complete);
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
    assert!(worker.shutdown().complete);
    assert_eq!(upload.attempts(), batches.len(), "the cost alone is no reason to send");
}

#[test]
fn a_dead_session_says_what_it_cost() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, worker, _) = start(config(folder.path()), &upload);
    record(nowait, "a", 512);
    let dead = nowait.ledger().cost;
    die(folder.path(), worker);
    let (_, mut worker, _) = start(config(folder.path()), &upload);
    worker.flush();
    assert_eq!(dead.record_samples(), 2);
    assert_eq!(upload.batches()[0].ledger.cost, dead);
}

/// A process may be gone in the moment in which its shutdown is answered, and before, if the network is slow.
#[test]
fn a_shutdown_is_no_death_however_soon_the_process_ends() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    let exits = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&exits);
    let during = live.clone();
    let meanwhile = Meanwhile::new(move |_, _| {
        let ring = std::fs::read(during.join(&files(&during)[0])).unwrap();
        let events = nowait_core::replay(&ring).unwrap().events;
        seen.lock().unwrap().push(events.iter().filter(|event| event.kind == Kind::Exit).count());
    });
    let clock = ManualClock::new(1_800_000_000_000);
    let (nowait, mut worker) = testing::start(config(folder.path()), meanwhile, clock).unwrap();
    record(nowait, "a", 1);
    assert!(worker.shutdown().complete);
    assert_eq!(files(&live), [""; 0], "the file went before the answer came");
    assert_eq!(*exits.lock().unwrap(), [0]);
}

#[test]
fn a_journey_is_handed_over_and_rated() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, _) = start(config(folder.path()), &upload);
    let open_account = nowait.journey("OpenAccount");
    let travel = open_account.begin();
    let (id, first, second) = (travel.id(), travel.hand_over(), travel.hand_over());
    assert_ne!(first, second, "each is good for one use");
    travel.end();
    open_account.rate(id, Rating::new(5).unwrap());
    assert!(nowait.rate(nowait.name("Branch"), Rating::new(2).unwrap()).is_taken());
    assert!([0, 6].iter().all(|number| Rating::new(*number).is_none()));
    assert!(worker.shutdown().complete);
    let told = |kind| {
        let events = upload.events().into_iter().filter(|(_, event)| event.kind == kind);
        events.map(|(name, event)| (name, event.journey, event.a)).collect::<Vec<_>>()
    };
    let account = || "OpenAccount".to_owned();
    assert_eq!(told(Kind::Journey).len(), 1);
    assert_eq!(told(Kind::HandOver), [(account(), id, first.to_u64()), (account(), id, second.to_u64())]);
    assert_eq!(told(Kind::Rating), [(account(), id, 5), ("Branch".to_owned(), 0, 2)]);
    assert_balanced(&upload);
}
