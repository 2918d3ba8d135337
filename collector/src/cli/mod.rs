//! The command line: one module for each subcommand.
//!
//! Owns: options, exit codes, printing. Refuses: figures and their form (see `nowait_report::text`).
//! Invariant: results go to standard output and everything else to standard error.

pub mod compare;
pub mod reindex;
#[cfg(feature = "replay")]
pub mod replay;
pub mod report;
pub mod serve;
mod source;

use crate::error::Error;
use serde::Serialize;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// What `nowait --help` says about exit codes.
pub const EXIT_CODES: &str =
    "Exit codes: 0 fine, 1 a regression verdict, 2 an error that says what happened and what to do.";

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Nothing to object to.
    Fine,
    /// A release is worse than the one before.
    Regression,
}

/// Turns the end of a command into an exit code, and prints the error if it is one.
#[must_use]
pub fn exit(ended: Result<Finding, Error>) -> ExitCode {
    match ended {
        Ok(Finding::Fine) => ExitCode::SUCCESS,
        Ok(Finding::Regression) => ExitCode::from(1),
        Err(error) => {
            // Nobody is left to be told that standard error is closed; the code still says it.
            let _ = writeln!(std::io::stderr(), "nowait: {error}");
            ExitCode::from(2)
        }
    }
}

/// Prints a result. A reader who has seen enough (`nowait report | head`) is no error.
fn print(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints a result as JSON, for programs.
fn print_json(value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Error::io(format!("the result has no JSON form: {error}")))?;
    print(&format!("{text}\n"))
}
