//! The hot lane: one call per fact, primitives only; and the names and ids that facts carry.
//!
//! | argument | is |
//! |---|---|
//! | `name`, `screen` … | an id from [`register_name`]; 0 for none |
//! | `target` | an id from [`register_target`]; 0 for none |
//! | `id` | the face's own number of one instance (of a screen, request, action or journey), from [`next_id`] or a counter of its own: never 0, not used twice in a process for anything |
//! | `…_ns` | nanoseconds of the uptime clock (`System.nanoTime`, `UITouch.timestamp`, [`now_ns`]) |
//! | `at_ns` | when it happened; [`NOW`] for this moment, which spares the caller a reading of the clock |
//! | `outcome` | 0 done, 1 failed, 2 no_response, 3 timed_out, 4 interrupted, 5 already_animating, 6 abandoned, 7 died; any other number counts as abandoned, and the engine takes only what an app can know |
//!
//! Swift calls these functions through UniFFI, Kotlin through the `native` module. All of them work before a start:
//! what they tell waits in the engine, up to its cap.
//!
//! Owns: numbers to facts. Refuses: records, enums, waiting; text but for names.
//! Invariant: times are handed on as they came; the engine lets none of them lie ahead.

use crate::engine::engine;
use crate::guard::guard;
use nowait_core::{Clock, Fact, NameId, Outcome};

/// As `at_ns`: this moment (`-1` in Kotlin, `.max` in Swift).
pub const NOW: u64 = nowait_core::NOW;

#[inline]
fn outcome_of(number: u8) -> Outcome {
    Outcome::from_u8(number).unwrap_or(Outcome::Abandoned)
}

#[inline]
fn tell(fact: Fact) {
    guard((), || {
        #[cfg(any(test, feature = "testing"))]
        if crate::testing::replay(&fact) {
            return;
        }
        // Refusals are counted by the engine.
        engine().append(fact);
    });
}

/// The uptime clock now, in nanoseconds.
#[uniffi::export]
#[inline]
pub fn now_ns() -> u64 {
    Clock::System.uptime_ns()
}

/// A number that no other screen, request, action or journey of this process has; never 0.
#[uniffi::export]
#[inline]
pub fn next_id() -> u64 {
    // The last of all numbers is one that no instance ever has.
    guard(u64::MAX, || engine().next_id())
}

/// Registers a name: its id. One that looks personal or has more than 120 bytes gets the id of `redacted`, one beyond
/// the table's 1,024 that of `other`; both are counted.
#[uniffi::export]
pub fn register_name(text: &str) -> u32 {
    guard(NameId::OTHER.0, || engine().name(text).0)
}

/// Registers the target of a tap by its name: the id of what may be told of it, 0 for nothing. What says which key of a keypad it is
/// (`pin_key_4`) is written nowhere.
#[uniffi::export]
pub fn register_target(text: &str) -> u32 {
    guard(NameId::OTHER.0, || engine().target(text).0)
}

/// Leaves a breadcrumb with a number of the app's choice.
#[uniffi::export]
#[inline]
pub fn breadcrumb(name: u32, at_ns: u64, number: u64) {
    tell(Fact::Breadcrumb { at: at_ns, name: NameId(name), number });
}

/// The operating system started this process, `visible` if for the customer; once, before any other fact.
#[uniffi::export]
#[inline]
pub fn process_started(at_ns: u64, visible: bool) {
    tell(Fact::ProcessStarted { at: at_ns, visible });
}

/// The main thread has nothing to do for the first time.
#[uniffi::export]
#[inline]
pub fn main_idle(at_ns: u64) {
    tell(Fact::MainIdle { at: at_ns });
}

/// The app came to the foreground; `restored` if a living screen only came back.
#[uniffi::export]
#[inline]
pub fn foreground(at_ns: u64, restored: bool) {
    tell(Fact::Foreground { at: at_ns, restored });
}

/// The app left the foreground. What was recorded so far is sealed, and sent if the system lets us.
#[uniffi::export]
#[inline]
pub fn background(at_ns: u64) {
    tell(Fact::Background { at: at_ns });
}

/// The customer lifted the finger from `target`.
#[uniffi::export]
#[inline]
pub fn touch_up(target: u32, at_ns: u64) {
    tell(Fact::TouchUp { at: at_ns, target: NameId(target) });
}

/// The app's handler for the latest touch returned.
#[uniffi::export]
#[inline]
pub fn touch_handled(at_ns: u64) {
    tell(Fact::TouchHandled { at: at_ns });
}

/// A frame reached the display at `at_ns`; its work began at `started_ns` and was due by `deadline_ns`.
#[uniffi::export]
#[inline]
pub fn frame(started_ns: u64, deadline_ns: u64, at_ns: u64) {
    tell(Fact::Frame { started: started_ns, deadline: deadline_ns, at: at_ns });
}

/// The app began to navigate somewhere.
#[uniffi::export]
#[inline]
pub fn navigation(at_ns: u64) {
    tell(Fact::Navigation { at: at_ns });
}

/// The screen `id` of the class `screen` began to exist.
#[uniffi::export]
#[inline]
pub fn screen_created(id: u64, screen: u32, at_ns: u64) {
    tell(Fact::ScreenCreated { at: at_ns, id, screen: NameId(screen) });
}

/// The first frame of this screen was presented, or it came to the front again.
#[uniffi::export]
#[inline]
pub fn screen_shown(id: u64, screen: u32, at_ns: u64) {
    tell(Fact::ScreenShown { at: at_ns, id, screen: NameId(screen) });
}

/// The app says that this screen shows what the customer came for.
#[uniffi::export]
#[inline]
pub fn screen_ready(id: u64, screen: u32, at_ns: u64) {
    tell(Fact::ScreenReady { at: at_ns, id, screen: NameId(screen) });
}

/// This screen is gone.
#[uniffi::export]
#[inline]
pub fn screen_left(id: u64, at_ns: u64) {
    tell(Fact::ScreenLeft { at: at_ns, id });
}

/// A request left.
#[uniffi::export]
#[inline]
pub fn request_started(id: u64, route: u32, at_ns: u64) {
    tell(Fact::RequestStarted { at: at_ns, id, route: NameId(route) });
}

/// A request ended with this HTTP status, 0 if there was no answer.
#[uniffi::export]
#[inline]
pub fn request_ended(id: u64, at_ns: u64, status: u16, outcome: u8) {
    tell(Fact::RequestEnded { at: at_ns, id, status, outcome: outcome_of(outcome) });
}

/// A measured action begins.
#[uniffi::export]
#[inline]
pub fn action_begin(id: u64, action: u32, at_ns: u64) {
    tell(Fact::ActionStarted { at: at_ns, id, action: NameId(action) });
}

/// It ends; interrupted, whatever `outcome` says, if the app was in the background meanwhile.
#[uniffi::export]
#[inline]
pub fn action_end(id: u64, at_ns: u64, outcome: u8) {
    tell(Fact::ActionEnded { at: at_ns, id, outcome: outcome_of(outcome) });
}

/// Records a finished action without a begin: one event, but no waiting within a journey. What the app measured itself
/// is recorded as it is, so `ended_ns` is read from the clock here if it is [`NOW`].
#[uniffi::export]
#[inline]
pub fn action_record(name: u32, started_ns: u64, ended_ns: u64, outcome: u8) {
    guard((), || {
        let ended_ns = if ended_ns == NOW { now_ns() } else { ended_ns };
        #[cfg(any(test, feature = "testing"))]
        if crate::testing::replay_action(NameId(name), started_ns, ended_ns, outcome_of(outcome)) {
            return;
        }
        engine().record_action(NameId(name), started_ns, ended_ns, outcome_of(outcome));
    });
}

/// The watchdog asked the main thread for a sign of life.
#[uniffi::export]
#[inline]
pub fn main_ping(at_ns: u64) {
    tell(Fact::MainPing { at: at_ns });
}

/// The main thread gave its sign of life.
#[uniffi::export]
#[inline]
pub fn main_pong(at_ns: u64) {
    tell(Fact::MainPong { at: at_ns });
}

/// A journey began.
#[uniffi::export]
#[inline]
pub fn journey_started(id: u64, journey: u32, at_ns: u64) {
    tell(Fact::JourneyStarted { at: at_ns, id, journey: NameId(journey) });
}

/// A journey reached this step; the step before it is done.
#[uniffi::export]
#[inline]
pub fn step_started(id: u64, step: u32, at_ns: u64) {
    tell(Fact::StepStarted { at: at_ns, id, step: NameId(step) });
}

/// A journey ended.
#[uniffi::export]
#[inline]
pub fn journey_ended(id: u64, at_ns: u64, outcome: u8) {
    tell(Fact::JourneyEnded { at: at_ns, id, outcome: outcome_of(outcome) });
}

/// The customer rated the journey or touchpoint `name`, from 1 to 5; `id` is the journey, 0 for the one under way. Any other
/// rating is none.
#[uniffi::export]
#[inline]
pub fn rated(id: u64, name: u32, at_ns: u64, rating: u8) {
    tell(Fact::Rated { at: at_ns, id, name: NameId(name), rating });
}

/// The journey goes on elsewhere under this number, which `draw_continuation` of the cold lane gave.
#[uniffi::export]
#[inline]
pub fn handed_over(id: u64, at_ns: u64, continuation: u64) {
    tell(Fact::HandedOver { at: at_ns, id, continuation });
}

/// An exception of the class `name` that nobody caught is on its way to the system: before it is handed on.
#[uniffi::export]
#[inline]
pub fn crashed(name: u32, at_ns: u64) {
    tell(Fact::Crashed { at: at_ns, name: NameId(name) });
}
