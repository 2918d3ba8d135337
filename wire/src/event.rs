//! One finished fact about the app, as every part of NoWait knows it.
//!
//! Owns: the kinds, the outcomes and what the two small values of each kind mean.
//! Refuses: strings (an event carries name ids only) and anything that is not finished.
//! Invariant: the number of a kind, an outcome or a flag never changes and is never used twice.

use serde::{Deserialize, Serialize};

/// An index into a table of names: the device's own table in `core`, the batch's dictionary on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NameId(pub u32);

impl NameId {
    /// No name applies, for example a wait outside any screen. Its text is `""`.
    pub const NONE: NameId = NameId(0);
    /// The name table was full when this name was registered. Its text is `other`.
    pub const OTHER: NameId = NameId(1);
    /// The name looked like personal data when it was registered. Its text is `redacted`.
    pub const REDACTED: NameId = NameId(2);
    /// A launch of a process that did not exist. Its text is `cold`.
    pub const COLD: NameId = NameId(3);
    /// A launch that found the process but no screen. Its text is `warm`.
    pub const WARM: NameId = NameId(4);
    /// A launch that only brought a living screen back. Its text is `hot`.
    pub const HOT: NameId = NameId(5);
    /// The texts of the reserved ids, by index. The first id an app registers is the one after them.
    pub const RESERVED: [&'static str; 6] = ["", "other", "redacted", "cold", "warm", "hot"];
}

/// Declares a `u8` enum with its stable number and its text, and both ways back.
macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant = $number,)+ }

        impl $name {
            /// All variants, in the order of their numbers.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The variant with this number, or `None` if there is none.
            #[must_use]
            pub const fn from_u8(number: u8) -> Option<$name> {
                match number { $($number => Some($name::$variant),)+ _ => None }
            }

            /// The text used in reports, in SQL and in JSON: snake case, stable.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result { f.pad(self.as_str()) }
        }

        impl core::str::FromStr for $name {
            type Err = UnknownName;
            fn from_str(text: &str) -> Result<Self, UnknownName> {
                match text { $($text => Ok($name::$variant),)+ _ => Err(UnknownName) }
            }
        }
    };
}
pub(crate) use numbered;

/// A text that names no variant of the enum it was parsed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownName;

impl core::fmt::Display for UnknownName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("unknown name")
    }
}

impl std::error::Error for UnknownName {}

numbered! {
    /// What an [`Event`] tells. `name`, `duration`, `a` and `b` mean, by kind:
    ///
    /// | kind | `name` | `duration_ns` | `a` | `b` |
    /// |---|---|---|---|---|
    /// | launch | `cold`, `warm` or `hot` | process start (or return to foreground) → first frame | 0 | 0 |
    /// | screen | the screen | cause → ready (time to full display) | cause → first frame, µs (time to initial display), 0 if never shown | 0 |
    /// | tap | the target | touch up → first frame after the handler ran | touch up → handler ran, µs | 0 |
    /// | settled | the target | tap → start of the first quiet second | 0 | 0 |
    /// | frames | the screen | the visit | frames in the low, slow frames in the high 32 bits | frozen frames in the low, frozen milliseconds in the high 32 bits |
    /// | frame_times | the screen | the visit | histogram classes 0–7, 8 bits each | classes 8–15 |
    /// | hang | the screen | main thread unresponsive | 0 | 0 |
    /// | request | the route | start → end | HTTP status, 0 if none | 0 |
    /// | action | the action | begin → end | 0 | 0 |
    /// | journey | the journey | begin → end | waiting, µs | away, µs |
    /// | step | the step | begin → end | waiting, µs | away, µs |
    /// | rage_tap | the target | first tap → last tap | taps | 0 |
    /// | breadcrumb | the crumb | 0 | a number of the app's choice | 0 |
    /// | exit | `""` | session start → last sign of life | [`ExitReason`] | [`ExitCause`], 0 where nobody knows |
    /// | lifecycle | `""` | 0 | 1 foreground, 0 background | 0 |
    /// | rating | the journey or touchpoint | 0 | 1 (worst) to 5 (best) | 0 |
    /// | hand_over | the journey | 0 | its [`Continuation`](crate::Continuation), as a number | 0 where it is left, 1 where it goes on |
    Kind {
        /// Process start (or return to the foreground) to the first frame.
        Launch = 1 "launch",
        /// From what caused a screen to its first frame and to the moment the app calls it ready.
        Screen = 2 "screen",
        /// Touch up to the first frame presented after the handler ran.
        Tap = 3 "tap",
        /// Tap to the first second without a frame and without a request in flight.
        Settled = 4 "settled",
        /// One summary of the frames of a screen visit.
        Frames = 5 "frames",
        /// The histogram that goes with a `frames` summary.
        FrameTimes = 6 "frame_times",
        /// The main thread did not answer for 250 ms or longer while in the foreground.
        Hang = 7 "hang",
        /// A network request that the app made.
        Request = 8 "request",
        /// A piece of work that the app itself begins and ends.
        Action = 9 "action",
        /// A banking task, from its begin to its end.
        Journey = 10 "journey",
        /// One touchpoint of a journey.
        Step = 11 "step",
        /// Three or more taps on one target within a second that no frame answered.
        RageTap = 12 "rage_tap",
        /// A mark the app left; sent only as part of the trail of an abnormal exit.
        Breadcrumb = 13 "breadcrumb",
        /// How an earlier process ended, found out at the next start.
        Exit = 14 "exit",
        /// The app went to the foreground or to the background.
        Lifecycle = 15 "lifecycle",
        /// The customer said how well a journey or a touchpoint went.
        Rating = 16 "rating",
        /// A journey goes on elsewhere: in a branch, a call centre, on the web.
        HandOver = 17 "hand_over",
    }
}

numbered! {
    /// How a wait ended.
    Outcome {
        /// The app answered.
        Done = 0 "done",
        /// The app answered with an error.
        Failed = 1 "failed",
        /// Nothing answered a tap within 3 s.
        NoResponse = 2 "no_response",
        /// The limit of its kind passed first.
        TimedOut = 3 "timed_out",
        /// The app went to the background meanwhile; its time is in no latency.
        Interrupted = 4 "interrupted",
        /// Frames were already flowing, so that no frame can be said to answer; kept apart.
        AlreadyAnimating = 5 "already_animating",
        /// The customer or the app gave it up.
        Abandoned = 6 "abandoned",
        /// The process ended while the customer waited; the duration lasts until its last sign of life.
        Died = 7 "died",
    }
}

impl Outcome {
    /// Whether the duration is a latency: somebody waited this long and then had an answer.
    #[must_use]
    pub const fn is_latency(self) -> bool {
        matches!(self, Outcome::Done | Outcome::Failed)
    }
}

numbered! {
    /// Why an earlier process is no more, as far as NoWait alone can tell (value `a` of an exit).
    ExitReason {
        /// It vanished while the customer was using it: a crash, a kill, a dead battery.
        Foreground = 1 "died_in_foreground",
        /// It vanished in the background, which phones do all day.
        Background = 2 "died_in_background",
        /// It vanished before it ever reached the foreground.
        Starting = 3 "died_starting",
    }
}

numbered! {
    /// What ended an earlier process (value `b` of an exit): by the operating system's own word, or by that of the exception
    /// that nobody caught. A number that is not here is one of a later version, and counts as [`ExitCause::Other`].
    #[derive(Default)]
    ExitCause {
        /// The system said nothing of it, and nothing announced itself.
        #[default]
        Unknown = 0 "unknown",
        /// An exception that nobody caught.
        Crash = 1 "crash",
        /// A crash in native code.
        NativeCrash = 2 "native_crash",
        /// The main thread did not answer for so long that the system ended the app (an ANR, or the iOS watchdog).
        NotResponding = 3 "not_responding",
        /// The system needed its memory.
        LowMemory = 4 "low_memory",
        /// The customer ended it: swiped it away, or stopped it in the settings.
        User = 5 "user",
        /// The app was updated, or taken off the device.
        Update = 6 "update",
        /// It was frozen in the background and could not be woken properly.
        Freezer = 7 "freezer",
        /// A signal of the system whose reason it does not tell; on some devices that is how a lack of memory looks.
        Signal = 8 "signal",
        /// It ended itself.
        Exited = 9 "exited",
        /// A permission was taken away from it.
        Permission = 10 "permission",
        /// It used too much of the processor, the battery or the disk.
        Resources = 11 "resources",
        /// Another process that it depended on ended.
        Dependency = 12 "dependency",
        /// It did not come up.
        Initialization = 13 "initialization",
        /// Something else that the system did.
        Other = 14 "other",
    }
}

impl ExitCause {
    /// The cause with this number, as it stands in an exit.
    #[must_use]
    pub fn of(value: u64) -> ExitCause {
        u8::try_from(value).ok().and_then(ExitCause::from_u8).unwrap_or(ExitCause::Other)
    }

    /// Whether somebody meant the app to end, so that it is nobody's fault: the customer, or an update.
    #[must_use]
    pub const fn is_meant(self) -> bool {
        matches!(self, ExitCause::User | ExitCause::Update | ExitCause::Permission)
    }
}

/// What else is true of an [`Event`]: a set of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Flags(pub u16);

impl Flags {
    /// Nothing else.
    pub const NONE: Flags = Flags(0);
    /// Found in the flight recorder of a process that had died.
    pub const RECOVERED: Flags = Flags(1);
    /// The wait began while a journey was under way and carries its id.
    pub const IN_JOURNEY: Flags = Flags(2);

    /// Whether every bit of `other` is set.
    #[must_use]
    pub const fn contains(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// One finished fact: 56 bytes of payload, no strings, no pointers. See [`Kind`] for what the fields mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What it tells.
    pub kind: Kind,
    /// How it ended; [`Outcome::Done`] where nothing could fail.
    pub outcome: Outcome,
    /// What else is true of it.
    pub flags: Flags,
    /// What it is about.
    pub name: NameId,
    /// The screen on which it happened, or [`NameId::NONE`].
    pub screen: NameId,
    /// When it began, in nanoseconds of the device's uptime clock (epoch: boot; stands still in sleep).
    pub started_uptime_ns: u64,
    /// How long it took, in nanoseconds.
    pub duration_ns: u64,
    /// The journey it belongs to, by the id the app's face gave it within the session; 0 for none.
    pub journey: u64,
    /// First small value, by kind.
    pub a: u64,
    /// Second small value, by kind.
    pub b: u64,
}

impl Event {
    /// An event of this kind about this name with everything else zero or done.
    #[must_use]
    pub const fn new(kind: Kind, name: NameId) -> Event {
        Event {
            kind,
            outcome: Outcome::Done,
            flags: Flags::NONE,
            name,
            screen: NameId::NONE,
            started_uptime_ns: 0,
            duration_ns: 0,
            journey: 0,
            a: 0,
            b: 0,
        }
    }

    /// When it ended, on the same clock as [`Event::started_uptime_ns`].
    #[must_use]
    pub const fn ended_uptime_ns(&self) -> u64 {
        self.started_uptime_ns.saturating_add(self.duration_ns)
    }
}
