//! The hot lane: one call per raw signal or finished fact, primitives only.
//!
//! | argument | is |
//! |---|---|
//! | `name`, `target`, `screen` … | an id from [`register_names`](crate::cold::register_names); 0 for none |
//! | `id` | the face's own number of a request or journey: never 0, not used twice in a process |
//! | `…_ns` | nanoseconds of the uptime clock (`System.nanoTime`, `UITouch.timestamp`, [`now_ns`]) |
//! | `at_ns` | when it happened; [`NOW`] reads the clock here, which saves the caller a call |
//! | `outcome` | 0 done, 1 failed, 2 no_response, 3 timed_out, 4 interrupted, 5 already_animating, 6 abandoned; any other number counts as abandoned |
//!
//! Swift calls these functions through UniFFI, Kotlin through the `native` module.
//!
//! Owns: numbers to signals. Refuses: text, records, enums, waiting.
//! Invariant: before a start every function does nothing, and only times come back.

use crate::guard::guard;
use nowait_core::{Clock, NameId, NoWait, Outcome, Signal};

/// As `at_ns`: this moment (`-1` in Kotlin, `.max` in Swift).
pub const NOW: u64 = u64::MAX;

#[inline]
fn time(at_ns: u64) -> u64 {
    if at_ns == NOW { now_ns() } else { at_ns }
}

#[inline]
fn outcome_of(number: u8) -> Outcome {
    Outcome::from_u8(number).unwrap_or(Outcome::Abandoned)
}

#[inline]
fn tell(signal: Signal) {
    guard((), || {
        #[cfg(any(test, feature = "testing"))]
        if crate::testing::replay(&signal) {
            return;
        }
        if let Some(nowait) = NoWait::global() {
            nowait.signal(&signal);
        }
    });
}

/// The uptime clock now, in nanoseconds; also before a start.
#[uniffi::export]
#[inline]
pub fn now_ns() -> u64 {
    Clock::System.uptime_ns()
}

/// Leaves a breadcrumb with a number of the app's choice.
#[uniffi::export]
#[inline]
pub fn breadcrumb(name: u32, at_ns: u64, number: u64) {
    guard((), || {
        if let Some(nowait) = NoWait::global() {
            nowait.breadcrumb_at(NameId(name), time(at_ns), number);
        }
    });
}

/// The operating system started this process, `visible` if for the customer; once, before any other signal.
#[uniffi::export]
#[inline]
pub fn process_started(at_ns: u64, visible: bool) {
    tell(Signal::ProcessStarted { at: time(at_ns), visible });
}

/// The app came to the foreground; `restored` if a living screen only came back.
#[uniffi::export]
#[inline]
pub fn foreground(at_ns: u64, restored: bool) {
    tell(Signal::Foreground { at: time(at_ns), restored });
}

/// The app left the foreground. What was recorded so far is sealed, and sent if the system lets us.
#[uniffi::export]
#[inline]
pub fn background(at_ns: u64) {
    tell(Signal::Background { at: time(at_ns) });
}

/// The customer lifted the finger from `target`.
#[uniffi::export]
#[inline]
pub fn touch_up(target: u32, at_ns: u64) {
    tell(Signal::TouchUp { at: time(at_ns), target: NameId(target) });
}

/// The app's handler for the latest touch returned.
#[uniffi::export]
#[inline]
pub fn touch_handled(at_ns: u64) {
    tell(Signal::TouchHandled { at: time(at_ns) });
}

/// A frame reached the display at `at_ns`; its work began at `started_ns` and was due by `deadline_ns`.
#[uniffi::export]
#[inline]
pub fn frame(started_ns: u64, deadline_ns: u64, at_ns: u64) {
    tell(Signal::Frame { started: started_ns, deadline: deadline_ns, at: time(at_ns) });
}

/// The app began to navigate somewhere.
#[uniffi::export]
#[inline]
pub fn navigation(at_ns: u64) {
    tell(Signal::Navigation { at: time(at_ns) });
}

/// A screen began to exist.
#[uniffi::export]
#[inline]
pub fn screen_created(screen: u32, at_ns: u64) {
    tell(Signal::ScreenCreated { at: time(at_ns), screen: NameId(screen) });
}

/// The first frame of a screen was presented.
#[uniffi::export]
#[inline]
pub fn screen_shown(screen: u32, at_ns: u64) {
    tell(Signal::ScreenShown { at: time(at_ns), screen: NameId(screen) });
}

/// The app says that the screen shows what the customer came for.
#[uniffi::export]
#[inline]
pub fn screen_ready(screen: u32, at_ns: u64) {
    tell(Signal::ScreenReady { at: time(at_ns), screen: NameId(screen) });
}

/// The screen is gone.
#[uniffi::export]
#[inline]
pub fn screen_left(screen: u32, at_ns: u64) {
    tell(Signal::ScreenLeft { at: time(at_ns), screen: NameId(screen) });
}

/// A request left.
#[uniffi::export]
#[inline]
pub fn request_started(id: u64, route: u32, at_ns: u64) {
    tell(Signal::RequestStarted { at: time(at_ns), id, route: NameId(route) });
}

/// A request ended with this HTTP status, 0 if there was no answer.
#[uniffi::export]
#[inline]
pub fn request_ended(id: u64, at_ns: u64, status: u16, outcome: u8) {
    tell(Signal::RequestEnded { at: time(at_ns), id, status, outcome: outcome_of(outcome) });
}

/// An action begins: the time to hand to [`action_end`]. Whether the app goes to the background meanwhile is found
/// out from that time alone; the caller keeps nothing else.
#[uniffi::export]
#[inline]
pub fn action_begin(at_ns: u64) -> u64 {
    let at = time(at_ns);
    tell(Signal::ActionStarted { at });
    at
}

/// An action that began at `started_ns` ends; interrupted, whatever `outcome` says, if the app was in the background
/// meanwhile.
#[uniffi::export]
#[inline]
pub fn action_end(name: u32, started_ns: u64, at_ns: u64, outcome: u8) {
    let at = time(at_ns);
    action_record(name, started_ns, at, outcome);
    tell(Signal::ActionEnded { at });
}

/// Records a finished action without a begin: one event, but no waiting within a journey.
#[uniffi::export]
#[inline]
pub fn action_record(name: u32, started_ns: u64, at_ns: u64, outcome: u8) {
    guard((), || {
        if let Some(nowait) = NoWait::global() {
            // Refusals are counted by the recorder.
            let _ = nowait.record_action(NameId(name), started_ns, time(at_ns), outcome_of(outcome));
        }
    });
}

/// The watchdog asked the main thread for a sign of life.
#[uniffi::export]
#[inline]
pub fn main_ping(at_ns: u64) {
    tell(Signal::MainPing { at: time(at_ns) });
}

/// The main thread gave its sign of life.
#[uniffi::export]
#[inline]
pub fn main_pong(at_ns: u64) {
    tell(Signal::MainPong { at: time(at_ns) });
}

/// A journey began.
#[uniffi::export]
#[inline]
pub fn journey_started(id: u64, journey: u32, at_ns: u64) {
    tell(Signal::JourneyStarted { at: time(at_ns), id, journey: NameId(journey) });
}

/// A journey reached this step; the step before it is done.
#[uniffi::export]
#[inline]
pub fn step_started(id: u64, step: u32, at_ns: u64) {
    tell(Signal::StepStarted { at: time(at_ns), id, step: NameId(step) });
}

/// A journey ended.
#[uniffi::export]
#[inline]
pub fn journey_ended(id: u64, at_ns: u64, outcome: u8) {
    tell(Signal::JourneyEnded { at: time(at_ns), id, outcome: outcome_of(outcome) });
}
