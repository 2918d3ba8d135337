//! The day in figures: what `target/demo/report.json` holds and the terminal shows.
//!
//! Owns: the account of all processes, and whether the day went as it must. Refuses: latencies: they come from the
//! collector's report as they are. `docs/demo.md` describes every field.
//! Invariant: a day without problems balances to the last event.

use super::audit::Stored;
use super::guest::Guests;
use super::process::{End, Run};
use super::truth::TruthTable;
use nowait_report::{Comparison, Report, Verdict, text};
use nowait_wire::Uuid;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

/// The version of the JSON form: raised when a field changes its meaning or goes away.
pub const DAY_VERSION: u32 = 2;

/// How the day was asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Asked {
    /// Installations of the app.
    pub customers: usize,
    /// The length of the day, in seconds.
    pub seconds: f64,
    /// What everything that is random was drawn from.
    pub seed: u64,
}

/// What became of the processes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Processes {
    /// Customers' processes in all.
    pub run: u64,
    /// Of these, started in the background after the day to deliver what was left.
    pub deliveries: u64,
    /// Ended by SIGKILL in the middle of a journey.
    pub killed: u64,
    /// Runs of the app during which its network was gone, wholly or in part.
    pub offline: u64,
    /// Runs of the app that could write no file.
    pub disk_full: u64,
    /// Runs whose flight recorder was on the heap, because its file could not be had.
    pub rings_on_heap: u64,
}

/// The account over all processes, the killed ones included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DayLedger {
    /// Facts that the devices' ledgers account for.
    pub facts_appended: u64,
    /// Of these, facts that were folded.
    pub facts_folded: u64,
    /// Of these, facts that were refused; must be 0.
    pub facts_refused: u64,
    /// Events produced, as the devices' ledgers say.
    pub produced: u64,
    /// Events in the collector's store.
    pub delivered: u64,
    /// Events that will never come, by reason; reasons that never occurred are absent.
    pub dropped: BTreeMap<String, u64>,
    /// The sum of `dropped`.
    pub dropped_total: u64,
    /// Sessions that produced anything.
    pub sessions: u64,
    /// Whether appended = folded + refused and produced = delivered + dropped in every single session.
    pub balanced: bool,
    /// Facts that the processes' main threads had recorded, as far as they told before they ended.
    pub facts_acknowledged: u64,
    /// Of these, facts that no ledger accounts for. Must be 0.
    pub facts_acknowledged_lost: u64,
    /// Waits, journeys and trips that ended in them, each an event.
    pub acknowledged: u64,
    /// Of these, events that are neither in the store nor in the ledger as dropped. Must be 0.
    pub acknowledged_lost: u64,
    /// Waits that were open when their process was killed, which the next start told with the outcome `died`.
    pub died: u64,
}

/// What the customers sent to the collector.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Traffic {
    /// Batches in the store.
    pub batches: u64,
    /// Their bytes as they were sent.
    pub batch_bytes: u64,
    /// Batch bytes for each event delivered; `null` if none was.
    pub bytes_per_event: Option<f64>,
    /// Everything that went into the connections: batches, repeated and broken-off ones included, with the heads of
    /// their HTTP requests.
    pub connection_bytes: u64,
}

impl Traffic {
    fn new(stored: &HashMap<Uuid, Stored>, events: u64, connection_bytes: u64) -> Traffic {
        let sum = |of: fn(&Stored) -> u64| stored.values().map(of).sum();
        let (batches, batch_bytes): (u64, u64) =
            (sum(|stored| stored.batches), sum(|stored| stored.batch_bytes));
        let bytes_per_event = (events > 0).then(|| batch_bytes as f64 / events as f64);
        Traffic { batches, batch_bytes, bytes_per_event, connection_bytes }
    }
}

/// A whole day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DayReport {
    /// [`DAY_VERSION`].
    pub day_version: u32,
    /// How it was asked for.
    pub asked: Asked,
    /// What is not as it must be; empty on a good day. A slower release is no problem of the day.
    pub problems: Vec<String>,
    /// The processes.
    pub processes: Processes,
    /// The account.
    pub ledger: DayLedger,
    /// What it took on the network.
    pub traffic: Traffic,
    /// Report and truth.
    pub truth: TruthTable,
    /// The verdict on the newer release, as in `comparison`.
    pub verdict: Verdict,
    /// The collector's comparison of both releases, as `nowait compare --json` prints it.
    pub comparison: Comparison,
    /// The collector's report, as `nowait report --json` prints it.
    pub report: Report,
    /// What programs in Kotlin and Swift left after the day, which is in none of the figures above; `null` if none
    /// was there.
    pub guests: Option<Guests>,
}

impl DayReport {
    /// Puts the day together.
    pub(super) fn new(
        asked: Asked,
        (runs, sent_bytes): (&[Run], u64),
        stored: &HashMap<Uuid, Stored>,
        truth: TruthTable,
        (report, comparison): (Report, Comparison),
    ) -> DayReport {
        let processes = Processes::new(runs);
        let (ledger, mut problems) = account(&report, runs, stored);
        problems.extend(runs.iter().filter_map(problem));
        problems.extend(truth.problems(processes.killed));
        if report.exits.count > processes.killed {
            let (exits, killed) = (report.exits.count, processes.killed);
            problems.push(format!("{exits} processes are said to have died, {killed} were killed"));
        }
        if processes.rings_on_heap != processes.disk_full {
            let Processes { rings_on_heap, disk_full, .. } = processes;
            problems.push(format!("{rings_on_heap} flight recorders on the heap, {disk_full} full disks"));
        }
        let traffic = Traffic::new(stored, ledger.delivered, sent_bytes);
        DayReport {
            day_version: DAY_VERSION,
            asked,
            problems,
            processes,
            ledger,
            traffic,
            truth,
            verdict: comparison.verdict,
            comparison,
            report,
            guests: None,
        }
    }

    /// Adds what came after the day.
    pub(super) fn add_guests(&mut self, guests: Guests) {
        self.problems.extend(guests.problems.iter().cloned());
        if !guests.balanced {
            self.problems.push("the sessions of the guests do not balance".to_owned());
        }
        self.guests = Some(guests);
    }
}

impl Processes {
    fn new(runs: &[Run]) -> Processes {
        let count = |is: fn(&Run) -> bool| runs.iter().filter(|run| is(run)).count() as u64;
        Processes {
            run: runs.len() as u64,
            deliveries: count(|run| run.delivery),
            killed: count(|run| run.end == End::Killed),
            offline: count(|run| run.offline),
            disk_full: count(|run| run.full_disk),
            rings_on_heap: count(|run| run.on_heap),
        }
    }
}

/// What is wrong with a run, if anything.
fn problem(run: &Run) -> Option<String> {
    let install = run.install;
    match &run.end {
        End::Failed(why) => Some(format!("customer {install}: {why}")),
        End::Ended { batches_left } if run.delivery && *batches_left > 0 => {
            Some(format!("customer {install}: {batches_left} batches could not be delivered"))
        }
        _ => None,
    }
}

/// The collector's ledger, and beside it what the processes say, session by session, so that one's surplus never hides
/// another's loss.
fn account(report: &Report, runs: &[Run], stored: &HashMap<Uuid, Stored>) -> (DayLedger, Vec<String>) {
    let ledger = &report.ledger;
    let mut day = DayLedger {
        facts_appended: ledger.facts.appended,
        facts_folded: ledger.facts.folded,
        facts_refused: ledger.facts.refused_total,
        produced: ledger.produced,
        delivered: ledger.delivered,
        dropped: ledger.dropped.clone(),
        dropped_total: ledger.dropped_total,
        sessions: ledger.sessions,
        balanced: ledger.balanced,
        died: stored.values().map(|stored| stored.died).sum(),
        ..DayLedger::default()
    };
    let mut problems = Vec::new();
    if !ledger.balanced {
        let (open, missing, surplus) = (ledger.sessions_unbalanced, ledger.missing, ledger.surplus);
        let facts = ledger.facts.sessions_unbalanced;
        problems.push(format!(
            "{open} sessions do not balance: {missing} events missing, {surplus} too many; in {facts} the facts do not"
        ));
    }
    for run in runs {
        let session = run.session.as_deref().and_then(|id| id.parse::<Uuid>().ok());
        let found = session.and_then(|id| stored.get(&id)).cloned().unwrap_or_default();
        let (facts, ended) = (run.recorded.facts, run.recorded.total());
        let facts_lost = facts.saturating_sub(found.counts.facts);
        let lost = run.recorded.missing_in(&found.counts).saturating_sub(found.dropped);
        day.facts_acknowledged += facts;
        day.facts_acknowledged_lost += facts_lost;
        day.acknowledged += ended;
        day.acknowledged_lost += lost;
        if lost > 0 || facts_lost > 0 {
            let (install, id) = (run.install, run.session.as_deref().unwrap_or_default());
            problems.push(format!(
                "customer {install}, session {id}: of {facts} acknowledged facts {facts_lost} are lost, of {ended} \
                 acknowledged events {lost}"
            ));
        }
    }
    for (what, count) in [
        ("facts refused", ledger.facts.refused_total),
        ("waits that nobody watched", ledger.signals_lost),
        ("panics caught", ledger.panics_caught),
        ("starts that failed", ledger.starts_failed),
    ] {
        if count > 0 {
            problems.push(format!("{what} on the devices: {count}"));
        }
    }
    (day, problems)
}

impl DayReport {
    /// The whole day as text: the collector's own tables, then what only the demo knows.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = text::report(&self.report);
        self.ledger_text(&mut out);
        self.traffic_text(&mut out);
        self.truth_text(&mut out);
        out.push_str(&text::comparison(&self.comparison));
        if let Some(guests) = &self.guests {
            out.push('\n');
            out.push_str(&guests.text());
        }
        self.problems_text(&mut out);
        out
    }

    fn ledger_text(&self, out: &mut String) {
        let (processes, ledger) = (&self.processes, &self.ledger);
        let _ = writeln!(
            out,
            "THE DAY   {} processes ({} to deliver what was left), {} killed, {} offline, {} with a full disk",
            processes.run, processes.deliveries, processes.killed, processes.offline, processes.disk_full
        );
        let _ = writeln!(
            out,
            "facts   appended {} = folded {} + refused {}",
            ledger.facts_appended, ledger.facts_folded, ledger.facts_refused
        );
        let _ = writeln!(
            out,
            "events  produced {} = delivered {} + dropped {}   {}",
            ledger.produced,
            ledger.delivered,
            ledger.dropped_total,
            if ledger.balanced { "both balance in every session" } else { "DOES NOT BALANCE" }
        );
        let _ = writeln!(
            out,
            "acknowledged to the processes {} facts, of which lost {}; {} events, of which lost {}",
            ledger.facts_acknowledged,
            ledger.facts_acknowledged_lost,
            ledger.acknowledged,
            ledger.acknowledged_lost
        );
        let _ = writeln!(out, "waits in the middle of which a process was killed: {}", ledger.died);
    }

    fn traffic_text(&self, out: &mut String) {
        let traffic = &self.traffic;
        let events = self.ledger.delivered.max(1) as f64;
        let _ = writeln!(
            out,
            "sent {} bytes in {} batches: {:.1} bytes an event; {:.1} with HTTP's heads and what was repeated\n",
            traffic.batch_bytes,
            traffic.batches,
            traffic.batch_bytes as f64 / events,
            traffic.connection_bytes as f64 / events
        );
    }

    fn truth_text(&self, out: &mut String) {
        let truth = &self.truth;
        let most = truth.tolerance_share * 100.0;
        let _ = writeln!(
            out,
            "REPORT AND TRUTH   what NoWait measured, what the bank really took; at most {most} % apart"
        );
        let _ = writeln!(
            out,
            "{:<16}{:>6}{:>11}{:>11}{:>9}{:>12}{:>11}{:>9}",
            "endpoint", "n", "p50", "truth", "off", "p95", "truth", "off"
        );
        for row in &truth.endpoints {
            let _ = write!(out, "{:<16}{:>6} ", row.endpoint, row.reported_count);
            for sides in [&row.p50, &row.p95] {
                let time = |ns: Option<u64>| ns.map_or_else(|| "–".to_owned(), text::duration);
                let off = |share: f64| format!("{:+.2} %", share * 100.0);
                let off = sides.difference_share.map_or_else(|| "–".to_owned(), off);
                let _ = write!(out, "{:>10}{:>11}{off:>9}  ", time(sides.reported_ns), time(sides.truth_ns));
            }
            out.truncate(out.trim_end().len());
            out.push('\n');
        }
        let late = text::duration(truth.wake_up_p95_ns);
        let _ = writeln!(
            out,
            "judged from 20 answers on; answers that a killed process never saw: {}",
            truth.unseen
        );
        if truth.is_machine_busy {
            let _ = writeln!(
                out,
                "NOT JUDGED: the machine was busy with other work; to wake a process took it {late} (p95)"
            );
        }
        out.push('\n');
    }

    fn problems_text(&self, out: &mut String) {
        if self.problems.is_empty() {
            let _ = writeln!(
                out,
                "The ledger balances, nothing acknowledged is lost, and report and truth agree.\n"
            );
            return;
        }
        let _ = writeln!(out, "THE DAY DID NOT GO AS IT MUST");
        for problem in &self.problems {
            let _ = writeln!(out, "- {problem}");
        }
        out.push('\n');
    }
}
