//! Where everything lies in the flight recorder's memory.
//!
//! ```text
//! header        magic, footer, counters, the session's context, the intent
//! names         1,024 records of 128 bytes
//! events        1,024 slots of 64 bytes: folded, not yet sealed
//! checkpoints   two copies of the fold's state, taking turns
//! facts         4,096 slots of 64 bytes: the ring, on pages of its own
//! ```
//!
//! Owns: offsets and the header's single words. Refuses: what the records mean (names, ring, fold).
//! Invariants: no two things share a checksum, so damage to one never costs another. A slot lies in one cache line, and no
//! fact on a page that is synced.

use super::slot::{SLOT_WORDS, Slot};
use crate::limits::{
    CHECKPOINT_BYTES_MAX, CONTEXT_BYTES_MAX, EVENT_SLOTS, INTENT_BYTES_MAX, NAMES_MAX, RING_SLOTS,
};
use crate::sync::{AtomicU64, Ordering};
use std::ops::Range;

/// First word of every recorder file: "NWRING", then the version of the layout. No release wrote version 3.
pub(crate) const MAGIC: u64 = u64::from_le_bytes(*b"NWRING\x04\0");

/// What the footer word holds after a clean end.
pub(crate) const CLEAN_END: u64 = u64::from_le_bytes(*b"NW-CLEAN");

/// Words of one name record.
pub(crate) const NAME_WORDS: usize = 16;

const HEADER_WORDS: usize = 1_024;
/// Words of one copy of the checkpoint: its head, then its bytes.
const CHECKPOINT_WORDS: usize = 1 + CHECKPOINT_BYTES_MAX / 8;

/// Words of the largest page that a phone has: 16 KiB, on iOS and on Android since version 15.
const PAGE_WORDS: usize = 16 * 1_024 / 8;

pub(crate) const NAMES: Range<usize> = HEADER_WORDS..HEADER_WORDS + NAMES_MAX * NAME_WORDS;
pub(crate) const EVENTS: Range<usize> = NAMES.end..NAMES.end + EVENT_SLOTS * SLOT_WORDS;
/// The two copies of the checkpoint.
pub(crate) const CHECKPOINTS: [Range<usize>; 2] = [
    EVENTS.end..EVENTS.end + CHECKPOINT_WORDS,
    EVENTS.end + CHECKPOINT_WORDS..EVENTS.end + 2 * CHECKPOINT_WORDS,
];
const FACTS_START: usize = CHECKPOINTS[1].end.next_multiple_of(PAGE_WORDS);
pub(crate) const FACTS: Range<usize> = FACTS_START..FACTS_START + RING_SLOTS * SLOT_WORDS;

const _: () = assert!(EVENTS.start.is_multiple_of(SLOT_WORDS));

/// Words of the whole file.
pub(crate) const WORDS: usize = FACTS.end;

/// Where the session's context lies: a head, then its bytes (see `header`).
pub(crate) const CONTEXT: Range<usize> = 64..64 + 1 + CONTEXT_BYTES_MAX / 8;

/// Where the intent lies: a head, then its bytes.
pub(crate) const INTENT: Range<usize> = CONTEXT.end..CONTEXT.end + 1 + INTENT_BYTES_MAX / 8;

const _: () = assert!(INTENT.end <= HEADER_WORDS);

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
    /// First event that is not yet sealed into the spool. Checked.
    SealedTo = 3,
    /// Which refusal of the customer this session came after: see `consent`. Checked.
    Generation = 4,
    /// The worker's last sign of life, in milliseconds of uptime. Checked.
    AliveUptimeMs = 5,
    /// When the session started, in milliseconds of uptime. Checked.
    StartedUptimeMs = 6,
    /// A give-up under way: 1 + reason; 0 for none (see `ledger`).
    GiveUpReason = 7,
    /// The file sequence number that is being given up.
    GiveUpFile = 8,
    /// What the counter of that reason will be.
    GiveUpTotal = 9,
    /// First fact that the latest checkpoint does not know of. Checked.
    FoldedTo = 11,
    /// Events that the latest checkpoint knows of. Checked.
    EventsMade = 12,
    /// The network, as the host told it last: a label for what a recovery seals.
    Network = 10,
    /// The process's number in the system. Checked; 0, as all before a version that knew of it, says nothing.
    Process = 13,
    /// What a recovery found the system to say of this process's end (see `recover::ending`). Checked.
    Ending = 14,
    /// First of the counters (see `ledger::Counter`).
    Counters = 16,
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

/// Bits of a checked word that hold its number: events at 100,000 a second for 89 years.
const CHECKED_BITS: u32 = 48;

/// The number as a checked word. A number that damage made larger would cost every event before it, so the
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

/// A moment as a checked word. Damage that moved it on would end waits that were never so long.
pub(crate) const fn checked_ms(uptime_ns: u64) -> u64 {
    checked(uptime_ns / 1_000_000)
}

/// The moment of such a word, to the millisecond; 0 if it is damaged.
pub(crate) fn uptime_ns(word: u64) -> u64 {
    number(word).map_or(0, |ms| ms.saturating_mul(1_000_000))
}

/// The slots in this range of the memory.
pub(crate) fn slots(words: &[AtomicU64], range: Range<usize>) -> &[Slot] {
    words.get(range).unwrap_or_default().as_chunks().0
}
