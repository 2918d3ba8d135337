//! The published fakes: time that a test turns, a collector in memory, a crank for the hand.
//!
//! Owns: what an app's or our own tests need to see every event without a network, a thread or a sleep.
//! Refuses: being part of a shipped app (feature `testing`).
//! Invariant: the code under test is the real engine; only the clock, the transport and the thread are fake.

use crate::config::Config;
use crate::error::Error;
use crate::nowait::{self, NoWait};
use crate::upload::{Answer, Parcel, Upload};
use crate::worker::{self, Command, Engine, Flushed};
use crate::{Clock, ManualClock};
use crossbeam::channel::Receiver;
use nowait_wire::{Batch, Event, Receipt, ReceiptStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A started NoWait whose worker is turned by hand.
pub struct Crank {
    engine: Engine,
    commands: Receiver<Command>,
}

impl std::fmt::Debug for Crank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crank").finish_non_exhaustive()
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
) -> Result<(NoWait, Crank), Error> {
    let (nowait, commands) = nowait::prepare(config, Clock::Manual(clock))?;
    Ok((nowait, Crank { engine: Engine::open(nowait.shared, Box::new(upload)), commands }))
}

impl Crank {
    /// One turn: first what was asked of the worker, then what time asks of it. Returns how long a worker would
    /// sleep now.
    pub fn step(&mut self) -> Duration {
        while let Ok(command) = self.commands.try_recv() {
            worker::obey(&mut self.engine, Some(command));
        }
        self.engine.step()
    }

    /// Seals and sends everything.
    pub fn flush(&mut self) -> Flushed {
        self.step();
        self.engine.flush(Duration::from_secs(60), false)
    }

    /// Ends the session.
    pub fn shutdown(&mut self) -> Flushed {
        self.step();
        self.engine.shutdown(Duration::from_secs(60))
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
                (200, Receipt { batch: id, status, reason: String::new(), config: None })
            }
            Err(error) => {
                let reason = error.to_string();
                (400, Receipt { batch: String::new(), status: ReceiptStatus::Rejected, reason, config: None })
            }
        };
        Some(Answer { status, retry_after: None, body: serde_json::to_vec(&receipt).unwrap_or_default() })
    }
}
