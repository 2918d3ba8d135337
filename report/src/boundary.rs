//! Where the buckets of one octave begin: the one table behind every histogram.
//!
//! Owns: 64 integers, and where a number lies among them. Refuses: arithmetic on histograms (see [`crate::histogram`]).
//! Invariant: entry `k` is exactly `floor(2^(63 + k/64))`, so that integer comparison decides every bucket.

/// Buckets per octave, as a power of two: the OpenTelemetry scale.
pub(crate) const SCALE: u32 = 6;

/// Buckets per octave.
pub(crate) const PER_OCTAVE: usize = 1 << SCALE;

/// The lower bounds of the buckets of the octave [2^63, 2^64), rounded down. A whole number is above the
/// irrational bound exactly when it is above its floor, so nothing is lost by rounding.
pub(crate) const LOWER: [u64; PER_OCTAVE] = [
    0x8000_0000_0000_0000,
    0x8164_d1f3_bc03_0773,
    0x82cd_8698_ac2b_a1d7,
    0x843a_28c3_acde_4046,
    0x85aa_c367_cc48_7b14,
    0x871f_6196_9e8d_1010,
    0x8898_0e80_92da_8527,
    0x8a14_d575_496e_fd9a,
    0x8b95_c1e3_ea8b_d6e6,
    0x8d1a_df5b_7e5b_a9e5,
    0x8ea4_398b_45cd_53c0,
    0x9031_dc43_1466_b1dc,
    0x91c3_d373_ab11_c336,
    0x935a_2b2f_13e6_e92b,
    0x94f4_efa8_fef7_0961,
    0x9694_2d37_2018_5a00,
    0x9837_f051_8db8_a96f,
    0x99e0_4593_20b7_fa64,
    0x9b8d_39b9_d54e_5538,
    0x9d3e_d9a7_2cff_b750,
    0x9ef5_3260_91a1_11ad,
    0xa0b0_510f_b971_4fc2,
    0xa270_4303_0c49_6818,
    0xa435_15ae_09e6_809e,
    0xa5fe_d6a9_b151_38ea,
    0xa7cd_93b4_e965_3569,
    0xa9a1_5ab4_ea7c_0ef8,
    0xab7a_39b5_a93e_d337,
    0xad58_3eea_42a1_4ac6,
    0xaf3b_78ad_690a_4374,
    0xb123_f581_d2ac_258f,
    0xb311_c412_a911_2489,
    0xb504_f333_f9de_6484,
    0xb6fd_91e3_28d1_7791,
    0xb8fb_af47_62fb_9ee9,
    0xbaff_5ab2_133e_45fb,
    0xbd08_a39f_580c_36be,
    0xbf17_99b6_7a73_1082,
    0xc12c_4cca_6670_9456,
    0xc346_ccda_2497_6407,
    0xc567_2a11_5506_dadd,
    0xc78d_74c8_abb9_b15c,
    0xc9b9_bd86_6e2f_27a2,
    0xcbec_14fe_f272_7c5c,
    0xce24_8c15_1f84_80e3,
    0xd063_33da_ef2b_2594,
    0xd2a8_1d91_f12a_e45a,
    0xd4f3_5aab_cfed_fa1f,
    0xd744_fcca_d69d_6af4,
    0xd99d_15c2_78af_d7b5,
    0xdbfb_b797_daf2_3755,
    0xde60_f482_5e0e_9123,
    0xe0cc_deec_2a94_e111,
    0xe33f_8972_be8a_5a51,
    0xe5b9_06e7_7c83_48a8,
    0xe839_6a50_3c4b_dc68,
    0xeac0_c6e7_dd24_392e,
    0xed4f_301e_d994_2b84,
    0xefe4_b99b_dcda_f5cb,
    0xf281_773c_59ff_b139,
    0xf525_7d15_2486_cc2c,
    0xf7d0_df73_0ad1_3bb8,
    0xfa83_b2db_722a_033a,
    0xfd3e_0c0c_f486_c174,
];

/// Leading bits of a mantissa, behind the first, that say which bounds lie below it, but for one.
const LEADING_BITS: u32 = 8;

/// How many bounds lie below the smallest mantissa with these leading bits. Bounds lie further apart than such mantissas.
const BELOW: [u8; 1 << LEADING_BITS] = {
    let mut below = [0; 1 << LEADING_BITS];
    let (mut bits, mut bound) = (0, 0);
    while bits < below.len() {
        let smallest = 1 << 63 | (bits as u64) << (63 - LEADING_BITS);
        while bound < PER_OCTAVE && LOWER[bound] < smallest {
            bound += 1;
        }
        below[bits] = bound as u8;
        bits += 1;
    }
    below
};

/// How many of [`LOWER`] are below a mantissa, a number with the highest bit set.
pub(crate) fn lower_bounds_below(mantissa: u64) -> usize {
    let leading = (mantissa << 1 >> (64 - LEADING_BITS)) as usize;
    let below = usize::from(BELOW.get(leading).copied().unwrap_or_default());
    below + usize::from(LOWER.get(below).is_some_and(|lower| *lower < mantissa))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_below_are_those_that_a_search_finds() {
        let around = |value: u64| [value.saturating_sub(1).max(1 << 63), value, value.saturating_add(1)];
        let by_bits = (0..1 << 12).map(|bits: u64| 1 << 63 | bits << 51);
        for mantissa in LOWER.into_iter().chain(by_bits).chain([u64::MAX]).flat_map(around) {
            let searched = LOWER.partition_point(|lower| *lower < mantissa);
            assert_eq!(lower_bounds_below(mantissa), searched, "{mantissa:#x}");
        }
    }

    /// The square of a whole number in base 2^32, least significant digit first.
    fn square(digits: &[u64]) -> Vec<u64> {
        let mut sum = vec![0u64; digits.len() * 2 + 1];
        for (i, a) in digits.iter().enumerate() {
            let mut carry = 0;
            for (j, b) in digits.iter().enumerate() {
                let cell = sum[i + j] + a * b + carry;
                sum[i + j] = cell & 0xffff_ffff;
                carry = cell >> 32;
            }
            sum[i + digits.len()] += carry;
        }
        sum
    }

    /// Floor of log2 of `value` to the 64th power.
    fn log2_of_64th_power(value: u64) -> usize {
        let mut digits = vec![value & 0xffff_ffff, value >> 32];
        for _ in 0..SCALE {
            digits = square(&digits);
            while digits.last() == Some(&0) {
                digits.pop();
            }
        }
        digits.len() * 32 - digits.last().map_or(0, |top| (*top as u32).leading_zeros() as usize) - 1
    }

    #[test]
    fn every_entry_is_the_exact_floor() {
        for (k, lower) in LOWER.iter().enumerate() {
            let exponent = 63 * PER_OCTAVE + k;
            if k == 0 {
                assert_eq!(*lower, 1 << 63);
            } else {
                // The 64th power of the floor is below 2^exponent, that of the next number is not.
                assert_eq!(log2_of_64th_power(*lower), exponent - 1, "entry {k} is too large");
                assert_eq!(log2_of_64th_power(*lower + 1), exponent, "entry {k} is too small");
            }
        }
    }
}
