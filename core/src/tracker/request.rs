//! Request: from the start of a network request to its end.
//!
//! Owns: the requests in flight. Refuses: URLs (a route is a registered name) and requests begun in the background.
//! Invariant: a request ends once; one that spans a trip to the background is interrupted.

use super::limits::{REQUEST_NS_MAX, REQUESTS_MAX};
use super::place::{Limit, Place, told_by_app};
use super::table::Table;
use nowait_wire::{Event, Kind, NameId, Outcome};

const LIMIT: Limit = Limit::timed_out(REQUEST_NS_MAX);

#[derive(Clone, Copy, Debug)]
struct InFlight {
    event: Event,
    id: u64,
}

impl InFlight {
    fn due(&self) -> u64 {
        LIMIT.due(self.event.started_uptime_ns)
    }

    fn close(mut self, at: u64, outcome: Outcome) -> Event {
        LIMIT.close(&mut self.event, at, outcome);
        self.event
    }
}

#[derive(Debug)]
pub(super) struct Requests {
    in_flight: Table<InFlight, REQUESTS_MAX>,
    /// The earliest end of a limit, kept because every signal asks for it.
    due: u64,
}

impl Requests {
    pub(super) const fn new() -> Requests {
        Requests { in_flight: Table::new(), due: u64::MAX }
    }

    pub(super) fn waiting(&self) -> bool {
        !self.in_flight.is_empty()
    }

    pub(super) fn due(&self) -> u64 {
        self.due
    }

    /// False when something was lost: this request, because the table is full, or the end of an older one with the
    /// same id, which is forgotten.
    #[must_use]
    pub(super) fn started(&mut self, at: u64, id: u64, route: NameId, place: Place) -> bool {
        let was_open = self.take(|request| request.id == id).is_some();
        let has_room = self.in_flight.push(InFlight { event: place.event(Kind::Request, route, at), id });
        if has_room {
            self.due = self.due.min(LIMIT.due(at));
        }
        has_room && !was_open
    }

    pub(super) fn ended(&mut self, at: u64, id: u64, status: u16, outcome: Outcome) -> Option<Event> {
        let mut request = self.take(|request| request.id == id)?;
        request.event.a = u64::from(status);
        Some(request.close(at, told_by_app(outcome)))
    }

    /// Ends the oldest request whose limit ends at `due`.
    pub(super) fn expire(&mut self, due: u64) -> Option<Event> {
        Some(self.take(|request| request.due() <= due)?.close(due, Outcome::TimedOut))
    }

    pub(super) fn background(&mut self, at: u64, mut ended: impl FnMut(Event)) {
        while let Some(request) = self.take(|_| true) {
            ended(request.close(at, Outcome::Interrupted));
        }
    }

    fn take(&mut self, wanted: impl FnMut(&InFlight) -> bool) -> Option<InFlight> {
        let request = self.in_flight.take(wanted)?;
        if request.due() <= self.due {
            self.due = self.in_flight.iter().map(InFlight::due).min().unwrap_or(u64::MAX);
        }
        Some(request)
    }
}
