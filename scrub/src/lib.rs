//! What may be a name and what looks like somebody's data: one set of rules for the device and for the collector.
//!
//! The device applies them when a name is registered, so that nothing personal is recorded. The collector applies them again
//! to what arrives, because whoever has an app key can send anything: it trusts no client.
//!
//! Owns: the patterns. Refuses: mending (a name that matches is replaced whole, because half a card number is still half a card
//! number), counting, and I/O.
//! Invariant: names are the only text that leaves a device, and every text that a collector keeps passed here: names, and the
//! reviews that a bank imports (`note`).
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod code;
mod hidden;
mod note;
mod personal;
mod target;

pub use code::looks_personal_code;
pub use hidden::is_hidden;
pub use note::note;
pub use personal::looks_personal;
pub use target::target;

/// What stands where something personal stood.
pub const REDACTED: &str = "redacted";
