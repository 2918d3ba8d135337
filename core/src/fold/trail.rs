//! The trail: the last breadcrumbs, for the day the process does not end well.
//!
//! Owns: the last [`CRUMBS_MAX`] marks, oldest first. Refuses: delivery; only an exit sends them.
//! Invariant: a mark without a name leaves nothing, so that a tap in a secure window is on no trail.

use crate::limits::CRUMBS_MAX;
use nowait_wire::{Event, Flags, Kind, NameId};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The last marks of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trail {
    crumbs: VecDeque<Crumb>,
}

/// One mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Crumb {
    name: NameId,
    at: u64,
    number: u64,
}

impl Trail {
    /// Leaves a mark, instead of the oldest if need be.
    pub(crate) fn leave(&mut self, name: NameId, at: u64, number: u64) {
        if name == NameId::NONE {
            return;
        }
        while self.crumbs.len() >= CRUMBS_MAX {
            self.crumbs.pop_front();
        }
        self.crumbs.push_back(Crumb { name, at, number });
    }

    /// The marks as events of a process that died, oldest first.
    pub(crate) fn crumbs(&self) -> impl Iterator<Item = Event> {
        self.crumbs.iter().map(|crumb| Event {
            flags: Flags::RECOVERED,
            started_uptime_ns: crumb.at,
            a: crumb.number,
            ..Event::new(Kind::Breadcrumb, crumb.name)
        })
    }
}
