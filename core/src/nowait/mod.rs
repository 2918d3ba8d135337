//! The face of the engine: what a Rust program, and both bridges, hold in their hands.
//!
//! Owns: starting, telling, asking. Refuses: anything that takes time on the caller's thread.
//! Invariant: every handle is `Copy` and stays valid for the life of the process, also before a start, when what it says
//! waits in memory, and after a shutdown, when it does nothing.

mod handle;

pub use handle::{Action, Crumb, Journey, Rating, Request, Route, Screen, Span, Travel, Visit};

use crate::Clock;
use crate::config::Config;
use crate::consent::Consent;
use crate::delivery::Delivery;
use crate::disk::{Disk, RealDisk};
use crate::engine::{Command, Engine, Flushed};
use crate::error::Error;
use crate::fork;
use crate::record::Fact;
use crate::recover::SystemExits;
use crate::remote;
use crate::ring::account::Counter;
use crate::ring::flight::Recorded;
use crate::sync;
use crate::upload::Upload;
use crate::upload::conditions::{self, Conditions, Place};
use crate::worker;
use crossbeam::channel::{Sender, bounded};
use nowait_wire::{Continuation, Event, Kind, Ledger, NameId, Outcome, Uuid};
use once_cell::sync::OnceCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// As the time of a fact: this moment. The engine reads the clock for every fact, so this costs nothing.
pub const NOW: u64 = u64::MAX;

/// A NoWait. `Copy`: pass it around freely.
#[derive(Clone, Copy, Debug)]
pub struct NoWait {
    pub(crate) engine: &'static Engine,
}

static GLOBAL: OnceCell<NoWait> = OnceCell::new();

impl NoWait {
    /// Starts recording, with the default HTTP transport.
    ///
    /// The caller's thread checks the config and starts one worker thread; it touches no file. The worker makes and
    /// maps the flight recorder's file (half a MiB), then reads what dead processes left. What is recorded before
    /// the file is there waits in memory: see [`Recorded::InMemory`].
    ///
    /// # Errors
    /// If the config is not usable (the message names the field) or the system gives no thread. A disk that is
    /// full or read-only is no error: the recorder is then on the heap, and the ledger says so.
    #[cfg(feature = "http")]
    pub fn start(config: Config) -> Result<NoWait, Error> {
        // First: what is made for a start lives as long as the process does.
        config.check()?;
        let nowait = NoWait::waiting();
        nowait.begin_with_http(config)?;
        Ok(nowait)
    }

    /// Starts recording, with the host's own transport.
    ///
    /// # Errors
    /// As `start`.
    pub fn start_with(config: Config, upload: impl Upload + 'static) -> Result<NoWait, Error> {
        // First: what is made for a start lives as long as the process does.
        config.check_for_own_transport()?;
        let nowait = NoWait::waiting();
        nowait.begin(config, upload)?;
        Ok(nowait)
    }

    /// A NoWait that is not started yet: names can be registered, and the first 256 facts wait in memory for
    /// [`NoWait::begin`]. Without one, nothing ever leaves it.
    #[must_use]
    pub fn waiting() -> NoWait {
        NoWait::on_clock(Clock::System)
    }

    pub(crate) fn on_clock(clock: Clock) -> NoWait {
        NoWait { engine: Engine::new(clock) }
    }

    /// Starts a NoWait that was waiting.
    ///
    /// # Errors
    /// As `start`, and if it was started before.
    pub fn begin(self, config: Config, upload: impl Upload + 'static) -> Result<(), Error> {
        config.check_for_own_transport()?;
        self.begin_on(config, upload)
    }

    /// Starts a NoWait that was waiting, with the default HTTP transport.
    ///
    /// # Errors
    /// As `start`, and if it was started before.
    #[cfg(feature = "http")]
    pub fn begin_with_http(self, config: Config) -> Result<(), Error> {
        config.check()?;
        let http = crate::upload::http::Http::new(&config.endpoint, &config.roots, &config.pins)?;
        self.begin_on(config, http)
    }

    fn begin_on(self, config: Config, upload: impl Upload + 'static) -> Result<(), Error> {
        let began_ns = self.now_ns();
        let commands = self.engine.start(config)?;
        let engine = self.engine;
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        std::thread::Builder::new()
            .name("nowait".to_owned())
            .spawn(move || worker::run(engine, disk, Box::new(upload), &commands))
            .map_err(|error| {
                // Nothing that is recorded would ever leave.
                engine.recorder.set_on(false);
                Error::thread(error)
            })?;
        engine.recorder.count(Counter::StartNs, self.now_ns().saturating_sub(began_ns));
        Ok(())
    }

    /// Makes this the process-wide NoWait that [`NoWait::global`] answers; `false` if there is one already.
    pub fn install(self) -> bool {
        GLOBAL.set(self).is_ok()
    }

    /// The process-wide NoWait, once [`NoWait::install`] was called.
    #[inline]
    #[must_use]
    pub fn global() -> Option<NoWait> {
        GLOBAL.get().copied()
    }

    /// Nanoseconds of the uptime clock.
    #[inline]
    #[must_use]
    pub fn now_ns(self) -> u64 {
        self.engine.recorder.clock.uptime_ns()
    }

    /// Registers a name once; keep what comes back. A name is at most 120 bytes; one that looks personal
    /// becomes `redacted`, the 1,025th becomes `other`, and both are counted.
    #[must_use]
    pub fn name(self, text: &str) -> NameId {
        self.engine.recorder.name(text)
    }

    /// As [`NoWait::name`], for the target of a tap: without the numbers, single letters and digits in words that say which key of a
    /// keypad it is. What is left out is written nowhere; of a name that has nothing else, nothing is told.
    #[must_use]
    pub fn target(self, text: &str) -> NameId {
        self.engine.recorder.target(text)
    }

    /// The text of a name that was handed out, as it travels: what was registered as `redacted` says that.
    #[must_use]
    pub fn name_text(self, name: NameId) -> Option<String> {
        self.engine.recorder.names.text(name)
    }

    /// A screen of the app.
    #[must_use]
    pub fn screen(self, name: &str) -> Screen {
        Screen { nowait: self, name: self.name(name) }
    }

    /// A piece of work that the app itself begins and ends.
    #[must_use]
    pub fn action(self, name: &str) -> Action {
        Action { nowait: self, name: self.name(name) }
    }

    /// A route of the bank's server, without ids: `GET /accounts/{id}`.
    #[must_use]
    pub fn route(self, name: &str) -> Route {
        Route { nowait: self, name: self.name(name) }
    }

    /// A banking task such as login or transfer.
    #[must_use]
    pub fn journey(self, name: &str) -> Journey {
        Journey { nowait: self, name: self.name(name) }
    }

    /// The name of a breadcrumb.
    #[must_use]
    pub fn crumb(self, name: &str) -> Crumb {
        Crumb(self.name(name))
    }

    /// Leaves a breadcrumb. It stays on the device unless this process dies; then the last 128 are sent with
    /// the exit, so that a developer sees what led there.
    #[inline]
    pub fn breadcrumb(self, crumb: Crumb) -> Recorded {
        self.append(Fact::Breadcrumb { at: NOW, name: crumb.0, number: 0 })
    }

    /// Records a finished event that the app measured itself: what became of it. Most apps never call this; spans do.
    #[inline]
    pub fn record(self, event: &Event) -> Recorded {
        self.engine.recorder.record(event)
    }

    /// Records a finished action that no [`Span`] measured, for a bridge: what became of it. Both
    /// times are in nanoseconds of the uptime clock. If the app went to the background in between, the outcome is
    /// interrupted whatever the caller says.
    #[inline]
    pub fn record_action(self, name: NameId, started_ns: u64, ended_ns: u64, outcome: Outcome) -> Recorded {
        self.record(&Event {
            outcome,
            started_uptime_ns: started_ns,
            duration_ns: ended_ns.saturating_sub(started_ns),
            ..Event::new(Kind::Action, name)
        })
    }

    /// The customer rated a journey or touchpoint of this name; see [`Journey::rate`] to say which journey it was.
    pub fn rate(self, name: NameId, rating: Rating) -> Recorded {
        self.append(Fact::Rated { at: NOW, id: 0, name, rating: rating.to_u8() })
    }

    /// Counts a panic that a boundary around the engine caught (a bridge, a host's callback).
    pub fn count_panic(self) {
        self.engine.recorder.count(Counter::PanicsCaught, 1);
    }

    /// Appends a fact: what became of it. A time that lies ahead ([`NOW`], or another clock's) becomes this moment.
    #[inline]
    pub fn append(self, fact: Fact) -> Recorded {
        self.engine.recorder.tell(fact)
    }

    /// A number that no other screen, request, action or journey of this process has, for facts that need one.
    #[inline]
    #[must_use]
    pub fn next_id(self) -> u64 {
        self.engine.recorder.next_id()
    }

    /// Tells how network and power are; see [`Conditions`] for what waits under which.
    pub fn conditions(self, conditions: Conditions) {
        self.engine.set_conditions(conditions);
    }

    /// Takes who can ask the operating system how processes of this app ended. Call it before [`NoWait::begin`]: what a dead process
    /// left is joined with the system's word when it is recovered, once, and its exit then tells the cause. Without it, an
    /// exit tells no cause but an exception that [`Fact::Crashed`] announced.
    ///
    /// Each word of the system is told once, whatever dies when and however many processes start: by process and time.
    pub fn system_exits(self, system: impl SystemExits + 'static) {
        self.engine.set_system_exits(Box::new(system));
    }

    /// Takes the customer's decision: what became of it. When this returns [`Recorded::Kept`], it survives whatever ends the
    /// process, every process of the app sees it, and after a refusal nothing more is recorded and no exchange begins. Before
    /// the start has its file, the decision waits in memory, and is the first thing that the start writes.
    pub fn consent(self, consent: Consent) -> Recorded {
        self.engine.recorder.decide(consent)
    }

    /// Seals and sends everything now; returns when that is done, when the collector cannot be reached, or when
    /// `timeout` has passed. What is left stays safe on the device.
    pub fn flush(self, timeout: Duration) -> Flushed {
        self.ask(timeout, |done| Command::Flush { timeout, done })
    }

    /// Ends the session: nothing more is recorded, everything is sealed and, within `timeout`, sent.
    pub fn shutdown(self, timeout: Duration) -> Flushed {
        self.engine.recorder.set_on(false);
        self.ask(timeout, |done| Command::Shutdown { timeout, done })
    }

    fn ask(self, timeout: Duration, command: impl FnOnce(Sender<Flushed>) -> Command) -> Flushed {
        // A forked child has no worker, and the channel's locks may have been held at the fork.
        let Some(started) = self.engine.started().filter(|_| !fork::is_child()) else {
            return Flushed::default();
        };
        let (done, answer) = bounded(1);
        let asked = Instant::now();
        match started.commands.send_timeout(command(done), timeout) {
            Ok(()) => {
                self.engine.recorder.wake();
                answer.recv_timeout(timeout.saturating_sub(asked.elapsed())).unwrap_or_default()
            }
            Err(_) => Flushed::default(),
        }
    }

    /// The account of this session as of the worker's latest turn. Until the flight recorder's file is there, some
    /// milliseconds after the start, it says that the ring is on the heap, and what waits for the file is not in it.
    #[must_use]
    pub fn ledger(self) -> Ledger {
        self.engine.recorder.ledger()
    }

    /// How delivery stands in this process: why nothing arrives, if nothing does. Before a start nothing is known but what the
    /// customer decided.
    #[must_use]
    pub fn delivery(self) -> Delivery {
        let remote = self.engine.recorder.shared().and_then(|shared| remote::unpack(shared.remote()));
        let hold = self.engine.started().map(|started| started.config.hold).unwrap_or_default();
        // Of a few batches of an app in front, without a flush, which passes all but a missing network.
        let is_held = !conditions::may_send(self.engine.conditions(), Place::InFront, 0, false, hold);
        let is_switched_off = remote.is_some_and(|remote| !remote.enabled);
        self.engine.standing.delivery(self.engine.recorder.consent(), is_switched_off, is_held)
    }

    /// Whether this is the moment to ask the customer for a rating: they agreed to be measured, and nobody asked for `every`, in any
    /// process or run of the app. `true` counts as having asked; so does a clock that was set back. Where that cannot be remembered,
    /// as NoWait's folder cannot be mapped, it is never the moment. Makes no system call but the clock's.
    ///
    /// How often is the bank's to say. Apple shows its own request for a review at most three times in 365 days
    /// (`SKStoreReviewController`), which is once in 122.
    #[must_use = "true counts as having asked"]
    pub fn may_ask(self, every: Duration) -> bool {
        let recorder = &self.engine.recorder;
        let now_s = recorder.clock.wall_unix_ms() / 1_000;
        recorder.shared().is_some_and(|shared| {
            shared.consent().consent == Consent::Granted && shared.take_asking(now_s, every.as_secs())
        })
    }

    /// The id of this session, which every batch of it carries; nil before a start.
    #[must_use]
    pub fn session(self) -> Uuid {
        let current = self.engine.recorder.flight().map(|flight| flight.session);
        current.or(self.engine.started().map(|started| started.session)).unwrap_or_default()
    }
}

/// A random continuation id, for a bridge that tells the fact itself; see [`Travel::hand_over`]. Asks the system for random
/// numbers.
#[must_use]
pub fn draw_continuation() -> Continuation {
    loop {
        // Six of the 128 bits are no chance, and they lie apart in the halves: together they are 64 that are.
        let (high, low) = sync::uuid().as_u64_pair();
        if let Some(continuation) = Continuation::from_u64(high ^ low) {
            return continuation;
        }
    }
}
