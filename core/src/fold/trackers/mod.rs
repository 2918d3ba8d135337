//! Pure state machines that turn facts into finished waits.
//!
//! Owns: the trackers (one file each, rules on its front page) and their composition, [`Trackers`].
//! Refuses: clocks (time is an argument), allocation, threads, storage, names as text.
//! Invariant: **trackers know no clock**, and every wait that began ends in at most one event.
//!
//! These rules hold for all of them:
//! - A wait that spans a trip to the background is `interrupted` and lasts until that trip began. What begins in the
//!   background is no wait. (Journeys and steps go on: the trip is their away time.)
//! - A wait may take its limit; it expires when a later moment is seen, by a tick or any other fact, and then
//!   carries the limit as its duration, however late that was noticed.
//! - Waits last on the uptime clock, which stands still while the device sleeps; absence (journeys, and whether the
//!   app came back at once) on the boot clock. Ticks tell how long the device slept.
//! - A wait that is open when the process ends has `died` then. One that was open while facts were refused is
//!   `interrupted` unless its own end comes.
//! - Facts may come slightly out of order, twice or never. They never panic; what is missing ends by its limit.
//!
//! The state is a value: written and read back anywhere between two facts, it makes the same events of those that
//! follow. `core/testdata/*.script` says the rules in facts and events.

mod action;
mod crash;
mod doubt;
pub mod frame_times;
mod frames;
mod hang;
mod in_flight;
mod journey;
mod launch;
pub mod limits;
mod measured;
mod place;
mod presence;
mod rage;
mod rating;
mod repeat;
mod request;
mod screen;
mod settled;
mod table;
mod tap;
mod time;
mod trips;
mod visit;

pub use presence::Presence;
pub(crate) use rating::RATINGS;

use crate::record::Fact;
use nowait_wire::{Event, NameId, Outcome};
pub(crate) use place::Place;
use serde::{Deserialize, Serialize};

/// Where finished events go; a closure will do.
pub trait Sink {
    /// Takes one finished event.
    fn event(&mut self, event: Event);
}

impl<F: FnMut(Event)> Sink for F {
    fn event(&mut self, event: Event) {
        self(event);
    }
}

/// All trackers of one process. About 8 kB, no heap; written, at most [`limits::STATE_BYTES_MAX`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trackers {
    launch: launch::Launch,
    screens: screen::Screens,
    taps: tap::Taps,
    rage_taps: rage::RageTaps,
    settled: settled::Settled,
    frames: frames::Frames,
    hang: hang::Hang,
    crash: crash::Crash,
    requests: request::Requests,
    journeys: journey::Journeys,
    actions: action::Actions,
    visits: visit::Visits,
    repeats: repeat::Repeats,
    trips: presence::Trips,
    doubt: doubt::Doubt,
    process_seen: bool,
    /// Boot clock less uptime clock; unknown before the first tick.
    slept_ns: Option<u64>,
    lost: u64,
}

impl Default for Trackers {
    fn default() -> Self {
        Trackers::new()
    }
}

impl Trackers {
    /// Trackers that have seen nothing yet.
    #[must_use]
    pub fn new() -> Trackers {
        Trackers {
            launch: launch::Launch::default(),
            screens: screen::Screens::new(),
            taps: tap::Taps::new(),
            rage_taps: rage::RageTaps::new(),
            settled: settled::Settled::default(),
            frames: frames::Frames::default(),
            hang: hang::Hang::default(),
            crash: crash::Crash::default(),
            requests: request::Requests::new(),
            journeys: journey::Journeys::new(),
            actions: action::Actions::new(),
            visits: visit::Visits::new(),
            repeats: repeat::Repeats::new(),
            trips: presence::Trips::default(),
            doubt: doubt::Doubt::default(),
            process_seen: false,
            slept_ns: None,
            lost: 0,
        }
    }

    /// How many waits were given up since the start because a table was full.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Whether the app is in front.
    #[must_use]
    pub fn presence(&self) -> Presence {
        self.trips.presence()
    }

    /// Whether an exception that nobody caught ends the process, if it ends now.
    #[must_use]
    pub fn has_crashed(&self) -> bool {
        self.crash.is_fatal()
    }

    /// How long the device has slept since it was booted, in nanoseconds, as far as ticks told: the boot clock is
    /// this much ahead of the uptime clock. Never goes down; 0 before the first tick.
    #[must_use]
    pub fn slept_ns(&self) -> u64 {
        self.slept_ns.unwrap_or_default()
    }

    /// Where an event that no tracker makes happens now.
    pub(crate) fn place(&self) -> Place {
        Place { screen: self.visits.current().screen, journey: self.journeys.current() }
    }

    /// Takes one fact and hands every event that it finishes to `sink`.
    pub fn fact(&mut self, fact: &Fact, sink: &mut impl Sink) {
        // Neither says that time passed: a mark waits for nobody, and a measured event has any end that the app gave it.
        match fact {
            Fact::Breadcrumb { .. } => return,
            Fact::Measured(event) => return sink.event(self.measured(event)),
            _ => {}
        }
        if self.repeats.is_repeat(fact) {
            return;
        }
        self.pass(fact.at(), sink);
        self.crash.fact(fact);
        match *fact {
            Fact::Tick { at, boot_ns, .. } => self.tick(at, boot_ns, sink),
            Fact::ProcessStarted { at, visible } => self.process_started(at, visible, sink),
            Fact::MainIdle { at } => self.launch.main_idle(at),
            Fact::Foreground { at, restored } => self.foreground(at, Some(restored), sink),
            Fact::Background { at } => self.background(at, sink),
            Fact::TouchUp { at, target } => self.touch_up(at, target, sink),
            Fact::TouchHandled { at } => self.touch_handled(at, sink),
            Fact::Frame { started, deadline, at } => self.frame(started, deadline, at, sink),
            Fact::Navigation { .. }
            | Fact::ScreenCreated { .. }
            | Fact::ScreenShown { .. }
            | Fact::ScreenReady { .. }
            | Fact::ScreenLeft { .. } => self.screen(fact, sink),
            Fact::RequestStarted { at, id, route } => self.request_started(at, id, route),
            Fact::RequestEnded { at, id, status, outcome } => {
                self.request_ended(at, id, status, outcome, sink);
            }
            Fact::ActionStarted { at, id, action } => self.action_started(at, id, action, sink),
            Fact::ActionEnded { at, id, outcome } => tell(self.actions.ended(at, id, outcome), sink),
            Fact::MainPing { at } if !self.trips.is_away() => self.hang.ping(at, self.place()),
            Fact::MainPong { at } => self.tell_judged(|trackers| trackers.hang.pong(at), sink),
            Fact::JourneyStarted { .. }
            | Fact::StepStarted { .. }
            | Fact::JourneyEnded { .. }
            | Fact::HandedOver { .. } => self.journey(fact, sink),
            Fact::Rated { at, id, name, rating } => tell(self.rated(at, id, name, rating), sink),
            Fact::Crashed { .. } | Fact::MainPing { .. } | Fact::Breadcrumb { .. } | Fact::Measured(_) => {}
        }
    }

    /// Facts were refused here, between the last one and the next: one of them may have been the end of any wait that
    /// is open now. Each of these ends as `interrupted` unless its own end comes.
    pub fn facts_were_refused(&mut self) {
        self.doubt.raise(self.journeys.now());
        // No event tells that a burst was perhaps answered.
        self.rage_taps.forget_all();
    }

    fn touch_up(&mut self, at: u64, target: NameId, sink: &mut impl Sink) {
        match self.trips.away_since() {
            // Nobody touches an app that is not in front: the word of its return was lost.
            Some(since) if at > since => self.foreground(at, None, sink),
            Some(_) => return,
            None => self.trips.enter(at),
        }
        let place = self.place();
        let tracked = self.taps.touch_up(at, target, place);
        self.count_lost(tracked);
        tell(self.rage_taps.touch_up(at, target, place), sink);
        let in_flight = self.requests.waiting();
        self.tell_judged(|trackers| trackers.settled.touch_up(at, target, in_flight, place), sink);
    }

    fn touch_handled(&mut self, at: u64, sink: &mut impl Sink) {
        let Trackers { taps, rage_taps, settled, doubt, .. } = self;
        settled.handled(at);
        taps.handled(at, |tap| answered(rage_taps, doubt.judge(tap), sink));
    }

    fn frame(&mut self, started: u64, deadline: u64, at: u64, sink: &mut impl Sink) {
        if self.trips.is_away() {
            return;
        }
        self.tell_judged(|trackers| trackers.launch.frame(at), sink);
        let Trackers { taps, rage_taps, doubt, .. } = self;
        taps.frame(started, at, |tap| answered(rage_taps, doubt.judge(tap), sink));
        self.settled.frame(at);
        self.frames.frame(started, deadline, at);
    }

    fn screen(&mut self, fact: &Fact, sink: &mut impl Sink) {
        let before = self.visits.current().id;
        match *fact {
            Fact::Navigation { at } => self.screens.navigation(at),
            Fact::ScreenCreated { at, id, screen } => self.screen_created(at, id, screen, sink),
            Fact::ScreenShown { at, id, screen } if !self.visits.was_left(id) => {
                self.visits.shown(id, screen);
                self.launch_sees_screen(at);
                self.screens.shown(at, id);
                self.finish_screen(id, sink);
            }
            Fact::ScreenReady { at, id, screen } if !self.visits.was_left(id) => {
                self.visits.ready(id, screen);
                self.launch_sees_screen(at);
                self.screens.ready(at, id);
                self.finish_screen(id, sink);
            }
            Fact::ScreenLeft { at, id } => self.screen_left(at, id, sink),
            _ => {}
        }
        if self.visits.current().id != before {
            self.turn(fact.at(), sink);
        }
    }

    fn screen_created(&mut self, at: u64, id: u64, screen: NameId, sink: &mut impl Sink) {
        if self.visits.was_left(id) {
            return;
        }
        let place = self.place();
        if self.trips.is_away() {
            self.launch.screen_away(at, place);
        } else {
            self.launch.screen(at, true, place);
        }
        let tap = self.settled.touched().or(self.taps.unanswered());
        let tracked = self.screens.created(at, id, screen, tap, place.journey);
        self.count_lost(tracked);
        self.finish_screen(id, sink);
    }

    fn launch_sees_screen(&mut self, at: u64) {
        if !self.trips.is_away() {
            self.launch.screen(at, false, self.place());
        }
    }

    fn finish_screen(&mut self, id: u64, sink: &mut impl Sink) {
        let finished = self.screens.finish(id);
        if !self.trips.is_away() {
            tell(finished, sink);
        }
    }

    fn screen_left(&mut self, at: u64, id: u64, sink: &mut impl Sink) {
        self.visits.left(id);
        let Some((event, was_shown)) = self.screens.left(at, id) else { return };
        let is_router = event.outcome == Outcome::Abandoned && !was_shown && self.launch.covers(at);
        if !self.trips.is_away() && !is_router {
            sink.event(event);
        }
    }

    /// A request that begins in the background makes nobody wait and is not followed.
    fn request_started(&mut self, at: u64, id: u64, route: NameId) {
        if !self.trips.is_away() {
            let tracked = self.requests.started(at, id, route, self.place());
            self.count_lost(tracked);
            self.settled.requests(at, self.requests.waiting());
        }
    }

    fn request_ended(&mut self, at: u64, id: u64, status: u16, outcome: Outcome, sink: &mut impl Sink) {
        if let Some(event) = self.requests.ended(at, id, status, outcome) {
            sink.event(event);
            self.settled.requests(at, self.requests.waiting());
        }
    }

    fn action_started(&mut self, at: u64, id: u64, action: NameId, sink: &mut impl Sink) {
        let place = self.place();
        match self.trips.away_since() {
            Some(left) => sink.event(action::Actions::started_away(at, action, place, left)),
            None => {
                let tracked = self.actions.started(at, id, action, place);
                self.count_lost(tracked);
            }
        }
    }

    fn journey(&mut self, fact: &Fact, sink: &mut impl Sink) {
        let screen = self.visits.current().screen;
        match *fact {
            Fact::JourneyStarted { at, id, journey } => {
                let tracked = self.journeys.started(at, id, journey, screen);
                self.count_lost(tracked);
            }
            Fact::StepStarted { at, id, step } => tell(self.journeys.step(at, id, step, screen), sink),
            Fact::JourneyEnded { at, id, outcome } => {
                self.journeys.ended(at, id, outcome, |event| sink.event(event));
            }
            Fact::HandedOver { at, id, continuation } => {
                tell(self.journeys.handed_over(at, id, continuation, screen), sink);
            }
            _ => {}
        }
    }

    fn count_lost(&mut self, kept: bool) {
        self.lost = self.lost.saturating_add(u64::from(!kept));
    }

    /// Hands on a wait that was ended by something else than its own end.
    fn tell_judged(&mut self, end: impl FnOnce(&mut Trackers) -> Option<Event>, sink: &mut impl Sink) {
        if let Some(event) = end(self) {
            sink.event(self.doubt.judge(event));
        }
    }
}

fn tell(event: Option<Event>, sink: &mut impl Sink) {
    if let Some(event) = event {
        sink.event(event);
    }
}

/// Hands on a tap that a frame answered: it was no rage.
fn answered(rage_taps: &mut rage::RageTaps, tap: Event, sink: &mut impl Sink) {
    rage_taps.answered(tap.started_uptime_ns, tap.name);
    sink.event(tap);
}
