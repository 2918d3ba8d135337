//! The one thread that writes: takes what waits, writes it in one transaction, answers for it.
//!
//! Owns: group commit, deduplication, the session accounts. Refuses: reading for reports.
//! Invariant: nobody is answered before the commit returned, and after a failed commit nothing that was
//! remembered of it is used again.

use super::cost::Sampled;
use super::fold::{Rollups, SeriesIds};
use super::intake::Intake;
use super::pulse::Pulse;
use super::{Pending, Stored};
use crate::error::Error;
use crate::limits::{GROUP_BATCHES_MAX, GROUP_CELLS_MAX, PROBE_TIMEOUT, QUEUE_BATCHES_MAX};
use nowait_wire::{DropReason, Ledger, RefuseReason};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

const BATCH_INSERT: &str = "INSERT INTO batches (tenant, session, first, install, app_version, app_build, os, \
    os_version, device_model, device_tier, network, country, dimensions, received_unix_ms, \
    uptime_zero_unix_ms, started_unix_ms, ended_unix_ms, events, exits, frame) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20) \
    ON CONFLICT (tenant, session, first) DO NOTHING";

/// The ledger is cumulative and batches may arrive in any order: the larger number is the later one.
const SESSION_UPSERT: &str = "INSERT INTO sessions VALUES \
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, \
    ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31) \
    ON CONFLICT (tenant, session) DO UPDATE SET \
    started_unix_ms = min(started_unix_ms, excluded.started_unix_ms), \
    delivered = delivered + excluded.delivered, \
    produced = max(produced, excluded.produced), \
    dropped_ring_full = max(dropped_ring_full, excluded.dropped_ring_full), \
    dropped_contended = max(dropped_contended, excluded.dropped_contended), \
    dropped_corrupt = max(dropped_corrupt, excluded.dropped_corrupt), \
    dropped_spool_evicted = max(dropped_spool_evicted, excluded.dropped_spool_evicted), \
    dropped_rejected = max(dropped_rejected, excluded.dropped_rejected), \
    dropped_spool_corrupt = max(dropped_spool_corrupt, excluded.dropped_spool_corrupt), \
    dropped_quarantined = max(dropped_quarantined, excluded.dropped_quarantined), \
    names_redacted = max(names_redacted, excluded.names_redacted), \
    names_overflowed = max(names_overflowed, excluded.names_overflowed), \
    signals_lost = max(signals_lost, excluded.signals_lost), \
    panics_caught = max(panics_caught, excluded.panics_caught), \
    ring_on_heap = max(ring_on_heap, excluded.ring_on_heap), \
    cost_start_ns = max(cost_start_ns, excluded.cost_start_ns), \
    cost_worker_cpu_ns = max(cost_worker_cpu_ns, excluded.cost_worker_cpu_ns), \
    cost_sealed_bytes = max(cost_sealed_bytes, excluded.cost_sealed_bytes), \
    cost_sent_bytes = max(cost_sent_bytes, excluded.cost_sent_bytes), \
    cost_record = max(cost_record, excluded.cost_record), \
    facts_folded = max(facts_folded, excluded.facts_folded), \
    refused_ring_full = max(refused_ring_full, excluded.refused_ring_full), \
    refused_contended = max(refused_contended, excluded.refused_contended), \
    refused_corrupt = max(refused_corrupt, excluded.refused_corrupt), \
    refused_quarantined = max(refused_quarantined, excluded.refused_quarantined), \
    starts_failed = max(starts_failed, excluded.starts_failed), \
    received_bytes = received_bytes + excluded.received_bytes";

/// A batch and the one who waits for it.
type Waiting = (Intake, oneshot::Sender<Result<Stored, Error>>);

/// What the writing thread is given to do.
enum Job {
    Store(Box<Waiting>),
    /// Write something, so that it is known whether that can be done, and drop this.
    Probe(SyncSender<()>),
}

/// The way to the writing thread.
#[derive(Debug)]
pub(super) struct Writer {
    queue: RwLock<Option<SyncSender<Job>>>,
    pulse: Arc<Pulse>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread, which owns the connection from now on.
    pub(super) fn start(conn: Connection) -> Result<Writer, Error> {
        let (sender, receiver) = sync_channel(QUEUE_BATCHES_MAX);
        let pulse = Arc::new(Pulse::new());
        let told = Arc::clone(&pulse);
        let thread = std::thread::Builder::new()
            .name("nowait-writer".into())
            .spawn(move || work(conn, &receiver, &told))
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

fn work(mut conn: Connection, queue: &Receiver<Job>, pulse: &Pulse) {
    let mut known = Known::default();
    while let Ok(job) = queue.recv() {
        let first = match job {
            Job::Store(first) => *first,
            Job::Probe(_ended) => {
                pulse.probe(&mut conn);
                continue;
            }
        };
        let mut answers = Vec::new();
        pulse.begin();
        let outcome = commit(&mut conn, &mut known, first, queue, &mut answers);
        pulse.end(&outcome);
        if outcome.is_err() {
            known.tenants.clear();
            known.series.clear();
        }
        for (answer, stored) in answers {
            // A client that hung up meanwhile has nobody to be told; the batch is stored all the same.
            let _ = answer.send(outcome.clone().map(|()| stored));
        }
    }
}

/// Ids that were looked up before, of committed rows.
#[derive(Debug, Default)]
struct Known {
    tenants: HashMap<String, i64>,
    series: SeriesIds,
}

/// One transaction: the first batch and those that wait behind it, up to the limits of a group.
fn commit(
    conn: &mut Connection,
    known: &mut Known,
    first: Waiting,
    queue: &Receiver<Job>,
    answers: &mut Vec<(oneshot::Sender<Result<Stored, Error>>, Stored)>,
) -> Result<(), Error> {
    let (mut intake, answer) = first;
    // Whatever fails from here on fails for everybody who stands in `answers`.
    answers.push((answer, Stored::New));
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut rollups = Rollups::default();
    loop {
        let stored = put(&tx, known, &mut rollups, &intake)?;
        if let Some(last) = answers.last_mut() {
            last.1 = stored;
        }
        if answers.len() >= GROUP_BATCHES_MAX || rollups.len() >= GROUP_CELLS_MAX {
            break;
        }
        let Some((next, answer)) = waiting(queue) else {
            break;
        };
        answers.push((answer, Stored::New));
        intake = next;
    }
    rollups.write(&tx)?;
    tx.commit()?;
    Ok(())
}

/// The next batch, if one waits; whoever probes meanwhile is told by the commit that goes on.
fn waiting(queue: &Receiver<Job>) -> Option<Waiting> {
    loop {
        if let Job::Store(next) = queue.try_recv().ok()? {
            return Some(*next);
        }
    }
}

/// Writes a batch and its session's account, and adds its events to the rollups, unless it is stored already.
fn put(tx: &Transaction, known: &mut Known, rollups: &mut Rollups, intake: &Intake) -> Result<Stored, Error> {
    let tenant = tenant_id(tx, &mut known.tenants, &intake.tenant)?;
    if !put_batch(tx, tenant, intake)? {
        return Ok(Stored::Duplicate);
    }
    put_session(tx, tenant, intake)?;
    rollups.add(tx, &mut known.series, tenant, &intake.batch, &intake.placement)?;
    Ok(Stored::New)
}

fn tenant_id(tx: &Transaction, known: &mut HashMap<String, i64>, name: &str) -> Result<i64, Error> {
    if let Some(id) = known.get(name) {
        return Ok(*id);
    }
    let select = "SELECT id FROM tenants WHERE name = ?1";
    let found = tx.prepare_cached(select)?.query_row([name], |row| row.get(0)).optional()?;
    let id = match found {
        Some(id) => id,
        None => {
            tx.prepare_cached("INSERT INTO tenants (name) VALUES (?1)")?.execute([name])?;
            tx.last_insert_rowid()
        }
    };
    known.insert(name.to_owned(), id);
    Ok(id)
}

/// Whether the batch was new.
fn put_batch(tx: &Transaction, tenant: i64, intake: &Intake) -> Result<bool, Error> {
    let (batch, context) = (&intake.batch, &intake.batch.context);
    let dimensions: serde_json::Map<String, serde_json::Value> =
        context.dimensions.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect();
    let (started, ended) = intake.span_unix_ms();
    let rows = tx.prepare_cached(BATCH_INSERT)?.execute(params![
        tenant,
        batch.id.session.as_bytes(),
        batch.id.first.cast_signed(),
        context.install.as_bytes(),
        context.app_version,
        context.app_build,
        context.os as u8,
        context.os_version,
        context.device_model,
        context.device_tier as u8,
        context.network as u8,
        context.country,
        serde_json::Value::Object(dimensions).to_string(),
        number(intake.placement.received_unix_ms()),
        intake.placement.uptime_zero_unix_ms,
        number(started),
        number(ended),
        number(intake.events() as u64),
        number(intake.exits() as u64),
        intake.frame,
    ])?;
    Ok(rows == 1)
}

fn put_session(tx: &Transaction, tenant: i64, intake: &Intake) -> Result<(), Error> {
    let (batch, ledger) = (&intake.batch, &intake.batch.ledger);
    let (started, _) = intake.span_unix_ms();
    tx.prepare_cached(SESSION_UPSERT)?.execute(params![
        tenant,
        batch.id.session.as_bytes(),
        batch.context.app_version,
        batch.context.os as u8,
        number(started),
        number(intake.events() as u64),
        number(ledger.produced),
        dropped(ledger, DropReason::RingFull),
        dropped(ledger, DropReason::Contended),
        dropped(ledger, DropReason::Corrupt),
        dropped(ledger, DropReason::SpoolEvicted),
        dropped(ledger, DropReason::Rejected),
        dropped(ledger, DropReason::SpoolCorrupt),
        dropped(ledger, DropReason::Quarantined),
        number(ledger.names_redacted),
        number(ledger.names_overflowed),
        number(ledger.signals_lost),
        number(ledger.panics_caught),
        ledger.ring_on_heap,
        number(ledger.cost.start_ns),
        number(ledger.cost.worker_cpu_ns),
        number(ledger.cost.sealed_bytes),
        number(ledger.cost.sent_bytes),
        Sampled(ledger.cost.clone()),
        number(ledger.facts.folded),
        refused(ledger, RefuseReason::RingFull),
        refused(ledger, RefuseReason::Contended),
        refused(ledger, RefuseReason::Corrupt),
        refused(ledger, RefuseReason::Quarantined),
        number(ledger.starts_failed),
        number(intake.frame.len() as u64),
    ])?;
    Ok(())
}

fn dropped(ledger: &Ledger, reason: DropReason) -> i64 {
    number(ledger.dropped.get(reason as usize).copied().unwrap_or(0))
}

fn refused(ledger: &Ledger, reason: RefuseReason) -> i64 {
    number(ledger.facts.refused.get(reason as usize).copied().unwrap_or(0))
}

/// A count or a time as SQLite holds it: larger than `i64::MAX` can only be nonsense.
pub(super) fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
