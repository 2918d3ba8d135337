//! Tap: from the touch up to the first frame presented after the handler ran.
//!
//! Owns: the taps that wait for a frame. Refuses: bursts (see `rage`) and quiet (see `settled`).
//! Invariant: a tap ends once, at the latest after its limit.
//!
//! A new touch does not end the wait for an older one: the customer who taps again because nothing happens
//! has waited since the first tap, and the frame that comes answers both. Handlers run one after another on the
//! main thread, so the return of a handler stands for every earlier tap whose own return was not reported.

use super::limits::{ANIMATION_FRAMES_MIN, ANIMATION_WINDOW_NS, RECENT_FRAMES, TAP_NS_MAX, TAPS_MAX};
use super::place::{Begun, Limit, Place, seen_us};
use super::table::Table;
use nowait_wire::{Event, Kind, NameId, Outcome};
use serde::{Deserialize, Serialize};

const LIMIT: Limit = Limit { ns: TAP_NS_MAX, outcome: Outcome::NoResponse };

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Pending {
    begun: Begun,
    handled: Option<u64>,
    /// Frames presented in the window before the touch up.
    frames_before: u8,
}

impl Pending {
    fn touched(&self) -> u64 {
        self.begun.at
    }

    fn is_answered_by(&self, frame: Frame) -> bool {
        self.handled.is_some_and(|handled| frame.at > handled && frame.started >= self.touched())
    }

    /// Counts a frame that was already flowing when the finger went up.
    fn note_before(&mut self, frame: Frame) {
        let touched = self.touched();
        if frame.at <= touched && frame.at > touched.saturating_sub(ANIMATION_WINDOW_NS) {
            self.frames_before = self.frames_before.saturating_add(1);
        }
    }

    fn close(&self, at: u64, outcome: Outcome) -> Event {
        let mut event = self.begun.event(Kind::Tap);
        if let Some(handled) = self.handled {
            event.a = seen_us(self.touched(), handled);
        }
        LIMIT.close(&mut event, at, outcome);
        event
    }

    fn answered(&self, at: u64) -> Event {
        let animating = self.frames_before >= ANIMATION_FRAMES_MIN;
        self.close(at, if animating { Outcome::AlreadyAnimating } else { Outcome::Done })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Frame {
    started: u64,
    at: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Taps {
    pending: Table<Pending, TAPS_MAX>,
    /// The latest frames: a touch or a handler may be reported after the frames it precedes.
    recent: Table<Frame, RECENT_FRAMES>,
}

impl Taps {
    pub(super) const fn new() -> Taps {
        Taps { pending: Table::new(), recent: Table::new() }
    }

    pub(super) fn waiting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// When the latest tap came that nothing answered yet.
    pub(super) fn unanswered(&self) -> Option<u64> {
        self.pending.iter().next_back().map(Pending::touched)
    }

    /// The end of the limit that comes first.
    pub(super) fn due(&self) -> u64 {
        self.pending.iter().map(|tap| LIMIT.due(tap.touched())).min().unwrap_or(u64::MAX)
    }

    /// False when the table is full.
    #[must_use]
    pub(super) fn touch_up(&mut self, at: u64, target: NameId, place: Place) -> bool {
        let mut tap = Pending { begun: Begun { name: target, place, at }, handled: None, frames_before: 0 };
        self.recent.iter().for_each(|frame| tap.note_before(*frame));
        self.pending.push(tap)
    }

    pub(super) fn handled(&mut self, at: u64, answered: impl FnMut(Event)) {
        for tap in self.pending.iter_mut().filter(|tap| tap.handled.is_none() && tap.touched() <= at) {
            tap.handled = Some(at);
        }
        self.answer(answered);
    }

    /// Ends the taps that a frame seen before their handler's return had already answered.
    fn answer(&mut self, mut answered: impl FnMut(Event)) {
        let recent = self.recent;
        let first = |tap: &Pending| {
            recent.iter().filter(|frame| tap.is_answered_by(**frame)).map(|frame| frame.at).min()
        };
        while let Some(tap) = self.pending.take(|tap| first(tap).is_some()) {
            answered(tap.answered(first(&tap).unwrap_or(u64::MAX)));
        }
    }

    pub(super) fn frame(&mut self, started: u64, at: u64, mut answered: impl FnMut(Event)) {
        let frame = Frame { started, at };
        self.recent.push_over(frame);
        self.pending.iter_mut().for_each(|tap| tap.note_before(frame));
        while let Some(tap) = self.pending.take(|tap| tap.is_answered_by(frame)) {
            answered(tap.answered(at));
        }
    }

    /// Ends the oldest tap whose limit ends at `due`.
    pub(super) fn expire(&mut self, due: u64) -> Option<Event> {
        let tap = self.pending.take(|tap| LIMIT.due(tap.touched()) <= due)?;
        Some(tap.close(due, Outcome::NoResponse))
    }

    pub(super) fn end_all(&mut self, at: u64, outcome: Outcome, mut ended: impl FnMut(Event)) {
        while let Some(tap) = self.pending.take(|_| true) {
            ended(tap.close(at, outcome));
        }
    }
}
