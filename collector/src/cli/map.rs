//! `nowait map`: the touchpoints over the life of a customer, each with its worst wait and who answers for it.

use super::Finding;
use super::of_bank::OfBank;
use crate::error::Error;
use crate::store;
use nowait_report::life::LifeMap;
use nowait_report::text;

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
    of: OfBank,
}

/// Prints the map.
///
/// # Errors
/// What could not be read, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let (of, given) = (&args.of, args.of.given()?);
    let map: LifeMap = of.source.answer("/v1/map", &of.ask(), given.as_ref(), |of| {
        store::life_map(&of.store, &of.tenant, &of.query, &of.budgets)
    })?;
    of.print(&map, || text::life(&map))
}
