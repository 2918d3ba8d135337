//! The least that recording by JNI can cost: a call that reads the clock, takes the next slot of 64 bytes and fills it. No other process,
//! no check, no worker, and nobody ever reads it (`scripts/android-bench`).
//!
//! Owns: that one function. Refuses: to record anything.
//! Why unsafe: a name that the JVM looks for must be exported as it is.
#![allow(unsafe_code)]
#![allow(non_snake_case, reason = "JNI builds names of package, class and method")]

use jni_sys::{JNIEnv, jclass, jint, jlong};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const SLOTS: usize = 4_096;

#[repr(align(64))]
struct Slot([AtomicU64; 8]);

static NEXT: AtomicU64 = AtomicU64::new(0);
static RING: [Slot; SLOTS] = [const { Slot([const { AtomicU64::new(0) }; 8]) }; SLOTS];
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Stores what it is called with, and when.
// SAFETY: no other library has a function of that name: the class is the benchmark's own.
#[unsafe(no_mangle)]
pub extern "system" fn Java_dev_nowait_benchmarks_BareSlot_store(
    _: *mut JNIEnv,
    _: jclass,
    name: jint,
    at_ns: jlong,
    number: jlong,
) {
    let now_ns = BEGAN.elapsed().as_nanos() as u64;
    // Relaxed: a number of its own is all that it must be.
    let position = NEXT.fetch_add(1, Ordering::Relaxed);
    let Slot(words) = &RING[position as usize % SLOTS];
    let values = [name as u64, at_ns as u64, number as u64, now_ns, position, 0, 0];
    for (word, value) in words[1..].iter().zip(values) {
        // Relaxed: published by the store below.
        word.store(value, Ordering::Relaxed);
    }
    // Release: what a recorder does last, so that a reader finds the rest.
    words[0].store(position + 1, Ordering::Release);
}
