//! Everything that is timed: floors, peers, NoWait.
//!
//! Owns: the list and its order. Refuses: timing. Invariant: every contestant reads a clock in each operation,
//! as a fact without its time is no measurement, and is set up in the form that costs its caller least.

mod floor;
mod glean;
mod memory;
mod ours;
mod spans;
mod trail;

use crate::harness::Contestant;
use std::error::Error;
use std::path::Path;

/// The order of the tables. The first is the floor that the others are measured against.
pub(crate) fn all(folder: &Path) -> Result<Vec<Box<dyn Contestant>>, Box<dyn Error>> {
    Ok(vec![
        Box::new(floor::Store::new(folder, 1, 1)?),
        Box::new(floor::Store::new(folder, 2, 1)?),
        Box::new(floor::Store::new(folder, 2, 2)?),
        Box::new(ours::Ours::record(folder)?),
        Box::new(ours::Ours::span(folder)?),
        Box::new(ours::Ours::crumb(folder)?),
        Box::new(ours::Ours::tap(folder)?),
        Box::new(ours::Ours::frame(folder)?),
        Box::new(memory::Queue::new()),
        Box::new(spans::FastraceLocal),
        Box::new(spans::FastraceRoot::new()),
        Box::new(spans::Tracing::new()?),
        Box::new(spans::OpenTelemetry::new()),
        Box::new(trail::Sentry::new()?),
        Box::new(glean::Timing::new(folder)?),
        Box::new(floor::Write::new(folder)?),
    ])
}
