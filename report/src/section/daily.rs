//! How touchpoints went over the last days, as a table.

use super::{Cell, Column, Row, Section, duration, number, text};
use crate::daily::Daily;

/// Each touchpoint with its days, where there are any.
#[must_use]
pub fn of_daily(daily: &Daily) -> Vec<Section> {
    const COLUMNS: &[Column] = &[
        text("touchpoint"),
        text("kind"),
        text("trend"),
        number("shortest_day"),
        number("longest_day"),
        number("latest_day"),
    ];
    if daily.days.is_empty() {
        return Vec::new();
    }
    let rows = daily.touchpoints.iter().map(|of| {
        let known = || of.p75_ns.iter().flatten().copied();
        let row = Row::of(vec![
            Cell::Text(of.label.clone()),
            Cell::Word("kind", of.kind.as_str()),
            Cell::Trend(of.p75_ns.clone()),
            duration(known().min()),
            duration(known().max()),
            duration(known().next_back()),
        ]);
        row.about(of.kind, &of.name)
    });
    let n = Some(daily.days.len() as u64);
    vec![Section { rows: rows.collect(), is_ranked: true, n, ..Section::new("daily", COLUMNS) }]
}
