//! The customer's app: a main thread, a display, a finger, and a bank at the other end of the network.
//!
//! It feeds NoWait the raw signals that a platform's face would, at the moments at which things really happen: a frame
//! really draws, a request really waits, a stall really stops the main thread.
//!
//! Owns: what the app does on one touch. Refuses: to know where the customer wants to go (see `walk`).
//! Invariant: only NoWait's public interface is used, and no time stamp is anything but the moment of its signal.

use super::note::{Note, Orders};
use crate::demo::bank::{Endpoint, SESSION_HEADER, VERSION_HEADER};
use crate::demo::random::Random;
use nowait_core::{Crumb, Network, NoWait, Screen, Signal};
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
    /// Whether a journey is under way.
    pub(super) walking: bool,
    note: Note,
    orders: Orders,
    bank: Bank,
    offline: bool,
    screen: Option<Screen>,
    /// The display's next frame and the same moment on NoWait's clock.
    vsync: Instant,
    canvas: Vec<u64>,
}

impl App {
    pub(super) fn new(nowait: NoWait, random: Random, note: Note, orders: Orders, bank: Bank) -> App {
        App {
            nowait,
            random,
            walking: false,
            note,
            orders,
            bank,
            offline: false,
            screen: None,
            vsync: Instant::now(),
            canvas: vec![1; 2_048],
        }
    }

    /// Gives the end of the pipe back, with everything acknowledged.
    pub(super) fn into_note(mut self) -> Note {
        self.acknowledge();
        self.note
    }

    /// Tells the fleet what is acknowledged. Called after whatever may have finished an event.
    pub(super) fn acknowledge(&mut self) {
        self.note.acknowledge(self.walking);
    }

    fn signal(&mut self, signal: &Signal) {
        self.nowait.signal(signal);
        self.acknowledge();
    }

    /// Answers the watchdog on the main thread, and starts it: both run until the process ends.
    pub(super) fn watch(&self) -> std::io::Result<()> {
        let nowait = self.nowait;
        let (ping, mut pings) = tokio::sync::mpsc::unbounded_channel();
        std::thread::Builder::new().name("watchdog".to_owned()).spawn(move || {
            loop {
                nowait.signal(&Signal::MainPing { at: nowait.now_ns() });
                if ping.send(()).is_err() {
                    return;
                }
                std::thread::sleep(PING);
            }
        })?;
        tokio::spawn(async move {
            while pings.recv().await.is_some() {
                nowait.signal(&Signal::MainPong { at: nowait.now_ns() });
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
        self.signal(&Signal::Frame { started, deadline, at: self.nowait.now_ns() });
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
    }

    /// The finger leaves `target` and the handler runs, without an effect.
    pub(super) fn touch(&mut self, target: &str) {
        let target = self.nowait.name(target);
        self.signal(&Signal::TouchUp { at: self.nowait.now_ns(), target });
        self.draw();
        self.signal(&Signal::TouchHandled { at: self.nowait.now_ns() });
    }

    /// Shows `name`, asks the bank for what it needs, and calls it ready when that is there.
    pub(super) async fn show(&mut self, name: &str, endpoints: &[&Endpoint]) -> Answer {
        let screen = self.nowait.screen(name);
        screen.created();
        self.frame().await;
        screen.shown();
        if let Some(left) = self.screen.replace(screen) {
            left.left();
        }
        self.acknowledge();
        let mut answer = Answer::Good;
        for endpoint in endpoints {
            answer = self.ask(endpoint).await;
            if answer != Answer::Good {
                break;
            }
        }
        // An error is shown in the screen's place: what the customer came for never appears.
        if answer != Answer::Bad {
            screen.ready();
            self.acknowledge();
        }
        self.animate(TRANSITION_FRAMES).await;
        answer
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
                    self.acknowledge();
                    return Some(if status.is_some_and(|status| status < 400) { Answer::Good } else { Answer::Bad });
                }
                () = &mut leaves, if called_away => {
                    self.leave();
                    return None;
                }
                () = self.frame() => {}
            }
        }
    }

    /// The app leaves the foreground.
    pub(super) fn leave(&mut self) {
        self.signal(&Signal::Background { at: self.nowait.now_ns() });
    }

    /// The customer is away for a moment and comes back; `restored` if the screen was kept.
    pub(super) async fn return_from_away(&mut self, restored: bool) {
        let away = self.random.between(0.3, 0.9);
        tokio::time::sleep(Duration::from_secs_f64(away)).await;
        self.signal(&Signal::Foreground { at: self.nowait.now_ns(), restored });
        self.animate(2).await;
    }

    /// Takes note of whether the device has a network, and tells NoWait.
    fn notice_network(&mut self) {
        let offline = self.orders.is_offline();
        if offline != self.offline {
            self.offline = offline;
            self.nowait.network(if offline { Network::Offline } else { Network::Unknown }, false);
        }
    }

    /// The main thread stands still: work that should have been elsewhere.
    pub(super) fn stall(&mut self) {
        let stall = self.random.between(0.30, 0.45);
        std::thread::sleep(Duration::from_secs_f64(stall));
    }

    /// Leaves a breadcrumb.
    pub(super) fn crumb(&self, name: &str) {
        let crumb: Crumb = self.nowait.crumb(name);
        self.nowait.breadcrumb(crumb);
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
        self.acknowledge();
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
