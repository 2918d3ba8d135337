//! What NoWait costs beside its peers, measured in one run: `make bench-rust`.
//!
//! Owns: the order of the measurements and where results go. Refuses: judging them.
//! Invariant: every figure that is printed was measured in this run, on the machine that the page names.

mod alloc;
mod clocks;
mod contestants;
mod fold;
mod formats;
mod harness;
mod ingest;
mod output;
mod size;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use nowait_benches::machine;
use std::error::Error;
use std::path::PathBuf;

#[global_allocator]
static HEAP: alloc::Counting = alloc::Counting;

/// Numbers of threads that record at once.
const THREADS: [usize; 3] = [1, 2, harness::THREADS_MAX];

/// Measures what NoWait costs beside its peers and writes a dated page and the same as JSON.
#[derive(Debug, Parser)]
struct Arguments {
    /// Folder that the results go to.
    #[arg(long, default_value = "benches/runs")]
    out: PathBuf,
    /// Name of the machine in the results; made from the processor unless given.
    #[arg(long)]
    machine: Option<String>,
    /// Rounds of the recording benchmark, for each number of threads.
    #[arg(long, default_value_t = 600)]
    rounds: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir()?;
    let mut machine = machine::Machine::look(arguments.machine, folder.path());
    let record = record(folder.path(), arguments.rounds.max(1))?;
    let clocks = clocks::measure();
    let fold = fold::measure(folder.path())?;
    let sizes = size::measure()?;
    let ingest_progress = progress("ingest", ingest::steps());
    let ingest = ingest::measure(folder.path(), &ingest_progress)?;
    ingest_progress.finish_and_clear();
    machine.load_after = machine::load();
    let results = output::Results { machine, record, clocks, fold, sizes, ingest };
    let page = output::page(&results);
    let path = output::write(&results, &page, &arguments.out)?;
    println!("{page}\nwritten to {}", path.display());
    Ok(())
}

/// The recording benchmark, with a line of progress.
fn record(folder: &std::path::Path, rounds: usize) -> Result<Vec<output::Record>, Box<dyn Error>> {
    let contestants = harness::off_the_first_core(|| contestants::all(folder))?;
    let progress = progress("record", harness::steps(rounds) * THREADS.len());
    let heap = harness::heap(&contestants);
    let measured = THREADS.map(|threads| harness::measure(&contestants, threads, rounds, &progress));
    progress.finish_and_clear();
    let done = harness::ops_done(&THREADS, rounds);
    let row = |(index, contestant): (usize, &dyn harness::Contestant)| output::Record {
        name: contestant.name(),
        crate_name: contestant.crate_name(),
        leaves: contestant.leaves(),
        clock_reads: contestant.clock_reads(),
        ns_per_op: THREADS
            .iter()
            .zip(&measured)
            .map(|(threads, measured)| (*threads, measured[index].ns_per_op))
            .collect(),
        times_floor: measured[0][index].times_floor,
        heap_per_op: heap[index],
        lost: contestant.delivered().map(|delivered| done.saturating_sub(delivered)),
    };
    Ok(contestants.iter().map(AsRef::as_ref).enumerate().map(row).collect())
}

/// A bar that shows on a terminal and keeps silent elsewhere.
fn progress(what: &'static str, steps: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} {eta}");
    let bar = ProgressBar::new(steps as u64).with_message(what);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
