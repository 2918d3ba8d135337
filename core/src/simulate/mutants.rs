//! The engine broken on purpose, one rule at a time: the simulator must find each.
//!
//! Owns: what is broken now, and the proof that each is found. Refuses: what a mutant does (that stands where the code is).
//! Invariant: a mutant that survives fails the test.

use crate::sync::Mutant;
use std::cell::Cell;

thread_local! {
    static BROKEN: Cell<Option<Mutant>> = const { Cell::new(None) };
}

/// Whether the running schedule wants this broken.
pub(crate) fn is_broken(mutant: Mutant) -> bool {
    BROKEN.get() == Some(mutant)
}

pub(super) fn set_broken(mutant: Option<Mutant>) {
    BROKEN.set(mutant);
}

/// The mutants of the simulator.
const MUTANTS: [Mutant; 0] = [];

/// The mutant that a replay asks for, by its name.
pub(super) fn named() -> Option<Mutant> {
    let name = std::env::var("NOWAIT_MUTANT").ok()?;
    MUTANTS.into_iter().find(|mutant| format!("{mutant:?}") == name)
}
