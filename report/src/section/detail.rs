//! One touchpoint in detail, as tables.

use super::waits::{touchpoint_row, with_figures};
use super::{Cell, Column, Section, TOO_FEW, condition, duration, name, number, quantile, share, text};
use crate::detail::{Bar, Detail, Marked};
use crate::report::Outcomes;

/// All sections of a touchpoint that have something to say, in the order in which they are read.
#[must_use]
pub fn of_detail(detail: &Detail) -> Vec<Section> {
    let all = [
        touchpoint_row(&detail.touchpoint),
        outcomes(&detail.touchpoint.figures.outcomes),
        distribution(&detail.distribution),
        days(detail),
        releases(detail),
        split(detail),
        hours(detail),
        marks(detail),
        longest(detail),
    ];
    all.into_iter().filter(|section| !section.rows.is_empty()).collect()
}

/// How its waits ended.
fn outcomes(outcomes: &Outcomes) -> Section {
    const COLUMNS: &[Column] = &[text("outcome"), number("n"), number("share")];
    let all = outcomes.total();
    let counts = [
        ("done", outcomes.done),
        ("failed", outcomes.failed),
        ("no_response", outcomes.no_response),
        ("timed_out", outcomes.timed_out),
        ("died", outcomes.died),
        ("abandoned", outcomes.abandoned),
        ("interrupted", outcomes.interrupted),
        ("already_animating", outcomes.already_animating),
    ];
    let known = counts.into_iter().filter(|(_, n)| *n > 0);
    let cells = |(outcome, n): (&'static str, u64)| {
        vec![Cell::Word("outcome", outcome), Cell::Count(n), Cell::Share(n as f64 / all.max(1) as f64)]
    };
    Section::new("outcomes", COLUMNS).with(known.map(cells))
}

/// How long its waits were.
fn distribution(bars: &[Bar]) -> Section {
    const COLUMNS: &[Column] =
        &[number("from"), number("below"), number("answered"), number("unanswered"), number("beyond")];
    let cells = |bar: &Bar| {
        vec![
            Cell::DurationNs(bar.from_ns),
            Cell::DurationNs(bar.below_ns),
            Cell::Count(bar.answered),
            Cell::Count(bar.unanswered),
            Cell::Share(bar.beyond_share),
        ]
    };
    Section::new("distribution", COLUMNS).with(bars.iter().map(cells))
}

/// Its days.
fn days(detail: &Detail) -> Section {
    const COLUMNS: &[Column] = &[
        text("day"),
        number("lost"),
        number("n"),
        number("p50"),
        number("p75"),
        number("p95"),
        number("in_time"),
        number("apdex"),
        number("people_late"),
        text("mark"),
    ];
    let cells = detail.days.iter().map(|day| {
        let figures = &day.figures;
        let latency = &figures.latency;
        let mut cells =
            vec![Cell::Day(day.day.clone()), Cell::DurationNs(figures.lost_ns), Cell::Count(latency.count)];
        cells.extend([latency.p50_ns, latency.p75_ns, latency.p95_ns].map(|ns| quantile(latency, ns)));
        cells.extend([
            share(figures.within_budget_share),
            super::waits::apdex(figures),
            super::waits::people(figures),
            marked(detail, |mark| mark.day == day.day),
        ]);
        cells
    });
    without_marks(detail, Section::new("days", COLUMNS).with(cells))
}

/// Its figures by the values of a field.
fn split(detail: &Detail) -> Section {
    const COLUMNS: &[Column] = &[
        text("value"),
        number("lost"),
        number("n"),
        number("p50"),
        number("p75"),
        number("p95"),
        number("p99"),
        number("in_time"),
        number("apdex"),
        number("people_late"),
    ];
    let values =
        detail.split.iter().flat_map(|split| split.values.iter().map(|slice| (split.by.as_str(), slice)));
    let cells = values.map(|(by, slice)| {
        let value = condition::value(by, &slice.value);
        with_figures([value, Cell::DurationNs(slice.figures.lost_ns)], &slice.figures)
    });
    Section::new("split", COLUMNS).with(cells)
}

/// The first day of each release.
fn releases(detail: &Detail) -> Section {
    const COLUMNS: &[Column] = &[text("release"), text("first_day")];
    let cells =
        |of: &crate::detail::Begun| vec![Cell::Text(of.app_version.clone()), Cell::Day(of.day.clone())];
    Section::new("begun", COLUMNS).with(detail.releases.iter().map(cells))
}

/// Its hours.
fn hours(detail: &Detail) -> Section {
    const COLUMNS: &[Column] =
        &[text("day"), text("hour"), number("n"), number("p75"), number("in_time"), text("mark")];
    let cells = detail.hours.iter().map(|hour| {
        vec![
            Cell::Day(hour.day.clone()),
            Cell::Text(format!("{:02}:00", hour.hour)),
            Cell::Count(hour.count),
            if hour.p75_ns.is_none() && hour.count > 0 { TOO_FEW } else { duration(hour.p75_ns) },
            share(hour.within_budget_share),
            marked(detail, |mark| {
                mark.day == hour.day && (mark.from_hour..mark.until_hour).contains(&hour.hour)
            }),
        ]
    });
    without_marks(detail, Section::new("hours", COLUMNS).with(cells))
}

/// The names of what the bank marked.
fn marked(detail: &Detail, is_meant: impl Fn(&Marked) -> bool) -> Cell {
    let names: Vec<&str> =
        detail.marks.iter().filter(|mark| is_meant(mark)).map(|mark| mark.name.as_str()).collect();
    name(&names.join(", "))
}

/// The same without its last column, if the bank marked nothing.
fn without_marks(detail: &Detail, section: Section) -> Section {
    if !detail.marks.is_empty() {
        return section;
    }
    let columns = section.columns.split_last().map_or(section.columns, |(_, columns)| columns);
    let mut section = Section { columns, ..section };
    section.rows.iter_mut().for_each(|row| row.cells.truncate(columns.len()));
    section
}

/// What the bank marked.
fn marks(detail: &Detail) -> Section {
    const COLUMNS: &[Column] =
        &[text("day"), text("mark"), text("mark_kind"), text("from_hour"), text("until_hour")];
    let cells = detail.marks.iter().map(|mark| {
        let hour = |hour: u8| Cell::Text(format!("{hour:02}:00"));
        vec![
            Cell::Day(mark.day.clone()),
            Cell::Text(mark.name.clone()),
            Cell::Word("mark", mark.kind.as_str()),
            hour(mark.from_hour),
            hour(mark.until_hour),
        ]
    });
    Section::new("marks", COLUMNS).with(cells)
}

/// Its longest waits of late.
fn longest(detail: &Detail) -> Section {
    const COLUMNS: &[Column] =
        &[text("moment"), number("wait"), text("outcome"), text("release"), text("model"), text("session")];
    let cells = detail.longest.iter().map(|wait| {
        vec![
            Cell::Text(detail.scope.zone.moment(wait.started_unix_ms)),
            Cell::DurationNs(wait.duration_ns),
            Cell::Word("outcome", wait.outcome.as_str()),
            Cell::Text(wait.app_version.clone()),
            Cell::Text(wait.device_model.clone()),
            Cell::Text(wait.session.clone()),
        ]
    });
    Section::new("longest", COLUMNS).with(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_a_part_of_the_line_without_gaps() {
        let bars = [Bar { from_ns: 1, below_ns: 2, answered: 3, unanswered: 1, beyond_share: 1.0 }];
        let section = distribution(&bars);
        assert_eq!(section.rows[0].cells[4], Cell::Share(1.0));
        assert_eq!(
            outcomes(&Outcomes { done: 3, died: 1, ..Outcomes::default() }).rows[1].cells,
            [Cell::Word("outcome", "died"), Cell::Count(1), Cell::Share(0.25)]
        );
    }
}
