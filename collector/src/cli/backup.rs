//! `nowait backup`: one file with all that a data folder's database holds.

use super::progress::Progress;
use super::{Finding, print};
use crate::error::Error;
use crate::store::SqliteStore;
use nowait_report::text::{safe, units};
use std::path::PathBuf;

const EXAMPLES: &str = "It may run while `nowait serve` does. To restore: an empty folder, FILE in it as nowait.db, your keys.toml
beside it, `nowait serve --data` on that folder.

Examples:
  nowait backup /backup/nowait-2026-03-05.db --data /var/lib/nowait";

/// The options of `nowait backup`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// The file to make; one that is there is not written over
    file: PathBuf,
    /// The data folder
    #[arg(long, value_name = "DIR", env = "NOWAIT_DATA", default_value = "nowait-data")]
    data: PathBuf,
}

/// Writes a backup.
///
/// # Errors
/// What could not be read or written, and what to do; there is no file then.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let progress = Progress::new("Copying");
    let bytes = SqliteStore::backup(&args.data, &args.file)?;
    drop(progress);
    let file = args.file.display().to_string();
    print(&format!("{}: {}, checked; keys.toml is not in it\n", safe(&file), units::bytes(bytes as f64)))?;
    Ok(Finding::Fine)
}
