//! `nowait reindex`: rollups from batches, after damage or an update that counts differently.

use super::progress::Progress;
use super::source::budgets;
use super::{Finding, print};
use crate::error::Error;
use crate::store::SqliteStore;
use nowait_report::text::safe;
use std::path::PathBuf;

const EXAMPLES: &str = "Stop `nowait serve` first.

Examples:
  nowait reindex --data /var/lib/nowait";

/// The options of `nowait reindex`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The data folder
    #[arg(long, value_name = "DIR", env = "NOWAIT_DATA", default_value = "nowait-data")]
    data: PathBuf,
    /// Budgets (TOML) by which it is counted again how many people waited too long; those that `serve` is given
    #[arg(long, value_name = "FILE")]
    budgets: Option<PathBuf>,
}

/// Rebuilds the rollups.
///
/// # Errors
/// What could not be read or written, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let budgets = budgets(args.budgets.as_deref())?;
    let progress = Progress::new("Rebuilding");
    let batches = SqliteStore::reindex(&args.data, &budgets, |done, total| progress.set(done, total))?;
    drop(progress);
    let place = args.data.display().to_string();
    print(&format!("rebuilt the rollups of {} from {batches} batches\n", safe(&place)))?;
    Ok(Finding::Fine)
}
