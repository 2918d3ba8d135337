//! What the tests of both faces need inside the library: a panic on demand, and replays of signal scripts.
//!
//! A replay takes the signals of the hot lane away from the recorder and gives them to trackers of its own, so that
//! the scripts of `core/testdata`, spoken through Kotlin or Swift, can be held against the events they must give,
//! to the nanosecond. The functions are exported twice, for C and for the JVM, in builds with the feature `testing`
//! only: nothing of this is in a shipped library.
//!
//! **Why unsafe.** As in `native`: exported names, no unsafe block.
//!
//! Owns: the replay under way. Refuses: judging; the tests do.
//! Invariant: without a replay under way, and without a panic asked for, the library behaves as shipped.
#![allow(non_snake_case, reason = "JNI builds names of package, class and method")]

use jni_sys::{JNIEnv, jclass, jint, jlong};
use nowait_core::tracker::Trackers;
use nowait_core::{Event, Signal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

static PANIC_ASKED: AtomicBool = AtomicBool::new(false);
static REPLAY: Mutex<Replay> = Mutex::new(Replay { trackers: None, signals: Vec::new(), events: Vec::new() });

/// What was told and what came of it. The trackers are there while the replay is under way.
#[derive(Debug)]
pub(crate) struct Replay {
    trackers: Option<Trackers>,
    pub(crate) signals: Vec<Signal>,
    events: Vec<Event>,
}

pub(crate) fn state() -> MutexGuard<'static, Replay> {
    REPLAY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Panics once for every [`nowait_testing_panic_next`].
pub(crate) fn panic_if_asked() {
    assert!(!PANIC_ASKED.swap(false, Ordering::Relaxed), "a panic that a test asked for");
}

/// Takes the signal if a replay is under way: whether it did.
pub(crate) fn replay(signal: &Signal) -> bool {
    let mut state = state();
    let Replay { trackers: Some(trackers), signals, events } = &mut *state else { return false };
    signals.push(*signal);
    trackers.signal(signal, &mut |event: Event| events.push(event));
    true
}

/// The next entry of either lane, on whichever thread, panics inside.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn nowait_testing_panic_next() {
    PANIC_ASKED.store(true, Ordering::Relaxed);
}

/// Begins a replay with fresh trackers.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn nowait_testing_replay_begin() {
    *state() = Replay { trackers: Some(Trackers::new()), signals: Vec::new(), events: Vec::new() };
}

/// Tells the replay that time passed, as the worker does.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn nowait_testing_replay_tick(at_ns: u64) {
    replay(&Signal::Tick { at: at_ns });
}

/// Ends the replay and says how many events came of it. They stay until the next one begins.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn nowait_testing_replay_end() -> u64 {
    let mut state = state();
    state.trackers = None;
    state.events.len() as u64
}

/// A field of an event of the replay, 0 if there is no such event or field. Fields, by number: kind, outcome,
/// flags, name, screen, started_uptime_ns, duration_ns, journey, a, b.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn nowait_testing_replay_event(index: u64, field: u32) -> u64 {
    let state = state();
    let Some(event) = usize::try_from(index).ok().and_then(|index| state.events.get(index)) else { return 0 };
    match field {
        0 => u64::from(event.kind as u8),
        1 => u64::from(event.outcome as u8),
        2 => u64::from(event.flags.0),
        3 => u64::from(event.name.0),
        4 => u64::from(event.screen.0),
        5 => event.started_uptime_ns,
        6 => event.duration_ns,
        7 => event.journey,
        8 => event.a,
        9 => event.b,
        _ => 0,
    }
}

macro_rules! native {
    ($($export:ident => $c:ident($($arg:ident: $type:ty),*) $(-> $ret:ty)?;)+) => {$(
        #[unsafe(no_mangle)]
        #[doc(hidden)]
        pub(crate) extern "system" fn $export(_: *mut JNIEnv, _: jclass, $($arg: $type),*) $(-> $ret)? {
            $c($($arg as _),*) $(as $ret)?
        }
    )+};
}

native! {
    Java_dev_nowait_testing_Native_panicNext => nowait_testing_panic_next();
    Java_dev_nowait_testing_Native_replayBegin => nowait_testing_replay_begin();
    Java_dev_nowait_testing_Native_replayTick => nowait_testing_replay_tick(atNs: jlong);
    Java_dev_nowait_testing_Native_replayEnd => nowait_testing_replay_end() -> jlong;
    Java_dev_nowait_testing_Native_replayEvent => nowait_testing_replay_event(index: jlong, field: jint) -> jlong;
}
