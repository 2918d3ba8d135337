//! The shared file where it is not mapped: on a file system that cannot promise mapped blocks, or after somebody removed
//! it. The words are then this process's own, and its worker carries decisions to the file and from it.
//!
//! Between two processes that do so at once the later one wins, but a refusal that either knows of stands.

use super::{FILE, Shared, Word, install, noted};
use crate::consent::{Consent, Decision};
use crate::disk::{Disk, is_absent};
use crate::limits::SHARED_WORDS;
use crate::ring::memory::Memory;
use crate::sync::Ordering;
use std::io;
use std::path::Path;

/// What the file is called before it is whole. One name for all: what two writers mix vouches for nothing.
const NEW_FILE: &str = "shared.new";

/// The words of the file on the heap; zeros if there is none.
pub(super) fn read(disk: &dyn Disk, path: &Path) -> io::Result<Memory> {
    let memory = Memory::heap(SHARED_WORDS);
    match disk.read(path, SHARED_WORDS as u64 * 8) {
        Ok(bytes) => {
            for (word, value) in memory.words.iter().zip(words_of(&bytes)) {
                // Relaxed: nobody else has these words yet.
                word.store(value, Ordering::Relaxed);
            }
        }
        Err(error) if is_absent(&error) => {}
        Err(error) => return Err(error),
    }
    Ok(memory)
}

fn words_of(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.as_chunks().0.iter().map(|word| u64::from_ne_bytes(*word))
}

fn decision_of(bytes: &[u8]) -> Option<Decision> {
    let word = |word: Word| words_of(bytes).nth(word as usize).and_then(Decision::from_word);
    word(Word::Decision).or_else(|| word(Word::DecisionCopy).map(noted))
}

impl Shared {
    /// Takes decisions to the file and from it.
    pub(super) fn exchange(&self) -> io::Result<()> {
        // Acquire: pairs with the release in `decide`; the decision itself is seen with it.
        let said = self.said.load(Ordering::Acquire);
        let exchanged = self.exchange_said(Decision::from_word(said));
        if exchanged.is_ok() {
            // Relaxed: what is said meanwhile is another word, and is taken the next time.
            let _ = self.said.compare_exchange(said, 0, Ordering::Relaxed, Ordering::Relaxed);
        }
        exchanged
    }

    fn exchange_said(&self, said: Option<Decision>) -> io::Result<()> {
        let path = self.folder.join(FILE);
        let theirs = match self.disk.read(&path, SHARED_WORDS as u64 * 8) {
            Ok(bytes) => decision_of(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        match theirs {
            None => {
                let decision = self.consent();
                self.write_whole(&path, decision)?;
                self.agree(decision);
                Ok(())
            }
            Some(theirs) => self.follow(&path, theirs, said),
        }
    }

    /// Notes the decision that is the same here and in the file now.
    fn agree(&self, decision: Decision) {
        // Relaxed: only the worker stores and loads it.
        self.agreed.store(decision.to_word(), Ordering::Relaxed);
    }

    fn follow(&self, path: &Path, theirs: Decision, said: Option<Decision>) -> io::Result<()> {
        let decision = self.adopt(theirs, said);
        // Relaxed: what changes meanwhile is written at the next turn.
        if self.unsaved.swap(false, Ordering::Relaxed) || said.is_some() || decision != theirs {
            let last = Word::Install as usize + install::WORDS;
            let words = self.values(decision);
            let words = words.get(Word::Decision as usize..last).unwrap_or_default();
            self.write_words(path, words).inspect_err(|_| {
                // Relaxed: as above.
                self.unsaved.store(true, Ordering::Relaxed);
            })?;
        }
        self.agree(decision);
        Ok(())
    }

    /// Follows what other processes have brought into the file; the decision that is to stand there now.
    fn adopt(&self, theirs: Decision, said: Option<Decision>) -> Decision {
        let Some(word) = self.word(Word::Decision) else { return theirs };
        let refused = said.is_some_and(|said| said.consent == Consent::Refused);
        // Relaxed: see `agree`.
        let is_unchanged = self.agreed.load(Ordering::Relaxed) == theirs.to_word();
        loop {
            let ours = self.consent();
            let now = if is_unchanged || theirs.generation < ours.generation {
                ours
            } else if refused {
                theirs.then(Consent::Refused)
            } else if theirs.generation > ours.generation || said.is_none() {
                theirs
            } else {
                ours
            };
            // AcqRel: as every change of the decision. Relaxed: a thread of this process decided meanwhile.
            if word
                .compare_exchange(ours.to_word(), now.to_word(), Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
            {
                self.copy(now);
                self.forget_install();
                return now;
            }
        }
    }

    fn write_words(&self, path: &Path, words: &[u64]) -> io::Result<()> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        self.disk.write_at(path, Word::Decision as u64 * 8, &bytes)
    }

    fn write_whole(&self, path: &Path, decision: Decision) -> io::Result<()> {
        let bytes: Vec<u8> = self.values(decision).iter().flat_map(|word| word.to_ne_bytes()).collect();
        let new = self.folder.join(NEW_FILE);
        self.disk.create_folder(&self.folder)?;
        let written = self.disk.write(&new, &bytes).and_then(|()| self.disk.rename(&new, path));
        written.inspect_err(|_| {
            // What a full disk leaves of it is of no use to anybody.
            let _ = self.disk.remove(&new);
        })
    }

    /// The words as they are, but for the decision: a thread may be changing that.
    fn values(&self, decision: Decision) -> Vec<u64> {
        // Acquire: see `Shared::load`.
        let mut words: Vec<u64> = self.memory.words.iter().map(|word| word.load(Ordering::Acquire)).collect();
        let decided = [(Word::Decision, decision.to_word()), (Word::DecisionCopy, noted(decision).to_word())];
        for (index, value) in decided {
            if let Some(word) = words.get_mut(index as usize) {
                *word = value;
            }
        }
        words
    }
}
