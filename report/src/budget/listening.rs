//! By which words a review tells of a touchpoint or of an indicator: the bank's dictionary.
//!
//! Owns: the TOML form of `[[listening]]`, and the shipped entries. Refuses: texts (see `feedback`).
//! Invariant: an entry has words, and tells of a touchpoint, of a known indicator, or of both.

use super::indicator::Indicators;
use super::read::{known_kind, short, wrong};
use crate::error::Error;
use crate::limits::{LISTENING_ENTRIES_MAX, LISTENING_WORD_CHARS_MAX, LISTENING_WORDS_MAX};
use nowait_wire::Kind;
use serde::Deserialize;
use toml::Spanned;

/// The entries that come with the product.
pub const DEFAULT_LISTENING: &str = include_str!("../../default-listening.toml");

/// Some words, and what they tell of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Topic {
    /// What is counted under; the name of the touchpoint, if it tells of one.
    pub(crate) name: String,
    /// What people call the touchpoint, if the bank says it.
    pub(crate) label: Option<String>,
    /// Which touchpoint of the app that is, if the bank says it.
    pub(crate) touchpoint: Option<(Kind, String)>,
    /// The indicator.
    pub(crate) indicator: Option<String>,
    pub(crate) words: Vec<String>,
}

impl Topic {
    /// Whether it tells where something was; the others say only how.
    pub(crate) fn is_place(&self) -> bool {
        self.indicator.is_none() || self.touchpoint.is_some()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListeningEntry {
    name: Spanned<String>,
    label: Option<Spanned<String>>,
    touchpoint: Option<TouchpointEntry>,
    indicator: Option<Spanned<String>>,
    words: Option<Vec<Spanned<String>>>,
    shown: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TouchpointEntry {
    kind: Spanned<String>,
    name: Spanned<String>,
}

/// Adds what a file says to what there is: words of an entry that is known come beside its own.
pub(super) fn overlay(
    text: &str,
    entries: Vec<ListeningEntry>,
    indicators: &Indicators,
    all: &mut Vec<Topic>,
) -> Result<(), Error> {
    let mut said: Vec<String> = Vec::new();
    for entry in entries {
        let name = name(text, &entry.name)?;
        if said.contains(&name) {
            let what = format!("there is an entry {name:?} already: keep one of them");
            return Err(wrong(text, &entry.name, "name", &what));
        }
        said.push(name.clone());
        let known = all.iter().position(|topic| topic.name == name);
        if entry.shown == Some(false) {
            let at = known
                .ok_or_else(|| wrong(text, &entry.name, "shown", "there is no such entry to take away"))?;
            all.remove(at);
            continue;
        }
        if known.is_none() && all.len() == LISTENING_ENTRIES_MAX {
            return Err(wrong(
                text,
                &entry.name,
                "listening",
                &format!("at most {LISTENING_ENTRIES_MAX} are read"),
            ));
        }
        let before = known.map(|at| all.remove(at));
        let topic = entry.topic(text, name, indicators, before)?;
        all.insert(known.unwrap_or(all.len()), topic);
    }
    Ok(())
}

/// A name, under which reviews are counted: one in brackets means what is counted together.
fn name(text: &str, given: &Spanned<String>) -> Result<String, Error> {
    let name = short(text, "name", given)?;
    if name.starts_with('(') {
        return Err(wrong(
            text,
            given,
            "name",
            "names in brackets have a meaning of their own; write another one",
        ));
    }
    Ok(name)
}

impl ListeningEntry {
    /// What it says, and of what it does not what `before` had.
    fn topic(
        &self,
        text: &str,
        name: String,
        indicators: &Indicators,
        before: Option<Topic>,
    ) -> Result<Topic, Error> {
        let mut topic = before.unwrap_or(Topic {
            name,
            label: None,
            touchpoint: None,
            indicator: None,
            words: Vec::new(),
        });
        if let Some(label) = &self.label {
            topic.label = Some(short(text, "label", label)?);
        }
        if let Some(of) = &self.touchpoint {
            topic.touchpoint = Some((known_kind(text, &of.kind)?, short(text, "touchpoint", &of.name)?));
        }
        if let Some(indicator) = &self.indicator {
            let names: Vec<&str> = indicators.all.iter().map(|of| of.name.as_str()).collect();
            if !names.contains(&indicator.get_ref().as_str()) {
                let what = format!(
                    "there is no indicator {:?}; write one of {}",
                    indicator.get_ref(),
                    names.join(", ")
                );
                return Err(wrong(text, indicator, "indicator", &what));
            }
            topic.indicator = Some(indicator.get_ref().clone());
        }
        for given in self.words.iter().flatten() {
            let word = word(text, given)?;
            if !topic.words.contains(&word) {
                topic.words.push(word);
            }
        }
        match topic.words.len() {
            0 => Err(wrong(text, &self.name, "words", "write the words by which customers tell of it")),
            n if n > LISTENING_WORDS_MAX => {
                Err(wrong(text, &self.name, "words", &format!("at most {LISTENING_WORDS_MAX} are read")))
            }
            _ => Ok(topic),
        }
    }
}

/// A word, or some that stand behind one another, in small letters.
fn word(text: &str, given: &Spanned<String>) -> Result<String, Error> {
    let word = given.get_ref().trim().to_lowercase();
    let chars = word.chars().count();
    if chars == 0 || chars > LISTENING_WORD_CHARS_MAX || !word.chars().any(char::is_alphanumeric) {
        let what = format!("write 1 to {LISTENING_WORD_CHARS_MAX} characters, letters among them");
        return Err(wrong(text, given, "words", &what));
    }
    Ok(word)
}

#[cfg(test)]
mod tests {
    use crate::budget::Budgets;

    #[test]
    fn the_shipped_dictionary_tells_of_touchpoints_and_of_shipped_indicators() {
        let shipped = Budgets::default();
        let places = shipped.listening().iter().filter(|topic| topic.is_place()).count();
        assert!(places >= 10 && shipped.listening().len() > places);
        assert!(!shipped.has_own_listening());
        assert!(Budgets::parse(crate::feedback::EXAMPLE_LISTENING).unwrap().has_own_listening());
    }

    #[test]
    fn a_file_adds_words_and_entries_and_takes_some_away() {
        let text = "[[listening]]\nname = \"transfer\"\nlabel = \"Remittance\"\nwords = [\"Wire Money\"]\n\
            touchpoint = { kind = \"journey\", name = \"Transfer\" }\n\
            [[listening]]\nname = \"branch\"\nshown = false\n\
            [[listening]]\nname = \"gold\"\nwords = [\"黄金\"]\nindicator = \"tasks_done\"\n";
        let budgets = Budgets::parse(text).unwrap();
        let of = |name: &str| budgets.listening().iter().find(|topic| topic.name == name);
        let transfer = of("transfer").unwrap();
        assert!(["转账", "wire money"].iter().all(|word| transfer.words.iter().any(|of| of == word)));
        assert_eq!(transfer.label.as_deref(), Some("Remittance"));
        assert!(transfer.touchpoint.is_some() && of("branch").is_none());
        assert!(!of("gold").unwrap().is_place());
    }

    #[test]
    fn errors_name_line_key_and_remedy() {
        let head = "[[listening]]\nname = \"gold\"\n";
        for (text, wanted) in [
            (head.to_owned(), "line 2, words: write the words"),
            (format!("{head}words = [\" \"]\n"), "line 3, words: write 1 to 32 characters"),
            (
                format!("{head}words = [\"a\"]\nindicator = \"fast\"\n"),
                "line 4, indicator: there is no indicator \"fast\"; write one of tasks_done",
            ),
            (format!("{head}shown = false\n"), "line 2, shown: there is no such entry"),
            (format!("{head}words = [\"a\"]\n{head}words = [\"b\"]\n"), "line 5, name: there is an entry"),
            (
                "[[listening]]\nname = \"(other)\"\nwords = [\"a\"]\n".to_owned(),
                "line 2, name: names in brackets",
            ),
            (
                format!("{head}words = [\"a\"]\ntouchpoint = {{ kind = \"x\", name = \"y\" }}\n"),
                "line 4, kind: there is no kind",
            ),
        ] {
            let error = Budgets::parse(&text).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}\n{wanted}");
        }
    }
}
