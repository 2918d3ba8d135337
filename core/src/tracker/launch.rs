//! Launch: from the process start, or the return to the foreground, to the first frame.
//!
//! Owns: the one launch that may be under way. Refuses: launches that no customer saw.
//! Invariant: a process start gives at most one launch, and a return to the foreground at most one.

use super::limits::LAUNCH_NS_MAX;
use super::place::Place;
use nowait_wire::{Event, Kind, NameId, Outcome};

#[derive(Debug, Default)]
pub(super) struct Launch {
    under_way: Option<Event>,
}

impl Launch {
    /// The process started for the customer. A start in the background, or a prewarmed one, is no launch;
    /// the return to the foreground that follows it is.
    pub(super) fn process_started(&mut self, at: u64) {
        self.begin(NameId::COLD, at, Place::default());
    }

    pub(super) fn foreground(&mut self, at: u64, restored: bool, place: Place) {
        self.begin(if restored { NameId::HOT } else { NameId::WARM }, at, place);
    }

    fn begin(&mut self, name: NameId, at: u64, place: Place) {
        self.under_way = Some(place.event(Kind::Launch, name, at));
    }

    /// The first frame ends the launch; a frame from before it began, or of the same moment, does not.
    pub(super) fn frame(&mut self, at: u64) -> Option<Event> {
        let began = self.under_way.as_ref()?.started_uptime_ns;
        if at <= began { None } else { self.close(at, Outcome::Done) }
    }

    pub(super) fn background(&mut self, at: u64) -> Option<Event> {
        self.close(at, Outcome::Interrupted)
    }

    /// Ends the launch; beyond the limit it was none, and nothing is told.
    fn close(&mut self, at: u64, outcome: Outcome) -> Option<Event> {
        let mut event = self.under_way.take()?;
        event.duration_ns = at.saturating_sub(event.started_uptime_ns);
        event.outcome = outcome;
        (event.duration_ns <= LAUNCH_NS_MAX).then_some(event)
    }
}
