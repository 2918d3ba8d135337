//! What a tap may say of its target: nothing from which the sequence of taps could be read.
//!
//! A keypad's views are called `pin_key_4`, `btnSeven`, `key_a`. Told in the order of the taps, such names are the PIN. So the
//! target of a tap is a name without its numbers, its single letters and its digits in words, wherever they stand.
//!
//! Owns: that rule. Refuses: names of anything but targets; an app that names a screen after an account number meets
//! `looks_personal`.
//! Invariant: two views whose names differ only in such a part have one name as targets.

use std::borrow::Cow;

/// What a tap may say of a target with this name, or `None` if nothing of it may be told. It is the text itself in most cases.
#[must_use]
pub fn target(text: &str) -> Option<Cow<'_, str>> {
    if !words(text).any(|word| tells_a_key(word.text)) {
        return words(text).any(|word| !word.is_separator).then_some(Cow::Borrowed(text));
    }
    let mut kept = String::new();
    let mut separator = "";
    for word in words(text) {
        if word.is_separator {
            separator = word.text;
        } else if !tells_a_key(word.text) {
            if !kept.is_empty() {
                kept.push_str(separator);
            }
            kept.push_str(word.text);
            separator = "";
        }
    }
    (!kept.is_empty()).then_some(Cow::Owned(kept))
}

/// A part of a name: letters, digits, or what stands between them.
struct Word<'a> {
    text: &'a str,
    is_separator: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Upper,
    Letter,
    Digit,
    Other,
}

fn class(c: char) -> Class {
    match c {
        c if c.is_numeric() => Class::Digit,
        c if c.is_uppercase() => Class::Upper,
        c if c.is_alphabetic() => Class::Letter,
        _ => Class::Other,
    }
}

/// Cuts between classes, and before a capital that begins a word: `keyA`, `PINKey`, `key4` and `key_four` are two words each.
fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (text, behind) = rest.split_at_checked(word_bytes(rest))?;
        rest = behind;
        let is_separator = !text.chars().any(char::is_alphanumeric);
        (!text.is_empty()).then_some(Word { text, is_separator })
    })
}

/// How long the first word is.
fn word_bytes(text: &str) -> usize {
    let mut chars = text.char_indices().map(|(at, c)| (at, class(c))).peekable();
    let Some((_, mut before)) = chars.next() else { return 0 };
    while let Some((at, now)) = chars.next() {
        let is_cut = match (before, now) {
            (Class::Upper, Class::Letter) => false,
            // The last of some capitals begins the next word: `PIN|Key`.
            (Class::Upper, Class::Upper) => chars.peek().is_some_and(|(_, next)| *next == Class::Letter),
            (before, now) => before != now,
        };
        if is_cut {
            return at;
        }
        before = now;
    }
    text.len()
}

/// Digits as English views spell them.
const DIGITS: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/// Whether a word says which key of a keypad or a keyboard it is.
fn tells_a_key(word: &str) -> bool {
    let mut chars = word.chars();
    let is_single = chars.next().is_some_and(char::is_alphanumeric) && chars.next().is_none();
    is_single
        || word.chars().any(char::is_numeric)
        || ((3..=5).contains(&word.len()) && DIGITS.iter().any(|digit| digit.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn keys_of_a_keypad_have_one_name() {
        for (keys, name) in [
            (["pin_key_4", "pin_key_0", "pin_key_7", "pin_key_12"], Some("pin_key")),
            (["key4", "key0", "key07", "key٤"], Some("key")),
            (["keyA", "key_b", "key-c", "key.D"], Some("key")),
            (["btnSeven", "btn_four", "btn.ONE", "btn_7"], Some("btn")),
            (["key_4_button", "key_7_button", "key_a_button", "key_four_button"], Some("key_button")),
            (["4", "a", "七", "seven"], None),
            (["7_4", "_", "", "A1"], None),
            (["數字鍵_一", "數字鍵_二", "數字鍵1", "數字鍵_九"], Some("數字鍵")),
            (["PIN4Key", "PIN0Key", "PIN_7_Key", "PIN-1-Key"], Some("PINKey")),
        ] {
            for key in keys {
                let found = target(key).map(|text| text.replace(['_', '-'], ""));
                assert_eq!(found.as_deref(), name.map(|name| name.replace('_', "")).as_deref(), "{key}");
            }
        }
    }

    #[test]
    fn names_without_keys_stay_as_they_are() {
        for name in ["Pay.Confirm", "HomeScreen", "轉帳確認", "button_ok", "PINKey", "open-menu", "phone"]
        {
            assert_eq!(target(name).as_deref(), Some(name));
        }
    }
}
