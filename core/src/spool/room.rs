//! What goes when there is no room: the least valuable first, and of those the oldest.
//!
//! Room is made before a batch is sealed and never after it, so that the account in the batch knows what went for it.

use super::{Caps, Entry, Seal, Spool, Value, file};
use crate::ring::account::Account;
use crate::sync::{Mutant, is_broken};
use nowait_wire::DropReason;
use std::io;

/// Whether there is room for a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// There is.
    Enough,
    /// There is now: others were given up for it and counted. The batch must be encoded again, with an account that
    /// knows of them, and room asked for again.
    Made,
    /// There is none: all that is there is worth more. Nothing was given up; the batch itself must be.
    Refused,
}

/// What the caps are compared with.
#[derive(Clone, Copy, Debug, Default)]
struct Amount {
    bytes: u64,
    files: usize,
}

impl Amount {
    fn of(entries: &[Entry]) -> Amount {
        Amount { bytes: entries.iter().map(|entry| entry.bytes).sum(), files: entries.len() }
    }

    fn exceeds(&self, more: Amount, caps: Caps) -> bool {
        self.bytes.saturating_add(more.bytes) > caps.bytes || self.files + more.files > caps.files
    }
}

impl Spool {
    /// Sees to it that a batch of `frame_bytes` with this seal can be sealed. A session that was refused since goes
    /// first, uncounted; then what is worth no more than the batch.
    ///
    /// # Errors
    /// Whatever the file system says; what was given up until then is counted.
    pub(crate) fn make_room(
        &mut self,
        frame_bytes: usize,
        seal: &Seal,
        account: Account<'_>,
    ) -> io::Result<Room> {
        self.refresh(account)?;
        let file = Amount { bytes: (frame_bytes + file::FOOTER_BYTES) as u64, files: 1 };
        self.make_room_for(file, seal, None, account)
    }

    /// As [`Spool::make_room`], for halves of an entry, which stays.
    pub(super) fn make_room_for_halves(
        &mut self,
        halves: &[(Vec<u8>, Seal)],
        whole: &Entry,
        account: Account<'_>,
    ) -> io::Result<Room> {
        let bytes = halves.iter().map(|(frame, _)| (frame.len() + file::FOOTER_BYTES) as u64).sum();
        self.make_room_for(Amount { bytes, files: halves.len() }, &whole.seal, Some(whole), account)
    }

    fn make_room_for(
        &mut self,
        more: Amount,
        seal: &Seal,
        stays: Option<&Entry>,
        account: Account<'_>,
    ) -> io::Result<Room> {
        if is_broken(Mutant::CapsIgnored) {
            return Ok(Room::Enough);
        }
        let Some(victims) = self.victims(more, seal, stays) else { return Ok(Room::Refused) };
        let mut room = Room::Enough;
        for victim in victims {
            if victim.seal.generation < seal.generation {
                // Refused and not wiped yet: a wipe is no drop.
                self.remove_uncounted(victim.name)?;
            } else {
                self.drop_entry(&victim, DropReason::SpoolEvicted, account)?;
                room = Room::Made;
            }
        }
        Ok(room)
    }

    /// What has to go so that there is room, in the order in which it goes; `None` if all of it would not be enough.
    fn victims(&self, more: Amount, seal: &Seal, stays: Option<&Entry>) -> Option<Vec<Entry>> {
        let mut left: Vec<Entry> = self.known.values().copied().collect();
        left.sort_by_key(|entry| {
            let is_refused = entry.seal.generation < seal.generation;
            (!is_refused, worth(entry), entry.name.sequence, entry.seal.first)
        });
        let may_go = |entry: &Entry| {
            (entry.seal.generation < seal.generation
                || (worth(entry) <= Some(seal.value) && self.is_noted(entry.seal.session, entry.seal.next)))
                && stays.is_none_or(|stays| stays.name != entry.name)
                && !self.is_being_split(entry)
        };
        let mut victims = Vec::new();
        if seal.pending && !is_broken(Mutant::PendingCapIgnored) {
            take(&mut left, &mut victims, more, self.pending_caps, |entry| entry.seal.pending, may_go)?;
        }
        take(&mut left, &mut victims, more, self.caps, |_| true, may_go)?;
        Some(victims)
    }
}

/// What decides which goes first.
fn worth(entry: &Entry) -> Option<Value> {
    Some(entry.seal.value).filter(|value| *value != Value::Account || !is_broken(Mutant::AccountsGoFirst))
}

/// Moves entries from `left` to `victims`, in their order, until those of `left` that count leave room.
fn take(
    left: &mut Vec<Entry>,
    victims: &mut Vec<Entry>,
    more: Amount,
    caps: Caps,
    counts: impl Fn(&Entry) -> bool,
    may_go: impl Fn(&Entry) -> bool,
) -> Option<()> {
    let counted: Vec<Entry> = left.iter().copied().filter(&counts).collect();
    let mut amount = Amount::of(&counted);
    left.retain(|entry| {
        let goes = amount.exceeds(more, caps) && counts(entry) && may_go(entry);
        if goes {
            amount.bytes -= entry.bytes;
            amount.files -= 1;
            victims.push(*entry);
        }
        !goes
    });
    (!amount.exceeds(more, caps)).then_some(())
}
