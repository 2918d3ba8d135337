//! Sessions one after another: what a rollup or one batch does not tell, as two events of a session lie in different batches.
//!
//! Owns: which sessions a question is about, and reading them on as many cores as there are. Refuses: what is made of them (see `journey`
//! and `rated`).
//! Invariant: of a session no more is in memory than what is asked for, and of that a bounded part; and a batch is decoded only if what
//! stands beside it does not tell enough.

use super::Query;
use super::batches::{self, Entry};
use super::intake::Placement;
use super::journey_events::{self, Names};
use super::period::unix_ms;
use super::read::{DAMAGED_ROWS, Tenant, count};
use super::slice::{self, Chosen};
use super::sqlite::SqliteStore;
use crate::error::Error;
use crate::limits::SESSION_EVENTS_READ_MAX;
use nowait_report::{CHANNEL, CHANNEL_OF_APP, Scope, Told};
use nowait_wire::{Event, Kind};
use rusqlite::{Connection, Row, params};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

/// Events of sessions that have more than is read.
const EVENTS_LEFT_OUT: &str = "events beyond what is read of a session";

/// Sessions that are read.
pub(super) struct Sessions {
    ids: Vec<i64>,
    /// The contexts that are asked for, with their channels.
    contexts: HashMap<i64, String>,
    tenant: i64,
    /// In milliseconds since 1970 UTC.
    pub(super) span: Range<u64>,
    pub(super) scope: Scope,
}

/// What has to be read of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// What it tells of journeys.
    Journeys,
    /// All of it, if an event of this kind, which is one of those that tell of journeys, is in it.
    AllWith(Kind),
}

/// What is added up of some sessions.
pub(super) trait Part: Send {
    const NEEDS: Needs;
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
        let contexts = channels(conn, tenant, &contexts)?;
        Ok(Sessions { ids: ids.into_iter().collect(), contexts, tenant: tenant.id, span, scope })
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
            // Of the same moment as the rows: an id may be another name's after a rebuild.
            let (names, mut part) = (Names::of(conn, self.tenant)?, (new(), BTreeMap::new()));
            for id in ids {
                query.cancel.check()?;
                self.add_session((conn, &names), *id, &mut part)?;
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

    fn add_session<P: Part>(
        &self,
        (conn, names): (&Connection, &Names),
        session: i64,
        (part, uncounted): &mut (P, BTreeMap<String, u64>),
    ) -> Result<(), Error> {
        if let Needs::AllWith(kind) = P::NEEDS
            && !may_have(conn, session, kind)?
        {
            return Ok(());
        }
        let select = format!(
            "SELECT {}, context, (SELECT events FROM journey_events WHERE batch = batches.id) FROM batches \
            WHERE session = ?1 ORDER BY first",
            batches::ENTRY
        );
        let mut select = conn.prepare_cached(&select)?;
        let mut rows = select.query([session])?;
        let (mut kept, mut channel) = (Kept::default(), None);
        while let Some(row) = rows.next()? {
            let Some(of_context) = self.contexts.get(&row.get(6)?) else { continue };
            if P::NEEDS == Needs::Journeys && kept.add_beside(row, names)? {
                channel.get_or_insert(of_context);
                continue;
            }
            match batches::entry(row)? {
                Ok(entry) => {
                    channel.get_or_insert(of_context);
                    kept.add_all::<P>(&entry);
                }
                Err(_) => count(uncounted, DAMAGED_ROWS, 1),
            }
        }
        count(uncounted, EVENTS_LEFT_OUT, kept.left_out);
        let told: Vec<Told> = kept
            .events
            .iter()
            .map(|(event, name, unix_ms)| Told { event, name, unix_ms: *unix_ms })
            .collect();
        if let Some(channel) = channel.filter(|_| !told.is_empty()) {
            part.add(channel, &told);
        }
        Ok(())
    }
}

/// Whether an event of this kind may be in a session, by what stands beside its batches.
fn may_have(conn: &Connection, session: i64, kind: Kind) -> Result<bool, Error> {
    let select =
        "SELECT (SELECT events FROM journey_events WHERE batch = batches.id) FROM batches WHERE session = ?1";
    let mut select = conn.prepare_cached(select)?;
    let mut rows = select.query([session])?;
    while let Some(row) = rows.next()? {
        let beside = row.get_ref(0)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
        if beside.and_then(|beside| journey_events::has(beside, kind)) != Some(false) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The channels of these contexts.
fn channels(
    conn: &Connection,
    tenant: Tenant,
    chosen: &HashMap<i64, u32>,
) -> Result<HashMap<i64, String>, Error> {
    let mut select = conn.prepare_cached("SELECT id, dimensions FROM contexts WHERE tenant = ?1")?;
    let mut rows = select.query([tenant.id])?;
    let mut channels = HashMap::new();
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        if chosen.contains_key(&id) {
            let dimensions = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
            let told = slice::dimensions(dimensions).remove(CHANNEL);
            channels.insert(id, told.unwrap_or_else(|| CHANNEL_OF_APP.to_owned()));
        }
    }
    Ok(channels)
}

/// What is kept of a session.
#[derive(Default)]
struct Kept {
    events: Vec<(Event, Arc<str>, u64)>,
    /// How many events found no room.
    left_out: u64,
}

impl Kept {
    /// Keeps an event that began at this moment, in milliseconds since 1970 UTC.
    fn add(&mut self, event: Event, name: &Arc<str>, unix_ms: u64) {
        if self.events.len() < SESSION_EVENTS_READ_MAX {
            self.events.push((event, Arc::clone(name), unix_ms));
        } else {
            self.left_out += 1;
        }
    }

    /// Keeps what stands beside a batch; `false` if that does not tell enough.
    fn add_beside(&mut self, row: &Row, names: &Names) -> Result<bool, Error> {
        let Some(beside) = row.get_ref(7)?.as_blob_or_null().map_err(rusqlite::Error::from)? else {
            return Ok(false);
        };
        let Some(events) = names.events(beside) else { return Ok(false) };
        let placement = Placement::of_one_anchor(row.get(3)?, row.get(4)?);
        for (event, name) in events {
            self.add(event, &name, placement.unix_ms(event.started_uptime_ns));
        }
        Ok(true)
    }

    /// Keeps what is meant of a batch.
    fn add_all<P: Part>(&mut self, entry: &Entry) {
        for event in entry.batch.events.iter().filter(|event| P::is_meant(event.kind)) {
            let name = entry.batch.names.get(event.name.0 as usize).map_or("", String::as_str);
            self.add(*event, &Arc::from(name), entry.placement.unix_ms(event.started_uptime_ns));
        }
    }
}
