//! The results as a page for people and as JSON.
//!
//! Owns: the two forms. Refuses: measuring. Invariant: both say the same, and name the machine and the versions.

use crate::clocks::{Clock, Clocks};
use crate::fold::{self, Fold};
use crate::harness::{BLOCK_OPS, HeapPerOp};
use crate::ingest::{self, Ingest};
use crate::size::{self, SESSION_EVENTS, SESSIONS, Size};
use nowait_benches::machine::{Machine, version_of};
use nowait_benches::used::Spread;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// The load of a core up to which a machine counts as idle: the build that came just before leaves some 1 behind.
const LOAD_PER_CORE_MAX: f64 = 1.25;

/// One contestant's row.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    pub(crate) name: &'static str,
    pub(crate) crate_name: &'static str,
    pub(crate) leaves: &'static str,
    /// Times that one operation asks a clock.
    pub(crate) clock_reads: usize,
    /// By number of threads.
    pub(crate) ns_per_op: BTreeMap<usize, Spread>,
    /// One thread's time against the floor's with as many clock reads.
    pub(crate) times_floor: f64,
    pub(crate) heap_per_op: HeapPerOp,
    /// Facts that never reached the far end; none where it cannot be counted.
    pub(crate) lost: Option<u64>,
}

/// All of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) record: Vec<Record>,
    pub(crate) clocks: Clocks,
    pub(crate) fold: Fold,
    pub(crate) sizes: Vec<Size>,
    pub(crate) ingest: Vec<Ingest>,
}

/// Writes the page and the JSON beside each other; gives the page's path.
pub(crate) fn write(results: &Results, page: &str, folder: &Path) -> io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let stem = format!("{}-{}", results.machine.date, results.machine.name);
    let json = serde_json::to_string_pretty(results)? + "\n";
    std::fs::write(folder.join(format!("{stem}.json")), json)?;
    let path = folder.join(format!("{stem}.md"));
    std::fs::write(&path, page)?;
    Ok(path)
}

/// The page for people.
pub(crate) fn page(results: &Results) -> String {
    let mut page = String::new();
    // Writing to a string does not fail.
    let _ = head(&mut page, &results.machine);
    let _ = record(&mut page, results);
    let _ = clocks(&mut page, results);
    let _ = fold(&mut page, &results.fold);
    let _ = sizes(&mut page, results);
    let _ = ingest(&mut page, results);
    page
}

fn head(page: &mut String, machine: &Machine) -> std::fmt::Result {
    writeln!(page, "# Costs, {}, {}\n", machine.date, machine.name)?;
    writeln!(
        page,
        "Made by `make bench` at commit {} (`+`: with changes). JSON of the same name lies beside.\n",
        machine.commit
    )?;
    writeln!(page, "| machine | |\n|---|---|")?;
    writeln!(page, "| processor | {}, {} cores |", machine.cpu, machine.cores)?;
    writeln!(page, "| memory | {} GiB |", machine.memory_gib)?;
    writeln!(page, "| kernel | {} |", machine.kernel)?;
    writeln!(page, "| file system | {} |", machine.file_system)?;
    writeln!(page, "| compiler | {} |", machine.rustc)?;
    writeln!(page, "| load before, after | {}; {} |\n", machine.load_before, machine.load_after)?;
    let load = machine.load_before.split(' ').next().and_then(|load| load.parse::<f64>().ok());
    if load.is_some_and(|load| load > LOAD_PER_CORE_MAX * machine.cores as f64) {
        writeln!(page, "**The machine was busy with other work:** compare within this page only.\n")?;
    }
    Ok(())
}

fn record(page: &mut String, results: &Results) -> std::fmt::Result {
    writeln!(page, "## Recording one fact\n")?;
    writeln!(
        page,
        "Nanoseconds of a core per fact on the calling threads, clock reads included: median of the rounds (p10–p90). \
         Blocks of {BLOCK_OPS} facts, all contestants in turn in every round; what a library leaves to its own thread, \
         to a flush or to a drain is done between blocks and not in the figure, and on another core than the first. With more threads than cores ({} here) \
         the elapsed time is shared out over the cores: such a column shows preemption, not more contention. \
         Heap: calls and bytes taken by the calling thread per fact. Lost: facts of this run that never came out \
         at the far end (–: no far end to count at). × floor: one thread against the floor with as many \
         clock reads and stores, round by round; the median.\n",
        results.machine.cores
    )?;
    let threads: Vec<usize> =
        results.record.first().map(|row| row.ns_per_op.keys().copied().collect()).unwrap_or_default();
    let columns: String = threads
        .iter()
        .map(|threads| format!(" {threads} thread{} |", if *threads == 1 { "" } else { "s" }))
        .collect();
    writeln!(page, "| what |{columns} clocks | × floor | heap | lost | leaves behind |")?;
    writeln!(page, "|---|{}--:|--:|--:|--:|---|", "--:|".repeat(threads.len()))?;
    for row in &results.record {
        let cells: String = row
            .ns_per_op
            .values()
            .map(|s| format!(" {:.1} ({:.0}–{:.0}) |", s.median, s.p10, s.p90))
            .collect();
        let heap = match row.heap_per_op {
            HeapPerOp { bytes: 0.0, .. } => "0".into(),
            HeapPerOp { allocations, bytes } => format!("{allocations:.1} calls, {bytes:.0} B"),
        };
        let lost = row.lost.map_or_else(|| "–".into(), |lost| lost.to_string());
        writeln!(
            page,
            "| {} |{cells} {} | {:.2} | {heap} | {lost} | {} |",
            titled(row.name, row.crate_name),
            row.clock_reads,
            row.times_floor,
            row.leaves
        )?;
    }
    writeln!(page)
}

fn clocks(page: &mut String, results: &Results) -> std::fmt::Result {
    let clocks = &results.clocks;
    writeln!(page, "## Reading a clock\n")?;
    writeln!(
        page,
        "Nanoseconds per read on one thread, every way in turn in every round: median (p10–p90). The kernel makes its \
         time from `{}`. The counter is scaled to nanoseconds by two moments {} ms apart at the start of this section; \
         the scaling is in its figure.\n",
        clocks.kernel_source, clocks.calibration_ms
    )?;
    writeln!(page, "| what | ns | tells apart | gives up |\n|---|--:|--:|---|")?;
    for clock in &clocks.clocks {
        let s = &clock.ns_per_read;
        let apart = resolution(clock.resolution_ns);
        writeln!(
            page,
            "| {} | {:.1} ({:.1}–{:.1}) | {apart} | {} |",
            clock.name, s.median, s.p10, s.p90, clock.gives_up
        )?;
    }
    writeln!(page, "\nAgainst `CLOCK_MONOTONIC`, {} s later:\n", clocks.drift_after_ms / 1_000)?;
    writeln!(page, "| what | drift, ns | ppm |\n|---|--:|--:|")?;
    for drift in &clocks.drifts {
        writeln!(
            page,
            "| {} | {:+} (± {}) | {:+.3} |",
            drift.name, drift.drift_ns, drift.error_ns, drift.drift_ppm
        )?;
    }
    writeln!(
        page,
        "\nWhere `CLOCK_MONOTONIC_RAW` shows no drift beyond its ±, nobody corrected the clock in this run, and the counter's drift is the \
         calibration's error alone. On a phone the network corrects it, by up to 500 ppm: 5 ms in a wait of 10 s, and \
         without end for a scale that was made once. Android's `System.nanoTime` and `MotionEvent` and iOS's \
         `UITouch.timestamp` are read from the uptime clock, and NoWait subtracts its own reads from theirs. In suspend \
         that clock stands still, while the counter goes on or begins anew. And not every phone lets user space read \
         the counter.\n"
    )?;
    conclusion(page, results)
}

/// What other ways would save of an event, from this run's figures.
fn conclusion(page: &mut String, results: &Results) -> std::fmt::Result {
    let ns = |clock: Option<&Clock>| clock.map_or(f64::NAN, |clock| clock.ns_per_read.median);
    let ours = ns(results.clocks.ours());
    let event = results.record.iter().find(|row| row.name == "**NoWait event**");
    let event = event.and_then(|row| row.ns_per_op.get(&1)).map_or(f64::NAN, |spread| spread.median);
    write!(
        page,
        "**So:** of the {event:.1} ns of an event, {ours:.1} are its clock read; the cheapest honest way here takes \
         {:.1}. ",
        ns(results.clocks.cheapest_honest())
    )?;
    let [counter, in_order] = results.clocks.counters();
    if counter.is_some() {
        write!(page, "The counter would save {:.1} ns", ours - ns(counter))?;
    }
    if in_order.is_some() {
        write!(page, ", and {:.1} where it waits for the work that it is to measure", ours - ns(in_order))?;
    }
    if counter.is_some() {
        write!(
            page,
            "; NoWait does not take it, as a time that cannot be subtracted from the phone's own is no measurement."
        )?;
    }
    writeln!(page, "\n")
}

/// A clock's resolution, in the unit that reads best.
fn resolution(ns: f64) -> String {
    if ns >= 1e6 { format!("{:.0} ms", ns / 1e6) } else { format!("{ns:.2} ns") }
}

fn fold(page: &mut String, fold: &Fold) -> std::fmt::Result {
    writeln!(page, "## Folding\n")?;
    writeln!(
        page,
        "Facts of a busy session (frames, taps, requests, actions, screens, breadcrumbs) folded by one turn of the worker, \
         {} at a time: trackers, event area, checkpoints and the turn's own looks at decision and spool; median of {} turns \
         (p10–p90).\n",
        fold::FACTS,
        fold::TURNS
    )?;
    writeln!(page, "| what | million facts/s on one core | events made of 1,000 facts |\n|---|--:|--:|")?;
    let Fold { facts_per_s: s, events_per_fact } = fold;
    writeln!(
        page,
        "| **NoWait fold** | {:.2} ({:.2}–{:.2}) | {:.0} |\n",
        s.median / 1e6,
        s.p10 / 1e6,
        s.p90 / 1e6,
        events_per_fact * 1e3
    )
}

fn sizes(page: &mut String, results: &Results) -> std::fmt::Result {
    writeln!(page, "## Bytes on the wire\n")?;
    writeln!(
        page,
        "Bytes per event, mean of the same {SESSIONS} sessions of {SESSION_EVENTS} events (`nowait_wire::testing`), \
         each session sent as one body, deflated at the best level; a short session of {} events beside.\n",
        size::SHORT_EVENTS
    )?;
    writeln!(page, "| format | plain | deflated | × NoWait | times keep |\n|---|--:|--:|--:|---|")?;
    let ours = results.sizes.first().map_or(f64::NAN, |size| size.deflated_bytes_per_event);
    for size in &results.sizes {
        let plain = size.plain_bytes_per_event.map_or_else(|| "–".into(), |bytes| format!("{bytes:.1}"));
        let deflated = size.deflated_bytes_per_event;
        let title = titled(size.format, size.crate_name);
        writeln!(page, "| {title} | {plain} | {deflated:.2} | {:.1} | {} |", deflated / ours, size.keeps)?;
    }
    writeln!(page)
}

fn ingest(page: &mut String, results: &Results) -> std::fmt::Result {
    writeln!(page, "## Ingest\n")?;
    writeln!(
        page,
        "The same batches of {} events, from their bytes to a durable commit (SQLite, write-ahead log, synchronous \
         FULL, many batches to a sync), without HTTP; median of {} rounds (least–most). Per core: divided by \
         processor time of all threads instead of elapsed time. Stored: all files after closing.\n",
        ingest::SESSION_EVENTS,
        ingest::ROUNDS
    )?;
    writeln!(page, "| what | 1,000 events/s | 1,000 events/s per core | stored bytes/event | does |")?;
    writeln!(page, "|---|--:|--:|--:|---|")?;
    let thousands = |s: &Spread| format!("{:.0} ({:.0}–{:.0})", s.median / 1e3, s.p10 / 1e3, s.p90 / 1e3);
    for row in &results.ingest {
        let (elapsed, core) = (thousands(&row.events_per_s), thousands(&row.events_per_core_s));
        let bytes = row.stored_bytes_per_event;
        writeln!(page, "| {} | {elapsed} | {core} | {bytes:.1} | {} |", row.name, row.does)?;
    }
    writeln!(page)
}

/// A name with the crate and version that it was measured with.
fn titled(name: &str, crate_name: &str) -> String {
    match version_of(crate_name) {
        Some(version) => format!("{name} ({crate_name} {version})"),
        None => name.into(),
    }
}
