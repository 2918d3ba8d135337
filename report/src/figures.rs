//! The figures that tell two releases apart, each with its interval.
//!
//! Owns: quantiles, the mean of ranks, shares, and how a change of each is bounded. Refuses: verdicts and corrections for many
//! figures (see `compare`).
//! Invariant: what is estimated is of all waits, made alike; how much it varies is of sessions.

use crate::curve::Curve;
use crate::interval::{self, Interval};
use crate::metric::Axis;
use crate::pair::{Pair, Part, Weighed};
use crate::side::Ending;
use crate::spread::{Level, Spread, joint_degrees, spread};

/// The quantiles between which a change is typical: deciles, which a few far waits do not move.
const TYPICAL: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// An estimate on both sides, and what bounds its change.
#[derive(Clone, Debug)]
pub(crate) struct Estimate {
    pub(crate) base: f64,
    pub(crate) head: f64,
    /// HEAD with its own customers.
    pub(crate) head_as_is: Option<f64>,
    /// By how much HEAD is another, as the smallest change that matters is told: a ratio of times or a difference, by the axis; of shares
    /// a difference.
    pub(crate) effect: f64,
    bounds: Bounds,
}

#[derive(Clone, Debug)]
enum Bounds {
    Quantile {
        q: f64,
        axis: Axis,
        base: (Curve, Spread),
        head: (Curve, Spread),
    },
    /// Each with the number of waits.
    Share {
        base: (f64, f64, Spread),
        head: (f64, f64, Spread),
    },
    Ranks {
        longer: f64,
        base: Spread,
        head: Spread,
    },
    /// One side is of one session, and nobody knows how far others would be from it: the change alone.
    Unknown(f64),
}

impl Estimate {
    /// The change with its interval: of times a ratio (or a difference, by the axis), of shares a difference, of ranks the chance that a wait of HEAD takes
    /// longer than one of BASE.
    pub(crate) fn change(&self, level: Level) -> Interval {
        match &self.bounds {
            Bounds::Unknown(value) => Interval { low: f64::NEG_INFINITY, value: *value, high: f64::INFINITY },
            Bounds::Quantile { q, axis, base, head } => {
                let of =
                    |(curve, spread): &(Curve, Spread), value| quantile(curve, *q, value, *spread, level);
                let (base, head) = (of(base, self.base), of(head, self.head));
                interval::effect(*axis, base, head)
            }
            Bounds::Share { base, head } => {
                let design_effect = base.2.joint_design_effect(&head.2);
                interval::difference(share(*base, design_effect, level), share(*head, design_effect, level))
            }
            Bounds::Ranks { longer, base, head } => {
                let reach = level.reach(joint_degrees(*base, *head)) * (base.variance + head.variance).sqrt();
                Interval { low: (longer - reach).max(0.0), value: *longer, high: (longer + reach).min(1.0) }
            }
        }
    }

    /// Whether anything bounds its change.
    pub(crate) fn is_bounded(&self) -> bool {
        !matches!(self.bounds, Bounds::Unknown(_))
    }

    /// The larger of both sides' design effects.
    pub(crate) fn design_effect(&self) -> Option<f64> {
        let [base, head] = match &self.bounds {
            Bounds::Quantile { base, head, .. } => [base.1, head.1],
            Bounds::Share { base, head } => [base.2, head.2],
            Bounds::Ranks { base, head, .. } => [*base, *head],
            Bounds::Unknown(_) => return None,
        };
        Some(base.design_effect().max(head.design_effect()))
    }
}

/// A quantile with its interval, found on the curve where the share of waits below would be as much lower or higher as it varies
/// (Woodruff, Confidence intervals for medians and other position measures, Journal of the American Statistical Association 47,
/// 1952); on the scale of log-odds, on which a share stays one.
fn quantile(curve: &Curve, q: f64, value: f64, spread: Spread, level: Level) -> Interval {
    let reach = level.reach(spread.degrees) * spread.variance.sqrt() / (q * (1.0 - q));
    let moved = |by: f64| 1.0 / (1.0 + (1.0 - q) / q * (-by).exp());
    let low = curve.bounded_quantile(moved(-reach)).unwrap_or(f64::NEG_INFINITY).min(value);
    let high = curve.bounded_quantile(moved(reach)).unwrap_or(f64::INFINITY).max(value);
    Interval { low, value, high }
}

/// A share with Wilson's interval, of as many independent waits as vary as much as its sessions do (Korn and Graubard, Confidence
/// intervals for proportions with small expected number of positive counts, Survey Methodology 24, 1998). A side on which few
/// sessions have any of what is counted does not show how alike their waits are: both sides together do.
fn share((value, n, spread): (f64, f64, Spread), design_effect: f64, level: Level) -> Interval {
    let n = n / spread.design_effect().max(design_effect).max(1.0);
    interval::share(value, n, level.reach(spread.degrees))
}

/// What each wait of a side moves a figure by: by the number of its place and its ending.
pub(crate) type Moves = Vec<[f64; 3]>;

/// How much a figure varies on both sides; that of a side without sessions as on the other one. The waits of which it is asked
/// are all of the side, or those that are known one by one.
fn spreads(
    pair: &Pair,
    base: &dyn Fn(&[Weighed]) -> Moves,
    head: &dyn Fn(&[Weighed]) -> Moves,
) -> Option<(Spread, Spread)> {
    let known = |part: &Part, moves: &dyn Fn(&[Weighed]) -> Moves| spread(part, &moves(&part.known_weighed));
    let like = |part: &Part, moves: &dyn Fn(&[Weighed]) -> Moves, other: Spread| {
        let of = |(waits, moves): (&Weighed, &[f64; 3])| {
            let [done, failed, given_up] = moves.map(|by| by * by);
            waits.done * done + waits.failed * failed + waits.given_up * given_up
        };
        let independent: f64 = part.weighed.iter().zip(&moves(&part.weighed)).map(of).sum();
        other.of(independent)
    };
    match (known(&pair.base, base), known(&pair.head, head)) {
        (Some(base), Some(head)) => Some((base, head)),
        (None, Some(of_head)) if pair.base.sessions == 0 => Some((like(&pair.base, base, of_head), of_head)),
        (Some(of_base), None) if pair.head.sessions == 0 => Some((of_base, like(&pair.head, head, of_base))),
        _ => None,
    }
}

/// How long this share of waits takes at most, given up ones among them.
pub(crate) fn of_quantile(pair: &Pair, q: f64) -> Option<Estimate> {
    let (base_curve, head_curve) = (pair.base.curve(), pair.head.curve());
    let (base, head) = (base_curve.quantile(q)?, head_curve.quantile(q)?);
    let (axis, effect) = (pair.axis(), pair.axis().effect(base, head));
    let spreads = spreads(pair, &|waits| quantile_moves(&pair.base, waits, base), &|waits| {
        quantile_moves(&pair.head, waits, head)
    });
    let bounds = spreads.map_or(Bounds::Unknown(effect), |(base_spread, head_spread)| Bounds::Quantile {
        q,
        axis,
        base: (base_curve, base_spread),
        head: (head_curve, head_spread),
    });
    Some(Estimate { base, head, head_as_is: pair.head.raw_curve().quantile(q), effect, bounds })
}

/// What each wait moves the share of those by that take at most so long, which is where a quantile lies.
fn quantile_moves(part: &Part, waits: &[Weighed], at: f64) -> Moves {
    let curve = part.curve_of(waits);
    let influence = curve.influence(at);
    let of_place = |place| {
        let ended = influence.of(place, true);
        [ended, ended, influence.of(place, false)]
    };
    (0..part.len()).map(of_place).collect()
}

/// A quantile of one side; without an interval where it has one session.
pub(crate) fn quantile_of(part: &Part, q: f64, level: Level) -> Option<Interval> {
    let curve = part.curve();
    let value = curve.quantile(q)?;
    let spread = spread(part, &quantile_moves(part, &part.known_weighed, value))?;
    Some(quantile(&curve, q, value, spread, level))
}

/// The share of one side's waits that `is_meant`, by the number of their place and their ending.
pub(crate) fn share_of(
    part: &Part,
    is_meant: impl Fn(usize, Ending) -> bool,
    level: Level,
) -> Option<Interval> {
    let (value, _) = share_meant(&part.weighed, &is_meant)?;
    let spread = spread(part, &share_moves(&part.known_weighed, &is_meant))?;
    Some(share((value, part.count as f64, spread), 1.0, level))
}

/// The share of some waits that `is_meant`, and how many there are.
pub(crate) fn share_meant(
    waits: &[Weighed],
    is_meant: &impl Fn(usize, Ending) -> bool,
) -> Option<(f64, f64)> {
    let (mut meant, mut all) = (0.0, 0.0);
    for (place, waits) in waits.iter().enumerate() {
        for (ending, n) in Ending::ALL.into_iter().zip([waits.done, waits.failed, waits.given_up]) {
            all += n;
            meant += if is_meant(place, ending) { n } else { 0.0 };
        }
    }
    (all > 0.0).then_some((meant / all, all))
}

/// What each wait moves such a share by.
fn share_moves(waits: &[Weighed], is_meant: &impl Fn(usize, Ending) -> bool) -> Moves {
    let (value, all) = share_meant(waits, is_meant).unwrap_or((0.0, 1.0));
    let of = |place, ending| (f64::from(u8::from(is_meant(place, ending))) - value) / all;
    (0..waits.len()).map(|place| Ending::ALL.map(|ending| of(place, ending))).collect()
}

/// The share of waits that `is_meant`, by the number of their place and their ending.
pub(crate) fn of_share(pair: &Pair, is_meant: impl Fn(usize, Ending) -> bool) -> Option<Estimate> {
    let moves = |waits: &[Weighed]| share_moves(waits, &is_meant);
    let (base_spread, head_spread) = spreads(pair, &moves, &moves)?;
    let share = |waits: &[Weighed]| share_meant(waits, &is_meant).map(|(value, _)| value);
    let (base, head) = (share(&pair.base.weighed)?, share(&pair.head.weighed)?);
    Some(Estimate {
        base,
        head,
        head_as_is: share(&pair.head.raw),
        effect: head - base,
        bounds: Bounds::Share {
            base: (base, pair.base.count as f64, base_spread),
            head: (head, pair.head.count as f64, head_spread),
        },
    })
}

/// How often a wait of HEAD takes longer than one of BASE, a tie counting half: the mean of its ranks, which moves with all waits
/// and not with those near one quantile. Waits that were given up took longer than all others. Of waits of one
/// session see Obuchowski, Nonparametric analysis of clustered ROC curve data, Biometrics 53, 1997.
///
/// Its effect is how far the deciles lie apart in the middle.
pub(crate) fn of_ranks(pair: &Pair) -> Option<Estimate> {
    let (base_curve, head_curve) = (pair.base.curve(), pair.head.curve());
    let axis = pair.axis();
    let line = |curve: &Curve, q| curve.quantile(q).map(|at| axis.position(at));
    let apart = |q: &f64| Some((line(&base_curve, *q)?, line(&head_curve, *q)?));
    let deciles: Vec<(f64, f64)> = TYPICAL.iter().filter_map(apart).collect();
    let middle =
        |of: fn(&(f64, f64)) -> f64| axis.cost_at(deciles.iter().map(of).sum::<f64>() / deciles.len() as f64);
    if deciles.is_empty() {
        return None;
    }
    let (base, head) = (middle(|(base, _)| *base), middle(|(_, head)| *head));
    let (shorter_base, shorter_head) = (Ranks::new(&pair.base.weighed), Ranks::new(&pair.head.weighed));
    let longer = shorter_base.mean(&pair.head.weighed);
    let of_base = |waits: &[Weighed]| -> Moves {
        let (mean, all) = (shorter_head.mean(waits), total(waits));
        shorter_head.0.iter().map(|places| places.map(|shorter| (mean - shorter) / all)).collect()
    };
    let of_head = |waits: &[Weighed]| -> Moves {
        let (mean, all) = (shorter_base.mean(waits), total(waits));
        shorter_base.0.iter().map(|places| places.map(|shorter| (shorter - mean) / all)).collect()
    };
    let (base_spread, head_spread) = spreads(pair, &of_base, &of_head)?;
    Some(Estimate {
        base,
        head,
        head_as_is: None,
        effect: axis.effect(base, head),
        bounds: Bounds::Ranks { longer, base: base_spread, head: head_spread },
    })
}

pub(crate) fn total(waits: &[Weighed]) -> f64 {
    waits.iter().map(Weighed::all).sum()
}

/// By the number of a place and an ending, the share of some waits that are shorter, ties counting half.
struct Ranks(Vec<[f64; 3]>);

impl Ranks {
    fn new(waits: &[Weighed]) -> Ranks {
        let all = total(waits).max(f64::MIN_POSITIVE);
        let given_up: f64 = waits.iter().map(|waits| waits.given_up).sum();
        let longest = 1.0 - given_up / all / 2.0;
        let mut below = 0.0;
        let rank = |waits: &Weighed| {
            let shorter = (below + waits.answered() / 2.0) / all;
            below += waits.answered();
            [shorter, shorter, longest]
        };
        Ranks(waits.iter().map(rank).collect())
    }

    /// The mean over other waits.
    fn mean(&self, waits: &[Weighed]) -> f64 {
        let of = |(waits, [done, failed, given_up]): (&Weighed, &[f64; 3])| {
            waits.done * done + waits.failed * failed + waits.given_up * given_up
        };
        waits.iter().zip(&self.0).map(of).sum::<f64>() / total(waits).max(f64::MIN_POSITIVE)
    }
}
