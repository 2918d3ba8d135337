//! The whole pipeline under shuttle: threads record, signal, name and leave crumbs while the worker seals and sends,
//! in thousands of random schedules. Run by `make shuttle`.
//!
//! Shuttle knows sequentially consistent schedules only: what a missing ordering does is loom's business.

use super::mutants::{broken, count_execution, must_fail, take_executions};
use crate::config::{Build, Config};
use crate::consent::Consent;
use crate::limits::{BATCH_EVENTS_MAX, RING_SLOTS};
use crate::record::Fact as Signal;
use crate::sync::Mutant;
use crate::testing::{self, Crank, MemoryUpload};
use crate::worker::Engine;
use crate::{Clock, ManualClock, NoWait, nowait};
use nowait_wire::{DropReason, Event, Kind};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{FailurePersistence, Runner, thread};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Schedules of each kind.
const SCHEDULES: usize = 600;
/// Threads that record.
const THREADS: u64 = 2;
/// Events that each of them tries to record: together more than the ring holds.
const TRIES: u64 = 6;
/// The same while the recorder opens: together less than the ring holds, so that nothing is refused.
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

/// Tries to record so many events, each thread under a name of its own: the numbers that were taken, and whether the
/// recorder was open by then.
fn record(nowait: NoWait, thread: u64, tries: u64) -> Vec<(u64, bool)> {
    let name = nowait.name(&format!("thread.{thread}"));
    let mut taken = Vec::new();
    for number in 0..tries {
        let at = number * 1_000_000;
        let event = Event { started_uptime_ns: at, a: number, ..Event::new(Kind::Action, name) };
        if nowait.record(&event).is_taken() {
            taken.push((number, nowait.shared.recorder.is_open()));
        }
        nowait.breadcrumb(nowait.crumb("crumb"));
        nowait.signal(&Signal::Frame { started: at, deadline: at, at });
    }
    taken
}

fn config(folder: &Path) -> Config {
    let config = Config::new("http://127.0.0.1:1", "key", Build::new("1", "1"), folder);
    Config { consent: Consent::Granted, ..config }
}

fn start(folder: &Path, upload: &MemoryUpload) -> (NoWait, Crank) {
    testing::start(config(folder), upload.clone(), ManualClock::new(0)).unwrap()
}

fn record_and_drain() {
    count_execution();
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut crank) = start(folder.path(), &upload);
    let threads: Vec<_> =
        (0..THREADS).map(|id| (id, thread::spawn(move || record(nowait, id, TRIES)))).collect();
    let worker = thread::spawn(move || {
        crank.flush();
        crank.step();
        crank.flush();
        crank
    });
    let taken: Vec<_> = threads.into_iter().map(|(id, thread)| (id, thread.join().unwrap())).collect();
    let mut crank = worker.join().unwrap();
    if !upload.events().is_empty() {
        SEALED_MEANWHILE.fetch_add(1, Ordering::Relaxed);
    }
    let refused = (TRIES * THREADS) as usize - taken.iter().map(|(_, taken)| taken.len()).sum::<usize>();
    REFUSALS.fetch_add(refused, Ordering::Relaxed);
    assert!(crank.shutdown().complete);
    assert_delivered_once(&upload, taken);
}

/// What each thread was told is taken came through, once and under its name, and the account balances.
fn assert_delivered_once(upload: &MemoryUpload, taken: Vec<(u64, Vec<(u64, bool)>)>) {
    let events = upload.events();
    for (id, taken) in taken {
        let text = format!("thread.{id}");
        let mut delivered: Vec<u64> =
            events.iter().filter(|(name, _)| *name == text).map(|(_, event)| event.a).collect();
        delivered.sort_unstable();
        let taken: Vec<u64> = taken.into_iter().map(|(number, _)| number).collect();
        assert_eq!(delivered, taken, "what was taken is delivered once, under its name");
    }
    let ledger = upload.batches().last().unwrap().ledger.clone();
    assert_eq!(ledger.produced, events.len() as u64 + ledger.dropped_total());
    assert_eq!(ledger.dropped[DropReason::Corrupt as usize], 0);
}

/// A thread records as fast as it can until the worker, asked once, has sealed and sent.
fn flush_in_a_flood() {
    count_execution();
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut crank) = start(folder.path(), &upload);
    let event = Event::new(Kind::Action, nowait.name("flood"));
    (0..RING_SLOTS).for_each(|_| assert!(nowait.record(&event).is_taken()));
    let ebb = Arc::new(AtomicBool::new(false));
    let until = ebb.clone();
    let flood = thread::spawn(move || {
        let mut taken = RING_SLOTS;
        while taken < FLOOD_EVENTS_MAX && !until.load(Ordering::Relaxed) {
            if nowait.record(&event).is_taken() {
                taken += 1;
            } else {
                thread::yield_now();
            }
        }
        taken
    });
    crank.flush();
    ebb.store(true, Ordering::Relaxed);
    // A flush seals twice at most, and each time no more than what the ring held and what one more batch takes.
    let sealed = upload.events().len();
    assert!(sealed <= 2 * (RING_SLOTS + BATCH_EVENTS_MAX), "the flood kept the worker sealing: {sealed}");
    let taken = flood.join().unwrap();
    if sealed > RING_SLOTS {
        FLOODED.fetch_add(1, Ordering::Relaxed);
    }
    assert!(crank.shutdown().complete);
    assert_eq!(upload.events().len(), taken);
}

/// Threads record from the first moment on, while the worker opens the flight recorder.
fn record_while_it_opens() {
    count_execution();
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, _commands) =
        nowait::prepare(config(folder.path()), Clock::Manual(ManualClock::new(0))).unwrap();
    let threads: Vec<_> =
        (0..THREADS).map(|id| (id, thread::spawn(move || record(nowait, id, EARLY_TRIES)))).collect();
    let mut engine = Engine::open(nowait.shared, Box::new(upload.clone()));
    let taken: Vec<_> = threads.into_iter().map(|(id, thread)| (id, thread.join().unwrap())).collect();
    let early = taken.iter().flat_map(|(_, taken)| taken).filter(|(_, open)| !open).count();
    EARLY.fetch_add(early, Ordering::Relaxed);
    assert!(engine.shutdown(Duration::from_secs(1)).complete);
    assert_delivered_once(&upload, taken);
}

fn run(model: fn(), scheduler: impl Scheduler + 'static) {
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
    run(record_and_drain, RandomScheduler::new(SCHEDULES));
    run(record_and_drain, PctScheduler::new(3, SCHEDULES));
    let executions = take_executions();
    let [refusals, sealed] = [&REFUSALS, &SEALED_MEANWHILE].map(|count| count.load(Ordering::Relaxed));
    println!("shuttle: {executions} schedules, {refusals} refusals, {sealed} with a seal between records");
    assert_eq!(executions, 2 * SCHEDULES);
    assert!(refusals > 1 && sealed > 1, "the schedules were all alike");
    must_fail("shuttle: record to receipt", &[Mutant::ReservedInTwoSteps], || {
        run(record_and_drain, PctScheduler::new(3, SCHEDULES));
    });
}

#[test]
fn a_flood_of_events_does_not_keep_the_worker_sealing_in_any_schedule() {
    run(flush_in_a_flood, RandomScheduler::new_from_seed(7, FLOOD_SCHEDULES));
    let (executions, floods) = (take_executions(), FLOODED.load(Ordering::Relaxed));
    println!(
        "shuttle: a flood: {executions} schedules, {floods} in which events came while others were sealed"
    );
    assert_eq!(executions, FLOOD_SCHEDULES);
    assert!(floods > 1, "nothing was flooded");
    must_fail("shuttle: a flood", &[Mutant::SealedEndlessly], || {
        run(flush_in_a_flood, RandomScheduler::new_from_seed(7, FLOOD_SCHEDULES));
    });
}

#[test]
fn what_is_taken_while_the_recorder_opens_is_delivered_once_in_every_schedule() {
    let schedule = || run(record_while_it_opens, PctScheduler::new_from_seed(11, 3, SCHEDULES));
    schedule();
    let executions = take_executions();
    let early = EARLY.load(Ordering::Relaxed);
    let kept = SCHEDULES * (THREADS * EARLY_TRIES) as usize - early;
    println!(
        "shuttle: opening: {executions} schedules, {early} events before the recorder was open, {kept} after"
    );
    assert_eq!(executions, SCHEDULES);
    assert!(early > 1 && kept > 1, "the schedules were all alike");
    must_fail("shuttle: opening", &[Mutant::EarlyLookedAtOnce], schedule);
}
