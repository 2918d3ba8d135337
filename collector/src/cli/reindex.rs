//! `nowait reindex`: rollups from batches, after damage or an update that counts differently.

use super::{Finding, print};
use crate::error::Error;
use crate::store::SqliteStore;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

/// The options of `nowait reindex`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Stop `nowait serve` first. Example:\n  nowait reindex --data nowait-data")]
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
    let mut err = std::io::stderr();
    let is_watched = err.is_terminal();
    let batches = SqliteStore::reindex(&args.data, |done, total| {
        if is_watched {
            // Progress is a courtesy: a terminal that went away does not stop the work.
            let _ = write!(err, "\r{done} of {total} batches");
        }
    })?;
    if is_watched {
        let _ = writeln!(err);
    }
    print(&format!("rebuilt the rollups of {} from {batches} batches\n", args.data.display()))?;
    Ok(Finding::Fine)
}
