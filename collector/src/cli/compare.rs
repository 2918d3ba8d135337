//! `nowait compare BASE HEAD`: the verdict on a release.

use super::source::{Source, budgets, word};
use super::{EXIT_CODES, Finding, print, print_json};
use crate::ask::Ask;
use crate::error::Error;
use crate::store;
use nowait_report::{Comparison, text};
use std::path::PathBuf;

const EXAMPLES: &str = "Examples:
  nowait compare 8.1.0 8.2.0 --data nowait-data
  nowait compare 8.1.0 8.2.0 --os ios --min-effect 10
  nowait compare 8.1.0 8.2.0 --url http://127.0.0.1:4600 --json";

/// The options of `nowait compare`.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Args {
    /// The release to compare with, for example 8.1.0
    #[arg(value_parser = word)]
    base: String,
    /// The release to judge, for example 8.2.0
    #[arg(value_parser = word)]
    head: String,
    #[command(flatten)]
    source: Source,
    /// Budgets to judge by (TOML); a running collector judges by its own
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    budgets: Option<PathBuf>,
    /// The least change of a time that matters, in per cent [default: 3]
    #[arg(long, value_name = "PERCENT", value_parser = word, allow_hyphen_values = true)]
    min_effect: Option<String>,
    /// Print the comparison as JSON
    #[arg(long)]
    json: bool,
}

impl Args {
    /// The question that the options ask.
    #[must_use]
    pub fn ask(&self) -> Ask {
        Ask {
            base: self.base.clone(),
            head: self.head.clone(),
            min_effect: self.min_effect.clone().unwrap_or_default(),
            ..self.source.ask()
        }
    }
}

/// Prints a comparison; the finding is its verdict.
///
/// # Errors
/// What could not be read, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let budgets = budgets(args.budgets.as_deref())?;
    let comparison: Comparison = args.source.answer("/v1/compare", &args.ask(), |store, question| {
        let query = question.query();
        let tenant = store::tenant_meant(store, question.tenant.as_deref())?;
        // Trimmed, as everywhere.
        let (base, head) =
            question.releases.as_ref().map_or(("", ""), |(base, head)| (base.as_str(), head.as_str()));
        store::compare(store, &tenant, &query, (base, head), &budgets, question.options)
    })?;
    if args.json {
        print_json(&comparison)?
    } else {
        print(&text::comparison(&comparison))?
    }
    Ok(if comparison.is_regression() { Finding::Regression } else { Finding::Fine })
}
