//! Every file operation of the engine, in one place, so that a simulator can make each of them fail or be the last.
//!
//! Owns: how a file is opened, written durably, locked and mapped. Refuses: what is in it, and where it belongs.
//! Invariant: nothing else in the engine touches a file system.

#[cfg(all(test, not(any(loom, shuttle))))]
pub(crate) mod faulty;

use crate::fork::LockedFile;
use crate::ring::memory::Memory;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// A file system. Errors are whatever it says; a missing file is `NotFound`.
pub(crate) trait Disk: Send + Sync + Debug {
    /// Makes a folder and its parents; nothing if it is there.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty folder.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;

    /// The names in a folder, in any order. Ours are ASCII: one that is no text is somebody else's and left out.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// The first `max_bytes` of a file, or all of it.
    fn read(&self, path: &Path, max_bytes: u64) -> io::Result<Vec<u8>>;

    /// The last `bytes` of a file, or all of a shorter one, and its length.
    fn read_end(&self, path: &Path, bytes: u64) -> io::Result<(Vec<u8>, u64)>;

    /// Makes or empties a file and writes it. The content survives a power cut; the name does once
    /// [`Disk::sync_folder`] says so.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Writes into a file that is there. Survives a power cut.
    fn write_at(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Gives a file another name, in place of the file that had it. Never half.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Whether this is a folder, as far as can be told.
    fn is_folder(&self, path: &Path) -> bool;

    /// Makes the names in a folder survive a power cut.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// The lock of a file, which a process loses when it dies; `None` if it is held, by this process too. With `create`
    /// a missing file is made. The lock is of the file that has this name now, not of one that was removed meanwhile.
    fn try_lock(&self, path: &Path, create: bool) -> io::Result<Option<Lock>>;

    /// Makes a file of zeroed words that a kill does not lose, and locks it as [`Disk::try_lock`] would see it.
    /// Fails if the file exists; nothing of ours is left behind by a failure.
    fn map_new(&self, path: &Path, words: usize) -> io::Result<Memory>;

    /// A file of words that all processes share: made if it is missing, extended with zeros if it is short.
    fn map_shared(&self, path: &Path, words: usize) -> io::Result<Memory>;

    /// Makes what the first `words` words of a mapped file hold survive a power cut.
    fn sync_mapped(&self, memory: &Memory, words: usize) -> io::Result<()>;
}

/// Whether this error says that there is nothing: a folder is missing, or a file is in its place.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// A lock on a file, held until this is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _held: Box<dyn Held>,
}

/// What lets go of a lock when it is dropped.
trait Held: Send + Sync + Debug {}
impl<T: Send + Sync + Debug> Held for T {}

impl Lock {
    /// A lock that `held` lets go of when it is dropped.
    pub(crate) fn new(held: impl Send + Sync + Debug + 'static) -> Lock {
        Lock { _held: Box::new(held) }
    }
}

/// The file system of the device.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RealDisk;

impl Disk for RealDisk {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn read(&self, path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(max_bytes).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn read_end(&self, path: &Path, bytes: u64) -> io::Result<(Vec<u8>, u64)> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
        let mut end = Vec::new();
        file.take(bytes).read_to_end(&mut end)?;
        Ok((end, length))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_data()
    }

    fn write_at(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)?;
        file.sync_data()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn try_lock(&self, path: &Path, create: bool) -> io::Result<Option<Lock>> {
        let file = OpenOptions::new().read(true).write(true).create(create).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) if has_name(&file, path)? => Ok(Some(Lock::new(LockedFile::new(file)))),
            // Whoever held it has removed or renamed it between our open and our lock.
            Ok(()) if create => self.try_lock(path, create),
            Ok(()) => Err(io::ErrorKind::NotFound.into()),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn map_new(&self, path: &Path, words: usize) -> io::Result<Memory> {
        Memory::map(path, words)
    }

    fn map_shared(&self, path: &Path, words: usize) -> io::Result<Memory> {
        Memory::map_shared(path, words)
    }

    fn sync_mapped(&self, memory: &Memory, words: usize) -> io::Result<()> {
        memory.sync(words)
    }
}

/// Whether this is still the file with this name.
#[cfg(unix)]
fn has_name(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let ours = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (ours.dev(), ours.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether this is still the file with this name: where a file is told by its name alone, as long as there is one.
#[cfg(not(unix))]
fn has_name(_: &File, path: &Path) -> io::Result<bool> {
    Ok(path.exists())
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    #[test]
    fn what_is_written_is_read_whole_and_by_its_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/file");
        assert_eq!(RealDisk.write(&path, b"x").unwrap_err().kind(), io::ErrorKind::NotFound);
        RealDisk.create_folder(path.parent().unwrap()).unwrap();
        RealDisk.create_folder(path.parent().unwrap()).unwrap();
        RealDisk.write(&path, b"0123456789").unwrap();
        RealDisk.write_at(&path, 2, b"xy").unwrap();
        assert_eq!(RealDisk.read(&path, 99).unwrap(), b"01xy456789");
        assert_eq!(RealDisk.read(&path, 3).unwrap(), b"01x");
        assert_eq!(RealDisk.read_end(&path, 3).unwrap(), (b"789".to_vec(), 10));
        assert_eq!(RealDisk.read_end(&path, 99).unwrap(), (b"01xy456789".to_vec(), 10));
        RealDisk.write(&path, b"new").unwrap();
        let other = path.with_extension("other");
        RealDisk.rename(&path, &other).unwrap();
        RealDisk.sync_folder(path.parent().unwrap()).unwrap();
        assert_eq!(RealDisk.list(path.parent().unwrap()).unwrap(), ["file.other"]);
        assert!(other.exists() && !RealDisk.is_folder(&other) && !path.exists());
        assert_eq!(RealDisk.write_at(&path, 0, b"x").unwrap_err().kind(), io::ErrorKind::NotFound);
        RealDisk.remove_folder(path.parent().unwrap()).unwrap_err();
        RealDisk.remove(&other).unwrap();
        RealDisk.remove_folder(path.parent().unwrap()).unwrap();
        assert_eq!(RealDisk.remove(&other).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn one_at_a_time_holds_a_lock_and_a_dropped_one_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        assert_eq!(RealDisk.try_lock(&path, false).unwrap_err().kind(), io::ErrorKind::NotFound);
        let lock = RealDisk.try_lock(&path, true).unwrap().unwrap();
        assert!(RealDisk.try_lock(&path, true).unwrap().is_none());
        assert!(RealDisk.try_lock(&path, false).unwrap().is_none());
        drop(lock);
        assert!(RealDisk.try_lock(&path, false).unwrap().is_some());
        assert!(RealDisk.try_lock(&path, false).unwrap().is_some(), "the one before was dropped at once");
    }

    #[test]
    fn more_locks_than_a_child_can_let_go_of_are_locks_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let lock = |number: usize| RealDisk.try_lock(&folder.path().join(number.to_string()), true).unwrap();
        let held: Vec<_> = (0..2 * crate::limits::LOCKS_MAX).map(lock).collect();
        assert!(held.iter().all(Option::is_some));
        assert!((0..held.len()).all(|number| lock(number).is_none()));
        drop(held);
        assert!((0..2 * crate::limits::LOCKS_MAX).all(|number| lock(number).is_some()));
    }

    #[test]
    fn a_new_file_of_words_is_locked_and_outlives_its_mapping() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ring");
        let memory = RealDisk.map_new(&path, 512).unwrap();
        assert!(memory.words.iter().all(|word| word.load(Ordering::Relaxed) == 0));
        memory.words[511].store(7, Ordering::Relaxed);
        assert!(RealDisk.try_lock(&path, false).unwrap().is_none());
        assert_eq!(RealDisk.map_new(&path, 512).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        memory.sync(512).unwrap();
        assert_eq!(Memory::heap(1).sync(1).unwrap_err().kind(), io::ErrorKind::Unsupported);
        drop(memory);
        assert!(RealDisk.try_lock(&path, false).unwrap().is_some());
        assert_eq!(RealDisk.read_end(&path, 8).unwrap(), (7_u64.to_ne_bytes().to_vec(), 4_096));
    }

    #[test]
    fn a_shared_file_is_one_memory_for_all_and_keeps_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shared");
        RealDisk.write(&path, &9_u64.to_ne_bytes()).unwrap();
        let [one, two] = [0, 0].map(|_| RealDisk.map_shared(&path, 512).unwrap());
        assert_eq!(one.words[0].load(Ordering::Relaxed), 9);
        assert_eq!(one.words[1].load(Ordering::Relaxed), 0);
        one.words[511].store(3, Ordering::Relaxed);
        assert_eq!(two.words[511].load(Ordering::Relaxed), 3);
        RealDisk.sync_mapped(&two, 512).unwrap();
        assert!(!two.is_lost_by_a_kill());
        RealDisk.remove(&path).unwrap();
        assert!(one.is_lost_by_a_kill() && two.is_lost_by_a_kill());
        one.words[5].store(1, Ordering::Relaxed);
        assert_eq!(two.words[5].load(Ordering::Relaxed), 1, "a removed file is memory still");
    }

    #[test]
    fn a_longer_file_is_not_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shared");
        RealDisk.write(&path, &[1; 10_000]).unwrap();
        RealDisk.map_shared(&path, 512).unwrap();
        assert_eq!(RealDisk.read(&path, u64::MAX).unwrap(), vec![1; 10_000]);
    }
}
