//! The whole engine under shuttle, in thousands of random schedules: threads record, name and decide while the worker folds,
//! seals and sends. Run by `make shuttle`.
//!
//! Shuttle knows sequentially consistent schedules only: what a missing ordering does is loom's business.

use super::mutants::{broken, count_execution, must_fail, take_executions};
use crate::config::{Build, Config};
use crate::consent::Consent;
use crate::disk::RealDisk;
use crate::limits::RING_SLOTS;
use crate::record::Fact;
use crate::ring::flight::Recorded;
use crate::sync::Mutant;
use crate::testing::{self, ManualWorker, MemoryUpload};
use crate::{Clock, ManualClock, NoWait};
use nowait_wire::{DropReason, Event, Kind, RefuseReason};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{FailurePersistence, Runner, thread};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Schedules of each kind.
pub(super) const SCHEDULES: usize = 400;
/// Threads that record.
const THREADS: u64 = 2;
/// Events that each of them tries to record, with two other facts each: together more than the ring holds.
const TRIES: u64 = 4;
/// Events of each while a recorder opens: together less than the ring holds, so that nothing is refused and the recorder's first
/// tick, without which no batch can be placed in the day, has room as it always has outside of a model checker.
const EARLY_TRIES: u64 = 3;
/// Schedules of a flood.
const FLOOD_SCHEDULES: usize = 60;
/// Where a flood ends that nobody stops: many rings full.
const FLOOD_EVENTS_MAX: usize = 40 * RING_SLOTS;

/// What a run of many schedules saw.
static REFUSALS: AtomicUsize = AtomicUsize::new(0);
static SEALED_MEANWHILE: AtomicUsize = AtomicUsize::new(0);
static FLOODED: AtomicUsize = AtomicUsize::new(0);
static EARLY: AtomicUsize = AtomicUsize::new(0);
static RENEWED: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

fn event(nowait: NoWait, thread: u64, number: u64) -> Event {
    let name = nowait.name(&format!("thread.{thread}"));
    Event { started_uptime_ns: number * 1_000_000, a: number, ..Event::new(Kind::Action, name) }
}

/// What became of the facts of a thread.
#[derive(Default)]
struct Told {
    /// The numbers of the events that were taken.
    taken: Vec<u64>,
    /// All facts that were not.
    refused: u64,
}

impl Told {
    fn count(&mut self, recorded: Recorded) -> bool {
        self.refused += u64::from(!recorded.is_taken());
        recorded.is_taken()
    }
}

/// Tries to record so many events, each thread under a name of its own, with a breadcrumb and a frame each.
fn record(nowait: NoWait, thread: u64) -> Told {
    let mut told = Told::default();
    for number in 0..TRIES {
        let at = number * 1_000_000;
        if told.count(nowait.record(&event(nowait, thread, number))) {
            told.taken.push(number);
        }
        told.count(nowait.breadcrumb(nowait.crumb("crumb")));
        told.count(nowait.append(Fact::Frame { started: at, deadline: at, at }));
    }
    told
}

/// A folder that costs no disk where the machine has one.
pub(super) fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn config(folder: &Path) -> Config {
    let config = Config::new("http://127.0.0.1:1", "key", Build::new("1", "1"), folder);
    Config { consent: Consent::Granted, ..config }
}

pub(super) fn start(folder: &Path, upload: &MemoryUpload) -> (NoWait, ManualWorker) {
    testing::start(config(folder), upload.clone(), ManualClock::new(0)).unwrap()
}

fn record_and_fold() {
    count_execution();
    let folder = folder();
    let upload = MemoryUpload::new();
    let (nowait, mut worker) = start(folder.path(), &upload);
    let threads: Vec<_> = (0..THREADS).map(|id| (id, thread::spawn(move || record(nowait, id)))).collect();
    let folding = thread::spawn(move || {
        worker.flush();
        worker.turn();
        worker.flush();
        worker
    });
    let told: Vec<_> = threads.into_iter().map(|(id, thread)| (id, thread.join().unwrap())).collect();
    let mut worker = folding.join().unwrap();
    if !upload.events().is_empty() {
        SEALED_MEANWHILE.fetch_add(1, Ordering::Relaxed);
    }
    let refused = told.iter().map(|(_, told)| told.refused).sum::<u64>();
    REFUSALS.fetch_add(refused as usize, Ordering::Relaxed);
    assert!(worker.shutdown().complete);
    assert_delivered_once(&upload, &told);
    let ledger = nowait.ledger();
    let [full, contended] = [RefuseReason::RingFull, RefuseReason::Contended].map(|reason| reason as usize);
    assert_eq!(
        ledger.facts.refused[full] + ledger.facts.refused[contended],
        refused,
        "each refusal is counted once"
    );
    assert!(ledger.facts.appended() >= 3 * THREADS * TRIES, "{ledger:?}");
}

/// What each thread was told is taken came through, once and under its name, and the account balances.
fn assert_delivered_once(upload: &MemoryUpload, told: &[(u64, Told)]) {
    let events = upload.events();
    for (id, told) in told {
        let text = format!("thread.{id}");
        let mut delivered: Vec<u64> =
            events.iter().filter(|(name, _)| *name == text).map(|(_, event)| event.a).collect();
        delivered.sort_unstable();
        assert_eq!(delivered, told.taken, "what was taken is delivered once, under its name");
    }
    let ledger = upload.batches().last().unwrap().ledger.clone();
    assert_eq!(ledger.produced, events.len() as u64 + ledger.dropped_total());
    assert_eq!(ledger.dropped[DropReason::Corrupt as usize], 0);
    assert_eq!(ledger.facts.refused[RefuseReason::Corrupt as usize], 0);
}

/// A thread records as fast as it can while the worker does one turn.
fn turn_in_a_flood() {
    count_execution();
    let folder = folder();
    let upload = MemoryUpload::new();
    let (nowait, mut worker) = start(folder.path(), &upload);
    let event = Event::new(Kind::Action, nowait.name("flood"));
    // The tick that a session begins with is in already.
    (1..RING_SLOTS).for_each(|_| assert!(nowait.record(&event).is_taken()));
    let ebb = Arc::new(AtomicBool::new(false));
    let until = ebb.clone();
    let flood = thread::spawn(move || {
        let mut taken = RING_SLOTS - 1;
        while taken < FLOOD_EVENTS_MAX && !until.load(Ordering::Relaxed) {
            if nowait.record(&event).is_taken() {
                taken += 1;
            } else {
                thread::yield_now();
            }
        }
        taken
    });
    worker.turn();
    ebb.store(true, Ordering::Relaxed);
    let folded = nowait.ledger().facts.folded as usize;
    assert!(folded <= RING_SLOTS, "the flood kept the worker folding: {folded}");
    let taken = flood.join().unwrap();
    if taken > RING_SLOTS {
        FLOODED.fetch_add(1, Ordering::Relaxed);
    }
    assert!(worker.shutdown().complete);
    assert_eq!(upload.events().len(), taken);
}

/// Threads record from the first moment on, while the worker opens the flight recorder.
fn record_while_it_opens() {
    count_execution();
    let folder = folder();
    let upload = MemoryUpload::new();
    let nowait = NoWait::on_clock(Clock::Manual(ManualClock::new(0)));
    let record = move |thread| {
        let (mut told, mut early) = (Told::default(), 0);
        for number in 0..EARLY_TRIES {
            early += usize::from(nowait.engine.recorder.flight().is_none());
            if told.count(nowait.record(&event(nowait, thread, number))) {
                told.taken.push(number);
            }
        }
        EARLY.fetch_add(early, Ordering::Relaxed);
        told
    };
    let threads: Vec<_> = (0..THREADS).map(|id| (id, thread::spawn(move || record(id)))).collect();
    let mut worker =
        testing::begin(nowait, config(folder.path()), upload.clone(), Arc::new(RealDisk)).unwrap();
    let told: Vec<_> = threads.into_iter().map(|(id, thread)| (id, thread.join().unwrap())).collect();
    assert!(worker.shutdown().complete);
    assert_delivered_once(&upload, &told);
}

/// What the customer has said so far, as threads that record can know it.
const GRANTED: u64 = 0;
const REFUSED: u64 = 1;
const ASKED_AGAIN: u64 = 2;
const GRANTED_AGAIN: u64 = 3;

/// The customer refuses and agrees again while threads record and the worker turns.
fn record_while_the_customer_decides() {
    count_execution();
    let folder = folder();
    let upload = MemoryUpload::new();
    let (nowait, mut worker) = start(folder.path(), &upload);
    let first = nowait.session();
    let said = Arc::new(AtomicU64::new(GRANTED));
    let record = |thread| {
        let said = said.clone();
        move || {
            let mut told = Told::default();
            for number in 0..EARLY_TRIES {
                let before = said.load(Ordering::SeqCst);
                let recorded = nowait.record(&event(nowait, thread, number));
                let after = said.load(Ordering::SeqCst);
                if (before, after) == (REFUSED, REFUSED) {
                    assert_eq!(recorded, Recorded::Refused, "nothing is recorded after a refusal");
                    RENEWED[0].fetch_add(1, Ordering::Relaxed);
                }
                if before == GRANTED_AGAIN && told.count(recorded) {
                    told.taken.push(number);
                    RENEWED[1].fetch_add(1, Ordering::Relaxed);
                }
                thread::yield_now();
            }
            told
        }
    };
    let threads: Vec<_> = (0..THREADS).map(|id| (id, thread::spawn(record(id)))).collect();
    let turning = thread::spawn(move || {
        (0..4).for_each(|_| _ = worker.turn());
        worker
    });
    nowait.consent(Consent::Refused);
    said.store(REFUSED, Ordering::SeqCst);
    (0..4).for_each(|_| thread::yield_now());
    said.store(ASKED_AGAIN, Ordering::SeqCst);
    nowait.consent(Consent::Granted);
    said.store(GRANTED_AGAIN, Ordering::SeqCst);
    let told: Vec<_> = threads.into_iter().map(|(id, thread)| (id, thread.join().unwrap())).collect();
    let mut worker = turning.join().unwrap();
    assert!(worker.shutdown().complete);
    assert_renewed(&upload, first, told);
}

/// What was recorded after the second grant is delivered, once, in another session and under another install.
fn assert_renewed(upload: &MemoryUpload, first: nowait_wire::Uuid, told: Vec<(u64, Told)>) {
    let batches = upload.batches();
    let (old, new): (Vec<_>, Vec<_>) = batches.iter().partition(|batch| batch.id.session == first);
    for batch in &new {
        assert!(old.iter().all(|old| old.context.install != batch.context.install), "a new install id");
        assert!(new.iter().all(|other| other.id.session == batch.id.session), "one new session");
    }
    let mut delivered: Vec<(&str, u64)> = new
        .iter()
        .flat_map(|batch| batch.events.iter().map(|event| (&*batch.names[event.name.0 as usize], event.a)))
        .collect();
    delivered.sort_unstable();
    for (id, told) in told {
        let text = format!("thread.{id}");
        for number in told.taken {
            let count = delivered.iter().filter(|found| **found == (&*text, number)).count();
            assert_eq!(count, 1, "{text}, {number} was taken after the grant: {delivered:?}");
        }
    }
    let events = delivered.len();
    delivered.dedup();
    assert_eq!(delivered.len(), events, "nothing twice");
    if let Some(last) = new.last() {
        assert_eq!(last.ledger.produced, events as u64 + last.ledger.dropped_total());
    }
}

pub(super) fn run(model: fn(), scheduler: impl Scheduler + 'static) {
    let mut config = shuttle::Config::new();
    // The engine compresses on its thread's stack; shuttle's default is 32 KiB.
    config.stack_size = 1 << 20;
    if broken().is_some() {
        // Nobody wants to replay a mutant.
        config.failure_persistence = FailurePersistence::None;
    }
    Runner::new(scheduler, config).run(model);
}

#[test]
fn what_is_taken_is_delivered_once_in_every_schedule() {
    run(record_and_fold, RandomScheduler::new(SCHEDULES));
    run(record_and_fold, PctScheduler::new(3, SCHEDULES));
    let executions = take_executions();
    let [refusals, sealed] = [&REFUSALS, &SEALED_MEANWHILE].map(|count| count.load(Ordering::Relaxed));
    println!("shuttle: {executions} schedules, {refusals} refusals, {sealed} with a seal between facts");
    assert_eq!(executions, 2 * SCHEDULES);
    assert!(refusals > 1 && sealed > 1, "the schedules were all alike");
    must_fail("shuttle: record to receipt", &[Mutant::ReservedInTwoSteps], || {
        run(record_and_fold, PctScheduler::new(3, SCHEDULES));
    });
}

#[test]
fn a_flood_of_facts_does_not_keep_the_worker_folding_in_any_schedule() {
    run(turn_in_a_flood, RandomScheduler::new_from_seed(7, FLOOD_SCHEDULES));
    let (executions, floods) = (take_executions(), FLOODED.load(Ordering::Relaxed));
    println!(
        "shuttle: a flood: {executions} schedules, {floods} in which facts came while others were folded"
    );
    assert_eq!(executions, FLOOD_SCHEDULES);
    assert!(floods > 1, "nothing was flooded");
    must_fail("shuttle: a flood", &[Mutant::FoldedEndlessly], || {
        run(turn_in_a_flood, RandomScheduler::new_from_seed(7, FLOOD_SCHEDULES));
    });
}

#[test]
fn what_is_taken_while_the_recorder_opens_is_delivered_once_in_every_schedule() {
    let schedule = || run(record_while_it_opens, PctScheduler::new_from_seed(11, 3, SCHEDULES));
    schedule();
    let executions = take_executions();
    let early = EARLY.load(Ordering::Relaxed);
    let late = SCHEDULES * (THREADS * EARLY_TRIES) as usize - early;
    println!(
        "shuttle: opening: {executions} schedules, {early} events before the recorder was open, {late} after"
    );
    assert_eq!(executions, SCHEDULES);
    assert!(early > 1 && late > 1, "the schedules were all alike");
    must_fail("shuttle: opening", &[Mutant::EarlyLookedAtOnce], schedule);
}

#[test]
fn a_refusal_and_a_grant_while_threads_record_begin_one_new_session_in_every_schedule() {
    let random = || run(record_while_the_customer_decides, RandomScheduler::new_from_seed(3, SCHEDULES));
    random();
    run(record_while_the_customer_decides, PctScheduler::new_from_seed(5, 3, SCHEDULES));
    let executions = take_executions();
    let [refused, renewed] = RENEWED.each_ref().map(|count| count.load(Ordering::Relaxed));
    println!(
        "shuttle: renewal: {executions} schedules, {refused} facts after the refusal, {renewed} after the grant"
    );
    assert_eq!(executions, 2 * SCHEDULES);
    assert!(refused > 1 && renewed > 1, "the schedules were all alike");
    must_fail("shuttle: renewal", &[Mutant::OpenForEver], random);
}
