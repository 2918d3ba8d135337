//! Sealed batches on disk, waiting for the network.
//!
//! A file is `<sequence>-<events>-<session>.batch`: the encoded batch, then a footer with what the device needs
//! to know without decoding, and a checksum over everything. Written once under a temporary name, synced,
//! renamed; never changed again. The sequence number orders files; the wall clock is never asked.
//!
//! Owns: one folder. Refuses: the network, consent, and what the bytes mean.
//! Invariant: a file under its final name is whole and durable, or its checksum says that it is not.

use crate::batch::Value;
use crate::ledger::{Account, Counter};
use crate::limits::SPOOL_FILE_BYTES_MAX;
use nowait_wire::{DropReason, Uuid};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const SUFFIX: &str = ".batch";
const GIVEN_UP_SUFFIX: &str = ".given-up";
const MAGIC: &[u8; 8] = b"NWSPOOL\x01";
/// Magic, session, first, next, events, value, last, split, 0, checksum of the footer so far, checksum of the file.
const FOOTER_BYTES: usize = 8 + 16 + 8 + 8 + 4 + 4 + 4 + 4;

/// What the device must know of a sealed batch without decoding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seal {
    /// Whose events they are.
    pub(crate) session: Uuid,
    /// Position of the first event in that session's ring.
    pub(crate) first: u64,
    /// First position of that ring that is not in here.
    pub(crate) next: u64,
    /// Events inside.
    pub(crate) events: u32,
    /// What is lost with it.
    pub(crate) value: Value,
    /// Whether nothing of the session comes after it.
    pub(crate) last: bool,
    /// Whether it is half of a batch that was refused whole.
    pub(crate) split: bool,
}

/// One file of the spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) sequence: u64,
    pub(crate) bytes: u64,
    pub(crate) seal: Seal,
    pub(crate) path: PathBuf,
}

/// How much a spool may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    pub(crate) bytes: u64,
    pub(crate) files: usize,
}

/// One folder of sealed batches.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    caps: Caps,
    /// This process's session: makes the names of its files its own.
    owner: Uuid,
    next_sequence: u64,
}

impl Spool {
    /// Opens (and makes) the folder.
    ///
    /// # Errors
    /// Whatever the file system says when the folder cannot be made or listed.
    pub(crate) fn open(folder: &Path, caps: Caps, owner: Uuid) -> io::Result<Spool> {
        fs::create_dir_all(folder)?;
        let mut spool = Spool { folder: folder.to_owned(), caps, owner, next_sequence: 0 };
        spool.next_sequence =
            spool.names()?.iter().map(|name| name.sequence.saturating_add(1)).max().unwrap_or_default();
        Ok(spool)
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many files there are.
    pub(crate) fn len(&self) -> io::Result<usize> {
        Ok(self.names()?.len())
    }

    fn names(&self) -> io::Result<Vec<FileName>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            if let Some(name) = entry?.file_name().to_str().and_then(FileName::parse) {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// All whole files, oldest first. Damaged ones are set aside and counted on the way.
    pub(crate) fn entries(&self, account: Account<'_>) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for name in self.names()? {
            let path = self.folder.join(name.to_string());
            match read_footer(&path) {
                Ok((seal, bytes)) => entries.push(Entry { sequence: name.sequence, bytes, seal, path }),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    self.give_up(&path, name.sequence, name.events, DropReason::SpoolCorrupt, account)?;
                }
                // Another process with this folder may have sent and removed it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                // One file that cannot be read now must not hide the others; it is tried again the next time.
                Err(_) => {}
            }
        }
        entries.sort_by_key(|entry| (entry.sequence, entry.seal.first));
        Ok(entries)
    }

    /// Seals an encoded batch; when this returns, it survives kill and power cut. Then gives up what is over
    /// the caps, least valuable and oldest first.
    ///
    /// # Errors
    /// Whatever the file system says; then nothing was sealed and the events must stay where they are.
    pub(crate) fn seal(&mut self, frame: &[u8], seal: Seal, account: Account<'_>) -> io::Result<()> {
        let name = FileName { sequence: self.next_sequence, events: seal.events, owner: self.owner };
        let path = self.folder.join(name.to_string());
        let temporary = self.folder.join(format!(".{name}"));
        write_sealed(&temporary, frame, &seal).and_then(|()| fs::rename(&temporary, &path)).inspect_err(
            |_| {
                // Half a file is of no use, and on a full disk it is in the way.
                let _ = fs::remove_file(&temporary);
            },
        )?;
        account.count(Counter::SealedBytes, (frame.len() + FOOTER_BYTES) as u64);
        self.next_sequence += 1;
        sync_folder(&self.folder);
        // The batch is sealed whatever comes of this; the next seal tries again to keep the caps.
        let _ = self.keep_caps(account);
        Ok(())
    }

    fn keep_caps(&self, account: Account<'_>) -> io::Result<()> {
        let mut entries = self.entries(account)?;
        entries.sort_by_key(|entry| (entry.seal.value, entry.sequence));
        let mut bytes: u64 = entries.iter().map(|entry| entry.bytes).sum();
        let mut files = entries.len();
        for entry in entries {
            if bytes <= self.caps.bytes && files <= self.caps.files {
                break;
            }
            self.drop_entry(&entry, DropReason::SpoolEvicted, account)?;
            bytes -= entry.bytes;
            files -= 1;
        }
        Ok(())
    }

    /// Gives a batch up for a reason that the ledger will carry.
    pub(crate) fn drop_entry(
        &self,
        entry: &Entry,
        reason: DropReason,
        account: Account<'_>,
    ) -> io::Result<()> {
        self.give_up(&entry.path, entry.sequence, entry.seal.events, reason, account)
    }

    /// Counts and removes a file exactly once, whatever dies in between: the rename decides, and the name it
    /// gets says whose account counts it (see [`finish_give_up`]).
    fn give_up(
        &self,
        path: &Path,
        sequence: u64,
        events: u32,
        reason: DropReason,
        account: Account<'_>,
    ) -> io::Result<()> {
        account.give_up_begin(reason, sequence, u64::from(events));
        let aside = given_up_path(&self.folder, self.owner, sequence);
        match fs::rename(path, &aside) {
            Ok(()) => {
                account.give_up_finish();
                fs::remove_file(&aside)
            }
            Err(error) => {
                account.give_up_cancel();
                if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
            }
        }
    }

    /// Removes a batch that the collector has.
    pub(crate) fn delivered(&self, entry: &Entry) -> io::Result<()> {
        match fs::remove_file(&entry.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The encoded batch of an entry, checked against its footer.
    ///
    /// # Errors
    /// `InvalidData` if the file is damaged, else whatever the file system says.
    pub(crate) fn read(&self, entry: &Entry) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(&entry.path)?.take(SPOOL_FILE_BYTES_MAX).read_to_end(&mut bytes)?;
        let body = bytes.len().checked_sub(4).ok_or_else(damaged)?;
        let (body, check) = bytes.split_at(body);
        if check != crc32c::crc32c(body).to_le_bytes() {
            return Err(damaged());
        }
        bytes.truncate(bytes.len() - FOOTER_BYTES.min(bytes.len()));
        Ok(bytes)
    }

    /// Moves every file over to another spool of this process, when consent arrives.
    pub(crate) fn move_to(&self, other: &mut Spool, account: Account<'_>) -> io::Result<()> {
        for entry in self.entries(account)? {
            let name =
                FileName { sequence: other.next_sequence, events: entry.seal.events, owner: other.owner };
            fs::rename(&entry.path, other.folder.join(name.to_string()))?;
            other.next_sequence += 1;
        }
        sync_folder(&other.folder);
        Ok(())
    }
}

/// Where file `sequence` goes while `owner` gives it up.
fn given_up_path(folder: &Path, owner: Uuid, sequence: u64) -> PathBuf {
    folder.join(format!("{sequence:016x}-{}{GIVEN_UP_SUFFIX}", owner.simple()))
}

/// Finishes, in its account, the give-up that a dead process had begun: it counts if its rename happened.
/// The file set aside stays until [`remove_leftovers`], so that dying here repeats the same.
pub(crate) fn finish_give_up(folders: &[PathBuf], owner: Uuid, account: Account<'_>) {
    let Some(sequence) = account.give_up_file() else { return };
    if folders.iter().any(|folder| given_up_path(folder, owner, sequence).exists()) {
        account.give_up_finish();
    } else {
        account.give_up_cancel();
    }
}

/// Removes what a dead owner left half-done, once its account is sealed.
pub(crate) fn remove_leftovers(folders: &[PathBuf], owner: Uuid) {
    let temporary = format!("-{}{SUFFIX}", owner.simple());
    let given_up = format!("-{}{GIVEN_UP_SUFFIX}", owner.simple());
    for entry in folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if (name.starts_with('.') && name.ends_with(&temporary)) || name.ends_with(&given_up) {
            // Another starter may have been here first; what matters is that it is gone.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The name of a spool file and what it tells even if the content is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileName {
    sequence: u64,
    events: u32,
    owner: Uuid,
}

impl FileName {
    fn parse(text: &str) -> Option<FileName> {
        let mut parts = text.strip_suffix(SUFFIX)?.splitn(3, '-');
        let sequence = parts.next().filter(|text| text.len() == 16)?;
        Some(FileName {
            // Larger ones are not ours: a session seals some thousand files.
            sequence: u64::from_str_radix(sequence, 16).ok().filter(|sequence| *sequence < 1 << 48)?,
            events: parts.next()?.parse().ok()?,
            owner: parts.next()?.parse().ok()?,
        })
    }
}

impl std::fmt::Display for FileName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}-{}-{}{SUFFIX}", self.sequence, self.events, self.owner.simple())
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "spool file is damaged")
}

fn write_sealed(path: &Path, frame: &[u8], seal: &Seal) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(frame.len() + FOOTER_BYTES);
    bytes.extend_from_slice(frame);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(seal.session.as_bytes());
    bytes.extend_from_slice(&seal.first.to_le_bytes());
    bytes.extend_from_slice(&seal.next.to_le_bytes());
    bytes.extend_from_slice(&seal.events.to_le_bytes());
    bytes.extend_from_slice(&[seal.value as u8, u8::from(seal.last), u8::from(seal.split), 0]);
    // The footer alone decides what a recovery takes for sealed, so it is believed only if it is whole.
    let footer = bytes.get(frame.len()..).unwrap_or_default();
    bytes.extend_from_slice(&crc32c::crc32c(footer).to_le_bytes());
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    let mut file = File::create(path)?;
    file.write_all(&bytes)?;
    file.sync_data()
}

/// A rename is durable once the folder is synced; where folders cannot be opened the next sync does it.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

fn read_footer(path: &Path) -> io::Result<(Seal, u64)> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    if bytes > SPOOL_FILE_BYTES_MAX || bytes < FOOTER_BYTES as u64 {
        return Err(damaged());
    }
    file.seek(SeekFrom::End(-(FOOTER_BYTES as i64)))?;
    let mut footer = [0; FOOTER_BYTES];
    file.read_exact(&mut footer)?;
    parse_footer(&footer).map(|seal| (seal, bytes)).ok_or_else(damaged)
}

fn parse_footer(footer: &[u8; FOOTER_BYTES]) -> Option<Seal> {
    let (fields, checks) = footer.split_last_chunk::<8>()?;
    if !checks.starts_with(&crc32c::crc32c(fields).to_le_bytes()) {
        return None;
    }
    let (magic, rest) = footer.split_first_chunk::<8>()?;
    let (session, rest) = rest.split_first_chunk::<16>()?;
    let (first, rest) = rest.split_first_chunk::<8>()?;
    let (next, rest) = rest.split_first_chunk::<8>()?;
    let (events, rest) = rest.split_first_chunk::<4>()?;
    let ([value, last, split, _], _) = rest.split_first_chunk::<4>()?;
    (magic == MAGIC).then(|| Seal {
        session: Uuid::from_bytes(*session),
        first: u64::from_le_bytes(*first),
        next: u64::from_le_bytes(*next),
        events: u32::from_le_bytes(*events),
        value: Value::from_u8(*value),
        last: *last != 0,
        split: *split != 0,
    })
}
