//! The handles: named things that an app measures, and what is under way of them.
//!
//! Owns: screens, actions, routes, journeys and crumbs, and the values that must be ended. Refuses: rules; a handle
//! only appends what happened when.
//! Invariant: what was begun and is dropped without an end never counts as done.

use super::{NOW, NoWait, draw_continuation};
use crate::record::Fact;
use crate::trackers::RATINGS;
use nowait_wire::{Continuation, NameId, Outcome};

/// A screen; see [`NoWait::screen`].
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    pub(crate) nowait: NoWait,
    pub(crate) name: NameId,
}

impl Screen {
    /// A screen of this name began to exist. Two at once are two: each is its own [`Visit`].
    #[inline]
    pub fn created(self) -> Visit {
        let id =
            self.nowait.engine.recorder.begin(|at, id| Fact::ScreenCreated { at, id, screen: self.name });
        Visit { screen: self, id }
    }
}

/// One screen that exists; see [`Screen::created`]. `Copy`, and not ended by being dropped: say when it is left.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    screen: Screen,
    id: u64,
}

impl Visit {
    /// Its first frame was presented (time to initial display), or it came to the front again.
    #[inline]
    pub fn shown(self) {
        self.screen.nowait.append(Fact::ScreenShown { at: NOW, id: self.id, screen: self.screen.name });
    }

    /// It shows what the customer came for (time to full display).
    #[inline]
    pub fn ready(self) {
        self.screen.nowait.append(Fact::ScreenReady { at: NOW, id: self.id, screen: self.screen.name });
    }

    /// It is gone.
    #[inline]
    pub fn left(self) {
        self.screen.nowait.append(Fact::ScreenLeft { at: NOW, id: self.id });
    }
}

/// The name of a breadcrumb; see [`NoWait::crumb`].
#[derive(Clone, Copy, Debug)]
pub struct Crumb(pub(crate) NameId);

/// A measured piece of work; see [`NoWait::action`].
#[derive(Clone, Copy, Debug)]
pub struct Action {
    pub(crate) nowait: NoWait,
    pub(crate) name: NameId,
}

impl Action {
    /// Begins. The span must be ended; dropped, it is recorded as interrupted and enters no latency.
    #[inline]
    #[must_use = "a span that is dropped is recorded as interrupted"]
    pub fn begin(self) -> Span {
        let id =
            self.nowait.engine.recorder.begin(|at, id| Fact::ActionStarted { at, id, action: self.name });
        Span { nowait: self.nowait, id }
    }

    /// Measures a closure; a panic in it goes through untouched and counts as interrupted.
    #[inline]
    pub fn measure<T>(self, work: impl FnOnce() -> T) -> T {
        let span = self.begin();
        let result = work();
        span.end();
        result
    }
}

/// An action under way.
#[derive(Debug)]
#[must_use = "a span that is dropped is recorded as interrupted"]
pub struct Span {
    nowait: NoWait,
    id: u64,
}

impl Span {
    /// It is done.
    #[inline]
    pub fn end(self) {
        self.close(Outcome::Done);
    }

    /// It ended with an error.
    #[inline]
    pub fn fail(self) {
        self.close(Outcome::Failed);
    }

    #[inline]
    fn close(self, outcome: Outcome) {
        self.finish(outcome);
        std::mem::forget(self);
    }

    #[inline]
    fn finish(&self, outcome: Outcome) {
        self.nowait.append(Fact::ActionEnded { at: NOW, id: self.id, outcome });
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        self.finish(Outcome::Interrupted);
    }
}

/// A route of the bank's server; see [`NoWait::route`].
#[derive(Clone, Copy, Debug)]
pub struct Route {
    pub(crate) nowait: NoWait,
    pub(crate) name: NameId,
}

impl Route {
    /// A request leaves. Dropped without an end, it counts as abandoned.
    #[inline]
    #[must_use = "a request that is dropped is recorded as abandoned"]
    pub fn begin(self) -> Request {
        let id =
            self.nowait.engine.recorder.begin(|at, id| Fact::RequestStarted { at, id, route: self.name });
        Request { nowait: self.nowait, id }
    }
}

/// A request in flight.
#[derive(Debug)]
#[must_use = "a request that is dropped is recorded as abandoned"]
pub struct Request {
    nowait: NoWait,
    id: u64,
}

impl Request {
    /// It was answered with this HTTP status; 400 and above count as failed.
    #[inline]
    pub fn end(self, status: u16) {
        self.close(status, if status < 400 { Outcome::Done } else { Outcome::Failed });
    }

    /// It got no answer.
    #[inline]
    pub fn fail(self) {
        self.close(0, Outcome::Failed);
    }

    fn close(self, status: u16, outcome: Outcome) {
        self.finish(status, outcome);
        std::mem::forget(self);
    }

    fn finish(&self, status: u16, outcome: Outcome) {
        self.nowait.append(Fact::RequestEnded { at: NOW, id: self.id, status, outcome });
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.finish(0, Outcome::Abandoned);
    }
}

/// A banking task; see [`NoWait::journey`].
#[derive(Clone, Copy, Debug)]
pub struct Journey {
    pub(crate) nowait: NoWait,
    pub(crate) name: NameId,
}

impl Journey {
    /// The customer sets out. Dropped without an end, the journey counts as abandoned.
    #[must_use = "a journey that is dropped is recorded as abandoned"]
    pub fn begin(self) -> Travel {
        let id =
            self.nowait.engine.recorder.begin(|at, id| Fact::JourneyStarted { at, id, journey: self.name });
        Travel { nowait: self.nowait, id }
    }

    /// The customer rated this journey: the one with this [`Travel::id`], which may have ended by now, or with 0 the one
    /// under way, if any.
    pub fn rate(self, id: u64, rating: Rating) {
        self.nowait.append(Fact::Rated { at: NOW, id, name: self.name, rating: rating.0 });
    }
}

/// How well something went, as a customer says it: 1 (worst) to 5 (best).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rating(u8);

impl Rating {
    /// `None` for any other number: that is no rating.
    #[must_use]
    pub fn new(rating: u8) -> Option<Rating> {
        RATINGS.contains(&rating).then_some(Rating(rating))
    }

    /// 1 to 5.
    #[must_use]
    pub const fn to_u8(self) -> u8 {
        self.0
    }
}

/// A journey under way.
#[derive(Debug)]
#[must_use = "a journey that is dropped is recorded as abandoned"]
pub struct Travel {
    nowait: NoWait,
    id: u64,
}

impl Travel {
    /// The customer reached this touchpoint; the one before is done.
    pub fn step(&self, name: NameId) {
        self.nowait.append(Fact::StepStarted { at: NOW, id: self.id, step: name });
    }

    /// The number of this journey within the session, for a rating that comes after its end: see [`Journey::rate`].
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// The journey goes on in a branch, a call centre or on the web: the id by which their systems tell its further
    /// steps, as a link, a QR code or a number to read out. It is random, says nothing of the customer, is good
    /// for one use, and only for a day. Here the journey is still under way: end it as it ends here. Not for a hot path: it
    /// asks the system for random numbers.
    #[must_use]
    pub fn hand_over(&self) -> Continuation {
        let continuation = draw_continuation();
        self.nowait.append(Fact::HandedOver { at: NOW, id: self.id, continuation: continuation.to_u64() });
        continuation
    }

    /// The customer got what they came for.
    pub fn end(self) {
        self.close(Outcome::Done);
    }

    /// The bank said no, or something broke.
    pub fn fail(self) {
        self.close(Outcome::Failed);
    }

    fn close(self, outcome: Outcome) {
        self.finish(outcome);
        std::mem::forget(self);
    }

    fn finish(&self, outcome: Outcome) {
        self.nowait.append(Fact::JourneyEnded { at: NOW, id: self.id, outcome });
    }
}

impl Drop for Travel {
    fn drop(&mut self) {
        self.finish(Outcome::Abandoned);
    }
}
