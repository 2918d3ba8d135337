//! What reports ask of the database.
//!
//! Owns: what each question is answered from. Refuses: arithmetic on what it reads, and walking rollups (see `source`).
//! Invariant: a report of everybody, of a release or of a system reads as many rows as there are touchpoints and releases in
//! its months, days and hours, however many events, sessions and exits there were.

use super::budget::OTHER;
use super::progress::Progress;
use super::source::Source;
use super::{Contexts, Query};
use super::{segments, slice};
use crate::error::Error;
use crate::limits::NEAREST_AMONG_MAX;
use nowait_report::{Accounts, Budgets, Builder, CellKey, Cells, Exits, Report, VersionOrder};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::{BTreeMap, BTreeSet};

/// Damaged rows that were met.
pub(super) const DAMAGED_ROWS: &str = "damaged rows";

/// A tenant of the store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tenant {
    pub(super) id: i64,
    /// The first hour of its data, and the first after it.
    pub(super) data: (u32, u32),
}

/// The tenant of this name, or `None` if it never sent anything.
pub(super) fn tenant(conn: &Connection, name: &str) -> Result<Option<Tenant>, Error> {
    let mut select = conn.prepare_cached("SELECT id, first_hour, end_hour FROM tenants WHERE name = ?1")?;
    let tenant = select.query_row([name], |row| {
        let (first, end): (Option<u32>, Option<u32>) = (row.get(1)?, row.get(2)?);
        Ok(Tenant { id: row.get(0)?, data: (first.unwrap_or(u32::MAX), end.unwrap_or(0)) })
    });
    Ok(tenant.optional()?)
}

pub(super) fn tenants(conn: &Connection) -> Result<Vec<String>, Error> {
    let mut select = conn.prepare_cached("SELECT name FROM tenants ORDER BY name")?;
    Ok(select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// The releases that were heard of, the oldest first.
pub(super) fn app_versions(conn: &Connection, tenant: &str) -> Result<Vec<String>, Error> {
    let Some(Tenant { id, .. }) = self::tenant(conn, tenant)? else {
        return Ok(Vec::new());
    };
    // A release that is counted nowhere yet is in the context of its first batch.
    let select = "SELECT app_version FROM releases WHERE tenant = ?1 UNION \
        SELECT app_version FROM contexts WHERE id IN (SELECT context FROM batches WHERE id > ?2 AND tenant = ?1)";
    let mut select = conn.prepare_cached(select)?;
    let versions = select.query_map(params![id, Progress::FoldedTo.read(conn)?], |row| row.get(0))?;
    let mut versions: Vec<String> = versions.collect::<Result<_, _>>()?;
    // What other channels tell is of no release.
    versions.retain(|version| !version.is_empty());
    versions.sort_by(|one, other| VersionOrder(one).cmp(&VersionOrder(other)));
    Ok(versions)
}

/// What the batches of a tenant have in common, and the releases whose batches are kept no more.
pub(super) fn contexts(conn: &Connection, tenant: &str) -> Result<Contexts, Error> {
    let mut all = Contexts::default();
    let Some(Tenant { id, .. }) = self::tenant(conn, tenant)? else {
        return Ok(all);
    };
    let apart = app_versions(conn, tenant)?.into_iter().filter(|version| version != OTHER);
    all.app_versions.extend(apart.take(NEAREST_AMONG_MAX));
    let keep = |kept: &mut BTreeSet<String>, value: String| {
        // What other channels tell is of no release, country or model.
        if !value.is_empty() && kept.len() < NEAREST_AMONG_MAX {
            kept.insert(value);
        }
    };
    let (countries, dimensions) = segments::values(conn, id)?;
    countries.into_iter().for_each(|country| keep(&mut all.countries, country));
    dimensions.into_iter().for_each(|dimension| keep(&mut all.dimensions, dimension));
    let select = "SELECT app_version, country, device_model, dimensions FROM contexts WHERE tenant = ?1";
    let mut select = conn.prepare_cached(select)?;
    let mut rows = select.query([id])?;
    while let Some(row) = rows.next()? {
        keep(&mut all.app_versions, row.get(0)?);
        keep(&mut all.countries, row.get(1)?);
        keep(&mut all.device_models, row.get(2)?);
        let dimensions: BTreeMap<String, String> =
            serde_json::from_str(&row.get::<_, String>(3)?).unwrap_or_default();
        for (key, value) in dimensions {
            keep(&mut all.dimensions, format!("{key}:{value}"));
        }
    }
    Ok(all)
}

/// What a question is answered from, if the rollups can answer it.
fn source<'c>(
    conn: &'c Connection,
    tenant: Tenant,
    query: &'c Query,
    budgets: &Budgets,
) -> Result<Option<Source<'c>>, Error> {
    if slice::is_needed(&query.filter) {
        return Source::look_at_segment(conn, tenant, query, budgets);
    }
    Source::look(conn, tenant, query, budgets).map(Some)
}

/// The report of a question; `None` if the rollups cannot answer it.
pub(super) fn report(
    conn: &Connection,
    tenant: Tenant,
    query: &Query,
    budgets: &Budgets,
) -> Result<Option<Report>, Error> {
    let Some(source) = source(conn, tenant, query, budgets)? else { return Ok(None) };
    let mut builder = Builder::new(query.scope(Some(&source.plan)), budgets, query.rows);
    let mut uncounted = source.uncounted()?;
    let damaged = source.groups(|kind, name, group| builder.add(kind, name, group))?;
    let (accounts, damaged_accounts) = source.accounts()?;
    let (exits, damaged_exits) = source.exits()?;
    count(&mut uncounted, DAMAGED_ROWS, damaged + damaged_accounts + damaged_exits);
    Ok(Some(builder.finish(&accounts, exits, uncounted)))
}

/// The report of a tenant that never sent anything.
pub(super) fn nothing(query: &Query, budgets: &Budgets) -> Report {
    let builder = Builder::new(query.scope(None), budgets, query.rows);
    builder.finish(&Accounts::new(), Exits::default(), BTreeMap::new())
}

/// The cells of a question; `None` if the rollups cannot answer it.
pub(super) fn cells(conn: &Connection, tenant: Tenant, query: &Query) -> Result<Option<Cells>, Error> {
    let Some(source) = source(conn, tenant, query, &Budgets::default())? else { return Ok(None) };
    let mut cells = Cells::new();
    source.rows(|kind, name, app_version, os, cell| {
        cells.merge(CellKey { kind, name: name.to_owned(), app_version: app_version.to_owned(), os }, cell);
    })?;
    Ok(Some(cells))
}

/// The accounts of a question.
#[cfg(test)]
pub(super) fn accounts(conn: &Connection, tenant: Tenant, query: &Query) -> Result<Accounts, Error> {
    Ok(Source::look(conn, tenant, query, &Budgets::default())?.accounts()?.0)
}

/// Adds to a count, if there is anything to add.
pub(super) fn count(uncounted: &mut BTreeMap<String, u64>, what: &str, n: u64) {
    if n > 0 {
        let count = uncounted.entry(what.to_owned()).or_default();
        *count = count.saturating_add(n);
    }
}

/// The variant whose number stands in a column; `None` if there is none, which is damage.
pub(super) fn known<T>(row: &Row, column: usize, from: fn(u8) -> Option<T>) -> Option<T> {
    row.get::<_, u8>(column).ok().and_then(from)
}
