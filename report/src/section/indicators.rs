//! How customers fare: levels, their indicators with the touchpoints behind each, dimensions, and the months of a year.

use super::{About, Cell, Column, Row, Section, number, share, text};
use crate::experience::waits_min;
use crate::indicator::{
    DimensionValue, Experiences, IndicatorTrend, IndicatorValue, LevelValue, MonthOfIndicator, Status,
    TouchpointShare, Trends,
};
use crate::metric::Unit;
use nowait_wire::Kind;

/// The shipped indicators, whose names are words.
const SHIPPED: [&str; 8] = [
    "tasks_done",
    "requests_answered",
    "tasks_in_time",
    "screens_in_time",
    "taps_in_time",
    "frames_smooth",
    "taps_calm",
    "ratings_good",
];

/// The levels, their indicators and the dimensions of a span.
#[must_use]
pub fn of_experiences(of: &Experiences) -> Vec<Section> {
    let all = [levels(&of.levels), indicators(&of.indicators), dimensions(&of.dimensions)];
    all.into_iter().filter(|section| !section.rows.is_empty()).collect()
}

/// The latest month of each indicator, and the ones before behind it.
#[must_use]
pub fn of_trends(trends: &Trends) -> Vec<Section> {
    const COLUMNS: &[Column] = &[
        text("indicator"),
        text("month"),
        number("went_well"),
        number("n"),
        number("target_share"),
        text("status"),
    ];
    let rows = trends.indicators.iter().flat_map(|trend| {
        let row = |(nth, month)| Row { is_part: nth > 0, ..Row::of(month_cells(trend, month, nth > 0)) };
        trend.months.iter().rev().enumerate().map(row)
    });
    let section = told("months", COLUMNS, rows.collect());
    if section.rows.is_empty() { Vec::new() } else { vec![section] }
}

fn told(key: &'static str, columns: &'static [Column], rows: Vec<Row>) -> Section {
    Section { about: About::Bank, rows, ..Section::new(key, columns) }
}

fn levels(levels: &[LevelValue]) -> Section {
    const COLUMNS: &[Column] = &[text("level"), number("score"), number("met"), number("missed")];
    let cells = |of: &LevelValue| {
        let level = Cell::Word("level", of.level.as_str());
        Row::of(vec![level, score(of.score), Cell::Count(of.met), Cell::Count(of.missed)])
    };
    told("levels", COLUMNS, levels.iter().map(cells).collect())
}

fn indicators(indicators: &[IndicatorValue]) -> Section {
    const COLUMNS: &[Column] = &[
        text("indicator"),
        text("level"),
        text("dimension"),
        number("went_well"),
        number("n"),
        number("target_share"),
        text("status"),
        text("owner"),
    ];
    let rows = indicators.iter().flat_map(|of| {
        let parts = of.touchpoints.iter().map(touchpoint);
        std::iter::once(Row::of(cells(of))).chain(parts)
    });
    told("indicators", COLUMNS, rows.collect())
}

fn cells(of: &IndicatorValue) -> Vec<Cell> {
    vec![
        name_of_indicator(&of.name, of.label.as_deref()),
        Cell::Word("level", of.level.as_str()),
        Cell::Word("dimension", of.dimension.as_str()),
        share(of.share),
        Cell::Count(of.counted),
        share(of.target),
        status(of.status, of.counted),
        of.owner.clone().map_or(Cell::None, Cell::Text),
    ]
}

fn touchpoint(of: &TouchpointShare) -> Row {
    let empty = || Cell::Text(String::new());
    let cells = vec![
        if of.label.is_empty() { Cell::Word("name", "none") } else { Cell::Text(of.label.clone()) },
        Cell::Word("kind", of.kind.as_str()),
        empty(),
        share(of.share),
        Cell::Count(of.counted),
        empty(),
        if of.share.is_some() { empty() } else { missing(of.counted) },
        empty(),
    ];
    let row = Row { is_part: true, ..Row::of(cells) };
    match of.kind {
        // Of these there are no waits to look at; frames are those of a screen.
        Kind::Rating => row,
        Kind::Frames => row.about(Kind::Screen, &of.name),
        kind => row.about(kind, &of.name),
    }
}

fn dimensions(dimensions: &[DimensionValue]) -> Section {
    const COLUMNS: &[Column] = &[text("dimension"), number("weight"), number("score"), number("indicators")];
    let cells = |of: &DimensionValue| {
        let weight = Cell::Quantity { unit: Unit::Other(String::new()), value: of.weight };
        let dimension = Cell::Word("dimension", of.dimension.as_str());
        Row::of(vec![dimension, weight, score(of.score), Cell::Count(of.indicators)])
    };
    told("dimensions", COLUMNS, dimensions.iter().map(cells).collect())
}

fn month_cells(trend: &IndicatorTrend, of: &MonthOfIndicator, is_part: bool) -> Vec<Cell> {
    let name = name_of_indicator(&trend.name, trend.label.as_deref());
    vec![
        if is_part { Cell::Text(String::new()) } else { name },
        Cell::Month(of.month.clone()),
        share(of.share),
        Cell::Count(of.counted),
        share(trend.target),
        status(of.status, of.counted),
    ]
}

fn status(status: Status, counted: u64) -> Cell {
    match status {
        Status::TooFew => missing(counted),
        other => Cell::Word("status", other.as_str()),
    }
}

/// How many are missing for a share.
pub(super) fn missing(counted: u64) -> Cell {
    Cell::Counts("verdict", vec![("missing".to_owned(), waits_min().saturating_sub(counted))])
}

fn score(score: Option<f64>) -> Cell {
    score.map_or(Cell::None, Cell::Score)
}

/// What an indicator is called: by the bank, else by us, else its name.
pub(super) fn name_of_indicator(name: &str, label: Option<&str>) -> Cell {
    let shipped = SHIPPED.into_iter().find(|shipped| *shipped == name);
    match (label, shipped) {
        (Some(label), _) => Cell::Text(label.to_owned()),
        (None, Some(shipped)) => Cell::Word("indicator", shipped),
        (None, None) => Cell::Text(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budgets;

    #[test]
    fn a_touchpoint_leads_to_where_its_waits_are() {
        let about = |kind| {
            let of =
                TouchpointShare { kind, name: "Home".into(), label: "Home".into(), counted: 1, share: None };
            touchpoint(&of).touchpoint
        };
        assert_eq!(about(Kind::Tap).as_deref(), Some("tap:Home"));
        assert_eq!(about(Kind::Frames).as_deref(), Some("screen:Home"));
        assert_eq!(about(Kind::Rating), None);
    }

    #[test]
    fn every_shipped_indicator_has_a_word() {
        let shipped: Vec<String> =
            Budgets::default().indicators().all.iter().map(|indicator| indicator.name.clone()).collect();
        assert_eq!(shipped, SHIPPED);
    }
}
