//! The end of a schedule: the world becomes good, time passes, and everything must drain.
//!
//! Owns: that end. Refuses: what must hold then (`verdict`).
//! Invariant: nothing goes wrong here, so that whatever is missing afterwards was lost before.

use super::app;
use super::disk::Trouble;
use super::network::Weather;
use super::process;
use super::schedule::pass;
use super::verdict;
use super::world::{must, trace, with};
use crate::consent::Consent;
use crate::upload::conditions::Conditions;
use nowait_wire::RemoteConfig;
use std::time::Duration;

/// Starts after which nothing may be left of what was there.
const STARTS_MAX: usize = 4;

/// Flushes of one process after which it must have nothing left.
const FLUSHES_MAX: usize = 60;

/// Everything drains.
pub(super) fn run() {
    trace(|_| "the end begins".to_owned());
    with(|world| {
        world.is_calm = true;
        world.disk.trouble = Trouble::Nothing;
        world.network.weather = Weather::Good;
        let version = world.network.newest_config + 1;
        let all = RemoteConfig::ALL_PER_MILLE;
        world.network.config =
            Some(RemoteConfig { version, enabled: true, sampled_per_mille: all, flush_interval_s: 0 });
    });
    for pid in with(|world| world.living(|_| true)) {
        app::unpark_all(pid);
        if with(|world| world.chance.per_mille(500)) {
            process::kill(pid);
            continue;
        }
        let nowait = with(|world| world.processes[pid].nowait);
        super::world::run(pid, || nowait.conditions(Conditions::default()));
    }
    pass(Duration::from_secs(1));
    // Whatever a server asked for is over.
    with(|world| world.clock.sleep(Duration::from_secs(25 * 3_600)));
    pass(Duration::from_secs(30));
    let decides = with(|world| world.chance.per_mille(500));
    for start in 0..STARTS_MAX {
        let pid = fresh_process();
        if start == 0 && decides && consent() == Some(Consent::Pending) {
            process::decide(pid, Consent::Granted);
        }
        drain(pid);
        end_all();
        if start > 0 && with(|world| world.files_of_the_dead().is_empty()) {
            break;
        }
    }
    super::checks::always();
    verdict::all();
}

fn consent() -> Option<Consent> {
    with(|world| world.file_decision().map(|decision| decision.consent))
}

fn fresh_process() -> usize {
    with(|world| world.flavour.release += 1);
    let pid = process::launch();
    process::start(pid);
    pass(Duration::ZERO);
    pid
}

/// Sends everything that may be sent.
fn drain(pid: usize) {
    for flush in 0.. {
        // Asked each time: a process that could not read the file at first takes what was decided in it there only now.
        if consent() != Some(Consent::Granted) {
            pass(Duration::from_secs(10));
            return;
        }
        must(flush < FLUSHES_MAX, "everything drains", || {
            with(|world| format!("process {pid} is not done: {:?}", world.files_of_the_dead()))
        });
        process::ask(pid, false, Duration::from_secs(60));
        // One that was switched off asks once a day whether it is on again.
        let hours = if flush == FLUSHES_MAX / 2 { 25 } else { 0 };
        pass(Duration::from_secs(60 + hours * 3_600));
        if with(|world| world.files_of_the_dead().is_empty()) {
            return;
        }
    }
}

/// Ends every process that lives, in good order.
fn end_all() {
    for pid in with(|world| world.living(|process| process.commands.is_some() && !process.is_over)) {
        process::ask(pid, true, Duration::from_secs(60));
        for _ in 0..10 {
            pass(Duration::from_secs(10));
        }
        // One that is switched off sleeps for good; nothing is in it.
        let is_off = with(|world| world.processes[pid].wakes_at.is_none());
        must(with(|world| world.processes[pid].is_over) || is_off, "a shutdown ends", || {
            format!("process {pid}")
        });
    }
    for pid in with(|world| world.living(|_| true)) {
        process::kill(pid);
    }
}
