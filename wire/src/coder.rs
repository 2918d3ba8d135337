//! The arithmetic coder of a batch: every bit costs what its odds say, and the odds learn from the bits before it.
//!
//! Owns: the odds and how they learn, numbers made of bits, and the bytes they become. Refuses: knowing what a number
//! means. Invariant: both directions are one description. What is coded goes through [`Coder`]; an [`Encoder`] takes the
//! value that it is given, a [`Decoder`] gives the one that stands in the bytes, and both learn the same.
//!
//! This is a range coder with binary adaptive odds, as in LZMA, with two differences: a new context learns fast (its n-th
//! bit moves it by 1 / (n + 1/2)), because a batch has some fifty events to learn from; and carries go into the bytes
//! that were written already, because all of them are in memory.

use crate::error::Error;

/// Half of what a range is at least while bits are coded: below it, a byte is shifted out.
const RANGE_MIN: u32 = 1 << 24;
/// Bits of odds.
const ODDS_BITS: u32 = 16;
/// Neither bit is ever less likely than 1 in 2,048, so that no run of surprises is ruinous.
const ODDS_MIN: u16 = 32;
/// Bits after which odds learn no slower: the last thirty or so then count.
const SEEN_MAX: u8 = 30;
/// Most bits that go through the range at once; the rest of a range stays above 2^8.
const RAW_BITS_AT_ONCE: u32 = 16;
/// By bits that were seen, how far the next one moves the odds, of 2^16: 1 / (seen + 1.5), rounded down.
#[allow(clippy::indexing_slicing)] // Computed while compiling, where a panic is an error of the compiler.
const RATES: [u32; SEEN_MAX as usize + 1] = {
    let mut rates = [0; SEEN_MAX as usize + 1];
    let mut seen = 0;
    while seen < rates.len() {
        rates[seen] = (2 << ODDS_BITS) / (2 * seen as u32 + 3);
        seen += 1;
    }
    rates
};
/// A number's leading bit is at one of 64 places.
const LEADING_BITS: u32 = 6;

/// One of two values, without a branch: what is compressed well is guessed badly, and each wrong guess of the processor costs as
/// much as the rest of a bit.
fn select(bit: bool, one: u32, zero: u32) -> u32 {
    std::hint::select_unpredictable(bit, one, zero)
}

/// How likely the next bit in one context is to be 0.
#[derive(Clone, Copy)]
pub(crate) struct Odds {
    /// Of 2^16.
    zero: u16,
    /// How many bits were seen, up to [`SEEN_MAX`].
    seen: u8,
}

impl Default for Odds {
    fn default() -> Odds {
        Odds { zero: 1 << (ODDS_BITS - 1), seen: 0 }
    }
}

impl Odds {
    /// What part of this range a 0 has.
    const fn part(self, range: u32) -> u32 {
        (range >> ODDS_BITS) * self.zero as u32
    }

    fn learn(&mut self, bit: bool) {
        let rate = RATES.get(usize::from(self.seen)).copied().unwrap_or_default();
        let zero = u32::from(self.zero);
        let way = select(bit, zero, (1 << ODDS_BITS) - zero);
        // Neither factor is above 2^16.
        let moves = (way * rate) >> ODDS_BITS;
        let zero = select(bit, zero.wrapping_sub(moves), zero + moves);
        self.zero = zero.clamp(u32::from(ODDS_MIN), (1 << ODDS_BITS) - u32::from(ODDS_MIN)) as u16;
        self.seen = (self.seen + 1).min(SEEN_MAX);
    }
}

/// How many bits after its leading one a number keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Precision {
    /// All of them.
    Exact,
    /// Those of a time that [`crate::quantise()`] has rounded.
    Time,
}

impl Precision {
    /// Bits that are kept, and zeros below them, of `after_leading` bits.
    pub(crate) fn bits_and_zeros(self, after_leading: u32) -> (u32, u32) {
        let kept = match self {
            Precision::Exact => after_leading,
            Precision::Time => after_leading.min(crate::quantise::TIME_BITS - 1),
        };
        (kept, after_leading - kept)
    }
}

/// The odds of a number: whether it is 0, and where its leading bit stands. The bits below it are noise.
#[derive(Clone)]
pub(crate) struct Number {
    is_some: Odds,
    leading: [Odds; 1 << LEADING_BITS],
}

impl Default for Number {
    fn default() -> Number {
        Number { is_some: Odds::default(), leading: [Odds::default(); 1 << LEADING_BITS] }
    }
}

/// One of both directions. Every method gives the value that the other direction gives at the same place.
pub(crate) trait Coder {
    /// Whether values are taken: they must be right then, and need not be otherwise.
    const IS_ENCODER: bool;

    /// A bit with odds, which learn from it.
    fn bit(&mut self, odds: &mut Odds, bit: bool) -> bool;

    /// Up to [`RAW_BITS_AT_ONCE`] bits that are all equally likely.
    fn few(&mut self, count: u32, bits: u32) -> u32;

    /// Up to 64 bits that are all equally likely, most significant first.
    fn raw(&mut self, count: u32, bits: u64) -> u64 {
        let mut left = count;
        let mut all = 0;
        while left > 0 {
            let taken = left.min(RAW_BITS_AT_ONCE);
            left -= taken;
            let few = (bits >> left) as u32 & ((1 << taken) - 1);
            all = all << taken | u64::from(self.few(taken, few));
        }
        all
    }

    /// A number of `count` bits, each with the odds of its place and of the bits above it.
    fn tree(&mut self, odds: &mut [Odds], count: u32, number: u32) -> u32 {
        let mut node = 1;
        for place in (0..count).rev() {
            let bit = number >> place & 1 == 1;
            let Some(odds) = odds.get_mut(node) else { break };
            node = node << 1 | usize::from(self.bit(odds, bit));
        }
        node as u32 & ((1 << count) - 1)
    }

    /// Any number.
    fn number(&mut self, model: &mut Number, number: u64, precision: Precision) -> u64 {
        if !self.bit(&mut model.is_some, number != 0) {
            return 0;
        }
        let leading = number.checked_ilog2().unwrap_or_default();
        let leading = self.tree(&mut model.leading, LEADING_BITS, leading);
        let (kept, zeros) = precision.bits_and_zeros(leading);
        1 << leading | self.raw(kept, number >> zeros) << zeros
    }

    /// Any number, all of it.
    fn exact(&mut self, model: &mut Number, number: u64) -> u64 {
        self.number(model, number, Precision::Exact)
    }

    /// A duration or another time, rounded already.
    fn time(&mut self, model: &mut Number, number: u64) -> u64 {
        self.number(model, number, Precision::Time)
    }

    /// A byte of which nothing is known.
    fn byte(&mut self, byte: u8) -> u8 {
        self.few(u8::BITS, u32::from(byte)) as u8
    }
}

/// Makes the bytes.
pub(crate) struct Encoder {
    bytes: Vec<u8>,
    low: u32,
    range: u32,
}

impl Encoder {
    pub(crate) fn new() -> Encoder {
        Encoder { bytes: Vec::new(), low: 0, range: u32::MAX }
    }

    /// Moves the lower end of the range up; what passes 32 bits goes into the bytes before.
    fn raise(&mut self, by: u32) {
        let (low, carries) = self.low.overflowing_add(by);
        self.low = low;
        if carries {
            for byte in self.bytes.iter_mut().rev() {
                *byte = byte.wrapping_add(1);
                if *byte != 0 {
                    break;
                }
            }
        }
    }

    fn shift(&mut self) {
        while self.range < RANGE_MIN {
            self.push();
            self.range <<= 8;
        }
    }

    fn push(&mut self) {
        self.bytes.push((self.low >> 24) as u8);
        self.low <<= 8;
    }

    /// The bytes, as few as tell the rest of the range; those behind the last one read as 0.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        // Of all that lie in the range, the number that ends with the most zeros.
        let up = |zeros: u32| self.low.wrapping_neg() & ((1 << zeros) - 1);
        let zeros = (0..u32::BITS).rev().find(|zeros| up(*zeros) < self.range);
        self.raise(up(zeros.unwrap_or_default()));
        for _ in 0..u32::BITS / 8 {
            self.push();
        }
        while self.bytes.last() == Some(&0) {
            self.bytes.pop();
        }
        self.bytes
    }
}

impl Coder for Encoder {
    const IS_ENCODER: bool = true;

    fn bit(&mut self, odds: &mut Odds, bit: bool) -> bool {
        let part = odds.part(self.range);
        if bit {
            self.raise(part);
            self.range -= part;
        } else {
            self.range = part;
        }
        odds.learn(bit);
        self.shift();
        bit
    }

    fn few(&mut self, count: u32, bits: u32) -> u32 {
        self.range >>= count;
        self.raise(bits * self.range);
        self.shift();
        bits
    }
}

/// Reads what an [`Encoder`] made. Any bytes give some values; whoever asks bounds how many.
pub(crate) struct Decoder<'a> {
    bytes: &'a [u8],
    position: usize,
    /// How far the number that the bytes are lies above the lower end of the range.
    code: u32,
    range: u32,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Decoder<'a> {
        let mut decoder = Decoder { bytes, position: 0, code: 0, range: u32::MAX };
        for _ in 0..u32::BITS / 8 {
            decoder.pull();
        }
        decoder
    }

    fn pull(&mut self) {
        let byte = self.bytes.get(self.position).copied().unwrap_or_default();
        self.code = self.code << 8 | u32::from(byte);
        self.position += 1;
    }

    fn shift(&mut self) {
        while self.range < RANGE_MIN {
            self.pull();
            self.range <<= 8;
        }
    }

    /// `Ok` if no byte is left over.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        if self.position < self.bytes.len() || self.bytes.last() == Some(&0) {
            return Err(Error::malformed("events", "followed by more bytes"));
        }
        Ok(())
    }
}

impl Coder for Decoder<'_> {
    const IS_ENCODER: bool = false;

    fn bit(&mut self, odds: &mut Odds, _: bool) -> bool {
        let part = odds.part(self.range);
        let bit = self.code >= part;
        self.code -= select(bit, part, 0);
        self.range = select(bit, self.range.wrapping_sub(part), part);
        odds.learn(bit);
        self.shift();
        bit
    }

    fn few(&mut self, count: u32, _: u32) -> u32 {
        self.range >>= count;
        // Bytes that no encoder made may lie past the end of the range.
        let bits = (self.code / self.range).min((1 << count) - 1);
        self.code -= bits * self.range;
        self.shift();
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits that are mostly this likely to be set, from a seed (SplitMix64).
    fn bits(seed: u64, count: usize, one_in: u64) -> Vec<bool> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        };
        (0..count).map(|_| next().is_multiple_of(one_in)).collect()
    }

    #[test]
    fn bits_come_back_and_cost_what_they_are_worth() {
        for (one_in, most) in [(2, 1_300), (10, 640), (1_000, 40), (u64::MAX, 9)] {
            let bits = bits(one_in, 10_000, one_in);
            let (mut encoder, mut odds) = (Encoder::new(), Odds::default());
            for bit in &bits {
                encoder.bit(&mut odds, *bit);
            }
            let bytes = encoder.finish();
            assert!(bytes.len() <= most, "one in {one_in}: {} bytes", bytes.len());
            let (mut decoder, mut odds) = (Decoder::new(&bytes), Odds::default());
            assert!(bits.iter().all(|bit| decoder.bit(&mut odds, false) == *bit));
            decoder.finish().unwrap();
        }
    }

    #[test]
    fn numbers_of_every_size_come_back_between_bits() {
        let numbers = (0..64).flat_map(|place| [(1u64 << place) - 1, 1 << place, u64::MAX >> place]);
        let numbers: Vec<u64> = numbers.chain([0; 9]).collect();
        let mut encoder = Encoder::new();
        let (mut model, mut odds) = (Number::default(), Odds::default());
        for number in &numbers {
            encoder.exact(&mut model, *number);
            encoder.raw(33, *number & 0x1_FFFF_FFFF);
            encoder.bit(&mut odds, number % 3 == 0);
        }
        let bytes = encoder.finish();
        let mut decoder = Decoder::new(&bytes);
        let (mut model, mut odds) = (Number::default(), Odds::default());
        for number in &numbers {
            assert_eq!(decoder.exact(&mut model, 0), *number);
            assert_eq!(decoder.raw(33, 0), *number & 0x1_FFFF_FFFF);
            assert_eq!(decoder.bit(&mut odds, false), number % 3 == 0);
        }
        decoder.finish().unwrap();
    }

    /// Ends at every place, so that every way to end is met: with a carry, with bytes that are left out, with none.
    #[test]
    fn every_end_is_read_and_none_is_longer_than_it_must_be() {
        let all = bits(7, 700, 5);
        for count in 0..all.len() {
            let (mut encoder, mut odds) = (Encoder::new(), Odds::default());
            for bit in &all[..count] {
                encoder.bit(&mut odds, *bit);
            }
            let bytes = encoder.finish();
            assert_ne!(bytes.last(), Some(&0));
            let (mut decoder, mut odds) = (Decoder::new(&bytes), Odds::default());
            assert!(all[..count].iter().all(|bit| decoder.bit(&mut odds, false) == *bit), "{count}");
            decoder.finish().unwrap();
            let longer = [&bytes[..], &[0]].concat();
            assert!(count == 0 || Decoder::new(&longer).finish().is_err());
        }
    }

    #[test]
    fn any_bytes_give_values_and_no_panic() {
        for seed in 0..200 {
            let bits = bits(seed, 800, 2);
            let bytes: Vec<u8> = bits
                .chunks(8)
                .map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit)))
                .collect();
            let mut decoder = Decoder::new(&bytes[..seed as usize % 100]);
            let (mut model, mut odds) = (Number::default(), Odds::default());
            for _ in 0..300 {
                decoder.exact(&mut model, 0);
                decoder.raw(64, 0);
                decoder.bit(&mut odds, false);
            }
        }
        let mut decoder = Decoder::new(&[255; 64]);
        let mut odds = Odds::default();
        for count in 0..2_000 {
            decoder.bit(&mut odds, false);
            decoder.few(count % 17, 0);
        }
    }
}
