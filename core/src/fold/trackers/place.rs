//! Where a wait began, and how it is closed.
//!
//! Owns: what every tracker does alike. Refuses: rules.
//! Invariant: no duration exceeds the limit of its kind.

use super::limits::US;
use nowait_wire::{Event, Flags, Kind, NameId, Outcome};
use serde::{Deserialize, Serialize};

/// The screen in front and the journey under way at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) screen: NameId,
    /// 0 for none.
    pub(crate) journey: u64,
}

impl Place {
    /// An event that began here at `started`.
    pub(super) fn event(self, kind: Kind, name: NameId, started: u64) -> Event {
        Event { started_uptime_ns: started, ..self.fill(Event::new(kind, name)) }
    }

    /// This event, here, as far as it does not say itself where it happened.
    pub(super) fn fill(self, event: Event) -> Event {
        let mut event = event;
        if event.screen == NameId::NONE {
            event.screen = self.screen;
        }
        if event.journey == 0 && self.journey != 0 {
            event.journey = self.journey;
            event.flags = event.flags.with(Flags::IN_JOURNEY);
        }
        event
    }
}

/// A wait that has begun: what it is about, where and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Begun {
    pub(super) name: NameId,
    pub(super) place: Place,
    pub(super) at: u64,
}

impl Begun {
    /// The event of this wait, as it is at its begin.
    pub(super) fn event(&self, kind: Kind) -> Event {
        self.place.event(kind, self.name, self.at)
    }
}

/// The longest that a wait of a kind may take, and what it is called when it takes longer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) ns: u64,
    pub(super) outcome: Outcome,
}

impl Limit {
    /// The limit after which a wait is `timed_out`.
    pub(super) const fn timed_out(ns: u64) -> Limit {
        Limit { ns, outcome: Outcome::TimedOut }
    }

    /// The last moment that is within the limit for a wait that began at `started`.
    pub(super) const fn due(self, started: u64) -> u64 {
        started.saturating_add(self.ns)
    }

    /// Closes `event` at `ended`, or at the limit if that came first.
    pub(super) fn close(self, event: &mut Event, ended: u64, outcome: Outcome) {
        self.close_after(event, ended.saturating_sub(event.started_uptime_ns), outcome);
    }

    /// Closes `event` after it `lasted` so long, or after the limit.
    pub(super) fn close_after(self, event: &mut Event, lasted: u64, outcome: Outcome) {
        event.duration_ns = lasted.min(self.ns);
        event.outcome = if lasted > self.ns { self.outcome } else { outcome };
    }
}

/// The time from `started` to `ended` in microseconds; never 0, because 0 means "not seen" on the wire.
pub(super) fn seen_us(started: u64, ended: u64) -> u64 {
    (ended.saturating_sub(started) / US).max(1)
}

/// What the app may say about its own work; the outcomes that only a tracker can find out become `failed`.
pub(super) fn told_by_app(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::NoResponse | Outcome::AlreadyAnimating | Outcome::Died => Outcome::Failed,
        told => told,
    }
}
