//! `nowait gaps`: how far the bank is from what its customers expect, and what became of the gaps that it chose.
//!
//! A command of its own: a report says what was measured, whoever asks; this says what one bank thinks of it, and reads more.

use super::Finding;
use super::of_bank::OfBank;
use crate::error::Error;
use crate::store;
use nowait_report::{Gaps, Targets, text};
use serde::Serialize;

const EXAMPLES: &str = "Examples:
  nowait gaps --data nowait-data --budgets bank.toml
  nowait gaps --url http://127.0.0.1:4600 --since 30d --json

--version is of the gaps; targets are told of each release all the same.

Factors in bank.toml (numbers from 0 to 10):
  [[factor]]
  name = \"Convenience\"
  measured_by = [{ kind = \"tap\", name = \"Pay.Confirm\" }, { kind = \"journey\", name = \"transfer\" }]
  experience = 5        # your own number, until there are enough waits
  expectation = 7
  importance = 9
  target = 7            # the experience to reach
  since = \"8.1.0\"       # the release that it is held against";

/// The options of `nowait gaps`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    of: OfBank,
}

/// Both, in the JSON.
#[derive(Debug, Serialize)]
struct Found {
    #[serde(flatten)]
    gaps: Gaps,
    #[serde(flatten)]
    targets: Targets,
}

/// Prints the gaps.
///
/// # Errors
/// What could not be read, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let (of, given) = (&args.of, args.of.given()?);
    let gaps = of.source.answer("/v1/gaps", &of.ask(), given.as_ref(), |of| {
        store::gaps(&of.store, &of.tenant, &of.query, &of.budgets)
    })?;
    // Targets are told of each release all the same.
    let targets = of.source.answer("/v1/gaps/targets", &of.source.ask(), given.as_ref(), |of| {
        store::targets(&of.store, &of.tenant, &of.query, &of.budgets)
    })?;
    let found = Found { gaps, targets };
    of.print(&found, || text::gaps(&found.gaps, &found.targets))
}
