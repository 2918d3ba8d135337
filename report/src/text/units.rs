//! Numbers as people read them: durations, shares and counts.
//!
//! Owns: units and digits. Refuses: columns (see the table beside it).
//! Invariant: three significant digits, one unit, the same text for the same number everywhere.

use crate::metric::Unit;
use crate::report::Within;

/// What stands where there is no number.
pub const NONE: &str = "–";

/// A number with three significant digits, below 1,000.
fn three_digits(value: f64) -> String {
    // The bounds are where rounding would add a digit.
    let decimals = if value < 9.995 {
        2
    } else if value < 99.95 {
        1
    } else {
        0
    };
    format!("{value:.decimals$}")
}

/// A duration given in nanoseconds with three significant digits: `1.23 s`, `45.6 ms`, `789 µs`; from two minutes on
/// `2m 05s`, from an hour on `1h 05m`.
#[must_use]
pub fn duration(ns: u64) -> String {
    let value = ns as f64;
    let whole_s = (value / 1e9).round() as u64;
    match value {
        0.0 => "0 s".to_owned(),
        v if v < 999.5 => format!("{ns} ns"),
        v if v < 999.5e3 => format!("{} µs", three_digits(v / 1e3)),
        v if v < 999.5e6 => format!("{} ms", three_digits(v / 1e6)),
        v if v < 119.5e9 => format!("{} s", three_digits(v / 1e9)),
        _ if whole_s < 3_600 => format!("{}m {:02}s", whole_s / 60, whole_s % 60),
        _ if whole_s < 360_000 => format!("{}h {:02}m", whole_s / 3_600, whole_s / 60 % 60),
        _ => format!("{} h", count(whole_s / 3_600)),
    }
}

/// A value in its unit with three significant digits: `412 ms`, `-1.50 ms`, `0.42 ns`, `17.8 MB`, `12`, `153 M ops/s`.
#[must_use]
pub fn quantity(unit: &Unit, value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    let size = value.abs();
    match unit {
        Unit::Nanoseconds if size > 0.0 && size < 999.5 => format!("{sign}{} ns", three_digits(size)),
        Unit::Nanoseconds => format!("{sign}{}", duration(size.round() as u64)),
        Unit::Bytes => format!("{sign}{}", bytes(size)),
        Unit::Count if size.fract() == 0.0 && size < 1e15 => format!("{sign}{}", count(size as u64)),
        Unit::Count => format!("{sign}{}", scaled(size)),
        Unit::Other(unit) if unit.is_empty() => format!("{sign}{}", scaled(size)),
        Unit::Other(unit) => format!("{sign}{} {unit}", scaled(size)),
    }
}

/// The same of a difference, with its sign.
#[must_use]
pub fn signed_quantity(unit: &Unit, difference: f64) -> String {
    let plus = if difference > 0.0 { "+" } else { "" };
    format!("{plus}{}", quantity(unit, difference))
}

/// A number from 0 on with three significant digits and a factor of 1,000 for each letter.
fn scaled(size: f64) -> String {
    if size > 0.0 && size < 0.1 {
        return format!("{size:.2e}");
    }
    let (mut value, mut factor) = (size, "");
    for larger in [" k", " M", " G", " T", " P"] {
        if value < 999.5 {
            break;
        }
        (value, factor) = (value / 1e3, larger);
    }
    format!("{}{factor}", three_digits(value))
}

/// A duration, or a dash.
#[must_use]
pub fn duration_or_none(ns: Option<u64>) -> String {
    ns.map_or_else(|| NONE.to_owned(), duration)
}

/// A count with a comma between thousands.
#[must_use]
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes with three significant digits, in powers of 1,000: `4.77 B`, `12.3 kB`, `18.4 EB`.
#[must_use]
pub fn bytes(bytes: f64) -> String {
    let (mut value, mut unit) = (bytes, "B");
    for larger in ["kB", "MB", "GB", "TB", "PB", "EB"] {
        if value < 999.5 {
            break;
        }
        (value, unit) = (value / 1e3, larger);
    }
    format!("{} {unit}", three_digits(value))
}

/// The bucket that a duration lies in, by its one bound that says the most: `< 64 ns`, or `≥ 524 µs` in the last one.
#[must_use]
pub fn within(bucket: Option<Within>) -> String {
    match bucket {
        None => NONE.to_owned(),
        Some(Within { below_ns: Some(below_ns), .. }) => format!("< {}", duration(below_ns)),
        Some(Within { from_ns, below_ns: None }) => format!("≥ {}", duration(from_ns)),
    }
}

/// A share of 0 to 1 as per cent with one decimal; never `100.0 %` or `0.0 %` for anything but all or nothing.
#[must_use]
pub fn share(share: Option<f64>) -> String {
    match share {
        None => NONE.to_owned(),
        Some(share) if share > 0.0 && share < 0.0005 => "<0.1 %".to_owned(),
        Some(share) if (0.9995..1.0).contains(&share) => ">99.9 %".to_owned(),
        Some(share) => format!("{:.1} %", share * 100.0),
    }
}

/// A ratio as the change from 1: `+12.3 %`, `-4.5 %`, `×12.3` from ten times on.
#[must_use]
pub fn change(ratio: f64) -> String {
    if ratio >= 10.0 { format!("×{}", three_digits(ratio)) } else { signed((ratio - 1.0) * 100.0, " %") }
}

/// A number with its sign and one decimal; zero has none.
#[must_use]
pub fn signed(value: f64, unit: &str) -> String {
    if value.abs() < 0.05 { format!("0.0{unit}") } else { format!("{value:+.1}{unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_and_one_unit() {
        for (ns, text) in [
            (0, "0 s"),
            (999, "999 ns"),
            (1_500, "1.50 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (9_994_000, "9.99 ms"),
            (9_996_000, "10.0 ms"),
            (250_000_000, "250 ms"),
            (999_600_000, "1.00 s"),
            (12_340_000_000, "12.3 s"),
            (119_400_000_000, "119 s"),
            (125_000_000_000, "2m 05s"),
            (3_599_600_000_000, "1h 00m"),
            (3_900_000_000_000, "1h 05m"),
            (u64::MAX, "5,124,095 h"),
        ] {
            assert_eq!(duration(ns), text, "{ns}");
        }
    }

    #[test]
    fn values_have_three_digits_and_their_unit() {
        let other = |unit: &str| Unit::Other(unit.to_owned());
        for (unit, value, text) in [
            (Unit::Nanoseconds, 412_345_678.0, "412 ms"),
            (Unit::Nanoseconds, -1_500_000.0, "-1.50 ms"),
            (Unit::Nanoseconds, 0.4217, "0.42 ns"),
            (Unit::Nanoseconds, 0.0, "0 s"),
            (Unit::Bytes, 17_848_000.0, "17.8 MB"),
            (Unit::Count, 1_234.0, "1,234"),
            (Unit::Count, 12.5, "12.5"),
            (other("ops/s"), 152_495_705.9, "152 M ops/s"),
            (other(""), 0.0123, "1.23e-2"),
        ] {
            assert_eq!(quantity(&unit, value), text);
        }
        assert_eq!(signed_quantity(&Unit::Nanoseconds, 2e6), "+2.00 ms");
        assert_eq!(signed_quantity(&other("ms/s"), -3.0), "-3.00 ms/s");
    }

    #[test]
    fn shares_and_changes_never_round_to_all_or_nothing() {
        assert_eq!(share(Some(1.0)), "100.0 %");
        assert_eq!(share(Some(0.9999)), ">99.9 %");
        assert_eq!(share(Some(0.0001)), "<0.1 %");
        assert_eq!(share(Some(0.0)), "0.0 %");
        assert_eq!(share(None), "–");
        assert_eq!(
            (change(1.214), change(0.95), change(1.0), change(12.34)),
            ("+21.4 %".to_owned(), "-5.0 %".to_owned(), "0.0 %".to_owned(), "×12.3".to_owned())
        );
    }

    #[test]
    fn bytes_and_buckets_read_well() {
        for (number, text) in [
            (0.25, "0.25 B"),
            (4.768, "4.77 B"),
            (999.4, "999 B"),
            (999.5, "1.00 kB"),
            (12_345.0, "12.3 kB"),
            (999_499.9, "999 kB"),
            (u64::MAX as f64, "18.4 EB"),
            (u64::MAX as f64 * 1e6, "18446744 EB"),
        ] {
            assert_eq!(bytes(number), text, "{number}");
        }
        let bucket = |from_ns, below_ns| within(Some(Within { from_ns, below_ns }));
        assert_eq!(
            (bucket(32, Some(64)), bucket(524_288, None)),
            ("< 64 ns".to_owned(), "≥ 524 µs".to_owned())
        );
        assert_eq!(within(None), "–");
    }

    #[test]
    fn counts_read_well() {
        assert_eq!(
            (count(0), count(999), count(1_000), count(12_345_678)),
            ("0".to_owned(), "999".to_owned(), "1,000".to_owned(), "12,345,678".to_owned())
        );
    }
}
