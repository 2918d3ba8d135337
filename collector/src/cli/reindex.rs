//! `nowait reindex`: rollups from batches, after damage or an update that counts differently.

use super::progress::Progress;
use super::{Finding, print};
use crate::error::Error;
use crate::store::{Rebuilt, SqliteStore};
use nowait_report::text::safe;
use nowait_report::text::units::{count, moment};
use std::path::PathBuf;

const EXAMPLES: &str = "Stop `nowait serve` first.

Examples:
  nowait reindex --data /var/lib/nowait";

/// The options of `nowait reindex`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// The data folder
    #[arg(long, value_name = "DIR", env = "NOWAIT_DATA", default_value = "nowait-data")]
    data: PathBuf,
}

/// Rebuilds the rollups.
///
/// # Errors
/// What could not be read or written, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let progress = Progress::new("Rebuilding");
    let rebuilt = SqliteStore::reindex(&args.data, |done, total| progress.set(done, total))?;
    drop(progress);
    let place = args.data.display().to_string();
    print(&format!("{}: {}\n", safe(&place), words(&rebuilt)))?;
    Ok(Finding::Fine)
}

/// What was made again, and what could not be.
pub(super) fn words(rebuilt: &Rebuilt) -> String {
    let Rebuilt { batches, since_unix_ms } = rebuilt;
    let again = format!("made the rollups again from {} batches", count(*batches));
    let Some([hours, days, months]) = since_unix_ms.map(|since| since.map(moment)) else { return again };
    format!(
        "{again}: those by the hour since {hours}, by the day since {days}, by the month since {months} (UTC). \
         Those of before stay as they were: their batches are kept no more, and nothing can be taken out of a count or a sketch"
    )
}
