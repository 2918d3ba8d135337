//! NoWait for Kotlin and Swift: translation between two languages and the engine, and nothing else.
//!
//! | lane | for | how | what crosses |
//! |---|---|---|---|
//! | [`cold`] | start, consent, conditions, flush, shutdown, self-report, the host's transport | UniFFI | records, strings, a callback |
//! | [`hot`] | facts, names and ids | UniFFI free functions (Swift) and JNI (`native`, Kotlin) | primitives, and the text of a name |
//!
//! **Why unsafe.** The scaffolding that UniFFI generates, and the names that the JVM looks for, are exported without
//! mangling. The only unsafe blocks of our own read the text of a name from a JVM, in `native`.
//!
//! Owns: the shape of the library that both faces load. Refuses: logic; what an entry means is written in `core`.
//! Invariant: no panic leaves an entry: it is caught, counted in the ledger, and the default is returned.
#![allow(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(
    any(test, feature = "testing"),
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

pub mod cold;
mod engine;
mod guard;
pub mod hot;
mod native;
#[cfg(any(test, feature = "testing"))]
mod testing;
#[cfg(test)]
mod tests;
pub mod types;

uniffi::setup_scaffolding!();
