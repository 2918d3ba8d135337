//! What dead processes left behind: their facts and events, their trail, and how they ended.
//!
//! A dead process's flight recorder is read with plain reads and never mapped. It is folded on from its last checkpoint, by
//! the same fold, over the facts that were left: the same events under the same numbers as if it had lived. Its owner is
//! dead when the lock on it can be had. One starter at a time does this for the whole folder, so that whoever else waits
//! for the end of it knows when it is there.
//!
//! Owns: finding, reading and removing dead recorders. Refuses: the network.
//! Invariant: a file is removed only after all it held is sealed, under ids that make doing it twice harmless.

mod dead;
mod ending;
mod previous;
mod read;
mod replay;
#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;

pub(crate) use ending::Endings;
pub use ending::{SystemExit, SystemExits};
pub use replay::{Replay, replay};

use crate::batch;
use crate::consent::{Consent, Decision};
use crate::disk::{Disk, Lock, is_absent};
use crate::fold::Waiting;
use crate::limits::{QUARANTINE_FILES_MAX, RECOVER_FILES_MAX};
use crate::ring::account::Account;
use crate::ring::header::Intent;
use crate::ring::layout;
use crate::ring::memory::Memory;
use crate::spool::{Entry, Room, Seal, Spool, Value};
use crate::sync::{Mutant, is_broken, step};
use dead::DeadRecorder;
pub(crate) use dead::is_noted;
use nowait_wire::{Batch, Context, DropReason, Event, NameId, RefuseReason, Uuid};
#[cfg(all(test, shuttle))]
pub(crate) use read::folded_to;
#[cfg(test)]
pub(crate) use read::{Session, read};
#[cfg(not(test))]
use read::{Session, read};
use std::io;
use std::path::{Path, PathBuf};

/// What a recorder file is called once it is ready.
const READY: &str = "ring";
/// What it is called before that.
const NEW: &str = "new";
/// The folder of recorder files, one per running process, and those of the dead until they are read.
const LIVE: &str = "live";
/// Recorders that could not be read, or are of a layout that is not known.
const QUARANTINE: &str = "quarantine";
/// Who holds this lock reads the dead recorders.
const ADOPTION: &str = "adoption";

/// The flight recorder's file of a session.
pub(crate) fn ring_path(folder: &Path, session: Uuid) -> PathBuf {
    folder.join(LIVE).join(format!("{session}.{READY}"))
}

/// How many failed starts of NoWait stand in the file of the session that `is_teller` says; `None` if there is no such file.
///
/// # Errors
/// Whatever the file system says.
pub(crate) fn starts_told(
    disk: &dyn Disk,
    folder: &Path,
    is_teller: impl Fn(Uuid) -> bool,
) -> io::Result<Option<(Uuid, u64)>> {
    let names = match disk.list(&folder.join(LIVE)) {
        Err(error) if is_absent(&error) => Vec::new(),
        names => names?,
    };
    let session = |name: &String| name.strip_suffix(READY)?.strip_suffix('.')?.parse().ok();
    let Some(teller) = names.iter().filter_map(session).find(|session| is_teller(*session)) else {
        return Ok(None);
    };
    match dead::starts_failed(disk, &ring_path(folder, teller)) {
        Err(error) if is_absent(&error) => Ok(None),
        told => Ok(Some((teller, told?))),
    }
}

/// The flight recorder's memory for a session: a fresh file.
///
/// # Errors
/// Whatever the file system says; nothing is left behind.
pub(crate) fn open_ring(disk: &dyn Disk, folder: &Path, session: Uuid) -> io::Result<Memory> {
    let live = folder.join(LIVE);
    disk.create_folder(&live)?;
    // Made under another name, so that no starter takes it for a dead one before it is locked and whole.
    let fresh = live.join(format!("{session}.{NEW}"));
    // Twice: another starter may have taken the fresh file for a leftover in the moment before it was locked.
    let memory = disk.map_new(&fresh, layout::WORDS).or_else(|_| disk.map_new(&fresh, layout::WORDS))?;
    disk.rename(&fresh, &ring_path(folder, session)).inspect_err(|_| {
        let _ = disk.remove(&fresh);
    })?;
    Ok(memory)
}

/// Removes every event of this folder that no living process has in use. What one has is wiped when it is told.
pub(crate) fn wipe(disk: &dyn Disk, folder: &Path) {
    remove_files(disk, &folder.join(QUARANTINE));
    let live = folder.join(LIVE);
    for name in disk.list(&live).unwrap_or_default() {
        let path = live.join(name);
        if let Ok(Some(_lock)) = disk.try_lock(&path, false) {
            let _ = disk.remove(&path);
        }
    }
    let _ = disk.remove_folder(&live);
}

fn remove_files(disk: &dyn Disk, folder: &Path) {
    for name in disk.list(folder).unwrap_or_default() {
        // Missing is fine; another process may be at the same.
        let _ = disk.remove(&folder.join(name));
    }
    let _ = disk.remove_folder(folder);
}

/// What became of the dead recorders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Adopted {
    /// None is left.
    All,
    /// Another process is at it.
    Busy,
    /// Some could not be read or sealed now.
    Failed,
}

/// The adoption of what the dead left, by a session that lives and stands in for what damage took.
pub(crate) struct Adoption<'a> {
    pub(crate) disk: &'a dyn Disk,
    pub(crate) folder: &'a Path,
    pub(crate) spool: &'a mut Spool,
    /// The customer's decision now: asked of each recorder, after that was read.
    pub(crate) decision: &'a dyn Fn() -> Decision,
    /// Told of each recorder before it is read: how many failed starts stand in it.
    pub(crate) starts_told: &'a dyn Fn(Uuid, u64),
    pub(crate) account: Account<'a>,
    pub(crate) context: &'a Context,
    pub(crate) endings: Endings<'a>,
}

impl Adoption<'_> {
    /// Seals what dead processes left, and removes it.
    pub(crate) fn run(mut self) -> Adopted {
        let live = self.folder.join(LIVE);
        let _lock: Lock = match self.disk.try_lock(&self.folder.join(ADOPTION), true) {
            Ok(Some(lock)) => lock,
            Ok(None) => return Adopted::Busy,
            // Nobody has left anything where no file can be.
            Err(error) if is_absent(&error) => return Adopted::All,
            Err(_) => return Adopted::Failed,
        };
        if self.disk.create_folder(&live).is_err() {
            return Adopted::Failed;
        }
        let Ok(mut names) = self.disk.list(&live) else { return Adopted::Failed };
        names.sort();
        let mut adopted = Adopted::All;
        let mut recorders = 0;
        for path in names.iter().map(|name| live.join(name)) {
            if path.extension().is_some_and(|extension| extension == NEW) {
                self.remove_unfinished(&path);
                continue;
            }
            // One that fails must not keep the others from being read.
            let is_done = match DeadRecorder::lock(self.disk, path) {
                Ok(Some(dead)) => {
                    recorders += 1;
                    recorders <= RECOVER_FILES_MAX && self.adopt(dead).is_ok()
                }
                Ok(None) => true,
                Err(_) => false,
            };
            if !is_done {
                adopted = Adopted::Failed;
            }
        }
        let has_recorder = |owner: Uuid| names.contains(&format!("{owner}.{READY}"));
        // Half-made files are of no use; what stays is removed at the next start.
        let _ = self.spool.remove_stale(has_recorder);
        adopted
    }

    /// Removes the file of a process that died before its recorder was ready: nothing is in it.
    fn remove_unfinished(&self, path: &Path) {
        if let Ok(Some(_lock)) = self.disk.try_lock(path, false) {
            let _ = self.disk.remove(path);
        }
    }

    fn adopt(&mut self, mut dead: DeadRecorder<'_>) -> io::Result<()> {
        (self.starts_told)(dead.session(), dead.starts_failed()?);
        let earlier: Vec<Seal> = self
            .spool
            .entries(self.account)?
            .into_iter()
            .map(|entry| entry.seal)
            .filter(|seal| seal.session == dead.session())
            .collect();
        let sealed_to =
            earlier.iter().filter(|seal| !seal.split).map(|seal| seal.next).max().unwrap_or_default();
        // First, so that none of these is made again after it had to make room.
        dead.note_spooled_to(sealed_to)?;
        self.spool.remove_unnoted(dead.session())?;
        if !earlier.iter().any(|seal| seal.last) {
            if !dead.begin_attempt()? {
                return self.quarantine(dead);
            }
            step("attempt noted");
            let words = dead.words()?;
            let Some(mut session) = self.read(&dead, &words, sealed_to)? else {
                return self.quarantine(dead);
            };
            let decision = (self.decision)();
            // Where that is damaged, only a device on which nobody ever refused may deliver it.
            let is_present = session.generation.unwrap_or(0) == decision.generation;
            if is_present || is_broken(Mutant::RefusedAdopted) {
                self.endings.join(&mut dead, &mut session)?;
                let sealed = self.seal(&mut dead, session, decision);
                if sealed.as_ref().err().is_none_or(|error| error.kind() != io::ErrorKind::InvalidData) {
                    // It could be read: what the disk refuses, or a kill before the file is gone, is not its fault.
                    dead.forgive_attempt();
                }
                if !is_broken(Mutant::RemovedUnsealed) {
                    sealed?;
                }
                step("recovered whole");
            }
        }
        // What stays of it is of no use, and removed with the next one.
        let _ = self.spool.remove_leftovers(dead.session());
        dead.remove()
    }

    /// What is in it; `None` if its layout is not known.
    fn read(&self, dead: &DeadRecorder<'_>, words: &[u64], sealed_to: u64) -> io::Result<Option<Session>> {
        let give_up = |account: Account<'_>| self.spool.finish_give_up(dead.session(), account);
        read(dead.session(), words, sealed_to, &give_up)
    }

    /// Moves it where it is never read again, and counts what it seems to have held.
    fn quarantine(&self, dead: DeadRecorder<'_>) -> io::Result<()> {
        let folder = self.folder.join(QUARANTINE);
        self.disk.create_folder(&folder)?;
        let mut kept = self.disk.list(&folder)?;
        kept.sort();
        let stay = if is_broken(Mutant::QuarantineUncapped) { kept.len() } else { QUARANTINE_FILES_MAX - 1 };
        for old in kept.iter().rev().skip(stay) {
            self.disk.remove(&folder.join(old))?;
        }
        let held = dead.quarantine(&folder)?;
        self.account.dropped(DropReason::Quarantined, held.events);
        self.account.refused(RefuseReason::Quarantined, held.facts);
        Ok(())
    }

    /// Seals what a dead session left: the batch that it was at, with the same content, then the rest with its end.
    fn seal(&mut self, dead: &mut DeadRecorder<'_>, session: Session, decision: Decision) -> io::Result<()> {
        let Session { context, texts, held, rest, ledger, network, anchors, .. } = session;
        // Damaged: the install is the same, and most likely the rest.
        let context = context.unwrap_or_else(|| self.context.clone());
        let anchors = if anchors.is_empty() { vec![self.endings.now] } else { anchors };
        let intent =
            |first, next| Intent { first, next, network, anchors: anchors.clone(), ledger: ledger.clone() };
        let mut batches: Vec<(Intent, Vec<Event>, bool)> = Vec::new();
        batches.extend(held.map(|(intent, events)| (intent, events, false)));
        let last = rest.len().saturating_sub(1);
        batches.extend(rest.into_iter().enumerate().map(|(index, batch)| {
            let Waiting { first, next, events, .. } = batch;
            (intent(first, next), events, index == last)
        }));
        for (intent, events, last) in batches {
            let seal = Seal {
                session: dead.session(),
                first: intent.first,
                next: intent.next,
                events: events.len() as u32,
                value: Value::of(&events, last),
                last,
                split: false,
                generation: decision.generation,
                pending: decision.consent == Consent::Pending,
            };
            let text = |id: NameId| texts.get(id.0 as usize).cloned();
            let batch = batch::make(seal.session, context.clone(), intent, events, &text);
            let (entry, has_room) = self.seal_one(seal, &batch)?;
            step("recovered batch sealed");
            dead.note_sealed_to(seal.next)?;
            step("recovered sealed-to noted");
            if !has_room {
                // Everything else is worth more. It goes the way of every batch, so that a kill does not count it twice.
                self.spool.drop_entry(&entry, DropReason::SpoolEvicted, self.account)?;
            }
        }
        Ok(())
    }

    /// Seals a batch; whether there was room for it.
    fn seal_one(&mut self, seal: Seal, batch: &Batch) -> io::Result<(Entry, bool)> {
        // Nothing but the content can be at fault here: an attempt that counts.
        let frame =
            nowait_wire::encode(batch).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        // What has to go is counted in the account of the session that lives, whose batches come later.
        loop {
            let room = self.spool.make_room(frame.len(), &seal, self.account)?;
            if room != Room::Made {
                let entry = self.spool.seal(&frame, seal, self.account)?;
                return Ok((entry, room == Room::Enough));
            }
        }
    }
}
