//! One touchpoint in detail: how its waits are spread, and how they went from day to day and from hour to hour.
//!
//! Owns: the shapes, and adding waits up by when they were. Refuses: which waits there are (the store knows) and printing.
//! Invariant: it says of the whole span what a [`crate::Report`] says of the same touchpoint.

use crate::assemble::{Group, figures_of, touchpoint};
use crate::budget::{Budgets, Mark, MarkKind};
use crate::cell::Cell;
use crate::histogram::bucket_bounds_ns;
use crate::limits::{DAYS_LISTED_MAX, HOURS_LISTED_MAX};
use crate::people::Crowd;
use crate::report::{Figures, REPORT_VERSION, Scope, Slice, Touchpoint};
use crate::version::VersionOrder;
use jiff::civil::Date;
use nowait_wire::{Kind, Os, Outcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// Buckets of a histogram that are one bar: eight bars are twice as long, each a tenth longer than the one before it.
const BUCKETS_OF_BAR: i32 = 8;

/// All that is known of a touchpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Detail {
    /// [`REPORT_VERSION`].
    pub report_version: u32,
    /// What it speaks of.
    pub scope: Scope,
    /// What stands in none of these figures, and how many there are of it.
    pub uncounted: BTreeMap<String, u64>,
    /// Its figures over the whole span, by release and by system.
    pub touchpoint: Touchpoint,
    /// How long its waits were, the shortest first, without gaps.
    pub distribution: Vec<Bar>,
    /// Its days, the earliest first (the latest [`DAYS_LISTED_MAX`]); those without a wait are absent.
    pub days: Vec<Day>,
    /// Its hours as far as they are kept, the earliest first (the latest [`HOURS_LISTED_MAX`]); those without a wait are absent.
    pub hours: Vec<Hour>,
    /// What the bank marked on these days and hours, by date; empty in the JSON of a collector that did not know of it.
    #[serde(default)]
    pub marks: Vec<Marked>,
    /// Its releases in the order of their versions, with the first of `days` that has one.
    pub releases: Vec<Begun>,
    /// Its figures by the values of one field, the most waits first, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// Some of its longest waits of late, the longest first, one of a session.
    pub longest: Vec<RealWait>,
}

/// A touchpoint by the values of a field of the batches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Split {
    /// The field: `tier`, `network`, `country`, `model`, or the key of a dimension.
    pub by: String,
    /// Each value with its figures; an empty value is where nothing was told.
    pub values: Vec<Slice>,
}

/// Waits that were about as long.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bar {
    /// They were this long or longer, in nanoseconds.
    pub from_ns: u64,
    /// They were shorter than this, in nanoseconds.
    pub below_ns: u64,
    /// Those that the app answered.
    pub answered: u64,
    /// Those that it never answered: the customer waited this long for nothing.
    pub unanswered: u64,
    /// The share (0 to 1) of all waits that were this long or longer.
    pub beyond_share: f64,
}

/// A day of a touchpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Day {
    /// The date in the zone of the scope, `2026-03-05`.
    pub day: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// An hour of a touchpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hour {
    /// The date in the zone of the scope.
    pub day: String,
    /// The hour on the clock there, 0 to 23.
    pub hour: u8,
    /// Waits that were answered or not.
    pub count: u64,
    /// Three quarters of those answered were at most this long; `null` where there are fewer than four.
    pub p75_ns: Option<u64>,
    /// Waits that were `done` within the target, as a share (0 to 1) of those that ended.
    pub within_budget_share: Option<f64>,
}

/// A mark of the bank on a date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Marked {
    /// The date in the zone of the scope.
    pub day: String,
    /// The first hour of it on the clock there, 0 to 23.
    pub from_hour: u8,
    /// The first hour behind it, up to 24.
    pub until_hour: u8,
    /// What it is.
    pub kind: MarkKind,
    /// What the bank calls it.
    pub name: String,
}

/// The day on which a release was first seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Begun {
    /// The release.
    pub app_version: String,
    /// The date in the zone of the scope.
    pub day: String,
}

/// A wait that somebody had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RealWait {
    /// When it began, in milliseconds since 1970 UTC.
    pub started_unix_ms: u64,
    /// How long it was, in nanoseconds.
    pub duration_ns: u64,
    /// How it ended.
    #[schemars(schema_with = "crate::schema::outcome")]
    pub outcome: Outcome,
    /// The session in which it was, as text.
    pub session: String,
    /// The release.
    pub app_version: String,
    /// The device model.
    pub device_model: String,
}

/// The waits of one touchpoint, by when they were.
#[derive(Debug, Default)]
pub struct Times {
    group: Group,
    days: BTreeMap<Date, (Cell, Option<Crowd>)>,
    /// By the first moment of each, in milliseconds since 1970 UTC.
    hours: BTreeMap<u64, Cell>,
    /// By release, its first day.
    begun: BTreeMap<String, Date>,
}

impl Times {
    /// Adds waits of the span.
    pub fn add(&mut self, app_version: &str, os: Os, cell: &Cell) {
        self.group.add(app_version, os, cell);
    }

    /// Says who was in all of them.
    pub fn set_people(&mut self, people: Crowd) {
        self.group.set_people(people);
    }

    /// Adds waits of a day.
    pub fn add_day(&mut self, day: Date, app_version: &str, cell: &Cell) {
        self.days.entry(day).or_default().0.merge(cell);
        match self.begun.get_mut(app_version) {
            Some(first) => *first = day.min(*first),
            None => _ = self.begun.insert(app_version.to_owned(), day),
        }
    }

    /// Says who was in the waits of a day that has some.
    pub fn set_people_of_day(&mut self, day: Date, people: Crowd) {
        if let Some((_, of_day)) = self.days.get_mut(&day) {
            *of_day = Some(people);
        }
    }

    /// Adds waits of the hour that begins at this moment, in milliseconds since 1970 UTC.
    pub fn add_hour(&mut self, unix_ms: u64, cell: &Cell) {
        self.hours.entry(unix_ms).or_default().merge(cell);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.group.is_empty()
    }

    /// How many there are in the span.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.group.all().count()
    }

    /// All that is known of the touchpoint whose waits these are.
    #[must_use]
    pub fn detail(
        self,
        scope: Scope,
        (kind, name): (Kind, &str),
        budgets: &Budgets,
        uncounted: BTreeMap<String, u64>,
        longest: Vec<RealWait>,
    ) -> Detail {
        let all = self.group.all();
        let touchpoint = touchpoint(kind, name, &all, &self.group, budgets);
        let zone = scope.zone.clone();
        let figures =
            |cell: &Cell, people: Option<&Crowd>| figures_of(kind, cell, touchpoint.target_ns, people);
        let marks = marks(self.days.keys().next(), self.days.keys().next_back(), budgets);
        let skipped = self.days.len().saturating_sub(DAYS_LISTED_MAX);
        let days = self.days.into_iter().skip(skipped).map(|(day, (cell, people))| Day {
            day: day.to_string(),
            figures: figures(&cell, people.as_ref()),
        });
        let skipped = self.hours.len().saturating_sub(HOURS_LISTED_MAX);
        let hours = self.hours.into_iter().skip(skipped).map(|(unix_ms, cell)| {
            let Figures { latency, outcomes, within_budget_share, .. } = figures(&cell, None);
            let (day, hour) = (zone.day(unix_ms), zone.hour_of_day(unix_ms).unwrap_or(0));
            Hour { day, hour, count: outcomes.ended(), p75_ns: latency.p75_ns, within_budget_share }
        });
        let mut begun: Vec<(String, Date)> = self.begun.into_iter().collect();
        begun.sort_by(|(one, _), (other, _)| VersionOrder(one).cmp(&VersionOrder(other)));
        let releases =
            begun.into_iter().map(|(app_version, first)| Begun { app_version, day: first.to_string() });
        Detail {
            report_version: REPORT_VERSION,
            uncounted,
            distribution: bars(&all),
            days: days.collect(),
            hours: hours.collect(),
            marks,
            releases: releases.collect(),
            split: None,
            longest,
            touchpoint,
            scope,
        }
    }
}

impl Split {
    /// The values of a field of a touchpoint of this kind, each with its waits and who had them.
    pub fn new(
        by: String,
        kind: Kind,
        target_ns: u64,
        values: impl IntoIterator<Item = (String, Cell, Option<Crowd>)>,
    ) -> Split {
        let slice = |(value, cell, people): (String, Cell, Option<Crowd>)| Slice {
            value,
            figures: figures_of(kind, &cell, target_ns, people.as_ref()),
        };
        let mut values: Vec<Slice> = values.into_iter().map(slice).collect();
        values.sort_by(|one, other| {
            let n = |slice: &Slice| slice.figures.outcomes.total();
            n(other).cmp(&n(one)).then_with(|| one.value.cmp(&other.value))
        });
        Split { by, values }
    }
}

/// What the bank marked from one date to another, as far back as days are listed.
fn marks(first: Option<&Date>, last: Option<&Date>, budgets: &Budgets) -> Vec<Marked> {
    let (Some(first), Some(last)) = (first, last) else { return Vec::new() };
    let listed = i64::try_from(DAYS_LISTED_MAX).unwrap_or(0);
    let first = last.saturating_sub(jiff::Span::new().days(listed)).max(*first);
    let dates = first.series(jiff::Span::new().days(1)).take_while(|date| date <= last);
    let of_date = |date: Date| {
        let mark = move |mark: &Mark| {
            let Range { start: from_hour, end: until_hour } = mark.hours_of(date)?;
            let (day, name) = (date.to_string(), mark.name.clone());
            Some(Marked { day, from_hour, until_hour, kind: mark.kind, name })
        };
        budgets.marks().iter().filter_map(mark)
    };
    dates.flat_map(of_date).collect()
}

/// The bars of these waits, from the shortest to the longest.
fn bars(cell: &Cell) -> Vec<Bar> {
    let (answered, mut unanswered) = (cell.latency(), cell.unanswered().clone());
    unanswered.merge(cell.died());
    let mut counts: BTreeMap<i32, (u64, u64)> = BTreeMap::new();
    for (index, n) in answered.buckets() {
        counts.entry(index.div_euclid(BUCKETS_OF_BAR)).or_default().0 += n;
    }
    for (index, n) in unanswered.buckets() {
        counts.entry(index.div_euclid(BUCKETS_OF_BAR)).or_default().1 += n;
    }
    let (Some((&first, _)), Some((&last, _))) = (counts.first_key_value(), counts.last_key_value()) else {
        return Vec::new();
    };
    let whole = answered.count().saturating_add(unanswered.count());
    // Waits of no length at all have no bucket; they are shorter than every bar.
    let mut left: u64 = counts.values().map(|(answered, unanswered)| answered + unanswered).sum();
    let edge = |bar: i32| bucket_bounds_ns(bar * BUCKETS_OF_BAR).0.round() as u64;
    let bar = |bar: i32| {
        let (answered, unanswered) = counts.get(&bar).copied().unwrap_or_default();
        let beyond_share = left as f64 / whole.max(1) as f64;
        left = left.saturating_sub(answered + unanswered);
        Bar { from_ns: edge(bar), below_ns: edge(bar + 1), answered, unanswered, beyond_share }
    };
    (first..=last).map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::Zone;
    use nowait_wire::{Event, NameId};

    const HOUR_MS: u64 = 3_600_000;

    fn cell(waits: &[(u64, Outcome)]) -> Cell {
        let mut cell = Cell::new();
        for (ms, outcome) in waits {
            let event = Event::new(Kind::Action, NameId::OTHER);
            cell.add(&Event { duration_ns: ms * 1_000_000, outcome: *outcome, ..event });
        }
        cell
    }

    fn detail(times: Times, zone: &str) -> Detail {
        let scope = Scope { zone: zone.parse().unwrap(), ..Scope::default() };
        times.detail(scope, (Kind::Action, "Pay"), &Budgets::default(), BTreeMap::new(), Vec::new())
    }

    #[test]
    fn bars_count_every_wait_once_and_say_how_many_are_longer() {
        let mut times = Times::default();
        let waits =
            [(10, Outcome::Done), (20, Outcome::Failed), (40, Outcome::Done), (40, Outcome::TimedOut)];
        times.add("8.1.0", Os::Ios, &cell(&waits));
        let bars = detail(times, "UTC").distribution;
        assert!(bars.windows(2).all(|two| two[0].below_ns == two[1].from_ns), "without gaps");
        let of = |ms: u64| bars.iter().find(|bar| bar.below_ns > ms * 1_000_000).unwrap();
        assert_eq!((of(10).answered, of(10).unanswered, of(10).beyond_share), (1, 0, 1.0));
        assert_eq!((of(20).answered, of(20).beyond_share), (1, 0.75));
        assert_eq!((of(40).answered, of(40).unanswered, of(40).beyond_share), (1, 1, 0.5));
        assert_eq!(bars.iter().map(|bar| bar.answered + bar.unanswered).sum::<u64>(), 4);
        assert!(bars.iter().all(|bar| bar.below_ns as f64 <= bar.from_ns as f64 * 1.1));
        assert_eq!(detail(Times::default(), "UTC").distribution, []);
    }

    #[test]
    fn what_the_bank_marked_stands_beside_days_and_hours() {
        let mut times = Times::default();
        for day in [5, 7, 8] {
            let waits = cell(&[(500, Outcome::Done)]);
            times.add("8.9.0", Os::Ios, &waits);
            times.add_day(Date::constant(2026, 3, day), "8.9.0", &waits);
        }
        // 2026-03-08 01:00 in Shanghai.
        times.add_hour(1_772_902_800_000, &cell(&[(500, Outcome::Done)]));
        let text = "[[mark]]\nname = \"Salaries\"\nkind = \"payday\"\ndays = [6, 9]\n[[mark]]\nname = \"Core\"\n\
            kind = \"maintenance\"\nfrom = 2026-03-07T22:00:00\nuntil = 2026-03-08T04:00:00\n";
        let scope = Scope { zone: "Asia/Shanghai".parse().unwrap(), ..Scope::default() };
        let of = |times: Times, text: &str| {
            let budgets = Budgets::parse(text).unwrap();
            times.detail(scope.clone(), (Kind::Action, "Pay"), &budgets, BTreeMap::new(), Vec::new())
        };
        let detail = of(times, text);
        let marks: Vec<_> =
            detail.marks.iter().map(|of| (of.day.as_str(), of.from_hour, of.until_hour)).collect();
        // A day without a wait is marked, too; one behind the last is not.
        assert_eq!(marks, [("2026-03-06", 0, 24), ("2026-03-07", 22, 24), ("2026-03-08", 0, 4)]);
        let sections = crate::section::of_detail(&detail);
        let last = |key: &str, row: usize| {
            let section = sections.iter().find(|section| section.key == key).unwrap();
            assert_eq!(section.columns.len(), section.rows[row].cells.len());
            section.rows[row].cells.last().cloned().unwrap()
        };
        let core = crate::section::Cell::Text("Core".into());
        assert_eq!((last("days", 0), last("days", 1)), (crate::section::Cell::None, core.clone()));
        assert_eq!(last("hours", 0), core);
        let mut unmarked = Times::default();
        unmarked.add_day(Date::constant(2026, 3, 5), "8.9.0", &cell(&[(500, Outcome::Done)]));
        let sections = crate::section::of_detail(&of(unmarked, ""));
        assert!(sections.iter().all(|section| section.columns.iter().all(|column| column.key != "mark")));
    }

    #[test]
    fn days_and_hours_are_those_of_the_zone_and_releases_begin_on_one() {
        let midnight = 16 * HOUR_MS; // In Shanghai.
        let mut times = Times::default();
        for (day, version) in [(1, "8.10.0"), (0, "8.9.0"), (1, "8.9.0")] {
            let waits = cell(&[(500, Outcome::Done), (2_000, Outcome::Done)]);
            times.add(version, Os::Ios, &waits);
            times.add_day(Date::constant(1970, 1, 2 + day as i8), version, &waits);
            times.add_hour(midnight + (day * 24 + 9) * HOUR_MS, &waits);
        }
        let detail = detail(times, "Asia/Shanghai");
        let days: Vec<_> =
            detail.days.iter().map(|day| (day.day.as_str(), day.figures.latency.count)).collect();
        assert_eq!(days, [("1970-01-02", 2), ("1970-01-03", 4)]);
        let hours: Vec<_> =
            detail.hours.iter().map(|hour| (hour.day.as_str(), hour.hour, hour.count)).collect();
        assert_eq!(hours, [("1970-01-02", 9, 2), ("1970-01-03", 9, 4)]);
        assert_eq!(detail.hours[0].within_budget_share, Some(0.5));
        let begun: Vec<_> =
            detail.releases.iter().map(|of| (of.app_version.as_str(), of.day.as_str())).collect();
        assert_eq!(begun, [("8.9.0", "1970-01-02"), ("8.10.0", "1970-01-03")]);
        assert_eq!(detail.touchpoint.figures.latency.count, 6);
        assert_eq!(detail.scope.zone, "Asia/Shanghai".parse::<Zone>().unwrap());
    }
}
