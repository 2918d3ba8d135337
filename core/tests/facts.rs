//! From facts to events through the whole engine: what a death leaves, what a clock from outside does, what a tap tells.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::*;
use nowait_core::testing::MemoryUpload;
use nowait_core::{Event, ExitReason, Fact, Kind, NOW, NameId, NoWait, Outcome};
use std::fs;
use std::path::Path;
use std::time::Duration;

fn of_kind(upload: &MemoryUpload, kind: Kind) -> Vec<(String, Event)> {
    upload.events().into_iter().filter(|(_, event)| event.kind == kind).collect()
}

/// What a start in this folder delivers of what died there.
fn after_death(folder: &tempfile::TempDir, worker: nowait_core::testing::ManualWorker) -> MemoryUpload {
    die(folder.path(), worker);
    let upload = MemoryUpload::new();
    let (_, mut worker, _) = start(config(folder.path()), &upload);
    assert!(worker.flush().complete);
    upload
}

#[test]
fn waits_that_are_open_at_a_death_have_died() {
    let folder = tempfile::tempdir().unwrap();
    let (nowait, mut worker, clock) = start(config(folder.path()), &MemoryUpload::new());
    foreground(nowait);
    let journey = nowait.journey("Transfer").begin();
    journey.step(nowait.name("Confirm"));
    let span = nowait.action("Pay.Confirm").begin();
    worker.turn();
    // One before the checkpoint of that turn, one after it.
    let request = nowait.route("POST /confirm").begin();
    clock.advance(Duration::from_secs(2));
    nowait.append(Fact::MainPong { at: NOW });
    let upload = after_death(&folder, worker);
    std::mem::forget((journey, span, request));
    let two_seconds = nowait_wire::quantise_duration_ns(2_000_000_000);
    for (kind, name) in [
        (Kind::Action, "Pay.Confirm"),
        (Kind::Request, "POST /confirm"),
        (Kind::Journey, "Transfer"),
        (Kind::Step, "Confirm"),
    ] {
        let [(text, event)] = &of_kind(&upload, kind)[..] else { panic!("one {kind}") };
        assert_eq!((text.as_str(), event.outcome, event.duration_ns), (name, Outcome::Died, two_seconds));
    }
    assert_eq!(of_kind(&upload, Kind::Exit)[0].1.a, ExitReason::Foreground as u64);
    assert_balanced(&upload);
}

#[test]
fn a_launch_that_crashes_before_its_first_frame_has_died() {
    let folder = tempfile::tempdir().unwrap();
    let (nowait, worker, clock) = start(config(folder.path()), &MemoryUpload::new());
    nowait.append(Fact::ProcessStarted { at: 0, visible: true });
    let _ = nowait.screen("Home").created();
    clock.advance(Duration::from_secs(3));
    nowait.append(Fact::MainPong { at: NOW });
    let upload = after_death(&folder, worker);
    let launches = of_kind(&upload, Kind::Launch);
    assert_eq!((launches.len(), launches[0].1.outcome), (1, Outcome::Died));
}

#[test]
fn a_process_that_started_in_the_background_dies_there() {
    let folder = tempfile::tempdir().unwrap();
    let (nowait, mut worker, clock) = start(config(folder.path()), &MemoryUpload::new());
    nowait.append(Fact::ProcessStarted { at: 0, visible: false });
    worker.turn();
    // Begun in the background, and frozen there: nobody waited.
    let span = nowait.action("Sync").begin();
    clock.advance(Duration::from_secs(599));
    span.end();
    let upload = after_death(&folder, worker);
    assert_eq!(of_kind(&upload, Kind::Exit)[0].1.a, ExitReason::Background as u64);
    let actions = of_kind(&upload, Kind::Action);
    assert!(actions.iter().all(|(_, event)| !event.outcome.is_latency()), "{actions:?}");
}

#[test]
fn one_time_from_another_clock_spoils_nothing_later() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, clock) = start(config(folder.path()), &upload);
    clock.advance(Duration::from_secs(60));
    foreground(nowait);
    let wall_ns = 1_800_000_000_000_000_000;
    nowait.append(Fact::Background { at: wall_ns });
    clock.advance(Duration::from_millis(1));
    foreground(nowait);
    clock.advance(Duration::from_secs(1));
    nowait.record(&Event { started_uptime_ns: wall_ns, ..Event::new(Kind::Action, nowait.name("wild")) });
    let pay = nowait.action("Pay.Confirm");
    pay.measure(|| clock.advance(Duration::from_millis(250)));
    let started = nowait.now_ns();
    clock.advance(Duration::from_millis(250));
    nowait.record_action(nowait.name("Pay.Confirm"), started, nowait.now_ns(), Outcome::Done);
    assert!(worker.shutdown().complete);
    let outcomes: Vec<_> = of_kind(&upload, Kind::Action)
        .into_iter()
        .filter(|(name, _)| name == "Pay.Confirm")
        .map(|(_, event)| (event.outcome, event.duration_ns / 1_000_000))
        .collect();
    assert_eq!(outcomes, [(Outcome::Done, 250), (Outcome::Done, 250)]);
    let latest = upload.events().iter().map(|(_, event)| event.started_uptime_ns).max().unwrap();
    assert!(latest <= nowait.now_ns(), "no event lies ahead: {latest}");
    assert_balanced(&upload);
}

/// The moment of an event on the wall clock, as a collector places it.
fn placed_ms(upload: &MemoryUpload, name: &str, kind: Kind) -> u64 {
    let batches = upload.batches();
    let (batch, event) = batches
        .iter()
        .flat_map(|batch| batch.events.iter().map(move |event| (batch, event)))
        .find(|(batch, event)| event.kind == kind && batch.names[event.name.0 as usize] == name)
        .unwrap();
    let anchor = batch.anchor_at(event.started_uptime_ns).unwrap();
    (anchor.wall_unix_ms as i64 + (event.started_uptime_ns as i64 - anchor.uptime_ns as i64) / 1_000_000)
        as u64
}

#[test]
fn a_night_asleep_is_absence_and_misplaces_nothing() {
    const START_MS: u64 = 1_800_000_000_000;
    const HOUR_MS: u64 = 3_600_000;
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, clock) = start(config(folder.path()), &upload);
    foreground(nowait);
    record(nowait, "evening", 1);
    let journey = nowait.journey("Transfer").begin();
    clock.advance(Duration::from_secs(75));
    background(nowait);
    clock.advance(Duration::from_secs(5));
    clock.sleep(Duration::from_secs(8 * 3_600));
    foreground(nowait);
    record(nowait, "morning", 1);
    journey.end();
    assert!(worker.shutdown().complete);
    let [(_, journey)] = &of_kind(&upload, Kind::Journey)[..] else { panic!("one journey") };
    let half_an_hour = nowait_wire::quantise_duration_ns(1_800_000_000_000);
    assert_eq!((journey.outcome, journey.duration_ns), (Outcome::TimedOut, half_an_hour));
    let near = |placed: u64, real: u64| placed.abs_diff(real) < 60_000;
    assert!(near(placed_ms(&upload, "evening", Kind::Action), START_MS));
    assert!(near(placed_ms(&upload, "morning", Kind::Action), START_MS + 80_000 + 8 * HOUR_MS));
    assert!(near(placed_ms(&upload, "Transfer", Kind::Journey), START_MS));
}

/// Every byte that lies in the folder and below.
fn written(folder: &Path) -> Vec<u8> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { written(&path) } else { fs::read(path).unwrap() }).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn what_was_typed_cannot_be_read_from_taps() {
    assert!(holds(&taps_on_keys(NoWait::name), "pin_key_4"), "as a name, it is in the table of names");
    let written = taps_on_keys(NoWait::target);
    assert!(holds(&written, "pin_key"));
    for key in ["pin_key_", "keyH", "keyA", "seven", "btnNine"] {
        assert!(!holds(&written, key), "{key}");
    }
}

#[test]
fn a_target_is_what_may_be_told_of_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let (nowait, _worker, _clock) = start(config(folder.path()), &MemoryUpload::new());
    let targets = ["pin_key", "pin_key_4", "4", "card 4111111111111111"].map(|text| nowait.target(text));
    let key = nowait.name("pin_key");
    assert_eq!(targets, [key, key, NameId::NONE, NameId::REDACTED]);
}

/// Taps on the keys of a keypad, whose names are registered so, and what is told of them after the process died: all that it left on the disk.
fn taps_on_keys(register: fn(NoWait, &str) -> NameId) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (nowait, worker, clock) = start(config(folder.path()), &MemoryUpload::new());
    foreground(nowait);
    for view in
        ["pin_key_4", "pin_key_0", "pin_key_7", "pin_key_1", "keyH", "keyA", "q", "w", "seven", "", "btnNine"]
    {
        assert!(nowait.append(Fact::TouchUp { at: NOW, target: register(nowait, view) }).is_taken());
        clock.advance(Duration::from_millis(400));
        nowait.append(Fact::TouchHandled { at: NOW });
        let frame = nowait.now_ns() - 1;
        nowait.append(Fact::Frame { started: frame, deadline: frame, at: NOW });
    }
    let written = written(folder.path());
    let upload = after_death(&folder, worker);
    let mut told: Vec<String> = upload
        .events()
        .into_iter()
        .filter(|(_, event)| {
            matches!(event.kind, Kind::Tap | Kind::Settled | Kind::RageTap | Kind::Breadcrumb)
        })
        .map(|(name, _)| name)
        .collect();
    told.sort();
    told.dedup();
    assert_eq!(told, ["", "btn", "key", "pin_key"]);
    let trail: Vec<String> = of_kind(&upload, Kind::Breadcrumb).into_iter().map(|(name, _)| name).collect();
    assert_eq!(trail, ["pin_key", "pin_key", "pin_key", "pin_key", "key", "key", "btn"]);
    assert!(upload.batches().iter().flat_map(|batch| &batch.names).all(|name| !name.contains("pin_key_")));
    written
}

/// Facts that found no room may have been the end of a wait: it is interrupted, never timed out.
#[test]
fn a_wait_that_was_open_while_facts_were_refused_is_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, clock) = start(config(folder.path()), &upload);
    foreground(nowait);
    let before = nowait.route("before").begin();
    worker.turn();
    let pong = Fact::MainPong { at: NOW };
    while nowait.append(pong).is_taken() {}
    worker.turn();
    clock.advance(Duration::from_millis(1));
    let after = nowait.route("after").begin();
    clock.advance(Duration::from_secs(61));
    nowait.append(pong);
    assert!(worker.shutdown().complete);
    std::mem::forget((before, after));
    let outcome = |name: &str| {
        let requests = of_kind(&upload, Kind::Request);
        requests.iter().find(|(text, _)| text == name).unwrap().1.outcome
    };
    assert_eq!((outcome("before"), outcome("after")), (Outcome::Interrupted, Outcome::TimedOut));
    assert_balanced(&upload);
}

#[test]
fn two_screens_of_one_name_are_two() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, clock) = start(config(folder.path()), &upload);
    foreground(nowait);
    let accounts = nowait.screen("Account");
    let first = accounts.created();
    first.shown();
    first.ready();
    clock.advance(Duration::from_secs(1));
    let second = accounts.created();
    clock.advance(Duration::from_secs(2));
    second.shown();
    second.ready();
    first.left();
    let request = nowait.route("GET /account").begin();
    clock.advance(Duration::from_millis(10));
    request.end(200);
    second.left();
    // Told after it left: it is not in front again.
    second.shown();
    nowait.route("GET /later").begin().end(200);
    assert!(worker.shutdown().complete);
    let screens: Vec<u64> =
        of_kind(&upload, Kind::Screen).iter().map(|(_, event)| event.duration_ns / 1_000_000_000).collect();
    assert_eq!(screens, [0, 2]);
    let on = |route: &str| {
        let batches = upload.batches();
        let requests = of_kind(&upload, Kind::Request);
        let screen = requests.iter().find(|(text, _)| text == route).unwrap().1.screen;
        batches[0].names[screen.0 as usize].clone()
    };
    assert_eq!((on("GET /account"), on("GET /later")), ("Account".to_owned(), String::new()));
}
