//! How far a figure would be from itself if other customers like these had come.
//!
//! Owns: the intervals of a touchpoint's figures. Refuses: changes between releases (see `figures`, which knows how sessions vary).
//! Invariant: a customer counts once, however often they waited: waits of one customer are alike, and nobody knows how much. So the interval is
//! too wide rather than too narrow.

use crate::cell::Cell;
use crate::estimate::supports_quantile;
use crate::histogram::Histogram;
use crate::interval::{self, Z95};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Between which bounds figures lie with a confidence of 95 %, as the customers that they are of are a sample of all who might have come.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Confidence {
    /// How many customers that is: installs that waited.
    pub customers: u64,
    /// Of the 75th percentile, in nanoseconds: the waits at the ranks of Wilson's interval of 0.75. `null` if too few customers support one.
    pub p75_ns: Option<[u64; 2]>,
    /// Of the share within the budget, by Wilson's interval (0 to 1); `null` where there is no share.
    pub within_budget_share: Option<[f64; 2]>,
}

impl Confidence {
    /// Of the waits of a cell, with their share within the budget, of so many customers; `None` if that is nobody.
    pub(crate) fn of(cell: &Cell, within_budget_share: Option<f64>, customers: u64) -> Option<Confidence> {
        let n = customers as f64;
        let share = |value: f64| {
            let interval = interval::share(value, n, Z95);
            [interval.low, interval.high]
        };
        (customers > 0).then(|| Confidence {
            customers,
            p75_ns: quantile(&cell.latency(), 0.75, customers),
            within_budget_share: within_budget_share.map(share),
        })
    }
}

fn quantile(waits: &Histogram, q: f64, customers: u64) -> Option<[u64; 2]> {
    let ranks = interval::share(q, customers as f64, Z95);
    let bounds = [waits.quantile_ns(ranks.low)?, waits.quantile_ns(ranks.high)?];
    supports_quantile(customers, q).then_some(bounds)
}

#[cfg(test)]
#[allow(dead_code)]
#[path = "../tests/calibrate/random.rs"]
mod random;

#[cfg(test)]
mod tests {
    use super::random::Random;
    use super::*;
    use nowait_wire::{Event, Kind, NameId, Outcome};

    /// Customers who wait twelve times each, about a second; how much they differ from each other, and their waits among themselves.
    fn waits(customers: u64, between: f64, within: f64, random: &mut Random) -> Cell {
        let mut cell = Cell::new();
        for _ in 0..customers {
            let own = between * random.normal();
            for _ in 0..12 {
                let mut event = Event::new(Kind::Action, NameId::NONE);
                event.outcome = Outcome::Done;
                event.duration_ns = (1e9 * (own + within * random.normal()).exp()) as u64;
                cell.add(&event);
            }
        }
        cell
    }

    #[test]
    fn the_truth_lies_within_nineteen_times_of_twenty_however_alike_the_waits_of_a_customer_are() {
        for (between, within) in [(0.0, 0.5), (0.3, 0.4), (0.5, 0.0)] {
            let random = &mut Random(7);
            // The 75th percentile of a normal is 0.6745 standard errors up.
            let truth = 1e9 * (0.674_49 * f64::hypot(between, within)).exp();
            let trials = 400;
            let hits = (0..trials).filter(|_| {
                let cell = waits(60, between, within, random);
                let share = cell.done().count_at_most(1_000_000_000) as f64 / cell.count() as f64;
                let confidence = Confidence::of(&cell, Some(share), 60).unwrap();
                let [low, high] = confidence.p75_ns.unwrap().map(|ns| ns as f64);
                let [least, most] = confidence.within_budget_share.unwrap();
                // A bucket is 1.1 % wide.
                (low * 0.99..high * 1.01).contains(&truth) && (least..most).contains(&0.5)
            });
            let hits = hits.count();
            // Two figures at once: nine times of ten at the least.
            assert!(hits * 100 >= trials * 90, "{hits} of {trials} at {between} and {within}");
        }
    }

    #[test]
    fn nobody_and_few_have_none() {
        let cell = waits(3, 0.1, 0.1, &mut Random(1));
        assert_eq!(Confidence::of(&cell, Some(0.5), 0), None);
        let of_few = Confidence::of(&cell, None, 3).unwrap();
        assert_eq!((of_few.p75_ns, of_few.within_budget_share), (None, None));
    }
}
