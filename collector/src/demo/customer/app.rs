//! The customer's app: a main thread, a display, a finger, and a bank at the other end of the network.
//!
//! It tells NoWait the facts that a platform's face would, at the moments at which things really happen: a frame
//! really draws, a request really waits, a stall really stops the main thread.
//!
//! Owns: what the app does on one touch. Refuses: to know where the customer wants to go (see `walk`).
//! Invariant: only NoWait's public interface is used, and no time stamp is anything but the moment of its fact.

use super::note::{Note, Orders};
use crate::demo::bank::{Endpoint, SESSION_HEADER, VERSION_HEADER};
use crate::demo::random::Random;
use nowait_core::{Conditions, Fact, Kind, NOW, Network, NoWait, Rating, Span, Travel, Visit};
use std::pin::pin;
use std::time::Duration;
use tokio::time::Instant;

/// Time between two frames: a display of 60 Hz.
const FRAME: Duration = Duration::from_nanos(16_666_667);
/// Frames of the transition to another screen: the quarter of a second that both platforms' transitions take.
const TRANSITION_FRAMES: u32 = 15;
/// How often the watchdog asks the main thread for a sign of life, well below the 250 ms of a hang.
const PING: Duration = Duration::from_millis(100);
/// When a customer who is called away leaves, after a request began: no answer of the bank comes that soon.
const CALLED_AWAY: Duration = Duration::from_millis(30);

/// How many of those who came to an end rate it.
const RATED: f64 = 0.25;
/// A journey that takes longer than this is rated one lower.
const LONG: Duration = Duration::from_millis(3_500);

/// How the bank answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// With what was asked for, or the screen needed nothing.
    Good,
    /// With an error.
    Bad,
    /// Not at all: the device has no network, and the app shows what it knew.
    Offline,
}

/// How a journey ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Done,
    Failed,
    GivenUp,
}

/// The way to the bank.
#[derive(Clone, Debug)]
pub(super) struct Bank {
    pub(super) client: reqwest::Client,
    pub(super) url: String,
    pub(super) version: String,
}

/// One running app.
#[derive(Debug)]
pub(super) struct App {
    pub(super) nowait: NoWait,
    pub(super) random: Random,
    note: Note,
    orders: Orders,
    bank: Bank,
    offline: bool,
    /// The screen in front, and whether it became ready.
    screen: Option<(Visit, bool)>,
    /// Whether the main thread has had nothing to do yet.
    was_idle: bool,
    /// The display's next frame and the same moment on NoWait's clock.
    vsync: Instant,
    canvas: Vec<u64>,
}

impl App {
    pub(super) fn new(nowait: NoWait, random: Random, note: Note, orders: Orders, bank: Bank) -> App {
        App {
            nowait,
            random,
            note,
            orders,
            bank,
            offline: false,
            screen: None,
            was_idle: false,
            vsync: Instant::now(),
            canvas: vec![1; 2_048],
        }
    }

    /// Gives the end of the pipe back.
    pub(super) fn into_note(self) -> Note {
        self.note
    }

    /// Tells NoWait a fact.
    pub(super) fn tell(&mut self, fact: Fact) {
        self.nowait.append(fact);
        self.note.facts(1);
        if matches!(fact, Fact::Foreground { .. } | Fact::Background { .. }) {
            self.note.ended(Kind::Lifecycle);
        }
    }

    /// Answers the watchdog on the main thread, and starts it: both run until the process ends.
    pub(super) fn watch(&self) -> std::io::Result<()> {
        let nowait = self.nowait;
        let (ping, mut pings) = tokio::sync::mpsc::unbounded_channel();
        std::thread::Builder::new().name("watchdog".to_owned()).spawn(move || {
            loop {
                nowait.append(Fact::MainPing { at: NOW });
                if ping.send(()).is_err() {
                    return;
                }
                std::thread::sleep(PING);
            }
        })?;
        tokio::spawn(async move {
            while pings.recv().await.is_some() {
                nowait.append(Fact::MainPong { at: NOW });
            }
        });
        Ok(())
    }

    /// Waits for the display and draws a frame.
    pub(super) async fn frame(&mut self) {
        self.vsync += FRAME * self.vsync.elapsed().as_nanos().div_ceil(FRAME.as_nanos()) as u32;
        tokio::time::sleep_until(self.vsync).await;
        let started = self.nowait.now_ns();
        let late = self.vsync.elapsed().as_nanos() as u64;
        self.draw();
        let deadline = (started + FRAME.as_nanos() as u64).saturating_sub(late);
        self.tell(Fact::Frame { started, deadline, at: NOW });
    }

    /// The work of a frame: some microseconds of arithmetic on 16 KiB.
    fn draw(&mut self) {
        let mut carry = 1_u64;
        for pixel in &mut self.canvas {
            carry = carry.wrapping_mul(31).wrapping_add(*pixel);
            *pixel = carry;
        }
        std::hint::black_box(&self.canvas);
    }

    async fn animate(&mut self, frames: u32) {
        for _ in 0..frames {
            self.frame().await;
        }
    }

    /// The finger leaves `target`; the handler runs; the next frame shows that something happened.
    pub(super) async fn tap(&mut self, target: &str) {
        self.touch(target);
        self.frame().await;
        self.note.ended(Kind::Tap);
    }

    /// The finger leaves `target` and the handler runs, without an effect.
    pub(super) fn touch(&mut self, target: &str) {
        let target = self.nowait.name(target);
        self.tell(Fact::TouchUp { at: NOW, target });
        self.draw();
        self.tell(Fact::TouchHandled { at: NOW });
    }

    /// Shows `name`, asks the bank for what it needs, and calls it ready when that is there.
    pub(super) async fn show(&mut self, name: &str, endpoints: &[&Endpoint]) -> Answer {
        let visit = self.nowait.screen(name).created();
        self.frame().await;
        visit.shown();
        self.note.facts(2);
        self.leave_screen(visit);
        if !std::mem::replace(&mut self.was_idle, true) {
            self.tell(Fact::MainIdle { at: NOW });
        }
        let mut answer = Answer::Good;
        for endpoint in endpoints {
            answer = self.ask(endpoint).await;
            if answer != Answer::Good {
                break;
            }
        }
        // An error is shown in the screen's place: what the customer came for never appears.
        if answer != Answer::Bad {
            visit.ready();
            self.note.facts(1);
            self.screen = Some((visit, true));
            self.note.ended(Kind::Screen);
        }
        self.animate(TRANSITION_FRAMES).await;
        answer
    }

    /// Another screen is in front.
    fn leave_screen(&mut self, next: Visit) {
        let Some((left, was_ready)) = self.screen.replace((next, false)) else { return };
        left.left();
        self.note.facts(1);
        if !was_ready {
            self.note.ended(Kind::Screen);
        }
    }

    /// Asks the bank, with a spinner. Now and then the customer is called away meanwhile: the system cuts the
    /// connection, and the app asks again when the customer is back.
    pub(super) async fn ask(&mut self, endpoint: &Endpoint) -> Answer {
        loop {
            self.notice_network();
            if self.offline {
                return Answer::Offline;
            }
            let called_away = self.random.chance(0.02);
            if let Some(answer) = self.exchange(endpoint, called_away).await {
                return answer;
            }
            self.return_from_away(true).await;
        }
    }

    /// One exchange with the bank; `None` if the customer was called away before the answer.
    async fn exchange(&mut self, endpoint: &Endpoint, called_away: bool) -> Option<Answer> {
        let (bank, nowait) = (self.bank.clone(), self.nowait);
        let request = self.nowait.route(endpoint.route).begin();
        self.note.facts(1);
        let mut call = pin!(async {
            let status = bank.call(endpoint, nowait).await;
            match status {
                Some(status) => request.end(status),
                None => request.fail(),
            }
            status
        });
        let leaves = tokio::time::sleep(CALLED_AWAY);
        let mut leaves = pin!(leaves);
        loop {
            tokio::select! {
                biased;
                status = &mut call => {
                    self.note.facts(1);
                    self.note.ended(Kind::Request);
                    return Some(if status.is_some_and(|status| status < 400) { Answer::Good } else { Answer::Bad });
                }
                () = &mut leaves, if called_away => {
                    self.leave();
                    self.note.ended(Kind::Request);
                    return None;
                }
                () = self.frame() => {}
            }
        }
    }

    /// The app leaves the foreground.
    pub(super) fn leave(&mut self) {
        self.tell(Fact::Background { at: NOW });
    }

    /// The customer is away for a moment and comes back; `restored` if the screen was kept.
    pub(super) async fn return_from_away(&mut self, restored: bool) {
        let away = self.random.between(0.3, 0.9);
        tokio::time::sleep(Duration::from_secs_f64(away)).await;
        self.tell(Fact::Foreground { at: NOW, restored });
        self.animate(2).await;
    }

    /// Takes note of whether the device has a network, and tells NoWait.
    fn notice_network(&mut self) {
        let offline = self.orders.is_offline();
        if offline != self.offline {
            self.offline = offline;
            let network = if offline { Network::Offline } else { Network::Unknown };
            self.nowait.conditions(Conditions { network, ..Conditions::default() });
        }
    }

    /// The main thread stands still: work that should have been elsewhere.
    pub(super) fn stall(&mut self) {
        let stall = self.random.between(0.30, 0.45);
        std::thread::sleep(Duration::from_secs_f64(stall));
    }

    /// Leaves a breadcrumb.
    pub(super) fn crumb(&mut self, name: &str) {
        self.nowait.breadcrumb(self.nowait.crumb(name));
        self.note.facts(1);
    }

    /// Sets out on a journey.
    pub(super) fn set_out(&mut self, journey: &str) -> Travel {
        let travel = self.nowait.journey(journey).begin();
        self.note.facts(1);
        self.note.set_walking(true);
        travel
    }

    /// Reaches a step of it; the one before, if any, is over.
    pub(super) fn step(&mut self, travel: &Travel, step: &str, is_first: bool) {
        travel.step(self.nowait.name(step));
        self.note.facts(1);
        if !is_first {
            self.note.ended(Kind::Step);
        }
    }

    /// Ends it, and its last step.
    pub(super) fn arrive(&mut self, journey: &str, travel: Travel, end: End, took: Duration) {
        let id = travel.id();
        match end {
            End::Done => travel.end(),
            End::Failed => travel.fail(),
            End::GivenUp => drop(travel),
        }
        self.note.facts(1);
        self.note.ended(Kind::Step);
        self.note.ended(Kind::Journey);
        self.note.set_walking(false);
        if !matches!(end, End::GivenUp) && self.random.chance(RATED) {
            let happy = if matches!(end, End::Done) { 5 } else { 2 };
            let rating = happy - u8::from(took > LONG) - u8::from(self.random.chance(0.3));
            if let Some(rating) = Rating::new(rating.max(1)) {
                self.nowait.journey(journey).rate(id, rating);
                self.note.facts(1);
            }
        }
    }

    /// Begins an action.
    pub(super) fn begin(&mut self, action: &str) -> Span {
        let span = self.nowait.action(action).begin();
        self.note.facts(1);
        span
    }

    /// Ends it.
    pub(super) fn end(&mut self, span: Span, answer: Answer) {
        if answer == Answer::Good {
            span.end()
        } else {
            span.fail()
        }
        self.note.facts(1);
        self.note.ended(Kind::Action);
    }

    /// The customer looks at the screen. Scaled down, so that a day fits into a minute; now and then long enough for
    /// the app to come to rest.
    pub(super) async fn think(&mut self) {
        let share = self.random.unit();
        let seconds = match share {
            s if s < 0.04 => 0.0,
            s if s < 0.94 => self.random.between(0.1, 0.4),
            _ => self.random.between(1.1, 1.4),
        };
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        if self.random.chance(0.03) {
            self.leave();
            let restored = self.random.chance(0.7);
            self.return_from_away(restored).await;
        }
    }

    /// Whether the device has a network, as far as the app noticed.
    pub(super) fn is_offline(&mut self) -> bool {
        self.notice_network();
        self.offline
    }
}

impl Bank {
    /// Asks, and takes the whole answer; its status, or `None` if there was none.
    async fn call(&self, endpoint: &Endpoint, nowait: NoWait) -> Option<u16> {
        let (method, path) = endpoint.parts();
        let method = method.parse().unwrap_or(reqwest::Method::GET);
        let request = self
            .client
            .request(method, format!("{}{path}", self.url))
            .header(VERSION_HEADER, &self.version)
            .header(SESSION_HEADER, nowait.session().to_string());
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        response.bytes().await.ok().map(|_| status)
    }
}
