//! The 64-byte slot: eight words, of which seven are a payload.
//!
//! ```text
//! word 0     commit: position + 1, 0 while empty or being written
//! word 1     payload
//! word 2     payload (32 bits) | checksum (32)
//! words 3-7  payload
//! ```
//!
//! Facts lie in such slots in the ring, events in the event area; each says itself what its words mean.
//!
//! Owns: that layout and its checksum. Refuses: meaning, positions (ring and area decide them) and I/O.
//! Invariant: a slot whose words were not all written by one `write` does not `read` back.

use crate::sync::{AtomicU64, Mutant, Ordering, at, is_broken};

/// Words of a slot.
pub(crate) const SLOT_WORDS: usize = 8;

/// One slot of shared memory.
pub(crate) type Slot = [AtomicU64; SLOT_WORDS];

/// What a slot holds. The high half of the second word is left to the checksum.
pub(crate) type Payload = [u64; SLOT_WORDS - 1];

/// Ties the payload's checksum to the position, so that an old payload under a new commit word shows.
/// The multiplier is odd (2^64 / golden ratio): a bijection that changes the high bits with every position.
#[inline]
fn tie(position: u64) -> u64 {
    if is_broken(Mutant::ChecksumUntied) {
        return 0;
    }
    position.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) & 0xFFFF_FFFF_0000_0000
}

/// Digits of pi, like every constant that must have no plan behind it.
const KEYS: [u64; SLOT_WORDS] = [
    0x243F_6A88_85A3_08D3,
    0x1319_8A2E_0370_7344,
    0xA409_3822_299F_31D0,
    0x082E_FA98_EC4E_6C89,
    0x4528_21E6_38D0_1377,
    0xBE54_66CF_34E9_0C6C,
    0xC0AC_29B7_C97C_50DD,
    0x3F84_D5B5_B547_0917,
];

/// Both halves of a product, folded: each bit of the result hangs on each bit of both factors.
#[inline]
const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    (product >> 64) as u64 ^ product as u64
}

/// A checksum of the payload in the upper half of a word: four folded products side by side. A CRC-32C of seven words is a
/// chain of seven instructions, each waiting for the last, and was a third of the cost of recording; damage passes
/// either once in 2^32 times.
#[inline]
const fn checksum(words: &Payload) -> u64 {
    let [w0, w1, w2, w3, w4, w5, w6] = *words;
    let [k0, k1, k2, k3, k4, k5, k6, k7] = KEYS;
    let sum = fold(w0 ^ k0, w1 ^ k1)
        .wrapping_add(fold(w2 ^ k2, w3 ^ k3))
        .wrapping_add(fold(w4 ^ k4, w5 ^ k5))
        .wrapping_add(fold(w6 ^ k6, k7));
    (sum ^ sum << 32) & 0xFFFF_FFFF_0000_0000
}

/// The payload without its checksum, or `None` if that is wrong.
#[inline]
fn checked(mut payload: Payload) -> Option<Payload> {
    let sum = payload[1] & 0xFFFF_FFFF_0000_0000;
    payload[1] &= 0xFFFF_FFFF;
    (checksum(&payload) == sum || is_broken(Mutant::ChecksumIgnored)).then_some(payload)
}

/// Fills a reserved slot and commits it.
#[inline]
pub(crate) fn write(slot: &Slot, position: u64, payload: &Payload) {
    let [commit, to0, to1, to2, to3, to4, to5, to6] = slot;
    let [w0, w1, w2, w3, w4, w5, w6] = *payload;
    // Not before a slot is reserved: the processor then works on it while the reservation is under way (2 ns).
    let w1 = w1 | (checksum(payload) ^ tie(position));
    // One by one: a library that is built for size would go round a loop, which was a tenth of the cost of recording.
    // Relaxed: nobody reads the payload before the commit word below says so.
    to0.store(w0, Ordering::Relaxed);
    to1.store(w1, Ordering::Relaxed);
    to2.store(w2, Ordering::Relaxed);
    // Relaxed: as above.
    to3.store(w3, Ordering::Relaxed);
    to4.store(w4, Ordering::Relaxed);
    to5.store(w5, Ordering::Relaxed);
    to6.store(w6, Ordering::Relaxed);
    // Release: whoever acquires this commit word sees the payload stored above.
    commit.store(position.wrapping_add(1), at(Mutant::CommitRelaxed, Ordering::Release));
}

/// The commit word: position + 1, or 0.
#[inline]
pub(crate) fn commit_word(slot: &Slot) -> u64 {
    // Acquire: pairs with the release in `write`.
    slot[0].load(at(Mutant::CommittedRelaxed, Ordering::Acquire))
}

/// Reads the payload of a slot whose commit word was seen to be `position + 1`; `None` if it is not whole.
#[inline]
pub(crate) fn read(slot: &Slot, position: u64) -> Option<Payload> {
    let [_, payload @ ..] = slot;
    let mut words = [0; SLOT_WORDS - 1];
    for (to, word) in words.iter_mut().zip(payload) {
        // Relaxed: ordered by the acquire load of the commit word.
        *to = word.load(Ordering::Relaxed);
    }
    words[1] ^= tie(position);
    checked(words)
}

/// Reads a slot of a dead process from its eight plain words: the position and the payload, if both are whole.
pub(crate) fn recover(words: &[u64; SLOT_WORDS]) -> Recovered {
    let Some(position) = words[0].checked_sub(1) else { return Recovered::Empty };
    recover_at(words, position).map_or(Recovered::Corrupt, |payload| Recovered::Whole { position, payload })
}

/// Reads the payload of a dead process's slot that must have held this position, whatever its commit word says. A commit word
/// that is damaged looks like one that was never stored, or like another's; the checksum knows the position too.
pub(crate) fn recover_at(words: &[u64; SLOT_WORDS], position: u64) -> Option<Payload> {
    let [_, payload @ ..] = *words;
    let mut payload = payload;
    payload[1] ^= tie(position);
    checked(payload)
}

/// What one slot of a dead process holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recovered {
    /// Never committed, or released.
    Empty,
    /// A whole payload.
    Whole { position: u64, payload: Payload },
    /// A commit word over a payload that does not belong to it.
    Corrupt,
}
