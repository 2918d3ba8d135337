//! Doubt: facts were refused, because the recorder was full, and one of them may have been the end of a wait.
//!
//! Owns: up to when facts were refused. Refuses: to guess what they said.
//! Invariant: a wait that was open while a fact was refused ends as interrupted, unless its own end comes.
//!
//! An end with an id is a wait's own. A frame, an answer of the main thread, a limit and a death are not: the frame
//! that answered may have been refused, and the next one would make the wait too long.

use nowait_wire::{Event, Kind, Outcome};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Doubt {
    until: Option<u64>,
}

impl Doubt {
    /// Facts were refused up to now.
    pub(super) fn raise(&mut self, now: u64) {
        self.until = self.until.max(Some(now));
    }

    /// A wait that something else than its own end has ended.
    pub(super) fn judge(self, event: Event) -> Event {
        let was_open = self.until.is_some_and(|until| event.started_uptime_ns <= until);
        let stands = match event.kind {
            // It was ready: done by its own word.
            Kind::Screen => event.outcome == Outcome::Done,
            // No wait.
            Kind::RageTap => true,
            _ => false,
        };
        let outcome = if was_open && !stands { Outcome::Interrupted } else { event.outcome };
        Event { outcome, ..event }
    }
}
