//! The sections of a report, each usable alone. A section about which there is nothing to say is empty.

use super::ledger;
use super::safe::safe_lines;
use super::table::{Table, cut, width_max};
use super::units::{NONE, bytes_or_none, count, duration, duration_or_none, moment, share, within};
use crate::report::{ByteCost, Exit, Figures, Journey, Latency, Outcomes, Report, Slice, Touchpoint};
use nowait_wire::Kind;
use std::fmt::Write as _;

/// Touchpoints whose releases and systems are shown below them: the ones that matter most.
const BROKEN_DOWN_MAX: usize = 5;

/// Apdex marks an index of fewer waits with an asterisk (Apdex Technical Specification, small groups).
const APDEX_SMALL_GROUP: u64 = 100;

/// A whole report.
#[must_use]
pub fn report(report: &Report) -> String {
    let sections = [touchpoints, launches, screens, taps, journeys, steps, requests, hangs, frames, exits];
    let mut out = head(report);
    for section in sections {
        out.push_str(&section(report));
    }
    if out.lines().count() <= 2 + report.uncounted.len() + report.left_out.len().min(1) {
        out.push_str("No waits in this span. Is the app sending, and is the span right?\n\n");
    }
    out.push_str(&cost(report));
    out.push_str(&ledger(report));
    // A report may come from another machine: nothing of it passes only because it is no name.
    safe_lines(&out).into_owned()
}

fn head(report: &Report) -> String {
    let scope = &report.scope;
    let mut line = "NoWait report".to_owned();
    if scope.until_unix_ms > 0 {
        let _ = write!(line, "   {} to {} UTC", moment(scope.from_unix_ms), moment(scope.until_unix_ms));
    }
    for (column, value) in &scope.filters {
        let _ = write!(line, "   {column} {value}");
    }
    let mut head = cut(&line, width_max());
    for (what, n) in &report.uncounted {
        let _ = write!(head, "\nnot counted: {} {what}", count(*n));
    }
    if !report.left_out.is_empty() {
        let sections = report.left_out.iter().map(|(section, n)| format!("{} {section}", count(*n)));
        let sections = sections.collect::<Vec<_>>().join(", ");
        head.push('\n');
        head.push_str(&cut(&format!("not listed here (see --page): {sections}"), width_max()));
    }
    head.push_str("\n\n");
    head
}

/// Launches, screens, taps, actions and hangs, ranked.
#[must_use]
pub fn touchpoints(report: &Report) -> String {
    const COLUMNS: [&str; 12] = [
        "touchpoint",
        "<kind",
        "lost",
        "target",
        "n",
        "p50",
        "p75",
        "p95",
        "p99",
        "in time",
        "Apdex",
        "people late",
    ];
    Table::new("WHERE CUSTOMERS WAIT   ranked by time beyond the target, times weight", &COLUMNS)
        .fill(&report.touchpoints, |at, touchpoint| {
            let head = vec![
                format!("{:>2}  {}", at + 1, touchpoint.label),
                touchpoint.kind.to_string(),
                duration(touchpoint.figures.lost_ns),
                duration(touchpoint.target_ns),
            ];
            let mut lines = vec![with_figures(head, &touchpoint.figures)];
            if at < BROKEN_DOWN_MAX && touchpoint.figures.lost_ns > 0 {
                lines.extend(slices(&touchpoint.by_app_version));
                lines.extend(slices(&touchpoint.by_os));
            }
            lines
        })
        .render()
}

/// One line for each value, if there is more than one.
fn slices(slices: &[Slice]) -> Vec<Vec<String>> {
    if slices.len() < 2 {
        return Vec::new();
    }
    let line = |slice: &Slice| {
        let value = if slice.value.is_empty() { "(none)" } else { &slice.value };
        let head =
            vec![format!("      {value}"), String::new(), duration(slice.figures.lost_ns), String::new()];
        with_figures(head, &slice.figures)
    };
    slices.iter().map(line).collect()
}

/// Appends n, the quantiles, the share in time, Apdex and the share of people who waited beyond the target at least once.
fn with_figures(mut line: Vec<String>, figures: &Figures) -> Vec<String> {
    line.extend(latency(&figures.latency));
    line.push(share(figures.within_budget_share));
    let mark = if figures.outcomes.ended() < APDEX_SMALL_GROUP { "*" } else { " " };
    line.push(figures.apdex.map_or_else(|| format!("{NONE} "), |apdex| format!("{apdex:.2}{mark}")));
    let late = figures.people.filter(|people| people.waited > 0);
    line.push(share(late.map(|people| people.beyond_target as f64 / people.waited as f64)));
    line
}

/// n, p50, p75, p95 and p99.
fn latency(latency: &Latency) -> [String; 5] {
    [
        count(latency.count),
        duration_or_none(latency.p50_ns),
        duration_or_none(latency.p75_ns),
        duration_or_none(latency.p95_ns),
        duration_or_none(latency.p99_ns),
    ]
}

/// Cold, warm and hot launches.
#[must_use]
pub fn launches(report: &Report) -> String {
    const COLUMNS: [&str; 10] =
        ["launch", "n", "p50", "p75", "p95", "p99", "target", "in time", "went to background", "died"];
    let launches: Vec<&Touchpoint> = report.of_kind(Kind::Launch).collect();
    Table::new("LAUNCHES   process start or return to first frame", &COLUMNS)
        .fill(&launches, |_, launch| {
            let mut line = vec![launch.label.clone()];
            line.extend(latency(&launch.figures.latency));
            line.push(duration(launch.target_ns));
            line.push(share(launch.figures.within_budget_share));
            line.push(count(launch.figures.outcomes.interrupted));
            line.push(count(launch.figures.outcomes.died));
            vec![line]
        })
        .render()
}

/// Screens with the time to initial and to full display.
#[must_use]
pub fn screens(report: &Report) -> String {
    const COLUMNS: [&str; 11] = [
        "screen",
        "visits",
        "shown p50",
        "p75",
        "p95",
        "ready p50",
        "p75",
        "p95",
        "never ready",
        "left before",
        "died",
    ];
    Table::new("SCREENS   cause to first frame (shown), cause to full content (ready)", &COLUMNS)
        .fill(&report.screens, |_, screen| {
            let mut line = vec![screen.name.clone(), count(screen.outcomes.total())];
            for latency in [&screen.shown, &screen.ready] {
                line.extend([latency.p50_ns, latency.p75_ns, latency.p95_ns].map(duration_or_none));
            }
            line.push(count(screen.outcomes.timed_out));
            line.push(count(screen.outcomes.abandoned.saturating_add(screen.outcomes.interrupted)));
            line.push(count(screen.outcomes.died));
            vec![line]
        })
        .render()
}

/// Taps with how they ended.
#[must_use]
pub fn taps(report: &Report) -> String {
    const COLUMNS: [&str; 11] = [
        "target",
        "taps",
        "p50",
        "p75",
        "p95",
        "p99",
        "handler p75",
        "no answer",
        "animating",
        "died",
        "rage",
    ];
    Table::new("TAPS   touch up to the first frame after the handler ran", &COLUMNS)
        .fill(&report.taps, |_, tap| {
            let mut line = vec![tap.name.clone(), count(tap.outcomes.total())];
            line.extend(latency(&tap.latency).into_iter().skip(1));
            line.push(duration_or_none(tap.handled.p75_ns));
            line.push(count(tap.outcomes.no_response.saturating_add(tap.outcomes.timed_out)));
            line.push(count(tap.outcomes.already_animating));
            line.push(count(tap.outcomes.died));
            line.push(count(tap.rage_taps));
            vec![line]
        })
        .render()
}

/// Journeys with their completion and where their time went.
#[must_use]
pub fn journeys(report: &Report) -> String {
    journey_table(
        "JOURNEYS   mean time of those that ended: the app works, the customer works, away",
        &report.journeys,
    )
}

/// Steps of journeys, the same way.
#[must_use]
pub fn steps(report: &Report) -> String {
    journey_table("STEPS   ranked by waiting beyond the target", &report.steps)
}

fn journey_table(title: &str, journeys: &[Journey]) -> String {
    const COLUMNS: [&str; 12] = [
        "name",
        "begun",
        "done",
        "died",
        "p50",
        "p95",
        "waiting",
        "<",
        "acting",
        "away",
        "waiting p75",
        "lost",
    ];
    Table::new(title, &COLUMNS)
        .fill(journeys, |_, journey| {
            let ended = journey.duration.count;
            let mean = |sum_ns: u64| duration_or_none(sum_ns.checked_div(ended));
            let whole = journey.waiting_ns + journey.acting_ns + journey.away_ns;
            let waiting_share = (whole > 0).then(|| journey.waiting_ns as f64 / whole as f64);
            vec![vec![
                journey.label.clone(),
                count(journey.outcomes.total()),
                share(journey.completion_share),
                count(journey.outcomes.died),
                duration_or_none(journey.duration.p50_ns),
                duration_or_none(journey.duration.p95_ns),
                mean(journey.waiting_ns),
                waiting_share.map_or_else(String::new, |share| format!("({:.0} %)", share * 100.0)),
                mean(journey.acting_ns),
                mean(journey.away_ns),
                duration_or_none(journey.waiting.p75_ns),
                duration(journey.lost_ns),
            ]]
        })
        .render()
}

/// Requests with their answers.
#[must_use]
pub fn requests(report: &Report) -> String {
    const COLUMNS: [&str; 10] =
        ["route", "lost", "n", "p50", "p75", "p95", "p99", "in time", "failed", "<answers"];
    Table::new("REQUESTS   ranked by time beyond the target", &COLUMNS)
        .fill(&report.requests, |_, request| {
            let mut line = vec![request.name.clone(), duration(request.figures.lost_ns)];
            line.extend(latency(&request.figures.latency));
            line.push(share(request.figures.within_budget_share));
            line.push(share(failed_share(&request.figures.outcomes)));
            let answers = |(class, n): (&String, &u64)| format!("{class} {}", count(*n));
            line.push(request.statuses.iter().map(answers).collect::<Vec<_>>().join(", "));
            vec![line]
        })
        .render()
}

/// Waits that failed or had no answer, among those that ended.
fn failed_share(outcomes: &Outcomes) -> Option<f64> {
    let ended = outcomes.ended();
    (ended > 0).then(|| outcomes.unanswered_or_failed() as f64 / ended as f64)
}

/// Hangs by screen.
#[must_use]
pub fn hangs(report: &Report) -> String {
    const COLUMNS: [&str; 7] = ["screen", "hangs", "total", "p50", "p95", "longest", "died"];
    Table::new("HANGS   the main thread stood still for 250 ms or longer", &COLUMNS)
        .fill(&report.hangs, |_, hang| {
            let screen = if hang.screen.is_empty() { "(no screen)" } else { &hang.screen };
            vec![vec![
                screen.to_owned(),
                count(hang.latency.count),
                duration(hang.total_ns),
                duration_or_none(hang.latency.p50_ns),
                duration_or_none(hang.latency.p95_ns),
                duration_or_none(hang.latency.max_ns),
                count(hang.died),
            ]]
        })
        .render()
}

/// Frames by screen.
#[must_use]
pub fn frames(report: &Report) -> String {
    const COLUMNS: [&str; 7] = ["screen", "visits", "frames", "slow", "share", "frozen", "frozen for"];
    Table::new("FRAMES   slow: past their deadline; frozen: longer than 700 ms", &COLUMNS)
        .fill(&report.frames, |_, frames| {
            let screen = if frames.screen.is_empty() { "(no screen)" } else { &frames.screen };
            vec![vec![
                screen.to_owned(),
                count(frames.visits),
                count(frames.frames),
                count(frames.slow),
                share(frames.slow_share),
                count(frames.frozen),
                duration(frames.frozen_ns),
            ]]
        })
        .render()
}

/// Abnormal exits: how they died, and what led to the latest ones.
#[must_use]
pub fn exits(report: &Report) -> String {
    const COLUMNS: [&str; 5] = ["how", "<release", "<system", "exits", "<last breadcrumb"];
    let exits = &report.exits;
    let title = format!("EXITS   {} processes ended without a word", count(exits.count));
    let mut out = Table::new(&title, &COLUMNS)
        .fill(&exits.groups, |_, group| {
            vec![vec![
                group.reason.to_string(),
                group.app_version.clone(),
                group.os.to_string(),
                count(group.count),
                if group.last_crumb.is_empty() { NONE.to_owned() } else { group.last_crumb.clone() },
            ]]
        })
        .render();
    if !exits.latest.is_empty() {
        out.push_str("What led to the latest ones\n");
        for exit in exits.latest.iter().take(TRAILS_MAX) {
            let _ = writeln!(out, "{}", cut(&exit_line(exit), width_max()));
            out.push_str(&trail_lines(exit));
        }
        out.push('\n');
    }
    out
}

fn exit_line(exit: &Exit) -> String {
    let (ended, lived) = (moment(exit.ended_unix_ms), duration(exit.lived_ns));
    let (reason, session) = (exit.reason, &exit.session);
    format!("  {ended}  {reason} after {lived}  {}  {}  {session}", exit.app_version, exit.os)
}

/// Trails that a terminal shows: enough to see a pattern; the page and the JSON have the others.
const TRAILS_MAX: usize = 5;

/// The breadcrumbs with the time each came before the end, broken into lines.
fn trail_lines(exit: &Exit) -> String {
    const INDENT: &str = "      ";
    let before = |ms: u64| duration(ms.saturating_mul(1_000_000));
    let crumbs = exit.trail.iter().map(|crumb| format!("{} -{} → ", crumb.name, before(crumb.before_end_ms)));
    let (mut out, mut line) = (String::new(), INDENT.to_owned());
    for part in crumbs.chain(["end".to_owned()]) {
        if line.chars().count() + part.chars().count() > width_max() {
            let _ = writeln!(out, "{}", line.trim_end());
            line = INDENT.to_owned();
        }
        line.push_str(&cut(&part, width_max() - INDENT.len()));
    }
    let _ = writeln!(out, "{line}");
    out
}

/// What NoWait itself cost the customers; empty if no session measured it.
#[must_use]
pub fn cost(report: &Report) -> String {
    const COLUMNS: [&str; 7] = ["", "n", "mean", "p50", "p95", "p99", "longest"];
    let cost = &report.cost;
    if cost.sessions == 0 {
        return String::new();
    }
    let title = format!(
        "WHAT NOWAIT COST   measured in {} sessions, each up to its latest batch",
        count(cost.sessions)
    );
    let times = |what: &str, times: &Latency| {
        let mut line = vec![what.to_owned(), count(times.count)];
        line.extend(
            [times.mean_ns, times.p50_ns, times.p95_ns, times.p99_ns, times.max_ns].map(duration_or_none),
        );
        line
    };
    let record = &cost.record;
    let mut calls = vec!["a call of record (sampled)".to_owned(), count(record.samples)];
    calls.push(duration_or_none(record.mean_ns));
    calls.extend([record.p50, record.p95, record.p99].map(within));
    calls.push(NONE.to_owned());
    let lines = [
        times("start, on the thread that called it", &cost.start),
        times("processor time of its thread, a session", &cost.worker_cpu),
        calls,
    ];
    let mut out = Table::new(&title, &COLUMNS).fill(&lines, |_, line| vec![line.clone()]).render();
    out.truncate(out.trim_end().len());
    let _ = writeln!(out, "\n  written to the disk: {}", bytes_line(&cost.sealed));
    let _ = writeln!(out, "  sent, each attempt counted: {}", bytes_line(&cost.sent));
    let received = &cost.received;
    let per_session = bytes_or_none(received.per_session.map(|n| n as f64));
    let per_event = bytes_or_none(received.per_event);
    let _ = writeln!(out, "  received: {per_session} a session, {per_event} an event");
    let _ = writeln!(out, "  dropped: {} of the events that were produced\n", share(cost.dropped_share));
    out
}

fn bytes_line(bytes: &ByteCost) -> String {
    let per_session = bytes_or_none(bytes.per_session.map(|n| n as f64));
    let least = if bytes.per_session.is_some() { "at least " } else { "" };
    format!("{least}{per_session} a session")
}
