//! Milliseconds since 1970 UTC, hours and days, and how people write moments.
//!
//! Owns: the forms that [`parse`] reads. Refuses: the calendar (the crate `jiff` has it) and guessing: what can be read in two
//! ways is an error that says what to write.
//! Invariant: what [`Zone::moment`] writes, [`parse`] reads back to the minute.

use crate::error::Error;
use jiff::civil::DateTime;
use jiff::fmt::friendly::SpanParser;
use jiff::{SpanTotal, Timestamp, Unit};
use nowait_report::Zone;
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds of an hour.
pub const HOUR_MS: u64 = 3_600_000;
/// Milliseconds of a day.
pub const DAY_MS: u64 = 24 * HOUR_MS;

/// Digits from which on a number is taken for milliseconds since 1970: from March 1973 on. Fewer may as well be a date without its
/// dashes (8), or seconds (10).
const MILLISECONDS_DIGITS_MIN: usize = 12;

/// What every message says.
const FORMS: &str = "write 2026-03-05, 2026-03-05T14:30, 2026-03-05T14:30:00+08:00, now, today, yesterday, 7d or 24h (ago), or \
    milliseconds since 1970 UTC (12 digits or more)";

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

/// Reads a moment, where now is `now_unix_ms`: `2026-03-05`, `2026-03-05T14:30` (or with a blank) on the clock of `zone`, RFC 3339
/// with its offset,
/// `now`, `today` and `yesterday` (when they began), how long ago (`7d`, `-7d`, `90m`, `1w 12h`), or milliseconds since 1970 UTC in twelve digits or more.
///
/// # Errors
/// [`Error::is_input`], naming the text and what to write instead.
pub fn parse(text: &str, now_unix_ms: u64, zone: &Zone) -> Result<u64, Error> {
    if text.eq_ignore_ascii_case("now") {
        return Ok(now_unix_ms);
    }
    if let Some(begin) = day_named(text, now_unix_ms, zone) {
        return Ok(begin);
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return milliseconds(text);
    }
    // Only what begins as a date does: the library also reads dates without dashes, which we do not (see `milliseconds`).
    let is_date = text.len() >= 10
        && text.bytes().take(10).enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let found =
        if is_date { date(text, zone) } else { ago(text).map(|ago_ms| i128::from(now_unix_ms) - ago_ms) };
    let found = found.ok_or_else(|| not_a_time(text, hint(text)))?;
    u64::try_from(found).map_err(|_| not_a_time(text, "it lies before 1970; "))
}

/// Reads how long something is, in milliseconds: `30d`, `2w`, `36h`, `1w 12h`. A day has 24 hours; months and years have no one length.
///
/// # Errors
/// [`Error::is_input`], naming the text and what to write instead.
pub fn length_ms(text: &str) -> Result<u64, Error> {
    let known = ago(text).filter(|_| !text.starts_with('-')).and_then(|ms| u64::try_from(ms).ok());
    known.ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Error::input(format!("{shown:?} is no length of time: write 30d, 2w or 36h"))
    })
}

/// When a day began that is named by its distance from now.
fn day_named(text: &str, now_unix_ms: u64, zone: &Zone) -> Option<u64> {
    let today = zone.date(now_unix_ms)?;
    let date = match text {
        "today" => today,
        "yesterday" => today.yesterday().ok()?,
        _ => return None,
    };
    zone.read(date.at(0, 0, 0, 0)).and_then(|unix_ms| u64::try_from(unix_ms).ok())
}

fn milliseconds(text: &str) -> Result<u64, Error> {
    if text.len() >= MILLISECONDS_DIGITS_MIN {
        let known = text
            .parse()
            .ok()
            .filter(|ms| i64::try_from(*ms).is_ok_and(|ms| Timestamp::from_millisecond(ms).is_ok()));
        return known.ok_or_else(|| not_a_time(text, "it lies after the year 9999; "));
    }
    let parts = (text.get(..4), text.get(4..6), text.get(6..8));
    if let (8, (Some(year), Some(month), Some(day))) = (text.len(), parts) {
        let date = format!("{year}-{month}-{day}");
        if date.parse::<jiff::civil::Date>().is_ok() {
            return Err(not_a_time(text, &format!("for the date write {date}; ")));
        }
    }
    Err(not_a_time(text, ""))
}

/// A date, or a date with a time, in milliseconds since 1970 UTC, which may be negative.
fn date(text: &str, zone: &Zone) -> Option<i128> {
    let clock = text.get(10..)?;
    // The library passes over the name of a time zone; here nothing is passed over.
    if clock.contains('[') {
        return None;
    }
    let unix_ms = if clock.contains(['Z', 'z', '+', '-']) {
        text.parse::<Timestamp>().ok()?.as_millisecond()
    } else {
        zone.read(text.parse::<DateTime>().ok()?)?
    };
    Some(unix_ms.into())
}

/// How long ago in milliseconds. Months and years are none: they have no one length.
fn ago(text: &str) -> Option<i128> {
    let text = text.strip_prefix('-').unwrap_or(text);
    if !text.starts_with(|c: char| c.is_ascii_digit()) || text.contains(':') {
        return None;
    }
    let span = SpanParser::new().parse_span(text).ok()?;
    let ms = span.total(SpanTotal::from(Unit::Millisecond).days_are_24_hours()).ok()?;
    Some(ms.abs() as i128)
}

/// What else is known about a text that is no time.
fn hint(text: &str) -> &'static str {
    match text.rsplit_once(' ') {
        Some((before, offset)) if before.contains('T') && offset.contains(':') => {
            "in an address, + is written %2B; "
        }
        _ => "",
    }
}

fn not_a_time(text: &str, hint: &str) -> Error {
    let shown: String = text.chars().take(40).collect();
    Error::input(format!("{shown:?} is no time: {hint}{FORMS}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_772_721_000_000;

    #[test]
    fn moments_are_read_in_every_form() {
        for (text, unix_ms) in [
            ("1970-01-01", 0),
            ("2026-03-05", 1_772_668_800_000),
            ("2026-03-05T14:30", NOW),
            ("2026-03-05 14:30", NOW),
            ("2026-03-05T14:30Z", NOW),
            ("2026-03-05T14:30:00.000Z", NOW),
            ("2026-03-05T22:30:00+08:00", NOW),
            ("2026-03-05T09:30:00-05:00", NOW),
            ("1772721000000", NOW),
            ("100000000000", 100_000_000_000),
            ("now", NOW),
            ("7d", NOW - 7 * DAY_MS),
            ("-7d", NOW - 7 * DAY_MS),
            ("24h", NOW - DAY_MS),
            ("90m", NOW - 90 * 60_000),
            ("1w 12h", NOW - 7 * DAY_MS - 12 * HOUR_MS),
            ("2 days ago", NOW - 2 * DAY_MS),
            ("0d", NOW),
        ] {
            assert_eq!(parse(text, NOW, &Zone::UTC).unwrap(), unix_ms, "{text}");
        }
    }

    #[test]
    fn a_date_is_the_day_of_the_zone_unless_it_says_its_offset() {
        let shanghai = "Asia/Shanghai".parse().unwrap();
        for (text, unix_ms) in [
            ("2026-03-05", 1_772_640_000_000),
            ("2026-03-05T22:30", NOW),
            ("2026-03-05T14:30Z", NOW),
            ("1d", NOW - DAY_MS),
            ("today", 1_772_640_000_000),
            ("yesterday", 1_772_640_000_000 - DAY_MS),
        ] {
            assert_eq!(parse(text, NOW, &shanghai).unwrap(), unix_ms, "{text}");
        }
    }

    #[test]
    fn lengths_have_one_meaning_or_none() {
        for (text, ms) in [("30d", 30 * DAY_MS), ("2w", 14 * DAY_MS), ("1d 12h", 36 * HOUR_MS), ("0d", 0)] {
            assert_eq!(length_ms(text).unwrap(), ms, "{text}");
        }
        for text in ["", "30", "-30d", "13mo", "1y", "now", "d", "30d\u{1b}"] {
            let error = length_ms(text).unwrap_err();
            assert!(error.is_input() && error.to_string().contains("write 30d"), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_what_to_write() {
        for text in [
            "",
            "0",
            "7",
            "2026",
            "1772721000",
            "20261399",
            "2026-02-30",
            "2026-13-01",
            "2026-00-01",
            "2026-1-0",
            "2026-03-05T24:00",
            "2026-03-05T14:00[Asia/Hong_Kong]",
            "2026-03-05T14:00+99:00",
            "2026-03-05T",
            "the day before",
            "noon",
            "14:00",
            "+7d",
            "--7d",
            "7x",
            "1mo",
            "2y",
            "99999999999999999999d",
            "99999999999999999999",
            "-2026-03-05",
            "1969-12-31",
            "30000d",
            "７d",
            "\u{202e}7d",
        ] {
            let error = parse(text, NOW, &Zone::UTC).unwrap_err();
            assert!(error.is_input() && error.to_string().contains("write 2026-03-05"), "{text}: {error}");
        }
        let said = parse("20260305", NOW, &Zone::UTC).unwrap_err().to_string();
        assert!(said.contains("\"20260305\" is no time: for the date write 2026-03-05;"), "{said}");
        let said = parse("2026-03-05T14:30:00 08:00", NOW, &Zone::UTC).unwrap_err().to_string();
        assert!(said.contains("+ is written %2B"), "{said}");
    }

    #[test]
    fn moment_and_parse_agree_over_four_centuries() {
        for day in (0..160_000).step_by(13) {
            let at = day * DAY_MS + 47_100_000;
            for zone in [Zone::UTC, "Asia/Shanghai".parse().unwrap()] {
                let moment = zone.moment(at);
                assert_eq!(parse(&moment, NOW, &zone).unwrap(), at, "{moment}");
            }
        }
    }
}
