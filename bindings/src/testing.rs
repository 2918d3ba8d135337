//! What the tests of both faces need inside the library: a panic on demand, and replays of scripts of facts.
//!
//! A replay takes the facts of the hot lane away from the recorder and gives them to trackers of its own, so that
//! the scripts of `core/testdata`, spoken through Kotlin or Swift, can be held against the events they must give,
//! to the nanosecond. The functions are exported twice, for C and for the JVM, in builds with the feature `testing`
//! only: nothing of this is in a shipped library.
//!
//! **Why unsafe.** As in `native`: exported names, no unsafe block.
//!
//! Owns: the replay under way. Refuses: judging; the tests do.
//! Invariant: without a replay under way, and without a panic asked for, the library behaves as shipped.
#![allow(non_snake_case, reason = "JNI builds names of package, class and method")]

use crate::hot;
use jni_sys::{JNIEnv, jclass, jint, jlong};
use nowait_core::trackers::{Presence, Trackers};
use nowait_core::{Event, Fact, Flags, Kind, NameId, Outcome};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

static PANIC_ASKED: AtomicBool = AtomicBool::new(false);
static REPLAY: Mutex<Replay> = Mutex::new(Replay::none());

/// What was told and what came of it.
#[derive(Debug)]
pub(crate) struct Replay {
    is_under_way: bool,
    /// Empty before the first replay.
    trackers: Option<Trackers>,
    pub(crate) facts: Vec<Fact>,
    events: Vec<Event>,
}

impl Replay {
    const fn none() -> Replay {
        Replay { is_under_way: false, trackers: None, facts: Vec::new(), events: Vec::new() }
    }

    /// Does something to the trackers of the replay under way, which may make events.
    fn with<T>(&mut self, work: impl FnOnce(&mut Trackers, &mut Vec<Event>) -> T) -> Option<T> {
        let trackers = self.trackers.as_mut().filter(|_| self.is_under_way)?;
        Some(work(trackers, &mut self.events))
    }

    fn fact(&mut self, fact: Fact) -> bool {
        let is_taken =
            self.with(|trackers, events| trackers.fact(&fact, &mut |event: Event| events.push(event)));
        if is_taken.is_some() {
            self.facts.push(fact);
        }
        is_taken.is_some()
    }
}

pub(crate) fn state() -> MutexGuard<'static, Replay> {
    REPLAY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Panics once for every [`nowait_testing_panic_next`].
pub(crate) fn panic_if_asked() {
    assert!(!PANIC_ASKED.swap(false, Ordering::Relaxed), "a panic that a test asked for");
}

/// Takes the fact if a replay is under way: whether it did. As the recorder does, it reads the clock for [`hot::NOW`];
/// any other time is taken as it is, because a script's may lie ahead.
pub(crate) fn replay(fact: &Fact) -> bool {
    let fact = if fact.at() == hot::NOW { fact.not_after(hot::now_ns()) } else { *fact };
    state().fact(fact)
}

/// The same for an action that was measured from begin to end.
pub(crate) fn replay_action(name: NameId, started_ns: u64, ended_ns: u64, outcome: Outcome) -> bool {
    replay(&Fact::Measured(Event {
        outcome,
        started_uptime_ns: started_ns,
        duration_ns: ended_ns.saturating_sub(started_ns),
        ..Event::new(Kind::Action, name)
    }))
}

/// The next entry of either lane, on whichever thread, panics inside.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn nowait_testing_panic_next() {
    PANIC_ASKED.store(true, Ordering::Relaxed);
}

/// Begins a replay with fresh trackers.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn nowait_testing_replay_begin() {
    *state() = Replay { is_under_way: true, trackers: Some(Trackers::new()), ..Replay::none() };
}

/// Tells the replay that time passed, as the worker does. With `boot_ns` [`hot::NOW`], the device did not sleep since the
/// last time.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn nowait_testing_replay_tick(at_ns: u64, boot_ns: u64, wall_unix_ms: u64) {
    let mut state = state();
    let slept_ns = state.trackers.as_ref().map_or(0, Trackers::slept_ns);
    let boot_ns = if boot_ns == hot::NOW { at_ns.saturating_add(slept_ns) } else { boot_ns };
    state.fact(Fact::Tick { at: at_ns, boot_ns, wall_unix_ms });
}

/// Tells the replay an event that the app measured itself, of any kind; the fields are those of
/// [`nowait_testing_replay_event`]. A kind or an outcome that is not known tells nothing.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn nowait_testing_replay_measured(
    kind: u32,
    outcome: u32,
    flags: u32,
    name: u32,
    screen: u32,
    started_ns: u64,
    duration_ns: u64,
    journey: u64,
    a: u64,
    b: u64,
) {
    let known = (Kind::from_u8(kind as u8), Outcome::from_u8(outcome as u8));
    let (Some(kind), Some(outcome)) = known else { return };
    state().fact(Fact::Measured(Event {
        outcome,
        flags: Flags(flags as u16),
        screen: NameId(screen),
        started_uptime_ns: started_ns,
        duration_ns,
        journey,
        a,
        b,
        ..Event::new(kind, NameId(name))
    }));
}

/// Tells the replay that facts were refused here.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn nowait_testing_replay_refused() {
    state().with(|trackers, _| trackers.facts_were_refused());
}

/// Tells the replay that the process ended at this time.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn nowait_testing_replay_died(at_ns: u64) {
    state().with(|trackers, events| trackers.died(at_ns, &mut |event: Event| events.push(event)));
}

/// Where the app of the replay is: 0 starting, 1 in front, 2 in the background.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn nowait_testing_replay_presence() -> u32 {
    match state().trackers.as_ref().map(Trackers::presence) {
        None | Some(Presence::Starting) => 0,
        Some(Presence::InFront) => 1,
        Some(Presence::Background) => 2,
    }
}

/// How many waits the replay lost so far.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn nowait_testing_replay_lost() -> u64 {
    state().trackers.as_ref().map_or(0, Trackers::lost)
}

/// Ends the replay and says how many events came of it. They stay until the next one begins.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn nowait_testing_replay_end() -> u64 {
    let mut state = state();
    state.is_under_way = false;
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
    Java_dev_nowait_testing_Native_replayTick => nowait_testing_replay_tick(atNs: jlong, bootNs: jlong, wallUnixMs: jlong);
    Java_dev_nowait_testing_Native_replayMeasured => nowait_testing_replay_measured(kind: jint, outcome: jint, flags: jint, name: jint, screen: jint, startedNs: jlong, durationNs: jlong, journey: jlong, a: jlong, b: jlong);
    Java_dev_nowait_testing_Native_replayRefused => nowait_testing_replay_refused();
    Java_dev_nowait_testing_Native_replayDied => nowait_testing_replay_died(atNs: jlong);
    Java_dev_nowait_testing_Native_replayPresence => nowait_testing_replay_presence() -> jint;
    Java_dev_nowait_testing_Native_replayLost => nowait_testing_replay_lost() -> jlong;
    Java_dev_nowait_testing_Native_replayEnd => nowait_testing_replay_end() -> jlong;
    Java_dev_nowait_testing_Native_replayEvent => nowait_testing_replay_event(index: jlong, field: jint) -> jlong;
}
