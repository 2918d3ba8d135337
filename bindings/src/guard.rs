//! The boundary that no panic crosses: JNI would abort the app, and a Swift call that cannot throw would trap.
//!
//! Owns: catching and counting. Refuses: reporting what the panic said, which may be anything.
//! Invariant: [`guard`] returns.

use nowait_core::NoWait;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Does the work of one entry; `default` if it panics, which the ledger counts.
#[inline]
pub(crate) fn guard<T>(default: T, work: impl FnOnce() -> T) -> T {
    // Unwind safe: what an entry touches is the engine, whose state is atomics and locks that outlive poison.
    let result = catch_unwind(AssertUnwindSafe(|| {
        #[cfg(any(test, feature = "testing"))]
        crate::testing::panic_if_asked();
        work()
    }));
    match result {
        Ok(value) => value,
        Err(panic) => {
            // The payload's own drop may panic. It is a bug of ours, and so rare: leak it.
            std::mem::forget(panic);
            // Not `engine()`: it may be what panicked.
            if let Some(nowait) = NoWait::global() {
                nowait.count_panic();
            }
            default
        }
    }
}
