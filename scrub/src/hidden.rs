//! Characters that nobody sees, or that change how others are seen.
//!
//! Owns: the list. Refuses: what becomes of them (a name with one is personal, a printed text shows a mark instead).
//! Invariant: every control character (the escape that begins a terminal's command is one) and every one that turns the
//! direction of text is in the list.

/// Whether a reader would not see this character, or see others in another order because of it: controls, directions
/// (Unicode's bidirectional formatting), line and paragraph separators, and what is drawn with no width.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || joins(c)
        || matches!(c,
            '\u{AD}'                      // soft hyphen
            | '\u{34F}'                   // combining grapheme joiner
            | '\u{61C}'                   // Arabic letter mark
            | '\u{115F}' | '\u{1160}'     // Hangul fillers
            | '\u{17B4}' | '\u{17B5}'     // Khmer vowels that are not drawn
            | '\u{180B}'..='\u{180F}'     // Mongolian selectors and vowel separator
            | '\u{200B}'                  // zero-width space
            | '\u{200E}' | '\u{200F}'     // left-to-right and right-to-left marks
            | '\u{2028}'..='\u{202E}'     // separators, embeddings, overrides
            | '\u{2060}'..='\u{206F}'     // word joiner, invisible operators, isolates
            | '\u{2800}'                  // empty Braille pattern
            | '\u{3164}' | '\u{FFA0}'     // Hangul fillers
            | '\u{FEFF}'                  // byte order mark
            | '\u{FFF0}'..='\u{FFFB}'     // interlinear annotation
            | '\u{1BCA0}'..='\u{1BCA3}'   // shorthand format controls
            | '\u{1D173}'..='\u{1D17A}'   // musical format controls
            | '\u{E0000}'..='\u{E0FFF}' // tags and selectors
        )
}

/// Whether this hidden character belongs to how some scripts and emoji are written, so that a name may hold it.
pub(crate) fn joins(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}')
}

#[cfg(test)]
mod tests {
    use super::is_hidden;

    #[test]
    fn nothing_hidden_is_missed_and_nothing_visible_is_taken() {
        for c in "\u{0}\t\n\r\u{1b}\u{7f}\u{85}\u{9b}\u{ad}\u{61c}\u{200b}\u{200d}\u{200f}\u{2029}\u{202e}\u{2066}\u{2069}\
            \u{3164}\u{fe0f}\u{feff}\u{e0041}"
            .chars()
        {
            assert!(is_hidden(c), "{c:?}");
        }
        for c in " aZ09-._/{}轉é\u{a0}–…×µ€😀ا".chars() {
            assert!(!is_hidden(c), "{c:?}");
        }
    }
}
