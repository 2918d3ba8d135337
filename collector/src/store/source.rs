//! What a report of a release or a system is read from: the rollups, and the batches that they lack.
//!
//! Owns: how both become one, and the walk over the rollups of several periods side by side. Refuses: figures, and what the
//! rollups do not know (see `slice`).
//! Invariant: of the rollups, it holds one series at a time; of the batches that they lack, no more than its budget, and the rest
//! is said to be missing.

mod people;
mod touchpoint;

use super::Query;
use super::batches::{self, Entry, Session};
use super::cursor::Cursor;
use super::exits::{self, Ending};
use super::fold::Folded;
use super::period::{self, Calendar, Period, Plan, hour_of};
use super::progress::{self, Progress};
use super::read::{DAMAGED_ROWS, Tenant, count, known};
use super::segments::{self, Segment, Waits};
use super::settings;
use super::slice;
use crate::ask::Filter;
use crate::error::Error;
use crate::limits::UNFOLDED_READ_MAX;
use nowait_report::{Accounts, Budgets, Cell, Exit, Exits, Group, People};
use nowait_wire::{Context, Kind, Os};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, HashMap};

/// Events of batches that no rollup has yet and that were too many to be read from them.
const UNFOLDED_EVENTS: &str = "events not yet counted";

/// A release, and whether it is asked for.
#[derive(Debug)]
pub(super) struct Release {
    pub(super) app_version: String,
    pub(super) os: Os,
}

/// All that a question is answered from.
pub(super) struct Source<'c> {
    conn: &'c Connection,
    calendar: Calendar,
    tenant: Tenant,
    /// The segment that alone is asked for, and its id.
    segment: Option<(i64, Segment)>,
    /// The contexts that are in the segment.
    contexts: HashMap<i64, u32>,
    filter: &'c Filter,
    pub(super) plan: Plan,
    /// The releases that are asked for, by id.
    releases: HashMap<i64, Release>,
    /// Kinds and names of the tenant, by the id of their series.
    names: HashMap<i64, (Kind, String)>,
    /// What no rollup has yet; of a segment but for its waits.
    tail: Folded,
    /// The waits that the rollups of the segment lack.
    segment_tail: Waits,
    /// The exits of the batches that no rollup has yet.
    tail_exits: Vec<Exit>,
    /// Events of batches that are neither in a rollup nor in the tail.
    left: u64,
    damaged: u64,
}

impl<'c> Source<'c> {
    pub(super) fn look(
        conn: &'c Connection,
        tenant: Tenant,
        query: &'c Query,
        budgets: &Budgets,
    ) -> Result<Source<'c>, Error> {
        Source::look_at(conn, tenant, None, query, budgets)
    }

    /// The same of one segment; `None` if its rollups do not have the span, or lack too much of it.
    pub(super) fn look_at_segment(
        conn: &'c Connection,
        tenant: Tenant,
        query: &'c Query,
        budgets: &Budgets,
    ) -> Result<Option<Source<'c>>, Error> {
        let Some(segment) = segments::of_filter(&query.filter) else { return Ok(None) };
        let Some(id) = segments::find(conn, tenant.id, &segment)? else { return Ok(None) };
        let source = Source::look_at(conn, tenant, Some((id, segment)), query, budgets)?;
        let has_all = !source.segment_tail.is_full() && source.has_segments()?;
        Ok(has_all.then_some(source))
    }

    /// Whether the rollups of segments have the span: it is whole months, and none of before them.
    pub(super) fn has_segments(&self) -> Result<bool, Error> {
        let first = segments::first_month(self.conn)?;
        let is_whole = |(period, start): &(Period, u32)| *period == Period::Month && *start >= first;
        Ok(self.plan.periods.iter().all(is_whole))
    }

    fn look_at(
        conn: &'c Connection,
        tenant: Tenant,
        segment: Option<(i64, Segment)>,
        query: &'c Query,
        budgets: &Budgets,
    ) -> Result<Source<'c>, Error> {
        let calendar = settings::calendar(conn)?;
        let mut source = Source {
            conn,
            tenant,
            segment,
            contexts: HashMap::new(),
            filter: &query.filter,
            plan: Plan::default(),
            releases: HashMap::new(),
            names: HashMap::new(),
            tail: Folded::only_read(calendar.clone()),
            segment_tail: Waits::of(calendar.clone()),
            calendar,
            tail_exits: Vec::new(),
            left: 0,
            damaged: 0,
        };
        (source.releases, source.damaged) = releases(conn, tenant, &query.filter)?;
        source.read_names()?;
        source.read_tail(budgets)?;
        source.read_segment_tail(budgets)?;
        let in_tail = source.tail.hours().map(|(_, hour)| hour);
        let data = in_tail.fold(tenant.data, |(first, end), hour| (first.min(hour), end.max(hour + 1)));
        let kept = progress::kept(conn)?;
        source.plan = period::plan(&source.calendar, query.first_hour(), query.end_hour(), data, kept);
        Ok(source)
    }

    fn has_month(&self, month: u32) -> bool {
        self.plan.periods.contains(&(Period::Month, month))
    }

    /// What the rows of the rollups have as their tenant.
    fn rows_of(&self) -> i64 {
        self.segment.as_ref().map_or(self.tenant.id, |(id, _)| -id)
    }

    /// What the cells of the rollups have as their tenants.
    fn cells_of(&self) -> Result<Vec<i64>, Error> {
        let Some(segment) = &self.segment else { return Ok(vec![self.tenant.id]) };
        let counted = segments::counted_by(self.conn, self.tenant.id, segment)?;
        Ok(counted.into_iter().map(|id| -id).collect())
    }

    fn is_in_segment(&self, context: &Context) -> bool {
        let is_in = |segment: &Segment| segments::of_context(context).any(|one| one == *segment);
        self.segment.as_ref().is_none_or(|(_, segment)| is_in(segment))
    }

    fn is_batch_in_segment(&self, batch: i64) -> Result<bool, Error> {
        if self.segment.is_none() {
            return Ok(true);
        }
        let mut select = self.conn.prepare_cached("SELECT context FROM batches WHERE id = ?1")?;
        let context: Option<i64> = select.query_row([batch], |row| row.get(0)).optional()?;
        Ok(context.is_some_and(|context| self.contexts.contains_key(&context)))
    }

    fn is_in_span(&self, hour: u32) -> bool {
        (self.plan.from..self.plan.until).contains(&hour)
    }

    fn is_asked(&self, app_version: &str, os: Os) -> bool {
        is_asked(self.filter, app_version, os)
    }

    fn read_names(&mut self) -> Result<(), Error> {
        let mut select = self.conn.prepare_cached("SELECT id, kind, name FROM series WHERE tenant = ?1")?;
        let mut rows = select.query([self.tenant.id])?;
        while let Some(row) = rows.next()? {
            if let Some(kind) = known(row, 1, Kind::from_u8) {
                self.names.insert(row.get(0)?, (kind, row.get(2)?));
            }
        }
        Ok(())
    }

    /// Folds the batches that the writer has not folded yet.
    fn read_tail(&mut self, budgets: &Budgets) -> Result<(), Error> {
        let from = Progress::FoldedTo.read(self.conn)?;
        let select = format!(
            "SELECT {}, events FROM batches WHERE id > ?1 AND tenant = ?2 ORDER BY id",
            batches::ENTRY
        );
        let mut select = self.conn.prepare_cached(&select)?;
        let mut rows = select.query(params![from, self.tenant.id])?;
        while let Some(row) = rows.next()? {
            if self.tail.is_full(UNFOLDED_READ_MAX) {
                self.left += row.get::<_, u64>(6)?;
                continue;
            }
            match batches::entry(row)? {
                Ok(entry) => self.add_to_tail(&entry, budgets)?,
                Err(_) => self.damaged += 1,
            }
        }
        Ok(())
    }

    /// Reads the waits that the rollups of the segment lack from its batches.
    fn read_segment_tail(&mut self, budgets: &Budgets) -> Result<(), Error> {
        let Some((_, segment)) = &self.segment else { return Ok(()) };
        self.contexts = slice::contexts(self.conn, self.tenant, self.filter)?;
        let select = format!(
            "SELECT {}, context FROM batches WHERE id > ?1 AND tenant = ?2 ORDER BY id",
            batches::ENTRY
        );
        let mut select = self.conn.prepare_cached(&select)?;
        let mut rows = select.query(params![Progress::SegmentsTo.read(self.conn)?, self.tenant.id])?;
        while !self.segment_tail.is_full()
            && let Some(row) = rows.next()?
        {
            if self.contexts.contains_key(&row.get(6)?)
                && let Ok(entry) = batches::entry(row)?
            {
                self.segment_tail.add(&entry, budgets, Some(segment));
            }
        }
        Ok(())
    }

    fn add_to_tail(&mut self, entry: &Entry, budgets: &Budgets) -> Result<(), Error> {
        let conn = self.conn;
        let context = &entry.batch.context;
        if self.is_asked(&context.app_version, context.os) && self.is_in_segment(context) {
            let damaged = &mut self.damaged;
            self.tail.add(entry, budgets, || {
                batches::session(conn, entry.session, |_, _| {
                    *damaged += 1;
                    Ok(())
                })
            })?;
            self.tail_exits.extend(exits::of(entry));
        }
        Ok(())
    }

    pub(super) fn uncounted(&self) -> Result<BTreeMap<String, u64>, Error> {
        let mut uncounted = BTreeMap::new();
        let select = "SELECT what, count FROM uncounted WHERE tenant = ?1 AND period = ?2 AND start = ?3";
        for (period, start) in &self.plan.periods {
            let mut select = self.conn.prepare_cached(select)?;
            let mut rows = select.query(params![self.rows_of(), *period as u8, start])?;
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
    pub(super) fn groups(&self, mut add: impl FnMut(Kind, &str, &Group)) -> Result<u64, Error> {
        let (mut people, damaged_people) = self.people()?;
        let mut finish = |kind: Kind, name: String, mut group: Group| {
            let of = (kind, name);
            if let Some(people) = people.as_mut().filter(|_| People::takes(kind)) {
                group.set_people(people.remove(&of).unwrap_or_default());
            }
            add(kind, &of.1, &group);
        };
        let mut group = Group::default();
        let mut of: Option<(Kind, String)> = None;
        let damaged = self.rows(|kind, name, app_version, os, cell| {
            if of.as_ref().is_none_or(|of| (of.0, of.1.as_str()) != (kind, name))
                && let Some((kind, name)) = of.replace((kind, name.to_owned()))
            {
                finish(kind, name, std::mem::take(&mut group));
            }
            group.add(app_version, os, cell);
        })?;
        if let Some((kind, name)) = of {
            finish(kind, name, group);
        }
        Ok(damaged + damaged_people)
    }

    /// Hands over all cells, those of one kind and name together, and says how many damaged rows it met.
    pub(super) fn rows(&self, row: impl FnMut(Kind, &str, &str, Os, &Cell)) -> Result<u64, Error> {
        self.rows_of_tenants(&self.cells_of()?, self.tail_cells(), row)
    }

    /// The same of a segment, without its tail.
    pub(super) fn rows_of_segment(
        &self,
        id: i64,
        row: impl FnMut(Kind, &str, &str, Os, &Cell),
    ) -> Result<u64, Error> {
        self.rows_of_tenants(&[-id], TailCells::new(), row)
    }

    fn rows_of_tenants<'s>(
        &'s self,
        rows_of: &[i64],
        mut tail: TailCells<'s>,
        mut row: impl FnMut(Kind, &str, &str, Os, &Cell),
    ) -> Result<u64, Error> {
        let select =
            "SELECT series, release, cell FROM cells WHERE tenant = ?1 AND period = ?2 AND start = ?3";
        let places: Vec<(i64, Period, u32)> = (self.plan.periods.iter())
            .flat_map(|(period, start)| rows_of.iter().map(|rows_of| (*rows_of, *period, *start)))
            .collect();
        let mut statements = Vec::with_capacity(places.len());
        for _ in &places {
            statements.push(self.conn.prepare(select)?);
        }
        let mut cursors = Vec::with_capacity(places.len());
        for (statement, (rows_of, period, start)) in statements.iter_mut().zip(&places) {
            cursors.push(Cursor::new(statement.query(params![rows_of, *period as u8, start])?)?);
        }
        let mut damaged = 0;
        while let Some(series) = cursors.iter().filter_map(|cursor| cursor.series).min() {
            let name = self.names.get(&series);
            if let Some((kind, name)) = name {
                for (release, cell) in tail.remove(&(*kind, name.as_str())).unwrap_or_default() {
                    row(*kind, name, &release.1, release.0.1, &cell);
                }
            }
            for cursor in &mut cursors {
                while cursor.series == Some(series) {
                    match (name, cursor.cell(&self.releases)?) {
                        (Some((kind, name)), Some((release, Ok(cell)))) => {
                            row(*kind, name, &release.app_version, release.os, &cell);
                        }
                        (_, Some(_)) => damaged += 1,
                        (_, None) => {}
                    }
                    cursor.advance()?;
                }
            }
        }
        for ((kind, name), cells) in tail {
            for (release, cell) in cells {
                row(kind, name, &release.1, release.0.1, &cell);
            }
        }
        Ok(damaged)
    }

    /// The cells of the tail within the span, by kind and name.
    fn tail_cells(&self) -> TailCells<'_> {
        let mut cells = TailCells::new();
        if self.segment.is_some() {
            for (kind, name, release, cell) in self.segment_tail.cells(|month| self.has_month(month)) {
                cells.entry((kind, name)).or_default().push((release, cell.clone()));
            }
            return cells;
        }
        let mut places: HashMap<(u32, u32), Cell> = HashMap::new();
        for ((hour, series, release), cell) in &self.tail.cells {
            if self.is_in_span(*hour) {
                places.entry((*series, *release)).or_default().merge(cell);
            }
        }
        for ((series, release), cell) in places {
            let of_series = self.tail.series.all().get(series as usize);
            let of_release = self.tail.releases.all().get(release as usize);
            if let (Some(((_, kind), name)), Some(release)) = (of_series, of_release) {
                cells.entry((*kind, name)).or_default().push((release, cell));
            }
        }
        cells
    }

    /// The accounts of the sessions that began in the span.
    pub(super) fn accounts(&self) -> Result<(Accounts, u64), Error> {
        let (mut accounts, mut damaged) = (Accounts::new(), 0);
        let select =
            "SELECT release, accounts FROM accounts WHERE tenant = ?1 AND period = ?2 AND start = ?3";
        for (period, start) in &self.plan.periods {
            let mut select = self.conn.prepare_cached(select)?;
            let mut rows = select.query(params![self.rows_of(), *period as u8, start])?;
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
        let is_counted = |before: &Session| {
            self.is_in_span(before.hour)
                && self.releases.contains_key(&before.release)
                && self.segment.as_ref().is_none_or(|(id, _)| before.segments.contains(id))
        };
        for turn in self.tail.sessions.values() {
            let before = turn.before.as_ref().filter(|before| is_counted(before));
            let before = before.map(|before| Accounts::of(&before.account.0)).unwrap_or_default();
            let now = Some(&turn.now).filter(|_| self.is_in_span(turn.hour));
            let now = now.map(|now| Accounts::of(&now.0)).unwrap_or_default();
            accounts.replace(&before, &now);
        }
        Ok((accounts, damaged))
    }

    /// How processes ended in the span, and how many damaged rows it met.
    pub(super) fn exits(&self) -> Result<(Exits, u64), Error> {
        let (mut groups, mut damaged) = (exits::Groups::new(), 0);
        let mut add = |ending: Ending, app_version: &str, os: Os, last_crumb: String, n: u64| {
            let count = groups.entry((ending, app_version.to_owned(), os, last_crumb)).or_default();
            *count = count.saturating_add(n);
        };
        let select = "SELECT release, reason, last_crumb, count FROM exit_groups \
            WHERE tenant = ?1 AND period = ?2 AND start = ?3";
        for (period, start) in &self.plan.periods {
            let mut select = self.conn.prepare_cached(select)?;
            let mut rows = select.query(params![self.rows_of(), *period as u8, start])?;
            while let Some(row) = rows.next()? {
                let Some(release) = self.releases.get(&row.get(0)?) else { continue };
                match row.get::<_, u32>(1).ok().and_then(Ending::from_number) {
                    Some(ending) => add(ending, &release.app_version, release.os, row.get(2)?, row.get(3)?),
                    None => damaged += 1,
                }
            }
        }
        let in_tail = self.tail_exits.iter().filter(|exit| self.is_in_span(hour_of(exit.ended_unix_ms)));
        let mut listed: Vec<Exit> = in_tail.cloned().collect();
        for exit in &listed {
            let last_crumb = exit.last_crumb().to_owned();
            add(Ending::of(exit), &exit.app_version, exit.os, last_crumb, 1);
        }
        damaged += exits::latest(self.conn, self.tenant.id, &self.plan, &mut listed, |release, batch| {
            Ok(self.releases.contains_key(&release) && self.is_batch_in_segment(batch)?)
        })?;
        Ok((exits::told(groups, &listed), damaged))
    }
}

fn is_asked(filter: &Filter, app_version: &str, os: Os) -> bool {
    filter.version.as_deref().is_none_or(|version| version == app_version)
        && filter.os.is_none_or(|asked| asked == os)
}

/// The releases that are asked for, by id, and how many rows are damaged.
pub(super) fn releases(
    conn: &Connection,
    tenant: Tenant,
    filter: &Filter,
) -> Result<(HashMap<i64, Release>, u64), Error> {
    let mut select = conn.prepare_cached("SELECT id, app_version, os FROM releases WHERE tenant = ?1")?;
    let mut rows = select.query([tenant.id])?;
    let (mut releases, mut damaged) = (HashMap::new(), 0);
    while let Some(row) = rows.next()? {
        let app_version: String = row.get(1)?;
        match known(row, 2, Os::from_u8) {
            Some(os) if !is_asked(filter, &app_version, os) => {}
            Some(os) => _ = releases.insert(row.get(0)?, Release { app_version, os }),
            None => damaged += 1,
        }
    }
    Ok((releases, damaged))
}

/// Cells of the tail by kind and name.
type TailCells<'t> = HashMap<(Kind, &'t str), Vec<TailCell<'t>>>;

/// A cell of the tail with its release.
type TailCell<'t> = (&'t ((i64, Os), String), Cell);
