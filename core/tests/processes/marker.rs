//! The marker around a start, with starts that really die: found once, the remote configuration goes; found twice, the SDK
//! is off for that release of the app, and says so once when it is back, whatever ends the process that was to say it.
//!
//! **Why unsafe.** A process ends itself by a signal, or limits its files.
#![allow(unsafe_code)]

use crate::base::{Base, RELEASE};
use crate::child::{record, start};
use nowait_core::{Answer, Config, NoWait, Parcel, Recorded, RemoteConfig, Upload, Uuid};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

pub(crate) fn starts_that_die_switch_it_off_for_their_release() {
    let (_folder, base) = Base::fresh();
    // The collector switches the app off; a start without more is content with that.
    assert_eq!(say(&base, "one", "configure"), "Kept, then Refused");
    assert_eq!(say(&base, "one", "tell"), "Refused");
    die(&base, "one");
    assert_eq!(say(&base, "one", "tell"), "Kept", "found once: the remote configuration is gone");
    assert_eq!(say(&base, "one", "tell"), "Kept", "and does not come back");
    // Something to send, over which the next starts die.
    assert_eq!(killed(&base, "one", "leave"), Some(libc::SIGKILL));
    die(&base, "one");
    die(&base, "one");
    let before = base.batches().len();
    for _ in 0..3 {
        assert_eq!(say(&base, "one", "tell"), "Refused", "found twice: off");
    }
    assert_eq!(base.batches().len(), before, "and quiet");
    // Another release tries anew; what it knows of the dead must outlive it.
    assert_eq!(killed(&base, "two", "leave_nothing"), Some(libc::SIGKILL));
    assert_eq!(say(&base, "two", "tell"), "Kept");
    assert_eq!(say(&base, "two", "tell"), "Kept");
    let mut failed: BTreeMap<Uuid, u64> = BTreeMap::new();
    for batch in base.batches() {
        let told = failed.entry(batch.id.session).or_default();
        *told = batch.ledger.starts_failed.max(*told);
    }
    assert_eq!(failed.into_values().sum::<u64>(), 3, "each start that died is told once");
    println!("marker: 3 starts died: the configuration dropped, then off for the release, then told once");
}

/// A start that dies in its first exchange.
fn die(base: &Base, release: &str) {
    assert_eq!(killed(base, release, "die"), Some(libc::SIGKILL), "it had something to send");
}

fn killed(base: &Base, release: &str, part: &str) -> Option<i32> {
    let mut command = base.command("marked");
    command.env(RELEASE, release).env(PART, part).status().unwrap().signal()
}

/// What a child of this release says.
fn say(base: &Base, release: &str, part: &str) -> String {
    assert_eq!(killed(base, release, part), None, "{part}");
    fs::read_to_string(base.root().join("said")).unwrap()
}

/// Which part of this a child plays.
const PART: &str = "NOWAIT_PART";

/// The child's side.
pub(crate) fn play(base: &Base) {
    let part = std::env::var(PART).unwrap();
    // Long, so that nothing is sent before it is asked for.
    let config = Config { flush_interval: Duration::from_secs(3_600), ..base.config() };
    let said = match part.as_str() {
        "die" => {
            NoWait::start_with(config, Bomb).unwrap();
            loop {
                std::thread::park();
            }
        }
        "leave" => {
            let nowait = NoWait::start_with(config, base.collector()).unwrap();
            nowait.flush(Duration::from_secs(10));
            assert!(record(nowait, 0, 0).is_taken());
            end_at_once()
        }
        "leave_nothing" => {
            files_are_small();
            let nowait = NoWait::start_with(config, base.collector()).unwrap();
            nowait.flush(Duration::from_secs(10));
            assert_eq!(record(nowait, 0, 0), Recorded::InMemory);
            end_at_once()
        }
        "configure" => {
            let nowait = NoWait::start_with(config, Switch(base.collector())).unwrap();
            nowait.flush(Duration::from_secs(10));
            let before = record(nowait, 0, 0);
            nowait.flush(Duration::from_secs(10));
            nowait.flush(Duration::from_secs(10));
            let after = record(nowait, 0, 1);
            nowait.shutdown(Duration::from_secs(10));
            format!("{before:?}, then {after:?}")
        }
        _ => {
            let nowait = start(base);
            nowait.flush(Duration::from_secs(10));
            let recorded = record(nowait, 0, 0);
            nowait.shutdown(Duration::from_secs(10));
            format!("{recorded:?}")
        }
    };
    fs::write(base.root().join("said"), said).unwrap();
}

/// From now on no file of this process is large enough for a recorder.
fn files_are_small() {
    let limit = libc::rlimit { rlim_cur: 65_536, rlim_max: 65_536 };
    // SAFETY: from now on a file that would be larger is an error and no signal.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    // SAFETY: reads a value of our own.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &limit) }, 0);
}

fn end_at_once() -> ! {
    // SAFETY: asks for a number and touches no memory.
    let this = unsafe { libc::getpid() };
    // SAFETY: the plainest way to die at once.
    unsafe { libc::kill(this, libc::SIGKILL) };
    unreachable!("SIGKILL ends a process")
}

/// An exchange that ends the process.
struct Bomb;

impl Upload for Bomb {
    fn send(&mut self, _: Parcel<'_>) -> Option<Answer> {
        end_at_once()
    }
}

/// A collector that switches the SDK off.
struct Switch<U>(U);

impl<U: Upload> Upload for Switch<U> {
    fn send(&mut self, parcel: Parcel<'_>) -> Option<Answer> {
        let mut answer = self.0.send(parcel)?;
        let mut receipt: nowait_wire::Receipt = serde_json::from_slice(&answer.body).ok()?;
        receipt.config =
            Some(RemoteConfig { version: 1, enabled: false, sampled_per_mille: 1_000, flush_interval_s: 0 });
        answer.body = serde_json::to_vec(&receipt).ok()?;
        Some(answer)
    }
}
