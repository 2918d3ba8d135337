//! What the app measured itself, from begin to end.
//!
//! Owns: what becomes of such an event. Refuses: waits that the trackers follow (an action with two facts is one).
//! Invariant: no latency of an action has a moment in common with a trip to the background.
//!
//! It happens where the customer is now, unless it says where. Everything but an action passes as it is.

use super::Trackers;
use nowait_wire::{Event, Kind, Outcome};

impl Trackers {
    pub(super) fn measured(&self, event: &Event) -> Event {
        let mut event = self.place().fill(*event);
        let (started, ended) = (event.started_uptime_ns, event.ended_uptime_ns());
        if event.kind == Kind::Action
            && let Some(left) = self.trips.within(started, ended)
        {
            event.outcome = Outcome::Interrupted;
            event.duration_ns = left.saturating_sub(started);
        }
        event
    }
}
