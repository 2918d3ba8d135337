//! How many people, beside the cells: by day and month, of everybody and of each release.
//!
//! Owns: the table `people`. Refuses: knowing who, and hours: whoever came back within one would be two.
//! Invariant: for each series with people in a period there is a row of everybody, so that a report merges one sketch a period; a
//! row of a release is there only within the budget of the tenant.

use super::budget::{count, takes};
use super::fold::Folded;
use super::period::{Period, Plan};
use super::quarantine;
use super::rollups::{Floors, is_written};
use crate::error::Error;
use crate::limits::CELLS_PER_PERIOD_MAX;
use nowait_report::{Crowd, People};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, HashMap};

/// What stands for the release in the rows of everybody: no release has this id.
pub(super) const EVERYBODY: i64 = 0;

/// Where a row is, but for the period: tenant, start, release, series.
pub(super) type Row = (i64, u32, i64, i64);

/// Merges the people of a fold into the rows of their days and months. `ids` are those of the series and releases, by number.
pub(super) fn write(
    conn: &Connection,
    folded: &Folded,
    floors: &Floors,
    (series, releases): (&[i64], &[i64]),
) -> Result<(), Error> {
    let mut days: BTreeMap<Row, People> = BTreeMap::new();
    for ((day, of_series, release), people) in &folded.people {
        let tenant = folded.tenant_of(*release);
        let id = |ids: &[i64], number: u32| ids.get(number as usize).copied().unwrap_or_default();
        for release in [EVERYBODY, id(releases, *release)] {
            days.entry((tenant, *day, release, id(series, *of_series))).or_default().merge(people);
        }
    }
    let mut months: BTreeMap<Row, People> = BTreeMap::new();
    for ((tenant, day, release, series), people) in &days {
        let month = floors.calendar.of_hour(Period::Month, floors.calendar.first_hour(Period::Day, *day));
        months.entry((*tenant, month, *release, *series)).or_default().merge(people);
    }
    write_rows(conn, Period::Day, floors, days)?;
    write_rows(conn, Period::Month, floors, months)
}

pub(super) fn write_rows(
    conn: &Connection,
    period: Period,
    floors: &Floors,
    rows: BTreeMap<Row, People>,
) -> Result<(), Error> {
    let select = "SELECT people FROM people WHERE tenant = ?1 AND period = ?2 AND start = ?3 AND release = ?4 AND series = ?5";
    let replace = "INSERT INTO people (tenant, period, start, release, series, people) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
        ON CONFLICT DO UPDATE SET people = excluded.people";
    let of_period = "SELECT count(*) FROM people WHERE tenant = ?1 AND period = ?2 AND start = ?3";
    let (mut select, mut replace) = (conn.prepare_cached(select)?, conn.prepare_cached(replace)?);
    let mut used = HashMap::new();
    for ((tenant, start, release, series), people) in rows {
        if !is_written(period, start, floors) {
            continue;
        }
        let row = params![tenant, period as u8, start, release, series];
        let stored: Option<Vec<u8>> = select.query_row(row, |row| row.get(0)).optional()?;
        let is_new = stored.is_none();
        let mut is_within = || {
            let used_now = || count(conn, of_period, &[&tenant, &(period as u8), &start]);
            takes(&mut used, (tenant, start), CELLS_PER_PERIOD_MAX, used_now)
        };
        if is_new && !is_within()? && release != EVERYBODY {
            continue;
        }
        let place = || format!("people {tenant}/{}/{start}/{release}/{series}", period as u8);
        let mut merged = quarantine::read(conn, tenant, place, stored, People::from_bytes)?;
        merged.merge(&people);
        replace.execute(params![tenant, period as u8, start, release, series, merged.to_bytes()])?;
    }
    Ok(())
}

/// The people of a tenant in the periods of a plan, by the id of their series, and how many damaged rows there were: of everybody,
/// or of these releases.
pub(super) fn read(
    conn: &Connection,
    tenant: i64,
    plan: &Plan,
    releases: Option<&[i64]>,
) -> Result<(HashMap<i64, Crowd>, u64), Error> {
    let (mut all, mut damaged) = (HashMap::<i64, Crowd>::new(), 0);
    let select =
        "SELECT series, people FROM people WHERE tenant = ?1 AND period = ?2 AND start = ?3 AND release = ?4";
    let mut select = conn.prepare_cached(select)?;
    for (period, start) in &plan.periods {
        for release in releases.unwrap_or(&[EVERYBODY]) {
            let mut rows = select.query(params![tenant, *period as u8, start, release])?;
            while let Some(row) = rows.next()? {
                match People::from_bytes(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?) {
                    Ok(people) => all.entry(row.get(0)?).or_default().add(&people),
                    Err(_) => damaged += 1,
                }
            }
        }
    }
    Ok((all, damaged))
}

/// The people of one series of a tenant in these periods, and how many damaged rows there were: of everybody, or of these releases.
pub(super) fn of_series(
    conn: &Connection,
    tenant: i64,
    periods: &[(Period, u32)],
    releases: Option<&[i64]>,
    series: i64,
) -> Result<(Crowd, u64), Error> {
    let (mut crowd, mut damaged) = (Crowd::new(), 0);
    let select = "SELECT people FROM people \
        WHERE tenant = ?1 AND period = ?2 AND start = ?3 AND release = ?4 AND series = ?5";
    let mut select = conn.prepare_cached(select)?;
    for (period, start) in periods {
        for release in releases.unwrap_or(&[EVERYBODY]) {
            let mut rows = select.query(params![tenant, *period as u8, start, release, series])?;
            while let Some(row) = rows.next()? {
                match People::from_bytes(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?) {
                    Ok(people) => crowd.add(&people),
                    Err(_) => damaged += 1,
                }
            }
        }
    }
    Ok((crowd, damaged))
}
