//! When the customer was last asked how it went.
//!
//! Owns: that word. Refuses: how often the bank wants to ask, and what was answered.
//! Invariant: of any number of processes that want to ask at one time, one may.

use super::{Shared, Word};
use crate::checked;
use crate::sync::Ordering;

/// Bits of seconds since 1970: enough for 34,000 years.
const BITS: u32 = 40;

/// A moment so far ahead was noted by a clock that was wrong then or is now: ten minutes, as clocks that set themselves are closer.
const AHEAD_S: u64 = 600;

impl Shared {
    /// Whether the customer may be asked at this moment, in seconds since 1970, as nobody did for so many seconds. If so, this counts as
    /// having asked. Where the file is not mapped another run would not know of it, and nobody is asked.
    pub(crate) fn take_asking(&self, now_s: u64, every_s: u64) -> bool {
        let Some(word) = self.word(Word::Asked).filter(|_| self.is_in_file()) else { return false };
        let mut seen = self.load(Word::Asked);
        loop {
            let asked_s = checked::number(seen, BITS, Word::Asked as u64);
            if asked_s.is_some_and(|asked_s| {
                asked_s <= now_s.saturating_add(AHEAD_S) && now_s < asked_s.saturating_add(every_s)
            }) {
                return false;
            }
            // After a wrong clock nobody knows how long ago it was: it counts from now.
            let is_known = asked_s.is_none_or(|asked_s| asked_s <= now_s);
            let now = checked::with_check(now_s, BITS, Word::Asked as u64);
            // AcqRel: as every word. Acquire: somebody else was faster, and theirs is looked at next.
            match word.compare_exchange(seen, now, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return is_known,
                Err(other) => seen = other,
            }
        }
    }
}
