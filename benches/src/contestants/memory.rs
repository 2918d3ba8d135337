//! The queue that a recorder without a file would use.
//!
//! Owns: one queue. Refuses: durability: what is in it dies with the process.
//! Invariant: as many slots as NoWait's ring has.

use super::floor::{record, uptime_ns};
use crate::harness::Contestant;
use crossbeam_queue::ArrayQueue;
use std::hint::black_box;

/// Slots of the queue.
const SLOTS: usize = 4_096;

/// A clock read and a `force_push` of 64 bytes.
pub(super) struct Queue(ArrayQueue<[u8; 64]>);

impl Queue {
    pub(super) fn new() -> Queue {
        Queue(ArrayQueue::new(SLOTS))
    }
}

impl Contestant for Queue {
    fn name(&self) -> &'static str {
        "ArrayQueue::force_push of 64 bytes"
    }
    fn crate_name(&self) -> &'static str {
        "crossbeam-queue"
    }
    fn leaves(&self) -> &'static str {
        "64 bytes in memory"
    }
    fn clock_reads(&self) -> usize {
        1
    }
    fn run(&self, _thread: usize, ops: usize) {
        for _ in 0..ops {
            black_box(self.0.force_push(record(uptime_ns(), 0)));
        }
    }
    fn settle(&self) {
        while self.0.pop().is_some() {}
    }
}
