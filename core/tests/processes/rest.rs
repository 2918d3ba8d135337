//! What NoWait holds in memory when nothing happens: after a full ring, a full table of names and their sealing.
//!
//! **Why unsafe.** The C library's account of its heap is a raw call.
#![allow(unsafe_code)]

use crate::base::Base;
use nowait_core::{Answer, Event, Kind, NoWait, Parcel, Upload};
use nowait_wire::{Receipt, ReceiptStatus};
use std::fs;
use std::time::Duration;

/// Bytes at rest, the flight recorder's mapping included.
const BYTES_MAX: u64 = 1024 * 1024;

/// Most that the recorder's file and the small one of all processes may have: they are mapped whole.
const MAPPED_BYTES_MAX: u64 = (512 + 4) * 1024;

pub(crate) fn memory_at_rest() {
    let (_folder, base) = Base::fresh();
    assert!(base.run("rest").success());
    let said = fs::read_to_string(base.root().join("rest")).unwrap();
    let said: Vec<u64> = said.split(' ').map(|number| number.parse().unwrap()).collect();
    let [held, resident, recorder] = said[..] else { panic!("{said:?}") };
    println!(
        "memory at rest: {} KiB = {} KiB held on the heap + {} KiB mapped files; {} KiB with all pages that the C library \
         and the worker's stack keep after a seal",
        (held + recorder) / 1024,
        held / 1024,
        recorder / 1024,
        (resident + recorder) / 1024
    );
    assert!(recorder <= MAPPED_BYTES_MAX && held + recorder <= BYTES_MAX);
}

/// The child's side: memory of its own that this process has now, compared with before the start.
pub(crate) fn measure(base: &Base) {
    let before = [held_bytes(), resident_bytes()];
    let nowait = NoWait::start_with(base.config(), Acknowledge).unwrap();
    nowait.flush(Duration::from_secs(10));
    for number in 0..1_024 {
        let name = nowait.name(&format!("a name of the usual length {number}"));
        (0..4).for_each(|_| assert!(nowait.record(&Event::new(Kind::Action, name)).is_taken()));
    }
    assert!(nowait.flush(Duration::from_secs(10)).complete);
    let file = base.device_files("live").into_iter().next().unwrap();
    let recorder =
        fs::metadata(file).unwrap().len() + fs::metadata(base.device().join("shared")).unwrap().len();
    let held = held_bytes().saturating_sub(before[0]);
    let resident = resident_bytes().saturating_sub(before[1]);
    fs::write(base.root().join("rest"), format!("{held} {resident} {recorder}")).unwrap();
}

/// Bytes that the heap has given out and not got back, over all its arenas.
fn held_bytes() -> u64 {
    // SAFETY: the call reads the allocator's own counters.
    let info = unsafe { libc::mallinfo2() };
    (info.uordblks + info.hblkhd) as u64
}

/// Pages that are this process's alone: with those that the C library keeps for its next allocation.
fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}

/// A collector that takes no memory of its own: it must not be measured with NoWait.
struct Acknowledge;

impl Upload for Acknowledge {
    fn send(&mut self, parcel: Parcel<'_>) -> Option<Answer> {
        let batch = nowait_wire::decode_header(parcel.body).ok()?.id.to_string();
        let receipt = Receipt { batch, status: ReceiptStatus::Stored, reason: String::new(), config: None };
        Some(Answer { status: 200, retry_after: None, body: serde_json::to_vec(&receipt).ok()? })
    }
}
