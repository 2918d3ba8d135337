//! The world of one schedule: what the thread that runs it can reach, and who is running in it right now.
//!
//! Everything of a schedule happens on one thread. When the engine takes a [`step`], the world decides whether the process
//! that runs is killed there, or whether something else happens first: another thread of the app, another process, time.
//!
//! Owns: the stack of running processes, kills. Refuses: what is right (`checks`), what happens next (`schedule`).
//! Invariant: after a kill nothing of that process runs, and what it had locked is free.

use super::chance::Chance;
use super::checks;
use super::disk::Files;
use super::network::Network;
use super::process::{FOLDER, Process};
use super::report::Stats;
use super::schedule::{self, Flavour};
use super::truth::Truth;
use crate::ManualClock;
use crate::sync::AtomicU64;
use nowait_wire::Uuid;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// Frames of running processes: one that runs, one that runs meanwhile, and one that runs meanwhile to that.
pub(super) const STACK_MAX: usize = 3;

/// Everything there is.
pub(super) struct World {
    pub(super) chance: Chance,
    pub(super) flavour: Flavour,
    pub(super) clock: ManualClock,
    /// How often the device was started.
    pub(super) boots: u64,
    pub(super) disk: Files,
    pub(super) network: Network,
    pub(super) processes: Vec<Process>,
    /// The processes that run now: the last runs in the middle of a step of the one before.
    pub(super) stack: Vec<usize>,
    pub(super) truth: Truth,
    pub(super) stats: Stats,
    /// Whether every step is told.
    pub(super) is_traced: bool,
    /// The end of a schedule: nothing goes wrong any more.
    pub(super) is_calm: bool,
}

thread_local! {
    static WORLD: RefCell<Option<Box<World>>> = const { RefCell::new(None) };
    static IS_THERE: Cell<bool> = const { Cell::new(false) };
    /// The version of the fold's rules in the process that runs; 0 for none.
    static RULES: Cell<u16> = const { Cell::new(0) };
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { free: BTreeMap::new(), lent: Vec::new() }) };
}

/// Words that outlive every schedule: recorders lend them, and nobody can ever know when the last handle is gone.
struct Pool {
    free: BTreeMap<usize, Vec<&'static [AtomicU64]>>,
    lent: Vec<&'static [AtomicU64]>,
}

/// A process was killed here.
struct Killed;

/// A rule was broken: which one, and how.
pub(super) struct Violation {
    pub(super) rule: &'static str,
    pub(super) detail: String,
}

/// Ends the schedule: a rule is broken.
pub(super) fn violation(rule: &'static str, detail: String) -> ! {
    resume_unwind(Box::new(Violation { rule, detail }))
}

/// Ends the schedule unless this holds.
pub(super) fn must(holds: bool, rule: &'static str, detail: impl FnOnce() -> String) {
    if !holds {
        violation(rule, detail());
    }
}

/// Whether a schedule runs on this thread.
pub(super) fn is_there() -> bool {
    IS_THERE.get()
}

/// Looks at the world, or changes it. Never while the engine runs inside.
pub(super) fn with<R>(look: impl FnOnce(&mut World) -> R) -> R {
    WORLD.with_borrow_mut(|world| look(world.as_mut().expect("a schedule runs")))
}

/// Begins a schedule.
pub(super) fn begin(world: World) {
    WORLD.set(Some(Box::new(world)));
    IS_THERE.set(true);
}

/// Ends a schedule: what it counted. All memory that its processes had is free again.
pub(super) fn end() -> Stats {
    IS_THERE.set(false);
    let world = WORLD.take().expect("a schedule runs");
    let World { stats, processes, .. } = *world;
    drop(processes);
    POOL.with_borrow_mut(|pool| {
        let Pool { free, lent } = pool;
        for words in lent.drain(..) {
            for word in words {
                // Relaxed: one thread does everything here.
                word.store(0, Ordering::Relaxed);
            }
            free.entry(words.len()).or_default().push(words);
        }
    });
    stats
}

/// So many zeroed words until the end of the schedule; `None` outside of one.
pub(crate) fn words(count: usize) -> Option<&'static [AtomicU64]> {
    is_there().then(|| {
        POOL.with_borrow_mut(|pool| {
            let fresh = || &*Box::leak((0..count).map(|_| AtomicU64::new(0)).collect::<Box<[_]>>());
            let words = pool.free.get_mut(&count).and_then(Vec::pop).unwrap_or_else(fresh);
            pool.lent.push(words);
            words
        })
    })
}

/// A random id of the schedule; `None` outside of one.
pub(crate) fn uuid() -> Option<Uuid> {
    is_there().then(|| with(|world| world.chance.uuid()))
}

/// The version of the fold's rules in the process that runs; `None` outside of one.
pub(crate) fn fold_version() -> Option<u16> {
    Some(RULES.get()).filter(|rules| *rules > 0)
}

/// Says what happens, for whoever replays one seed.
pub(super) fn trace(what: impl FnOnce(&World) -> String) {
    with(|world| {
        if world.is_traced {
            let uptime_ms = world.clock.uptime_ns() / 1_000_000;
            let depth = "  ".repeat(world.stack.len());
            println!("{:>10}.{:03} {depth}{}", uptime_ms / 1_000, uptime_ms % 1_000, what(world));
        }
    });
}

/// What becomes of a step.
enum Fate {
    GoOn,
    Killed(usize),
    Meanwhile,
}

/// The engine is about to do something, or has just done it.
pub(crate) fn step(name: &'static str) {
    if !is_there() {
        return crate::disk::faulty::step(name);
    }
    match with(|world| world.fate(name)) {
        Fate::GoOn => {}
        Fate::Killed(pid) => {
            trace(|_| format!("process {pid} is killed: {name}"));
            resume_unwind(Box::new(Killed));
        }
        Fate::Meanwhile => {
            // A lock that the engine holds there is one that no other thread of the same process may ask for.
            let is_locked = name == "refusal copied";
            let pid = with(|world| {
                let pid = world.stack.last().copied().unwrap_or_default();
                world.processes[pid].is_locked |= is_locked;
                pid
            });
            schedule::meanwhile();
            let is_doomed = with(|world| {
                world.processes[pid].is_locked &= !is_locked;
                world.processes[pid].is_doomed
            });
            if is_doomed {
                resume_unwind(Box::new(Killed));
            }
        }
    }
}

impl World {
    /// The files of this kind that are there.
    pub(super) fn files(&self, folder: &str, ending: &str) -> Vec<(PathBuf, u64)> {
        let files = self.disk.below(&Path::new(FOLDER).join(folder));
        let has_ending = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.ends_with(ending) && !name.starts_with('.')
        };
        files.into_iter().filter(|(path, _)| has_ending(path)).collect()
    }

    /// Sealed batches, and recorders of the dead.
    pub(super) fn files_of_the_dead(&self) -> BTreeSet<PathBuf> {
        let recorders = self.files("live", ".ring").into_iter().filter(|(path, _)| self.disk.is_free(path));
        recorders.chain(self.files("spool", ".batch")).map(|(path, _)| path).collect()
    }

    /// What is on the disk, for a trace.
    pub(super) fn disk_state(&self) -> String {
        let count = |folder, ending| self.files(folder, ending).len();
        format!("[{} recorders, {} batches]", count("live", ".ring"), count("spool", ".batch"))
    }

    fn fate(&mut self, name: &'static str) -> Fate {
        let Some(pid) = self.stack.last().copied() else { return Fate::GoOn };
        let times = self.stats.step(name);
        if name == "wake" {
            self.processes[pid].is_woken = true;
        }
        if name == "retry noted" {
            let whose = if self.processes[pid].is_mapped() { None } else { Some(pid) };
            self.network.retry_is_noted(pid, whose);
        }
        if matches!(name, "batch sealed" | "recovered batch sealed") {
            checks::sealed_survives_a_power_cut(self, pid);
        }
        let is_doomed = self.processes[pid].is_doomed;
        if is_doomed || (!self.is_calm && self.flavour.kills(name, times, &mut self.chance)) {
            self.stats.count("kills", name);
            return Fate::Killed(pid);
        }
        let is_deep = self.stack.len() >= STACK_MAX;
        if !self.is_calm && !is_deep && self.chance.per_million(self.flavour.meanwhile) {
            return Fate::Meanwhile;
        }
        Fate::GoOn
    }

    /// The processes that live, in which `of` holds.
    pub(super) fn living(&self, of: impl Fn(&Process) -> bool) -> Vec<usize> {
        let is_chosen = |process: &&Process| process.is_alive && of(process);
        self.processes.iter().filter(is_chosen).map(|process| process.pid).collect()
    }

    pub(super) fn is_running(&self, pid: usize) -> bool {
        self.stack.contains(&pid)
    }

    /// Nanoseconds since the device was started, those asleep included.
    pub(super) fn boot_ns(&self) -> u64 {
        self.clock.boot_ns()
    }
}

/// Runs something of a process; `None` if it was killed over it.
pub(super) fn run<R>(pid: usize, what: impl FnOnce() -> R) -> Option<R> {
    let rules = with(|world| {
        world.stack.push(pid);
        world.processes[pid].rules
    });
    let rules_before = RULES.replace(rules);
    let outcome = catch_unwind(AssertUnwindSafe(what));
    RULES.set(rules_before);
    let is_doomed = with(|world| {
        world.stack.pop();
        world.processes[pid].is_doomed
    });
    match outcome {
        Ok(result) => {
            super::truth::look(pid);
            if is_doomed && !with(|world| world.is_running(pid)) {
                with(|world| world.stats.count("kills", "between two calls"));
                super::process::bury(pid);
                return None;
            }
            Some(result)
        }
        Err(payload) if payload.is::<Killed>() => {
            super::truth::look(pid);
            with(|world| world.processes[pid].is_doomed = true);
            if with(|world| world.is_running(pid)) {
                // Another thread of it goes on until its next step; it dies there.
                return None;
            }
            super::process::bury(pid);
            None
        }
        Err(payload) => resume_unwind(payload),
    }
}

/// What a panic says.
pub(super) fn words_of(payload: &(dyn Any + Send)) -> (String, String) {
    if let Some(Violation { rule, detail }) = payload.downcast_ref() {
        return ((*rule).to_owned(), detail.clone());
    }
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or(payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without words");
    ("the engine never panics".to_owned(), text.to_owned())
}
