//! A histogram of durations that never grows with the number of events.
//!
//! Owns: OpenTelemetry's base-2 exponential histogram at scale 6, positive range, in nanoseconds.
//! Refuses: budgets, verdicts and everything that knows what was timed.
//! Invariant: merging the histograms of two sets gives the histogram of both sets together, bit by bit.

use crate::boundary::{self, LOWER, PER_OCTAVE, SCALE};
use crate::buckets::{Buckets, INDEX_MAX, INDEX_MIN};
use crate::bytes::{Reader, put};
use crate::error::Error;
use crate::limits::{BUCKETS_MAX, HISTOGRAM_BYTES_MAX};

pub use crate::estimate::supports_quantile;

/// The version that [`Histogram::to_bytes`] writes first; it and the one before are read.
const BYTES_VERSION: u8 = 2;

/// The last version whose buckets are not packed.
const VERSION_UNPACKED: u8 = 1;

/// The bucket of `value_ns`, or `None` for 0, which has a counter of its own.
///
/// As OpenTelemetry's metrics data model defines it: bucket `i` holds the values in (base^i, base^(i+1)] with
/// base = 2^(1/64), so a power of two belongs to the bucket that it ends. Exact for every `u64`: the bounds are
/// compared as integers, no logarithm is taken.
#[must_use]
pub fn bucket_index(value_ns: u64) -> Option<i32> {
    let octave = value_ns.checked_ilog2()?;
    let within = boundary::lower_bounds_below(value_ns << (63 - octave));
    Some((octave << SCALE) as i32 + within as i32 - 1)
}

/// The bounds of bucket `index` in nanoseconds: the lower one is outside, the upper one inside.
#[must_use]
pub fn bucket_bounds_ns(index: i32) -> (f64, f64) {
    (bound_ns(index), bound_ns(index.saturating_add(1)))
}

/// base^`index`, for the indices a histogram can hold.
fn bound_ns(index: i32) -> f64 {
    let within = index.rem_euclid(PER_OCTAVE as i32) as usize;
    let mantissa = LOWER.get(within).map_or(1.0, |lower| *lower as f64 / (1u64 << 63) as f64);
    mantissa * 2f64.powi(index.div_euclid(PER_OCTAVE as i32))
}

/// The largest whole number of nanoseconds in a bucket.
pub(crate) fn largest_ns(index: i32) -> u64 {
    let next = index.saturating_add(1);
    let within = next.rem_euclid(PER_OCTAVE as i32) as usize;
    let mantissa = LOWER.get(within).copied().unwrap_or(u64::MAX);
    match next.div_euclid(PER_OCTAVE as i32) {
        octave @ 0..64 => mantissa >> (63 - octave),
        // Below the bucket of 1 ns there is 0 alone.
        octave if octave < 0 => 0,
        _ => u64::MAX,
    }
}

/// The smallest whole number of nanoseconds in a bucket that holds any.
fn smallest_ns(index: i32) -> u64 {
    largest_ns(index.saturating_sub(1)).saturating_add(1)
}

/// Durations in nanoseconds, counted in buckets that are 1.09 % wide.
///
/// It takes memory by the octaves in which there are durations, 128 bytes each (512 once a bucket has more than 65,535), and not by
/// how far these lie apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// How many were 0 ns.
    zeros: u64,
    buckets: Buckets,
    count: u64,
    sum_ns: u64,
    min_ns: u64,
    max_ns: u64,
}

impl Histogram {
    /// An empty histogram. It takes no memory until something is recorded.
    #[must_use]
    pub const fn new() -> Histogram {
        Histogram { zeros: 0, buckets: Buckets::new(), count: 0, sum_ns: 0, min_ns: 0, max_ns: 0 }
    }

    /// Adds one duration in nanoseconds.
    pub fn record(&mut self, value_ns: u64) {
        self.record_n(value_ns, 1);
    }

    /// Adds one duration in nanoseconds, and says by how many bytes the memory of the buckets grew.
    pub(crate) fn record_grown(&mut self, value_ns: u64) -> usize {
        let before = self.buckets.heap_bytes();
        self.record(value_ns);
        self.buckets.heap_bytes() - before
    }

    /// Adds the same duration `n` times. Counts and sums stop at `u64::MAX` instead of wrapping.
    pub fn record_n(&mut self, value_ns: u64, n: u64) {
        if n == 0 {
            return;
        }
        self.widen(value_ns, value_ns);
        self.count = self.count.saturating_add(n);
        self.sum_ns = self.sum_ns.saturating_add(value_ns.saturating_mul(n));
        match bucket_index(value_ns) {
            None => self.zeros = self.zeros.saturating_add(n),
            Some(index) => self.buckets.add(index, n),
        }
    }

    /// Adds everything that `other` holds.
    pub fn merge(&mut self, other: &Histogram) {
        if other.count == 0 {
            return;
        }
        self.widen(other.min_ns, other.max_ns);
        self.count = self.count.saturating_add(other.count);
        self.sum_ns = self.sum_ns.saturating_add(other.sum_ns);
        self.zeros = self.zeros.saturating_add(other.zeros);
        self.buckets.merge(&other.buckets);
    }

    /// Takes out what was merged in before. Of the smallest and the largest duration, only the buckets are known afterwards.
    pub(crate) fn take_out(&mut self, other: &Histogram) {
        if other.count == 0 {
            return;
        }
        self.count = self.count.saturating_sub(other.count);
        self.sum_ns = self.sum_ns.saturating_sub(other.sum_ns);
        self.zeros = self.zeros.saturating_sub(other.zeros);
        self.buckets.take_out(&other.buckets);
        let (lowest, highest) = (self.buckets.lowest(), self.buckets.highest());
        let lowest = if self.zeros > 0 { None } else { lowest };
        if bucket_index(self.min_ns) != lowest {
            self.min_ns = lowest.map_or(0, smallest_ns);
        }
        if bucket_index(self.max_ns) != highest {
            self.max_ns = highest.map_or(0, largest_ns);
        }
        if self.count == 0 {
            *self = Histogram::new();
        }
    }

    /// How many durations it holds.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The exact sum of all durations, in nanoseconds.
    #[must_use]
    pub fn sum_ns(&self) -> u64 {
        self.sum_ns
    }

    /// The exact mean in nanoseconds, or `None` while empty.
    #[must_use]
    pub fn mean_ns(&self) -> Option<u64> {
        self.sum_ns.checked_div(self.count)
    }

    /// The exact smallest duration in nanoseconds, or `None` while empty.
    #[must_use]
    pub fn min_ns(&self) -> Option<u64> {
        (self.count > 0).then_some(self.min_ns)
    }

    /// The exact largest duration in nanoseconds, or `None` while empty.
    #[must_use]
    pub fn max_ns(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max_ns)
    }

    /// How many were 0 ns.
    #[must_use]
    pub fn zeros(&self) -> u64 {
        self.zeros
    }

    /// The filled buckets as (index, count), ascending; durations of 0 ns are in none of them.
    pub fn buckets(&self) -> impl Iterator<Item = (i32, u64)> + '_ {
        self.buckets.iter()
    }

    /// Takes `min_ns` and `max_ns` of what is about to be added into account.
    fn widen(&mut self, min_ns: u64, max_ns: u64) {
        self.min_ns = if self.count == 0 { min_ns } else { self.min_ns.min(min_ns) };
        self.max_ns = self.max_ns.max(max_ns);
    }

    /// The compact form for a store: a version byte, then [LEB128](https://en.wikipedia.org/wiki/LEB128) numbers.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![BYTES_VERSION];
        self.put(&mut out);
        out
    }

    /// Reads what [`Histogram::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Error::is_unknown_version`] if a newer program wrote it, [`Error::is_corrupt`] for everything else that
    /// `to_bytes` could not have written.
    pub fn from_bytes(bytes: &[u8]) -> Result<Histogram, Error> {
        if bytes.len() > HISTOGRAM_BYTES_MAX {
            return Err(Error::corrupt("a histogram is too long"));
        }
        let mut reader = Reader::new(bytes);
        let version = reader.byte()?;
        let histogram = match version {
            VERSION_UNPACKED => Histogram::get_unpacked(&mut reader)?,
            BYTES_VERSION => Histogram::get(&mut reader)?,
            version => return Err(Error::version(version, BYTES_VERSION)),
        };
        reader.end()?;
        Ok(histogram)
    }

    /// count; nothing more if it is 0. Else sum, and how many buckets are filled; nothing more if none is, as it is of one duration,
    /// which is the sum, or all are 0. Else zeros, and of each bucket its distance from the one before (the first: from one below
    /// the lowest) and its count: a byte with 4 bits of each less 1, of which 15 says that the rest follows as a number. Then, unless
    /// there are zeros, by how much the smallest lies above the smallest of its bucket, and by how much the largest lies below the
    /// largest of its.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        put(out, self.count);
        if self.count == 0 {
            return;
        }
        put(out, self.sum_ns);
        let is_one = self.count == 1 && [self.min_ns, self.max_ns] == [self.sum_ns; 2];
        if is_one || self.zeros == self.count {
            put(out, 0);
            return;
        }
        put(out, self.buckets.filled() as u64);
        put(out, self.zeros);
        let mut previous = INDEX_MIN - 1;
        self.buckets.for_each(|index, count| {
            let (gap, more) = ((index - previous) as u64 - 1, count - 1);
            out.push((gap.min(15) << 4 | more.min(15)) as u8);
            for number in [gap, more].into_iter().filter(|number| *number >= 15) {
                put(out, number - 15);
            }
            previous = index;
        });
        if self.zeros == 0 {
            put(out, self.min_ns - bucket_index(self.min_ns).map_or(0, smallest_ns));
        }
        put(out, bucket_index(self.max_ns).map_or(0, largest_ns) - self.max_ns);
    }

    /// Reads what [`Histogram::put`] wrote.
    pub(crate) fn get(reader: &mut Reader<'_>) -> Result<Histogram, Error> {
        let mut read = Histogram { count: reader.number()?, ..Histogram::new() };
        if read.count == 0 {
            return Ok(read);
        }
        read.sum_ns = reader.number()?;
        let filled = reader.number()?;
        if filled == 0 && read.count == 1 {
            let mut one = Histogram::new();
            one.record(read.sum_ns);
            return Ok(one);
        }
        if filled == 0 {
            let all = read.count;
            read.zeros = all;
            return read.checked(all);
        }
        read.zeros = reader.number()?;
        let total = read.get_buckets(reader, filled, |reader| {
            let both = u64::from(reader.byte()?);
            let mut half = |half: u64| -> Result<u64, Error> {
                if half < 15 {
                    return Ok(half + 1);
                }
                reader
                    .number()?
                    .checked_add(16)
                    .ok_or_else(|| Error::corrupt("a histogram has a number beyond reason"))
            };
            Ok((half(both >> 4)?, half(both & 15)?))
        })?;
        let (lowest, highest) = (read.buckets.lowest(), read.buckets.highest());
        if read.zeros == 0 {
            read.min_ns = lowest.map_or(0, smallest_ns).saturating_add(reader.number()?);
        }
        read.max_ns = highest.map_or(0, largest_ns).saturating_sub(reader.number()?);
        read.checked(total)
    }

    /// Reads what was written before buckets were packed: count, then unless it is 0: sum, min, max, zeros, filled buckets, and for each
    /// its distance from the one before and its count.
    pub(crate) fn get_unpacked(reader: &mut Reader<'_>) -> Result<Histogram, Error> {
        let count = reader.number()?;
        if count == 0 {
            return Ok(Histogram::new());
        }
        let (sum_ns, min_ns, max_ns) = (reader.number()?, reader.number()?, reader.number()?);
        let mut read =
            Histogram { count, sum_ns, min_ns, max_ns, zeros: reader.number()?, ..Histogram::new() };
        let filled = reader.number()?;
        let total = read.get_buckets(reader, filled, |reader| Ok((reader.number()?, reader.number()?)))?;
        read.checked(total)
    }

    /// Reads so many buckets, each as its distance from the one before and its count; says how many durations that is.
    fn get_buckets(
        &mut self,
        reader: &mut Reader<'_>,
        filled: u64,
        next: impl Fn(&mut Reader<'_>) -> Result<(u64, u64), Error>,
    ) -> Result<u64, Error> {
        if filled > BUCKETS_MAX as u64 {
            return Err(Error::corrupt("a histogram has too many buckets"));
        }
        let (mut total, mut index) = (self.zeros, INDEX_MIN - 1);
        for _ in 0..filled {
            let (gap, in_bucket) = next(reader)?;
            // The distance to the last bucket is what a gap may not exceed.
            if gap == 0 || gap > (INDEX_MAX - index) as u64 {
                return Err(Error::corrupt("a histogram has a bucket out of range"));
            }
            index += gap as i32;
            if in_bucket == 0 {
                return Err(Error::corrupt("a histogram has an empty bucket"));
            }
            total = total.saturating_add(in_bucket);
            self.buckets.add(index, in_bucket);
        }
        Ok(total)
    }

    /// Refuses a histogram whose totals are not those of its buckets.
    fn checked(self, total: u64) -> Result<Histogram, Error> {
        let (lowest, highest) = (self.buckets.lowest(), self.buckets.highest());
        let fits = self.min_ns <= self.max_ns
            && bucket_index(self.min_ns) == if self.zeros > 0 { None } else { lowest }
            && bucket_index(self.max_ns) == highest
            && total == self.count;
        if fits { Ok(self) } else { Err(Error::corrupt("a histogram's totals are not those of its buckets")) }
    }
}
