//! How many facts a second the worker's fold takes, on one core.
//!
//! Owns: the facts of a busy session. Refuses: threads: the turn is done by hand, on this one.
//! Invariant: what is timed is one turn of the real worker, checkpoints included; nothing is refused and nothing left.

use crate::harness::stay_on_core;
use nowait_benches::used::Spread;
use nowait_core::testing::{self, MemoryUpload};
use nowait_core::{Build, Config, Consent, Error, Fact, ManualClock, NOW, NoWait, Outcome};
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, Instant};

/// Facts of a turn: most of what the ring holds.
pub(crate) const FACTS: u64 = 4_000;

/// Turns that are timed, after some that are not.
pub(crate) const TURNS: usize = 300;
const WARM_UP_TURNS: usize = 20;

/// Time between two facts: frames at 120 Hz, and others in between.
const BETWEEN: Duration = Duration::from_millis(6);

/// The fold's rate.
#[derive(Debug, Serialize)]
pub(crate) struct Fold {
    pub(crate) facts_per_s: Spread,
    pub(crate) events_per_fact: f64,
}

pub(crate) fn measure(folder: &Path) -> Result<Fold, Error> {
    stay_on_core(0);
    let config = Config::new("http://127.0.0.1", "bench", Build::new("1.0.0", "1"), folder.join("ours-fold"));
    let config = Config { consent: Consent::Granted, flush_interval: Duration::from_secs(3_600), ..config };
    let clock = ManualClock::new(1_800_000_000_000);
    let upload = MemoryUpload::new();
    let (nowait, mut worker) = testing::start(config, upload.clone(), clock.clone())?;
    nowait.append(Fact::Foreground { at: NOW, restored: false });
    let mut session = Session::new(nowait);
    let mut rates = Vec::with_capacity(TURNS);
    let before = nowait.ledger().facts.folded;
    for turn in 0..WARM_UP_TURNS + TURNS {
        for number in 0..FACTS {
            clock.advance(BETWEEN);
            assert!(session.append(number), "the ring has room for one turn");
        }
        let began = Instant::now();
        worker.turn();
        let took = began.elapsed();
        assert!(worker.flush().complete);
        if turn >= WARM_UP_TURNS {
            rates.push(FACTS as f64 / took.as_secs_f64());
        }
    }
    let ledger = nowait.ledger();
    let events_per_fact = ledger.produced as f64 / (ledger.facts.folded - before) as f64;
    Ok(Fold { facts_per_s: Spread::of(rates), events_per_fact })
}

/// A customer who scrolls, taps and waits, again and again: 100 facts, of which 84 are frames.
struct Session {
    nowait: NoWait,
    names: [nowait_core::NameId; 4],
    id: u64,
}

impl Session {
    fn new(nowait: NoWait) -> Session {
        let names =
            ["Home", "Pay.Confirm", "GET /accounts/{id}", "biometric.prompt"].map(|name| nowait.name(name));
        Session { nowait, names, id: 0 }
    }

    fn append(&mut self, number: u64) -> bool {
        let [screen, target, route, crumb] = self.names;
        let fact = match number % 100 {
            0 => Fact::TouchUp { at: NOW, target },
            1 => Fact::TouchHandled { at: NOW },
            3 => {
                self.id = self.nowait.next_id();
                Fact::ScreenCreated { at: NOW, id: self.id, screen }
            }
            4 => Fact::ScreenShown { at: NOW, id: self.id, screen },
            5 => Fact::RequestStarted { at: NOW, id: self.id + (1 << 32), route },
            20 => {
                Fact::RequestEnded { at: NOW, id: self.id + (1 << 32), status: 200, outcome: Outcome::Done }
            }
            21 => Fact::ScreenReady { at: NOW, id: self.id, screen },
            40 => Fact::ActionStarted { at: NOW, id: self.id + (2 << 32), action: target },
            50 => Fact::ActionEnded { at: NOW, id: self.id + (2 << 32), outcome: Outcome::Done },
            60 | 70 | 80 => Fact::Breadcrumb { at: NOW, name: crumb, number },
            85 | 90 => Fact::MainPing { at: NOW },
            86 | 91 => Fact::MainPong { at: NOW },
            99 => Fact::ScreenLeft { at: NOW, id: self.id },
            _ => Fact::Frame { started: NOW, deadline: NOW, at: NOW },
        };
        self.nowait.append(fact).is_taken()
    }
}
