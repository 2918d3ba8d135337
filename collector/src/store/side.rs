//! One side of a comparison: all waits of a release by stratum, and some of its sessions one by one.
//!
//! Waits come from the rollups of strata and, as far as these lack them, from batches. Where the rollups lack too much, because they
//! are of an older program, or the span is not whole months, all of them come from batches; where these are gone, from the
//! rollups of everybody, which know no strata.
//!
//! Owns: from what a side is read, and which sessions are sampled. Refuses: figures and verdicts (see `nowait_report`).
//! Invariant: sessions are drawn by their ids, which are random: the same store gives the same sample, whoever asks.

use super::batches;
use super::budget::OTHER;
use super::period::Plan;
use super::progress::Progress;
use super::read::Tenant;
use super::source::{self, Source};
use super::sqlite::SqliteStore;
use super::waits::{self, Counts};
use super::writer::number;
use super::{Query, Strata, segments, slice};
use crate::error::Error;
use crate::limits::{SERIES_PER_TENANT_MAX, SESSIONS_LOOKED_AT_MAX, SESSIONS_SAMPLED};
use nowait_report::{Budgets, Happened, Side, Stratum, TouchpointPlace};
use nowait_wire::{Context, Event, Kind};
use rusqlite::{Connection, params};
use std::collections::{BTreeSet, HashMap};

/// What a side is read from.
struct Plans {
    plan: Plan,
    /// The batches that are decoded for its waits.
    waits: Vec<i64>,
    /// The sessions that may be sampled, in the order in which they are.
    sessions: Vec<i64>,
    /// The contexts that are asked for.
    contexts: HashMap<i64, u32>,
}

/// Reads the side that a question about one release is about.
pub(super) fn read(store: &SqliteStore, tenant: &str, query: &Query) -> Result<Side, Error> {
    let planned = store.of_tenant(tenant, query, |conn, tenant| {
        let mut side = Side::new();
        let plans = plans(conn, tenant, query, &mut side)?;
        Ok((side, plans))
    })?;
    let Some((_, (mut side, plans))) = planned else { return Ok(Side::new()) };
    let _turn = store.turn_to_decode(&query.cancel)?;
    let of_waits = store.in_parts(&plans.waits, &query.cancel, |conn, ids| {
        let mut part = Side::new();
        for id in ids {
            let waits = decoded(conn, query, "id", *id, &plans, &mut part)?;
            waits.iter().for_each(|(place, stratum, event)| part.add_wait(*place, *stratum, event));
        }
        Ok(part)
    })?;
    let of_sessions = store.in_parts(&plans.sessions, &query.cancel, |conn, ids| {
        let mut part = Side::new();
        // Each part takes its share of the sample.
        let most = SESSIONS_SAMPLED * ids.len() / plans.sessions.len().max(1) + 1;
        for id in ids {
            let waits = decoded(conn, query, "session", *id, &plans, &mut part)?;
            if !waits.is_empty() {
                part.add_session(waits);
            }
            if part.sessions() as usize >= most {
                break;
            }
        }
        Ok(part)
    })?;
    of_waits.into_iter().chain(of_sessions).for_each(|part| side.merge(part));
    Ok(side)
}

/// Decides from what the side is read, and reads what comes from rollups.
fn plans(conn: &Connection, tenant: Tenant, query: &Query, side: &mut Side) -> Result<Plans, Error> {
    let contexts = slice::contexts(conn, tenant, &query.filter)?;
    let sessions = sessions(conn, tenant, query, &contexts)?;
    if slice::is_needed(&query.filter) || query.strata.is_some() {
        let chosen = slice::choose(conn, tenant, query)?;
        return Ok(Plans { plan: chosen.plan, waits: chosen.ids, sessions, contexts });
    }
    let source = Source::look(conn, tenant, query, &Budgets::default())?;
    let plan = source.plan.clone();
    let strata = segments::strata(conn, tenant.id)?;
    if !strata.is_empty() && source.has_segments()? {
        for (tier, network, id) in strata {
            source.rows_of_segment(id, |kind, name, _, os, cell| {
                side.add_cell(Stratum { tier, network, os, more: 0 }, kind, name, cell);
            })?;
        }
        let waits = behind(conn, tenant, &contexts)?;
        return Ok(Plans { plan, waits, sessions, contexts });
    }
    if plan.from >= Progress::batches_from(conn)? {
        let chosen = slice::choose(conn, tenant, query)?;
        return Ok(Plans { plan, waits: chosen.ids, sessions, contexts });
    }
    source.rows(|kind, name, _, os, cell| {
        side.add_cell(Stratum { os, ..Stratum::UNKNOWN }, kind, name, cell);
    })?;
    Ok(Plans { plan, waits: Vec::new(), sessions, contexts })
}

/// The batches whose waits are in no rollup of a segment yet.
pub(super) fn behind(
    conn: &Connection,
    tenant: Tenant,
    contexts: &HashMap<i64, u32>,
) -> Result<Vec<i64>, Error> {
    let select = "SELECT id, context FROM batches WHERE id > ?1 AND tenant = ?2 ORDER BY id";
    let mut select = conn.prepare_cached(select)?;
    let mut rows = select.query(params![Progress::SegmentsTo.read(conn)?, tenant.id])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        if contexts.contains_key(&row.get(1)?) {
            ids.push(row.get(0)?);
        }
    }
    Ok(ids)
}

/// The sessions that may be sampled, in the order of their ids: those of the release, also those that no rollup has yet.
fn sessions(
    conn: &Connection,
    tenant: Tenant,
    query: &Query,
    contexts: &HashMap<i64, u32>,
) -> Result<Vec<i64>, Error> {
    let most = if slice::is_needed(&query.filter) { SESSIONS_LOOKED_AT_MAX } else { SESSIONS_SAMPLED };
    let (releases, _) = source::releases(conn, tenant, &query.filter)?;
    let mut found: BTreeSet<(Vec<u8>, i64)> = BTreeSet::new();
    // The index has a sixteenth of all; where that is too little all are few enough to be looked through.
    for select in [
        "SELECT session, id FROM sessions WHERE release = ?1 AND session < x'10' ORDER BY session LIMIT ?2",
        "SELECT session, id FROM sessions WHERE release = ?1 ORDER BY session LIMIT ?2",
    ] {
        let mut select = conn.prepare_cached(select)?;
        for release in releases.keys() {
            let mut rows = select.query(params![release, number(most as u64)])?;
            while let Some(row) = rows.next()? {
                found.insert((row.get(0)?, row.get(1)?));
            }
        }
        if found.len() >= most {
            break;
        }
    }
    let select = "SELECT DISTINCT sessions.session, sessions.id, context FROM batches JOIN sessions ON sessions.id = batches.session \
        WHERE batches.id > ?1 AND batches.tenant = ?2";
    let mut select = conn.prepare_cached(select)?;
    let mut rows = select.query(params![Progress::FoldedTo.read(conn)?, tenant.id])?;
    while let Some(row) = rows.next()? {
        if contexts.contains_key(&row.get(2)?) {
            found.insert((row.get(0)?, row.get(1)?));
        }
    }
    Ok(found.into_iter().take(most).map(|(_, id)| id).collect())
}

/// A wait with where it is counted.
type Wait = (TouchpointPlace, Stratum, Event);

/// The waits of batches that are asked for: of one batch, or of all of a session.
fn decoded(
    conn: &Connection,
    query: &Query,
    column: &str,
    id: i64,
    plans: &Plans,
    side: &mut Side,
) -> Result<Vec<Wait>, Error> {
    query.cancel.check()?;
    let select = format!("SELECT {}, context FROM batches WHERE {column} = ?1 ORDER BY id", batches::ENTRY);
    let mut select = conn.prepare_cached(&select)?;
    let mut rows = select.query([id])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if plans.contexts.contains_key(&row.get(6)?)
            && let Ok(entry) = batches::entry(row)?
        {
            let mut of_batch = OfBatch { plan: &plans.plan, side, places: Vec::new(), waits: Vec::new() };
            waits::walk(&entry, &Budgets::default(), &mut of_batch);
            let (stratum, places) = (stratum(query, &entry.batch.context), of_batch.places);
            let wait = |(place, event)| Some((*places.get(place)?, stratum, event));
            found.extend(of_batch.waits.into_iter().filter_map(wait));
        }
    }
    Ok(found)
}

/// The stratum of a batch, by what was asked to be held equal.
fn stratum(query: &Query, context: &Context) -> Stratum {
    let stratum = Stratum::of(context);
    match &query.strata {
        None => stratum,
        Some(Strata::Country) => stratum.with(&context.country),
        Some(Strata::Model) => stratum.with(&context.device_model),
        Some(Strata::Dimension(key)) => {
            let value = context.dimensions.iter().find(|(known, _)| known == key);
            stratum.with(value.map_or("", |(_, value)| value))
        }
    }
}

/// The waits of one batch within a span.
struct OfBatch<'p> {
    plan: &'p Plan,
    side: &'p mut Side,
    places: Vec<TouchpointPlace>,
    /// Each with its place in `places`.
    waits: Vec<(usize, Event)>,
}

impl Counts for OfBatch<'_> {
    fn place(&mut self, hour: u32, kind: Kind, name: &str) -> Option<usize> {
        if !(self.plan.from..self.plan.until).contains(&hour) {
            return None;
        }
        self.places.push(self.side.touchpoint_within(SERIES_PER_TENANT_MAX, kind, name, OTHER)?);
        Some(self.places.len() - 1)
    }

    fn add(&mut self, place: usize, event: &Event) {
        self.waits.push((place, *event));
    }

    fn add_implausible(&mut self, _: u32) {}

    fn add_install(&mut self, _: usize, _: u128, _: Happened) {}
}
