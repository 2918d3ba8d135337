//! What reading a clock costs, and what the cheaper ways give up.
//!
//! **Why unsafe.** The C library's call and the processor's counter have no safe binding in the crates we use.
//!
//! Owns: the ways to ask for the time, and the counter's calibration in this run. Refuses: clocks that no phone has.
//! Invariant: every way takes its turn in every round, and gives nanoseconds: the scaling is part of the price.
#![allow(unsafe_code)]

use crate::harness::stay_on_core;
use nowait_benches::used::Spread;
use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};
use serde::Serialize;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Reads in a block.
const READS: u32 = 4_096;

/// Blocks of each way.
const ROUNDS: usize = 200;

/// Time between the two moments that scale the counter: what an app could spend on it in a start's shadow.
const CALIBRATION: Duration = Duration::from_millis(250);

/// Time after which the scaled counter is held against the clock again.
const DRIFT: Duration = Duration::from_secs(5);

/// Tries for one moment on two clocks; the one with the least time in between counts.
const TRIES: usize = 64;

/// What the honest ways give up.
const NOTHING: &str = "nothing";

/// One way to ask for the time.
#[derive(Debug, Serialize)]
pub(crate) struct Clock {
    pub(crate) name: &'static str,
    pub(crate) ns_per_read: Spread,
    /// Least time that it tells apart, as the system says or as the calibration gives.
    pub(crate) resolution_ns: f64,
    /// Whether it is the phone's uptime clock, told apart to the nanosecond.
    pub(crate) honest: bool,
    pub(crate) gives_up: &'static str,
}

/// Another clock against `CLOCK_MONOTONIC` after [`DRIFT`].
#[derive(Debug, Serialize)]
pub(crate) struct Drift {
    pub(crate) name: &'static str,
    /// How much more than `CLOCK_MONOTONIC` it counted; negative: less.
    pub(crate) drift_ns: i64,
    /// The same in millionths.
    pub(crate) drift_ppm: f64,
    /// Most that this figure may be wrong by, as two clocks are never read at one moment.
    pub(crate) error_ns: u64,
}

/// All of this section.
#[derive(Debug, Serialize)]
pub(crate) struct Clocks {
    /// What the kernel itself makes its time from.
    pub(crate) kernel_source: String,
    pub(crate) calibration_ms: u64,
    pub(crate) drift_after_ms: u64,
    pub(crate) clocks: Vec<Clock>,
    pub(crate) drifts: Vec<Drift>,
}

impl Clocks {
    /// The way that NoWait reads the time.
    pub(crate) fn ours(&self) -> Option<&Clock> {
        self.clocks.first()
    }

    /// The cheapest way to read the phone's uptime clock itself.
    pub(crate) fn cheapest_honest(&self) -> Option<&Clock> {
        let honest = self.clocks.iter().filter(|clock| clock.honest);
        honest.min_by(|one, other| one.ns_per_read.median.total_cmp(&other.ns_per_read.median))
    }

    /// The processor's counter: read at any moment, and after the work in front of it; where each can be had.
    pub(crate) fn counters(&self) -> [Option<&Clock>; 2] {
        [COUNTER, COUNTER_IN_ORDER].map(|name| self.clocks.iter().find(|clock| clock.name == name))
    }
}

/// Reads every clock for about ten seconds.
pub(crate) fn measure() -> Clocks {
    std::thread::scope(|scope| {
        let measured = scope.spawn(|| {
            stay_on_core(0);
            on_this_thread()
        });
        measured.join().expect("reading clocks does not panic")
    })
}

fn on_this_thread() -> Clocks {
    let scale = Scale::calibrate();
    let raw = || ns_of(ClockId::MonotonicRaw);
    let (counter_then, raw_then) = (moment(|| scale.ns()), moment(raw));
    std::thread::sleep(DRIFT);
    let mut drifts = Vec::new();
    if HAS_COUNTER {
        drifts.push(drift("the scaled counter", counter_then, moment(|| scale.ns())));
    }
    drifts.push(drift("`CLOCK_MONOTONIC_RAW`", raw_then, moment(raw)));
    Clocks {
        kernel_source: std::fs::read_to_string(
            "/sys/devices/system/clocksource/clocksource0/current_clocksource",
        )
        .map_or_else(|_| "unknown".into(), |source| source.trim().to_owned()),
        calibration_ms: CALIBRATION.as_millis() as u64,
        drift_after_ms: DRIFT.as_millis() as u64,
        clocks: timed(ways(scale)),
        drifts,
    }
}

/// A way to be timed: its name, what it gives up, its resolution, and a block of reads.
struct Way {
    name: &'static str,
    gives_up: &'static str,
    resolution_ns: f64,
    block: Box<dyn Fn()>,
}

impl Way {
    fn new<T>(
        name: &'static str,
        gives_up: &'static str,
        resolution_ns: f64,
        read: impl Fn() -> T + 'static,
    ) -> Way {
        let block = move || (0..READS).for_each(|_| drop(black_box(read())));
        Way { name, gives_up, resolution_ns, block: Box::new(block) }
    }
}

/// The ways of this machine, NoWait's first.
fn ways(scale: Scale) -> Vec<Way> {
    let resolution = |id| nanoseconds(clock_getres(id)) as f64;
    let monotonic = resolution(ClockId::Monotonic);
    let mut ways = vec![
        Way::new("**`CLOCK_MONOTONIC`, rustix** (NoWait)", NOTHING, monotonic, || ns_of(ClockId::Monotonic)),
        Way::new("`CLOCK_MONOTONIC`, C library", NOTHING, monotonic, libc_ns),
        Way::new("`std::time::Instant::now`", NOTHING, monotonic, Instant::now),
        Way::new(
            "`CLOCK_MONOTONIC_RAW`, rustix",
            "the clock of the phone's own times: nobody corrects this one's speed",
            resolution(ClockId::MonotonicRaw),
            || ns_of(ClockId::MonotonicRaw),
        ),
        Way::new(
            "`CLOCK_MONOTONIC_COARSE`, rustix",
            "everything shorter than a tick of the kernel: not honest for latency",
            resolution(ClockId::MonotonicCoarse),
            || ns_of(ClockId::MonotonicCoarse),
        ),
    ];
    if HAS_COUNTER {
        ways.push(Way::new(
            COUNTER,
            "the clock of the phone's own times, and order: may be read before the work in front of it is done",
            scale.ns_per_tick(),
            move || scale.ns(),
        ));
    }
    #[cfg(target_arch = "x86_64")]
    if machine_says("rdtscp") {
        ways.push(Way::new(
            COUNTER_IN_ORDER,
            "the clock of the phone's own times",
            scale.ns_per_tick(),
            move || scale.ns_at(counter_in_order()),
        ));
    }
    ways
}

/// Nanoseconds per read: every way a block in every round.
fn timed(ways: Vec<Way>) -> Vec<Clock> {
    let mut samples = vec![Vec::with_capacity(ROUNDS); ways.len()];
    for round in 0..=ROUNDS {
        for (way, samples) in ways.iter().zip(&mut samples) {
            let begin = Instant::now();
            (way.block)();
            let elapsed_ns = begin.elapsed().as_nanos() as f64;
            // The first round warms up.
            if round > 0 {
                samples.push(elapsed_ns / f64::from(READS));
            }
        }
    }
    let clock = |(way, samples): (Way, Vec<f64>)| Clock {
        name: way.name,
        ns_per_read: Spread::of(samples),
        resolution_ns: way.resolution_ns,
        honest: way.gives_up == NOTHING,
        gives_up: way.gives_up,
    };
    ways.into_iter().zip(samples).map(clock).collect()
}

/// One moment on `CLOCK_MONOTONIC` and on another clock.
#[derive(Clone, Copy)]
struct Moment {
    monotonic_ns: u64,
    other: u64,
    /// Most that the two may lie apart.
    error_ns: u64,
}

/// Reads another clock between two reads of `CLOCK_MONOTONIC`, and takes the middle of them.
fn moment(other: impl Fn() -> u64) -> Moment {
    let one = || {
        let before = ns_of(ClockId::Monotonic);
        let other = other();
        let after = ns_of(ClockId::Monotonic);
        let error_ns = (after - before).div_ceil(2);
        Moment { monotonic_ns: before + (after - before) / 2, other, error_ns }
    };
    let first = one();
    (1..TRIES)
        .map(|_| one())
        .fold(first, |best, next| if next.error_ns < best.error_ns { next } else { best })
}

/// How far the other clock went away from `CLOCK_MONOTONIC` between two moments.
fn drift(name: &'static str, then: Moment, now: Moment) -> Drift {
    let monotonic_ns = now.monotonic_ns - then.monotonic_ns;
    let drift_ns = now.other.wrapping_sub(then.other) as i64 - monotonic_ns as i64;
    Drift {
        name,
        drift_ns,
        drift_ppm: drift_ns as f64 / monotonic_ns as f64 * 1e6,
        error_ns: then.error_ns + now.error_ns,
    }
}

/// Turns the counter's ticks into nanoseconds of `CLOCK_MONOTONIC`, as of the calibration.
#[derive(Clone, Copy)]
struct Scale {
    since: Moment,
    /// Nanoseconds per tick, times 2^32.
    ns_per_tick_q32: u64,
}

impl Scale {
    /// Takes [`CALIBRATION`]; without a counter it scales nothing.
    fn calibrate() -> Scale {
        let since = moment(counter);
        std::thread::sleep(CALIBRATION);
        let until = moment(counter);
        let ticks = u128::from(until.other.wrapping_sub(since.other).max(1));
        let ns = u128::from(until.monotonic_ns - since.monotonic_ns);
        Scale { since, ns_per_tick_q32: u64::try_from((ns << 32) / ticks).unwrap_or(u64::MAX) }
    }

    fn ns_per_tick(&self) -> f64 {
        self.ns_per_tick_q32 as f64 / (1u64 << 32) as f64
    }

    #[inline]
    fn ns(&self) -> u64 {
        self.ns_at(counter())
    }

    #[inline]
    fn ns_at(&self, ticks: u64) -> u64 {
        let since = u128::from(ticks.wrapping_sub(self.since.other));
        let ns = (since * u128::from(self.ns_per_tick_q32)) >> 32;
        self.since.monotonic_ns.wrapping_add(ns as u64)
    }
}

fn nanoseconds(time: Timespec) -> u64 {
    (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
}

#[inline]
fn ns_of(clock: ClockId) -> u64 {
    nanoseconds(clock_gettime(clock))
}

/// `CLOCK_MONOTONIC` through the C library, which Kotlin's and Swift's runtimes call.
#[inline]
fn libc_ns() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a whole `timespec` of ours, and all that the call writes to.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    debug_assert_eq!(status, 0, "every Linux has this clock");
    (now.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(now.tv_nsec as u64)
}

/// The name of the counter that waits for the work in front of it.
const COUNTER_IN_ORDER: &str = "counter in order (`rdtscp`), scaled";

/// Whether this processor has a counter that we know how to read.
const HAS_COUNTER: bool = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

/// The counter's name in the table.
const COUNTER: &str = if cfg!(target_arch = "aarch64") {
    "counter (`CNTVCT_EL0`), scaled"
} else {
    "counter (`rdtsc`), scaled"
};

#[cfg(target_arch = "x86_64")]
#[inline]
fn counter() -> u64 {
    // SAFETY: every x86-64 has this instruction, Linux allows it, and it touches no memory.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Read after everything in front of it is done. Only where [`machine_says`] that it is there.
#[cfg(target_arch = "x86_64")]
#[inline]
fn counter_in_order() -> u64 {
    let mut core = 0;
    // SAFETY: called where the processor says that it has the instruction, which writes to `core` alone.
    unsafe { core::arch::x86_64::__rdtscp(&raw mut core) }
}

#[cfg(target_arch = "aarch64")]
#[inline]
fn counter() -> u64 {
    let ticks: u64;
    // SAFETY: reads one register, which Linux lets user space read, and touches neither memory nor flags.
    unsafe {
        core::arch::asm!("mrs {}, cntvct_el0", out(reg) ticks, options(nomem, nostack, preserves_flags));
    }
    ticks
}

/// Elsewhere there is none that we know.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn counter() -> u64 {
    0
}

/// Whether the processor's description has this word.
#[cfg(target_arch = "x86_64")]
fn machine_says(flag: &str) -> bool {
    let description = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut flags = description.lines().filter(|line| line.starts_with("flags"));
    flags.next().is_some_and(|flags| flags.split_whitespace().any(|word| word == flag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_runs_fast_drifts_ahead() {
        let at = |monotonic_ns, other| Moment { monotonic_ns, other, error_ns: 10 };
        let found = drift("", at(1_000, 500), at(1_000_001_000, 1_000_000_500 + 250));
        assert_eq!((found.drift_ns, found.error_ns), (250, 20));
        assert!((found.drift_ppm - 0.25).abs() < 1e-9);
    }

    #[test]
    fn the_scale_gives_nanoseconds_of_the_calibration() {
        let since = Moment { monotonic_ns: 7_000, other: 100, error_ns: 0 };
        let scale = Scale { since, ns_per_tick_q32: 1 << 31 };
        assert_eq!(scale.ns_at(100), 7_000);
        assert_eq!(scale.ns_at(1_100), 7_500);
        assert!((scale.ns_per_tick() - 0.5).abs() < 1e-12);
    }
}
