//! Others on the same device: starters, forks, cleaners.
//!
//! **Why unsafe.** Forking without exec is unsafe in a program with threads; that is what is tested.
#![allow(unsafe_code)]

use crate::base::{Base, THREADS};
use crate::child::{record, record_some, start_with_file};
use crate::kills::{Tally, look};
use nowait_core::{NameId, Recorded};
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

/// Rounds of the races, each some milliseconds; NOWAIT_ROUNDS sets another number.
const ROUNDS: usize = 25;

fn rounds() -> usize {
    std::env::var("NOWAIT_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().expect("NOWAIT_ROUNDS is a number"))
}

pub(crate) fn a_dead_recorder_is_adopted_once() {
    for _ in 0..rounds() {
        let (_folder, base) = Base::fresh();
        let mut dying = base.spawn("share");
        // Dead as soon as it has recorded everything, and before it could send anything.
        while base.all_acknowledged().values().flatten().sum::<u64>() < 100 * THREADS as u64 {
            assert!(dying.try_wait().unwrap().is_none());
            std::thread::yield_now();
        }
        dying.kill().unwrap();
        dying.wait().unwrap();
        let starters = [(); 3].map(|()| base.spawn("deliver"));
        for mut starter in starters {
            // Whoever delivered it, each starter's flush said that all is complete.
            assert!(starter.wait().unwrap().success());
        }
        let mut tally = Tally::default();
        look(&base, &mut tally);
        assert_eq!((tally.lost, tally.doubled, tally.unreadable, tally.exits), (0, 0, 0, 1));
    }
    println!("neighbours: {} dead recorders, 3 starters each: every event once, one exit each", rounds());
}

pub(crate) fn two_processes_share_a_folder() {
    for _ in 0..rounds() {
        let (_folder, base) = Base::fresh();
        let children = [(); 2].map(|()| base.command("share").env("NOWAIT_END", "well").spawn().unwrap());
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        base.deliver();
        let mut tally = Tally::default();
        look(&base, &mut tally);
        let all = 2 * 100 * THREADS as u64;
        let expected = Tally { sessions: 2, acknowledged: all, recovered: all, ..Tally::default() };
        assert_eq!(tally, expected);
    }
}

/// The child's side of both: records, then ends well or waits for its kill.
pub(crate) fn share(base: &Base) {
    let nowait = start_with_file(base);
    record_some(base, nowait, 100);
    if std::env::var_os("NOWAIT_END").is_some() {
        nowait.shutdown(Duration::from_secs(60));
        return;
    }
    loop {
        std::thread::park();
    }
}

pub(crate) fn a_forked_child_records_nothing() {
    let (_folder, base) = Base::fresh();
    let status = base.run("fork");
    assert_eq!(status.signal(), Some(libc::SIGKILL), "{status:?}");
    // The grandchild still lives, with the parent's descriptors: that must not keep the recorder from being read.
    base.deliver();
    let said = wait_for(&base, "forked");
    let (pid, said) = said.split_once(' ').unwrap();
    // SAFETY: a process that this test started, by its id.
    unsafe { libc::kill(pid.parse().unwrap(), libc::SIGKILL) };
    assert_eq!(said, "recorded false, named other true, flushed at once true");
    let mut tally = Tally::default();
    look(&base, &mut tally);
    let expected = Tally { sessions: 1, acknowledged: 80, recovered: 80, exits: 1, ..Tally::default() };
    assert_eq!(tally, expected);
}

fn wait_for(base: &Base, file: &str) -> String {
    loop {
        if let Ok(text) = fs::read_to_string(base.root().join(file))
            && !text.is_empty()
        {
            return text;
        }
        std::thread::yield_now();
    }
}

/// The child's side: forks, goes on recording and naming while its child tries to, and dies before it.
pub(crate) fn fork_and_die(base: &Base) {
    let nowait = start_with_file(base);
    let acknowledged = base.acknowledged(nowait.session());
    let record = |numbers: std::ops::Range<u64>| {
        for number in numbers {
            assert_eq!(record(nowait, 0, number), Recorded::Kept);
            acknowledged[0].store(number + 1, std::sync::atomic::Ordering::Release);
        }
    };
    record(0..40);
    // SAFETY: the child calls what a host might call, then waits for its end.
    if unsafe { libc::fork() } == 0 {
        let began = Instant::now();
        let recorded = crate::child::record(nowait, 1, 0).is_taken();
        let other = nowait.name("a name of the child") == NameId::OTHER;
        nowait.flush(Duration::from_secs(5));
        nowait.consent(nowait_core::Consent::Refused);
        let at_once = began.elapsed() < Duration::from_secs(1);
        let said = format!(
            "{} recorded {recorded}, named other {other}, flushed at once {at_once}",
            std::process::id()
        );
        fs::write(base.root().join("forked.new"), said).unwrap();
        fs::rename(base.root().join("forked.new"), base.root().join("forked")).unwrap();
        loop {
            std::thread::park();
        }
    }
    wait_for(base, "forked");
    // A name that comes after those that the child tried to register.
    record(40..80);
    // SAFETY: asks for a number and touches no memory.
    let this = unsafe { libc::getpid() };
    // SAFETY: the plainest way to die at once.
    unsafe { libc::kill(this, libc::SIGKILL) };
}

pub(crate) fn a_cleaner_that_removes_or_truncates() {
    let (_folder, base) = Base::fresh();
    assert!(base.run("removed").success(), "removing what is mapped hurts nobody");
    let batches = base.batches();
    assert_eq!(batches.iter().map(|batch| batch.events.len()).sum::<usize>(), 60);
    assert!(
        batches.iter().any(|batch| batch.ledger.ring_on_heap),
        "the ledger says that a kill would lose events"
    );

    // What cannot be promised: whoever may write to the app's private folder may cut a mapped file short, and the
    // next store is a SIGBUS. Systems clear caches by removing files, and NoWait's folder is no cache.
    let (_folder, base) = Base::fresh();
    let status = base.run("truncated");
    assert_eq!(status.signal(), Some(libc::SIGBUS), "{status:?}");
    base.deliver();
    println!(
        "neighbours: a recorder cut to nothing while mapped: SIGBUS, as documented; the next start is well"
    );
}

fn ring(base: &Base) -> std::path::PathBuf {
    base.device_files("live").into_iter().next().unwrap()
}

/// The child's side: its file, and then its folder, are removed while it records.
pub(crate) fn go_on_without_a_file(base: &Base) {
    let nowait = start_with_file(base);
    (0..20).for_each(|number| assert!(record(nowait, 0, number).is_taken()));
    fs::remove_file(ring(base)).unwrap();
    (20..40).for_each(|number| assert!(record(nowait, 0, number).is_taken()));
    assert!(nowait.flush(Duration::from_secs(10)).complete);
    fs::remove_dir_all(base.device()).unwrap();
    (40..60).for_each(|number| assert!(record(nowait, 0, number).is_taken()));
    assert!(nowait.shutdown(Duration::from_secs(10)).complete);
}

/// The child's side: its file is cut short while it records.
pub(crate) fn go_on_with_a_shorter_file(base: &Base) {
    let nowait = start_with_file(base);
    assert_eq!(record(nowait, 0, 0), Recorded::Kept);
    File::options().write(true).open(ring(base)).unwrap().set_len(0).unwrap();
    record(nowait, 0, 1);
}
