//! One journey, step by step and across channels.
//!
//! Owns: which sessions it is read from, whole and one after another. Refuses: figures (see `nowait_report::journey_map`).
//! Invariant: of a session no more is in memory than what journeys are made of, and of that a bounded part.

use super::batches::{self, Entry};
use super::detail::nothing_of;
use super::period::unix_ms;
use super::read::{DAMAGED_ROWS, Tenant, count};
use super::sqlite::SqliteStore;
use super::{Query, Store as _, slice};
use crate::ask::unknown;
use crate::error::Error;
use crate::limits::JOURNEY_EVENTS_MAX;
use nowait_report::journey_map::CONTINUATION_LIFE_MS;
use nowait_report::{Budgets, JourneyMap, Scope, Told, Walks, channel_of};
use nowait_wire::{Event, Kind};
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

/// Events of sessions that have more than is read.
const EVENTS_LEFT_OUT: &str = "events of journeys beyond what is read of a session";

const HOUR_MS: u64 = 3_600_000;

/// Which sessions, and of them which batches.
struct Plans {
    sessions: Vec<i64>,
    /// The contexts that are asked for.
    contexts: HashMap<i64, u32>,
    /// In milliseconds since 1970 UTC.
    span: Range<u64>,
    scope: Scope,
}

/// What some sessions told.
struct Part<'b> {
    walks: Walks<'b>,
    /// What is in none of them.
    uncounted: BTreeMap<String, u64>,
}

impl<'b> Part<'b> {
    fn of(journey: &'b str, plans: &Plans, budgets: &'b Budgets) -> Part<'b> {
        let walks = Walks::new(journey, plans.span.clone(), budgets);
        Part { walks, uncounted: BTreeMap::new() }
    }

    fn merge(&mut self, other: Part) {
        self.walks.merge(other.walks);
        other.uncounted.iter().for_each(|(what, n)| count(&mut self.uncounted, what, *n));
    }
}

/// All that is known of a journey.
pub(super) fn read(
    store: &SqliteStore,
    tenant: &str,
    query: &Query,
    journey: &str,
    budgets: &Budgets,
) -> Result<JourneyMap, Error> {
    let planned = store.of_tenant(tenant, query, |conn, tenant| plans(conn, tenant, query))?;
    let Some((_, plans)) = planned else { return Err(unknown("journey", journey, &[])) };
    let turn = store.turn_to_decode(&query.cancel)?;
    let parts = store.in_parts(&plans.sessions, &query.cancel, |conn, ids| {
        let mut part = Part::of(journey, &plans, budgets);
        for id in ids {
            if query.cancel.is_cancelled() {
                return Err(Error::store("nobody waits for the answer any more"));
            }
            add_session(conn, *id, &plans.contexts, &mut part)?;
        }
        Ok(part)
    })?;
    drop(turn);
    let mut all = Part::of(journey, &plans, budgets);
    parts.into_iter().for_each(|part| all.merge(part));
    let Part { walks, uncounted } = all;
    if walks.is_empty() {
        return Err(nothing_of(store, tenant, (Kind::Journey, journey))?);
    }
    let scope = Scope { zone: store.zone().clone(), ..plans.scope };
    Ok(walks.map(scope, uncounted))
}

/// The sessions with something in the span, or in the time before it in which an id was handed over that may be used in it.
fn plans(conn: &Connection, tenant: Tenant, query: &Query) -> Result<Plans, Error> {
    let plan = slice::choose(conn, tenant, query)?.plan;
    let contexts = slice::contexts(conn, tenant, &query.filter)?;
    let before = u32::try_from(CONTINUATION_LIFE_MS / HOUR_MS).unwrap_or(0);
    let select =
        "SELECT session, context FROM batches WHERE tenant = ?1 AND first_hour < ?2 AND last_hour >= ?3";
    let mut select = conn.prepare_cached(select)?;
    let mut rows = select.query(params![tenant.id, plan.until, plan.from.saturating_sub(before)])?;
    let mut sessions = BTreeSet::new();
    while let Some(row) = rows.next()? {
        if contexts.contains_key(&row.get(1)?) {
            sessions.insert(row.get::<_, i64>(0)?);
        }
    }
    let (span, scope) = (unix_ms(plan.from)..unix_ms(plan.until), query.scope(Some(&plan)));
    Ok(Plans { sessions: sessions.into_iter().collect(), contexts, span, scope })
}

fn add_session(
    conn: &Connection,
    session: i64,
    contexts: &HashMap<i64, u32>,
    part: &mut Part,
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
                left_out += keep(&mut kept, &entry);
            }
            Err(_) => count(&mut part.uncounted, DAMAGED_ROWS, 1),
        }
    }
    count(&mut part.uncounted, EVENTS_LEFT_OUT, left_out);
    let told: Vec<Told> =
        kept.iter().map(|(event, name, unix_ms)| Told { event, name, unix_ms: *unix_ms }).collect();
    if let Some(channel) = channel.filter(|_| !told.is_empty()) {
        part.walks.add_session(&channel, &told);
    }
    Ok(())
}

/// Keeps what journeys are made of; returns how many events found no room.
fn keep(kept: &mut Vec<(Event, String, u64)>, entry: &Entry) -> u64 {
    const KINDS: [Kind; 5] = [Kind::Journey, Kind::Step, Kind::RageTap, Kind::Rating, Kind::HandOver];
    let mut left_out = 0;
    for event in entry.batch.events.iter().filter(|event| KINDS.contains(&event.kind)) {
        if kept.len() >= JOURNEY_EVENTS_MAX {
            left_out += 1;
            continue;
        }
        let name = entry.batch.names.get(event.name.0 as usize).cloned().unwrap_or_default();
        kept.push((*event, name, entry.placement.unix_ms(event.started_uptime_ns)));
    }
    left_out
}
