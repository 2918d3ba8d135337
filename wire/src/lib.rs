//! The bytes that NoWait sends over the network, and nothing else.
//!
//! Owns: [`Event`], [`Batch`], their one binary form, and the limits that a decoder enforces.
//! Refuses: I/O, clocks, files, sockets. `docs/wire.md` describes the bytes for other languages.
//! Invariant: **wire knows no I/O**, and every input either decodes or gives an [`Error`]; nothing panics.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod batch;
mod event;

pub use batch::{
    Anchor, Batch, BatchId, Context, DropReason, Ledger, Network, Os, Receipt, ReceiptStatus, Tier,
};
pub use event::{Event, ExitReason, Flags, Kind, NameId, Outcome, UnknownName};
pub use uuid::Uuid;
