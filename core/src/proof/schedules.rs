//! The whole pipeline under shuttle: threads record, signal, name and leave crumbs while the worker seals and sends,
//! in thousands of random schedules. Run by `make shuttle`.
//!
//! Shuttle knows sequentially consistent schedules only: what a missing ordering does is loom's business.

use super::mutants::{broken, count_execution, must_fail, take_executions};
use crate::config::{Build, Config, Consent};
use crate::limits::{BATCH_EVENTS_MAX, RING_SLOTS};
use crate::sync::Mutant;
use crate::testing::{self, Crank, MemoryUpload};
use crate::tracker::Signal;
use crate::{ManualClock, NoWait};
use nowait_wire::{DropReason, Event, Kind};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{FailurePersistence, Runner, thread};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Schedules of each kind.
const SCHEDULES: usize = 600;
/// Threads that record.
const THREADS: u64 = 2;
/// Events that each of them tries to record: together more than the ring holds.
const TRIES: u64 = 6;
/// Schedules of a flood.
const FLOOD_SCHEDULES: usize = 60;
/// Where a flood ends that nobody stops: many rings full.
const FLOOD_EVENTS_MAX: usize = 40 * RING_SLOTS;

/// What a run of many schedules saw.
static REFUSALS: AtomicUsize = AtomicUsize::new(0);
static SEALED_MEANWHILE: AtomicUsize = AtomicUsize::new(0);
static FLOODED: AtomicUsize = AtomicUsize::new(0);

/// Records what it can, each under a name of its own: the numbers that were taken.
fn record(nowait: NoWait, thread: u64) -> Vec<u64> {
    let name = nowait.name(&format!("thread.{thread}"));
    let mut taken = Vec::new();
    for number in 0..TRIES {
        let at = number * 1_000_000;
        let event = Event { started_uptime_ns: at, a: number, ..Event::new(Kind::Action, name) };
        if nowait.record(&event).is_taken() {
            taken.push(number);
        }
        nowait.breadcrumb(nowait.crumb("crumb"));
        nowait.signal(&Signal::Frame { started: at, deadline: at, at });
    }
    taken
}

fn start(folder: &Path, upload: &MemoryUpload) -> (NoWait, Crank) {
    let config = Config::new("http://127.0.0.1:1", "key", Build::new("1", "1"), folder);
    let config = Config { consent: Consent::Granted, ..config };
    testing::start(config, upload.clone(), ManualClock::new(0)).unwrap()
}

fn record_and_drain() {
    count_execution();
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut crank) = start(folder.path(), &upload);
    let threads: Vec<_> = (0..THREADS).map(|id| (id, thread::spawn(move || record(nowait, id)))).collect();
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
    assert!(crank.shutdown().complete);

    let events = upload.events();
    for (id, taken) in taken {
        REFUSALS.fetch_add(TRIES as usize - taken.len(), Ordering::Relaxed);
        let text = format!("thread.{id}");
        let mut delivered: Vec<u64> =
            events.iter().filter(|(name, _)| *name == text).map(|(_, event)| event.a).collect();
        delivered.sort_unstable();
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
    (0..RING_SLOTS).for_each(|_| assert!(nowait.record(&event)));
    let ebb = Arc::new(AtomicBool::new(false));
    let until = ebb.clone();
    let flood = thread::spawn(move || {
        let mut taken = RING_SLOTS;
        while taken < FLOOD_EVENTS_MAX && !until.load(Ordering::Relaxed) {
            if nowait.record(&event) {
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
}
