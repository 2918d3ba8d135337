//! How it went at a step, on a scale of 0 to 10, and what of that a customer keeps: the emotion map, and peak and end.
//!
//! Owns: the formula, which docs/report.md repeats. Refuses: to ask how anybody felt: all of it was measured, but for ratings.
//! Invariant: a step at which everybody was served in time, got what they came for and had no trouble is a 10, and nothing that is
//! worse in any of these is better as a whole.

use super::Step;
use crate::cell::RATINGS;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The best there is.
pub const MOMENT_MAX: f64 = 10.0;

/// Visits from which on a step has a value: of fewer, one customer would move it by more than two points.
pub(super) const VISITS_MIN: u64 = 5;

/// Ratings from which on they count: of fewer, one customer would be a quarter of it.
pub(super) const RATINGS_MIN: u64 = 5;

/// What was measured at a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StepMeasured")]
pub struct Measured {
    /// Visits.
    pub visits: u64,
    /// Those in which the customer waited no longer than the target.
    pub in_time: u64,
    /// Those in which the customer waited longer than that, and no longer than four targets.
    pub tolerable: u64,
    /// Those that were done.
    pub done: u64,
    /// Those with a rage tap, and those that were another try at the same step of the same journey.
    pub troubled: u64,
    /// What customers said of it: how many 1, 2, 3, 4 and 5.
    pub ratings: [u64; RATINGS],
}

impl Measured {
    /// How it went, 0 to 10: ten times the product of three shares: waits in time (tolerable ones count half), visits that were done, and
    /// visits without trouble. Where enough customers rated it, the mean of that and of their mean rating, with 1 as 0 and 5 as 10. `None`
    /// where there were too few visits.
    #[must_use]
    pub fn moment(&self) -> Option<f64> {
        if self.visits < VISITS_MIN {
            return None;
        }
        let share = |part: f64| (part / self.visits as f64).clamp(0.0, 1.0);
        let in_time = share(self.in_time as f64 + self.tolerable as f64 / 2.0);
        let measured = in_time * share(self.done as f64) * (1.0 - share(self.troubled as f64));
        let said = mean_rating(&self.ratings, RATINGS_MIN).map(|mean| (mean - 1.0) / (RATINGS - 1) as f64);
        Some(MOMENT_MAX * said.map_or(measured, |said| measured.midpoint(said)))
    }
}

/// The mean of ratings, 1 to 5; `None` if there are fewer than `least`.
pub(crate) fn mean_rating(ratings: &[u64; RATINGS], least: u64) -> Option<f64> {
    let n: u64 = ratings.iter().sum();
    let sum: u64 = ratings.iter().zip(1..).map(|(count, rating): (&u64, u64)| count * rating).sum();
    (n >= least.max(1)).then(|| sum as f64 / n as f64)
}

/// What customers keep of a journey: its worst moment and its last one, more than the rest (Kahneman's peak–end rule).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PeakEnd {
    /// Where it went worst.
    pub worst: Moment,
    /// Where it ended.
    pub last: Moment,
    /// The mean over the steps, each as often as journeys reached it.
    pub mean: f64,
    /// The mean of the worst and the last moment.
    pub remembered: f64,
    /// What it would be with the worst step as good as the next worst; `null` if there is only one.
    pub mended: Option<Mended>,
}

/// How it went at a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Moment {
    /// The channel.
    pub channel: String,
    /// The step.
    pub name: String,
    /// What a person calls it.
    pub label: String,
    /// 0 to 10.
    pub moment: f64,
}

/// What a journey would be with its worst step mended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mended {
    /// What the worst step would be: as good as the next worst.
    pub moment: f64,
    /// The mean then.
    pub mean: f64,
    /// What would be remembered then.
    pub remembered: f64,
}

/// Of the steps in their order; `None` if none has a value.
pub(super) fn peak_end(steps: &[Step]) -> Option<PeakEnd> {
    let known = || steps.iter().filter_map(|step| Some((step, step.moment?)));
    let (worst, lowest) = known().min_by(|one, other| one.1.total_cmp(&other.1))?;
    let (last, at_last) = known().next_back()?;
    // The first of several as bad as each other is the worst; the next worst may be as bad.
    let others = known().filter(|(step, _)| !std::ptr::eq(*step, worst));
    let next = others.map(|(_, moment)| moment).min_by(f64::total_cmp);
    let mean = |of_worst: f64| {
        let value = |step: &Step, moment| if std::ptr::eq(step, worst) { of_worst } else { moment };
        let reached: f64 = known().map(|(step, _)| step.reached as f64).sum();
        known().map(|(step, moment)| value(step, moment) * step.reached as f64).sum::<f64>()
            / reached.max(1.0)
    };
    let mended = next.map(|moment| {
        let at_last = if std::ptr::eq(last, worst) { moment } else { at_last };
        Mended { moment, mean: mean(moment), remembered: moment.midpoint(at_last) }
    });
    let of = |step: &Step, moment| Moment {
        channel: step.channel.clone(),
        name: step.name.clone(),
        label: step.label.clone(),
        moment,
    };
    Some(PeakEnd {
        worst: of(worst, lowest),
        last: of(last, at_last),
        mean: mean(lowest),
        remembered: lowest.midpoint(at_last),
        mended,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMOOTH: Measured =
        Measured { visits: 100, in_time: 100, tolerable: 0, done: 100, troubled: 0, ratings: [0; RATINGS] };

    #[test]
    fn a_moment_is_what_was_measured() {
        assert_eq!(SMOOTH.moment(), Some(10.0));
        assert_eq!(
            Measured { in_time: 60, tolerable: 20, ..SMOOTH }.moment(),
            Some(7.0),
            "tolerable is half"
        );
        assert_eq!(Measured { done: 80, ..SMOOTH }.moment(), Some(8.0));
        assert_eq!(Measured { troubled: 25, ..SMOOTH }.moment(), Some(7.5));
        let all = Measured { in_time: 50, done: 80, troubled: 50, ..SMOOTH };
        assert_eq!(all.moment(), Some(2.0), "a product: 0.5 of 0.8 of 0.5");
        assert_eq!(Measured { ratings: [5, 0, 0, 0, 0], ..SMOOTH }.moment(), Some(5.0), "all say 1");
        assert_eq!(Measured { ratings: [0, 0, 6, 0, 0], ..all }.moment(), Some(3.5), "2 and a rating of 5");
        assert_eq!(Measured { ratings: [4, 0, 0, 0, 0], ..SMOOTH }.moment(), Some(10.0), "too few say so");
        assert_eq!(Measured { visits: 4, ..SMOOTH }.moment(), None);
        assert_eq!(mean_rating(&[1, 0, 0, 1, 1], 1), Some(10.0 / 3.0));
        assert_eq!(mean_rating(&[0; RATINGS], 0), None);
    }

    fn steps(of: &[(&str, u64, Option<f64>)]) -> Vec<Step> {
        let step = |(name, reached, moment): &(&str, u64, Option<f64>)| Step {
            name: (*name).to_owned(),
            reached: *reached,
            moment: *moment,
            ..Step::default()
        };
        of.iter().map(step).collect()
    }

    #[test]
    fn peak_and_end_stand_beside_the_mean() {
        let walk =
            [("Form", 10, Some(9.0)), ("Sign", 10, Some(3.0)), ("Rare", 2, None), ("Receipt", 5, Some(8.0))];
        let found = peak_end(&steps(&walk)).unwrap();
        assert_eq!((found.worst.name.as_str(), found.worst.moment), ("Sign", 3.0));
        assert_eq!((found.last.name.as_str(), found.last.moment), ("Receipt", 8.0));
        assert_eq!((found.mean, found.remembered), (6.4, 5.5), "(90 + 30 + 40) / 25, and (3 + 8) / 2");
        assert_eq!(found.mended, Some(Mended { moment: 8.0, mean: 8.4, remembered: 8.0 }));
    }

    #[test]
    fn the_end_may_be_the_peak_and_one_step_is_no_journey() {
        let found = peak_end(&steps(&[("Form", 1, Some(6.0)), ("Sign", 1, Some(2.0))])).unwrap();
        assert_eq!((found.mean, found.remembered), (4.0, 2.0));
        assert_eq!(found.mended, Some(Mended { moment: 6.0, mean: 6.0, remembered: 6.0 }));
        let alike = peak_end(&steps(&[("Form", 1, Some(6.0)), ("Sign", 1, Some(6.0))])).unwrap();
        assert_eq!((alike.worst.name.as_str(), alike.mended.unwrap().mean), ("Form", 6.0));
        assert_eq!(peak_end(&steps(&[("Form", 1, Some(6.0))])).unwrap().mended, None);
        assert_eq!(peak_end(&steps(&[("Form", 1, None)])), None);
    }
}
