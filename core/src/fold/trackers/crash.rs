//! Crash: an exception that nobody caught was on its way to the system.
//!
//! Owns: when that was told last. Refuses: what ended a process by the system's own word, which a recovery has.
//! Invariant: an app that a customer goes on with did not die of the exception that somebody kept from the system.

use super::limits::CRASH_NS_MAX;
use crate::record::Fact;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Crash {
    at: Option<u64>,
}

impl Crash {
    /// Looks at every fact that is no mark and no measured event.
    pub(super) fn fact(&mut self, fact: &Fact) {
        match *fact {
            Fact::Crashed { at, .. } => self.at = self.at.max(Some(at)),
            // Only a main thread that lives tells these. Frames, requests and pings may go on beside a dying process, as long
            // as a crash reporter writes, or the system shows its dialog.
            Fact::Foreground { at, .. }
            | Fact::Background { at }
            | Fact::TouchUp { at, .. }
            | Fact::ScreenCreated { at, .. }
            | Fact::ScreenLeft { at, .. } => {
                self.at = self.at.filter(|crashed| at <= crashed.saturating_add(CRASH_NS_MAX));
            }
            _ => {}
        }
    }

    /// Whether the process that ends now dies of it.
    pub(super) fn is_fatal(self) -> bool {
        self.at.is_some()
    }
}
