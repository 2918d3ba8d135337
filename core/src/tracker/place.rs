//! Where a wait began, and how it is closed.
//!
//! Owns: the two things that every tracker does alike. Refuses: rules.
//! Invariant: no duration exceeds the limit of its kind.

use super::limits::US;
use nowait_wire::{Event, Flags, Kind, NameId, Outcome};

/// The screen in front and the journey under way when a wait began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) screen: NameId,
    /// 0 for none.
    pub(crate) journey: u64,
}

impl Place {
    /// An event that began here at `started`.
    pub(super) fn event(self, kind: Kind, name: NameId, started: u64) -> Event {
        let flags = if self.journey == 0 { Flags::NONE } else { Flags::IN_JOURNEY };
        Event {
            flags,
            screen: self.screen,
            journey: self.journey,
            started_uptime_ns: started,
            ..Event::new(kind, name)
        }
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
        let lasted = ended.saturating_sub(event.started_uptime_ns);
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
        Outcome::NoResponse | Outcome::AlreadyAnimating => Outcome::Failed,
        told => told,
    }
}
