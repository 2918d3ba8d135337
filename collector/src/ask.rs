//! What a person may ask for: the same words on the command line, in an address and in the form of the page.
//!
//! Owns: the words and their limits. Refuses: answering.
//! Invariant: a word that is not understood is refused, never ignored.

use crate::error::Error;
use crate::store::Query;
use crate::time::{self, HOUR_MS};
use nowait_report::CompareOptions;
use serde::Deserialize;

/// The longest span that can be asked for in hours: a hundred years.
const HOURS_MAX: u64 = 876_600;

/// A question in words. Empty words are words that were not said: a form sends all of its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ask {
    /// Whose figures; needed only where there are several tenants.
    pub tenant: String,
    /// Only this release.
    pub version: String,
    /// Only this operating system family.
    pub os: String,
    /// Only the last so many hours.
    pub hours: String,
    /// Only from this moment on.
    pub since: String,
    /// Only before this moment.
    pub until: String,
    /// The release to compare with.
    pub base: String,
    /// The release to judge.
    pub head: String,
    /// The least change that matters, in per cent.
    pub min_effect: String,
}

impl Ask {
    /// The words that were said, with their names.
    #[must_use]
    pub fn said(&self) -> Vec<(&'static str, &str)> {
        [
            ("tenant", &self.tenant),
            ("version", &self.version),
            ("os", &self.os),
            ("hours", &self.hours),
            ("since", &self.since),
            ("until", &self.until),
            ("base", &self.base),
            ("head", &self.head),
            ("min_effect", &self.min_effect),
        ]
        .into_iter()
        .filter_map(|(name, word)| said(word).map(|word| (name, word)))
        .collect()
    }

    /// The tenant that was named.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        said(&self.tenant)
    }

    /// Which events are meant, where now is `now_unix_ms`.
    ///
    /// # Errors
    /// [`Error::is_input`], naming the word and what it may be.
    pub fn query(&self, now_unix_ms: u64) -> Result<Query, Error> {
        let mut query = Query::default();
        query.app_version = said(&self.version).map(str::to_owned);
        if let Some(os) = said(&self.os) {
            let os = os.to_ascii_lowercase().parse();
            query.os =
                Some(os.map_err(|_| Error::input("os: write android, ios, linux, macos, windows or other"))?);
        }
        if let Some(hours) = said(&self.hours) {
            if said(&self.since).is_some() || said(&self.until).is_some() {
                return Err(Error::input("hours: leave it out, or leave since and until out"));
            }
            let hours = hours.parse().ok().filter(|hours| (1..=HOURS_MAX).contains(hours));
            let hours =
                hours.ok_or_else(|| Error::input("hours: write a whole number from 1, for example 24"))?;
            query = query.from(now_unix_ms.saturating_sub(hours * HOUR_MS)).until(now_unix_ms);
        }
        if let Some(since) = said(&self.since) {
            query = query.from(time::parse(since).map_err(|error| error.within("since"))?);
        }
        if let Some(until) = said(&self.until) {
            query = query.until(time::parse(until).map_err(|error| error.within("until"))?);
        }
        if query.from_unix_ms() >= query.until_unix_ms() {
            return Err(Error::input("since must be earlier than until"));
        }
        Ok(query)
    }

    /// The two releases to compare, if both were named.
    ///
    /// # Errors
    /// [`Error::is_input`] if only one of them was named.
    pub fn releases(&self) -> Result<Option<(&str, &str)>, Error> {
        match (said(&self.base), said(&self.head)) {
            (Some(base), Some(head)) => Ok(Some((base, head))),
            (None, None) => Ok(None),
            _ => {
                Err(Error::input("base and head: name both releases, for example base=8.1.0 and head=8.2.0"))
            }
        }
    }

    /// How to compare.
    ///
    /// # Errors
    /// [`Error::is_input`].
    pub fn options(&self) -> Result<CompareOptions, Error> {
        let mut options = CompareOptions::default();
        if let Some(word) = said(&self.min_effect) {
            let per_cent = word.parse::<f64>().ok().filter(|per_cent| (0.0..=1000.0).contains(per_cent));
            let per_cent = per_cent.ok_or_else(|| {
                Error::input("min_effect: write the least change that matters in per cent, for example 5")
            })?;
            options.effect_min = per_cent / 100.0;
        }
        Ok(options)
    }
}

fn said(word: &str) -> Option<&str> {
    let word = word.trim();
    (!word.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nowait_wire::Os;

    const NOW: u64 = 1_772_721_000_000;

    #[test]
    fn nothing_said_asks_for_everything() {
        let query = Ask::default().query(NOW).unwrap();
        assert_eq!(query, Query::default());
        assert_eq!(Ask::default().releases().unwrap(), None);
    }

    #[test]
    fn spans_are_widened_to_full_hours() {
        let ask = Ask { hours: "1".into(), os: "iOS".into(), ..Ask::default() };
        let query = ask.query(NOW).unwrap();
        assert_eq!(query.from_unix_ms(), time::parse("2026-03-05T13:00").unwrap());
        assert_eq!(query.until_unix_ms(), time::parse("2026-03-05T15:00").unwrap());
        assert_eq!(query.os, Some(Os::Ios));
    }

    #[test]
    fn what_is_not_understood_is_refused_by_its_name() {
        let of = |name: &str, word: &str| {
            let mut ask = Ask::default();
            match name {
                "os" => ask.os = word.into(),
                "hours" => ask.hours = word.into(),
                "since" => ask.since = word.into(),
                _ => ask.until = word.into(),
            }
            ask.query(NOW).unwrap_err().to_string()
        };
        for (name, word) in
            [("os", "symbian"), ("hours", "0"), ("hours", "1e3"), ("since", "noon"), ("until", "-1")]
        {
            assert!(of(name, word).starts_with(name), "{name}={word}");
        }
        let backwards = Ask { since: "2026-03-05".into(), until: "2026-03-04".into(), ..Ask::default() };
        assert!(backwards.query(NOW).unwrap_err().is_input());
        assert!(Ask { base: "1".into(), ..Ask::default() }.releases().unwrap_err().is_input());
        assert!(Ask { min_effect: "-1".into(), ..Ask::default() }.options().unwrap_err().is_input());
    }
}
