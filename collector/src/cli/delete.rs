//! `nowait delete`: what is known of a session, an installation or a release, removed on request.

use super::progress::Progress;
use super::source::word;
use super::{Finding, print, reindex};
use crate::error::Error;
use crate::store::{self, Deleted, SqliteStore, Whose};
use nowait_report::text::{safe, units::count};
use nowait_wire::Uuid;
use std::io::Write;
use std::path::PathBuf;

const EXAMPLES: &str = "Stop `nowait serve` first. Backups that were made before still hold what is deleted.

Examples:
  nowait delete --install 2b1b26a3-d6ab-4108-b851-4aa486c105cc --data /var/lib/nowait
  nowait delete --version 8.2.0-internal --tenant bank --yes";

/// The options of `nowait delete`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    whose: WhoseArgs,
    /// Whose app, where there are several tenants
    #[arg(long, value_name = "NAME", value_parser = word)]
    tenant: Option<String>,
    /// The data folder
    #[arg(long, value_name = "DIR", env = "NOWAIT_DATA", default_value = "nowait-data")]
    data: PathBuf,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct WhoseArgs {
    /// One session
    #[arg(long, value_name = "ID")]
    session: Option<Uuid>,
    /// One installation of the app, with all of its sessions
    #[arg(long, value_name = "ID")]
    install: Option<Uuid>,
    /// One release of the app, on all systems
    #[arg(long, value_name = "VERSION", value_parser = word)]
    version: Option<String>,
    /// All reviews and call notes that were imported, their texts included
    #[arg(long)]
    feedback: bool,
}

impl WhoseArgs {
    fn whose(&self) -> Whose {
        if self.feedback {
            return Whose::Feedback;
        }
        match (self.session, self.install, &self.version) {
            (Some(id), ..) => Whose::Session(id),
            (_, Some(id), _) => Whose::Install(id),
            (.., version) => Whose::Version(version.clone().unwrap_or_default()),
        }
    }
}

/// Deletes, after asking.
///
/// # Errors
/// What is not there, was not confirmed, or could not be written, and what to do; nothing was changed then.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let whose = args.whose.whose();
    let deletion = find(args, &whose)?;
    let found = deletion.found();
    let (batches, sessions) = found.counts();
    let what = match whose {
        Whose::Feedback => format!("{} {whose}", count(found.reviews() as u64)),
        _ => format!("{} batches and {} sessions of {whose}", count(batches as u64), count(sessions as u64)),
    };
    if !args.yes && !is_confirmed(&what)? {
        return Err(Error::input("nothing was deleted: answer y, or say --yes"));
    }
    let progress = Progress::new("Rebuilding");
    let deleted = deletion.run(|done, total| progress.set(done, total))?;
    drop(progress);
    print(&words(&what, &deleted))?;
    Ok(Finding::Fine)
}

fn find(args: &Args, whose: &Whose) -> Result<store::Deletion, Error> {
    let read = SqliteStore::open_read_only(&args.data)?;
    let tenant = store::tenant_meant(&read, args.tenant.as_deref())?;
    drop(read);
    SqliteStore::deletion(&args.data, &tenant, whose.clone())
}

fn is_confirmed(what: &str) -> Result<bool, Error> {
    // On standard error, as it is no result.
    let asked = write!(std::io::stderr(), "delete {} for ever? [y/N] ", safe(what));
    let mut answer = String::new();
    asked
        .and_then(|()| std::io::stdin().read_line(&mut answer))
        .map_err(|error| Error::io(format!("nobody can be asked ({error}): say --yes")))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn words(what: &str, deleted: &Deleted) -> String {
    let mut said = format!("deleted {}\n", safe(what));
    if let Some(rebuilt) = &deleted.rebuilt {
        said.push_str(&format!("{}\n", reindex::words(rebuilt)));
    }
    if deleted.set_apart > 0 {
        said.push_str(&format!(
            "{} damaged batches are set apart; whose they are cannot be read, they go with their age\n",
            count(deleted.set_apart)
        ));
    }
    if deleted.is_in_log {
        said.push_str(
            "another program reads the file: its log holds what was deleted until that one has ended and \
             `nowait serve` or `nowait reindex` has run\n",
        );
    }
    said
}
