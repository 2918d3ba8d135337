//! How many rows a tenant may have in the rollups, or a segment of it.
//!
//! Owns: the tables `series` and `releases`, and the counting of rows. Refuses: writing other rows (see `rollups`).
//! Invariant: what is beyond a budget is counted under [`OTHER`], and nothing is lost.

use super::fold::Numbered;
use super::period::Period;
use crate::error::Error;
use crate::limits::{
    CELLS_PER_PERIOD_MAX, EXIT_GROUPS_PER_PERIOD_MAX, RELEASES_PER_TENANT_MAX, SERIES_PER_TENANT_MAX,
};
use nowait_wire::{Kind, Os};
use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;

/// What is counted together because the budget of the tenant does not reach, as a name and as a release.
pub(super) const OTHER: &str = "(other)";

/// How much of its budget each tenant has used, as far as it was asked in this transaction.
#[derive(Debug, Default)]
pub(super) struct Budget {
    series: HashMap<i64, usize>,
    releases: HashMap<i64, usize>,
    other_releases: HashMap<i64, i64>,
    cells: HashMap<(i64, Period, u32), usize>,
    exit_groups: HashMap<(i64, Period, u32), usize>,
    /// Whose a segment is, by what stands for it as a tenant.
    owners: HashMap<i64, i64>,
}

impl Budget {
    /// The tenant itself, or the one whose segment it is.
    pub(super) fn owner(&self, tenant: i64) -> i64 {
        self.owners.get(&tenant).copied().unwrap_or(tenant)
    }

    /// Says whose a segment is, by what stands for it as a tenant.
    pub(super) fn owns(&mut self, tenant: i64, segment: i64) {
        self.owners.insert(segment, tenant);
    }

    /// The ids of series, by number.
    pub(super) fn all_series(
        &mut self,
        conn: &Connection,
        numbered: &Numbered<(i64, Kind)>,
    ) -> Result<Vec<i64>, Error> {
        let all = numbered.all().iter();
        all.map(|((tenant, kind), name)| self.series(conn, *tenant, *kind, name)).collect()
    }

    /// The ids of releases, by number.
    pub(super) fn all_releases(
        &mut self,
        conn: &Connection,
        numbered: &Numbered<(i64, Os)>,
    ) -> Result<Vec<i64>, Error> {
        let all = numbered.all().iter();
        all.map(|((tenant, os), version)| self.release(conn, *tenant, *os, version)).collect()
    }

    /// The id of a series, or of the one that all beyond the budget are counted in.
    fn series(&mut self, conn: &Connection, tenant: i64, kind: Kind, name: &str) -> Result<i64, Error> {
        let select = "SELECT id FROM series WHERE tenant = ?1 AND kind = ?2 AND name = ?3";
        let find = |name: &str| -> Result<Option<i64>, Error> {
            Ok(conn
                .prepare_cached(select)?
                .query_row(params![tenant, kind as u8, name], |row| row.get(0))
                .optional()?)
        };
        if let Some(id) = find(name)? {
            return Ok(id);
        }
        let is_within = takes(&mut self.series, tenant, SERIES_PER_TENANT_MAX, || {
            count(conn, "SELECT count(*) FROM series WHERE tenant = ?1", &[&tenant])
        })?;
        let name = if is_within { name } else { OTHER };
        if !is_within && let Some(id) = find(name)? {
            return Ok(id);
        }
        conn.prepare_cached("INSERT INTO series (tenant, kind, name) VALUES (?1, ?2, ?3)")?
            .execute(params![tenant, kind as u8, name])?;
        Ok(conn.last_insert_rowid())
    }

    /// The id of a release, or of the one that all beyond the budget are counted in.
    fn release(&mut self, conn: &Connection, tenant: i64, os: Os, version: &str) -> Result<i64, Error> {
        let select = "SELECT id FROM releases WHERE tenant = ?1 AND app_version = ?2 AND os = ?3";
        let found: Option<i64> = conn
            .prepare_cached(select)?
            .query_row(params![tenant, version, os as u8], |row| row.get(0))
            .optional()?;
        if let Some(id) = found {
            return Ok(id);
        }
        let is_within = takes(&mut self.releases, tenant, RELEASES_PER_TENANT_MAX, || {
            count(conn, "SELECT count(*) FROM releases WHERE tenant = ?1", &[&tenant])
        })?;
        if !is_within {
            return self.other_release(conn, tenant);
        }
        conn.prepare_cached("INSERT INTO releases (tenant, app_version, os) VALUES (?1, ?2, ?3)")?
            .execute(params![tenant, version, os as u8])?;
        Ok(conn.last_insert_rowid())
    }

    /// The id of the release that all beyond the budget are counted in.
    pub(super) fn other_release(&mut self, conn: &Connection, tenant: i64) -> Result<i64, Error> {
        if let Some(id) = self.other_releases.get(&tenant) {
            return Ok(*id);
        }
        let os = Os::Other as u8;
        conn.prepare_cached(
            "INSERT INTO releases (tenant, app_version, os) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute(params![tenant, OTHER, os])?;
        let select = "SELECT id FROM releases WHERE tenant = ?1 AND app_version = ?2 AND os = ?3";
        let id = conn.prepare_cached(select)?.query_row(params![tenant, OTHER, os], |row| row.get(0))?;
        self.other_releases.insert(tenant, id);
        Ok(id)
    }

    /// Whether there is room for one more cell.
    pub(super) fn takes_cell(&mut self, conn: &Connection, place: (i64, Period, u32)) -> Result<bool, Error> {
        let (tenant, period, start) = place;
        let select = "SELECT count(*) FROM cells WHERE tenant = ?1 AND period = ?2 AND start = ?3";
        takes(&mut self.cells, place, CELLS_PER_PERIOD_MAX, || {
            count(conn, select, &[&tenant, &(period as u8), &start])
        })
    }

    /// Whether there is room for one more group of exits.
    pub(super) fn takes_exit_group(
        &mut self,
        conn: &Connection,
        place: (i64, Period, u32),
    ) -> Result<bool, Error> {
        let (tenant, period, start) = place;
        let select = "SELECT count(*) FROM exit_groups WHERE tenant = ?1 AND period = ?2 AND start = ?3";
        takes(&mut self.exit_groups, place, EXIT_GROUPS_PER_PERIOD_MAX, || {
            count(conn, select, &[&tenant, &(period as u8), &start])
        })
    }
}

/// Takes one of what is left of a budget, if anything is.
pub(super) fn takes<K: Eq + std::hash::Hash>(
    used: &mut HashMap<K, usize>,
    key: K,
    most: usize,
    count: impl FnOnce() -> Result<usize, Error>,
) -> Result<bool, Error> {
    let used = match used.entry(key) {
        std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
        std::collections::hash_map::Entry::Vacant(new) => new.insert(count()?),
    };
    let takes = *used < most;
    *used += usize::from(takes);
    Ok(takes)
}

pub(super) fn count(conn: &Connection, select: &str, of: &[&dyn ToSql]) -> Result<usize, Error> {
    Ok(conn.prepare_cached(select)?.query_row(of, |row| row.get(0))?)
}
