//! DuckDB with the same month, asked the same.
//!
//! Owns: the rows that it gets, and what is asked of it. Refuses: its tables and its SQL (see `benches/peers/duck.py`).
//! Invariant: it has every event of the load, and its report counts what that of the collector's store counts, or there is no
//! figure.

use super::ask::{Answer, Ask};
use super::{ASKED, fresh, median, progress};
use nowait_collector::store::{Query, SqliteStore, Store as _};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;

/// The program that asks, from the root of the checkout, where `make` runs.
const PROGRAM: &str = "benches/peers/duck.py";

/// What an answer of `scripts/duckdb` begins with that is no Python.
const NOT_RUN: &str = "not run: ";

/// Its tables, and what is asked of each. The rollups know no tier; those of the collector do not, either.
pub(super) const QUESTIONS: [(&str, Ask); 5] = [
    ("rows", Ask::Report),
    ("rows", Ask::Release),
    ("rows", Ask::Tier),
    ("rollups", Ask::Report),
    ("rollups", Ask::Release),
];

/// What DuckDB takes and answers.
#[derive(Debug, Serialize)]
pub(super) struct Duck {
    pub(super) rows_bytes_per_event: f64,
    pub(super) rollups_bytes_per_event: f64,
    answers: Vec<(&'static str, String, Answer)>,
}

impl Duck {
    /// What it took to answer this from that table, if that was asked.
    pub(super) fn answer(&self, table: &str, ask: Ask) -> Option<Answer> {
        let of = |(of, name, _): &&(&str, String, Answer)| *of == table && name == ask.name();
        self.answers.iter().find(of).map(|(.., answer)| *answer)
    }
}

/// What `duck.py fill` prints.
#[derive(Debug, Deserialize)]
struct Filled {
    rows_bytes: u64,
    rollups_bytes: u64,
}

/// What `duck.py ask` prints.
#[derive(Debug, Deserialize)]
struct Asked {
    ms: Vec<f64>,
    peak_kib: u64,
    touchpoints: usize,
    events: u64,
}

/// The Python that asks DuckDB, if there is one, and what is said of it: the version, or why it is not run.
pub(super) fn look(python: &str) -> (Option<&Path>, String) {
    let not_run = |why: String| {
        eprintln!("DuckDB: {NOT_RUN}{why}");
        (None, format!("{NOT_RUN}{why}"))
    };
    if let Some(why) = python.strip_prefix(NOT_RUN) {
        return not_run(why.to_owned());
    }
    match run(Path::new(python), &["version"]).and_then(|out| Ok(serde_json::from_slice::<String>(&out)?)) {
        Ok(said) => (Some(Path::new(python)), said),
        Err(error) => not_run(error.to_string()),
    }
}

/// Fills DuckDB with the frames and asks it, beside the store of them in `own`.
pub(super) fn measure(
    name: &str,
    python: &Path,
    folder: &Path,
    frames: &[(u64, Vec<u8>)],
    own: &Path,
) -> Result<Duck, Box<dyn Error>> {
    let ducks = fresh(&folder.join("duckdb"))?;
    let csv = ducks.join("rows.csv");
    let events = write_rows(&format!("{name}: writing rows for DuckDB"), &csv, frames)? as f64;
    let at = ducks.to_str().ok_or("the folder's name is no text")?;
    let filled: Filled = serde_json::from_slice(&run(python, &["fill", at, &csv.to_string_lossy()])?)?;
    fs::remove_file(&csv)?;
    let ours = counted(own)?;
    let mut answers = Vec::new();
    for (table, ask) in QUESTIONS {
        let out = run(python, &["ask", at, table, ask.name(), &ASKED.to_string()])?;
        let asked: Asked = serde_json::from_slice(&out)?;
        let theirs = (asked.touchpoints, asked.events);
        if ask == Ask::Report && theirs != ours {
            return Err(
                format!("DuckDB's {table} count {theirs:?} touchpoints and events, we {ours:?}").into()
            );
        }
        answers.push((
            table,
            ask.name().to_owned(),
            Answer { ms: median(asked.ms), peak_kib: asked.peak_kib },
        ));
    }
    fs::remove_dir_all(&ducks)?;
    Ok(Duck {
        rows_bytes_per_event: filled.rows_bytes as f64 / events,
        rollups_bytes_per_event: filled.rollups_bytes as f64 / events,
        answers,
    })
}

/// Touchpoints of the collector's store, and the events in them.
fn counted(folder: &Path) -> Result<(usize, u64), Box<dyn Error>> {
    let cells = SqliteStore::open_read_only(folder)?.cells("bank", &Query::default())?;
    let touchpoints: BTreeSet<_> = cells.iter().map(|(key, _)| (key.kind as u8, &key.name)).collect();
    Ok((touchpoints.len(), cells.iter().map(|(_, cell)| cell.count()).sum()))
}

/// A row for each event, in the order of arrival, and how many there are.
fn write_rows(what: &str, path: &Path, frames: &[(u64, Vec<u8>)]) -> Result<u64, Box<dyn Error>> {
    let progress = progress(what);
    progress.set_length(frames.len() as u64);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut events = 0;
    for (_, frame) in frames {
        let batch = nowait_wire::decode(frame)?;
        let anchor = batch.anchors[0];
        let zero_ms = anchor.wall_unix_ms.wrapping_sub(anchor.uptime_ns / 1_000_000);
        let (release, os, tier) =
            (&batch.context.app_version, batch.context.os as u8, batch.context.device_tier as u8);
        for event in &batch.events {
            let name = batch.names.get(event.name.0 as usize).map_or("", String::as_str);
            let time_ms = zero_ms.wrapping_add(event.started_uptime_ns / 1_000_000);
            writeln!(
                out,
                "{time_ms}\t{}\t{name}\t{release}\t{os}\t{tier}\t{}\t{}\t{}",
                event.kind as u8,
                event.duration_ns,
                event.outcome as u8,
                event.outcome.is_latency()
            )?;
        }
        events += batch.events.len() as u64;
        progress.inc(1);
    }
    out.flush()?;
    progress.finish_and_clear();
    Ok(events)
}

/// What the program prints, or what it complains of.
fn run(python: &Path, words: &[&str]) -> Result<Vec<u8>, Box<dyn Error>> {
    let out = Command::new(python).arg(PROGRAM).args(words).output();
    let out = out.map_err(|error| format!("{} cannot be started: {error}", python.display()))?;
    if !out.status.success() {
        let complaint = String::from_utf8_lossy(&out.stderr);
        return Err(format!("duck.py {words:?}: {}", complaint.lines().last().unwrap_or_default()).into());
    }
    Ok(out.stdout)
}
