//! A text as words: Chinese by the dictionary of jieba, other scripts at what stands between their words.
//!
//! Owns: where a word begins and ends, and what parts a sentence. Refuses: what words mean.
//! Invariant: the same text gives the same words, in any process.

use jieba_rs::Jieba;
use nowait_report::feedback::Token;
use std::fmt;

/// Cuts texts.
pub struct Segmenter(Jieba);

impl fmt::Debug for Segmenter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Segmenter")
    }
}

impl Segmenter {
    /// The dictionary of jieba, with these words beside its own, so that none of them is cut in two.
    pub fn new<'w>(words: impl IntoIterator<Item = &'w str>) -> Segmenter {
        let mut jieba = Jieba::new();
        for word in words {
            // One sign is a word of its own wherever it stands apart; with a frequency for that it would cut others in two.
            if word.chars().count() > 1 && word.chars().all(is_han) {
                jieba.add_word(word, None, None);
            }
        }
        Segmenter(jieba)
    }

    /// The words of a text in small letters, and what parts them.
    #[must_use]
    pub fn cut(&self, text: &str) -> Vec<Token> {
        let (mut tokens, mut rest) = (Vec::new(), text);
        while let Some(first) = rest.chars().next() {
            let kind = Kind::of(first);
            let end = rest.find(|c| Kind::of(c) != kind).unwrap_or(rest.len());
            let (run, behind) = rest.split_at(end);
            rest = behind;
            match kind {
                // Without its model of unknown words: it makes up others with each text, and ours are known.
                Kind::Han => tokens.extend(self.0.cut(run, false).iter().map(|of| word(of.word))),
                Kind::Word => tokens.push(word(run)),
                Kind::Break => tokens.push(Token::Break),
                Kind::Gap => {}
            }
        }
        tokens
    }
}

fn word(text: &str) -> Token {
    // Telephones write it so.
    Token::Word(text.to_lowercase().replace('’', "'").trim_matches('\'').to_owned())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Han,
    Word,
    Gap,
    Break,
}

impl Kind {
    fn of(c: char) -> Kind {
        match c {
            c if is_han(c) => Kind::Han,
            c if c.is_alphanumeric() || matches!(c, '\'' | '’') => Kind::Word,
            c if c.is_whitespace() || matches!(c, '-' | '_' | '/') => Kind::Gap,
            _ => Kind::Break,
        }
    }
}

/// The signs of Chinese, both scripts, with those of its extensions.
fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}' | '〇')
}
