//! What an earlier process left behind: its events, its trail, and how it ended.
//!
//! A dead process's flight recorder is read with plain reads and never mapped. Every slot is tried alone, so that
//! damage costs what it touches and nothing else. Its owner is dead when the lock on it can be had.
//!
//! Owns: finding, reading and removing dead recorders. Refuses: the network.
//! Invariant: a file is removed only after all it held is sealed, under an id that makes doing it twice harmless.

use crate::layout::{self, Word};
use crate::ledger::Account;
use crate::limits::{COUNTER_MAX, QUARANTINE_FILES_MAX, RECOVER_ATTEMPTS_MAX, RECOVER_FILES_MAX};
use crate::record::State;
use crate::ring::Drained;
use crate::slot::{self, Recovered, SLOT_WORDS};
use crate::sync::AtomicU64;
use crate::{header, name, spool};
use nowait_wire::{
    Anchor, Context, DropReason, Event, ExitReason, Flags, Kind, Ledger, NameId, Outcome, Uuid,
};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What a recorder file is called once it is ready.
pub(crate) const RING_SUFFIX: &str = "ring";

/// What it is called before that.
pub(crate) const NEW_SUFFIX: &str = "new";

/// Set in the id of a batch whose first position damage has hidden; see `worker::LEDGER_ONLY`.
const POSITION_LOST: u64 = 1 << 61;

/// A dead process's recorder file, ours alone while this value lives.
#[derive(Debug)]
pub(crate) struct DeadRing {
    path: PathBuf,
    session: Uuid,
    /// Holds the lock that keeps other starters away.
    file: File,
}

/// What was in it.
#[derive(Debug)]
pub(crate) struct Remains {
    pub(crate) session: Uuid,
    /// `None` if that part of the file is damaged.
    pub(crate) context: Option<Context>,
    pub(crate) anchor: Option<Anchor>,
    pub(crate) texts: Vec<String>,
    /// The batch that its owner was about to seal or send when it died, if any, with the same events.
    pub(crate) held: Option<Drained>,
    /// The other ring events, then the exit and its trail.
    pub(crate) rest: Drained,
    pub(crate) ledger: Ledger,
}

/// Removes the files of processes that died before their recorder was ready: nothing is in them.
pub(crate) fn remove_unfinished(folder: &Path) {
    for path in with_suffix(folder, NEW_SUFFIX) {
        if let Ok(file) = OpenOptions::new().write(true).open(&path)
            && file.try_lock().is_ok()
        {
            // Another starter may have been here first.
            let _ = fs::remove_file(&path);
        }
    }
}

fn with_suffix(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == suffix)).collect()
}

/// The recorder files whose owners are dead, oldest session first, at most [`RECOVER_FILES_MAX`].
pub(crate) fn find(folder: &Path) -> Vec<DeadRing> {
    let mut paths = with_suffix(folder, RING_SUFFIX);
    paths.sort();
    paths.into_iter().filter_map(DeadRing::lock).take(RECOVER_FILES_MAX).collect()
}

impl DeadRing {
    /// `None` if its owner lives, another starter is at it, or it is gone.
    fn lock(path: PathBuf) -> Option<DeadRing> {
        let session = path.file_stem()?.to_str()?.parse().ok()?;
        let file = OpenOptions::new().read(true).write(true).open(&path).ok()?;
        file.try_lock().ok()?;
        // Another starter may have finished with it between our open and our lock.
        path.exists().then_some(DeadRing { path, session, file })
    }

    /// Whose it was.
    pub(crate) fn session(&self) -> Uuid {
        self.session
    }

    /// Reads what is in it. `sealed_to` is the first position that is in no batch of the spool, as far as the
    /// spool knows; `spools` are the folders in which its owner may have died giving a batch up.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub(crate) fn read(&mut self, sealed_to: u64, spools: &[PathBuf]) -> io::Result<Remains> {
        let words = self.words()?;
        let header = header_words(&words);
        let account = Account::new(&header);
        spool::finish_give_up(spools, self.session, account);
        let (held, mut rest) = read_events(&words, sealed_to);
        account.dropped(DropReason::Corrupt, rest.corrupt);
        let named = header::read_context(&words);
        let found = held.as_ref().map_or(&[][..], |held| &held.events);
        if plain(&words, Word::Footer) != layout::CLEAN_END
            && (is_ready(&words) || named.is_some() || !found.is_empty() || !rest.events.is_empty())
        {
            append_exit(&words, found, &mut rest.events);
        }
        let found = (found.len() + rest.events.len()) as u64 + rest.corrupt;
        let sealed_to = sealed_to.max(checked(&words, Word::SealedTo).unwrap_or_default());
        Ok(Remains {
            session: self.session,
            context: named.map(|(_, context)| context),
            anchor: header::read_anchor(&words),
            texts: name::recover(words.get(layout::NAMES).unwrap_or_default()),
            held,
            rest,
            ledger: account.ledger_with_cost(sealed_to.saturating_add(found)),
        })
    }

    /// Notes an attempt in the file before it is read; `false` once there were too many.
    pub(crate) fn begin_attempt(&mut self) -> io::Result<bool> {
        let offset = SeekFrom::Start(Word::Attempts as u64 * 8);
        let mut bytes = [0; 8];
        self.file.seek(offset)?;
        // A file too short for its header has no counter; reading it cannot be what killed us.
        if self.file.read_exact(&mut bytes).is_err() {
            return Ok(true);
        }
        // A damaged counter counts as none: better one attempt more than a recorder that is never read.
        let attempts = layout::number(u64::from_ne_bytes(bytes)).unwrap_or_default().saturating_add(1);
        self.file.seek(offset)?;
        self.file.write_all(&layout::checked(attempts).to_ne_bytes())?;
        Ok(attempts <= RECOVER_ATTEMPTS_MAX)
    }

    /// Takes the last attempt back: the file could be read.
    pub(crate) fn forgive_attempt(&mut self) {
        let offset = SeekFrom::Start(Word::Attempts as u64 * 8);
        let mut bytes = [0; 8];
        let read = self.file.seek(offset).and_then(|_| self.file.read_exact(&mut bytes));
        let attempts = layout::number(u64::from_ne_bytes(bytes)).unwrap_or_default().saturating_sub(1);
        if read.is_ok() && self.file.seek(offset).is_ok() {
            // If even this fails, the attempt stays counted; the disk has then failed twice.
            let _ = self.file.write_all(&layout::checked(attempts).to_ne_bytes());
        }
    }

    /// Moves it where it is never read again; how many events it seems to have held.
    pub(crate) fn quarantine(mut self, folder: &Path) -> io::Result<u64> {
        let committed = self.words().map_or(0, |words| {
            slots(&words, layout::EVENTS).iter().filter(|slot| slot[0] != 0).count() as u64
        });
        fs::create_dir_all(folder)?;
        let mut kept: Vec<PathBuf> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
        kept.sort();
        for old in kept.iter().rev().skip(QUARANTINE_FILES_MAX - 1) {
            fs::remove_file(old)?;
        }
        fs::rename(&self.path, folder.join(self.path.file_name().unwrap_or_default()))?;
        Ok(committed)
    }

    /// Removes it, now that all it held is sealed.
    pub(crate) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    /// The file's words, in this machine's byte order; as many whole ones as there are.
    fn words(&mut self) -> io::Result<Vec<u64>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        (&self.file).take(layout::WORDS as u64 * 8).read_to_end(&mut bytes)?;
        Ok(bytes.as_chunks().0.iter().map(|word| u64::from_ne_bytes(*word)).collect())
    }
}

fn plain(words: &[u64], word: Word) -> u64 {
    words.get(word as usize).copied().unwrap_or_default()
}

fn checked(words: &[u64], word: Word) -> Option<u64> {
    layout::number(plain(words, word))
}

/// Whether the recorder was ready when its owner died. If not, and nothing else is in it, nothing happened yet.
fn is_ready(words: &[u64]) -> bool {
    plain(words, Word::Magic) == layout::MAGIC
}

/// The header as an account reads it. A counter that no session can reach is damage and reads as 0.
fn header_words(words: &[u64]) -> Vec<AtomicU64> {
    let is_counter = |index| (Word::Counters as usize..Word::Anchors as usize).contains(&index);
    let plausible =
        |(index, word): (usize, &u64)| if is_counter(index) && *word > COUNTER_MAX { 0 } else { *word };
    words.iter().enumerate().take(layout::NAMES.start).map(plausible).map(AtomicU64::new).collect()
}

/// The whole slots in this range, even of a file that was cut short.
fn slots(words: &[u64], range: Range<usize>) -> &[[u64; SLOT_WORDS]] {
    let end = range.end.min(words.len());
    words.get(range.start.min(end)..end).unwrap_or_default().as_chunks().0
}

/// Every whole slot of a range, by position.
fn read_slots(words: &[u64], range: Range<usize>) -> (Vec<(u64, Event)>, u64) {
    let capacity = (range.len() / SLOT_WORDS) as u64;
    let mut whole = Vec::new();
    let mut corrupt = 0;
    for (index, slot) in (0..).zip(slots(words, range)) {
        match slot::recover(slot) {
            Recovered::Event { position, event } if position % capacity == index => {
                whole.push((position, event))
            }
            Recovered::Event { .. } | Recovered::Corrupt => corrupt += 1,
            Recovered::Empty => {}
        }
    }
    whole.sort_unstable_by_key(|(position, _)| *position);
    (whole, corrupt)
}

/// The events of the batch that was being sealed, if any, and all others that are not in the spool.
fn read_events(words: &[u64], spool_sealed_to: u64) -> (Option<Drained>, Drained) {
    let (mut whole, corrupt) = read_slots(words, layout::EVENTS);
    let sealed_to = spool_sealed_to.max(checked(words, Word::SealedTo).unwrap_or_default());
    // A slot before `sealed_to` is in the spool; its owner died before it could clear it.
    whole.retain(|(position, _)| *position >= sealed_to);
    let known = checked(words, Word::SealedTo).and(checked(words, Word::HeldTo));
    let first = match known {
        Some(held_to) => held_to.max(sealed_to),
        // Where the last batch began or ended is lost: no batch of the session may hide these events by its id.
        None => whole.first().map_or(sealed_to, |(oldest, _)| *oldest) | POSITION_LOST,
    };
    let held_to = known.map_or(sealed_to, |_| first);
    let mut held = Drained { first: sealed_to, next: held_to, ..Drained::default() };
    let mut rest = Drained { first, next: first, corrupt, ..Drained::default() };
    for (position, mut event) in whole {
        event.flags = event.flags.with(Flags::RECOVERED);
        if position < held_to { held.events.push(event) } else { rest.events.push(event) }
    }
    ((!held.events.is_empty()).then_some(held), rest)
}

/// Adds how the session ended and the trail that led there.
fn append_exit(words: &[u64], held: &[Event], events: &mut Vec<Event>) {
    // Torn crumbs were overwritten at that moment or damaged since: nobody was promised them.
    let (crumbs, _) = read_slots(words, layout::CRUMBS);
    let started_uptime_ns = plain(words, Word::StartedUptimeNs);
    let crumbs =
        crumbs.into_iter().map(|(_, crumb)| Event { flags: crumb.flags.with(Flags::RECOVERED), ..crumb });
    let crumbs: Vec<Event> = crumbs.collect();
    let ended = events
        .iter()
        .chain(held)
        .chain(&crumbs)
        .map(Event::ended_uptime_ns)
        .chain([plain(words, Word::AliveUptimeNs), started_uptime_ns])
        .max()
        .unwrap_or_default();
    let reason = match State::from_word(plain(words, Word::State)) {
        State::Starting => ExitReason::Starting,
        State::Foreground => ExitReason::Foreground,
        State::Background => ExitReason::Background,
    };
    events.extend(crumbs.into_iter().filter(|crumb| crumb.kind == Kind::Breadcrumb));
    events.push(Event {
        outcome: Outcome::Failed,
        flags: Flags::RECOVERED,
        started_uptime_ns,
        duration_ns: ended.saturating_sub(started_uptime_ns),
        a: u64::from(reason as u8),
        ..Event::new(Kind::Exit, NameId::NONE)
    });
}
