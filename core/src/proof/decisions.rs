//! The word of the customer's decision under shuttle: threads decide while the worker carries it to the file and back.

use super::mutants::{count_execution, must_fail, take_executions};
use super::schedules::{SCHEDULES, folder, run, start};
use crate::consent::{Consent, Decision};
use crate::disk::RealDisk;
use crate::record::Fact;
use crate::shared::Shared;
use crate::sync::Mutant;
use crate::testing::MemoryUpload;
use nowait_wire::{Event, Kind};
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

static GRANTED: AtomicUsize = AtomicUsize::new(0);
static REFUSED_TWICE: AtomicUsize = AtomicUsize::new(0);
static TOLD_UNDER: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

/// Two threads decide, each the other way round, while the worker settles: no refusal is lost, whoever is last.
fn decide_from_everywhere() {
    count_execution();
    let folder = folder();
    let shared = Arc::new(Shared::open(Arc::new(RealDisk), folder.path()).unwrap());
    let decide = |said: [Consent; 2]| {
        let shared = shared.clone();
        thread::spawn(move || {
            let mut generation = 0;
            for consent in said {
                let decision = shared.decide(consent);
                assert_eq!(decision.consent, consent);
                let now = shared.consent();
                assert!(now.generation >= decision.generation && decision.generation >= generation);
                generation = decision.generation;
                if consent == Consent::Refused {
                    assert!(generation > 0 && !now.allows(0), "a refusal ends its generation");
                }
            }
        })
    };
    let threads =
        [decide([Consent::Granted, Consent::Refused]), decide([Consent::Refused, Consent::Granted])];
    let worker = {
        let shared = shared.clone();
        thread::spawn(move || {
            let mut generation = 0;
            for _ in 0..3 {
                shared.settle().unwrap();
                let now = shared.consent();
                assert!(now.generation >= generation, "no generation comes back");
                generation = now.generation;
            }
        })
    };
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    worker.join().unwrap();
    let decision = shared.consent();
    // Two refusals count once each, or as one where nobody agreed in between.
    assert!((1..=2).contains(&decision.generation), "{decision:?}");
    GRANTED.fetch_add(usize::from(decision.consent == Consent::Granted), Ordering::Relaxed);
    REFUSED_TWICE.fetch_add(usize::from(decision.generation > 1), Ordering::Relaxed);
    shared.settle().unwrap();
    assert_eq!(
        Shared::open(Arc::new(RealDisk), folder.path()).unwrap().consent(),
        decision,
        "the next start knows it"
    );
}

/// One customer says one thing after the other while the worker settles: the last word stands, here and in the file.
fn decide_one_after_the_other() {
    count_execution();
    let folder = folder();
    let shared = Arc::new(Shared::open(Arc::new(RealDisk), folder.path()).unwrap());
    let worker = {
        let shared = shared.clone();
        thread::spawn(move || (0..4).for_each(|_| shared.settle().unwrap()))
    };
    for consent in [Consent::Refused, Consent::Granted, Consent::Refused, Consent::Granted] {
        assert_eq!(shared.decide(consent).consent, consent);
    }
    worker.join().unwrap();
    let last = Decision { consent: Consent::Granted, generation: 2 };
    assert_eq!(shared.consent(), last);
    shared.settle().unwrap();
    assert_eq!(shared.consent(), last);
    assert_eq!(
        Shared::open(Arc::new(RealDisk), folder.path()).unwrap().consent(),
        last,
        "the next start knows it"
    );
}

/// Threads read the decision and tell an early fact under it, while the customer refuses and agrees again and the worker
/// turns: no session delivers what was told under another generation than its own.
fn tell_over_a_refusal() {
    count_execution();
    let folder = folder();
    let upload = MemoryUpload::new();
    let (nowait, mut worker) = start(folder.path(), &upload);
    let name = nowait.name("told");
    let tell = || {
        thread::spawn(move || {
            for _ in 0..2 {
                nowait.engine.recorder.tell_generation(|generation| {
                    TOLD_UNDER[generation as usize].fetch_add(1, Ordering::Relaxed);
                    Fact::Measured(Event { a: generation, ..Event::new(Kind::Action, name) }).to_words()
                });
            }
        })
    };
    let threads = [tell(), tell()];
    let turning = thread::spawn(move || {
        (0..3).for_each(|_| _ = worker.turn());
        worker
    });
    nowait.consent(Consent::Refused);
    nowait.consent(Consent::Granted);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let mut worker = turning.join().unwrap();
    assert!(worker.shutdown().complete);
    let granted = nowait.session();
    for batch in upload.batches() {
        let own = u64::from(batch.id.session == granted);
        assert!(batch.events.iter().all(|event| event.a == own), "{own}: {:?}", batch.events);
    }
}

#[test]
fn no_session_delivers_what_was_told_under_another_decision_in_any_schedule() {
    let random = || run(tell_over_a_refusal, RandomScheduler::new_from_seed(37, SCHEDULES));
    random();
    run(tell_over_a_refusal, PctScheduler::new_from_seed(41, 3, SCHEDULES));
    let executions = take_executions();
    let [before, after] = TOLD_UNDER.each_ref().map(|count| count.load(Ordering::Relaxed));
    println!(
        "shuttle: early facts: {executions} schedules, {before} before the refusal, {after} after the grant"
    );
    assert_eq!(executions, 2 * SCHEDULES);
    assert!(before > 1 && after > 1, "the schedules were all alike");
    must_fail("shuttle: early facts", &[Mutant::EarlyOfAnyDecision], random);
}

#[test]
fn the_last_word_of_a_customer_stands_in_any_schedule() {
    run(decide_one_after_the_other, RandomScheduler::new_from_seed(29, SCHEDULES));
    run(decide_one_after_the_other, PctScheduler::new_from_seed(31, 3, SCHEDULES));
    let executions = take_executions();
    println!("shuttle: one customer: {executions} schedules");
    assert_eq!(executions, 2 * SCHEDULES);
}

#[test]
fn no_refusal_is_lost_between_threads_that_decide_in_any_schedule() {
    let random = || run(decide_from_everywhere, RandomScheduler::new_from_seed(19, SCHEDULES));
    random();
    run(decide_from_everywhere, PctScheduler::new_from_seed(23, 3, SCHEDULES));
    let executions = take_executions();
    let [granted, twice] = [&GRANTED, &REFUSED_TWICE].map(|count| count.load(Ordering::Relaxed));
    println!("shuttle: decisions: {executions} schedules, {granted} granted at last, {twice} refused twice");
    assert_eq!(executions, 2 * SCHEDULES);
    assert!(granted > 1 && granted < executions && twice > 1, "the schedules were all alike");
    must_fail("shuttle: decisions", &[Mutant::DecidedInTwoSteps], random);
}
