//! `nowait reindex`: rollups from batches, after damage or an update that counts differently.

use super::progress::Progress;
use super::{Finding, print};
use crate::error::Error;
use crate::store::{Rebuilt, SqliteStore};
use nowait_report::Zone;
use nowait_report::text::safe;
use nowait_report::text::units::count;
use std::path::PathBuf;

const EXAMPLES: &str = "Stop `nowait serve` first.

Examples:
  nowait reindex --data /var/lib/nowait
  nowait reindex --zone Asia/Shanghai   (days from midnight to midnight there)";

/// The options of `nowait reindex`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// The data folder
    #[arg(long, value_name = "DIR", env = "NOWAIT_DATA", default_value = "nowait-data")]
    data: PathBuf,
    /// Cut days and months in this time zone of the IANA database from now on; possible as long as no batch was removed by age
    /// [default: that of the data folder]
    #[arg(long, value_name = "ZONE")]
    zone: Option<Zone>,
}

/// Rebuilds the rollups.
///
/// # Errors
/// What could not be read or written, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let progress = Progress::new("Rebuilding");
    let rebuilt =
        SqliteStore::reindex(&args.data, args.zone.as_ref(), |done, total| progress.set(done, total))?;
    drop(progress);
    let place = args.data.display().to_string();
    print(&format!("{}: {}\n", safe(&place), words(&rebuilt)))?;
    Ok(Finding::Fine)
}

/// What was made again, and what could not be.
pub(super) fn words(rebuilt: &Rebuilt) -> String {
    let Rebuilt { batches, since_unix_ms } = rebuilt;
    let again = format!("made the rollups again from {} batches", count(*batches));
    let Some([hours, days, months]) =
        since_unix_ms.map(|since| since.map(|unix_ms| Zone::UTC.moment(unix_ms)))
    else {
        return again;
    };
    format!(
        "{again}: those by the hour since {hours}, by the day since {days}, by the month since {months} (UTC). \
         Those of before stay as they were: their batches are kept no more, and nothing can be taken out of a count or a sketch"
    )
}
