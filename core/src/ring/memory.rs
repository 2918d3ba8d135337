//! The words that the engine keeps where a kill leaves them: a memory-mapped file, or the heap where there is none.
//!
//! **Why unsafe.** A shared file mapping is memory that the compiler cannot know. The one unsafe block below
//! turns it into a slice of atomics, which stays sound whatever another process stores there.
//!
//! Owns: allocation of real blocks, the mapping, the lock that says its owner lives.
//! Refuses: any meaning of the words.
//! Invariant: the words live as long as the process, so that a late recording thread never meets freed memory.
#![allow(unsafe_code)]

use crate::fork::LockedFile;
use crate::sync::AtomicU64;
use rustix::fs::{FallocateFlags, fallocate};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

/// Words that outlive every thread, and the file that they lie in.
#[derive(Debug)]
pub(crate) struct Memory {
    /// The words: all zero at first, or what the file held.
    pub(crate) words: &'static [AtomicU64],
    backing: Backing,
}

/// Where the words lie.
#[derive(Debug)]
enum Backing {
    Heap,
    /// A file of one process. Its lock is held while the process lives.
    Owned(LockedFile, Mapping),
    /// A file of all processes, and its mapping.
    Shared(File, Mapping),
    /// A simulated disk: what it keeps, and whether it still has the file.
    #[cfg(test)]
    Simulated(Box<dyn Simulated>),
}

/// A file that a simulated disk has mapped.
#[cfg(test)]
pub(crate) trait Simulated: Send + Sync + std::fmt::Debug {
    /// Whether the disk still has the file under its name.
    fn is_there(&self) -> bool;
    /// As [`Memory::sync`].
    fn sync(&self, words: usize) -> io::Result<()>;
}

impl Memory {
    /// Creates `path`, allocates its blocks, locks it and maps it.
    ///
    /// # Errors
    /// Whatever the file system says: no space, a quota, a read-only or missing folder. Nothing is left behind.
    pub(crate) fn map(path: &Path, words: usize) -> io::Result<Memory> {
        let lock = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        // Locked before anything else. Only a starter that takes it for a leftover can be faster; it lets go.
        let mapped = lock.lock().and_then(|()| allocate(&lock, words * 8, append_zeros)).and_then(|()| {
            // Opened once more: a mapping keeps the lock of the file it was made from, and a forked child would
            // go on holding it with the mapping it inherits.
            let file = OpenOptions::new().read(true).write(true).open(path)?;
            map_words(&file, words)
        });
        match mapped {
            Ok((words, mapping)) => {
                Ok(Memory { words, backing: Backing::Owned(LockedFile::new(lock), mapping) })
            }
            Err(error) => {
                // The caller falls back to the heap; a half-made file must not look like a dead recorder.
                let _ = std::fs::remove_file(path);
                Err(error)
            }
        }
    }

    /// Maps `path` for every process that asks, and makes it first if it is missing. What is in it stays as it is; what
    /// it is short of is zero.
    ///
    /// # Errors
    /// As [`Memory::map`]; the file is left, because another process may have it mapped.
    pub(crate) fn map_shared(path: &Path, words: usize) -> io::Result<Memory> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        allocate(&file, words * 8, append_zeros_alone)?;
        let (words, mapping) = map_words(&file, words)?;
        Ok(Memory { words, backing: Backing::Shared(file, mapping) })
    }

    /// The same words on the heap: they die with the process.
    pub(crate) fn heap(words: usize) -> Memory {
        #[cfg(all(test, not(any(loom, shuttle))))]
        if let Some(words) = crate::simulate::words(words) {
            return Memory { words, backing: Backing::Heap };
        }
        let words: Vec<AtomicU64> = (0..words).map(|_| AtomicU64::new(0)).collect();
        Memory { words: Box::leak(words.into_boxed_slice()), backing: Backing::Heap }
    }

    /// Words of a simulated disk.
    #[cfg(test)]
    pub(crate) fn simulated(words: &'static [AtomicU64], file: Box<dyn Simulated>) -> Memory {
        Memory { words, backing: Backing::Simulated(file) }
    }

    /// Whether a kill loses what is recorded: there is no file, or somebody has removed it under us.
    pub(crate) fn is_lost_by_a_kill(&self) -> bool {
        match &self.backing {
            Backing::Heap => true,
            Backing::Owned(lock, _) => is_removed(lock.file()),
            Backing::Shared(file, _) => is_removed(file),
            #[cfg(test)]
            Backing::Simulated(file) => !file.is_there(),
        }
    }

    /// Makes what the first `words` words of the file hold now survive a power cut. A kill needs no such thing.
    ///
    /// Linux takes the right to store away from every page that it writes out, and whoever stores next pays for it: some
    /// microseconds. That is why not all of them are written.
    ///
    /// # Errors
    /// Whatever the file system says; `Unsupported` if there is no file.
    pub(crate) fn sync(&self, words: usize) -> io::Result<()> {
        match &self.backing {
            #[cfg(not(any(loom, shuttle)))]
            Backing::Shared(file, mapping) => sync_first(file, mapping, words),
            #[cfg(not(any(loom, shuttle)))]
            Backing::Owned(lock, mapping) => sync_first(lock.file(), mapping, words),
            #[cfg(test)]
            Backing::Simulated(file) => file.sync(words),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// On Linux the mapping's sync is the file's, of these pages alone. Elsewhere both: a file's sync need not know of stores
/// through a mapping, and on iOS only the file's reaches the flash.
#[cfg(not(any(loom, shuttle)))]
fn sync_first(file: &File, mapping: &memmap2::MmapRaw, words: usize) -> io::Result<()> {
    mapping.flush_range(0, words.saturating_mul(8).min(mapping.len()))?;
    if cfg!(any(target_os = "linux", target_os = "android")) { Ok(()) } else { file.sync_data() }
}

#[cfg(unix)]
fn is_removed(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
}

#[cfg(not(unix))]
fn is_removed(_: &File) -> bool {
    false
}

/// File systems that write a block somewhere else whenever it changes (btrfs, bcachefs, ZFS; `f_type` of statfs): what
/// was allocated before is not kept for it, so that a store into a mapped file of a full disk is a SIGBUS all the same.
#[cfg(any(target_os = "linux", target_os = "android"))]
const COPY_ON_WRITE: [u64; 3] = [0x9123_683E, 0xCA45_1A4E, 0x2FC1_2FC1];

/// Whether blocks of this file stay where they were allocated.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn keeps_blocks(file: &File) -> bool {
    // A file system that does not even say what it is has other troubles, which the calls below will meet.
    rustix::fs::fstatfs(file)
        .is_ok_and(|statfs| !COPY_ON_WRITE.contains(&(statfs.f_type as u64 & 0xFFFF_FFFF)))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn keeps_blocks(_: &File) -> bool {
    true
}

/// Gives the file the real blocks that it is short of, because a store into a hole of a full disk would be a SIGBUS. What it
/// has stays as it is. Where the file system has no call for it, `append` writes zeros up to this length.
fn allocate(
    file: &File,
    bytes: usize,
    append: impl FnOnce(&File, usize) -> io::Result<()>,
) -> io::Result<()> {
    if !keeps_blocks(file) {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let is_short = || file.metadata().map(|metadata| metadata.len() < bytes as u64);
    // Elsewhere the call would cut what is longer. Here it also fills the holes that a backup may have left.
    if !cfg!(any(target_os = "linux", target_os = "android")) && !is_short()? {
        return Ok(());
    }
    match fallocate(file, FallocateFlags::empty(), 0, bytes as u64) {
        Ok(()) => Ok(()),
        Err(error) if is_unsupported(error) => append(file, bytes),
        Err(error) => Err(error.into()),
    }
}

/// Fills a file that nobody else writes to.
fn append_zeros(mut file: &File, bytes: usize) -> io::Result<()> {
    let end = file.seek(SeekFrom::End(0))?;
    write_zeros(file, bytes.saturating_sub(end as usize))
}

/// The same of a file that other processes may have mapped, one process at a time: a second one must not write zeros over
/// what the first has stored.
fn append_zeros_alone(file: &File, bytes: usize) -> io::Result<()> {
    file.lock()?;
    let appended = append_zeros(file, bytes);
    file.unlock().and(appended)
}

/// Whether the file system has no such call, so that writing zeros is the way.
fn is_unsupported(error: rustix::io::Errno) -> bool {
    matches!(error, rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS | rustix::io::Errno::INVAL)
}

fn write_zeros(mut file: &File, bytes: usize) -> io::Result<()> {
    let page = [0_u8; 4_096];
    let mut left = bytes;
    while left > 0 {
        let now = left.min(page.len());
        file.write_all(page.get(..now).unwrap_or(&page))?;
        left -= now;
    }
    file.sync_data()
}

/// What keeps a mapping alive and can sync it.
#[cfg(any(loom, shuttle))]
type Mapping = ();
#[cfg(not(any(loom, shuttle)))]
type Mapping = &'static memmap2::MmapRaw;

/// A model checker's atomics are no plain words: under one, everything is on the heap.
#[cfg(any(loom, shuttle))]
fn map_words(_: &File, _: usize) -> io::Result<(&'static [AtomicU64], Mapping)> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(any(loom, shuttle)))]
fn map_words(file: &File, words: usize) -> io::Result<(&'static [AtomicU64], Mapping)> {
    // Never unmapped: recording threads may outlive any owner we could name.
    let map: Mapping = Box::leak(Box::new(memmap2::MmapOptions::new().len(words * 8).map_raw(file)?));
    let start = map.as_mut_ptr().cast::<AtomicU64>();
    // SAFETY: `start` is page-aligned and points to `words * 8` mapped, writable bytes that stay mapped for the
    // rest of the process; every bit pattern is an `AtomicU64`; no Rust reference to them exists but to such atomics.
    Ok((unsafe { std::slice::from_raw_parts(start, words) }, map))
}
