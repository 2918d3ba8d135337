//! Action: a piece of work that the app itself begins and ends, and for which a customer waits.
//!
//! Owns: the actions that have begun and not ended. Refuses: work that the app measured as a whole (its event comes
//! finished, see `measured`).
//! Invariant: an action ends once; each makes the customer wait up to its own end, and no longer than its limit.
//!
//! An action whose end comes after its limit was `timed_out` at the limit: by then nobody can tell it from one whose
//! end was lost, and a customer who waited for a minute is told as such in either case. One that spans a trip to the
//! background is interrupted and lasts until the trip began; what begins there is over at once, interrupted, however
//! long the process is frozen.

use super::in_flight::{InFlight, Rules};
use super::limits::{ACTION_NS_MAX, ACTIONS_MAX};
use super::place::{Begun, Limit, Place, told_by_app};
use nowait_wire::{Event, Kind, NameId, Outcome};
use serde::{Deserialize, Serialize};

const RULES: Rules = Rules { kind: Kind::Action, limit: Limit::timed_out(ACTION_NS_MAX) };

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Actions {
    open: InFlight<ACTIONS_MAX>,
}

impl Actions {
    pub(super) const fn new() -> Actions {
        Actions { open: InFlight::new() }
    }

    pub(super) fn waiting(&self) -> bool {
        !self.open.is_empty()
    }

    pub(super) fn due(&self) -> u64 {
        self.open.due()
    }

    /// False when the table is full.
    #[must_use]
    pub(super) fn started(&mut self, at: u64, id: u64, action: NameId, place: Place) -> bool {
        self.open.started(RULES, id, Begun { name: action, place, at })
    }

    /// The whole of an action that begins in the background, where the app is since `left`.
    pub(super) fn started_away(at: u64, action: NameId, place: Place, left: u64) -> Event {
        let mut event = place.event(Kind::Action, action, at);
        RULES.limit.close(&mut event, left, Outcome::Interrupted);
        event
    }

    pub(super) fn ended(&mut self, at: u64, id: u64, outcome: Outcome) -> Option<Event> {
        self.open.ended(RULES, at, id, told_by_app(outcome))
    }

    /// Ends the oldest action whose limit ends at `due`.
    pub(super) fn expire(&mut self, due: u64) -> Option<Event> {
        self.open.expire(RULES, due)
    }

    pub(super) fn end_all(&mut self, at: u64, outcome: Outcome, ended: impl FnMut(Event)) {
        self.open.end_all(RULES, at, outcome, ended);
    }
}
