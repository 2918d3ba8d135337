//! Where a bank falls short of what its customers expect, and what became of the gaps that it chose.

use super::{About, Cell, Change, Column, Row, Section, number, text};
use crate::experience::{Experience, waits_min};
use crate::gaps::{FactorGap, Gaps, MeasuredBy, Origin, ReleaseOfTarget, TargetOfFactor, Targets};

/// The working table: a row for each factor, and behind it the touchpoints that measure it. None without a factor.
#[must_use]
pub fn of_gaps(gaps: &Gaps) -> Vec<Section> {
    const COLUMNS: &[Column] = &[
        text("factor"),
        number("weighted_satisfaction"),
        number("experience"),
        text("how_sure"),
        number("n"),
        number("expectation"),
        number("satisfaction"),
        number("importance"),
        number("ideal"),
        number("gap"),
    ];
    let rows = gaps.factors.iter().flat_map(|factor| {
        let parts = factor
            .touchpoints
            .iter()
            .map(|of| Row { is_part: true, ..Row::of(touchpoint(of)).about(of.kind, &of.name) });
        std::iter::once(Row::of(cells(factor))).chain(parts)
    });
    told(Section { is_ranked: true, rows: rows.collect(), ..Section::new("gaps", COLUMNS) })
}

/// What became of each gap that was chosen: a row for each target with the latest release, and the ones before behind it.
#[must_use]
pub fn of_targets(targets: &Targets) -> Vec<Section> {
    const COLUMNS: &[Column] = &[
        text("factor"),
        text("release"),
        text("progress"),
        number("experience"),
        text("range"),
        number("n"),
        number("target_score"),
        text("since"),
        number("before"),
        number("change"),
        text("interval"),
        text("owner"),
    ];
    let rows = targets.targets.iter().flat_map(|target| {
        let of =
            |(nth, release)| Row { is_part: nth > 0, ..Row::of(release_cells(target, release, nth > 0)) };
        target.releases.iter().enumerate().map(of)
    });
    told(Section { rows: rows.collect(), ..Section::new("targets", COLUMNS) })
}

fn told(section: Section) -> Vec<Section> {
    let section = Section { about: About::Bank, ..section };
    if section.rows.is_empty() { Vec::new() } else { vec![section] }
}

fn cells(factor: &FactorGap) -> Vec<Cell> {
    let of = &factor.experience;
    let (range, n) = match factor.origin {
        Origin::Measured => (range(of), Cell::Count(of.waits)),
        Origin::Bank | Origin::Unknown => (Cell::Word("origin", factor.origin.as_str()), Cell::None),
    };
    vec![
        Cell::Text(factor.name.clone()),
        points(factor.weighted_satisfaction),
        score(of.score),
        range,
        n,
        score(factor.expectation),
        points(factor.satisfaction),
        score(factor.importance),
        Cell::Score(factor.ideal),
        points(factor.gap),
    ]
}

/// A touchpoint with its experience; instead of the interval, how many waits are missing for one.
fn touchpoint(of: &MeasuredBy) -> Vec<Cell> {
    let empty = || Cell::Text(String::new());
    let experience = &of.experience;
    let missing = waits_min().saturating_sub(experience.waits);
    let range = match experience.score {
        Some(_) => range(experience),
        None => Cell::Counts("verdict", vec![("missing".to_owned(), missing)]),
    };
    vec![
        Cell::Text(of.label.clone()),
        empty(),
        score(experience.score),
        range,
        Cell::Count(experience.waits),
        empty(),
        empty(),
        empty(),
        empty(),
        empty(),
    ]
}

fn release_cells(target: &TargetOfFactor, of: &ReleaseOfTarget, is_part: bool) -> Vec<Cell> {
    let once = |cell: Cell| if is_part { Cell::Text(String::new()) } else { cell };
    let ends = |end: Option<f64>| end.map(Change::Score);
    let interval = match (ends(of.change.low), ends(of.change.high)) {
        (None, None) => Cell::None,
        (low, high) => Cell::Interval { low, high },
    };
    vec![
        once(Cell::Text(target.name.clone())),
        Cell::Text(of.version.clone()),
        Cell::Word("progress", of.progress.as_str()),
        score(of.experience.score),
        range(&of.experience),
        Cell::Count(of.experience.waits),
        once(Cell::Score(target.target)),
        once(Cell::Text(target.since.clone())),
        once(score(target.before.score)),
        points(of.change.points),
        interval,
        once(owner(target.owner.as_deref())),
    ]
}

fn score(score: Option<f64>) -> Cell {
    score.map_or(Cell::None, Cell::Score)
}

fn points(points: Option<f64>) -> Cell {
    points.map_or(Cell::None, |points| Cell::Change(Change::Score(points)))
}

fn range(of: &Experience) -> Cell {
    match (of.low, of.high) {
        (None, None) => Cell::None,
        (low, high) => Cell::Range { low: Box::new(score(low)), high: Box::new(score(high)) },
    }
}

fn owner(owner: Option<&str>) -> Cell {
    owner.map_or(Cell::None, |owner| Cell::Text(owner.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budgets;
    use crate::gaps::EXAMPLE_GAPS;
    use crate::side::Side;

    #[test]
    fn every_row_has_a_cell_for_each_column() {
        let budgets = Budgets::parse(EXAMPLE_GAPS).unwrap();
        let known = ["8.1.0".to_owned(), "8.2.0".to_owned(), "8.3.0".to_owned()];
        let targets = Targets::new(&[].into(), &budgets, &known);
        let sections: Vec<Section> =
            of_gaps(&Gaps::new(&Side::new(), &budgets)).into_iter().chain(of_targets(&targets)).collect();
        assert_eq!(sections.len(), 2);
        for section in sections {
            assert_eq!(section.items().count(), if section.key == "gaps" { 6 } else { 1 });
            assert!(section.rows.iter().any(|row| row.is_part));
            for row in &section.rows {
                assert_eq!(row.cells.len(), section.columns.len(), "{row:?}");
            }
        }
    }

    #[test]
    fn where_nothing_was_said_there_is_no_table() {
        assert!(of_gaps(&Gaps::default()).is_empty() && of_targets(&Targets::default()).is_empty());
    }
}
