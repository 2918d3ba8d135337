//! The hot calls under callgrind. `make bench-instructions` runs this and keeps the counts.
//!
//! Each function below is one count: callgrind collects from its first instruction to its last, on the thread that
//! calls it, so neither `setup` nor what NoWait's worker does is in the figure. While a count runs, the worker is
//! held in an upload, so that no turn of it takes a lock or empties the ring in between.
//!
//! Owns: the loops. Refuses: any way in that an app has not. Invariant: as many repetitions as
//! [`nowait_instructions::OPERATIONS`] says, and every call of a loop does the same.

// The macros make public items without a word about them.
#![allow(missing_docs)]

use crossbeam_queue::ArrayQueue;
use gungraun::{library_benchmark, library_benchmark_group, main};
use nowait_core::{
    Action, Answer, Build, Config, Consent, Crumb, Event, Fact, Kind, NOW, NameId, NoWait, Parcel, Upload,
};
use nowait_instructions::{CALLS, SESSION_EVENTS, SESSIONS, STARTS};
use nowait_wire::{Batch, Receipt, ReceiptStatus, decode_header, testing};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;
use tempfile::TempDir;

/// Longest wait for the worker before a count; it needs some milliseconds, and valgrind fifty times as many.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Time that the worker is held: longer than any count.
const HOLD: Duration = Duration::from_secs(3_600);

/// Nanoseconds between two frames of a 60 Hz display.
const FRAME_NS: u64 = 16_666_667;

/// Records in the floor's memory, and slots of the queue: as many as NoWait's ring has.
const SLOTS: usize = 4_096;

/// Names that an app of a bank has registered when it asks for one again.
const NAMES: usize = 100;

/// A started NoWait whose worker is held. The folder goes when this is dropped, after the count.
struct Held {
    nowait: NoWait,
    _folder: TempDir,
}

/// Starts NoWait, lets everything that a start leaves to the worker be done, and holds the worker.
fn held() -> Held {
    let folder = tempfile::tempdir().expect("the folder for temporary files takes one more");
    let hold = Arc::new(AtomicBool::new(false));
    let (arrived, arrival) = channel();
    let upload = Acknowledge { hold: Some((Arc::clone(&hold), arrived)) };
    let nowait = NoWait::start_with(config(&folder), upload).expect("the config is complete");
    assert!(nowait.flush(SETTLE_TIMEOUT).complete, "the worker needed more than {SETTLE_TIMEOUT:?} to start");
    hold.store(true, Ordering::Release);
    assert!(nowait.record(&Event::new(Kind::Action, nowait.name("Hold"))).is_taken());
    std::thread::spawn(move || nowait.flush(HOLD));
    arrival.recv_timeout(SETTLE_TIMEOUT).expect("the worker has an event to send");
    Held { nowait, _folder: folder }
}

fn config(folder: &TempDir) -> Config {
    let config = Config::new("http://127.0.0.1", "bench", Build::new("1.0.0", "1"), folder.path());
    Config { consent: Consent::Granted, flush_interval: Duration::from_secs(3_600), ..config }
}

/// Says that what it is sent is stored; once told to hold, says that it was asked, and never answers.
struct Acknowledge {
    hold: Option<(Arc<AtomicBool>, Sender<()>)>,
}

impl Upload for Acknowledge {
    fn send(&mut self, parcel: Parcel<'_>) -> Option<Answer> {
        if let Some((hold, arrived)) = &self.hold
            && hold.load(Ordering::Acquire)
        {
            arrived.send(()).ok()?;
            loop {
                std::thread::park();
            }
        }
        let batch = decode_header(parcel.body).ok()?.id.to_string();
        let receipt = Receipt { batch, status: ReceiptStatus::Stored, reason: String::new(), config: None };
        Some(Answer { status: 200, retry_after: None, body: serde_json::to_vec(&receipt).ok()? })
    }
}

/// Nanoseconds of the monotonic clock, read as NoWait reads it.
#[inline]
fn uptime_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    (now.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(now.tv_nsec as u64)
}

/// A record of 64 bytes that holds a time.
#[inline]
fn record_of(started_ns: u64) -> [u8; 64] {
    let mut record = [0x5A; 64];
    record[..8].copy_from_slice(&started_ns.to_le_bytes());
    record
}

/// The first read finds out how to read.
fn ready() {
    black_box(uptime_ns());
}

#[library_benchmark(setup = ready)]
fn clock(_: ()) {
    (0..CALLS).for_each(|_| {
        black_box(uptime_ns());
    });
}

fn memory() -> Vec<[u8; 64]> {
    ready();
    vec![[1; 64]; SLOTS]
}

#[library_benchmark(setup = memory)]
fn floor(mut memory: Vec<[u8; 64]>) -> Vec<[u8; 64]> {
    for call in 0..CALLS {
        memory[call as usize % SLOTS] = record_of(uptime_ns());
        black_box(&mut memory);
    }
    memory
}

fn empty_queue() -> ArrayQueue<[u8; 64]> {
    ready();
    ArrayQueue::new(SLOTS)
}

#[library_benchmark(setup = empty_queue)]
fn queue(queue: ArrayQueue<[u8; 64]>) -> ArrayQueue<[u8; 64]> {
    for _ in 0..CALLS {
        black_box(queue.force_push(record_of(uptime_ns())));
    }
    queue
}

fn with_name() -> (Held, NameId) {
    let held = held();
    let name = held.nowait.name("Pay.Confirm");
    (held, name)
}

/// Events that were taken, of [`CALLS`].
#[inline]
fn record_all(nowait: NoWait, name: NameId) -> u32 {
    let mut taken = 0;
    for _ in 0..CALLS {
        let event = Event { started_uptime_ns: nowait.now_ns(), ..Event::new(Kind::Action, name) };
        taken += u32::from(nowait.record(black_box(&event)).is_taken());
    }
    taken
}

#[library_benchmark(setup = with_name, teardown = were_taken)]
fn record((held, name): (Held, NameId)) -> (Held, u32) {
    let taken = record_all(held.nowait, name);
    (held, taken)
}

fn were_taken((_, taken): (Held, u32)) {
    assert_eq!(taken, CALLS);
}

fn full() -> (Held, NameId) {
    let (held, name) = with_name();
    while held.nowait.record(&Event::new(Kind::Action, name)).is_taken() {}
    (held, name)
}

#[library_benchmark(setup = full, teardown = were_refused)]
fn refusal((held, name): (Held, NameId)) -> (Held, u32) {
    let taken = record_all(held.nowait, name);
    (held, taken)
}

fn were_refused((_, taken): (Held, u32)) {
    assert_eq!(taken, 0);
}

fn with_action() -> (Held, Action) {
    let held = held();
    let action = held.nowait.action("Pay.Confirm");
    (held, action)
}

#[library_benchmark(setup = with_action)]
fn action((held, action): (Held, Action)) -> Held {
    (0..CALLS).for_each(|_| black_box(action.begin()).end());
    held
}

fn with_crumb() -> (Held, Crumb) {
    let held = held();
    let crumb = held.nowait.crumb("biometric.prompt");
    (held, crumb)
}

#[library_benchmark(setup = with_crumb)]
fn breadcrumb((held, crumb): (Held, Crumb)) -> Held {
    (0..CALLS).for_each(|_| _ = held.nowait.breadcrumb(black_box(crumb)));
    held
}

/// On a screen in the foreground, where frames come.
fn on_screen() -> (Held, u64) {
    let held = held();
    let at = held.nowait.now_ns();
    held.nowait.append(Fact::Foreground { at, restored: false });
    held.nowait.screen("Home").created().shown();
    (held, at)
}

#[library_benchmark(setup = on_screen)]
fn frame((held, shown): (Held, u64)) -> Held {
    for call in 1..=u64::from(CALLS) {
        let at = shown + call * FRAME_NS;
        let at = black_box(at);
        held.nowait.append(Fact::Frame { started: at - FRAME_NS, deadline: at, at });
    }
    held
}

#[library_benchmark(setup = with_name)]
fn tap((held, name): (Held, NameId)) -> Held {
    (0..CALLS).for_each(|_| _ = held.nowait.append(Fact::TouchUp { at: NOW, target: black_box(name) }));
    held
}

fn with_names() -> (Held, Vec<String>) {
    let held = held();
    let names: Vec<String> =
        (0..NAMES).map(|name| format!("GET /v2/accounts/{{id}}/entries-{name:02}")).collect();
    names.iter().for_each(|name| assert_ne!(held.nowait.name(name), NameId::REDACTED));
    (held, names)
}

#[library_benchmark(setup = with_names)]
fn known_name((held, names): (Held, Vec<String>)) -> (Held, Vec<String>) {
    for name in names.iter().cycle().take(CALLS as usize) {
        black_box(held.nowait.name(black_box(name)));
    }
    (held, names)
}

fn configs() -> Vec<(TempDir, Config)> {
    let folder = || tempfile::tempdir().expect("the folder for temporary files takes one more");
    (0..STARTS)
        .map(|_| folder())
        .map(|folder| (config(&folder), folder))
        .map(|(config, folder)| (folder, config))
        .collect()
}

#[library_benchmark(setup = configs)]
fn start(configs: Vec<(TempDir, Config)>) -> Vec<(TempDir, NoWait)> {
    let start =
        |config| NoWait::start_with(config, Acknowledge { hold: None }).expect("the config is complete");
    configs.into_iter().map(|(folder, config)| (folder, start(config))).collect()
}

fn sessions() -> Vec<Batch> {
    (0..SESSIONS).map(|seed| testing::session(seed.into(), SESSION_EVENTS as usize)).collect()
}

#[library_benchmark(setup = sessions)]
fn encode(sessions: Vec<Batch>) -> Vec<Batch> {
    for session in &sessions {
        black_box(nowait_wire::encode(black_box(session)).expect("a session of the tests encodes"));
    }
    sessions
}

fn frames() -> Vec<Vec<u8>> {
    sessions()
        .iter()
        .map(|session| nowait_wire::encode(session).expect("a session of the tests encodes"))
        .collect()
}

#[library_benchmark(setup = frames)]
fn decode(frames: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    for frame in &frames {
        black_box(nowait_wire::decode(black_box(frame)).expect("what was encoded decodes"));
    }
    frames
}

library_benchmark_group!(
    name = calls,
    benchmarks = [
        clock, floor, queue, record, refusal, action, breadcrumb, tap, frame, known_name, start, encode,
        decode
    ]
);

main!(library_benchmark_groups = calls);
