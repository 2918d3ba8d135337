//! What the customer decided before the file of decisions was there, and under which decision a fact was told.
//!
//! The generation (the number of refusals) is known once that file is. Until then decisions are counted in memory; which of
//! those counts belong to the generation that follows is settled when the file is there.
//!
//! Owns: that count, and what it comes to. Refuses: the file (`shared`) and the facts (`early`).
//! Invariant: what was told before a refusal, or while one stood, belongs to no generation that follows it.

use crate::consent::{Consent, Decision};
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering, PoisonError};
use std::sync::OnceLock;

/// Set in the word of a fact that was told when there was no file: the rest is the number of decisions by then.
const WITHOUT_FILE: u64 = 1 << 63;

/// The decision under which a fact was told. One word, so that it lies beside the fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Under(u64);

impl Under {
    /// A generation of the file.
    pub(super) const fn generation(generation: u64) -> Under {
        Under(generation)
    }

    pub(super) const fn to_word(self) -> u64 {
        self.0
    }

    pub(super) const fn from_word(word: u64) -> Under {
        Under(word)
    }
}

/// What was decided without a file.
#[derive(Debug, Default)]
pub(super) struct Decided {
    pub(super) last: Option<Consent>,
    /// Decisions so far.
    count: u64,
    /// How many there were with the last refusal; 0 if there was none.
    refused_at: u64,
}

/// Which facts of that time belong to the generation that the file went on with.
#[derive(Clone, Copy, Debug)]
struct Settled {
    generation: u64,
    /// Those told after at least so many decisions.
    from: u64,
}

/// The time without a file.
#[derive(Debug)]
pub(super) struct WithoutFile {
    /// Held for moments, and never on the hot path.
    decided: Mutex<Decided>,
    /// The decisions so far, twice, and 1 if the last is a refusal: for threads that record.
    said: AtomicU64,
    settled: OnceLock<Settled>,
}

impl WithoutFile {
    pub(super) fn new() -> WithoutFile {
        WithoutFile {
            decided: Mutex::new(Decided::default()),
            said: AtomicU64::new(0),
            settled: OnceLock::new(),
        }
    }

    /// What was decided. Whoever holds this keeps the file from being taken over meanwhile.
    pub(super) fn decided(&self) -> MutexGuard<'_, Decided> {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a decision.
    pub(super) fn decide(&self, decided: &mut Decided, consent: Consent) {
        decided.last = Some(consent);
        decided.count += 1;
        let is_refusal = consent == Consent::Refused;
        if is_refusal {
            decided.refused_at = decided.count;
        }
        // Relaxed: a thread that sees it a little late tells its fact under the decision before.
        self.said.store(decided.count << 1 | u64::from(is_refusal), Ordering::Relaxed);
    }

    /// The decision under which a fact is told now; `None` after a refusal.
    pub(super) fn told_under(&self) -> Option<Under> {
        // Relaxed: see `decide`.
        let said = self.said.load(Ordering::Relaxed);
        (said & 1 == 0).then_some(Under(WITHOUT_FILE | said >> 1))
    }

    /// Ends this time: the file said `found`, and takes what was decided without it through `decide`. Only the worker calls
    /// this, once.
    pub(super) fn settle(
        &self,
        decided: &Decided,
        found: Decision,
        mut decide: impl FnMut(Consent) -> Decision,
    ) {
        let from = if decided.refused_at == 0 {
            // A refusal that stood in the file stood until the first word here.
            u64::from(found.consent == Consent::Refused)
        } else {
            decide(Consent::Refused);
            decided.refused_at + 1
        };
        let now = decided.last.map_or(found, decide);
        // Set once: see above.
        let _ = self.settled.set(Settled { generation: now.generation, from });
    }

    /// The generation that a fact belongs to; `None` if it was told before a refusal that followed, or while one stood.
    pub(super) fn generation_of(&self, told: Under) -> Option<u64> {
        if told.0 & WITHOUT_FILE == 0 {
            return Some(told.0);
        }
        let settled = self.settled.get()?;
        let count = told.0 & !WITHOUT_FILE;
        (count >= settled.from).then_some(settled.generation)
    }
}
