//! Attacks on a real `nowait serve` that has 1 GiB of memory: `make attack` prints a line a row, `held`, `fell` or `not run`.
//!
//! Owns: the table of attacks, the order in which they run, and the verdict. Refuses: the attacks (one file for each kind).
//! Invariant: a row that fell makes the exit code 1; a row that could not be run says why, and is never told as held.
//!
//! It is a program of its own, without the test harness: attacks count seconds, connections and memory, so they run one after
//! another, and a person reads their lines. `cargo test` runs the short forms, `NOWAIT_ATTACK=long` the long ones; a word of
//! the command line chooses the rows that hold it.

#[cfg(target_os = "linux")]
mod ask;
#[cfg(target_os = "linux")]
mod attacked;
#[cfg(target_os = "linux")]
mod budget;
#[cfg(target_os = "linux")]
mod damage;
#[cfg(target_os = "linux")]
mod expand;
#[cfg(target_os = "linux")]
mod fairness;
#[cfg(target_os = "linux")]
mod health;
#[cfg(target_os = "linux")]
mod limit;
#[cfg(target_os = "linux")]
mod reading;
#[cfg(target_os = "linux")]
#[path = "../running/mod.rs"]
mod running;
#[cfg(target_os = "linux")]
mod said;
#[cfg(target_os = "linux")]
mod scrub;
#[cfg(target_os = "linux")]
mod table;
#[cfg(target_os = "linux")]
mod terminal;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    table::run()
}

/// What is measured of the attacked process is in `/proc`.
#[cfg(not(target_os = "linux"))]
fn main() {
    println!("not run  the attacks need Linux");
}
