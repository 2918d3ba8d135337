//! The bytes that NoWait sends over the network, and nothing else.
//!
//! Owns: [`Event`], [`Batch`], their one binary form, and the limits that a decoder enforces.
//! Refuses: I/O, clocks, files, sockets. `docs/wire.md` describes the bytes for other languages.
//! Invariant: **wire knows no I/O**, and every input either decodes or gives an [`Error`]; nothing panics.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod account;
mod anchors;
mod batch;
mod body;
mod coder;
mod continuation;
mod dictionary;
mod error;
mod event;
mod frame;
mod ledger;
pub mod limits;
mod older;
mod predict;
mod quantise;
mod receipt;
mod rows;
#[cfg(feature = "testing")]
pub mod testing;
mod zigzag;

pub use batch::{Anchor, Batch, BatchId, Context, Network, Os, Tier};
pub use body::{decode, encode};
pub use continuation::{Continuation, NotAContinuation};
pub use dictionary::DICTIONARY;
pub use error::Error;
pub use event::{Event, ExitCause, ExitReason, Flags, Kind, NameId, Outcome, UnknownName};
pub use frame::{Header, decode_header};
pub use ledger::{Cost, DropReason, Facts, Ledger, RECORD_BUCKETS, RefuseReason};
pub use quantise::{quantise, quantise_duration_ns, quantise_event, quantise_start_ns};
pub use receipt::{Receipt, ReceiptStatus, RemoteConfig};
pub use uuid::Uuid;

/// The media type of a frame in an HTTP request.
pub const CONTENT_TYPE: &str = "application/vnd.nowait.batch";
