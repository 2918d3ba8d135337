//! `nowait gaps`: how far the bank is from what its customers expect, and what became of the gaps that it chose.
//!
//! A command of its own: a report says what was measured, whoever asks; this says what one bank thinks of it, and reads more.

use super::source::{Source, budgets, word};
use super::terminal::print_text;
use super::{Finding, print_json};
use crate::ask::Ask;
use crate::error::Error;
use crate::store;
use nowait_report::{Gaps, Targets, text};
use serde::Serialize;
use std::path::PathBuf;

const EXAMPLES: &str = "Examples:
  nowait gaps --data nowait-data --budgets bank.toml
  nowait gaps --url http://127.0.0.1:4600 --since 30d --json

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
    source: Source,
    /// Only this release of the app; targets are told of each release all the same
    #[arg(long, value_name = "VERSION", value_parser = word)]
    version: Option<String>,
    /// The bank's factors (TOML); a running collector has its own
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    budgets: Option<PathBuf>,
    /// Print both as JSON
    #[arg(long)]
    json: bool,
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
    let budgets = budgets(args.budgets.as_deref())?;
    let of_all = args.source.ask();
    let ask = Ask { version: args.version.clone().unwrap_or_default(), ..of_all.clone() };
    let gaps = args.source.answer("/v1/gaps", &ask, |store, question| {
        let tenant = store::tenant_meant(store, question.tenant.as_deref())?;
        store::gaps(store, &tenant, &question.query(), &budgets)
    })?;
    let targets = args.source.answer("/v1/gaps/targets", &of_all, |store, question| {
        let tenant = store::tenant_meant(store, question.tenant.as_deref())?;
        store::targets(store, &tenant, &question.query(), &budgets)
    })?;
    if args.json {
        print_json(&Found { gaps, targets })?;
    } else {
        print_text(|| text::gaps(&gaps, &targets))?;
    }
    Ok(Finding::Fine)
}
