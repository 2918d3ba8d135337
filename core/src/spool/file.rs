//! One file of the spool: its name, what its footer says, and whether it is whole.
//!
//! A file is `<sequence>-<events>-<session>-<next>-<owner>.batch`, so that its name says what is lost with it and whether a
//! recovery would make it again, if damage leaves no more than the name: the encoded batch, then a footer with what the device
//! needs to know without decoding, and a checksum over everything. The sequence number orders files; the wall clock is never asked.
//!
//! Owns: the bytes. Refuses: files, and what the batch means.
//! Invariant: what parses was written like this, whole.

use crate::sync::{Mutant, is_broken};
use nowait_wire::{Event, Kind, Uuid};
use std::fmt;

/// Bytes of a footer: magic, session, first, next, generation, events, value, last, split, pending, checksum of the
/// footer so far, checksum of the file.
pub(super) const FOOTER_BYTES: usize = 8 + 16 + 8 + 8 + 8 + 4 + 4 + 4 + 4;
const MAGIC: &[u8; 8] = b"NWSPOOL\x02";

/// The footer of the version before: the same without generation, and 0 for pending.
const FOOTER_BYTES_1: usize = FOOTER_BYTES - 8;
const MAGIC_1: &[u8; 8] = b"NWSPOOL\x01";

/// Bytes of the checksum of the whole file, at its end.
const CHECK_BYTES: usize = 4;

/// What is lost with a batch, least first: that is the order in which room is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Value {
    /// Frame summaries and lifecycle marks only.
    Frames = 0,
    /// At least one wait.
    Waits = 1,
    /// How a process ended.
    Exit = 2,
    /// The last account of a session: without it nobody knows what else was lost.
    Account = 3,
}

impl Value {
    /// What a batch of these events is worth: as much as the most valuable of them. One without events is there for its
    /// account alone; `last`: nothing of the session comes after it.
    pub(crate) fn of(events: &[Event], last: bool) -> Value {
        if last {
            return Value::Account;
        }
        events.iter().map(Value::of_one).max().unwrap_or(Value::Account)
    }

    fn of_one(event: &Event) -> Value {
        match event.kind {
            Kind::Frames | Kind::FrameTimes | Kind::Lifecycle => Value::Frames,
            Kind::Exit => Value::Exit,
            _ => Value::Waits,
        }
    }

    /// The value with this number; unknown ones are worth a wait.
    fn from_u8(number: u8) -> Value {
        match number {
            0 => Value::Frames,
            2 => Value::Exit,
            3 => Value::Account,
            _ => Value::Waits,
        }
    }
}

/// What the device must know of a sealed batch without decoding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seal {
    /// Whose events they are.
    pub(crate) session: Uuid,
    /// Number of the first event: with the session, the id of the batch.
    pub(crate) first: u64,
    /// Number of the first event of the session that comes after.
    pub(crate) next: u64,
    /// The refusals there had been when it was recorded; see `consent`.
    pub(crate) generation: u64,
    /// Events inside.
    pub(crate) events: u32,
    /// What is lost with it.
    pub(crate) value: Value,
    /// Whether nothing of the session comes after it.
    pub(crate) last: bool,
    /// Whether it is half of a batch that was refused whole.
    pub(crate) split: bool,
    /// Whether the customer had not decided when it was sealed.
    pub(crate) pending: bool,
}

/// A batch with its footer, as a file holds them.
pub(super) fn to_bytes(frame: &[u8], seal: &Seal) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(frame.len() + FOOTER_BYTES);
    bytes.extend_from_slice(frame);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(seal.session.as_bytes());
    bytes.extend_from_slice(&seal.first.to_le_bytes());
    bytes.extend_from_slice(&seal.next.to_le_bytes());
    bytes.extend_from_slice(&seal.generation.to_le_bytes());
    bytes.extend_from_slice(&seal.events.to_le_bytes());
    bytes.push(seal.value as u8);
    bytes.extend_from_slice(&[seal.last, seal.split, seal.pending].map(u8::from));
    // The footer alone decides what a recovery takes for sealed, so it is believed only if it is whole.
    let footer = bytes.get(frame.len()..).unwrap_or_default();
    bytes.extend_from_slice(&crc32c::crc32c(footer).to_le_bytes());
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

/// What the end of a file says of it, and how long its footer is; `None` if that is damaged.
pub(crate) fn footer(end: &[u8]) -> Option<(Seal, usize)> {
    let last = |bytes: usize| end.len().checked_sub(bytes).and_then(|start| end.get(start..));
    if let Some(seal) = last(FOOTER_BYTES).and_then(|footer| fields(footer, MAGIC)) {
        return Some((seal, FOOTER_BYTES));
    }
    last(FOOTER_BYTES_1).and_then(|footer| fields(footer, MAGIC_1)).map(|seal| (seal, FOOTER_BYTES_1))
}

fn fields(footer: &[u8], magic: &[u8; 8]) -> Option<Seal> {
    let (fields, checks) = footer.split_last_chunk::<{ 4 + CHECK_BYTES }>()?;
    if !checks.starts_with(&crc32c::crc32c(fields).to_le_bytes()) {
        return None;
    }
    let rest = fields.strip_prefix(magic)?;
    let (session, rest) = rest.split_first_chunk::<16>()?;
    let (first, rest) = rest.split_first_chunk()?;
    let (next, rest) = rest.split_first_chunk()?;
    // Before there were generations, whatever was on the disk had not been refused.
    let (generation, rest) = if magic == MAGIC { rest.split_first_chunk()? } else { (&[0; 8], rest) };
    let (events, rest) = rest.split_first_chunk()?;
    let [value, last, split, pending] = rest.first_chunk()?;
    let last = *last != 0;
    Some(Seal {
        session: Uuid::from_bytes(*session),
        first: u64::from_le_bytes(*first),
        next: u64::from_le_bytes(*next),
        generation: u64::from_le_bytes(*generation),
        events: u32::from_le_bytes(*events),
        value: if last { Value::Account } else { Value::from_u8(*value) },
        last,
        split: *split != 0,
        pending: *pending != 0,
    })
}

/// The encoded batch of a whole file; `None` if the file is damaged.
pub(crate) fn into_frame(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let (body, check) = bytes.split_last_chunk::<CHECK_BYTES>()?;
    if *check != crc32c::crc32c(body).to_le_bytes() && !is_broken(Mutant::DamagedBatchBelieved) {
        return None;
    }
    let (_, footer_bytes) = footer(&bytes)?;
    bytes.truncate(bytes.len() - footer_bytes);
    Some(bytes)
}

const SUFFIX: &str = ".batch";
const GIVEN_UP_SUFFIX: &str = ".given-up";

/// The name of a spool file, and what it tells even if the content is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FileName {
    pub(super) sequence: u64,
    pub(super) events: u32,
    /// The session that sealed it: its own, or the one that recovered it.
    pub(super) owner: Uuid,
    /// Whose events they are, and the number after the last; `None` in names that the version before gave.
    pub(super) of: Option<(Uuid, u64)>,
}

/// What a name in the folder is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// A sealed batch.
    Batch(FileName),
    /// A batch that this session was sealing.
    Unfinished(Uuid),
    /// A batch that this session was giving up.
    GivenUp(Uuid),
}

impl Name {
    /// `None` for a stranger.
    pub(super) fn parse(text: &str) -> Option<Name> {
        if let Some(text) = text.strip_suffix(GIVEN_UP_SUFFIX) {
            let (sequence, owner) = text.split_once('-')?;
            return sequence_of(sequence).and(owner.parse().ok()).map(Name::GivenUp);
        }
        match text.strip_prefix('.') {
            Some(text) => FileName::parse(text).map(|name| Name::Unfinished(name.owner)),
            None => FileName::parse(text).map(Name::Batch),
        }
    }
}

impl FileName {
    fn parse(text: &str) -> Option<FileName> {
        let parts: Vec<&str> = text.strip_suffix(SUFFIX)?.split('-').collect();
        let (sequence, events, of, owner) = match *parts {
            [sequence, events, owner] => (sequence, events, None, owner),
            [sequence, events, session, next, owner] => {
                let next = u64::from_str_radix(next, 16).ok()?;
                (sequence, events, Some((session.parse().ok()?, next)), owner)
            }
            _ => return None,
        };
        let (events, owner) = (events.parse().ok()?, owner.parse().ok()?);
        let name = FileName { sequence: sequence_of(sequence)?, events, owner, of };
        // Numbers and ids can be spelled in many ways; a file is found under ours alone.
        (name.to_string() == text).then_some(name)
    }

    /// What the file is called before it is whole.
    pub(super) fn unfinished(&self) -> String {
        format!(".{self}")
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}-", self.sequence, self.events)?;
        if let Some((session, next)) = self.of {
            write!(f, "{}-{next:x}-", session.simple())?;
        }
        write!(f, "{}{SUFFIX}", self.owner.simple())
    }
}

/// What file `sequence` is called while `owner` gives it up.
pub(super) fn given_up(sequence: u64, owner: Uuid) -> String {
    format!("{sequence:016x}-{}{GIVEN_UP_SUFFIX}", owner.simple())
}

/// Larger ones are not ours: a session seals some thousand files.
fn sequence_of(text: &str) -> Option<u64> {
    let sequence = u64::from_str_radix(text, 16).ok().filter(|_| text.len() == 16)?;
    (sequence < 1 << 48).then_some(sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written_and_strangers_are_not() {
        let name = FileName {
            sequence: 77,
            events: 5,
            owner: Uuid::from_u128(9),
            of: Some((Uuid::from_u128(8), 300)),
        };
        assert_eq!(Name::parse(&name.to_string()), Some(Name::Batch(name)));
        let before = "000000000000004d-5-00000000000000000000000000000009.batch";
        assert_eq!(Name::parse(before), Some(Name::Batch(FileName { of: None, ..name })));
        assert_eq!(Name::parse(&name.unfinished()), Some(Name::Unfinished(name.owner)));
        assert_eq!(Name::parse(&given_up(77, name.owner)), Some(Name::GivenUp(name.owner)));
        let strangers = [
            "",
            ".",
            "-",
            "note.txt",
            ".batch",
            "upload.lock",
            "77-5-00000000000000000000000000000009.batch",
            "ffffffffffffffff-5-00000000000000000000000000000009.batch",
            "+00000000000004d-5-00000000000000000000000000000009.batch",
            "000000000000004d-five-00000000000000000000000000000009.batch",
            "000000000000004d-5-nine.batch",
            "000000000000004d-nine.given-up",
            ".000000000000004d-00000000000000000000000000000009.given-up",
        ];
        for stranger in strangers {
            assert_eq!(Name::parse(stranger), None, "{stranger}");
        }
    }

    #[test]
    fn a_batch_is_worth_its_best_event_and_an_account_most() {
        let event = |kind| Event::new(kind, nowait_wire::NameId::NONE);
        let [frames, tap, exit] = [Kind::Frames, Kind::Tap, Kind::Exit].map(event);
        assert_eq!(Value::of(&[frames], false), Value::Frames);
        assert_eq!(Value::of(&[frames, tap], false), Value::Waits);
        assert_eq!(Value::of(&[tap, exit, frames], false), Value::Exit);
        assert_eq!(Value::of(&[], false), Value::Account);
        assert_eq!(Value::of(&[frames], true), Value::Account);
    }
}
