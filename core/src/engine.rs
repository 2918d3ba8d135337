//! What the face of NoWait and its worker share: the recorder, and what the app said at the start and since.
//!
//! Owns: the start's word (once), the conditions, who can ask the system, and the commands on their way to the worker. Refuses: doing anything.
//! Invariant: it lives as long as the process: handles are `Copy`, so nobody can know when the last one is gone.

use crate::Clock;
use crate::config::Config;
use crate::delivery::Standing;
use crate::error::Error;
use crate::record::Recorder;
use crate::recover::{SystemExit, SystemExits};
use crate::ring::account::Counter;
use crate::sync::uuid;
use crate::upload::conditions::Conditions;
use crossbeam::channel::{Receiver, Sender, bounded};
use nowait_wire::Uuid;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// Commands that may wait for the worker; nobody sends more than a few in a session.
const COMMANDS_MAX: usize = 64;

/// The engine of one NoWait.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) recorder: Recorder,
    /// What the worker tells of delivery.
    pub(crate) standing: Standing,
    conditions: AtomicU8,
    started: OnceLock<Started>,
    system: Mutex<System>,
}

/// Who knows how processes of this app ended, if anybody.
#[derive(Default)]
struct System(Option<Box<dyn SystemExits>>);

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("System").field(&self.0.is_some()).finish()
    }
}

/// What a start adds.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) config: Config,
    pub(crate) url: String,
    /// The id of the first session.
    pub(crate) session: Uuid,
    pub(crate) commands: Sender<Command>,
}

/// What a thread may ask of the worker. It wakes the worker after it asked.
#[derive(Debug)]
pub(crate) enum Command {
    /// Seal and send everything now; answer when done or when nothing more can be done.
    Flush { timeout: Duration, done: Sender<Flushed> },
    /// The same, then end the session.
    Shutdown { timeout: Duration, done: Sender<Flushed> },
}

/// What a flush achieved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Whether nothing is left on the device.
    pub complete: bool,
    /// Batches that wait in the spool.
    pub batches_left: usize,
}

impl Engine {
    /// One that is not started yet, on this clock.
    pub(crate) fn new(clock: Clock) -> &'static Engine {
        Box::leak(Box::new(Engine {
            recorder: Recorder::new(clock),
            standing: Standing::new(),
            conditions: AtomicU8::new(Conditions::default().to_bits()),
            started: OnceLock::new(),
            system: Mutex::default(),
        }))
    }

    /// Takes the word of the start: where its commands come out.
    pub(crate) fn start(&self, config: Config) -> Result<Receiver<Command>, Error> {
        config.check()?;
        let (commands, receiver) = bounded(COMMANDS_MAX);
        let consent = config.consent;
        let started = Started { url: config.url(), config, session: uuid(), commands };
        self.started.set(started).map_err(|_| Error::started())?;
        self.recorder.configure(consent);
        Ok(receiver)
    }

    /// What the start said, once there was one.
    pub(crate) fn started(&self) -> Option<&Started> {
        self.started.get()
    }

    /// Takes who can be asked how processes of this app ended.
    pub(crate) fn set_system_exits(&self, system: Box<dyn SystemExits>) {
        self.system().0 = Some(system);
    }

    /// What the system remembers of ends; `None` where nobody can be asked. Takes what the host takes. A panic of the host must not
    /// look like one of the recorder that is read.
    pub(crate) fn ask_system_exits(&self) -> Option<Vec<SystemExit>> {
        let mut system = self.system();
        let asked = catch_unwind(AssertUnwindSafe(|| system.0.as_mut().map(|system| system.recent())));
        asked.unwrap_or_else(|_| {
            self.recorder.count(Counter::PanicsCaught, 1);
            None
        })
    }

    fn system(&self) -> MutexGuard<'_, System> {
        self.system.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the host told last of network and power.
    pub(crate) fn conditions(&self) -> Conditions {
        // Relaxed: a label, and wishes that take effect with the next turn.
        Conditions::from_bits(self.conditions.load(Ordering::Relaxed))
    }

    /// Takes what the host tells now; what was held may go then.
    pub(crate) fn set_conditions(&self, conditions: Conditions) {
        // Relaxed: see `conditions`.
        let before = self.conditions.swap(conditions.to_bits(), Ordering::Relaxed);
        if before != conditions.to_bits() {
            self.recorder.wake();
        }
    }
}
