//! Which part of the customers a question is about.
//!
//! Owns: [`Filter`], its words and its canonical text. Refuses: time (see [`Question`](super::Question)) and answering.
//! Invariant: two filters have the same text if and only if they are equal, so that the text may be a key.

use super::known::is_none_of;
use super::{Ask, DIMENSION, said};
use crate::error::Error;
use nowait_scrub::is_hidden;
use nowait_wire::limits::{DIMENSIONS_MAX, TEXT_BYTES_MAX};
use nowait_wire::{Network, Os, Tier};
use std::fmt;
use std::str::FromStr;

/// Which part of the customers: all that is said must be true of a batch. The default is everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Only this release, as the app calls it.
    pub version: Option<String>,
    /// Only this operating system family.
    pub os: Option<Os>,
    /// Only devices of this tier.
    pub tier: Option<Tier>,
    /// Only what was sealed on this network.
    pub network: Option<Network>,
    /// Only this country: ISO 3166-1 alpha-2 in capitals.
    pub country: Option<String>,
    /// Only this device model, as the device calls it.
    pub model: Option<String>,
    /// Only these values of the app's own dimensions, as (key, value), sorted by distinct keys.
    pub dimensions: Vec<(String, String)>,
}

impl Filter {
    /// The filter that these words mean.
    pub(super) fn of(ask: &Ask) -> Result<Filter, Error> {
        Ok(Filter {
            version: text("version", &ask.version)?,
            os: variant("os", &ask.os, Os::ALL)?,
            tier: variant("tier", &ask.tier, Tier::ALL)?,
            network: variant("network", &ask.network, Network::ALL)?,
            country: country(&ask.country)?,
            model: text("model", &ask.model)?,
            dimensions: dimensions(&ask.dimensions)?,
        })
    }

    /// Whether it means everybody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    /// The words that say this filter, in the order of the canonical text.
    #[must_use]
    pub fn words(&self) -> Vec<(&'static str, String)> {
        let one = |name: &'static str, word: Option<String>| word.map(|word| (name, word));
        let words = [
            one("version", self.version.clone()),
            one("os", self.os.map(|os| os.to_string())),
            one("tier", self.tier.map(|tier| tier.to_string())),
            one("network", self.network.map(|network| network.to_string())),
            one("country", self.country.clone()),
            one("model", self.model.clone()),
        ];
        let dimensions = self.dimensions.iter().map(|(key, value)| (DIMENSION, format!("{key}:{value}")));
        words.into_iter().flatten().chain(dimensions).collect()
    }
}

/// The canonical text: the words as they stand in an address, in one order.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = form_urlencoded::Serializer::new(String::new());
        f.write_str(&text.extend_pairs(self.words()).finish())
    }
}

/// Reads the canonical text, and the same words in any other order.
impl FromStr for Filter {
    type Err = Error;

    fn from_str(text: &str) -> Result<Filter, Error> {
        let ask = Ask::from_query(text)?;
        let filter = Filter::of(&ask)?;
        if ask.said().len() == filter.words().len() {
            return Ok(filter);
        }
        Err(Error::input("a filter has no tenant, no time and nothing of a comparison"))
    }
}

/// A text that a batch may hold.
pub(super) fn text(name: &str, word: &str) -> Result<Option<String>, Error> {
    let Some(word) = said(word) else { return Ok(None) };
    if word.len() > TEXT_BYTES_MAX {
        let length = word.len();
        return Err(Error::input(format!(
            "{name}: {length} bytes are more than the {TEXT_BYTES_MAX} that one can have"
        )));
    }
    if word.chars().any(is_hidden) {
        return Err(Error::input(format!(
            "{name}: {word:?} holds a character that nobody sees; write it without"
        )));
    }
    Ok(Some(word.to_owned()))
}

fn variant<T: Copy + fmt::Display + FromStr>(name: &str, word: &str, all: &[T]) -> Result<Option<T>, Error> {
    let Some(word) = said(word) else { return Ok(None) };
    let known: Vec<String> = all.iter().map(T::to_string).collect();
    let refused = |_| {
        let choices = known.join(", ");
        Error::input(format!(
            "{name}: {}; write one of {choices}",
            is_none_of(name, word, known.iter().map(String::as_str))
        ))
    };
    word.to_ascii_lowercase().parse().map(Some).map_err(refused)
}

fn country(word: &str) -> Result<Option<String>, Error> {
    let Some(word) = said(word) else { return Ok(None) };
    if word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(Some(word.to_ascii_uppercase()));
    }
    Err(Error::input(format!(
        "country: {word:?} is no code of ISO 3166-1; write its two letters, for example DE"
    )))
}

fn dimensions(words: &[String]) -> Result<Vec<(String, String)>, Error> {
    let mut dimensions: Vec<(String, String)> = Vec::new();
    for word in words {
        let (key, value) = word.split_once(':').ok_or_else(|| {
            Error::input(format!(
                "dimension: {word:?} has no value; write KEY:VALUE, for example segment:retail"
            ))
        })?;
        let (Some(key), Some(value)) = (text(DIMENSION, key)?, text(DIMENSION, value)?) else {
            return Err(Error::input(format!(
                "dimension: {word:?} is half empty; write KEY:VALUE, for example segment:retail"
            )));
        };
        if let Some((_, other)) = dimensions.iter().find(|(known, _)| *known == key) {
            return Err(Error::input(format!(
                "dimension: {key:?} is asked to be {other:?} and {value:?}, which no batch is; leave one out"
            )));
        }
        dimensions.push((key, value));
    }
    if dimensions.len() > DIMENSIONS_MAX {
        let count = dimensions.len();
        return Err(Error::input(format!(
            "dimension: {count} of them; no batch has more than {DIMENSIONS_MAX}"
        )));
    }
    dimensions.sort();
    Ok(dimensions)
}
