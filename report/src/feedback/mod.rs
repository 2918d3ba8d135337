//! What customers say elsewhere: reviews and notes of calls, as counts of what they tell of and whether they praise it.
//!
//! Owns: the counts, and what they say of the own product beside others. Refuses: texts that are kept, files, and cutting texts into words.
//! Invariant: a review is in one count of everything, and in one of each touchpoint and each indicator that it tells of, so that a
//! figure of any of them counts it once.

mod dictionary;
mod lexicon;
mod opinion;
mod phrases;

pub use dictionary::{Dictionary, Heard};
pub use lexicon::Polarity;
pub use opinion::{Ahead, IndicatorOpinion, Listening, NamedOpinion, Opinion, Standing, TouchpointOpinion};
pub use phrases::Token;

use crate::cell::RATINGS;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A budgets file with words of a bank.
pub const EXAMPLE_LISTENING: &str = include_str!("../../examples/listening.toml");

/// A file of reviews, with what each column means in its rows.
pub const EXAMPLE_FEEDBACK: &str = include_str!("../../examples/feedback.csv");

/// What is counted as told of where no word of the dictionary was in a review.
pub const NOTHING: &str = "(none)";

/// Reviews, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// How many gave 1, 2, 3, 4 and 5 stars.
    pub stars: [u64; RATINGS],
    /// How many gave none.
    pub unrated: u64,
    /// How many complain.
    pub negative: u64,
    /// How many do neither.
    pub neutral: u64,
    /// How many praise.
    pub positive: u64,
}

impl Tally {
    /// One review; stars that are not from 1 to 5 are none.
    #[must_use]
    pub fn one(stars: Option<u8>, polarity: Polarity) -> Tally {
        let mut tally = Tally::default();
        let place = stars.and_then(|stars| usize::from(stars).checked_sub(1));
        match place.and_then(|place| tally.stars.get_mut(place)) {
            Some(count) => *count = 1,
            None => tally.unrated = 1,
        }
        *match polarity {
            Polarity::Negative => &mut tally.negative,
            Polarity::Neutral => &mut tally.neutral,
            Polarity::Positive => &mut tally.positive,
        } = 1;
        tally
    }

    /// How many there are.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.negative.saturating_add(self.neutral).saturating_add(self.positive)
    }

    /// Adds others.
    pub fn merge(&mut self, other: &Tally) {
        let add = |mine: &mut u64, theirs: u64| *mine = mine.saturating_add(theirs);
        self.stars.iter_mut().zip(other.stars).for_each(|(mine, theirs)| add(mine, theirs));
        add(&mut self.unrated, other.unrated);
        add(&mut self.negative, other.negative);
        add(&mut self.neutral, other.neutral);
        add(&mut self.positive, other.positive);
    }
}

/// What reviews are counted by.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedbackKey {
    /// Whose product; empty for the own one.
    pub product: String,
    /// The release; empty where nobody said it.
    pub version: String,
    /// Where it was said: a store, a call centre.
    pub channel: String,
    /// Of which touchpoint, by its name in the dictionary; empty for all.
    pub touchpoint: String,
    /// Of which indicator; empty for all, [`NOTHING`] where it tells of nothing.
    pub indicator: String,
}

/// Under what a review is counted: everything, each touchpoint, each indicator, and each pair of them.
#[must_use]
pub fn counted_under<'h>(heard: &Heard<'h>) -> Vec<(&'h str, &'h str)> {
    let Heard { touchpoints, indicators, .. } = heard;
    if touchpoints.is_empty() && indicators.is_empty() {
        return vec![("", ""), ("", NOTHING)];
    }
    let with_all = |touchpoint: &'h str| {
        std::iter::once("").chain(indicators.iter().copied()).map(move |indicator| (touchpoint, indicator))
    };
    std::iter::once("").chain(touchpoints.iter().copied()).flat_map(with_all).collect()
}

/// Reviews of a span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feedback(BTreeMap<FeedbackKey, Tally>);

impl Feedback {
    /// Adds some of one kind.
    pub fn add(&mut self, key: FeedbackKey, tally: &Tally) {
        self.0.entry(key).or_default().merge(tally);
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, by what they are counted by.
    pub fn iter(&self) -> impl Iterator<Item = (&FeedbackKey, &Tally)> {
        self.0.iter()
    }

    /// The sum of those that are meant.
    fn sum(&self, is_meant: impl Fn(&FeedbackKey) -> bool) -> Tally {
        let mut sum = Tally::default();
        self.0.iter().filter(|(key, _)| is_meant(key)).for_each(|(_, tally)| sum.merge(tally));
        sum
    }
}

#[cfg(test)]
mod tests;
