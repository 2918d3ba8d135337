//! Whether this process is a fork of the one that started NoWait.
//!
//! **Why unsafe.** Only the C library can tell without a system call per event: it runs a handler in the child.
//!
//! Owns: one flag, and letting go of the parent's lock. Refuses: recording in a child, which would write into its parent's flight recorder.
//! Invariant: the flag goes from false to true once, in the child, before any other code runs there.
#![allow(unsafe_code)]

use std::fs::File;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

static FORKED: AtomicBool = AtomicBool::new(false);

/// The descriptor of the flight recorder's lock; -1 for none.
static LOCK: AtomicI32 = AtomicI32::new(-1);

/// Remembers the file that holds the recorder's lock: a child shares the lock, and would keep the recorder of its
/// parent "alive" after the parent's death. Only the first file counts: a process starts NoWait once.
pub(crate) fn close_in_child(file: &File) {
    #[cfg(unix)]
    {
        use std::os::fd::AsRawFd;
        // Relaxed: the child is made from the memory of the thread that forks.
        let _ = LOCK.compare_exchange(-1, file.as_raw_fd(), Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// Asks to be told of forks from now on.
pub(crate) fn watch() {
    #[cfg(unix)]
    {
        static WATCHING: Once = Once::new();
        WATCHING.call_once(|| {
            // SAFETY: the handler is a plain function that lives as long as the program and only stores to an
            // atomic, which is allowed between fork and exec. A failure leaves the flag false for ever.
            unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        });
    }
}

#[cfg(unix)]
extern "C" fn in_child() {
    // Relaxed: the child has one thread.
    FORKED.store(true, Ordering::Relaxed);
    let lock = LOCK.swap(-1, Ordering::Relaxed);
    if lock >= 0 {
        // SAFETY: closing is allowed between fork and exec; the descriptor is the recorder's, which is never dropped,
        // and nothing in the child uses it.
        unsafe { libc::close(lock) };
    }
}

/// Whether this is a child that must not record.
#[inline]
pub(crate) fn is_child() -> bool {
    // Relaxed: set before the child runs anything else.
    FORKED.load(Ordering::Relaxed)
}
