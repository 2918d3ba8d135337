//! The words of the product's pages and tables, in each of its languages.
//!
//! Owns: which languages there are, and the text of a key. Refuses: numbers, dates and units (see [`crate::text::units`]).
//! Invariant: every language has a text for the same keys.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A language of the product, by its tag (BCP 47).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English, `en`.
    #[default]
    En,
    /// Chinese in simplified characters, `zh-Hans`.
    ZhHans,
    /// Chinese in traditional characters, `zh-Hant`.
    ZhHant,
}

/// The texts of one language, by key.
type Texts = HashMap<String, String>;

static EN: LazyLock<Texts> = LazyLock::new(|| read(include_str!("../words/en.json")));
static ZH_HANS: LazyLock<Texts> = LazyLock::new(|| read(include_str!("../words/zh-Hans.json")));
static ZH_HANT: LazyLock<Texts> = LazyLock::new(|| read(include_str!("../words/zh-Hant.json")));

/// A file that cannot be read is a defect of this program: its tests fail, and its texts are their keys.
fn read(json: &str) -> Texts {
    serde_json::from_str(json).unwrap_or_default()
}

impl Language {
    /// All languages.
    pub const ALL: [Language; 3] = [Language::En, Language::ZhHans, Language::ZhHant];

    /// The tag of the language: `en`, `zh-Hans`, `zh-Hant`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::ZhHans => "zh-Hans",
            Language::ZhHant => "zh-Hant",
        }
    }

    /// The language with this tag, in capitals or not.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Language> {
        Language::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// The language of somebody who asks for this tag: `zh-TW` is written in traditional characters, `zh` alone in simplified ones.
    #[must_use]
    pub fn spoken(tag: &str) -> Option<Language> {
        let tag = tag.to_ascii_lowercase();
        let mut parts = tag.split('-');
        match parts.next()? {
            "en" => Some(Language::En),
            "zh" if parts.any(|part| matches!(part, "hant" | "tw" | "hk" | "mo")) => Some(Language::ZhHant),
            "zh" => Some(Language::ZhHans),
            _ => None,
        }
    }

    /// The text of a key; `None` if there is no such word.
    #[must_use]
    pub fn word(self, key: &str) -> Option<&'static str> {
        let texts = match self {
            Language::En => &EN,
            Language::ZhHans => &ZH_HANS,
            Language::ZhHant => &ZH_HANT,
        };
        texts.get(key).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nowait_wire::{DropReason, ExitCause, ExitReason, Kind, RefuseReason};

    #[test]
    fn every_language_has_every_text_and_no_other() {
        for texts in [&*ZH_HANS, &*ZH_HANT] {
            let other = texts.keys().filter(|key| !EN.contains_key(*key)).collect::<Vec<_>>();
            assert!(other.is_empty(), "{other:?}");
            for (key, english) in &*EN {
                let text = texts.get(key).unwrap_or_else(|| panic!("no text of {key}"));
                assert!(!text.trim().is_empty() && !english.trim().is_empty(), "{key}");
                assert_eq!(text.contains("{n}"), english.contains("{n}"), "{key}");
                // Chinese has signs of its own, as wide as its characters.
                assert!(!text.contains([',', ';', ':', '(', ')']), "{key}: {text}");
            }
        }
        assert!(EN.len() > 100);
    }

    #[test]
    fn what_has_a_number_on_the_wire_has_a_word() {
        let reasons = DropReason::ALL.iter().map(|reason| format!("dropped.{reason}"));
        let reasons = reasons.chain(RefuseReason::ALL.iter().map(|reason| format!("refused.{reason}")));
        let exits = ExitReason::ALL.iter().map(|reason| format!("exit.{reason}"));
        let causes = ExitCause::ALL.iter().map(|cause| format!("cause.{cause}"));
        let kinds =
            Kind::ALL.iter().filter(|kind| crate::Cell::takes(**kind)).map(|kind| format!("kind.{kind}"));
        for key in reasons.chain(exits).chain(causes).chain(kinds) {
            assert!(Language::En.word(&key).is_some(), "{key}");
        }
    }

    #[test]
    fn a_language_is_found_by_its_tag() {
        assert_eq!(Language::from_tag("ZH-hant"), Some(Language::ZhHant));
        assert_eq!(Language::from_tag("fr"), None);
        let spoken = ["en-GB", "zh", "zh-CN", "zh-TW", "zh-Hant-HK", "fr", ""].map(Language::spoken);
        let (en, hans, hant) = (Some(Language::En), Some(Language::ZhHans), Some(Language::ZhHant));
        assert_eq!(spoken, [en, hans, hans, hant, hant, None, None]);
    }
}
