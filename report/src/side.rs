//! One side of a comparison: all waits of a release, and some of its sessions one by one.
//!
//! Owns: what counts as a wait here, how it ended, and which customers are alike. Refuses: the other side, and figures (see
//! `figures`).
//! Invariant: waits that are nobody's (interrupted, or answered by what moved already) are in no figure, and are counted.

use crate::cell::{Cell, tells_waiting, waited_ns};
use crate::curve::{bucket_place, places};
use crate::histogram::Histogram;
use crate::metric::{Measured, Metric};
use crate::runs::Runs;
use nowait_wire::{Context, Event, Kind, Network, Os, Outcome, Tier};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kinds that are compared: all waits but hangs, which exist only above 250 ms, so that their number tells of a
/// change and their length does not.
pub(crate) const COMPARED: [Kind; 8] = [
    Kind::Launch,
    Kind::Screen,
    Kind::Tap,
    Kind::Settled,
    Kind::Request,
    Kind::Action,
    Kind::Journey,
    Kind::Step,
];

/// Whether waits of this kind are compared.
pub(crate) fn is_compared(kind: Kind) -> bool {
    COMPARED.contains(&kind)
}

/// Customers that are alike as far as devices go: a comparison holds their shares equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Stratum {
    /// How fast the device is.
    #[schemars(schema_with = "crate::schema::tier")]
    pub tier: Tier,
    /// The network that was there when the batch was sealed.
    #[schemars(schema_with = "crate::schema::network")]
    pub network: Network,
    /// The operating system family.
    #[schemars(schema_with = "crate::schema::os")]
    pub os: Os,
    /// What else is alike, by a number that its value has ([`Stratum::with`]); 0 where nothing else was asked for.
    pub more: u64,
}

impl Stratum {
    /// Of whom nothing is known.
    pub const UNKNOWN: Stratum =
        Stratum { tier: Tier::Unknown, network: Network::Unknown, os: Os::Other, more: 0 };

    /// Those of it that have this value of something else, too.
    #[must_use]
    pub fn with(self, value: &str) -> Stratum {
        // FNV-1a: two of some thousand values have one number once in 10^12 comparisons, and then are taken together.
        let more = value.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Stratum { more, ..self }
    }

    /// The stratum of a batch with this context.
    #[must_use]
    pub fn of(context: &Context) -> Stratum {
        Stratum { tier: context.device_tier, network: context.network, os: context.os, more: 0 }
    }
}

/// How a wait ended, as a comparison sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The app answered.
    Done,
    /// The app answered with an error.
    Failed,
    /// Nobody knows how long it would have taken: no answer, a time-out, a death, or the customer gave it up.
    GivenUp,
}

/// Waits that ended, or did not, at one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) done: u64,
    pub(crate) failed: u64,
    pub(crate) given_up: u64,
}

impl Ending {
    pub(crate) const ALL: [Ending; 3] = [Ending::Done, Ending::Failed, Ending::GivenUp];
}

impl Counts {
    pub(crate) fn all(&self) -> u64 {
        self.done.saturating_add(self.failed).saturating_add(self.given_up)
    }

    fn of_mut(&mut self, ending: Ending) -> &mut u64 {
        match ending {
            Ending::Done => &mut self.done,
            Ending::Failed => &mut self.failed,
            Ending::GivenUp => &mut self.given_up,
        }
    }
}

/// One wait of a session that is known one by one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sampled {
    pub(crate) session: u32,
    pub(crate) stratum: Stratum,
    pub(crate) place: i32,
    pub(crate) ending: Ending,
}

/// The waits of one touchpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waits {
    /// All of them, by stratum and place.
    pub(crate) strata: BTreeMap<Stratum, BTreeMap<i32, Counts>>,
    /// The shortest and the longest, in nanoseconds.
    pub(crate) span_ns: Option<(u64, u64)>,
    /// Those of the sampled sessions, one session behind the other.
    pub(crate) sampled: Vec<Sampled>,
    /// Waits that the app or its customer left for something else.
    pub(crate) interrupted: u64,
}

impl Waits {
    fn reach(&mut self, min_ns: u64, max_ns: u64) {
        let (min, max) = self.span_ns.unwrap_or((min_ns, max_ns));
        self.span_ns = Some((min.min(min_ns), max.max(max_ns)));
    }

    fn add_cell(&mut self, stratum: Stratum, kind: Kind, cell: &Cell) {
        self.interrupted = self
            .interrupted
            .saturating_add(cell.outcome(Outcome::Interrupted))
            .saturating_add(cell.outcome(Outcome::AlreadyAnimating));
        // Of those with a part that the app made the customer wait it is told of both outcomes together.
        let has_part = tells_waiting(kind);
        let answered = if has_part { cell.part() } else { cell.done() };
        let failed = if has_part { &Histogram::new() } else { cell.failed() };
        let histograms = [
            (answered, Ending::Done),
            (failed, Ending::Failed),
            (cell.unanswered(), Ending::GivenUp),
            (cell.died(), Ending::GivenUp),
            (cell.given_up(), Ending::GivenUp),
        ];
        let mut counted: BTreeMap<i32, Counts> = BTreeMap::new();
        for (histogram, ending) in histograms {
            if let (Some(min_ns), Some(max_ns)) = (histogram.min_ns(), histogram.max_ns()) {
                self.reach(min_ns, max_ns);
            }
            for (place, count) in places(histogram) {
                *counted.entry(place).or_default().of_mut(ending) += count;
            }
        }
        // Which of them failed is not told: the longest, as the worst that can be meant.
        let mut failed = if has_part { cell.failed().count() } else { 0 };
        for counts in counted.values_mut().rev() {
            let moved = failed.min(counts.done);
            counts.done -= moved;
            counts.failed += moved;
            failed -= moved;
        }
        self.add_counts(stratum, counted);
    }

    fn add_counts(&mut self, stratum: Stratum, counted: BTreeMap<i32, Counts>) {
        if counted.is_empty() {
            return;
        }
        let sums = self.strata.entry(stratum).or_default();
        for (place, counts) in counted {
            let sum = sums.entry(place).or_default();
            for (ending, n) in Ending::ALL.into_iter().zip([counts.done, counts.failed, counts.given_up]) {
                *sum.of_mut(ending) += n;
            }
        }
    }

    /// Adds others, whose sessions are counted from this one on.
    fn merge(&mut self, other: Waits, first_session: u32) {
        self.interrupted = self.interrupted.saturating_add(other.interrupted);
        if let Some((min_ns, max_ns)) = other.span_ns {
            self.reach(min_ns, max_ns);
        }
        other.strata.into_iter().for_each(|(stratum, counted)| self.add_counts(stratum, counted));
        let behind = other.sampled.into_iter();
        self.sampled.extend(behind.map(|wait| Sampled { session: wait.session + first_session, ..wait }));
    }
}

/// A release in a comparison.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// Where the waits of a kind and name are.
    places: BTreeMap<(Kind, String), usize>,
    waits: Vec<Waits>,
    pub(crate) sessions: u32,
    /// How many of the sessions began in which stratum.
    pub(crate) strata: BTreeMap<Stratum, u32>,
    /// What benchmarks measured.
    pub(crate) metrics: BTreeMap<(String, Metric), Runs>,
}

/// A touchpoint of one [`Side`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TouchpointPlace(usize);

impl Side {
    /// A release without waits.
    #[must_use]
    pub fn new() -> Side {
        Side::default()
    }

    /// Whether there is no wait and no value in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.metrics.is_empty() && self.waits.iter().all(|waits| waits.strata.is_empty())
    }

    /// How many metrics of benchmarks there are.
    #[must_use]
    pub fn metrics(&self) -> usize {
        self.metrics.len()
    }

    /// Adds the values of a metric in one run of a benchmark, in the order in which they were measured; values of one run are not taken
    /// as independent.
    pub fn add_run(&mut self, name: &str, metric: &Metric, run: &str, values: &[Measured]) {
        let runs = self.metrics.entry((name.to_owned(), metric.clone())).or_default();
        runs.0.push((run.to_owned(), values.to_vec()));
    }

    /// How many sessions are known one by one.
    #[must_use]
    pub fn sessions(&self) -> u32 {
        self.sessions
    }

    /// Its touchpoints, in the order of their kinds and names.
    pub(crate) fn touchpoints(&self) -> impl Iterator<Item = (&(Kind, String), &Waits)> {
        self.places.iter().filter_map(|(touchpoint, place)| Some((touchpoint, self.waits.get(*place)?)))
    }

    /// The waits of a touchpoint.
    pub(crate) fn waits(&self, touchpoint: &(Kind, String)) -> Option<&Waits> {
        self.waits.get(*self.places.get(touchpoint)?)
    }

    /// Forgets the waits of all other touchpoints: who asks for a few of many sides need not hold the rest.
    pub fn keep(&mut self, is_meant: impl Fn(Kind, &str) -> bool) {
        for ((kind, name), place) in &self.places {
            if !is_meant(*kind, name)
                && let Some(waits) = self.waits.get_mut(*place)
            {
                *waits = Waits::default();
            }
        }
    }

    /// The place of a touchpoint, which is made if it has none yet; `None` for kinds that are not compared.
    pub fn touchpoint(&mut self, kind: Kind, name: &str) -> Option<TouchpointPlace> {
        is_compared(kind).then(|| self.place((kind, name.to_owned())))
    }

    /// The same, where so many touchpoints are enough: beyond them it is the one of this other name.
    pub fn touchpoint_within(
        &mut self,
        most: usize,
        kind: Kind,
        name: &str,
        other: &str,
    ) -> Option<TouchpointPlace> {
        let is_within = self.waits.len() < most || self.places.contains_key(&(kind, name.to_owned()));
        self.touchpoint(kind, if is_within { name } else { other })
    }

    fn place(&mut self, touchpoint: (Kind, String)) -> TouchpointPlace {
        let next = self.waits.len();
        let place = *self.places.entry(touchpoint).or_insert(next);
        if place == next {
            self.waits.push(Waits::default());
        }
        TouchpointPlace(place)
    }

    /// Adds all waits of customers who are alike at a touchpoint. Kinds that are not compared are passed over.
    pub fn add_cell(&mut self, stratum: Stratum, kind: Kind, name: &str, cell: &Cell) {
        if let Some(place) = self.touchpoint(kind, name)
            && let Some(waits) = self.waits.get_mut(place.0)
        {
            waits.add_cell(stratum, kind, cell);
        }
    }

    /// Adds one wait; what nobody can have waited is passed over.
    pub fn add_wait(&mut self, place: TouchpointPlace, stratum: Stratum, event: &Event) {
        let Some(waits) = self.waits.get_mut(place.0).filter(|_| Cell::believes(event)) else { return };
        let Some((duration_ns, ending)) = wait(event) else {
            waits.interrupted = waits.interrupted.saturating_add(1);
            return;
        };
        waits.reach(duration_ns, duration_ns);
        let places = waits.strata.entry(stratum).or_default();
        *places.entry(bucket_place(duration_ns)).or_default().of_mut(ending) += 1;
    }

    /// Adds one session with its waits, which are among those that were added as such.
    pub fn add_session(&mut self, waits: impl IntoIterator<Item = (TouchpointPlace, Stratum, Event)>) {
        let session = self.sessions;
        self.sessions += 1;
        let mut began_in = None;
        for (place, stratum, event) in waits {
            if began_in.is_none() {
                *self.strata.entry(*began_in.insert(stratum)).or_default() += 1;
            }
            if let Some(waits) = self.waits.get_mut(place.0)
                && let Some((duration_ns, ending)) = wait(&event).filter(|_| Cell::believes(&event))
            {
                waits.sampled.push(Sampled { session, stratum, place: bucket_place(duration_ns), ending });
            }
        }
    }

    /// Adds a session and all of its waits, each with the name of its touchpoint, where nothing else adds these.
    pub fn add_whole_session<'w>(&mut self, waits: impl IntoIterator<Item = (Stratum, &'w str, Event)>) {
        let mut placed = Vec::new();
        for (stratum, name, event) in waits {
            if let Some(place) = self.touchpoint(event.kind, name) {
                self.add_wait(place, stratum, &event);
                placed.push((place, stratum, event));
            }
        }
        self.add_session(placed);
    }

    /// The same waits as of customers of whom nothing is known: what they are compared with does not know either.
    #[must_use]
    pub fn regardless_of_strata(mut self) -> Side {
        for waits in &mut self.waits {
            for (_, counted) in std::mem::take(&mut waits.strata) {
                waits.add_counts(Stratum::UNKNOWN, counted);
            }
            waits.sampled.iter_mut().for_each(|wait| wait.stratum = Stratum::UNKNOWN);
        }
        self.strata = BTreeMap::from([(Stratum::UNKNOWN, self.sessions)]);
        self
    }

    /// Adds the waits and the sessions of another part of the same release.
    pub fn merge(&mut self, other: Side) {
        let mut theirs: Vec<Option<Waits>> = other.waits.into_iter().map(Some).collect();
        for (touchpoint, place) in other.places {
            let Some(theirs) = theirs.get_mut(place).and_then(Option::take) else { continue };
            let (place, first) = (self.place(touchpoint), self.sessions);
            if let Some(mine) = self.waits.get_mut(place.0) {
                mine.merge(theirs, first);
            }
        }
        for (stratum, sessions) in other.strata {
            *self.strata.entry(stratum).or_default() += sessions;
        }
        self.sessions += other.sessions;
        for (metric, runs) in other.metrics {
            self.metrics.entry(metric).or_default().0.extend(runs.0);
        }
    }
}

/// How long somebody waited and how it ended; `None` for what is in no figure.
fn wait(event: &Event) -> Option<(u64, Ending)> {
    match event.outcome {
        Outcome::Done => Some((waited_ns(event), Ending::Done)),
        Outcome::Failed => Some((waited_ns(event), Ending::Failed)),
        Outcome::Abandoned => Some((waited_ns(event), Ending::GivenUp)),
        Outcome::NoResponse | Outcome::TimedOut | Outcome::Died => Some((event.duration_ns, Ending::GivenUp)),
        Outcome::Interrupted | Outcome::AlreadyAnimating => None,
    }
}
