//! Does waiting explain the rating? What customers said beside how long they had waited.
//!
//! A rating is held against what it names: a journey, or the latest wait of that name before it. How long the customer had waited in a journey
//! is the worst of its own waiting against its target, and that of each of its steps against theirs.
//!
//! The mean of ratings has an interval like that of a share: on a scale from 0 (all say 1) to 1 (all say 5) it is Wilson's, of as many
//! yes-or-no answers as would vary as much as these ratings and one more at each end do. With MOVER two of them make that of a difference.
//!
//! Owns: that table and its answer. Refuses: causes: who waited may differ in more from who did not.
//! Invariant: the same sessions in any order, and shared out in any way, give the same figures.

use crate::budget::Budgets;
use crate::cell::{Cell, RATINGS, waited_ns};
use crate::estimate::in_time_ns;
use crate::interval::{Interval, Z95, difference, share};
use crate::journey_map::{TOLERABLE_TARGETS, Told};
use crate::limits::{RATED_PLACES_MAX, RATINGS_COMPARED_MIN};
use crate::report::Scope;
use crate::side::is_compared;
use nowait_wire::{Kind, Outcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// Less than this, in points of the scale from 1 to 5, matters to nobody: half a star.
const DIFFERENCE_MIN: f64 = 0.5;

/// What is beyond a limit is called so.
const OTHER: &str = "(other)";

/// How what was rated had gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Went {
    /// Every wait was within its target.
    InTime,
    /// One was longer, none longer than four times its target.
    Late,
    /// One was longer than four times its target.
    VeryLate,
    /// It failed, was given up or had no answer.
    Failed,
}

impl Went {
    /// All of them, the best first.
    pub const ALL: [Went; 4] = [Went::InTime, Went::Late, Went::VeryLate, Went::Failed];

    /// Its word, as in the JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Went::InTime => "in_time",
            Went::Late => "late",
            Went::VeryLate => "very_late",
            Went::Failed => "failed",
        }
    }
}

/// How many said 1, 2, 3, 4 and 5.
type Ratings = [u64; RATINGS];

/// Ratings by how it had gone.
type ByWent = [Ratings; Went::ALL.len()];

/// The ratings of some sessions.
#[derive(Clone, Debug)]
pub struct Rated<'b> {
    span: Range<u64>,
    budgets: &'b Budgets,
    /// By kind and name of what was rated.
    places: BTreeMap<(Kind, String), ByWent>,
    untied: u64,
}

impl<'b> Rated<'b> {
    /// No ratings yet; of those that will be added, those count that were given in the span, in milliseconds since 1970 UTC.
    #[must_use]
    pub fn new(span: Range<u64>, budgets: &'b Budgets) -> Rated<'b> {
        Rated { span, budgets, places: BTreeMap::new(), untied: 0 }
    }

    /// Whether a session with this event has anything to say.
    #[must_use]
    pub fn is_meant(kind: Kind) -> bool {
        kind == Kind::Rating || kind == Kind::Journey || is_compared(kind)
    }

    /// Adds what one session told, all of it.
    pub fn add_session(&mut self, told: &[Told]) {
        let believed = |told: &&Told| Cell::believes(told.event);
        for rating in told.iter().filter(|told| told.event.kind == Kind::Rating).filter(believed) {
            let place = usize::try_from(rating.event.a).ok().and_then(|rating| rating.checked_sub(1));
            let Some(place) = place.filter(|_| self.span.contains(&rating.unix_ms)) else { continue };
            match self.went(rating, told) {
                None => self.untied += 1,
                Some((of, went)) => {
                    let is_known = self.places.contains_key(&of) || self.places.len() < RATED_PLACES_MAX;
                    let of = if is_known { of } else { (of.0, OTHER.to_owned()) };
                    let ratings = self.places.entry(of).or_default().get_mut(went as usize);
                    ratings.and_then(|of| of.get_mut(place)).into_iter().for_each(|count| *count += 1);
                }
            }
        }
    }

    /// What was rated, and how it had gone.
    fn went(&self, rating: &Told, told: &[Told]) -> Option<((Kind, String), Went)> {
        let at = rating.event.started_uptime_ns;
        let believed = |told: &&Told| Cell::believes(told.event);
        let named = |told: &&Told| told.name == rating.name;
        // A journey may be rated before its end, and from a notification long after it: then it names the journey.
        let journeys =
            told.iter().filter(|told| told.event.kind == Kind::Journey && told.event.started_uptime_ns <= at);
        let in_journey = |told: &&Told| [0, told.event.journey].contains(&rating.event.journey);
        let journeys = journeys.filter(named).filter(believed).filter(in_journey);
        if let Some(journey) = journeys.max_by_key(|told| told.event.started_uptime_ns) {
            let of = journey.event.journey;
            let steps = told.iter().filter(|told| told.event.kind == Kind::Step && told.event.journey == of);
            let all = std::iter::once(journey).chain(steps.filter(believed));
            let went = match journey.event.outcome {
                Outcome::Done => all.map(|told| self.waited(told)).max()?,
                _ => Went::Failed,
            };
            return Some(((Kind::Journey, rating.name.to_owned()), went));
        }
        let waits =
            told.iter().filter(|told| is_compared(told.event.kind) && told.event.ended_uptime_ns() <= at);
        // Of these nobody knows how long somebody waited.
        let is_known =
            |told: &&Told| !matches!(told.event.outcome, Outcome::Interrupted | Outcome::AlreadyAnimating);
        let waits = waits.filter(named).filter(believed).filter(is_known);
        let wait = waits.max_by_key(|told| told.event.ended_uptime_ns())?;
        let went = if wait.event.outcome == Outcome::Done { self.waited(wait) } else { Went::Failed };
        Some(((wait.event.kind, rating.name.to_owned()), went))
    }

    /// How long one wait was beside its target.
    fn waited(&self, told: &Told) -> Went {
        let target_ns = self.budgets.of(told.event.kind, told.name).target_ns;
        match waited_ns(told.event) {
            ns if ns <= in_time_ns(target_ns) => Went::InTime,
            ns if ns <= in_time_ns(target_ns.saturating_mul(TOLERABLE_TARGETS)) => Went::Late,
            _ => Went::VeryLate,
        }
    }

    /// Adds the ratings of other sessions.
    pub fn merge(&mut self, other: Rated) {
        self.untied = self.untied.saturating_add(other.untied);
        for (of, theirs) in other.places {
            let is_known = self.places.contains_key(&of) || self.places.len() < RATED_PLACES_MAX;
            let of = if is_known { of } else { (of.0, OTHER.to_owned()) };
            let mine = self.places.entry(of).or_default();
            mine.iter_mut().zip(&theirs).for_each(|(mine, theirs)| add(mine, theirs));
        }
    }

    /// What they say.
    #[must_use]
    pub fn explained(self, scope: Scope, uncounted: BTreeMap<String, u64>) -> Explained {
        let mut all = ByWent::default();
        for by_went in self.places.values() {
            all.iter_mut().zip(by_went).for_each(|(mine, theirs)| add(mine, theirs));
        }
        let groups = Went::ALL.iter().zip(&all);
        Explained {
            scope,
            uncounted,
            untied: self.untied,
            groups: groups.map(|(went, ratings)| Group { went: *went, ratings: Mean::of(ratings) }).collect(),
            waiting: Effect::of_waiting(&all),
            failing: Effect::of_failing(&all),
            places: places(&self.places, self.budgets),
        }
    }
}

/// What was rated, the most first.
fn places(of: &BTreeMap<(Kind, String), ByWent>, budgets: &Budgets) -> Vec<RatedPlace> {
    let place = |((kind, name), by_went): (&(Kind, String), &ByWent)| RatedPlace {
        kind: *kind,
        name: name.clone(),
        label: budgets.of(*kind, name).label,
        waiting: Effect::of_waiting(by_went),
        failing: Effect::of_failing(by_went),
    };
    let mut places: Vec<RatedPlace> = of.iter().map(place).collect();
    places.sort_by_key(|of| std::cmp::Reverse(of.waiting.better.n + of.waiting.worse.n + of.failing.worse.n));
    places
}

fn add(mine: &mut Ratings, theirs: &Ratings) {
    mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine = mine.saturating_add(*theirs));
}

/// The mean of some ratings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RatingMean")]
pub struct Mean {
    /// How many there are.
    pub n: u64,
    /// Their mean, 1 to 5; `null` if there are fewer than [`RATINGS_COMPARED_MIN`].
    pub mean: Option<f64>,
    /// The lower end of its interval at 95 %.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

impl Mean {
    fn of(ratings: &Ratings) -> Mean {
        let n = ratings.iter().sum();
        let found = (n >= RATINGS_COMPARED_MIN).then(|| interval(ratings));
        let star = |of: Option<f64>| of.map(|share| 1.0 + share * (RATINGS - 1) as f64);
        Mean {
            n,
            mean: star(found.map(|of| of.value)),
            low: star(found.map(|of| of.low)),
            high: star(found.map(|of| of.high)),
        }
    }
}

/// The mean of at least one rating on a scale from 0 to 1, with its interval at 95 %.
fn interval(ratings: &Ratings) -> Interval {
    let at = |place: usize| place as f64 / (RATINGS - 1) as f64;
    // One more at each end, so that ratings that are all alike are not taken for certain.
    let padded = |place: usize| f64::from(u8::from(place == 0 || place == RATINGS - 1));
    let sum = |of: &dyn Fn(usize, f64) -> f64| -> f64 {
        ratings.iter().enumerate().map(|(place, n)| of(place, *n as f64)).sum()
    };
    let n = sum(&|_, n| n);
    let mean = sum(&|place, n| n * at(place)) / n;
    let all = n + 2.0;
    let middle = sum(&|place, n| (n + padded(place)) * at(place)) / all;
    let variance = sum(&|place, n| (n + padded(place)) * (at(place) - middle).powi(2)) / all;
    share(mean, n * middle * (1.0 - middle) / variance, Z95)
}

/// Ratings of one way in which it went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RatedGroup")]
pub struct Group {
    /// Which one.
    pub went: Went,
    /// What was said.
    pub ratings: Mean,
}

/// Whether ratings are lower where it went worse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Explains {
    /// They are, by more than chance.
    Yes,
    /// They are higher there, by more than chance.
    OtherWay,
    /// Whatever the difference is, it is less than half a star.
    No,
    /// There may be a difference that matters, or none.
    Unclear,
    /// Too few ratings on a side.
    #[default]
    #[serde(rename = "too_few_samples")]
    TooFew,
}

impl Explains {
    /// Its word, as in the JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Explains::Yes => "yes",
            Explains::OtherWay => "other_way",
            Explains::No => "no",
            Explains::Unclear => "unclear",
            Explains::TooFew => "too_few_samples",
        }
    }
}

/// Ratings where it went better beside those where it went worse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RatingEffect")]
pub struct Effect {
    /// Where it went better.
    pub better: Mean,
    /// Where it went worse.
    pub worse: Mean,
    /// The mean where it went worse less that where it went better, in stars; `null` if there are too few ratings on a side.
    pub change: Option<f64>,
    /// The lower end of its interval at 95 %.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// What that says.
    pub explains: Explains,
}

impl Effect {
    /// Waits beyond a target beside all in time.
    fn of_waiting([in_time, late, very_late, _]: &ByWent) -> Effect {
        let mut beyond = *late;
        add(&mut beyond, very_late);
        Effect::of(in_time, &beyond)
    }

    /// What failed beside all that did not.
    fn of_failing([in_time, late, very_late, failed]: &ByWent) -> Effect {
        let mut others = *in_time;
        add(&mut others, late);
        add(&mut others, very_late);
        Effect::of(&others, failed)
    }

    fn of(better: &Ratings, worse: &Ratings) -> Effect {
        let sides = Effect { better: Mean::of(better), worse: Mean::of(worse), ..Effect::default() };
        if sides.better.mean.is_none() || sides.worse.mean.is_none() {
            return sides;
        }
        let found = difference(interval(better), interval(worse));
        let [low, change, high] = [found.low, found.value, found.high].map(|of| of * (RATINGS - 1) as f64);
        let explains = match (low, high) {
            (_, high) if high < 0.0 => Explains::Yes,
            (low, _) if low > 0.0 => Explains::OtherWay,
            (low, high) if low > -DIFFERENCE_MIN && high < DIFFERENCE_MIN => Explains::No,
            _ => Explains::Unclear,
        };
        Effect { change: Some(change), low: Some(low), high: Some(high), explains, ..sides }
    }
}

/// What was rated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RatedPlace {
    /// A journey, or a kind of wait.
    #[schemars(schema_with = "crate::schema::kind")]
    pub kind: Kind,
    /// Its registered name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// Waits beyond a target beside all in time.
    pub waiting: Effect,
    /// What failed beside all that did not.
    pub failing: Effect,
}

/// What customers said beside how it had gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Explained {
    /// What it speaks of.
    pub scope: Scope,
    /// What stands in none of these figures, and how many there are of it.
    pub uncounted: BTreeMap<String, u64>,
    /// Ratings of which nothing is known that they could be of.
    pub untied: u64,
    /// By how it had gone, the best first.
    pub groups: Vec<Group>,
    /// Whether waiting explains the rating.
    pub waiting: Effect,
    /// Whether failing does.
    pub failing: Effect,
    /// The same for each journey or touchpoint, the most ratings first.
    pub places: Vec<RatedPlace>,
}

impl Explained {
    /// Whether nobody rated anything that is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

#[cfg(test)]
mod tests;
