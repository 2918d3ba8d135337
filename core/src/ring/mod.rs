//! The ring: a bounded queue of fixed slots, many producers, one drain. It is the log of all facts.
//!
//! **Policy.** Any thread may push, at any time, and never waits: a push reserves a position with one
//! compare-and-swap (a bounded number of tries), fills the slot with relaxed stores and commits it with one
//! release store. A full ring refuses the newest fact. The drain reads committed slots in order and stops
//! at the first one still being filled; it frees slots only when the caller says that they are folded.
//!
//! Why compare-and-swap and not `fetch_add`: a `fetch_add` that finds the ring full cannot be taken back,
//! and the hole it leaves would stop the drain for ever or need a second protocol. With compare-and-swap a
//! position exists only if its slot was free, so no producer can ever meet the drain, by construction.
//!
//! Owns: positions, and numbers for instances. Refuses: files, clocks, meaning, counting of refusals (the flight recorder counts).
//! Invariant: a slot is written only by the producer that reserved its position, and only after the drain
//! released the position one lap earlier.

pub(crate) mod account;
pub(crate) mod flight;
pub(crate) mod header;
pub(crate) mod layout;
pub(crate) mod memory;
pub(crate) mod slot;

use crate::limits::{RECORD_SAMPLED_ONE_IN, RESERVE_TRIES_MAX};
use crate::sync::{AtomicU64, Mutant, Ordering, Witness, at, is_broken, step};
use crossbeam::utils::CachePadded;
use nowait_wire::RefuseReason;
use slot::{Payload, Slot};

/// What producers take one of, on one cache line: who has it for the number of an instance has it for the position of the
/// fact that begins the instance.
#[derive(Debug)]
struct Head {
    /// Next position to reserve.
    reserved: AtomicU64,
    /// Next number of an instance.
    numbers: AtomicU64,
}

/// A position that somebody has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reserved {
    pub(crate) position: u64,
    /// Positions before it that are not released, as far as this thread knows.
    pub(crate) held: u64,
}

/// The ring over borrowed slots: a mapped file on the device, plain heap in tests and model checkers.
#[derive(Debug)]
pub(crate) struct Ring<'a> {
    slots: &'a [Slot],
    /// Own cache line: producers fight over it.
    head: CachePadded<Head>,
    /// First position not yet released. Own cache line: written by the drain, read by every producer.
    tail: CachePadded<AtomicU64>,
    witness: Witness,
}

impl<'a> Ring<'a> {
    /// A ring over these slots, which must all be zero. The length must be a power of two.
    pub(crate) fn new(slots: &'a [Slot]) -> Ring<'a> {
        debug_assert!(slots.len().is_power_of_two());
        Ring {
            slots,
            head: CachePadded::new(Head { reserved: AtomicU64::new(0), numbers: AtomicU64::new(1) }),
            tail: CachePadded::new(AtomicU64::new(0)),
            witness: Witness::new(slots.len()),
        }
    }

    #[inline]
    fn index(&self, position: u64) -> usize {
        position as usize & self.slots.len().wrapping_sub(1)
    }

    /// The slot of a position; `None` only for a ring of no slots.
    #[inline]
    fn slot(&self, position: u64) -> Option<&'a Slot> {
        self.slots.get(self.index(position))
    }

    /// Appends a fact: the position it got, or why it was refused. Never waits.
    #[inline]
    pub(crate) fn push(&self, payload: &Payload) -> Result<Reserved, RefuseReason> {
        self.push_noted(payload, |_| ())
    }

    /// The same; what `note` stores for the position is seen by whoever sees the fact.
    #[inline]
    pub(crate) fn push_noted(
        &self,
        payload: &Payload,
        note: impl FnOnce(u64),
    ) -> Result<Reserved, RefuseReason> {
        let reserved = self.reserve()?;
        let position = reserved.position;
        let slot = self.slot(position).ok_or(RefuseReason::RingFull)?;
        self.witness.writes(self.index(position));
        note(position);
        slot::write(slot, position, payload);
        Ok(reserved)
    }

    /// Takes the next position, if its slot is free.
    #[inline]
    pub(crate) fn reserve(&self) -> Result<Reserved, RefuseReason> {
        // Relaxed: the position itself carries no data; the compare-and-swap below confirms it.
        let mut head = self.head.reserved.load(Ordering::Relaxed);
        for _ in 0..RESERVE_TRIES_MAX {
            // Acquire: pairs with the release in `release`, so that the slot's clearing is over before we fill it.
            let tail = self.tail.load(at(Mutant::ReservingRelaxed, Ordering::Acquire));
            // A stale head may lie behind the tail; the difference is then negative and counts as "not full",
            // and the compare-and-swap fails.
            let held = head.wrapping_sub(tail) as i64;
            if held >= self.slots.len() as i64 {
                return Err(RefuseReason::RingFull);
            }
            if is_broken(Mutant::ReservedInTwoSteps) {
                // Relaxed: as below.
                self.head.reserved.store(head.wrapping_add(1), Ordering::Relaxed);
                return Ok(Reserved { position: head, held: held as u64 });
            }
            // Relaxed both ways: the slot's data are published by its commit word, not by the head.
            match self.head.reserved.compare_exchange_weak(
                head,
                head.wrapping_add(1),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(position) => return Ok(Reserved { position, held: held as u64 }),
                Err(seen) => head = seen,
            }
        }
        Err(RefuseReason::Contended)
    }

    /// A number that this ring has not given before; never 0.
    #[inline]
    pub(crate) fn next_number(&self) -> u64 {
        // Relaxed: numbers only have to differ.
        self.head.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether the next push is one of those that are timed: one in [`RECORD_SAMPLED_ONE_IN`], whichever `phase` says,
    /// so that short sessions have their share of samples and not all of them the same.
    #[inline]
    pub(crate) fn is_sampled(&self, phase: u64) -> bool {
        (self.reserved() ^ phase).is_multiple_of(RECORD_SAMPLED_ONE_IN)
    }

    /// Positions reserved so far, which is the number of facts accepted (or about to be).
    pub(crate) fn reserved(&self) -> u64 {
        // Relaxed: a count for reports.
        self.head.reserved.load(Ordering::Relaxed)
    }

    /// Positions released so far.
    pub(crate) fn released(&self) -> u64 {
        // Relaxed: only the drain writes it, and the drain is who asks.
        self.tail.load(Ordering::Relaxed)
    }

    /// Slots in use.
    #[cfg(all(test, not(any(loom, shuttle))))]
    pub(crate) fn len(&self) -> u64 {
        self.reserved().saturating_sub(self.released())
    }
}

/// The one reader of a ring. Not `Clone`: two drains would release each other's slots.
#[derive(Debug)]
pub(crate) struct Drain<'r, 'a> {
    ring: &'r Ring<'a>,
    /// The tail, which nobody else stores: reading it back would hide the producers' side from loom.
    released: u64,
}

/// What lies at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing yet: nobody reserved it, or whoever did is still writing.
    Nothing,
    /// A whole payload.
    Whole(Payload),
    /// A committed slot that somebody else wrote to.
    Corrupt,
}

impl<'r, 'a> Drain<'r, 'a> {
    /// The drain of this ring. One at a time: two would release each other's slots.
    pub(crate) fn new(ring: &'r Ring<'a>) -> Drain<'r, 'a> {
        Drain { ring, released: ring.released() }
    }

    /// The first position that is not released.
    pub(crate) fn released(&self) -> u64 {
        self.released
    }

    /// Looks at a position at or after the first one that is not released, less than a lap ahead. Frees nothing.
    pub(crate) fn read(&self, position: u64) -> Found {
        let Some(slot) = self.ring.slot(position) else { return Found::Nothing };
        if slot::commit_word(slot) != position.wrapping_add(1) {
            return Found::Nothing;
        }
        self.ring.witness.reads(self.ring.index(position));
        slot::read(slot, position).map_or(Found::Corrupt, Found::Whole)
    }

    /// Frees every slot before `to`; all of them must have been read, and what they held must be safe by now.
    pub(crate) fn release(&mut self, to: u64) {
        let mut position = self.released;
        while position != to {
            self.ring.witness.writes(self.ring.index(position));
            if let Some([commit, payload @ ..]) = self.ring.slot(position) {
                // Relaxed: the release of the tail below orders it before the next producer's stores. The zero
                // tells the recovery of a dead file that this fact is folded.
                commit.store(0, Ordering::Relaxed);
                if is_broken(Mutant::ReleasedBeforeCheckpoint) {
                    // As the fact of the next lap does: a recovery would find the old one otherwise.
                    payload.iter().for_each(|word| word.store(0, Ordering::Relaxed));
                }
            }
            if position.is_multiple_of(64) {
                step("some slots cleared");
            }
            position = position.wrapping_add(1);
        }
        // Release: pairs with the acquire in `reserve`.
        self.released = to;
        self.ring.tail.store(to, at(Mutant::ReleasedRelaxed, Ordering::Release));
    }
}
