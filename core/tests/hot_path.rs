//! What recording and starting cost the caller's thread: no heap for the one, a bounded start for the other; and
//! that no clock a customer may turn changes what is delivered.
//!
//! **Why unsafe.** `GlobalAlloc` is an unsafe trait; every call is handed to the system's allocator unchanged.
#![allow(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use nowait_core::testing::{self, MemoryUpload};
use nowait_core::{Answer, Build, Config, Consent, Event, Fact, Kind, ManualClock, NOW, NoWait, Recorded};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator with the arguments as they came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that is ending may have no counter any more; nobody asks for its count.
        let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
        let _ = BYTES.try_with(|bytes| bytes.set(bytes.get() + layout.size() as u64));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static HEAP: Counting = Counting;

fn config(folder: &Path) -> Config {
    let config = Config::new("http://127.0.0.1:1", "key", Build::new("1", "1"), folder);
    Config { consent: Consent::Granted, ..config }
}

/// Calls of the allocator while this thread does something.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = CALLS.get();
    work();
    CALLS.get() - before
}

#[test]
fn a_million_facts_take_nothing_from_the_heap() {
    // In memory where the machine has a folder for that: thousands of batches are synced.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let clock = ManualClock::new(1_800_000_000_000);
    let upload = MemoryUpload::new();
    let (nowait, mut worker) = testing::start(config(folder.path()), upload, clock).unwrap();
    let (pay, crumb, name) = (nowait.action("Pay.Confirm"), nowait.crumb("crumb"), nowait.name("record"));
    let (route, screen, journey) = (nowait.route("GET /"), nowait.screen("Home"), nowait.journey("Transfer"));
    let event = Event::new(Kind::Action, name);
    let (mut recorded, mut refused, mut calls) = (0_u64, 0_u64, 0);
    while recorded < 1_000_000 {
        calls += allocations(|| {
            // To the brim and beyond: a refusal must not cost more than a record.
            for at in 0..500 {
                for taken in [
                    black_box(nowait).record(black_box(&event)),
                    nowait.breadcrumb(crumb),
                    nowait.append(Fact::Frame { started: at, deadline: at, at }),
                    nowait.append(Fact::TouchUp { at, target: name }),
                    nowait.append(Fact::MainPing { at: NOW }),
                ] {
                    recorded += u64::from(taken == Recorded::Kept);
                    refused += u64::from(!taken.is_taken());
                }
                pay.begin().end();
                route.begin().end(200);
                let visit = screen.created();
                visit.shown();
                visit.left();
                journey.begin().end();
            }
        });
        worker.flush();
    }
    assert_eq!(calls, 0, "in {recorded} facts");
    assert!(refused > 1_000, "the ring was full now and then");
    assert!(allocations(|| _ = black_box(Box::new(1))) > 0, "the counter counts");
}

#[test]
fn starting_is_quick_and_small_on_the_callers_thread() {
    let folder = tempfile::tempdir().unwrap();
    let mut starts: Vec<Duration> = (0..15)
        .map(|_| {
            let config = config(folder.path());
            let before = (CALLS.get(), BYTES.get());
            let began = Instant::now();
            let nowait = NoWait::start_with(config, MemoryUpload::new()).unwrap();
            let took = began.elapsed();
            let (calls, bytes) = (CALLS.get() - before.0, BYTES.get() - before.1);
            assert!(calls < 200 && bytes < 128 * 1024, "{calls} allocations, {bytes} bytes");
            nowait.shutdown(Duration::from_secs(10));
            took
        })
        .collect();
    starts.sort();
    // The least, because a busy machine may take the thread away at any time; the median is printed for a reader.
    println!("start: {:?} at least, {:?} median", starts[0], starts[7]);
    assert!(starts[0] < Duration::from_millis(if cfg!(debug_assertions) { 5 } else { 1 }));
}

#[test]
fn a_wall_clock_that_jumps_400_days_changes_nothing_but_dates() {
    const DAYS_MS: u64 = 400 * 24 * 3_600 * 1_000;
    const NOW_MS: u64 = 1_800_000_000_000;
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let clock = ManualClock::new(NOW_MS);
    let (nowait, mut worker) = testing::start(config(folder.path()), upload.clone(), clock.clone()).unwrap();
    let event = |nowait: NoWait| Event {
        started_uptime_ns: nowait.now_ns(),
        ..Event::new(Kind::Action, nowait.name("a"))
    };
    let busy = Answer {
        status: 503,
        retry_after: Some("Fri, 01 Jan 2027 00:00:00 GMT".to_owned()),
        body: Vec::new(),
    };
    let mut recorded = 0;
    for wall in [NOW_MS + DAYS_MS, NOW_MS - DAYS_MS, NOW_MS, 0] {
        clock.set_wall_unix_ms(wall);
        upload.plan([Some(busy.clone())]);
        for _ in 0..10 {
            assert!(nowait.record(&event(nowait)).is_taken());
            recorded += 1;
        }
        worker.flush();
        // However far away that date is now: a day of uptime is the longest that the server can ask for.
        clock.advance(Duration::from_secs(24 * 3_600 + 1));
        worker.flush();
        assert_eq!(upload.events().len(), recorded, "with the wall clock at {wall}");
    }
    let batches = upload.batches();
    let mut starts: Vec<u64> =
        batches.iter().flat_map(|batch| &batch.events).map(|event| event.started_uptime_ns).collect();
    assert!(starts.is_sorted(), "in the order of their recording");
    starts.dedup();
    assert_eq!(starts.len(), 4, "durations and order are the uptime clock's");
    worker.shutdown();
}
