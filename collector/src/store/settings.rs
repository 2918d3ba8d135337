//! What the store was told, kept in the file for whoever opens it later.
//!
//! Owns: the table `settings`. Refuses: using what stands there.
//! Invariant: rollups that are made again are judged by the budgets of the latest collector that wrote here; and all days of a
//! file are cut in one zone.

use super::period::Calendar;
use super::progress::Progress;
use crate::error::Error;
use nowait_report::{Budgets, Zone};
use rusqlite::{Connection, OptionalExtension, params};

const BUDGETS: &str = "budgets";
const ZONE: &str = "zone";

/// Remembers the budgets by which waits are too long from now on.
pub(super) fn keep_budgets(conn: &Connection, budgets: &Budgets) -> Result<(), Error> {
    keep(conn, BUDGETS, budgets.source())
}

/// The budgets that were remembered last; the defaults if there are none.
pub(super) fn budgets(conn: &Connection) -> Result<Budgets, Error> {
    Ok(Budgets::parse(&text(conn, BUDGETS)?.unwrap_or_default())?)
}

/// The zone in which days and months are cut; UTC where none was said.
pub(super) fn zone(conn: &Connection) -> Result<Zone, Error> {
    text(conn, ZONE)?.map_or(Ok(Zone::UTC), |name| Ok(name.parse()?))
}

/// Days and months of that zone.
pub(super) fn calendar(conn: &Connection) -> Result<Calendar, Error> {
    zone(conn).map(Calendar::of)
}

/// Cuts the days in this zone, if nothing is cut in another one yet.
pub(super) fn keep_zone(conn: &Connection, wanted: &Zone) -> Result<(), Error> {
    let known = zone(conn)?;
    let has_data: bool = conn.query_row("SELECT EXISTS (SELECT 1 FROM tenants)", [], |row| row.get(0))?;
    if has_data && known != *wanted {
        return Err(Error::input(format!(
            "zone: the days here are cut in {known}, not in {wanted}: leave it out, or stop the collector and run \
             `nowait reindex --zone {wanted}`, which cuts them again"
        )));
    }
    keep(conn, ZONE, wanted.name())
}

/// Cuts the days in this zone from now on; the caller makes all rollups again.
pub(super) fn change_zone(conn: &Connection, wanted: &Zone) -> Result<(), Error> {
    let known = zone(conn)?;
    if known != *wanted && Progress::batches_from(conn)? > 0 {
        return Err(Error::input(format!(
            "zone: the days here stay cut in {known}: batches of before were removed by age, and days cannot be cut again \
             without them; begin a new data folder with `nowait serve --zone {wanted}`"
        )));
    }
    keep(conn, ZONE, wanted.name())
}

fn keep(conn: &Connection, name: &str, text: &str) -> Result<(), Error> {
    conn.execute("INSERT OR REPLACE INTO settings (name, text) VALUES (?1, ?2)", params![name, text])?;
    Ok(())
}

fn text(conn: &Connection, name: &str) -> Result<Option<String>, Error> {
    let mut select = conn.prepare_cached("SELECT text FROM settings WHERE name = ?1")?;
    Ok(select.query_row([name], |row| row.get(0)).optional()?)
}
