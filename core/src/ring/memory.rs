//! The words that the flight recorder writes into: a memory-mapped file, or the heap where there is none.
//!
//! **Why unsafe.** A shared file mapping is memory that the compiler cannot know. The one unsafe block below
//! turns it into a slice of atomics, which stays sound whatever another process stores there.
//!
//! Owns: allocation of real blocks, the mapping, the lock that says its owner lives.
//! Refuses: any meaning of the words (see `layout`).
//! Invariant: the words live as long as the process, so that a late recording thread never meets freed memory.
#![allow(unsafe_code)]

use crate::fork;
use crate::sync::AtomicU64;
use rustix::fs::{FallocateFlags, fallocate};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Zeroed words that outlive every thread, and the lock that is held while the process lives.
#[derive(Debug)]
pub(crate) struct Memory {
    /// The words, all zero at first.
    pub(crate) words: &'static [AtomicU64],
    /// Keeps the advisory lock; `None` on the heap.
    lock: Option<File>,
}

impl Memory {
    /// Creates `path`, allocates its blocks, locks it and maps it.
    ///
    /// # Errors
    /// Whatever the file system says: no space, a quota, a read-only or missing folder. Nothing is left behind.
    pub(crate) fn map(path: &Path, words: usize) -> io::Result<Memory> {
        let lock = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        // Locked before anything else. Only a starter that takes it for a leftover can be faster; it lets go.
        let mapped = lock.lock().and_then(|()| allocate(&lock, words * 8)).and_then(|()| {
            // Opened once more: a mapping keeps the lock of the file it was made from, and a forked child would
            // go on holding it with the mapping it inherits.
            let file = OpenOptions::new().read(true).write(true).open(path)?;
            map_words(&file, words)
        });
        match mapped {
            Ok(words) => {
                fork::close_in_child(&lock);
                Ok(Memory { words, lock: Some(lock) })
            }
            Err(error) => {
                // The caller falls back to the heap; a half-made file must not look like a dead recorder.
                let _ = std::fs::remove_file(path);
                Err(error)
            }
        }
    }

    /// The same words on the heap: they die with the process.
    pub(crate) fn heap(words: usize) -> Memory {
        let words: Vec<AtomicU64> = (0..words).map(|_| AtomicU64::new(0)).collect();
        Memory { words: Box::leak(words.into_boxed_slice()), lock: None }
    }

    /// Whether a kill loses what was recorded: there is no file, or somebody has removed it under us.
    pub(crate) fn is_lost_by_a_kill(&self) -> bool {
        match &self.lock {
            None => true,
            #[cfg(unix)]
            Some(file) => {
                use std::os::unix::fs::MetadataExt;
                file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
            }
            #[cfg(not(unix))]
            Some(_) => false,
        }
    }
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

/// Gives the file real blocks, because a store into a hole of a full disk would be a SIGBUS.
fn allocate(file: &File, bytes: usize) -> io::Result<()> {
    if !keeps_blocks(file) {
        return Err(io::ErrorKind::Unsupported.into());
    }
    match fallocate(file, FallocateFlags::empty(), 0, bytes as u64) {
        Ok(()) => Ok(()),
        Err(error) if is_unsupported(error) => write_zeros(file, bytes),
        Err(error) => Err(error.into()),
    }
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

/// A model checker's atomics are no plain words: under one, the recorder is always on the heap.
#[cfg(any(loom, shuttle))]
fn map_words(_: &File, _: usize) -> io::Result<&'static [AtomicU64]> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(any(loom, shuttle)))]
fn map_words(file: &File, words: usize) -> io::Result<&'static [AtomicU64]> {
    let map = memmap2::MmapOptions::new().len(words * 8).map_raw(file)?;
    let start = map.as_mut_ptr().cast::<AtomicU64>();
    // The mapping is never unmapped: recording threads may outlive any owner we could name.
    std::mem::forget(map);
    // SAFETY: `start` is page-aligned and points to `words * 8` mapped, writable bytes that stay mapped for the
    // rest of the process; every bit pattern is an `AtomicU64`; no other Rust reference to them exists.
    Ok(unsafe { std::slice::from_raw_parts(start, words) })
}
