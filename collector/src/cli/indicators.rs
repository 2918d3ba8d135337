//! `nowait indicators`: how customers fare on three levels, and from month to month.

use super::Finding;
use super::of_bank::OfBank;
use crate::ask::Ask;
use crate::error::Error;
use crate::store;
use crate::time::now_unix_ms;
use nowait_report::indicator::{Experiences, Trends};
use nowait_report::text;
use serde::Serialize;

const EXAMPLES: &str = "Examples:
  nowait indicators --data nowait-data --since 30d
  nowait indicators --data nowait-data --budgets bank.toml
  nowait indicators --url http://127.0.0.1:4600 --os ios --json

Indicators in bank.toml, on top of those that come with NoWait:
  [dimension]
  trust = 2                     # what its indicators weigh

  [[indicator]]
  name = \"tasks_done\"           # a shipped one: only what differs
  target = 0.9
  owner = \"Payments\"";

/// The options of `nowait indicators`.
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
    span: Experiences,
    months: Trends,
}

/// Prints the indicators.
///
/// # Errors
/// What could not be read, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let (of, given) = (&args.of, args.of.given()?);
    let ask = of.ask();
    let span: Experiences = of.source.answer("/v1/indicators", &ask, given.as_ref(), |of| {
        store::indicators(&of.store, &of.tenant, &of.query, &of.budgets)
    })?;
    // The months are the last twelve, whichever span is asked for.
    let of_months = Ask { since: String::new(), until: String::new(), hours: String::new(), ..ask };
    let months: Trends = of.source.answer("/v1/indicators/months", &of_months, given.as_ref(), |of| {
        store::months(&of.store, &of.tenant, &of.query, &of.budgets, now_unix_ms())
    })?;
    let found = Found { span, months };
    of.print(&found, || text::indicators(&found.span, &found.months))
}
