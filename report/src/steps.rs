//! Whether times come in steps, as whole frames do.
//!
//! Owns: how steps are recognised. Refuses: verdicts: whoever reads one learns beside it why a quantile says little.
//! Invariant: what is called a step is farther than the times of one step lie apart, on both sides.

use crate::curve::middle_ns;
use crate::pair::{Pair, Part};

/// Waits from which on gaps between times are more than chance.
const WAITS_MIN: u64 = 100;

/// Places that times of one step may lie apart: 2 % of a time.
const WIDTH_MAX: i32 = 2;

/// The share of waits from which on a step is one, and how much all of them have: the rest is what lies between steps, and far out.
const STEP_SHARE_MIN: f64 = 0.04;
const ALL_SHARE_MIN: f64 = 0.85;

/// The distance of the steps in which the times of both sides come, in nanoseconds; `None` where they flow, or steps are too small
/// to see.
pub(crate) fn steps_ns(pair: &Pair) -> Option<f64> {
    let of = |part: &Part| (part.count >= WAITS_MIN).then(|| steps(pair, part)).flatten();
    Some(of(&pair.base)?.min(of(&pair.head)?))
}

fn steps(pair: &Pair, part: &Part) -> Option<f64> {
    let answered = pair.places.iter().zip(&part.raw).map(|(place, waits)| (*place, waits.answered()));
    let answered: Vec<(i32, f64)> = answered.filter(|(_, waits)| *waits > 0.0).collect();
    let all: f64 = answered.iter().map(|(_, waits)| waits).sum();
    let (mut at, mut met) = (Vec::new(), 0.0);
    for step in answered.chunk_by(|one, next| next.0.saturating_sub(one.0) <= WIDTH_MAX) {
        let waits: f64 = step.iter().map(|(_, waits)| waits).sum();
        let (Some((first, _)), Some((last, _))) = (step.first(), step.last()) else { continue };
        if waits >= all * STEP_SHARE_MIN && last.saturating_sub(*first) <= WIDTH_MAX {
            at.push(middle_ns(*first).midpoint(middle_ns(*last)));
            met += waits;
        }
    }
    let apart = at.windows(2).map(|pair| pair[1] - pair[0]);
    apart.min_by(f64::total_cmp).filter(|_| met >= all * ALL_SHARE_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::side::{Side, Stratum};
    use nowait_wire::{Event, Kind, NameId, Network, Os, Tier};

    const MS: f64 = 1e6;

    /// Both sides with these times, in milliseconds.
    fn found(base: &[f64], head: &[f64]) -> Option<f64> {
        let stratum =
            Stratum { tier: Tier::Mid, network: Network::Wifi, os: Os::Android, ..Stratum::UNKNOWN };
        let sides = [base, head].map(|times| {
            let mut side = Side::new();
            for time in times {
                let event = Event { duration_ns: (time * MS) as u64, ..Event::new(Kind::Tap, NameId::NONE) };
                side.add_whole_session([(stratum, "Pay", event)]);
            }
            side
        });
        let key = (Kind::Tap, "Pay".to_owned());
        let [base, head] = sides.each_ref().map(|side| side.waits(&key).unwrap());
        steps_ns(&Pair::new(base, head)).map(|steps| steps / MS)
    }

    /// Times that spread as waits do, by the inverse of their share.
    fn spread(waits: usize, sigma: f64) -> Vec<f64> {
        let log_odds = |share: f64| (share / (1.0 - share)).ln() / 1.7;
        (1..=waits).map(|nth| 120.0 * (sigma * log_odds(nth as f64 / (waits + 1) as f64)).exp()).collect()
    }

    #[test]
    fn whole_frames_are_steps() {
        for (frame, jitter) in [(1_000.0 / 60.0, 0.0), (1_000.0 / 120.0, 0.0), (1_000.0 / 60.0, 0.4)] {
            let frames = |waits: usize| -> Vec<f64> {
                let mut times = spread(waits, 0.3);
                for (nth, time) in times.iter_mut().enumerate() {
                    *time = (*time / 3.0 / frame).ceil() * frame + jitter * (nth % 3) as f64;
                }
                times
            };
            let steps = found(&frames(2_000), &frames(300)).unwrap();
            assert!((steps - frame).abs() < 0.05 * frame, "{steps} of {frame}");
        }
    }

    #[test]
    fn what_flows_is_none_and_neither_is_one_time() {
        for waits in [100, 101, 150, 400, 2_000, 20_000] {
            for sigma in [0.01, 0.05, 0.1, 0.3, 0.5, 1.0] {
                let times = spread(waits, sigma);
                assert_eq!(found(&times, &times), None, "{waits} waits, sigma {sigma}");
            }
        }
        assert_eq!(found(&[100.0; 500], &[105.0; 500]), None, "each side has one time");
        let two: Vec<f64> = (0..99).map(|nth| f64::from(100 + 100 * (nth % 2))).collect();
        assert_eq!(found(&two, &two), None, "too few");
    }
}
