//! For tests: a real disk on which something goes wrong on purpose, and folders for it.

use super::{Disk, Lock, RealDisk};
use crate::ring::layout;
use crate::ring::memory::Memory;
use std::cell::Cell;
use std::fmt;
use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A fresh folder, in memory where the machine has a place for that: thousands of synced files take their time elsewhere.
pub(crate) fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// What a process does until the disk kills it; `None` if it did.
pub(crate) fn until_killed<T>(process: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(process)) {
        Ok(done) => Some(done),
        Err(cause) if cause.is::<Killed>() => None,
        Err(cause) => resume_unwind(cause),
    }
}

thread_local! {
    /// The step of the engine at which the process on this thread is killed.
    static KILLED_AT: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// The same, until it comes to this step of the engine.
pub(crate) fn until_step<T>(name: &'static str, process: impl FnOnce() -> T) -> Option<T> {
    KILLED_AT.set(Some(name));
    let done = until_killed(process);
    KILLED_AT.set(None);
    done
}

/// The engine has come to a step.
pub(crate) fn step(name: &'static str) {
    if KILLED_AT.get() == Some(name) {
        kill();
    }
}

/// What unwinds a process that is killed: nothing of it runs on.
struct Killed;

fn kill() -> ! {
    resume_unwind(Box::new(Killed))
}

/// What goes wrong.
enum Fault {
    /// The process is killed when it has done half of the operation with this number, counted from 0.
    KillsAt(usize),
    /// The process is killed after it.
    KillsAfter(usize),
    /// These operations fail.
    Fails(Range<usize>),
    /// Nothing can be mapped.
    Unmapped,
    /// No new file can be mapped.
    WithoutRecorders,
    /// Another process does something before this operation.
    Meddles(usize, Box<dyn Fn() + Send + Sync>),
}

/// A disk with one fault.
pub(crate) struct FaultyDisk {
    fault: Fault,
    operations: AtomicUsize,
    /// What of the recorder was synced last.
    synced: Mutex<Vec<u64>>,
}

impl fmt::Debug for FaultyDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyDisk").field("operations", &self.operations).finish_non_exhaustive()
    }
}

impl FaultyDisk {
    fn new(fault: Fault) -> FaultyDisk {
        FaultyDisk { fault, operations: AtomicUsize::new(0), synced: Mutex::new(Vec::new()) }
    }

    /// Nothing goes wrong, until the power is cut.
    pub(crate) fn that_is_cut_off() -> FaultyDisk {
        FaultyDisk::fails_during(0..0)
    }

    /// The power is cut: of this recorder's file there is what was synced, and all facts.
    pub(crate) fn cut_off(&self, recorder: &Path) {
        let mut bytes = RealDisk.read(recorder, u64::MAX).unwrap();
        bytes[..layout::FACTS.start * 8].fill(0);
        for (word, synced) in bytes.as_chunks_mut().0.iter_mut().zip(&*self.synced.lock().unwrap()) {
            *word = synced.to_ne_bytes();
        }
        RealDisk.write(recorder, &bytes).unwrap();
    }

    /// Kills the process at this moment: there are two for each operation, half-way and after it.
    pub(crate) fn kills_at(moment: usize) -> FaultyDisk {
        let operation = moment / 2;
        FaultyDisk::new(if moment.is_multiple_of(2) {
            Fault::KillsAt(operation)
        } else {
            Fault::KillsAfter(operation)
        })
    }

    /// This operation fails, counted from 0.
    pub(crate) fn fails_at(operation: usize) -> FaultyDisk {
        FaultyDisk::fails_during(operation..operation + 1)
    }

    /// These operations fail, counted from 0.
    pub(crate) fn fails_during(operations: Range<usize>) -> FaultyDisk {
        FaultyDisk::new(Fault::Fails(operations))
    }

    /// Nothing can be mapped.
    pub(crate) fn without_mappings() -> FaultyDisk {
        FaultyDisk::new(Fault::Unmapped)
    }

    /// No recorder's file can be mapped.
    pub(crate) fn without_recorders() -> FaultyDisk {
        FaultyDisk::new(Fault::WithoutRecorders)
    }

    /// Another process does this before this operation, counted from 0.
    pub(crate) fn meddled_with_at(operation: usize, other: impl Fn() + Send + Sync + 'static) -> FaultyDisk {
        FaultyDisk::new(Fault::Meddles(operation, Box::new(other)))
    }

    /// How often it was asked by now.
    pub(crate) fn operations(&self) -> usize {
        // Relaxed: a number alone.
        self.operations.load(Ordering::Relaxed)
    }

    /// Whether the fault has happened by now.
    pub(crate) fn has_happened(&self) -> bool {
        match &self.fault {
            Fault::KillsAt(at) | Fault::KillsAfter(at) | Fault::Meddles(at, _) => self.operations() > *at,
            Fault::Fails(range) => self.operations() > range.start,
            Fault::Unmapped | Fault::WithoutRecorders => true,
        }
    }

    /// One operation; `half` is what a kill in the middle of it leaves.
    fn run<T>(
        &self,
        operation: impl FnOnce(RealDisk) -> io::Result<T>,
        half: impl FnOnce(),
    ) -> io::Result<T> {
        // Relaxed: a number alone.
        let now = self.operations.fetch_add(1, Ordering::Relaxed);
        match &self.fault {
            Fault::KillsAt(at) if now == *at => {
                half();
                kill();
            }
            Fault::KillsAfter(at) if now == *at => {
                // Whether it succeeded, the process never knows.
                let _ = operation(RealDisk);
                kill();
            }
            Fault::Fails(range) if range.contains(&now) => {
                return Err(io::Error::other("the disk fails on purpose"));
            }
            Fault::Meddles(at, other) if now == *at => other(),
            _ => {}
        }
        operation(RealDisk)
    }

    fn map(&self, map: impl FnOnce(RealDisk) -> io::Result<Memory>) -> io::Result<Memory> {
        if matches!(self.fault, Fault::Unmapped) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.run(map, || ())
    }
}

impl Disk for FaultyDisk {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.run(|disk| disk.create_folder(path), || ())
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.run(|disk| disk.remove_folder(path), || ())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.run(|disk| disk.list(folder), || ())
    }

    fn read(&self, path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
        self.run(|disk| disk.read(path, max_bytes), || ())
    }

    fn read_end(&self, path: &Path, bytes: u64) -> io::Result<(Vec<u8>, u64)> {
        self.run(|disk| disk.read_end(path, bytes), || ())
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        // Where there is no folder, not even half.
        let half = || drop(RealDisk.write(path, &bytes[..bytes.len() / 2]));
        self.run(|disk| disk.write(path, bytes), half)
    }

    fn write_at(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let half = || drop(RealDisk.write_at(path, offset, &bytes[..bytes.len() / 2]));
        self.run(|disk| disk.write_at(path, offset, bytes), half)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.run(|disk| disk.rename(from, to), || ())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.run(|disk| disk.remove(path), || ())
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.run(|disk| Ok(disk.is_folder(path)), || ()).unwrap_or(false)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.run(|disk| disk.sync_folder(folder), || ())
    }

    fn try_lock(&self, path: &Path, create: bool) -> io::Result<Option<Lock>> {
        self.run(|disk| disk.try_lock(path, create), || ())
    }

    fn map_new(&self, path: &Path, words: usize) -> io::Result<Memory> {
        if matches!(self.fault, Fault::WithoutRecorders) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.map(|disk| disk.map_new(path, words))
    }

    fn map_shared(&self, path: &Path, words: usize) -> io::Result<Memory> {
        self.map(|disk| disk.map_shared(path, words))
    }

    fn sync_mapped(&self, memory: &Memory, words: usize) -> io::Result<()> {
        if words == layout::FACTS.start {
            // Relaxed: one thread does everything here.
            let now = memory.words[..words].iter().map(|word| word.load(Ordering::Relaxed));
            *self.synced.lock().unwrap() = now.collect();
        }
        self.run(|disk| disk.sync_mapped(memory, words), || ())
    }
}
