//! What only processes can show: deaths, full disks, neighbours, forks, system calls.
//!
//! The program is both sides: it starts itself again, with a role, as the process that dies. `make deaths` runs it
//! with 10,000 kills; plain `cargo test` with 300.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod base;
mod child;
mod disk;
mod endings;
mod kills;
mod marker;
mod neighbours;
mod quota;
mod rest;
mod start;
mod system_calls;

use std::panic::catch_unwind;
use std::process::ExitCode;

const TESTS: [(&str, fn()); 19] = [
    ("kills", kills::nothing_acknowledged_is_lost),
    ("endings", endings::every_other_way_to_die),
    ("out_of_memory", endings::killed_for_memory),
    ("adoption", neighbours::a_dead_recorder_is_adopted_once),
    ("two_processes", neighbours::two_processes_share_a_folder),
    ("fork", neighbours::a_forked_child_records_nothing),
    ("cleaner", neighbours::a_cleaner_that_removes_or_truncates),
    ("disk_tmpfs", disk::tmpfs),
    ("disk_ext4", disk::ext4),
    ("disk_quota", quota::by_filter),
    ("disk_quota_user", quota::of_a_user),
    ("disk_quota_subvolume", quota::of_a_subvolume),
    ("disk_back", disk::back_to_the_file_at_the_next_start),
    ("memory_at_rest", rest::memory_at_rest),
    ("start", start::a_start_and_a_decision_touch_no_file_on_the_callers_thread),
    ("early", start::what_is_recorded_before_the_file_is_there_is_delivered),
    ("system_calls", system_calls::recording_makes_none),
    ("wake_ups", system_calls::a_worker_that_is_awake_is_not_woken),
    ("marker", marker::starts_that_die_switch_it_off_for_their_release),
];

fn main() -> ExitCode {
    if let Ok(role) = std::env::var(base::ROLE) {
        child::play(&role);
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let mut failed = false;
    for (name, test) in TESTS {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| name.contains(wanted.as_str())) {
            continue;
        }
        let passed = catch_unwind(test).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed |= !passed;
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
