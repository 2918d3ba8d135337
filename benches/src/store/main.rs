//! What the collector's store takes and answers with a month in it: `make bench-store`.
//!
//! Owns: which loads, and the order of what is done with each. Refuses: the frames (see [`load`]), the printed table (see
//! [`page`]) and peers (see [`duck`]).
//! Invariant: every question is asked of the store that the same run filled, by a process of its own, whose memory is that of
//! the question alone.

mod ask;
mod beside;
mod duck;
mod load;
mod page;
mod pages;

use ask::{Answer, Ask};
use beside::Besides;
use clap::Parser;
use duck::Duck;
use indicatif::{ProgressBar, ProgressStyle};
use load::Load;
use nowait_benches::machine::{self, Machine};
use nowait_benches::used::{Spread, bytes_in, cpu_s};
use nowait_collector::store::{Intake, Keep, Pending, Policy, SqliteStore, Store as _, Stored};
use nowait_collector::time::now_unix_ms;
use serde::Serialize;
use std::collections::VecDeque;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Batches handed over before the oldest one's receipt is awaited: devices that send at once.
const UNDER_WAY_MAX: usize = nowait_collector::limits::QUEUE_BATCHES_MAX / 2;

/// Sessions of the largest loads; the smaller ones have fewer events in as many.
const SESSIONS: u64 = 40_000;

/// Times that a question is asked; the figure is the median.
const ASKED: usize = 5;

/// The largest load that DuckDB gets as rows: 20 million are 1 GB of text.
const DUCK_EVENTS_MAX: u64 = 20_000_000;

/// The largest load that is stored once more, beside report loops: minutes otherwise.
const BESIDE_EVENTS_MAX: u64 = 5_000_000;

/// A load that is stored, and what is asked beside the collector itself.
struct Job<'a> {
    name: String,
    load: Load,
    folder: &'a Path,
    /// The Python that asks DuckDB, if it is asked.
    python: Option<&'a Path>,
    is_beside_loops: bool,
}

/// How often it is looked whether retention is done.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How many looks in a row have to find the same, of so many sessions. Before it removes anything, it looks at every session, for
/// some 20 s.
const LOOKS_ALIKE: u64 = 120;
const LOOKED_AT: u64 = 200_000;

/// The collector ships with it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the collector's store with months of data in it.
#[derive(Debug, clap::Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    question: Option<Question>,
    /// Events of the loads, one after another
    #[arg(default_values_t = [1_000_000, 5_000_000, 20_000_000])]
    events: Vec<u64>,
    /// Folder that the results go to
    #[arg(long, default_value = "benches/runs")]
    out: PathBuf,
    /// Folder for the stores, of which the last one is left there
    #[arg(long)]
    data: Option<PathBuf>,
    /// Python that has the package duckdb, or "not run: WHY": what scripts/duckdb prints
    #[arg(long, default_value = "not run: no Python with duckdb was named")]
    duckdb: String,
}

/// How [`Arguments`] measures the memory of a question.
#[derive(Debug, clap::Subcommand)]
enum Question {
    /// Ask one question of a store, in this process, and print the answer as JSON
    #[command(hide = true)]
    Ask { folder: PathBuf, ask: String },
}

/// What one load came to.
#[derive(Debug, Serialize)]
struct Row {
    load: String,
    events: u64,
    events_per_s: f64,
    events_per_core_s: f64,
    stored_bytes_per_event: f64,
    /// Without the hours that `nowait serve` keeps no more at the end of the load.
    kept_bytes_per_event: f64,
    frames_bytes_per_event: f64,
    answers: Vec<(String, Answer)>,
    /// Of loads that DuckDB has, too.
    duckdb: Option<Duck>,
    /// Of loads that were stored once more.
    beside: Option<Besides>,
}

/// All that is measured, with the machine.
#[derive(Debug, Serialize)]
struct Results {
    machine: Machine,
    /// The version and its threads, or why it was not run.
    duckdb: String,
    rows: Vec<Row>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    match &arguments.question {
        Some(Question::Ask { folder, ask }) => answer(folder, ask),
        None => run(&arguments),
    }
}

/// Runs everything and prints it.
fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let temporary = tempfile::tempdir()?;
    let folder = arguments.data.as_deref().unwrap_or(temporary.path());
    let mut machine = Machine::look(None, folder);
    let (python, duckdb) = duck::look(&arguments.duckdb);
    let mut rows = Vec::new();
    for events in &arguments.events {
        let sessions = SESSIONS.max(events / 500);
        let per_session = usize::try_from(events / sessions).unwrap_or(usize::MAX).max(20);
        let load =
            Load { sessions, events_per_session: per_session, releases: 8, names: 0, has_exits: false };
        let python = python.filter(|_| load.events() <= DUCK_EVENTS_MAX);
        let is_beside_loops = load.events() <= BESIDE_EVENTS_MAX;
        let name = format!("{} M", events / 1_000_000);
        rows.push(measure(&Job { name, load, folder, python, is_beside_loops })?);
    }
    for (name, load) in loads_of_other_shapes() {
        let name = name.to_owned();
        rows.push(measure(&Job { name, load, folder, python: None, is_beside_loops: false })?);
    }
    machine.load_after = machine::load();
    let results = Results { machine, duckdb, rows };
    let page = page::of(&results);
    let name = format!("{}-{}-store", results.machine.date, results.machine.name);
    fs::create_dir_all(&arguments.out)?;
    fs::write(arguments.out.join(format!("{name}.json")), serde_json::to_string_pretty(&results)?)?;
    let path = arguments.out.join(format!("{name}.md"));
    fs::write(&path, &page)?;
    println!("{page}\nwritten to {}", path.display());
    Ok(())
}

/// Loads that are not larger but otherwise than a bank's usual month.
fn loads_of_other_shapes() -> [(&'static str, Load); 2] {
    let wide =
        Load { sessions: 20_000, events_per_session: 100, releases: 200, names: 10_000, has_exits: false };
    let dying = Load { sessions: 400_000, events_per_session: 50, releases: 8, names: 0, has_exits: true };
    [("10,000 names, 200 releases", wide), ("sessions of 50 with exits", dying)]
}

/// Asks one question and prints its answer.
fn answer(folder: &Path, ask: &str) -> Result<(), Box<dyn Error>> {
    let ask = Ask::named(ask).ok_or_else(|| format!("there is no question {ask:?}"))?;
    println!("{}", serde_json::to_string(&ask.answer(folder)?)?);
    Ok(())
}

fn measure(job: &Job) -> Result<Row, Box<dyn Error>> {
    let Job { name, load, folder, .. } = job;
    let progress = progress(&format!("{name}: making frames"));
    let frames = load.frames(&progress)?;
    progress.finish_and_clear();
    let own = folder.join("store");
    let progress = self::progress(&format!("{name}: storing"));
    let (begin, begin_cpu_s) = (Instant::now(), cpu_s());
    let policy = Policy { budgets: Some(pages::budgets()?), ..Policy::default() };
    let held = store(&SqliteStore::open_with(&fresh(&own)?, policy, |_, _| {})?, &frames, &progress)?;
    let (elapsed_s, core_s) = (begin.elapsed().as_secs_f64(), cpu_s() - begin_cpu_s);
    progress.finish_and_clear();
    if held != load.sessions {
        return Err(format!("{name}: {held} batches are stored of {}", load.sessions).into());
    }
    let events = load.events() as f64;
    let frames_bytes: usize = frames.iter().map(|(_, frame)| frame.len()).sum();
    let stored = bytes_in(&own)? as f64;
    let answers = ask_all(name, load, &own)?;
    let duckdb = job.python.map(|python| duck::measure(name, python, folder, &frames, &own)).transpose()?;
    let beside = |()| beside::measure(name, &folder.join("beside"), &frames, elapsed_s);
    let beside = job.is_beside_loops.then_some(()).map(beside).transpose()?;
    let kept = bytes_after_retention(name, &own, load.sessions)? as f64;
    println!(
        "{name}: stored in {elapsed_s:.1} s, {stored} bytes, {kept} kept; {answers:.0?}; {duckdb:.0?}; {beside:.2?}"
    );
    Ok(Row {
        load: name.to_owned(),
        events: load.events(),
        events_per_s: events / elapsed_s,
        events_per_core_s: events / core_s,
        stored_bytes_per_event: stored / events,
        kept_bytes_per_event: kept / events,
        frames_bytes_per_event: frames_bytes as f64 / events,
        answers,
        duckdb,
        beside,
    })
}

/// Bytes of a store from which retention has removed the hours that are too old at the end of the load.
fn bytes_after_retention(name: &str, folder: &Path, sessions: u64) -> Result<u64, Box<dyn Error>> {
    let looks_alike = LOOKS_ALIKE * sessions.div_ceil(LOOKED_AT);
    let progress = progress(&format!("{name}: removing old hours"));
    let end_unix_ms = load::BEGIN_UNIX_MS + load::DAYS * load::DAY_MS;
    let hours_ms = now_unix_ms().saturating_sub(end_unix_ms) + Keep::default().hours_ms;
    let policy = Policy { keep: Keep { hours_ms, ..Keep::ALL }, ..Policy::default() };
    let store = SqliteStore::open_with(folder, policy, |_, _| {})?;
    // Nothing says that a round is over: it gives space back last, and then the file stays as it is.
    let mut same = 0;
    let mut before = None;
    while same < looks_alike {
        std::thread::sleep(LOOK_EVERY);
        progress.tick();
        let now = Some((
            folder.join("nowait.db").metadata()?.len(),
            folder.join("nowait.db-wal").metadata()?.modified()?,
        ));
        same = if now == before { same + 1 } else { 0 };
        before = now;
    }
    store.close();
    progress.finish_and_clear();
    Ok(bytes_in(folder)?)
}

/// The same folder with nothing in it.
fn fresh(folder: &Path) -> std::io::Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    Ok(folder.to_owned())
}

/// The medians of every question.
fn ask_all(name: &str, load: &Load, folder: &Path) -> Result<Vec<(String, Answer)>, Box<dyn Error>> {
    let progress = progress(&format!("{name}: asking"));
    let asks: Vec<Ask> = Ask::of(load).collect();
    progress.set_length((asks.len() * ASKED) as u64);
    let mut answers = Vec::new();
    for ask in asks {
        let asked: Vec<Answer> = (0..ASKED)
            .map(|_| {
                progress.inc(1);
                ask.answer_elsewhere(folder)
            })
            .collect::<Result<_, _>>()?;
        answers.push((ask.name().to_owned(), Answer::median(&asked)));
    }
    progress.finish_and_clear();
    Ok(answers)
}

/// Stores everything, as the collector does it, closes the store, and says how many batches were new.
fn store(
    store: &SqliteStore,
    frames: &[(u64, Vec<u8>)],
    progress: &ProgressBar,
) -> Result<u64, Box<dyn Error>> {
    progress.set_length(frames.len() as u64);
    let mut under_way: VecDeque<Pending> = VecDeque::new();
    let mut held = 0;
    let mut settle = |pending: Pending| -> Result<(), nowait_collector::Error> {
        held += u64::from(pending.wait()? == Stored::New);
        Ok(())
    };
    for (received_unix_ms, frame) in frames {
        let intake = Intake::new("bank", frame.clone(), nowait_wire::decode(frame)?, *received_unix_ms, None);
        under_way.push_back(store.append(intake)?);
        if under_way.len() >= UNDER_WAY_MAX {
            under_way.pop_front().map(&mut settle).transpose()?;
        }
        progress.inc(1);
    }
    under_way.into_iter().try_for_each(settle)?;
    store.close();
    Ok(held)
}

fn progress(what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {bar:40} {percent}% {eta}");
    let bar = ProgressBar::new(1).with_message(what.to_owned());
    if let Ok(style) = style { bar.with_style(style) } else { bar }
}

/// The median of some figures.
fn median(values: Vec<f64>) -> f64 {
    Spread::of(values).median
}
