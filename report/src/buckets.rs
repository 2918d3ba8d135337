//! How many durations each bucket has, in little memory.
//!
//! Owns: where the counts of a histogram lie. Refuses: what a bucket is (see [`crate::histogram`]) and binary forms.
//! Invariant: two that hold the same counts are equal, and an octave is there as long as one of its counts is not 0.

use crate::boundary::PER_OCTAVE;
use crate::limits::BUCKETS_MAX;

/// The index of the lowest bucket: (2^(-1/64), 1], which holds 1 ns.
pub(crate) const INDEX_MIN: i32 = -1;
/// The index of the highest bucket.
pub(crate) const INDEX_MAX: i32 = INDEX_MIN + BUCKETS_MAX as i32 - 1;

/// The number of the lowest octave: the index of its first bucket, divided by [`PER_OCTAVE`].
const OCTAVE_MIN: i32 = INDEX_MIN.div_euclid(PER_OCTAVE as i32);

/// The counts of one octave: of durations between one power of two and the next.
type Octave<N> = [N; PER_OCTAVE];

/// Counts by the index of their bucket.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    /// Which octaves have durations: a bit for each, the lowest octave's first.
    filled: u128,
    /// Those octaves, in the order of their bits: where one lies is a count of bits, and no search.
    octaves: Octaves,
}

/// Most cells are of an hour or a second, and no bucket of them has many durations.
#[derive(Clone, Debug)]
enum Octaves {
    Narrow(Vec<Octave<u16>>),
    Wide(Vec<Octave<u64>>),
}

impl Buckets {
    pub(crate) const fn new() -> Buckets {
        Buckets { filled: 0, octaves: Octaves::Narrow(Vec::new()) }
    }

    /// How much memory they take beside themselves, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        match &self.octaves {
            Octaves::Narrow(all) => all.capacity() * size_of::<Octave<u16>>(),
            Octaves::Wide(all) => all.capacity() * size_of::<Octave<u64>>(),
        }
    }

    /// Adds `n`, which is not 0, to a bucket.
    pub(crate) fn add(&mut self, index: i32, n: u64) {
        let within = index.rem_euclid(PER_OCTAVE as i32) as usize;
        let place = self.octave(index.div_euclid(PER_OCTAVE as i32));
        if let Octaves::Narrow(all) = &mut self.octaves {
            let count = &mut all[place][within];
            if let Some(sum) = u16::try_from(n).ok().and_then(|n| count.checked_add(n)) {
                *count = sum;
                return;
            }
        }
        self.with_wide(place, |counts| counts[within] = counts[within].saturating_add(n));
    }

    /// Adds all counts of others.
    pub(crate) fn merge(&mut self, other: &Buckets) {
        let numbers = numbers(other.filled);
        match &other.octaves {
            Octaves::Narrow(theirs) => {
                numbers.zip(theirs).for_each(|(at, theirs)| self.merge_narrow(at, theirs))
            }
            Octaves::Wide(theirs) => numbers.zip(theirs).for_each(|(at, theirs)| self.merge_wide(at, theirs)),
        }
    }

    fn merge_narrow(&mut self, at: i32, theirs: &Octave<u16>) {
        let place = self.octave(at);
        if let Octaves::Narrow(all) = &mut self.octaves {
            let mine = &mut all[place];
            if mine.iter().zip(theirs).all(|(mine, theirs)| mine.checked_add(*theirs).is_some()) {
                mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
                return;
            }
        }
        self.with_wide(place, |mine| add_to(mine, theirs));
    }

    fn merge_wide(&mut self, at: i32, theirs: &Octave<u64>) {
        let place = self.octave(at);
        self.with_wide(place, |mine| add_to(mine, theirs));
    }

    /// Takes out counts that were merged in before.
    pub(crate) fn take_out(&mut self, other: &Buckets) {
        other.for_each(|index, n| self.take(index, n));
        match &mut self.octaves {
            Octaves::Narrow(all) => self.filled = retain_filled(self.filled, all),
            Octaves::Wide(all) => self.filled = retain_filled(self.filled, all),
        }
    }

    /// Takes `n` out of a bucket, or what there is in it.
    fn take(&mut self, index: i32, n: u64) {
        let within = index.rem_euclid(PER_OCTAVE as i32) as usize;
        let (place, is_there) = self.place(index.div_euclid(PER_OCTAVE as i32));
        match &mut self.octaves {
            _ if !is_there => {}
            Octaves::Narrow(all) => {
                all[place][within] = all[place][within].saturating_sub(u16::try_from(n).unwrap_or(u16::MAX));
            }
            Octaves::Wide(all) => all[place][within] = all[place][within].saturating_sub(n),
        }
    }

    /// How many are filled.
    pub(crate) fn filled(&self) -> usize {
        let mut filled = 0;
        self.for_each(|_, _| filled += 1);
        filled
    }

    /// The index of the lowest one that is filled.
    pub(crate) fn lowest(&self) -> Option<i32> {
        self.iter().next().map(|(index, _)| index)
    }

    /// The index of the highest one that is filled.
    pub(crate) fn highest(&self) -> Option<i32> {
        let at = (u128::BITS - 1).checked_sub(self.filled.leading_zeros())? as i32 + OCTAVE_MIN;
        let within = match &self.octaves {
            Octaves::Narrow(all) => all.last()?.iter().rposition(|count| *count > 0),
            Octaves::Wide(all) => all.last()?.iter().rposition(|count| *count > 0),
        };
        Some(at * PER_OCTAVE as i32 + within? as i32)
    }

    /// The filled ones as (index, count), ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i32, u64)> + '_ {
        let counts = |place: usize| -> [u64; PER_OCTAVE] {
            match &self.octaves {
                Octaves::Narrow(all) => all[place].map(u64::from),
                Octaves::Wide(all) => all[place],
            }
        };
        let octaves = numbers(self.filled).enumerate();
        let all = octaves.flat_map(move |(place, at)| (at * PER_OCTAVE as i32..).zip(counts(place)));
        all.filter(|(_, count)| *count > 0)
    }

    /// The same, without the cost of an iterator over two kinds of lists.
    pub(crate) fn for_each(&self, mut each: impl FnMut(i32, u64)) {
        fn of<N: Copy + Into<u64>>(at: i32, counts: &Octave<N>, each: &mut impl FnMut(i32, u64)) {
            for (index, count) in (at * PER_OCTAVE as i32..).zip(counts) {
                let count = (*count).into();
                if count > 0 {
                    each(index, count);
                }
            }
        }
        let numbers = numbers(self.filled);
        match &self.octaves {
            Octaves::Narrow(all) => numbers.zip(all).for_each(|(at, counts)| of(at, counts, &mut each)),
            Octaves::Wide(all) => numbers.zip(all).for_each(|(at, counts)| of(at, counts, &mut each)),
        }
    }

    /// Where an octave lies, or would, and whether it is there.
    fn place(&self, at: i32) -> (usize, bool) {
        let bit = bit(at);
        ((self.filled & (bit - 1)).count_ones() as usize, self.filled & bit != 0)
    }

    /// The place of an octave, which is made if it does not exist yet: then something must be added.
    fn octave(&mut self, at: i32) -> usize {
        let (place, is_there) = self.place(at);
        if !is_there {
            self.filled |= bit(at);
            match &mut self.octaves {
                Octaves::Narrow(all) => insert(all, place),
                Octaves::Wide(all) => insert(all, place),
            }
        }
        place
    }

    /// Changes an octave in which there is room for any count.
    fn with_wide(&mut self, place: usize, change: impl FnOnce(&mut Octave<u64>)) {
        let mut all = match std::mem::take(&mut self.octaves) {
            Octaves::Narrow(all) => all.into_iter().map(|counts| counts.map(u64::from)).collect(),
            Octaves::Wide(all) => all,
        };
        change(&mut all[place]);
        self.octaves = Octaves::Wide(all);
    }
}

impl Default for Octaves {
    fn default() -> Octaves {
        Octaves::Narrow(Vec::new())
    }
}

impl Default for Buckets {
    fn default() -> Buckets {
        Buckets::new()
    }
}

impl PartialEq for Buckets {
    fn eq(&self, other: &Buckets) -> bool {
        self.filled == other.filled && self.iter().eq(other.iter())
    }
}

impl Eq for Buckets {}

/// The bit of an octave in `Buckets::filled`.
fn bit(at: i32) -> u128 {
    1 << (at - OCTAVE_MIN)
}

/// The numbers of the octaves whose bits are set, ascending.
fn numbers(mut filled: u128) -> impl Iterator<Item = i32> {
    std::iter::from_fn(move || {
        let at = filled.trailing_zeros() as i32 + OCTAVE_MIN;
        filled &= filled.checked_sub(1)?;
        Some(at)
    })
}

/// Drops the octaves without a count, and says which are left.
fn retain_filled<N: Copy + Default + PartialEq>(filled: u128, octaves: &mut Vec<Octave<N>>) -> u128 {
    let is_filled = |counts: &Octave<N>| counts.iter().any(|count| *count != N::default());
    let left = numbers(filled).zip(&*octaves).filter(|(_, counts)| is_filled(counts));
    let left = left.fold(0, |left, (at, _)| left | bit(at));
    octaves.retain(is_filled);
    left
}

fn insert<N: Copy + Default>(octaves: &mut Vec<Octave<N>>, place: usize) {
    // A vector would take room for four at once, and most names that a stranger invents need one.
    octaves.reserve_exact(1);
    octaves.insert(place, [N::default(); PER_OCTAVE]);
}

fn add_to<N: Copy + Into<u64>>(mine: &mut Octave<u64>, theirs: &Octave<N>) {
    for (mine, theirs) in mine.iter_mut().zip(theirs) {
        *mine = mine.saturating_add((*theirs).into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Counts on both sides of what 16 bits hold.
    fn counts() -> impl Strategy<Value = Vec<(i32, u64)>> {
        let n = prop_oneof![1..4_u64, 65_530..65_540_u64, Just(1 << 40)];
        prop::collection::vec((INDEX_MIN..200, n), 0..40)
    }

    fn buckets(counts: &[(i32, u64)]) -> Buckets {
        let mut buckets = Buckets::new();
        counts.iter().for_each(|(index, n)| buckets.add(*index, *n));
        buckets
    }

    proptest! {
        #[test]
        fn they_hold_what_was_added_in_any_order(one in counts(), other in counts()) {
            let mut model: BTreeMap<i32, u64> = BTreeMap::new();
            one.iter().chain(&other).for_each(|(index, n)| *model.entry(*index).or_default() += n);
            let mut merged = buckets(&one);
            merged.merge(&buckets(&other));
            let mut turned = buckets(&other);
            turned.merge(&buckets(&one));
            prop_assert_eq!(merged.iter().collect::<Vec<_>>(), model.clone().into_iter().collect::<Vec<_>>());
            prop_assert_eq!(&merged, &turned);
            let mut each = Vec::new();
            merged.for_each(|index, n| each.push((index, n)));
            prop_assert!(each.into_iter().eq(merged.iter()));
            prop_assert_eq!(merged.filled(), model.len());
            prop_assert_eq!(merged.lowest(), model.keys().next().copied());
            prop_assert_eq!(merged.highest(), model.keys().next_back().copied());
            merged.take_out(&buckets(&other));
            prop_assert_eq!(&merged, &buckets(&one));
            prop_assert!(merged.heap_bytes() <= turned.heap_bytes());
        }
    }

    #[test]
    fn the_largest_count_stays() {
        let mut buckets = buckets(&[(7, u64::MAX), (7, 1)]);
        buckets.merge(&buckets.clone());
        assert_eq!(buckets.iter().collect::<Vec<_>>(), [(7, u64::MAX)]);
        assert_eq!((buckets.lowest(), Buckets::new().highest()), (Some(7), None));
    }
}
