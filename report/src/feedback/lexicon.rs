//! Whether a text says that something was good or bad.
//!
//! Owns: the rule, which `lexicon.toml` tells with its words. Refuses: cutting a text into words.
//! Invariant: a text without a word of the lexicon is neutral.

use super::phrases::{Phrases, Token};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../lexicon.toml");

/// How many words before a word a negation may stand.
const REACH: usize = 3;

/// The words of `lexicon.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lexicon {
    positive: Vec<String>,
    negative: Vec<String>,
    negation: Vec<String>,
    turn: Vec<String>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let read = toml::from_str(TEXT);
    // It is part of the program, and a test reads it.
    debug_assert!(read.is_ok(), "{read:?}");
    read.unwrap_or_default()
});

/// What a text says as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Polarity {
    /// More bad than good.
    Negative,
    /// Neither, or as much of both.
    #[default]
    Neutral,
    /// More good than bad.
    Positive,
}

/// What a word of the lexicon does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Add(i64),
    Negate,
    Turn,
}

/// The lexicon, for texts that are cut into words in one way.
#[derive(Debug)]
pub(super) struct Polarities(Phrases<Does>);

impl Polarities {
    pub(super) fn new(segment: &dyn Fn(&str) -> Vec<Token>) -> Polarities {
        let mut phrases = Phrases::default();
        let Lexicon { positive, negative, negation, turn } = &*LEXICON;
        let all = [
            (positive, Does::Add(1)),
            (negative, Does::Add(-1)),
            (negation, Does::Negate),
            (turn, Does::Turn),
        ];
        for (words, does) in all {
            words.iter().for_each(|word| phrases.add(&segment(word), does));
        }
        Polarities(phrases)
    }

    pub(super) fn of(&self, tokens: &[Token]) -> Polarity {
        let (mut sum, mut negations, mut place) = (0, Vec::new(), 0);
        while place < tokens.len() {
            let (len, found) = self.0.at(tokens, place);
            match found.first() {
                Some(Does::Add(of)) => {
                    let is_near = |negation: &usize| place - negation <= REACH;
                    let turns = negations.drain(..).filter(is_near).count();
                    sum += if turns % 2 == 0 { *of } else { -of };
                }
                Some(Does::Negate) => negations.push(place),
                Some(Does::Turn) => negations.clear(),
                None if tokens.get(place) == Some(&Token::Break) => negations.clear(),
                None => {}
            }
            place += len.max(1);
        }
        match sum {
            i64::MIN..=-1 => Polarity::Negative,
            0 => Polarity::Neutral,
            1.. => Polarity::Positive,
        }
    }
}

/// Every word of the lexicon.
pub(super) fn words<'w>() -> impl Iterator<Item = &'w str> {
    let Lexicon { positive, negative, negation, turn } = &*LEXICON;
    positive.iter().chain(negative).chain(negation).chain(turn).map(String::as_str)
}
