//! The random id of this installation, for as long as the customer does not refuse.
//!
//! The id is cut into parts, each tied to its generation, so that processes agree on each part with one compare-and-swap:
//! no lock, and no half of one id beside half of another that only one of them knows.

use super::{Shared, Word};
use crate::checked;
use crate::consent::Consent;
use crate::sync::{AtomicU64, Ordering, uuid};
use nowait_wire::Uuid;

/// Parts of an id, and bits of each but the last.
pub(super) const WORDS: usize = 3;
const PART_BITS: u32 = 43;

impl Shared {
    /// The id of this installation in this generation: the one that is kept, else a new one, which is kept from now on.
    /// Processes that ask at once agree. Nothing is kept of a generation that is not the present one, or was refused.
    pub(crate) fn install_id(&self, generation: u64) -> Uuid {
        let id = self.keep_install(generation, uuid());
        // A refusal may have come before the last part.
        self.forget_install();
        id
    }

    /// Keeps this id unless one is kept; the one that is kept now.
    pub(super) fn keep_install(&self, generation: u64, id: Uuid) -> Uuid {
        let mut kept = 0_u128;
        for (index, word) in self.install_words() {
            let at = index as u32 * PART_BITS;
            kept |= u128::from(self.keep_part(word, tie(generation, index), id.as_u128() >> at, generation))
                << at;
        }
        Uuid::from_u128(kept)
    }

    fn keep_part(&self, word: &AtomicU64, tie: u64, part: u128, generation: u64) -> u64 {
        let fresh = checked::with_check(part as u64, PART_BITS, tie);
        loop {
            // Acquire: read before the decision is, so that a part of a later generation is never taken for an old one.
            let seen = word.load(Ordering::Acquire);
            let now = self.consent();
            let kept = if now.generation != generation || now.consent == Consent::Refused {
                Some(fresh)
            } else {
                Some(seen).filter(|seen| checked::number(*seen, PART_BITS, tie).is_some())
            };
            if let Some(part) = kept.and_then(|word| checked::number(word, PART_BITS, tie)) {
                return part;
            }
            // AcqRel: pairs with the acquire above. Relaxed: whoever is faster has drawn as well as we have.
            if word.compare_exchange(seen, fresh, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                self.changed();
            }
        }
    }

    /// Removes every part of an id that is not of the present generation, and all of them after a refusal.
    pub(super) fn forget_install(&self) {
        for (index, word) in self.install_words() {
            // Acquire: as in `keep_part`.
            let seen = word.load(Ordering::Acquire);
            let now = self.consent();
            let is_of_now = checked::number(seen, PART_BITS, tie(now.generation, index)).is_some();
            if seen != 0 && !(is_of_now && now.consent != Consent::Refused) {
                // AcqRel: as in `keep_part`. Relaxed: somebody else has removed it.
                if word.compare_exchange(seen, 0, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                    self.changed();
                }
            }
        }
    }

    fn install_words(&self) -> impl Iterator<Item = (usize, &AtomicU64)> {
        let start = Word::Install as usize;
        self.memory.words.get(start..start + WORDS).unwrap_or_default().iter().enumerate()
    }
}

/// What ties a part of an id to its place and to the generation that it was drawn in.
fn tie(generation: u64, index: usize) -> u64 {
    generation << 2 | index as u64
}
