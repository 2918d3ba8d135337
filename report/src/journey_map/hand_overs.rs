//! Journeys that go on elsewhere: who left the app with a continuation id, and who came with one.
//!
//! Owns: which of them belong together. Refuses: their figures.
//! Invariant: an id joins at most one visit, the earliest within its life; the order in which batches arrived makes no difference.

use super::Place;
use crate::limits::HAND_OVERS_MAX;
use nowait_wire::Outcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How long a continuation id is good for, in milliseconds: a day. Who left the app in the evening comes to the counter in the morning.
pub const CONTINUATION_LIFE_MS: u64 = 24 * 3_600_000;

/// A visit may begin so much before it was handed over, in milliseconds: two clocks are never the same, and who has a ticket
/// already may show the code at the counter.
const EARLIER_MS_MAX: u64 = 3_600_000;

/// What became of hand-overs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandOvers {
    /// Handed over in the span.
    pub handed_over: u64,
    /// Visits that came with an id, and were joined to the journey that it is of.
    pub joined: u64,
    /// Of these, those that ended with what the customer came for.
    pub joined_done: u64,
    /// From the hand-over to the visit, over those that were joined, in nanoseconds; 0 for a visit that had begun.
    pub between_ns: u64,
    /// Visits whose id nobody knows: what handed it over may not have arrived yet. Not joined.
    pub unknown: u64,
    /// Visits whose id another one came with before. Not joined.
    pub used_again: u64,
    /// Visits that came later than the id was good for. Not joined.
    pub expired: u64,
}

/// A journey that was handed over.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) unix_ms: u64,
    pub(super) is_in_span: bool,
    /// Where and how it ended in the app, if it got no further there.
    pub(super) left_at: Option<(Place, Outcome)>,
}

/// A visit that came with an id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Taken {
    pub(super) unix_ms: u64,
    pub(super) continuation: u64,
    pub(super) channel: String,
    pub(super) is_done: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Joins {
    given: BTreeMap<u64, Given>,
    taken: Vec<Taken>,
    /// Those that found no room.
    pub(super) left_out: u64,
}

impl Joins {
    pub(super) fn give(&mut self, continuation: u64, given: Given) {
        if self.given.len() >= HAND_OVERS_MAX {
            self.left_out += 1;
        } else {
            // Two with one number are one in 2^64, or batches that somebody made up: the earlier one stands.
            let known = self.given.entry(continuation).or_insert_with(|| given.clone());
            if given.unix_ms < known.unix_ms {
                *known = given;
            }
        }
    }

    pub(super) fn take(&mut self, taken: Taken) {
        if self.taken.len() >= HAND_OVERS_MAX {
            self.left_out += 1;
        } else {
            self.taken.push(taken);
        }
    }

    pub(super) fn merge(&mut self, other: Joins) {
        self.left_out += other.left_out;
        other.given.into_iter().for_each(|(continuation, given)| self.give(continuation, given));
        other.taken.into_iter().for_each(|taken| self.take(taken));
    }

    /// What became of them. `went_on` is told where a journey that was joined had ended in the app, and on which channel it goes on.
    pub(super) fn resolve(mut self, mut went_on: impl FnMut(Option<&(Place, Outcome)>, &str)) -> HandOvers {
        let mut found = HandOvers {
            handed_over: self.given.values().filter(|given| given.is_in_span).count() as u64,
            ..HandOvers::default()
        };
        self.taken.sort_unstable();
        let mut used = BTreeSet::new();
        for taken in &self.taken {
            let given = self.given.get(&taken.continuation);
            let given = given.filter(|given| taken.unix_ms.saturating_add(EARLIER_MS_MAX) >= given.unix_ms);
            let Some(given) = given else {
                found.unknown += 1;
                continue;
            };
            let between_ms = taken.unix_ms.saturating_sub(given.unix_ms);
            if between_ms > CONTINUATION_LIFE_MS {
                found.expired += 1;
            } else if !used.insert(taken.continuation) {
                found.used_again += 1;
            } else {
                found.joined += 1;
                found.joined_done += u64::from(taken.is_done);
                found.between_ns = found.between_ns.saturating_add(between_ms.saturating_mul(1_000_000));
                went_on(given.left_at.as_ref(), &taken.channel);
            }
        }
        found
    }
}
