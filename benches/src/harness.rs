//! Times contestants against each other in one run.
//!
//! Every round lets every contestant do one block of operations, and each round begins with another one, so
//! that a change of the machine's mood meets all of them. What counts is the median of the rounds.
//!
//! Owns: threads, rounds, medians. Refuses: knowing what a contestant does.
//! Invariant: work that a contestant leaves to later (flush, drain) is done between blocks, never inside one.

use crate::alloc;
use indicatif::ProgressBar;
use nowait_benches::used::Spread;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::Serialize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::Instant;

/// Operations in a block, all threads together: most that no contestant drains in the middle of. NoWait's worker is woken for
/// 2,048 facts, and an action is two.
pub(crate) const BLOCK_OPS: usize = 1_000;

/// Most threads that a run uses.
pub(crate) const THREADS_MAX: usize = 4;

/// Blocks done before the first one that counts: page faults and lazy set-up happen here.
const WARM_UP_ROUNDS: usize = 3;

/// Something that records one fact per operation, clock read included.
pub(crate) trait Contestant: Sync {
    /// What it is, for tables.
    fn name(&self) -> &'static str;
    /// The crate it comes from, as in the lock file; empty if it is the standard library or the kernel.
    fn crate_name(&self) -> &'static str;
    /// What one operation leaves behind, in a few words.
    fn leaves(&self) -> &'static str;
    /// Times that one operation asks a clock.
    fn clock_reads(&self) -> usize;
    /// Records that one operation leaves where it is timed.
    fn stores(&self) -> usize {
        1
    }
    /// Does this many operations on behalf of thread number `thread`.
    fn run(&self, thread: usize, ops: usize);
    /// Does what was left to later. Not timed.
    fn settle(&self) {}
    /// Facts that came out at the far end so far, if it can be counted there: one that was refused or lost on
    /// the way would make the figure too good.
    fn delivered(&self) -> Option<u64> {
        None
    }
}

/// What one operation took from the heap on the calling thread.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct HeapPerOp {
    pub(crate) allocations: f64,
    pub(crate) bytes: f64,
}

/// What one contestant took with one number of threads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) ns_per_op: Spread,
    /// Times the first contestant with as many clock reads and stores: the median of the rounds' own ratios, so that a mood of
    /// the machine that meets a whole round is in neither.
    pub(crate) times_floor: f64,
}

/// Nanoseconds of a core per operation, by contestant, with this many threads at once.
///
/// With more threads than cores the elapsed time is shared out over the cores, so that the figures of one,
/// two and four threads compare.
pub(crate) fn measure(
    contestants: &[Box<dyn Contestant>],
    threads: usize,
    rounds: usize,
    progress: &ProgressBar,
) -> Vec<Measured> {
    let stage = Stage {
        contestants,
        threads,
        calm: Barrier::new(threads),
        gate: Gate::default(),
        times: Mutex::new(Vec::new()),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut samples = vec![Vec::with_capacity(rounds); contestants.len()];
    std::thread::scope(|scope| {
        for thread in 1..threads {
            let stage = &stage;
            scope.spawn(move || {
                stay_on_core(thread % cores);
                (0..steps(rounds)).for_each(|round| stage.round(round, thread, |_, _| {}));
            });
        }
        scope.spawn(|| {
            stay_on_core(0);
            for round in 0..steps(rounds) {
                stage.round(round, 0, |contestant, elapsed_ns| {
                    let ops = (BLOCK_OPS / threads * threads) as f64;
                    if round >= WARM_UP_ROUNDS {
                        samples[contestant].push(elapsed_ns * threads.min(cores) as f64 / ops);
                    }
                });
                progress.inc(1);
            }
        });
    });
    let cost = |contestant: &dyn Contestant| (contestant.clock_reads(), contestant.stores());
    let floor_of = |own: &dyn Contestant| {
        contestants.iter().position(|contestant| cost(contestant.as_ref()) == cost(own))
    };
    let measured = |(index, own): (usize, &Vec<f64>)| {
        let floor = floor_of(contestants[index].as_ref()).map_or(own, |floor| &samples[floor]);
        let ratios = own.iter().zip(floor).map(|(own, floor)| own / floor);
        Measured { ns_per_op: Spread::of(own.clone()), times_floor: Spread::of(ratios.collect()).median }
    };
    samples.iter().enumerate().map(measured).collect()
}

/// Keeps this thread on one core: left to itself, the scheduler wakes threads that wait for each other on the
/// same core, and a block is over before it moves one away. Where that is not allowed, it stays as it is.
pub(crate) fn stay_on_core(core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    let _ = sched_setaffinity(None, &cores);
}

/// Does this on another core than the first, on which [`measure`] times one thread. Threads that contestants start inherit that:
/// a scheduler that puts one of them beside the thread that is timed stops it for half a millisecond.
pub(crate) fn off_the_first_core<T>(work: impl FnOnce() -> T) -> T {
    let before = sched_getaffinity(None);
    stay_on_core(1);
    let done = work();
    if let Ok(before) = before {
        let _ = sched_setaffinity(None, &before);
    }
    done
}

/// What one operation takes from the heap, by contestant.
pub(crate) fn heap(contestants: &[Box<dyn Contestant>]) -> Vec<HeapPerOp> {
    let of = |contestant: &dyn Contestant| {
        contestant.run(0, BLOCK_OPS);
        contestant.settle();
        let before = alloc::taken();
        contestant.run(0, BLOCK_OPS);
        let after = alloc::taken();
        contestant.settle();
        HeapPerOp {
            allocations: (after.calls - before.calls) as f64 / BLOCK_OPS as f64,
            bytes: (after.bytes - before.bytes) as f64 / BLOCK_OPS as f64,
        }
    };
    contestants.iter().map(|contestant| of(contestant.as_ref())).collect()
}

/// Operations that each contestant has done after [`heap`] and [`measure`] with these numbers of threads.
pub(crate) fn ops_done(threads: &[usize], rounds: usize) -> u64 {
    let measured = |threads: &usize| steps(rounds) * (BLOCK_OPS / threads * threads);
    (2 * BLOCK_OPS + threads.iter().map(measured).sum::<usize>()) as u64
}

/// How often [`measure`] moves its progress on.
pub(crate) fn steps(rounds: usize) -> usize {
    WARM_UP_ROUNDS + rounds
}

/// What the threads of one measurement share.
struct Stage<'a> {
    contestants: &'a [Box<dyn Contestant>],
    threads: usize,
    /// Sleeps until all threads are there: leaves the cores to whoever settles.
    calm: Barrier,
    /// Spins until all threads are there: lets them begin at the same moment.
    gate: Gate,
    times: Mutex<Vec<(Instant, Instant)>>,
}

impl Stage<'_> {
    /// One block of every contestant. Thread 0 settles and reports the elapsed nanoseconds of each block.
    fn round(&self, round: usize, thread: usize, mut report: impl FnMut(usize, f64)) {
        for turn in 0..self.contestants.len() {
            let index = (turn + round) % self.contestants.len();
            let contestant = &self.contestants[index];
            self.calm.wait();
            self.gate.pass(self.threads);
            let begin = Instant::now();
            contestant.run(thread, BLOCK_OPS / self.threads);
            let end = Instant::now();
            self.times.lock().expect("no thread panics while it holds the times").push((begin, end));
            self.calm.wait();
            if thread == 0 {
                contestant.settle();
                report(index, self.elapsed_ns());
            }
        }
    }

    /// From the first thread's begin to the last one's end.
    fn elapsed_ns(&self) -> f64 {
        let mut times = self.times.lock().expect("no thread panics while it holds the times");
        let begin = times.iter().map(|(begin, _)| *begin).min();
        let end = times.iter().map(|(_, end)| *end).max();
        times.clear();
        begin.zip(end).map_or(0.0, |(begin, end)| (end - begin).as_nanos() as f64)
    }
}

/// A barrier that spins, so that nobody is woken late.
#[derive(Default)]
struct Gate(AtomicUsize);

impl Gate {
    fn pass(&self, threads: usize) {
        let ticket = self.0.fetch_add(1, Ordering::AcqRel);
        let lap_end = (ticket / threads + 1) * threads;
        let mut spins = 0u32;
        while self.0.load(Ordering::Acquire) < lap_end {
            spins += 1;
            // With more threads than cores the missing one may need this core to arrive.
            if spins.is_multiple_of(1_024) { std::thread::yield_now() } else { std::hint::spin_loop() }
        }
    }
}
