//! Reviews and notes of calls that a bank already has, on their way to being counts.
//!
//! A file is read whole ([`read`]): each text is scrubbed before anything else looks at it. Then a [`Listener`] finds the bank's words in
//! it, and what goes on to the store is what it tells of, and a hash by which it is known again.
//!
//! Owns: the order of that. Refuses: the dictionary and the polarity (see `nowait_report::feedback`) and rows (see `store`).
//! Invariant: no text that was not scrubbed leaves `rows.rs`, and none at all goes to the store unless it was asked for.

mod rows;
mod segment;
#[cfg(test)]
mod tests;

pub use rows::{FileRead, Review, read};
pub use segment::Segmenter;

use nowait_report::Budgets;
use nowait_report::feedback::{Dictionary, Heard, NOTHING, Tally, counted_under};
use std::collections::HashMap;
use uuid::Uuid;

/// What these hashes are of, so that they are nobody else's.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f0c_53c1_9b1e_4a6f_8f1c_2c6b_07d3_5a11);

/// A review as the store takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// When it was said, in milliseconds since 1970 UTC.
    pub unix_ms: u64,
    /// Whose product; empty for the own one.
    pub product: String,
    /// The release; empty where nobody said it.
    pub version: String,
    /// Where it was said.
    pub channel: String,
    /// Its stars and its polarity.
    pub tally: Tally,
    /// The touchpoints and indicators that it is counted under.
    pub under: Vec<(String, String)>,
    /// By what it is known again: the same row of another file has the same.
    pub id: Uuid,
    /// What was said, scrubbed; `None` unless texts are to be kept.
    pub text: Option<String>,
}

/// The bank's words, and how texts are cut into words.
#[derive(Debug)]
pub struct Listener {
    segmenter: Segmenter,
    dictionary: Dictionary,
}

impl Listener {
    /// By the dictionary of these budgets. It takes a tenth of a second.
    #[must_use]
    pub fn new(budgets: &Budgets) -> Listener {
        let segmenter = Segmenter::new(Dictionary::words(budgets));
        let dictionary = Dictionary::new(budgets, &|text| segmenter.cut(text));
        Listener { segmenter, dictionary }
    }

    /// What a text tells.
    #[must_use]
    pub fn hear(&self, text: &str) -> Heard<'_> {
        self.dictionary.read(&self.segmenter.cut(text))
    }

    /// What the store is given of these reviews. `progress` is called with how many are done, of how many.
    pub fn note(
        &self,
        reviews: Vec<Review>,
        keeps_texts: bool,
        mut progress: impl FnMut(u64, u64),
    ) -> Vec<Noted> {
        let all = reviews.len() as u64;
        let mut alike = HashMap::new();
        let mut noted = Vec::with_capacity(reviews.len());
        for (done, review) in (0..).zip(reviews) {
            if done % 1_000 == 0 {
                progress(done, all);
            }
            let heard = self.hear(&review.text);
            let under = counted_under(&heard);
            let under = under.into_iter().map(|(one, other)| (one.to_owned(), other.to_owned())).collect();
            let contents = contents(&review);
            let nth: &mut u64 = alike.entry(Uuid::new_v5(&NAMESPACE, &contents)).or_default();
            let id = Uuid::new_v5(&NAMESPACE, &[contents.as_slice(), &nth.to_le_bytes()].concat());
            *nth += 1;
            noted.push(Noted {
                unix_ms: review.unix_ms,
                tally: Tally::one(review.stars, heard.polarity),
                under,
                id,
                text: keeps_texts.then_some(review.text),
                product: review.product,
                version: review.version,
                channel: review.channel,
            });
        }
        noted
    }
}

/// Whether no word of the dictionary was in it.
#[must_use]
pub fn is_unheard(under: &[(String, String)]) -> bool {
    under.iter().any(|(_, indicator)| indicator == NOTHING)
}

/// What makes a row this one, each field with its length before it. Two rows of a file may say the same: they are told apart by their
/// number among those that do.
fn contents(review: &Review) -> Vec<u8> {
    let Review { unix_ms, stars, text, version, channel, product } = review;
    let mut bytes = unix_ms.to_le_bytes().to_vec();
    bytes.push(stars.unwrap_or(0));
    for field in [text, version, channel, product] {
        bytes.extend((field.len() as u64).to_le_bytes());
        bytes.extend(field.as_bytes());
    }
    bytes
}
