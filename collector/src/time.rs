//! Milliseconds since 1970 UTC, hours and days, and how people write them.
//!
//! Owns: the calendar (proleptic Gregorian, UTC). Refuses: time zones.
//! Invariant: what [`moment`] writes, [`parse`] reads back to the minute.

use crate::error::Error;
use nowait_report::text::units::moment;
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds of an hour.
pub const HOUR_MS: u64 = 3_600_000;
/// Milliseconds of a day.
pub const DAY_MS: u64 = 24 * HOUR_MS;

/// The wall clock of this machine, in milliseconds since 1970 UTC.
#[must_use]
pub fn now_unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The last full hour at or before this moment.
#[must_use]
pub fn hour_floor(unix_ms: u64) -> u64 {
    unix_ms - unix_ms % HOUR_MS
}

/// The first full hour at or after this moment.
#[must_use]
pub fn hour_ceil(unix_ms: u64) -> u64 {
    unix_ms.checked_next_multiple_of(HOUR_MS).unwrap_or_else(|| hour_floor(unix_ms))
}

/// The last midnight UTC at or before this moment.
#[must_use]
pub fn day_floor(unix_ms: u64) -> u64 {
    unix_ms - unix_ms % DAY_MS
}

/// The first midnight UTC at or after this moment.
#[must_use]
pub fn day_ceil(unix_ms: u64) -> u64 {
    unix_ms.checked_next_multiple_of(DAY_MS).unwrap_or_else(|| day_floor(unix_ms))
}

/// Reads `2026-03-05`, `2026-03-05T14:30` (or with a blank, or with a `Z` behind) or milliseconds since 1970 UTC.
///
/// # Errors
/// [`Error::is_input`], naming the text and the forms that are read.
pub fn parse(text: &str) -> Result<u64, Error> {
    if !text.is_empty() && text.len() > 4 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map_err(|_| not_a_time(text));
    }
    let (date, clock) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
    let mut date = date.splitn(3, '-').map(str::parse::<u64>);
    let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day))) = (date.next(), date.next(), date.next()) else {
        return Err(not_a_time(text));
    };
    let (hour, minute) = clock.strip_suffix('Z').unwrap_or(clock).split_once(':').unwrap_or((clock, "0"));
    let (Ok(hour), Ok(minute)) = (hour.parse::<u64>(), minute.parse::<u64>()) else {
        return Err(not_a_time(text));
    };
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || hour > 23 || minute > 59 {
        return Err(not_a_time(text));
    }
    let days = days(year, month, day);
    // The 30th of February comes back as another day.
    if !moment(days * DAY_MS).starts_with(&format!("{year:04}-{month:02}-{day:02} ")) {
        return Err(not_a_time(text));
    }
    Ok(days * DAY_MS + hour * HOUR_MS + minute * 60_000)
}

fn not_a_time(text: &str) -> Error {
    let shown: String = text.chars().take(40).collect();
    Error::input(format!(
        "{shown:?} is no time: write 2026-03-05, 2026-03-05T14:30 (UTC) or milliseconds since 1970"
    ))
}

/// Days since 1970-01-01 of a date from 1970 on (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_era = year % 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.clamp(1, 31) - 1;
    (year / 400) * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_form() {
        assert_eq!(parse("1970-01-01").unwrap(), 0);
        assert_eq!(parse("2026-03-05T14:30Z").unwrap(), 1_772_721_000_000);
        assert_eq!(parse("2026-03-05 14:30").unwrap(), 1_772_721_000_000);
        assert_eq!(parse("1772721000000").unwrap(), 1_772_721_000_000);
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "2026",
            "2026-02-30",
            "2026-13-01",
            "2026-00-01",
            "2026-1-0",
            "yesterday",
            "2026-03-05T24:00",
        ] {
            assert!(parse(text).unwrap_err().is_input(), "{text}");
        }
    }

    #[test]
    fn moment_and_parse_agree_over_four_centuries() {
        for day in (0..160_000).step_by(13) {
            let at = day * DAY_MS + 47_100_000;
            assert_eq!(parse(&moment(at)).unwrap(), at, "{}", moment(at));
        }
    }
}
