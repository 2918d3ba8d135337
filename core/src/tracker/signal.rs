//! The raw signals that a face feeds in: what happened and when, nothing interpreted.
//!
//! Owns: the list of signals. Refuses: rules (each tracker has its own) and clocks (time is an argument).
//! Invariant: a signal is `Copy` and holds no reference, so that it may wait in a queue.

use nowait_wire::{NameId, Outcome};

/// One raw fact from the platform. Every `at` is in nanoseconds of the uptime clock.
///
/// Kotlin and Swift send the same signals, in the same meaning; `core/testdata/*.script` replays them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant explains its own fields")]
pub enum Signal {
    /// When the operating system started this process, and whether it did so for the customer.
    /// Sent once, before any other signal. `visible` is false for a background start or a prewarmed process.
    ProcessStarted { at: u64, visible: bool },
    /// The app came to the foreground. `restored` is true when a living screen only came back (hot launch),
    /// false when the process lived on but the screen has to be made anew (warm launch).
    Foreground { at: u64, restored: bool },
    /// The app left the foreground.
    Background { at: u64 },
    /// The customer lifted the finger from `target`.
    TouchUp { at: u64, target: NameId },
    /// The app's handler for the latest touch returned.
    TouchHandled { at: u64 },
    /// A frame reached the display at `at`; its work began at `started` and was due by `deadline`.
    Frame { started: u64, deadline: u64, at: u64 },
    /// The app began to navigate somewhere (used where no tap caused it).
    Navigation { at: u64 },
    /// A screen began to exist.
    ScreenCreated { at: u64, screen: NameId },
    /// The first frame of a screen was presented.
    ScreenShown { at: u64, screen: NameId },
    /// The app says that the screen shows what the customer came for.
    ScreenReady { at: u64, screen: NameId },
    /// The screen is gone.
    ScreenLeft { at: u64, screen: NameId },
    /// A request left; `id` is unique among the requests in flight.
    RequestStarted { at: u64, id: u64, route: NameId },
    /// A request ended with this HTTP status (0 if there was no answer).
    RequestEnded { at: u64, id: u64, status: u16, outcome: Outcome },
    /// A measured action began (its own event is recorded by its span, not by a tracker).
    ActionStarted { at: u64 },
    /// A measured action ended.
    ActionEnded { at: u64 },
    /// The watchdog asked the main thread for a sign of life (repeated while none comes).
    MainPing { at: u64 },
    /// The main thread gave its sign of life.
    MainPong { at: u64 },
    /// A journey began; `id` is unique within the session and never 0.
    JourneyStarted { at: u64, id: u64, journey: NameId },
    /// A journey reached this step; the step before it, if any, is done.
    StepStarted { at: u64, id: u64, step: NameId },
    /// A journey ended.
    JourneyEnded { at: u64, id: u64, outcome: Outcome },
    /// Time passed: sent by the worker, so that limits expire without any other signal.
    Tick { at: u64 },
}

impl Signal {
    /// When it happened, in nanoseconds of the uptime clock.
    #[must_use]
    pub const fn at(&self) -> u64 {
        match *self {
            Signal::ProcessStarted { at, .. }
            | Signal::Foreground { at, .. }
            | Signal::Background { at }
            | Signal::TouchUp { at, .. }
            | Signal::TouchHandled { at }
            | Signal::Frame { at, .. }
            | Signal::Navigation { at }
            | Signal::ScreenCreated { at, .. }
            | Signal::ScreenShown { at, .. }
            | Signal::ScreenReady { at, .. }
            | Signal::ScreenLeft { at, .. }
            | Signal::RequestStarted { at, .. }
            | Signal::RequestEnded { at, .. }
            | Signal::ActionStarted { at }
            | Signal::ActionEnded { at }
            | Signal::MainPing { at }
            | Signal::MainPong { at }
            | Signal::JourneyStarted { at, .. }
            | Signal::StepStarted { at, .. }
            | Signal::JourneyEnded { at, .. }
            | Signal::Tick { at } => at,
        }
    }
}
