//! The collector of NoWait: takes batches in, keeps them durably, and answers with reports.
//!
//! Owns: the store, the HTTP server and the page, the keys, and the command line of the binary `nowait`.
//! Refuses: the format of a batch (`nowait_wire`) and the arithmetic of a report (`nowait_report`).
//! Invariant: **the page, the JSON and the command line render the same report values.**
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod ask;
pub mod cancel;
pub mod cli;
#[cfg(all(feature = "demo", unix))]
pub mod demo;
mod error;
pub mod keys;
pub mod lab;
pub mod limits;
pub mod listen;
mod log;
mod page;
mod perfetto;
pub mod priority;
pub mod remote;
pub mod serve;
pub mod steps;
pub mod store;
pub mod time;

pub use error::Error;
pub use serve::{app, run};
