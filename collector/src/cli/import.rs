//! `nowait import`: what a bank already has and NoWait does not measure.

use super::progress::Progress;
use super::source::{budgets, word};
use super::{Finding, print};
use crate::error::Error;
use crate::limits::FEEDBACK_FILE_BYTES_MAX;
use crate::listen::{self, FileRead, Listener};
use crate::store::{self, Imported, SqliteStore};
use crate::time::now_unix_ms;
use nowait_report::text::{safe, units::count};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "FILE is CSV in UTF-8, its first line time,rating,text,version,channel (and product, if you like):
  2026-03-05,2,转账太慢了，等了半天,8.2.0,app_store
  2026-03-05T14:30:00+08:00,,\"Asked why the transfer failed, twice\",,call_centre

Card, account, phone and ID numbers, e-mail addresses and tokens are taken out of a text before anything else looks at it. It is
counted then, under the touchpoints and indicators of your dictionary ([[listening]] in the budgets file), and is not kept. The
collector may be running. A row that was counted before is not counted again. All of a file is counted, or nothing of it.

Examples:
  nowait import feedback reviews.csv --data /var/lib/nowait
  nowait import feedback theirs.csv --product \"Other Bank\" --budgets bank.toml";

/// What stands below the list of what can be imported.
const EXAMPLE: &str = "Examples:
  nowait import feedback reviews.csv --data /var/lib/nowait";

/// The options of `nowait import`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Count reviews and notes of calls: what they tell of, and whether they praise it
    Feedback(FeedbackArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
struct FeedbackArgs {
    /// The file: CSV in UTF-8 with a header
    file: PathBuf,
    /// The data folder of `nowait serve`, which may be running
    #[arg(long, value_name = "DIR", env = "NOWAIT_DATA", default_value = "nowait-data")]
    data: PathBuf,
    /// Whose customers, where there are several tenants
    #[arg(long, value_name = "NAME", value_parser = word)]
    tenant: Option<String>,
    /// Whose product its rows are of that name none [default: your own]
    #[arg(long, value_name = "NAME", value_parser = word)]
    product: Option<String>,
    /// Your dictionary (TOML) [default: that of the latest collector on this folder]
    #[arg(long, value_name = "FILE")]
    budgets: Option<PathBuf>,
    /// Keep the texts, too, as long as days are kept: without what looks personal, but with every name of a person
    #[arg(long)]
    keep_texts: bool,
}

/// Imports.
///
/// # Errors
/// What could not be read or written, and what to do; nothing was counted then.
pub fn run(args: &Args) -> Result<Finding, Error> {
    match &args.what {
        What::Feedback(args) => feedback(args),
    }
}

fn feedback(args: &FeedbackArgs) -> Result<Finding, Error> {
    let tenant = {
        let read = SqliteStore::open_read_only(&args.data)?;
        store::tenant_meant(&read, args.tenant.as_deref())?
    };
    let mut import = SqliteStore::import(&args.data)?;
    let path = args.file.display().to_string();
    let progress = Progress::new("Reading");
    let bytes = contents(&args.file)?;
    let product = args.product.as_deref().unwrap_or_default();
    let file =
        listen::read(&bytes, &import.zone()?, now_unix_ms(), product).map_err(|error| error.within(&path))?;
    drop(bytes);
    let FileRead { reviews, passed_over, scrubbed } = file;
    let budgets = match &args.budgets {
        Some(path) => budgets(path)?,
        None => import.budgets()?,
    };
    let noted = Listener::new(&budgets).note(reviews, args.keep_texts, |done, all| progress.set(done, all));
    let unheard = noted.iter().filter(|note| listen::is_unheard(&note.under)).count() as u64;
    let imported = import.write(&tenant, &noted).map_err(|error| error.within(&path))?;
    drop(progress);
    print(&words(&path, imported, (unheard, scrubbed), &passed_over))?;
    Ok(Finding::Fine)
}

/// What is in a file, if it is not too long.
fn contents(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    // One byte more tells that there is more.
    let most = FEEDBACK_FILE_BYTES_MAX as u64 + 1;
    File::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(|error| Error::input(format!("{} cannot be read: {error}", path.display())))?;
    Ok(bytes)
}

fn words(path: &str, of: Imported, (unheard, scrubbed): (u64, u64), passed_over: &[String]) -> String {
    let mut said = format!("{}: {} counted", safe(path), count(of.counted));
    let mut add = |n: u64, what: &str| {
        if n > 0 {
            said.push_str(&format!("\n{} {what}", count(n)));
        }
    };
    add(of.known, "had been counted before");
    add(of.too_old, "are of days that are kept no more");
    add(unheard, "have no word of your dictionary");
    add(scrubbed, "had something personal in their text, which was taken out");
    add(of.other, "are counted under (other): their days have too many products, releases or channels");
    if !passed_over.is_empty() {
        said.push_str(&format!("\nnot read: {}", safe(&passed_over.join(", "))));
    }
    said + "\n"
}
