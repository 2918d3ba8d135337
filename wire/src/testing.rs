//! A bank customer's session, drawn from a seed: the same events for every test and every benchmark.
//!
//! Owns: [`session`]. Refuses: measuring anything; the figures here are shaped like real ones, not real.
//! Invariant: the same seed and count give the same batch, and every batch encodes.

use crate::batch::{Anchor, Batch, BatchId, Context, Network, Os, Tier};
use crate::event::{Event, Flags, Kind, NameId, Outcome};
use crate::ledger::{Cost, Facts, Ledger};
use uuid::Uuid;

const MS: u64 = 1_000_000;

/// Facts that a device records for each event that it makes of them, most of them frames.
const FACTS_PER_EVENT: u64 = 37;

/// A screen: its name, the routes it calls, its targets, and the screens that it leads to.
struct Screen {
    name: &'static str,
    routes: &'static [&'static str],
    targets: &'static [&'static str],
    next: &'static [usize],
}

/// The bank: a customer walks along `next`, first entry most often.
const SCREENS: [Screen; 10] = [
    Screen {
        name: "Login",
        routes: &["POST /v2/session", "GET /v2/config"],
        targets: &["Login.Submit", "Login.Biometric", "Login.ShowPin"],
        next: &[1],
    },
    Screen {
        name: "Home",
        routes: &["GET /v2/accounts", "GET /v2/offers", "GET /v2/cards"],
        targets: &["Home.Transfer", "Home.Accounts", "Home.QrPay", "Home.Bills", "Home.HideBalance"],
        next: &[4, 2, 8, 9, 7],
    },
    Screen {
        name: "Accounts",
        routes: &["GET /v2/accounts"],
        targets: &["Accounts.Row", "Accounts.Refresh"],
        next: &[3, 1],
    },
    Screen {
        name: "Account",
        routes: &["GET /v2/accounts/{id}", "GET /v2/accounts/{id}/entries"],
        targets: &["Account.More", "Account.Filter", "Account.Back"],
        next: &[1, 2, 4],
    },
    Screen {
        name: "Transfer",
        routes: &["GET /v2/payees", "GET /v2/limits"],
        targets: &["Transfer.Payee", "Transfer.Amount", "Transfer.Continue"],
        next: &[5, 5, 1],
    },
    Screen {
        name: "Confirm",
        routes: &["POST /v2/transfers/check"],
        targets: &["Confirm.Pay", "Confirm.Edit"],
        next: &[6, 6, 6, 4],
    },
    Screen {
        name: "Receipt",
        routes: &["POST /v2/transfers", "GET /v2/transfers/{id}"],
        targets: &["Receipt.Share", "Receipt.Done"],
        next: &[1],
    },
    Screen {
        name: "Cards",
        routes: &["GET /v2/cards", "GET /v2/cards/{id}/limits"],
        targets: &["Cards.Freeze", "Cards.Limits", "Cards.Back"],
        next: &[1, 1, 3],
    },
    Screen { name: "QrPay", routes: &["POST /v2/qr/resolve"], targets: &["QrPay.Scan"], next: &[5, 1] },
    Screen {
        name: "Bills",
        routes: &["GET /v2/bills", "GET /v2/bills/{id}"],
        targets: &["Bills.Row", "Bills.Pay"],
        next: &[5, 1],
    },
];

const HOME: usize = 1;
const TRANSFER: usize = 4;
const QR_PAY: usize = 8;
const BILLS: usize = 9;

/// A generator that is good enough to draw test data, and needs no crate (SplitMix64).
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in 0..1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.unit() * limit as f64) as usize
    }

    /// An index that is small more often than large.
    fn skewed(&mut self, limit: usize) -> usize {
        (self.unit() * self.unit() * limit as f64) as usize
    }

    /// Log-normal nanoseconds around this median in milliseconds.
    fn wait_ns(&mut self, median_ms: f64, sigma: f64) -> u64 {
        let normal = (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (core::f64::consts::TAU * self.unit()).cos();
        (median_ms * MS as f64 * (sigma * normal).exp()) as u64
    }
}

/// A journey that is under way, with the step that it has reached.
struct Journey {
    id: u64,
    name: NameId,
    screen: NameId,
    started: u64,
    waited: u64,
    step: Option<Event>,
}

/// What the customer did last and is still waited on: the tap that leads to the next screen.
struct Cause {
    started: u64,
    handled: u64,
}

struct Walk {
    rng: Rng,
    now: u64,
    screen: usize,
    journeys: u64,
    journey: Option<Journey>,
    names: Vec<String>,
    events: Vec<Event>,
}

/// One session of exactly this many events, as a device would seal it in one batch: the events are those
/// that the trackers of `core` give, with the places, causes and outcomes that they give them.
#[must_use]
pub fn session(seed: u64, events: usize) -> Batch {
    let mut rng = Rng(seed);
    let boot = 3_600_000 * MS + rng.next() % (86_400_000 * MS);
    let mut walk = Walk {
        now: boot,
        screen: 0,
        journeys: 0,
        journey: None,
        names: NameId::RESERVED.iter().map(|name| String::from(*name)).collect(),
        events: Vec::with_capacity(events + 64),
        rng,
    };
    let mut cause = walk.launch();
    while walk.events.len() < events {
        cause = walk.visit(&cause);
    }
    walk.events.truncate(events);
    walk.events.sort_by_key(|event| event.started_uptime_ns);
    let sealed = walk.now + 30_000 * MS;
    let mut batch = Batch {
        id: BatchId { session: Uuid::from_u64_pair(walk.rng.next(), walk.rng.next()), first: 0 },
        context: context(&mut walk.rng),
        anchors: vec![Anchor {
            uptime_ns: sealed,
            boot_ns: sealed + boot / 3,
            wall_unix_ms: 1_772_700_000_000 + (sealed - boot) / MS,
        }],
        ledger: Ledger {
            facts: Facts { folded: walk.events.len() as u64 * FACTS_PER_EVENT, ..Facts::default() },
            produced: walk.events.len() as u64,
            cost: cost(walk.events.len()),
            ..Ledger::default()
        },
        names: walk.names,
        events: walk.events,
    };
    keep_used_names(&mut batch);
    batch
}

/// Numbers the names in the order of their first use, as a device does when it seals a batch.
fn keep_used_names(batch: &mut Batch) {
    let mut names: Vec<String> = NameId::RESERVED.iter().map(|name| String::from(*name)).collect();
    let mut renumber = |id: &mut NameId| {
        let text = batch.names.get(id.0 as usize).cloned().unwrap_or_default();
        let index = names.iter().position(|name| *name == text).unwrap_or_else(|| {
            names.push(text);
            names.len() - 1
        });
        *id = NameId(index as u32);
    };
    for event in &mut batch.events {
        renumber(&mut event.name);
        renumber(&mut event.screen);
    }
    batch.names = names;
}

fn context(rng: &mut Rng) -> Context {
    Context {
        install: Uuid::from_u64_pair(rng.next(), rng.next()),
        app_version: "8.2.0".into(),
        app_build: "8f3c2a1".into(),
        os: Os::Android,
        os_version: "15".into(),
        device_model: "Pixel 8".into(),
        device_tier: Tier::High,
        network: Network::Cellular,
        country: "VN".into(),
        sdk_version: "0.1.0".into(),
        dimensions: vec![("login".into(), "biometric".into()), ("segment".into(), "retail".into())],
    }
}

impl Walk {
    fn name(&mut self, text: &str) -> NameId {
        let known = self.names.iter().position(|name| name == text);
        let index = known.unwrap_or_else(|| {
            self.names.push(text.into());
            self.names.len() - 1
        });
        NameId(index as u32)
    }

    /// Adds an event that began at `started` in the journey that is under way.
    fn push(&mut self, started: u64, event: Event) {
        let journey = self.journey.as_ref().map_or(0, |journey| journey.id);
        self.push_in(journey, Event { started_uptime_ns: started, ..event });
    }

    fn push_in(&mut self, journey: u64, event: Event) {
        let flags = if journey == 0 { Flags::NONE } else { Flags::IN_JOURNEY };
        self.events.push(Event { journey, flags, ..event });
    }

    fn launch(&mut self) -> Cause {
        let duration_ns = self.rng.wait_ns(900.0, 0.4);
        self.push(self.now, Event { duration_ns, ..Event::new(Kind::Launch, NameId::COLD) });
        self.push(self.now, Event { a: 1, ..Event::new(Kind::Lifecycle, NameId::NONE) });
        let started = self.now;
        self.now += duration_ns;
        Cause { started, handled: 0 }
    }

    /// One screen visit, from what caused it to the tap that leads to the next.
    fn visit(&mut self, cause: &Cause) -> Cause {
        let Some(screen) = SCREENS.get(self.screen) else { return Cause { started: self.now, handled: 0 } };
        let id = self.name(screen.name);
        self.journey_at(cause.started + cause.handled, id);
        let begin = cause.started + cause.handled + self.rng.wait_ns(9.0, 0.6);
        let shown = begin + self.rng.wait_ns(70.0, 0.5);
        let ready = self.requests(screen, id, begin).max(shown) + self.rng.wait_ns(12.0, 0.4);
        let waited = ready - cause.started;
        let a = (shown - cause.started) / 1000;
        self.push(
            cause.started,
            Event { screen: id, duration_ns: waited, a, ..Event::new(Kind::Screen, id) },
        );
        if let Some(journey) = &mut self.journey {
            journey.waited += waited;
            if let Some(step) = &mut journey.step {
                step.a += waited / 1000;
            }
        }
        self.now = ready + self.rng.wait_ns(1500.0, 0.7);
        for _ in 0..self.rng.skewed(5) {
            let handled = self.tap(screen, id);
            self.settle_in_place(handled);
            self.now += self.rng.wait_ns(1200.0, 0.8);
        }
        if self.rng.chance(0.03) {
            self.background();
        }
        let cause = Cause { started: self.now, handled: self.tap(screen, id) };
        self.settle_after(&cause);
        let left = self.now + self.rng.wait_ns(90.0, 0.4);
        self.frames(id, shown, left - shown);
        let next = self.rng.skewed(screen.next.len());
        self.screen = screen.next.get(next).copied().unwrap_or(HOME);
        cause
    }

    /// The requests of a screen; gives the end of the slowest.
    fn requests(&mut self, screen: &Screen, id: NameId, begin: u64) -> u64 {
        let (mut started, mut end) = (begin, begin);
        for (index, route) in screen.routes.iter().enumerate() {
            let name = self.name(route);
            let duration_ns = self.rng.wait_ns(120.0 + 60.0 * (index + self.screen) as f64, 0.5);
            let failed = self.rng.chance(0.02);
            let (outcome, a) = if failed { (Outcome::Failed, 503) } else { (Outcome::Done, 200) };
            let event = Event { screen: id, duration_ns, outcome, a, ..Event::new(Kind::Request, name) };
            self.push(started, event);
            end = end.max(started + duration_ns);
            started += self.rng.wait_ns(4.0, 0.9);
        }
        end
    }

    /// A tap on some target; gives the time to the return of its handler.
    fn tap(&mut self, screen: &Screen, id: NameId) -> u64 {
        let target = self.rng.skewed(screen.targets.len());
        let name = self.name(screen.targets.get(target).copied().unwrap_or_default());
        let outcome = match self.rng.below(100) {
            0 => Outcome::NoResponse,
            1..=4 => Outcome::AlreadyAnimating,
            _ => Outcome::Done,
        };
        let handled = self.rng.wait_ns(6.0, 0.8);
        let duration_ns = match outcome {
            Outcome::NoResponse => 3_000 * MS,
            _ => handled + self.rng.wait_ns(12.0, 0.5),
        };
        let event =
            Event { screen: id, duration_ns, outcome, a: handled / 1000, ..Event::new(Kind::Tap, name) };
        self.push(self.now, event);
        handled
    }

    /// What became of a tap that stays on its screen: an animation, or nothing but the frame that answered.
    fn settle_in_place(&mut self, handled: u64) {
        let Some(tap) = self.events.last().copied() else { return };
        let animates = self.rng.chance(0.6);
        let duration_ns = if animates { handled + self.rng.wait_ns(300.0, 0.4) } else { tap.duration_ns };
        self.push(
            tap.started_uptime_ns,
            Event { kind: Kind::Settled, duration_ns, a: 0, outcome: Outcome::Done, ..tap },
        );
    }

    /// What became of a tap that leads to another screen: quiet after its requests, or the next tap.
    fn settle_after(&mut self, cause: &Cause) {
        let Some(tap) = self.events.last().copied() else { return };
        let is_abandoned = self.rng.chance(0.25);
        let outcome = if is_abandoned { Outcome::Abandoned } else { Outcome::Done };
        let duration_ns = cause.handled + self.rng.wait_ns(700.0, 0.5);
        self.push(tap.started_uptime_ns, Event { kind: Kind::Settled, duration_ns, a: 0, outcome, ..tap });
    }

    /// The summary of a visit's frames and their histogram, on a display of 120 Hz.
    fn frames(&mut self, id: NameId, started: u64, duration_ns: u64) {
        let frames = self.rng.wait_ns(190.0, 0.6) / MS + 8;
        let slow = frames * self.rng.skewed(60) as u64 / 1000;
        let frozen = u64::from(self.rng.chance(0.04));
        let frozen_ms = frozen * (700 + self.rng.skewed(900) as u64);
        let (a, b) = (frames | slow << 32, frozen | frozen_ms << 32);
        let event = Event { screen: id, duration_ns, a, b, ..Event::new(Kind::Frames, id) };
        self.push(started, event);
        let quick = frames * (70 + self.rng.below(20) as u64) / 100;
        let usual = (frames - quick) * 3 / 4;
        let rest = frames - quick - usual;
        let mut classes = [0; 16];
        for (class, count) in classes.iter_mut().skip(1).zip([usual, quick, rest, slow, slow / 3, slow / 8]) {
            *class = count_code(count);
        }
        classes[15] = frozen as u8;
        let both = u128::from_le_bytes(classes);
        self.push(started, Event { kind: Kind::FrameTimes, a: both as u64, b: (both >> 64) as u64, ..event });
    }

    /// Begins, continues or ends a journey where this screen does.
    fn journey_at(&mut self, now: u64, screen: NameId) {
        self.end_step(now);
        if self.screen == HOME {
            self.end_journey(now);
            return;
        }
        if self.journey.is_none() {
            self.journeys += 1;
            let name = match self.screen {
                0 => "login",
                TRANSFER => "transfer",
                QR_PAY => "qr_pay",
                BILLS => "bill_payment",
                _ => "look_around",
            };
            let name = self.name(name);
            let id = self.journeys;
            self.journey = Some(Journey { id, name, screen, started: now, waited: 0, step: None });
        }
        // A step is called like the screen that it shows, as in the scripts of core's testdata.
        let step = Event { screen, started_uptime_ns: now, ..Event::new(Kind::Step, screen) };
        if let Some(journey) = &mut self.journey {
            journey.step = Some(step);
        }
    }

    fn end_step(&mut self, now: u64) {
        let Some(journey) = &mut self.journey else { return };
        let id = journey.id;
        if let Some(step) = journey.step.take() {
            self.push_in(id, Event { duration_ns: now - step.started_uptime_ns, ..step });
        }
    }

    fn end_journey(&mut self, now: u64) {
        let Some(journey) = self.journey.take() else { return };
        let outcome = if self.rng.chance(0.9) { Outcome::Done } else { Outcome::Abandoned };
        let event = Event {
            screen: journey.screen,
            started_uptime_ns: journey.started,
            duration_ns: now - journey.started,
            outcome,
            a: journey.waited / 1000,
            ..Event::new(Kind::Journey, journey.name)
        };
        self.push_in(journey.id, event);
    }

    fn background(&mut self) {
        self.push(self.now, Event::new(Kind::Lifecycle, NameId::NONE));
        self.now += self.rng.wait_ns(20_000.0, 1.0);
        self.push(self.now, Event { a: 1, ..Event::new(Kind::Lifecycle, NameId::NONE) });
        let duration_ns = self.rng.wait_ns(120.0, 0.4);
        self.push(self.now, Event { duration_ns, ..Event::new(Kind::Launch, NameId::HOT) });
        self.now += duration_ns + self.rng.wait_ns(1200.0, 0.8);
    }
}

/// The code of a count in a `frame_times` event: 4 bits of exponent, 4 of mantissa (see `docs/wire.md`).
fn count_code(count: u64) -> u8 {
    let shift = (u64::BITS - count.leading_zeros()).saturating_sub(5);
    let mantissa = count >> shift;
    let code = if mantissa < 16 { mantissa } else { (u64::from(shift) + 1) << 4 | (mantissa - 16) };
    u8::try_from(code).unwrap_or(u8::MAX)
}

/// What a session of this many events may have cost.
fn cost(events: usize) -> Cost {
    let events = events as u64;
    let mut cost = Cost {
        start_ns: 148_213,
        worker_cpu_ns: 21_734_119 + events * 1_907,
        sealed_bytes: 231 + events * 5,
        sent_bytes: 153 + events * 5,
        ..Cost::default()
    };
    for call in 0..events / 128 {
        let ns = if call % 9 == 8 { 1_811 } else { 37 + call };
        cost.record_ns_sum += ns;
        if let Some(count) = cost.record_ns_buckets.get_mut(Cost::record_bucket(ns)) {
            *count += 1;
        }
    }
    cost
}
