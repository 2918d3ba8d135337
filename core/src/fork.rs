//! Whether this process is a fork of the one that started NoWait.
//!
//! **Why unsafe.** Only the C library can tell without a system call per event: it runs a handler in the child.
//!
//! Owns: one flag. Refuses: recording in a child, which would write into its parent's flight recorder.
//! Invariant: the flag goes from false to true once, in the child, before any other code runs there.
#![allow(unsafe_code)]

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

static FORKED: AtomicBool = AtomicBool::new(false);

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
}

/// Whether this is a child that must not record.
#[inline]
pub(crate) fn is_child() -> bool {
    // Relaxed: set before the child runs anything else.
    FORKED.load(Ordering::Relaxed)
}
