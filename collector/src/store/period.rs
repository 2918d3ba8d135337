//! Hours, days and months of UTC, by number, and which of them make up a span.
//!
//! Owns: [`Period`] and [`plan`]. Refuses: rows, and moments finer than an hour.
//! Invariant: the periods of a plan do not overlap and together are the span that the plan says.

use crate::time::HOUR_MS;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// How long a rollup is. The numbers stand in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Period {
    Hour = 0,
    Day = 1,
    Month = 2,
}

/// Hours of a day.
const DAY_HOURS: u32 = 24;

/// The first hour that no calendar here knows: the year 9999.
const HOURS_END: u32 = 70_389_528;

impl Period {
    /// All of them, the shortest first.
    pub(super) const ALL: [Period; 3] = [Period::Hour, Period::Day, Period::Month];

    /// The period that this hour since 1970 is in.
    pub(super) fn of_hour(self, hour: u32) -> u32 {
        match self {
            Period::Hour => hour,
            Period::Day => hour / DAY_HOURS,
            Period::Month => month_of(hour),
        }
    }

    /// The first hour of a period; also the first after the one before it.
    pub(super) fn first_hour(self, number: u32) -> u32 {
        match self {
            Period::Hour => number,
            Period::Day => number.saturating_mul(DAY_HOURS),
            Period::Month => first_hour_of(number),
        }
    }
}

/// The hour since 1970 that this moment is in.
pub(super) fn hour_of(unix_ms: u64) -> u32 {
    u32::try_from(unix_ms / HOUR_MS).unwrap_or(HOURS_END).min(HOURS_END)
}

/// When an hour begins, in milliseconds since 1970 UTC.
pub(super) fn unix_ms(hour: u32) -> u64 {
    u64::from(hour) * HOUR_MS
}

fn month_of(hour: u32) -> u32 {
    let second = i64::from(hour.min(HOURS_END)) * 3_600;
    let Ok(at) = Timestamp::from_second(second) else { return 0 };
    let date = TimeZone::UTC.to_datetime(at).date();
    let years = u32::try_from(date.year()).unwrap_or(1970).saturating_sub(1970);
    years * 12 + u32::from(date.month().unsigned_abs()).saturating_sub(1)
}

fn first_hour_of(month: u32) -> u32 {
    let year = i16::try_from(1970 + month / 12).unwrap_or(i16::MAX);
    let number = i8::try_from(1 + month % 12).unwrap_or(1);
    let date = Date::new(year, number, 1).ok();
    let begin = date.and_then(|date| TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok());
    begin.map_or(HOURS_END, |begin| hour_of(u64::try_from(begin.as_millisecond()).unwrap_or(0)))
}

/// The periods of a span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// The first hour that is in it.
    pub(super) from: u32,
    /// The first hour after it.
    pub(super) until: u32,
    /// What it is made of, the earliest first.
    pub(super) periods: Vec<(Period, u32)>,
}

/// What makes up the hours from `from` until `until`, where there is data in the hours of `data` alone, and rollups of each
/// period from the period `kept` on. Where the hours of a day are kept no more the whole day is in the plan, and so with days
/// and months.
pub(super) fn plan(from: u32, until: u32, data: (u32, u32), kept: [u32; 3]) -> Plan {
    let (first, end) = data;
    if from.max(first) >= until.min(end) {
        return Plan { from, until: until.max(from), periods: Vec::new() };
    }
    // Before the first hour and after the last there is nothing: a period that begins or ends there is whole.
    let is_from = |hour: u32| hour >= from || from <= first;
    let is_until = |hour: u32| hour <= until || until >= end;
    let mut plan = Plan { from: from.max(first), until: until.min(end), periods: Vec::new() };
    let mut hour = plan.from;
    while hour < until.min(end) {
        let chosen = Period::ALL.into_iter().rev().find(|period| {
            let number = period.of_hour(hour);
            let finer = Period::ALL.into_iter().rev().find(|finer| finer < period);
            let is_whole = is_from(period.first_hour(number)) && is_until(period.first_hour(number + 1));
            let is_finer_gone = finer
                .is_some_and(|finer| finer.of_hour(hour) < kept.get(finer as usize).copied().unwrap_or(0));
            is_whole || is_finer_gone
        });
        let period = chosen.unwrap_or(Period::Hour);
        let number = period.of_hour(hour);
        plan.periods.push((period, number));
        if from > first {
            plan.from = plan.from.min(period.first_hour(number));
        }
        hour = period.first_hour(number + 1).max(hour + 1);
    }
    if until < end {
        plan.until = plan.until.max(hour);
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MARCH_2026: u32 = 56 * 12 + 2;

    #[test]
    fn months_begin_where_the_calendar_says() {
        let march = Period::Month.first_hour(MARCH_2026);
        assert_eq!(unix_ms(march), 1_772_323_200_000);
        assert_eq!(Period::Month.of_hour(march), MARCH_2026);
        assert_eq!(Period::Month.of_hour(march - 1), MARCH_2026 - 1);
        assert_eq!(Period::Month.first_hour(MARCH_2026 + 1) - march, 31 * 24);
        assert_eq!(Period::Month.of_hour(u32::MAX), Period::Month.of_hour(HOURS_END));
        assert_eq!((hour_of(u64::MAX), Period::Month.first_hour(u32::MAX)), (HOURS_END, HOURS_END));
    }

    #[test]
    fn a_span_without_limits_is_whole_months() {
        let march = Period::Month.first_hour(MARCH_2026);
        let all = plan(0, u32::MAX, (march + 5, march + 800), [0; 3]);
        assert_eq!(all.periods, [(Period::Month, MARCH_2026), (Period::Month, MARCH_2026 + 1)]);
        assert_eq!((all.from, all.until), (march + 5, march + 800));
    }

    #[test]
    fn edges_are_days_and_hours_and_whole_days_where_hours_are_gone() {
        let march = Period::Month.first_hour(MARCH_2026);
        let (from, until) = (march + 22, march + 24 * 3 + 2);
        let day = march / 24;
        let hours = |from: u32, until: u32| (from..until).map(|hour| (Period::Hour, hour));
        let days = |from: u32, until: u32| (from..until).map(|day| (Period::Day, day));
        let whole = plan(from, until, (0, march + 9_000), [0; 3]);
        let expected: Vec<_> =
            hours(from, march + 24).chain(days(day + 1, day + 3)).chain(hours(until - 2, until)).collect();
        assert_eq!(whole.periods, expected);
        let kept = [march + 48, 0, 0];
        let widened = plan(from, until, (0, march + 9_000), kept);
        let expected: Vec<_> = days(day, day + 3).chain(hours(until - 2, until)).collect();
        assert_eq!((widened.periods, widened.from, widened.until), (expected, march, until));
    }

    proptest! {
        #[test]
        fn a_plan_covers_its_span_once(
            from in 0..3_000u32, length in 1..3_000u32, first in 0..3_000u32, data in 1..3_000u32, gone in prop::array::uniform2(0..3_000u32),
        ) {
            let kept = [gone[0], Period::Day.of_hour(gone[1]), 0];
            let plan = plan(from, from + length, (first, first + data), kept);
            let mut hour = None;
            for (period, number) in &plan.periods {
                let begin = period.first_hour(*number);
                prop_assert!(hour.is_none_or(|end| end <= begin || begin < end && kept != [0, 0, 0]));
                hour = Some(period.first_hour(number + 1));
            }
            if gone == [0, 0] {
                let of_data = |hour: &u32| (first..first + data).contains(hour);
                let expected: Vec<u32> = (from..from + length).filter(of_data).collect();
                let covered = plan.periods.iter().flat_map(|(period, number)| period.first_hour(*number)..period.first_hour(number + 1));
                let covered: Vec<u32> = covered.filter(of_data).collect();
                prop_assert_eq!(covered, expected);
            }
        }
    }
}
