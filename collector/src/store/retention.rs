//! What is older than it is kept, removed a bite at a time.
//!
//! A batch is as old as its arrival: what it tells of is never later, so an hour whose batches are all kept is known by that
//! alone, and a device that sends again because its receipt was lost finds its batch here for the whole time. Hours go by whole
//! days and days by whole months, so that a report that needs them finds all of a day or none. What customers said goes with its day.
//!
//! Owns: [`Keep`], and what is too old. Refuses: when a bite is taken (see `writer`), and what a row holds.
//! Invariant: nothing is removed that is not folded, and before a row goes `progress` says that rows like it are gone.

use super::batches;
use super::connection::LOCK_TIMEOUT;
use super::feedback;
use super::period::{Period, hour_of, unix_ms};
use super::progress::Progress;
use super::rollups;
use super::settings;
use super::writer::number;
use crate::error::Error;
use crate::limits::{AGE_MAX_MS, BITE_PAGES_MAX, BITE_ROWS_MAX, FREE_PARTS, KEEP_MIN_MS};
use crate::time::{DAY_MS, length_ms};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Milliseconds of a minute: nobody keeps anything for less.
const MINUTE_MS: u64 = 60_000;

/// For how long what is kept, in milliseconds. Months are kept for ever.
///
/// [`Keep::ALL`] removes nothing; the default is what `nowait serve` does unless it is told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Batches, from their arrival on.
    pub batches_ms: u64,
    /// Rollups by the hour.
    pub hours_ms: u64,
    /// Rollups by the day.
    pub days_ms: u64,
}

impl Keep {
    /// Everything for ever.
    pub const ALL: Keep = Keep { batches_ms: u64::MAX, hours_ms: u64::MAX, days_ms: u64::MAX };

    /// The default, as [`Keep::from_str`] reads it: 400 days are thirteen months and some days, so that a month can be
    /// compared with that of a year before.
    pub const DEFAULT: &str = "batches=30d,hours=14d,days=400d";
}

impl Default for Keep {
    fn default() -> Keep {
        Keep { batches_ms: 30 * DAY_MS, hours_ms: 14 * DAY_MS, days_ms: 400 * DAY_MS }
    }
}

/// As [`Keep::from_str`] reads it.
impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = |ms: u64| match ms {
            u64::MAX => "forever".to_owned(),
            ms if ms.is_multiple_of(DAY_MS) => format!("{}d", ms / DAY_MS),
            ms => format!("{}m", ms / MINUTE_MS),
        };
        let Keep { batches_ms, hours_ms, days_ms } = *self;
        let (batches, hours, days) = (length(batches_ms), length(hours_ms), length(days_ms));
        write!(f, "batches={batches},hours={hours},days={days}")
    }
}

impl FromStr for Keep {
    type Err = Error;

    /// Reads `batches=30d,hours=14d,days=400d`; what is left out stays at its default, and `forever` is a length, too.
    fn from_str(text: &str) -> Result<Keep, Error> {
        let mut keep = Keep::default();
        let mut said = Vec::new();
        for part in text.split(',') {
            let write = format!("write {}, or some of it", Keep::DEFAULT);
            let Some((what, length)) = part.split_once('=') else {
                return Err(Error::input(format!("{part:?} does not say how long: {write}")));
            };
            let kept = match what {
                "batches" => &mut keep.batches_ms,
                "hours" => &mut keep.hours_ms,
                "days" => &mut keep.days_ms,
                _ => {
                    return Err(Error::input(format!(
                        "{what:?} is not kept by age: {write}; months stay for ever"
                    )));
                }
            };
            if said.contains(&what) {
                return Err(Error::input(format!("{what}: it is said twice, leave one out")));
            }
            said.push(what);
            *kept = if length == "forever" { u64::MAX } else { length_ms(length)? };
            if *kept < KEEP_MIN_MS {
                return Err(Error::input(format!("{what}: {length} is too short, the least is 1d")));
            }
        }
        if keep.days_ms < keep.hours_ms {
            return Err(Error::input(
                "days: they are what stays when hours go; keep them for as long at least",
            ));
        }
        Ok(keep)
    }
}

/// The parts of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Batches,
    /// Behind the session of this id.
    Sessions(i64),
    Rollups,
    Quarantine,
    Space,
}

/// The state of a round.
#[derive(Debug)]
pub(super) struct Retention {
    keep: Keep,
    step: Step,
}

impl Retention {
    pub(super) fn new(keep: Keep) -> Retention {
        Retention { keep, step: Step::Batches }
    }

    /// Removes some of what is too old at this moment, in one transaction; whether the round goes on.
    ///
    /// Ids that are remembered of contexts are wrong afterwards.
    pub(super) fn bite(&mut self, conn: &Connection, now_unix_ms: u64) -> Result<bool, Error> {
        let before = |kept_ms: u64| hour_of(now_unix_ms.saturating_sub(kept_ms));
        let Keep { batches_ms, hours_ms, days_ms } = self.keep;
        // Whoever imports may write beside us; what was read before that could not be written upon. Batches come on this thread, so it
        // does not wait for him.
        conn.busy_timeout(Duration::ZERO)?;
        let begun = Transaction::new_unchecked(conn, TransactionBehavior::Immediate);
        conn.busy_timeout(LOCK_TIMEOUT)?;
        let tx = match begun {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => return Ok(true),
            begun => begun?,
        };
        let next = match self.step {
            Step::Batches if batches(&tx, before(batches_ms))? => Step::Batches,
            Step::Batches => Step::Sessions(0),
            Step::Sessions(after) => match sessions(&tx, after, before(batches_ms.max(AGE_MAX_MS)))? {
                Some(last) => Step::Sessions(last),
                None => Step::Rollups,
            },
            Step::Rollups if rollups(&tx, before(hours_ms), before(days_ms))? => Step::Rollups,
            Step::Rollups => Step::Quarantine,
            Step::Quarantine if quarantine(&tx, before(batches_ms))? => Step::Quarantine,
            Step::Quarantine => Step::Space,
            Step::Space if space(&tx)? => Step::Space,
            Step::Space => Step::Batches,
        };
        tx.commit()?;
        let goes_on = self.step != Step::Space || next == Step::Space;
        self.step = next;
        Ok(goes_on)
    }
}

/// Whether a bite was as large as it may be: there may be more of the same.
fn is_full(rows: usize) -> bool {
    rows >= BITE_ROWS_MAX
}

/// The bound of a bite, for SQL.
const ROWS: i64 = BITE_ROWS_MAX as i64;

/// Removes batches that arrived before this hour: the log loses its beginning.
fn batches(conn: &Connection, before: u32) -> Result<bool, Error> {
    let select = "SELECT id, received_unix_ms FROM batches WHERE id <= ?1 ORDER BY id LIMIT ?2";
    let mut select = conn.prepare_cached(select)?;
    let mut rows = select.query(params![Progress::rolled_up_to(conn)?, ROWS])?;
    let (mut ids, mut gone_until) = (Vec::new(), Progress::batches_from(conn)?);
    while let Some(row) = rows.next()? {
        let hour = hour_of(row.get(1)?);
        if hour >= before {
            break;
        }
        ids.push(row.get::<_, i64>(0)?);
        gone_until = gone_until.max(hour + 1);
    }
    drop(rows);
    if !ids.is_empty() {
        Progress::BatchesFrom.write(conn, gone_until.into())?;
        rollups::remove_batches(conn, &ids)?;
    }
    Ok(is_full(ids.len()))
}

/// Removes sessions that began before this hour and have no batch left; `Some(id)` if there may be more behind that one.
///
/// A batch may come as late as a device's clock is believed ([`AGE_MAX_MS`]), and is then added to its session's account. Of a
/// forgotten session it would be counted as a session that lost all of its other events.
fn sessions(conn: &Connection, after: i64, before: u32) -> Result<Option<i64>, Error> {
    let select = "SELECT id, hour, EXISTS (SELECT 1 FROM batches WHERE session = sessions.id) FROM sessions \
        WHERE id > ?1 ORDER BY id LIMIT ?2";
    let mut select = conn.prepare_cached(select)?;
    let mut rows = select.query(params![after, ROWS])?;
    let (mut seen, mut last, mut gone) = (0, after, Vec::new());
    while let Some(row) = rows.next()? {
        let (id, hour, has_batches): (i64, Option<u32>, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        // Sessions are in the order of their arrival, and so, but for those that came late, in that of their age.
        if hour.is_some_and(|hour| hour >= before) {
            break;
        }
        (seen, last) = (seen + 1, id);
        if !has_batches {
            gone.push(id);
        }
    }
    drop(rows);
    batches::remove_sessions(conn, &gone)?;
    Ok(is_full(seen).then_some(last))
}

/// Removes hours and days of before these hours, by whole days and months.
fn rollups(conn: &Connection, hours_before: u32, days_before: u32) -> Result<bool, Error> {
    let calendar = settings::calendar(conn)?;
    let whole = |period: Period, hour: u32| calendar.first_hour(period, calendar.of_hour(period, hour));
    let first_hour = whole(Period::Day, hours_before);
    let first_day = calendar.of_hour(Period::Day, whole(Period::Month, days_before));
    let mut left = BITE_ROWS_MAX;
    for (period, progress, first) in
        [(Period::Hour, Progress::HoursFrom, first_hour), (Period::Day, Progress::DaysFrom, first_day)]
    {
        let first = i64::from(first).max(progress.read(conn)?);
        if first > progress.read(conn)? {
            progress.write(conn, first)?;
        }
        for tenant in tenants(conn)? {
            for (table, key) in rollups::BY_PERIOD {
                let delete = format!(
                    "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} \
                    WHERE tenant = ?1 AND period = ?2 AND start < ?3 LIMIT ?4)"
                );
                let rows = params![tenant, period as u8, first, number(left as u64)];
                left = left.saturating_sub(conn.prepare_cached(&delete)?.execute(rows)?);
                if left == 0 {
                    return Ok(true);
                }
            }
        }
    }
    for tenant in tenants(conn)? {
        left -= feedback::remove_before(conn, tenant, Progress::DaysFrom.read(conn)?, left)?;
        if left == 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

fn tenants(conn: &Connection) -> Result<Vec<i64>, Error> {
    let mut select = conn.prepare_cached("SELECT id FROM tenants")?;
    Ok(select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Removes damaged rows that were set apart before this hour: they may hold what a batch held.
fn quarantine(conn: &Connection, before: u32) -> Result<bool, Error> {
    let delete =
        "DELETE FROM quarantine WHERE id IN (SELECT id FROM quarantine WHERE found_unix_ms < ?1 LIMIT ?2)";
    let rows = conn.prepare_cached(delete)?.execute(params![number(unix_ms(before)), ROWS])?;
    Ok(is_full(rows))
}

/// Gives free pages at the end of the file back to the disk, where there are many.
fn space(conn: &Connection) -> Result<bool, Error> {
    let pragma = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if pragma("auto_vacuum")? != super::connection::INCREMENTAL
        || pragma("freelist_count")? <= pragma("page_count")? / FREE_PARTS
    {
        return Ok(false);
    }
    // It frees a page with each step.
    let mut vacuum = conn.prepare(&format!("PRAGMA incremental_vacuum({BITE_PAGES_MAX})"))?;
    let mut steps = vacuum.query([])?;
    while steps.next()?.is_some() {}
    Ok(true)
}
