//! Both lanes against the real engine: what they tell, what they return, and that no panic leaves them.

use crate::types::{Device, Flushed, Parcel, SelfReport, StartConfig, StartError, Transport, TransportError};
use crate::{cold, hot, native, testing};
use nowait_core::{Answer, Consent, Event, Kind, NameId, Network, Os, Outcome, Signal, Tier, Upload};
use nowait_wire::{Batch, Receipt, ReceiptStatus};
use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::ptr::null_mut;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use uniffi::{RustCallStatus, RustCallStatusCode};

/// Tests share the replay and the panic on demand, which belong to the process.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The signals that these calls tell.
fn told(calls: impl FnOnce()) -> Vec<Signal> {
    testing::nowait_testing_replay_begin();
    calls();
    testing::nowait_testing_replay_end();
    std::mem::take(&mut testing::state().signals)
}

/// What both lanes must tell, when each function is called in the order of `hot` with these numbers.
fn expected() -> Vec<Signal> {
    let name = NameId(7);
    vec![
        Signal::ProcessStarted { at: 1, visible: true },
        Signal::Foreground { at: 2, restored: false },
        Signal::Background { at: 3 },
        Signal::TouchUp { at: 4, target: name },
        Signal::TouchHandled { at: 5 },
        Signal::Frame { started: 6, deadline: 7, at: 8 },
        Signal::Navigation { at: 9 },
        Signal::ScreenCreated { at: 10, screen: name },
        Signal::ScreenShown { at: 11, screen: name },
        Signal::ScreenReady { at: 12, screen: name },
        Signal::ScreenLeft { at: 13, screen: name },
        Signal::RequestStarted { at: 14, id: 99, route: name },
        Signal::RequestEnded { at: 15, id: 99, status: 503, outcome: Outcome::Failed },
        Signal::ActionStarted { at: 16 },
        Signal::ActionEnded { at: 17 },
        Signal::MainPing { at: 18 },
        Signal::MainPong { at: 19 },
        Signal::JourneyStarted { at: 20, id: 98, journey: name },
        Signal::StepStarted { at: 21, id: 98, step: name },
        Signal::JourneyEnded { at: 22, id: 98, outcome: Outcome::Abandoned },
    ]
}

#[test]
fn every_free_function_tells_its_signal() {
    let _turn = alone();
    let signals = told(|| {
        hot::process_started(1, true);
        hot::foreground(2, false);
        hot::background(3);
        hot::touch_up(7, 4);
        hot::touch_handled(5);
        hot::frame(6, 7, 8);
        hot::navigation(9);
        hot::screen_created(7, 10);
        hot::screen_shown(7, 11);
        hot::screen_ready(7, 12);
        hot::screen_left(7, 13);
        hot::request_started(99, 7, 14);
        hot::request_ended(99, 15, 503, 1);
        assert_eq!(hot::action_begin(16), 16);
        hot::action_end(7, 16, 17, 0);
        hot::main_ping(18);
        hot::main_pong(19);
        hot::journey_started(98, 7, 20);
        hot::step_started(98, 7, 21);
        hot::journey_ended(98, 22, 6);
    });
    assert_eq!(signals, expected());
}

#[test]
fn every_native_function_tells_the_same() {
    let _turn = alone();
    let (env, class) = (null_mut(), null_mut());
    let signals = told(|| {
        native::Java_dev_nowait_internal_Native_processStarted(env, class, 1, true);
        native::Java_dev_nowait_internal_Native_foreground(env, class, 2, false);
        native::Java_dev_nowait_internal_Native_background(env, class, 3);
        native::Java_dev_nowait_internal_Native_touchUp(env, class, 7, 4);
        native::Java_dev_nowait_internal_Native_touchHandled(env, class, 5);
        native::Java_dev_nowait_internal_Native_frame(env, class, 6, 7, 8);
        native::Java_dev_nowait_internal_Native_navigation(env, class, 9);
        native::Java_dev_nowait_internal_Native_screenCreated(env, class, 7, 10);
        native::Java_dev_nowait_internal_Native_screenShown(env, class, 7, 11);
        native::Java_dev_nowait_internal_Native_screenReady(env, class, 7, 12);
        native::Java_dev_nowait_internal_Native_screenLeft(env, class, 7, 13);
        native::Java_dev_nowait_internal_Native_requestStarted(env, class, 99, 7, 14);
        native::Java_dev_nowait_internal_Native_requestEnded(env, class, 99, 15, 503, 1);
        assert_eq!(native::Java_dev_nowait_internal_Native_actionBegin(env, class, 16), 16);
        native::Java_dev_nowait_internal_Native_actionEnd(env, class, 7, 16, 17, 0);
        native::Java_dev_nowait_internal_Native_mainPing(env, class, 18);
        native::Java_dev_nowait_internal_Native_mainPong(env, class, 19);
        native::Java_dev_nowait_internal_Native_journeyStarted(env, class, 98, 7, 20);
        native::Java_dev_nowait_internal_Native_stepStarted(env, class, 98, 7, 21);
        native::Java_dev_nowait_internal_Native_journeyEnded(env, class, 98, 22, 6);
    });
    assert_eq!(signals, expected());
}

#[test]
fn now_is_this_moment_on_both_lanes() {
    let _turn = alone();
    let before = hot::now_ns();
    let signals = told(|| {
        hot::navigation(hot::NOW);
        native::Java_dev_nowait_internal_Native_navigation(null_mut(), null_mut(), -1);
        hot::action_begin(hot::NOW);
    });
    let after = native::Java_dev_nowait_internal_Native_nowNs(null_mut(), null_mut()) as u64;
    assert!(before > 0 && signals.len() == 3);
    assert!(
        signals.iter().all(|signal| (before..=after).contains(&signal.at())),
        "{before} {signals:?} {after}"
    );
}

#[test]
fn an_outcome_is_its_number_and_an_unknown_one_is_abandoned() {
    let _turn = alone();
    let signals = told(|| (0..=u8::MAX).for_each(|number| hot::journey_ended(1, 1, number)));
    assert_eq!(signals.len(), 256);
    for (number, signal) in (0..=u8::MAX).zip(signals) {
        let outcome = Outcome::ALL.iter().copied().find(|outcome| *outcome as u8 == number);
        let outcome = outcome.unwrap_or(Outcome::Abandoned);
        assert_eq!(signal, Signal::JourneyEnded { at: 1, id: 1, outcome });
    }
}

#[test]
fn a_replay_gives_the_events_of_its_signals() {
    let _turn = alone();
    testing::nowait_testing_replay_begin();
    hot::request_started(5, 9, 1_000);
    hot::request_ended(5, 3_000, 200, 0);
    hot::touch_up(8, 10_000);
    testing::nowait_testing_replay_tick(60_000_000_000);
    let events = testing::nowait_testing_replay_end();
    let field = |field| testing::nowait_testing_replay_event(0, field);
    assert!(events >= 2, "a request and a tap without response");
    assert_eq!([0, 1, 3, 5, 6, 8].map(field), [Kind::Request as u64, 0, 9, 1_000, 2_000, 200]);
    assert_eq!(testing::nowait_testing_replay_event(events, 0), 0);
}

/// A host's HTTP stack that does as it is told, and then what a collector does.
#[derive(Clone, Default)]
struct Host {
    plan: Arc<Mutex<VecDeque<Misfortune>>>,
    stored: Arc<Mutex<Vec<(Parcel, Batch)>>>,
}

enum Misfortune {
    NoAnswer,
    Panics,
    Answers(u16),
}

impl Transport for Host {
    fn send(&self, parcel: Parcel) -> Result<Answer, TransportError> {
        let answer = |status, body| Ok(Answer { status, retry_after: None, body });
        // Let go of the plan first: a panic below must not poison it.
        let misfortune = self.plan.lock().unwrap().pop_front();
        match misfortune {
            Some(Misfortune::NoAnswer) => Err(TransportError::NoAnswer),
            Some(Misfortune::Panics) => panic!("a transport that breaks"),
            Some(Misfortune::Answers(status)) => answer(status, b"<html>".to_vec()),
            None => {
                let batch = nowait_wire::decode(&parcel.body).unwrap();
                let receipt = Receipt {
                    batch: batch.id.to_string(),
                    status: ReceiptStatus::Stored,
                    reason: String::new(),
                };
                self.stored.lock().unwrap().push((parcel, batch));
                answer(200, serde_json::to_vec(&receipt).unwrap())
            }
        }
    }
}

impl Host {
    /// What arrived, with the texts of the names.
    fn events(&self) -> Vec<(String, Event)> {
        let stored = self.stored.lock().unwrap();
        let named = |batch: &Batch, event: &Event| (batch.names[event.name.0 as usize].clone(), *event);
        stored.iter().flat_map(|(_, batch)| batch.events.iter().map(|event| named(batch, event))).collect()
    }
}

fn config(folder: &Path) -> StartConfig {
    StartConfig {
        endpoint: "http://127.0.0.1:1/".to_owned(),
        app_key: "bank".to_owned(),
        app_version: "8.2.0".to_owned(),
        app_build: "48211".to_owned(),
        folder: folder.to_str().unwrap().to_owned(),
        device: Device {
            os: Os::Ios,
            os_version: "18".to_owned(),
            model: "iPhone17,1".to_owned(),
            tier: Tier::High,
            country: "TH".to_owned(),
        },
        dimensions: HashMap::from([("segment".to_owned(), "retail".to_owned())]),
        flush_interval_ms: 3_600_000,
        consent: Consent::Granted,
    }
}

/// The only test that starts: a process starts NoWait once.
#[test]
fn a_session_from_start_to_shutdown() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let host = Host::default();
    nothing_happens_before_a_start();
    unusable_settings_are_named(folder.path());
    let start = || cold::start(config(folder.path()), Some(Box::new(host.clone())));
    start().unwrap();
    assert!(matches!(start(), Err(StartError::AlreadyStarted)));

    let ids = cold::register_names(["Pay", "Home", "Pay", "4111 1111 1111 1111"].map(str::to_owned).to_vec());
    assert_eq!(ids, [6, 7, 6, NameId::REDACTED.0]);
    assert_eq!(report().names_redacted, 1);
    actions_are_recorded(ids[0]);
    hot::breadcrumb(ids[1], hot::NOW, 3);
    native::Java_dev_nowait_internal_Native_breadcrumb(null_mut(), null_mut(), ids[1] as i32, -1, 3);
    cold::network(Network::Wifi, false);
    failing_transports_are_no_answer();
    assert_eq!(cold::flush(10_000), Flushed { complete: true, batches_left: 0 });
    what_arrived_is_what_was_told(&host);
    panics_are_caught_counted_and_answered_by_the_default();

    assert!(cold::shutdown(10_000).complete);
    let produced = report().produced;
    assert_eq!(produced, host.events().len() as u64);
    hot::action_record(ids[0], 1, 2, 0);
    assert_eq!(report().produced, produced, "nothing after the end");
}

fn report() -> SelfReport {
    cold::self_report().unwrap()
}

fn nothing_happens_before_a_start() {
    assert!(cold::register_names(vec!["Pay".to_owned()]).is_empty());
    assert!(cold::self_report().is_none());
    assert_eq!([cold::flush(1), cold::shutdown(1)], [Flushed::default(); 2]);
    cold::consent(Consent::Granted);
    cold::network(Network::Wifi, false);
    hot::breadcrumb(1, 1, 1);
    hot::background(1);
    hot::action_end(1, hot::action_begin(hot::NOW), hot::NOW, 0);
}

fn unusable_settings_are_named(folder: &Path) {
    for (change, setting) in [
        ((|config| config.endpoint = "nowhere".to_owned()) as fn(&mut StartConfig), "endpoint"),
        (|config| config.app_key.clear(), "app_key"),
        (|config| config.app_version.clear(), "build.version"),
        (|config| config.folder.clear(), "folder"),
        (|config| config.flush_interval_ms = 0, "flush_interval"),
        (|config| config.dimensions = (0..9).map(|n| (n.to_string(), n.to_string())).collect(), "dimensions"),
    ] {
        let mut config = config(folder);
        change(&mut config);
        let error = cold::start(config, Some(Box::new(Host::default()))).unwrap_err();
        assert!(matches!(error, StartError::Config(_)) && error.to_string().contains(setting), "{error}");
    }
    testing::nowait_testing_panic_next();
    let error = cold::start(config(folder), Some(Box::new(Host::default()))).unwrap_err();
    assert!(matches!(error, StartError::Internal), "{error}");
}

fn actions_are_recorded(name: u32) {
    let now = hot::now_ns();
    let started = (now - 250_000_000) as i64;
    native::Java_dev_nowait_internal_Native_actionRecord(
        null_mut(),
        null_mut(),
        name as i32,
        started,
        now as i64,
        1,
    );
    let started = hot::action_begin(now + 1);
    hot::action_end(name, started, now + 500_000_001, 0);
    hot::background(now + 500_000_002);
    native::Java_dev_nowait_internal_Native_actionEnd(
        null_mut(),
        null_mut(),
        name as i32,
        started as i64,
        -1,
        0,
    );
    hot::foreground(now + 500_000_003, true);
}

/// What a failing host answers means nothing but "keep the batch", and its panic stays here.
fn failing_transports_are_no_answer() {
    let caught = report().panics_caught;
    let host = Host::default();
    host.plan.lock().unwrap().extend([Misfortune::NoAnswer, Misfortune::Panics, Misfortune::Answers(502)]);
    let mut upload = cold::HostUpload(Box::new(host));
    let mut send = || {
        let timeout = Duration::from_secs(1);
        let cancel = nowait_core::Cancel::never();
        upload.send(nowait_core::Parcel { url: "", app_key: "", sent_unix_ms: 0, body: &[], timeout, cancel })
    };
    assert_eq!([send(), send()], [None, None]);
    assert_eq!(send().map(|answer| answer.status), Some(502));
    assert_eq!(report().panics_caught, caught + 1);
    let unexpected = uniffi::UnexpectedUniFFICallbackError::new("what the host said");
    assert_eq!(TransportError::from(unexpected).to_string(), "no answer");
}

fn what_arrived_is_what_was_told(host: &Host) {
    let stored = host.stored.lock().unwrap();
    let (parcel, batch) = &stored[0];
    assert_eq!(parcel.url, "http://127.0.0.1:1/v1/batches");
    assert_eq!(parcel.headers["authorization"], "Bearer bank");
    assert_eq!(parcel.headers["content-type"], nowait_core::CONTENT_TYPE);
    assert!(parcel.headers["x-nowait-sent-unix-ms"].parse::<u64>().unwrap() > 1_600_000_000_000);
    let context = &batch.context;
    assert_eq!((context.os, context.device_tier, context.country.as_str()), (Os::Ios, Tier::High, "TH"));
    assert_eq!(context.dimensions, [("segment".to_owned(), "retail".to_owned())]);
    assert_eq!(report().session, batch.id.session.to_string());
    drop(stored);

    let events = host.events();
    let mut actions: Vec<_> = events
        .iter()
        .filter(|(name, event)| name == "Pay" && event.kind == Kind::Action)
        .map(|(_, event)| (event.outcome, event.duration_ns.div_ceil(10_000_000) / 25))
        .collect();
    actions.sort_unstable();
    assert_eq!(actions.len(), 3);
    assert_eq!(actions[..2], [(Outcome::Done, 2), (Outcome::Failed, 1)], "in quarters of a second");
    assert_eq!(actions[2].0, Outcome::Interrupted, "ended after a trip to the background");
    assert!(events.iter().all(|(_, event)| event.kind != Kind::Breadcrumb), "crumbs wait for an exit");
}

fn panics_are_caught_counted_and_answered_by_the_default() {
    let caught = report().panics_caught;
    let mut status = RustCallStatus::default();
    // The very functions that Swift and Kotlin call: had the panic come so far, the status would say so.
    testing::nowait_testing_panic_next();
    hot::uniffi_nowait_ffi_fn_func_frame(1, 2, 3, &mut status);
    assert_eq!(status.code, RustCallStatusCode::Success);
    testing::nowait_testing_panic_next();
    let begun = hot::uniffi_nowait_ffi_fn_func_action_begin(42, &mut status);
    assert_eq!(status.code, RustCallStatusCode::Success);
    assert_eq!(begun, 42);
    testing::nowait_testing_panic_next();
    cold::uniffi_nowait_ffi_fn_func_self_report(&mut status).destroy();
    assert_eq!(status.code, RustCallStatusCode::Success);

    // In a native function a panic that got out would end this very process.
    testing::nowait_testing_panic_next();
    native::Java_dev_nowait_internal_Native_touchUp(null_mut(), null_mut(), 1, 2);
    testing::nowait_testing_panic_next();
    assert_eq!(native::Java_dev_nowait_internal_Native_actionBegin(null_mut(), null_mut(), 43), 43);

    for entry in [
        (|| cold::consent(Consent::Refused)) as fn(),
        || cold::network(Network::Offline, true),
        || assert_eq!(cold::flush(1), Flushed::default()),
        || assert_eq!(cold::shutdown(1), Flushed::default()),
        || assert!(cold::register_names(vec!["x".to_owned()]).is_empty()),
        || assert!(cold::self_report().is_none()),
        || hot::breadcrumb(1, 2, 3),
        || hot::action_record(1, 2, 3, 0),
        || hot::action_end(1, 2, 3, 0),
    ] {
        testing::nowait_testing_panic_next();
        entry();
    }
    assert_eq!(report().panics_caught, caught + 14);
}
