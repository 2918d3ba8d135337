//! One process of the app: the real NoWait in it, its worker turned by the schedule, and its end.
//!
//! Owns: start, turns, flushes, decisions and death of a process. Refuses: what the app does in it (`app`).
//! Invariant: the engine runs only inside [`run`], where it can be killed.

use super::app::App;
use super::checks;
use super::disk::SimulatedDisk;
use super::network::SimulatedUpload;
use super::truth;
use super::world::{World, run, trace, with};
use crate::clock::Clock;
use crate::config::{Build, Config};
use crate::consent::{Consent, Decision};
use crate::disk::Disk;
use crate::engine::{Command, Flushed};
use crate::limits::UNREADABLE_PAUSE;
use crate::nowait::NoWait;
use crate::ring::flight::Recorded;
use crate::shared::Shared;
use crate::upload::conditions::Conditions;
use crate::worker::{self, Worker};
use crossbeam::channel::{Receiver, bounded};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// NoWait's folder.
pub(super) const FOLDER: &str = "/nowait";

/// A flush that somebody waits for, and what was there when they began to.
pub(super) struct Asked {
    answer: Receiver<Flushed>,
    pub(super) generation: u64,
    /// Measured events of this process that were kept by then.
    pub(super) numbers: Vec<u64>,
    /// Batches and recorders of the dead that were there.
    pub(super) files: BTreeSet<PathBuf>,
}

/// A process.
pub(super) struct Process {
    pub(super) pid: usize,
    pub(super) nowait: NoWait,
    /// `None` before the start and after the end, and while it is at work.
    pub(super) worker: Option<Worker>,
    pub(super) commands: Option<Receiver<Command>>,
    pub(super) app: App,
    pub(super) is_alive: bool,
    /// It dies at its next step.
    pub(super) is_doomed: bool,
    /// It holds a lock that no other thread of it may ask for now.
    pub(super) is_locked: bool,
    /// The release of the app in it.
    pub(super) release: u64,
    /// The version of the fold's rules in it.
    pub(super) rules: u16,
    /// It could not open its worker yet.
    is_opening: bool,
    /// Its NoWait ended well.
    pub(super) is_over: bool,
    pub(super) is_woken: bool,
    /// When its worker wakes, in uptime nanoseconds; `None`: when it is woken.
    pub(super) wakes_at: Option<u64>,
    /// When its worker woke by itself, in uptime nanoseconds.
    pub(super) turns_at: Vec<u64>,
    pub(super) asked: Vec<Asked>,
    /// Measured events that it recorded, and what was said of each.
    pub(super) numbers: Vec<(u64, Recorded)>,
    /// What the customer decided last in this process, and how many decisions there were by then.
    pub(super) own_decision: Option<(u64, Consent)>,
    /// Facts that the recorder refused although it was on.
    pub(super) refused: u64,
    /// Facts that the account may count or not: refused before there was memory in which a kill does not lose the count, or
    /// told in a call over which the process died.
    pub(super) refused_perhaps: u64,
    /// What the host had told when the turn began that is under way.
    pub(super) conditions: Conditions,
}

impl Process {
    fn shared(&self) -> Option<&Shared> {
        self.nowait.engine.recorder.shared()
    }

    /// Whether what it shares with others lies in the file.
    pub(super) fn is_mapped(&self) -> bool {
        self.shared().is_some_and(Shared::is_in_file)
    }

    /// Its own decision, whatever the file says.
    pub(super) fn decision(&self) -> Option<Decision> {
        self.shared().and_then(|shared| Decision::from_word(shared.consent_word()))
    }

    /// Whether it is started and its worker sleeps.
    pub(super) fn is_asleep(&self) -> bool {
        self.is_alive && (self.worker.is_some() || self.is_opening)
    }
}

/// Makes a process. What it records before its start waits in memory.
pub(super) fn launch() -> usize {
    with(|world| {
        let pid = world.processes.len();
        let nowait = NoWait::on_clock(Clock::Manual(world.clock.clone()));
        world.processes.push(Process {
            pid,
            nowait,
            worker: None,
            commands: None,
            app: App::new(nowait),
            is_alive: true,
            is_doomed: false,
            is_locked: false,
            release: world.flavour.release,
            rules: world.flavour.rules,
            is_opening: false,
            is_over: false,
            is_woken: false,
            wakes_at: None,
            turns_at: Vec::new(),
            asked: Vec::new(),
            numbers: Vec::new(),
            own_decision: None,
            refused: 0,
            refused_perhaps: 0,
            conditions: Conditions::default(),
        });
        world.stats.count("processes", "launched");
        pid
    })
}

impl World {
    fn config(&mut self) -> Config {
        let release = self.flavour.release.to_string();
        let consent = self.flavour.configured;
        let seconds = self.chance.pick(&[60, 300, 300, 3_600]);
        Config {
            consent,
            flush_interval: Duration::from_secs(seconds),
            ..Config::new("http://127.0.0.1:1", "key", Build::new("1", release), FOLDER)
        }
    }
}

/// Starts NoWait in a process.
pub(super) fn start(pid: usize) {
    let (nowait, config) = with(|world| (world.processes[pid].nowait, world.config()));
    trace(|_| format!("process {pid} starts, release {}, {:?}", config.build.number, config.consent));
    let configured = config.consent;
    let Ok(commands) = nowait.engine.start(config) else { return };
    with(|world| {
        let process = &mut world.processes[pid];
        process.commands = Some(commands);
        process.is_opening = true;
        if configured != Consent::Pending && process.own_decision.is_none() {
            world.truth.decisions += 1;
            process.own_decision = Some((world.truth.decisions, configured));
        }
    });
    open(pid);
}

/// Opens its worker, or tries again later.
fn open(pid: usize) {
    let nowait = with(|world| {
        let process = &mut world.processes[pid];
        (process.is_woken, process.wakes_at) = (false, None);
        process.nowait
    });
    let opened = run(pid, || {
        let disk: Arc<dyn Disk> = Arc::new(SimulatedDisk { pid });
        let shared = worker::open_shared(nowait.engine, &disk).ok()?;
        Worker::open(nowait.engine, disk, shared, Box::new(SimulatedUpload { pid }))
    });
    with(|world| {
        let process = &mut world.processes[pid];
        match opened {
            Some(Some(worker)) => {
                let is_off = worker.is_off();
                process.worker = Some(worker);
                process.is_woken = true;
                process.is_opening = false;
                if is_off {
                    checks::is_off_for_a_reason(world, pid);
                }
            }
            Some(None) => {
                process.wakes_at = Some(world.clock.uptime_ns() + nanoseconds(UNREADABLE_PAUSE));
                world.stats.count("starts", "tried again");
            }
            None => {}
        }
    });
}

/// One turn of its worker.
pub(super) fn turn(pid: usize) {
    if with(|world| world.processes[pid].is_opening) {
        return open(pid);
    }
    let decision = with(|world| world.file_decision());
    let taken = with(|world| {
        let now = world.clock.uptime_ns();
        let process = &mut world.processes[pid];
        let is_by_itself = !process.is_woken && process.asked.is_empty();
        if is_by_itself {
            process.turns_at.push(now);
        }
        process.is_woken = false;
        process.wakes_at = None;
        process.conditions = process.nowait.engine.conditions();
        world.stats.count("turns", if is_by_itself { "of its own" } else { "woken or asked" });
        let process = &mut world.processes[pid];
        process.worker.take().zip(process.commands.clone())
    });
    let Some((mut worker, commands)) = taken else { return };
    let Some(rest) = run(pid, || worker::round(&mut worker, &commands)) else { return };
    checks::refusal_survives_a_power_cut(pid, decision);
    checks::delivered_stays_sealed(pid);
    let is_closed = worker.is_closed();
    let gone = with(|world| {
        let now = world.clock.uptime_ns();
        let process = &mut world.processes[pid];
        process.wakes_at = rest.map(|rest| now.saturating_add(nanoseconds(rest)));
        if is_closed {
            process.is_over = true;
            process.wakes_at = None;
            Some(worker)
        } else {
            process.worker = Some(worker);
            None
        }
    });
    trace(|world| format!("process {pid} turned, {:?} {}", rest, world.disk_state()));
    drop(gone);
    answers(pid);
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Looks at the flushes that are answered.
fn answers(pid: usize) {
    let answered = with(|world| {
        let mut answered = Vec::new();
        world.processes[pid].asked.retain_mut(|asked| match asked.answer.try_recv() {
            Ok(flushed) => {
                answered.push((
                    flushed,
                    std::mem::take(&mut asked.numbers),
                    asked.generation,
                    std::mem::take(&mut asked.files),
                ));
                false
            }
            Err(_) => true,
        });
        answered
    });
    for (flushed, numbers, generation, files) in answered {
        trace(|_| format!("process {pid} has an answer: {flushed:?}"));
        with(|world| world.stats.count("flushes", if flushed.complete { "complete" } else { "incomplete" }));
        if flushed.complete {
            checks::flush_left_nothing(pid, generation, &numbers, &files);
        }
    }
}

/// A thread of the app asks for a flush, or for the end.
pub(super) fn ask(pid: usize, is_end: bool, timeout: Duration) {
    let files = with(|world| world.files_of_the_dead());
    with(|world| {
        let generation = world.file_decision().map_or(0, |decision| decision.generation);
        let process = &mut world.processes[pid];
        let Some(started) = process.nowait.engine.started() else { return };
        let (done, answer) = bounded(1);
        let command = if is_end {
            process.nowait.engine.recorder.set_on(false);
            Command::Shutdown { timeout, done }
        } else {
            Command::Flush { timeout, done }
        };
        if started.commands.try_send(command).is_ok() {
            let kept = process.numbers.iter().filter(|(_, recorded)| *recorded == Recorded::Kept);
            let numbers = kept.map(|(number, _)| *number).collect();
            process.asked.push(Asked { answer, generation, numbers, files });
            process.is_woken = true;
        }
        world.stats.count("asked", if is_end { "shutdown" } else { "flush" });
    });
    trace(|_| format!("process {pid} is asked for {}", if is_end { "the end" } else { "a flush" }));
}

/// The customer decides, in this process.
pub(super) fn decide(pid: usize, consent: Consent) {
    let nowait = with(|world| {
        world.stats.count("decisions", &format!("{consent:?}"));
        world.truth.decisions += 1;
        world.processes[pid].own_decision = Some((world.truth.decisions, consent));
        world.processes[pid].nowait
    });
    let (before, count) = with(|world| (world.file_decision(), world.truth.decisions));
    trace(|_| format!("process {pid}: the customer says {consent:?}"));
    let Some(recorded) = run(pid, || nowait.consent(consent)) else { return };
    if recorded == Recorded::Kept && with(|world| world.truth.decisions == count) {
        checks::decision_is_kept(before, consent);
    }
}

/// A process dies: what it had locked is free, and what it had in memory is gone.
pub(super) fn bury(pid: usize) {
    trace(|_| format!("process {pid} is dead"));
    let gone = with(|world| {
        truth::died(world, pid);
        world.disk.let_go(pid);
        let process = &mut world.processes[pid];
        process.is_alive = false;
        process.wakes_at = None;
        process.asked.clear();
        process.app.forget();
        process.worker.take()
    });
    drop(gone);
}

/// Kills a process; one that is at work dies at its next step.
pub(super) fn kill(pid: usize) {
    let is_running = with(|world| {
        world.processes[pid].is_doomed = true;
        world.is_running(pid)
    });
    if !is_running {
        with(|world| {
            let name = if world.processes[pid].is_over { "after its end" } else { "while asleep" };
            world.stats.count("kills", name);
        });
        bury(pid);
    }
}
