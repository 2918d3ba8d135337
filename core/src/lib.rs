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
//! The flow is one way, and each word is a module: **record → ring → fold → batch → spool → upload**. A thread of the app
//! appends a fact to the ring; the ring is the log, and everything after it is a function of the log.
//!
//! Owns: everything between a fact and the network. Refuses: platforms (**core knows no platform**; Kotlin and
//! Swift feed it) and reports.
//! Invariant: a fact for which recording returned [`Recorded::Kept`] is folded, and the event that comes of it is delivered
//! or stands in the ledger with a reason, whatever kills the process.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod batch;
mod checked;
mod clock;
mod config;
mod consent;
mod delivery;
mod disk;
mod engine;
mod error;
mod fold;
mod fork;
pub mod limits;
mod mix;
mod nowait;
#[cfg(test)]
mod proof;
mod record;
mod recover;
mod remote;
mod ring;
mod shared;
#[cfg(all(test, not(any(loom, shuttle))))]
mod simulate;
mod spool;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
mod upload;
mod worker;

pub use clock::{Clock, ManualClock};
pub use config::{Build, Config, Device};
pub use consent::Consent;
pub use delivery::Delivery;
pub use engine::Flushed;
pub use error::Error;
pub use fold::trackers;
pub use nowait::{
    Action, Crumb, Journey, NOW, NoWait, Rating, Request, Route, Screen, Span, Travel, Visit,
    draw_continuation,
};
pub use nowait_wire::{
    Anchor, Continuation, Cost, DropReason, Event, ExitCause, ExitReason, Facts, Flags, Kind, Ledger, NameId,
    Network, Os, Outcome, RefuseReason, RemoteConfig, Tier, Uuid,
};
pub use record::Fact;
pub use recover::{Replay, SystemExit, SystemExits, replay};
pub use ring::flight::Recorded;
pub use upload::conditions::{Conditions, Hold};
pub use upload::trust::{Roots, SpkiPin};
pub use upload::{Answer, CONTENT_TYPE, Cancel, Parcel, Upload};
