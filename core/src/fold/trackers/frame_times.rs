//! The histogram of frame times: 16 classes in two 64-bit values.
//!
//! Owns: the classes and their 8-bit code. Refuses: to know of screens or frames.
//! Invariant: `unpack(pack(x))` is `x` up to 15, and within 1/32 of it up to [`COUNT_MAX`].

/// Number of classes.
pub const CLASSES: usize = 16;

/// The upper bound of each class but the last, in nanoseconds, inclusive: a 60 Hz frame (16.67 ms) times
/// 2^(n/2) for n from -4 to 10. 120 Hz (8.33 ms) and 30 Hz (33.33 ms) are bounds, too.
pub const BOUNDS_NS: [u64; CLASSES - 1] = [
    4_166_667,
    5_892_557,
    8_333_333,
    11_785_113,
    16_666_667,
    23_570_226,
    33_333_333,
    47_140_452,
    66_666_667,
    94_280_904,
    133_333_333,
    188_561_808,
    266_666_667,
    377_123_617,
    533_333_333,
];

/// The largest count that has a code; more is coded as this (more than an hour at 120 Hz).
pub const COUNT_MAX: u32 = 31 << 14;

/// The class, 0 to 15, of a frame that took `duration_ns`.
#[must_use]
pub fn class(duration_ns: u64) -> usize {
    BOUNDS_NS.partition_point(|bound| *bound < duration_ns)
}

/// The code of a count, a floating-point number with 4 bits of exponent `e` (high) and 4 of mantissa `m` (low):
/// `m` if `e` is 0, else `(16 + m) * 2^(e - 1)`. Rounds to the nearest, saturates at [`COUNT_MAX`].
#[must_use]
pub fn encode_count(count: u32) -> u8 {
    let count = count.min(COUNT_MAX);
    let shift = (u32::BITS - count.leading_zeros()).saturating_sub(5);
    let rounded = if shift == 0 { count } else { count + (1 << (shift - 1)) };
    // Rounding may carry into the next power of two.
    let shift = (u32::BITS - rounded.leading_zeros()).saturating_sub(5);
    let mantissa = rounded >> shift;
    let code = if mantissa < 16 { mantissa } else { ((shift + 1) << 4) | (mantissa - 16) };
    u8::try_from(code).unwrap_or(u8::MAX)
}

/// The count that a code stands for.
#[must_use]
pub fn decode_count(code: u8) -> u32 {
    let (exponent, mantissa) = (u32::from(code >> 4), u32::from(code & 15));
    if exponent == 0 { mantissa } else { (16 + mantissa) << (exponent - 1) }
}

/// The values `a` (classes 0 to 7) and `b` (classes 8 to 15) of a `frame_times` event: class `n` is the byte
/// `n % 8`, counted from the lowest.
#[must_use]
pub fn pack(counts: &[u32; CLASSES]) -> (u64, u64) {
    let codes = counts.map(encode_count);
    let all = u128::from_le_bytes(codes);
    (all as u64, (all >> 64) as u64)
}

/// The counts of all classes from the values `a` and `b`.
#[must_use]
pub fn unpack(a: u64, b: u64) -> [u32; CLASSES] {
    (u128::from(a) | u128::from(b) << 64).to_le_bytes().map(decode_count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_comes_back() {
        for code in 0..=u8::MAX {
            assert_eq!(encode_count(decode_count(code)), code);
        }
        assert_eq!(decode_count(u8::MAX), COUNT_MAX);
    }

    #[test]
    fn counts_keep_one_part_in_32() {
        for count in (0..COUNT_MAX).step_by(7).chain([1, 15, 16, 17, 31, 32, 33, 63, 64, COUNT_MAX]) {
            let back = decode_count(encode_count(count));
            assert!(count > 31 || back == count, "{count} became {back}");
            assert!(back.abs_diff(count) * 32 <= count, "{count} became {back}");
        }
        assert_eq!(decode_count(encode_count(u32::MAX)), COUNT_MAX);
    }

    #[test]
    fn classes_are_where_the_bounds_are() {
        assert_eq!(class(0), 0);
        for (n, bound) in BOUNDS_NS.iter().enumerate() {
            assert_eq!((class(*bound), class(bound + 1)), (n, n + 1));
            let exact = 1e9 / 60.0 * 2f64.powf((n as f64 - 4.0) / 2.0);
            assert!((*bound as f64 - exact).abs() < 1.0, "bound {n}");
        }
        assert_eq!(class(u64::MAX), 15);
    }

    #[test]
    fn packs_low_classes_first() {
        let mut counts = [0; CLASSES];
        (counts[0], counts[7], counts[8], counts[15]) = (1, 2, 3, 4);
        assert_eq!(pack(&counts), (0x0200_0000_0000_0001, 0x0400_0000_0000_0003));
        assert_eq!(unpack(0x0200_0000_0000_0001, 0x0400_0000_0000_0003), counts);
    }
}
