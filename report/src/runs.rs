//! Values of a benchmark, run by run.
//!
//! Owns: which values are of one run, and whether they drift within it. Refuses: waits (see `side`) and figures (see `figures`).
//! Invariant: the order in which values were measured is kept.

use crate::metric::{Measured, Metric, Scale};
use crate::verdict::{Drift, Release};

/// The fewest values of a run that may be said to drift.
const VALUES_MIN: usize = 10;

/// How many standard errors are more than chance: once in 1,000 runs that do not drift.
const REACH: f64 = 3.29;

/// The values of each run, with what the run is called.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs(pub(crate) Vec<(String, Vec<Measured>)>);

impl Runs {
    /// All values.
    pub(crate) fn values(&self) -> impl Iterator<Item = f64> {
        self.0.iter().flat_map(|(_, values)| values).map(|measured| measured.value)
    }

    /// All values as costs.
    pub(crate) fn costs(&self, scale: Scale) -> impl Iterator<Item = f64> {
        self.values().map(move |value| scale.turn(value))
    }

    /// The middle one of the values.
    pub(crate) fn median(&self) -> Option<f64> {
        median(self.values().collect())
    }

    /// The runs whose values drift, or go up and down.
    pub(crate) fn drifts(&self, of: Release, name: &str, metric: &Metric) -> Vec<Drift> {
        let of_run = |(run, values): &(String, Vec<Measured>)| {
            let values: Vec<f64> = values.iter().map(|measured| measured.value).collect();
            let drift = drift(&values)?;
            let (first, second) = values.split_at(values.len() / 2);
            Some(Drift {
                of,
                name: name.to_owned(),
                unit: metric.unit.clone(),
                run: run.clone(),
                first: median(first.to_vec())?,
                second: median(second.to_vec())?,
                autocorrelation: drift,
            })
        };
        if self.0.len() >= VALUES_MIN && self.0.iter().all(|(_, values)| values.len() == 1) {
            // Runs of one value follow each other as the values of one run do.
            let all: Vec<Measured> = self.0.iter().flat_map(|(_, values)| values).copied().collect();
            return of_run(&("all runs, in their order".to_owned(), all)).into_iter().collect();
        }
        self.0.iter().filter_map(of_run).collect()
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.get(values.len().checked_sub(1)? / 2)?, values.get(values.len() / 2)?);
    Some(f64::midpoint(*low, *high))
}

/// How alike values are to the one before (lag-1 autocorrelation, -1 to 1), where that, or how far the second half lies from the
/// first (Mann and Whitney, 1947), is more than chance.
fn drift(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    if values.len() < VALUES_MIN {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let variance: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    if variance <= 0.0 {
        return None;
    }
    let alike: f64 = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    let autocorrelation = alike / variance;
    let (first, second) = values.split_at(values.len() / 2);
    let mut sorted = first.to_vec();
    sorted.sort_by(f64::total_cmp);
    // How many of the first half lie below, a tie counting half.
    let below = |later: &f64| {
        let [less, at_most] =
            [sorted.partition_point(|one| one < later), sorted.partition_point(|one| one <= later)];
        (less + at_most) as f64 / 2.0
    };
    let longer: f64 = second.iter().map(below).sum();
    let (one, other) = (first.len() as f64, second.len() as f64);
    let halves = (longer - one * other / 2.0) / (one * other * (n + 1.0) / 12.0).sqrt();
    let is_more_than_chance = (autocorrelation * n.sqrt()).abs() >= REACH || halves.abs() >= REACH;
    is_more_than_chance.then_some(autocorrelation)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values without an order: the fractional parts of multiples of an irrational number, shuffled by a second one.
    fn noise(n: usize) -> Vec<f64> {
        (0..n).map(|at| ((at * at * 7 + at * 13) as f64 * 0.618_033_988_75).fract()).collect()
    }

    #[test]
    fn what_drifts_or_alternates_is_told_from_noise() {
        assert_eq!(drift(&noise(60)), None);
        let climbs: Vec<f64> =
            noise(60).iter().zip(0..).map(|(noise, at)| 100.0 + noise + f64::from(at) * 0.1).collect();
        assert!(drift(&climbs).is_some_and(|alike| alike > 0.5));
        let alternates: Vec<f64> =
            noise(60).iter().zip(0..).map(|(noise, at)| noise + f64::from(at % 2) * 5.0).collect();
        assert!(drift(&alternates).is_some_and(|alike| alike < -0.5));
        assert_eq!((drift(&[1.0; 60]), drift(&climbs[..9])), (None, None));
    }
}
