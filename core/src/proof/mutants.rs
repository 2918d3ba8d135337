//! Breaking the code on purpose, one [`Mutant`] at a time, to show that a proof would have noticed.
//!
//! Owns: which mutant lives now, and the count of executions. Refuses: what a mutant does (that stands where the
//! code is).
//! Invariant: a mutant that survives its proof fails the test.

use crate::sync::Mutant;
use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// The model checkers run their threads on the thread that called them, so that its own variables reach all.
    static BROKEN: Cell<Option<Mutant>> = const { Cell::new(None) };
    static EXECUTIONS: Cell<usize> = const { Cell::new(0) };
}

/// What the running proof has broken.
pub(crate) fn broken() -> Option<Mutant> {
    BROKEN.get()
}

/// Counts one execution of a model.
pub(super) fn count_execution() {
    EXECUTIONS.set(EXECUTIONS.get() + 1);
}

/// The executions that were counted since this was asked last.
pub(super) fn take_executions() -> usize {
    EXECUTIONS.take()
}

/// Runs a proof with each of these mutants in turn: it must fail with every one of them, and the line that is
/// printed says by what.
pub(super) fn must_fail<T>(name: &str, mutants: &[Mutant], proof: impl Fn() -> T) {
    silence_mutants();
    for mutant in mutants {
        take_executions();
        BROKEN.set(Some(*mutant));
        let outcome = catch_unwind(AssertUnwindSafe(&proof));
        BROKEN.set(None);
        let Err(why) = outcome else { panic!("{name}: {mutant:?} was not noticed") };
        let executions = take_executions();
        println!("{name}: {mutant:?} failed in execution {executions}, as it must: {}", first_line(&*why));
    }
}

/// The panics of a mutant are what is wanted: only the others are shown as they happen.
fn silence_mutants() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let show = take_hook();
        set_hook(Box::new(move |info| {
            if broken().is_none() {
                show(info);
            }
        }));
    });
}

fn first_line(why: &(dyn Any + Send)) -> &str {
    let text = why.downcast_ref::<String>().map(String::as_str).or(why.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").trim().lines().next().unwrap_or_default()
}
