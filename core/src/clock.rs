//! The three clocks: uptime for waits, boot for absence, wall for the day.
//!
//! **Why unsafe.** Apple's uptime clock has no safe binding in the crates we use; one call, three lines.
//!
//! Owns: reading the time. Refuses: timers, formats.
//! Invariant: uptime stands still while the device sleeps, and is the clock of Android's `System.nanoTime` and
//! `MotionEvent.getEventTime` and of iOS's `UITouch.timestamp`, so that facts of both sides compare. The boot clock runs
//! on in sleep; both begin when the device starts.
#![allow(unsafe_code)]

use nowait_wire::Anchor;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where the time comes from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The device's own clocks.
    #[default]
    System,
    /// A clock that a test turns by hand.
    Manual(ManualClock),
}

impl Clock {
    /// Nanoseconds of the uptime clock.
    #[inline]
    #[must_use]
    pub fn uptime_ns(&self) -> u64 {
        match self {
            Clock::System => system_uptime_ns(),
            Clock::Manual(clock) => clock.uptime_ns(),
        }
    }

    /// Milliseconds since 1970 UTC on the wall clock; 0 if it is set before that.
    #[must_use]
    pub fn wall_unix_ms(&self) -> u64 {
        match self {
            Clock::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX)),
            Clock::Manual(clock) => clock.wall_unix_ms(),
        }
    }

    /// Processor time of the calling thread so far, in nanoseconds; 0 where nobody can say, and by hand.
    pub(crate) fn thread_cpu_ns(&self) -> u64 {
        match self {
            Clock::System => system_thread_cpu_ns(),
            Clock::Manual(_) => 0,
        }
    }

    /// Nanoseconds of the boot clock: uptime and the time that the device slept.
    #[must_use]
    pub fn boot_ns(&self) -> u64 {
        match self {
            Clock::System => system_boot_ns(),
            Clock::Manual(clock) => clock.boot_ns(),
        }
    }

    /// One moment on all three clocks.
    #[must_use]
    pub fn anchor(&self) -> Anchor {
        Anchor { uptime_ns: self.uptime_ns(), boot_ns: self.boot_ns(), wall_unix_ms: self.wall_unix_ms() }
    }
}

/// The clock behind Android's `SystemClock.uptimeMillis` and Rust's own `Instant` on Linux.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
fn system_uptime_ns() -> u64 {
    nanoseconds(rustix::time::clock_gettime(rustix::time::ClockId::Monotonic))
}

/// The clock behind Android's `SystemClock.elapsedRealtimeNanos`.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn system_boot_ns() -> u64 {
    nanoseconds(rustix::time::clock_gettime(rustix::time::ClockId::Boottime))
}

/// The clock behind `mach_continuous_time`.
#[cfg(target_vendor = "apple")]
fn system_boot_ns() -> u64 {
    // SAFETY: the call takes a constant by value and touches no memory of ours.
    unsafe { clock_gettime_nsec_np(libc::CLOCK_MONOTONIC_RAW) }
}

// Of Apple's `<time.h>`; the crate `libc` does not have it.
#[cfg(target_vendor = "apple")]
unsafe extern "C" {
    fn clock_gettime_nsec_np(clock: libc::clockid_t) -> u64;
}

/// Elsewhere nobody tells sleep apart.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn system_boot_ns() -> u64 {
    system_uptime_ns()
}

#[cfg(unix)]
fn system_thread_cpu_ns() -> u64 {
    nanoseconds(rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime))
}

#[cfg(not(unix))]
fn system_thread_cpu_ns() -> u64 {
    0
}

#[cfg(unix)]
#[inline]
fn nanoseconds(time: rustix::time::Timespec) -> u64 {
    (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
}

/// The clock behind `UITouch.timestamp` and Rust's own `Instant` on Apple systems.
#[cfg(target_vendor = "apple")]
#[inline]
fn system_uptime_ns() -> u64 {
    // SAFETY: the call takes a constant by value and touches no memory of ours.
    unsafe { clock_gettime_nsec_np(libc::CLOCK_UPTIME_RAW) }
}

/// Elsewhere: time since the first call, which is all that durations need.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn system_uptime_ns() -> u64 {
    static FIRST: once_cell::sync::Lazy<std::time::Instant> =
        once_cell::sync::Lazy::new(std::time::Instant::now);
    u64::try_from(FIRST.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// A clock that stands still until a test moves it. Clones share one time.
#[derive(Clone, Debug, Default)]
pub struct ManualClock {
    uptime_ns: Arc<AtomicU64>,
    slept_ns: Arc<AtomicU64>,
    wall_unix_ms: Arc<AtomicU64>,
}

impl ManualClock {
    /// A clock at uptime 0 and this wall time, in milliseconds since 1970 UTC.
    #[must_use]
    pub fn new(wall_unix_ms: u64) -> ManualClock {
        let clock = ManualClock::default();
        // Relaxed: no other thread has it yet.
        clock.wall_unix_ms.store(wall_unix_ms, Ordering::Relaxed);
        clock
    }

    /// Moves all clocks forward.
    pub fn advance(&self, by: Duration) {
        let ns = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        // Relaxed: a time leads to no other data, and the clocks are never compared.
        self.uptime_ns.fetch_add(ns, Ordering::Relaxed);
        self.wall_unix_ms.fetch_add(ns / 1_000_000, Ordering::Relaxed);
    }

    /// Lets the device sleep: the uptime clock stands still, the others go on.
    pub fn sleep(&self, by: Duration) {
        let ns = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        // Relaxed: see `advance`.
        self.slept_ns.fetch_add(ns, Ordering::Relaxed);
        self.wall_unix_ms.fetch_add(ns / 1_000_000, Ordering::Relaxed);
    }

    /// Nanoseconds since this clock's start, those asleep included.
    #[must_use]
    pub fn boot_ns(&self) -> u64 {
        // Relaxed: see `advance`.
        self.uptime_ns().saturating_add(self.slept_ns.load(Ordering::Relaxed))
    }

    /// Sets the wall clock alone, as a customer or a network may.
    pub fn set_wall_unix_ms(&self, wall_unix_ms: u64) {
        // Relaxed: see `advance`.
        self.wall_unix_ms.store(wall_unix_ms, Ordering::Relaxed);
    }

    /// Nanoseconds since this clock's start, those asleep left out.
    #[must_use]
    pub fn uptime_ns(&self) -> u64 {
        // Relaxed: see `advance`.
        self.uptime_ns.load(Ordering::Relaxed)
    }

    /// Milliseconds since 1970 UTC.
    #[must_use]
    pub fn wall_unix_ms(&self) -> u64 {
        // Relaxed: see `advance`.
        self.wall_unix_ms.load(Ordering::Relaxed)
    }
}
