//! What a place where benchmarks run cannot tell apart: one build against itself.
//!
//! Owns: the halves of the runs, and what they say. Refuses: two builds (see `compare`).
//! Invariant: which half a run is in depends on its number alone, so that the same runs give the same floor.

use crate::budget::Budgets;
use crate::compare::not_judged_for;
use crate::floor::mixed;
use crate::metric::{Axis, Metric, Scale};
use crate::runs::Runs;
use crate::side::Side;
use crate::verdict::{CompareOptions, Comparison, Figure, Subject, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How often the runs are halved.
const HALVINGS: usize = 100;

/// The share of halvings that lie beyond the floor.
const BEYOND: f64 = 0.05;

/// The fewest runs that are halved: two a side.
const RUNS_MIN: usize = 4;

/// The noise of one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricNoise {
    /// Its name.
    pub name: String,
    /// What it is, and how it is compared.
    #[serde(flatten)]
    pub subject: Subject,
    /// How many runs there are.
    pub runs: u64,
    /// How many values they have.
    pub values: u64,
    /// The middle of all values.
    pub median: Option<f64>,
    /// The change of p50 that 95 of 100 pairs of halves stay below if each side has as many runs as there are: a share, or in the
    /// unit of a metric that is compared by difference. `null` with fewer than four runs.
    pub floor: Option<f64>,
    /// How many runs a side bring that to 3, 5 and 10 %; `null` where changes are no ratios.
    pub runs_for: Option<[u64; 3]>,
}

/// The noise of all metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Noise {
    /// How often the runs were halved.
    pub halvings: u64,
    /// How often one half was called slower or faster than the other: at most 5 of 100 are promised.
    pub false_verdicts: u64,
    /// The metrics, by name.
    pub metrics: Vec<MetricNoise>,
}

/// The changes that [`MetricNoise::runs_for`] is of.
pub const CHANGES: [f64; 3] = [0.03, 0.05, 0.1];

impl Noise {
    /// Halves the runs of one build again and again. `None` if no metric has four runs.
    #[must_use]
    pub fn of(side: &Side) -> Option<Noise> {
        if side.metrics.values().all(|runs| runs.0.len() < RUNS_MIN) {
            return None;
        }
        let mut false_verdicts = 0;
        let mut apart: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for halving in 0..HALVINGS {
            let [one, other] = [true, false].map(|is_first| half(side, halving, is_first));
            let found = Comparison::new(
                ("one half", &one),
                ("the other", &other),
                &Budgets::default(),
                CompareOptions::default(),
            );
            false_verdicts += u64::from(matches!(found.verdict, Verdict::Slower | Verdict::Faster));
            for metric in &found.touchpoints {
                if let Some(p50) = metric.figure(Figure::P50) {
                    let distance = match metric.subject.axis() {
                        Axis::Ratio => p50.change.max(f64::MIN_POSITIVE).ln().abs(),
                        Axis::Difference => p50.change.abs(),
                    };
                    apart.entry(metric.name.clone()).or_default().push(distance);
                }
            }
        }
        let judged =
            side.metrics.iter().filter(|((_, metric), runs)| not_judged_for(metric, [runs, runs]).is_none());
        let metrics = judged.map(|((name, metric), runs)| noise(name, metric, runs, &mut apart)).collect();
        Some(Noise { halvings: HALVINGS as u64, false_verdicts, metrics })
    }
}

fn noise(name: &str, metric: &Metric, runs: &Runs, apart: &mut BTreeMap<String, Vec<f64>>) -> MetricNoise {
    let axis = Scale::of(metric, runs.values()).axis;
    let count = runs.0.len();
    let mut distances = apart.remove(name).filter(|_| count >= RUNS_MIN).unwrap_or_default();
    distances.sort_by(f64::total_cmp);
    let beyond = ((1.0 - BEYOND) * distances.len() as f64) as usize;
    let of_halves = distances.get(beyond.min(distances.len().saturating_sub(1))).copied();
    // A half has half of the runs; with all of them on each side the distance is smaller by the square root of 2.
    let floor = of_halves.map(|distance| distance / std::f64::consts::SQRT_2);
    let is_ratio = axis == Axis::Ratio;
    let runs_for = |distance: f64| {
        CHANGES.map(|change: f64| {
            let times = (distance / change.ln_1p()).powi(2);
            ((count as f64 * times).ceil() as u64).max(2)
        })
    };
    MetricNoise {
        name: name.to_owned(),
        subject: Subject::Values { metric: metric.clone(), compared_by: axis },
        runs: count as u64,
        values: runs.values().count() as u64,
        median: runs.median(),
        floor: floor.map(|floor| if is_ratio { floor.exp_m1() } else { floor }),
        runs_for: floor.filter(|_| is_ratio).map(runs_for),
    }
}

/// One half of the runs of each metric, by what a number that follows from theirs says.
fn half(side: &Side, halving: usize, is_first: bool) -> Side {
    let mut half = Side::new();
    for ((name, metric), runs) in &side.metrics {
        let mut order: Vec<usize> = (0..runs.0.len()).collect();
        order.sort_by_key(|run| mixed(*run as u64, halving as u64));
        let (first, second) = order.split_at(order.len() / 2);
        for run in if is_first { first } else { second } {
            let (called, values) = &runs.0[*run];
            half.add_run(name, metric, called, values);
        }
    }
    half
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Better, Measured, Unit};

    /// So many runs of ten values, which lie by up to so much of 400 ms apart.
    fn runs(runs: u64, spread: f64) -> Side {
        let metric = Metric { unit: Unit::Nanoseconds, better: Better::Less };
        let mut side = Side::new();
        for run in 0..runs {
            let noise = |nth: u64| mixed(nth, 7) as f64 / u64::MAX as f64 - 0.5;
            let of_run = noise(run) * spread;
            let values: Vec<Measured> =
                (0..10).map(|at| Measured::of(4e8 * (1.0 + of_run + noise(run * 100 + at) * 0.01))).collect();
            side.add_run("start", &metric, &run.to_string(), &values);
        }
        side
    }

    #[test]
    fn the_floor_follows_the_runs() {
        let [calm, noisy] = [0.01, 0.2].map(|spread| Noise::of(&runs(16, spread)).unwrap());
        let floor = |noise: &Noise| noise.metrics[0].floor.unwrap();
        assert!(floor(&calm) < 0.01 && (0.02..0.15).contains(&floor(&noisy)), "{calm:?} {noisy:?}");
        let [three, five, ten] = noisy.metrics[0].runs_for.unwrap();
        assert!(three > five && five > ten && three > 16, "{noisy:?}");
        assert!(calm.false_verdicts <= 5 && noisy.false_verdicts <= 5, "{calm:?} {noisy:?}");
        assert_eq!((noisy.metrics[0].runs, noisy.metrics[0].values), (16, 160));
        assert_eq!(Noise::of(&runs(3, 0.1)), None);
    }
}
