//! Presence: whether the app is in front.
//!
//! Owns: the one answer, for every tracker and for all that stands on the fold, and the latest trip to the background.
//! Refuses: what follows from a change (see `trips`).
//! Invariant: a process that started in the background stays there until it is told to have come to the front.
//!
//! A process that nobody said anything about is starting, and counts as in front for every wait.

use serde::{Deserialize, Serialize};

/// What the customer sees of the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// The process started, and nobody said yet whether the customer sees the app. It counts as in front.
    #[default]
    Starting,
    /// The customer sees the app.
    InFront,
    /// The customer does not see the app.
    Background,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Trips {
    presence: Presence,
    /// When the latest trip to the background began.
    left: u64,
    /// When it ended; of no meaning while the app is there.
    returned: u64,
}

impl Trips {
    pub(super) fn presence(&self) -> Presence {
        self.presence
    }

    /// Since when the app is in the background, if it is there.
    pub(super) fn away_since(&self) -> Option<u64> {
        (self.presence == Presence::Background).then_some(self.left)
    }

    pub(super) fn is_away(&self) -> bool {
        self.presence == Presence::Background
    }

    pub(super) fn leave(&mut self, at: u64) {
        (self.presence, self.left) = (Presence::Background, at);
    }

    pub(super) fn enter(&mut self, at: u64) {
        if self.is_away() {
            self.returned = at;
        }
        self.presence = Presence::InFront;
    }

    /// When the latest trip began, if it has a moment in common with the time from `started` to `ended`.
    pub(super) fn within(&self, started: u64, ended: u64) -> Option<u64> {
        // Before the first trip, both ends are 0, and so is `returned > started`.
        let touched = self.left <= ended && (self.is_away() || self.returned > started);
        touched.then_some(self.left)
    }
}
