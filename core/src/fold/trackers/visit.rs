//! Which screen is in front.
//!
//! Owns: the screens that were shown and not left, the one in front last. Refuses: times.
//! Invariant: the screen in front is one that was shown (or called ready) and not left since; one that was left stays
//! gone, whatever is told of it later.

use super::limits::{LEFT_SCREENS_REMEMBERED, OPEN_SCREENS_MAX};
use super::table::Table;
use nowait_wire::NameId;
use serde::{Deserialize, Serialize};

/// A screen that was shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Shown {
    /// 0 for no screen.
    pub(super) id: u64,
    pub(super) screen: NameId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Visits {
    open: Table<Shown, OPEN_SCREENS_MAX>,
    /// The ids of those that were left last.
    left: Table<u64, LEFT_SCREENS_REMEMBERED>,
}

impl Visits {
    pub(super) const fn new() -> Visits {
        Visits { open: Table::new(), left: Table::new() }
    }

    /// The screen in front.
    pub(super) fn current(&self) -> Shown {
        self.open.iter().next_back().copied().unwrap_or_default()
    }

    /// Whether it was left, as far as that is remembered.
    pub(super) fn was_left(&self, id: u64) -> bool {
        self.left.iter().any(|left| *left == id)
    }

    /// Brings a screen to the front; the one that was opened first is forgotten when there are too many.
    pub(super) fn shown(&mut self, id: u64, screen: NameId) {
        self.open.take(|open| open.id == id);
        self.open.push_over(Shown { id, screen });
    }

    /// A screen that calls itself ready and was never reported as shown is in front all the same.
    pub(super) fn ready(&mut self, id: u64, screen: NameId) {
        if !self.open.iter().any(|open| open.id == id) {
            self.shown(id, screen);
        }
    }

    pub(super) fn left(&mut self, id: u64) {
        self.open.take(|open| open.id == id);
        self.left.push_over(id);
    }
}
