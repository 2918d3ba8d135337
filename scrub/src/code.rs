//! What a maker's code may not say: versions, builds, models, versions of systems.
//!
//! Such a code is chosen by whoever makes the app or the phone, and is full of digits: `2026030514`, `Xiaomi 2201117TY`, a commit.
//! The rules for names would call a tenth of all phones `redacted`. So here only what has the form of a number that belongs to
//! somebody is personal.
//!
//! Owns: these forms. Refuses: names (see `personal`).
//! Invariant: a card number, an IBAN, an e-mail address and a number that is written as one calls it (`+852 …`) are personal
//! here, too.

use crate::personal::{is_iban, looks_personal, tells_at_once};
use std::ops::RangeInclusive;

/// Digits of a payment card: the shortest and the longest number that ISO/IEC 7812 and its issuers use.
const CARD_DIGITS: RangeInclusive<usize> = 13..=19;

/// Digits in a row that no build has: a time down to the second has 14, one down to the millisecond 17.
const DIGITS_RUN_MIN: usize = 15;

/// Digits in groups with blanks or dashes between them, as numbers are written that people read out.
const DIGITS_GROUPED_MAX: usize = 8;

/// Most digits of a date with a time in groups, `2026-03-05 14:00:00`.
const DATE_DIGITS_MAX: usize = 14;

/// Digits behind a `+` that make it a phone number (E.164 has 8 to 15).
const PHONE_DIGITS_MIN: usize = 8;

/// Capitals, small letters and digits in a row that no commit has, which is hexadecimal.
const TOKEN_RUN_MIN: usize = 24;

/// Whether this text of a maker may be personal.
#[must_use]
pub fn looks_personal_code(text: &str) -> bool {
    // Makers write ASCII; whatever else comes is held to the rules of names.
    if !text.is_ascii() {
        return looks_personal(text);
    }
    text.chars().any(tells_at_once)
        || is_account(&text.split_whitespace().collect::<String>())
        || text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| is_account(word) || is_token(word))
        || is_phone(text)
        || is_identity(text)
        || has_number(text, &[' ', '-'])
        || has_number(text, &['.', '_', '/'])
}

/// An IBAN. One in twenty digests looks like one in small letters, so there the check digits decide (ISO 7064, MOD 97-10).
fn is_account(word: &str) -> bool {
    let is_digest = word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    is_iban(word)
        && (!is_digest || {
            let (head, rest) = word.split_at_checked(4).unwrap_or_default();
            let values = rest.chars().chain(head.chars()).filter_map(|c| c.to_digit(36));
            values.fold(0, |sum, value| (sum * if value > 9 { 100 } else { 10 } + value) % 97) == 1
        })
}

/// A word of capitals, small letters and digits that is too long for a code.
fn is_token(word: &str) -> bool {
    let count = |wanted: fn(&u8) -> bool| word.bytes().filter(wanted).count();
    word.len() >= TOKEN_RUN_MIN
        && count(u8::is_ascii_digit) >= 3
        && count(u8::is_ascii_uppercase) > 0
        && count(u8::is_ascii_lowercase) > 0
}

/// A `+` with nothing but a blank or a bracket before it, and the digits of a phone number behind it. `8.2.0+20260305` is none.
fn is_phone(text: &str) -> bool {
    text.match_indices('+').any(|(at, _)| {
        let begins = text.get(..at).and_then(|before| before.chars().next_back());
        let behind = text.get(at + 1..).unwrap_or_default();
        let number =
            behind.chars().take_while(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')'));
        begins.is_none_or(|c| matches!(c, ' ' | '(' | ':'))
            && number.filter(char::is_ascii_digit).count() >= PHONE_DIGITS_MIN
    })
}

/// Identity cards of one or two capitals and six or seven digits (`A123456(7)`, `S1234567D`), and UUIDs.
fn is_identity(text: &str) -> bool {
    let is_card = text.split(' ').any(|word| {
        let rest = word.trim_start_matches(|c: char| c.is_ascii_uppercase());
        let letters = word.len() - rest.len();
        let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = rest.len() - behind.len();
        let checked = behind.len() == 3 && behind.starts_with('(') && behind.ends_with(')');
        let plain =
            behind.is_empty() || (behind.len() == 1 && behind.bytes().all(|b| b.is_ascii_uppercase()));
        (1..=2).contains(&letters) && ((digits == 6 && checked) || (digits == 7 && (plain || checked)))
    });
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    let is_uuid = parts == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit());
    is_card || is_uuid
}

/// Whether digits that are only divided by these separators, one at a time, make a number of somebody.
fn has_number(text: &str, separators: &[char]) -> bool {
    let mut groups: Vec<&str> = Vec::new();
    for part in text.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = part.trim_end_matches(|c: char| !c.is_ascii_digit());
        let goes_on = part.len() == digits.len() + 1 && part.ends_with(separators);
        if !digits.is_empty() {
            groups.push(digits);
        }
        if !goes_on || digits.is_empty() {
            if is_number(&groups, separators) {
                return true;
            }
            groups.clear();
        }
    }
    is_number(&groups, separators)
}

fn is_number(groups: &[&str], separators: &[char]) -> bool {
    groups.iter().any(|group| is_long(group)) || (groups.len() > 1 && is_grouped(groups, separators))
}

/// A card's number, or more digits in a row than a time has.
fn is_long(digits: &str) -> bool {
    // A time down to the second or the millisecond has the length of some cards.
    let is_time = begins_with_year(digits) && matches!(digits.len(), 14 | 17);
    !is_time && (is_card(digits) || digits.len() >= DIGITS_RUN_MIN)
}

fn is_grouped(groups: &[&str], separators: &[char]) -> bool {
    let digits = groups.concat();
    let by = |range: RangeInclusive<usize>| groups.iter().all(|group| range.contains(&group.len()));
    let is_date = begins_with_year(&digits)
        && digits.len() <= DATE_DIGITS_MAX
        && groups.first().is_some_and(|year| year.len() == 4);
    // The parts of a version are divided by dots: only a card's groups in a card's form are meant there.
    let is_read_out = separators.contains(&' ') && digits.len() > DIGITS_GROUPED_MAX && by(2..=6);
    !is_date && (is_read_out || (is_card(&digits) && by(3..=6)))
}

fn begins_with_year(digits: &str) -> bool {
    digits.starts_with("19") || digits.starts_with("20")
}

fn is_card(digits: &str) -> bool {
    CARD_DIGITS.contains(&digits.len()) && passes_luhn(digits)
}

/// The check digit of card numbers (ISO/IEC 7812-1, annex B).
fn passes_luhn(digits: &str) -> bool {
    let sum: u32 = (0..)
        .zip(digits.bytes().rev())
        .map(|(at, digit): (u32, u8)| {
            let doubled = u32::from(digit.wrapping_sub(b'0')) << (at % 2);
            if doubled > 9 { doubled - 9 } else { doubled }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::looks_personal_code;

    #[test]
    fn what_makers_write_passes() {
        for code in [
            "",
            "8.2.0",
            "8.2.0-rc.1+48211",
            "8.2.0+20260305",
            "8.2.0-20260305-48211",
            "4.12.0.20260305142359",
            "2026.03.05",
            "2026-03-05-01",
            "8.2.0 (48211)",
            "48211",
            "2026030514",
            "202603051423",
            "20260305142359",
            "20260305142359123",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "15",
            "17.4.1",
            "14 (UKQ1.230804.001)",
            "TP1A.220624.014",
            "Pixel 8",
            "iPhone15,3",
            "Xiaomi 2201117TY",
            "21091116AC",
            "M2101K6G",
            "SM-S928B",
            "moto g(60)",
            "Redmi Note 8 (2021)",
            "小米 14",
            "ab12cd34ef56ab78cd90ef12ab34cd56",
        ] {
            assert!(!looks_personal_code(code), "{code}");
        }
    }

    #[test]
    fn what_is_somebodys_does_not() {
        for code in [
            "4111111111111111",
            "8.2.0 4111111111111111",
            "8.2.0-4111111111111111",
            "8.2.0.4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4111.1111.1111.1111",
            "1234 5678 9012 3456",
            "378282246310005",
            "30569309025904",
            "GB82WEST12345698765432",
            "GB82 WEST 1234 5698 7654 32",
            "de89370400440532013000",
            "chan.tai.man@example.com",
            "+852 9123 4567",
            "+85291234567",
            "tel:+1 (212) 555-0100",
            "+44 20 7946 0958",
            "078-05-1120",
            "A123456(7)",
            "S1234567D",
            "eyJhbGciOiJIUzI1NiIsInR5cCI6",
            "550e8400-e29b-41d4-a716-446655440000",
            "４１１１１１１１１１１１１１１１",
            "\u{1b}[8m8.2.0",
            "8.2.0\u{202e}0.2.8",
            "8.2\u{200b}.0",
            "8.2.0\n",
        ] {
            assert!(looks_personal_code(code), "{code}");
        }
    }
}
