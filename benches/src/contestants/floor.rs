//! The floors: what no recorder that survives a kill can go below, and the system call that it replaces.
//!
//! **Why unsafe.** Mapping a file is unsafe, as somebody else may change it; nobody knows this temporary one.
//!
//! Owns: files in the folder of this run. Refuses: anything a recorder needs beyond the store (a position that
//! several threads share, a commit, a checksum). Invariant: the mapped file is as large as NoWait's ring.
#![allow(unsafe_code)]

use crate::harness::{Contestant, THREADS_MAX};
use memmap2::MmapMut;
use std::fs::File;
use std::hint::black_box;
use std::io::{Seek, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Mutex;

/// Bytes of one record, everywhere here.
const RECORD_BYTES: usize = 64;

/// Records in the mapped file: as many as NoWait's ring has slots.
const RECORDS: usize = 4_096;

/// Nanoseconds of the monotonic clock, read as NoWait reads it.
#[inline]
pub(super) fn uptime_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    (now.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(now.tv_nsec as u64)
}

/// A record of 64 bytes that holds a time and a duration.
#[inline]
pub(super) fn record(started_ns: u64, duration_ns: u64) -> [u8; RECORD_BYTES] {
    let mut record = [0x5A; RECORD_BYTES];
    record[..8].copy_from_slice(&started_ns.to_le_bytes());
    record[8..16].copy_from_slice(&duration_ns.to_le_bytes());
    record
}

/// Clock reads and 64-byte stores into a mapped file, one behind the other and round and round, as every log of the latest
/// records must; each thread has a file of its own.
pub(super) struct Store {
    logs: Vec<Mutex<Log>>,
    clock_reads: usize,
    stores: usize,
}

/// One thread's file, and where its next record goes.
struct Log {
    map: MmapMut,
    next: usize,
}

impl Store {
    pub(super) fn new(folder: &Path, clock_reads: usize, stores: usize) -> std::io::Result<Store> {
        let map = |thread| {
            let path = folder.join(format!("floor-{clock_reads}-{stores}-{thread}"));
            let mut options = File::options();
            let file = options.read(true).write(true).create_new(true).open(path)?;
            rustix::fs::fallocate(
                &file,
                rustix::fs::FallocateFlags::empty(),
                0,
                (RECORDS * RECORD_BYTES) as u64,
            )?;
            // SAFETY: the file was made here a moment ago, in a folder of this run alone, and is never truncated.
            unsafe { MmapMut::map_mut(&file) }.map(|map| Mutex::new(Log { map, next: 0 }))
        };
        Ok(Store { logs: (0..THREADS_MAX).map(map).collect::<Result<_, _>>()?, clock_reads, stores })
    }
}

impl Contestant for Store {
    fn name(&self) -> &'static str {
        match (self.clock_reads, self.stores) {
            (1, _) => "floor: clock + 64-byte store",
            (_, 1) => "floor: 2 clocks + 64-byte store",
            _ => "floor: 2 clocks + 2 64-byte stores",
        }
    }
    fn crate_name(&self) -> &'static str {
        ""
    }
    fn leaves(&self) -> &'static str {
        "64 bytes in a mapped file, one thread's own"
    }
    fn clock_reads(&self) -> usize {
        self.clock_reads
    }
    fn stores(&self) -> usize {
        self.stores
    }
    fn run(&self, thread: usize, ops: usize) {
        let mut log = self.logs[thread].lock().expect("no thread panics while it holds the log");
        let Log { map, next } = &mut *log;
        let mut append = |record: [u8; RECORD_BYTES]| {
            let at = *next % RECORDS * RECORD_BYTES;
            map[at..at + RECORD_BYTES].copy_from_slice(&record);
            *next += 1;
        };
        for _ in 0..ops {
            let started = if self.clock_reads == 2 { uptime_ns() } else { 0 };
            if self.stores == 2 {
                append(record(started, 0));
            }
            let ended = uptime_ns();
            append(record(ended, ended.wrapping_sub(started)));
        }
        black_box(&mut map[..]);
    }
}

/// A clock read and a `write(2)` of 64 bytes; all threads share the file.
pub(super) struct Write(File);

impl Write {
    pub(super) fn new(folder: &Path) -> std::io::Result<Write> {
        File::create_new(folder.join("write")).map(Write)
    }
}

impl Contestant for Write {
    fn name(&self) -> &'static str {
        "write(2) of 64 bytes"
    }
    fn crate_name(&self) -> &'static str {
        ""
    }
    fn leaves(&self) -> &'static str {
        "64 bytes in the page cache"
    }
    fn clock_reads(&self) -> usize {
        1
    }
    fn run(&self, _thread: usize, ops: usize) {
        for _ in 0..ops {
            (&self.0).write_all(&record(uptime_ns(), 0)).expect("the folder of this run has room");
        }
    }
    fn settle(&self) {
        (&self.0).seek(SeekFrom::Start(0)).expect("a plain file can be rewound");
    }
}
