//! How a touchpoint went for those who used it, on the scale from 0 to 10 on which banks ask their customers.
//!
//! Experience is ten times the share of waits that were done within the target, among all that ended; what failed, had no answer or
//! was given up is none of them. 8 says: of ten times it went well eight times. Of a journey it is one that was completed without
//! more waiting than its target. Of several touchpoints it is their mean, by the weights of their budgets.
//!
//! Owns: that mapping, its interval and its change. Refuses: what a bank expects (see `gaps`).
//! Invariant: with too few waits there is no score.

use crate::budget::Budgets;
use crate::curve::bucket_place;
use crate::figures;
use crate::interval::Interval;
use crate::pair::Pair;
use crate::side::{Ending, Side};
use crate::spread::Level;
use crate::verdict::CompareOptions;
use nowait_wire::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The best experience; 0 is the worst.
pub const SCORE_MAX: f64 = 10.0;

/// Intervals miss in 5 of 100 cases.
const LEVEL: Level = Level { error_share: 0.05, at_every_look: false };

/// How something went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Experience {
    /// How many waits that is of.
    pub waits: u64,
    /// From 0 to 10; `null` below [`waits_min`] waits.
    pub score: Option<f64>,
    /// The lower end of its interval at 95 %; `null` if the samples do not bound it.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// How much better something went in a later release: points of the scale, of customers with the earlier one's devices and networks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExperienceChange {
    /// The change; `null` if there are too few waits on a side.
    pub points: Option<f64>,
    /// The lower end of its interval at 95 %; `null` if the samples do not bound it.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// The fewest waits that make a score: as many as a comparison asks for.
#[must_use]
pub fn waits_min() -> u64 {
    CompareOptions::default().samples_min
}

/// How a touchpoint went.
pub(crate) fn of_touchpoint(side: &Side, touchpoint: &(Kind, String), budgets: &Budgets) -> Experience {
    let Some(waits) = side.waits(touchpoint) else { return Experience::default() };
    let pair = Pair::new(waits, waits);
    let went_well = went_well(&pair, touchpoint, budgets);
    let waits = pair.base.count;
    if waits < waits_min() {
        return Experience { waits, ..Experience::default() };
    }
    let score = figures::share_meant(&pair.base.weighed, &went_well).map(|(share, _)| SCORE_MAX * share);
    let bounds = figures::share_of(&pair.base, went_well, LEVEL);
    Experience {
        waits,
        score,
        low: bounds.and_then(|bounds| end(bounds.low)),
        high: bounds.and_then(|bounds| end(bounds.high)),
    }
}

/// How much better a touchpoint went in HEAD.
pub(crate) fn change_of_touchpoint(
    [base, head]: [&Side; 2],
    touchpoint: &(Kind, String),
    budgets: &Budgets,
) -> ExperienceChange {
    let (Some(base), Some(head)) = (base.waits(touchpoint), head.waits(touchpoint)) else {
        return ExperienceChange::default();
    };
    let pair = Pair::new(base, head);
    if pair.fewest() < waits_min() {
        return ExperienceChange::default();
    }
    let Some(of) = figures::of_share(&pair, went_well(&pair, touchpoint, budgets)) else {
        return ExperienceChange::default();
    };
    let Interval { low, value, high } = of.change(LEVEL);
    ExperienceChange { points: Some(SCORE_MAX * value), low: end(low), high: end(high) }
}

/// Whether the wait of this place and ending was done within the target of its touchpoint.
fn went_well<'p>(
    pair: &'p Pair,
    (kind, name): &(Kind, String),
    budgets: &Budgets,
) -> impl Fn(usize, Ending) -> bool + use<'p> {
    let target = bucket_place(budgets.of(*kind, name).target_ns);
    move |place, ending| pair.is_in_time(target, place, ending)
}

/// The end of an interval of a share, on the scale.
fn end(share: f64) -> Option<f64> {
    share.is_finite().then_some(SCORE_MAX * share)
}

/// The mean of touchpoints, each with its weight; those with too few waits are not in it.
pub(crate) fn mean(parts: &[(f64, Experience)]) -> Experience {
    let scored = parts.iter().filter(|(_, of)| of.score.is_some());
    let of = |value: fn(&Experience) -> Option<f64>| {
        weighted(scored.clone().map(|(weight, of)| (*weight, value(of))))
    };
    Experience {
        waits: scored.clone().fold(0, |sum, (_, of)| sum.saturating_add(of.waits)),
        score: of(|of| of.score),
        low: of(|of| of.low),
        high: of(|of| of.high),
    }
}

/// The same of changes.
pub(crate) fn mean_change(parts: &[(f64, ExperienceChange)]) -> ExperienceChange {
    let known = parts.iter().filter(|(_, of)| of.points.is_some());
    let of = |value: fn(&ExperienceChange) -> Option<f64>| {
        weighted(known.clone().map(|(weight, of)| (*weight, value(of))))
    };
    ExperienceChange { points: of(|of| of.points), low: of(|of| of.low), high: of(|of| of.high) }
}

/// A weighted mean; `None` if one of the values is not known, or none has a weight. Ends of intervals are averaged like what they
/// are of: as wide as that gets where touchpoints do well and badly in the same sessions, and never too narrow.
fn weighted(values: impl Iterator<Item = (f64, Option<f64>)>) -> Option<f64> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for (weight, value) in values {
        sum += weight * value?;
        weights += weight;
    }
    (weights > 0.0).then(|| sum / weights)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::side::Stratum;
    use nowait_wire::{Event, NameId, Outcome};

    /// Sessions of ten taps each, of which so many take 50 ms and the others 500 ms.
    pub(crate) fn taps(sessions: u64, fast: impl Fn(u64) -> u64) -> Side {
        let mut side = Side::new();
        for session in 0..sessions {
            let tap = |nth: u64| {
                let duration_ns = if nth < fast(session) { 50_000_000 } else { 500_000_000 };
                let event =
                    Event { duration_ns, outcome: Outcome::Done, ..Event::new(Kind::Tap, NameId::NONE) };
                (Stratum::UNKNOWN, "Pay", event)
            };
            side.add_whole_session((0..10).map(tap));
        }
        side
    }

    fn pay() -> (Kind, String) {
        (Kind::Tap, "Pay".to_owned())
    }

    #[test]
    fn a_score_is_how_often_of_ten_times_it_went_well() {
        let budgets = Budgets::default();
        let of = of_touchpoint(&taps(100, |session| 7 + session % 3), &pay(), &budgets);
        assert_eq!(of.waits, 1_000);
        let (score, low, high) = (of.score.unwrap(), of.low.unwrap(), of.high.unwrap());
        assert!((score - 7.99).abs() < 1e-9 && low < score && score < high, "{of:?}");
        assert!((7.5..7.99).contains(&low) && (7.99..8.5).contains(&high), "{of:?}");
    }

    #[test]
    fn what_fails_or_is_given_up_did_not_go_well_however_short() {
        let mut side = Side::new();
        for (outcome, n) in [(Outcome::Done, 60), (Outcome::Failed, 20), (Outcome::Abandoned, 20)] {
            for _ in 0..n {
                let event = Event { duration_ns: 1_000, outcome, ..Event::new(Kind::Tap, NameId::NONE) };
                side.add_whole_session([(Stratum::UNKNOWN, "Pay", event)]);
            }
        }
        let of = of_touchpoint(&side, &pay(), &Budgets::default());
        assert!((of.score.unwrap() - 6.0).abs() < 1e-9, "{of:?}");
    }

    #[test]
    fn too_few_waits_have_no_score_and_no_part_in_a_mean() {
        let few = of_touchpoint(&taps(4, |_| 10), &pay(), &Budgets::default());
        assert_eq!(few, Experience { waits: 40, ..Experience::default() });
        let many = Experience { waits: 900, score: Some(4.0), low: Some(3.0), high: Some(5.0) };
        assert_eq!(mean(&[(1.0, few), (1.0, many)]), many);
        assert_eq!(mean(&[(1.0, few)]).score, None);
    }

    #[test]
    fn a_mean_goes_by_weight_and_so_do_its_ends() {
        let [one, two] = [(2.0, 1.0), (8.0, 0.5)].map(|(score, reach)| Experience {
            waits: 100,
            score: Some(score),
            low: Some(score - reach),
            high: Some(score + reach),
        });
        let of = mean(&[(1.0, one), (3.0, two)]);
        assert_eq!((of.waits, of.score), (200, Some(6.5)));
        assert_eq!((of.low, of.high), (Some(5.875), Some(7.125)));
        let unbounded = Experience { low: None, ..two };
        assert_eq!(mean(&[(1.0, one), (1.0, unbounded)]).low, None);
    }

    #[test]
    fn a_change_is_in_points() {
        let (base, head) = (taps(200, |session| 4 + session % 3), taps(200, |session| 7 + session % 3));
        let of = change_of_touchpoint([&base, &head], &pay(), &Budgets::default());
        let points = of.points.unwrap();
        assert!((points - 3.0).abs() < 0.02 && of.low.unwrap() > 2.5 && of.high.unwrap() < 3.5, "{of:?}");
        let few = taps(4, |_| 9);
        assert_eq!(change_of_touchpoint([&base, &few], &pay(), &Budgets::default()).points, None);
    }
}
