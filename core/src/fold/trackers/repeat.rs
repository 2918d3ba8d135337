//! Facts that are told twice.
//!
//! Owns: the latest facts. Refuses: to judge facts that may be equal by nature: pings, ticks, marks for the trail,
//! and what the app measured itself (it has no id).
//! Invariant: a fact told again among the next few begins nothing a second time.
//!
//! Two instances of one moment differ by their ids. What is told again with another time is no repeat here; the
//! trackers know by its id that it is open already.

use super::limits::REPEATS_REMEMBERED;
use super::table::Table;
use crate::record::Fact;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Repeats {
    latest: Table<Fact, REPEATS_REMEMBERED>,
    /// Apart, because frames would wash out all others.
    frame: Option<Fact>,
}

impl Repeats {
    pub(super) const fn new() -> Repeats {
        Repeats { latest: Table::new(), frame: None }
    }

    /// Whether this fact was told before; remembers it if not.
    pub(super) fn is_repeat(&mut self, fact: &Fact) -> bool {
        match fact {
            Fact::Tick { .. }
            | Fact::MainPing { .. }
            | Fact::MainPong { .. }
            | Fact::Breadcrumb { .. }
            | Fact::Measured(_) => false,
            Fact::Frame { .. } => self.frame.replace(*fact) == Some(*fact),
            _ => self.is_among_latest(fact),
        }
    }

    fn is_among_latest(&mut self, fact: &Fact) -> bool {
        let is_known = self.latest.iter().any(|latest| latest == fact);
        if !is_known {
            self.latest.push_over(*fact);
        }
        is_known
    }
}
