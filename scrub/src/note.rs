//! What a free text may not say: a review, or what somebody noted of a call.
//!
//! A name that looks personal is replaced whole. A text of some sentences is not: each piece of it that looks personal is, and with
//! it all that is written in one go with the piece, because half a card number is still half a card number.
//!
//! Owns: where such a piece begins and ends. Refuses: to know people's names and addresses: no pattern tells them from other words.
//! Invariant: what is left has no number that a name may not have, no e-mail address, no token and no hidden character.

use crate::REDACTED;
use crate::hidden::{is_hidden, joins};
use crate::personal::{DIGITS_RUN_MAX, DIGITS_TOTAL_MAX, is_at, is_token};
use std::ops::Range;

/// What stands between two digits of one number may be as long as in `(852) 9123` and `4111 - 1111`.
const GAP_MAX: usize = 3;

/// Digits in a row as Chinese words from which on they are a number that is read out; a year has four.
const SPELT_RUN_MAX: usize = 6;

/// The longest group of letters and digits of an IBAN that stands apart.
const GROUP_MAX: usize = 4;

/// The text without what looks personal, and how many pieces that were.
#[must_use]
pub fn note(text: &str) -> (String, usize) {
    let chars: Vec<char> = text.chars().filter_map(shown).collect();
    let mut personal = vec![false; chars.len()];
    for piece in
        addresses(&chars).into_iter().chain(numbers(&chars)).chain(spelt(&chars)).chain(tokens(&chars))
    {
        mark(&mut personal, whole(&chars, piece));
    }
    let (mut kept, mut pieces, mut before) = (String::with_capacity(text.len()), 0, false);
    for (c, is_personal) in chars.iter().zip(&personal) {
        if !is_personal {
            kept.push(*c);
        } else if !before {
            kept.push_str(REDACTED);
            pieces += 1;
        }
        before = *is_personal;
    }
    (kept, pieces)
}

/// What nobody sees is gone, so that it hides no number; what breaks lines is a blank.
fn shown(c: char) -> Option<char> {
    match c {
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => Some(' '),
        c if is_hidden(c) || joins(c) => None,
        c => Some(c),
    }
}

fn mark(personal: &mut [bool], piece: Range<usize>) {
    personal.iter_mut().take(piece.end).skip(piece.start).for_each(|of| *of = true);
}

fn at(chars: &[char], place: usize) -> Option<char> {
    chars.get(place).copied()
}

/// The first place from which on all characters up to this one are such.
fn begin(chars: &[char], end: usize, is: impl Fn(char) -> bool) -> usize {
    let before = chars.get(..end).unwrap_or_default();
    end - before.iter().rev().take_while(|c| is(**c)).count()
}

/// The first place behind this one that is none.
fn end(chars: &[char], begin: usize, is: impl Fn(char) -> bool) -> usize {
    begin + chars.get(begin..).unwrap_or_default().iter().take_while(|c| is(**c)).count()
}

/// What stands around each sign of an e-mail address. Chinese has no blanks: beside ASCII only ASCII is of the address.
fn addresses(chars: &[char]) -> Vec<Range<usize>> {
    let part = |c: char| {
        !c.is_whitespace() && (c.is_alphanumeric() || (c.is_ascii() && !",;:!?<>()\"'".contains(c)))
    };
    let signs = chars.iter().enumerate().filter(|(_, c)| is_at(**c));
    let around = |(sign, _): (usize, &char)| {
        let is_ascii = |neighbour: Option<char>| neighbour.is_some_and(|c| c.is_ascii());
        let before = sign.checked_sub(1).and_then(|place| at(chars, place));
        let (left, right) = (is_ascii(before), is_ascii(at(chars, sign + 1)));
        let first = begin(chars, sign, |c| part(c) && (!left || c.is_ascii()));
        first..end(chars, sign + 1, |c| part(c) && (!right || c.is_ascii()))
    };
    signs.map(around).collect()
}

/// Digits, with what may stand between two of them, that are more than a name may have.
fn numbers(chars: &[char]) -> Vec<Range<usize>> {
    let is_gap = |c: char| c == ' ' || "-.()/_·+–—－（）　".contains(c);
    let (mut found, mut place) = (Vec::new(), 0);
    while place < chars.len() {
        let first = place;
        let (mut digits, mut longest) = (0, 0);
        loop {
            let behind = end(chars, place, char::is_numeric);
            digits += behind - place;
            longest = longest.max(behind - place);
            place = behind;
            let next = end(chars, place, is_gap);
            let goes_on =
                digits > 0 && next - place <= GAP_MAX && at(chars, next).is_some_and(char::is_numeric);
            if !goes_on {
                break;
            }
            place = next;
        }
        if digits > DIGITS_TOTAL_MAX || longest > DIGITS_RUN_MAX {
            found.push(groups(chars, first..place));
        }
        place = place.max(first + 1);
    }
    found
}

/// The same with the groups of an IBAN around it, which are capitals and digits.
fn groups(chars: &[char], mut piece: Range<usize>) -> Range<usize> {
    let is_code = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    let is_group = |group: &Range<usize>| (1..=GROUP_MAX).contains(&group.len());
    loop {
        let behind = begin(chars, piece.start, |c| c == ' ');
        let before = begin(chars, behind, is_code)..behind;
        if behind == piece.start || !is_group(&before) {
            break;
        }
        piece.start = before.start;
    }
    loop {
        let first = end(chars, piece.end, |c| c == ' ');
        let after = first..end(chars, first, is_code);
        if first == piece.end || !is_group(&after) {
            return piece;
        }
        piece.end = after.end;
    }
}

/// Numbers that are written as Chinese words.
fn spelt(chars: &[char]) -> Vec<Range<usize>> {
    let is_digit = |c: char| "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖貳參陸".contains(c);
    runs(chars, is_digit).filter(|run| run.len() > SPELT_RUN_MAX).collect()
}

/// Words in which letters and digits mix as in tokens, hashes and parts of a UUID.
fn tokens(chars: &[char]) -> Vec<Range<usize>> {
    let is_one =
        |run: &Range<usize>| is_token(&chars.get(run.clone()).unwrap_or_default().iter().collect::<String>());
    runs(chars, |c| c.is_ascii_alphanumeric()).filter(is_one).collect()
}

fn runs<'c>(
    chars: &'c [char],
    is: impl Fn(char) -> bool + Copy + 'c,
) -> impl Iterator<Item = Range<usize>> + 'c {
    let mut place = 0;
    std::iter::from_fn(move || {
        let first = end(chars, place, |c| !is(c));
        place = end(chars, first, is);
        (place > first).then_some(first..place)
    })
}

/// The piece with what is written in one go with it.
fn whole(chars: &[char], piece: Range<usize>) -> Range<usize> {
    let is_of = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    begin(chars, piece.start, is_of)..end(chars, piece.end, is_of)
}

#[cfg(test)]
mod tests {
    use super::note;

    #[test]
    fn what_customers_say_of_a_bank_stays() {
        for text in [
            "转账太慢了，等了10分钟，3次都失败。",
            "Waited 10 minutes on 2026-03-05, then error 504!",
            "Fee of 1,000.50 HKD; version 8.2.0 is worse than 8.1",
            "手機銀行好用👍 5星",
            "第1步到第12步都很順",
        ] {
            assert_eq!(note(text), (text.to_owned(), 0));
        }
    }

    #[test]
    fn what_is_somebodys_does_not() {
        for (text, kept, pieces) in [
            ("我的卡号4111111111111111转账失败", "我的卡号redacted转账失败", 1),
            ("card 4111 1111 1111 1111 declined", "card redacted declined", 1),
            ("card 4111-1111-1111-1111!", "card redacted!", 1),
            ("call me at +852 9123 4567 please", "call me at +redacted please", 1),
            ("电话 138 0013 8000，谢谢", "电话 redacted，谢谢", 1),
            ("身份证11010519491231002X", "身份证redacted", 1),
            ("HKID A123456(7)", "HKID redacted)", 1),
            ("account GB82 WEST 1234 5698 7654 32 closed", "account redacted closed", 1),
            ("邮箱chan.tai.man@example.com谢谢", "邮箱redacted谢谢", 1),
            ("chan＠example.com and 550e8400-e29b-41d4-a716-446655440000", "redacted and redacted", 2),
            ("reference AbC123dEf456GhI", "reference redacted", 1),
            ("電話一三八零零一三八零零零", "電話redacted", 1),
            ("4111\u{200b}1111\u{200d}1111\u{feff}1111", "redacted", 1),
            ("４１１１１１１１１１１１１１１１", "redacted", 1),
            ("4111\n1111\n1111\n1111", "redacted", 1),
            ("123456", "redacted", 1),
        ] {
            assert_eq!(note(text), (kept.to_owned(), pieces), "{text}");
        }
    }

    #[test]
    fn what_is_left_is_left_alone() {
        for text in ["", "@", "@@@", "a@", "1 2 3 4 5 6 7 8 9 0", "\u{0}\u{1}", "(((((123456)))))"] {
            let (kept, _) = note(text);
            assert_eq!(note(&kept).1, usize::from(kept.contains('@')), "{text:?} {kept:?}");
        }
    }
}
