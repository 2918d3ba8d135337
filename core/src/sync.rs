//! The atomics of the ring: the standard ones, or loom's when its model checker runs.
//!
//! Owns: the switch. Refuses: anything else.
//! Invariant: the ring, the breadcrumbs and the hub take their atomics from here and from nowhere else.

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
