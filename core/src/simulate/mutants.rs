//! The engine broken on purpose, one rule at a time: the simulator must find each.
//!
//! Owns: what is broken now, and the proof that each is found. Refuses: what a mutant does (that stands where the code is).
//! Invariant: a mutant that survives fails the test.

use super::Failure;
use crate::sync::Mutant;
use std::cell::Cell;
use std::panic::{set_hook, take_hook};
use std::sync::Once;

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

/// Does something with the engine as it ships, whatever is broken: what is compared with must be right.
pub(super) fn unbroken<R>(what: impl FnOnce() -> R) -> R {
    let broken = BROKEN.replace(None);
    let result = what();
    BROKEN.set(broken);
    result
}

/// What the simulator must notice. (The others are the model checkers'.)
const MUTANTS: [Mutant; 37] = [
    Mutant::ReleasedBeforeCheckpoint,
    Mutant::CheckpointLeftOut,
    Mutant::TornStringBelieved,
    Mutant::ReservedPassedOver,
    Mutant::LetGoBeforeSealed,
    Mutant::AccountsOfOneId,
    Mutant::CapsIgnored,
    Mutant::GivenUpUncounted,
    Mutant::HalfForgotten,
    Mutant::ConsentReadEarly,
    Mutant::DecisionUnshared,
    Mutant::WipeLeftOut,
    Mutant::InstallKept,
    Mutant::RefusedAdopted,
    Mutant::SilenceDelivers,
    Mutant::RemovedWhenBusy,
    Mutant::RetryUnnoted,
    Mutant::BackoffLeftOut,
    Mutant::FlushOverEarly,
    Mutant::FoldedTwice,
    Mutant::SealedTwice,
    Mutant::RemovedUnsealed,
    Mutant::StartNeverEnds,
    Mutant::IntentLeftOut,
    Mutant::AccountBeforeRoom,
    Mutant::AccountsGoFirst,
    Mutant::PendingCapIgnored,
    Mutant::OlderConfigurationTaken,
    Mutant::BackoffNeverGrows,
    Mutant::WokenByATick,
    Mutant::DiedLeftOut,
    Mutant::OtherRulesBelieved,
    Mutant::SealUnsynced,
    Mutant::RefusalUnsynced,
    Mutant::RecorderUnsynced,
    Mutant::QuarantineUncapped,
    Mutant::DamagedBatchBelieved,
];

/// What is asserted above all, each with a mutant that breaks it: that very rule must notice it.
const ASSERTIONS: [(&str, Mutant); 10] = [
    ("what was kept is delivered, or counted", Mutant::RemovedUnsealed),
    ("nothing is stored twice", Mutant::FoldedTwice),
    ("produced = delivered + dropped", Mutant::GivenUpUncounted),
    ("nothing is sent after a refusal", Mutant::ConsentReadEarly),
    ("install ids differ between generations", Mutant::InstallKept),
    ("the spool is within its caps", Mutant::CapsIgnored),
    ("attempts are bounded", Mutant::BackoffNeverGrows),
    ("wake-ups are bounded", Mutant::WokenByATick),
    ("the remote configuration only moves on", Mutant::OlderConfigurationTaken),
    ("a killed and recovered log gives the events of an unkilled one", Mutant::CheckpointLeftOut),
];

/// Schedules in which each must be noticed.
const SCHEDULES_MAX: u64 = if IS_JUDGED { 4_000 } else { 10 };

/// Without optimisation a schedule takes thirty times as long: then the mutants only run, and `make simulate` judges.
const IS_JUDGED: bool = !cfg!(debug_assertions);

/// The mutant that a replay asks for, by its name.
pub(super) fn named() -> Option<Mutant> {
    let name = std::env::var("NOWAIT_MUTANT").ok()?;
    MUTANTS.into_iter().find(|mutant| format!("{mutant:?}") == name)
}

/// Their panics are what is wanted: only the others are shown as they happen.
fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let show = take_hook();
        set_hook(Box::new(move |info| {
            if BROKEN.get().is_none() {
                show(info);
            }
        }));
    });
}

/// The first schedule in which this mutant breaks a rule, or this very rule.
fn noticed(mutant: Mutant, rule: Option<&str>) -> Option<Failure> {
    let is_it = |failure: &Failure| rule.is_none_or(|rule| failure.rule == rule);
    (0..SCHEDULES_MAX).find_map(|seed| super::run(seed, Some(mutant), false).err().filter(is_it))
}

#[test]
fn every_assertion_notices_what_breaks_it() {
    silence();
    for (rule, mutant) in ASSERTIONS {
        let seed = noticed(mutant, Some(rule)).map(|failure| failure.seed);
        println!("{rule}: {mutant:?} in seed {seed:?}");
        assert!(
            seed.is_some() || !IS_JUDGED,
            "in {SCHEDULES_MAX} schedules, {mutant:?} never broke this: {rule}"
        );
    }
}

/// One seed is one schedule: what it counts, and how it fails, is the same every time.
#[test]
fn one_seed_replays_one_schedule() {
    silence();
    let counted = |seed| super::run(seed, None, false).map(|stats| stats.merged());
    let failed = |seed| super::run(seed, Some(Mutant::GivenUpUncounted), false).err();
    for seed in 0..20 {
        assert_eq!(counted(seed).ok(), counted(seed).ok(), "{seed}");
        let told = |failure: Option<Failure>| failure.map(|failure| (failure.rule, failure.detail));
        assert_eq!(told(failed(seed)), told(failed(seed)), "{seed}");
    }
}

#[test]
fn every_broken_rule_is_noticed() {
    silence();
    let mut unnoticed = Vec::new();
    for mutant in MUTANTS {
        match noticed(mutant, None) {
            Some(failure) => println!("{mutant:?}: seed {}: {}", failure.seed, failure.rule),
            None => unnoticed.push(mutant),
        }
    }
    assert!(
        unnoticed.is_empty() || !IS_JUDGED,
        "in {SCHEDULES_MAX} schedules each, nobody noticed {unnoticed:?}"
    );
}
