//! Words whose upper bits vouch for the lower ones, so that one damaged, torn or never written word reads as none.
//!
//! Owns: the check. Refuses: what the lower bits mean.
//! Invariant: a word of zeros passes no check.

/// The lowest `bits` of a number, with a check of them above. A word passes only with the `tie` that it was made with.
pub(crate) fn with_check(number: u64, bits: u32, tie: u64) -> u64 {
    let number = number & mask(bits);
    let crc = crc32c::crc32c_append(crc32c::crc32c(&number.to_le_bytes()), &tie.to_le_bytes());
    u64::from(!crc) << bits | number
}

/// The number of a word of [`with_check`]; `None` if the check does not hold.
pub(crate) fn number(word: u64, bits: u32, tie: u64) -> Option<u64> {
    let number = word & mask(bits);
    (with_check(number, bits, tie) == word).then_some(number)
}

fn mask(bits: u32) -> u64 {
    u64::MAX >> (64 - bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_with_its_tie_alone() {
        for bits in 32..=48 {
            let word = with_check(u64::MAX, bits, 7);
            assert_eq!(number(word, bits, 7), Some(mask(bits)));
            assert_eq!(number(word, bits, 8), None);
            assert!((0..256).all(|tie| number(0, bits, tie).is_none()), "{bits}");
        }
    }

    /// A CRC is linear: damage that one word shows, every word shows.
    #[test]
    fn damage_to_one_byte_or_two_bits_is_seen() {
        let bytes = (0..8).flat_map(|byte| (1..=0xFF_u64).map(move |bits| bits << (8 * byte)));
        let pairs = (0..64).flat_map(|one| (0..64).map(move |other| 1_u64 << one | 1 << other));
        for damage in bytes.chain(pairs) {
            for bits in [42, 43, 45] {
                assert_eq!(number(with_check(5, bits, 7) ^ damage, bits, 7), None, "{bits} {damage:#x}");
            }
        }
    }
}
