//! Hours, days and months by number, and which of them make up a span.
//!
//! Hours are numbered from 1970 UTC; days and months are those of a zone, and begin with the hour in which they begin there: where
//! clocks are half an hour apart from those of UTC, half an hour earlier.
//!
//! Owns: [`Period`], [`Calendar`] and [`plan`]. Refuses: rows, and moments finer than an hour.
//! Invariant: the periods of a plan do not overlap and together are the span that the plan says.

use crate::time::HOUR_MS;
use jiff::civil::Date;
use nowait_report::Zone;

/// How long a rollup is. The numbers stand in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Period {
    Hour = 0,
    Day = 1,
    Month = 2,
}

/// Hours of a day of UTC.
const DAY_HOURS: u32 = 24;

/// The first hour that no calendar here knows: the year 9999.
const HOURS_END: u32 = 70_389_528;

/// The day that is number 0.
const FIRST_DAY: Date = Date::constant(1970, 1, 1);

impl Period {
    /// All of them, the shortest first.
    pub(super) const ALL: [Period; 3] = [Period::Hour, Period::Day, Period::Month];
}

/// Where days and months begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Calendar(Zone);

impl Calendar {
    /// That of a zone.
    pub(super) fn of(zone: Zone) -> Calendar {
        Calendar(zone)
    }

    /// The period that this hour since 1970 is in.
    pub(super) fn of_hour(&self, period: Period, hour: u32) -> u32 {
        match period {
            Period::Hour => hour,
            Period::Day if self.0 == Zone::UTC => hour / DAY_HOURS,
            Period::Day => self.day_of(hour),
            Period::Month => self.month_of(hour),
        }
    }

    /// The first hour of a period; also the first after the one before it.
    pub(super) fn first_hour(&self, period: Period, number: u32) -> u32 {
        match period {
            Period::Hour => number,
            Period::Day if self.0 == Zone::UTC => number.saturating_mul(DAY_HOURS),
            Period::Day => self.begin_of(Calendar::date_of_day(number)),
            Period::Month => {
                let year = i16::try_from(1970 + number / 12).unwrap_or(i16::MAX);
                let month = i8::try_from(1 + number % 12).unwrap_or(1);
                self.begin_of(Date::new(year, month, 1).ok())
            }
        }
    }

    /// The date of a day by its number; `None` behind the year 9999.
    pub(super) fn date_of_day(number: u32) -> Option<Date> {
        date_of(i32::try_from(number).ok()?)
    }

    /// The date that begins within this hour, or that it is in.
    fn date(&self, hour: u32) -> Option<Date> {
        // Where a day begins at half past, its first half hour is in the hour before: all of that hour is of that day.
        self.0.date(unix_ms(hour.min(HOURS_END)) + HOUR_MS - 1)
    }

    fn day_of(&self, hour: u32) -> u32 {
        let days =
            self.date(hour).and_then(|date| FIRST_DAY.until(date).ok()).map_or(0, |span| span.get_days());
        u32::try_from(days).unwrap_or(0)
    }

    fn month_of(&self, hour: u32) -> u32 {
        let Some(date) = self.date(hour) else { return 0 };
        let years = u32::try_from(date.year()).unwrap_or(1970).saturating_sub(1970);
        years * 12 + u32::from(date.month().unsigned_abs()).saturating_sub(1)
    }

    fn begin_of(&self, date: Option<Date>) -> u32 {
        let begin = date.and_then(|date| self.0.read(date.at(0, 0, 0, 0)));
        begin.map_or(HOURS_END, |unix_ms| hour_of(u64::try_from(unix_ms).unwrap_or(0)))
    }
}

/// The date of this many days after the first.
fn date_of(days: i32) -> Option<Date> {
    FIRST_DAY.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

/// The hour since 1970 that this moment is in.
pub(super) fn hour_of(unix_ms: u64) -> u32 {
    u32::try_from(unix_ms / HOUR_MS).unwrap_or(HOURS_END).min(HOURS_END)
}

/// When an hour begins, in milliseconds since 1970 UTC.
pub(super) fn unix_ms(hour: u32) -> u64 {
    u64::from(hour) * HOUR_MS
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
pub(super) fn plan(calendar: &Calendar, from: u32, until: u32, data: (u32, u32), kept: [u32; 3]) -> Plan {
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
        let chosen = Period::ALL.into_iter().rev().find(|&period| {
            let number = calendar.of_hour(period, hour);
            let finer = Period::ALL.into_iter().rev().find(|finer| *finer < period);
            let is_whole = is_from(calendar.first_hour(period, number))
                && is_until(calendar.first_hour(period, number + 1));
            let is_finer_gone = finer.is_some_and(|finer| {
                calendar.of_hour(finer, hour) < kept.get(finer as usize).copied().unwrap_or(0)
            });
            is_whole || is_finer_gone
        });
        let period = chosen.unwrap_or(Period::Hour);
        let number = calendar.of_hour(period, hour);
        plan.periods.push((period, number));
        if from > first {
            plan.from = plan.from.min(calendar.first_hour(period, number));
        }
        hour = calendar.first_hour(period, number + 1).max(hour + 1);
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

    fn utc() -> Calendar {
        Calendar::default()
    }

    #[test]
    fn months_begin_where_the_calendar_says() {
        let march = utc().first_hour(Period::Month, MARCH_2026);
        assert_eq!(unix_ms(march), 1_772_323_200_000);
        assert_eq!(utc().of_hour(Period::Month, march), MARCH_2026);
        assert_eq!(utc().of_hour(Period::Month, march - 1), MARCH_2026 - 1);
        assert_eq!(utc().first_hour(Period::Month, MARCH_2026 + 1) - march, 31 * 24);
        assert_eq!(utc().of_hour(Period::Month, u32::MAX), utc().of_hour(Period::Month, HOURS_END));
        assert_eq!((hour_of(u64::MAX), utc().first_hour(Period::Month, u32::MAX)), (HOURS_END, HOURS_END));
    }

    #[test]
    fn days_and_months_begin_at_midnight_of_their_zone() {
        let calendar = |name: &str| Calendar::of(name.parse().unwrap());
        // In Shanghai 2026-03-01 begins at 16:00 UTC of the day before.
        let shanghai = calendar("Asia/Shanghai").first_hour(Period::Month, MARCH_2026);
        assert_eq!(utc().first_hour(Period::Month, MARCH_2026) - shanghai, 8);
        let of_shanghai = |hour: u32| calendar("Asia/Shanghai").of_hour(Period::Month, hour);
        assert_eq!((of_shanghai(shanghai - 1), of_shanghai(shanghai)), (MARCH_2026 - 1, MARCH_2026));
        // Half past: in Kolkata it begins at 18:30 UTC, and all of that hour is of the new day.
        let kolkata = calendar("Asia/Kolkata").first_hour(Period::Month, MARCH_2026);
        assert_eq!(utc().first_hour(Period::Month, MARCH_2026) - kolkata, 6);
        for name in
            ["Asia/Shanghai", "Asia/Kolkata", "Asia/Kathmandu", "Europe/Berlin", "America/Sao_Paulo", "UTC"]
        {
            let calendar = calendar(name);
            for number in (1..60_000).step_by(11) {
                let (day, month) = (calendar.first_hour(Period::Day, number), number % 2_000 + 1);
                assert_eq!(calendar.of_hour(Period::Day, day), number, "{name}");
                assert_eq!(calendar.of_hour(Period::Day, day - 1), number - 1, "{name}");
                assert_eq!(
                    calendar.of_hour(Period::Month, calendar.first_hour(Period::Month, month)),
                    month,
                    "{name}"
                );
            }
            assert_eq!(calendar.of_hour(Period::Day, 0), 0, "{name}");
        }
    }

    #[test]
    fn a_span_without_limits_is_whole_months() {
        let march = utc().first_hour(Period::Month, MARCH_2026);
        let all = plan(&utc(), 0, u32::MAX, (march + 5, march + 800), [0; 3]);
        assert_eq!(all.periods, [(Period::Month, MARCH_2026), (Period::Month, MARCH_2026 + 1)]);
        assert_eq!((all.from, all.until), (march + 5, march + 800));
    }

    #[test]
    fn edges_are_days_and_hours_and_whole_days_where_hours_are_gone() {
        let march = utc().first_hour(Period::Month, MARCH_2026);
        let (from, until) = (march + 22, march + 24 * 3 + 2);
        let day = march / 24;
        let hours = |from: u32, until: u32| (from..until).map(|hour| (Period::Hour, hour));
        let days = |from: u32, until: u32| (from..until).map(|day| (Period::Day, day));
        let whole = plan(&utc(), from, until, (0, march + 9_000), [0; 3]);
        let expected: Vec<_> =
            hours(from, march + 24).chain(days(day + 1, day + 3)).chain(hours(until - 2, until)).collect();
        assert_eq!(whole.periods, expected);
        let kept = [march + 48, 0, 0];
        let widened = plan(&utc(), from, until, (0, march + 9_000), kept);
        let expected: Vec<_> = days(day, day + 3).chain(hours(until - 2, until)).collect();
        assert_eq!((widened.periods, widened.from, widened.until), (expected, march, until));
    }

    proptest! {
        #[test]
        fn a_plan_covers_its_span_once(
            from in 0..3_000u32, length in 1..3_000u32, first in 0..3_000u32, data in 1..3_000u32, gone in prop::array::uniform2(0..3_000u32),
            zone in prop::sample::select(vec!["UTC", "Asia/Shanghai", "Asia/Kolkata", "Europe/London"]),
        ) {
            let calendar = Calendar::of(zone.parse().unwrap());
            let kept = [gone[0], calendar.of_hour(Period::Day, gone[1]), 0];
            let plan = plan(&calendar, from, from + length, (first, first + data), kept);
            let mut hour = None;
            for (period, number) in &plan.periods {
                let begin = calendar.first_hour(*period, *number);
                prop_assert!(hour.is_none_or(|end| end <= begin || begin < end && kept != [0, 0, 0]));
                hour = Some(calendar.first_hour(*period, number + 1));
            }
            if gone == [0, 0] {
                let of_data = |hour: &u32| (first..first + data).contains(hour);
                let expected: Vec<u32> = (from..from + length).filter(of_data).collect();
                let covered = plan.periods.iter().flat_map(|(period, number)| calendar.first_hour(*period, *number)..calendar.first_hour(*period, number + 1));
                let covered: Vec<u32> = covered.filter(of_data).collect();
                prop_assert_eq!(covered, expected);
            }
        }
    }
}
