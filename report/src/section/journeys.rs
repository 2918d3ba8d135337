//! Journeys and their steps: how far customers come, and where the time goes.

use super::{Cell, Column, Section, duration, number, quantile, share, text};
use crate::report::{Journey, Report};

const COLUMNS: &[Column] = &[
    text("name"),
    number("begun"),
    number("done"),
    number("died"),
    number("p50"),
    number("p95"),
    number("waiting"),
    number("waiting_share"),
    number("acting"),
    number("away"),
    number("waiting_p75"),
    number("lost"),
];

/// Journeys with their completion and where their time went.
pub(super) fn journeys(report: &Report) -> Section {
    Section::new("journeys", COLUMNS).of(report, &report.journeys, cells)
}

/// Steps of journeys, the same way.
pub(super) fn steps(report: &Report) -> Section {
    Section { is_ranked: true, ..Section::new("steps", COLUMNS) }.of(report, &report.steps, cells)
}

fn cells(journey: &Journey) -> Vec<Cell> {
    let mean = |sum_ns: u64| duration(sum_ns.checked_div(journey.duration.count));
    let whole = journey.waiting_ns.saturating_add(journey.acting_ns).saturating_add(journey.away_ns);
    let waiting_share = (whole > 0).then(|| journey.waiting_ns as f64 / whole as f64);
    vec![
        Cell::Text(journey.label.clone()),
        Cell::Count(journey.outcomes.total()),
        share(journey.completion_share),
        Cell::Count(journey.outcomes.died),
        quantile(&journey.duration, journey.duration.p50_ns),
        quantile(&journey.duration, journey.duration.p95_ns),
        mean(journey.waiting_ns),
        share(waiting_share),
        mean(journey.acting_ns),
        mean(journey.away_ns),
        quantile(&journey.waiting, journey.waiting.p75_ns),
        Cell::DurationNs(journey.lost_ns),
    ]
}
