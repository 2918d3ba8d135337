//! The results as a page for people.
//!
//! Owns: the table and the words before it. Refuses: measuring. Invariant: every figure is one of the JSON's.

use super::ask::Ask;
use super::beside::{Beside, Besides};
use super::duck::QUESTIONS;
use super::{ASKED, Answer, Results, Row, SESSIONS, load};
use nowait_collector::limits::READS_AT_ONCE_MAX;

/// What stands where nothing was measured.
const NONE: &str = "–";

/// The page, as Markdown.
pub(super) fn of(results: &Results) -> String {
    let mut page = head(results);
    let loads: Vec<&str> = results.rows.iter().map(|row| row.load.as_str()).collect();
    page.push_str(&format!("| | {} |\n|---|{}\n", loads.join(" | "), "--:|".repeat(loads.len())));
    let mut line = |what: &str, figure: &dyn Fn(&Row) -> Option<String>| {
        let figures: Vec<String> =
            results.rows.iter().map(|row| figure(row).unwrap_or_else(|| NONE.to_owned())).collect();
        page.push_str(&format!("| {what} | {} |\n", figures.join(" | ")));
    };
    line("ingest, 1,000 events/s", &|row| Some(format!("{:.0}", row.events_per_s / 1e3)));
    line("the same per core", &|row| Some(format!("{:.0}", row.events_per_core_s / 1e3)));
    beside(&mut line);
    line("stored, bytes an event", &|row| Some(format!("{:.1}", row.stored_bytes_per_event)));
    line("the same without hours older than 14 days, which `nowait serve` removes", &|row| {
        Some(format!("{:.1}", row.kept_bytes_per_event))
    });
    line("of which frames", &|row| Some(format!("{:.1}", row.frames_bytes_per_event)));
    for (at, ask) in Ask::all().enumerate() {
        line(ask.name(), &|row| row.answers.get(at).map(|(_, answer)| told(*answer)));
    }
    if results.rows.iter().any(|row| row.duckdb.is_some()) {
        duckdb(&mut line);
    } else {
        line("DuckDB", &|_| Some(results.duckdb.clone()));
    }
    page
}

/// The machine, and what the figures are of.
fn head(results: &Results) -> String {
    let machine = &results.machine;
    let made = format!(
        "# The store with a month in it, {}\n\nMade by `make bench-store` at commit {}. {}, {} cores, {} GiB, kernel {}, {}, {}. Load \
         average {} before and {} after.\n\n",
        machine.date,
        machine.commit,
        machine.cpu,
        machine.cores,
        machine.memory_gib,
        machine.kernel,
        machine.file_system,
        machine.rustc,
        machine.load_before,
        machine.load_after
    );
    let ours = format!(
        "{} days, {SESSIONS} sessions or more, 8 releases on 2 systems unless said otherwise. Ingest: from frames in memory to durable \
         commits and rollups, without HTTP. Answers: median of {ASKED} processes that open the store, ask and end; the time is that of \
         the question, the memory the peak of the process.\n\n",
        load::DAYS
    );
    let beside = format!(
        "Beside report loops: the same frames into a fresh folder while {READS_AT_ONCE_MAX} threads, as many as `nowait serve` lets \
         work at once, ask for the report of everything again and again without a pause. Those of serve ask the store that ingests, \
         take turns, and give way to ingest, as its threads do; those of others have stores of their own and the priority of ingest, \
         as other processes have. The largest size of the write-ahead log is \
         of looks every 50 ms.\n\n"
    );
    let duckdb = format!(
        "DuckDB: {}. Rows: time, kind, name, release, system, tier, duration and outcome of every event, in the order of arrival; no \
         more than its questions need. Rollups: counts by day, kind, name, release, system and bucket of 2^(1/64), as wide as ours. Each \
         question (count, p50, p75 and p95 of every touchpoint) is asked {ASKED} times by a warm process that asked it once before; the \
         time is the median of the question alone, as ours is, but ours is a new process's first. Bytes are of the file with the one \
         table. Ours has more in them: the whole of every event, people, exits, ledgers and costs; our report tells all of these, too.\n\n",
        results.duckdb
    );
    made + &ours + &beside + &duckdb
}

/// Whose loops they are, and their figures.
type Loops = (&'static str, fn(&Besides) -> Beside);

/// A line of the table: what it is, and the figure of each load.
type Line<'a> = dyn FnMut(&str, &dyn Fn(&Row) -> Option<String>) + 'a;

fn beside(line: &mut Line) {
    let both: [Loops; 2] = [("of serve", |both| both.of_serve), ("of others", |both| both.of_others)];
    for (whose, figures) in both {
        let what = format!("ingest beside {READS_AT_ONCE_MAX} report loops {whose}, share of its pace alone");
        line(&what, &|row| Some(format!("{:.0} %", figures(row.beside.as_ref()?).pace * 100.0)));
        line("WAL, largest, MiB", &|row| {
            let bytes = figures(row.beside.as_ref()?).log_bytes_max;
            Some(format!("{:.0}", bytes as f64 / f64::from(1 << 20)))
        });
        line("reports/s", &|row| Some(format!("{:.0}", figures(row.beside.as_ref()?).reports_per_s)));
    }
}

fn duckdb(line: &mut Line) {
    line("DuckDB rows, bytes an event", &|row| {
        Some(format!("{:.1}", row.duckdb.as_ref()?.rows_bytes_per_event))
    });
    line("DuckDB rollups, bytes an event", &|row| {
        Some(format!("{:.1}", row.duckdb.as_ref()?.rollups_bytes_per_event))
    });
    for (table, ask) in QUESTIONS {
        let what = format!("DuckDB {table}: {}", ask.name());
        line(&what, &|row| row.duckdb.as_ref()?.answer(table, ask).map(told));
    }
}

fn told(answer: Answer) -> String {
    format!("{:.0} ms, {:.0} MiB", answer.ms, answer.peak_kib as f64 / 1_024.0)
}
