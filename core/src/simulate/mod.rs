//! The seeded simulator: the real engine in a simulated world, one schedule a seed.
//!
//! The fold, the worker, recovery, the spool, the shared file and the policy are the ones that ship. Simulated are the disk,
//! the clocks, the network with its collector, the app's threads and processes, and the customer. A process is killed at any
//! step that the engine takes, other threads and processes do something in the middle of it, the disk fills up and fails, the
//! power is cut, bits turn over in what the dead left, and updates of the app bring other rules. In
//! the end the world becomes good, and then everything must be where it belongs.
//!
//! ```text
//! NOWAIT_SCHEDULES=100000   how many schedules      NOWAIT_SEED=7   this one alone, with every step told
//! ```
//!
//! ```text
//! world     what is there, who runs, kills        schedule  what happens next       ending   the good end
//! disk      files, locks, faults                  app       facts of a plausible app
//! network   answers, the collector                process   start, turn, flush, decision, death
//! power     what a cut leaves of the disk          damage    bits that turn over     chance   numbers of a seed
//! truth     what really happened                  checks    rules of every moment   verdict  rules of the end
//! mutants   the engine broken on purpose          report    what was exercised      exercised  what must have been
//! ```
//!
//! A session that a power cut or a damaged bit has hit is held to less: nothing of it is stored twice or made up, it has one
//! exit (after a power cut perhaps two), and what a bit took is counted. Everybody else's sessions, and every other rule, are as exact as ever.
//!
//! Owns: all of that. Refuses: orderings of memory (`proof`), real processes and files (`tests/processes`).
//! Invariant: one seed is one schedule: the same steps, the same answers, the same end.

mod app;
mod chance;
mod checks;
mod damage;
mod disk;
mod ending;
mod exercised;
mod mutants;
mod network;
mod power;
mod process;
mod report;
mod schedule;
mod truth;
mod verdict;
mod world;

pub(crate) use mutants::is_broken;
pub(crate) use world::{fold_version, step, uuid, words};

use crate::ManualClock;
use crate::sync::Mutant;
use chance::Chance;
use report::Stats;
use schedule::Flavour;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use world::World;

/// Schedules of a plain `cargo test`; without optimisation, a schedule takes thirty times as long.
const SCHEDULES: u64 = if cfg!(debug_assertions) { 60 } else { 2_000 };

/// Schedules of one process: what they leak of handles, which live as long as a process does, stays bounded.
const SHARD: u64 = 2_500;

/// Files and bytes of the running schedule's spool, and of those of a customer who has not decided, if there may be fewer
/// than the engine allows.
pub(crate) fn caps() -> [Option<(usize, u64)>; 2] {
    if world::is_there() {
        world::with(|world| [world.flavour.caps, world.flavour.pending_caps])
    } else {
        [None, None]
    }
}

/// A schedule in which a rule was broken.
#[derive(Debug)]
struct Failure {
    seed: u64,
    rule: String,
    detail: String,
}

/// Runs one schedule; what it counted.
fn run(seed: u64, mutant: Option<Mutant>, is_traced: bool) -> Result<Stats, Failure> {
    let mut chance = Chance::new(seed);
    let flavour = Flavour::draw(&mut chance);
    let clock = ManualClock::new(1_800_000_000_000);
    clock.advance(std::time::Duration::from_secs(chance.spread(1..100_000)));
    let disk = disk::Files::new(flavour.has_power_cuts);
    world::begin(World {
        chance,
        flavour,
        clock,
        boots: 1,
        disk,
        network: network::Network::default(),
        processes: Vec::new(),
        stack: Vec::new(),
        truth: truth::Truth::default(),
        stats: Stats::default(),
        is_traced,
        is_calm: false,
    });
    mutants::set_broken(mutant);
    let outcome = catch_unwind(AssertUnwindSafe(schedule::run));
    mutants::set_broken(None);
    let stats = world::end();
    match outcome {
        Ok(()) => Ok(stats),
        Err(payload) => {
            let (rule, detail) = world::words_of(&*payload);
            Err(Failure { seed, rule, detail })
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Runs these schedules in this process.
fn run_all(from: u64, count: u64) -> Stats {
    let mut stats = Stats::default();
    let mut failures = Vec::new();
    for seed in from..from + count {
        match run(seed, None, false) {
            Ok(counted) => {
                stats.count("schedules", "passed");
                stats.merge(counted);
            }
            Err(failure) => failures.push(failure),
        }
        if failures.len() >= 10 {
            break;
        }
    }
    for Failure { seed, rule, detail } in &failures {
        println!("NOWAIT_SEED={seed}: {rule}: {detail}");
    }
    assert!(failures.is_empty(), "{} schedules failed; NOWAIT_SEED=n replays one", failures.len());
    stats
}

/// Runs these schedules, some thousands to a process.
fn run_in_shards(count: u64) -> Stats {
    let program = std::env::current_exe().expect("a test knows its program");
    let width = std::thread::available_parallelism().map_or(1, usize::from);
    let starts: Vec<u64> = (0..count).step_by(SHARD as usize).collect();
    let shard = |from: &u64| {
        Command::new(&program)
            .args(["--exact", "simulate::every_schedule_keeps_every_rule", "--nocapture"])
            .env("NOWAIT_FROM", from.to_string())
            .env("NOWAIT_SCHEDULES", SHARD.min(count - from).to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process can be started")
    };
    let mut stats = Stats::default();
    let mut has_failed = false;
    for starts in starts.chunks(width) {
        let shards: Vec<_> = starts.iter().map(shard).collect();
        for shard in shards {
            let output = shard.wait_with_output().expect("a process ends");
            let text = String::from_utf8_lossy(&output.stdout);
            if !output.status.success() {
                has_failed = true;
                println!("{text}");
            }
            stats.merge(Stats::parse(&text));
        }
    }
    assert!(!has_failed, "some schedules failed; NOWAIT_SEED=n replays one");
    stats
}

#[test]
fn every_schedule_keeps_every_rule() {
    if let Some(seed) = number("NOWAIT_SEED") {
        if let Err(Failure { rule, detail, .. }) = run(seed, mutants::named(), true) {
            panic!("{rule}: {detail}");
        }
        return;
    }
    let count = number("NOWAIT_SCHEDULES").unwrap_or(SCHEDULES);
    if let Some(from) = number("NOWAIT_FROM") {
        println!("{}", run_all(from, count).to_lines());
        return;
    }
    let stats = if count > SHARD { run_in_shards(count) } else { run_all(0, count) };
    println!("{}", stats.page());
    let missing = exercised::missing(&stats);
    assert!(count < exercised::SCHEDULES_MIN || missing.is_empty(), "never exercised: {missing:?}");
}
