//! Questions that no rollup can answer: decoded from the batches that they are about.
//!
//! Owns: which batches a filter means, and the sum of them. Refuses: what the rollups know (see `read`).
//! Invariant: the sum of some batches has a bounded number of cells, whatever their senders wrote; and it is the same however
//! the batches are shared out to threads.

use super::Query;
use super::account::Account;
use super::batches::{self, Entry};
use super::budget::OTHER;
use super::exits::{self, Ending};
use super::fold::{IMPLAUSIBLE_LEDGERS, Numbered};
use super::period::{Plan, hour_of};
use super::progress::Progress;
use super::read::{DAMAGED_ROWS, Tenant, count, known};
use super::sqlite::SqliteStore;
use super::waits::{self, Counted, Counts, IMPLAUSIBLE_WAITS};
use crate::ask::Filter;
use crate::cancel::Cancel;
use crate::error::Error;
use crate::limits::{
    CELLS_PER_PERIOD_MAX, EXIT_GROUPS_PER_PERIOD_MAX, RELEASES_PER_TENANT_MAX, SERIES_PER_TENANT_MAX,
};
use nowait_report::limits::EXITS_LISTED_MAX;
use nowait_report::{
    Accounts, Budgets, Builder, CHANNEL, CHANNEL_OF_APP, Cell, CellKey, Cells, Exit, Group, Happened, People,
    Report,
};
use nowait_wire::{Context, Event, Kind, Network, Os, Tier};
use rusqlite::{Connection, Row as SqlRow, params};
use std::cmp::Reverse;
use std::collections::hash_map::Entry as MapEntry;
use std::collections::{BTreeMap, HashMap};

/// Whether the rollups of everybody know too little to answer this.
pub(super) fn is_needed(filter: &Filter) -> bool {
    *filter != Filter { version: filter.version.clone(), os: filter.os, ..Filter::default() }
}

/// The batches that a question is about, and the hours that it can be about.
pub(super) struct Chosen {
    pub(super) ids: Vec<i64>,
    pub(super) plan: Plan,
    /// The contexts that are asked for, as [`contexts`] tells them.
    pub(super) contexts: HashMap<i64, u32>,
}

/// Chooses without decoding anything.
pub(super) fn choose(conn: &Connection, tenant: Tenant, query: &Query) -> Result<Chosen, Error> {
    let contexts = contexts(conn, tenant, &query.filter)?;
    let kept_from = Progress::batches_from(conn)?;
    let (from, until) = (query.first_hour().max(kept_from), query.end_hour());
    let select =
        "SELECT id, context, first_hour, last_hour FROM batches WHERE tenant = ?1 AND first_hour < ?2";
    let mut select = conn.prepare_cached(select)?;
    let mut rows = select.query(params![tenant.id, until])?;
    let (mut batches, mut data) = (Vec::new(), (u32::MAX, 0));
    while let Some(row) = rows.next()? {
        let (first, last): (u32, u32) = (row.get(2)?, row.get(3)?);
        if last >= from
            && let Some(release) = contexts.get(&row.get(1)?)
        {
            batches.push((*release, row.get::<_, i64>(0)?));
            data = (data.0.min(first), data.1.max(last + 1));
        }
    }
    // One release after another: its cells stay in the processor's cache meanwhile.
    batches.sort_unstable();
    let ids = batches.into_iter().map(|(_, id)| id).collect();
    let (from, until) = (from.max(data.0), until.min(data.1));
    Ok(Chosen { ids, plan: Plan { from, until: until.max(from), periods: Vec::new() }, contexts })
}

/// Decodes these batches on as many cores as there are: what `new` makes with each batch of a part added to it, a sum for each part, and
/// how many batches could not be read.
pub(super) fn sums<S: Send>(
    store: &SqliteStore,
    ids: &[i64],
    cancel: &Cancel,
    new: impl Fn() -> S + Sync,
    add: impl Fn(&mut S, &Entry) + Sync,
) -> Result<(Vec<S>, u64), Error> {
    let parts = store.in_parts(ids, cancel, |conn, ids| {
        let (mut sum, mut damaged) = (new(), 0);
        batches::each(conn, ids, cancel, |entry| {
            match entry {
                Ok(entry) => add(&mut sum, &entry),
                Err(_) => damaged += 1,
            }
            Ok(())
        })?;
        Ok((sum, damaged))
    })?;
    let damaged = parts.iter().map(|(_, damaged)| damaged).sum();
    Ok((parts.into_iter().map(|(sum, _)| sum).collect(), damaged))
}

/// The contexts of which everything is true that the filter says, each with a number for its release.
pub(super) fn contexts(
    conn: &Connection,
    tenant: Tenant,
    filter: &Filter,
) -> Result<HashMap<i64, u32>, Error> {
    let select = "SELECT id, app_version, os, device_tier, network, country, device_model, dimensions FROM contexts \
        WHERE tenant = ?1";
    let mut select = conn.prepare_cached(select)?;
    let mut rows = select.query([tenant.id])?;
    let (mut chosen, mut releases) = (HashMap::new(), Numbered::default());
    while let Some(row) = rows.next()? {
        if is_meant(row, filter)? {
            chosen.insert(row.get(0)?, releases.number(row.get::<_, u8>(2)?, &row.get::<_, String>(1)?));
        }
    }
    Ok(chosen)
}

fn is_meant(row: &SqlRow, filter: &Filter) -> Result<bool, Error> {
    let text = |column: usize, asked: &Option<String>| -> Result<bool, Error> {
        let Some(asked) = asked else { return Ok(true) };
        Ok(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)? == asked)
    };
    Ok(text(1, &filter.version)?
        && is_one(filter.os, known(row, 2, Os::from_u8))
        && is_one(filter.tier, known(row, 3, Tier::from_u8))
        && is_one(filter.network, known(row, 4, Network::from_u8))
        && text(5, &filter.country)?
        && text(6, &filter.model)?
        && (filter.dimensions.is_empty() || has_dimensions(&row.get::<_, String>(7)?, filter)))
}

fn is_one<T: PartialEq>(asked: Option<T>, found: Option<T>) -> bool {
    asked.is_none() || asked == found
}

/// The dimensions of a context, as its row tells them.
pub(super) fn dimensions(text: &str) -> BTreeMap<String, String> {
    serde_json::from_str(text).unwrap_or_default()
}

fn has_dimensions(text: &str, filter: &Filter) -> bool {
    let all = dimensions(text);
    // Batches of the app itself do not say which channel they are of.
    let unsaid = |key: &str| (key == CHANNEL).then_some(CHANNEL_OF_APP);
    filter
        .dimensions
        .iter()
        .all(|(key, value)| all.get(key).map(String::as_str).or_else(|| unsaid(key)) == Some(value))
}

/// A cell with its kind, name, release and system, and the people in it.
type Row<'s> = (Kind, &'s str, &'s str, Os, (&'s Cell, &'s People));

/// The sum of some batches.
#[derive(Debug, Default)]
pub(super) struct Sum {
    series: Numbered<Kind>,
    releases: Numbered<Os>,
    /// By the numbers of their series and release.
    cells: Counted<(u32, u32), (Cell, People)>,
    /// By session, what these batches tell, with the hour of the earliest.
    sessions: HashMap<i64, (u32, Account)>,
    /// What the rollups hold of those sessions that are in them.
    accounts: HashMap<i64, (u32, Account)>,
    /// By session, what those of the batches tell that are in no rollup yet, with the hour of the earliest.
    unfolded: HashMap<i64, (u32, Account)>,
    exit_groups: exits::Groups,
    latest: Vec<Exit>,
    uncounted: BTreeMap<String, u64>,
}

/// Sums up batches, within the hours of the plan.
pub(super) fn sum(
    conn: &Connection,
    query: &Query,
    plan: &Plan,
    budgets: &Budgets,
    ids: &[i64],
) -> Result<Sum, Error> {
    let mut sum = Sum::default();
    let folded_to = Progress::FoldedTo.read(conn)?;
    batches::each(conn, ids, &query.cancel, |entry| match entry {
        Ok(entry) => sum.add(conn, plan, budgets, &entry, entry.id <= folded_to),
        Err(_) => {
            count(&mut sum.uncounted, DAMAGED_ROWS, 1);
            Ok(())
        }
    })?;
    Ok(sum)
}

impl Sum {
    fn add(
        &mut self,
        conn: &Connection,
        plan: &Plan,
        budgets: &Budgets,
        entry: &Entry,
        is_folded: bool,
    ) -> Result<(), Error> {
        let Entry { batch, session, .. } = entry;
        let is_in_span = |hour: u32| (plan.from..plan.until).contains(&hour);
        let hour = entry.first_hour();
        let (told, is_plausible_ledger) = Account::of(&batch.ledger, batch.events.len() as u64, entry.bytes);
        if !is_plausible_ledger && is_in_span(hour) {
            count(&mut self.uncounted, IMPLAUSIBLE_LEDGERS, 1);
        }
        if let MapEntry::Vacant(new) = self.accounts.entry(*session)
            && !self.sessions.contains_key(session)
            && let Some(known) = batches::session(conn, *session, |_, _| Ok(()))?
        {
            new.insert((known.hour, known.account));
        }
        add_account(&mut self.sessions, *session, hour, &told);
        if !is_folded {
            add_account(&mut self.unfolded, *session, hour, &told);
        }
        waits::walk(entry, budgets, &mut Waits { sum: self, plan, context: &batch.context });
        for exit in exits::of(entry) {
            if is_in_span(hour_of(exit.ended_unix_ms)) {
                let last_crumb = exit.last_crumb().to_owned();
                let group = (Ending::of(&exit), exit.app_version.clone(), exit.os, last_crumb);
                self.add_exits(group, 1);
                self.list(exit);
            }
        }
        Ok(())
    }

    /// The place of a cell; what is beyond the budget of a tenant is counted together, as in the rollups.
    fn place(&mut self, kind: Kind, name: &str, app_version: &str, os: Os) -> usize {
        let series = self.series.number_within(SERIES_PER_TENANT_MAX, (kind, name), (kind, OTHER));
        let other = (Os::Other, OTHER);
        let release = self.releases.number_within(RELEASES_PER_TENANT_MAX, (os, app_version), other);
        let is_within =
            self.cells.len() < CELLS_PER_PERIOD_MAX || self.cells.contains_key(&(series, release));
        let release = if is_within { release } else { self.releases.number(other.0, other.1) };
        waits::place_of(&mut self.cells, (series, release))
    }

    /// All cells, those of one kind and name together.
    fn rows<'s>(&'s self) -> Vec<Row<'s>> {
        let mut cells: Vec<_> = self.cells.iter().collect();
        cells.sort_unstable_by_key(|(place, _)| **place);
        let row = |((series, release), (cell, people)): (&(u32, u32), &'s (Cell, People))| {
            let (kind, name) = self.series.all().get(*series as usize)?;
            let (os, app_version) = self.releases.all().get(*release as usize)?;
            Some((*kind, name.as_str(), app_version.as_str(), *os, (cell, people)))
        };
        cells.into_iter().filter_map(row).collect()
    }

    fn add_exits(&mut self, mut group: (Ending, String, Os, String), n: u64) {
        if self.exit_groups.len() >= EXIT_GROUPS_PER_PERIOD_MAX && !self.exit_groups.contains_key(&group) {
            group.3 = OTHER.to_owned();
        }
        let count = self.exit_groups.entry(group).or_default();
        *count = count.saturating_add(n);
    }

    /// Keeps an exit if it may be among the latest.
    fn list(&mut self, exit: Exit) {
        if exit.is_abnormal() {
            self.latest.push(exit);
        }
        if self.latest.len() > 2 * EXITS_LISTED_MAX {
            self.latest.sort_by_key(|exit| Reverse(exit.ended_unix_ms));
            self.latest.truncate(EXITS_LISTED_MAX);
        }
    }

    /// Adds the sum of other batches.
    pub(super) fn merge(&mut self, other: Sum) {
        for (kind, name, app_version, os, (cell, people)) in other.rows() {
            let place = self.place(kind, name, app_version, os);
            if let Some((_, (my_cell, my_people))) = self.cells.get_index_mut(place) {
                my_cell.merge(cell);
                my_people.merge(people);
            }
        }
        for (mine, theirs) in [(&mut self.sessions, other.sessions), (&mut self.unfolded, other.unfolded)] {
            theirs.iter().for_each(|(session, (hour, account))| add_account(mine, *session, *hour, account));
        }
        self.accounts.extend(other.accounts);
        for (group, n) in other.exit_groups {
            self.add_exits(group, n);
        }
        other.latest.into_iter().for_each(|exit| self.list(exit));
        for (what, n) in other.uncounted {
            count(&mut self.uncounted, &what, n);
        }
    }

    /// The report of these batches.
    pub(super) fn report(mut self, query: &Query, plan: &Plan, budgets: &Budgets) -> Report {
        let mut builder = Builder::new(query.scope(Some(plan)), budgets, query.rows);
        let all = self.rows();
        for rows in all.chunk_by(|one, next| (one.0, one.1) == (next.0, next.1)) {
            let mut group = Group::default();
            rows.iter().for_each(|(_, _, app_version, os, (cell, people))| {
                group.add(app_version, *os, cell);
                group.add_people(people);
            });
            if let Some((kind, name, ..)) = rows.first() {
                builder.add(*kind, name, &group);
            }
        }
        let mut accounts = Accounts::new();
        for (session, told) in &self.sessions {
            // What the rollups hold knows of the batches that the filter leaves out.
            if self.accounts.contains_key(session)
                && let Some((hour, unfolded)) = self.unfolded.get(session)
            {
                add_account(&mut self.accounts, *session, *hour, unfolded);
            }
            let (hour, account) = self.accounts.get(session).unwrap_or(told);
            if (query.first_hour()..query.end_hour()).contains(hour) {
                accounts.merge(&Accounts::of(&account.0));
            }
        }
        builder.finish(&accounts, exits::told(self.exit_groups, &self.latest), self.uncounted)
    }

    /// The cells of these batches.
    pub(super) fn cells(&self) -> Cells {
        let key = |kind, name: &str, app_version: &str, os| CellKey {
            kind,
            name: name.to_owned(),
            app_version: app_version.to_owned(),
            os,
        };
        let rows = self.rows().into_iter();
        rows.map(|(kind, name, app_version, os, (cell, _))| (key(kind, name, app_version, os), cell.clone()))
            .collect()
    }
}

/// Adds what a batch of this hour tells of its session.
fn add_account(accounts: &mut HashMap<i64, (u32, Account)>, session: i64, hour: u32, told: &Account) {
    let (first, account) = accounts.entry(session).or_insert_with(|| (hour, Account::default()));
    *first = hour.min(*first);
    account.add(told);
}

/// A sum that counts the waits of one batch.
struct Waits<'s> {
    sum: &'s mut Sum,
    plan: &'s Plan,
    context: &'s Context,
}

impl Waits<'_> {
    fn is_in_span(&self, hour: u32) -> bool {
        (self.plan.from..self.plan.until).contains(&hour)
    }
}

impl Counts for Waits<'_> {
    fn place(&mut self, hour: u32, kind: Kind, name: &str) -> Option<usize> {
        self.is_in_span(hour).then(|| self.sum.place(kind, name, &self.context.app_version, self.context.os))
    }

    fn add(&mut self, place: usize, event: &Event) {
        if let Some((_, (cell, _))) = self.sum.cells.get_index_mut(place) {
            cell.add(event);
        }
    }

    fn add_implausible(&mut self, hour: u32) {
        let n = u64::from(self.is_in_span(hour));
        count(&mut self.sum.uncounted, IMPLAUSIBLE_WAITS, n);
    }

    fn add_install(&mut self, place: usize, install: u128, happened: Happened) {
        if let Some((_, (_, people))) = self.sum.cells.get_index_mut(place) {
            people.add(install, happened);
        }
    }
}
