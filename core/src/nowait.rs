//! The face of the engine: what a Rust program, and both bridges, hold in their hands.
//!
//! Owns: starting, telling, asking. Refuses: anything that takes time on the caller's thread.
//! Invariant: every handle is `Copy` and stays valid for the life of the process, also after a shutdown, when it
//! does nothing.

use crate::Clock;
use crate::config::{Config, Consent};
use crate::error::Error;
use crate::fork;
use crate::handle::{Action, Crumb, Journey, Route, Screen};
use crate::ledger::Counter;
use crate::record::{Recorded, Recorder};
use crate::tracker::Signal;
use crate::upload::Upload;
use crate::worker::{self, Command, Flushed};
use crossbeam::channel::{Receiver, Sender, bounded};
use nowait_wire::{Event, Kind, Ledger, NameId, Network, Outcome, Uuid};
use once_cell::sync::OnceCell;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

/// Commands that may wait for the worker; nobody sends more than a few in a session.
const COMMANDS_MAX: usize = 64;

/// What all handles of one start share. Lives as long as the process: handles are `Copy`, so nobody can know
/// when the last one is gone, and a process starts NoWait once.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) recorder: Recorder,
    pub(crate) config: Config,
    pub(crate) session: Uuid,
    pub(crate) url: String,
    network: AtomicU8,
    constrained: AtomicBool,
    next_id: AtomicU64,
    commands: Sender<Command>,
}

impl Shared {
    /// The network that events sealed now were recorded on.
    pub(crate) fn network(&self) -> Network {
        // Relaxed: a label.
        Network::from_u8(self.network.load(Ordering::Relaxed)).unwrap_or(Network::Unknown)
    }

    /// Whether the host asked to go easy on the network.
    pub(crate) fn is_constrained(&self) -> bool {
        // Relaxed: a wish that takes effect with the next turn.
        self.constrained.load(Ordering::Relaxed)
    }

    fn next_id(&self) -> u64 {
        // Relaxed: ids only have to differ.
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }
}

/// A running NoWait. `Copy`: pass it around freely.
#[derive(Clone, Copy, Debug)]
pub struct NoWait {
    pub(crate) shared: &'static Shared,
}

static GLOBAL: OnceCell<NoWait> = OnceCell::new();

impl NoWait {
    /// Starts recording, with the default HTTP transport.
    ///
    /// The caller's thread checks the config and starts one worker thread; it touches no file. The worker makes and
    /// maps the flight recorder's file (some 400 KiB), then reads what dead processes left. What is recorded before
    /// the file is there waits in memory: see [`Recorded::InMemory`].
    ///
    /// # Errors
    /// If the config is not usable (the message names the field) or the system gives no thread. A disk that is
    /// full or read-only is no error: the recorder is then on the heap, and the ledger says so.
    #[cfg(feature = "http")]
    pub fn start(config: Config) -> Result<NoWait, Error> {
        let upload = crate::upload::http::Http::new(&config)?;
        NoWait::launch(config, upload)
    }

    /// Starts recording, with the host's own transport.
    ///
    /// # Errors
    /// As `start`; also if the config has roots or pins, which only the default transport would look at.
    pub fn start_with(config: Config, upload: impl Upload + 'static) -> Result<NoWait, Error> {
        config.check_for_own_transport()?;
        NoWait::launch(config, upload)
    }

    fn launch(config: Config, upload: impl Upload + 'static) -> Result<NoWait, Error> {
        let began_ns = Clock::System.uptime_ns();
        let (nowait, commands) = prepare(config, Clock::System)?;
        let shared = nowait.shared;
        std::thread::Builder::new()
            .name("nowait".to_owned())
            .spawn(move || worker::run(shared, Box::new(upload), &commands))
            .map_err(Error::thread)?;
        shared.recorder.count(Counter::StartNs, nowait.now_ns().saturating_sub(began_ns));
        Ok(nowait)
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

    /// Nanoseconds of the uptime clock: the `at` of a signal that happens now.
    #[inline]
    #[must_use]
    pub fn now_ns(self) -> u64 {
        self.shared.recorder.clock.uptime_ns()
    }

    /// Registers a name once; keep what comes back. A name is at most 120 bytes; one that looks personal
    /// becomes `redacted`, the 1,025th becomes `other`, and both are counted.
    #[must_use]
    pub fn name(self, text: &str) -> NameId {
        self.shared.recorder.name(text)
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
    pub fn breadcrumb(self, crumb: Crumb) {
        self.breadcrumb_at(crumb.0, self.now_ns(), 0);
    }

    /// Leaves a breadcrumb for a moment that is over (nanoseconds of the uptime clock), with a number of the
    /// app's choice: for a bridge, whose crumbs may wait until NoWait is started.
    #[inline]
    pub fn breadcrumb_at(self, name: NameId, at_ns: u64, number: u64) {
        self.shared.recorder.breadcrumb(name, at_ns, number);
    }

    /// Records a finished event: what became of it. Most apps never call this; spans and signals do.
    #[inline]
    pub fn record(self, event: &Event) -> Recorded {
        self.shared.recorder.record(event)
    }

    /// Records a finished action that no [`Span`](crate::Span) measured, for a bridge: what became of it. Both
    /// times are in nanoseconds of the uptime clock. If the app went to the background since `started_ns`, the
    /// outcome is interrupted whatever the caller says.
    #[inline]
    pub fn record_action(self, name: NameId, started_ns: u64, ended_ns: u64, outcome: Outcome) -> Recorded {
        let recorder = &self.shared.recorder;
        // A wait that spans a trip to the background measures the trip, not the app.
        let interrupted = recorder.was_in_background_since(started_ns);
        recorder.record(&Event {
            outcome: if interrupted { Outcome::Interrupted } else { outcome },
            started_uptime_ns: started_ns,
            duration_ns: ended_ns.saturating_sub(started_ns),
            ..recorder.placed(Kind::Action, name)
        })
    }

    /// Counts a panic that a boundary around the engine caught (a bridge, a host's callback).
    pub fn count_panic(self) {
        self.shared.recorder.count(Counter::PanicsCaught, 1);
    }

    /// Feeds a raw signal to the trackers.
    #[inline]
    pub fn signal(self, signal: &Signal) {
        self.shared.recorder.signal(signal);
        if matches!(signal, Signal::Background { .. }) {
            // The system may stop us any moment now. A full queue means that the worker is at it anyway.
            let _ = self.shared.commands.try_send(Command::Send);
        }
    }

    /// A number that no other journey or request of this session has, for signals that need one.
    #[must_use]
    pub fn next_id(self) -> u64 {
        self.shared.next_id()
    }

    /// Tells the network that batches from now on were recorded on, and whether to go easy on it (metered, Low
    /// Data mode, battery saver): then batches wait on the device until it holds 2 MiB of them, or a flush.
    pub fn network(self, network: Network, constrained: bool) {
        // Relaxed: labels and wishes.
        self.shared.network.store(network as u8, Ordering::Relaxed);
        self.shared.constrained.store(constrained, Ordering::Relaxed);
    }

    /// Takes the customer's decision and remembers it on the device. A refusal takes effect at once.
    pub fn consent(self, consent: Consent) {
        if fork::is_child() {
            return;
        }
        if consent == Consent::Refused {
            self.shared.recorder.set_on(false);
        }
        // A full queue: the worker is hung in an upload; the decision must still arrive.
        let _ = self.shared.commands.send_timeout(Command::Consent(consent), Duration::from_secs(1));
    }

    /// Seals and sends everything now; returns when that is done, when the collector cannot be reached, or when
    /// `timeout` has passed. What is left stays safe on the device.
    pub fn flush(self, timeout: Duration) -> Flushed {
        self.ask(timeout, |done| Command::Flush { timeout, done })
    }

    /// Ends the session: nothing more is recorded, everything is sealed and, within `timeout`, sent.
    pub fn shutdown(self, timeout: Duration) -> Flushed {
        self.shared.recorder.set_on(false);
        self.ask(timeout, |done| Command::Shutdown { timeout, done })
    }

    fn ask(self, timeout: Duration, command: impl FnOnce(Sender<Flushed>) -> Command) -> Flushed {
        // A forked child has no worker, and the channel's locks may have been held at the fork.
        if fork::is_child() {
            return Flushed::default();
        }
        let (done, answer) = bounded(1);
        match self.shared.commands.send_timeout(command(done), timeout) {
            Ok(()) => answer.recv_timeout(timeout).unwrap_or_default(),
            Err(_) => Flushed::default(),
        }
    }

    /// The account of this session so far. Until the flight recorder's file is there, some milliseconds after the
    /// start, it says that the ring is on the heap, and what waits for the file is not in it.
    #[must_use]
    pub fn ledger(self) -> Ledger {
        self.shared.recorder.ledger()
    }

    /// The id of this session, which every batch of it carries.
    #[must_use]
    pub fn session(self) -> Uuid {
        self.shared.session
    }
}

/// Makes what all threads share: everything that touches no file.
pub(crate) fn prepare(config: Config, clock: Clock) -> Result<(NoWait, Receiver<Command>), Error> {
    config.check()?;
    let recorder = Recorder::new(clock);
    recorder.set_on(config.consent != Consent::Refused);
    let (commands, receiver) = bounded(COMMANDS_MAX);
    let shared: &'static Shared = Box::leak(Box::new(Shared {
        recorder,
        url: config.url(),
        config,
        session: Uuid::new_v4(),
        network: AtomicU8::new(Network::Unknown as u8),
        constrained: AtomicBool::new(false),
        next_id: AtomicU64::new(1),
        commands,
    }));
    Ok((NoWait { shared }, receiver))
}
