//! Power cuts: what was synced is there afterwards, and of everything else some.
//!
//! A file's content is kept once it was synced. Of what was not, each page of a mapped file is there or is as it was
//! before, also where the system had written it back by itself at some time. A name is kept once its folder was synced; of
//! what happened to it since, any first part is there. Folders are there from the moment when they are made.
//!
//! Owns: what is kept of each file, and what a cut leaves of the disk. Refuses: bits that turn over by themselves (`damage`).
//! Invariant: what a sync promised is there after every cut.

use super::chance::Chance;
use super::disk::{Content, Files, Inode};
use super::process;
use super::schedule;
use super::world::{trace, with};
use std::path::{Path, PathBuf};

const PAGE: usize = 4_096;

/// What a power cut leaves of a file.
#[derive(Debug)]
pub(super) struct Kept {
    /// What is kept of the content; `None` where nothing was ever synced.
    content: Option<Vec<u8>>,
    /// The name that is kept, then what it became since; `None` for no name.
    names: Vec<Option<PathBuf>>,
}

impl Kept {
    /// Of a file that was just made.
    pub(super) fn new(path: &Path) -> Kept {
        Kept { content: None, names: vec![None, Some(path.to_owned())] }
    }

    /// It has this name now, or none.
    pub(super) fn name_is(&mut self, name: Option<&Path>) {
        self.names.push(name.map(Path::to_owned));
    }

    /// Whether it may have a name after a power cut.
    pub(super) fn may_have_name(&self) -> bool {
        self.names.iter().any(Option::is_some)
    }

    /// What a folder's sync makes of it.
    pub(super) fn folder_is_synced(&mut self, folder: &Path) {
        let is_in_it =
            |name: &Option<PathBuf>| name.as_ref().is_some_and(|name| name.parent() == Some(folder));
        if self.names.iter().any(is_in_it) {
            self.names.drain(..self.names.len() - 1);
        }
    }

    fn has_last_name(&self) -> bool {
        self.names.len() == 1
    }

    /// Every page as it is, as it was synced, or as it was before it was written at all.
    fn content(&self, now: &[u8], chance: &mut Chance, rate: u64) -> Vec<u8> {
        let before = self.content.as_deref().unwrap_or_default();
        let mut left = Vec::with_capacity(now.len());
        for (index, page) in now.chunks(PAGE).enumerate() {
            let from = index * PAGE;
            if chance.per_mille(rate) {
                left.extend_from_slice(page);
            } else {
                let old = before.get(from.min(before.len())..before.len().min(from + page.len()));
                left.extend_from_slice(old.unwrap_or_default());
                left.resize(from + page.len(), 0);
            }
        }
        left
    }
}

impl Files {
    /// A file's content is synced.
    pub(super) fn sync(&mut self, path: &Path) {
        if let Some(number) = self.names.get(path).copied() {
            self.sync_inode(number, usize::MAX);
        }
    }

    /// The same of its first bytes, whatever its name is.
    pub(super) fn sync_inode(&mut self, number: u64, bytes: usize) {
        if self.is_to_be_synced(number)
            && let Some(inode) = self.inodes.get_mut(&number)
        {
            let mut now = inode.content.read(0, u64::MAX);
            let kept = inode.kept.content.take().unwrap_or_default();
            for (at, byte) in now.iter_mut().enumerate().skip(bytes) {
                *byte = kept.get(at).copied().unwrap_or(0);
            }
            inode.kept.content = Some(now);
        }
    }

    /// Whether a sync of this file is worth its time: a recorder is large, and only a cut asks for it.
    pub(super) fn is_to_be_synced(&self, number: u64) -> bool {
        let is_small = |inode: &Inode| inode.content.len() <= PAGE as u64 * 16;
        self.has_power_cuts || self.inodes.get(&number).is_some_and(is_small)
    }

    /// What a cut leaves of this file for certain: its bytes, if it keeps its name.
    pub(super) fn kept(&self, path: &Path) -> Option<&[u8]> {
        let inode = self.inodes.get(self.names.get(path)?)?;
        inode.kept.content.as_deref().filter(|_| inode.kept.has_last_name())
    }

    /// The same of a file that may lose its name as well, and then leaves nothing.
    pub(super) fn kept_if_any(&self, path: &Path) -> Option<&[u8]> {
        self.inodes.get(self.names.get(path)?).map(|inode| inode.kept.content.as_deref().unwrap_or_default())
    }

    /// The system writes some of the pages back, as it does every now and then.
    fn write_back(&mut self, chance: &mut Chance) {
        let rate = chance.pick(&[100, 500, 1_000]);
        for inode in self.inodes.values_mut().filter(|inode| matches!(inode.content, Content::Words(_))) {
            let now = inode.content.read(0, u64::MAX);
            inode.kept.content = Some(inode.kept.content(&now, chance, rate));
        }
    }

    /// What is left of everything. No process lives.
    fn cut(&mut self, chance: &mut Chance) {
        let rate = chance.pick(&[0, 100, 500, 900, 1_000]);
        self.names.clear();
        let inodes = std::mem::take(&mut self.inodes);
        for (number, mut inode) in inodes {
            let index = chance.below(inode.kept.names.len() as u64) as usize;
            let index = if chance.per_mille(500) { inode.kept.names.len() - 1 } else { index };
            let Some(name) = inode.kept.names[index].clone() else { continue };
            let now = inode.content.read(0, u64::MAX);
            let left = inode.kept.content(&now, chance, rate);
            inode.kept = Kept { content: Some(left.clone()), names: vec![Some(name.clone())] };
            inode.content = Content::Bytes(left);
            inode.has_name = true;
            inode.holder = None;
            self.has_folder_of(&name);
            // Where two have one name, the later one was renamed over the other.
            if let Some(before) = self.names.insert(name, number) {
                self.inodes.remove(&before);
            }
            self.inodes.insert(number, inode);
        }
    }
}

/// The system writes back what it likes.
pub(super) fn write_back() {
    with(|world| {
        if world.disk.has_power_cuts {
            world.disk.write_back(&mut world.chance);
            world.stats.count("power", "written back");
        }
    });
}

/// The power is cut, and comes back.
pub(super) fn cut() {
    if !with(|world| world.disk.has_power_cuts) {
        return;
    }
    trace(|_| "the power is cut".to_owned());
    for pid in with(|world| world.living(|_| true)) {
        process::kill(pid);
    }
    with(|world| {
        let generation = world.synced_decision().map_or(0, |decision| decision.generation);
        world.truth.last_generation = generation;
        world.truth.synced_generation = generation;
        world.disk.cut(&mut world.chance);
        world.stats.count("power", "cut");
        super::truth::power_was_cut(world);
    });
    schedule::reboot();
}
