//! One journey, step by step and across channels: how far customers come, where the time goes, and how it felt.
//!
//! Owns: the shapes, and adding journeys up ([`Walks`]). Refuses: which sessions there are (a store knows) and printing.
//! Invariant: the same sessions in any order, and shared out in any way, give the same map.

mod hand_overs;
mod moments;

use crate::assemble::{latency, outcomes_of};
use crate::budget::Budgets;
use crate::cell::{Cell, RATINGS};
use crate::channel::CHANNEL_OF_APP;
use crate::histogram::Histogram;
use crate::limits::{CHANNELS_MAX, STEPS_OF_JOURNEY_MAX};
use crate::report::{Latency, Outcomes, REPORT_VERSION, Scope};
pub use hand_overs::{CONTINUATION_LIFE_MS, HandOvers};
use hand_overs::{Given, Joins, Taken};
pub(crate) use moments::mean_rating;
pub use moments::{MOMENT_MAX, Measured, Mended, Moment, PeakEnd};
use nowait_wire::{Event, Kind, Outcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// What is beyond a limit is called so.
const OTHER: &str = "(other)";

/// The word for hand-overs that found no room.
const HAND_OVERS_LEFT_OUT: &str = "hand-overs beyond what is joined";

/// Apdex calls a wait tolerable up to this many targets.
pub(crate) const TOLERABLE_TARGETS: u64 = 4;

/// All that is known of a journey.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JourneyMap {
    /// [`REPORT_VERSION`].
    pub report_version: u32,
    /// What it speaks of.
    pub scope: Scope,
    /// What stands in none of these figures, and how many there are of it.
    pub uncounted: BTreeMap<String, u64>,
    /// The journey.
    pub name: String,
    /// What a person calls it.
    pub label: String,
    /// By channel, the app first.
    pub channels: Vec<Channel>,
    /// Its steps, in the order in which customers come to them, those of the app first.
    pub steps: Vec<Step>,
    /// Those that went on elsewhere.
    pub hand_overs: HandOvers,
    /// Worst and last moment beside the mean; `null` where no step has a value.
    pub peak_end: Option<PeakEnd>,
}

/// A journey on one channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Channel {
    /// The channel.
    pub channel: String,
    /// How the journeys ended that began there.
    pub outcomes: Outcomes,
    /// Of those that were done or failed: how long the customer waited, in nanoseconds together.
    pub waiting_ns: u64,
    /// The same, how long the customer acted or was handled.
    pub acting_ns: u64,
    /// The same, how long the customer was away, or suspended.
    pub away_ns: u64,
    /// How long the customer waited, each journey.
    pub waiting: Latency,
    /// What customers said of the journey: how many 1, 2, 3, 4 and 5.
    pub ratings: [u64; RATINGS],
    /// The mean of that; `null` if nobody said anything.
    pub rating_mean: Option<f64>,
    /// Journeys of the app that were joined to one that goes on here.
    pub continued: u64,
}

/// A step on one channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// The channel.
    pub channel: String,
    /// The step.
    pub name: String,
    /// What a person calls it.
    pub label: String,
    /// The longest waiting that counts as in time, in nanoseconds.
    pub target_ns: u64,
    /// Journeys that came here.
    pub reached: u64,
    /// How those ended that came no further and were not done, but for those that went on elsewhere.
    pub left: Outcomes,
    /// Those that ended here and went on elsewhere.
    pub went_on: u64,
    /// All that the customer waited, in nanoseconds.
    pub waiting_ns: u64,
    /// All that the customer acted or was handled.
    pub acting_ns: u64,
    /// All that the customer was away, or suspended.
    pub away_ns: u64,
    /// How long the customer waited, each visit.
    pub waiting: Latency,
    /// Rage taps.
    pub rage_taps: u64,
    /// Visits that were another try at the same step of the same journey.
    pub retries: u64,
    /// What its moment is made of.
    pub measured: Measured,
    /// The mean of what customers said; `null` if nobody said anything.
    pub rating_mean: Option<f64>,
    /// How it went, 0 to 10; `null` where there were too few visits ([`Measured::moment`]).
    pub moment: Option<f64>,
}

impl Step {
    /// Visits.
    #[must_use]
    pub fn visits(&self) -> u64 {
        self.measured.visits
    }
}

/// A channel and a step.
type Place = (String, String);

/// An event with its name, and when it began.
#[derive(Clone, Copy, Debug)]
pub struct Told<'e> {
    /// The event.
    pub event: &'e Event,
    /// The text of its name.
    pub name: &'e str,
    /// When it began, in milliseconds since 1970 UTC.
    pub unix_ms: u64,
}

/// The walks of one journey, added up.
#[derive(Clone, Debug)]
pub struct Walks<'b> {
    journey: &'b str,
    span: Range<u64>,
    budgets: &'b Budgets,
    stops: BTreeMap<Place, Stop>,
    parts: BTreeMap<String, Part>,
    joins: Joins,
}

/// A step on one channel, added up.
#[derive(Clone, Debug, Default)]
struct Stop {
    step: Step,
    waiting: Histogram,
    /// The sum of its places in journeys, from 0.
    places: u64,
}

/// A channel, added up: as a cell of the journeys that began there.
#[derive(Clone, Debug, Default)]
struct Part {
    journeys: Cell,
    ratings: [u64; RATINGS],
}

impl<'b> Walks<'b> {
    /// No walks yet of this journey; of those that will be added, those count that begin in the span, in milliseconds since 1970 UTC.
    #[must_use]
    pub fn new(journey: &'b str, span: Range<u64>, budgets: &'b Budgets) -> Walks<'b> {
        let (stops, parts) = (BTreeMap::new(), BTreeMap::new());
        Walks { journey, span, budgets, stops, parts, joins: Joins::default() }
    }

    /// Whether a journey is told with events of this kind.
    #[must_use]
    pub fn is_meant(kind: Kind) -> bool {
        matches!(kind, Kind::Journey | Kind::Step | Kind::RageTap | Kind::Rating | Kind::HandOver)
    }

    /// Adds what one session told, all of it, on this channel. What the session does not know the end of yet is passed over.
    pub fn add_session(&mut self, channel: &str, told: &[Told]) {
        let channel = self.channel(channel);
        // Whoever came in with an id began with it, so what a hand-over gave may lie before the span.
        let mut walks: BTreeMap<u64, Walk> = BTreeMap::new();
        for told in told.iter().filter(|told| told.event.kind == Kind::Journey && told.name == self.journey) {
            if Cell::believes(told.event) && self.span.contains(&told.unix_ms) {
                walks.entry(told.event.journey).or_insert_with(|| Walk::of(told));
            }
        }
        for told in told {
            let walk = walks.get_mut(&told.event.journey);
            match (told.event.kind, walk) {
                (Kind::Step, Some(walk)) if Cell::believes(told.event) => walk.steps.push(*told),
                (Kind::RageTap, Some(walk)) => walk.rage_taps.push(told.event.started_uptime_ns),
                (Kind::Rating, walk) if Cell::believes(told.event) => self.rated(&channel, told, walk),
                (Kind::HandOver, walk) if told.name == self.journey => self.handed_over(&channel, told, walk),
                _ => {}
            }
        }
        for walk in walks.values_mut() {
            self.walk(&channel, walk);
        }
    }

    /// Keeps the first channels apart.
    fn channel(&self, channel: &str) -> String {
        let is_known = self.parts.contains_key(channel) || self.parts.len() < CHANNELS_MAX;
        if is_known { channel } else { OTHER }.to_owned()
    }

    fn rated(&mut self, channel: &str, told: &Told, walk: Option<&mut Walk>) {
        let Some(place) = usize::try_from(told.event.a).ok().and_then(|rating| rating.checked_sub(1)) else {
            return;
        };
        if told.name == self.journey && self.span.contains(&told.unix_ms) {
            let part = self.parts.entry(channel.to_owned()).or_default();
            part.ratings.get_mut(place).into_iter().for_each(|count| *count += 1);
        } else if let Some(walk) = walk {
            walk.ratings.push((told.name.to_owned(), place));
        }
    }

    fn handed_over(&mut self, channel: &str, told: &Told, walk: Option<&mut Walk>) {
        let (continuation, unix_ms) = (told.event.a, told.unix_ms);
        match (told.event.b, walk) {
            (0, walk) if unix_ms < self.span.end => {
                let is_in_span = self.span.contains(&unix_ms);
                match walk {
                    Some(walk) => walk.given.push((continuation, unix_ms)),
                    // Begun before the span, or not over yet.
                    None => self.joins.give(continuation, Given { unix_ms, is_in_span, left_at: None }),
                }
            }
            (1, Some(walk)) => {
                let is_done = walk.outcome == Outcome::Done;
                self.joins.take(Taken { unix_ms, continuation, channel: channel.to_owned(), is_done });
            }
            _ => {}
        }
    }

    fn walk(&mut self, channel: &str, walk: &mut Walk) {
        self.parts.entry(channel.to_owned()).or_default().journeys.add(&walk.event);
        walk.steps.sort_by_key(|step| step.event.started_uptime_ns);
        let mut seen: Vec<&str> = Vec::new();
        let mut last = None;
        for step in &walk.steps {
            let place = self.place(channel, step.name);
            let is_retry = seen.contains(&step.name);
            let order = seen.len() as u64;
            if !is_retry {
                seen.push(step.name);
            }
            let span = step.event.started_uptime_ns..=step.event.ended_uptime_ns();
            let rage_taps = walk.rage_taps.extract_if(.., |at| span.contains(at)).count() as u64;
            let target_ns = self.budgets.of(Kind::Step, step.name).target_ns;
            let stop = self.stops.entry(place.clone()).or_default();
            stop.visit(step.event, target_ns, rage_taps, is_retry);
            if !is_retry {
                stop.step.reached += 1;
                stop.places += order;
            }
            last = Some(place);
        }
        for (name, rating) in &walk.ratings {
            let place = (channel.to_owned(), name.clone());
            if let Some(stop) = self.stops.get_mut(&place) {
                stop.step.measured.ratings.get_mut(*rating).into_iter().for_each(|count| *count += 1);
            }
        }
        let is_left = walk.outcome != Outcome::Done;
        if let Some(stop) = last.as_ref().filter(|_| is_left).and_then(|place| self.stops.get_mut(place)) {
            count(&mut stop.step.left, walk.outcome, 1);
        }
        for (continuation, unix_ms) in &walk.given {
            let left_at = last.clone().filter(|_| is_left).map(|place| (place, walk.outcome));
            let is_in_span = self.span.contains(unix_ms);
            self.joins.give(*continuation, Given { unix_ms: *unix_ms, is_in_span, left_at });
        }
    }

    /// Keeps the first steps apart.
    fn place(&self, channel: &str, name: &str) -> Place {
        let place = (channel.to_owned(), name.to_owned());
        let is_known = self.stops.contains_key(&place) || self.stops.len() < STEPS_OF_JOURNEY_MAX;
        if is_known { place } else { (channel.to_owned(), OTHER.to_owned()) }
    }

    /// Adds the walks of other sessions.
    pub fn merge(&mut self, other: Walks) {
        for ((channel, name), stop) in other.stops {
            let place = self.place(&channel, &name);
            self.stops.entry(place).or_default().merge(&stop);
        }
        for (channel, part) in other.parts {
            let mine = self.parts.entry(self.channel(&channel)).or_default();
            mine.journeys.merge(&part.journeys);
            add(&mut mine.ratings, &part.ratings);
        }
        self.joins.merge(other.joins);
    }

    /// Whether there was none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The map of all of them.
    #[must_use]
    pub fn map(mut self, scope: Scope, mut uncounted: BTreeMap<String, u64>) -> JourneyMap {
        if self.joins.left_out > 0 {
            uncounted.insert(HAND_OVERS_LEFT_OUT.to_owned(), self.joins.left_out);
        }
        let mut continued: BTreeMap<String, u64> = BTreeMap::new();
        let (stops, joins) = (&mut self.stops, self.joins);
        let hand_overs = joins.resolve(|left_at, channel| {
            *continued.entry(channel.to_owned()).or_default() += 1;
            if let Some((place, outcome)) = left_at
                && let Some(stop) = stops.get_mut(place)
            {
                stop.step.went_on += 1;
                let left = of(&mut stop.step.left, *outcome);
                *left = left.saturating_sub(1);
            }
        });
        let budget = self.budgets.of(Kind::Journey, self.journey);
        let rank = |channel: &str| (channel != CHANNEL_OF_APP, channel.to_owned());
        let mut channels: Vec<Channel> = self
            .parts
            .into_iter()
            .map(|(channel, part)| part.told(continued.get(&channel).copied().unwrap_or(0), channel))
            .collect();
        channels.sort_by_key(|channel| rank(&channel.channel));
        let mut steps: Vec<((bool, String), f64, Step)> = (self.stops.into_iter())
            .map(|((channel, name), stop)| {
                let budget = self.budgets.of(Kind::Step, &name);
                let order = stop.places as f64 / stop.step.reached.max(1) as f64;
                let step = Step { target_ns: budget.target_ns, label: budget.label, name, ..stop.told() };
                (rank(&channel), order, Step { channel, ..step })
            })
            .collect();
        steps.sort_by(|one, other| {
            one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)).then_with(|| one.2.name.cmp(&other.2.name))
        });
        let steps: Vec<Step> = steps.into_iter().map(|(.., step)| step).collect();
        JourneyMap {
            report_version: REPORT_VERSION,
            scope,
            uncounted,
            name: self.journey.to_owned(),
            label: budget.label,
            peak_end: moments::peak_end(&steps),
            channels,
            steps,
            hand_overs,
        }
    }
}

/// One journey of a session.
struct Walk<'e> {
    event: Event,
    outcome: Outcome,
    steps: Vec<Told<'e>>,
    rage_taps: Vec<u64>,
    /// What steps were rated, by name, and the place of the rating.
    ratings: Vec<(String, usize)>,
    given: Vec<(u64, u64)>,
}

impl<'e> Walk<'e> {
    fn of(told: &Told<'e>) -> Walk<'e> {
        let event = *told.event;
        let (steps, rage_taps, ratings, given) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Walk { event, outcome: event.outcome, steps, rage_taps, ratings, given }
    }
}

impl Stop {
    fn visit(&mut self, event: &Event, target_ns: u64, rage_taps: u64, is_retry: bool) {
        let (waiting_ns, away_ns) = (event.a.saturating_mul(1_000), event.b.saturating_mul(1_000));
        self.waiting.record(waiting_ns);
        let Step { waiting_ns: waiting, acting_ns: acting, away_ns: away, measured, .. } = &mut self.step;
        *waiting = waiting.saturating_add(waiting_ns);
        *away = away.saturating_add(away_ns);
        let rest = event.duration_ns.saturating_sub(waiting_ns).saturating_sub(away_ns);
        *acting = acting.saturating_add(rest);
        measured.visits += 1;
        measured.done += u64::from(event.outcome == Outcome::Done);
        measured.troubled += u64::from(is_retry || rage_taps > 0);
        match waiting_ns {
            ns if ns <= target_ns => measured.in_time += 1,
            ns if ns <= target_ns.saturating_mul(TOLERABLE_TARGETS) => measured.tolerable += 1,
            _ => {}
        }
        self.step.rage_taps += rage_taps;
        self.step.retries += u64::from(is_retry);
    }

    fn merge(&mut self, other: &Stop) {
        self.waiting.merge(&other.waiting);
        self.places = self.places.saturating_add(other.places);
        let (mine, theirs) = (&mut self.step, &other.step);
        for (mine, theirs) in [
            (&mut mine.reached, theirs.reached),
            (&mut mine.waiting_ns, theirs.waiting_ns),
            (&mut mine.acting_ns, theirs.acting_ns),
            (&mut mine.away_ns, theirs.away_ns),
            (&mut mine.rage_taps, theirs.rage_taps),
            (&mut mine.retries, theirs.retries),
            (&mut mine.measured.visits, theirs.measured.visits),
            (&mut mine.measured.in_time, theirs.measured.in_time),
            (&mut mine.measured.tolerable, theirs.measured.tolerable),
            (&mut mine.measured.done, theirs.measured.done),
            (&mut mine.measured.troubled, theirs.measured.troubled),
        ] {
            *mine = mine.saturating_add(theirs);
        }
        add(&mut mine.measured.ratings, &theirs.measured.ratings);
        for outcome in Outcome::ALL {
            count(&mut mine.left, *outcome, *of(&mut theirs.left.clone(), *outcome));
        }
    }

    /// The step, but for its names.
    fn told(self) -> Step {
        let Stop { step, waiting, .. } = self;
        Step {
            waiting: latency(&waiting),
            rating_mean: mean_rating(&step.measured.ratings, 1),
            moment: step.measured.moment(),
            ..step
        }
    }
}

impl Part {
    fn told(self, continued: u64, channel: String) -> Channel {
        let Part { journeys, ratings } = self;
        let (whole, waiting) = (journeys.latency(), journeys.part());
        Channel {
            channel,
            outcomes: outcomes_of(&journeys),
            waiting_ns: waiting.sum_ns(),
            acting_ns: whole.sum_ns().saturating_sub(waiting.sum_ns()).saturating_sub(journeys.away_ns()),
            away_ns: journeys.away_ns(),
            waiting: latency(waiting),
            rating_mean: mean_rating(&ratings, 1),
            ratings,
            continued,
        }
    }
}

fn add(mine: &mut [u64; RATINGS], theirs: &[u64; RATINGS]) {
    mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine = mine.saturating_add(*theirs));
}

fn count(outcomes: &mut Outcomes, outcome: Outcome, n: u64) {
    let count = of(outcomes, outcome);
    *count = count.saturating_add(n);
}

fn of(outcomes: &mut Outcomes, outcome: Outcome) -> &mut u64 {
    match outcome {
        Outcome::Done => &mut outcomes.done,
        Outcome::Failed => &mut outcomes.failed,
        Outcome::NoResponse => &mut outcomes.no_response,
        Outcome::TimedOut => &mut outcomes.timed_out,
        Outcome::Interrupted => &mut outcomes.interrupted,
        Outcome::AlreadyAnimating => &mut outcomes.already_animating,
        Outcome::Abandoned => &mut outcomes.abandoned,
        Outcome::Died => &mut outcomes.died,
    }
}

#[cfg(test)]
mod tests;
