//! Byte strings in the flight recorder's memory, and the header's two: the session's context and the intent.
//!
//! A string lies behind a head word that holds its length and its checksum, stored last.
//!
//! Owns: that form; who the session is; which batch is about to be sealed. Refuses: counters (`ledger`) and slots.
//! Invariant: a torn or damaged string reads as absent and takes nothing else with it.

use super::layout::{CONTEXT, INTENT};
use crate::sync::{AtomicU64, Ordering, step};
use nowait_wire::{Anchor, Context, Ledger, Network, Uuid};
use serde::{Deserialize, Serialize};

/// The batch that is about to be sealed or sent: all that its content hangs on beside its events, the names and the
/// session's context. It is noted before the batch exists anywhere, so that a recovery makes the very same batch again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intent {
    /// Its first event.
    pub(crate) first: u64,
    /// The first event after it.
    pub(crate) next: u64,
    pub(crate) network: Network,
    pub(crate) anchors: Vec<Anchor>,
    pub(crate) ledger: Ledger,
}

/// Writes who the session is. Called once, before the file gets its magic word.
pub(crate) fn write_context(words: &[AtomicU64], session: Uuid, context: &Context) {
    if let Ok(bytes) = postcard::to_allocvec(&(session, context)) {
        // One that is too long does not come from `Config`, which cuts every text.
        let _ = write_bytes(words.get(CONTEXT).unwrap_or_default(), &bytes);
    }
}

/// Reads who a dead session was; `None` if that part is damaged.
pub(crate) fn read_context(words: &[u64]) -> Option<(Uuid, Context)> {
    postcard::from_bytes(&read_bytes(words.get(CONTEXT)?)?).ok()
}

/// Notes the batch that is about to be made; `false` if it does not fit, and then the batch must not be made.
pub(crate) fn write_intent(words: &[AtomicU64], intent: &Intent) -> bool {
    let Ok(bytes) = postcard::to_allocvec(intent) else { return false };
    write_bytes(words.get(INTENT).unwrap_or_default(), &bytes)
}

/// The batch that a dead session was about to make, if any.
pub(crate) fn read_intent(words: &[u64]) -> Option<Intent> {
    postcard::from_bytes(&read_bytes(words.get(INTENT)?)?).ok()
}

/// Stores a string: its head becomes invalid first and valid last. `false` if it does not fit.
pub(crate) fn write_bytes(words: &[AtomicU64], bytes: &[u8]) -> bool {
    let [head, body @ ..] = words else { return false };
    if bytes.len() > body.len() * 8 {
        return false;
    }
    // Release: in this order for a recovery: a kill in between leaves a head that vouches for nothing.
    head.store(0, Ordering::Release);
    let (whole, rest) = bytes.as_chunks::<8>();
    let mut body = body.iter();
    for (index, (chunk, word)) in whole.iter().zip(&mut body).enumerate() {
        if index == whole.len() / 2 {
            step("half a string written");
        }
        // Release: not before the head is invalid.
        word.store(u64::from_le_bytes(*chunk), Ordering::Release);
    }
    if let (false, Some(word)) = (rest.is_empty(), body.next()) {
        let mut padded = [0; 8];
        padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        // Release: as above.
        word.store(u64::from_le_bytes(padded), Ordering::Release);
    }
    // Release: the bytes are there before the word that vouches for them.
    head.store(head_of(bytes), Ordering::Release);
    true
}

/// Reads a string of a dead process; `None` if it is torn, damaged, or was never written.
pub(crate) fn read_bytes(words: &[u64]) -> Option<Vec<u8>> {
    let [head, body @ ..] = words else { return None };
    let len = usize::try_from(head >> 32).ok().filter(|len| (1..=body.len() * 8).contains(len))?;
    let mut bytes: Vec<u8> = body.iter().take(len.div_ceil(8)).flat_map(|word| word.to_le_bytes()).collect();
    bytes.truncate(len);
    (head_of(&bytes) == *head).then_some(bytes)
}

/// Length and checksum of a string. Never 0: no string is empty.
fn head_of(bytes: &[u8]) -> u64 {
    (bytes.len() as u64) << 32 | u64::from(crc32c::crc32c(bytes))
}
