//! Where customers wait: touchpoints, launches, screens, taps, requests, and how smoothly screens move.

use super::{Cell, Column, Row, Section, duration, latency, name, number, quantile, quantiles, share, text};
use crate::report::{Figures, Outcomes, Report, Slice, Touchpoint};
use nowait_wire::Kind;

/// Apdex marks an index of fewer waits with an asterisk (Apdex Technical Specification, small groups).
const APDEX_SMALL_GROUP: u64 = 100;

/// Launches, screens, taps, actions and hangs, ranked; below each its releases and systems, where there is more than one.
pub(super) fn touchpoints(report: &Report) -> Section {
    const COLUMNS: &[Column] = &[
        text("touchpoint"),
        text("kind"),
        number("lost"),
        number("target"),
        number("n"),
        number("p50"),
        number("p75"),
        number("p95"),
        number("in_time"),
        number("apdex"),
        number("people_late"),
    ];
    let section = touchpoint_rows(&report.touchpoints, COLUMNS, ranked_figures);
    Section { more: report.left_out.get(section.key).copied().unwrap_or(0), ..section }
}

/// One of them, with all its figures.
pub(super) fn touchpoint_row(touchpoint: &Touchpoint) -> Section {
    const COLUMNS: &[Column] = &[
        text("touchpoint"),
        text("kind"),
        number("lost"),
        number("target"),
        number("n"),
        number("p50"),
        number("p75"),
        number("p95"),
        number("p99"),
        number("in_time"),
        number("apdex"),
        number("people_late"),
        number("p75_range"),
        number("in_time_range"),
    ];
    touchpoint_rows(std::slice::from_ref(touchpoint), COLUMNS, |head, figures| {
        let mut cells = with_figures(head, figures);
        cells.extend(ranges(figures));
        cells
    })
}

fn touchpoint_rows(
    touchpoints: &[Touchpoint],
    columns: &'static [Column],
    cells: fn([Cell; 4], &Figures) -> Vec<Cell>,
) -> Section {
    let mut section = Section { is_ranked: true, ..Section::new("touchpoints", columns) };
    for touchpoint in touchpoints {
        let head = [
            Cell::Text(touchpoint.label.clone()),
            Cell::Word("kind", touchpoint.kind.as_str()),
            Cell::DurationNs(touchpoint.figures.lost_ns),
            Cell::DurationNs(touchpoint.target_ns),
        ];
        let row = Row::of(cells(head, &touchpoint.figures));
        section.rows.push(row.about(touchpoint.kind, &touchpoint.name));
        for slices in [&touchpoint.by_app_version, &touchpoint.by_os] {
            if slices.len() > 1 && touchpoint.figures.lost_ns > 0 {
                section.rows.extend(slices.iter().map(|slice| part(slice, cells)));
            }
        }
    }
    section
}

fn part(slice: &Slice, cells: fn([Cell; 4], &Figures) -> Vec<Cell>) -> Row {
    let head = [
        name(&slice.value),
        Cell::Text(String::new()),
        Cell::DurationNs(slice.figures.lost_ns),
        Cell::Text(String::new()),
    ];
    Row { is_part: true, ..Row::of(cells(head, &slice.figures)) }
}

/// How the time was lost, and how many people it happened to: of each touchpoint where there is any.
pub(super) fn lost(report: &Report) -> Section {
    const COLUMNS: &[Column] = &[
        text("touchpoint"),
        text("kind"),
        number("lost"),
        number("late"),
        number("failed"),
        number("gave_up"),
        number("died"),
        number("people"),
        number("people_failed"),
        number("people_gave_up"),
    ];
    let has_lost = |touchpoint: &&Touchpoint| touchpoint.figures.lost_ns > 0;
    let rows = report.touchpoints.iter().filter(has_lost).filter_map(|touchpoint| {
        let Figures { lost_ns, lost, people, .. } = &touchpoint.figures;
        let lost = lost.as_ref()?;
        let times = [*lost_ns, lost.late_ns, lost.failed_ns, lost.gave_up_ns, lost.died_ns];
        let people = people.map_or([None; 3], |of| [of.waited, of.failed, of.gave_up].map(Some));
        let mut cells =
            vec![Cell::Text(touchpoint.label.clone()), Cell::Word("kind", touchpoint.kind.as_str())];
        cells.extend(times.map(Cell::DurationNs));
        cells.extend(people.map(|n| n.map_or(Cell::None, Cell::Count)));
        Some(Row::of(cells).about(touchpoint.kind, &touchpoint.name))
    });
    Section { rows: rows.collect(), is_ranked: true, ..Section::new("lost", COLUMNS) }
}

/// Appends n, the quantiles, the share in time, Apdex and the people who waited beyond the target at least once.
pub(super) fn with_figures<const N: usize>(head: [Cell; N], figures: &Figures) -> Vec<Cell> {
    let in_time = [share(figures.within_budget_share), apdex(figures), people(figures)];
    head.into_iter().chain(latency(&figures.latency)).chain(in_time).collect()
}

/// Between which bounds p75 and the share in time lie.
fn ranges(figures: &Figures) -> [Cell; 2] {
    let range = |[low, high]: [Cell; 2]| Cell::Range { low: Box::new(low), high: Box::new(high) };
    let confidence = figures.confidence;
    let p75 = confidence.and_then(|of| of.p75_ns).map(|ends| range(ends.map(Cell::DurationNs)));
    let in_time = confidence.and_then(|of| of.within_budget_share).map(|ends| range(ends.map(Cell::Share)));
    [p75, in_time].map(|cell| cell.unwrap_or(Cell::None))
}

/// The same without p99, for which a ranking has no room.
fn ranked_figures(head: [Cell; 4], figures: &Figures) -> Vec<Cell> {
    let n_to_p95 = latency(&figures.latency).take(4);
    let in_time = [share(figures.within_budget_share), apdex(figures), people(figures)];
    head.into_iter().chain(n_to_p95).chain(in_time).collect()
}

/// Apdex, marked where it is of few.
pub(super) fn apdex(figures: &Figures) -> Cell {
    let is_of_few = figures.outcomes.ended() < APDEX_SMALL_GROUP;
    figures.apdex.map_or(Cell::None, |index| Cell::Apdex { index, is_of_few })
}

/// How many people waited beyond the target, of those who waited at all.
pub(super) fn people(figures: &Figures) -> Cell {
    let known = figures.people.filter(|people| people.waited > 0);
    known.map_or(Cell::None, |people| Cell::People { part: people.beyond_target, whole: people.waited })
}

/// Cold, warm and hot launches.
pub(super) fn launches(report: &Report) -> Section {
    const COLUMNS: &[Column] = &[
        text("launch"),
        number("n"),
        number("p50"),
        number("p75"),
        number("p95"),
        number("p99"),
        number("target"),
        number("in_time"),
        number("to_background"),
        number("died"),
    ];
    let launches: Vec<&Touchpoint> = report.of_kind(Kind::Launch).collect();
    Section::new("launches", COLUMNS)
        .of(report, launches, |launch| {
            let mut cells = vec![Cell::Text(launch.label.clone())];
            cells.extend(latency(&launch.figures.latency));
            cells.extend([
                Cell::DurationNs(launch.target_ns),
                share(launch.figures.within_budget_share),
                Cell::Count(launch.figures.outcomes.interrupted),
                Cell::Count(launch.figures.outcomes.died),
            ]);
            cells
        })
        .about(Kind::Launch, report.of_kind(Kind::Launch).map(|launch| launch.name.as_str()))
}

/// Screens with the time to initial and to full display.
pub(super) fn screens(report: &Report) -> Section {
    const COLUMNS: &[Column] = &[
        text("screen"),
        number("visits"),
        number("ttid_p50"),
        number("ttid_p75"),
        number("ttid_p95"),
        number("ttfd_p50"),
        number("ttfd_p75"),
        number("ttfd_p95"),
        number("never_ready"),
        number("left_before"),
        number("died"),
    ];
    Section::new("screens", COLUMNS)
        .of(report, &report.screens, |screen| {
            let mut cells = vec![Cell::Text(screen.name.clone()), Cell::Count(screen.outcomes.total())];
            for latency in [&screen.shown, &screen.ready] {
                cells.extend(quantiles(latency).into_iter().take(3));
            }
            let left = screen.outcomes.abandoned.saturating_add(screen.outcomes.interrupted);
            cells.extend([screen.outcomes.timed_out, left, screen.outcomes.died].map(Cell::Count));
            cells
        })
        .about(Kind::Screen, report.screens.iter().map(|screen| screen.name.as_str()))
}

/// Taps with how they ended.
pub(super) fn taps(report: &Report) -> Section {
    const COLUMNS: &[Column] = &[
        text("tap_target"),
        number("taps"),
        number("p50"),
        number("p75"),
        number("p95"),
        number("p99"),
        number("handler_p75"),
        number("no_answer"),
        number("animating"),
        number("died"),
        number("rage_taps"),
    ];
    Section::new("taps", COLUMNS)
        .of(report, &report.taps, |tap| {
            let mut cells = vec![Cell::Text(tap.name.clone()), Cell::Count(tap.outcomes.total())];
            cells.extend(quantiles(&tap.latency));
            cells.push(quantile(&tap.handled, tap.handled.p75_ns));
            let unanswered = tap.outcomes.no_response.saturating_add(tap.outcomes.timed_out);
            let outcomes = [unanswered, tap.outcomes.already_animating, tap.outcomes.died, tap.rage_taps];
            cells.extend(outcomes.map(Cell::Count));
            cells
        })
        .about(Kind::Tap, report.taps.iter().map(|tap| tap.name.as_str()))
}

/// Requests with their answers.
pub(super) fn requests(report: &Report) -> Section {
    const COLUMNS: &[Column] = &[
        text("route"),
        number("lost"),
        number("n"),
        number("p50"),
        number("p75"),
        number("p95"),
        number("p99"),
        number("in_time"),
        number("failed"),
        text("answers"),
    ];
    Section::new("requests", COLUMNS)
        .of(report, &report.requests, |request| {
            let figures = &request.figures;
            let mut cells = vec![Cell::Text(request.name.clone()), Cell::DurationNs(figures.lost_ns)];
            cells.extend(latency(&figures.latency));
            let answers = request.statuses.iter().map(|(class, n)| (class.clone(), *n)).collect();
            cells.extend([
                share(figures.within_budget_share),
                share(failed_share(&figures.outcomes)),
                Cell::Counts("", answers),
            ]);
            cells
        })
        .about(Kind::Request, report.requests.iter().map(|request| request.name.as_str()))
}

/// Waits that failed or had no answer, among those that ended.
fn failed_share(outcomes: &Outcomes) -> Option<f64> {
    let ended = outcomes.ended();
    (ended > 0).then(|| outcomes.unanswered_or_failed() as f64 / ended as f64)
}

/// Hangs by screen.
pub(super) fn hangs(report: &Report) -> Section {
    const COLUMNS: &[Column] = &[
        text("screen"),
        number("hangs"),
        number("together"),
        number("p50"),
        number("p95"),
        number("longest"),
        number("died"),
    ];
    Section::new("hangs", COLUMNS)
        .of(report, &report.hangs, |hang| {
            vec![
                name(&hang.screen),
                Cell::Count(hang.latency.count),
                Cell::DurationNs(hang.total_ns),
                quantile(&hang.latency, hang.latency.p50_ns),
                quantile(&hang.latency, hang.latency.p95_ns),
                duration(hang.latency.max_ns),
                Cell::Count(hang.died),
            ]
        })
        .about(Kind::Hang, report.hangs.iter().map(|hang| hang.screen.as_str()))
}

/// Frames by screen.
pub(super) fn frames(report: &Report) -> Section {
    const COLUMNS: &[Column] = &[
        text("screen"),
        number("visits"),
        number("frames"),
        number("slow"),
        number("slow_share"),
        number("frozen"),
        number("frozen_for"),
    ];
    Section::new("frames", COLUMNS).of(report, &report.frames, |frames| {
        vec![
            name(&frames.screen),
            Cell::Count(frames.visits),
            Cell::Count(frames.frames),
            Cell::Count(frames.slow),
            share(frames.slow_share),
            Cell::Count(frames.frozen),
            Cell::DurationNs(frames.frozen_ns),
        ]
    })
}
