//! The published fakes: time that a test turns, a collector in memory, a worker for the hand.
//!
//! Owns: what an app's or our own tests need to see every event without a network, a thread or a sleep.
//! Refuses: being part of a shipped app (feature `testing`).
//! Invariant: the code under test is the real engine; only the clock, the transport and the thread are fake.

use crate::config::Config;
use crate::disk::{Disk, RealDisk};
use crate::engine::{Command, Flushed};
use crate::error::Error;
use crate::nowait::NoWait;
use crate::sync::yield_now;
use crate::upload::{Answer, Parcel, Upload};
use crate::worker::{self, Worker};
use crate::{Clock, ManualClock};
use crossbeam::channel::{Receiver, bounded};
use nowait_wire::{Batch, Event, Receipt, ReceiptStatus, RemoteConfig};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A context for tests of the engine's parts.
#[cfg(test)]
pub(crate) fn context() -> nowait_wire::Context {
    nowait_wire::Context {
        install: nowait_wire::Uuid::from_u128(8),
        app_version: "1".to_owned(),
        app_build: "1".to_owned(),
        os: nowait_wire::Os::Linux,
        os_version: String::new(),
        device_model: String::new(),
        device_tier: nowait_wire::Tier::Unknown,
        network: nowait_wire::Network::Unknown,
        country: String::new(),
        sdk_version: String::new(),
        dimensions: Vec::new(),
    }
}

/// A started NoWait whose worker is turned by hand.
pub struct ManualWorker {
    pub(crate) worker: Worker,
    commands: Receiver<Command>,
}

impl std::fmt::Debug for ManualWorker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ManualWorker").finish_non_exhaustive()
    }
}

/// Starts NoWait without a thread, on this clock and this transport.
///
/// # Errors
/// As [`NoWait::start_with`], except that no thread can be refused.
pub fn start(
    config: Config,
    upload: impl Upload + 'static,
    clock: ManualClock,
) -> Result<(NoWait, ManualWorker), Error> {
    let nowait = NoWait::on_clock(Clock::Manual(clock));
    let worker = begin(nowait, config, upload, Arc::new(RealDisk))?;
    Ok((nowait, worker))
}

/// Starts a NoWait that was waiting, on this disk.
pub(crate) fn begin(
    nowait: NoWait,
    config: Config,
    upload: impl Upload + 'static,
    disk: Arc<dyn Disk>,
) -> Result<ManualWorker, Error> {
    let commands = nowait.engine.start(config)?;
    let shared = worker::open_shared(nowait.engine, &disk).map_err(Error::thread)?;
    let worker = Worker::open(nowait.engine, disk, shared, Box::new(upload)).ok_or_else(Error::started)?;
    Ok(ManualWorker { worker, commands })
}

impl ManualWorker {
    /// One turn: first what was asked of the worker, then what time asks of it. Returns how long a worker would
    /// sleep now; `None`: until somebody wakes it.
    pub fn turn(&mut self) -> Option<Duration> {
        worker::round(&mut self.worker, &self.commands)
    }

    /// Seals and sends everything.
    pub fn flush(&mut self) -> Flushed {
        let (done, answer) = bounded(1);
        self.worker.flush(Duration::from_secs(60), done);
        self.turn_until(&answer)
    }

    /// Ends the session.
    pub fn shutdown(&mut self) -> Flushed {
        let (done, answer) = bounded(1);
        self.worker.close(Duration::from_secs(60), done);
        self.turn_until(&answer)
    }

    fn turn_until(&mut self, answer: &Receiver<Flushed>) -> Flushed {
        loop {
            self.turn();
            if let Ok(flushed) = answer.try_recv() {
                return flushed;
            }
            // Another thread may be in the middle of a fact.
            yield_now();
        }
    }
}

/// A collector in memory. Clones share what was received.
#[derive(Clone, Debug, Default)]
pub struct MemoryUpload {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    batches: Vec<Batch>,
    planned: Vec<Option<Answer>>,
    attempts: usize,
    /// What every receipt carries.
    config: Option<RemoteConfig>,
}

impl MemoryUpload {
    /// A collector that stores everything.
    #[must_use]
    pub fn new() -> MemoryUpload {
        MemoryUpload::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers the next attempts like this, one after the other, before it stores again. `None`: no answer.
    pub fn plan(&self, answers: impl IntoIterator<Item = Option<Answer>>) {
        self.state().planned.extend(answers);
    }

    /// From now on every receipt carries this remote configuration.
    pub fn configure(&self, config: RemoteConfig) {
        self.state().config = Some(config);
    }

    /// The stored batches, in the order of their arrival, each once.
    #[must_use]
    pub fn batches(&self) -> Vec<Batch> {
        self.state().batches.clone()
    }

    /// The stored events with the texts of their names.
    #[must_use]
    pub fn events(&self) -> Vec<(String, Event)> {
        let state = self.state();
        let named = |batch: &Batch, event: &Event| {
            (batch.names.get(event.name.0 as usize).cloned().unwrap_or_default(), *event)
        };
        state.batches.iter().flat_map(|batch| batch.events.iter().map(|event| named(batch, event))).collect()
    }

    /// How often something was sent.
    #[must_use]
    pub fn attempts(&self) -> usize {
        self.state().attempts
    }
}

impl Upload for MemoryUpload {
    fn send(&mut self, parcel: Parcel<'_>) -> Option<Answer> {
        let mut state = self.state();
        state.attempts += 1;
        if !state.planned.is_empty() {
            return state.planned.remove(0);
        }
        let (status, receipt) = match nowait_wire::decode(parcel.body) {
            Ok(batch) => {
                let known = state.batches.iter().any(|stored| stored.id == batch.id);
                let id = batch.id.to_string();
                if !known {
                    state.batches.push(batch);
                }
                let status = if known { ReceiptStatus::Duplicate } else { ReceiptStatus::Stored };
                (200, Receipt { batch: id, status, reason: String::new(), config: state.config })
            }
            Err(error) => {
                let reason = error.to_string();
                (400, Receipt { batch: String::new(), status: ReceiptStatus::Rejected, reason, config: None })
            }
        };
        Some(Answer { status, retry_after: None, body: serde_json::to_vec(&receipt).unwrap_or_default() })
    }
}
