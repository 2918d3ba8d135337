//! The sections of the page, one for each part of a report. A part about which there is nothing to say is absent.

use super::html::{Shown, table, table_of};
use crate::limits::{PAGE_BROKEN_DOWN_MAX, PAGE_ROWS_MAX, PAGE_SLICES_MAX};
use maud::{Markup, html};
use nowait_report::report::{ByteCost, CostSummary, Exit, Figures, Journey, Latency, LedgerSummary, Slice};
use nowait_report::text::units::{
    NONE, bytes_or_none, count, duration_or_none as time, moment, share, within,
};
use nowait_report::verdict::{FigureChange, MixChange, TouchpointChange};
use nowait_report::{Comparison, Report, Verdict, text};
use nowait_wire::Kind;
use std::collections::BTreeMap;

const FIGURES: [&str; 8] = ["lost", "waits", "p50", "p75", "p95", "p99", "in time", "Apdex"];

pub(super) fn report(report: &Report) -> Markup {
    html! {
        (touchpoints(report))
        (launches(report))
        (screens(report))
        (taps(report))
        (journeys(
            (report, "journeys"),
            ("Journeys", "Mean time of those that ended: the app works, the customer works, away."),
            &report.journeys,
        ))
        (journeys((report, "steps"), ("Steps", "Ranked by waiting beyond the target."), &report.steps))
        (requests(report))
        (smoothness(report))
        (exits(report))
        (cost(&report.cost))
        (ledger(&report.ledger))
    }
}

/// A table of a section that the report may have cut, which is said below it.
fn listed(
    (report, section): (&Report, &str),
    words: (&str, &str),
    columns: &[&str],
    rows: &[Vec<String>],
) -> Markup {
    table_of(words, columns, rows.iter().take(PAGE_ROWS_MAX), more(report, section, rows.len()))
}

/// How many rows of a section the page does not show, of which the report has so many and has left out others.
fn more(report: &Report, section: &str, rows: usize) -> u64 {
    let left_out = report.left_out.get(section).copied().unwrap_or(0);
    (rows.saturating_sub(PAGE_ROWS_MAX) as u64).saturating_add(left_out)
}

fn latency(latency: &Latency) -> [String; 4] {
    [latency.p50_ns, latency.p75_ns, latency.p95_ns, latency.p99_ns].map(time)
}

/// The columns of [`FIGURES`].
fn figures(figures: &Figures) -> Vec<String> {
    let mut cells = vec![time(Some(figures.lost_ns)), count(figures.latency.count)];
    cells.extend(latency(&figures.latency));
    cells.push(share(figures.within_budget_share));
    cells.push(figures.apdex.map_or_else(|| NONE.to_owned(), |apdex| format!("{apdex:.2}")));
    cells
}

/// How many of how many people waited beyond the target.
fn people_late(figures: &Figures) -> String {
    figures.people.map_or_else(
        || NONE.to_owned(),
        |people| format!("{} of {}", count(people.beyond_target), count(people.waited)),
    )
}

fn touchpoints(report: &Report) -> Markup {
    let mut rows = Vec::new();
    for (at, touchpoint) in report.touchpoints.iter().take(PAGE_ROWS_MAX).enumerate() {
        let mut row =
            vec![touchpoint.label.clone(), touchpoint.kind.to_string(), time(Some(touchpoint.target_ns))];
        row.extend(figures(&touchpoint.figures));
        row.push(people_late(&touchpoint.figures));
        rows.push(row);
        for slices in [&touchpoint.by_app_version, &touchpoint.by_os] {
            if at < PAGE_BROKEN_DOWN_MAX && slices.len() > 1 && touchpoint.figures.lost_ns > 0 {
                rows.extend(slices.iter().take(PAGE_SLICES_MAX).map(slice));
                let more = slices.len().saturating_sub(PAGE_SLICES_MAX);
                if more > 0 {
                    rows.push(vec![format!("· … and {} more", count(more as u64))]);
                }
            }
        }
    }
    let columns: Vec<&str> =
        ["<touchpoint", "<kind", "target"].into_iter().chain(FIGURES).chain(["people late"]).collect();
    let sentence = "Ranked by the time that customers lost beyond the target, times weight. People are late who waited \
        beyond it at least once.";
    let more = more(report, "touchpoints", report.touchpoints.len());
    table_of(("Touchpoints", sentence), &columns, rows.iter(), more)
}

fn slice(slice: &Slice) -> Vec<String> {
    let mut row = vec![format!("· {}", slice.value), String::new(), String::new()];
    row.extend(figures(&slice.figures));
    row.push(people_late(&slice.figures));
    row
}

fn launches(report: &Report) -> Markup {
    let rows: Vec<_> = report
        .of_kind(Kind::Launch)
        .map(|launch| {
            let mut row = vec![launch.label.clone(), count(launch.figures.latency.count)];
            row.extend(latency(&launch.figures.latency));
            row.push(share(launch.figures.within_budget_share));
            row.push(count(launch.figures.outcomes.interrupted));
            row.push(count(launch.figures.outcomes.died));
            row
        })
        .collect();
    let columns =
        ["<launch", "launches", "p50", "p75", "p95", "p99", "in time", "went to background", "died"];
    table("Launches", "Process start, or return to the foreground, to the first frame.", &columns, &rows)
}

fn screens(report: &Report) -> Markup {
    let rows: Vec<_> = report
        .screens
        .iter()
        .map(|screen| {
            let mut row = vec![screen.name.clone(), count(screen.outcomes.total())];
            row.extend(
                [screen.shown.p75_ns, screen.shown.p95_ns, screen.ready.p75_ns, screen.ready.p95_ns]
                    .map(time),
            );
            row.push(count(screen.outcomes.timed_out));
            row.push(count(screen.outcomes.died));
            row
        })
        .collect();
    let columns =
        ["<screen", "visits", "shown p75", "shown p95", "ready p75", "ready p95", "never ready", "died"];
    listed(
        (report, "screens"),
        ("Screens", "Cause to the first frame, and cause to the full content."),
        &columns,
        &rows,
    )
}

fn taps(report: &Report) -> Markup {
    let rows: Vec<_> = report
        .taps
        .iter()
        .map(|tap| {
            let mut row = vec![tap.name.clone(), count(tap.outcomes.total())];
            row.extend(latency(&tap.latency));
            let outcomes = &tap.outcomes;
            row.extend(
                [outcomes.no_response, outcomes.already_animating, outcomes.died, tap.rage_taps].map(count),
            );
            row
        })
        .collect();
    let columns =
        ["<target", "taps", "p50", "p75", "p95", "p99", "no answer", "animating", "died", "rage taps"];
    listed((report, "taps"), ("Taps", "Touch up to the first frame after the handler ran."), &columns, &rows)
}

fn journeys(part: (&Report, &str), words: (&str, &str), journeys: &[Journey]) -> Markup {
    let row = |journey: &Journey| {
        let mean = |sum_ns: u64| time(sum_ns.checked_div(journey.duration.count));
        vec![
            journey.label.clone(),
            count(journey.outcomes.total()),
            share(journey.completion_share),
            count(journey.outcomes.died),
            time(journey.duration.p50_ns),
            time(journey.duration.p95_ns),
            mean(journey.waiting_ns),
            mean(journey.acting_ns),
            mean(journey.away_ns),
            time(journey.waiting.p75_ns),
            time(Some(journey.lost_ns)),
        ]
    };
    let columns =
        ["<name", "begun", "done", "died", "p50", "p95", "waiting", "acting", "away", "waiting p75", "lost"];
    listed(part, words, &columns, &journeys.iter().map(row).collect::<Vec<_>>())
}

fn requests(report: &Report) -> Markup {
    let rows: Vec<_> = report
        .requests
        .iter()
        .map(|request| {
            let mut row = vec![request.name.clone()];
            row.extend(figures(&request.figures));
            let answers = request.statuses.iter().map(|(class, n)| format!("{class} {}", count(*n)));
            row.push(answers.collect::<Vec<_>>().join(", "));
            row
        })
        .collect();
    let columns: Vec<&str> = ["<route"].into_iter().chain(FIGURES).chain(["<answers"]).collect();
    listed((report, "requests"), ("Requests", "Ranked by time beyond the target."), &columns, &rows)
}

fn smoothness(report: &Report) -> Markup {
    let rows: Vec<_> = report
        .hangs
        .iter()
        .map(|hang| {
            let longest = time(hang.latency.max_ns);
            let (hangs, died) = (count(hang.latency.count), count(hang.died));
            vec![hang.screen.clone(), hangs, time(Some(hang.total_ns)), longest, died]
        })
        .collect();
    let columns = ["<screen", "hangs", "together", "longest", "died"];
    let hangs = listed(
        (report, "hangs"),
        ("Hangs", "The main thread stood still for 250 ms or longer."),
        &columns,
        &rows,
    );
    let rows: Vec<_> = report
        .frames
        .iter()
        .map(|frames| {
            let mut row = vec![frames.screen.clone()];
            row.extend([frames.visits, frames.frames, frames.slow].map(count));
            row.extend([share(frames.slow_share), count(frames.frozen), time(Some(frames.frozen_ns))]);
            row
        })
        .collect();
    let columns = ["<screen", "visits", "frames", "slow", "slow share", "frozen", "frozen time"];
    let frames = listed(
        (report, "frames"),
        ("Frames", "Slow: past their deadline. Frozen: longer than 700 ms."),
        &columns,
        &rows,
    );
    html! { (hangs) (frames) }
}

fn exits(report: &Report) -> Markup {
    let exits = &report.exits;
    let row = |group: &nowait_report::report::ExitGroup| {
        let last = if group.last_crumb.is_empty() { NONE } else { &group.last_crumb };
        vec![
            group.reason.to_string(),
            group.app_version.clone(),
            group.os.to_string(),
            last.to_owned(),
            count(group.count),
        ]
    };
    let columns = ["<how", "<release", "<system", "<last breadcrumb", "exits"];
    let sentence = format!("{} in all; below the latest, with what led to them.", count(exits.count));
    let groups: Vec<_> = exits.groups.iter().map(row).collect();
    html! {
        (table("Abnormal exits", &sentence, &columns, &groups))
        @for exit in &exits.latest {
            (trail(exit))
        }
    }
}

fn trail(exit: &Exit) -> Markup {
    let lived = time(Some(exit.lived_ns));
    let head = format!(
        "{} UTC, {} after {lived}, {} on {} {}, session {}",
        moment(exit.ended_unix_ms),
        exit.reason,
        exit.app_version,
        exit.os,
        exit.device_model,
        exit.session
    );
    html! {
        details {
            summary { (Shown(&head)) }
            ol {
                @for crumb in &exit.trail {
                    li {
                        (Shown(&crumb.name)) ", "
                        (time(Some(crumb.before_end_ms.saturating_mul(1_000_000)))) " before the end"
                    }
                }
            }
        }
    }
}

/// Absent if no session measured anything.
fn cost(cost: &CostSummary) -> Markup {
    if cost.sessions == 0 {
        return Markup::default();
    }
    let times = |what: &str, times: &Latency| {
        let mut row = vec![what.to_owned(), count(times.count)];
        row.extend([times.mean_ns, times.p50_ns, times.p95_ns, times.p99_ns, times.max_ns].map(time));
        row
    };
    let record = &cost.record;
    let mut calls = vec!["a call of record (sampled)".to_owned(), count(record.samples)];
    calls.push(time(record.mean_ns));
    calls.extend([record.p50, record.p95, record.p99].map(within));
    calls.push(NONE.to_owned());
    let rows = [
        times("start, on the thread that called it", &cost.start),
        times("processor time of its thread, a session", &cost.worker_cpu),
        calls,
    ];
    let sentence = format!("Measured in {} sessions, each up to its latest batch.", count(cost.sessions));
    let columns = ["<what", "n", "mean", "p50", "p95", "p99", "longest"];
    let times = table("What NoWait cost", &sentence, &columns, &rows);

    let mean = |per_session: Option<u64>| bytes_or_none(per_session.map(|n| n as f64));
    let row = |what: &str, bytes: &ByteCost| {
        vec![what.to_owned(), count(bytes.sessions), mean(bytes.per_session), NONE.to_owned()]
    };
    let received = &cost.received;
    let rows = [
        row("written to the disk, at least", &cost.sealed),
        row("sent, each attempt counted, at least", &cost.sent),
        vec![
            "received".to_owned(),
            count(received.sessions),
            mean(received.per_session),
            bytes_or_none(received.per_event),
        ],
    ];
    let dropped = share(cost.dropped_share);
    let sentence = format!("Of the events that were produced, {dropped} were dropped.");
    let columns = ["<bytes", "sessions", "a session", "an event"];
    html! { (times) (table("What NoWait wrote and sent", &sentence, &columns, &rows)) }
}

fn ledger(ledger: &LedgerSummary) -> Markup {
    let reasons = |counts: &BTreeMap<String, u64>| {
        let reasons = counts.iter().map(|(reason, n)| format!("{reason} {}", count(*n)));
        reasons.collect::<Vec<_>>().join(", ")
    };
    let mut row = vec![if ledger.balanced { "balances" } else { "does not balance" }.to_owned()];
    row.extend([ledger.sessions, ledger.produced, ledger.delivered, ledger.dropped_total].map(count));
    row.extend([ledger.missing, ledger.surplus].map(count));
    row.push(reasons(&ledger.dropped));
    let columns = [
        "<verdict",
        "sessions",
        "produced",
        "delivered",
        "dropped",
        "missing",
        "surplus",
        "<dropped because",
    ];
    let sentence = "Events: produced = delivered + dropped, session by session. Missing ones are still on a device, \
        or lost.";
    let events = table("Ledger", sentence, &columns, &[row]);
    let facts = &ledger.facts;
    let mut row = vec![count(facts.sessions)];
    row.extend([facts.appended, facts.folded, facts.refused_total].map(count));
    row.push(reasons(&facts.refused));
    let columns = ["sessions", "appended", "folded", "refused", "<refused because"];
    let sentence = "Facts that the app told: appended = folded + refused, session by session.";
    html! {
        (events)
        @if facts.sessions > 0 {
            (table("Ledger of facts", sentence, &columns, &[row]))
        }
    }
}

pub(super) fn comparison(comparison: &Comparison) -> Markup {
    let (few, judged): (Vec<_>, Vec<_>) =
        comparison.touchpoints.iter().partition(|touchpoint| touchpoint.verdict == Verdict::TooFewSamples);
    html! {
        section {
            h2 { (Shown(&comparison.head)) " against " (Shown(&comparison.base)) }
            p class={ "verdict " (class(comparison.verdict)) } { (text::verdict(comparison.verdict)) }
        }
        (changes("Changes", "HEAD as if BASE's customers used it: each figure that decides, with its interval.", &judged))
        (steps(comparison))
        (drifts(comparison))
        (not_judged(comparison))
        @if !comparison.mix.is_empty() {
            (mix(&comparison.mix))
        }
        @if !few.is_empty() {
            details {
                summary { (count(few.len() as u64)) " more with too few samples to judge" }
                (changes("Too few samples", "What there is of them.", &few))
            }
        }
    }
}

/// The touchpoints of which p75 says little, as their times come in steps.
fn steps(comparison: &Comparison) -> Markup {
    let row = |touchpoint: &TouchpointChange| {
        let steps_ns = touchpoint.steps_ns?;
        let kind = touchpoint.subject.kind().to_owned();
        Some(vec![touchpoint.name.clone(), kind, text::duration(steps_ns.round() as u64)])
    };
    let rows: Vec<Vec<String>> = comparison.touchpoints.iter().filter_map(row).collect();
    let sentence = "Times that come in steps, as those of whole frames do: p75 moves by a whole one; ranks and the share in time say more.";
    table("Steps", sentence, &["<touchpoint", "<kind", "steps of"], &rows)
}

/// The runs of benchmarks whose values are not of one state of the machine.
fn drifts(comparison: &Comparison) -> Markup {
    let rows: Vec<Vec<String>> = comparison.drifts.iter().map(text::drift_cells).collect();
    let columns = ["<metric", "<of", "<run", "first half", "second half", "lag-1"];
    let sentence = "Values climb, fall or alternate within a run: measure it again on a cool, idle device.";
    table("Drift", sentence, &columns, &rows)
}

/// What benchmarks measured and nobody can judge by.
fn not_judged(comparison: &Comparison) -> Markup {
    let rows: Vec<Vec<String>> = comparison.not_judged.iter().map(text::not_judged_cells).collect();
    table("Not judged", "Shown, and in no verdict.", &["<metric", "median BASE", "HEAD", "<why"], &rows)
}

/// A row for each figure that decides; the first one names the touchpoint.
fn changes(title: &str, sentence: &str, touchpoints: &[&TouchpointChange]) -> Markup {
    let columns = [
        "<touchpoint",
        "<kind",
        "<verdict",
        "waits BASE",
        "HEAD",
        "<figure",
        "BASE",
        "HEAD",
        "as it is",
        "change",
        "interval",
    ];
    let rows: Vec<Vec<String>> =
        touchpoints.iter().flat_map(|touchpoint| rows_of_change(touchpoint)).collect();
    table(title, sentence, &columns, &rows)
}

fn rows_of_change(touchpoint: &TouchpointChange) -> Vec<Vec<String>> {
    let head = [
        touchpoint.name.clone(),
        touchpoint.subject.kind().to_owned(),
        text::verdict(touchpoint.verdict).to_owned(),
        count(touchpoint.base.waits),
        count(touchpoint.head.waits),
    ];
    let figure = |of: &FigureChange| {
        let words = text::FigureWords::of(touchpoint, of);
        let figure = words.figure.to_owned();
        vec![figure, words.base, words.head, words.head_as_is, words.change, words.interval]
    };
    let deciding: Vec<Vec<String>> =
        touchpoint.figures.iter().filter(|change| change.decides).map(figure).collect();
    if deciding.is_empty() {
        return vec![head.into_iter().chain(std::iter::repeat_n(NONE.to_owned(), 6)).collect()];
    }
    let named = |(nth, figure): (usize, Vec<String>)| {
        let head = head.clone().map(|cell| if nth == 0 { cell } else { String::new() });
        head.into_iter().chain(figure).collect()
    };
    deciding.into_iter().enumerate().map(named).collect()
}

/// Where the customers of both releases differ.
fn mix(changes: &[MixChange]) -> Markup {
    let row = |of: &MixChange| {
        let shares = [of.base_share, of.head_share].map(|value| share(Some(value)));
        [of.field.clone(), of.value.clone()].into_iter().chain(shares).collect()
    };
    let rows: Vec<Vec<String>> = changes.iter().map(row).collect();
    let sentence = "Shares of sessions that differ by more than chance; the figures above hold them equal.";
    table("Customers", sentence, &["<of", "<value", "BASE", "HEAD"], &rows)
}

/// The colour of a verdict.
fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Slower => "bad",
        Verdict::Faster => "good",
        Verdict::Equivalent | Verdict::NoEvidence | Verdict::TooFewSamples => "",
    }
}
