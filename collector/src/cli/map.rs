//! `nowait map`: the touchpoints over the life of a customer, each with its worst wait and who answers for it.

use super::source::{Source, budgets, word};
use super::terminal::print_text;
use super::{Finding, print_json};
use crate::ask::Ask;
use crate::error::Error;
use crate::store;
use nowait_report::life::LifeMap;
use nowait_report::text;
use std::path::PathBuf;

const EXAMPLES: &str = "Examples:
  nowait map --data nowait-data --budgets bank.toml --since 30d
  nowait map --url http://127.0.0.1:4600 --json

Places in bank.toml:
  [[touchpoint]]
  kind = \"step\"
  name = \"Counter\"
  stage = \"open\"         # learn, open, use, support, leave
  channel = \"branch\"     # app unless you say otherwise
  owner = \"Branches\"";

/// The options of `nowait map`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// Only this release of the app
    #[arg(long, value_name = "VERSION", value_parser = word)]
    version: Option<String>,
    /// Where the bank's touchpoints are met (TOML); a running collector has its own
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    budgets: Option<PathBuf>,
    /// Print the map as JSON
    #[arg(long)]
    json: bool,
}

/// Prints the map.
///
/// # Errors
/// What could not be read, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let budgets = budgets(args.budgets.as_deref())?;
    let ask = Ask { version: args.version.clone().unwrap_or_default(), ..args.source.ask() };
    let map: LifeMap = args.source.answer("/v1/map", &ask, |store, question| {
        let tenant = store::tenant_meant(store, question.tenant.as_deref())?;
        store::life_map(store, &tenant, &question.query(), &budgets)
    })?;
    if args.json {
        print_json(&map)?
    } else {
        print_text(|| text::life(&map))?
    }
    Ok(Finding::Fine)
}
