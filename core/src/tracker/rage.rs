//! Rage tap: three or more taps on one target within a second, and no frame answered any of them.
//!
//! Owns: the bursts that are not decided yet. Refuses: to blame a slow app that did answer.
//! Invariant: a burst gives at most one event, and none once a frame answered one of its taps.
//!
//! A burst is decided when the last of its taps can no longer be answered (the limit of a tap), or when the
//! customer leaves the app.

use super::limits::{BURSTS_MAX, RAGE_NS_MAX, RAGE_TAPS_MIN, TAP_NS_MAX};
use super::place::Place;
use super::table::Table;
use nowait_wire::{Event, Kind, NameId};

/// Until it is rage, a burst is the last two taps; then it grows as long as the taps keep coming.
#[derive(Clone, Copy, Debug)]
struct Burst {
    event: Event,
    last: u64,
    taps: u32,
}

impl Burst {
    fn first(&self) -> u64 {
        self.event.started_uptime_ns
    }

    fn is_rage(&self) -> bool {
        self.taps >= RAGE_TAPS_MIN
    }

    /// Whether a tap at `at` belongs to this burst.
    fn goes_on(&self, at: u64, target: NameId) -> bool {
        self.event.name == target && at.saturating_sub(self.last) <= RAGE_NS_MAX
    }

    fn add(&mut self, at: u64) {
        let in_window = at.saturating_sub(self.first()) <= RAGE_NS_MAX;
        if self.is_rage() || in_window {
            self.taps = self.taps.saturating_add(1);
        } else {
            self.event.started_uptime_ns = self.last;
        }
        self.event.started_uptime_ns = self.first().min(at);
        self.last = self.last.max(at);
    }

    fn due(&self) -> u64 {
        self.last.saturating_add(if self.is_rage() { TAP_NS_MAX } else { RAGE_NS_MAX })
    }

    fn close(mut self) -> Option<Event> {
        self.event.duration_ns = self.last.saturating_sub(self.first());
        self.event.a = u64::from(self.taps);
        self.is_rage().then_some(self.event)
    }
}

#[derive(Debug)]
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
        if let Some(burst) = self.bursts.iter_mut().rfind(|burst| burst.goes_on(at, target)) {
            burst.add(at);
            return None;
        }
        let early = if self.bursts.len() == BURSTS_MAX { self.make_room() } else { None };
        let burst = Burst { event: place.event(Kind::RageTap, target, at), last: at, taps: 1 };
        let _has_room = self.bursts.push(burst);
        early
    }

    /// Forgets the oldest burst that is no rage yet; decides the oldest if all are.
    fn make_room(&mut self) -> Option<Event> {
        self.bursts.take(|burst| !burst.is_rage()).or_else(|| self.bursts.take(|_| true))?.close()
    }

    /// A frame answered the tap of `touched`.
    pub(super) fn answered(&mut self, touched: u64, target: NameId) {
        let is_hit = |b: &Burst| b.event.name == target && b.first() <= touched && touched <= b.last;
        while self.bursts.take(is_hit).is_some() {}
    }

    /// Decides the oldest burst whose time ends at `due`: rage or none.
    pub(super) fn expire(&mut self, due: u64) -> Option<Event> {
        self.bursts.take(|burst| burst.due() <= due)?.close()
    }

    pub(super) fn background(&mut self, mut ended: impl FnMut(Event)) {
        while let Some(burst) = self.bursts.take(|_| true) {
            burst.close().into_iter().for_each(&mut ended);
        }
    }
}
