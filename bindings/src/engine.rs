//! The one engine of this process, from the first use of either lane on.
//!
//! Owns: that there is exactly one. Refuses: starting it, which `cold` does.
//! Invariant: before a start the engine waits, in memory and bounded, so no entry ever finds none.

use nowait_core::NoWait;
use std::sync::OnceLock;

/// The engine; made at its first use, which takes some kilobytes and no file.
#[inline]
pub(crate) fn engine() -> NoWait {
    match NoWait::global() {
        Some(engine) => engine,
        None => first_use(),
    }
}

#[cold]
fn first_use() -> NoWait {
    /// So that two threads make one.
    static FIRST: OnceLock<NoWait> = OnceLock::new();
    *FIRST.get_or_init(|| {
        let waiting = NoWait::waiting();
        waiting.install();
        // Another one, if a Rust program that has this library in it installed its own just now.
        NoWait::global().unwrap_or(waiting)
    })
}
