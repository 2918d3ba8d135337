//! What a run took: of time, of the processor, of memory, of the disk.
//!
//! Owns: reading it. Refuses: tables.

use crate::machine::field;
use serde::Serialize;
use std::fs;
use std::path::Path;

/// A median and where nine of ten rounds lie.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    /// Half of the rounds lie below.
    pub median: f64,
    /// A tenth lies below.
    pub p10: f64,
    /// A tenth lies above.
    pub p90: f64,
}

impl Spread {
    /// Of these values, which must not be empty.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Spread {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        Spread { median: at(0.5), p10: at(0.1), p90: at(0.9) }
    }
}

/// The most memory that this process has had, in KiB; 0 where nobody says.
#[must_use]
pub fn peak_kib() -> u64 {
    let peak = field("/proc/self/status", "VmHWM");
    peak.and_then(|text| text.split(' ').next()?.parse().ok()).unwrap_or(0)
}

/// Processor time of this process so far, in seconds.
#[must_use]
pub fn cpu_s() -> f64 {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}

/// Bytes of the files in a folder.
///
/// # Errors
/// What the file system says.
pub fn bytes_in(folder: &Path) -> std::io::Result<u64> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.metadata()?.len())).sum()
}
