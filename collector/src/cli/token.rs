//! `nowait token`: who may read, made, listed and revoked.
//!
//! Owns: what is said of it. Refuses: changing the file (see `keys`).
//! Invariant: a token is printed when it is made and never again.

use super::source::word;
use super::{Finding, print, print_json};
use crate::error::Error;
use crate::keys::{self, Keys, Listed, Role, add_token, revoke_token};
use crate::store;
use nowait_report::text::safe;
use std::io::Write;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "A running `nowait serve` reads its keys when it starts: restart it, and what was made counts, and what was
revoked does not. The restart ends all sign-ins. A token is printed once; store it where passwords are kept.

Examples:
  nowait token --data /var/lib/nowait --role viewer
  nowait token --keys /etc/nowait/keys.toml --tenant bank --role admin
  nowait token --list
  nowait token --revoke 3f9a1c";

/// The options of `nowait token`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// Whose figures it opens, where several tenants may send
    #[arg(long, value_name = "NAME", value_parser = word)]
    tenant: Option<String>,
    /// What its owner may do
    #[arg(long, value_enum, default_value = "viewer")]
    role: Role,
    /// Print the tokens there are, each by the id (its first characters) that revokes it
    #[arg(long, conflicts_with_all = ["tenant", "role", "revoke"])]
    list: bool,
    /// Take out the token with this id
    #[arg(long, value_name = "ID", value_parser = word, conflicts_with_all = ["tenant", "role"])]
    revoke: Option<String>,
    /// Print the list as JSON
    #[arg(long, requires = "list")]
    json: bool,
    /// The data folder
    #[arg(long, value_name = "DIR", env = "NOWAIT_DATA", default_value = "nowait-data")]
    data: PathBuf,
    /// The keys file [default: DIR/keys.toml; to make a token, made if it is not there]
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
}

/// Makes a token, unless it was asked to list or revoke.
///
/// # Errors
/// What cannot be read, is not meant by anything, or cannot be written; the file is what it was then.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let path = args.keys.clone().unwrap_or_else(|| args.data.join(keys::FILE));
    if args.list {
        list(&path, args.json)?;
    } else if let Some(id) = &args.revoke {
        revoke(&path, id)?;
    } else {
        make(args, &path)?;
    }
    Ok(Finding::Fine)
}

/// The token alone goes to standard output, so that a script can take it from there.
fn make(args: &Args, path: &Path) -> Result<(), Error> {
    if args.keys.is_none() {
        // A collector that is to listen for others has its first token before its first start.
        store::make_folder(&args.data)
            .map_err(|error| Error::input(format!("{} cannot be made: {error}", args.data.display())))?;
        Keys::read_or_create(path)?;
    }
    let (token, made) = add_token(path, args.tenant.as_deref(), args.role)?;
    print(&format!("{token}\n"))?;
    tell(&format!(
        "{} of tenant {}, id {}; printed this once: keep it as a password is kept. Restart `nowait serve`: it reads {} when it \
         starts",
        made.role.word(),
        made.tenant,
        made.id,
        path.display()
    ));
    Ok(())
}

fn list(path: &Path, json: bool) -> Result<(), Error> {
    let listed: Vec<Listed> = Keys::read(path)?.listed().collect();
    if json {
        return print_json(&listed);
    }
    let line =
        |token: &Listed| format!("{:8}{:8}{}\n", safe(&token.id), token.role.word(), safe(&token.tenant));
    let head = format!("{:8}{:8}tenant\n", "id", "role");
    print(&listed.iter().map(line).fold(head, |all, line| all + &line))
}

fn revoke(path: &Path, id: &str) -> Result<(), Error> {
    let revoked = revoke_token(path, id)?;
    let Listed { id, tenant, role } = revoked.token;
    tell(&format!(
        "revoked {id}, {} of tenant {tenant}. Until `nowait serve` is restarted it still counts, as it reads {} when it starts",
        role.word(),
        path.display()
    ));
    if revoked.was_last {
        tell(
            "it was the last read token: after the restart whoever comes straight from this machine reads without one",
        );
    }
    Ok(())
}

/// What is no result goes to standard error; nobody is left to be told that it is closed.
fn tell(words: &str) {
    let _ = writeln!(std::io::stderr(), "{}", safe(words));
}
