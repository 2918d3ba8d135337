//! The file that all processes of the app share: the customer's decision, the installation's id, when the collector may
//! be asked again, the remote configuration, when the customer was last asked for a rating, and the marker around NoWait's own start.
//!
//! One page, mapped. Every word vouches for itself, so that what is torn, damaged or of another version of this layout
//! reads as absent and takes nothing else with it. Whoever changes the layout raises the version in [`MAGIC`]; the two
//! words of the decision keep their place and shape in every version, because no update may forget a refusal.
//!
//! Owns: those words, and what was kept in files of their own before. Refuses: sealed batches and recorders.
//! Invariant: the generation of the decision never goes down, and damage never reads as granted.

mod asked;
mod exits;
mod install;
mod migration;
mod start;
#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
mod unmapped;

#[allow(unused_imports)]
pub(crate) use start::{Start, StartVerdict};

use crate::consent::{Consent, Decision};
use crate::disk::Disk;
use crate::limits::SHARED_WORDS;
use crate::ring::memory::Memory;
use crate::sync::{AtomicU64, Mutant, Ordering, is_broken, step};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The file, in NoWait's folder.
const FILE: &str = "shared";

/// First word of the file: "NWSHARE", layout version 1.
const MAGIC: u64 = u64::from_le_bytes(*b"NWSHARE\x01");

/// Words that only whoever sets them understands; see [`Shared::retry`].
pub(crate) const RETRY_WORDS: usize = 4;

/// Words of the file, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
enum Word {
    Magic = 0,
    /// The customer's decision. Keeps its place and shape in every version.
    Decision = 1,
    /// Its generation and whether it is a refusal, for when the word itself is damaged.
    DecisionCopy = 2,
    /// First of [`install::WORDS`].
    Install = 3,
    /// First of [`RETRY_WORDS`].
    Retry = 8,
    Remote = 12,
    Start = 13,
    /// The session into whose ledger starts that died are on their way, while the marker says so.
    Teller = 14,
    /// When the customer was last asked for a rating.
    Asked = 15,
    /// First of [`SYSTEM_EXITS_MAX`](crate::limits::SYSTEM_EXITS_MAX) words.
    ExitsTold = 16,
}

/// The file of this process's view. Any thread may ask for the decision and change it; the rest is the worker's.
#[derive(Debug)]
pub(crate) struct Shared {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    memory: Memory,
    /// Whether the words lie in the file, as the worker last saw it.
    in_file: AtomicBool,
    /// The decision of the file that this process knew of last: what is another one there or here is news.
    agreed: AtomicU64,
    /// Whether the customer has refused once more since, where it is not mapped.
    refused_again: AtomicBool,
    /// Whether other words have changed since, where it is not mapped.
    unsaved: AtomicBool,
    /// Whether files of the version before are left to be removed.
    old_files: AtomicBool,
}

impl Shared {
    /// Maps the file of this folder and makes it, and the folder, if they are missing. Where that cannot be, the words
    /// are on the heap, and [`Shared::settle`] takes them to and from the file.
    ///
    /// # Errors
    /// If there is a file, or may be one, that cannot be read. What the customer said is not known then, so that nothing on
    /// the disk may be sent or wiped, and nothing recorded that would have to be.
    pub(crate) fn open(disk: Arc<dyn Disk>, folder: &Path) -> io::Result<Shared> {
        // If this fails, so does the next, and that is seen.
        let _ = disk.create_folder(folder);
        let path = folder.join(FILE);
        let memory = disk.map_shared(&path, SHARED_WORDS).or_else(|_| unmapped::read(&*disk, &path))?;
        let shared = Shared {
            in_file: AtomicBool::new(!memory.is_lost_by_a_kill()),
            agreed: AtomicU64::new(0),
            refused_again: AtomicBool::new(false),
            unsaved: AtomicBool::new(false),
            old_files: AtomicBool::new(false),
            folder: folder.to_owned(),
            disk,
            memory,
        };
        shared.begin()?;
        shared.agree(shared.consent());
        Ok(shared)
    }

    /// Makes the words of this version of a file that may be new, damaged or another version's.
    fn begin(&self) -> io::Result<()> {
        let before = self.before()?;
        self.forget_other_version();
        let has_decision = |word| Decision::from_word(self.load(word)).is_some();
        let first = if has_decision(Word::Decision) || has_decision(Word::DecisionCopy) {
            // Not used, unless damage comes this very moment.
            Decision::unknown()
        } else {
            self.first_decision(before)?
        };
        self.settle_decision(|| first);
        self.take_over_install(before)?;
        if let Some(magic) = self.word(Word::Magic) {
            // Release: the decision is there before the word that says so.
            magic.store(MAGIC, Ordering::Release);
        }
        Ok(())
    }

    fn word(&self, word: Word) -> Option<&AtomicU64> {
        self.memory.words.get(word as usize)
    }

    fn load(&self, word: Word) -> u64 {
        // Acquire: pairs with the releases of whoever stored it; a word that came before another is seen before it.
        self.word(word).map_or(0, |word| word.load(Ordering::Acquire))
    }

    /// Notes that words have changed where nobody else sees it.
    fn changed(&self) {
        if !self.is_in_file() {
            // Relaxed: the worker looks again at its next turn.
            self.unsaved.store(true, Ordering::Relaxed);
        }
    }

    /// Clears every word but those of the decision if another version of this layout wrote them.
    fn forget_other_version(&self) {
        // Acquire: loaded before the magic word is, so that what another process of this version has stored since it
        // wrote that word is never taken for an old one.
        let seen: Vec<u64> = self.memory.words.iter().map(|word| word.load(Ordering::Acquire)).collect();
        let magic = self.load(Word::Magic);
        if magic == MAGIC || magic == 0 {
            return;
        }
        for (word, seen) in self.memory.words.iter().zip(seen).skip(Word::Install as usize) {
            // AcqRel: the words are gone before the magic word is ours. Relaxed: somebody else was faster.
            let _ = word.compare_exchange(seen, 0, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    /// The customer's decision now, whichever process took it. One load; no system call.
    #[inline]
    pub(crate) fn consent(&self) -> Decision {
        match Decision::from_word(self.load(Word::Decision)) {
            Some(decision) => decision,
            None => self.settle_decision(Decision::unknown),
        }
    }

    /// The same as it lies there, for comparing with what a session expects.
    #[inline]
    pub(crate) fn consent_word(&self) -> u64 {
        self.load(Word::Decision)
    }

    /// Makes a decision of a word that is none: the copy's, else what `otherwise` says.
    #[cold]
    fn settle_decision(&self, otherwise: impl Fn() -> Decision) -> Decision {
        let Some(word) = self.word(Word::Decision) else { return otherwise() };
        loop {
            // Acquire: see `load`.
            let seen = word.load(Ordering::Acquire);
            if let Some(decision) = Decision::from_word(seen) {
                return decision;
            }
            let copy = Decision::from_word(self.load(Word::DecisionCopy)).map(noted);
            let decision = copy.unwrap_or_else(&otherwise);
            // AcqRel: as every change of the decision. Relaxed: somebody else was faster; their word is read next.
            if word.compare_exchange(seen, decision.to_word(), Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                self.copy(decision);
            }
        }
    }

    /// What the customer says now. It holds for every process at once, and a kill does not take it back, when this
    /// returns, if [`Shared::is_in_file`]. No system call.
    pub(crate) fn decide(&self, consent: Consent) -> Decision {
        loop {
            let before = self.consent();
            let after = before.then(consent);
            let Some(word) = self.word(Word::Decision).filter(|_| after != before) else {
                self.note_repeated(after);
                return after;
            };
            if is_broken(Mutant::DecisionUnshared) {
                return after;
            }
            if consent == Consent::Refused {
                // Ahead of the word itself: no damage to that one must make less of a refusal.
                self.copy(after);
                step("refusal copied");
            }
            let (old, new) = (before.to_word(), after.to_word());
            if is_broken(Mutant::DecidedInTwoSteps) {
                // Relaxed: as no decision is.
                word.store(new, Ordering::Relaxed);
                return after;
            }
            // AcqRel: what was recorded under the old decision stays before the new one. Relaxed: somebody else
            // decided meanwhile, and this decision follows on that one.
            if word.compare_exchange(old, new, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                self.copy(after);
                self.forget_install();
                return after;
            }
        }
    }

    /// Notes that the customer has refused once more: where the file is not mapped, it may say something else by now.
    fn note_repeated(&self, decision: Decision) {
        if decision.consent == Consent::Refused && !self.is_in_file() {
            // Release: the worker that finds it finds the decision's word as well.
            self.refused_again.store(true, Ordering::Release);
        }
    }

    /// Notes a decision beside the word that it stands in.
    fn copy(&self, decision: Decision) {
        let Some(word) = self.word(Word::DecisionCopy) else { return };
        let copy = noted(decision);
        loop {
            // Acquire: see `load`.
            let seen = word.load(Ordering::Acquire);
            // A later generation was noted by somebody who decided after us.
            if Decision::from_word(seen)
                .is_some_and(|noted| noted.generation > copy.generation || noted == copy)
            {
                return;
            }
            // AcqRel: a refusal is noted before it stands. Relaxed: somebody else was faster.
            if word.compare_exchange(seen, copy.to_word(), Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                return;
            }
        }
    }

    /// Whether a decision survives a kill and other processes see it: the words lie in the file, as the worker last saw.
    #[inline]
    pub(crate) fn is_in_file(&self) -> bool {
        // Relaxed: a file that somebody removes this very moment is one that a kill may take with it.
        self.in_file.load(Ordering::Relaxed)
    }

    /// Looks after the file, for the worker's every turn: notices when somebody has removed it, and then, or where it
    /// cannot be mapped, takes decisions to it and from it.
    ///
    /// # Errors
    /// Whatever the file system says; it is tried again at the next turn.
    pub(crate) fn settle(&self) -> io::Result<()> {
        let decision = self.consent();
        // A damaged copy is of no use to the word that is damaged next.
        self.copy(decision);
        if !self.memory.is_lost_by_a_kill() {
            self.agree(decision);
            return Ok(());
        }
        // Relaxed: see `is_in_file`.
        self.in_file.store(false, Ordering::Relaxed);
        self.exchange()
    }

    /// Makes the words survive a power cut, and removes what the version before kept, now that it is taken over. For the
    /// worker, once at its start and after a change.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.settle()?;
        if self.is_in_file() {
            self.disk.sync_mapped(&self.memory, self.memory.words.len())?;
            // The name survives at the latest when the system next writes the folder, as it does by itself.
            let _ = self.disk.sync_folder(&self.folder);
        }
        self.remove_files_before()
    }

    /// What the holder of the upload lock last noted for the next one; the last word vouches for the others, and only
    /// whoever set them can tell whether it does.
    pub(crate) fn retry(&self) -> [u64; RETRY_WORDS] {
        let mut words = [0; RETRY_WORDS];
        for (word, kept) in words.iter_mut().zip(self.retry_words()) {
            // Acquire: pairs with the release in `set_retry`.
            *word = kept.load(Ordering::Acquire);
        }
        words
    }

    /// Notes it, the word that vouches for the others last. A kill in between leaves one that vouches for nothing.
    pub(crate) fn set_retry(&self, words: [u64; RETRY_WORDS]) {
        let kept = self.retry_words();
        if let Some(check) = kept.last() {
            // Release: nothing vouches for words that are half new.
            check.store(0, Ordering::Release);
        }
        for (word, kept) in words.into_iter().zip(kept) {
            // Release: in this order.
            kept.store(word, Ordering::Release);
        }
        self.changed();
    }

    fn retry_words(&self) -> &[AtomicU64] {
        let start = Word::Retry as usize;
        self.memory.words.get(start..start + RETRY_WORDS).unwrap_or_default()
    }

    /// The remote configuration as it was last set; 0 for none.
    pub(crate) fn remote(&self) -> u64 {
        self.load(Word::Remote)
    }

    /// Sets the remote configuration if it is newer than what is there, as `is_newer` says of that; whether it is now.
    pub(crate) fn set_remote(&self, remote: u64, is_newer: impl Fn(u64) -> bool) -> bool {
        let Some(word) = self.word(Word::Remote) else { return false };
        let mut seen = self.load(Word::Remote);
        while is_newer(seen) {
            // AcqRel: as every word. Acquire: somebody else was faster, and theirs is compared next.
            match word.compare_exchange(seen, remote, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => {
                    self.changed();
                    return true;
                }
                Err(now) => seen = now,
            }
        }
        false
    }
}

/// A decision as its copy: a grant is noted as not decided, which is what damage may make of it.
fn noted(decision: Decision) -> Decision {
    let consent = if decision.consent == Consent::Refused { Consent::Refused } else { Consent::Pending };
    Decision { consent, ..decision }
}
