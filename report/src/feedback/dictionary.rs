//! What a review tells of, by the bank's dictionary.
//!
//! Owns: finding a bank's words in a text. Refuses: cutting a text into words: whoever has a segmenter hands it in.
//! Invariant: a text is looked at and not kept; what comes out are names of the dictionary.

use super::lexicon::{self, Polarities, Polarity};
use super::phrases::{Phrases, Token};
use crate::budget::{Budgets, Topic};
use std::collections::BTreeSet;

/// The words of a bank and of the lexicon, for texts that are cut in one way.
#[derive(Debug)]
pub struct Dictionary {
    topics: Vec<Topic>,
    phrases: Phrases<usize>,
    polarities: Polarities,
}

/// What a review tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard<'d> {
    /// The touchpoints that it speaks of, by their names in the dictionary.
    pub touchpoints: BTreeSet<&'d str>,
    /// The indicators that it tells of.
    pub indicators: BTreeSet<&'d str>,
    /// Whether it praises or complains.
    pub polarity: Polarity,
}

impl Dictionary {
    /// Every word that is looked for: a segmenter that learns them cuts none of them in two.
    pub fn words(budgets: &Budgets) -> impl Iterator<Item = &str> {
        let own = budgets.listening().iter().flat_map(|topic| &topic.words).map(String::as_str);
        own.chain(lexicon::words())
    }

    /// The dictionary of these budgets for texts that `segment` cuts.
    #[must_use]
    pub fn new(budgets: &Budgets, segment: &dyn Fn(&str) -> Vec<Token>) -> Dictionary {
        let topics = budgets.listening().to_vec();
        let mut phrases = Phrases::default();
        for (number, topic) in topics.iter().enumerate() {
            topic.words.iter().for_each(|word| phrases.add(&segment(word), number));
        }
        Dictionary { topics, phrases, polarities: Polarities::new(segment) }
    }

    /// What a text tells that was cut by the same segmenter. Where several phrases begin at one word, the longest counts.
    #[must_use]
    pub fn read(&self, tokens: &[Token]) -> Heard<'_> {
        let mut heard = Heard { polarity: self.polarities.of(tokens), ..Heard::default() };
        let mut place = 0;
        while place < tokens.len() {
            let (len, found) = self.phrases.at(tokens, place);
            for topic in found.iter().filter_map(|number| self.topics.get(*number)) {
                if topic.is_place() {
                    heard.touchpoints.insert(&topic.name);
                }
                heard.indicators.extend(topic.indicator.as_deref());
            }
            place += len.max(1);
        }
        heard
    }
}
