//! What a comparison cannot see: how far apart two halves of one release lie.
//!
//! Owns: the halves. Refuses: verdicts: the floor stands beside them.
//! Invariant: which half a session is in depends on its number alone, so that the same sessions give the same floor.

use crate::curve::{Curve, Place};
use crate::metric::Axis;
use crate::pair::Part;

/// How often BASE is halved. The 95th of 100 halves would be off by as much as that of 40.
const HALVES: usize = 40;

/// The place of the floor among the halves, from the largest: 1 in 20 lies beyond.
const BEYOND: usize = HALVES / 20;

/// The fewest sessions that are halved.
const SESSIONS_MIN: usize = 10;

/// The change of a quantile, as a share or on an axis of differences in its unit, that two random sets of BASE's sessions show in 95 of 100 cases, if they are as large as the
/// two sides are. `None` with too few sessions.
pub(crate) fn of_quantile(base: &Part, q: f64, (base_count, head_count): (u64, u64)) -> Option<f64> {
    if base.sessions < SESSIONS_MIN || base_count == 0 || head_count == 0 {
        return None;
    }
    let halved = Halved::new(base);
    let mut apart: Vec<f64> = (0..HALVES).filter_map(|halving| halved.distance(q, halving)).collect();
    apart.sort_by(|one, other| other.total_cmp(one));
    let found = apart.get(BEYOND)?;
    // A half holds half of the sampled waits.
    let of_halves = 4.0 / base.known.len() as f64;
    let of_sides = 1.0 / base_count as f64 + 1.0 / head_count as f64;
    let apart = found * (of_sides / of_halves).sqrt();
    Some(if base.axis == Axis::Ratio { apart.exp_m1() } else { apart })
}

/// Of each halving a number.
type OfHalves = [u32; HALVES];

/// Waits at a place: all of them, and those that are in the first half of each halving.
#[derive(Clone, Copy)]
struct Halves {
    at: f64,
    ended: (u32, OfHalves),
    given_up: (u32, OfHalves),
}

/// Sampled waits, halved.
struct Halved {
    axis: Axis,
    places: Vec<Halves>,
}

impl Halved {
    fn new(base: &Part) -> Halved {
        let none = (0, [0; HALVES]);
        let of_place = |place| Halves { at: base.at(place), ended: none, given_up: none };
        let mut places: Vec<Halves> = (0..base.raw.len()).map(of_place).collect();
        for (run, waits) in base.known_runs() {
            // In all halvings at once: a comparison asks for the floor of some hundred thousand waits.
            let is_in: OfHalves = std::array::from_fn(|halving| {
                u32::from(mixed(u64::from(run.session), halving as u64) & 1 == 0)
            });
            for wait in waits {
                let Some(place) = places.get_mut(wait.place()) else { continue };
                let (all, halves) = if wait.is_given_up() { &mut place.given_up } else { &mut place.ended };
                *all += 1;
                halves.iter_mut().zip(is_in).for_each(|(sum, is_in)| *sum += is_in);
            }
        }
        places.retain(|place| place.ended.0 > 0 || place.given_up.0 > 0);
        Halved { axis: base.axis, places }
    }

    /// How far apart both halves are, on the line of the axis.
    fn distance(&self, q: f64, halving: usize) -> Option<f64> {
        let [one, other] = [true, false].map(|is_first| {
            let of = |(all, halves): &(u32, OfHalves)| {
                let first = halves.get(halving).copied().unwrap_or_default();
                f64::from(if is_first { first } else { all - first })
            };
            let place = |place: &Halves| Place {
                at: place.at,
                ended: of(&place.ended),
                given_up: of(&place.given_up),
            };
            let places: Vec<Place> = self.places.iter().map(place).collect();
            Curve::new(self.axis, &places).quantile(q)
        });
        Some((self.axis.position(one?) - self.axis.position(other?)).abs())
    }
}

/// SplitMix64's finalizer (Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014).
pub(crate) fn mixed(session: u64, halving: u64) -> u64 {
    let mut bits = session.wrapping_add(halving.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
