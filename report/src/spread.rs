//! How much a figure would differ with other sessions.
//!
//! Owns: the variance of a figure from the sums of its sessions, and how far an interval reaches. Refuses: which figure it is (the
//! caller tells what each wait moves it by).
//! Invariant: waits of one session are never taken as independent.

use crate::figures::Moves;
use crate::pair::{Known, Part, Run};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// The most that one session may count for: a session that is half of what there is tells nothing of others.
const LEVERAGE_MAX: f64 = 0.5;

/// Above this many degrees Student's distribution is the normal one, as far as intervals show.
const DEGREES_MAX: f64 = 1e5;

/// How much a figure varies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    /// The variance of the figure of all waits.
    pub(crate) variance: f64,
    /// How many sessions that is known from, as if all were of one length, less one. Where waits of a session are alike the
    /// square of its sum grows with the square of its length (Satterthwaite, Biometrics Bulletin 2, 1946).
    pub(crate) degrees: f64,
    /// The variance of those that are known one by one, and what it would be of independent waits.
    clustered: f64,
    independent: f64,
}

impl Spread {
    /// The same of other waits, which would vary this much if they were independent.
    pub(crate) fn of(self, independent: f64) -> Spread {
        Spread { variance: independent * self.design_effect().max(1.0), ..self }
    }

    /// How many times the variance of as many independent waits that is.
    pub(crate) fn design_effect(&self) -> f64 {
        if self.independent > 0.0 { self.clustered / self.independent } else { 1.0 }
    }

    /// The design effect of both sides together.
    pub(crate) fn joint_design_effect(&self, other: &Spread) -> f64 {
        let independent = self.independent + other.independent;
        if independent > 0.0 { (self.clustered + other.clustered) / independent } else { 1.0 }
    }
}

/// What sessions show of a figure that each wait moves by this. `None` with fewer than two sessions.
///
/// The sum of each session is an observation (Binder, On the variances of asymptotically normal estimators from complex surveys,
/// International Statistical Review 51, 1983). Waits of a stratum vary around the stratum's mean, as its share is held. A
/// session is taken as it would lie off a mean without it, which is what the jackknife does: where there are few, they would
/// otherwise seem to agree.
pub(crate) fn spread(part: &Part, moves: &Moves) -> Option<Spread> {
    if part.sessions < 2 || part.count == 0 {
        return None;
    }
    let moves = moves.as_flattened();
    let moved = |waits: &[Known]| -> (f64, f64) {
        waits
            .iter()
            .map(|wait| wait.of(moves))
            .fold((0.0, 0.0), |(sum, squares), by| (sum + by, squares + by * by))
    };
    let runs: Vec<(&Run, f64, f64)> = part
        .known_runs()
        .map(|(run, waits)| (run, moved(waits)))
        .map(|(run, (sum, squares))| (run, sum, squares))
        .collect();
    let groups = Groups::of(&runs);
    let (mut clustered, mut independent) = (0.0, 0.0);
    let (mut squares, mut fourths) = (0.0, 0.0);
    let mut parts = Vec::<(Option<usize>, f64, f64)>::new();
    for session in runs.chunk_by(|(one, ..), (next, ..)| one.session == next.session) {
        parts.clear();
        let mut length = 0.0;
        for (run, moved, moved_squares) in session {
            let (n, mean) = (run.len as f64, groups.mean(run.stratum));
            let off = run.weight * (moved - n * mean);
            let off_squares = moved_squares - 2.0 * mean * moved + n * mean * mean;
            independent += run.weight.powi(2) * off_squares.max(0.0);
            length += run.weight * n;
            // Most sessions are in one stratum, and none is in many.
            match parts.iter_mut().find(|(stratum, ..)| *stratum == run.stratum) {
                Some((_, sum, all)) => (*sum, *all) = (*sum + off, *all + n),
                None => parts.push((run.stratum, off, n)),
            }
        }
        let whole = |(stratum, sum, n): &(Option<usize>, f64, f64)| {
            sum / (1.0 - (n / groups.get(*stratum).1).min(LEVERAGE_MAX))
        };
        let sum: f64 = parts.iter().map(whole).sum();
        clustered += sum * sum;
        squares += length.powi(2);
        fourths += length.powi(4);
    }
    let known = part.known.len() as f64;
    Some(Spread {
        variance: clustered * known / part.count as f64,
        degrees: (squares * squares / fourths - groups.len()).max(1.0),
        clustered,
        independent,
    })
}

/// What the waits of each stratum move a figure by in sum, and how many there are; first those that are taken together.
struct Groups(Vec<(f64, f64)>);

impl Groups {
    fn of(runs: &[(&Run, f64, f64)]) -> Groups {
        let last = runs.iter().map(|(run, ..)| number(run.stratum)).max().unwrap_or_default();
        let mut groups = vec![(0.0, 0.0); last + 1];
        for (run, moved, _) in runs {
            if let Some((sum, n)) = groups.get_mut(number(run.stratum)) {
                *sum += moved;
                *n += run.len as f64;
            }
        }
        Groups(groups)
    }

    fn get(&self, stratum: Option<usize>) -> (f64, f64) {
        self.0.get(number(stratum)).copied().unwrap_or((0.0, 1.0))
    }

    /// The mean of a stratum. Those that are taken together may differ for all that is known.
    fn mean(&self, stratum: Option<usize>) -> f64 {
        if stratum.is_none() {
            return 0.0;
        }
        let (sum, n) = self.get(stratum);
        sum / n.max(1.0)
    }

    /// How many have a wait.
    fn len(&self) -> f64 {
        self.0.iter().filter(|(_, n)| *n > 0.0).count() as f64
    }
}

/// The place of a stratum among groups.
fn number(stratum: Option<usize>) -> usize {
    stratum.map_or(0, |number| number + 1)
}

/// How far intervals reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Level {
    /// The chance that the interval misses, both sides together.
    pub(crate) error_share: f64,
    /// Whether it holds at every look at data that grow.
    pub(crate) at_every_look: bool,
}

/// The number of sessions at which an interval that holds at every look is the narrowest.
const LOOKED_AT_BEST: f64 = 1_000.0;

impl Level {
    /// How many standard errors an interval reaches to each side.
    ///
    /// At every look: Robbins's normal mixture (Annals of Mathematical Statistics 41, 1970), with a session as the unit of time.
    pub(crate) fn reach(&self, degrees: f64) -> f64 {
        let tail = 1.0 - self.error_share / 2.0;
        let normal = Normal::standard().inverse_cdf(tail);
        let student = if degrees >= DEGREES_MAX {
            normal
        } else {
            StudentsT::new(0.0, 1.0, degrees).map_or(normal, |student| student.inverse_cdf(tail))
        };
        if !self.at_every_look {
            return student;
        }
        let (n, mix) = (degrees + 1.0, LOOKED_AT_BEST);
        let mixture = ((n + mix) / n * (((n + mix) / mix).ln() + 2.0 * (1.0 / self.error_share).ln())).sqrt();
        // What few sessions add to the normal reach, they add here.
        mixture * (student / normal).max(1.0)
    }
}

/// The degrees of a difference of two figures (Welch and Satterthwaite).
pub(crate) fn joint_degrees(base: Spread, head: Spread) -> f64 {
    let all = base.variance + head.variance;
    let parts = base.variance * base.variance / base.degrees + head.variance * head.variance / head.degrees;
    if parts > 0.0 { all * all / parts } else { base.degrees.min(head.degrees) }
}
