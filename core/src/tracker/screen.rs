//! Screen: from what caused a screen to its first frame and to the moment the app calls it ready.
//!
//! Owns: the screens that are not ready yet. Refuses: to know which screen is in front (see `visit`).
//! Invariant: a screen that was created ends once: done, timed out, abandoned or interrupted.
//!
//! A screen ends when it is both shown and ready, at the later of the two: an app that calls itself ready before
//! its first frame has shown the customer nothing yet. If it never reports a first frame, ready alone counts.
//! What begins and ends in the background made nobody wait and is not told.
//!
//! The tap that caused a screen is the latest one, if nothing answered it yet or the app was never quiet since
//! (see `settled`), at most ten seconds ago, and no screen that it caused was ready before.

use super::limits::{NAVIGATION_TO_SCREEN_NS_MAX, SCREEN_NS_MAX, SCREENS_MAX, TAP_TO_SCREEN_NS_MAX};
use super::place::{Limit, Place, seen_us};
use super::table::Table;
use nowait_wire::{Event, Kind, NameId, Outcome};

const LIMIT: Limit = Limit::timed_out(SCREEN_NS_MAX);

#[derive(Clone, Copy, Debug)]
struct Pending {
    event: Event,
    shown: Option<u64>,
    ready: Option<u64>,
}

impl Pending {
    fn caused(&self) -> u64 {
        self.event.started_uptime_ns
    }

    /// Ends the wait; one that was ready before is done, whatever ends it.
    fn close(mut self, at: u64, outcome: Outcome) -> Event {
        if let Some(shown) = self.shown {
            self.event.a = seen_us(self.caused(), shown);
        }
        match self.ready {
            Some(ready) => {
                let ended = ready.max(self.shown.unwrap_or(ready));
                LIMIT.close(&mut self.event, ended, Outcome::Done);
            }
            None => LIMIT.close(&mut self.event, at, outcome),
        }
        self.event
    }
}

#[derive(Debug)]
pub(super) struct Screens {
    pending: Table<Pending, SCREENS_MAX>,
    navigated: Option<u64>,
    /// A tap whose screen is ready: what comes later has another cause.
    tap_served: Option<u64>,
    background: bool,
}

impl Screens {
    pub(super) const fn new() -> Screens {
        Screens { pending: Table::new(), navigated: None, tap_served: None, background: false }
    }

    /// Whether a screen in front is not ready yet.
    pub(super) fn waiting(&self) -> bool {
        !self.background && self.pending.iter().any(|screen| screen.ready.is_none())
    }

    /// The end of the limit that comes first. No time passes for a screen that is made in the background.
    pub(super) fn due(&self) -> u64 {
        if self.background {
            return u64::MAX;
        }
        self.pending.iter().map(|screen| LIMIT.due(screen.caused())).min().unwrap_or(u64::MAX)
    }

    pub(super) fn navigation(&mut self, at: u64) {
        self.navigated = Some(at);
    }

    /// `tap` is the latest one that the app is still busy with or has not answered. A screen that is pending already is the same one
    /// made again (a rotation, or a signal told twice): it keeps its cause. False when the table is full.
    #[must_use]
    pub(super) fn created(&mut self, at: u64, screen: NameId, tap: Option<u64>, place: Place) -> bool {
        if self.pending.iter().any(|pending| pending.event.name == screen) {
            return true;
        }
        let caused = self.cause(at, tap);
        let place = Place { screen, ..place };
        let event = place.event(Kind::Screen, screen, caused);
        self.pending.push(Pending { event, shown: None, ready: None })
    }

    fn cause(&self, at: u64, tap: Option<u64>) -> u64 {
        let within = |cause: &u64, limit: u64| *cause <= at && at - *cause <= limit;
        tap.filter(|tap| Some(*tap) != self.tap_served && within(tap, TAP_TO_SCREEN_NS_MAX))
            .or(self.navigated.filter(|began| within(began, NAVIGATION_TO_SCREEN_NS_MAX)))
            .unwrap_or(at)
    }

    pub(super) fn shown(&mut self, at: u64, screen: NameId) -> Option<Event> {
        let pending = self.pending.iter_mut().find(|pending| pending.event.name == screen)?;
        pending.shown = pending.shown.or(Some(at));
        self.finish(screen)
    }

    pub(super) fn ready(&mut self, at: u64, screen: NameId) -> Option<Event> {
        let pending = self.pending.iter_mut().find(|pending| pending.event.name == screen)?;
        pending.ready = pending.ready.or(Some(at));
        self.tap_served = Some(pending.caused());
        self.finish(screen)
    }

    fn finish(&mut self, screen: NameId) -> Option<Event> {
        let is_finished = |p: &Pending| p.event.name == screen && p.shown.is_some() && p.ready.is_some();
        let finished = self.pending.take(is_finished)?;
        (!self.background).then(|| finished.close(u64::MAX, Outcome::Done))
    }

    pub(super) fn left(&mut self, at: u64, screen: NameId) -> Option<Event> {
        let pending = self.pending.take(|pending| pending.event.name == screen)?;
        (!self.background).then(|| pending.close(at, Outcome::Abandoned))
    }

    /// Ends the oldest screen whose limit ends at `due`.
    pub(super) fn expire(&mut self, due: u64) -> Option<Event> {
        let screen = self.pending.take(|screen| LIMIT.due(screen.caused()) <= due)?;
        Some(screen.close(due, Outcome::TimedOut))
    }

    pub(super) fn background(&mut self, at: u64, mut ended: impl FnMut(Event)) {
        self.background = true;
        self.navigated = None;
        while let Some(screen) = self.pending.take(|_| true) {
            ended(screen.close(at, Outcome::Interrupted));
        }
    }

    /// Screens that were made while in the background (Android creates an activity before it says that the app is
    /// in front) have made nobody wait before now.
    pub(super) fn foreground(&mut self, at: u64) {
        self.background = false;
        for screen in self.pending.iter_mut() {
            screen.event.started_uptime_ns = screen.caused().max(at);
        }
    }
}
