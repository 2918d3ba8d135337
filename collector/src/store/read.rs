//! What reports ask of the database.
//!
//! Owns: every SELECT for reports, and how the rollups and what is not in them yet become one. Refuses: arithmetic on what it
//! reads.
//! Invariant: a report of everybody, of a release or of a system reads as many rows as there are touchpoints and releases in
//! its months, days and hours, however many events, sessions and exits there were.

use super::batches::{self, Entry};
use super::exits;
use super::fold::Folded;
use super::period::{self, Plan, hour_of};
use super::progress::{self, Progress};
use super::rollups::OTHER;
use super::writer::number;
use super::{Contexts, Query};
use crate::ask::Filter;
use crate::error::Error;
use crate::limits::{EXITS_LOOKED_AT_MAX, NEAREST_AMONG_MAX, UNFOLDED_READ_MAX};
use nowait_report::limits::EXITS_LISTED_MAX;
use nowait_report::{
    Accounts, Budgets, Builder, Cell, CellKey, Cells, Exit, ExitGroup, Exits, Group, Report, Rows,
};
use nowait_wire::{ExitReason, Kind, Os};
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::{Connection, OptionalExtension, Row, Rows as SqlRows, params};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Damaged rows that were met.
pub(super) const DAMAGED_ROWS: &str = "damaged rows";
/// Events of batches that no rollup has yet and that were too many to be read from them.
const UNFOLDED_EVENTS: &str = "events not yet counted";

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

pub(super) fn app_versions(conn: &Connection, tenant: &str) -> Result<Vec<String>, Error> {
    let Some(Tenant { id, .. }) = self::tenant(conn, tenant)? else {
        return Ok(Vec::new());
    };
    // A release that is counted nowhere yet is in the context of its first batch.
    let select = "SELECT app_version FROM releases WHERE tenant = ?1 UNION \
        SELECT app_version FROM contexts WHERE id IN (SELECT context FROM batches WHERE id > ?2 AND tenant = ?1) \
        ORDER BY app_version";
    let mut select = conn.prepare_cached(select)?;
    let versions = select.query_map(params![id, Progress::FoldedTo.read(conn)?], |row| row.get(0))?;
    Ok(versions.collect::<Result<_, _>>()?)
}

/// What the batches of a tenant have in common, and the releases whose batches are kept no more.
pub(super) fn contexts(conn: &Connection, tenant: &str) -> Result<Contexts, Error> {
    let mut all = Contexts::default();
    let Some(Tenant { id, .. }) = self::tenant(conn, tenant)? else {
        return Ok(all);
    };
    let apart = app_versions(conn, tenant)?.into_iter().filter(|version| version != OTHER);
    all.app_versions.extend(apart.take(NEAREST_AMONG_MAX));
    let select = "SELECT app_version, country, device_model, dimensions FROM contexts WHERE tenant = ?1";
    let mut select = conn.prepare_cached(select)?;
    let mut rows = select.query([id])?;
    while let Some(row) = rows.next()? {
        let keep = |kept: &mut BTreeSet<String>, value: String| {
            if kept.len() < NEAREST_AMONG_MAX {
                kept.insert(value);
            }
        };
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

/// The report of a question that the rollups can answer.
pub(super) fn report(
    conn: &Connection,
    tenant: Tenant,
    query: &Query,
    budgets: &Budgets,
    rows: Rows,
) -> Result<Report, Error> {
    let source = Source::look(conn, tenant, query)?;
    let mut builder = Builder::new(query.scope(Some(&source.plan)), budgets, rows);
    let mut uncounted = source.uncounted()?;
    let damaged = source.groups(|kind, name, group| builder.add(kind, name, group))?;
    let (accounts, damaged_accounts) = source.accounts()?;
    let exits = source.exits()?;
    count(&mut uncounted, DAMAGED_ROWS, damaged + damaged_accounts);
    Ok(builder.finish(&accounts, exits, uncounted))
}

/// The report of a tenant that never sent anything.
pub(super) fn nothing(query: &Query, budgets: &Budgets, rows: Rows) -> Report {
    let builder = Builder::new(query.scope(None), budgets, rows);
    builder.finish(&Accounts::new(), Exits::default(), BTreeMap::new())
}

/// The cells of a question that the rollups can answer.
pub(super) fn cells(conn: &Connection, tenant: Tenant, query: &Query) -> Result<Cells, Error> {
    let source = Source::look(conn, tenant, query)?;
    let mut cells = Cells::new();
    source.rows(|kind, name, app_version, os, cell| {
        cells.merge(CellKey { kind, name: name.to_owned(), app_version: app_version.to_owned(), os }, cell);
    })?;
    Ok(cells)
}

/// The accounts of a question.
#[cfg(test)]
pub(super) fn accounts(conn: &Connection, tenant: Tenant, query: &Query) -> Result<Accounts, Error> {
    Ok(Source::look(conn, tenant, query)?.accounts()?.0)
}

/// Adds to a count, if there is anything to add.
pub(super) fn count(uncounted: &mut BTreeMap<String, u64>, what: &str, n: u64) {
    if n > 0 {
        let count = uncounted.entry(what.to_owned()).or_default();
        *count = count.saturating_add(n);
    }
}

/// A release, and whether it is asked for.
#[derive(Debug)]
struct Release {
    app_version: String,
    os: Os,
}

/// All that a question is answered from.
struct Source<'c> {
    conn: &'c Connection,
    tenant: Tenant,
    filter: &'c Filter,
    plan: Plan,
    /// The releases that are asked for, by id.
    releases: HashMap<i64, Release>,
    /// What no rollup has yet.
    tail: Folded,
    /// The exits of the batches that no rollup has yet.
    tail_exits: Vec<Exit>,
    /// Events of batches that are neither in a rollup nor in the tail.
    left: u64,
    damaged: u64,
}

impl<'c> Source<'c> {
    fn look(conn: &'c Connection, tenant: Tenant, query: &'c Query) -> Result<Source<'c>, Error> {
        let mut source = Source {
            conn,
            tenant,
            filter: &query.filter,
            plan: Plan::default(),
            releases: HashMap::new(),
            tail: Folded::default(),
            tail_exits: Vec::new(),
            left: 0,
            damaged: 0,
        };
        source.read_releases()?;
        source.read_tail()?;
        let in_tail = source.tail.hours().map(|(_, hour)| hour);
        let data = in_tail.fold(tenant.data, |(first, end), hour| (first.min(hour), end.max(hour + 1)));
        source.plan = period::plan(query.first_hour(), query.end_hour(), data, progress::kept(conn)?);
        Ok(source)
    }

    fn is_asked(&self, app_version: &str, os: Os) -> bool {
        self.filter.version.as_deref().is_none_or(|version| version == app_version)
            && self.filter.os.is_none_or(|asked| asked == os)
    }

    fn is_in_span(&self, hour: u32) -> bool {
        (self.plan.from..self.plan.until).contains(&hour)
    }

    fn read_releases(&mut self) -> Result<(), Error> {
        let mut select =
            self.conn.prepare_cached("SELECT id, app_version, os FROM releases WHERE tenant = ?1")?;
        let mut rows = select.query([self.tenant.id])?;
        while let Some(row) = rows.next()? {
            let release = Release { app_version: row.get(1)?, os: known(row, 2, Os::from_u8)? };
            if self.is_asked(&release.app_version, release.os) {
                self.releases.insert(row.get(0)?, release);
            }
        }
        Ok(())
    }

    /// Folds the batches that the writer has not folded yet.
    fn read_tail(&mut self) -> Result<(), Error> {
        let from = Progress::FoldedTo.read(self.conn)?;
        let select = format!(
            "SELECT {}, events FROM batches WHERE id > ?1 AND tenant = ?2 ORDER BY id",
            batches::ENTRY
        );
        let mut select = self.conn.prepare_cached(&select)?;
        let mut rows = select.query(params![from, self.tenant.id])?;
        while let Some(row) = rows.next()? {
            if self.tail.events >= UNFOLDED_READ_MAX {
                self.left += row.get::<_, u64>(6)?;
                continue;
            }
            match batches::entry(row)? {
                Ok(entry) => self.add_to_tail(&entry)?,
                Err(_) => self.damaged += 1,
            }
        }
        Ok(())
    }

    fn add_to_tail(&mut self, entry: &Entry) -> Result<(), Error> {
        let conn = self.conn;
        let context = &entry.batch.context;
        if self.is_asked(&context.app_version, context.os) {
            let damaged = &mut self.damaged;
            self.tail.add(entry, || {
                batches::session(conn, entry.session, |_, _| {
                    *damaged += 1;
                    Ok(())
                })
            })?;
            self.tail_exits.extend(exits::of(entry));
        }
        Ok(())
    }

    fn uncounted(&self) -> Result<BTreeMap<String, u64>, Error> {
        let mut uncounted = BTreeMap::new();
        let select = "SELECT what, count FROM uncounted WHERE tenant = ?1 AND period = ?2 AND start = ?3";
        for (period, start) in &self.plan.periods {
            let mut select = self.conn.prepare_cached(select)?;
            let mut rows = select.query(params![self.tenant.id, *period as u8, start])?;
            while let Some(row) = rows.next()? {
                count(&mut uncounted, &row.get::<_, String>(0)?, row.get(1)?);
            }
        }
        for ((_, hour, what), n) in &self.tail.uncounted {
            count(&mut uncounted, what, if self.is_in_span(*hour) { *n } else { 0 });
        }
        count(&mut uncounted, UNFOLDED_EVENTS, self.left);
        count(&mut uncounted, DAMAGED_ROWS, self.damaged);
        Ok(uncounted)
    }

    /// Hands over all there is of each kind and name, one after another, and says how many damaged rows it met.
    fn groups(&self, mut add: impl FnMut(Kind, &str, &Group)) -> Result<u64, Error> {
        let mut group = Group::default();
        let mut of: Option<(Kind, String)> = None;
        let damaged = self.rows(|kind, name, app_version, os, cell| {
            if of.as_ref().is_none_or(|of| (of.0, of.1.as_str()) != (kind, name))
                && let Some((kind, name)) = of.replace((kind, name.to_owned()))
            {
                add(kind, &name, &std::mem::take(&mut group));
            }
            group.add(app_version, os, cell);
        })?;
        if let Some((kind, name)) = of {
            add(kind, &name, &group);
        }
        Ok(damaged)
    }

    /// Hands over all cells, those of one kind and name together, and says how many damaged rows it met.
    fn rows(&self, mut row: impl FnMut(Kind, &str, &str, Os, &Cell)) -> Result<u64, Error> {
        let mut tail: HashMap<(Kind, &str), Vec<(u32, &Cell)>> = HashMap::new();
        for ((_, series, release), cell) in
            self.tail.cells.iter().filter(|((hour, ..), _)| self.is_in_span(*hour))
        {
            if let Some(((_, kind), name)) = self.tail.series.all().get(*series as usize) {
                tail.entry((*kind, name)).or_default().push((*release, cell));
            }
        }
        let of_tail = |row: &mut dyn FnMut(Kind, &str, &str, Os, &Cell),
                       kind: Kind,
                       name: &str,
                       cells: Vec<(u32, &Cell)>| {
            for (release, cell) in cells {
                if let Some(((_, os), version)) = self.tail.releases.all().get(release as usize) {
                    row(kind, name, version, *os, cell);
                }
            }
        };
        let names = self.series()?;
        let select =
            "SELECT series, release, cell FROM cells WHERE tenant = ?1 AND period = ?2 AND start = ?3";
        let mut statements = Vec::with_capacity(self.plan.periods.len());
        for _ in &self.plan.periods {
            statements.push(self.conn.prepare(select)?);
        }
        let mut cursors = Vec::with_capacity(statements.len());
        for (statement, (period, start)) in statements.iter_mut().zip(&self.plan.periods) {
            cursors.push(Cursor::new(statement.query(params![self.tenant.id, *period as u8, start])?)?);
        }
        let mut damaged = 0;
        while let Some(series) = cursors.iter().filter_map(|cursor| cursor.series).min() {
            let name = names.get(&series);
            if let Some((kind, name)) = name
                && let Some(cells) = tail.remove(&(*kind, name.as_str()))
            {
                of_tail(&mut row, *kind, name, cells);
            }
            for cursor in &mut cursors {
                while cursor.series == Some(series) {
                    let found = cursor.cell(&self.releases)?;
                    match (name, found) {
                        (Some((kind, name)), Some((release, Ok(cell)))) => {
                            row(*kind, name, &release.app_version, release.os, &cell);
                        }
                        (_, Some((_, Err(_)))) => damaged += 1,
                        _ => {}
                    }
                    cursor.advance()?;
                }
            }
        }
        for ((kind, name), cells) in tail {
            of_tail(&mut row, kind, name, cells);
        }
        Ok(damaged)
    }

    /// Kinds and names of the tenant, by the id of their series.
    fn series(&self) -> Result<HashMap<i64, (Kind, String)>, Error> {
        let mut select = self.conn.prepare_cached("SELECT id, kind, name FROM series WHERE tenant = ?1")?;
        let names = select.query_map([self.tenant.id], |row| {
            Ok((row.get(0)?, (known(row, 1, Kind::from_u8)?, row.get(2)?)))
        })?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// The accounts of the sessions that began in the span.
    fn accounts(&self) -> Result<(Accounts, u64), Error> {
        let (mut accounts, mut damaged) = (Accounts::new(), 0);
        let select =
            "SELECT release, accounts FROM accounts WHERE tenant = ?1 AND period = ?2 AND start = ?3";
        for (period, start) in &self.plan.periods {
            let mut select = self.conn.prepare_cached(select)?;
            let mut rows = select.query(params![self.tenant.id, *period as u8, start])?;
            while let Some(row) = rows.next()? {
                if self.releases.contains_key(&row.get(0)?) {
                    let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
                    match Accounts::from_bytes(bytes) {
                        Ok(of_release) => accounts.merge(&of_release),
                        Err(_) => damaged += 1,
                    }
                }
            }
        }
        for turn in self.tail.sessions.values() {
            let before = turn
                .before
                .as_ref()
                .filter(|before| self.is_in_span(before.hour) && self.releases.contains_key(&before.release));
            let before = before.map(|before| Accounts::of(&before.account.0)).unwrap_or_default();
            let now = Some(&turn.now).filter(|_| self.is_in_span(turn.hour));
            let now = now.map(|now| Accounts::of(&now.0)).unwrap_or_default();
            accounts.replace(&before, &now);
        }
        Ok((accounts, damaged))
    }

    /// How processes ended in the span.
    fn exits(&self) -> Result<Exits, Error> {
        let mut groups: BTreeMap<(ExitReason, String, Os, String), u64> = BTreeMap::new();
        let mut add = |reason: ExitReason, app_version: &str, os: Os, last_crumb: String, n: u64| {
            let count = groups.entry((reason, app_version.to_owned(), os, last_crumb)).or_default();
            *count = count.saturating_add(n);
        };
        let select = "SELECT release, reason, last_crumb, count FROM exit_groups \
            WHERE tenant = ?1 AND period = ?2 AND start = ?3";
        for (period, start) in &self.plan.periods {
            let mut select = self.conn.prepare_cached(select)?;
            let mut rows = select.query(params![self.tenant.id, *period as u8, start])?;
            while let Some(row) = rows.next()? {
                if let Some(release) = self.releases.get(&row.get(0)?) {
                    let reason = known(row, 1, ExitReason::from_u8)?;
                    add(reason, &release.app_version, release.os, row.get(2)?, row.get(3)?);
                }
            }
        }
        let in_tail = self.tail_exits.iter().filter(|exit| self.is_in_span(hour_of(exit.ended_unix_ms)));
        let mut listed: Vec<Exit> = in_tail.cloned().collect();
        for exit in &listed {
            let last_crumb = exit.trail.last().map_or_else(String::new, |crumb| crumb.name.clone());
            add(exit.reason, &exit.app_version, exit.os, last_crumb, 1);
        }
        listed.extend(self.latest_exits()?);
        let groups = groups.into_iter().map(|((reason, app_version, os, last_crumb), count)| ExitGroup {
            reason,
            app_version,
            os,
            last_crumb,
            count,
        });
        Ok(Exits::new(groups.collect(), &listed))
    }

    /// The latest exits that a report lists, from the batches that hold them, as far as these are kept.
    fn latest_exits(&self) -> Result<Vec<Exit>, Error> {
        let select = "SELECT release, batch FROM exits WHERE tenant = ?1 AND ended_unix_ms >= ?2 AND ended_unix_ms < ?3 \
            ORDER BY ended_unix_ms DESC LIMIT ?4";
        let mut select = self.conn.prepare_cached(select)?;
        let (from, until) = (period::unix_ms(self.plan.from), period::unix_ms(self.plan.until));
        let mut rows = select.query(params![
            self.tenant.id,
            number(from),
            number(until),
            number(EXITS_LOOKED_AT_MAX as u64)
        ])?;
        let mut ids: Vec<i64> = Vec::new();
        while ids.len() < EXITS_LISTED_MAX
            && let Some(row) = rows.next()?
        {
            let batch = row.get(1)?;
            if self.releases.contains_key(&row.get(0)?) && !ids.contains(&batch) {
                ids.push(batch);
            }
        }
        let select = format!("SELECT {} FROM batches WHERE id = ?1", batches::ENTRY);
        let mut select = self.conn.prepare_cached(&select)?;
        let mut found = Vec::new();
        for id in ids {
            let mut rows = select.query([id])?;
            if let Some(row) = rows.next()?
                && let Ok(entry) = batches::entry(row)?
            {
                found.extend(exits::of(&entry));
            }
        }
        found.retain(|exit| self.is_in_span(hour_of(exit.ended_unix_ms)));
        Ok(found)
    }
}

/// A cell that may be damaged, and its release.
type Found<'r> = (&'r Release, Result<Cell, nowait_report::Error>);

/// The cells of one period, in the order of their series.
struct Cursor<'s> {
    rows: SqlRows<'s>,
    /// The series of the row that it stands on; `None` at the end.
    series: Option<i64>,
}

impl<'s> Cursor<'s> {
    fn new(rows: SqlRows<'s>) -> Result<Cursor<'s>, Error> {
        let mut cursor = Cursor { rows, series: None };
        cursor.advance()?;
        Ok(cursor)
    }

    fn advance(&mut self) -> Result<(), Error> {
        self.rows.advance()?;
        self.series = self.rows.get().map(|row| row.get(0)).transpose()?;
        Ok(())
    }

    /// The cell that it stands on, if its release is asked for.
    fn cell<'r>(&self, releases: &'r HashMap<i64, Release>) -> Result<Option<Found<'r>>, Error> {
        let Some(row) = self.rows.get() else { return Ok(None) };
        let Some(release) = releases.get(&row.get(1)?) else { return Ok(None) };
        let bytes = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        Ok(Some((release, Cell::from_bytes(bytes))))
    }
}

/// The variant whose number stands in a column.
pub(super) fn known<T>(row: &Row, column: usize, from: fn(u8) -> Option<T>) -> rusqlite::Result<T> {
    let number: u8 = row.get(column)?;
    from(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number.into()))
}
