//! What reviews say of the own product beside others, as shares of praise with their intervals.
//!
//! Owns: the figures. Refuses: how reviews came to be counted (see the module above).
//! Invariant: where fewer praise or complain than a figure asks for, there is none.

use super::{Feedback, FeedbackKey, NOTHING, Tally};
use crate::budget::{Budgets, Topic};
use crate::experience::waits_min;
use crate::interval::{Interval, Z95, difference, share};
use crate::journey_map::mean_rating;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What some reviews say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Opinion {
    /// How many there are.
    pub n: u64,
    /// How many praise.
    pub positive: u64,
    /// How many do neither.
    pub neutral: u64,
    /// How many complain.
    pub negative: u64,
    /// Of those that praise or complain, the share that praises, 0 to 1; `null` if they are fewer than [`waits_min`].
    pub praise_share: Option<f64>,
    /// The lower end of its interval at 95 % (Wilson).
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// How many gave stars.
    pub rated: u64,
    /// The mean of the stars; `null` if they are fewer than [`waits_min`].
    pub stars_mean: Option<f64>,
}

impl Opinion {
    fn of(tally: &Tally) -> Opinion {
        let praise = praise(tally);
        Opinion {
            n: tally.n(),
            positive: tally.positive,
            neutral: tally.neutral,
            negative: tally.negative,
            praise_share: praise.map(|of| of.value),
            low: praise.map(|of| of.low),
            high: praise.map(|of| of.high),
            rated: tally.stars.iter().sum(),
            stars_mean: mean_rating(&tally.stars, waits_min()),
        }
    }

    /// How many praise or complain.
    #[must_use]
    pub fn polar(&self) -> u64 {
        self.positive.saturating_add(self.negative)
    }
}

fn praise(tally: &Tally) -> Option<Interval> {
    let polar = tally.positive.saturating_add(tally.negative);
    (polar >= waits_min()).then(|| share(tally.positive as f64 / polar as f64, polar as f64, Z95))
}

/// The own product beside others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The own one is praised more.
    Ahead,
    /// It is praised less.
    Behind,
    /// The reviews do not tell.
    NoEvidence,
    /// Too few praise or complain on a side.
    #[default]
    #[serde(rename = "too_few_samples")]
    TooFew,
}

impl Standing {
    /// Its word, as in the JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Standing::Ahead => "ahead",
            Standing::Behind => "behind",
            Standing::NoEvidence => "no_evidence",
            Standing::TooFew => "too_few_samples",
        }
    }
}

/// How much more of the own product's reviews praise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ahead {
    /// What that says.
    pub standing: Standing,
    /// The own share of praise less that of the others, each 0 to 1; `null` if there is no share of a side.
    pub points: Option<f64>,
    /// The lower end of its interval at 95 % (Newcombe's method 10).
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

impl Ahead {
    fn of(own: &Tally, others: &Tally) -> Ahead {
        let (Some(own), Some(others)) = (praise(own), praise(others)) else { return Ahead::default() };
        let found = difference(others, own);
        let standing = match found {
            Interval { low, .. } if low > 0.0 => Standing::Ahead,
            Interval { high, .. } if high < 0.0 => Standing::Behind,
            _ => Standing::NoEvidence,
        };
        Ahead { standing, points: Some(found.value), low: Some(found.low), high: Some(found.high) }
    }
}

/// What is said of one of something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NamedOpinion {
    /// Which one; an empty product is the own one, an empty release one that nobody said.
    pub name: String,
    /// What a person calls it, where the bank says so.
    pub label: Option<String>,
    /// What is said.
    pub opinion: Opinion,
}

/// What is said of an indicator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IndicatorOpinion {
    /// Its name.
    pub name: String,
    /// What the bank calls it.
    pub label: Option<String>,
    /// Of the own product.
    pub own: Opinion,
    /// Of all others.
    pub others: Opinion,
    /// The one beside the other.
    pub ahead: Ahead,
    /// Of the own product, by touchpoint, the most complaints first.
    pub touchpoints: Vec<NamedOpinion>,
}

/// What is said of a touchpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TouchpointOpinion {
    /// Its name in the dictionary.
    pub name: String,
    /// What the bank calls it.
    pub label: Option<String>,
    /// Which touchpoint of the app that is, if the bank says it, as `GET /v1/touchpoint` takes it: `kind:name`.
    pub touchpoint: Option<String>,
    /// Of the own product.
    pub own: Opinion,
    /// Of all others.
    pub others: Opinion,
    /// The one beside the other.
    pub ahead: Ahead,
}

/// What customers say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Listening {
    /// Of each product, the own one first.
    pub products: Vec<NamedOpinion>,
    /// Own reviews in which no word of the dictionary was.
    pub unheard: u64,
    /// Of each indicator, in the order of the budgets.
    pub indicators: Vec<IndicatorOpinion>,
    /// Of each touchpoint, the most complaints first.
    pub touchpoints: Vec<TouchpointOpinion>,
    /// Of the own product's releases, in the order of versions.
    pub releases: Vec<NamedOpinion>,
    /// Of the own product, by where it was said, the most first.
    pub channels: Vec<NamedOpinion>,
}

impl Listening {
    /// What these reviews say, under the names that the budgets give.
    #[must_use]
    pub fn new(feedback: &Feedback, budgets: &Budgets) -> Listening {
        let total = |key: &FeedbackKey| key.touchpoint.is_empty() && key.indicator.is_empty();
        let own = |key: &FeedbackKey| key.product.is_empty();
        let mut products: Vec<NamedOpinion> = by(feedback, total, |key| &key.product);
        products.sort_by_key(|of| (!of.name.is_empty(), Reverse(of.opinion.n)));
        let mut releases = by(feedback, |key| own(key) && total(key), |key| &key.version);
        releases.sort_by(|one, other| crate::VersionOrder(&one.name).cmp(&crate::VersionOrder(&other.name)));
        let mut channels = by(feedback, |key| own(key) && total(key), |key| &key.channel);
        channels.sort_by_key(|of| Reverse(of.opinion.n));
        Listening {
            products,
            unheard: feedback.sum(|key| own(key) && key.indicator == NOTHING).n(),
            indicators: indicators(feedback, budgets),
            touchpoints: touchpoints(feedback, budgets),
            releases,
            channels,
        }
    }

    /// Whether nobody says anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.products.is_empty()
    }
}

/// The reviews that are meant, by what `name` says of each.
fn by(
    feedback: &Feedback,
    is_meant: impl Fn(&FeedbackKey) -> bool,
    name: impl Fn(&FeedbackKey) -> &String,
) -> Vec<NamedOpinion> {
    let mut sums: BTreeMap<&str, Tally> = BTreeMap::new();
    for (key, tally) in feedback.iter().filter(|(key, _)| is_meant(key)) {
        sums.entry(name(key)).or_default().merge(tally);
    }
    let named = |(name, tally): (&str, Tally)| NamedOpinion {
        name: name.to_owned(),
        label: None,
        opinion: Opinion::of(&tally),
    };
    sums.into_iter().map(named).collect()
}

/// The sum of both sides of what is meant: the own product, and all others.
fn sides(feedback: &Feedback, is_meant: impl Fn(&FeedbackKey) -> bool) -> (Tally, Tally) {
    let side = |is_own: bool| feedback.sum(|key| key.product.is_empty() == is_own && is_meant(key));
    (side(true), side(false))
}

fn indicators(feedback: &Feedback, budgets: &Budgets) -> Vec<IndicatorOpinion> {
    let known = budgets.indicators().all.iter().map(|of| (of.name.as_str(), of.label.clone()));
    let mut named: Vec<(&str, Option<String>)> = known.collect();
    // What was counted under an indicator that the bank has taken away since.
    let said: BTreeSet<&str> = feedback.iter().map(|(key, _)| key.indicator.as_str()).collect();
    let gone = said.into_iter().filter(|name| !name.is_empty() && *name != NOTHING);
    let gone: Vec<&str> = gone.filter(|name| named.iter().all(|(of, _)| of != name)).collect();
    named.extend(gone.into_iter().map(|name| (name, None)));
    let opinion = |(name, label): (&str, Option<String>)| {
        let is_of = |key: &FeedbackKey| key.indicator == name && key.touchpoint.is_empty();
        let (own, others) = sides(feedback, is_of);
        let is_place =
            |key: &FeedbackKey| key.product.is_empty() && key.indicator == name && !key.touchpoint.is_empty();
        let mut touchpoints = by(feedback, is_place, |key| &key.touchpoint);
        for of in &mut touchpoints {
            of.label = topic(budgets, &of.name).and_then(|topic| topic.label.clone());
        }
        touchpoints.sort_by_key(|of| (Reverse(of.opinion.negative), Reverse(of.opinion.n)));
        let name = name.to_owned();
        let (ahead, own, others) = (Ahead::of(&own, &others), Opinion::of(&own), Opinion::of(&others));
        IndicatorOpinion { name, label, own, others, ahead, touchpoints }
    };
    let all = named.into_iter().map(opinion);
    all.filter(|of| of.own.n > 0 || of.others.n > 0).collect()
}

fn touchpoints(feedback: &Feedback, budgets: &Budgets) -> Vec<TouchpointOpinion> {
    let named: BTreeSet<&str> = feedback.iter().map(|(key, _)| key.touchpoint.as_str()).collect();
    let opinion = |name: &str| {
        let (own, others) = sides(feedback, |key| key.touchpoint == name && key.indicator.is_empty());
        let topic = topic(budgets, name);
        TouchpointOpinion {
            name: name.to_owned(),
            label: topic.and_then(|topic| topic.label.clone()),
            touchpoint: topic
                .and_then(|topic| topic.touchpoint.as_ref())
                .map(|(kind, name)| format!("{kind}:{name}")),
            ahead: Ahead::of(&own, &others),
            own: Opinion::of(&own),
            others: Opinion::of(&others),
        }
    };
    let named = named.into_iter().filter(|name| !name.is_empty());
    let mut all: Vec<TouchpointOpinion> = named.map(opinion).collect();
    all.sort_by_key(|of| (Reverse(of.own.negative), Reverse(of.own.n)));
    all
}

fn topic<'b>(budgets: &'b Budgets, name: &str) -> Option<&'b Topic> {
    budgets.listening().iter().find(|topic| topic.name == name)
}
