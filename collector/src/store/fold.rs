//! Rollups in memory: the cells of one transaction, by tenant, hour and series.
//!
//! Owns: how events become cells and cells become rows. Refuses: batches, sessions and transactions.
//! Invariant: the daily rollup is the sum of the hourly ones, because the hourly cells of a transaction are
//! what its daily cells are merged from.

use super::intake::Placement;
use crate::error::Error;
use crate::limits::SERIES_REMEMBERED_MAX;
use crate::time::{day_floor, hour_floor};
use nowait_report::{Cell, CellKey};
use nowait_wire::{Batch, Kind, NameId};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;

/// Where a cell belongs: tenant, start of its hour or day in milliseconds since 1970 UTC, series.
type Place = (i64, u64, i64);

const SERIES_INSERT: &str = "INSERT INTO series \
    (tenant, kind, name, app_version, os, device_tier, network) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
    ON CONFLICT DO NOTHING";
const SERIES_SELECT: &str = "SELECT id FROM series WHERE tenant = ?1 AND kind = ?2 AND name = ?3 \
    AND app_version = ?4 AND os = ?5 AND device_tier = ?6 AND network = ?7";

/// The two tables of rollups, with what reads and what writes a row of them.
const HOURLY: [&str; 2] = [
    "SELECT cell FROM hourly WHERE tenant = ?1 AND start_unix_ms = ?2 AND series = ?3",
    "INSERT OR REPLACE INTO hourly (tenant, start_unix_ms, series, cell) VALUES (?1, ?2, ?3, ?4)",
];
const DAILY: [&str; 2] = [
    "SELECT cell FROM daily WHERE tenant = ?1 AND start_unix_ms = ?2 AND series = ?3",
    "INSERT OR REPLACE INTO daily (tenant, start_unix_ms, series, cell) VALUES (?1, ?2, ?3, ?4)",
];

/// The ids of the series that were met, so that each is looked up once.
///
/// It speaks of committed rows only as long as its owner clears it after a rollback.
#[derive(Debug, Default)]
pub(super) struct SeriesIds(HashMap<(i64, CellKey), i64>);

impl SeriesIds {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn id(&mut self, conn: &Connection, tenant: i64, key: CellKey) -> Result<i64, Error> {
        let place = (tenant, key);
        if let Some(id) = self.0.get(&place) {
            return Ok(*id);
        }
        let key = &place.1;
        let row = params![
            tenant,
            key.kind as u8,
            key.name,
            key.app_version,
            key.os as u8,
            key.device_tier as u8,
            key.network as u8
        ];
        conn.prepare_cached(SERIES_INSERT)?.execute(row)?;
        let id = conn.prepare_cached(SERIES_SELECT)?.query_row(row, |row| row.get(0))?;
        if self.0.len() >= SERIES_REMEMBERED_MAX {
            self.0.clear();
        }
        self.0.insert(place, id);
        Ok(id)
    }
}

/// The cells that a transaction adds.
#[derive(Debug, Default)]
pub(super) struct Rollups {
    hourly: HashMap<Place, Cell>,
}

impl Rollups {
    /// How many hourly cells it holds.
    pub(super) fn len(&self) -> usize {
        self.hourly.len()
    }

    /// Adds the events of a batch to the cells of their hours.
    pub(super) fn add(
        &mut self,
        conn: &Connection,
        ids: &mut SeriesIds,
        tenant: i64,
        batch: &Batch,
        placement: &Placement,
    ) -> Result<(), Error> {
        let mut met: HashMap<(Kind, NameId), i64> = HashMap::new();
        for event in batch.events.iter().filter(|event| Cell::takes(event.kind)) {
            let series = match met.get(&(event.kind, event.name)) {
                Some(series) => *series,
                None => {
                    let name = batch.names.get(event.name.0 as usize).map_or("", String::as_str);
                    let key = CellKey::new(event.kind, name, &batch.context);
                    let series = ids.id(conn, tenant, key)?;
                    met.insert((event.kind, event.name), series);
                    series
                }
            };
            let hour = hour_floor(placement.unix_ms(event.started_uptime_ns));
            self.hourly.entry((tenant, hour, series)).or_default().add(event);
        }
        Ok(())
    }

    /// Merges everything into the rows of both tables and is empty afterwards.
    pub(super) fn write(&mut self, conn: &Connection) -> Result<(), Error> {
        let mut daily: HashMap<Place, Cell> = HashMap::new();
        for ((tenant, hour, series), cell) in &self.hourly {
            daily.entry((*tenant, day_floor(*hour), *series)).or_default().merge(cell);
        }
        write_table(conn, HOURLY, &mut self.hourly)?;
        write_table(conn, DAILY, &mut daily)
    }
}

/// Merges these cells into the rows of one table, in the order of its primary key: neighbours share pages.
fn write_table(
    conn: &Connection,
    [select, upsert]: [&str; 2],
    cells: &mut HashMap<Place, Cell>,
) -> Result<(), Error> {
    let mut sorted: Vec<(Place, Cell)> = cells.drain().collect();
    sorted.sort_unstable_by_key(|(place, _)| *place);
    let mut select = conn.prepare_cached(select)?;
    let mut upsert = conn.prepare_cached(upsert)?;
    for ((tenant, start, series), mut cell) in sorted {
        let start = i64::try_from(start).unwrap_or(i64::MAX);
        let stored: Option<Vec<u8>> =
            select.query_row(params![tenant, start, series], |row| row.get(0)).optional()?;
        if let Some(stored) = stored {
            cell.merge(&Cell::from_bytes(&stored)?);
        }
        upsert.execute(params![tenant, start, series, cell.to_bytes()])?;
    }
    Ok(())
}
