//! Chance of a seed: the same seed draws the same numbers, on every machine.
//!
//! Owns: one counter. Refuses: the system's randomness.
//! Invariant: what is drawn depends on the seed and on how much was drawn before, and on nothing else.

use crate::mix::{below, mix};
use nowait_wire::Uuid;
use std::ops::Range;

/// A source of numbers.
#[derive(Debug)]
pub(super) struct Chance {
    state: u64,
}

impl Chance {
    /// The numbers of this seed.
    pub(super) fn new(seed: u64) -> Chance {
        Chance { state: mix(seed) }
    }

    /// Any number.
    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.state)
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        below(end, self.next())
    }

    /// A number of this range.
    pub(super) fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.below(range.end - range.start)
    }

    /// `true` this often in 1,000.
    pub(super) fn per_mille(&mut self, rate: u64) -> bool {
        self.below(1_000) < rate
    }

    /// `true` this often in 1,000,000.
    pub(super) fn per_million(&mut self, rate: u64) -> bool {
        rate > 0 && self.below(1_000_000) < rate
    }

    /// One of these.
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// A number of this range, small ones as often as large ones of each size.
    pub(super) fn spread(&mut self, range: Range<u64>) -> u64 {
        let bits = range.end.ilog2() - range.start.max(1).ilog2();
        let top = range.start.max(1) << self.below(u64::from(bits) + 1);
        self.within(range.start..(top * 2).clamp(range.start + 1, range.end))
    }

    /// An id.
    pub(super) fn uuid(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.next(), self.next())
    }
}
