//! The collector's store, read batch by batch and apart from its reports.
//!
//! Owns: what each session has in the store. Refuses: rollups: they are what is checked with this.
//! Invariant: every stored event is counted once, under the session that it came with.

use crate::Error;
use nowait_wire::{DropReason, Kind, Uuid};
use rusqlite::{Connection, OpenFlags};
use std::collections::HashMap;
use std::path::Path;

/// What the store has of one session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stored {
    /// Events that the session itself recorded. The exit and its trail are added at the next start.
    pub(super) recorded: u64,
    /// Events that it says will never come.
    pub(super) dropped: u64,
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
        // A session's account only grows: its largest numbers are its latest.
        let dropped = drops.entry(batch.id.session).or_default();
        for (most, now) in dropped.iter_mut().zip(batch.ledger.dropped) {
            *most = (*most).max(now);
        }
        stored.dropped = dropped.iter().sum();
        for event in &batch.events {
            stored.recorded += u64::from(!matches!(event.kind, Kind::Exit | Kind::Breadcrumb));
            if event.kind == Kind::Request && event.outcome.is_latency() {
                let route = batch.names.get(event.name.0 as usize).cloned().unwrap_or_default();
                *stored.answered.entry(route).or_default() += 1;
            }
        }
    }
    Ok(sessions)
}
