//! Rollups made again from the batches.
//!
//! Owns: which rollups are made again: those whose batches are all kept. Refuses: reading batches and writing rollups (see
//! `rollups`).
//! Invariant: a rollup of which a batch is gone stays as it is.

use super::period::Period;
use super::progress::{self, Progress};
use super::rollups;
use crate::error::Error;
use rusqlite::{Connection, TransactionBehavior, params};

/// Makes the rollups again, in one transaction, and says how many batches it read.
pub(super) fn rebuild(conn: &mut Connection, mut progress: impl FnMut(u64, u64)) -> Result<u64, Error> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let floors = clear(&tx)?;
    let total: u64 = tx.query_row("SELECT count(*) FROM batches", [], |row| row.get(0))?;
    let mut done = 0;
    loop {
        let step = rollups::catch_up(&tx, floors)?;
        if step == 0 {
            break;
        }
        done += step as u64;
        progress(done, total);
    }
    tx.commit()?;
    progress(done, total);
    Ok(done)
}

/// Removes the rollups that can be made again, and says from which hour on these are.
fn clear(conn: &Connection) -> Result<rollups::Floors, Error> {
    let batches_from = u32::try_from(Progress::BatchesFrom.read(conn)?).unwrap_or(u32::MAX);
    let kept = progress::kept(conn)?;
    let mut floors = [0; 3];
    for (period, floor) in Period::ALL.into_iter().zip(&mut floors) {
        let number = period.of_hour(batches_from);
        // The period in which the first kept batch lies holds others as well.
        let whole = if period.first_hour(number) < batches_from { number + 1 } else { number };
        let first = whole.max(kept.get(period as usize).copied().unwrap_or(0));
        for table in ["cells", "accounts", "exit_groups", "uncounted"] {
            conn.execute(
                &format!("DELETE FROM {table} WHERE period = ?1 AND start >= ?2"),
                params![period as u8, first],
            )?;
        }
        *floor = period.first_hour(first);
    }
    conn.execute_batch(
        "DELETE FROM exits; UPDATE sessions SET hour = NULL, release = NULL, account = NULL;",
    )?;
    let unused = "WHERE id NOT IN (SELECT series FROM cells)";
    conn.execute(&format!("DELETE FROM series {unused}"), [])?;
    Progress::FoldedTo.write(conn, 0)?;
    Ok(floors)
}
