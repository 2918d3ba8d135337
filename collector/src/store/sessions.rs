//! Sessions read whole: what a rollup or one batch does not tell, as two events of a session lie in different batches.
//!
//! Owns: which sessions a question is about, and reading them one after another on as many cores as there are. Refuses: what is made of
//! them (see `journey` and `rated`).
//! Invariant: of a session no more is in memory than what is asked for, and of that a bounded part.

use super::Query;
use super::batches::{self, Entry};
use super::period::unix_ms;
use super::read::{DAMAGED_ROWS, Tenant, count};
use super::slice::{self, Chosen};
use super::sqlite::SqliteStore;
use crate::error::Error;
use crate::limits::SESSION_EVENTS_READ_MAX;
use nowait_report::{Scope, Told, channel_of};
use nowait_wire::{Event, Kind};
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

/// Events of sessions that have more than is read.
const EVENTS_LEFT_OUT: &str = "events beyond what is read of a session";

/// Sessions that are read.
pub(super) struct Sessions {
    ids: Vec<i64>,
    /// The contexts that are asked for.
    contexts: HashMap<i64, u32>,
    /// In milliseconds since 1970 UTC.
    pub(super) span: Range<u64>,
    pub(super) scope: Scope,
}

/// What is added up of some sessions.
pub(super) trait Part: Send {
    /// The kinds that it is made of.
    fn is_meant(kind: Kind) -> bool;
    /// Adds what one session told, on this channel.
    fn add(&mut self, channel: &str, told: &[Told]);
    /// Adds other sessions.
    fn merge(&mut self, other: Self);
}

impl Sessions {
    /// Those with something in the span of the query, or so many hours before it.
    pub(super) fn of(
        conn: &Connection,
        tenant: Tenant,
        query: &Query,
        hours_before: u32,
    ) -> Result<Sessions, Error> {
        let Chosen { plan, contexts, .. } = slice::choose(conn, tenant, query)?;
        let select =
            "SELECT session, context FROM batches WHERE tenant = ?1 AND first_hour < ?2 AND last_hour >= ?3";
        let mut select = conn.prepare_cached(select)?;
        let mut rows =
            select.query(params![tenant.id, plan.until, plan.from.saturating_sub(hours_before)])?;
        let mut ids = BTreeSet::new();
        while let Some(row) = rows.next()? {
            if contexts.contains_key(&row.get(1)?) {
                ids.insert(row.get::<_, i64>(0)?);
            }
        }
        let (span, scope) = (unix_ms(plan.from)..unix_ms(plan.until), query.scope(Some(&plan)));
        Ok(Sessions { ids: ids.into_iter().collect(), contexts, span, scope })
    }

    /// Adds all of them to what `new` makes. What is in none of it comes beside it.
    pub(super) fn sum<P: Part>(
        &self,
        store: &SqliteStore,
        query: &Query,
        new: impl Fn() -> P + Sync,
    ) -> Result<(P, BTreeMap<String, u64>), Error> {
        let turn = store.turn_to_decode(&query.cancel)?;
        let parts = store.in_parts(&self.ids, &query.cancel, |conn, ids| {
            let mut part = (new(), BTreeMap::new());
            for id in ids {
                query.cancel.check()?;
                add_session(conn, *id, &self.contexts, &mut part)?;
            }
            Ok(part)
        })?;
        drop(turn);
        let (mut all, mut uncounted) = (new(), BTreeMap::new());
        for (part, left_out) in parts {
            all.merge(part);
            left_out.iter().for_each(|(what, n)| count(&mut uncounted, what, *n));
        }
        Ok((all, uncounted))
    }
}

fn add_session<P: Part>(
    conn: &Connection,
    session: i64,
    contexts: &HashMap<i64, u32>,
    (part, uncounted): &mut (P, BTreeMap<String, u64>),
) -> Result<(), Error> {
    let select = format!("SELECT {}, context FROM batches WHERE session = ?1 ORDER BY first", batches::ENTRY);
    let mut select = conn.prepare_cached(&select)?;
    let mut rows = select.query([session])?;
    let (mut kept, mut channel, mut left_out) = (Vec::new(), None, 0);
    while let Some(row) = rows.next()? {
        if !contexts.contains_key(&row.get(6)?) {
            continue;
        }
        match batches::entry(row)? {
            Ok(entry) => {
                channel.get_or_insert_with(|| channel_of(&entry.batch.context).to_owned());
                left_out += keep::<P>(&mut kept, &entry);
            }
            Err(_) => count(uncounted, DAMAGED_ROWS, 1),
        }
    }
    count(uncounted, EVENTS_LEFT_OUT, left_out);
    let told: Vec<Told> =
        kept.iter().map(|(event, name, unix_ms)| Told { event, name, unix_ms: *unix_ms }).collect();
    if let Some(channel) = channel.filter(|_| !told.is_empty()) {
        part.add(&channel, &told);
    }
    Ok(())
}

/// Keeps what is meant; returns how many events found no room.
fn keep<P: Part>(kept: &mut Vec<(Event, String, u64)>, entry: &Entry) -> u64 {
    let mut left_out = 0;
    for event in entry.batch.events.iter().filter(|event| P::is_meant(event.kind)) {
        if kept.len() >= SESSION_EVENTS_READ_MAX {
            left_out += 1;
            continue;
        }
        let name = entry.batch.names.get(event.name.0 as usize).cloned().unwrap_or_default();
        kept.push((*event, name, entry.placement.unix_ms(event.started_uptime_ns)));
    }
    left_out
}
