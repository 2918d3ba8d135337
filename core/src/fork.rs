//! Whether this process is a fork of the one that started NoWait.
//!
//! **Why unsafe.** Only the C library can tell without a system call per event: it runs a handler in the child.
//!
//! Owns: one flag, and which files a forked child must not keep open. Refuses: recording in a child, which would write
//! into its parent's flight recorder.
//! Invariant: the flag goes from false to true once, in the child, before any other code runs there.
#![allow(unsafe_code)]

use crate::limits::LOCKS_MAX;
use std::fs::File;
use std::mem::ManuallyDrop;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

static FORKED: AtomicBool = AtomicBool::new(false);

/// The descriptors of the files whose locks this process holds; [`NONE`] where there is none.
static LOCKS: [AtomicI32; LOCKS_MAX] = [const { AtomicI32::new(NONE) }; LOCKS_MAX];

const NONE: i32 = -1;

/// An open file whose lock is this process's alone: a forked child shares its parent's locks, and would keep what they
/// guard "alive" after the parent's death.
#[derive(Debug)]
pub(crate) struct LockedFile(ManuallyDrop<File>);

impl LockedFile {
    /// Takes a file that was locked a moment ago.
    pub(crate) fn new(file: File) -> LockedFile {
        #[cfg(unix)]
        {
            let descriptor = descriptor(&file);
            // Relaxed: the child is made from the memory of the thread that forks. Where all places are taken a child
            // may share the lock; that delays a recovery and loses nothing.
            let _ = LOCKS.iter().any(|lock| {
                lock.compare_exchange(NONE, descriptor, Ordering::Relaxed, Ordering::Relaxed).is_ok()
            });
        }
        LockedFile(ManuallyDrop::new(file))
    }

    /// The file itself.
    pub(crate) fn file(&self) -> &File {
        &self.0
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        // In a child the handler has closed it, and its number may be another file's by now.
        if is_child() {
            return;
        }
        #[cfg(unix)]
        for lock in &LOCKS {
            // Relaxed: see `new`. Before it is closed, so that no child closes another file under this number.
            let _ = lock.compare_exchange(descriptor(&self.0), NONE, Ordering::Relaxed, Ordering::Relaxed);
        }
        // Said, because closing lets go only when no child has the file open. Failing, closing is what is left.
        let _ = self.0.unlock();
        // SAFETY: dropped here once, and not used afterwards.
        unsafe { ManuallyDrop::drop(&mut self.0) };
    }
}

#[cfg(unix)]
fn descriptor(file: &File) -> i32 {
    use std::os::fd::AsRawFd;
    file.as_raw_fd()
}

/// Asks to be told of forks from now on.
pub(crate) fn watch() {
    #[cfg(unix)]
    {
        static WATCHING: Once = Once::new();
        WATCHING.call_once(|| {
            // SAFETY: the handler is a plain function that lives as long as the program and only stores to
            // atomics and closes files, which is allowed between fork and exec. A failure leaves the flag false for
            // ever.
            unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        });
    }
}

#[cfg(unix)]
extern "C" fn in_child() {
    // Relaxed: the child has one thread.
    FORKED.store(true, Ordering::Relaxed);
    for lock in &LOCKS {
        // Relaxed: see above.
        let descriptor = lock.swap(NONE, Ordering::Relaxed);
        if descriptor >= 0 {
            // SAFETY: closing is allowed between fork and exec; the descriptor is that of a `LockedFile`, which nothing
            // in the child uses or closes.
            unsafe { libc::close(descriptor) };
        }
    }
}

/// Whether this is a child that must not record.
#[inline]
pub(crate) fn is_child() -> bool {
    // Relaxed: set before the child runs anything else.
    FORKED.load(Ordering::Relaxed)
}
