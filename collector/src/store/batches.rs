//! The log: every batch as it came, once.
//!
//! Owns: the tables `batches`, `contexts`, `sessions` (but for what the fold notes there) and `tenants`. Refuses: rollups.
//! Invariant: a batch is known by its session and first event; what is true of a whole batch stands beside it, not only in it.

use super::account::Account;
use super::clean;
use super::intake::{Intake, Placement, span_unix_ms};
use super::period::hour_of;
use super::segments;
use super::writer::number;
use crate::cancel::Cancel;
use crate::error::Error;
use nowait_wire::{Batch, Context, Uuid};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::{BTreeSet, HashMap};

/// Contexts whose ids are remembered; the table has all of them.
const CONTEXTS_REMEMBERED_MAX: usize = 10_000;

/// Ids that were looked up before, of committed rows. Cleared by its owner after a rollback.
#[derive(Debug, Default)]
pub(super) struct Known {
    tenants: HashMap<String, i64>,
    contexts: HashMap<(i64, String), i64>,
}

impl Known {
    pub(super) fn clear(&mut self) {
        self.tenants.clear();
        self.contexts.clear();
    }
}

/// A batch of the log, decoded.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: i64,
    pub(super) tenant: i64,
    pub(super) session: i64,
    pub(super) batch: Batch,
    pub(super) placement: Placement,
    /// Bytes of its frame.
    pub(super) bytes: u64,
}

impl Entry {
    /// The hour since 1970 in which its first event began.
    pub(super) fn first_hour(&self) -> u32 {
        hour_of(span_unix_ms(&self.batch, &self.placement).0)
    }
}

/// What is known of a session from batches that were folded before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) hour: u32,
    /// The id of the release that it is counted under.
    pub(super) release: i64,
    pub(super) account: Account,
    /// The ids of the segments that it is counted in.
    pub(super) segments: Vec<i64>,
}

/// Writes a batch: the entry, or `None` if it is stored already.
pub(super) fn put(conn: &Connection, known: &mut Known, intake: Intake) -> Result<Option<Entry>, Error> {
    let tenant = tenant_id(conn, &mut known.tenants, &intake.tenant)?;
    let context = context_id(conn, &mut known.contexts, tenant, &intake.batch.context)?;
    let session = session_id(conn, tenant, &intake.batch)?;
    let (started, ended) = span_unix_ms(&intake.batch, &intake.placement);
    let insert = "INSERT INTO batches (tenant, session, first, context, received_unix_ms, uptime_zero_unix_ms, first_hour, \
        last_hour, events, frame) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (session, first) DO NOTHING";
    let rows = conn.prepare_cached(insert)?.execute(params![
        tenant,
        session,
        // The bits of a u64.
        intake.batch.id.first.cast_signed(),
        context,
        number(intake.placement.received_unix_ms()),
        intake.placement.uptime_zero_unix_ms,
        hour_of(started),
        hour_of(ended),
        number(intake.events() as u64),
        intake.frame,
    ])?;
    let Intake { batch, placement, frame, .. } = intake;
    let (id, bytes) = (conn.last_insert_rowid(), frame.len() as u64);
    Ok(if rows == 1 { Some(Entry { id, tenant, session, batch, placement, bytes }) } else { None })
}

fn tenant_id(conn: &Connection, known: &mut HashMap<String, i64>, name: &str) -> Result<i64, Error> {
    if let Some(id) = known.get(name) {
        return Ok(*id);
    }
    conn.prepare_cached("INSERT INTO tenants (name) VALUES (?1) ON CONFLICT DO NOTHING")?.execute([name])?;
    let mut select = conn.prepare_cached("SELECT id FROM tenants WHERE name = ?1")?;
    let id = select.query_row([name], |row| row.get(0))?;
    known.insert(name.to_owned(), id);
    Ok(id)
}

fn context_id(
    conn: &Connection,
    known: &mut HashMap<(i64, String), i64>,
    tenant: i64,
    context: &Context,
) -> Result<i64, Error> {
    let dimensions: serde_json::Map<String, serde_json::Value> =
        context.dimensions.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect();
    let dimensions = serde_json::Value::Object(dimensions).to_string();
    // No text of a batch holds a control character.
    let texts = [
        context.app_version.as_str(),
        &context.app_build,
        &context.os_version,
        &context.device_model,
        &context.country,
        &dimensions,
    ];
    let numbers = [context.os as u8, context.device_tier as u8, context.network as u8];
    let key = (tenant, format!("{}\0{numbers:?}", texts.join("\0")));
    if let Some(id) = known.get(&key) {
        return Ok(*id);
    }
    let row = params![
        tenant,
        context.app_version,
        context.app_build,
        context.os as u8,
        context.os_version,
        context.device_model,
        context.device_tier as u8,
        context.network as u8,
        context.country,
        dimensions,
    ];
    let select = "SELECT id FROM contexts WHERE tenant = ?1 AND app_version = ?2 AND app_build = ?3 AND os = ?4 \
        AND os_version = ?5 AND device_model = ?6 AND device_tier = ?7 AND network = ?8 AND country = ?9 AND dimensions = ?10";
    let found = conn.prepare_cached(select)?.query_row(row, |row| row.get(0)).optional()?;
    let id = match found {
        Some(id) => id,
        None => {
            let insert = "INSERT INTO contexts (tenant, app_version, app_build, os, os_version, device_model, device_tier, \
                network, country, dimensions) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
            conn.prepare_cached(insert)?.execute(row)?;
            conn.last_insert_rowid()
        }
    };
    if known.len() >= CONTEXTS_REMEMBERED_MAX {
        known.clear();
    }
    known.insert(key, id);
    Ok(id)
}

fn session_id(conn: &Connection, tenant: i64, batch: &Batch) -> Result<i64, Error> {
    let session = batch.id.session.as_bytes();
    let mut select = conn.prepare_cached("SELECT id FROM sessions WHERE tenant = ?1 AND session = ?2")?;
    if let Some(id) = select.query_row(params![tenant, session], |row| row.get(0)).optional()? {
        return Ok(id);
    }
    conn.prepare_cached("INSERT INTO sessions (tenant, session, install) VALUES (?1, ?2, ?3)")?
        .execute(params![tenant, session, batch.context.install.as_bytes()])?;
    Ok(conn.last_insert_rowid())
}

/// What is known of a session; `None` before its first batch is folded, and where its row is damaged: that is told to `damaged`.
pub(super) fn session(
    conn: &Connection,
    session: i64,
    damaged: impl FnOnce(&str, &[u8]) -> Result<(), Error>,
) -> Result<Option<Session>, Error> {
    let mut select =
        conn.prepare_cached("SELECT hour, release, account, segments FROM sessions WHERE id = ?1")?;
    let mut rows = select.query([session])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (hour, release): (Option<u32>, Option<i64>) = (row.get(0)?, row.get(1)?);
    let (Some(hour), Some(release)) = (hour, release) else { return Ok(None) };
    let bytes = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
    match (
        Account::from_bytes(bytes),
        segments::ids(row.get_ref(3)?.as_blob_or_null().map_err(rusqlite::Error::from)?),
    ) {
        (Ok(account), Ok(segments)) => Ok(Some(Session { hour, release, account, segments })),
        (Err(error), _) | (_, Err(error)) => {
            damaged(&error.to_string(), bytes)?;
            Ok(None)
        }
    }
}

/// Columns that [`entry`] reads, of `batches`.
pub(super) const ENTRY: &str = "id, tenant, session, uptime_zero_unix_ms, received_unix_ms, frame";

/// A batch from a row of [`ENTRY`]; what is wrong with its frame, if it cannot be read.
pub(super) fn entry(row: &Row) -> Result<Result<Entry, Damaged>, Error> {
    let (id, tenant, session) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let frame = row.get_ref(5)?.as_blob().map_err(rusqlite::Error::from)?;
    Ok(match nowait_wire::decode(frame) {
        Ok(batch) => {
            let placement = Placement::stored(&batch, row.get(3)?, row.get(4)?);
            Ok(Entry { id, tenant, session, batch, placement, bytes: frame.len() as u64 })
        }
        Err(error) => Err(Damaged { id, tenant, why: error.to_string(), frame: frame.to_vec() }),
    })
}

/// Hands over these batches, one after another, also those that cannot be read.
pub(super) fn each(
    conn: &Connection,
    ids: &[i64],
    cancel: &Cancel,
    mut take: impl FnMut(Result<Entry, Damaged>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut select = conn.prepare_cached(&format!("SELECT {ENTRY} FROM batches WHERE id = ?1"))?;
    for id in ids {
        cancel.check()?;
        let mut rows = select.query([id])?;
        if let Some(row) = rows.next()? {
            take(entry(row)?)?;
        }
    }
    Ok(())
}

/// When the latest batch of a tenant that is kept came, in milliseconds since 1970 UTC.
pub(super) fn latest_received(conn: &Connection, tenant: i64) -> Result<Option<u64>, Error> {
    let select = "SELECT received_unix_ms FROM batches WHERE tenant = ?1 ORDER BY id DESC LIMIT 1";
    Ok(conn.prepare_cached(select)?.query_row([tenant], |row| row.get(0)).optional()?)
}

/// The batches of a session that can be read, in the order of their events.
pub(super) fn of_session(conn: &Connection, tenant: i64, session: Uuid) -> Result<Vec<Entry>, Error> {
    let select = format!(
        "SELECT {ENTRY} FROM batches WHERE session = (SELECT id FROM sessions WHERE tenant = ?1 AND session = ?2) ORDER BY first"
    );
    let mut select = conn.prepare(&select)?;
    let mut rows = select.query(params![tenant, session.as_bytes()])?;
    let mut batches = Vec::new();
    while let Some(row) = rows.next()? {
        batches.extend(entry(row)?.ok());
    }
    Ok(batches)
}

/// Scrubs a batch that was stored before this was done at ingest, and stores it again if that changed it.
pub(super) fn scrub(conn: &Connection, entry: &mut Entry) -> Result<(), Error> {
    if clean::clean(&mut entry.batch) == 0 {
        return Ok(());
    }
    let frame = clean::frame(&mut entry.batch);
    let Entry { id, tenant, batch, placement, bytes, .. } = entry;
    *placement = Placement::stored(batch, placement.uptime_zero_unix_ms, placement.received_unix_ms());
    *bytes = frame.len() as u64;
    let before: i64 = conn
        .prepare_cached("SELECT context FROM batches WHERE id = ?1")?
        .query_row([*id], |row| row.get(0))?;
    let context = context_id(conn, &mut HashMap::new(), *tenant, &batch.context)?;
    let (started, ended) = span_unix_ms(batch, placement);
    let update = "UPDATE batches SET context = ?2, first_hour = ?3, last_hour = ?4, events = ?5, frame = ?6 WHERE id = ?1";
    let events = number(batch.events.len() as u64);
    conn.prepare_cached(update)?.execute(params![
        *id,
        context,
        hour_of(started),
        hour_of(ended),
        events,
        frame
    ])?;
    remove_unused_context(conn, before)
}

/// Removes batches, and the contexts that were theirs alone. Ids that are remembered of contexts ([`Known`]) are wrong afterwards.
pub(super) fn remove(conn: &Connection, ids: &[i64]) -> Result<(), Error> {
    let mut contexts = BTreeSet::new();
    for id in ids {
        let mut delete = conn.prepare_cached("DELETE FROM batches WHERE id = ?1 RETURNING context")?;
        contexts.extend(delete.query_row([id], |row| row.get::<_, i64>(0)).optional()?);
    }
    contexts.into_iter().try_for_each(|context| remove_unused_context(conn, context))
}

/// Removes sessions; their batches are gone already, or go with them.
pub(super) fn remove_sessions(conn: &Connection, ids: &[i64]) -> Result<(), Error> {
    for id in ids {
        conn.prepare_cached("DELETE FROM sessions WHERE id = ?1")?.execute([id])?;
    }
    Ok(())
}

fn remove_unused_context(conn: &Connection, context: i64) -> Result<(), Error> {
    let delete =
        "DELETE FROM contexts WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM batches WHERE context = ?1)";
    conn.prepare_cached(delete)?.execute([context])?;
    Ok(())
}

/// A batch that cannot be read.
#[derive(Debug)]
pub(super) struct Damaged {
    pub(super) id: i64,
    pub(super) tenant: i64,
    pub(super) why: String,
    pub(super) frame: Vec<u8>,
}
