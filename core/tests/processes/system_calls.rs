//! A million records without a system call: a filter in the kernel kills the process at the first one.
//!
//! **Why unsafe.** The filter is installed with two raw calls.
//!
//! The filter is the recording thread's own, so that another one may seal and send meanwhile. It allows nothing, not
//! even a clock: a machine whose clock cannot be read without entering the kernel fails here, and says so by SIGSYS.
#![allow(unsafe_code)]

use crate::base::Base;
use crate::child::start_with_file;
use nowait_core::{Event, Kind, NoWait, Signal};
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Records of the loop.
const RECORDS: u64 = 1_000_000;

pub(crate) fn recording_makes_none() {
    let (_folder, base) = Base::fresh();
    let status = base.run("quiet");
    assert!(status.success(), "a system call on the recording thread: {status:?}");
    let delivered: usize = base.batches().iter().map(|batch| batch.events.len()).sum();
    assert_eq!(delivered as u64, RECORDS);
    // The filter itself: one call, on purpose, must be seen.
    let (_folder, base) = Base::fresh();
    let status = base.run("loud");
    assert_eq!(status.signal(), Some(libc::SIGSYS), "the filter sees nothing: {status:?}");
    println!("system calls: 0 in {RECORDS} records with their clock reads; 1 on purpose was seen");
}

/// The child's side. `loud`: one system call after the records.
pub(crate) fn record_under_a_filter(base: &Base, loud: bool) {
    let nowait = start_with_file(base);
    let (recorded, done) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let name = nowait.name("quiet");
            // The clock's first read and the first touch of every page are over before the filter is there.
            let _ = nowait.now_ns();
            forbid_system_calls();
            record_a_million(nowait, name, &recorded);
            if loud {
                // SAFETY: takes nothing, changes nothing.
                unsafe { libc::getppid() };
            }
            done.store(true, Ordering::Release);
            // The thread cannot even end under its filter.
            loop {
                std::hint::spin_loop();
            }
        });
        while !done.load(Ordering::Acquire) {
            nowait.flush(Duration::from_secs(10));
        }
        assert_eq!(recorded.load(Ordering::Relaxed), RECORDS);
        assert!(nowait.shutdown(Duration::from_secs(30)).complete);
        std::process::exit(0);
    });
}

fn record_a_million(nowait: NoWait, name: nowait_core::NameId, recorded: &AtomicU64) {
    while recorded.load(Ordering::Relaxed) < RECORDS {
        let at = nowait.now_ns();
        if nowait.record(&Event { started_uptime_ns: at, ..Event::new(Kind::Action, name) }).is_taken() {
            recorded.fetch_add(1, Ordering::Relaxed);
        }
        nowait.breadcrumb_at(name, at, 0);
        nowait.signal(&Signal::Frame { started: at, deadline: at + 16_000_000, at: at + 8_000_000 });
    }
}

/// From here on any system call of this thread kills the process with SIGSYS.
fn forbid_system_calls() {
    let code = (libc::BPF_RET | libc::BPF_K) as u16;
    install_filter(&[libc::sock_filter { code, jt: 0, jf: 0, k: libc::SECCOMP_RET_KILL_PROCESS }]);
}

/// Has the kernel look through this program before every system call of this thread, and of those it starts.
pub(crate) fn install_filter(program: &[libc::sock_filter]) {
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
