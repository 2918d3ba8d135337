//! A month of service, as tables.

use super::{Cell, Change, Column, Row, Section, number, quantile, share, text};
use crate::metric::Unit;
use crate::report::{Rated, Touchpoint};
use crate::service::{Measure, Measured, Service};

/// Touchpoints that a page has room for.
const WORST_MAX: usize = 10;

/// Journeys, exits and ratings that a page has room for.
const ROWS_MAX: usize = 12;

/// All sections of a month that have something to say, in the order in which they are read.
#[must_use]
pub fn of_service(service: &Service) -> Vec<Section> {
    let all = [
        measures(service),
        worst(service),
        first_rows(super::journeys::journeys(&service.report)),
        ratings(&service.report.ratings),
        first_rows(super::exits::groups(&service.report)),
        releases(service),
    ];
    all.into_iter().filter(|section| !section.rows.is_empty()).collect()
}

fn first_rows(section: Section) -> Section {
    let more = section.more + section.rows.len().saturating_sub(ROWS_MAX) as u64;
    Section { rows: section.rows.into_iter().take(ROWS_MAX).collect(), more, ..section }
}

/// The measures of the month beside those of the month before.
fn measures(service: &Service) -> Section {
    const COLUMNS: &[Column] =
        &[text("measure"), number("this_month"), number("n"), number("month_before"), number("change")];
    let known = service.measures.iter().filter(|of| of.value.is_some());
    let cells = known.map(|of| {
        vec![
            Cell::Word("measure", of.measure.as_str()),
            value(of.measure, of.value),
            Cell::Count(of.n),
            value(of.measure, of.before),
            change(of),
        ]
    });
    Section::new("service", COLUMNS).with(cells)
}

fn value(measure: Measure, value: Option<f64>) -> Cell {
    match (measure, value) {
        (_, None) => Cell::None,
        (Measure::Sessions, Some(value)) => Cell::Count(value as u64),
        (Measure::Rating, Some(value)) => rating(value),
        (_, Some(value)) => Cell::Share(value),
    }
}

/// A mean of ratings.
fn rating(value: f64) -> Cell {
    Cell::Quantity { unit: Unit::Count, value }
}

fn change(of: &Measured) -> Cell {
    let (Some(value), Some(before)) = (of.value, of.before) else { return Cell::None };
    match of.measure {
        Measure::Sessions if before > 0.0 => Cell::Change(Change::Ratio(value / before)),
        Measure::Sessions => Cell::None,
        Measure::Rating => Cell::Change(Change::Difference { unit: Unit::Count, value: value - before }),
        _ => Cell::Change(Change::Points(value - before)),
    }
}

/// Where customers lost the most time, and whether it got better.
fn worst(service: &Service) -> Section {
    const COLUMNS: &[Column] = &[
        text("touchpoint"),
        text("kind"),
        number("lost"),
        number("n"),
        number("p75"),
        number("in_time"),
        number("in_time_before"),
        number("change"),
    ];
    let before = |touchpoint: &Touchpoint| {
        let same = service.before.of_kind(touchpoint.kind).find(|other| other.name == touchpoint.name);
        same.and_then(|other| other.figures.within_budget_share)
    };
    let rows = service.report.touchpoints.iter().take(WORST_MAX).map(|touchpoint| {
        let (now, before) = (touchpoint.figures.within_budget_share, before(touchpoint));
        let change = now.zip(before).map(|(now, before)| Cell::Change(Change::Points(now - before)));
        let cells = vec![
            Cell::Text(touchpoint.label.clone()),
            Cell::Word("kind", touchpoint.kind.as_str()),
            Cell::DurationNs(touchpoint.figures.lost_ns),
            Cell::Count(touchpoint.figures.latency.count),
            quantile(&touchpoint.figures.latency, touchpoint.figures.latency.p75_ns),
            share(now),
            share(before),
            change.unwrap_or(Cell::None),
        ];
        Row::of(cells).about(touchpoint.kind, &touchpoint.name)
    });
    Section { rows: rows.collect(), is_ranked: true, ..Section::new("service_worst", COLUMNS) }
}

/// What customers said.
fn ratings(ratings: &[Rated]) -> Section {
    const COLUMNS: &[Column] = &[text("name"), number("n"), number("rating"), number("dissatisfied")];
    let cells = |rated: &Rated| {
        let n = rated.count();
        let low = rated.counts.iter().take(2).fold(0_u64, |sum, n| sum.saturating_add(*n));
        vec![
            Cell::Text(rated.name.clone()),
            Cell::Count(n),
            rated.mean().map_or(Cell::None, rating),
            share((n > 0).then(|| low as f64 / n as f64)),
        ]
    };
    first_rows(Section::new("ratings", COLUMNS).with(ratings.iter().map(cells)))
}

/// What was released.
fn releases(service: &Service) -> Section {
    const COLUMNS: &[Column] = &[text("release")];
    let cells = service.new_releases.iter().map(|version| vec![Cell::Text(version.clone())]);
    Section::new("new_releases", COLUMNS).with(cells)
}
