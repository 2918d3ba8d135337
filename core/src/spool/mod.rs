//! Sealed batches on disk, waiting for the network.
//!
//! Written once under a temporary name, synced, renamed; never changed again. Any number of processes may work on the
//! folder: whoever removes a file first has it, and a file that is gone is one that somebody else has dealt with. Batches
//! of every generation and of customers who have not decided lie side by side; the decision is read when one is sent.
//!
//! Owns: one folder, and who may send from it. Refuses: the network, the decision, and what the bytes mean.
//! Invariant: a file under its final name is whole and durable, or its checksum says that it is not; and it is counted as
//! dropped once or never.

mod file;
mod leftovers;
mod room;
mod split;
#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;

pub(crate) use file::{Seal, Value};
#[cfg(all(test, not(any(loom, shuttle))))]
pub(crate) use file::{footer, into_frame};
pub(crate) use room::Room;

use crate::disk::{Disk, Lock, is_absent};
use crate::limits::{
    PENDING_BYTES_MAX, PENDING_FILES_MAX, SPOOL_BYTES_MAX, SPOOL_FILE_BYTES_MAX, SPOOL_FILES_MAX,
};
use crate::ring::account::{Account, Counter};
use crate::sync::{Mutant, is_broken};
use file::{FileName, Name};
use nowait_wire::{DropReason, Uuid};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder, in NoWait's folder.
const FOLDER: &str = "spool";

/// Whoever holds the lock of this file, in the spool's folder, is the one that sends.
const UPLOAD_LOCK: &str = "upload.lock";

/// A sealed batch in the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    name: FileName,
    /// Bytes of the whole file.
    pub(crate) bytes: u64,
    pub(crate) seal: Seal,
}

/// How much there may be.
#[derive(Clone, Copy, Debug)]
struct Caps {
    bytes: u64,
    files: usize,
}

/// Whether this session, whose recorder is in NoWait's folder, knows that its events before this number are sealed.
type IsNoted = fn(&dyn Disk, &Path, Uuid, u64) -> bool;

/// This process's view of the folder.
#[derive(Debug)]
pub(crate) struct Spool {
    disk: Arc<dyn Disk>,
    /// NoWait's folder.
    root: PathBuf,
    folder: PathBuf,
    /// This process's session: makes the names of its files its own.
    owner: Uuid,
    /// The number of the next file; `None` until the folder was listed.
    next_sequence: Option<u64>,
    /// What the last listing found. A file never changes, so that its footer is read once.
    known: BTreeMap<FileName, Entry>,
    /// Whether no recovery makes this batch again once it is gone from here.
    is_noted: IsNoted,
    /// For all files, and for those that were sealed while the customer had not decided.
    caps: Caps,
    pending_caps: Caps,
}

impl Spool {
    /// The spool in NoWait's folder `root`, for the session `owner`. Touches nothing yet.
    pub(crate) fn new(disk: Arc<dyn Disk>, root: &Path, owner: Uuid, is_noted: IsNoted) -> Spool {
        Spool {
            disk,
            root: root.to_owned(),
            folder: root.join(FOLDER),
            owner,
            next_sequence: None,
            known: BTreeMap::new(),
            is_noted,
            caps: caps(0, Caps { bytes: SPOOL_BYTES_MAX, files: SPOOL_FILES_MAX }),
            pending_caps: caps(1, Caps { bytes: PENDING_BYTES_MAX, files: PENDING_FILES_MAX }),
        }
    }

    fn path(&self, name: FileName) -> PathBuf {
        self.folder.join(name.to_string())
    }

    /// The sealed batches in the folder, in no order.
    fn list_batches(&mut self) -> io::Result<Vec<FileName>> {
        let names = list(&*self.disk, &self.folder)?;
        let batches: Vec<FileName> = names
            .into_iter()
            .filter_map(|(_, name)| if let Name::Batch(name) = name { Some(name) } else { None })
            .collect();
        let is_first = self.next_sequence.is_none();
        let after_all = batches.iter().map(|name| name.sequence + 1).max().unwrap_or_default();
        self.next_sequence = Some(after_all.max(self.next_sequence.unwrap_or_default()));
        if is_first && self.take_over_pending()? {
            return self.list_batches();
        }
        Ok(batches)
    }

    /// Looks at the folder again. Damaged files are given up and counted on the way.
    fn refresh(&mut self, account: Account<'_>) -> io::Result<()> {
        let batches = self.list_batches()?;
        let mut before = std::mem::take(&mut self.known);
        for name in batches {
            let entry = before.remove(&name).map_or_else(|| self.read_entry(name), Ok);
            match entry {
                Ok(entry) => {
                    self.known.insert(name, entry);
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    // What cannot be given up now is found damaged again.
                    if name.of.is_none_or(|(session, next)| self.is_noted(session, next)) {
                        let _ = self.give_up(name, DropReason::SpoolCorrupt, account);
                    }
                }
                // Gone: another process has dealt with it. Else it cannot be read now and must not hide the others; it
                // is tried again the next time.
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn read_entry(&self, name: FileName) -> io::Result<Entry> {
        let (end, bytes) = self.disk.read_end(&self.path(name), file::FOOTER_BYTES as u64)?;
        let footer = file::footer(&end).filter(|_| bytes <= SPOOL_FILE_BYTES_MAX);
        footer.map(|(seal, _)| Entry { name, bytes, seal }).ok_or_else(damaged)
    }

    /// The batches in the folder, oldest first, whatever their generation. Damaged files are given up and counted on the
    /// way. Half of a batch that is still there whole is left out.
    ///
    /// # Errors
    /// Whatever the file system says when the folder cannot be listed.
    pub(crate) fn entries(&mut self, account: Account<'_>) -> io::Result<Vec<Entry>> {
        self.refresh(account)?;
        let mut entries: Vec<Entry> =
            self.known.values().filter(|entry| self.whole_of(entry).is_none()).copied().collect();
        entries.sort_by_key(|entry| (entry.name.sequence, entry.seal.first, entry.name.owner));
        Ok(entries)
    }

    /// How many sealed batches there are.
    ///
    /// # Errors
    /// As [`Spool::entries`].
    pub(crate) fn len(&mut self) -> io::Result<usize> {
        Ok(self.list_batches()?.len())
    }

    /// Seals an encoded batch; when this returns, it survives a kill and a power cut. Makes no room: see
    /// [`Spool::make_room`].
    ///
    /// # Errors
    /// Whatever the file system says; then nothing was sealed and the events must stay where they are.
    pub(crate) fn seal(&mut self, frame: &[u8], seal: Seal, account: Account<'_>) -> io::Result<Entry> {
        let sequence = match self.next_sequence {
            Some(sequence) => sequence,
            None => {
                self.list_batches()?;
                self.next_sequence.unwrap_or_default()
            }
        };
        let name = FileName {
            sequence,
            events: seal.events,
            owner: self.owner,
            of: Some((seal.session, seal.next)),
        };
        let bytes = file::to_bytes(frame, &seal);
        let unfinished = self.folder.join(name.unfinished());
        let written = match self.disk.write(&unfinished, &bytes) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.disk.create_folder(&self.folder)?;
                self.disk.write(&unfinished, &bytes)
            }
            written => written,
        };
        written.and_then(|()| self.disk.rename(&unfinished, &self.path(name))).inspect_err(|_| {
            // Half a file is of no use, and on a full disk it is in the way.
            let _ = self.disk.remove(&unfinished);
        })?;
        // A rename is durable once the folder is synced; where folders cannot be opened the next sync does it.
        if !is_broken(Mutant::SealUnsynced) {
            let _ = self.disk.sync_folder(&self.folder);
        }
        account.count(Counter::SealedBytes, bytes.len() as u64);
        self.next_sequence = Some(sequence + 1);
        let entry = Entry { name, bytes: bytes.len() as u64, seal };
        self.known.insert(name, entry);
        Ok(entry)
    }

    /// The encoded batch of an entry.
    ///
    /// # Errors
    /// `InvalidData` if the file is damaged, `NotFound` if another process has dealt with it, else whatever the file
    /// system says.
    pub(crate) fn read(&self, entry: &Entry) -> io::Result<Vec<u8>> {
        let bytes = self.disk.read(&self.path(entry.name), SPOOL_FILE_BYTES_MAX)?;
        file::into_frame(bytes).ok_or_else(damaged)
    }

    /// Removes a batch that the collector has. One that is gone already is as good.
    ///
    /// # Errors
    /// Whatever the file system says; then it is sent once more, and the collector knows it.
    pub(crate) fn delivered(&mut self, entry: &Entry) -> io::Result<()> {
        self.remove_halves(entry)?;
        self.remove_uncounted(entry.name)
    }

    /// Whether a batch of this session can be given up that ends before `next`. What a recovery would make again would be
    /// delivered, or counted, a second time.
    fn is_noted(&self, session: Uuid, next: u64) -> bool {
        (self.is_noted)(&*self.disk, &self.root, session, next)
    }

    /// Gives a batch up for a reason that the ledger will carry. One that is gone is not counted.
    ///
    /// # Errors
    /// Whatever the file system says, or `WouldBlock` before its session knows that it is sealed; then it is still there and
    /// not counted.
    pub(crate) fn drop_entry(
        &mut self,
        entry: &Entry,
        reason: DropReason,
        account: Account<'_>,
    ) -> io::Result<()> {
        if !self.is_noted(entry.seal.session, entry.seal.next) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.remove_halves(entry)?;
        self.give_up(entry.name, reason, account)?;
        self.known.remove(&entry.name);
        Ok(())
    }

    /// Counts and removes a file exactly once, whatever dies in between: the rename decides, and the name that the file
    /// gets says whose account counts it (see [`Spool::finish_give_up`]).
    fn give_up(&self, name: FileName, reason: DropReason, account: Account<'_>) -> io::Result<()> {
        let aside = self.folder.join(file::given_up(name.sequence, self.owner));
        // One that could not be removed must not be taken for this one.
        gone(self.disk.remove(&aside))?;
        account.give_up_begin(reason, name.sequence, u64::from(name.events));
        match self.disk.rename(&self.path(name), &aside) {
            Ok(()) => {
                if !is_broken(Mutant::GivenUpUncounted) {
                    account.give_up_finish();
                }
                // It is counted; what is left of it goes with what this session leaves.
                let _ = self.disk.remove(&aside);
                Ok(())
            }
            Err(error) => {
                account.give_up_cancel();
                gone(Err(error))
            }
        }
    }

    fn remove_uncounted(&mut self, name: FileName) -> io::Result<()> {
        gone(self.disk.remove(&self.path(name)))?;
        self.known.remove(&name);
        Ok(())
    }

    /// The right to send from this folder, until it is dropped or this process dies; `None` if another process has it.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub(crate) fn upload_lock(&self) -> io::Result<Option<Lock>> {
        let path = self.folder.join(UPLOAD_LOCK);
        match self.disk.try_lock(&path, true) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.disk.create_folder(&self.folder)?;
                self.disk.try_lock(&path, true)
            }
            locked => locked,
        }
    }
}

/// These caps, or in a simulation smaller ones.
fn caps(_which: usize, ours: Caps) -> Caps {
    #[cfg(all(test, not(any(loom, shuttle))))]
    if let Some((files, bytes)) = crate::simulate::caps()[_which] {
        return Caps { bytes, files };
    }
    ours
}

/// What is in a folder and is ours. The system may clear it at any time: then nothing is.
fn list(disk: &dyn Disk, folder: &Path) -> io::Result<Vec<(String, Name)>> {
    match disk.list(folder) {
        Ok(names) => {
            let parsed = |text: String| Name::parse(&text).map(|name| (text, name));
            Ok(names.into_iter().filter_map(parsed).collect())
        }
        Err(error) if is_absent(&error) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "spool file is damaged")
}

/// What is missing is gone, which is all that whoever removes something wants.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
