//! The few numbers that say how far the store is with its own work.
//!
//! Owns: the names of the numbers in the table `progress`. Refuses: the work.
//! Invariant: a number that was never written is 0.

use crate::error::Error;
use rusqlite::{Connection, OptionalExtension, params};

/// What a number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The last batch that is folded into the rollups.
    FoldedTo,
    /// The first hour of which there are hourly rollups.
    HoursFrom,
    /// The first day of which there are daily rollups.
    DaysFrom,
    /// The first hour of which all batches are kept.
    BatchesFrom,
    /// The last batch whose waits are in the rollups of segments.
    SegmentsTo,
    /// The first month of which segments have everything.
    SegmentsFrom,
}

impl Progress {
    fn name(self) -> &'static str {
        match self {
            Progress::FoldedTo => "folded_to",
            Progress::HoursFrom => "hours_from",
            Progress::DaysFrom => "days_from",
            Progress::BatchesFrom => "batches_from",
            Progress::SegmentsTo => "segments_to",
            Progress::SegmentsFrom => "segments_from",
        }
    }

    pub(super) fn read(self, conn: &Connection) -> Result<i64, Error> {
        let mut select = conn.prepare_cached("SELECT number FROM progress WHERE name = ?1")?;
        Ok(select.query_row([self.name()], |row| row.get(0)).optional()?.unwrap_or(0))
    }

    pub(super) fn write(self, conn: &Connection, number: i64) -> Result<(), Error> {
        let mut insert =
            conn.prepare_cached("INSERT OR REPLACE INTO progress (name, number) VALUES (?1, ?2)")?;
        insert.execute(params![self.name(), number])?;
        Ok(())
    }

    /// The last batch that all rollups have.
    pub(super) fn rolled_up_to(conn: &Connection) -> Result<i64, Error> {
        Ok(Progress::FoldedTo.read(conn)?.min(Progress::SegmentsTo.read(conn)?))
    }

    /// The first hour of which all batches are kept.
    pub(super) fn batches_from(conn: &Connection) -> Result<u32, Error> {
        Ok(u32::try_from(Progress::BatchesFrom.read(conn)?).unwrap_or(u32::MAX))
    }
}

/// The first hour, day and month of which there are rollups.
pub(super) fn kept(conn: &Connection) -> Result<[u32; 3], Error> {
    let from = |progress: Progress| progress.read(conn).map(|from| u32::try_from(from).unwrap_or(0));
    Ok([from(Progress::HoursFrom)?, from(Progress::DaysFrom)?, 0])
}
