//! What is folded, into the tables.
//!
//! Owns: the tables `cells`, `accounts`, `exit_groups`, `exits` and `uncounted`. Refuses: transactions, and what a cell holds.
//! Invariant: a day is the sum of its hours and a month of its days, as all three are written from the same fold; and no tenant
//! has more rows than its budget, whatever it sends.

use super::account::Account;
use super::budget::{Budget, OTHER};
use super::exits::Ending;
use super::fold::{Folded, Turn};
use super::period::{Calendar, Period};
use super::progress::{self, Progress};
use super::{batches, journey_events, people, quarantine, segments, settings};
use crate::error::Error;
use crate::limits::{UNFOLDED_BATCHES_MAX, UNFOLDED_EVENTS_MAX};
use nowait_report::{Accounts, Budgets, Cell};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, HashMap};

/// Where a cell is in the table, but for the period: tenant, start, series, release.
pub(super) type CellRow = (i64, u32, i64, i64);

/// The tables that are kept by period, each with its primary key.
pub(super) const BY_PERIOD: [(&str, &str); 5] = [
    ("cells", "tenant, period, start, series, release"),
    ("people", "tenant, period, start, release, series"),
    ("accounts", "tenant, period, start, release"),
    ("exit_groups", "tenant, period, start, release, reason, last_crumb"),
    ("uncounted", "tenant, period, start, what"),
];

/// Where a fold writes: the calendar of the store, and what it leaves as it is because not all batches of it are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Floors {
    pub(super) calendar: Calendar,
    /// The hours before which rollups are left as they are, by period.
    pub(super) periods: [u32; 3],
    /// Sessions that began before this hour are counted with all of their batches already.
    pub(super) sessions: u32,
}

/// Writes everything, and up to which batch that is.
pub(super) fn write(conn: &Connection, folded: &Folded, floors: &Floors) -> Result<(), Error> {
    let mut budget = Budget::default();
    let series = budget.all_series(conn, &folded.series)?;
    let releases = budget.all_releases(conn, &folded.releases)?;
    let id = |ids: &[i64], number: u32| ids.get(number as usize).copied().unwrap_or_default();
    let tenant_of = |release: u32| folded.tenant_of(release);

    let mut cells: HashMap<CellRow, Cell> = HashMap::new();
    for ((hour, of_series, release), cell) in &folded.cells {
        let row = (tenant_of(*release), *hour, id(&series, *of_series), id(&releases, *release));
        match cells.get_mut(&row) {
            Some(known) => known.merge(cell),
            None => _ = cells.insert(row, cell.clone()),
        }
    }
    for period in Period::ALL {
        if period != Period::Hour {
            cells = coarser(&floors.calendar, period, &cells);
        }
        write_cells(conn, period, floors, &cells, &mut budget)?;
    }
    people::write(conn, folded, floors, (&series, &releases))?;
    let segments = write_segments(conn, folded, floors, &releases, &mut budget)?;
    write_sessions(conn, folded, floors, (&releases, &segments))?;
    write_exits(conn, folded, floors, &releases, tenant_of, &mut budget)?;
    write_uncounted(conn, folded, floors)?;
    journey_events::write(conn, &folded.journeys, &series)?;
    write_spans(conn, folded.hours())?;
    Progress::FoldedTo.write(conn, folded.to)
}

/// The cells of days made of those of hours, or of months made of those of days.
fn coarser(calendar: &Calendar, period: Period, finer: &HashMap<CellRow, Cell>) -> HashMap<CellRow, Cell> {
    let below = if period == Period::Month { Period::Day } else { Period::Hour };
    let mut cells: HashMap<CellRow, Cell> = HashMap::new();
    for ((tenant, start, series, release), cell) in finer {
        let row = (*tenant, calendar.of_hour(period, calendar.first_hour(below, *start)), *series, *release);
        cells.entry(row).or_default().merge(cell);
    }
    cells
}

/// Whether rollups of this period are written: those of before are left as they are.
pub(super) fn is_written(period: Period, start: u32, floors: &Floors) -> bool {
    floors.calendar.first_hour(period, start) >= floors.periods.get(period as usize).copied().unwrap_or(0)
}

/// Merges cells into their rows, in the order of the primary key: neighbours share pages.
pub(super) fn write_cells(
    conn: &Connection,
    period: Period,
    floors: &Floors,
    cells: &HashMap<CellRow, Cell>,
    budget: &mut Budget,
) -> Result<(), Error> {
    let mut sorted: Vec<(&CellRow, &Cell)> =
        cells.iter().filter(|((_, start, ..), _)| is_written(period, *start, floors)).collect();
    sorted.sort_unstable_by_key(|(row, _)| **row);
    let select = "SELECT cell FROM cells WHERE tenant = ?1 AND period = ?2 AND start = ?3 AND series = ?4 AND release = ?5";
    let replace = "INSERT OR REPLACE INTO cells (tenant, period, start, series, release, cell) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let (mut select, mut replace) = (conn.prepare_cached(select)?, conn.prepare_cached(replace)?);
    for ((tenant, start, series, release), cell) in sorted {
        let mut look = |release: i64| -> Result<Option<Vec<u8>>, Error> {
            let row = params![tenant, period as u8, start, series, release];
            Ok(select.query_row(row, |row| row.get(0)).optional()?)
        };
        let (mut release, mut stored) = (*release, look(*release)?);
        if stored.is_none() && !budget.takes_cell(conn, (*tenant, period, *start))? {
            release = budget.other_release(conn, budget.owner(*tenant))?;
            stored = look(release)?;
        }
        let place = || format!("cells {tenant}/{}/{start}/{series}/{release}", period as u8);
        let mut merged = quarantine::read(conn, budget.owner(*tenant), place, stored, Cell::from_bytes)?;
        merged.merge(cell);
        replace.execute(params![tenant, period as u8, start, series, release, merged.to_bytes()])?;
    }
    Ok(())
}

/// Writes what belongs to segments beside waits and accounts, and says what stands for each of them as a tenant; `None` for one
/// beyond the budget.
fn write_segments(
    conn: &Connection,
    folded: &Folded,
    floors: &Floors,
    releases: &[i64],
    budget: &mut Budget,
) -> Result<Vec<Option<i64>>, Error> {
    let segments = &folded.segments;
    let ids = segments::tenants(conn, &segments.numbered)?;
    let id_of = |segment: u32| ids.get(segment as usize).copied().flatten();
    for ((segment, month, release, ending, last_crumb), count) in &segments.exit_groups {
        if let Some(segment) = id_of(*segment) {
            let row = (segment, Period::Month, *month);
            let release = releases.get(*release as usize).copied().unwrap_or_default();
            write_exit_group(conn, floors, row, release, (*ending, last_crumb), *count, budget)?;
        }
    }
    for ((segment, month, what), count) in &segments.uncounted {
        if let Some(segment) = id_of(*segment) {
            write_uncounted_row(conn, floors, (segment, Period::Month, *month), what, *count)?;
        }
    }
    Ok(ids)
}

/// What sessions change about the accounts of one row: the accounts that go, and those that come.
type Change<'f> = Vec<(Option<&'f Account>, Option<&'f Account>)>;

/// Puts each session's account in the place of the one before.
fn write_sessions(
    conn: &Connection,
    folded: &Folded,
    floors: &Floors,
    (releases, segments): (&[i64], &[Option<i64>]),
) -> Result<(), Error> {
    let mut update = conn.prepare_cached(
        "UPDATE sessions SET hour = ?2, release = ?3, account = ?4, segments = ?5 WHERE id = ?1",
    )?;
    let mut turns: Vec<(i64, &Turn, i64)> = Vec::new();
    for (session, turn) in &folded.sessions {
        let before = turn.before.as_ref().map(|before| before.release);
        let new = turn.release.and_then(|number| releases.get(number as usize).copied());
        turns.extend(before.or(new).map(|release| (*session, turn, release)));
    }
    turns.sort_unstable_by_key(|(session, ..)| *session);
    for (session, turn, release) in &turns {
        let ids: Vec<i64> = segments_of(turn, segments).iter().map(|(id, _)| *id).collect();
        let ids = segments::to_bytes(&ids);
        update.execute(params![session, turn.hour, release, turn.now.to_bytes(), ids])?;
    }
    for period in Period::ALL {
        let mut changes: BTreeMap<(i64, u32, i64), Change> = BTreeMap::new();
        for (_, turn, release) in &turns {
            let everywhere = [(turn.tenant, turn.before.is_some())];
            let in_segments = if period == Period::Month { segments_of(turn, segments) } else { Vec::new() };
            for (tenant, was_in) in everywhere.into_iter().chain(in_segments) {
                let row = |hour: u32| (tenant, floors.calendar.of_hour(period, hour), *release);
                let before = turn.before.as_ref().filter(|_| was_in);
                let (from, to) = (before.map(|before| row(before.hour)), row(turn.hour));
                let before = before.map(|before| &before.account);
                if from.is_none_or(|from| from == to) {
                    changes.entry(to).or_default().push((before, Some(&turn.now)));
                } else if let Some(from) = from {
                    changes.entry(from).or_default().push((before, None));
                    changes.entry(to).or_default().push((None, Some(&turn.now)));
                }
            }
        }
        changes.retain(|(_, start, _), _| is_written(period, *start, floors));
        write_accounts(conn, period, &changes)?;
    }
    Ok(())
}

/// The segments that a session is counted in now, as tenants, and whether it was before.
fn segments_of(turn: &Turn, ids: &[Option<i64>]) -> Vec<(i64, bool)> {
    let before = turn.before.as_ref().map_or(&[][..], |before| &before.segments);
    let mut all: Vec<(i64, bool)> = before.iter().map(|id| (-id, true)).collect();
    for id in turn.segments.iter().filter_map(|number| ids.get(*number as usize).copied().flatten()) {
        if all.iter().all(|(known, _)| *known != id) {
            all.push((id, false));
        }
    }
    all
}

fn write_accounts(
    conn: &Connection,
    period: Period,
    changes: &BTreeMap<(i64, u32, i64), Change>,
) -> Result<(), Error> {
    let select =
        "SELECT accounts FROM accounts WHERE tenant = ?1 AND period = ?2 AND start = ?3 AND release = ?4";
    let replace = "INSERT OR REPLACE INTO accounts (tenant, period, start, release, accounts) VALUES (?1, ?2, ?3, ?4, ?5)";
    let (mut select, mut replace) = (conn.prepare_cached(select)?, conn.prepare_cached(replace)?);
    for ((tenant, start, release), change) in changes {
        let stored: Option<Vec<u8>> =
            select.query_row(params![tenant, period as u8, start, release], |row| row.get(0)).optional()?;
        let place = || format!("accounts {tenant}/{}/{start}/{release}", period as u8);
        let mut accounts = quarantine::read(conn, *tenant, place, stored, Accounts::from_bytes)?;
        let of = |account: &Option<&Account>| {
            account.map_or_else(Accounts::new, |account| Accounts::of(&account.0))
        };
        for (before, now) in change {
            match before {
                Some(_) => accounts.replace(&of(before), &of(now)),
                None => accounts.merge(&of(now)),
            }
        }
        replace.execute(params![tenant, period as u8, start, release, accounts.to_bytes()])?;
    }
    Ok(())
}

fn write_exits(
    conn: &Connection,
    folded: &Folded,
    floors: &Floors,
    releases: &[i64],
    tenant_of: impl Fn(u32) -> i64,
    budget: &mut Budget,
) -> Result<(), Error> {
    let id = |number: u32| releases.get(number as usize).copied().unwrap_or_default();
    for ((hour, number, ending, last_crumb), count) in &folded.exit_groups {
        for period in Period::ALL {
            let row = (tenant_of(*number), period, floors.calendar.of_hour(period, *hour));
            write_exit_group(conn, floors, row, id(*number), (*ending, last_crumb), *count, budget)?;
        }
    }
    let mut insert = conn.prepare_cached(
        "INSERT OR IGNORE INTO exits (tenant, ended_unix_ms, batch, release) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (number, ended, batch) in &folded.exits {
        insert.execute(params![tenant_of(*number), super::writer::number(*ended), batch, id(*number)])?;
    }
    Ok(())
}

/// Adds to the number of exits of an ending behind a breadcrumb, in a tenant's period.
fn write_exit_group(
    conn: &Connection,
    floors: &Floors,
    row: (i64, Period, u32),
    release: i64,
    (ending, last_crumb): (Ending, &str),
    count: u64,
    budget: &mut Budget,
) -> Result<(), Error> {
    let (tenant, period, start) = row;
    if !is_written(period, start, floors) {
        return Ok(());
    }
    let has = "SELECT 1 FROM exit_groups WHERE tenant = ?1 AND period = ?2 AND start = ?3 AND release = ?4 AND reason = ?5 \
        AND last_crumb = ?6";
    let upsert = "INSERT INTO exit_groups (tenant, period, start, release, reason, last_crumb, count) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET count = count + excluded.count";
    let (period, reason) = (period as u8, ending.to_number());
    let is_there =
        conn.prepare_cached(has)?.exists(params![tenant, period, start, release, reason, last_crumb])?;
    let is_apart = is_there || budget.takes_exit_group(conn, row)?;
    let crumb = if is_apart { last_crumb } else { OTHER };
    let count = super::writer::number(count);
    conn.prepare_cached(upsert)?.execute(params![tenant, period, start, release, reason, crumb, count])?;
    Ok(())
}

fn write_uncounted(conn: &Connection, folded: &Folded, floors: &Floors) -> Result<(), Error> {
    for ((tenant, hour, what), count) in &folded.uncounted {
        for period in Period::ALL {
            write_uncounted_row(
                conn,
                floors,
                (*tenant, period, floors.calendar.of_hour(period, *hour)),
                what,
                *count,
            )?;
        }
    }
    Ok(())
}

/// Adds to a number of what is in no figure of a tenant's period.
fn write_uncounted_row(
    conn: &Connection,
    floors: &Floors,
    (tenant, period, start): (i64, Period, u32),
    what: &str,
    count: u64,
) -> Result<(), Error> {
    if is_written(period, start, floors) {
        let upsert = "INSERT INTO uncounted (tenant, period, start, what, count) VALUES (?1, ?2, ?3, ?4, ?5) \
            ON CONFLICT DO UPDATE SET count = count + excluded.count";
        let row = params![tenant, period as u8, start, what, super::writer::number(count)];
        conn.prepare_cached(upsert)?.execute(row)?;
    }
    Ok(())
}

/// Widens the span in which each tenant has data.
fn write_spans(conn: &Connection, hours: impl Iterator<Item = (i64, u32)>) -> Result<(), Error> {
    let mut spans: HashMap<i64, (u32, u32)> = HashMap::new();
    for (tenant, hour) in hours {
        let span = spans.entry(tenant).or_insert((hour, hour + 1));
        *span = (span.0.min(hour), span.1.max(hour + 1));
    }
    let mut update = conn.prepare_cached(
        "UPDATE tenants SET first_hour = min(coalesce(first_hour, ?2), ?2), end_hour = max(coalesce(end_hour, ?3), ?3) \
        WHERE id = ?1",
    )?;
    for (tenant, (first, end)) in spans {
        update.execute(params![tenant, first, end])?;
    }
    Ok(())
}

/// Folds what is in the log and not in the rollups, one step: how many batches that were. Everything of a step is in memory. What
/// an older program stored as it came is scrubbed on the way.
pub(super) fn catch_up(conn: &Connection, budgets: &Budgets, floors: &Floors) -> Result<usize, Error> {
    let mut folded = Folded::beside(floors.sessions, floors.calendar.clone());
    let from = Progress::FoldedTo.read(conn)?;
    let (mut done, mut last) = (0, from);
    let select = format!("SELECT {} FROM batches WHERE id > ?1 ORDER BY id LIMIT ?2", batches::ENTRY);
    let mut select = conn.prepare_cached(&select)?;
    let mut rows = select.query(params![from, super::writer::number(UNFOLDED_BATCHES_MAX as u64)])?;
    while !folded.is_full(UNFOLDED_EVENTS_MAX)
        && let Some(row) = rows.next()?
    {
        match batches::entry(row)? {
            Ok(mut entry) => {
                last = entry.id;
                batches::scrub(conn, &mut entry)?;
                folded.add(&entry, budgets, || session(conn, entry.tenant, entry.session))?;
            }
            Err(damaged) => {
                last = damaged.id;
                quarantine_batch(conn, &damaged)?;
            }
        }
        done += 1;
    }
    drop(rows);
    folded.to = last;
    write(conn, &folded, floors)?;
    Ok(done)
}

/// What the rollups hold of a session.
pub(super) fn session(
    conn: &Connection,
    tenant: i64,
    session: i64,
) -> Result<Option<batches::Session>, Error> {
    batches::session(conn, session, |why, bytes| {
        quarantine::put(conn, tenant, &format!("sessions {session}"), why, bytes)
    })
}

/// Takes a batch that cannot be read out of the log.
pub(super) fn quarantine_batch(conn: &Connection, damaged: &batches::Damaged) -> Result<(), Error> {
    quarantine::put(conn, damaged.tenant, &format!("batches {}", damaged.id), &damaged.why, &damaged.frame)?;
    remove_batches(conn, &[damaged.id])
}

/// Takes batches out of the log, and what stands beside them; what is counted of them stays.
pub(super) fn remove_batches(conn: &Connection, ids: &[i64]) -> Result<(), Error> {
    for id in ids {
        conn.prepare_cached("DELETE FROM exits WHERE batch = ?1")?.execute([id])?;
        journey_events::remove(conn, *id)?;
    }
    batches::remove(conn, ids)
}

/// Removes names and releases that nothing is counted under any more.
pub(super) fn remove_unused(conn: &Connection) -> Result<(), Error> {
    conn.execute_batch(
        "DELETE FROM series WHERE id NOT IN (SELECT series FROM cells);
        DELETE FROM releases WHERE id NOT IN (SELECT release FROM cells UNION SELECT release FROM accounts \
            UNION SELECT release FROM exit_groups UNION SELECT release FROM exits \
            UNION SELECT release FROM sessions WHERE release IS NOT NULL);",
    )?;
    segments::remove_unused(conn)
}

/// Which rollups a fold writes: those that retention has not removed.
pub(super) fn floors(conn: &Connection) -> Result<Floors, Error> {
    let (kept, calendar) = (progress::kept(conn)?, settings::calendar(conn)?);
    Ok(Floors { periods: [kept[0], calendar.first_hour(Period::Day, kept[1]), 0], sessions: 0, calendar })
}
