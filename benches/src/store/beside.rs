//! What reports that are asked without a pause take from ingest.
//!
//! Owns: the loops that ask, and the watch over the write-ahead log. Refuses: storing (see `mod`).
//! Invariant: the pace is that of the same frames into a fresh folder, while every loop asks from before the first batch to
//! after the last; as many loops ask as `nowait serve` makes reports at once.

use super::{fresh, progress};
use nowait_collector::limits::READS_AT_ONCE_MAX;
use nowait_collector::priority;
use nowait_collector::store::{self, Query, SqliteStore};
use nowait_report::Budgets;
use serde::Serialize;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often the log's size is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Ingest beside report loops.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Beside {
    /// Events a second, as a share of those without loops.
    pub(super) pace: f64,
    pub(super) log_bytes_max: u64,
    pub(super) reports_per_s: f64,
}

/// What the threads of one measurement share.
#[derive(Default)]
struct Stage {
    is_over: AtomicBool,
    reports: AtomicU64,
}

/// Whose loops they are.
#[derive(Clone, Copy)]
enum Whose {
    Serve,
    Others,
}

/// Both kinds of loops.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Besides {
    /// Of the store that ingests, on threads that give way, as `nowait serve` makes its reports.
    pub(super) of_serve: Beside,
    /// Of stores of their own, on threads of the priority that ingest has, as other processes make theirs.
    pub(super) of_others: Beside,
}

/// Stores the frames beside loops, which took so long without any.
pub(super) fn measure(
    name: &str,
    folder: &Path,
    frames: &[(u64, Vec<u8>)],
    alone_s: f64,
) -> Result<Besides, Box<dyn Error>> {
    let of_serve = beside(name, folder, frames, alone_s, Whose::Serve)?;
    let of_others = beside(name, folder, frames, alone_s, Whose::Others)?;
    Ok(Besides { of_serve, of_others })
}

fn beside(
    name: &str,
    folder: &Path,
    frames: &[(u64, Vec<u8>)],
    alone_s: f64,
    whose: Whose,
) -> Result<Beside, Box<dyn Error>> {
    let store = SqliteStore::open(&fresh(folder)?)?;
    let progress = progress(&format!("{name}: storing beside report loops"));
    let (stage, begun) = (Stage::default(), Barrier::new(READS_AT_ONCE_MAX + 1));
    let (store, stage, begun) = (&store, &stage, &begun);
    let measured = std::thread::scope(|scope| {
        let loops: Vec<_> = (0..READS_AT_ONCE_MAX)
            .map(|_| {
                scope.spawn(move || {
                    let asked = match whose {
                        Whose::Serve => {
                            priority::give_way();
                            ask(Ok(store), stage, begun)
                        }
                        Whose::Others => {
                            let own = SqliteStore::open_read_only(folder);
                            ask(own.as_ref().map_err(Clone::clone), stage, begun)
                        }
                    };
                    asked.map_err(|error| error.to_string())
                })
            })
            .collect();
        let watch = scope.spawn(move || watch(folder, stage));
        begun.wait();
        let begin = Instant::now();
        let held = super::store(store, frames, &progress);
        let elapsed_s = begin.elapsed().as_secs_f64();
        stage.is_over.store(true, Ordering::Relaxed);
        for asked in loops {
            asked.join().map_err(|_| "a report loop panicked".to_owned())??;
        }
        let log_bytes_max = watch.join().map_err(|_| "the watch panicked".to_owned())?;
        Ok::<_, String>((held.map_err(|error| error.to_string())?, elapsed_s, log_bytes_max))
    });
    progress.finish_and_clear();
    let (held, elapsed_s, log_bytes_max) = measured?;
    if held != frames.len() as u64 {
        return Err(format!("{name}: {held} batches are stored beside loops of {}", frames.len()).into());
    }
    fs::remove_dir_all(folder)?;
    Ok(Beside {
        pace: alone_s / elapsed_s,
        log_bytes_max,
        reports_per_s: stage.reports.load(Ordering::Relaxed) as f64 / elapsed_s,
    })
}

/// Asks for the report of everything until the stage is over.
fn ask(
    store: Result<&SqliteStore, nowait_collector::Error>,
    stage: &Stage,
    begun: &Barrier,
) -> Result<(), nowait_collector::Error> {
    begun.wait();
    let store = store?;
    while !stage.is_over.load(Ordering::Relaxed) {
        match store::report(store, "bank", &Query::default(), &Budgets::default()) {
            Ok(_) => stage.reports.fetch_add(1, Ordering::Relaxed),
            // Before the first batch there is nothing to report.
            Err(error) if error.is_no_data() => 0,
            Err(error) => return Err(error),
        };
    }
    Ok(())
}

/// The largest that the write-ahead log was, as far as was seen.
fn watch(folder: &Path, stage: &Stage) -> u64 {
    let mut bytes_max = 0;
    while !stage.is_over.load(Ordering::Relaxed) {
        let log = fs::metadata(folder.join("nowait.db-wal"));
        bytes_max = bytes_max.max(log.map_or(0, |log| log.len()));
        std::thread::sleep(LOOK_EVERY);
    }
    bytes_max
}
