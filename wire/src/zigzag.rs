//! Signed differences as unsigned numbers: 0, -1, 1, -2 … become 0, 1, 2, 3 …
//!
//! Owns: both ways. Refuses: anything else. Invariant: each is the inverse of the other.

/// Small for small differences of either sign.
pub(crate) const fn zigzag(difference: i64) -> u64 {
    (difference << 1 ^ difference >> 63) as u64
}

/// The inverse of [`zigzag`].
pub(crate) const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
