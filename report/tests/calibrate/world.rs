//! Releases whose truth is known: who uses them, how long they wait, and how that ends.
//!
//! Owns: the worlds. Refuses: verdicts.
//! Invariant: a seed gives the same waits, always.

use crate::random::Random;
use nowait_report::{Better, Measured, Metric, Side, Stratum, Unit};
use nowait_wire::{Event, Kind, NameId, Network, Os, Outcome, Tier};

/// The median of a wait, in nanoseconds.
pub(crate) const MEDIAN_NS: f64 = 4e8;

/// How waits of a release come about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    /// Waits of a touchpoint.
    pub(crate) waits: usize,
    pub(crate) touchpoints: usize,
    /// The longest session, in waits at each touchpoint.
    pub(crate) session_max: u64,
    /// How much of the variance of a wait is its session's.
    pub(crate) correlation: f64,
    /// The standard deviation of the logarithm of a wait.
    pub(crate) sigma: f64,
    /// How much longer every wait is than it was.
    pub(crate) factor: f64,
    /// The same of those beyond the nine-in-ten point.
    pub(crate) tail_factor: f64,
    /// The share of customers with a low-end device, which is twice as slow.
    pub(crate) low_end: f64,
    /// The share of sessions in which everything fails.
    pub(crate) failing: f64,
    /// Waits beyond the nine-in-ten point are given up there.
    pub(crate) gives_up: bool,
    /// Times are whole frames of this many nanoseconds.
    pub(crate) frame_ns: Option<f64>,
    /// Sessions are runs of a benchmark with so many values each.
    pub(crate) values_a_run: Option<usize>,
}

impl Default for World {
    fn default() -> World {
        World {
            waits: 500,
            touchpoints: 1,
            session_max: 1,
            correlation: 0.0,
            sigma: 0.5,
            factor: 1.0,
            tail_factor: 1.0,
            low_end: 0.0,
            failing: 0.0,
            gives_up: false,
            frame_ns: None,
            values_a_run: None,
        }
    }
}

/// A wait at a touchpoint, by its number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    pub(crate) touchpoint: usize,
    pub(crate) ns: f64,
    pub(crate) outcome: Outcome,
}

/// One session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) tier: Tier,
    pub(crate) waits: Vec<Wait>,
    /// Whether it is a run of a benchmark.
    pub(crate) is_run: bool,
}

impl World {
    /// The sessions of a release.
    pub(crate) fn sessions(&self, random: &mut Random) -> Vec<Session> {
        let mut sessions = Vec::new();
        let mut left = self.waits;
        while left > 0 {
            let length = match self.values_a_run {
                Some(values) => values,
                None => 1 + random.below(self.session_max) as usize,
            };
            let length = length.min(left);
            left -= length;
            sessions.push(self.session(random, length));
        }
        sessions
    }

    fn session(&self, random: &mut Random, length: usize) -> Session {
        let is_low = random.unit() < self.low_end;
        let fails = random.unit() < self.failing;
        let mut waits = Vec::with_capacity(length * self.touchpoints);
        for touchpoint in 0..self.touchpoints {
            let of_session = random.normal();
            for _ in 0..length {
                let own = random.normal();
                let z = self.correlation.sqrt() * of_session + (1.0 - self.correlation).sqrt() * own;
                waits.push(self.wait(touchpoint, z, is_low, fails));
            }
        }
        let tier = if is_low { Tier::Low } else { Tier::High };
        Session { tier, waits, is_run: self.values_a_run.is_some() }
    }

    fn wait(&self, touchpoint: usize, z: f64, is_low: bool, fails: bool) -> Wait {
        /// Nine in ten standard normal numbers are below.
        const NINE_IN_TEN: f64 = 1.281_551_565_5;
        let is_tail = z > NINE_IN_TEN;
        let gives_up = self.gives_up && is_tail;
        let z = if gives_up { NINE_IN_TEN } else { z };
        let mut ns = MEDIAN_NS * self.factor * (self.sigma * z).exp();
        ns *= if is_tail { self.tail_factor } else { 1.0 };
        ns *= if is_low { 2.0 } else { 1.0 };
        if let Some(frame) = self.frame_ns {
            ns = (ns / frame).ceil() * frame;
        }
        let outcome = match (gives_up, fails) {
            (true, _) => Outcome::Abandoned,
            (_, true) => Outcome::Failed,
            _ => Outcome::Done,
        };
        Wait { touchpoint, ns, outcome }
    }
}

/// The name of a touchpoint.
pub(crate) fn name(touchpoint: usize) -> String {
    format!("Screen{touchpoint}")
}

/// The side of a comparison that these sessions are.
pub(crate) fn side(sessions: &[Session]) -> Side {
    let mut side = Side::new();
    let touchpoints =
        sessions.iter().flat_map(|session| &session.waits).map(|wait| wait.touchpoint + 1).max();
    let names: Vec<String> = (0..touchpoints.unwrap_or(0)).map(name).collect();
    for (nth, session) in sessions.iter().enumerate() {
        if session.is_run {
            add_run(&mut side, nth, session, &names);
            continue;
        }
        let stratum =
            Stratum { tier: session.tier, network: Network::Wifi, os: Os::Android, ..Stratum::UNKNOWN };
        side.add_whole_session(session.waits.iter().map(|wait| {
            let event = Event {
                duration_ns: wait.ns as u64,
                outcome: wait.outcome,
                ..Event::new(Kind::Screen, NameId(6))
            };
            (stratum, names[wait.touchpoint].as_str(), event)
        }));
    }
    side
}

/// A run of a benchmark, with a metric for each touchpoint.
fn add_run(side: &mut Side, nth: usize, run: &Session, names: &[String]) {
    let metric = Metric { unit: Unit::Nanoseconds, better: Better::Less };
    for (touchpoint, name) in names.iter().enumerate() {
        let of_metric = run.waits.iter().filter(|wait| wait.touchpoint == touchpoint);
        let values: Vec<Measured> = of_metric.map(|wait| Measured::of(wait.ns)).collect();
        side.add_run(name, &metric, &nth.to_string(), &values);
    }
}
