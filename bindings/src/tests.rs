//! Both lanes against the real engine: what they tell, what they return, and that no panic leaves them.

use crate::types::{Device, Flushed, Parcel, SelfReport, StartConfig, StartError, Transport, TransportError};
use crate::{cold, hot, native, testing};
use nowait_core::{
    Answer, Cancel, Conditions, Consent, Event, Fact, Kind, NameId, Network, Os, Outcome, Recorded, Roots,
    Tier, Upload, Uuid,
};
use nowait_wire::{Batch, Receipt, ReceiptStatus};
use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use uniffi::{RustCallStatus, RustCallStatusCode};

/// Tests share the replay and the panic on demand, which belong to the process.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The facts that these calls tell.
fn told(calls: impl FnOnce()) -> Vec<Fact> {
    testing::nowait_testing_replay_begin();
    calls();
    testing::nowait_testing_replay_end();
    std::mem::take(&mut testing::state().facts)
}

/// What both lanes must tell, when each function is called in the order of `hot` with these numbers.
fn expected() -> Vec<Fact> {
    let name = NameId(7);
    let action = Event {
        outcome: Outcome::Failed,
        started_uptime_ns: 20,
        duration_ns: 3,
        ..Event::new(Kind::Action, name)
    };
    vec![
        Fact::Breadcrumb { at: 1, name, number: u64::MAX },
        Fact::ProcessStarted { at: 1, visible: true },
        Fact::MainIdle { at: 2 },
        Fact::Foreground { at: 2, restored: false },
        Fact::Background { at: 3 },
        Fact::TouchUp { at: 4, target: name },
        Fact::TouchHandled { at: 5 },
        Fact::Frame { started: 6, deadline: 7, at: 8 },
        Fact::Navigation { at: 9 },
        Fact::ScreenCreated { at: 10, id: 96, screen: name },
        Fact::ScreenShown { at: 11, id: 96, screen: name },
        Fact::ScreenReady { at: 12, id: 96, screen: name },
        Fact::ScreenLeft { at: 13, id: 96 },
        Fact::RequestStarted { at: 14, id: 99, route: name },
        Fact::RequestEnded { at: 15, id: 99, status: 503, outcome: Outcome::Failed },
        Fact::ActionStarted { at: 16, id: 97, action: name },
        Fact::ActionEnded { at: 17, id: 97, outcome: Outcome::Done },
        Fact::Measured(action),
        Fact::MainPing { at: 18 },
        Fact::MainPong { at: 19 },
        Fact::JourneyStarted { at: 20, id: 98, journey: name },
        Fact::StepStarted { at: 21, id: 98, step: name },
        Fact::JourneyEnded { at: 22, id: 98, outcome: Outcome::Abandoned },
        Fact::Rated { at: 23, id: 98, name, rating: 4 },
        Fact::HandedOver { at: 24, id: 98, continuation: u64::MAX },
        Fact::Crashed { at: 25, name },
    ]
}

#[test]
fn every_free_function_tells_its_fact() {
    let _turn = alone();
    let facts = told(|| {
        hot::breadcrumb(7, 1, u64::MAX);
        hot::process_started(1, true);
        hot::main_idle(2);
        hot::foreground(2, false);
        hot::background(3);
        hot::touch_up(7, 4);
        hot::touch_handled(5);
        hot::frame(6, 7, 8);
        hot::navigation(9);
        hot::screen_created(96, 7, 10);
        hot::screen_shown(96, 7, 11);
        hot::screen_ready(96, 7, 12);
        hot::screen_left(96, 13);
        hot::request_started(99, 7, 14);
        hot::request_ended(99, 15, 503, 1);
        hot::action_begin(97, 7, 16);
        hot::action_end(97, 17, 0);
        hot::action_record(7, 20, 23, 1);
        hot::main_ping(18);
        hot::main_pong(19);
        hot::journey_started(98, 7, 20);
        hot::step_started(98, 7, 21);
        hot::journey_ended(98, 22, 6);
        hot::rated(98, 7, 23, 4);
        hot::handed_over(98, 24, u64::MAX);
        hot::crashed(7, 25);
    });
    assert_eq!(facts, expected());
}

#[test]
fn every_native_function_tells_the_same() {
    let _turn = alone();
    let (env, class) = (null_mut(), null_mut());
    let facts = told(|| {
        native::Java_dev_nowait_internal_Native_breadcrumb(env, class, 7, 1, -1);
        native::Java_dev_nowait_internal_Native_processStarted(env, class, 1, true);
        native::Java_dev_nowait_internal_Native_mainIdle(env, class, 2);
        native::Java_dev_nowait_internal_Native_foreground(env, class, 2, false);
        native::Java_dev_nowait_internal_Native_background(env, class, 3);
        native::Java_dev_nowait_internal_Native_touchUp(env, class, 7, 4);
        native::Java_dev_nowait_internal_Native_touchHandled(env, class, 5);
        native::Java_dev_nowait_internal_Native_frame(env, class, 6, 7, 8);
        native::Java_dev_nowait_internal_Native_navigation(env, class, 9);
        native::Java_dev_nowait_internal_Native_screenCreated(env, class, 96, 7, 10);
        native::Java_dev_nowait_internal_Native_screenShown(env, class, 96, 7, 11);
        native::Java_dev_nowait_internal_Native_screenReady(env, class, 96, 7, 12);
        native::Java_dev_nowait_internal_Native_screenLeft(env, class, 96, 13);
        native::Java_dev_nowait_internal_Native_requestStarted(env, class, 99, 7, 14);
        native::Java_dev_nowait_internal_Native_requestEnded(env, class, 99, 15, 503, 1);
        native::Java_dev_nowait_internal_Native_actionBegin(env, class, 97, 7, 16);
        native::Java_dev_nowait_internal_Native_actionEnd(env, class, 97, 17, 0);
        native::Java_dev_nowait_internal_Native_actionRecord(env, class, 7, 20, 23, 1);
        native::Java_dev_nowait_internal_Native_mainPing(env, class, 18);
        native::Java_dev_nowait_internal_Native_mainPong(env, class, 19);
        native::Java_dev_nowait_internal_Native_journeyStarted(env, class, 98, 7, 20);
        native::Java_dev_nowait_internal_Native_stepStarted(env, class, 98, 7, 21);
        native::Java_dev_nowait_internal_Native_journeyEnded(env, class, 98, 22, 6);
        native::Java_dev_nowait_internal_Native_rated(env, class, 98, 7, 23, 4);
        native::Java_dev_nowait_internal_Native_handedOver(env, class, 98, 24, -1);
        native::Java_dev_nowait_internal_Native_crashed(env, class, 7, 25);
    });
    assert_eq!(facts, expected());
}

#[test]
fn now_is_this_moment_on_both_lanes() {
    let _turn = alone();
    let before = hot::now_ns();
    let facts = told(|| {
        hot::navigation(hot::NOW);
        native::Java_dev_nowait_internal_Native_navigation(null_mut(), null_mut(), -1);
        hot::action_begin(3, 7, hot::NOW);
        hot::action_record(7, before, hot::NOW, 0);
    });
    let after = native::Java_dev_nowait_internal_Native_nowNs(null_mut(), null_mut()) as u64;
    assert!(before > 0 && facts.len() == 4);
    assert!(facts.iter().all(|fact| (before..=after).contains(&fact.at())), "{before} {facts:?} {after}");
}

#[test]
fn an_outcome_is_its_number_and_an_unknown_one_is_abandoned() {
    let _turn = alone();
    let facts = told(|| (0..=u8::MAX).for_each(|number| hot::journey_ended(1, 1, number)));
    assert_eq!(facts.len(), 256);
    for (number, fact) in (0..=u8::MAX).zip(facts) {
        let outcome = Outcome::from_u8(number).unwrap_or(Outcome::Abandoned);
        assert_eq!(fact, Fact::JourneyEnded { at: 1, id: 1, outcome });
    }
}

#[test]
fn ids_are_given_out_once_on_both_lanes() {
    let _turn = alone();
    let mut ids: Vec<u64> = (0..64).map(|_| hot::next_id()).collect();
    ids.extend(
        (0..64).map(|_| native::Java_dev_nowait_internal_Native_nextId(null_mut(), null_mut()) as u64),
    );
    let given = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), given);
    assert!(!ids.contains(&0));
}

/// What a JVM really hands over is tested from Kotlin.
#[test]
fn no_text_is_no_name() {
    let _turn = alone();
    assert_eq!(native::Java_dev_nowait_internal_Native_registerName(null_mut(), null_mut(), null_mut()), 0);
    assert_eq!(native::Java_dev_nowait_internal_Native_registerTarget(null_mut(), null_mut(), null_mut()), 0);
}

#[test]
fn a_replay_gives_the_events_of_its_facts() {
    let _turn = alone();
    testing::nowait_testing_replay_begin();
    hot::request_started(5, 9, 1_000);
    hot::request_ended(5, 3_000, 200, 0);
    hot::touch_up(8, 10_000);
    assert_eq!(testing::nowait_testing_replay_presence(), 1);
    testing::nowait_testing_replay_tick(60_000_000_000, hot::NOW, 0);
    hot::request_started(6, 9, 61_000_000_000);
    testing::nowait_testing_replay_refused();
    testing::nowait_testing_replay_measured(9, 1, 0, 7, 0, 60_000_000_000, 5, 0, 0, 0);
    testing::nowait_testing_replay_measured(99, 1, 0, 7, 0, 60_000_000_000, 5, 0, 0, 0);
    testing::nowait_testing_replay_died(62_000_000_000);
    assert_eq!(testing::nowait_testing_replay_lost(), 0);
    let events = testing::nowait_testing_replay_end();
    let fields =
        |event, fields: [u32; 3]| fields.map(|field| testing::nowait_testing_replay_event(event, field));
    assert_eq!(fields(0, [0, 1, 3]), [Kind::Request as u64, 0, 9]);
    assert_eq!(fields(0, [5, 6, 8]), [1_000, 2_000, 200]);
    let outcomes: Vec<u64> = (0..events).map(|event| fields(event, [0, 1, 3])[1]).collect();
    assert!(outcomes.contains(&(Outcome::NoResponse as u64)), "{outcomes:?}");
    assert_eq!(fields(events - 2, [0, 1, 6]), [Kind::Action as u64, Outcome::Failed as u64, 5]);
    assert_eq!(fields(events - 1, [0, 1, 3])[..2], [Kind::Request as u64, Outcome::Interrupted as u64]);
    assert_eq!(testing::nowait_testing_replay_event(events, 0), 0);
    let told = testing::state().facts.len();
    hot::main_pong(63_000_000_000);
    assert_eq!(testing::state().facts.len(), told, "the replay is over");
}

/// A host's HTTP stack that does as it is told, and then what a collector does.
#[derive(Clone, Default)]
struct Host {
    plan: Arc<Mutex<VecDeque<Misfortune>>>,
    stored: Arc<Mutex<Vec<(Parcel, Batch)>>>,
    /// Whether the latest exchange was cancelled when it began.
    was_cancelled: Arc<AtomicBool>,
}

enum Misfortune {
    NoAnswer,
    Panics,
    Answers(u16),
}

impl Transport for Host {
    fn send(&self, parcel: Parcel) -> Result<Answer, TransportError> {
        let answer = |status, body| Ok(Answer { status, retry_after: None, body });
        self.was_cancelled.store(cold::exchange_is_cancelled(), Ordering::Relaxed);
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
                    config: None,
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
        consent: Consent::Pending,
        hold: None,
        roots: Roots::Mozilla,
        pins: Vec::new(),
    }
}

const MS: u64 = 1_000_000;

/// The only test that starts: a process starts NoWait once.
#[test]
fn a_session_from_the_first_use_to_shutdown() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let host = Host::default();
    let ids = what_is_told_before_a_start_waits();
    unusable_settings_are_named(folder.path());
    let start = || cold::start(config(folder.path()), Some(Box::new(host.clone())));
    assert!(!cold::may_ask(0), "nothing has started");
    start().unwrap();
    assert!(matches!(start(), Err(StartError::AlreadyStarted)));

    actions_are_recorded(ids[0]);
    let continuation = a_journey_is_handed_over(ids[0]);
    hot::breadcrumb(ids[1], hot::NOW, 3);
    native::Java_dev_nowait_internal_Native_breadcrumb(null_mut(), null_mut(), ids[1] as i32, -1, 3);
    cold::conditions(on_wifi());
    failing_transports_are_no_answer();
    assert_eq!(cold::flush(10_000), Flushed { complete: true, batches_left: 0 });
    what_arrived_is_what_was_told(&host);
    let handed_over: Vec<_> =
        host.events().into_iter().filter(|(_, event)| event.kind == Kind::HandOver).collect();
    assert!(matches!(&handed_over[..], [(name, event)] if name == "Pay" && event.a == continuation));
    what_is_not_taken_is_counted();
    assert_eq!(cold::consent(Consent::Granted), Recorded::Kept);
    assert_eq!([cold::may_ask(60_000), cold::may_ask(60_000)], [true, false]);
    assert_eq!(native::Java_dev_nowait_internal_Native_consent(null_mut(), null_mut(), 1), 0);
    panics_are_caught_counted_and_answered_by_the_default();

    let ended = cold::shutdown(10_000);
    assert!(ended.complete, "{ended:?} {:?}", report());
    let produced = report().produced;
    assert_eq!(produced, host.events().len() as u64);
    hot::action_record(ids[0], 1, 2, 0);
    assert_eq!(report().produced, produced, "nothing after the end");
}

fn report() -> SelfReport {
    cold::self_report().unwrap()
}

fn on_wifi() -> Conditions {
    Conditions { network: Network::Wifi, ..Conditions::default() }
}

/// The ids of `Pay` and `Home`.
fn what_is_told_before_a_start_waits() -> [u32; 2] {
    let ids = ["Pay", "Home", "Pay", "4111 1111 1111 1111"].map(hot::register_name);
    assert_eq!(ids, [6, 7, 6, NameId::REDACTED.0]);
    assert_eq!([6, 2, 0, 1_000_000].map(cold::name_text), ["Pay", "redacted", "", ""]);
    let before = report();
    assert_eq!((before.names_redacted, before.produced), (1, 0));
    assert_eq!(before.session, Uuid::nil().to_string());
    assert_eq!(cold::flush(1), Flushed::default());
    assert_eq!(cold::consent(Consent::Granted), Recorded::InMemory);
    cold::conditions(on_wifi());
    let now = hot::now_ns();
    hot::action_record(hot::register_name("Early"), now - 250 * MS, now, 0);
    [ids[0], ids[1]]
}

fn unusable_settings_are_named(folder: &Path) {
    for (change, setting) in [
        ((|config| config.endpoint = "nowhere".to_owned()) as fn(&mut StartConfig), "endpoint"),
        (|config| config.app_key.clear(), "app_key"),
        (|config| config.app_version.clear(), "build.version"),
        (|config| config.folder.clear(), "folder"),
        (|config| config.flush_interval_ms = 0, "flush_interval"),
        (|config| config.pins.push("sha256/short".to_owned()), "pins"),
        (|config| config.roots = Roots::Only(vec![vec![1]]), "roots"),
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
    let (env, class) = (null_mut(), null_mut());
    let now = hot::now_ns();
    let ago = |ms: u64| now - ms * MS;
    let (begun, left) = (hot::next_id(), hot::next_id());
    hot::foreground(ago(900), false);
    let record = native::Java_dev_nowait_internal_Native_actionRecord;
    record(env, class, name as i32, ago(850) as i64, ago(600) as i64, 1);
    hot::action_begin(begun, name, ago(800));
    hot::action_end(begun, ago(300), 0);
    hot::action_begin(left, name, ago(200));
    hot::background(ago(150));
    native::Java_dev_nowait_internal_Native_actionEnd(env, class, left as i64, -1, 0);
    hot::foreground(ago(100), true);
}

/// The number under which it goes on.
fn a_journey_is_handed_over(name: u32) -> u64 {
    let drawn = cold::draw_continuation().unwrap();
    assert_eq!(drawn.text.parse().map(nowait_core::Continuation::to_u64), Ok(drawn.number));
    let id = hot::next_id();
    hot::journey_started(id, name, hot::NOW);
    hot::handed_over(id, hot::NOW, drawn.number);
    drawn.number
}

/// What a failing host answers means nothing but "keep the batch", and its panic stays here.
fn failing_transports_are_no_answer() {
    let caught = report().panics_caught;
    let host = Host::default();
    host.plan.lock().unwrap().extend([Misfortune::NoAnswer, Misfortune::Panics, Misfortune::Answers(502)]);
    let mut upload = cold::HostUpload(Box::new(host.clone()));
    let mut send = |cancel| {
        let timeout = Duration::from_secs(1);
        upload.send(nowait_core::Parcel { url: "", app_key: "", sent_unix_ms: 0, body: &[], timeout, cancel })
    };
    assert_eq!([send(Cancel::never()), send(Cancel::never())], [None, None]);
    assert!(!host.was_cancelled.load(Ordering::Relaxed));
    assert_eq!(send(Cancel::new(|| true)).map(|answer| answer.status), Some(502));
    assert!(host.was_cancelled.load(Ordering::Relaxed));
    assert!(!cold::exchange_is_cancelled(), "none is under way");
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
    assert!(events.iter().any(|(name, _)| name == "Early"), "it was told before the start");
    assert!(events.iter().all(|(_, event)| event.kind != Kind::Breadcrumb), "crumbs wait for an exit");
}

fn what_is_not_taken_is_counted() {
    let report = report();
    assert!(report.facts_folded >= report.produced && report.produced > 0, "{report:?}");
    assert_eq!(report.facts_refused.len(), 4);
    assert!(
        report.facts_refused.values().chain(report.dropped.values()).all(|count| *count == 0),
        "{report:?}"
    );
}

fn panics_are_caught_counted_and_answered_by_the_default() {
    let caught = report().panics_caught;
    let mut status = RustCallStatus::default();
    // The very functions that Swift and Kotlin call: had the panic come so far, the status would say so.
    testing::nowait_testing_panic_next();
    hot::uniffi_nowait_ffi_fn_func_frame(1, 2, 3, &mut status);
    assert_eq!(status.code, RustCallStatusCode::Success);
    testing::nowait_testing_panic_next();
    assert_eq!(hot::uniffi_nowait_ffi_fn_func_next_id(&mut status), u64::MAX);
    assert_eq!(status.code, RustCallStatusCode::Success);
    testing::nowait_testing_panic_next();
    cold::uniffi_nowait_ffi_fn_func_self_report(&mut status).destroy();
    assert_eq!(status.code, RustCallStatusCode::Success);

    // In a native function a panic that got out would end this very process.
    let (env, class) = (null_mut(), null_mut());
    testing::nowait_testing_panic_next();
    native::Java_dev_nowait_internal_Native_touchUp(env, class, 1, 2);
    testing::nowait_testing_panic_next();
    assert_eq!(native::Java_dev_nowait_internal_Native_nextId(env, class), -1);
    testing::nowait_testing_panic_next();
    assert_eq!(native::Java_dev_nowait_internal_Native_consent(env, class, 2), 2);

    for entry in [
        (|| assert_eq!(cold::consent(Consent::Refused), Recorded::Refused)) as fn(),
        || cold::conditions(on_wifi()),
        || assert_eq!(cold::flush(1), Flushed::default()),
        || assert_eq!(cold::shutdown(1), Flushed::default()),
        || assert_eq!(hot::register_name("x"), NameId::OTHER.0),
        || assert_eq!(hot::register_target("x"), NameId::OTHER.0),
        || assert!(cold::self_report().is_none()),
        || assert!(cold::draw_continuation().is_none()),
        || assert!(!cold::exchange_is_cancelled()),
        || assert_eq!(cold::name_text(6), ""),
        || hot::breadcrumb(1, 2, 3),
        || hot::action_record(1, 2, 3, 0),
        || hot::action_end(1, 2, 3),
    ] {
        testing::nowait_testing_panic_next();
        entry();
    }
    assert_eq!(report().panics_caught, caught + 19);
}
