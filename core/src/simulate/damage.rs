//! A bit of a file turns over while nobody has the file in use: a recorder of the dead, a sealed batch, the shared file.
//!
//! Owns: which bit. Refuses: what that may cost (`checks`, `verdict`).
//! Invariant: one bit at a time, and never of a file that somebody who lives has mapped.

use super::disk::Content;
use super::process::{self, FOLDER};
use super::schedule;
use super::truth;
use super::world::{World, trace, with};
use crate::ring::layout::{self, Word};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Turns a bit over, if there is a file to do it in; or processes die one after the other, and each of their recorders is
/// damaged where its layout stands.
pub(super) fn happens() {
    if with(|world| world.flavour.damages == 0 || world.chance.per_mille(800)) {
        return flip(false);
    }
    with(|world| world.stats.count("damaged bits", "of one recorder after the other"));
    for _ in 0..with(|world| world.chance.within(6..12)) {
        schedule::launch();
        schedule::act();
        // Its start is over, so that it does not count as one that died.
        schedule::pass(Duration::ZERO);
        for pid in with(|world| world.living(|_| true)) {
            process::kill(pid);
        }
        flip(true);
    }
}

fn flip(is_of_layout: bool) {
    let chosen = with(|world| {
        let rate = world.flavour.damages;
        let mut files: Vec<PathBuf> = world.files_of_the_dead().into_iter().collect();
        let shared = Path::new(FOLDER).join("shared");
        if world.living(|_| true).is_empty() && world.disk.peek(&shared, 1).is_some() {
            files.push(shared);
        }
        if is_of_layout {
            // Those that nobody has damaged there.
            files.retain(|path| world.disk.peek(path, 8).as_deref() == Some(&layout::MAGIC.to_ne_bytes()));
        }
        let hits = world.chance.per_mille(rate) && !files.is_empty();
        hits.then(|| world.chance.pick(&files.iter().collect::<Vec<_>>()).clone())
    });
    let Some(path) = chosen else { return };
    let bit = with(|world| world.flip_in(&path, is_of_layout));
    trace(|_| format!("bit {bit:?} of {} turns over", path.display()));
}

impl World {
    fn flip_in(&mut self, path: &Path, is_of_layout: bool) -> Option<usize> {
        let mut bytes = self.disk.peek(path, u64::MAX)?;
        let words = bytes.len() / 8;
        if words == 0 {
            return None;
        }
        let is_recorder = path.extension().is_some_and(|extension| extension == "ring");
        let byte = match self.chance.below(4) {
            0 if is_recorder => self.chance.pick(&[Word::Magic, Word::SealedTo, Word::FoldedTo]) as usize * 8,
            1 if is_recorder => self.chance.below(layout::CONTEXT.end as u64 * 8) as usize,
            2 => {
                // Somewhere where something is.
                let from = self.chance.below(words as u64) as usize;
                let is_used = |word: &usize| bytes[word * 8..word * 8 + 8] != [0; 8];
                (from..words).chain(0..from).find(is_used).unwrap_or(from) * 8
            }
            _ => self.chance.below(bytes.len() as u64) as usize,
        };
        let byte = byte.min(bytes.len() - 1);
        let byte = if is_recorder && is_of_layout { 6 } else { byte };
        let bit = self.chance.below(8) as usize;
        bytes[byte] ^= 1 << bit;
        let number = *self.disk.names.get(path)?;
        let kind =
            path.extension().map_or("shared".to_owned(), |ending| ending.to_string_lossy().into_owned());
        self.stats.count("damaged bits", &kind);
        truth::damaged(self, path, byte / 8);
        self.disk.inodes.get_mut(&number)?.content = Content::Bytes(bytes);
        self.disk.sync_inode(number, usize::MAX);
        Some(byte * 8 + bit)
    }
}
