//! Words and rows of words that are looked for in a text.
//!
//! Owns: finding the longest that begins at a place. Refuses: cutting a text into words.
//! Invariant: a phrase is found where its own words stand, one behind the other, and nowhere within another word.

use std::collections::HashMap;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Token {
    /// A word, in small letters.
    Word(String),
    /// What parts a sentence: a comma, a full stop, a line break.
    Break,
}

/// Phrases, each with what it means.
#[derive(Clone, Debug)]
pub(super) struct Phrases<M>(HashMap<Token, Vec<(Vec<Token>, M)>>);

impl<M> Default for Phrases<M> {
    fn default() -> Phrases<M> {
        Phrases(HashMap::new())
    }
}

impl<M: Copy + PartialEq> Phrases<M> {
    /// Adds a phrase; one without a word is none.
    pub(super) fn add(&mut self, phrase: &[Token], means: M) {
        let Some((first, rest)) = phrase.split_first() else { return };
        let known = self.0.entry(first.clone()).or_default();
        if !known.iter().any(|(of, has)| of == rest && *has == means) {
            known.push((rest.to_vec(), means));
        }
    }

    /// How many tokens the longest phrase has that begins at this place, and all that it means; 0 and nothing if none does.
    pub(super) fn at(&self, tokens: &[Token], place: usize) -> (usize, Vec<M>) {
        let rest = tokens.get(place + 1..).unwrap_or_default();
        let here = tokens.get(place).and_then(|first| self.0.get(first)).into_iter().flatten();
        let begun: Vec<&(Vec<Token>, M)> = here.filter(|(phrase, _)| rest.starts_with(phrase)).collect();
        let Some(longest) = begun.iter().map(|(phrase, _)| phrase.len()).max() else {
            return (0, Vec::new());
        };
        let means = begun.iter().filter(|(phrase, _)| phrase.len() == longest).map(|(_, means)| *means);
        (longest + 1, means.collect())
    }
}
