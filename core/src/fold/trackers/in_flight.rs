//! Waits that the app begins and ends itself, each with an id of its own.
//!
//! Owns: the ones that have begun and not ended. Refuses: kinds (see `request` and `action`).
//! Invariant: of one id at most one is open; it ends once.

use super::place::{Begun, Limit};
use super::table::Table;
use nowait_wire::{Event, Kind, Outcome};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Wait {
    id: u64,
    begun: Begun,
}

/// What the waits of one kind have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) kind: Kind,
    pub(super) limit: Limit,
}

impl Rules {
    fn due(self, wait: &Wait) -> u64 {
        self.limit.due(wait.begun.at)
    }

    fn close(self, wait: &Wait, at: u64, outcome: Outcome) -> Event {
        let mut event = wait.begun.event(self.kind);
        self.limit.close(&mut event, at, outcome);
        event
    }
}

/// At most `N` waits of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct InFlight<const N: usize> {
    waits: Table<Wait, N>,
    /// The earliest end of a limit, kept because every fact asks for it.
    due: u64,
}

impl<const N: usize> InFlight<N> {
    pub(super) const fn new() -> Self {
        InFlight { waits: Table::new(), due: u64::MAX }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waits.is_empty()
    }

    /// The end of the limit that comes first.
    pub(super) fn due(&self) -> u64 {
        self.due
    }

    /// False when the table is full. What is open already was told twice, and has begun only once.
    #[must_use]
    pub(super) fn started(&mut self, rules: Rules, id: u64, begun: Begun) -> bool {
        if self.waits.iter().any(|wait| wait.id == id) {
            return true;
        }
        let wait = Wait { id, begun };
        let has_room = self.waits.push(wait);
        if has_room {
            self.due = self.due.min(rules.due(&wait));
        }
        has_room
    }

    pub(super) fn ended(&mut self, rules: Rules, at: u64, id: u64, outcome: Outcome) -> Option<Event> {
        let wait = self.take(rules, |wait| wait.id == id)?;
        Some(rules.close(&wait, at, outcome))
    }

    /// Ends the oldest wait whose limit ends at `due`.
    pub(super) fn expire(&mut self, rules: Rules, due: u64) -> Option<Event> {
        let wait = self.take(rules, |wait| rules.due(wait) <= due)?;
        Some(rules.close(&wait, due, Outcome::TimedOut))
    }

    pub(super) fn end_all(&mut self, rules: Rules, at: u64, outcome: Outcome, mut ended: impl FnMut(Event)) {
        while let Some(wait) = self.waits.take(|_| true) {
            ended(rules.close(&wait, at, outcome));
        }
        self.due = u64::MAX;
    }

    fn take(&mut self, rules: Rules, wanted: impl FnMut(&Wait) -> bool) -> Option<Wait> {
        let wait = self.waits.take(wanted)?;
        if rules.due(&wait) <= self.due {
            self.due = self.waits.iter().map(|wait| rules.due(wait)).min().unwrap_or(u64::MAX);
        }
        Some(wait)
    }
}
