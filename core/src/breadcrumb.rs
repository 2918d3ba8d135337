//! The trail: the last breadcrumbs and lifecycle marks, for the day the process does not end well.
//!
//! Owns: a ring that overwrites its oldest slot. Refuses: delivery; only a later start reads it, from the file.
//! Invariant: dropping a crumb never waits and never fails; a slot torn by two writers fails its checksum.

use crate::slot::{self, Packed, Slot};
use crate::sync::{AtomicU64, Ordering};
use crossbeam::utils::CachePadded;
use nowait_wire::Event;

/// The overwriting ring over borrowed slots.
#[derive(Debug)]
pub(crate) struct Trail<'a> {
    slots: &'a [Slot],
    head: CachePadded<AtomicU64>,
}

impl<'a> Trail<'a> {
    /// A trail over these zeroed slots.
    pub(crate) fn new(slots: &'a [Slot]) -> Trail<'a> {
        Trail { slots, head: CachePadded::new(AtomicU64::new(0)) }
    }

    /// Leaves a crumb, over the oldest if need be.
    #[inline]
    pub(crate) fn drop_crumb(&self, packed: &Packed) {
        // Relaxed: positions only have to differ.
        let position = self.head.fetch_add(1, Ordering::Relaxed);
        let Some(slot) = self.slots.get(position as usize % self.slots.len().max(1)) else { return };
        // Release: most kills from here on find no commit word over half of the old and half of the new crumb. The
        // payload's stores may still pass this one; what a kill leaves then fails its checksum.
        slot[0].store(0, Ordering::Release);
        slot::write(slot, position, packed);
    }

    /// Takes the whole crumbs away, oldest first. One that is being dropped meanwhile may be lost: nobody was promised it.
    pub(crate) fn take(&self) -> Vec<Event> {
        let mut crumbs: Vec<(u64, Event)> = self.slots.iter().filter_map(take_one).collect();
        crumbs.sort_unstable_by_key(|(position, _)| *position);
        crumbs.into_iter().map(|(_, crumb)| crumb).collect()
    }

    /// Wipes the trail, when the customer refuses.
    pub(crate) fn wipe(&self) {
        for slot in self.slots {
            for word in slot {
                // Relaxed: a crumb dropped meanwhile may survive here, but nothing reads it while we live.
                word.store(0, Ordering::Relaxed);
            }
        }
    }
}

fn take_one(slot: &Slot) -> Option<(u64, Event)> {
    let position = slot::commit_word(slot).checked_sub(1)?;
    let crumb = slot::read(slot, position).unpack();
    // Relaxed: whoever drops the next crumb here clears this word itself.
    slot[0].store(0, Ordering::Relaxed);
    Some((position, crumb?))
}
