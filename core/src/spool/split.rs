//! A batch that the collector refused for good is split into halves, once, so that one bad event costs no more than half.
//!
//! The halves are sealed before the whole is removed. Until then the whole is what counts: its halves are not sent, and
//! go with it, so that whatever dies in between, every event is delivered or dropped once.

use super::room::Room;
use super::{Entry, Seal, Spool, Value};
use crate::ring::account::Account;
use crate::sync::{Mutant, is_broken};
use nowait_wire::{Batch, BatchId, DropReason, Ledger};
use std::io;

impl Spool {
    /// Puts two halves in place of a refused batch. One that cannot be halved, or is half of one, or for whose halves
    /// there is no room, is given up and counted.
    ///
    /// # Errors
    /// As [`Spool::drop_entry`]; then the whole is still there, and is sent and refused once more.
    pub(crate) fn split(&mut self, entry: &Entry, frame: &[u8], account: Account<'_>) -> io::Result<()> {
        if !self.is_noted(entry.seal.session, entry.seal.next) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let halves = if entry.seal.split { None } else { halve(frame, entry.seal) };
        let Some(halves) = halves else { return self.drop_entry(entry, DropReason::Rejected, account) };
        self.refresh(account)?;
        if !self.known.contains_key(&entry.name) {
            return Ok(());
        }
        // A process that died over this has sealed some of them.
        let is_there = |seal: &Seal| self.known.values().any(|entry| entry.seal == *seal);
        let missing: Vec<_> = halves.into_iter().filter(|(_, seal)| !is_there(seal)).collect();
        if self.make_room_for_halves(&missing, entry, account)? == Room::Refused {
            return self.drop_entry(entry, DropReason::Rejected, account);
        }
        let kept = if is_broken(Mutant::HalfForgotten) { 1 } else { missing.len() };
        for (frame, seal) in missing.into_iter().take(kept) {
            self.seal(&frame, seal, account)?;
        }
        match self.disk.remove(&self.path(entry.name)) {
            // Another process gave it up meanwhile, and counted all of it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.remove_halves(entry)?,
            removed => removed?,
        }
        self.known.remove(&entry.name);
        Ok(())
    }

    /// Removes the halves that a batch has which is still there whole.
    pub(super) fn remove_halves(&mut self, whole: &Entry) -> io::Result<()> {
        let halves: Vec<Entry> =
            self.known.values().filter(|entry| is_half_of(entry, whole)).copied().collect();
        halves.iter().try_for_each(|half| self.remove_uncounted(half.name))
    }

    /// The batch of which this is half, if it is still there.
    pub(super) fn whole_of(&self, entry: &Entry) -> Option<&Entry> {
        if !entry.seal.split {
            return None;
        }
        self.known.values().find(|whole| is_half_of(entry, whole))
    }

    /// Whether a batch is there both whole and in halves.
    pub(super) fn is_being_split(&self, entry: &Entry) -> bool {
        let mut halves = self.known.values().filter(|entry| entry.seal.split);
        self.whole_of(entry).is_some() || halves.any(|half| is_half_of(half, entry))
    }
}

fn is_half_of(half: &Entry, whole: &Entry) -> bool {
    let (half, whole) = (half.seal, whole.seal);
    half.split
        && !whole.split
        && half.session == whole.session
        && half.next == whole.next
        && half.first >= whole.first
}

/// A batch as two; `None` if it cannot be halved.
fn halve(frame: &[u8], seal: Seal) -> Option<[(Vec<u8>, Seal); 2]> {
    let mut low = nowait_wire::decode(frame).ok()?;
    if low.events.len() < 2 {
        return None;
    }
    let events = low.events.split_off(low.events.len() / 2);
    // A number inside the batch's own range: no other batch of the session can begin there.
    let first = seal.first + low.events.len() as u64;
    let id = BatchId { session: seal.session, first };
    let high = Batch { id, events, ledger: Ledger::default(), ..low.clone() };
    let seal_of = |batch: &Batch| Seal {
        first: batch.id.first,
        events: batch.events.len() as u32,
        value: Value::of(&batch.events, seal.last),
        split: true,
        ..seal
    };
    Some([
        (nowait_wire::encode(&low).ok()?, seal_of(&low)),
        (nowait_wire::encode(&high).ok()?, seal_of(&high)),
    ])
}
