//! When the worker wakes, when it sends, and how long it waits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::*;
use nowait_core::testing::{self, ManualWorker, MemoryUpload};
use nowait_core::{
    Answer, Conditions, Config, Consent, Fact, ManualClock, NOW, Network, NoWait, RemoteConfig,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn busy(retry_after: &str) -> Option<Answer> {
    Some(Answer { status: 503, retry_after: Some(retry_after.to_owned()), body: Vec::new() })
}

/// The configuration that changes nothing, of this version.
fn remote(version: u32) -> RemoteConfig {
    let all = RemoteConfig::ALL_PER_MILLE;
    RemoteConfig { version, enabled: true, sampled_per_mille: all, flush_interval_s: 0 }
}

/// Turns as a sleeping worker would, for this long; how often it woke.
fn sleep_and_turn(worker: &mut ManualWorker, clock: &ManualClock, time: Duration) -> usize {
    let mut left = time;
    let mut turns = 0;
    loop {
        let rest = worker.turn();
        turns += 1;
        match rest.filter(|rest| *rest < left) {
            Some(rest) => {
                clock.advance(rest);
                left -= rest;
            }
            None => {
                clock.advance(left);
                return turns;
            }
        }
    }
}

#[test]
fn a_server_that_asks_for_no_wait_or_for_a_past_one_is_asked_seldom() {
    for asked in ["0", "Thu, 01 Jan 1998 00:00:00 GMT", "-5", "soon", ""] {
        let folder = tempfile::tempdir().unwrap();
        let upload = MemoryUpload::new();
        upload.plan((0..10_000).map(|_| busy(asked)));
        let (nowait, mut worker, clock) = start(config(folder.path()), &upload);
        record(nowait, "a", 5);
        foreground(nowait);
        background(nowait);
        sleep_and_turn(&mut worker, &clock, Duration::from_secs(600));
        foreground(nowait);
        sleep_and_turn(&mut worker, &clock, Duration::from_secs(600));
        let attempts = upload.attempts();
        assert!((2..=16).contains(&attempts), "{attempts} attempts for Retry-After: {asked}");
    }
}

#[test]
fn a_wait_is_remembered_over_a_restart_and_for_all_processes() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    upload.plan([busy("3600")]);
    let clock = ManualClock::new(1_800_000_000_000);
    let begin =
        |upload: &MemoryUpload| testing::start(config(folder.path()), upload.clone(), clock.clone()).unwrap();
    let (nowait, mut worker) = begin(&upload);
    record(nowait, "a", 5);
    assert!(!worker.flush().complete);
    let (other, mut other_worker) = begin(&upload);
    record(other, "b", 5);
    assert!(!other_worker.flush().complete);
    drop((worker, other_worker));
    let (_, mut worker) = begin(&upload);
    assert!(!worker.flush().complete);
    assert_eq!(upload.attempts(), 1);
    clock.advance(Duration::from_secs(3_601));
    while !worker.flush().complete {
        assert!(upload.attempts() < 10);
    }
}

/// Eight exchanges of ten seconds each, while the app goes on at 100 facts a second.
#[test]
fn a_slow_network_costs_no_fact() {
    let folder = tempfile::tempdir().unwrap();
    let clock = ManualClock::new(1_800_000_000_000);
    let started: Arc<Mutex<Option<NoWait>>> = Arc::default();
    let (handle, time) = (Arc::clone(&started), clock.clone());
    let refused = Arc::new(Mutex::new(0));
    let count = Arc::clone(&refused);
    let upload = Meanwhile::new(move |_, _| {
        let nowait = handle.lock().unwrap().unwrap();
        for _ in 0..1_000 {
            time.advance(Duration::from_millis(10));
            let frame = Fact::Frame { started: NOW, deadline: NOW, at: NOW };
            *count.lock().unwrap() += usize::from(!nowait.append(frame).is_taken());
        }
    });
    let (nowait, mut worker) = testing::start(undecided(folder.path()), upload.clone(), clock).unwrap();
    *started.lock().unwrap() = Some(nowait);
    for _ in 0..8 {
        record(nowait, "a", 5);
        worker.flush();
    }
    nowait.consent(nowait_core::Consent::Granted);
    while !worker.flush().complete {}
    assert!(upload.upload.attempts() >= 8);
    assert_eq!(*refused.lock().unwrap(), 0);
}

#[test]
fn an_idle_hour_costs_few_turns() {
    for (prepare, most) in [
        ((|nowait| foreground(nowait)) as fn(NoWait), 120),
        (|nowait| background(nowait), 13),
        (
            |nowait| {
                nowait.append(Fact::ProcessStarted { at: 0, visible: false });
            },
            13,
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let upload = MemoryUpload::new();
        let (nowait, mut worker, clock) = start(config(folder.path()), &upload);
        prepare(nowait);
        let turns = sleep_and_turn(&mut worker, &clock, Duration::from_secs(3_600));
        assert!(turns <= most, "{turns} turns");
    }
    // What is held, by the customer or by the host, is no reason to wake either.
    for hold in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let upload = MemoryUpload::new();
        let config = if hold { config(folder.path()) } else { undecided(folder.path()) };
        let (nowait, mut worker, clock) = start(config, &upload);
        nowait.conditions(Conditions { battery_saver: hold, ..Conditions::default() });
        foreground(nowait);
        record(nowait, "a", 5);
        let turns = sleep_and_turn(&mut worker, &clock, Duration::from_secs(3_600));
        assert!(turns <= 13 && upload.attempts() == 0, "{turns} turns");
    }
    let folder = tempfile::tempdir().unwrap();
    let (nowait, mut worker, clock) = start(config(folder.path()), &MemoryUpload::new());
    nowait.consent(nowait_core::Consent::Refused);
    assert_eq!(sleep_and_turn(&mut worker, &clock, Duration::from_secs(3_600)), 1, "refused");
}

#[test]
fn a_flush_sends_where_batches_are_held_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, clock) = start(config(folder.path()), &upload);
    let saving = Conditions { data_saver: true, metered: true, ..Conditions::default() };
    nowait.conditions(saving);
    foreground(nowait);
    record(nowait, "a", 5);
    background(nowait);
    sleep_and_turn(&mut worker, &clock, Duration::from_secs(3_600));
    assert_eq!(upload.attempts(), 0);
    nowait.conditions(Conditions { network: Network::Offline, ..Conditions::default() });
    assert!(!worker.flush().complete);
    assert_eq!(upload.attempts(), 0, "offline is not tried");
    nowait.conditions(saving);
    assert!(worker.flush().complete);
    assert_eq!(stored(&upload, "a"), 5);
}

#[test]
fn a_trip_to_the_background_sends_everything() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, clock) = start(config(folder.path()), &upload);
    foreground(nowait);
    worker.turn();
    record(nowait, "a", 5);
    worker.turn();
    assert_eq!(upload.attempts(), 0, "a batch of five is not worth sealing in front");
    background(nowait);
    sleep_and_turn(&mut worker, &clock, Duration::from_secs(2));
    assert_eq!(stored(&upload, "a"), 5);
    assert_balanced(&upload);
}

/// The remote configuration of a receipt stops the SDK, for the app's threads too, and starts it again.
#[test]
fn a_kill_switch_stops_threads_and_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    upload.configure(RemoteConfig { enabled: false, ..remote(2) });
    let clock = ManualClock::new(1_800_000_000_000);
    let begin =
        |upload: &MemoryUpload| testing::start(config(folder.path()), upload.clone(), clock.clone()).unwrap();
    let (nowait, mut worker) = begin(&upload);
    record(nowait, "a", 5);
    worker.flush();
    worker.turn();
    assert!(!nowait.append(Fact::TouchHandled { at: NOW }).is_taken());
    let attempts = upload.attempts();
    drop(worker);
    // An older configuration, told by a collector that lags behind, changes nothing.
    upload.configure(remote(1));
    let (nowait, mut worker) = begin(&upload);
    worker.turn();
    worker.turn();
    assert!(!nowait.append(Fact::TouchHandled { at: NOW }).is_taken());
    assert_eq!(upload.attempts(), attempts + 1, "a start asks once whether it is on again");
    upload.configure(RemoteConfig { flush_interval_s: 60, ..remote(3) });
    clock.advance(Duration::from_secs(24 * 3_600));
    worker.turn();
    worker.turn();
    assert!(nowait.append(Fact::TouchHandled { at: NOW }).is_taken());
    assert_eq!(upload.attempts(), attempts + 2);
}

#[test]
fn a_session_that_is_not_sampled_records_and_sends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    upload.configure(RemoteConfig { sampled_per_mille: 0, ..remote(1) });
    let (nowait, mut worker, _) = start(config(folder.path()), &upload);
    record(nowait, "a", 5);
    assert!(worker.shutdown().complete);
    drop(worker);
    let attempts = upload.attempts();
    let (nowait, mut worker, _) = start(config(folder.path()), &upload);
    assert!(!nowait.append(Fact::TouchHandled { at: NOW }).is_taken());
    assert!(worker.shutdown().complete);
    assert_eq!(upload.attempts(), attempts + 1, "a start asks once whether anybody is sampled again");
    assert_eq!(upload.events().len(), 5);
}

#[test]
fn flush_intervals_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { flush_interval: Duration::from_secs(90_000), ..config(folder.path()) };
    assert!(NoWait::start_with(config, MemoryUpload::new()).unwrap_err().is_config());
}

#[test]
fn the_engine_says_why_nothing_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    upload.plan([Some(Answer { status: 401, ..Answer::default() }), None]);
    let pending = Config { consent: Consent::Pending, ..config(folder.path()) };
    let waiting = NoWait::waiting();
    waiting.consent(Consent::Refused);
    assert_eq!(waiting.delivery().consent, Consent::Refused, "without a start nothing else is known");
    let (nowait, mut worker, clock) = start(pending, &upload);
    let nothing = nowait.delivery();
    assert_eq!((nothing.consent, nothing.exchanges, nothing.status), (Consent::Pending, 0, None));
    assert!(!nothing.is_delivered && !nothing.is_switched_off && !nothing.is_left_out);
    assert!(!nothing.is_off && !nothing.is_held);

    // One exchange a flush; between them the wait that the answer before asked for.
    let tried = |worker: &mut ManualWorker| {
        record(nowait, "a", 1);
        worker.flush();
        clock.advance(Duration::from_secs(86_400));
        let delivery = nowait.delivery();
        (delivery.exchanges, delivery.status, delivery.is_delivered)
    };
    assert_eq!(tried(&mut worker), (0, None, false), "the customer was not asked yet");
    nowait.consent(Consent::Granted);
    assert_eq!(nowait.delivery().consent, Consent::Granted);
    assert_eq!(tried(&mut worker), (1, Some(401), false));
    assert_eq!(tried(&mut worker), (2, None, false), "no answer");
    let (exchanges, status, is_delivered) = tried(&mut worker);
    assert!(exchanges > 2 && is_delivered, "{exchanges}");
    assert_eq!(status, Some(200));

    nowait.conditions(Conditions { network: Network::Offline, ..Conditions::default() });
    assert!(nowait.delivery().is_held);
    nowait.conditions(Conditions::default());
    upload.configure(RemoteConfig { enabled: false, ..remote(1) });
    tried(&mut worker);
    assert!(nowait.delivery().is_switched_off);
}

#[test]
fn a_session_outside_of_the_sample_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    upload.configure(RemoteConfig { sampled_per_mille: 0, ..remote(1) });
    let (nowait, mut worker, _clock) = start(config(folder.path()), &upload);
    record(nowait, "a", 1);
    worker.flush();
    assert!(!nowait.delivery().is_left_out, "it began before");
    worker.shutdown();
    let (nowait, mut worker, _clock) = start(config(folder.path()), &upload);
    worker.turn();
    assert!(nowait.delivery().is_left_out);
}
