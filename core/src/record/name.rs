//! The name table: texts in, `u32` ids out, once per name and process.
//!
//! Owns: interning, the cap, scrubbing at registration, and the records that survive a kill.
//! Refuses: looking names up on the hot path; a handle keeps its id.
//! Invariant: an id that was handed out has its text in the recorder's memory before anyone can record it.

use crate::fork;
use crate::limits::{NAME_BYTES_MAX, NAMES_MAX};
use crate::ring::account::Counter;
use crate::ring::layout::NAME_WORDS;
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering, PoisonError};
use nowait_scrub::{looks_personal, target};
use nowait_wire::NameId;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

/// One record: commit word (length and checksum), then the bytes.
type Record = [AtomicU64; NAME_WORDS];

/// The table of one process.
#[derive(Debug)]
pub(crate) struct Names {
    /// Registration happens once per name, off the hot path: a lock is the simplest thing that is right.
    table: Mutex<Table>,
    /// What a tap on each name says, by id; 0, no name, before it is known. Read on the hot path.
    targets: [AtomicU32; TEXTS_MAX],
}

/// Names and reserved ones.
const TEXTS_MAX: usize = NameId::RESERVED.len() + NAMES_MAX;

#[derive(Debug)]
struct Table {
    ids: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
    /// Empty until the flight recorder's memory is there.
    records: &'static [Record],
}

impl Names {
    /// A table with the reserved names in place.
    pub(crate) fn new() -> Names {
        let texts: Vec<Arc<str>> = NameId::RESERVED.iter().map(|text| Arc::from(*text)).collect();
        let ids = texts.iter().cloned().zip(0..).collect();
        Names {
            table: Mutex::new(Table { ids, texts, records: &[] }),
            targets: [const { AtomicU32::new(0) }; TEXTS_MAX],
        }
    }

    /// The name that a tap on this one may say; see [`nowait_scrub::target`].
    #[inline]
    pub(crate) fn as_target(&self, id: NameId) -> NameId {
        let target = self.targets.get(id.0 as usize);
        // Relaxed: written before the id was handed out.
        NameId(target.map_or(0, |target| target.load(Ordering::Relaxed)))
    }

    /// Writes the names so far into zeroed memory, and from now on each at once.
    pub(crate) fn attach(&self, words: &'static [AtomicU64]) {
        let mut table = self.table();
        table.records = words.as_chunks().0;
        for (record, text) in table.records.iter().zip(table.texts.iter().skip(NameId::RESERVED.len())) {
            write(record, text);
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id of this text, and what must be counted: [`NameId::REDACTED`] if it looks personal or is longer than
    /// [`NAME_BYTES_MAX`] bytes, [`NameId::OTHER`] if the table is full. In a forked child always
    /// [`NameId::OTHER`]: the records are its parent's, and the lock may have been held at the fork.
    pub(crate) fn intern(&self, text: &str) -> (NameId, Option<Counter>) {
        if fork::is_child() {
            return (NameId::OTHER, None);
        }
        let mut table = self.table();
        let (id, counter) = table.intern(text);
        if let Some(slot) = self.targets.get(id.0 as usize) {
            // Relaxed: nobody has the id before this returns; whoever else registers the name stores the same.
            slot.store(table.target_of(id, text).0, Ordering::Relaxed);
        }
        (id, counter)
    }

    /// The id of what a tap may say of a target with this text. The text itself goes nowhere: in the order of first taps, the names of
    /// a keypad's keys would be in the table, and so on the disk.
    pub(crate) fn intern_target(&self, text: &str) -> (NameId, Option<Counter>) {
        if is_no_name(text) {
            return (NameId::REDACTED, Some(Counter::NamesRedacted));
        }
        target(text).map_or((NameId::NONE, None), |target| self.intern(&target))
    }

    /// The text of an id that was handed out.
    pub(crate) fn text(&self, id: NameId) -> Option<String> {
        self.table().texts.get(id.0 as usize).map(|text| text.as_ref().to_owned())
    }
}

impl Table {
    fn intern(&mut self, text: &str) -> (NameId, Option<Counter>) {
        if let Some(id) = self.ids.get(text) {
            return (NameId(*id), None);
        }
        if is_no_name(text) {
            return (NameId::REDACTED, Some(Counter::NamesRedacted));
        }
        let app_names = self.texts.len() - NameId::RESERVED.len();
        if app_names >= NAMES_MAX {
            return (NameId::OTHER, Some(Counter::NamesOverflowed));
        }
        if let Some(record) = self.records.get(app_names) {
            write(record, text);
        }
        let id = self.texts.len() as u32;
        let text: Arc<str> = Arc::from(text);
        self.ids.insert(Arc::clone(&text), id);
        self.texts.push(text);
        (NameId(id), None)
    }

    /// The name that a tap on this one may say.
    fn target_of(&mut self, id: NameId, text: &str) -> NameId {
        if id == NameId::REDACTED || id == NameId::OTHER {
            return id;
        }
        match target(text) {
            None => NameId::NONE,
            Some(target) if target == text => id,
            // Not counted: the app registered one name.
            Some(target) => self.intern(&target).0,
        }
    }
}

fn is_no_name(text: &str) -> bool {
    text.len() > NAME_BYTES_MAX || looks_personal(text)
}

fn write(record: &Record, text: &str) {
    let [commit, body @ ..] = record;
    for (word, chunk) in body.iter().zip(text.as_bytes().chunks(8)) {
        let mut padded = [0; 8];
        for (to, from) in padded.iter_mut().zip(chunk) {
            *to = *from;
        }
        // Relaxed: published by the commit word below.
        word.store(u64::from_le_bytes(padded), Ordering::Relaxed);
    }
    let check = u64::from(crc32c::crc32c(text.as_bytes()));
    // Release: the bytes are there before the record says so. Never 0, because texts are not empty here.
    commit.store((text.len() as u64) << 32 | check, Ordering::Release);
}

/// The text of [`NameId::OTHER`].
const OTHER: &str = NameId::RESERVED[1];

/// The texts by id in a dead process's memory. A damaged record reads as `other`; the rest stands.
pub(crate) fn recover(words: &[u64]) -> Vec<String> {
    let mut texts: Vec<String> = NameId::RESERVED.iter().map(|text| (*text).to_owned()).collect();
    for record in words.as_chunks::<NAME_WORDS>().0 {
        texts.push(recover_one(record).unwrap_or_else(|| OTHER.to_owned()));
    }
    texts
}

fn recover_one([commit, body @ ..]: &[u64; NAME_WORDS]) -> Option<String> {
    let len = usize::try_from(commit >> 32).ok().filter(|len| (1..=NAME_BYTES_MAX).contains(len))?;
    let bytes: Vec<u8> = body.iter().flat_map(|word| word.to_le_bytes()).take(len).collect();
    if u64::from(crc32c::crc32c(&bytes)) != commit & 0xFFFF_FFFF {
        return None;
    }
    String::from_utf8(bytes).ok()
}
