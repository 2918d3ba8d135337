//! `nowait report`: where customers wait, in the terminal or as JSON.

use super::source::{Source, budgets, word};
use super::terminal::print_text;
use super::{Finding, print_json};
use crate::ask::Ask;
use crate::error::Error;
use crate::store;
use nowait_report::{Report, text};
use std::path::PathBuf;

const EXAMPLES: &str = "Examples:
  nowait report --data nowait-data
  nowait report --since 7d --os android --version 8.2.0
  nowait report --country DE --dimension segment=retail --dimension login=biometric
  nowait report --page 2
  nowait report --url http://127.0.0.1:4600 --since 2026-03-01 --until 2026-04-01 --json";

/// The options of `nowait report`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// Only this release of the app
    #[arg(long, value_name = "VERSION", value_parser = word)]
    version: Option<String>,
    /// Budgets to judge by (TOML); a running collector judges by its own
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    budgets: Option<PathBuf>,
    /// Which rows of each section, by the hundred
    #[arg(long, value_name = "N", value_parser = word)]
    page: Option<String>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl Args {
    /// The question that the options ask.
    #[must_use]
    pub fn ask(&self) -> Ask {
        let word = |word: &Option<String>| word.clone().unwrap_or_default();
        Ask { version: word(&self.version), page: word(&self.page), ..self.source.ask() }
    }
}

/// Prints a report.
///
/// # Errors
/// What could not be read, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let budgets = budgets(args.budgets.as_deref())?;
    let report: Report = args.source.answer("/v1/report", &args.ask(), |store, question| {
        let query = question.query();
        let tenant = store::tenant_meant(store, question.tenant.as_deref())?;
        store::report(store, &tenant, &query, &budgets)
    })?;
    if args.json {
        print_json(&report)?
    } else {
        print_text(|| text::report(&report))?
    }
    Ok(Finding::Fine)
}
