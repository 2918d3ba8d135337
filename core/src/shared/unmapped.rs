//! The shared file where it is not mapped: on a file system that cannot promise mapped blocks, or after somebody removed
//! it. The words are then this process's own, and its worker carries decisions to the file and from it.
//!
//! Each process knows which decision the file had when it looked last, so that it sees what is news there and what is news
//! here. Between two processes that decide at once the later one wins, but a refusal that either knows of stands, and
//! what may have been recorded before it goes. A refusal is counted once, as nothing is news twice; only where a write took
//! effect and failed all the same is it news again, which wipes more and never less.

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
        let path = self.folder.join(FILE);
        let theirs = match self.disk.read(&path, SHARED_WORDS as u64 * 8) {
            Ok(bytes) => decision_of(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let decision = match theirs {
            None => {
                let decision = self.consent();
                self.write_whole(&path, decision)?;
                decision
            }
            Some(theirs) => self.follow(&path, theirs)?,
        };
        self.agree(decision);
        Ok(())
    }

    /// Notes the decision that the file has now.
    pub(super) fn agree(&self, decision: Decision) {
        // Relaxed: only the worker stores and loads it.
        self.agreed.store(decision.to_word(), Ordering::Relaxed);
    }

    fn follow(&self, path: &Path, theirs: Decision) -> io::Result<Decision> {
        let decision = self.adopt(theirs);
        // Theirs is no news any more, also if the disk does not take what came of it.
        self.agree(theirs);
        // Relaxed: what changes meanwhile is written at the next turn.
        if self.unsaved.swap(false, Ordering::Relaxed) || decision != theirs {
            let last = Word::Install as usize + install::WORDS;
            let words = self.values(decision);
            let words = words.get(Word::Decision as usize..last).unwrap_or_default();
            self.write_words(path, words).inspect_err(|_| {
                // Relaxed: as above.
                self.unsaved.store(true, Ordering::Relaxed);
            })?;
        }
        Ok(decision)
    }

    /// Follows what other processes have brought into the file; the decision that is to stand there now.
    fn adopt(&self, theirs: Decision) -> Decision {
        let Some(word) = self.word(Word::Decision) else { return theirs };
        // Relaxed: see `agree`.
        let agreed = Decision::from_word(self.agreed.load(Ordering::Relaxed)).unwrap_or(theirs);
        // Acquire: pairs with the release in `note_repeated`.
        let is_refused_again = self.refused_again.swap(false, Ordering::Acquire);
        loop {
            let ours = self.consent();
            let mut now = merged(agreed, ours, theirs);
            if is_refused_again && theirs != agreed {
                // No news here, but news to a file that another process has changed meanwhile.
                let refused = now.then(Consent::Refused);
                now = if ours.consent == Consent::Refused { refused } else { refused.then(ours.consent) };
            }
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

/// What holds where both had `agreed`, and it is `ours` here by now and `theirs` in the file. Nobody knows which came first.
fn merged(agreed: Decision, ours: Decision, theirs: Decision) -> Decision {
    if theirs == agreed {
        return ours;
    }
    let is_refused = |decision: Decision| decision.consent == Consent::Refused;
    let has_refused = |decision: Decision| {
        decision != agreed && (is_refused(decision) || decision.generation > agreed.generation)
    };
    match (has_refused(ours), has_refused(theirs)) {
        (false, false) if ours == agreed && theirs.generation == ours.generation => theirs,
        (false | true, false) => ours,
        (false, true) if theirs.generation > ours.generation => theirs,
        // Another file than the one that was known: its refusal stands, and what was recorded here may be older.
        (false, true) => ours.then(Consent::Refused),
        (true, true) => {
            let last = if theirs.generation > ours.generation { theirs } else { ours };
            // Two refusals, and somebody may have recorded between them: in the last generation that is known here, or after
            // a grant that the file does not have yet.
            let now = Decision { consent: Consent::Granted, ..last }.then(Consent::Refused);
            if is_refused(ours) || is_refused(theirs) { now } else { now.then(ours.consent) }
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::disk::faulty::{self, FaultyDisk};
    use proptest::prelude::*;
    use std::collections::HashSet;
    use std::sync::Arc;

    const GRANTED: Decision = Decision { consent: Consent::Granted, generation: 0 };

    fn decision(consent: Consent, generation: u64) -> Decision {
        Decision { consent, generation }
    }

    /// A process of the app that can map nothing.
    fn process(folder: &Path) -> Shared {
        Shared::open(Arc::new(FaultyDisk::without_mappings()), folder).unwrap()
    }

    #[test]
    fn a_refusal_that_is_repeated_stands_against_a_grant_in_between() {
        for (then, expected) in [(None, Consent::Refused), (Some(Consent::Granted), Consent::Granted)] {
            let folder = faulty::folder();
            let (one, two) = (process(folder.path()), process(folder.path()));
            one.decide(Consent::Refused);
            one.sync().unwrap();
            two.sync().unwrap();
            two.decide(Consent::Granted);
            two.sync().unwrap();
            one.decide(Consent::Refused);
            if let Some(then) = then {
                one.decide(then);
            }
            one.sync().unwrap();
            two.sync().unwrap();
            // What was recorded under the grant is of generation 1, and goes.
            assert_eq!((one.consent(), two.consent()), (decision(expected, 2), decision(expected, 2)));
            one.sync().unwrap();
            assert_eq!(one.consent(), decision(expected, 2), "once");
        }
    }

    #[test]
    fn where_nothing_can_be_mapped_the_file_is_read_and_written() {
        let folder = faulty::folder();
        let open = || process(folder.path());
        let one = open();
        assert!(!one.is_in_file());
        assert_eq!(one.decide(Consent::Granted), GRANTED);
        let id = one.install_id(0);
        one.sync().unwrap();
        let two = open();
        assert_eq!((two.consent(), two.install_id(0)), (GRANTED, id));
        two.decide(Consent::Refused);
        one.sync().unwrap();
        two.sync().unwrap();
        one.sync().unwrap();
        assert_eq!(one.consent(), decision(Consent::Refused, 1));
        // Both say something: a refusal stands, and has a generation that nothing is recorded in.
        two.decide(Consent::Granted);
        two.sync().unwrap();
        one.settle().unwrap();
        one.decide(Consent::Refused);
        two.decide(Consent::Refused);
        two.decide(Consent::Granted);
        two.sync().unwrap();
        one.sync().unwrap();
        assert_eq!(one.consent(), decision(Consent::Refused, 3));
        assert_eq!(open().consent(), decision(Consent::Refused, 3));
        let id = {
            one.decide(Consent::Granted);
            one.install_id(3)
        };
        one.sync().unwrap();
        assert_eq!(open().install_id(3), id);
    }

    /// Two processes that map nothing, with what the customer says in each before either has looked at the file again.
    fn exchanged(said: [&[Consent]; 2]) -> Decision {
        let folder = faulty::folder();
        let open = || process(folder.path());
        let processes = [open(), open()];
        processes[0].settle().unwrap();
        for (process, said) in processes.iter().zip(said) {
            said.iter().for_each(|consent| _ = process.decide(*consent));
        }
        (0..2).for_each(|_| processes.iter().for_each(|process| process.settle().unwrap()));
        assert_eq!(processes[0].consent(), processes[1].consent());
        processes[0].consent()
    }

    #[test]
    fn refusals_of_two_processes_that_map_nothing_are_counted_once_each_and_stand() {
        use Consent::{Granted, Refused};
        for (one, two, expected) in [
            (&[Refused][..], &[Refused][..], decision(Refused, 2)),
            (&[Refused], &[], decision(Refused, 1)),
            (&[Refused], &[Granted], decision(Refused, 1)),
            (&[Refused, Granted], &[], decision(Granted, 1)),
            (&[Refused, Granted], &[Granted], decision(Granted, 1)),
            // Both may have recorded in generation 1, and either refusal may have come after that.
            (&[Refused, Granted], &[Refused, Granted], decision(Granted, 2)),
            (&[Refused, Granted], &[Refused], decision(Refused, 2)),
            (&[Refused, Granted, Refused, Granted], &[Refused], decision(Refused, 3)),
        ] {
            assert_eq!(exchanged([one, two]), expected, "{one:?} {two:?}");
            assert_eq!(exchanged([two, one]), expected, "{two:?} {one:?}");
        }
    }

    /// A refusal that the file has is not counted again when another process goes on from it.
    #[test]
    fn a_refusal_that_was_exchanged_is_no_news_any_more() {
        let folder = faulty::folder();
        let open = || process(folder.path());
        let [one, two] = [open(), open()];
        one.decide(Consent::Refused);
        for _ in 0..3 {
            one.settle().unwrap();
            two.settle().unwrap();
            two.decide(Consent::Granted);
        }
        two.settle().unwrap();
        one.settle().unwrap();
        assert_eq!(one.consent(), decision(Consent::Granted, 1));
    }

    proptest! {
        /// Whatever three processes that map nothing are told, and whenever they look at the file: no refusal is counted twice,
        /// and what anybody had recorded when the customer refused is never allowed again.
        #[test]
        fn no_refusal_is_lost_or_counted_twice_where_nothing_is_mapped(
            steps in proptest::collection::vec((0..3_usize, 0..5_u8), 1..40),
        ) {
            let folder = faulty::folder();
            let open = || process(folder.path());
            let processes = [open(), open(), open()];
            let (mut refusals, mut over) = (0, HashSet::new());
            for (index, step) in steps {
                let process = &processes[index];
                match step {
                    // Said twice, refused once: only a refusal that changes something is one.
                    0 if process.consent().consent != Consent::Refused => {
                        refusals += 1;
                        let used = processes.iter().map(Shared::consent);
                        let used = used.filter(|now| now.consent != Consent::Refused);
                        over.extend(used.map(|now| now.generation));
                        process.decide(Consent::Refused);
                    }
                    1 => _ = process.decide(Consent::Granted),
                    2 => _ = process.decide(Consent::Pending),
                    _ => process.settle().unwrap(),
                }
            }
            (0..2).for_each(|_| processes.iter().for_each(|process| process.settle().unwrap()));
            let now = processes[0].consent();
            prop_assert!(processes.iter().all(|process| process.consent() == now));
            prop_assert!(now.generation <= refusals, "{:?} after {} refusals", now, refusals);
            prop_assert!(over.iter().all(|generation| !now.allows(*generation)), "{:?} {:?}", now, over);
        }
    }
}
