//! Rollups made again from the batches.
//!
//! Owns: which rollups are made again: those whose batches are all kept. Refuses: reading batches and writing rollups (see
//! `rollups`).
//! Invariant: a rollup of which a batch is gone stays as it is, and so does a session's account.

use super::journey_events;
use super::period::{Period, unix_ms};
use super::progress::{self, Progress};
use super::rollups::{self, Floors};
use super::segments;
use super::settings;
use crate::error::Error;
use nowait_report::Zone;
use rusqlite::{Connection, params};

/// What was made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many batches were read.
    pub batches: u64,
    /// From which moments on the rollups by the hour, by the day and by the month were made again, in milliseconds since 1970
    /// UTC; `None` if that is all of them. Those of before stay as they were: their batches are kept no more.
    pub since_unix_ms: Option<[u64; 3]>,
}

/// Makes the rollups again, within the caller's transaction; from now on the days are cut in `zone`, if there is one.
pub(super) fn rebuild(
    conn: &Connection,
    zone: Option<&Zone>,
    mut progress: impl FnMut(u64, u64),
) -> Result<Rebuilt, Error> {
    // What stays as it is has to hold every batch.
    let (budgets, floors) = (settings::budgets(conn)?, rollups::floors(conn)?);
    // Each reads every batch.
    let passes = [rollups::catch_up, segments::catch_up];
    for pass in passes {
        while pass(conn, &budgets, &floors)? > 0 {}
    }
    if let Some(zone) = zone {
        settings::change_zone(conn, zone)?;
    }
    let total: u64 = conn.query_row("SELECT count(*) FROM batches", [], |row| row.get(0))?;
    let floors = clear(conn)?;
    let mut read = 0;
    for pass in passes {
        loop {
            let step = pass(conn, &budgets, &floors)?;
            if step == 0 {
                break;
            }
            read += step as u64;
            progress(read / passes.len() as u64, total);
        }
    }
    progress(total, total);
    let since_unix_ms = (floors.sessions > 0).then(|| floors.periods.map(unix_ms));
    Ok(Rebuilt { batches: total, since_unix_ms })
}

/// Removes the rollups that can be made again, and says from which hour on these are.
fn clear(conn: &Connection) -> Result<Floors, Error> {
    let batches_from = Progress::batches_from(conn)?;
    let kept = progress::kept(conn)?;
    let calendar = settings::calendar(conn)?;
    let mut floors = Floors { sessions: batches_from, calendar: calendar.clone(), ..Floors::default() };
    for (period, floor) in Period::ALL.into_iter().zip(&mut floors.periods) {
        let number = calendar.of_hour(period, batches_from);
        // The period in which the first kept batch lies holds others as well.
        let whole = if calendar.first_hour(period, number) < batches_from { number + 1 } else { number };
        let first = whole.max(kept.get(period as usize).copied().unwrap_or(0));
        for (table, _) in rollups::BY_PERIOD {
            conn.execute(
                &format!("DELETE FROM {table} WHERE period = ?1 AND start >= ?2"),
                params![period as u8, first],
            )?;
        }
        *floor = calendar.first_hour(period, first);
    }
    let first_month = calendar.of_hour(Period::Month, floors.periods.last().copied().unwrap_or(0));
    if first_month < segments::first_month(conn)? {
        Progress::SegmentsFrom.write(conn, first_month.into())?;
    }
    // A session that began before is counted in a rollup that stays, and not all of its batches are there to be added up again.
    conn.execute(
        "UPDATE sessions SET hour = NULL, release = NULL, account = NULL, segments = NULL WHERE hour >= ?1",
        [batches_from],
    )?;
    conn.execute("DELETE FROM exits", [])?;
    journey_events::clear(conn)?;
    rollups::remove_unused(conn)?;
    let narrow = "UPDATE tenants SET first_hour = iif(first_hour < ?1, first_hour, NULL), \
        end_hour = iif(first_hour < ?1, min(end_hour, ?1), NULL)";
    conn.execute(narrow, [batches_from])?;
    Progress::FoldedTo.write(conn, 0)?;
    Progress::SegmentsTo.write(conn, 0)?;
    Ok(floors)
}
