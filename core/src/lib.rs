//! The on-device engine of NoWait: raw signals and finished facts in, sealed batches out.
//!
//! ```no_run
//! use nowait_core::{Build, Config, Consent, NoWait};
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), nowait_core::Error> {
//! let config = Config::new("https://telemetry.bank.example", "app-key", Build::new("8.2.0", "48211"), "/data/nowait");
//! let nowait = NoWait::start(Config { flush_interval: Duration::from_secs(30), ..config })?;
//! nowait.consent(Consent::Granted);
//!
//! let pay = nowait.action("Pay.Confirm"); // interned once; Copy
//! let span = pay.begin(); // dropped = interrupted, never a latency
//! span.end();
//! nowait.breadcrumb(nowait.crumb("biometric.prompt"));
//! nowait.flush(Duration::from_secs(2));
//! # Ok(())
//! # }
//! ```
//!
//! The flow is one way, and each word is a module: **record → ring → batch → spool → upload**.
//!
//! Owns: everything between a signal and the network. Refuses: platforms (**core knows no platform**; Kotlin and
//! Swift feed it) and reports.
//! Invariant: an event for which recording returned [`Recorded::Kept`] is delivered or stands in the ledger with a
//! reason, whatever kills the process.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod batch;
mod breadcrumb;
mod clock;
mod config;
mod early;
mod error;
mod flight;
mod fork;
mod handle;
mod header;
mod hub;
mod identity;
mod layout;
mod ledger;
pub mod limits;
mod memory;
mod mix;
mod name;
mod nowait;
#[cfg(test)]
mod proof;
mod record;
mod recover;
#[allow(dead_code)] // TEMP: until the worker uses all of it.
mod remote;
mod ring;
mod scrub;
mod slot;
mod spool;
mod storage;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tracker;
#[allow(dead_code)] // TEMP: until the worker uses all of it.
mod upload;
mod worker;

pub use clock::{Clock, ManualClock};
pub use config::{Build, Config, Consent, Device};
pub use error::Error;
pub use handle::{Action, Crumb, Journey, Request, Route, Screen, Span, Travel};
pub use nowait::NoWait;
pub use nowait_wire::{
    Cost, DropReason, Event, ExitReason, Flags, Kind, Ledger, NameId, Network, Os, Outcome, Tier, Uuid,
};
pub use record::Recorded;
pub use tracker::Signal;
pub use upload::conditions::{Conditions, Hold};
pub use upload::trust::{Roots, SpkiPin};
pub use upload::{Answer, CONTENT_TYPE, Cancel, Parcel, Upload};
pub use worker::Flushed;
