//! `nowait export`: a session for another tool.
//!
//! Owns: its options. Refuses: the form (see `perfetto`). Invariant: a file that is there is not written over.

use super::source::word;
use super::{Finding, print};
use crate::error::Error;
use crate::perfetto;
use crate::store::{self, SqliteStore, Store as _};
use nowait_report::text::{safe, units};
use nowait_wire::Uuid;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

const EXAMPLES: &str = "Open the file in Perfetto's UI, or ask its trace processor. Session ids stand in `nowait report --json`, with exits.

Examples:
  nowait export --perfetto 2b1b26a3-d6ab-4108-b851-4aa486c105cc --out session.perfetto-trace";

/// The options of `nowait export`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// The session to write as a trace of Perfetto (protobuf)
    #[arg(long, value_name = "SESSION")]
    perfetto: Uuid,
    /// The file to make
    #[arg(long, value_name = "FILE", default_value = "session.perfetto-trace")]
    out: PathBuf,
    /// Whose app, where there are several tenants
    #[arg(long, value_name = "NAME", value_parser = word)]
    tenant: Option<String>,
    /// The data folder, which `nowait serve` may be writing
    #[arg(long, value_name = "DIR", env = "NOWAIT_DATA", default_value = "nowait-data")]
    data: PathBuf,
}

/// Writes the trace.
///
/// # Errors
/// What is not there or cannot be written, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let store = SqliteStore::open_read_only(&args.data)?;
    let tenant = store::tenant_meant(&store, args.tenant.as_deref())?;
    let batches = store.session(&tenant, args.perfetto)?;
    if batches.is_empty() {
        return Err(Error::no_data(format!(
            "there is no batch of session {} of tenant {tenant:?}: it was never sent, or is older than batches are kept",
            args.perfetto
        )));
    }
    let trace = perfetto::trace(&batches);
    let path = args.out.display().to_string();
    let mut file = OpenOptions::new().write(true).create_new(true).open(&args.out).map_err(|error| {
        Error::input(format!("--out: {path} cannot be made: {error}; name a file that is not there"))
    })?;
    file.write_all(&trace).map_err(|error| Error::io(format!("{path} cannot be written: {error}")))?;
    let events: usize = batches.iter().map(|batch| batch.events.len()).sum();
    print(&format!(
        "{}: {} events, {}\n",
        safe(&path),
        units::count(events as u64),
        units::bytes(trace.len() as f64)
    ))?;
    Ok(Finding::Fine)
}
