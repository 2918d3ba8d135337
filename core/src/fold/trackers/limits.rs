//! Every threshold and every cap of the trackers, each with its reason.
//!
//! Owns: the numbers. Refuses: rules (each tracker has its own).
//! Invariant: a wait that reaches its limit carries exactly that limit as its duration.

/// Nanoseconds in a microsecond.
pub const US: u64 = 1_000;
/// Nanoseconds in a millisecond.
pub const MS: u64 = 1_000_000;
/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000 * MS;

/// A process start that shows nothing for this long was not a launch that a customer looked at
/// (Firebase Performance and Sentry discard app starts beyond a minute likewise). Dropped, not reported.
pub const LAUNCH_NS_MAX: u64 = 60 * SECOND;
/// The first moments of a process: a first screen, or without any a first frame, that comes later was not what
/// started it. Twice the 5 s above which Android vitals calls a cold start excessive, and well below the 20 s after
/// which iOS ends an app that does not launch. Where the main thread is idle before the first screen, that ends the
/// first moments sooner.
pub const FIRST_MOMENTS_NS: u64 = 10 * SECOND;
/// An app that is back within this time after it left has not been away: androidx's `ProcessLifecycleOwner` waits so
/// long before it says that an app is in the background.
pub const FLICKER_NS_MAX: u64 = 700 * MS;
/// A screen that is created no longer than this before the return to the foreground is what the person opened:
/// Android creates and starts an activity in one piece of work of the main thread, and calls 5 s without an answer
/// an ANR.
pub const SCREEN_TO_FOREGROUND_NS_MAX: u64 = 5 * SECOND;

/// A screen that is not ready by now is `timed_out`: three times the ten seconds after which
/// attention is gone (Nielsen, "Response Times: The 3 Important Limits").
pub const SCREEN_NS_MAX: u64 = 30 * SECOND;
/// A screen created later than this after the start of a navigation has another cause.
pub const NAVIGATION_TO_SCREEN_NS_MAX: u64 = 500 * MS;
/// A screen created later than this after a tap has another cause, even if the app was never quiet
/// in between: after ten seconds a person no longer connects the two (Nielsen).
pub const TAP_TO_SCREEN_NS_MAX: u64 = 10 * SECOND;

/// A tap that no frame answered by now is `no_response`.
pub const TAP_NS_MAX: u64 = 3 * SECOND;
/// Frames presented this long before a touch up show that something animated already: six frames at
/// 60 Hz, and the limit of what feels immediate (RAIL, Nielsen: 100 ms).
pub const ANIMATION_WINDOW_NS: u64 = 100 * MS;
/// This many frames in the window are an animation; one may be the end of anything.
pub const ANIMATION_FRAMES_MIN: u8 = 2;

/// The app is quiet after a second without a frame and without a request in flight.
pub const QUIET_NS: u64 = SECOND;
/// An app that was not quiet by now after a tap is `timed_out`.
pub const SETTLED_NS_MAX: u64 = 30 * SECOND;

/// A frame that took longer than this is frozen (Android vitals).
pub const FROZEN_FRAME_NS: u64 = 700 * MS;

/// A process that goes on with a customer this long after an exception that nobody caught was kept from dying of it: twice the
/// 5 s after which Android calls a broadcast or a touch unanswered, which is what a crash reporter has for its report.
pub const CRASH_NS_MAX: u64 = 10 * SECOND;

/// A main thread silent for this long is a hang (Apple's threshold for hangs).
pub const HANG_NS_MIN: u64 = 250 * MS;
/// The watchdog pings several times as often as this; a longer gap means that the whole process was suspended,
/// so that nothing can be said about its main thread.
pub const PING_GAP_NS_MAX: u64 = 500 * MS;
/// A hang that lasts this long is `timed_out`: both systems end the app before
/// (Android asks after 5 s, the iOS watchdog kills after 10 to 20 s).
pub const HANG_NS_MAX: u64 = 30 * SECOND;

/// A request without an end by now is `timed_out`: the usual clients give up a silent one sooner
/// (OkHttp after 10 s, URLSession after 60 s), so its end was lost.
pub const REQUEST_NS_MAX: u64 = 60 * SECOND;
/// An action without an end by now is `timed_out`: as for requests, its end was lost, or a person has waited for a
/// minute.
pub const ACTION_NS_MAX: u64 = 60 * SECOND;

/// A journey without an end by now is `timed_out`; half an hour is the usual end of a session
/// (Google Analytics' default), and banks log out well before.
pub const JOURNEY_NS_MAX: u64 = 30 * 60 * SECOND;

/// This many unanswered taps are rage.
pub const RAGE_TAPS_MIN: u32 = 3;
/// They come within this time; a burst ends when the next tap comes later than this after the last.
pub const RAGE_NS_MAX: u64 = SECOND;

/// Taps that wait for a frame at once: nobody taps more than eight times in the 3 s that each lasts
/// while nothing on the display moves, except in a rage burst, which is counted apart.
pub const TAPS_MAX: usize = 8;
/// Screens that wait to be ready at once: a container with a few nested ones.
pub const SCREENS_MAX: usize = 8;
/// Screens that exist at once, for knowing which one comes back; the oldest is forgotten first.
pub const OPEN_SCREENS_MAX: usize = 16;
/// Screens remembered as left, so that a first frame told late brings none of them back: as many as may be open, in
/// case all are left at once.
pub const LEFT_SCREENS_REMEMBERED: usize = OPEN_SCREENS_MAX;
/// Screens of which something is told before their creation: an app calls one ready while it is made; and a few that
/// were told without a creation.
pub const EARLY_SCREENS_MAX: usize = 4;
/// Facts remembered for being told twice: a face that does so does it at once, from two hooks of one moment.
pub const REPEATS_REMEMBERED: usize = 8;
/// Requests in flight at once: OkHttp's dispatcher runs 64.
pub const REQUESTS_MAX: usize = 64;
/// Actions under way at once: what one screen starts side by side, and the few that were begun and never ended; half
/// of what may be in flight to the server.
pub const ACTIONS_MAX: usize = 32;
/// Journeys under way at once: one task, and a few that were begun and never ended.
pub const JOURNEYS_MAX: usize = 4;
/// Bursts of taps that are undecided at once: one finger, 3 s each.
pub const BURSTS_MAX: usize = 4;
/// Frames remembered for a touch that is reported late: 100 ms at 120 Hz and a few more.
pub const RECENT_FRAMES: usize = 16;
/// Limits that one fact lets expire: all waits that the tables hold at once, and launch, settled and hang.
pub const EXPIRIES_MAX: usize =
    TAPS_MAX + SCREENS_MAX + REQUESTS_MAX + ACTIONS_MAX + JOURNEYS_MAX + BURSTS_MAX + 3;
/// Bytes of the state of all trackers in a checkpoint, when every table is full of the largest numbers. An app at
/// rest takes some hundred.
pub const STATE_BYTES_MAX: usize = 8 * 1_024;
