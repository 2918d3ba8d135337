//! A recorder file asked again: which events its facts make, for a field report that is to become a test.
//!
//! Owns: the public form of what `read` finds. Refuses: files (the caller has the bytes), locks, sealing.
//! Invariant: it says what a start would deliver of this file, whoever else has it.

use super::read::{Session, read};
use crate::error::Error;
use crate::ring::header;
use crate::ring::layout;
use nowait_wire::{Anchor, Context, Event, Ledger, Uuid};

/// What a recorder file holds, folded to its end as the next start of the app would.
#[derive(Clone, Debug)]
pub struct Replay {
    /// Whose it is; `None` if that part of the file is damaged.
    pub session: Option<Uuid>,
    /// What is true of every event; `None` if damaged.
    pub context: Option<Context>,
    /// Moments that place the events in the day.
    pub anchors: Vec<Anchor>,
    /// The texts of all names, by id.
    pub names: Vec<String>,
    /// The events that are in no batch yet, in the order in which they were made: those waiting, those of the facts that
    /// were not folded yet, and, unless the session ended well, its open waits, its trail and its exit.
    pub events: Vec<Event>,
    /// The session's account with these events.
    pub ledger: Ledger,
}

/// Folds the bytes of a recorder file (`live/*.ring` in NoWait's folder, or a file of its quarantine).
///
/// # Errors
/// If this is no recorder file, or one of a layout that this version does not know. Damage is no error: it costs what it
/// touches.
pub fn replay(bytes: &[u8]) -> Result<Replay, Error> {
    let words: Vec<u64> = bytes.as_chunks().0.iter().map(|word| u64::from_ne_bytes(*word)).collect();
    let magic = words.first().copied().unwrap_or_default();
    let is_recorder = magic.to_le_bytes().starts_with(b"NWRING");
    if !is_recorder {
        return Err(Error::recorder("is no recorder file: it does not begin with NWRING"));
    }
    let whose = header::read_context(&words);
    let session = read(whose.as_ref().map_or(Uuid::nil(), |(session, _)| *session), &words, 0, &|_| Ok(()))
        .ok()
        .flatten();
    let Some(Session { context, anchors, texts, held, rest, ledger, .. }) = session else {
        let version = magic.to_le_bytes()[6];
        let ours = layout::MAGIC.to_le_bytes()[6];
        return Err(Error::recorder(format!(
            "has layout {version}; this version reads {ours} and the one before"
        )));
    };
    let held = held.map(|(_, events)| events).unwrap_or_default();
    Ok(Replay {
        session: whose.map(|(session, _)| session),
        context,
        anchors,
        names: texts,
        events: held.into_iter().chain(rest.into_iter().flat_map(|batch| batch.events)).collect(),
        ledger,
    })
}
