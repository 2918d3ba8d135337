//! The touchpoints over the life of a customer, as a table.

use super::{Cell, Column, Row, Section, condition, duration, name, number, quantile, share, text};
use crate::life::{LifeMap, Placed};
use nowait_wire::Kind;

/// The map: every stage, with its touchpoints or none.
#[must_use]
pub fn of_life(map: &LifeMap) -> Vec<Section> {
    const COLUMNS: &[Column] = &[
        text("stage"),
        text("touchpoint"),
        text("channel"),
        text("kind"),
        text("owner"),
        number("lost"),
        number("n"),
        number("p75"),
        number("worst"),
        number("in_time"),
    ];
    let mut section = Section::new("life", COLUMNS);
    for stage in &map.stages {
        let named = Cell::Word("stage", stage.stage.as_str());
        if stage.touchpoints.is_empty() {
            let mut cells = vec![named.clone()];
            cells.resize(COLUMNS.len(), Cell::None);
            section.rows.push(Row::of(cells));
        }
        section.rows.extend(stage.touchpoints.iter().map(|placed| row(named.clone(), placed)));
    }
    if section.rows.is_empty() { Vec::new() } else { vec![section] }
}

fn row(stage: Cell, placed: &Placed) -> Row {
    let cells = vec![
        stage,
        Cell::Text(placed.label.clone()),
        condition::channel(&placed.channel),
        Cell::Word("kind", placed.kind.as_str()),
        placed.owner.as_deref().map_or(Cell::None, name),
        Cell::DurationNs(placed.lost_ns),
        Cell::Count(placed.waits.count),
        quantile(&placed.waits, placed.waits.p75_ns),
        duration(placed.waits.max_ns),
        share(placed.within_budget_share),
    ];
    let row = Row::of(cells);
    // Journeys and their steps have a page of their own.
    if matches!(placed.kind, Kind::Journey | Kind::Step) { row } else { row.about(placed.kind, &placed.name) }
}
