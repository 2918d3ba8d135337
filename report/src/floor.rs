//! What a comparison cannot see: how far apart two halves of one release lie.
//!
//! Owns: the halves. Refuses: verdicts: the floor stands beside them.
//! Invariant: which half a session is in depends on its number alone, so that the same sessions give the same floor.

use crate::curve::{Axis, Curve, Place, middle_ns};
use crate::side::{Ending, Waits};
use std::collections::BTreeMap;

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
    let mut apart: Vec<f64> = (0..HALVES).filter_map(|halving| distance(base, q, halving)).collect();
    apart.sort_by(|one, other| other.total_cmp(one));
    let found = apart.get(BEYOND)?;
    // A half holds half of the sampled waits.
    let of_halves = 4.0 / base.sampled.len() as f64;
    let of_sides = 1.0 / base_count as f64 + 1.0 / head_count as f64;
    Some((found * (of_sides / of_halves).sqrt()).exp_m1())
}

/// How far apart both halves are, on the logarithmic scale.
fn distance(base: &Waits, q: f64, halving: u64) -> Option<f64> {
    let mut halves: [BTreeMap<i32, Place>; 2] = [BTreeMap::new(), BTreeMap::new()];
    for wait in &base.sampled {
        let half = mixed(u64::from(wait.session), halving) & 1;
        let place = halves[half as usize]
            .entry(wait.place)
            .or_insert(Place { at: middle_ns(wait.place), ..Place::default() });
        match wait.ending {
            Ending::Done | Ending::Failed => place.ended += 1.0,
            Ending::GivenUp => place.given_up += 1.0,
        }
    }
    let [one, other] = halves.map(|half| {
        let places: Vec<Place> = half.into_values().collect();
        Curve::new(Axis::Ratio, &places).quantile(q)
    });
    Some((one?.max(1.0).ln() - other?.max(1.0).ln()).abs())
}

/// SplitMix64's finalizer (Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014).
fn mixed(session: u64, halving: u64) -> u64 {
    let mut bits = session.wrapping_add(halving.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
