//! Which screen is in front.
//!
//! Owns: the screens that were shown and not left, the one in front last. Refuses: times.
//! Invariant: the screen in front is one that was shown (or called ready) and not left since.

use super::limits::OPEN_SCREENS_MAX;
use super::table::Table;
use nowait_wire::NameId;

#[derive(Debug)]
pub(super) struct Visits {
    open: Table<NameId, OPEN_SCREENS_MAX>,
}

impl Visits {
    pub(super) const fn new() -> Visits {
        Visits { open: Table::new() }
    }

    /// The screen in front, or `NONE`.
    pub(super) fn current(&self) -> NameId {
        self.open.iter().next_back().copied().unwrap_or(NameId::NONE)
    }

    /// Brings a screen to the front; the one that was opened first is forgotten when there are too many.
    pub(super) fn shown(&mut self, screen: NameId) {
        self.left(screen);
        if self.open.len() == OPEN_SCREENS_MAX {
            self.open.take(|_| true);
        }
        let _has_room = self.open.push(screen);
    }

    /// A screen that calls itself ready and was never reported as shown is in front all the same.
    pub(super) fn ready(&mut self, screen: NameId) {
        if !self.open.iter().any(|open| *open == screen) {
            self.shown(screen);
        }
    }

    pub(super) fn left(&mut self, screen: NameId) {
        self.open.take(|open| *open == screen);
    }
}
