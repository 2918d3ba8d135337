//! A kill at any atomic operation, under shuttle: the memory as it is at that moment, recovered as the next start would.
//!
//! The scheduler below stops the world: from the moment of the kill on only the thread that looks is run. So a proof
//! sees what a `kill -9` leaves between any two stores of any thread.

use super::mutants::{count_execution, must_fail, take_executions};
use super::schedules::{SCHEDULES, run};
use crate::fold::Fold;
use crate::record::Fact;
use crate::recover;
use crate::ring::flight::{Appended, Flight, Recorded};
use crate::ring::layout;
use crate::ring::memory::Memory;
use crate::sync::{Mutant, Ordering};
use nowait_wire::{Event, Kind, NameId, Outcome, Uuid};
use shuttle::rand::Rng;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Schedule, Scheduler, Task, TaskId};
use shuttle::thread;
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering as StdOrdering};
use std::sync::{Arc, Mutex};

const SESSION: Uuid = Uuid::from_u128(7);
const THREADS: u64 = 2;
/// Pairs of facts of each thread: two rings full.
const TRIES: u64 = 6;
/// Moments among which one is that of the kill.
const MOMENTS: u32 = 400;

static FOLDED: AtomicUsize = AtomicUsize::new(0);
static LEFT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static KILLED: Cell<bool> = const { Cell::new(false) };
}

/// A scheduler that runs nobody else any more after the kill.
struct Stopping<S>(S);

impl<S: Scheduler> Scheduler for Stopping<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        KILLED.set(false);
        self.0.new_execution()
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        if KILLED.get() { current } else { self.0.next_task(runnable, current, is_yielding) }
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// What threads were told is kept: events, and begun actions.
#[derive(Default)]
struct Acknowledged {
    events: Vec<u64>,
    begun: u64,
}

/// Appends an event and the begin of an action, again and again.
fn append(flight: &Flight, thread: u64, acknowledged: &Mutex<Acknowledged>) {
    for number in 0..TRIES {
        let number = thread << 8 | number;
        let kept = |fact: Fact| {
            let appended = flight.append(&fact.to_words());
            matches!(appended, Appended::Kept(Recorded::InMemory) | Appended::HalfFull(Recorded::InMemory))
        };
        if kept(Fact::Measured(Event { a: number, ..Event::new(Kind::Launch, NameId(7)) })) {
            acknowledged.lock().unwrap().events.push(number);
        }
        if kept(Fact::ActionStarted { at: number, id: number + 1, action: NameId(7) }) {
            acknowledged.lock().unwrap().begun += 1;
        }
    }
}

fn kill_while_it_folds() {
    count_execution();
    let memory = Memory::heap(layout::WORDS);
    let context = crate::testing::context();
    let flight: &'static Flight = Box::leak(Box::new(Flight::new(memory, SESSION, 0, &context, 0)));
    let acknowledged = Arc::new(Mutex::new(Acknowledged::default()));
    for id in 0..THREADS {
        let acknowledged = acknowledged.clone();
        thread::spawn(move || append(flight, id, &acknowledged));
    }
    thread::spawn(move || {
        let mut fold = Fold::new(flight);
        for _ in 0..4 {
            fold.turn(fold.end());
            thread::yield_now();
        }
    });
    for _ in 0..shuttle::rand::thread_rng().gen_range(0..MOMENTS) {
        thread::yield_now();
    }
    KILLED.set(true);
    let image: Vec<u64> = flight.memory.words.iter().map(|word| word.load(Ordering::SeqCst)).collect();
    KILLED.set(false);
    let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
    assert_recovered(&image, &acknowledged);
}

fn assert_recovered(image: &[u64], acknowledged: &Acknowledged) {
    let left = recover::read(SESSION, image, 0, &|_| Ok(())).unwrap().unwrap();
    let rest = left.whole_rest();
    assert_eq!((rest.corrupt, left.held), (0, None));
    let (mut events, mut died) = (Vec::new(), 0);
    for event in &rest.events {
        match event.kind {
            Kind::Launch => events.push(event.a),
            Kind::Action => {
                // Where facts were refused, the lost one may have been its end.
                assert!(matches!(event.outcome, Outcome::Died | Outcome::Interrupted), "{event:?}");
                died += 1;
            }
            _ => assert_eq!(event.kind, Kind::Exit),
        }
    }
    let delivered = events.len();
    events.sort_unstable();
    events.dedup();
    assert_eq!(events.len(), delivered, "nothing twice");
    for number in &acknowledged.events {
        assert!(events.contains(number), "{number} was acknowledged and is lost");
    }
    assert!(died >= acknowledged.begun, "{} waits were begun, {died} died", acknowledged.begun);
    let folded = recover::folded_to(image);
    FOLDED.fetch_add(usize::from(folded > 0), StdOrdering::Relaxed);
    LEFT.fetch_add(usize::from(left.ledger.facts.folded > folded), StdOrdering::Relaxed);
}

#[test]
fn a_kill_at_any_moment_loses_nothing_in_any_schedule() {
    let schedule = || run(kill_while_it_folds, Stopping(RandomScheduler::new_from_seed(13, SCHEDULES)));
    schedule();
    run(kill_while_it_folds, Stopping(PctScheduler::new_from_seed(17, 3, SCHEDULES)));
    let executions = take_executions();
    let [folded, left] = [&FOLDED, &LEFT].map(|count| count.load(StdOrdering::Relaxed));
    println!(
        "shuttle: kills: {executions} schedules, {folded} after a checkpoint, {left} with facts left to fold"
    );
    assert_eq!(executions, 2 * SCHEDULES);
    assert!(folded > 1 && left > 1, "the kills were all alike");
    must_fail("shuttle: kills", &[Mutant::ReleasedBeforeCheckpoint], schedule);
}
