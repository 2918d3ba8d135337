//! `nowait compare BASE HEAD`: the verdict on a release.

use super::source::Source;
use super::{EXIT_CODES, Finding, print, print_json};
use crate::ask::Ask;
use crate::error::Error;
use crate::store;
use crate::time::now_unix_ms;
use nowait_report::{Comparison, text};

const EXAMPLES: &str = "Examples:
  nowait compare 8.1.0 8.2.0 --data nowait-data
  nowait compare 8.1.0 8.2.0 --os ios --min-effect 10
  nowait compare 8.1.0 8.2.0 --url http://127.0.0.1:4600 --json";

/// The options of `nowait compare`.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Args {
    /// The release to compare with, for example 8.1.0
    base: String,
    /// The release to judge, for example 8.2.0
    head: String,
    #[command(flatten)]
    source: Source,
    /// The least change of p75 that matters, in per cent [default: 5]
    #[arg(long, value_name = "PERCENT", default_value = "", hide_default_value = true)]
    min_effect: String,
    /// Print the comparison as JSON
    #[arg(long)]
    json: bool,
}

/// Prints a comparison; the finding is its verdict.
///
/// # Errors
/// What could not be read, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let ask = Ask {
        base: args.base.clone(),
        head: args.head.clone(),
        min_effect: args.min_effect.clone(),
        ..args.source.ask()
    };
    let comparison: Comparison = args.source.answer("/v1/compare", &ask, |store| {
        let tenant = store::tenant_meant(store, ask.tenant())?;
        let releases = (args.base.as_str(), args.head.as_str());
        store::compare(store, &tenant, &ask.query(now_unix_ms())?, releases, ask.options()?)
    })?;
    if args.json {
        print_json(&comparison)?
    } else {
        print(&text::comparison(&comparison))?
    }
    Ok(if comparison.is_regression() { Finding::Regression } else { Finding::Fine })
}
