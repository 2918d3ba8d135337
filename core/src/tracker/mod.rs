//! Pure state machines that turn raw signals into finished waits.
//!
//! Owns: the trackers (one file each, rules on its front page) and their composition, [`Trackers`].
//! Refuses: clocks (time is an argument), allocation, threads, storage, names as text.
//! Invariant: **trackers know no clock**, and every wait that began ends in at most one event.
//!
//! Three rules hold for all of them:
//! - A wait that spans a trip to the background is `interrupted` and lasts until that trip began. What begins in the
//!   background is no wait. (Journeys and steps go on: the trip is their away time.)
//! - A wait may take its limit; it expires when a later moment is seen, by a tick or any other signal, and then
//!   carries the limit as its duration, however late that was noticed.
//! - Signals may come slightly out of order, twice or never. They never panic; what is missing ends by its limit.
//!
//! `core/testdata/*.script` says the same in signals and events.

mod action;
pub mod frame_times;
mod frames;
mod hang;
mod journey;
mod launch;
pub mod limits;
mod place;
mod rage;
mod repeat;
mod request;
mod screen;
mod settled;
mod signal;
mod table;
mod tap;
mod visit;

pub use signal::Signal;

use journey::Mode;
use limits::EXPIRIES_MAX;
use nowait_wire::{Event, NameId, Outcome};
use place::Place;

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

/// All trackers of one process. About 8 kB, no heap.
///
/// Until it is told otherwise, the app counts as in the foreground.
#[derive(Debug)]
pub struct Trackers {
    launch: launch::Launch,
    screens: screen::Screens,
    taps: tap::Taps,
    rage_taps: rage::RageTaps,
    settled: settled::Settled,
    frames: frames::Frames,
    hang: hang::Hang,
    requests: request::Requests,
    journeys: journey::Journeys,
    actions: action::Actions,
    visits: visit::Visits,
    repeats: repeat::Repeats,
    process_seen: bool,
    /// Since when the app is in the background.
    background: Option<u64>,
    lost: u64,
}

/// The trackers whose waits have a limit, in the order in which they expire at the same moment.
#[derive(Clone, Copy, Debug)]
enum Limited {
    Taps,
    RageTaps,
    Requests,
    Settled,
    Screens,
    Hang,
    Actions,
    Journeys,
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
            requests: request::Requests::new(),
            journeys: journey::Journeys::new(),
            actions: action::Actions::default(),
            visits: visit::Visits::new(),
            repeats: repeat::Repeats::new(),
            process_seen: false,
            background: None,
            lost: 0,
        }
    }

    /// How many waits were given up since the start: a table was full, or an id was used again before its end.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Takes one raw signal and hands every event that it finishes to `sink`.
    pub fn signal(&mut self, signal: &Signal, sink: &mut impl Sink) {
        if self.repeats.is_repeat(signal) {
            return;
        }
        self.pass(signal.at(), sink);
        match *signal {
            Signal::Tick { .. } => {}
            Signal::ProcessStarted { at, visible } => self.process_started(at, visible, sink),
            Signal::Foreground { at, restored } => self.foreground(at, Some(restored), sink),
            Signal::Background { at } => self.go_to_background(at, sink),
            Signal::TouchUp { at, target } => self.touch_up(at, target, sink),
            Signal::TouchHandled { at } => self.touch_handled(at, sink),
            Signal::Frame { started, deadline, at } => self.frame(started, deadline, at, sink),
            Signal::Navigation { .. }
            | Signal::ScreenCreated { .. }
            | Signal::ScreenShown { .. }
            | Signal::ScreenReady { .. }
            | Signal::ScreenLeft { .. } => self.screen(signal, sink),
            Signal::RequestStarted { at, id, route } => self.request_started(at, id, route),
            Signal::RequestEnded { at, id, status, outcome } => {
                self.request_ended(at, id, status, outcome, sink);
            }
            Signal::ActionStarted { at } => self.actions.started(at),
            Signal::ActionEnded { .. } => self.actions.ended(),
            Signal::MainPing { at } if self.background.is_none() => self.hang.ping(at, self.place()),
            Signal::MainPing { .. } => {}
            Signal::MainPong { at } => tell(self.hang.pong(at), sink),
            Signal::JourneyStarted { .. } | Signal::StepStarted { .. } | Signal::JourneyEnded { .. } => {
                self.journey(signal, sink);
            }
        }
    }

    /// Where an event that no tracker makes happens now.
    pub(crate) fn place(&self) -> Place {
        Place { screen: self.visits.current(), journey: self.journeys.current() }
    }

    fn mode(&self) -> Mode {
        let waiting = self.taps.waiting()
            || self.screens.waiting()
            || self.requests.waiting()
            || self.actions.waiting();
        match (self.background, waiting) {
            (Some(_), _) => Mode::Away,
            (None, true) => Mode::Waiting,
            (None, false) => Mode::Acting,
        }
    }

    /// Lets time pass up to `now`: every limit that ended before it expires, in the order of time.
    fn pass(&mut self, now: u64, sink: &mut impl Sink) {
        for _ in 0..EXPIRIES_MAX {
            let (due, limited) = self.first_due();
            if due >= now {
                break;
            }
            self.journeys.pass(due, self.mode());
            self.expire(limited, due, sink);
        }
        self.journeys.pass(now, self.mode());
    }

    fn first_due(&self) -> (u64, Limited) {
        let mut first = (self.taps.due(), Limited::Taps);
        for other in [
            (self.rage_taps.due(), Limited::RageTaps),
            (self.requests.due(), Limited::Requests),
            (self.settled.due(), Limited::Settled),
            (self.screens.due(), Limited::Screens),
            (self.hang.due(), Limited::Hang),
            (self.actions.due(), Limited::Actions),
            (self.journeys.due(), Limited::Journeys),
        ] {
            if other.0 < first.0 {
                first = other;
            }
        }
        first
    }

    /// Ends one wait whose limit is `due`.
    fn expire(&mut self, limited: Limited, due: u64, sink: &mut impl Sink) {
        match limited {
            Limited::Taps => tell(self.taps.expire(due), sink),
            Limited::RageTaps => tell(self.rage_taps.expire(due), sink),
            Limited::Requests => {
                tell(self.requests.expire(due), sink);
                self.settled.requests(due, self.requests.waiting());
            }
            Limited::Settled => tell(self.settled.expire(), sink),
            Limited::Screens => tell(self.screens.expire(due), sink),
            Limited::Hang => tell(self.hang.expire(), sink),
            Limited::Actions => self.actions.expire(),
            Limited::Journeys => self.journeys.expire(due, |event| sink.event(event)),
        }
    }

    fn process_started(&mut self, at: u64, visible: bool, sink: &mut impl Sink) {
        if std::mem::replace(&mut self.process_seen, true) {
            return;
        }
        match (visible, self.background) {
            (true, None) => {
                self.launch.process_started(at);
                self.turn(at, sink);
            }
            // Told late: the customer has left again.
            (true, Some(_)) => {}
            (false, _) => self.go_to_background(at, sink),
        }
    }

    /// `restored` is `None` when only a touch tells that the app is in front: that is no launch.
    fn foreground(&mut self, at: u64, restored: Option<bool>, sink: &mut impl Sink) {
        if self.background.take().is_none() {
            return;
        }
        if let Some(restored) = restored {
            self.launch.foreground(at, restored, self.place());
        }
        self.screens.foreground(at);
        self.turn(at, sink);
    }

    fn go_to_background(&mut self, at: u64, sink: &mut impl Sink) {
        if self.background.is_some() {
            return;
        }
        tell(self.launch.background(at), sink);
        self.taps.background(at, |event| sink.event(event));
        self.rage_taps.background(|event| sink.event(event));
        tell(self.settled.background(at), sink);
        self.screens.background(at, |event| sink.event(event));
        self.requests.background(at, |event| sink.event(event));
        tell(self.hang.background(at), sink);
        self.turn(at, sink);
        self.background = Some(at);
    }

    /// Ends the visit whose frames were counted and begins the next.
    fn turn(&mut self, at: u64, sink: &mut impl Sink) {
        let place = self.place();
        self.frames.turn(at, place).into_iter().flatten().for_each(|event| sink.event(event));
    }

    fn touch_up(&mut self, at: u64, target: NameId, sink: &mut impl Sink) {
        match self.background {
            // Nobody touches an app that is not in front: the signal of its return was lost.
            Some(since) if at > since => self.foreground(at, None, sink),
            Some(_) => return,
            None => {}
        }
        let place = self.place();
        let tracked = self.taps.touch_up(at, target, place);
        self.count_lost(tracked);
        tell(self.rage_taps.touch_up(at, target, place), sink);
        tell(self.settled.touch_up(at, target, self.requests.waiting(), place), sink);
    }

    fn touch_handled(&mut self, at: u64, sink: &mut impl Sink) {
        let Trackers { taps, rage_taps, settled, .. } = self;
        settled.handled(at);
        taps.handled(at, |tap| answered(rage_taps, tap, sink));
    }

    fn frame(&mut self, started: u64, deadline: u64, at: u64, sink: &mut impl Sink) {
        if self.background.is_some() {
            return;
        }
        tell(self.launch.frame(at), sink);
        let Trackers { taps, rage_taps, .. } = self;
        taps.frame(started, at, |tap| answered(rage_taps, tap, sink));
        self.settled.frame(at);
        self.frames.frame(started, deadline, at);
    }

    fn screen(&mut self, signal: &Signal, sink: &mut impl Sink) {
        let before = self.visits.current();
        match *signal {
            Signal::Navigation { at } => self.screens.navigation(at),
            Signal::ScreenCreated { at, screen } => {
                let tap = self.settled.touched().or(self.taps.unanswered());
                let tracked = self.screens.created(at, screen, tap, self.place());
                self.count_lost(tracked);
            }
            Signal::ScreenShown { at, screen } => {
                self.visits.shown(screen);
                tell(self.screens.shown(at, screen), sink);
            }
            Signal::ScreenReady { at, screen } => {
                self.visits.ready(screen);
                tell(self.screens.ready(at, screen), sink);
            }
            Signal::ScreenLeft { at, screen } => {
                self.visits.left(screen);
                tell(self.screens.left(at, screen), sink);
            }
            _ => {}
        }
        if self.visits.current() != before {
            self.turn(signal.at(), sink);
        }
    }

    /// A request that begins in the background makes nobody wait and is not followed.
    fn request_started(&mut self, at: u64, id: u64, route: NameId) {
        if self.background.is_none() {
            let kept = self.requests.started(at, id, route, self.place());
            self.count_lost(kept);
            self.settled.requests(at, self.requests.waiting());
        }
    }

    fn request_ended(&mut self, at: u64, id: u64, status: u16, outcome: Outcome, sink: &mut impl Sink) {
        if let Some(event) = self.requests.ended(at, id, status, outcome) {
            sink.event(event);
            self.settled.requests(at, self.requests.waiting());
        }
    }

    fn journey(&mut self, signal: &Signal, sink: &mut impl Sink) {
        let screen = self.visits.current();
        match *signal {
            Signal::JourneyStarted { at, id, journey } => {
                let tracked = self.journeys.started(at, id, journey, screen);
                self.count_lost(tracked);
            }
            Signal::StepStarted { at, id, step } => tell(self.journeys.step(at, id, step, screen), sink),
            Signal::JourneyEnded { at, id, outcome } => {
                self.journeys.ended(at, id, outcome, |event| sink.event(event));
            }
            _ => {}
        }
    }

    fn count_lost(&mut self, kept: bool) {
        self.lost = self.lost.saturating_add(u64::from(!kept));
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
