//! The atomics and locks of the engine: the standard ones, or those of a model checker when one runs.
//!
//! **Why unsafe.** Only under loom: its `UnsafeCell` must be shared to be checked.
//!
//! Owns: the switch; [`is_broken`], through which a proof can break the code in one place; [`step`] and [`uuid`], through
//! which the simulator can stop, kill and repeat it; [`Witness`], which shows loom who uses a slot. Refuses: anything else.
//! Invariant: whatever recording threads share comes from here and from nowhere else, so that the code that is
//! proven is the code that ships.
#![cfg_attr(all(loom, test), allow(unsafe_code))]

use nowait_wire::Uuid;

#[cfg(loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};
#[cfg(shuttle)]
pub(crate) use shuttle::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};
pub(crate) use std::sync::PoisonError;

#[cfg(all(feature = "testing", shuttle))]
pub(crate) use shuttle::thread::yield_now;
#[cfg(not(any(loom, shuttle)))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};
#[cfg(all(feature = "testing", not(shuttle)))]
pub(crate) use std::thread::yield_now;

/// What a proof can break, one thing at a time, to show that it would have noticed. Each proof says which of these
/// must make it fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// The store of a slot's commit word is relaxed.
    CommitRelaxed,
    /// The drain's load of a commit word is relaxed.
    CommittedRelaxed,
    /// The drain's store of the tail is relaxed.
    ReleasedRelaxed,
    /// A producer's load of the tail is relaxed.
    ReservingRelaxed,
    /// A position is taken with a load and a store, not with a compare-and-swap.
    ReservedInTwoSteps,
    /// Nobody looks at a slot's checksum.
    ChecksumIgnored,
    /// A slot's checksum does not depend on its position.
    ChecksumUntied,
    /// The worker takes over what was recorded early once, and never looks again.
    EarlyLookedAtOnce,
    /// What was recorded early travels under whatever decision follows.
    EarlyOfAnyDecision,
    /// The fold goes on as long as there is something to fold.
    FoldedEndlessly,
    /// Slots are released before the checkpoint that knows of their facts.
    ReleasedBeforeCheckpoint,
    /// A decision is taken with a load and a store, not with a compare-and-swap.
    DecidedInTwoSteps,
    /// A session goes on whatever the customer decided.
    OpenForEver,
    /// No checkpoint is written, and slots are released all the same.
    CheckpointLeftOut,
    /// A string that is being written vouches for itself, and nobody looks at its checksum.
    TornStringBelieved,
    /// A position that a thread has reserved and not filled yet is passed over.
    ReservedPassedOver,
    /// Events are let go of before the batch that holds them is sealed.
    LetGoBeforeSealed,
    /// All accounts of a session have one id.
    AccountsOfOneId,
    /// No room is made in the spool.
    CapsIgnored,
    /// A batch that is given up is not counted.
    GivenUpUncounted,
    /// Of a batch that is split, one half is forgotten.
    HalfForgotten,
    /// The decision is not read again before an exchange.
    ConsentReadEarly,
    /// A decision stands in the memory of the process alone.
    DecisionUnshared,
    /// A refusal wipes no batch.
    WipeLeftOut,
    /// The id of the installation outlives a refusal.
    InstallKept,
    /// A dead recorder of a generation that was refused is sealed.
    RefusedAdopted,
    /// An exchange that got no answer delivers its batch.
    SilenceDelivers,
    /// A batch that the server is too busy to take is removed.
    RemovedWhenBusy,
    /// When to try again is not noted.
    RetryUnnoted,
    /// Nobody waits after a failed exchange.
    BackoffLeftOut,
    /// A flush is complete when the spool is empty.
    FlushOverEarly,
    /// A recovery folds facts that the checkpoint knows of.
    FoldedTwice,
    /// A recovery seals events that are sealed already.
    SealedTwice,
    /// A dead recorder is removed when it could not be sealed.
    RemovedUnsealed,
    /// The marker around a start stays.
    StartNeverEnds,
    /// A batch is sealed, or sent, and no intent says so before.
    IntentLeftOut,
    /// The account of a batch is taken before room is made for it, so that it does not know of what had to go.
    AccountBeforeRoom,
    /// Room is made of accounts first.
    AccountsGoFirst,
    /// There may be as many batches of a customer who has not decided as of any other.
    PendingCapIgnored,
    /// A remote configuration is taken over whatever its version is.
    OlderConfigurationTaken,
    /// The back-off forgets how often it failed.
    BackoffNeverGrows,
    /// The worker wakes every second, whether anything is due or not.
    WokenByATick,
    /// Waits that were open when the process died make no event.
    DiedLeftOut,
    /// The name of a sealed batch may not survive a power cut.
    SealUnsynced,
    /// A refusal may not survive a power cut.
    RefusalUnsynced,
    /// That a batch is sealed is not synced in its recorder.
    RecorderUnsynced,
    /// Recorders that cannot be read pile up.
    QuarantineUncapped,
    /// Nobody looks at the checksum of a sealed batch.
    DamagedBatchBelieved,
    /// The state of other rules is gone on from as if it were ours.
    OtherRulesBelieved,
}

/// Whether the running proof wants this broken: never, and known while compiling, outside of tests.
#[cfg(not(test))]
#[inline(always)]
pub(crate) const fn is_broken(_: Mutant) -> bool {
    false
}

/// Whether the running simulation wants this broken.
#[cfg(all(test, not(any(loom, shuttle))))]
pub(crate) fn is_broken(mutant: Mutant) -> bool {
    crate::simulate::is_broken(mutant)
}

/// Whether the running proof wants this broken.
#[cfg(all(any(loom, shuttle), test))]
pub(crate) fn is_broken(mutant: Mutant) -> bool {
    crate::proof::mutants::broken() == Some(mutant)
}

/// A place where a process may be killed, or another thread or process may do something. Only the simulator knows it.
#[cfg(not(all(test, not(any(loom, shuttle)))))]
#[inline(always)]
pub(crate) const fn step(_name: &'static str) {}

/// The same in a simulation, and where a test kills the process at one step.
#[cfg(all(test, not(any(loom, shuttle))))]
pub(crate) fn step(name: &'static str) {
    crate::simulate::step(name);
}

/// A random id.
#[cfg(not(all(test, not(any(loom, shuttle)))))]
#[inline(always)]
pub(crate) fn uuid() -> Uuid {
    Uuid::new_v4()
}

/// The same; in a simulation, of its seed.
#[cfg(all(test, not(any(loom, shuttle))))]
pub(crate) fn uuid() -> Uuid {
    crate::simulate::uuid().unwrap_or_else(Uuid::new_v4)
}

/// This ordering, unless the running proof wants it broken.
#[inline(always)]
pub(crate) fn at(mutant: Mutant, ordering: Ordering) -> Ordering {
    // Relaxed: what is left of an ordering that is taken away.
    if is_broken(mutant) { Ordering::Relaxed } else { ordering }
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
