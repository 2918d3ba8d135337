//! What a person may ask for: the same words on the command line, in an address and in the form of the page.
//!
//! Words ([`Ask`]) become a typed question ([`Question`]) in one place, so that the command line and HTTP understand the same.
//!
//! Owns: the words, their limits, and what is said of a word that is not understood. Refuses: answering.
//! Invariant: a word that is not understood is refused, never ignored.

mod filter;
mod known;

pub use filter::Filter;
pub(crate) use known::{filter_known, nothing_of, tenant_meant, unknown};

use crate::error::Error;
use crate::limits::{HOURS_MAX, PAGES_MAX, WORD_BYTES_MAX};
use crate::store::{By, Query, Strata};
use crate::time::{self, HOUR_MS};
use jiff::civil::Date;
use known::is_none_of;
use nowait_report::limits::ROWS_LISTED;
use nowait_report::{CompareOptions, Rows, Zone};
use nowait_wire::{Kind, Uuid};
use serde::Deserialize;

/// A question in words. Empty words are words that were not said: a form sends all of its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<(String, String)>")]
pub struct Ask {
    /// Whose figures; needed only where there are several tenants.
    pub tenant: String,
    /// Only this release.
    pub version: String,
    /// Only this operating system family.
    pub os: String,
    /// Only devices of this tier.
    pub tier: String,
    /// Only what was sealed on this network.
    pub network: String,
    /// Only this country.
    pub country: String,
    /// Only this device model.
    pub model: String,
    /// Only where the app's own dimensions have these values, each `key:value`.
    pub dimensions: Vec<String>,
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
    /// `yes` where the verdict has to hold at every look at a release that is being rolled out.
    pub every_look: String,
    /// What a comparison holds equal beside tier, network and system: `country`, `model`, or the key of a dimension.
    pub strata: String,
    /// Which rows of each section of a report, by the hundred: the first ones are page 1.
    pub page: String,
    /// The one touchpoint that is asked for in detail, `kind:name`.
    pub touchpoint: String,
    /// By which field the touchpoint is split: `tier`, `network`, `country`, `model`, or the key of a dimension.
    pub by: String,
    /// The one session that is asked for, by its id.
    pub session: String,
    /// The month of a service report, `2026-03`.
    pub month: String,
    /// The one journey that is asked for step by step, by its name.
    pub journey: String,
    /// Numbers of factors that are tried out, each `NAME:EXPERIENCE:EXPECTATION:IMPORTANCE:IDEAL`.
    pub factors: Vec<String>,
}

/// The names of the words that may be said several times.
const DIMENSION: &str = "dimension";
const FACTOR: &str = "factor";

/// The names of the words that are said once.
const WORDS: [&str; 21] = [
    "tenant",
    "version",
    "os",
    "tier",
    "network",
    "country",
    "model",
    "hours",
    "since",
    "until",
    "base",
    "head",
    "min_effect",
    "every_look",
    "strata",
    "page",
    "touchpoint",
    "by",
    "session",
    "month",
    "journey",
];

/// The names of all words.
pub(crate) fn words() -> impl Iterator<Item = &'static str> {
    WORDS.into_iter().chain([DIMENSION, FACTOR])
}

/// Kinds of which there is a detail: those of whose waits each is a latency. Journeys and steps have a page of their own.
const DETAILED: [Kind; 7] =
    [Kind::Launch, Kind::Screen, Kind::Tap, Kind::Settled, Kind::Hang, Kind::Request, Kind::Action];

/// A question that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The tenant that was named.
    pub tenant: Option<String>,
    /// The first moment asked for, in milliseconds since 1970 UTC.
    pub from_unix_ms: Option<u64>,
    /// The first moment no longer asked for, in milliseconds since 1970 UTC.
    pub until_unix_ms: Option<u64>,
    /// Which part of the customers.
    pub filter: Filter,
    /// BASE and HEAD of a comparison.
    pub releases: Option<(String, String)>,
    /// How to compare.
    pub options: CompareOptions,
    /// What is held equal beside tier, network and system.
    pub strata: Option<Strata>,
    /// Which rows of each section of a report.
    pub rows: Rows,
    /// The touchpoint that is asked for in detail.
    pub touchpoint: Option<(Kind, String)>,
    /// By which field it is split.
    pub by: Option<By>,
    /// The session that is asked for.
    pub session: Option<Uuid>,
    /// The first day of the month that is asked for.
    pub month: Option<Date>,
    /// The journey that is asked for.
    pub journey: Option<String>,
}

impl TryFrom<Vec<(String, String)>> for Ask {
    type Error = Error;

    fn try_from(pairs: Vec<(String, String)>) -> Result<Ask, Error> {
        let mut ask = Ask::default();
        for (name, word) in pairs {
            refuse_long(&name, &word)?;
            let several = match name.as_str() {
                DIMENSION => Some(&mut ask.dimensions),
                FACTOR => Some(&mut ask.factors),
                _ => None,
            };
            if let Some(several) = several {
                several.extend(said(&word).map(str::to_owned));
                continue;
            }
            let Some(kept) = ask.word_mut(&name) else {
                return Err(Error::input(is_none_of("word of a question", &name, words())));
            };
            if said(kept).is_some() && said(&word).is_some() {
                return Err(Error::input(format!("{name}: it is said twice, leave one out")));
            }
            if said(&word).is_some() {
                *kept = word;
            }
        }
        Ok(ask)
    }
}

/// Keeps what is answered, and every error that quotes a word, short.
fn refuse_long(name: &str, word: &str) -> Result<(), Error> {
    match word.len() {
        ..=WORD_BYTES_MAX => Ok(()),
        length => Err(Error::input(format!(
            "{name:.20}: {length} bytes are more than the {WORD_BYTES_MAX} of a word"
        ))),
    }
}

impl Ask {
    /// The words of an address, as they stand behind its `?`.
    ///
    /// # Errors
    /// [`Error::is_input`] for a word that there is not, or that is said twice.
    pub fn from_query(text: &str) -> Result<Ask, Error> {
        let pairs = form_urlencoded::parse(text.as_bytes());
        pairs.into_owned().collect::<Vec<_>>().try_into()
    }

    fn word_mut(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "tenant" => &mut self.tenant,
            "version" => &mut self.version,
            "os" => &mut self.os,
            "tier" => &mut self.tier,
            "network" => &mut self.network,
            "country" => &mut self.country,
            "model" => &mut self.model,
            "hours" => &mut self.hours,
            "since" => &mut self.since,
            "until" => &mut self.until,
            "base" => &mut self.base,
            "head" => &mut self.head,
            "min_effect" => &mut self.min_effect,
            "every_look" => &mut self.every_look,
            "strata" => &mut self.strata,
            "page" => &mut self.page,
            "touchpoint" => &mut self.touchpoint,
            "by" => &mut self.by,
            "session" => &mut self.session,
            "month" => &mut self.month,
            "journey" => &mut self.journey,
            _ => return None,
        })
    }

    /// The words that were said, with their names.
    #[must_use]
    pub fn said(&self) -> Vec<(&'static str, &str)> {
        let words = [
            &self.tenant,
            &self.version,
            &self.os,
            &self.tier,
            &self.network,
            &self.country,
            &self.model,
            &self.hours,
            &self.since,
            &self.until,
            &self.base,
            &self.head,
            &self.min_effect,
            &self.every_look,
            &self.strata,
            &self.page,
            &self.touchpoint,
            &self.by,
            &self.session,
            &self.month,
            &self.journey,
        ];
        let dimensions = self.dimensions.iter().map(|word| (DIMENSION, word));
        let factors = self.factors.iter().map(|word| (FACTOR, word));
        let all = WORDS.into_iter().zip(words).chain(dimensions).chain(factors);
        all.filter_map(|(name, word)| said(word).map(|word| (name, word))).collect()
    }

    /// The tenant that was named.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        said(&self.tenant)
    }

    /// What all of the words mean together, where now is `now_unix_ms` and days are those of `zone`.
    ///
    /// # Errors
    /// [`Error::is_input`], naming the word and what it may be.
    pub fn question(&self, now_unix_ms: u64, zone: &Zone) -> Result<Question, Error> {
        // Those of a command line were not looked at yet.
        self.said().into_iter().try_for_each(|(name, word)| refuse_long(name, word))?;
        let (from_unix_ms, until_unix_ms) = self.span(now_unix_ms, zone)?;
        let releases = self.releases()?;
        let of_comparison =
            [("min_effect", &self.min_effect), ("every_look", &self.every_look), ("strata", &self.strata)];
        let stray = of_comparison.into_iter().find(|(_, word)| releases.is_none() && said(word).is_some());
        if let Some((name, _)) = stray {
            return Err(Error::input(format!(
                "{name}: it is of a comparison; name base and head, or leave it out"
            )));
        }
        Ok(Question {
            tenant: self.tenant().map(str::to_owned),
            from_unix_ms,
            until_unix_ms,
            filter: Filter::of(self)?,
            releases: releases.map(|(base, head)| (base.to_owned(), head.to_owned())),
            options: self.options()?,
            strata: self.strata()?,
            rows: self.rows()?,
            touchpoint: self.touchpoint()?,
            by: self.by()?,
            session: self.session()?,
            month: self.month()?,
            journey: said(&self.journey).map(str::to_owned),
        })
    }

    /// Which events are meant, in the form that a store takes.
    ///
    /// # Errors
    /// As [`Ask::question`].
    pub fn query(&self, now_unix_ms: u64, zone: &Zone) -> Result<Query, Error> {
        Ok(self.question(now_unix_ms, zone)?.query())
    }

    /// From when until when, in milliseconds since 1970 UTC.
    fn span(&self, now_unix_ms: u64, zone: &Zone) -> Result<(Option<u64>, Option<u64>), Error> {
        let (since, until) = (said(&self.since), said(&self.until));
        if let Some(hours) = said(&self.hours) {
            if since.is_some() || until.is_some() {
                return Err(Error::input("hours: leave it out, or leave since and until out"));
            }
            let known = hours.parse().ok().filter(|hours| (1..=HOURS_MAX).contains(hours));
            let known = known.ok_or_else(|| {
                Error::input(format!(
                    "hours: {hours:?} is none; write a whole number from 1 to {HOURS_MAX}, for example 24"
                ))
            })?;
            return Ok((Some(now_unix_ms.saturating_sub(known * HOUR_MS)), Some(now_unix_ms)));
        }
        let moment = |name: &str, word: Option<&str>| {
            let read = word.map(|word| time::parse(word, now_unix_ms, zone)).transpose();
            read.map_err(|error| error.within(name))
        };
        let (from, to) = (moment("since", since)?, moment("until", until)?);
        // Moments are compared as they were said: spans are widened to full hours later, and 14:30 to 14:10 would become one.
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            let (since, until) = (since.unwrap_or_default(), until.unwrap_or_default());
            return Err(Error::input(format!(
                "since: {since:?} is not earlier than until, {until:?}; exchange them or write another span"
            )));
        }
        if from.is_some_and(|from| from > now_unix_ms) {
            let since = since.unwrap_or_default();
            return Err(Error::input(format!(
                "since: {since:?} lies in the future; write an earlier time, for example 7d"
            )));
        }
        Ok((from, to))
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

    /// Which rows of each section of a report.
    fn rows(&self) -> Result<Rows, Error> {
        let Some(word) = said(&self.page) else { return Ok(Rows::default()) };
        let page = word.parse().ok().filter(|page| (1..=PAGES_MAX).contains(page));
        let page = page.ok_or_else(|| {
            Error::input(format!("page: {word:?} is none; write a whole number from 1 to {PAGES_MAX}"))
        })?;
        if self.releases()?.is_some() {
            return Err(Error::input("page: it is of a report; leave it out of a comparison"));
        }
        Ok(Rows::page(page, ROWS_LISTED))
    }

    /// What a comparison holds equal beside tier, network and system.
    fn strata(&self) -> Result<Option<Strata>, Error> {
        Ok(filter::text("strata", &self.strata)?.map(|word| match word.as_str() {
            "country" => Strata::Country,
            "model" => Strata::Model,
            _ => Strata::Dimension(word),
        }))
    }

    /// The touchpoint that was named.
    fn touchpoint(&self) -> Result<Option<(Kind, String)>, Error> {
        let Some(word) = said(&self.touchpoint) else { return Ok(None) };
        let kinds = DETAILED.map(Kind::as_str).join(", ");
        let write = || format!("write KIND:NAME, for example action:Pay.Confirm; kinds are {kinds}");
        let Some((kind, name)) = word.split_once(':').filter(|(_, name)| !name.is_empty()) else {
            let shown: String = word.chars().take(40).collect();
            return Err(Error::input(format!("touchpoint: {shown:?} is none; {}", write())));
        };
        let known = kind.parse().ok().filter(|kind| DETAILED.contains(kind));
        let kind = known.ok_or_else(|| {
            Error::input(format!(
                "touchpoint: {}; {}",
                is_none_of("kind", kind, DETAILED.map(Kind::as_str)),
                write()
            ))
        })?;
        Ok(Some((kind, name.to_owned())))
    }

    /// The month that was named, by its first day.
    fn month(&self) -> Result<Option<Date>, Error> {
        let Some(word) = said(&self.month) else { return Ok(None) };
        if [&self.since, &self.until, &self.hours].into_iter().any(|word| said(word).is_some()) {
            return Err(Error::input("month: leave it out, or leave since, until and hours out"));
        }
        let is_month = word.len() == 7 && word.as_bytes().get(4) == Some(&b'-');
        let first = is_month.then(|| format!("{word}-01").parse().ok()).flatten();
        first.map(Some).ok_or_else(|| {
            let shown: String = word.chars().take(40).collect();
            Error::input(format!("month: {shown:?} is none; write 2026-03"))
        })
    }

    /// The field by which a touchpoint is split.
    fn by(&self) -> Result<Option<By>, Error> {
        let by = filter::text("by", &self.by)?;
        if by.is_some() && said(&self.touchpoint).is_none() {
            return Err(Error::input("by: it splits a touchpoint; name one, or leave it out"));
        }
        Ok(by.map(|word| match word.as_str() {
            "tier" => By::Tier,
            "network" => By::Network,
            "country" => By::Country,
            "model" => By::Model,
            _ => By::Dimension(word),
        }))
    }

    /// The session that was named.
    fn session(&self) -> Result<Option<Uuid>, Error> {
        let Some(word) = said(&self.session) else { return Ok(None) };
        word.parse().map(Some).map_err(|_| {
            let shown: String = word.chars().take(40).collect();
            Error::input(format!(
                "session: {shown:?} is none; write its id, as a touchpoint's longest waits name it"
            ))
        })
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
                Error::input(format!("min_effect: {word:?} is none; write the least change that matters in per cent, for example 5"))
            })?;
            options.effect_min = per_cent / 100.0;
        }
        options.at_every_look = match said(&self.every_look) {
            None | Some("no") => false,
            Some("yes") => true,
            Some(word) => return Err(Error::input(format!("every_look: {word:?} is none; write yes or no"))),
        };
        Ok(options)
    }
}

impl Question {
    /// The question in the form that a store takes.
    #[must_use]
    pub fn query(&self) -> Query {
        let mut query = Query::of(self.filter.clone());
        query.rows = self.rows;
        query.strata.clone_from(&self.strata);
        if let Some(from) = self.from_unix_ms {
            query = query.from(from);
        }
        if let Some(until) = self.until_unix_ms {
            query = query.until(until);
        }
        query
    }
}

fn said(word: &str) -> Option<&str> {
    let word = word.trim();
    (!word.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests;
