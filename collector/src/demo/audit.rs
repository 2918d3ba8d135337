//! The collector's store, read batch by batch and apart from its reports.
//!
//! Owns: what each session has in the store. Refuses: rollups: they are what is checked with this.
//! Invariant: every stored event is counted once, under the session that it came with.

use super::counts::Counts;
use crate::Error;
use nowait_wire::{DropReason, Kind, Outcome, Uuid};
use rusqlite::{Connection, OpenFlags};
use std::collections::HashMap;
use std::path::Path;

/// What the store has of one session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stored {
    /// Facts that it accounts for, and its events of the counted kinds, but for waits that died: nobody had been told
    /// that these are recorded.
    pub(super) counts: Counts,
    /// Waits that were open when the process died.
    pub(super) died: u64,
    /// Events that it says will never come.
    pub(super) dropped: u64,
    /// Its batches, and their bytes as they were sent.
    pub(super) batches: u64,
    pub(super) batch_bytes: u64,
    /// Requests that ended with an answer, by route.
    pub(super) answered: HashMap<String, usize>,
}

/// Reads all sessions of the store in this folder, which a collector may be writing.
///
/// # Errors
/// [`Error`] if the store or a batch in it cannot be read.
pub(super) fn read(folder: &Path) -> Result<HashMap<Uuid, Stored>, Error> {
    let path = folder.join("nowait.db");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let store = Connection::open_with_flags(path, flags)?;
    let mut select = store.prepare("SELECT frame FROM batches ORDER BY id")?;
    let mut rows = select.query([])?;
    let mut sessions: HashMap<Uuid, Stored> = HashMap::new();
    let mut drops: HashMap<Uuid, [u64; DropReason::ALL.len()]> = HashMap::new();
    while let Some(row) = rows.next()? {
        let frame = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        let batch = nowait_wire::decode(frame)
            .map_err(|error| Error::store(format!("a stored batch is damaged: {error}")))?;
        let stored = sessions.entry(batch.id.session).or_default();
        stored.batches += 1;
        stored.batch_bytes += frame.len() as u64;
        // A session's account only grows: its largest numbers are its latest.
        let dropped = drops.entry(batch.id.session).or_default();
        for (most, now) in dropped.iter_mut().zip(batch.ledger.dropped) {
            *most = (*most).max(now);
        }
        stored.dropped = dropped.iter().sum();
        stored.counts.facts = stored.counts.facts.max(batch.ledger.facts.appended());
        for event in &batch.events {
            if event.outcome == Outcome::Died {
                stored.died += 1;
            } else {
                stored.counts.add(event.kind, 1);
            }
            if event.kind == Kind::Request && event.outcome.is_latency() {
                let route = batch.names.get(event.name.0 as usize).cloned().unwrap_or_default();
                *stored.answered.entry(route).or_default() += 1;
            }
        }
    }
    Ok(sessions)
}
