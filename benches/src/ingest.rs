//! Events per second into a durable store.
//!
//! Owns: the frames, the three ways to store them, the rounds. Refuses: HTTP: the network is not what is measured.
//! Invariant: all three write with the same durability (write-ahead log, synchronous FULL, one sync for at most
//! [`GROUP_BATCHES`] batches) into a fresh folder, in turn in every round, and each proves that all is stored.

use indicatif::ProgressBar;
use nowait_benches::used::{Spread, bytes_in, cpu_s};
use nowait_collector::store::{Intake, Pending, SqliteStore, Store as _, Stored};
use nowait_wire::{Batch, Event, testing};
use rusqlite::{Connection, Transaction, params};
use serde::Serialize;
use std::collections::VecDeque;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// Sessions that are stored in one round.
const SESSIONS: u64 = 1_200;

/// Events of each session.
pub(crate) const SESSION_EVENTS: usize = 500;

/// Rounds; the figure is their median.
pub(crate) const ROUNDS: usize = 5;

/// Most batches that share a sync.
const GROUP_BATCHES: usize = nowait_collector::limits::GROUP_BATCHES_MAX;

/// Batches handed to NoWait's store before the oldest one's receipt is awaited: devices that send at once.
const UNDER_WAY_MAX: usize = nowait_collector::limits::QUEUE_BATCHES_MAX / 2;

const HOUR_MS: u64 = 3_600_000;

/// Something that stores frames; gives the number of events that it holds afterwards.
type Way = fn(&Path, &[Vec<u8>]) -> Result<u64, Box<dyn Error>>;

const WAYS: [(&str, &str, Way); 3] = [
    ("**NoWait store**", "decoded, deduplicated, sealed batch kept, hourly and daily rollups", nowait),
    ("floor: SQLite, the same blobs", "blobs under their id, nothing decoded, no rollups", blobs),
    ("SQLite, a row for each event", "decoded, one row an event, no index, no rollups", rows),
];

/// One way's cost.
#[derive(Debug, Serialize)]
pub(crate) struct Ingest {
    pub(crate) name: &'static str,
    pub(crate) does: &'static str,
    /// Events per second of elapsed time.
    pub(crate) events_per_s: Spread,
    /// Events per second of processor time, all threads together.
    pub(crate) events_per_core_s: Spread,
    /// What lies in the folder after closing.
    pub(crate) stored_bytes_per_event: f64,
}

/// Stores the same sessions in every way.
pub(crate) fn measure(folder: &Path, progress: &ProgressBar) -> Result<Vec<Ingest>, Box<dyn Error>> {
    let frames = frames()?;
    let events = SESSIONS * SESSION_EVENTS as u64;
    let mut samples = WAYS.map(|_| (Vec::new(), Vec::new(), 0.0));
    for round in 0..ROUNDS {
        for ((name, _, way), (elapsed, core, bytes)) in WAYS.iter().zip(&mut samples) {
            let own = folder.join(format!("ingest-{round}"));
            fs::create_dir(&own)?;
            let (begin, begin_cpu_s) = (Instant::now(), cpu_s());
            let held = way(&own, &frames)?;
            elapsed.push(events as f64 / begin.elapsed().as_secs_f64());
            core.push(events as f64 / (cpu_s() - begin_cpu_s));
            if held != events {
                return Err(format!("{name} holds {held} events of {events}").into());
            }
            *bytes = bytes_in(&own)? as f64 / events as f64;
            fs::remove_dir_all(&own)?;
            progress.inc(1);
        }
    }
    let row = |((name, does, _), (elapsed, core, bytes))| Ingest {
        name,
        does,
        events_per_s: Spread::of(elapsed),
        events_per_core_s: Spread::of(core),
        stored_bytes_per_event: bytes,
    };
    Ok(WAYS.into_iter().zip(samples).map(row).collect())
}

/// How many blocks of work [`measure`] does.
pub(crate) fn steps() -> usize {
    ROUNDS * WAYS.len()
}

/// Sessions of two releases over a day, sealed as devices seal them.
fn frames() -> Result<Vec<Vec<u8>>, nowait_wire::Error> {
    let frame = |seed| {
        let mut batch = testing::session(seed, SESSION_EVENTS);
        batch.anchors[0].wall_unix_ms += seed % 24 * HOUR_MS;
        batch.context.app_version = if seed % 2 == 0 { "8.1.0".into() } else { "8.2.0".into() };
        nowait_wire::encode(&batch)
    };
    (0..SESSIONS).map(frame).collect()
}

/// NoWait's own way, from a frame to the word that it is durable.
fn nowait(folder: &Path, frames: &[Vec<u8>]) -> Result<u64, Box<dyn Error>> {
    let store = SqliteStore::open(folder)?;
    let mut under_way: VecDeque<(u64, Pending)> = VecDeque::new();
    let mut held = 0;
    let mut settle = |(events, pending): (u64, Pending)| -> Result<(), nowait_collector::Error> {
        held += if pending.wait()? == Stored::New { events } else { 0 };
        Ok(())
    };
    for frame in frames {
        let batch = nowait_wire::decode(frame)?;
        let (events, received_unix_ms) = (batch.events.len() as u64, batch.anchors[0].wall_unix_ms + 1_000);
        let intake = Intake::new("bank", frame.clone(), batch, received_unix_ms, None);
        under_way.push_back((events, store.append(intake)?));
        if under_way.len() >= UNDER_WAY_MAX {
            under_way.pop_front().map(&mut settle).transpose()?;
        }
    }
    under_way.into_iter().try_for_each(settle)?;
    store.close();
    Ok(held)
}

/// The least that a store of batches can do.
fn blobs(folder: &Path, frames: &[Vec<u8>]) -> Result<u64, Box<dyn Error>> {
    let mut conn = open(folder)?;
    conn.execute_batch(
        "CREATE TABLE batches (session BLOB, first INTEGER, frame BLOB, PRIMARY KEY (session, first))",
    )?;
    in_groups(&mut conn, frames, |tx, frame| {
        let id = nowait_wire::decode_header(frame)?.id;
        tx.prepare_cached("INSERT INTO batches VALUES (?1, ?2, ?3)")?.execute(params![
            id.session.as_bytes(),
            id.first.cast_signed(),
            frame
        ])?;
        Ok(())
    })?;
    let held: u64 = conn.query_row("SELECT count(*) FROM batches", [], |row| row.get(0))?;
    conn.close().map_err(|(_, error)| error)?;
    Ok(held * SESSION_EVENTS as u64)
}

/// What most collectors do: a row for each event.
fn rows(folder: &Path, frames: &[Vec<u8>]) -> Result<u64, Box<dyn Error>> {
    let mut conn = open(folder)?;
    conn.execute_batch(
        "CREATE TABLE events (session BLOB, kind INTEGER, outcome INTEGER, flags INTEGER, name TEXT, screen TEXT, \
         started_unix_ns INTEGER, duration_ns INTEGER, journey INTEGER, a INTEGER, b INTEGER)",
    )?;
    in_groups(&mut conn, frames, |tx, frame| {
        let batch = nowait_wire::decode(frame)?;
        batch.events.iter().try_for_each(|event| insert_row(tx, &batch, event))
    })?;
    let held = conn.query_row("SELECT count(*) FROM events", [], |row| row.get(0))?;
    conn.close().map_err(|(_, error)| error)?;
    Ok(held)
}

fn insert_row(tx: &Transaction<'_>, batch: &Batch, event: &Event) -> Result<(), Box<dyn Error>> {
    let zero_ns = batch.anchors[0].wall_unix_ms * 1_000_000 - batch.anchors[0].uptime_ns;
    let mut insert =
        tx.prepare_cached("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?;
    insert.execute(params![
        batch.id.session.as_bytes(),
        event.kind as u8,
        event.outcome as u8,
        event.flags.0,
        batch.names.get(event.name.0 as usize),
        batch.names.get(event.screen.0 as usize),
        (zero_ns + event.started_uptime_ns).cast_signed(),
        event.duration_ns.cast_signed(),
        event.journey.cast_signed(),
        event.a.cast_signed(),
        event.b.cast_signed(),
    ])?;
    Ok(())
}

/// A database with the durability of NoWait's.
fn open(folder: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open(folder.join("floor.db"))?;
    conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "cache_size", -65_536)?;
    Ok(conn)
}

fn in_groups(
    conn: &mut Connection,
    frames: &[Vec<u8>],
    store: impl Fn(&Transaction<'_>, &[u8]) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    for group in frames.chunks(GROUP_BATCHES) {
        let tx = conn.transaction()?;
        group.iter().try_for_each(|frame| store(&tx, frame))?;
        tx.commit()?;
    }
    Ok(())
}
