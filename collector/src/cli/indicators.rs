//! `nowait indicators`: how customers fare on three levels, and from month to month.

use super::source::{Source, budgets, word};
use super::terminal::print_text;
use super::{Finding, print_json};
use crate::ask::Ask;
use crate::error::Error;
use crate::store;
use crate::time::now_unix_ms;
use nowait_report::indicator::{Experiences, Trends};
use nowait_report::text;
use serde::Serialize;
use std::path::PathBuf;

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
    source: Source,
    /// Only this release of the app
    #[arg(long, value_name = "VERSION", value_parser = word)]
    version: Option<String>,
    /// The bank's indicators (TOML); a running collector has its own
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    budgets: Option<PathBuf>,
    /// Print the span and the months as JSON
    #[arg(long)]
    json: bool,
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
    let budgets = budgets(args.budgets.as_deref())?;
    let ask = Ask { version: args.version.clone().unwrap_or_default(), ..args.source.ask() };
    let span: Experiences = args.source.answer("/v1/indicators", &ask, |store, question| {
        let tenant = store::tenant_meant(store, question.tenant.as_deref())?;
        store::indicators(store, &tenant, &question.query(), &budgets)
    })?;
    // The months are the last twelve, whichever span is asked for.
    let of_months = Ask { since: String::new(), until: String::new(), hours: String::new(), ..ask };
    let months: Trends = args.source.answer("/v1/indicators/months", &of_months, |store, question| {
        let tenant = store::tenant_meant(store, question.tenant.as_deref())?;
        store::months(store, &tenant, &question.query(), &budgets, now_unix_ms())
    })?;
    if args.json {
        print_json(&Found { span, months })?;
    } else {
        print_text(|| text::indicators(&span, &months))?;
    }
    Ok(Finding::Fine)
}
