//! The folders of NoWait on this device and what moves between them.
//!
//! ```text
//! install, consent     two small facts (identity)
//! live/                one flight recorder per running process, and those of the dead until they are read
//! pending/             sealed batches of customers who have not decided yet
//! spool/               sealed batches on their way
//! quarantine/          recorders that could not be read three times
//! ```
//!
//! Owns: which spool a batch belongs in. Refuses: the network and the ring.
//! Invariant: nothing in `pending/` is ever sent.

use crate::batch::{self, Facts, Value};
use crate::config::Consent;
use crate::layout;
use crate::ledger::Account;
use crate::limits::{PENDING_BYTES_MAX, PENDING_FILES_MAX, SPOOL_BYTES_MAX, SPOOL_FILES_MAX};
use crate::memory::Memory;
use crate::recover::{self, DeadRing, NEW_SUFFIX, RING_SUFFIX, Remains};
use crate::ring::Drained;
use crate::spool::{self, Caps, Entry, Seal, Spool};
use nowait_wire::{Anchor, Batch, BatchId, Context, DropReason, Ledger, Uuid};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const SPOOL_CAPS: Caps = Caps { bytes: SPOOL_BYTES_MAX, files: SPOOL_FILES_MAX };
const PENDING_CAPS: Caps = Caps { bytes: PENDING_BYTES_MAX, files: PENDING_FILES_MAX };

/// Everything on disk.
#[derive(Debug)]
pub(crate) struct Storage {
    folder: PathBuf,
    session: Uuid,
    /// Opened at first use and again after the disk had refused.
    spool: Option<Spool>,
    pending: Option<Spool>,
}

/// The session that lives, as far as it stands in for what damage took from a dead one.
pub(crate) struct Living<'a> {
    pub(crate) account: Account<'a>,
    pub(crate) context: Context,
    pub(crate) anchor: Anchor,
}

/// The flight recorder's memory for this session: its file, or the heap where the disk refuses.
pub(crate) fn open_ring(folder: &Path, session: Uuid) -> Memory {
    // Twice: another starter may have taken the fresh file for a leftover in the moment before it was locked.
    map_ring(folder, session)
        .or_else(|_| map_ring(folder, session))
        .unwrap_or_else(|_| Memory::heap(layout::WORDS))
}

fn map_ring(folder: &Path, session: Uuid) -> io::Result<Memory> {
    let live = folder.join("live");
    fs::create_dir_all(&live)?;
    // Made under another name, so that no starter takes it for a dead one before it is locked and whole.
    let fresh = live.join(format!("{session}.{NEW_SUFFIX}"));
    let memory = Memory::map(&fresh, layout::WORDS)?;
    fs::rename(&fresh, ring_path(folder, session)).inspect_err(|_| {
        let _ = fs::remove_file(&fresh);
    })?;
    Ok(memory)
}

fn ring_path(folder: &Path, session: Uuid) -> PathBuf {
    folder.join("live").join(format!("{session}.{RING_SUFFIX}"))
}

impl Storage {
    pub(crate) fn new(folder: &Path, session: Uuid) -> Storage {
        Storage { folder: folder.to_owned(), session, spool: None, pending: None }
    }

    fn spool(&mut self) -> io::Result<&mut Spool> {
        open(&mut self.spool, &self.folder.join("spool"), SPOOL_CAPS, self.session)
    }

    fn pending(&mut self) -> io::Result<&mut Spool> {
        open(&mut self.pending, &self.folder.join("pending"), PENDING_CAPS, self.session)
    }

    fn for_consent(&mut self, consent: Consent) -> io::Result<&mut Spool> {
        if consent == Consent::Granted { self.spool() } else { self.pending() }
    }

    /// Seals an encoded batch where the customer's decision puts it.
    pub(crate) fn seal(
        &mut self,
        consent: Consent,
        frame: &[u8],
        seal: Seal,
        account: Account<'_>,
    ) -> io::Result<()> {
        self.for_consent(consent)?.seal(frame, seal, account)
    }

    /// The batches that may be sent, oldest first.
    pub(crate) fn entries(&mut self, account: Account<'_>) -> io::Result<Vec<Entry>> {
        self.spool()?.entries(account)
    }

    /// How many batches may be sent; 0 if that cannot be told.
    pub(crate) fn backlog(&mut self) -> usize {
        self.spool().and_then(|spool| spool.len()).unwrap_or(0)
    }

    pub(crate) fn read(&mut self, entry: &Entry) -> io::Result<Vec<u8>> {
        self.spool()?.read(entry)
    }

    pub(crate) fn delivered(&mut self, entry: &Entry) -> io::Result<()> {
        self.spool()?.delivered(entry)
    }

    pub(crate) fn drop_entry(
        &mut self,
        entry: &Entry,
        reason: DropReason,
        account: Account<'_>,
    ) -> io::Result<()> {
        self.spool()?.drop_entry(entry, reason, account)
    }

    /// Splits a batch that was refused for good into halves, once; a half that is refused is given up.
    pub(crate) fn rejected(&mut self, entry: &Entry, frame: &[u8], account: Account<'_>) -> io::Result<()> {
        let spool = self.spool()?;
        let halves = if entry.seal.split { None } else { split(frame, entry.seal) };
        let Some(halves) = halves else { return spool.drop_entry(entry, DropReason::Rejected, account) };
        for (frame, seal) in halves {
            spool.seal(&frame, seal, account)?;
        }
        // Dying before this line sends the whole once more, and its refusal makes the same halves again.
        spool.delivered(entry)
    }

    /// Moves what waited for the customer's consent to where it is sent from.
    pub(crate) fn grant(&mut self, account: Account<'_>) -> io::Result<()> {
        self.spool()?;
        self.pending()?;
        if let (Some(spool), Some(pending)) = (&mut self.spool, &self.pending) {
            pending.move_to(spool, account)?;
        }
        Ok(())
    }

    /// Seals and removes what dead processes left.
    pub(crate) fn recover(&mut self, consent: Consent, living: &Living<'_>) -> io::Result<()> {
        if consent == Consent::Granted {
            self.grant(living.account)?;
        }
        let live = self.folder.join("live");
        recover::remove_unfinished(&live);
        let mut outcome = Ok(());
        for ring in recover::find(&live) {
            // One that fails must not keep the others from being read.
            if let Err(error) = self.recover_one(ring, consent, living) {
                outcome = Err(error);
            }
        }
        outcome
    }

    fn recover_one(&mut self, mut ring: DeadRing, consent: Consent, living: &Living<'_>) -> io::Result<()> {
        let account = living.account;
        let folders = [self.folder.join("spool"), self.folder.join("pending")];
        let spool = self.for_consent(consent)?;
        let earlier: Vec<Seal> = spool
            .entries(account)?
            .into_iter()
            .map(|entry| entry.seal)
            .filter(|seal| seal.session == ring.session())
            .collect();
        if !earlier.iter().any(|seal| seal.last) {
            if !ring.begin_attempt()? {
                let events = ring.quarantine(&self.folder.join("quarantine"))?;
                account.dropped(DropReason::Quarantined, events);
                return Ok(());
            }
            let sealed_to = earlier.iter().map(|seal| seal.next).max().unwrap_or_default();
            let remains = ring.read(sealed_to, &folders)?;
            let sealed = seal_remains(spool, remains, living);
            if sealed.as_ref().err().is_none_or(|error| error.kind() != io::ErrorKind::InvalidData) {
                // It could be read: what the disk refuses, or a kill before the file is gone, is not its fault.
                ring.forgive_attempt();
            }
            sealed?;
        }
        spool::remove_leftovers(&folders, ring.session());
        ring.remove()
    }

    /// Removes this session's recorder file: everything in it is sealed, or was refused.
    pub(crate) fn remove_ring(&self) {
        // What cannot be removed is read and removed at the next start.
        let _ = fs::remove_file(ring_path(&self.folder, self.session));
    }

    /// Removes every event on this disk.
    pub(crate) fn wipe(&mut self) {
        self.spool = None;
        self.pending = None;
        for folder in ["spool", "pending", "live", "quarantine"] {
            // Missing is fine; what is in use by another process is wiped when that one is told.
            let _ = fs::remove_dir_all(self.folder.join(folder));
        }
    }
}

fn open<'a>(
    slot: &'a mut Option<Spool>,
    folder: &Path,
    caps: Caps,
    owner: Uuid,
) -> io::Result<&'a mut Spool> {
    // The system may clear a folder of ours at any time.
    if slot.as_ref().is_none_or(|spool| !spool.folder().is_dir()) {
        *slot = Some(Spool::open(folder, caps, owner)?);
    }
    slot.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Seals what a dead session left: the batch it was at, with the same content, then the rest with its end.
fn seal_remains(spool: &mut Spool, remains: Remains, living: &Living<'_>) -> io::Result<()> {
    let Remains { session, context, anchor, texts, held, rest, ledger } = remains;
    let facts = Facts {
        session,
        // Damaged: the install is the same, and most likely the rest.
        context: context.unwrap_or_else(|| living.context.clone()),
        anchor: anchor.unwrap_or(living.anchor),
        ledger,
    };
    for (drained, last) in [(held, false), (Some(rest), true)] {
        if let Some(drained) = drained {
            seal_one(spool, drained, facts.clone(), &texts, last, living.account)?;
        }
    }
    Ok(())
}

fn seal_one(
    spool: &mut Spool,
    drained: Drained,
    facts: Facts,
    texts: &[String],
    last: bool,
    account: Account<'_>,
) -> io::Result<()> {
    let seal = Seal {
        session: facts.session,
        first: drained.first,
        next: drained.next,
        events: drained.events.len() as u32,
        value: Value::of(&drained.events),
        last,
        split: false,
    };
    let batch = batch::make(drained, facts, &|id| texts.get(id.0 as usize).cloned());
    // Nothing but the content can be at fault here: an attempt that counts.
    let frame =
        nowait_wire::encode(&batch).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    spool.seal(&frame, seal, account)
}

/// A refused batch as two; `None` if it cannot be halved.
fn split(frame: &[u8], seal: Seal) -> Option<[(Vec<u8>, Seal); 2]> {
    let mut low = nowait_wire::decode(frame).ok()?;
    if low.events.len() < 2 {
        return None;
    }
    let events = low.events.split_off(low.events.len() / 2);
    // A position inside the batch's own range: no other batch of the session can begin there.
    let first = seal.first + low.events.len() as u64;
    let id = BatchId { session: seal.session, first };
    let high = Batch { id, events, ledger: Ledger::default(), ..low.clone() };
    let seal_of = |batch: &Batch| Seal {
        first: batch.id.first,
        events: batch.events.len() as u32,
        value: Value::of(&batch.events),
        split: true,
        ..seal
    };
    Some([
        (nowait_wire::encode(&low).ok()?, seal_of(&low)),
        (nowait_wire::encode(&high).ok()?, seal_of(&high)),
    ])
}
