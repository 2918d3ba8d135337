//! The handles: named things that an app measures, and what is under way of them.
//!
//! Owns: screens, actions, routes, journeys and crumbs, and the values that must be ended. Refuses: rules; a handle
//! only tells [`NoWait`] what happened when.
//! Invariant: what was begun and is dropped without an end never counts as done.

use crate::nowait::NoWait;
use crate::record::Fact as Signal;
use nowait_wire::{NameId, Outcome};

/// A screen; see [`NoWait::screen`].
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    pub(crate) nowait: NoWait,
    pub(crate) name: NameId,
}

impl Screen {
    /// The screen began to exist.
    #[inline]
    pub fn created(self) {
        self.nowait.signal(&Signal::ScreenCreated {
            at: self.nowait.now_ns(),
            id: self.name.0.into(),
            screen: self.name,
        });
    }

    /// Its first frame was presented (time to initial display).
    #[inline]
    pub fn shown(self) {
        self.nowait.signal(&Signal::ScreenShown {
            at: self.nowait.now_ns(),
            id: self.name.0.into(),
            screen: self.name,
        });
    }

    /// It shows what the customer came for (time to full display).
    #[inline]
    pub fn ready(self) {
        self.nowait.signal(&Signal::ScreenReady {
            at: self.nowait.now_ns(),
            id: self.name.0.into(),
            screen: self.name,
        });
    }

    /// It is gone.
    #[inline]
    pub fn left(self) {
        self.nowait.signal(&Signal::ScreenLeft { at: self.nowait.now_ns(), id: self.name.0.into() });
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
        let started = self.nowait.now_ns();
        let id = self.nowait.next_id();
        self.nowait.signal(&Signal::ActionStarted { at: started, id, action: self.name });
        Span { action: self, id }
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
    action: Action,
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
        let nowait = self.action.nowait;
        let ended = nowait.now_ns();
        nowait.signal(&Signal::ActionEnded { at: ended, id: self.id, outcome });
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
        let id = self.nowait.next_id();
        self.nowait.signal(&Signal::RequestStarted { at: self.nowait.now_ns(), id, route: self.name });
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
        let at = self.nowait.now_ns();
        self.nowait.signal(&Signal::RequestEnded { at, id: self.id, status, outcome });
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
        let id = self.nowait.next_id();
        self.nowait.signal(&Signal::JourneyStarted { at: self.nowait.now_ns(), id, journey: self.name });
        Travel { nowait: self.nowait, id }
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
        self.nowait.signal(&Signal::StepStarted { at: self.nowait.now_ns(), id: self.id, step: name });
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
        self.nowait.signal(&Signal::JourneyEnded { at: self.nowait.now_ns(), id: self.id, outcome });
    }
}

impl Drop for Travel {
    fn drop(&mut self) {
        self.finish(Outcome::Abandoned);
    }
}
