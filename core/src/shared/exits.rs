//! Which of the system's words about ended processes were told, by their marks.
//!
//! Owns: those words. Refuses: what a mark is of. Where the file is not mapped, another process does not see them.
//! Invariant: a mark stays as long as the system remembers what it is of. Who tells one has the lock of an adoption.

use super::{Shared, Word};
use crate::limits::SYSTEM_EXITS_MAX;
use crate::ring::layout;
use crate::sync::{AtomicU64, Ordering};

impl Shared {
    /// Whether the end with this mark was told.
    pub(crate) fn is_exit_told(&self, mark: u64) -> bool {
        self.exit_words().iter().any(|word| load(word) == Some(mark))
    }

    /// Notes that the end with this mark is told, in place of one that the system no longer remembers. There is room: it remembers
    /// no more than there are words.
    pub(crate) fn tell_exit(&self, mark: u64, is_remembered: impl Fn(u64) -> bool) {
        if self.is_exit_told(mark) {
            return;
        }
        let is_free = |word: &&AtomicU64| load(word).is_none_or(|told| !is_remembered(told));
        if let Some(word) = self.exit_words().iter().find(is_free) {
            // Release: pairs with `load`.
            word.store(layout::checked(mark), Ordering::Release);
            self.changed();
        }
    }

    fn exit_words(&self) -> &[AtomicU64] {
        let start = Word::ExitsTold as usize;
        self.memory.words.get(start..start + SYSTEM_EXITS_MAX).unwrap_or_default()
    }
}

/// The mark in a word; `None` for none, or one that is damaged.
fn load(word: &AtomicU64) -> Option<u64> {
    // Acquire: pairs with the release of whoever told it.
    layout::number(word.load(Ordering::Acquire))
}
