//! Texts from outside as a terminal or a page may show them.
//!
//! Owns: the mark in the place of what nobody would see. Refuses: which characters these are (see `nowait_scrub`).
//! Invariant: no text that passed here moves the cursor, changes a colour, turns its direction or hides a part of itself.

use nowait_scrub::is_hidden;
use std::borrow::Cow;

/// What stands where a hidden character stood: one for one, so that widths stay.
const MARK: char = '\u{FFFD}';

/// The text with a mark for each hidden character, line breaks included.
#[must_use]
pub fn safe(text: &str) -> Cow<'_, str> {
    shown(text, |_| false)
}

/// The same for a text of several lines.
#[must_use]
pub fn safe_lines(text: &str) -> Cow<'_, str> {
    shown(text, |c| c == '\n')
}

/// One character of a text, or its mark.
pub(crate) fn safe_char(c: char) -> char {
    if is_hidden(c) { MARK } else { c }
}

fn shown(text: &str, keeps: fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(|c| keeps(c) || !is_hidden(c)) {
        return Cow::Borrowed(text);
    }
    text.chars().map(|c| if keeps(c) { c } else { safe_char(c) }).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hidden_is_shown() {
        assert_eq!(safe("8.2.0 轉帳 é"), "8.2.0 轉帳 é");
        assert_eq!(
            safe("\u{1b}[8m8\u{202e}2\u{200b}\u{9b}0\r\n"),
            "\u{fffd}[8m8\u{fffd}2\u{fffd}\u{fffd}0\u{fffd}\u{fffd}"
        );
        assert_eq!(safe_lines("a\nb\rc\u{2066}"), "a\nb\u{fffd}c\u{fffd}");
        assert!(matches!(safe_lines("a\nb"), Cow::Borrowed(_)));
    }
}
