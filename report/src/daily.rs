//! How touchpoints went over the last days, each in one figure a day: what stands beside a row of the ranking.
//!
//! The figure is p75, as comparisons judge by it: it moves before a share in time does, and shows what creeps towards a target
//! while nobody is late yet.
//!
//! Owns: the shapes, and which days are told. Refuses: which touchpoints are meant and what waits there were (a store knows).
//! Invariant: all touchpoints have the same days, without a gap, so that they can stand one below the other.

use crate::budget::Budgets;
use crate::cell::Cell;
use crate::report::{REPORT_VERSION, Scope};
use jiff::civil::Date;
use nowait_wire::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Touchpoints from day to day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Daily {
    /// [`REPORT_VERSION`].
    pub report_version: u32,
    /// What it speaks of: the days.
    pub scope: Scope,
    /// What stands in none of these figures, and how many there are of it.
    pub uncounted: BTreeMap<String, u64>,
    /// The dates in the zone of the scope, `2026-03-05`, the earliest first: from the first on which one of these touchpoints had
    /// a wait, at most [`crate::limits::DAYS_OF_TREND_MAX`].
    pub days: Vec<String>,
    /// The touchpoints, in the order of the ranking.
    pub touchpoints: Vec<OfDays>,
}

/// A touchpoint from day to day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OfDays {
    /// The kind of wait.
    #[schemars(schema_with = "crate::schema::kind")]
    pub kind: Kind,
    /// Its registered name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// For each of the days: three quarters of those answered waited at most this long, in nanoseconds; `null` where fewer than four
    /// were answered.
    pub p75_ns: Vec<Option<u64>>,
}

impl Daily {
    /// The days of touchpoints, each with its waits by day.
    #[must_use]
    pub fn new<'n>(
        scope: Scope,
        uncounted: BTreeMap<String, u64>,
        touchpoints: impl IntoIterator<Item = (Kind, &'n str, BTreeMap<Date, Cell>)>,
        budgets: &Budgets,
    ) -> Daily {
        let touchpoints: Vec<(Kind, &str, BTreeMap<Date, Cell>)> = touchpoints.into_iter().collect();
        let first = touchpoints.iter().filter_map(|(.., days)| days.keys().next()).min().copied();
        let last = touchpoints.iter().filter_map(|(.., days)| days.keys().next_back()).max().copied();
        let dates: Vec<Date> = match (first, last) {
            (Some(first), Some(last)) => {
                first.series(jiff::Span::new().days(1)).take_while(|date| *date <= last).collect()
            }
            _ => Vec::new(),
        };
        let p75 = |cell: &Cell| cell.latency().supported_quantile_ns(0.75);
        let of_days = |(kind, name, days): (Kind, &str, BTreeMap<Date, Cell>)| OfDays {
            kind,
            name: name.to_owned(),
            label: budgets.of(kind, name).label,
            p75_ns: dates.iter().map(|date| days.get(date).and_then(p75)).collect(),
        };
        Daily {
            report_version: REPORT_VERSION,
            scope,
            uncounted,
            touchpoints: touchpoints.into_iter().map(of_days).collect(),
            days: dates.iter().map(Date::to_string).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::section::{self, of_daily};
    use crate::text;
    use nowait_wire::{Event, NameId, Outcome};

    const MS: u64 = 1_000_000;

    fn cell(waits: u64, ms: u64) -> Cell {
        let mut cell = Cell::new();
        let event =
            Event { outcome: Outcome::Done, duration_ns: ms * MS, ..Event::new(Kind::Action, NameId::OTHER) };
        (0..waits).for_each(|_| cell.add(&event));
        cell
    }

    fn date(day: i8) -> Date {
        Date::constant(2026, 3, day)
    }

    fn daily() -> Daily {
        let pay = BTreeMap::from([(date(3), cell(4, 100)), (date(4), cell(3, 900)), (date(6), cell(9, 400))]);
        let home = BTreeMap::from([(date(5), cell(8, 250))]);
        let both = [(Kind::Action, "Pay", pay), (Kind::Screen, "Home", home)];
        Daily::new(Scope::default(), BTreeMap::new(), both, &Budgets::default())
    }

    #[test]
    fn days_have_no_gap_and_a_day_of_few_no_figure() {
        let daily = daily();
        assert_eq!(daily.days, ["2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"]);
        let [pay, home] = &daily.touchpoints[..] else { panic!("{daily:?}") };
        assert_eq!(pay.p75_ns, [Some(100 * MS), None, None, Some(400 * MS)]);
        assert_eq!(home.p75_ns, [None, None, Some(250 * MS), None]);
        let nothing = Daily::new(Scope::default(), BTreeMap::new(), [], &Budgets::default());
        assert!(nothing.days.is_empty() && of_daily(&nothing).is_empty());
    }

    #[test]
    fn the_values_of_a_row_are_a_picture_where_a_terminal_can_show_one() {
        let sections = of_daily(&daily());
        let trend = &sections[0].rows[0].cells[2];
        assert_eq!(*trend, section::Cell::Trend(daily().touchpoints[0].p75_ns.clone()));
        assert_eq!(sections[0].n, Some(4));
        assert!(text::section(&sections[0]).contains("▃  █"), "{}", text::section(&sections[0]));
        let plain = text::with_blocks(false, || text::section(&sections[0]));
        assert!(plain.is_ascii() && plain.contains("2..9"), "{plain}");
    }
}
