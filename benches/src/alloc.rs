//! Counts what a thread takes from the heap.
//!
//! **Why unsafe.** `GlobalAlloc` is an unsafe trait; every call is handed to the system's allocator unchanged.
//!
//! Owns: the counters. Refuses: other threads' work (a peer's background thread is not the caller's cost).
//! Invariant: counting itself takes nothing from the heap.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static TAKEN: Cell<Taken> = const { Cell::new(Taken { calls: 0, bytes: 0 }) };
}

/// What a thread took from the heap so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Taken {
    /// Calls that gave memory, reallocations included.
    pub(crate) calls: u64,
    /// Bytes asked for, reallocations with their new size.
    pub(crate) bytes: u64,
}

/// What this thread took so far.
pub(crate) fn taken() -> Taken {
    TAKEN.with(Cell::get)
}

fn count(bytes: usize) {
    // A thread that is ending may have no counter any more; nobody asks for its count.
    let _ = TAKEN.try_with(|taken| {
        let before = taken.get();
        taken.set(Taken { calls: before.calls + 1, bytes: before.bytes + bytes as u64 });
    });
}

/// The system's allocator, with a counter in front.
pub(crate) struct Counting;

// SAFETY: every method passes its arguments to `System` and returns what `System` returns; `count` neither
// allocates nor unwinds, as its counter is a `Cell` without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promise about `layout` is the one that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: `at` came from `System` with this layout, as every method here asks `System`.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: as in `dealloc`; the caller promises that `size` is right for `layout`.
        unsafe { System.realloc(at, layout, size) }
    }
}
