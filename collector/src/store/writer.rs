//! The one thread that writes: takes what waits, writes it in one transaction, answers for it.
//!
//! Owns: group commit, what an admin changes between two commits, and when a bite of what is too old is removed. Refuses: rows (see
//! `batches`), when what was stored is folded (see `folding`) and reading for reports.
//! Invariant: nobody is answered before the commit returned, and after a failed commit nothing that was
//! remembered of it is used again. What the rollups lack is in the log, and found there again after a kill.

use super::batches::{self, Entry, Known};
use super::connection::LOCK_TIMEOUT;
use super::deletion::Found;
use super::folding::Folding;
use super::intake::Intake;
use super::pulse::Pulse;
use super::retention::Retention;
use super::turns::Turns;
use super::wal::Wal;
use super::{Deleted, Keep, Pending, Stored, Whose, settings};
use crate::error::Error;
use crate::limits::{BITE_PAUSE, GROUP_BATCHES_MAX, PROBE_TIMEOUT, QUEUE_BATCHES_MAX, UPKEEP_EVERY};
use crate::time::now_unix_ms;
use nowait_report::Budgets;
use rusqlite::{Connection, TransactionBehavior};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::oneshot;

/// A batch and the one who waits for it.
type Waiting = (Intake, Answer);

/// The way to the one who waits.
type Answer = oneshot::Sender<Result<Stored, Error>>;

/// What the writing thread is given to do.
enum Job {
    Store(Box<Waiting>),
    /// Write something, so that it is known whether that can be done, and drop this.
    Probe(SyncSender<()>),
    /// Judge waits by these from now on.
    JudgeBy(Arc<Budgets>, SyncSender<Result<(), Error>>),
    /// Remove what is known of somebody of a tenant.
    Delete(String, Whose, SyncSender<Result<Deleted, Error>>),
}

/// The way to the writing thread.
#[derive(Debug)]
pub(super) struct Writer {
    queue: RwLock<Option<SyncSender<Job>>>,
    pulse: Arc<Pulse>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread, which owns the connection from now on. `turns` are of those who read in this process.
    pub(super) fn start(
        conn: Connection,
        keep: Keep,
        budgets: Arc<Budgets>,
        turns: Arc<Turns>,
    ) -> Result<Writer, Error> {
        let folding = Folding::new(budgets, settings::calendar(&conn)?);
        let retention = Retention::new(keep);
        let (sender, receiver) = sync_channel(QUEUE_BATCHES_MAX);
        let pulse = Arc::new(Pulse::new());
        let told = Arc::clone(&pulse);
        let thread = std::thread::Builder::new()
            .name("nowait-writer".into())
            .spawn(move || work(conn, folding, retention, turns, &receiver, &told))
            .map_err(|error| Error::store(format!("the writing thread could not be started: {error}")))?;
        Ok(Writer { queue: RwLock::new(Some(sender)), pulse, thread: Mutex::new(Some(thread)) })
    }

    pub(super) fn append(&self, intake: Intake) -> Result<Pending, Error> {
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = queue.as_ref() else {
            return Err(super::gone());
        };
        let (answer, pending) = Pending::new();
        match sender.try_send(Job::Store(Box::new((intake, answer)))) {
            Ok(()) => Ok(pending),
            Err(TrySendError::Full(_)) => Err(Error::busy()),
            Err(TrySendError::Disconnected(_)) => Err(super::gone()),
        }
    }

    /// Judges waits by these from now on; they are kept for whoever opens the folder later.
    pub(super) fn judge_by(&self, budgets: Arc<Budgets>) -> Result<(), Error> {
        self.ask(|answer| Job::JudgeBy(budgets, answer))
    }

    /// Removes what is known of somebody. Batches wait meanwhile, and [`Writer::health`] says so.
    pub(super) fn delete(&self, tenant: &str, whose: Whose) -> Result<Deleted, Error> {
        self.ask(|answer| Job::Delete(tenant.to_owned(), whose, answer))
    }

    /// Gives the thread something to do behind what waits already, and waits for its answer.
    fn ask<T>(&self, job: impl FnOnce(SyncSender<Result<T, Error>>) -> Job) -> Result<T, Error> {
        let (answer, answered) = sync_channel(1);
        // Cloned, so that the place in the queue is not waited for with the lock in hand.
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner).clone();
        queue.ok_or_else(super::gone)?.send(job(answer)).map_err(|_| super::gone())?;
        answered.recv().unwrap_or_else(|_| Err(super::gone()))
    }

    pub(super) fn is_open(&self) -> bool {
        let is_accepting = self.queue.read().unwrap_or_else(PoisonError::into_inner).is_some();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        is_accepting && thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Whether the last commit succeeded; asks for one if that was long ago.
    pub(super) fn health(&self) -> Result<(), String> {
        if !self.is_open() {
            return Err("the store is closed".into());
        }
        if self.pulse.is_stale() {
            self.probe()?;
        }
        self.pulse.word()
    }

    fn probe(&self) -> Result<(), String> {
        let (probed, end) = sync_channel(0);
        let asked = match self.queue.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(queue) => queue.try_send(Job::Probe(probed)).is_ok(),
            None => false,
        };
        // A full queue means that a commit is on its way. What is sent is dropped at the end, whichever way it ends.
        if asked && end.recv_timeout(PROBE_TIMEOUT) == Err(RecvTimeoutError::Timeout) {
            return Err(format!("a write has not returned for {} s", PROBE_TIMEOUT.as_secs()));
        }
        Ok(())
    }

    /// Lets the thread finish what it has, and waits for it.
    pub(super) fn close(&self) {
        drop(self.queue.write().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // Only a panic of the thread makes this fail; those who waited were told by their dropped senders.
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

fn work(
    conn: Connection,
    folding: Folding,
    retention: Retention,
    turns: Arc<Turns>,
    queue: &Receiver<Job>,
    pulse: &Pulse,
) {
    let (wal, bite_due) = (Wal::of(&conn, turns), Instant::now());
    let mut work = Work { conn, known: Known::default(), folding, retention, bite_due, wal, next: None };
    loop {
        match work.next_job(queue) {
            Ok(Job::Store(first)) => work.store(*first, queue, pulse),
            Ok(Job::Probe(_ended)) => pulse.probe(&mut work.conn),
            Ok(Job::JudgeBy(budgets, answer)) => {
                let _ = answer.send(work.judge_by(budgets));
            }
            Ok(Job::Delete(tenant, whose, answer)) => {
                let _ = answer.send(work.delete(&tenant, whose, pulse));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if work.folding.due().is_some_and(|due| due <= Instant::now()) {
            work.fold();
        }
        if work.bite_due <= Instant::now() {
            work.bite();
        }
        work.keep_log_small();
    }
    work.folding.is_last = true;
    work.fold();
}

/// What the thread works with.
struct Work {
    conn: Connection,
    known: Known,
    folding: Folding,
    retention: Retention,
    /// When the next bite of what is too old is due.
    bite_due: Instant,
    wal: Wal,
    /// What came behind a group of batches and is none.
    next: Option<Job>,
}

impl Work {
    /// What came behind the last group, or comes until something is due.
    fn next_job(&mut self, queue: &Receiver<Job>) -> Result<Job, RecvTimeoutError> {
        let due = self.folding.due().map_or(self.bite_due, |due| due.min(self.bite_due));
        let next = self.next.take().map(Ok);
        next.unwrap_or_else(|| queue.recv_timeout(due.saturating_duration_since(Instant::now())))
    }

    /// Stores the first batch and those that wait behind it, answers for them, and folds them.
    fn store(&mut self, first: Waiting, queue: &Receiver<Job>, pulse: &Pulse) {
        let mut group = Group::default();
        pulse.begin();
        let outcome = commit(&mut self.conn, &mut self.known, first, queue, &mut group);
        self.next = group.next.take();
        pulse.end(&outcome.clone().and_then(|()| group.word()));
        for (answer, stored) in group.answers {
            // A client that hung up meanwhile has nobody to be told; the batch is stored all the same.
            let _ = answer.send(outcome.clone().and(stored));
        }
        if outcome.is_err() {
            self.known.clear();
            // Where a failure ended the transaction early, some of what came behind it may be in the log all the same.
            self.folding.fall_behind();
            return;
        }
        for entry in &group.entries {
            if self.folding.is_full() {
                self.fold();
            }
            self.folding.add(&self.conn, entry);
        }
    }

    /// What was stored before is judged by the budgets of before.
    fn judge_by(&mut self, budgets: Arc<Budgets>) -> Result<(), Error> {
        self.fold();
        settings::keep_budgets(&self.conn, &budgets)?;
        self.folding.budgets = budgets;
        Ok(())
    }

    /// Removes what is known of somebody, and makes the rollups again without it.
    fn delete(&mut self, tenant: &str, whose: Whose, pulse: &Pulse) -> Result<Deleted, Error> {
        let found = Found::of(&self.conn, tenant, whose)?;
        pulse.begin();
        let deleted = found.remove(&mut self.conn, |_, _| {});
        pulse.end(&deleted.as_ref().map(|_| ()).map_err(Clone::clone));
        // What was remembered may be gone, and what was folded is in the rollups that were made again.
        self.known.clear();
        self.folding.fall_behind();
        let is_in_log = !self.wal.empty(&self.conn, LOCK_TIMEOUT).unwrap_or(false);
        Ok(Deleted { is_in_log, ..deleted? })
    }

    /// Writes what is folded. Where that fails the batches stay, and are read again from the log.
    fn fold(&mut self) {
        if self.folding.is_behind {
            // Reading the log again may take damaged batches out of it, and contexts with them.
            self.known.clear();
        }
        let outcome = self.folding.write(&mut self.conn);
        if let Err(error) = outcome {
            tracing::error!(%error, "the rollups could not be written; reports read the latest batches meanwhile");
        }
    }

    /// Removes some of what is too old. Where that fails it stays until the next round.
    fn bite(&mut self) {
        let outcome = self.retention.bite(&self.conn, now_unix_ms());
        self.known.clear();
        if let Err(error) = &outcome {
            tracing::error!(%error, "what is older than it is kept could not be removed");
        }
        let pause = if outcome.unwrap_or(false) { BITE_PAUSE } else { UPKEEP_EVERY };
        self.bite_due = Instant::now() + pause;
    }

    /// Empties the write-ahead log where it is too large. Where that fails it grows, and the next commit says why.
    fn keep_log_small(&mut self) {
        if let Err(error) = self.wal.keep_small(&self.conn, LOCK_TIMEOUT) {
            tracing::error!(%error, "the write-ahead log could not be emptied");
        }
    }
}

/// The batches of one transaction.
#[derive(Default)]
struct Group {
    answers: Vec<(Answer, Result<Stored, Error>)>,
    entries: Vec<Entry>,
    /// What came behind them and ended the group.
    next: Option<Job>,
}

impl Group {
    /// The word of a commit that succeeded: a failure if not one of its batches was taken.
    fn word(&self) -> Result<(), Error> {
        if self.answers.iter().any(|(_, stored)| stored.is_ok()) {
            return Ok(());
        }
        self.answers.iter().find_map(|(_, stored)| stored.clone().err()).map_or(Ok(()), Err)
    }
}

/// One transaction: the first batch and those that wait behind it, up to the limits of a group.
fn commit(
    conn: &mut Connection,
    known: &mut Known,
    first: Waiting,
    queue: &Receiver<Job>,
    group: &mut Group,
) -> Result<(), Error> {
    let (mut intake, answer) = first;
    // Whatever fails from here on fails for everybody who stands in the group.
    group.answers.push((answer, Ok(Stored::New)));
    let mut tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    loop {
        // A row that is damaged fails its own batch alone.
        let savepoint = tx.savepoint()?;
        let stored = match batches::put(&savepoint, known, intake) {
            Ok(Some(entry)) => {
                savepoint.commit()?;
                group.entries.push(entry);
                Ok(Stored::New)
            }
            Ok(None) => {
                savepoint.commit()?;
                Ok(Stored::Duplicate)
            }
            Err(error) => {
                drop(savepoint);
                known.clear();
                Err(error)
            }
        };
        if let Some(last) = group.answers.last_mut() {
            last.1 = stored;
        }
        if group.answers.len() >= GROUP_BATCHES_MAX {
            break;
        }
        match waiting(queue) {
            Some(Job::Store(next)) => {
                let (next, answer) = *next;
                group.answers.push((answer, Ok(Stored::New)));
                intake = next;
            }
            other => {
                group.next = other;
                break;
            }
        }
    }
    tx.commit()?;
    Ok(())
}

/// What waits next; whoever probes meanwhile is told by the commit that goes on.
fn waiting(queue: &Receiver<Job>) -> Option<Job> {
    std::iter::from_fn(|| queue.try_recv().ok()).find(|job| !matches!(job, Job::Probe(_)))
}

/// A count or a time as SQLite holds it: larger than `i64::MAX` can only be nonsense.
pub(super) fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
