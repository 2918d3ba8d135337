//! What arrives of a tenant's devices, what found no room, and what was set apart.
//!
//! Owns: counting it. Refuses: figures of waits, and what never was stored (see the counters of serve).
//! Invariant: it looks at the latest sessions alone, and says of no span a number that it did not count whole.

use super::Query;
use super::batches;
use super::budget::{OTHER, count};
use super::period::hour_of;
use super::read::Tenant;
use super::segments::Field;
use super::sqlite::SqliteStore;
use super::writer::number;
use crate::error::Error;
use crate::limits::{
    RELEASES_PER_TENANT_MAX, SEGMENTS_PER_TENANT_MAX, SERIES_PER_TENANT_MAX, SESSIONS_COUNTED_MAX,
};
use nowait_report::arrivals::{Arrivals, Counted, Lately, Reporting, Room, SetApart};
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, HashSet};

/// Kinds of damaged rows that are told: the page says where to look for all of them.
const SET_APART_TOLD: usize = 10;

/// What is known at this moment.
pub(super) fn read(
    store: &SqliteStore,
    tenant: &str,
    query: &Query,
    asked_unix_ms: u64,
) -> Result<Arrivals, Error> {
    let found = store.of_tenant(tenant, query, |conn, tenant| {
        Ok(Arrivals {
            asked_unix_ms,
            latest_unix_ms: batches::latest_received(conn, tenant.id)?,
            spans: spans(conn, tenant, query, asked_unix_ms)?,
            room: room(conn, tenant)?,
            set_apart: set_apart(conn, tenant)?,
        })
    })?;
    let nothing = Arrivals {
        asked_unix_ms,
        latest_unix_ms: None,
        spans: Vec::new(),
        room: Vec::new(),
        set_apart: Vec::new(),
    };
    Ok(found.map_or(nothing, |(_, arrivals)| arrivals))
}

/// Sessions and installs of each span, from the latest sessions back.
fn spans(
    conn: &Connection,
    tenant: Tenant,
    query: &Query,
    asked_unix_ms: u64,
) -> Result<Vec<Reporting>, Error> {
    let end = hour_of(asked_unix_ms) + 1;
    let mut found = Lately::ALL.map(|span| (span, 0, HashSet::<[u8; 16]>::new()));
    let select =
        "SELECT hour, install FROM sessions WHERE tenant = ?1 AND hour IS NOT NULL ORDER BY id DESC LIMIT ?2";
    let mut select = conn.prepare_cached(select)?;
    let mut rows = select.query(params![tenant.id, number(SESSIONS_COUNTED_MAX as u64)])?;
    let (mut read, mut earliest) = (0, end);
    while let Some(row) = rows.next()? {
        read += 1;
        if read % 4_096 == 0 {
            query.cancel.check()?;
        }
        let (hour, install): (u32, [u8; 16]) = (row.get(0)?, row.get(1)?);
        earliest = earliest.min(hour);
        for (span, sessions, installs) in &mut found {
            let (begin, until) = span.hours_ago();
            if (end.saturating_sub(begin)..end.saturating_sub(until)).contains(&hour) {
                *sessions += 1;
                installs.insert(install);
            }
        }
    }
    let is_all = read < SESSIONS_COUNTED_MAX;
    let told = |(span, sessions, installs): (Lately, u64, HashSet<[u8; 16]>)| {
        let is_whole = is_all || earliest < end.saturating_sub(span.hours_ago().0);
        Reporting {
            span,
            sessions: is_whole.then_some(sessions),
            installs: is_whole.then_some(installs.len() as u64),
        }
    };
    Ok(found.map(told).into())
}

fn room(conn: &Connection, tenant: Tenant) -> Result<Vec<Room>, Error> {
    let of = |select: &str| -> Result<u64, Error> { Ok(count(conn, select, &[&tenant.id])? as u64) };
    let other = |select: &str| -> Result<bool, Error> { Ok(count(conn, select, &[&tenant.id, &OTHER])? > 0) };
    let beyond = count(
        conn,
        "SELECT count(*) FROM segments WHERE tenant = ?1 AND field = ?2",
        &[&tenant.id, &(Field::Beyond as u8)],
    )?;
    let segments = count(
        conn,
        "SELECT count(*) FROM segments WHERE tenant = ?1 AND field NOT IN (?2, ?3)",
        &[&tenant.id, &(Field::Beyond as u8), &(Field::Stratum as u8)],
    )?;
    Ok(vec![
        Room {
            what: Counted::Names,
            used: of("SELECT count(*) FROM series WHERE tenant = ?1")?,
            most: SERIES_PER_TENANT_MAX as u64,
            is_beyond: other("SELECT count(*) FROM series WHERE tenant = ?1 AND name = ?2")?,
        },
        Room {
            what: Counted::Releases,
            used: of("SELECT count(*) FROM releases WHERE tenant = ?1")?,
            most: RELEASES_PER_TENANT_MAX as u64,
            is_beyond: other("SELECT count(*) FROM releases WHERE tenant = ?1 AND app_version = ?2")?,
        },
        Room {
            what: Counted::Segments,
            used: segments as u64,
            most: SEGMENTS_PER_TENANT_MAX as u64,
            is_beyond: beyond > 0,
        },
    ])
}

fn set_apart(conn: &Connection, tenant: Tenant) -> Result<Vec<SetApart>, Error> {
    let mut select = conn.prepare_cached(
        "SELECT place, why, count(*) FROM quarantine WHERE tenant = ?1 GROUP BY place, why",
    )?;
    let mut rows = select.query([tenant.id])?;
    let mut found: BTreeMap<(String, String), u64> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let place: String = row.get(0)?;
        let table = place.split(' ').next().unwrap_or_default().to_owned();
        *found.entry((table, row.get(1)?)).or_default() += row.get::<_, u64>(2)?;
    }
    let mut all: Vec<SetApart> =
        found.into_iter().map(|((table, why), count)| SetApart { table, why, count }).collect();
    all.sort_by_key(|of| std::cmp::Reverse(of.count));
    all.truncate(SET_APART_TOLD);
    Ok(all)
}
