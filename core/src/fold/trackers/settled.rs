//! Settled: from a tap to the start of the first quiet second.
//!
//! Owns: the latest tap until the app is quiet. Refuses: to call an app quiet that does not answer its main thread.
//! Invariant: one tap settles at a time; a new tap abandons the one before.
//!
//! Quiet is a second without a frame presented and without a request in flight. The tap's own handler counts as
//! activity until it returned, because an app that still runs it has not begun to settle.

use super::limits::{QUIET_NS, SETTLED_NS_MAX};
use super::place::{Begun, Limit, Place};
use nowait_wire::{Event, Kind, NameId, Outcome};
use serde::{Deserialize, Serialize};

const LIMIT: Limit = Limit::timed_out(SETTLED_NS_MAX);

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Pending {
    begun: Begun,
    handled: bool,
    in_flight: bool,
    /// The end of the latest activity known.
    active: u64,
}

impl Pending {
    /// When this tap is decided, if nothing else happens: at the end of its quiet second or of its limit.
    fn due(&self) -> u64 {
        let limit = LIMIT.due(self.begun.at);
        if self.handled && !self.in_flight && self.active <= limit {
            self.active.saturating_add(QUIET_NS)
        } else {
            limit
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Settled {
    pending: Option<Pending>,
}

impl Settled {
    pub(super) fn due(&self) -> u64 {
        self.pending.map_or(u64::MAX, |tap| tap.due())
    }

    /// The tap that the app is still busy with: when it came.
    pub(super) fn touched(&self) -> Option<u64> {
        Some(self.pending?.begun.at)
    }

    /// Gives back the tap that this one abandons. A touch that is reported after a later one starts nothing.
    pub(super) fn touch_up(
        &mut self,
        at: u64,
        target: NameId,
        in_flight: bool,
        place: Place,
    ) -> Option<Event> {
        if self.touched().is_some_and(|latest| at <= latest) {
            return None;
        }
        let abandoned = self.close(at, Outcome::Abandoned);
        let begun = Begun { name: target, place, at };
        self.pending = Some(Pending { begun, handled: false, in_flight, active: at });
        abandoned
    }

    pub(super) fn handled(&mut self, at: u64) {
        if let Some(tap) = self.pending.as_mut().filter(|tap| tap.begun.at <= at) {
            tap.handled = true;
            tap.active = tap.active.max(at);
        }
    }

    pub(super) fn frame(&mut self, at: u64) {
        if let Some(tap) = self.pending.as_mut() {
            tap.active = tap.active.max(at);
        }
    }

    /// A request began, ended or was given up at `at`, so that now some or none are in flight.
    pub(super) fn requests(&mut self, at: u64, in_flight: bool) {
        if let Some(tap) = self.pending.as_mut() {
            tap.in_flight = in_flight;
            tap.active = tap.active.max(at);
        }
    }

    /// Ends the tap, which is decided by now.
    pub(super) fn expire(&mut self) -> Option<Event> {
        let tap = self.pending?;
        let quiet = tap.handled && !tap.in_flight;
        self.close(if quiet { tap.active } else { u64::MAX }, Outcome::Done)
    }

    /// Ends the tap, if there is one.
    pub(super) fn close(&mut self, at: u64, outcome: Outcome) -> Option<Event> {
        let mut event = self.pending.take()?.begun.event(Kind::Settled);
        LIMIT.close(&mut event, at, outcome);
        Some(event)
    }
}
