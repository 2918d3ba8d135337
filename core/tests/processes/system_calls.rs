//! Hundreds of thousands of facts without a system call: a filter in the kernel kills the process at the first one.
//!
//! **Why unsafe.** The filter is installed, and read, with raw calls.
//!
//! The filter is the recording thread's own, so that another one may seal and send meanwhile. It allows nothing, not even a
//! clock: a machine whose clock cannot be read without entering the kernel fails here, and says so by SIGSYS. One call it
//! reports and lets pass: the futex that wakes the worker when the ring is half full, if it sleeps.
#![allow(unsafe_code)]

use crate::base::Base;
use libc::{BPF_ABS, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, sock_filter};
use nowait_core::{Answer, Config, Event, Fact, Kind, NOW, NoWait, Outcome, Parcel, Recorded, Upload};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Facts of the loop.
const FACTS: u64 = if cfg!(debug_assertions) { 200_000 } else { 1_000_000 };

/// Fewest facts between two that wake the worker: half of the ring.
const HALF_FULL: u64 = 2_048;

pub(crate) fn recording_makes_none() {
    let (_folder, base) = Base::fresh();
    let status = base.run("quiet");
    if status.code() == Some(NO_LISTENER) {
        return println!("system calls: not counted here, the kernel has no listener for filters");
    }
    assert!(status.success(), "a system call on the recording thread: {status:?}");
    let [taken, woken] = numbers(&base, "woken");
    assert!(taken >= FACTS, "{taken}");
    assert!((1..=taken / HALF_FULL + 1).contains(&woken), "{taken} facts woke the worker {woken} times");
    // The filter itself: one call, on purpose, must be seen.
    let (_folder, base) = Base::fresh();
    let status = base.run("loud");
    assert_eq!(status.signal(), Some(libc::SIGSYS), "the filter sees nothing: {status:?}");
    println!(
        "system calls: 0 in {taken} facts of every kind with their clock reads, but for {woken} futex calls that woke the \
         worker ({} halves of a ring); 1 on purpose was seen",
        taken / HALF_FULL
    );
}

pub(crate) fn a_worker_that_is_awake_is_not_woken() {
    let (_folder, base) = Base::fresh();
    let status = base.run("awake");
    if status.code() == Some(NO_LISTENER) {
        return println!("wake-ups: not counted here, the kernel has no listener for filters");
    }
    assert!(status.success(), "{status:?}");
    let [taken, woken] = numbers(&base, "woken");
    assert!(taken > HALF_FULL && woken == 0, "{taken} facts, {woken} futex calls");
    println!("wake-ups: 0 in {taken} facts beside a worker that is awake");
}

fn numbers(base: &Base, file: &str) -> [u64; 2] {
    let said = fs::read_to_string(base.root().join(file)).unwrap();
    let numbers: Vec<u64> = said.split(' ').map(|number| number.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

/// How a child ends where the kernel does not let it watch.
pub(crate) const NO_LISTENER: i32 = 77;

/// The child's side. `loud`: one system call after the facts.
pub(crate) fn record_under_a_filter(base: &Base, loud: bool) {
    // Nothing but facts wakes the worker.
    let config = Config { flush_interval: Duration::from_secs(3_600), ..base.config() };
    let nowait = NoWait::start_with(config, base.collector()).unwrap();
    nowait.flush(Duration::from_secs(10));
    let taken = watch(base, nowait, FACTS, loud, || thread::sleep(Duration::from_millis(1)));
    nowait.flush(Duration::from_secs(10));
    assert!(nowait.ledger().facts.folded >= taken);
    std::process::exit(0);
}

/// The child's side: the worker is at an exchange that does not end.
pub(crate) fn record_beside_a_busy_worker(base: &Base) {
    let is_busy = Arc::new(AtomicBool::new(false));
    let nowait = NoWait::start_with(base.config(), Busy(Arc::clone(&is_busy))).unwrap();
    while nowait.ledger().ring_on_heap {
        thread::yield_now();
    }
    assert!(nowait.append(Fact::Foreground { at: NOW, restored: false }).is_taken());
    thread::spawn(move || nowait.flush(Duration::from_secs(3_600)));
    while !is_busy.load(Ordering::Acquire) {
        thread::yield_now();
    }
    watch(base, nowait, HALF_FULL + 1_000, false, || thread::sleep(Duration::from_millis(1)));
    std::process::exit(0);
}

/// A collector that never answers, and does not park its thread either.
struct Busy(Arc<AtomicBool>);

impl Upload for Busy {
    fn send(&mut self, _: Parcel<'_>) -> Option<Answer> {
        self.0.store(true, Ordering::Release);
        loop {
            thread::sleep(Duration::from_secs(1));
        }
    }
}

/// Has a thread under the filter append this many facts, does `meanwhile` until it is done, and says how many facts were
/// taken and how often the worker was woken.
fn watch<T>(base: &Base, nowait: NoWait, facts: u64, loud: bool, meanwhile: impl Fn() -> T) -> u64 {
    let (listener, taken) = (Arc::new(AtomicI32::new(0)), Arc::new(AtomicU64::new(0)));
    let (done, woken) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (recording, counting) = ((listener.clone(), taken.clone(), done.clone()), woken.clone());
    // Not scoped, and never joined: the thread cannot even end under its filter.
    thread::spawn(move || {
        let (listener, taken, done) = recording;
        let name = nowait.name("quiet");
        // The clock's first read is over before the filter is there.
        let _ = nowait.now_ns();
        listener.store(forbid_system_calls(), Ordering::Release);
        while taken.load(Ordering::Relaxed) < facts {
            taken.fetch_add(append_one_of_each(nowait, name), Ordering::Relaxed);
        }
        if loud {
            // SAFETY: takes nothing, changes nothing.
            unsafe { libc::getppid() };
        }
        done.store(true, Ordering::Release);
        loop {
            std::hint::spin_loop();
        }
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
    thread::spawn(move || {
        loop {
            counting.fetch_add(u64::from(let_one_pass(listener).is_some()), Ordering::Relaxed);
        }
    });
    while !done.load(Ordering::Acquire) {
        meanwhile();
    }
    let taken = taken.load(Ordering::Relaxed);
    fs::write(base.root().join("woken"), format!("{taken} {}", woken.load(Ordering::Relaxed))).unwrap();
    taken
}

/// How many of them were taken.
fn append_one_of_each(nowait: NoWait, name: nowait_core::NameId) -> u64 {
    let (at, id) = (nowait.now_ns(), nowait.next_id());
    let facts = [
        nowait.record(&Event { started_uptime_ns: at, ..Event::new(Kind::Action, name) }),
        nowait.append(Fact::Breadcrumb { at, name, number: 0 }),
        nowait.append(Fact::Frame { started: at, deadline: at + 16_000_000, at: at + 8_000_000 }),
        nowait.append(Fact::TouchUp { at: NOW, target: name }),
        nowait.append(Fact::TouchHandled { at: NOW }),
        nowait.append(Fact::ActionStarted { at: NOW, id, action: name }),
        nowait.append(Fact::ActionEnded { at: NOW, id, outcome: Outcome::Done }),
    ];
    facts.into_iter().filter(|recorded| *recorded == Recorded::Kept).count() as u64
}

/// From here on a system call of this thread kills the process with SIGSYS, but for a futex, which is reported: to whom, or
/// -1 if the kernel has no listener.
fn forbid_system_calls() -> i32 {
    let statement = |code: u32, k: u32| sock_filter { code: code as u16, jt: 0, jf: 0, k };
    report_by_filter(&[
        // The number of the call stands first in what a filter sees.
        statement(BPF_LD | BPF_W | BPF_ABS, 0),
        sock_filter { code: (BPF_JMP | BPF_JEQ | BPF_K) as u16, jt: 0, jf: 1, k: libc::SYS_futex as u32 },
        statement(BPF_RET | BPF_K, libc::SECCOMP_RET_USER_NOTIF),
        statement(BPF_RET | BPF_K, libc::SECCOMP_RET_KILL_PROCESS),
    ])
}

/// Has the kernel look through this program before every system call of this thread, and of those it starts; who can ask
/// for what it reports, or -1.
pub(crate) fn report_by_filter(program: &[sock_filter]) -> i32 {
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_ptr().cast_mut() };
    // SAFETY: sets a flag of this thread.
    unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    // SAFETY: the kernel copies the program, which lives until the call returns.
    let listener = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
            &raw const filter,
        )
    };
    listener as i32
}

/// Waits for a system call that is reported, and lets it pass.
pub(crate) fn let_one_pass(listener: i32) -> Option<libc::seccomp_notif> {
    // SAFETY: plain numbers, for which all zeros is a value; the kernel wants them zeroed.
    let mut asked: libc::seccomp_notif = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel fills the value that the pointer leads to.
    let received = unsafe { libc::ioctl(listener, libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut asked) };
    if received != 0 {
        return None;
    }
    let mut answer = libc::seccomp_notif_resp {
        id: asked.id,
        val: 0,
        error: 0,
        flags: libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32,
    };
    // SAFETY: the kernel reads the value that the pointer leads to.
    unsafe { libc::ioctl(listener, libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer) };
    Some(asked)
}

/// Has the kernel look through this program before every system call of this thread, and of those it starts.
pub(crate) fn install_filter(program: &[sock_filter]) {
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_ptr().cast_mut() };
    // SAFETY: sets a flag of this thread.
    let unprivileged = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(unprivileged, 0);
    // SAFETY: the kernel copies the program, which lives until the call returns.
    let filtered = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter) };
    // Nothing may be asserted behind the filter: a message would be a system call, which says the same.
    if filtered != 0 {
        panic!("the kernel takes no filter");
    }
}
