//! A disk in memory that all processes of a schedule share: it fills up, fails, and keeps what the dead have left.
//!
//! A mapped file is its words: whoever reads it, or maps it as well, finds what was stored, also after a kill.
//!
//! Owns: files, folders, locks, faults. Refuses: what a power cut leaves (`power`).
//! Invariant: every operation is a step, and one that fails leaves what the device's file system would leave.

use super::power::Kept;
use super::world::{step, trace, violation, with, words};
use crate::disk::{Disk, Lock};
use crate::ring::memory::{Memory, Simulated};
use crate::sync::AtomicU64;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// What is wrong with the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Trouble {
    #[default]
    Nothing,
    /// Operations fail, so many in 1,000.
    Failing(u64),
    /// There is room for so many bytes more.
    Full(u64),
    /// Nothing can be mapped.
    Unmappable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pid: usize,
    token: u64,
}

#[derive(Debug)]
pub(super) enum Content {
    Bytes(Vec<u8>),
    Words(&'static [AtomicU64]),
}

impl Content {
    pub(super) fn len(&self) -> u64 {
        match self {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Words(words) => words.len() as u64 * 8,
        }
    }

    /// The bytes from `from` on, at most `max` of them.
    pub(super) fn read(&self, from: u64, max: u64) -> Vec<u8> {
        let from = from.min(self.len()) as usize;
        let max = max.min(self.len() - from as u64) as usize;
        match self {
            Content::Bytes(bytes) => bytes[from..from + max].to_vec(),
            Content::Words(words) => {
                let chosen = &words[from / 8..(from + max).div_ceil(8)];
                // Relaxed: one thread does everything here.
                let bytes = chosen.iter().flat_map(|word| word.load(Ordering::Relaxed).to_ne_bytes());
                bytes.skip(from % 8).take(max).collect()
            }
        }
    }

    fn write(&mut self, at: u64, bytes: &[u8]) {
        match self {
            Content::Bytes(content) => {
                let end = at as usize + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[at as usize..end].copy_from_slice(bytes);
            }
            Content::Words(words) => {
                let (chunks, rest) = bytes.as_chunks::<8>();
                assert!(rest.is_empty() && at.is_multiple_of(8), "mapped files are written word by word");
                for (word, chunk) in words.iter().skip(at as usize / 8).zip(chunks) {
                    // Relaxed: one thread does everything here.
                    word.store(u64::from_ne_bytes(*chunk), Ordering::Relaxed);
                }
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct Inode {
    pub(super) content: Content,
    pub(super) holder: Option<Holder>,
    pub(super) has_name: bool,
    pub(super) kept: Kept,
}

/// Everything on the disk.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) names: BTreeMap<PathBuf, u64>,
    folders: BTreeSet<PathBuf>,
    pub(super) inodes: BTreeMap<u64, Inode>,
    next: u64,
    pub(super) trouble: Trouble,
    /// Whether what lies in recorders is kept in mind for a power cut: that costs time.
    pub(super) has_power_cuts: bool,
}

impl Files {
    /// An empty disk.
    pub(super) fn new(has_power_cuts: bool) -> Files {
        Files { has_power_cuts, ..Files::default() }
    }

    fn inode(&mut self, path: &Path) -> io::Result<&mut Inode> {
        let number = self.names.get(path).ok_or(ErrorKind::NotFound)?;
        self.inodes.get_mut(number).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn parent_is_there(&self, path: &Path) -> io::Result<()> {
        let is_there = path.parent().is_some_and(|parent| self.folders.contains(parent));
        if is_there { Ok(()) } else { Err(ErrorKind::NotFound.into()) }
    }

    fn create(&mut self, path: &Path, content: Content) -> io::Result<u64> {
        self.parent_is_there(path)?;
        self.next += 1;
        let kept = Kept::new(path);
        self.inodes.insert(self.next, Inode { content, holder: None, has_name: true, kept });
        self.names.insert(path.to_owned(), self.next);
        Ok(self.next)
    }

    fn unlink(&mut self, path: &Path) -> io::Result<()> {
        let number = self.names.remove(path).ok_or(ErrorKind::NotFound)?;
        if let Some(inode) = self.inodes.get_mut(&number) {
            if let Trouble::Full(left) = &mut self.trouble {
                *left += inode.content.len();
            }
            inode.has_name = false;
            inode.kept.name_is(None);
            let may_return = self.has_power_cuts && inode.kept.may_have_name();
            if matches!(inode.content, Content::Bytes(_)) && inode.holder.is_none() && !may_return {
                self.inodes.remove(&number);
            }
        }
        Ok(())
    }

    /// A file of this name is back, and so is its folder.
    pub(super) fn has_folder_of(&mut self, path: &Path) {
        self.folders.extend(path.ancestors().skip(1).map(Path::to_owned));
    }

    /// Takes so many bytes of the room that is left; how many there are.
    fn take_room(&mut self, bytes: u64) -> u64 {
        match &mut self.trouble {
            Trouble::Full(left) => {
                let taken = bytes.min(*left);
                *left -= taken;
                taken
            }
            _ => bytes,
        }
    }

    /// A process is dead: its locks are free.
    pub(super) fn let_go(&mut self, pid: usize) {
        for inode in self.inodes.values_mut() {
            inode.holder = inode.holder.filter(|holder| holder.pid != pid);
        }
    }

    /// The files below a folder: path and bytes.
    pub(super) fn below(&self, folder: &Path) -> Vec<(PathBuf, u64)> {
        let in_folder = self.names.iter().filter(|(path, _)| path.starts_with(folder));
        in_folder.map(|(path, number)| (path.clone(), self.inodes[number].content.len())).collect()
    }

    /// Whether nobody holds the lock of this file.
    pub(super) fn is_free(&self, path: &Path) -> bool {
        self.names.get(path).is_some_and(|number| self.inodes[number].holder.is_none())
    }

    /// What a file holds now, without any step.
    pub(super) fn peek(&self, path: &Path, max: u64) -> Option<Vec<u8>> {
        self.names.get(path).map(|number| self.inodes[number].content.read(0, max))
    }
}

/// The disk as one process sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct SimulatedDisk {
    pub(super) pid: usize,
}

const NO_SPACE: i32 = 28;
const INPUT_OUTPUT: i32 = 5;

/// What fails on a file system that cannot promise blocks.
const MAPPING: [&str; 2] = ["map new", "map shared"];

/// An operation begins.
fn enter(operation: &'static str) -> io::Result<()> {
    step(operation);
    let fails = with(|world| {
        let fails = match world.disk.trouble {
            Trouble::Failing(rate) => world.chance.per_mille(rate),
            Trouble::Unmappable => MAPPING.contains(&operation),
            Trouble::Nothing | Trouble::Full(_) => false,
        };
        if fails {
            world.stats.count("failing operations", operation);
        }
        fails
    });
    if fails {
        trace(|_| format!("{operation} fails"));
        return Err(io::Error::from_raw_os_error(INPUT_OUTPUT));
    }
    Ok(())
}

fn on_disk<R>(look: impl FnOnce(&mut Files) -> R) -> R {
    with(|world| look(&mut world.disk))
}

/// Takes room for so many bytes; how many of them there is room for.
fn room_for(bytes: u64) -> u64 {
    with(|world| {
        let room = world.disk.take_room(bytes);
        if room < bytes {
            world.stats.count("failing operations", "no space");
        }
        room
    })
}

impl SimulatedDisk {
    fn hold(self, number: u64, files: &mut Files) -> Option<u64> {
        files.next += 1;
        let token = files.next;
        let inode = files.inodes.get_mut(&number)?;
        if inode.holder.is_some() {
            return None;
        }
        inode.holder = Some(Holder { pid: self.pid, token });
        Some(token)
    }

    /// Writes half, then the rest: a kill in between leaves half. `room`: how many of the bytes find room.
    fn fill(path: &Path, at: u64, bytes: &[u8], room: u64) -> io::Result<()> {
        let half = (bytes.len() / 2).min(room as usize) / 8 * 8;
        let (first, rest) = bytes.split_at(half);
        on_disk(|files| files.inode(path).map(|inode| inode.content.write(at, first)))?;
        enter("half a file written")?;
        if room < bytes.len() as u64 {
            return Err(io::Error::from_raw_os_error(NO_SPACE));
        }
        on_disk(|files| files.inode(path).map(|inode| inode.content.write(at + half as u64, rest)))?;
        on_disk(|files| files.sync(path));
        step("file written");
        Ok(())
    }
}

impl Disk for SimulatedDisk {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        enter("create folder")?;
        on_disk(|files| files.folders.extend(path.ancestors().map(Path::to_owned)));
        Ok(())
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        enter("remove folder")?;
        on_disk(|files| {
            let is_inside = |other: &PathBuf| other != path && other.starts_with(path);
            if files.names.keys().any(is_inside) || files.folders.iter().any(is_inside) {
                return Err(ErrorKind::DirectoryNotEmpty.into());
            }
            if files.folders.remove(path) { Ok(()) } else { Err(ErrorKind::NotFound.into()) }
        })
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        enter("list")?;
        if folder.ends_with("spool") {
            with(|world| super::truth::listed(world, self.pid));
        }
        on_disk(|files| {
            if !files.folders.contains(folder) {
                return Err(ErrorKind::NotFound.into());
            }
            let inside =
                files.names.keys().chain(&files.folders).filter(|path| path.parent() == Some(folder));
            Ok(inside.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect())
        })
    }

    fn read(&self, path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
        enter("read")?;
        on_disk(|files| files.inode(path).map(|inode| inode.content.read(0, max_bytes)))
    }

    fn read_end(&self, path: &Path, bytes: u64) -> io::Result<(Vec<u8>, u64)> {
        enter("read end")?;
        on_disk(|files| {
            files.inode(path).map(|inode| {
                let length = inode.content.len();
                (inode.content.read(length.saturating_sub(bytes), bytes), length)
            })
        })
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        enter("write")?;
        on_disk(|files| match files.inode(path) {
            Ok(Inode { content: Content::Words(_), .. }) => {
                violation("a mapped file is never cut", path.display().to_string());
            }
            Ok(inode) => {
                inode.content = Content::Bytes(Vec::new());
                Ok(())
            }
            Err(_) => files.create(path, Content::Bytes(Vec::new())).map(|_| ()),
        })?;
        SimulatedDisk::fill(path, 0, bytes, room_for(bytes.len() as u64))
    }

    fn write_at(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        enter("write at")?;
        on_disk(|files| files.inode(path).map(|_| ()))?;
        SimulatedDisk::fill(path, offset, bytes, u64::MAX)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        enter("rename")?;
        on_disk(|files| {
            files.inode(from)?;
            files.parent_is_there(to)?;
            if files.names.contains_key(to) {
                files.unlink(to)?;
            }
            let number = files.names.remove(from).ok_or(ErrorKind::NotFound)?;
            files.names.insert(to.to_owned(), number);
            if let Some(inode) = files.inodes.get_mut(&number) {
                inode.kept.name_is(Some(to));
            }
            io::Result::Ok(())
        })?;
        with(|world| super::truth::renamed(world, self.pid, from, to));
        trace(|_| format!("renamed {} to {}", from.display(), to.display()));
        step("renamed");
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        enter("remove")?;
        with(|world| super::truth::removed(world, self.pid, path));
        on_disk(|files| files.unlink(path))?;
        trace(|_| format!("removed {}", path.display()));
        step("removed");
        Ok(())
    }

    fn is_folder(&self, path: &Path) -> bool {
        enter("is folder").is_ok() && on_disk(|files| files.folders.contains(path))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        enter("sync folder")?;
        on_disk(|files| {
            if !files.folders.contains(folder) {
                return Err(ErrorKind::NotFound.into());
            }
            files.inodes.values_mut().for_each(|inode| inode.kept.folder_is_synced(folder));
            Ok(())
        })
    }

    fn try_lock(&self, path: &Path, create: bool) -> io::Result<Option<Lock>> {
        enter("lock")?;
        on_disk(|files| {
            let number = match files.names.get(path) {
                Some(number) => *number,
                None if create => files.create(path, Content::Bytes(Vec::new()))?,
                None => return Err(ErrorKind::NotFound.into()),
            };
            let token = self.hold(number, files);
            Ok(token.map(|token| Lock::new(SimulatedLock { number, token })))
        })
    }

    fn map_new(&self, path: &Path, count: usize) -> io::Result<Memory> {
        enter("map new")?;
        let bytes = count as u64 * 8;
        let number = on_disk(|files| {
            if files.names.contains_key(path) {
                return Err(ErrorKind::AlreadyExists.into());
            }
            files.create(path, Content::Bytes(Vec::new()))
        })?;
        step("empty file made");
        if room_for(bytes) < bytes {
            let _ = on_disk(|files| files.unlink(path));
            return Err(io::Error::from_raw_os_error(NO_SPACE));
        }
        let memory = words(count).ok_or(ErrorKind::Other)?;
        with(|world| {
            let inode = world.disk.inodes.get_mut(&number).ok_or(ErrorKind::NotFound)?;
            if !inode.has_name {
                // Another starter took it for a leftover.
                return Err(io::Error::from(ErrorKind::NotFound));
            }
            inode.content = Content::Words(memory);
            inode.holder = Some(Holder { pid: self.pid, token: 0 });
            super::truth::mapped(world, self.pid, path, memory);
            Ok(())
        })?;
        step("file mapped");
        Ok(Memory::simulated(memory, Box::new(Mapped { number })))
    }

    fn map_shared(&self, path: &Path, count: usize) -> io::Result<Memory> {
        enter("map shared")?;
        let known = on_disk(|files| files.inode(path).map(|inode| inode.content.read(0, u64::MAX)));
        let before = known.as_ref().map_or(0, |bytes| bytes.len() as u64);
        let wanted = (count as u64 * 8).saturating_sub(before);
        let number = match known {
            Ok(_) => on_disk(|files| files.names[path]),
            Err(_) => on_disk(|files| files.create(path, Content::Bytes(Vec::new())))?,
        };
        if room_for(wanted) < wanted {
            return Err(io::Error::from_raw_os_error(NO_SPACE));
        }
        let is_mapped = on_disk(|files| matches!(files.inodes[&number].content, Content::Words(_)));
        if !is_mapped {
            let fresh = words(count).ok_or(ErrorKind::Other)?;
            on_disk(|files| {
                let inode = files.inodes.get_mut(&number).ok_or(ErrorKind::NotFound)?;
                let mut content = Content::Words(fresh);
                let bytes = inode.content.read(0, count as u64 * 8);
                content.write(0, &bytes[..bytes.len() / 8 * 8]);
                inode.content = content;
                io::Result::Ok(())
            })?;
        }
        let memory = on_disk(|files| match &files.inodes[&number].content {
            Content::Words(words) => Ok(*words),
            Content::Bytes(_) => Err(io::Error::from(ErrorKind::Other)),
        })?;
        Ok(Memory::simulated(memory, Box::new(Mapped { number })))
    }

    fn sync_mapped(&self, memory: &Memory, words: usize) -> io::Result<()> {
        memory.sync(words)
    }
}

/// A lock that somebody holds.
#[derive(Debug)]
struct SimulatedLock {
    number: u64,
    token: u64,
}

impl Drop for SimulatedLock {
    fn drop(&mut self) {
        if super::world::is_there() {
            on_disk(|files| {
                if let Some(inode) = files.inodes.get_mut(&self.number) {
                    inode.holder = inode.holder.filter(|holder| holder.token != self.token);
                }
            });
        }
    }
}

/// A mapped file.
#[derive(Debug)]
struct Mapped {
    number: u64,
}

impl Simulated for Mapped {
    fn is_there(&self) -> bool {
        on_disk(|files| files.inodes.get(&self.number).is_some_and(|inode| inode.has_name))
    }

    fn sync(&self, words: usize) -> io::Result<()> {
        // Of a recorder only a cut asks what was synced.
        if on_disk(|files| files.is_to_be_synced(self.number)) {
            enter("sync shared")?;
            on_disk(|files| files.sync_inode(self.number, words.saturating_mul(8)));
        }
        Ok(())
    }
}
