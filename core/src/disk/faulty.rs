//! For tests: a real disk that fails on purpose, and folders for it.

use super::{Disk, Lock, RealDisk};
use crate::ring::memory::Memory;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A fresh folder, in memory where the machine has a place for that: thousands of synced files take their time elsewhere.
pub(crate) fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The operation with this number is the last, and is done by half; what comes after it does nothing.
    Dies(usize),
    /// These operations fail, and no others.
    Fails(usize, usize),
    /// Nothing can be mapped.
    Unmapped,
}

/// A disk with one fault.
#[derive(Debug)]
pub(crate) struct FaultyDisk {
    fault: Fault,
    operations: AtomicUsize,
}

/// What becomes of one operation.
enum Step {
    Done,
    Half,
    Nothing,
}

impl FaultyDisk {
    fn new(fault: Fault) -> FaultyDisk {
        FaultyDisk { fault, operations: AtomicUsize::new(0) }
    }

    /// The process dies over this operation, counted from 0.
    pub(crate) fn dies_at(operation: usize) -> FaultyDisk {
        FaultyDisk::new(Fault::Dies(operation))
    }

    /// This operation fails, counted from 0.
    pub(crate) fn fails_at(operation: usize) -> FaultyDisk {
        FaultyDisk::fails_during(operation..operation + 1)
    }

    /// These operations fail, counted from 0.
    pub(crate) fn fails_during(operations: Range<usize>) -> FaultyDisk {
        FaultyDisk::new(Fault::Fails(operations.start, operations.end))
    }

    /// Nothing can be mapped.
    pub(crate) fn without_mappings() -> FaultyDisk {
        FaultyDisk::new(Fault::Unmapped)
    }

    /// How often it was asked by now.
    pub(crate) fn operations(&self) -> usize {
        // Relaxed: a number alone.
        self.operations.load(Ordering::Relaxed)
    }

    /// Whether something has gone wrong by now.
    pub(crate) fn has_failed(&self) -> bool {
        match self.fault {
            Fault::Dies(at) | Fault::Fails(at, _) => self.operations() > at,
            Fault::Unmapped => true,
        }
    }

    fn next(&self) -> Step {
        // Relaxed: a number alone.
        let now = self.operations.fetch_add(1, Ordering::Relaxed);
        match self.fault {
            Fault::Dies(at) if now == at => Step::Half,
            Fault::Dies(at) if now > at => Step::Nothing,
            Fault::Fails(from, to) if (from..to).contains(&now) => Step::Nothing,
            _ => Step::Done,
        }
    }

    fn step(&self) -> io::Result<RealDisk> {
        if matches!(self.next(), Step::Done) { Ok(RealDisk) } else { Err(failed()) }
    }
}

fn failed() -> io::Error {
    io::Error::other("the disk fails on purpose")
}

impl Disk for FaultyDisk {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?.create_folder(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?.remove_folder(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.step()?.list(folder)
    }

    fn read(&self, path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
        self.step()?.read(path, max_bytes)
    }

    fn read_end(&self, path: &Path, bytes: u64) -> io::Result<(Vec<u8>, u64)> {
        self.step()?.read_end(path, bytes)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        match self.next() {
            Step::Done => RealDisk.write(path, bytes),
            Step::Half => RealDisk.write(path, &bytes[..bytes.len() / 2]).and(Err(failed())),
            Step::Nothing => Err(failed()),
        }
    }

    fn write_at(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        match self.next() {
            Step::Done => RealDisk.write_at(path, offset, bytes),
            Step::Half => RealDisk.write_at(path, offset, &bytes[..bytes.len() / 2]).and(Err(failed())),
            Step::Nothing => Err(failed()),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?.remove(path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.step().is_ok_and(|disk| disk.exists(path))
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.step().is_ok_and(|disk| disk.is_folder(path))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.step()?.sync_folder(folder)
    }

    fn try_lock(&self, path: &Path, create: bool) -> io::Result<Option<Lock>> {
        self.step()?.try_lock(path, create)
    }

    fn map_new(&self, path: &Path, words: usize) -> io::Result<Memory> {
        self.mapping()?.map_new(path, words)
    }

    fn map_shared(&self, path: &Path, words: usize) -> io::Result<Memory> {
        self.mapping()?.map_shared(path, words)
    }

    fn sync_shared(&self, memory: &Memory) -> io::Result<()> {
        self.step()?.sync_shared(memory)
    }
}

impl FaultyDisk {
    fn mapping(&self) -> io::Result<RealDisk> {
        if matches!(self.fault, Fault::Unmapped) {
            Err(io::ErrorKind::Unsupported.into())
        } else {
            self.step()
        }
    }
}
