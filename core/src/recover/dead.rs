//! A dead process's recorder file, ours alone while the value lives.
//!
//! Owns: its lock, its bytes, and the two words that a recovery writes into it. Refuses: their meaning (see `read`).
//! Invariant: the file is never mapped, so that no damage of it can end this process.

use crate::disk::{Disk, Lock, is_absent};
use crate::limits::RECOVER_ATTEMPTS_MAX;
use crate::ring::account::Counter;
use crate::ring::layout::{self, Word};
use crate::ring::slot::SLOT_WORDS;
use nowait_wire::Uuid;
use std::io;
use std::path::{Path, PathBuf};

/// Most bytes of a recorder file, whichever version wrote it.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

pub(super) struct DeadRecorder<'a> {
    disk: &'a dyn Disk,
    path: PathBuf,
    session: Uuid,
    /// Keeps other starters away.
    _lock: Lock,
}

/// How much a recorder seems to have held.
pub(super) struct Held {
    pub(super) events: u64,
    pub(super) facts: u64,
}

/// How many failed starts of NoWait stand in the account of a recorder's file; none in another layout's.
pub(super) fn starts_failed(disk: &dyn Disk, path: &Path) -> io::Result<u64> {
    let index = Word::Counters as usize + Counter::StartsFailed as usize;
    let bytes = disk.read(path, (index as u64 + 1) * 8)?;
    let words = bytes.as_chunks::<8>().0;
    let word = |index: usize| words.get(index).map_or(0, |word| u64::from_ne_bytes(*word));
    Ok(if word(Word::Magic as usize) == layout::MAGIC { word(index) } else { 0 })
}

/// Whether no recovery makes the events of this session before `next` again when the spool has lost them: its recorder knows
/// that they are sealed, or is gone. One that is damaged there, or of another layout, never knows.
pub(crate) fn is_noted(disk: &dyn Disk, folder: &Path, session: Uuid, next: u64) -> bool {
    let bytes = match disk.read(&super::ring_path(folder, session), (Word::SealedTo as u64 + 1) * 8) {
        Ok(bytes) => bytes,
        Err(error) => return is_absent(&error),
    };
    let words = bytes.as_chunks::<8>().0;
    let word = |word: Word| words.get(word as usize).map_or(0, |word| u64::from_ne_bytes(*word));
    let sealed_to = layout::number(word(Word::SealedTo)).filter(|_| word(Word::Magic) == layout::MAGIC);
    sealed_to.is_none_or(|sealed_to| sealed_to >= next)
}

impl<'a> DeadRecorder<'a> {
    /// `None` if its owner lives, it is no recorder, or it is gone.
    ///
    /// # Errors
    /// Whatever the file system says when it is asked for the lock: then nobody knows whether the owner lives.
    pub(super) fn lock(disk: &'a dyn Disk, path: PathBuf) -> io::Result<Option<DeadRecorder<'a>>> {
        let is_recorder = path.extension().is_some_and(|extension| extension == super::READY);
        let session = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        let Some(session) = session.filter(|_| is_recorder) else { return Ok(None) };
        match disk.try_lock(&path, false) {
            Ok(lock) => Ok(lock.map(|lock| DeadRecorder { disk, path, session, _lock: lock })),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whose it was.
    pub(super) fn session(&self) -> Uuid {
        self.session
    }

    /// The file's words, in this machine's byte order; as many whole ones as there are.
    pub(super) fn words(&self) -> io::Result<Vec<u64>> {
        let bytes = self.disk.read(&self.path, FILE_BYTES_MAX)?;
        Ok(bytes.as_chunks().0.iter().map(|word| u64::from_ne_bytes(*word)).collect())
    }

    pub(super) fn word(&self, word: Word) -> io::Result<Option<u64>> {
        let end = (word as u64 + 1) * 8;
        let bytes = self.disk.read(&self.path, end)?;
        Ok(bytes.as_chunks::<8>().0.get(word as usize).map(|word| u64::from_ne_bytes(*word)))
    }

    pub(super) fn store(&self, word: Word, number: u64) -> io::Result<()> {
        self.disk.write_at(&self.path, word as u64 * 8, &layout::checked(number).to_ne_bytes())
    }

    /// How many failed starts of NoWait stand in its account.
    pub(super) fn starts_failed(&self) -> io::Result<u64> {
        starts_failed(self.disk, &self.path)
    }

    /// Notes an attempt in the file before it is read; `false` once there were too many.
    pub(super) fn begin_attempt(&mut self) -> io::Result<bool> {
        // A file too short for its header has no counter; reading it cannot be what killed us.
        let Some(word) = self.word(Word::Attempts)? else { return Ok(true) };
        // A damaged counter counts as none: better one attempt more than a recorder that is never read.
        let attempts = layout::number(word).unwrap_or_default().saturating_add(1);
        self.store(Word::Attempts, attempts)?;
        Ok(attempts <= RECOVER_ATTEMPTS_MAX)
    }

    /// Takes the last attempt back: the file could be read.
    pub(super) fn forgive_attempt(&mut self) {
        if let Ok(Some(word)) = self.word(Word::Attempts) {
            // If this fails, the attempt stays counted; the disk has then failed twice.
            let _ = self.store(Word::Attempts, layout::number(word).unwrap_or_default().saturating_sub(1));
        }
    }

    /// Notes that the spool has events up to here, if its owner died before it could.
    pub(super) fn note_spooled_to(&mut self, next: u64) -> io::Result<()> {
        match self.word(Word::SealedTo)?.and_then(layout::number) {
            Some(sealed_to) if sealed_to < next => self.note_sealed_to(next),
            _ => Ok(()),
        }
    }

    /// Notes that events before `next` are in the spool.
    pub(super) fn note_sealed_to(&mut self, next: u64) -> io::Result<()> {
        match self.word(Word::Magic)? {
            Some(layout::MAGIC) => self.store(Word::SealedTo, next),
            // Another layout has other words there, or there is no header: a kill now makes the same batches again.
            _ => Ok(()),
        }
    }

    /// Moves it into the quarantine; how much it seems to have held.
    pub(super) fn quarantine(self, folder: &Path) -> io::Result<Held> {
        let words = self.words().unwrap_or_default();
        let committed = |range: std::ops::Range<usize>| {
            let end = range.end.min(words.len());
            let slots = words.get(range.start.min(end)..end).unwrap_or_default();
            slots.as_chunks::<SLOT_WORDS>().0.iter().filter(|slot| slot[0] != 0).count() as u64
        };
        let is_ours = words.first().is_some_and(|magic| *magic == layout::MAGIC);
        // Where another layout has what is not known: then everything is one event, so that it shows in the ledger.
        let held = if is_ours {
            let sealed_to =
                words.get(Word::SealedTo as usize).and_then(|word| layout::number(*word)).unwrap_or(0);
            let events = super::read::unsealed_events(&words, sealed_to);
            Held { events, facts: committed(layout::FACTS) }
        } else {
            Held { events: 1, facts: 0 }
        };
        self.disk.rename(&self.path, &folder.join(self.path.file_name().unwrap_or_default()))?;
        Ok(held)
    }

    /// Removes it, now that all it held is sealed.
    pub(super) fn remove(self) -> io::Result<()> {
        self.disk.remove(&self.path)
    }
}
