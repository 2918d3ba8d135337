//! Request: from the start of a network request to its end.
//!
//! Owns: the requests in flight. Refuses: URLs (a route is a registered name) and requests begun in the background.
//! Invariant: a request ends once; one that spans a trip to the background is interrupted.

use super::in_flight::{InFlight, Rules};
use super::limits::{REQUEST_NS_MAX, REQUESTS_MAX};
use super::place::{Begun, Limit, Place, told_by_app};
use nowait_wire::{Event, Kind, NameId, Outcome};
use serde::{Deserialize, Serialize};

const RULES: Rules = Rules { kind: Kind::Request, limit: Limit::timed_out(REQUEST_NS_MAX) };

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Requests {
    in_flight: InFlight<REQUESTS_MAX>,
}

impl Requests {
    pub(super) const fn new() -> Requests {
        Requests { in_flight: InFlight::new() }
    }

    pub(super) fn waiting(&self) -> bool {
        !self.in_flight.is_empty()
    }

    pub(super) fn due(&self) -> u64 {
        self.in_flight.due()
    }

    /// False when the table is full.
    #[must_use]
    pub(super) fn started(&mut self, at: u64, id: u64, route: NameId, place: Place) -> bool {
        self.in_flight.started(RULES, id, Begun { name: route, place, at })
    }

    pub(super) fn ended(&mut self, at: u64, id: u64, status: u16, outcome: Outcome) -> Option<Event> {
        let request = self.in_flight.ended(RULES, at, id, told_by_app(outcome))?;
        Some(Event { a: u64::from(status), ..request })
    }

    /// Ends the oldest request whose limit ends at `due`.
    pub(super) fn expire(&mut self, due: u64) -> Option<Event> {
        self.in_flight.expire(RULES, due)
    }

    pub(super) fn end_all(&mut self, at: u64, outcome: Outcome, ended: impl FnMut(Event)) {
        self.in_flight.end_all(RULES, at, outcome, ended);
    }
}
