//! What a comparison cannot see: how far apart two halves of one release lie.
//!
//! Owns: the halves. Refuses: verdicts: the floor stands beside them.
//! Invariant: which half a session is in depends on its number alone, so that the same sessions give the same floor.

use crate::curve::{Curve, Place, middle_ns};
use crate::side::{Ending, Waits};

/// How often BASE is halved. The 95th of 100 halves would be off by as much as that of 40.
const HALVES: u64 = 40;

/// The place of the floor among the halves, from the largest: 1 in 20 lies beyond.
const BEYOND: usize = (HALVES / 20) as usize;

/// The fewest sessions that are halved.
const SESSIONS_MIN: usize = 10;

/// The change of a quantile, as a share, that two random sets of BASE's sessions show in 95 of 100 cases, if they are as large as the
/// two sides are. `None` with too few sessions.
pub(crate) fn of_quantile(base: &Waits, q: f64, (base_count, head_count): (u64, u64)) -> Option<f64> {
    let sessions = base.sampled.chunk_by(|one, next| one.session == next.session);
    if sessions.count() < SESSIONS_MIN || base_count == 0 || head_count == 0 {
        return None;
    }
    let halved = Halved::new(base);
    let mut apart: Vec<f64> = (0..HALVES).filter_map(|halving| halved.distance(q, halving)).collect();
    apart.sort_by(|one, other| other.total_cmp(one));
    let found = apart.get(BEYOND)?;
    // A half holds half of the sampled waits.
    let of_halves = 4.0 / base.sampled.len() as f64;
    let of_sides = 1.0 / base_count as f64 + 1.0 / head_count as f64;
    Some((found * (of_sides / of_halves).sqrt()).exp_m1())
}

/// Sampled waits, ready to be halved again and again.
struct Halved {
    /// All of them, by place.
    places: Vec<Place>,
    /// Of each its session, the number of its place, and whether it ended.
    waits: Vec<(u32, u32, bool)>,
}

impl Halved {
    fn new(base: &Waits) -> Halved {
        let mut numbers: Vec<i32> = base.sampled.iter().map(|wait| wait.place).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut places: Vec<Place> =
            numbers.iter().map(|place| Place { at: middle_ns(*place), ..Place::default() }).collect();
        let mut waits = Vec::with_capacity(base.sampled.len());
        for wait in &base.sampled {
            let Ok(number) = numbers.binary_search(&wait.place) else { continue };
            let ended = wait.ending != Ending::GivenUp;
            count(&mut places, number, ended);
            waits.push((wait.session, number as u32, ended));
        }
        Halved { places, waits }
    }

    /// How far apart both halves are, on the logarithmic scale.
    fn distance(&self, q: f64, halving: u64) -> Option<f64> {
        let empty = |place: &Place| Place { ended: 0.0, given_up: 0.0, ..*place };
        let mut half: Vec<Place> = self.places.iter().map(empty).collect();
        for session in self.waits.chunk_by(|one, next| one.0 == next.0) {
            if session.first().is_some_and(|(session, ..)| mixed(u64::from(*session), halving) & 1 == 0) {
                session.iter().for_each(|(_, place, ended)| count(&mut half, *place as usize, *ended));
            }
        }
        let rest = |(all, half): (&Place, &Place)| Place {
            ended: all.ended - half.ended,
            given_up: all.given_up - half.given_up,
            ..*all
        };
        let other: Vec<Place> = self.places.iter().zip(&half).map(rest).collect();
        let [one, other] = [half, other].map(|half| Curve::new(&half).quantile(q));
        Some((one?.max(1.0).ln() - other?.max(1.0).ln()).abs())
    }
}

fn count(places: &mut [Place], number: usize, ended: bool) {
    if let Some(place) = places.get_mut(number) {
        *(if ended { &mut place.ended } else { &mut place.given_up }) += 1.0;
    }
}

/// SplitMix64's finalizer (Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014).
fn mixed(session: u64, halving: u64) -> u64 {
    let mut bits = session.wrapping_add(halving.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
