//! Actions that are open: work that the app measures itself, and that makes a customer wait.
//!
//! Owns: their number. Refuses: events (a span records its own).
//! Invariant: an action whose end was lost stops counting after its limit.

use super::limits::ACTION_NS_MAX;

#[derive(Debug, Default)]
pub(super) struct Actions {
    open: u32,
    last_began: u64,
}

impl Actions {
    pub(super) fn waiting(&self) -> bool {
        self.open > 0
    }

    pub(super) fn due(&self) -> u64 {
        if self.open == 0 { u64::MAX } else { self.last_began.saturating_add(ACTION_NS_MAX) }
    }

    pub(super) fn started(&mut self, at: u64) {
        self.open = self.open.saturating_add(1);
        self.last_began = self.last_began.max(at);
    }

    pub(super) fn ended(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    pub(super) fn expire(&mut self) {
        self.open = 0;
    }
}
