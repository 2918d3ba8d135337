//! One side of a comparison: all waits of a release, and some of its sessions one by one.
//!
//! Owns: what counts as a wait here, how it ended, and which customers are alike. Refuses: the other side, and figures (see
//! `figures`).
//! Invariant: waits that are nobody's (interrupted, or answered by what moved already) are in no figure, and are counted.

use crate::cell::Cell;
use crate::curve::{bucket_place, places};
use nowait_wire::{Context, Event, Kind, Network, Os, Outcome, Tier};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kinds that are compared: all waits but hangs, which exist only above 250 ms, so that their number tells of a
/// change and their length does not.
const COMPARED: [Kind; 8] = [
    Kind::Launch,
    Kind::Screen,
    Kind::Tap,
    Kind::Settled,
    Kind::Request,
    Kind::Action,
    Kind::Journey,
    Kind::Step,
];

/// Customers that are alike as far as devices go: a comparison holds their shares equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stratum {
    /// How fast the device is.
    pub tier: Tier,
    /// The network that was there when the batch was sealed.
    pub network: Network,
    /// The operating system family.
    pub os: Os,
}

impl Stratum {
    /// The stratum of a batch with this context.
    #[must_use]
    pub fn of(context: &Context) -> Stratum {
        Stratum { tier: context.device_tier, network: context.network, os: context.os }
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
}

/// A release in a comparison.
#[derive(Clone, Debug, Default)]
pub struct Side {
    pub(crate) touchpoints: BTreeMap<(Kind, String), Waits>,
    pub(crate) sessions: u32,
    /// How many of the sessions began in which stratum.
    pub(crate) strata: BTreeMap<Stratum, u32>,
}

impl Side {
    /// A release without waits.
    #[must_use]
    pub fn new() -> Side {
        Side::default()
    }

    /// Whether there is no wait in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.touchpoints.values().all(|waits| waits.strata.is_empty())
    }

    /// How many sessions are known one by one.
    #[must_use]
    pub fn sessions(&self) -> u32 {
        self.sessions
    }

    /// Adds all waits of customers who are alike at a touchpoint. Kinds that are not compared are passed over.
    pub fn add_cell(&mut self, stratum: Stratum, kind: Kind, name: &str, cell: &Cell) {
        if !COMPARED.contains(&kind) {
            return;
        }
        let waits = self.touchpoints.entry((kind, name.to_owned())).or_default();
        waits.interrupted = waits
            .interrupted
            .saturating_add(cell.outcome(Outcome::Interrupted))
            .saturating_add(cell.outcome(Outcome::AlreadyAnimating));
        // Of those with a part that the app made the customer wait it is told of both outcomes together.
        let has_part = matches!(kind, Kind::Journey | Kind::Step);
        let (done, failed) = if has_part { (cell.part(), None) } else { (cell.done(), Some(cell.failed())) };
        let answered = [(Some(done), Ending::Done), (failed, Ending::Failed)];
        let left = [cell.unanswered(), cell.given_up()].map(|left| (Some(left), Ending::GivenUp));
        let mut failed_parts = if has_part { cell.failed().count() } else { 0 };
        for (histogram, ending) in answered.into_iter().chain(left) {
            let Some(histogram) = histogram.filter(|histogram| histogram.count() > 0) else { continue };
            waits.reach(histogram.min_ns().unwrap_or_default(), histogram.max_ns().unwrap_or_default());
            let of_stratum = waits.strata.entry(stratum).or_default();
            for (place, count) in places(histogram) {
                let counts = of_stratum.entry(place).or_default();
                *counts.of_mut(ending) += count;
            }
            // Which of them failed is not told: the longest, as the worst that can be meant.
            for (_, counts) in of_stratum.iter_mut().rev() {
                let moved = failed_parts.min(counts.done);
                counts.done -= moved;
                counts.failed += moved;
                failed_parts -= moved;
            }
        }
    }

    /// Adds one wait. Kinds that are not compared are passed over.
    pub fn add_wait(&mut self, stratum: Stratum, name: &str, event: &Event) {
        if !COMPARED.contains(&event.kind) || !Cell::believes(event) {
            return;
        }
        let waits = self.touchpoints.entry((event.kind, name.to_owned())).or_default();
        let Some((duration_ns, ending)) = wait(event) else {
            waits.interrupted = waits.interrupted.saturating_add(1);
            return;
        };
        waits.reach(duration_ns, duration_ns);
        let places = waits.strata.entry(stratum).or_default();
        *places.entry(bucket_place(duration_ns)).or_default().of_mut(ending) += 1;
    }

    /// Adds the waits and the sessions of another part of the same release.
    pub fn merge(&mut self, other: Side) {
        for (touchpoint, theirs) in other.touchpoints {
            let mine = self.touchpoints.entry(touchpoint).or_default();
            mine.interrupted = mine.interrupted.saturating_add(theirs.interrupted);
            if let Some((min_ns, max_ns)) = theirs.span_ns {
                mine.reach(min_ns, max_ns);
            }
            for (stratum, places) in theirs.strata {
                let strata = mine.strata.entry(stratum).or_default();
                for (place, counts) in places {
                    let sums = strata.entry(place).or_default();
                    for (ending, n) in
                        Ending::ALL.into_iter().zip([counts.done, counts.failed, counts.given_up])
                    {
                        *sums.of_mut(ending) += n;
                    }
                }
            }
            let behind = theirs.sampled.into_iter();
            mine.sampled.extend(behind.map(|wait| Sampled { session: wait.session + self.sessions, ..wait }));
        }
        for (stratum, sessions) in other.strata {
            *self.strata.entry(stratum).or_default() += sessions;
        }
        self.sessions += other.sessions;
    }

    /// Adds one session with its waits, each with the name of its touchpoint; their waits are among those that were added as such.
    pub fn add_session<'w>(&mut self, waits: impl Iterator<Item = (Stratum, &'w str, &'w Event)>) {
        let session = self.sessions;
        self.sessions += 1;
        let mut began_in = None;
        for (stratum, name, event) in waits {
            if began_in.is_none() {
                *self.strata.entry(*began_in.insert(stratum)).or_default() += 1;
            }
            let Some((duration_ns, ending)) = wait(event) else { continue };
            let touchpoint = (event.kind, name.to_owned());
            let place = bucket_place(duration_ns);
            self.touchpoints.entry(touchpoint).or_default().sampled.push(Sampled {
                session,
                stratum,
                place,
                ending,
            });
        }
    }
}

/// How long somebody waited and how it ended; `None` for what is compared nowhere.
fn wait(event: &Event) -> Option<(u64, Ending)> {
    if !COMPARED.contains(&event.kind) || !Cell::believes(event) {
        return None;
    }
    let has_part = matches!(event.kind, Kind::Journey | Kind::Step);
    let part_ns = if has_part { event.a.saturating_mul(1_000) } else { event.duration_ns };
    match event.outcome {
        Outcome::Done => Some((part_ns, Ending::Done)),
        Outcome::Failed => Some((part_ns, Ending::Failed)),
        Outcome::Abandoned => Some((part_ns, Ending::GivenUp)),
        Outcome::NoResponse | Outcome::TimedOut | Outcome::Died => Some((event.duration_ns, Ending::GivenUp)),
        Outcome::Interrupted | Outcome::AlreadyAnimating => None,
    }
}
