//! The memory that an attacked process has, and the proof that it has no more.
//!
//! Owns: the limit, and a process that exceeds it. Refuses: what a row measures below it.
//! Invariant: a process within the limit that takes more dies; the same process without it does not.
//!
//! It is `RLIMIT_DATA`: what a process may write to and nobody shares with it, heap and stacks, as much as it asked for whether
//! or not it is in memory. It needs no right and no group of processes, so it is the same in a container, in CI and at a desk.
//! A limit of the address space would also count what a thread's allocator only reserves, 64 MiB for each, and so the cores of
//! the machine.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode, Stdio};

/// In KiB: 1 GiB, the smallest machine that one rents.
pub(crate) const KIB: u64 = 1024 * 1024;

/// Words of a shell that set it for what comes after.
pub(crate) fn words() -> String {
    format!("ulimit -d {KIB};")
}

/// The word that makes this program one that takes memory.
const TAKE: &str = "--take-memory";

/// More than the limit by an eighth, in pieces of a MiB.
const TAKEN_MIB: u64 = 1024 + 128;

/// Takes memory, if that is what this process was started for.
pub(crate) fn if_asked() -> Option<ExitCode> {
    std::env::args().any(|word| word == TAKE).then(|| {
        let taken: Vec<Vec<u8>> = (0..TAKEN_MIB).map(|_| vec![1; 1 << 20]).collect();
        if taken.len() as u64 == TAKEN_MIB { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    })
}

pub(crate) fn more_than_there_is() {
    let takes = |words: &str| {
        let this = std::env::current_exe().unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{words} exec \"$@\""), "sh"]).arg(this).arg(TAKE);
        shell.stderr(Stdio::null()).status().unwrap()
    };
    assert!(takes("").success(), "without the limit it lives");
    // An allocation that fails aborts, as it does in the collector.
    assert_eq!(takes(&words()).signal(), Some(6), "within the limit it dies");
}
