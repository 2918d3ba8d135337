//! Rollups made anew from the batches.
//!
//! Owns: `nowait reindex`. Refuses: sessions, whose accounts are no rollups but what devices said.
//! Invariant: a store that is reindexed answers every report as before.

use super::fold::{Rollups, SeriesIds};
use super::intake::Placement;
use super::read;
use crate::error::Error;
use crate::limits::GROUP_CELLS_MAX;
use rusqlite::{Connection, TransactionBehavior};

/// Batches between two signs of progress.
const PROGRESS_BATCHES: u64 = 256;

pub(super) fn rebuild(conn: &mut Connection, mut progress: impl FnMut(u64, u64)) -> Result<u64, Error> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch("DELETE FROM hourly; DELETE FROM daily; DELETE FROM series;")?;
    let total: u64 = tx.query_row("SELECT count(*) FROM batches", [], |row| row.get(0))?;
    let (mut ids, mut rollups, mut done) = (SeriesIds::default(), Rollups::default(), 0);
    let mut select = tx.prepare(
        "SELECT frame, uptime_zero_unix_ms, received_unix_ms, tenant FROM batches ORDER BY started_unix_ms",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let batch = read::batch(row, 0)?;
        let placement = Placement::stored(&batch, row.get(1)?, row.get(2)?);
        rollups.add(&tx, &mut ids, row.get(3)?, &batch, &placement)?;
        if rollups.len() >= GROUP_CELLS_MAX {
            rollups.write(&tx)?;
        }
        done += 1;
        if done % PROGRESS_BATCHES == 0 {
            progress(done, total);
        }
    }
    drop(rows);
    drop(select);
    rollups.write(&tx)?;
    tx.commit()?;
    progress(done, total);
    Ok(done)
}
