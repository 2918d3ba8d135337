//! Both sides of one touchpoint, made alike: HEAD as if it had BASE's customers.
//!
//! Owns: which strata are held equal, and what each wait of HEAD weighs for that. Refuses: figures (see `figures`).
//! Invariant: without strata every wait weighs 1; and a stratum that one side lacks is on neither side, and is counted as left out.

use crate::curve::{Curve, Place, middle_ns};
use crate::metric::{Axis, Scale};
use crate::runs::Runs;
use crate::side::{Counts, Ending, Sampled, Stratum, Waits};
use std::collections::{BTreeMap, BTreeSet};

/// The fewest sessions on each side that make a stratum: with fewer, how much its customers differ among each other cannot be told
/// from how much strata differ, and they are taken together with others of that kind.
const STRATUM_SESSIONS_MIN: usize = 10;

/// Waits at a place, weighted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weighed {
    pub(crate) done: f64,
    pub(crate) failed: f64,
    pub(crate) given_up: f64,
}

impl Weighed {
    fn add(&mut self, counts: &Counts, weight: f64) {
        self.done += counts.done as f64 * weight;
        self.failed += counts.failed as f64 * weight;
        self.given_up += counts.given_up as f64 * weight;
    }

    fn of_mut(&mut self, ending: Ending) -> &mut f64 {
        match ending {
            Ending::Done => &mut self.done,
            Ending::Failed => &mut self.failed,
            Ending::GivenUp => &mut self.given_up,
        }
    }

    pub(crate) fn all(&self) -> f64 {
        self.answered() + self.given_up
    }

    /// Of each wait one of the two is known: how long it took, or that it took longer.
    pub(crate) fn answered(&self) -> f64 {
        self.done + self.failed
    }
}

/// A wait that is known by itself: the number of its place and its ending in one word, as every figure asks each of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known(u32);

impl Known {
    fn new(place: usize, ending: Ending) -> Known {
        Known(u32::try_from(place * Ending::ALL.len() + ending as usize).unwrap_or(u32::MAX))
    }

    /// The number of its place.
    pub(crate) fn place(self) -> usize {
        self.0 as usize / Ending::ALL.len()
    }

    /// What one of its place and ending has in a list by places and then endings.
    pub(crate) fn of(self, all: &[f64]) -> f64 {
        all.get(self.0 as usize).copied().unwrap_or(0.0)
    }

    /// Whether it was given up.
    pub(crate) fn is_given_up(self) -> bool {
        self.0 as usize % Ending::ALL.len() == Ending::GivenUp as usize
    }
}

/// Waits that follow each other in one session and one stratum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) session: u32,
    /// The number of its stratum; `None` for one of those that are taken together.
    pub(crate) stratum: Option<usize>,
    /// What each of them weighs.
    pub(crate) weight: f64,
    /// How many there are.
    pub(crate) len: usize,
}

/// One side.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) axis: Axis,
    /// Where each place is.
    at: Vec<f64>,
    /// All waits, as they are and as they weigh, by the number of their place.
    pub(crate) raw: Vec<Weighed>,
    pub(crate) weighed: Vec<Weighed>,
    /// How many waits that is.
    pub(crate) count: u64,
    /// Those that are known one by one, one run behind the other and one session behind the other, and all of them as they weigh.
    pub(crate) known: Vec<Known>,
    pub(crate) runs: Vec<Run>,
    pub(crate) known_weighed: Vec<Weighed>,
    /// How many sessions these are of.
    pub(crate) sessions: usize,
}

impl Part {
    /// The runs that are known one by one, each with its waits.
    pub(crate) fn known_runs(&self) -> impl Iterator<Item = (&Run, &[Known])> {
        let mut left = self.known.as_slice();
        self.runs.iter().filter_map(move |run| {
            let (waits, rest) = left.split_at_checked(run.len)?;
            left = rest;
            Some((run, waits))
        })
    }

    /// How many places there are.
    pub(crate) fn len(&self) -> usize {
        self.at.len()
    }

    /// Where the place of this number is.
    pub(crate) fn at(&self, place: usize) -> f64 {
        self.at.get(place).copied().unwrap_or(0.0)
    }

    /// The curve of these of its waits.
    pub(crate) fn curve_of(&self, waits: &[Weighed]) -> Curve {
        let place = |(at, waits): (&f64, &Weighed)| Place {
            at: *at,
            ended: waits.answered(),
            given_up: waits.given_up,
        };
        let places: Vec<Place> = self.at.iter().zip(waits).map(place).collect();
        Curve::new(self.axis, &places)
    }

    /// The curve of all waits as they weigh.
    pub(crate) fn curve(&self) -> Curve {
        self.curve_of(&self.weighed)
    }

    /// The curve of all waits as they are.
    pub(crate) fn raw_curve(&self) -> Curve {
        self.curve_of(&self.raw)
    }
}

/// Both sides, with the same places.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    /// The places of waits, each with its number in the histograms; those of values are in none.
    pub(crate) places: Vec<i32>,
    pub(crate) base: Part,
    pub(crate) head: Part,
    /// The share of all waits whose stratum one side lacks.
    pub(crate) left_out: f64,
}

impl Pair {
    /// Makes both sides alike.
    pub(crate) fn new(base: &Waits, head: &Waits) -> Pair {
        Pair::holding(&Strata::of(base, head), base, head)
    }

    /// Both sides as they are, each with its own customers.
    pub(crate) fn as_they_are(base: &Waits, head: &Waits) -> Pair {
        Pair::holding(&Strata::default(), base, head)
    }

    /// Makes both sides alike in these strata.
    fn holding(strata: &Strata, base: &Waits, head: &Waits) -> Pair {
        let mut places: Vec<i32> = Vec::new();
        for waits in [base, head] {
            places.extend(waits.strata.values().flat_map(|places| places.keys()));
            places.extend(waits.sampled.iter().map(|wait| wait.place));
        }
        places.sort_unstable();
        places.dedup();
        let [base_sums, head_sums] = [base, head].map(|waits| strata.sums(waits));
        let common = |group: &Option<usize>| {
            [&base_sums, &head_sums].iter().all(|sums| sums.get(group).is_some_and(|sum| *sum > 0))
        };
        let target: BTreeMap<Option<usize>, u64> =
            base_sums.iter().filter(|(group, _)| common(group)).map(|(group, sum)| (*group, *sum)).collect();
        let all: u64 = base_sums.values().chain(head_sums.values()).sum();
        let in_common: u64 = [&base_sums, &head_sums]
            .iter()
            .flat_map(|sums| sums.iter().filter(|(group, _)| target.contains_key(group)).map(|(_, sum)| *sum))
            .sum();
        let left_out = if all == 0 { 0.0 } else { (all - in_common) as f64 / all as f64 };
        Pair {
            base: part(base, strata, &places, &target),
            head: part(head, strata, &places, &target),
            places,
            left_out,
        }
    }
}

impl Pair {
    /// How many waits or values the smaller side has.
    pub(crate) fn fewest(&self) -> u64 {
        self.base.count.min(self.head.count)
    }

    /// Whether a wait at the place of this number is done within a target, which is a place.
    pub(crate) fn is_in_time(&self, target: i32, place: usize, ending: Ending) -> bool {
        ending == Ending::Done && self.places.get(place).is_some_and(|place| *place <= target)
    }

    /// The axis on which both sides are.
    pub(crate) fn axis(&self) -> Axis {
        self.base.axis
    }

    /// Values of a benchmark, each run a session: nobody's customers have to be made alike.
    pub(crate) fn of_runs(base: &Runs, head: &Runs, scale: Scale) -> Pair {
        let mut at: Vec<f64> = [base, head].into_iter().flat_map(|runs| runs.costs(scale)).collect();
        at.sort_by(f64::total_cmp);
        at.dedup();
        let part = |runs| Part::of_runs(runs, scale, &at);
        Pair { base: part(base), head: part(head), places: Vec::new(), left_out: 0.0 }
    }
}

impl Part {
    fn of_runs(values: &Runs, scale: Scale, at: &[f64]) -> Part {
        let (mut known, mut runs) = (Vec::new(), Vec::new());
        let mut weighed = vec![Weighed::default(); at.len()];
        for (session, (_, values)) in (0..).zip(&values.0) {
            let before = known.len();
            for measured in values {
                let cost = scale.turn(measured.value);
                let Ok(place) = at.binary_search_by(|at| at.total_cmp(&cost)) else { continue };
                // What failed is known to take longer than that, as a wait that was given up.
                let ending = if measured.has_failed { Ending::GivenUp } else { Ending::Done };
                *weighed[place].of_mut(ending) += 1.0;
                known.push(Known::new(place, ending));
            }
            runs.push(Run { session, stratum: None, weight: 1.0, len: known.len() - before });
        }
        Part {
            axis: scale.axis,
            at: at.to_vec(),
            raw: weighed.clone(),
            count: known.len() as u64,
            sessions: runs.len(),
            known_weighed: weighed.clone(),
            weighed,
            known,
            runs,
        }
    }
}

/// Which strata are held equal, each with its number; all others are taken together.
#[derive(Default)]
struct Strata(BTreeMap<Stratum, usize>);

impl Strata {
    fn of(base: &Waits, head: &Waits) -> Strata {
        let sessions = |waits: &Waits| {
            // By stratum, how many there are and which was the last: the waits of one follow each other.
            let mut sessions: BTreeMap<Stratum, (usize, u32)> = BTreeMap::new();
            for wait in &waits.sampled {
                let (count, last) = sessions.entry(wait.stratum).or_insert((0, wait.session + 1));
                if *last != wait.session {
                    (*count, *last) = (*count + 1, wait.session);
                }
            }
            sessions
        };
        let sides = [(base, sessions(base)), (head, sessions(head))];
        let has = |waits: &Waits, stratum: &Stratum| waits.strata.contains_key(stratum);
        let has_enough = |(waits, sessions): &(&Waits, BTreeMap<Stratum, (usize, u32)>),
                          stratum: &Stratum| {
            let Some(places) = waits.strata.get(stratum) else { return false };
            let known = sessions.get(stratum).map_or(0, |(count, _)| *count);
            // Where no session of a side is known any more its waits have to do.
            let all = || places.values().map(Counts::all).sum::<u64>() as usize;
            (if waits.sampled.is_empty() { all() } else { known }) >= STRATUM_SESSIONS_MIN
        };
        // One that a side lacks is a stratum too: it is on neither side then.
        let all: BTreeSet<&Stratum> = base.strata.keys().chain(head.strata.keys()).collect();
        let own = all.into_iter().filter(|stratum| {
            sides.iter().any(|side| has_enough(side, stratum))
                && sides.iter().all(|side| has_enough(side, stratum) || !has(side.0, stratum))
        });
        Strata(own.enumerate().map(|(number, stratum)| (*stratum, number)).collect())
    }

    fn number(&self, stratum: &Stratum) -> Option<usize> {
        self.0.get(stratum).copied()
    }

    /// How many waits there are of each.
    fn sums(&self, waits: &Waits) -> BTreeMap<Option<usize>, u64> {
        let mut sums = BTreeMap::new();
        for (stratum, places) in &waits.strata {
            *sums.entry(self.number(stratum)).or_default() += places.values().map(Counts::all).sum::<u64>();
        }
        sums
    }
}

/// What a wait of each stratum weighs, so that the strata have the shares of `target`, and all waits together weigh their number.
fn weights(
    sums: &BTreeMap<Option<usize>, u64>,
    target: &BTreeMap<Option<usize>, u64>,
) -> BTreeMap<Option<usize>, f64> {
    let met = |(group, sum): &(&Option<usize>, &u64)| target.contains_key(group) && **sum > 0;
    let all: u64 = sums.iter().filter(met).map(|(_, sum)| sum).sum();
    let of_target: u64 = sums.iter().filter(met).filter_map(|(group, _)| target.get(group)).sum();
    let weight = |(group, sum): (&Option<usize>, &u64)| {
        let asked = target.get(group).copied()? as f64 / of_target as f64;
        Some((*group, asked * all as f64 / *sum as f64))
    };
    sums.iter().filter(met).filter_map(weight).collect()
}

/// The numbers of places, which lie close together but for the first.
struct Numbers<'p> {
    places: &'p [i32],
    /// By how far they lie behind the second.
    behind: Vec<Option<u32>>,
}

impl Numbers<'_> {
    fn of(places: &[i32]) -> Numbers<'_> {
        let mut behind = Vec::new();
        for (number, place) in (0..).zip(places).skip(1) {
            let at = places.get(1).map_or(0, |second| place.abs_diff(*second) as usize);
            behind.resize(at + 1, None);
            behind[at] = Some(number);
        }
        Numbers { places, behind }
    }

    fn get(&self, place: i32) -> Option<usize> {
        if self.places.first() == Some(&place) {
            return Some(0);
        }
        let at = place.checked_sub(*self.places.get(1)?)?;
        self.behind.get(usize::try_from(at).ok()?).copied().flatten().map(|number| number as usize)
    }
}

fn part(waits: &Waits, strata: &Strata, places: &[i32], target: &BTreeMap<Option<usize>, u64>) -> Part {
    let numbers = Numbers::of(places);
    let weight_of = weights(&strata.sums(waits), target);
    let (mut raw, mut weighed) =
        (vec![Weighed::default(); places.len()], vec![Weighed::default(); places.len()]);
    let mut count = 0_u64;
    for (stratum, at) in &waits.strata {
        let weight = weight_of.get(&strata.number(stratum)).copied();
        for (place, counts) in at {
            let Some(number) = numbers.get(*place) else { continue };
            raw[number].add(counts, 1.0);
            if let Some(weight) = weight {
                weighed[number].add(counts, weight);
                count += counts.all();
            }
        }
    }
    // A session is mostly of one stratum, and its waits follow each other: what they have in common is looked up once.
    let alike = waits
        .sampled
        .chunk_by(|one, next| (one.session, one.stratum) == (next.session, next.stratum))
        .filter_map(|waits| waits.first().map(|first| (first.session, strata.number(&first.stratum), waits)));
    let alike: Vec<(u32, Option<usize>, &[Sampled])> = alike.collect();
    let mut sums: BTreeMap<Option<usize>, u64> = BTreeMap::new();
    for (_, stratum, waits) in &alike {
        *sums.entry(*stratum).or_default() += waits.len() as u64;
    }
    let weight_of = weights(&sums, target);
    let (mut known, mut runs) = (Vec::with_capacity(waits.sampled.len()), Vec::with_capacity(alike.len()));
    let mut known_weighed = vec![Weighed::default(); places.len()];
    for (session, stratum, waits) in alike {
        let Some(weight) = weight_of.get(&stratum).copied() else { continue };
        let before = known.len();
        for wait in waits {
            let Some(place) = numbers.get(wait.place) else { continue };
            *known_weighed[place].of_mut(wait.ending) += weight;
            known.push(Known::new(place, wait.ending));
        }
        runs.push(Run { session, stratum, weight, len: known.len() - before });
    }
    let sessions = runs.chunk_by(|one, next| one.session == next.session).count();
    let (min, max) = waits.span_ns.unwrap_or_default();
    // Nothing is shorter than 1 ns, the unit of the clock.
    let at = places.iter().map(|place| middle_ns(*place).clamp(min as f64, max as f64).max(1.0)).collect();
    Part { axis: Axis::Ratio, at, raw, weighed, count, known, runs, known_weighed, sessions }
}
