//! How the waits of both sides are spread, for whoever draws them over each other.
//!
//! Owns: the bins. Refuses: drawing, and verdicts. Invariant: each side's shares add up to all of its waits.

use crate::figures::total;
use crate::metric::Scale;
use crate::pair::{Pair, Part, Weighed};
use crate::verdict::Bin;

/// Bins of a shape, as an eye tells them apart in a small picture: fewer of few waits, whose gaps say nothing.
const BINS_MIN: usize = 8;
const BINS_MAX: usize = 32;

/// The share of waits that may lie beyond the outer bins, which hold them: a few far ones would leave the others one bin.
const TAIL: f64 = 0.005;

/// The bins of both sides, in ascending order of their values.
pub(crate) fn shape(pair: &Pair, scale: Scale) -> Vec<Bin> {
    let parts = [&pair.base, &pair.head];
    let ends: Vec<(f64, f64)> = parts.into_iter().filter_map(|part| ends(part, scale)).collect();
    let low = ends.iter().map(|(low, _)| *low).fold(f64::INFINITY, f64::min);
    let high = ends.iter().map(|(_, high)| *high).fold(f64::NEG_INFINITY, f64::max);
    if !low.is_finite() || !high.is_finite() {
        return Vec::new();
    }
    let bins = ((2.0 * (pair.fewest() as f64).sqrt()) as usize).clamp(BINS_MIN, BINS_MAX);
    let width = (high - low) / bins as f64;
    let bin_of = |line: f64| if width > 0.0 { (((line - low) / width) as usize).min(bins - 1) } else { 0 };
    let shares = parts.map(|part| {
        let mut shares = vec![0.0; bins];
        let all = total(&part.raw);
        for (place, waits) in part.raw.iter().enumerate() {
            let line = scale.axis.position(part.at(place)).max(low);
            shares[bin_of(line)] += waits.all() / all.max(1.0);
        }
        shares
    });
    let edge = |bin: usize| scale.turn(scale.axis.cost_at(low + width * bin as f64));
    let filled = if width > 0.0 { bins } else { 1 };
    let mut bins: Vec<Bin> = (0..filled)
        .map(|bin| {
            let (one, other) = (edge(bin), edge(bin + 1));
            let [base, head] = [shares[0][bin], shares[1][bin]].map(|share| (share * 1e4).round() / 1e4);
            Bin { from: digits(one.min(other)), until: digits(one.max(other)), base, head }
        })
        .collect();
    bins.sort_by(|one, other| one.from.total_cmp(&other.from));
    bins
}

/// Where nearly all waits of a side lie on the line of the axis.
fn ends(part: &Part, scale: Scale) -> Option<(f64, f64)> {
    let beyond = total(&part.raw) * TAIL;
    let is_beyond = |met: &mut f64, place: usize| {
        *met += part.raw.get(place).map_or(0.0, Weighed::all);
        (*met > beyond).then_some(place)
    };
    let low = (0..part.len()).scan(0.0, |met, place| Some(is_beyond(met, place))).flatten().next();
    let high = (0..part.len()).rev().scan(0.0, |met, place| Some(is_beyond(met, place))).flatten().next();
    Some((scale.axis.position(part.at(low?)), scale.axis.position(part.at(high?))))
}

/// A number with four significant digits: an edge that is drawn needs no more.
fn digits(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let factor = 10f64.powi(3 - value.abs().log10().floor() as i32);
    (value * factor).round() / factor
}
