//! The whole pipeline under shuttle: threads record, signal, name and leave crumbs while the worker seals and sends,
//! in thousands of random schedules. Run by `make shuttle`.
//!
//! Shuttle knows sequentially consistent schedules only: what a missing ordering does is loom's business.

use super::mutants::{broken, count_execution, must_fail, take_executions};
use crate::config::{Build, Config, Consent};
use crate::sync::Mutant;
use crate::testing::{self, MemoryUpload};
use crate::tracker::Signal;
use crate::{ManualClock, NoWait};
use nowait_wire::{DropReason, Event, Kind};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{FailurePersistence, Runner, thread};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Schedules of each kind.
const SCHEDULES: usize = 600;
/// Threads that record.
const THREADS: u64 = 2;
/// Events that each of them tries to record: together more than the ring holds.
const TRIES: u64 = 6;

/// What a run of many schedules saw.
static REFUSALS: AtomicUsize = AtomicUsize::new(0);
static SEALED_MEANWHILE: AtomicUsize = AtomicUsize::new(0);

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

fn record_and_drain() {
    count_execution();
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let config = Config::new("http://127.0.0.1:1", "key", Build::new("1", "1"), folder.path());
    let config = Config { consent: Consent::Granted, ..config };
    let (nowait, mut crank) = testing::start(config, upload.clone(), ManualClock::new(0)).unwrap();
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

fn run(scheduler: impl Scheduler + 'static) {
    let mut config = shuttle::Config::new();
    // The engine compresses on its thread's stack; shuttle's default is 32 KiB.
    config.stack_size = 1 << 20;
    if broken().is_some() {
        // Nobody wants to replay a mutant.
        config.failure_persistence = FailurePersistence::None;
    }
    Runner::new(scheduler, config).run(record_and_drain);
}

#[test]
fn what_is_taken_is_delivered_once_in_every_schedule() {
    run(RandomScheduler::new(SCHEDULES));
    run(PctScheduler::new(3, SCHEDULES));
    let executions = take_executions();
    let [refusals, sealed] = [&REFUSALS, &SEALED_MEANWHILE].map(|count| count.load(Ordering::Relaxed));
    println!("shuttle: {executions} schedules, {refusals} refusals, {sealed} with a seal between records");
    assert_eq!(executions, 2 * SCHEDULES);
    assert!(refusals > 1 && sealed > 1, "the schedules were all alike");
    must_fail("shuttle: record to receipt", &[Mutant::ReservedInTwoSteps], || {
        run(PctScheduler::new(3, SCHEDULES));
    });
}
