//! Rage tap: three or more taps on one target within a second, and no frame answered any of them.
//!
//! Owns: the bursts that are not decided yet. Refuses: to blame a slow app that did answer.
//! Invariant: a burst gives at most one event, and none once a frame answered one of its taps.
//!
//! A view without a name of its own is no target: two taps on "no name" may have hit two views.
//! A burst is decided when the last of its taps can no longer be answered (the limit of a tap), or when the
//! customer leaves the app.

use super::limits::{BURSTS_MAX, RAGE_NS_MAX, RAGE_TAPS_MIN, TAP_NS_MAX};
use super::place::{Begun, Place};
use super::table::Table;
use nowait_wire::{Event, Kind, NameId};
use serde::{Deserialize, Serialize};

/// Until it is rage, a burst is the last two taps; then it grows as long as the taps keep coming.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Burst {
    begun: Begun,
    last: u64,
    taps: u32,
}

impl Burst {
    fn first(&self) -> u64 {
        self.begun.at
    }

    fn is_rage(&self) -> bool {
        self.taps >= RAGE_TAPS_MIN
    }

    /// Whether a tap at `at` belongs to this burst.
    fn goes_on(&self, at: u64, target: NameId) -> bool {
        self.begun.name == target && at.saturating_sub(self.last) <= RAGE_NS_MAX
    }

    fn add(&mut self, at: u64) {
        let in_window = at.saturating_sub(self.first()) <= RAGE_NS_MAX;
        if self.is_rage() || in_window {
            self.taps = self.taps.saturating_add(1);
        } else {
            self.begun.at = self.last;
        }
        self.begun.at = self.first().min(at);
        self.last = self.last.max(at);
    }

    fn due(&self) -> u64 {
        self.last.saturating_add(if self.is_rage() { TAP_NS_MAX } else { RAGE_NS_MAX })
    }

    fn close(&self) -> Option<Event> {
        let duration_ns = self.last.saturating_sub(self.first());
        let event = Event { duration_ns, a: u64::from(self.taps), ..self.begun.event(Kind::RageTap) };
        self.is_rage().then_some(event)
    }
}

/// Whether all that bears this name is one view.
fn has_own_name(target: NameId) -> bool {
    !matches!(target, NameId::NONE | NameId::OTHER | NameId::REDACTED)
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct RageTaps {
    bursts: Table<Burst, BURSTS_MAX>,
}

impl RageTaps {
    pub(super) const fn new() -> RageTaps {
        RageTaps { bursts: Table::new() }
    }

    /// The moment at which the first burst is decided.
    pub(super) fn due(&self) -> u64 {
        self.bursts.iter().map(Burst::due).min().unwrap_or(u64::MAX)
    }

    /// Gives back the burst that had to be decided early because too many were undecided.
    pub(super) fn touch_up(&mut self, at: u64, target: NameId, place: Place) -> Option<Event> {
        if !has_own_name(target) {
            return None;
        }
        if let Some(burst) = self.bursts.iter_mut().rfind(|burst| burst.goes_on(at, target)) {
            burst.add(at);
            return None;
        }
        let early = if self.bursts.len() == BURSTS_MAX { self.make_room() } else { None };
        let burst = Burst { begun: Begun { name: target, place, at }, last: at, taps: 1 };
        let _has_room = self.bursts.push(burst);
        early
    }

    /// Forgets the oldest burst that is no rage yet; decides the oldest if all are.
    fn make_room(&mut self) -> Option<Event> {
        self.bursts.take(|burst| !burst.is_rage()).or_else(|| self.bursts.take(|_| true))?.close()
    }

    /// A frame answered the tap of `touched`.
    pub(super) fn answered(&mut self, touched: u64, target: NameId) {
        let is_hit = |b: &Burst| b.begun.name == target && b.first() <= touched && touched <= b.last;
        while self.bursts.take(is_hit).is_some() {}
    }

    /// Decides the oldest burst whose time ends at `due`: rage or none.
    pub(super) fn expire(&mut self, due: u64) -> Option<Event> {
        self.bursts.take(|burst| burst.due() <= due)?.close()
    }

    pub(super) fn end_all(&mut self, mut ended: impl FnMut(Event)) {
        while let Some(burst) = self.bursts.take(|_| true) {
            burst.close().into_iter().for_each(&mut ended);
        }
    }

    /// Forgets the undecided bursts.
    pub(super) fn forget_all(&mut self) {
        self.bursts = Table::new();
    }
}
