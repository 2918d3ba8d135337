//! `nowait doctor`: what is damaged in a data folder.

use super::progress::Progress;
use super::{Finding, print, reindex};
use crate::error::Error;
use crate::limits::DAMAGED_SHOWN_MAX;
use crate::store::{Examined, SqliteStore};
use nowait_report::text::safe;
use nowait_report::text::units::count;
use std::path::PathBuf;

const EXAMPLES: &str = "It reads, and may do so while `nowait serve` runs; --mend writes, stop it first. Exit code 1 if something is
damaged and was not mended.

Examples:
  nowait doctor --data /var/lib/nowait
  nowait doctor --data /var/lib/nowait --mend";

/// The options of `nowait doctor`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// The data folder
    #[arg(long, value_name = "DIR", env = "NOWAIT_DATA", default_value = "nowait-data")]
    data: PathBuf,
    /// Set damaged rows apart and make the rollups again; of a malformed file, save what can be read into a new one
    #[arg(long)]
    mend: bool,
}

/// Examines, and mends if that was asked for.
///
/// # Errors
/// What could not be opened or written, and what to do. Damage is no error but a finding.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let progress = Progress::new("Examining");
    let found = SqliteStore::examine(&args.data, |done, total| progress.set(done, total))?;
    drop(progress);
    print(&words(&found))?;
    if found.is_sound() {
        return Ok(Finding::Fine);
    }
    if !found.malformed.is_empty() {
        return malformed(args);
    }
    if !args.mend {
        print("to mend: stop `nowait serve`, run `nowait doctor --mend`\n")?;
        return Ok(Finding::Damage);
    }
    let progress = Progress::new("Rebuilding");
    let rebuilt = SqliteStore::mend(&args.data, &found, |done, total| progress.set(done, total))?;
    drop(progress);
    print(&format!("set the damaged rows apart; {}\n", reindex::words(&rebuilt)))?;
    if found.more > 0 {
        print("there are more of them: run it again\n")?;
        return Ok(Finding::Damage);
    }
    Ok(Finding::Fine)
}

fn malformed(args: &Args) -> Result<Finding, Error> {
    if !args.mend {
        print(
            "the file itself is malformed: restore a backup (docs/operate.md). Without one, stop `nowait serve` and run \
             `nowait doctor --mend`: it saves what can be read into a new file\n",
        )?;
        return Ok(Finding::Damage);
    }
    let progress = Progress::new("Saving what can be read");
    let saved = SqliteStore::salvage(&args.data, |done, total| progress.set(done, total))?;
    drop(progress);
    print(&format!(
        "what can be read is in {} now, with its rollups made again; the malformed file is as it was. To go on with the new \
         one: move nowait.db, nowait.db-wal and nowait.db-shm out of the folder, and call it nowait.db\n",
        safe(&saved.display().to_string())
    ))?;
    Ok(Finding::Damage)
}

fn words(found: &Examined) -> String {
    let mut lines = vec![format!("decoded {} rows", count(found.rows))];
    lines.extend(found.malformed.iter().map(|line| format!("malformed: {}", safe(line))));
    let damaged = found.damaged.len() as u64 + found.more;
    for row in found.damaged.iter().take(DAMAGED_SHOWN_MAX) {
        lines.push(format!("damaged: {}: {}", safe(&row.place), safe(&row.why)));
    }
    lines.extend(more(damaged, "damaged"));
    for (place, why) in &found.set_apart {
        lines.push(format!("set apart before: {}: {}", safe(place), safe(why)));
    }
    lines.extend(more(found.set_apart_count, "set apart before"));
    if found.is_sound() {
        lines.push("nothing is damaged".to_owned());
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The line that stands for those that are not shown.
fn more(all: u64, what: &str) -> Option<String> {
    let left = all.saturating_sub(DAMAGED_SHOWN_MAX as u64);
    (left > 0).then(|| format!("{what}: {} more", count(left)))
}
