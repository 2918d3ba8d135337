//! What the header page says of its session: who, on which device, and how its uptimes lie in the day.
//!
//! Owns: the session's context and its clock anchors in the flight recorder's memory.
//! Refuses: counters (`ledger`) and records.
//! Invariant: a torn or damaged part reads as absent and takes nothing else with it.

use crate::layout::{CONTEXT, Word};
use crate::limits::CONTEXT_BYTES_MAX;
use crate::sync::{AtomicU64, Ordering};
use nowait_wire::{Anchor, Context, Uuid};

const ANCHOR_WORDS: usize = 3;

/// Writes who the session is. Called once, before the file gets its magic word.
pub(crate) fn write_context(words: &[AtomicU64], session: Uuid, context: &Context) {
    let Ok(bytes) = postcard::to_allocvec(&(session, context)) else { return };
    let Some([head, body @ ..]) = words.get(CONTEXT) else { return };
    if bytes.len() > CONTEXT_BYTES_MAX {
        return;
    }
    for (word, chunk) in body.iter().zip(bytes.chunks(8)) {
        let mut padded = [0; 8];
        for (to, from) in padded.iter_mut().zip(chunk) {
            *to = *from;
        }
        // Relaxed: nobody reads the file before its magic word is stored.
        word.store(u64::from_le_bytes(padded), Ordering::Relaxed);
    }
    // Release: the bytes are there before the word that vouches for them.
    head.store((bytes.len() as u64) << 32 | u64::from(crc32c::crc32c(&bytes)), Ordering::Release);
}

/// Reads who a dead session was; `None` if that part is damaged.
pub(crate) fn read_context(words: &[u64]) -> Option<(Uuid, Context)> {
    let [head, body @ ..] = words.get(CONTEXT)? else { return None };
    let len = usize::try_from(head >> 32).ok().filter(|len| *len <= CONTEXT_BYTES_MAX)?;
    let bytes: Vec<u8> = body.iter().flat_map(|word| word.to_le_bytes()).take(len).collect();
    if u64::from(crc32c::crc32c(&bytes)) != head & 0xFFFF_FFFF {
        return None;
    }
    postcard::from_bytes(&bytes).ok()
}

/// Notes one moment on both clocks. Two copies take turns, so that a kill in between leaves the other whole.
pub(crate) fn write_anchor(words: &[AtomicU64], turn: u64, anchor: Anchor) {
    let start = Word::Anchors as usize + (turn % 2) as usize * ANCHOR_WORDS;
    let Some([uptime, wall, check]) = words.get(start..start + ANCHOR_WORDS) else { return };
    // Release: in this order for a recovery, so that a kill in between leaves a checksum that vouches for nothing.
    check.store(0, Ordering::Release);
    uptime.store(anchor.uptime_ns, Ordering::Release);
    wall.store(anchor.wall_unix_ms, Ordering::Release);
    check.store(anchor_check(anchor), Ordering::Release);
}

/// The later whole anchor of a dead session.
pub(crate) fn read_anchor(words: &[u64]) -> Option<Anchor> {
    let copies = words.get(Word::Anchors as usize..Word::Anchors as usize + 2 * ANCHOR_WORDS)?;
    let (copies, _) = copies.as_chunks::<ANCHOR_WORDS>();
    copies
        .iter()
        .filter_map(|&[uptime_ns, wall_unix_ms, check]| {
            let anchor = Anchor { uptime_ns, boot_ns: uptime_ns, wall_unix_ms };
            (check == anchor_check(anchor)).then_some(anchor)
        })
        .max_by_key(|anchor| anchor.uptime_ns)
}

/// Never 0, so that an anchor that was never written does not pass.
fn anchor_check(anchor: Anchor) -> u64 {
    let [u, w] = [anchor.uptime_ns.to_le_bytes(), anchor.wall_unix_ms.to_le_bytes()];
    1 << 32 | u64::from(crc32c::crc32c_append(crc32c::crc32c(&u), &w))
}
