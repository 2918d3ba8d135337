//! Screen: from what caused a screen to its first frame and to the moment the app calls it ready.
//!
//! Owns: the screens that are not ready yet. Refuses: to know which screen is in front (see `visit`).
//! Invariant: a screen that was created ends once: done, timed out, abandoned, interrupted or died.
//!
//! A screen is an instance with an id, not a name: two of one class are two waits. It ends when it is both shown and
//! ready, at the later of the two: an app that calls itself ready before its first frame has shown the customer
//! nothing yet. If it never reports a first frame, ready alone counts. Either may be told before the creation; it is
//! kept until then.
//! What begins and ends in the background made nobody wait and is not told. Neither is a screen that was left before
//! it was shown while a launch has no frame yet: a router, whose time is the launch's.
//!
//! The tap that caused a screen is the latest one, if nothing answered it yet or the app was never quiet since
//! (see `settled`), at most ten seconds ago, and no screen that it caused was ready before.

use super::limits::{
    EARLY_SCREENS_MAX, NAVIGATION_TO_SCREEN_NS_MAX, SCREEN_NS_MAX, SCREENS_MAX, TAP_TO_SCREEN_NS_MAX,
};
use super::place::{Begun, Limit, Place, seen_us};
use super::table::Table;
use nowait_wire::{Event, Kind, NameId, Outcome};
use serde::{Deserialize, Serialize};

const LIMIT: Limit = Limit::timed_out(SCREEN_NS_MAX);

/// When a screen was shown and when it called itself ready, each the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Seen {
    shown: Option<u64>,
    ready: Option<u64>,
}

/// What was told of a screen before its creation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Early {
    id: u64,
    seen: Seen,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Pending {
    id: u64,
    begun: Begun,
    /// The tap that caused it.
    tap: Option<u64>,
    seen: Seen,
}

/// Whether `at` comes no later than `limit` after its cause.
fn within(cause: u64, at: u64, limit: u64) -> bool {
    at.checked_sub(cause).is_some_and(|passed| passed <= limit)
}

impl Pending {
    fn due(&self) -> u64 {
        LIMIT.due(self.begun.at)
    }

    /// Ends the wait; one that was ready before is done, whatever ends it.
    fn close(&self, at: u64, outcome: Outcome) -> Event {
        let mut event = self.begun.event(Kind::Screen);
        if let Some(shown) = self.seen.shown {
            event.a = seen_us(self.begun.at, shown);
        }
        match self.seen.ready {
            Some(ready) => {
                let ended = ready.max(self.seen.shown.unwrap_or(ready));
                LIMIT.close(&mut event, ended, Outcome::Done);
            }
            None => LIMIT.close(&mut event, at, outcome),
        }
        event
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Screens {
    pending: Table<Pending, SCREENS_MAX>,
    early: Table<Early, EARLY_SCREENS_MAX>,
    navigated: Option<u64>,
    /// The latest tap whose screen is ready: what comes later has another cause.
    tap_served: Option<u64>,
}

impl Screens {
    pub(super) const fn new() -> Screens {
        Screens { pending: Table::new(), early: Table::new(), navigated: None, tap_served: None }
    }

    /// Whether a screen is not ready yet.
    pub(super) fn waiting(&self) -> bool {
        self.pending.iter().any(|screen| screen.seen.ready.is_none())
    }

    /// The end of the limit that comes first.
    pub(super) fn due(&self) -> u64 {
        self.pending.iter().map(Pending::due).min().unwrap_or(u64::MAX)
    }

    pub(super) fn navigation(&mut self, at: u64) {
        self.navigated = Some(at);
    }

    /// `tap` is the latest one that the app is still busy with or has not answered. A screen that is pending already
    /// is told twice: it keeps its cause. False when the table is full.
    #[must_use]
    pub(super) fn created(
        &mut self,
        at: u64,
        id: u64,
        screen: NameId,
        tap: Option<u64>,
        journey: u64,
    ) -> bool {
        if self.pending.iter().any(|pending| pending.id == id) {
            return true;
        }
        let seen = self.early.take(|early| early.id == id).map(|early| early.seen).unwrap_or_default();
        let tap = self.causing_tap(at, tap);
        let navigated = || self.navigated.filter(|began| within(*began, at, NAVIGATION_TO_SCREEN_NS_MAX));
        let caused = tap.or_else(navigated).unwrap_or(at);
        let begun = Begun { name: screen, place: Place { screen, journey }, at: caused };
        if seen.ready.is_some() {
            self.tap_served = self.tap_served.max(tap);
        }
        self.pending.push(Pending { id, begun, tap, seen })
    }

    fn causing_tap(&self, at: u64, tap: Option<u64>) -> Option<u64> {
        tap.filter(|tap| self.tap_served < Some(*tap) && within(*tap, at, TAP_TO_SCREEN_NS_MAX))
    }

    pub(super) fn shown(&mut self, at: u64, id: u64) {
        self.note(id, |seen| seen.shown = seen.shown.or(Some(at)));
    }

    pub(super) fn ready(&mut self, at: u64, id: u64) {
        self.note(id, |seen| seen.ready = seen.ready.or(Some(at)));
        if let Some(pending) = self.pending.iter().find(|pending| pending.id == id) {
            self.tap_served = self.tap_served.max(pending.tap);
        }
    }

    /// Notes something of a screen that is pending, or may still be created.
    fn note(&mut self, id: u64, note: impl FnOnce(&mut Seen)) {
        if let Some(pending) = self.pending.iter_mut().find(|pending| pending.id == id) {
            return note(&mut pending.seen);
        }
        let mut early =
            self.early.take(|early| early.id == id).unwrap_or(Early { id, seen: Seen::default() });
        note(&mut early.seen);
        self.early.push_over(early);
    }

    /// Ends this screen if it is shown and ready.
    pub(super) fn finish(&mut self, id: u64) -> Option<Event> {
        let is_finished = |p: &Pending| p.id == id && p.seen.shown.is_some() && p.seen.ready.is_some();
        Some(self.pending.take(is_finished)?.close(u64::MAX, Outcome::Done))
    }

    /// Ends this screen if it is pending, and tells whether it was shown.
    pub(super) fn left(&mut self, at: u64, id: u64) -> Option<(Event, bool)> {
        let pending = self.pending.take(|pending| pending.id == id)?;
        Some((pending.close(at, Outcome::Abandoned), pending.seen.shown.is_some()))
    }

    /// Ends the oldest screen whose limit ends at `due`.
    pub(super) fn expire(&mut self, due: u64) -> Option<Event> {
        let screen = self.pending.take(|screen| screen.due() <= due)?;
        Some(screen.close(due, Outcome::TimedOut))
    }

    pub(super) fn end_all(&mut self, at: u64, outcome: Outcome, mut ended: impl FnMut(Event)) {
        self.navigated = None;
        while let Some(screen) = self.pending.take(|_| true) {
            ended(screen.close(at, outcome));
        }
    }

    /// Screens that were made while in the background (Android creates an activity before it says that the app is
    /// in front) have made nobody wait before `since`.
    pub(super) fn foreground(&mut self, since: u64) {
        for screen in self.pending.iter_mut() {
            screen.begun.at = screen.begun.at.max(since);
        }
    }
}
