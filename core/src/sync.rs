//! The atomics and locks of the engine: the standard ones, or those of a model checker when one runs.
//!
//! **Why unsafe.** Only under loom: its `UnsafeCell` must be shared to be checked.
//!
//! Owns: the switch; [`at`], through which a proof can break one ordering; [`Witness`], which shows loom who uses a
//! slot. Refuses: anything else.
//! Invariant: whatever recording threads share comes from here and from nowhere else, so that the code that is
//! proven is the code that ships.
#![cfg_attr(all(loom, test), allow(unsafe_code))]

#[cfg(loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering, fence},
};
#[cfg(shuttle)]
pub(crate) use shuttle::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering, fence},
};
#[cfg(not(any(loom, shuttle)))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering, fence},
};
pub(crate) use std::sync::{PoisonError, TryLockError};

/// The orderings that the ring stands on. The loom proof takes each away in turn and must then fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The store of a slot's commit word.
    Commit,
    /// The drain's load of a commit word.
    Committed,
    /// The drain's store of the tail.
    Released,
    /// A producer's load of the tail.
    Reserving,
}

/// The ordering at a place: the one given, whatever the place.
#[cfg(not(all(loom, test)))]
#[inline(always)]
pub(crate) const fn at(_: Place, ordering: Ordering) -> Ordering {
    ordering
}

/// The ordering at a place: the one given, unless the running proof wants it broken there.
#[cfg(all(loom, test))]
pub(crate) fn at(place: Place, ordering: Ordering) -> Ordering {
    if crate::proof::interleavings::broken() == Some(place) { Ordering::Relaxed } else { ordering }
}

/// Tells loom who writes and who reads a slot, so that it fails where the orderings do not keep them apart: a
/// relaxed payload alone would pass, because loom never lets a load see a store of the future. Nothing elsewhere.
#[cfg(not(all(loom, test)))]
#[derive(Debug)]
pub(crate) struct Witness;

#[cfg(not(all(loom, test)))]
impl Witness {
    /// A witness of this many slots.
    pub(crate) const fn new(_slots: usize) -> Witness {
        Witness
    }

    /// The slot at this index is written here.
    #[inline(always)]
    pub(crate) const fn writes(&self, _index: usize) {}

    /// The slot at this index is read here.
    #[inline(always)]
    pub(crate) const fn reads(&self, _index: usize) {}
}

#[cfg(all(loom, test))]
#[derive(Debug)]
pub(crate) struct Witness(Vec<loom::cell::UnsafeCell<()>>);

// SAFETY: the cells hold nothing, so there is nothing to race for; loom checks the accesses all the same.
#[cfg(all(loom, test))]
unsafe impl Sync for Witness {}

#[cfg(all(loom, test))]
impl Witness {
    pub(crate) fn new(slots: usize) -> Witness {
        Witness((0..slots).map(|_| loom::cell::UnsafeCell::new(())).collect())
    }

    pub(crate) fn writes(&self, index: usize) {
        self.0[index].with_mut(|_| ());
    }

    pub(crate) fn reads(&self, index: usize) {
        self.0[index].with(|_| ());
    }
}
