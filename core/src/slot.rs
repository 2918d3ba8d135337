//! The 64-byte slot: one event in eight words.
//!
//! ```text
//! word 0  commit: position + 1, 0 while empty or being written
//! word 1  kind (8 bits) | outcome (8) | flags (16) | name (32)
//! word 2  screen (32) | checksum (32)
//! word 3  started_uptime_ns
//! word 4  duration_ns
//! word 5  journey
//! word 6  a
//! word 7  b
//! ```
//!
//! Owns: that layout and its checksum. Refuses: positions (the ring decides them) and I/O.
//! Invariant: a slot whose words were not all written by one `write` does not `read` back.

use crate::sync::{AtomicU64, Mutant, Ordering, at, is_broken};
use nowait_wire::{Event, Flags, Kind, NameId, Outcome};

/// Words of a slot.
pub(crate) const SLOT_WORDS: usize = 8;

/// One slot of shared memory.
pub(crate) type Slot = [AtomicU64; SLOT_WORDS];

/// An event as the seven payload words. As read from a slot, the high half of the second has their checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packed([u64; SLOT_WORDS - 1]);

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
const fn checksum(words: &[u64; SLOT_WORDS - 1]) -> u64 {
    let [w0, w1, w2, w3, w4, w5, w6] = *words;
    let [k0, k1, k2, k3, k4, k5, k6, k7] = KEYS;
    let sum = fold(w0 ^ k0, w1 ^ k1)
        .wrapping_add(fold(w2 ^ k2, w3 ^ k3))
        .wrapping_add(fold(w4 ^ k4, w5 ^ k5))
        .wrapping_add(fold(w6 ^ k6, k7));
    (sum ^ sum << 32) & 0xFFFF_FFFF_0000_0000
}

impl Packed {
    /// Packs an event, still without its checksum.
    #[inline]
    pub(crate) fn new(event: &Event) -> Packed {
        let head = u64::from(event.kind as u8)
            | u64::from(event.outcome as u8) << 8
            | u64::from(event.flags.0) << 16
            | u64::from(event.name.0) << 32;
        Packed([
            head,
            u64::from(event.screen.0),
            event.started_uptime_ns,
            event.duration_ns,
            event.journey,
            event.a,
            event.b,
        ])
    }

    /// The event, or `None` if the checksum or a number in it is wrong.
    pub(crate) fn unpack(&self) -> Option<Event> {
        let [head, screen, started_uptime_ns, duration_ns, journey, a, b] = self.0;
        let mut payload = self.0;
        payload[1] &= 0xFFFF_FFFF;
        if checksum(&payload) != screen & 0xFFFF_FFFF_0000_0000 && !is_broken(Mutant::ChecksumIgnored) {
            return None;
        }
        Some(Event {
            kind: Kind::from_u8(head as u8)?,
            outcome: Outcome::from_u8((head >> 8) as u8)?,
            flags: Flags((head >> 16) as u16),
            name: NameId((head >> 32) as u32),
            screen: NameId(screen as u32),
            started_uptime_ns,
            duration_ns,
            journey,
            a,
            b,
        })
    }
}

/// Fills a reserved slot and commits it.
#[inline]
pub(crate) fn write(slot: &Slot, position: u64, packed: &Packed) {
    let [commit, payload @ ..] = slot;
    let mut words = packed.0;
    // Not before a slot is reserved: the processor then works on it while the reservation is under way (2 ns).
    words[1] |= checksum(&packed.0) ^ tie(position);
    for (to, word) in payload.iter().zip(words) {
        // Relaxed: nobody reads the payload before the commit word below says so.
        to.store(word, Ordering::Relaxed);
    }
    // Release: whoever acquires this commit word sees the payload stored above.
    commit.store(position.wrapping_add(1), at(Mutant::CommitRelaxed, Ordering::Release));
}

/// The commit word: position + 1, or 0.
#[inline]
pub(crate) fn commit_word(slot: &Slot) -> u64 {
    // Acquire: pairs with the release in `write`.
    slot[0].load(at(Mutant::CommittedRelaxed, Ordering::Acquire))
}

/// Reads the payload of a slot whose commit word was seen to be `position + 1`.
#[inline]
pub(crate) fn read(slot: &Slot, position: u64) -> Packed {
    let [_, payload @ ..] = slot;
    let mut words = [0; SLOT_WORDS - 1];
    for (to, word) in words.iter_mut().zip(payload) {
        // Relaxed: ordered by the acquire load of the commit word.
        *to = word.load(Ordering::Relaxed);
    }
    words[1] ^= tie(position);
    Packed(words)
}

/// Reads a slot of a dead process from its eight plain words: the position and the event, if both are whole.
pub(crate) fn recover(words: &[u64; SLOT_WORDS]) -> Recovered {
    let [commit, payload @ ..] = *words;
    let Some(position) = commit.checked_sub(1) else { return Recovered::Empty };
    let mut payload = payload;
    payload[1] ^= tie(position);
    match Packed(payload).unpack() {
        Some(event) => Recovered::Event { position, event },
        None => Recovered::Corrupt,
    }
}

/// What one slot of a dead process holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recovered {
    /// Never committed, or already sealed into the spool.
    Empty,
    /// A whole event.
    Event { position: u64, event: Event },
    /// A commit word over a payload that does not belong to it.
    Corrupt,
}
