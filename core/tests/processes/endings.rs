//! Every other way for a process to end without saying goodbye.
//!
//! **Why unsafe.** A wild write cannot be had in safe Rust.
#![allow(unsafe_code)]

use crate::base::{Base, THREADS};
use crate::child::{begin_some, record_some, start_with_file};
use crate::kills::{Tally, look};
use std::fs;
use std::hint::black_box;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// Events of each thread before the end.
const EVENTS: u64 = 500;

/// Waits that are open at the end.
const WAITS: u64 = 2;

/// Memory that a cgroup leaves a child: enough to start and record, soon used up.
const MEMORY_BYTES_MAX: usize = 64 * 1024 * 1024;

pub(crate) fn every_other_way_to_die() {
    let by_signal = |signal| move |status: ExitStatus| status.signal() == Some(signal);
    check("abort", by_signal(libc::SIGABRT));
    check("wild_write", by_signal(libc::SIGSEGV));
    check("stack_overflow", by_signal(libc::SIGABRT));
    check("exit", |status| status.code() == Some(3));
    check("panic", |status| status.code() == Some(101));
    check("panic_in_a_hook", by_signal(libc::SIGABRT));
}

fn check(ending: &str, expected: impl Fn(ExitStatus) -> bool) {
    let (_folder, base) = Base::fresh();
    let status = base.command(ending).stderr(std::process::Stdio::null()).status().unwrap();
    assert!(expected(status), "{ending}: {status:?}");
    assert_all_read_back(&base, ending);
}

fn assert_all_read_back(base: &Base, ending: &str) {
    base.deliver();
    let mut tally = Tally::default();
    look(base, &mut tally);
    let all = EVENTS * THREADS as u64;
    let expected = Tally {
        sessions: 1,
        acknowledged: all,
        recovered: all,
        exits: 1,
        begun: WAITS,
        died: WAITS,
        ..Tally::default()
    };
    assert_eq!(tally, expected, "{ending}");
    println!("deaths: {ending}: {all} acknowledged, 0 lost; {WAITS} open waits died");
}

/// The child's side: records, then ends like this.
pub(crate) fn record_and_die(base: &Base, ending: &str) {
    if let Some(group) = std::env::var_os("NOWAIT_CGROUP") {
        fs::write(PathBuf::from(group).join("cgroup.procs"), std::process::id().to_string()).unwrap();
    }
    let nowait = start_with_file(base);
    record_some(base, nowait, EVENTS);
    begin_some(base, nowait, WAITS);
    match ending {
        "abort" => std::process::abort(),
        // SAFETY: none; this is the wild write of some other library in the host.
        "wild_write" => unsafe { std::ptr::without_provenance_mut::<u8>(4_096).write_volatile(1) },
        "stack_overflow" => _ = overflow(1),
        "exit" => std::process::exit(3),
        "panic" => panic!("the host panics"),
        "panic_in_a_hook" => {
            struct Bomb;
            impl Drop for Bomb {
                fn drop(&mut self) {
                    panic!("the host panics while it unwinds");
                }
            }
            let _bomb = Bomb;
            panic!("the host panics");
        }
        "out_of_memory" => {
            let mut hoard = Vec::new();
            loop {
                hoard.push(black_box(vec![1_u8; 1 << 20]));
            }
        }
        _ => panic!("no such role: {ending}"),
    }
}

#[expect(unconditional_recursion, reason = "that is the point")]
fn overflow(depth: u64) -> u64 {
    let frame = black_box([depth; 512]);
    overflow(frame[0] + 1) + frame[1]
}

/// A memory cgroup of our own; `None` where this machine or user may not have one.
fn cgroup() -> Option<PathBuf> {
    let name = format!("nowait-test-{}", std::process::id());
    for (parent, limit) in
        [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")]
    {
        let group = Path::new(parent).join(&name);
        if fs::create_dir(&group).is_ok() {
            if fs::write(group.join(limit), MEMORY_BYTES_MAX.to_string()).is_ok() {
                return Some(group);
            }
            let _ = fs::remove_dir(&group);
        }
    }
    None
}

pub(crate) fn killed_for_memory() {
    let Some(group) = cgroup() else {
        println!("deaths: out of memory: not tested here, it needs root and a memory cgroup");
        return;
    };
    let (_folder, base) = Base::fresh();
    let status = base.command("out_of_memory").env("NOWAIT_CGROUP", &group).status().unwrap();
    let _ = fs::remove_dir(&group);
    assert_eq!(status.signal(), Some(libc::SIGKILL), "the kernel kills: {status:?}");
    assert_all_read_back(&base, "out of memory");
}
