//! What a start, and a decision of the customer, do on the caller's thread, system call by system call.
//!
//! **Why unsafe.** A filter that reports every system call to another thread is installed and read with raw calls.
//!
//! The starting thread and, because filters are inherited, NoWait's own thread ask the watching thread before each system
//! call; it notes who asks for what, and lets it pass.
#![allow(unsafe_code)]

use crate::base::Base;
use crate::child::{name_of, record, start};
use crate::system_calls::{NO_LISTENER, let_one_pass, report_by_filter};
use nowait_core::{Consent, NoWait, Recorded};
use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

/// All that a start may ask of the kernel on the caller's thread: memory, a random number, a thread. No file.
const ALLOWED: [(i64, &str); 12] = [
    (libc::SYS_brk, "brk"),
    (libc::SYS_clone, "clone"),
    (libc::SYS_clone3, "clone3"),
    (libc::SYS_futex, "futex"),
    (libc::SYS_getrandom, "getrandom"),
    (libc::SYS_madvise, "madvise"),
    (libc::SYS_mmap, "mmap"),
    (libc::SYS_mprotect, "mprotect"),
    (libc::SYS_munmap, "munmap"),
    (libc::SYS_rseq, "rseq"),
    (libc::SYS_rt_sigprocmask, "rt_sigprocmask"),
    (libc::SYS_sched_yield, "sched_yield"),
];

/// Most system calls of a start: it makes about a dozen, and memory may come in more pieces elsewhere.
const CALLS_MAX: u64 = 40;

/// All that a decision may ask of it: to wake the worker.
const ALLOWED_FOR_CONSENT: [(i64, &str); 1] = [(libc::SYS_futex, "futex")];

pub(crate) fn a_start_and_a_decision_touch_no_file_on_the_callers_thread() {
    let (_folder, base) = Base::fresh();
    let status = base.run("watched");
    if status.code() == Some(NO_LISTENER) {
        return println!("start: system calls not counted here, the kernel has no listener for filters");
    }
    assert!(status.success(), "{status:?}");
    let said = fs::read_to_string(base.root().join("calls")).unwrap();
    let [starting, deciding, workers] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
    let (total, shown) = allowed(starting, &ALLOWED);
    assert!((1..=CALLS_MAX).contains(&total), "{said}");
    let (decisions, futexes) = allowed(deciding, &ALLOWED_FOR_CONSENT);
    assert!(decisions <= DECISIONS, "{said}");
    // The watching works: what the worker does to make the file was seen.
    let workers: u64 = workers.trim().parse().unwrap();
    assert!(workers > 10, "{said}");
    println!(
        "start: {total} system calls on the caller's thread ({shown}), {workers} on NoWait's own; {DECISIONS} decisions: \
         {decisions} ({futexes})"
    );
}

/// How many system calls these are, all of which must be allowed, and which.
fn allowed(calls: &str, allowed: &[(i64, &str)]) -> (u64, String) {
    let mut total = 0;
    let mut shown = Vec::new();
    for call in calls.split_whitespace() {
        let (number, count) = call.split_once(':').unwrap();
        let (number, count): (i64, u64) = (number.parse().unwrap(), count.parse().unwrap());
        let known = allowed.iter().find(|(allowed, _)| *allowed == number);
        let (_, name) = known.unwrap_or_else(|| panic!("system call {number}, {count} times"));
        shown.push(format!("{count} {name}"));
        total += count;
    }
    (total, shown.join(", "))
}

pub(crate) fn what_is_recorded_before_the_file_is_there_is_delivered() {
    let (_folder, base) = Base::fresh();
    assert!(base.run("early").success());
    let mut delivered: Vec<u64> = base
        .batches()
        .iter()
        .flat_map(|batch| batch.events.iter().map(|event| (event, &batch.names)))
        .map(|(event, names)| {
            assert_eq!(names[event.name.0 as usize], name_of(0, event.a));
            event.a
        })
        .collect();
    delivered.sort_unstable();
    assert_eq!(delivered, (0..EARLY_EVENTS).collect::<Vec<_>>());
    let costs = base.batches().into_iter().map(|batch| batch.ledger.cost);
    let cost = costs.max_by_key(|cost| cost.worker_cpu_ns).unwrap();
    assert!(cost.start_ns > 0 && cost.worker_cpu_ns > 0, "{cost:?}");
    println!("start: {EARLY_EVENTS} events and their names recorded right after it: every one delivered");
}

/// Events recorded right after a start: what an app may do while it comes up.
const EARLY_EVENTS: u64 = 200;

/// The child's side: records without waiting for anything, and ends well.
pub(crate) fn record_at_once(base: &Base) {
    let nowait = start(base);
    (0..EARLY_EVENTS).for_each(|number| assert!(record(nowait, 0, number).is_taken()));
    assert!(nowait.shutdown(Duration::from_secs(30)).complete);
}

/// Where the starting thread is.
const BEFORE: i32 = 0;
const STARTING: i32 = 1;
const DECIDING: i32 = 2;
const AFTER: i32 = 3;
const DONE: i32 = 4;

/// Decisions that the starting thread takes over.
const DECISIONS: u64 = 3;

/// The child's side.
pub(crate) fn start_watched(base: &Base) {
    let (listener, starter, stage) = (AtomicI32::new(0), AtomicI32::new(0), AtomicI32::new(BEFORE));
    let (config, collector) = (base.config(), base.collector());
    std::thread::scope(|scope| {
        let (listener, starter, stage) = (&listener, &starter, &stage);
        scope.spawn(move || {
            // SAFETY: asks for a number and touches no memory.
            starter.store(unsafe { libc::gettid() }, Ordering::Relaxed);
            // From here on every system call waits for the watcher, also those of locks and channels.
            listener.store(report_system_calls(), Ordering::Release);
            stage.store(STARTING, Ordering::SeqCst);
            let nowait = NoWait::start_with(config, collector).unwrap();
            stage.store(AFTER, Ordering::SeqCst);
            while nowait.ledger().ring_on_heap {
                std::hint::spin_loop();
            }
            stage.store(DECIDING, Ordering::SeqCst);
            for decision in [Consent::Pending, Consent::Refused, Consent::Granted] {
                assert_eq!(nowait.consent(decision), Recorded::Kept);
            }
            stage.store(AFTER, Ordering::SeqCst);
            nowait.shutdown(Duration::from_secs(30));
            stage.store(DONE, Ordering::SeqCst);
            // The watcher sees the stage when it is asked for this.
            std::thread::yield_now();
        });
        let listener = loop {
            match listener.load(Ordering::Acquire) {
                0 => std::hint::spin_loop(),
                listener => break listener,
            }
        };
        if listener < 0 {
            std::process::exit(NO_LISTENER);
        }
        // Ends the process: the starting thread could not even end unwatched.
        watch(listener, starter.load(Ordering::Relaxed), stage);
    });
}

/// Lets every system call pass, notes those of start and decisions, and ends the process when it is over.
fn watch(listener: i32, starter: i32, stage: &AtomicI32) -> ! {
    let (mut starting, mut deciding) = (BTreeMap::<i32, u64>::new(), BTreeMap::<i32, u64>::new());
    let mut workers = 0_u64;
    while stage.load(Ordering::SeqCst) != DONE {
        let Some(asked) = let_one_pass(listener) else { continue };
        let is_ours = asked.pid == starter as u32;
        match stage.load(Ordering::SeqCst) {
            STARTING if is_ours => *starting.entry(asked.data.nr).or_default() += 1,
            DECIDING if is_ours => *deciding.entry(asked.data.nr).or_default() += 1,
            _ => workers += u64::from(!is_ours),
        }
    }
    let line = |calls: BTreeMap<i32, u64>| {
        calls.iter().map(|(number, count)| format!("{number}:{count}")).collect::<Vec<_>>().join(" ")
    };
    let said = format!("{}\n{}\n{workers}", line(starting), line(deciding));
    fs::write(Base::from_environment().root().join("calls"), said).unwrap();
    std::process::exit(0);
}

/// From here on every system call of this thread, and of those it starts, is reported: to whom, or -1.
fn report_system_calls() -> i32 {
    let code = (libc::BPF_RET | libc::BPF_K) as u16;
    report_by_filter(&[libc::sock_filter { code, jt: 0, jf: 0, k: libc::SECCOMP_RET_USER_NOTIF }])
}
