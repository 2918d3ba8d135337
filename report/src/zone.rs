//! The time zone in which days are cut.
//!
//! Owns: which moments a day, a month and an hour of the clock on the wall are. Refuses: guessing a zone from the machine.
//! Invariant: it has a name that the IANA time zone database knows, and is read back from that name.

use crate::error::Error;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The name of Coordinated Universal Time, which every store has unless it is told otherwise.
const UTC: &str = "UTC";

/// A time zone of the IANA database, for example `Asia/Shanghai`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Zone = Zone(TimeZone::UTC);

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or(UTC)
    }

    /// A moment in milliseconds since 1970 UTC as `2026-11-22 08:15` on the clock of this zone.
    #[must_use]
    pub fn moment(&self, unix_ms: u64) -> String {
        let at = self.at(unix_ms);
        at.map_or_else(|| "after the year 9999".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string())
    }

    /// The time on the clock of this zone at a moment in milliseconds since 1970 UTC, as `08:15:30.250`.
    #[must_use]
    pub fn clock(&self, unix_ms: u64) -> String {
        self.at(unix_ms)
            .map_or_else(|| "after the year 9999".to_owned(), |at| at.strftime("%H:%M:%S%.3f").to_string())
    }

    /// The day of a moment in milliseconds since 1970 UTC, as `2026-11-22`; moments behind the year 9999 are of its last day.
    #[must_use]
    pub fn day(&self, unix_ms: u64) -> String {
        self.at(unix_ms).map_or_else(|| "9999-12-31".to_owned(), |at| at.strftime("%Y-%m-%d").to_string())
    }

    /// The date that a moment in milliseconds since 1970 UTC has here; `None` behind the year 9999.
    #[must_use]
    pub fn date(&self, unix_ms: u64) -> Option<Date> {
        self.at(unix_ms).map(|at| at.date())
    }

    /// The hour on the clock, 0 to 23, at a moment in milliseconds since 1970 UTC; `None` behind the year 9999.
    #[must_use]
    pub fn hour_of_day(&self, unix_ms: u64) -> Option<u8> {
        self.at(unix_ms).and_then(|at| u8::try_from(at.hour()).ok())
    }

    /// The first moment of a date here, in milliseconds since 1970 UTC; `None` if that lies before 1970 or behind the year 9999.
    #[must_use]
    pub fn begin_of(&self, date: Date) -> Option<u64> {
        self.read(date.at(0, 0, 0, 0)).and_then(|unix_ms| u64::try_from(unix_ms).ok())
    }

    /// What a date and a time on the clock of this zone are, in milliseconds since 1970 UTC, which may be negative; `None` behind the
    /// year 9999. Of a time that the clock shows twice it is the earlier; one that it leaves out is as much later.
    #[must_use]
    pub fn read(&self, clock: DateTime) -> Option<i64> {
        self.0.to_timestamp(clock).ok().map(Timestamp::as_millisecond)
    }

    fn at(&self, unix_ms: u64) -> Option<DateTime> {
        let at = Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()?;
        Some(self.0.to_datetime(at))
    }
}

impl Default for Zone {
    fn default() -> Zone {
        Zone::UTC
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Zone {
    type Err = Error;

    fn from_str(name: &str) -> Result<Zone, Error> {
        if name.eq_ignore_ascii_case(UTC) {
            return Ok(Zone::UTC);
        }
        let known = TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some() && !zone.is_unknown());
        known.map(Zone).ok_or_else(|| {
            let shown: String = name.chars().take(40).collect();
            Error::zone(format!(
                "{shown:?} is no time zone: write one of the IANA database, for example Asia/Shanghai, or UTC"
            ))
        })
    }
}

impl TryFrom<String> for Zone {
    type Error = Error;

    fn try_from(name: String) -> Result<Zone, Error> {
        name.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> String {
        zone.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-05T16:30:00Z, which is past midnight in Shanghai.
    const EVENING: u64 = 1_772_728_200_000;

    #[test]
    fn a_moment_has_the_date_of_its_zone() {
        let shanghai: Zone = "Asia/Shanghai".parse().unwrap();
        assert_eq!(shanghai.moment(EVENING), "2026-03-06 00:30");
        assert_eq!((shanghai.day(EVENING), shanghai.hour_of_day(EVENING)), ("2026-03-06".into(), Some(0)));
        assert_eq!(Zone::UTC.moment(EVENING), "2026-03-05 16:30");
        assert_eq!(Zone::UTC.moment(951_782_400_000), "2000-02-29 00:00");
        assert_eq!(Zone::UTC.moment(253_402_207_200_000), "9999-12-30 22:00");
        assert_eq!(shanghai.begin_of(shanghai.date(EVENING).unwrap()), Some(EVENING - 30 * 60_000));
        assert_eq!(
            (shanghai.day(u64::MAX), Zone::UTC.moment(u64::MAX)),
            ("9999-12-31".into(), "after the year 9999".into())
        );
    }

    #[test]
    fn a_day_of_a_changed_clock_begins_at_its_own_midnight() {
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        let begin = |day: i8| berlin.begin_of(Date::constant(2026, 3, day)).unwrap();
        assert_eq!((begin(30) - begin(29)) / 3_600_000, 23);
    }

    #[test]
    fn zones_are_read_back_by_their_names_and_others_are_refused() {
        for name in ["UTC", "Asia/Shanghai", "Asia/Kolkata", "Europe/Berlin"] {
            let zone: Zone = name.parse().unwrap();
            let json = serde_json::to_string(&zone).unwrap();
            assert_eq!((zone.name(), serde_json::from_str::<Zone>(&json).unwrap()), (name, zone.clone()));
        }
        for name in ["", "+08:00", "Shanghai", "Asia/Nowhere", "Etc/Unknown", "../../etc/passwd", "a\0b"] {
            let error = name.parse::<Zone>().unwrap_err();
            assert!(error.is_zone() && error.to_string().contains("Asia/Shanghai"), "{name}: {error}");
        }
    }
}
