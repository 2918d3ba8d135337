//! Says on what a result was measured.
//!
//! Owns: reading the machine's description. Refuses: the host's name, which tells nobody anything.
//! Invariant: what cannot be found out reads "unknown"; it never stops a run.

use serde::Serialize;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// The lock file that this program was built from.
const LOCK: &str = include_str!("../../Cargo.lock");

/// The machine, the moment and the code.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// Short, for file names: the processor and its cores.
    pub name: String,
    /// The day in UTC.
    pub date: String,
    /// The processor, as it calls itself.
    pub cpu: String,
    /// Threads that can run at once.
    pub cores: usize,
    /// Main memory, in GiB.
    pub memory_gib: f64,
    /// The kernel's release.
    pub kernel: String,
    /// The kind of file system that the run's files were on.
    pub file_system: String,
    /// The compiler that made this program.
    pub rustc: &'static str,
    /// The commit, with `+` if the tree had changes.
    pub commit: String,
    /// The load averages when the run began.
    pub load_before: String,
    /// Filled in when the run is over.
    pub load_after: String,
}

impl Machine {
    /// Looks at the machine now, and at the folder that the run's files are in. A given name replaces the one
    /// made from the processor.
    #[must_use]
    pub fn look(name: Option<String>, folder: &Path) -> Machine {
        let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".into());
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let memory_kib = field("/proc/meminfo", "MemTotal")
            .and_then(|text| text.split(' ').next()?.parse::<f64>().ok())
            .unwrap_or(0.0);
        Machine {
            name: name.unwrap_or_else(|| format!("{}-{cores}c", slug(&cpu))),
            date: date(SystemTime::now()),
            cpu,
            cores,
            memory_gib: (memory_kib / 104_857.6).round() / 10.0,
            kernel: read("/proc/sys/kernel/osrelease"),
            file_system: file_system(folder).unwrap_or_else(|| "unknown".into()),
            rustc: env!("NOWAIT_RUSTC"),
            commit: commit(),
            load_before: load(),
            load_after: String::new(),
        }
    }
}

/// The load averages of 1, 5 and 15 minutes.
#[must_use]
pub fn load() -> String {
    read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// The version of a crate in the lock file.
#[must_use]
pub fn version_of(crate_name: &str) -> Option<&'static str> {
    let entry =
        LOCK.split("[[package]]").find(|entry| entry.contains(&format!("\nname = \"{crate_name}\"\n")))?;
    entry.split("version = \"").nth(1)?.split('"').next()
}

fn read(path: &str) -> String {
    fs::read_to_string(path).map_or_else(|_| "unknown".into(), |text| text.trim().to_owned())
}

pub(crate) fn field(path: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The type of the deepest mount that holds the folder.
fn file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/mounts").ok()?;
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?, words.next()?))
    });
    let holding = mounts.filter(|(at, _)| folder.starts_with(at));
    Some(holding.max_by_key(|(at, _)| at.len())?.1.to_owned())
}

fn slug(text: &str) -> String {
    let words = text.to_ascii_lowercase();
    let words = words.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| !["", "r", "tm", "cpu"].contains(word)).take(3).collect::<Vec<_>>().join("-")
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output =
            Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else { return "unknown".into() };
    let clean =
        git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changes| changes.is_empty());
    if clean { commit } else { commit + "+" }
}

/// The day in UTC, as year-month-day.
fn date(now: SystemTime) -> String {
    let days = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400);
    // Days since 0000-03-01, so that the leap day is the last of its year (Hinnant, "chrono-compatible dates").
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn days_have_their_dates() {
        let at = |days: u64| date(UNIX_EPOCH + Duration::from_secs(days * 86_400 + 86_399));
        assert_eq!(at(0), "1970-01-01");
        assert_eq!(at(11_016), "2000-02-29");
        assert_eq!(at(11_017), "2000-03-01");
        assert_eq!(at(20_453), "2025-12-31");
        assert_eq!(at(20_454), "2026-01-01");
    }

    #[test]
    fn the_lock_file_knows_the_peers() {
        assert!(version_of("glean").is_some());
        assert_eq!(version_of("no-such-crate"), None);
    }

    #[test]
    fn a_processor_gives_a_short_name() {
        assert_eq!(slug("Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz"), "intel-xeon-platinum");
    }
}
