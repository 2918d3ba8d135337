//! What reports ask of the database.
//!
//! Owns: every SELECT for reports. Refuses: arithmetic on what it reads.
//! Invariant: whole days are read from the daily rollups and only the edges from the hourly ones, so that the
//! cost of a long report does not grow with the number of events.

use super::cost::Sampled;
use super::{Query, exits};
use crate::error::Error;
use crate::time::{day_ceil, day_floor};
use nowait_report::{Cell, CellKey, Cells, Input, SessionAccount};
use nowait_wire::{Batch, Cost, DropReason, Kind, Ledger, Network, Os, RefuseReason, Tier};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::HashMap;

const SERIES: &str = "SELECT id, kind, name, app_version, os, device_tier, network FROM series \
    WHERE tenant = ?1 AND (?2 IS NULL OR app_version = ?2) AND (?3 IS NULL OR os = ?3)";
const HOURLY: &str = "SELECT series, cell FROM hourly \
    WHERE tenant = ?1 AND start_unix_ms >= ?2 AND start_unix_ms < ?3";
const DAILY: &str = "SELECT series, cell FROM daily \
    WHERE tenant = ?1 AND start_unix_ms >= ?2 AND start_unix_ms < ?3";
/// Two searches of an index: `min` and `max` in one select would read all of it.
const SPAN: &str = "SELECT (SELECT min(start_unix_ms) FROM hourly WHERE tenant = ?1), \
    (SELECT max(start_unix_ms) + 3600000 FROM hourly WHERE tenant = ?1)";
const SESSIONS: &str = "SELECT delivered, produced, dropped_ring_full, dropped_contended, dropped_corrupt, \
    dropped_spool_evicted, dropped_rejected, dropped_spool_corrupt, dropped_quarantined, names_redacted, \
    names_overflowed, signals_lost, panics_caught, ring_on_heap, cost_start_ns, cost_worker_cpu_ns, \
    cost_sealed_bytes, cost_sent_bytes, cost_record, received_bytes, facts_folded, refused_ring_full, \
    refused_contended, refused_corrupt, refused_quarantined, starts_failed FROM sessions \
    WHERE tenant = ?1 AND (?2 IS NULL OR app_version = ?2) AND (?3 IS NULL OR os = ?3) \
    AND started_unix_ms >= ?4 AND started_unix_ms < ?5";

/// The id of a tenant, or `None` if it never sent anything.
pub(super) fn tenant_id(conn: &Connection, tenant: &str) -> Result<Option<i64>, Error> {
    let mut select = conn.prepare_cached("SELECT id FROM tenants WHERE name = ?1")?;
    Ok(select.query_row([tenant], |row| row.get(0)).optional()?)
}

pub(super) fn tenants(conn: &Connection) -> Result<Vec<String>, Error> {
    let mut select = conn.prepare_cached("SELECT name FROM tenants ORDER BY name")?;
    Ok(select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

pub(super) fn app_versions(conn: &Connection, tenant: &str) -> Result<Vec<String>, Error> {
    let Some(tenant) = tenant_id(conn, tenant)? else {
        return Ok(Vec::new());
    };
    let mut select = conn
        .prepare_cached("SELECT DISTINCT app_version FROM series WHERE tenant = ?1 ORDER BY app_version")?;
    Ok(select.query_map([tenant], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

pub(super) fn input(conn: &Connection, tenant: &str, query: &Query) -> Result<Input, Error> {
    let Some(tenant) = tenant_id(conn, tenant)? else {
        return Ok(Input { scope: query.scope(None), ..Input::default() });
    };
    let span = conn
        .prepare_cached(SPAN)?
        .query_row([tenant], |row| Ok(row.get::<_, Option<u64>>(0)?.zip(row.get::<_, Option<u64>>(1)?)))?;
    Ok(Input {
        scope: query.scope(span),
        cells: cells_of(conn, tenant, query)?,
        exits: exits::exits(conn, tenant, query)?,
        sessions: sessions(conn, tenant, query)?,
    })
}

pub(super) fn cells(conn: &Connection, tenant: &str, query: &Query) -> Result<Cells, Error> {
    match tenant_id(conn, tenant)? {
        Some(tenant) => cells_of(conn, tenant, query),
        None => Ok(Cells::new()),
    }
}

fn cells_of(conn: &Connection, tenant: i64, query: &Query) -> Result<Cells, Error> {
    let mut select = conn.prepare_cached(SERIES)?;
    let keys: HashMap<i64, CellKey> = select
        .query_map(params![tenant, query.app_version, query.os.map(|os| os as u8)], key)?
        .collect::<Result<_, _>>()?;
    let (from, until) = (query.from_unix_ms(), query.until_unix_ms());
    let (first_day, last_day) = (day_ceil(from), day_floor(until));
    let mut cells = HashMap::new();
    if first_day < last_day {
        add(conn, HOURLY, (tenant, from, first_day), &keys, &mut cells)?;
        add(conn, DAILY, (tenant, first_day, last_day), &keys, &mut cells)?;
        add(conn, HOURLY, (tenant, last_day, until), &keys, &mut cells)?;
    } else {
        add(conn, HOURLY, (tenant, from, until), &keys, &mut cells)?;
    }
    Ok(keys.into_iter().filter_map(|(id, key)| Some((key, cells.remove(&id)?))).collect())
}

/// Merges the rows of one table and span into `cells`, as far as their series are asked for.
fn add(
    conn: &Connection,
    select: &str,
    (tenant, from, until): (i64, u64, u64),
    keys: &HashMap<i64, CellKey>,
    cells: &mut HashMap<i64, Cell>,
) -> Result<(), Error> {
    if from >= until {
        return Ok(());
    }
    let mut select = conn.prepare_cached(select)?;
    let mut rows =
        select.query(params![tenant, super::writer::number(from), super::writer::number(until)])?;
    while let Some(row) = rows.next()? {
        let series: i64 = row.get(0)?;
        if keys.contains_key(&series) {
            let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            cells.entry(series).or_default().merge(&Cell::from_bytes(bytes)?);
        }
    }
    Ok(())
}

fn key(row: &Row) -> rusqlite::Result<(i64, CellKey)> {
    let key = CellKey {
        kind: known(row, 1, Kind::from_u8)?,
        name: row.get(2)?,
        app_version: row.get(3)?,
        os: known(row, 4, Os::from_u8)?,
        device_tier: known(row, 5, Tier::from_u8)?,
        network: known(row, 6, Network::from_u8)?,
    };
    Ok((row.get(0)?, key))
}

/// The variant whose number stands in a column.
pub(super) fn known<T>(row: &Row, column: usize, from: fn(u8) -> Option<T>) -> rusqlite::Result<T> {
    let number: u8 = row.get(column)?;
    from(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number.into()))
}

fn sessions(conn: &Connection, tenant: i64, query: &Query) -> Result<Vec<SessionAccount>, Error> {
    let mut select = conn.prepare_cached(SESSIONS)?;
    let asked = params![
        tenant,
        query.app_version,
        query.os.map(|os| os as u8),
        super::writer::number(query.from_unix_ms()),
        super::writer::number(query.until_unix_ms())
    ];
    Ok(select.query_map(asked, account)?.collect::<Result<_, _>>()?)
}

fn account(row: &Row) -> rusqlite::Result<SessionAccount> {
    let mut ledger = Ledger { produced: row.get(1)?, ..Ledger::default() };
    for reason in DropReason::ALL {
        if let Some(dropped) = ledger.dropped.get_mut(*reason as usize) {
            *dropped = row.get(2 + *reason as usize)?;
        }
    }
    ledger.facts.folded = row.get(20)?;
    for reason in RefuseReason::ALL {
        if let Some(refused) = ledger.facts.refused.get_mut(*reason as usize) {
            *refused = row.get(21 + *reason as usize)?;
        }
    }
    ledger.starts_failed = row.get(25)?;
    ledger.names_redacted = row.get(9)?;
    ledger.names_overflowed = row.get(10)?;
    ledger.signals_lost = row.get(11)?;
    ledger.panics_caught = row.get(12)?;
    ledger.ring_on_heap = row.get(13)?;
    ledger.cost = Cost {
        start_ns: row.get(14)?,
        worker_cpu_ns: row.get(15)?,
        sealed_bytes: row.get(16)?,
        sent_bytes: row.get(17)?,
        ..row.get::<_, Sampled>(18)?.0
    };
    Ok(SessionAccount { ledger, delivered: row.get(0)?, received_bytes: row.get(19)? })
}

/// Decodes the frame in a column.
pub(super) fn batch(row: &Row, column: usize) -> Result<Batch, Error> {
    let frame = row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?;
    nowait_wire::decode(frame).map_err(|error| Error::store(format!("a stored batch is damaged: {error}")))
}
