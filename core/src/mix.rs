//! One step of mixing a number, for whoever needs bits that look random and are not secret.
//!
//! Owns: the step. Refuses: secrets and adversaries; anybody can undo it.
//! Invariant: it is one to one, so that different numbers stay different.

/// The last step of SplitMix64 (Steele, Lea, Flood, 2014): every bit of the input moves about half the bits of the
/// output, so that counters and clocks are as good as random numbers.
pub(crate) const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ number >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ number >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ number >> 31
}

/// A whole number below `end`, evenly, from any number; 0 if there is none below.
pub(crate) const fn below(end: u64, number: u64) -> u64 {
    ((mix(number) as u128 * end as u128) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_spread_evenly() {
        let mut found = [0_u32; 10];
        for n in 0..100_000 {
            found[below(10, n) as usize] += 1;
        }
        assert!(found.iter().all(|count| (9_500..10_500).contains(count)), "{found:?}");
        assert_eq!(below(0, 7), 0);
    }
}
