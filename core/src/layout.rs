//! Where everything lies in the flight recorder's memory.
//!
//! ```text
//! words      0..512     header: magic, state, footer, counters, anchors, session context
//! words    512..16896   names: 1,024 records of 128 bytes
//! words  16896..17920   breadcrumbs: 128 slots of 64 bytes, oldest overwritten
//! words  17920..50688   events: 4,096 slots of 64 bytes
//! ```
//!
//! Owns: offsets and the header's single words. Refuses: what the records mean (names, ring, breadcrumb).
//! Invariant: no two things share a checksum, so damage to one never costs another.

use crate::limits::{CONTEXT_BYTES_MAX, CRUMB_SLOTS, NAMES_MAX, RING_SLOTS};
use crate::slot::{SLOT_WORDS, Slot};
use crate::sync::{AtomicU64, Ordering};
use std::ops::Range;

/// First word of every recorder file: "NWRING", layout version 2.
pub(crate) const MAGIC: u64 = u64::from_le_bytes(*b"NWRING\x02\0");

/// What the footer word holds after a clean end.
pub(crate) const CLEAN_END: u64 = u64::from_le_bytes(*b"NW-CLEAN");

/// Words of one name record.
pub(crate) const NAME_WORDS: usize = 16;

const HEADER_WORDS: usize = 512;
pub(crate) const NAMES: Range<usize> = HEADER_WORDS..HEADER_WORDS + NAMES_MAX * NAME_WORDS;
pub(crate) const CRUMBS: Range<usize> = NAMES.end..NAMES.end + CRUMB_SLOTS * SLOT_WORDS;
pub(crate) const EVENTS: Range<usize> = CRUMBS.end..CRUMBS.end + RING_SLOTS * SLOT_WORDS;

/// Words of the whole file.
pub(crate) const WORDS: usize = EVENTS.end;

/// Where the session's context lies: length and checksum in the first word, then its bytes.
pub(crate) const CONTEXT: Range<usize> = 64..64 + 1 + CONTEXT_BYTES_MAX / 8;

const _: () = assert!(CONTEXT.end <= HEADER_WORDS);

/// Single words of the header, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Word {
    /// [`MAGIC`], stored last when the file is ready.
    Magic = 0,
    /// [`CLEAN_END`] once the session ended on purpose.
    Footer = 1,
    /// How often a later start tried to read this file. Checked.
    Attempts = 2,
    /// 0 starting, 1 foreground, 2 background.
    State = 3,
    /// First ring position that is not yet sealed into the spool. Checked.
    SealedTo = 4,
    /// The worker's last sign of life, in uptime nanoseconds.
    AliveUptimeNs = 5,
    /// When the session started, in uptime nanoseconds.
    StartedUptimeNs = 6,
    /// A give-up under way: 1 + reason; 0 for none (see `ledger`).
    GiveUpReason = 7,
    /// The file sequence number that is being given up.
    GiveUpFile = 8,
    /// What the counter of that reason will be.
    GiveUpTotal = 9,
    /// First ring position that is in no batch that was sealed or sent, or was about to be. Written before
    /// the batch can exist anywhere, so that a recovery makes the very same batch again. Checked.
    HeldTo = 10,
    /// First of the counters (see `ledger::Counter`).
    Counters = 16,
    /// First of two anchors of three words each: uptime, wall, their checksum.
    Anchors = 56,
}

/// One word of the header.
pub(crate) fn word(words: &[AtomicU64], index: Word) -> Option<&AtomicU64> {
    words.get(index as usize)
}

/// Loads a word of the header; 0 if there is none.
pub(crate) fn load(words: &[AtomicU64], index: Word) -> u64 {
    // Relaxed: header words are read on their own, never to find something else.
    word(words, index).map_or(0, |word| word.load(Ordering::Relaxed))
}

/// Stores a word of the header.
pub(crate) fn store(words: &[AtomicU64], index: Word, value: u64) {
    if let Some(word) = word(words, index) {
        // Release: keeps the stores of one thread in order for the recovery after a kill.
        word.store(value, Ordering::Release);
    }
}

/// Stores a word of the header if nobody has yet.
pub(crate) fn store_first(words: &[AtomicU64], index: Word, value: u64) {
    if let Some(word) = word(words, index) {
        // Release: see `store`. Relaxed: where it fails, the other store stands.
        let _ = word.compare_exchange(0, value, Ordering::Release, Ordering::Relaxed);
    }
}

/// Bits of a checked word that hold its number: positions at 100,000 events/s for 89 years.
const CHECKED_BITS: u32 = 48;

/// The number as a checked word. A position that damage made larger would cost every event before it, so the
/// upper bits say whether the lower ones are whole: damage then reads as "not known".
pub(crate) const fn checked(number: u64) -> u64 {
    let number = number & ((1 << CHECKED_BITS) - 1);
    // Fibonacci hashing; the constant keeps a zeroed page from reading as the number 0.
    let check = !number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> CHECKED_BITS;
    check << CHECKED_BITS | number
}

/// The number of a checked word; `None` if it is damaged.
pub(crate) fn number(word: u64) -> Option<u64> {
    let number = word & ((1 << CHECKED_BITS) - 1);
    (checked(number) == word).then_some(number)
}

/// The slots in this range of the memory.
pub(crate) fn slots(words: &[AtomicU64], range: Range<usize>) -> &[Slot] {
    words.get(range).unwrap_or_default().as_chunks().0
}
