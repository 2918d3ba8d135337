//! The command line: one module for each subcommand.
//!
//! Owns: options, exit codes, printing. Refuses: figures and their form (see `nowait_report::text`).
//! Invariant: results go to standard output and everything else to standard error, and no text from outside reaches a terminal
//! as it came.

pub mod aa;
pub mod backup;
pub mod bench;
pub mod check;
pub mod compare;
pub mod delete;
pub mod doctor;
pub mod export;
mod fail;
mod form;
pub mod gaps;
pub mod import;
pub mod indicators;
mod junit;
pub mod listening;
pub mod manual;
pub mod map;
mod of_bank;
mod progress;
pub mod reindex;
#[cfg(feature = "replay")]
pub mod replay;
pub mod report;
pub mod serve;
mod source;
mod terminal;
pub mod token;

use crate::error::Error;
use crate::page;
use clap::error::ErrorKind as ClapError;
use fail::FailOn;
use form::Form;
use nowait_report::text::{self, safe_lines};
use nowait_report::{Budgets, Check, Comparison};
use nowait_scrub::is_hidden;
use serde::Serialize;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// What `nowait --help` says about exit codes.
pub const EXIT_CODES: &str = "Exit codes: 0 fine, 1 a regression verdict, a broken limit, nothing that could be judged, or damage found, 2 an error that says what happened and what to do.";

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Nothing to object to.
    Fine,
    /// A release is worse than the one before.
    Regression,
    /// There are too few samples to judge a release by.
    Unjudged,
    /// Something that is stored cannot be read.
    Damage,
}

/// Turns the end of a command into an exit code, and prints the error if it is one.
#[must_use]
pub fn exit(ended: Result<Finding, Error>) -> ExitCode {
    match ended {
        Ok(Finding::Fine) => ExitCode::SUCCESS,
        Ok(Finding::Regression | Finding::Unjudged | Finding::Damage) => ExitCode::from(1),
        Err(error) => {
            // Nobody is left to be told that standard error is closed; the code still says it.
            let _ = writeln!(std::io::stderr(), "nowait: {}", safe_lines(&error.to_string()));
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

/// Prints a result as JSON, for programs. What a terminal would not show is escaped, which leaves the values what they are.
fn print_json(value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Error::io(format!("the result has no JSON form: {error}")))?;
    print(&format!("{}\n", escaped(&text)))
}

/// Prints comparisons, one behind the other.
fn print_comparisons(form: Form, comparisons: &[Comparison], budgets: &Budgets) -> Result<(), Error> {
    match comparisons {
        [one] => print_verdicts(form, None, comparisons, budgets, one),
        all => print_verdicts(form, None, comparisons, budgets, &all),
    }
}

/// Prints a check, if there is one, and the comparisons behind it; as JSON it is `json`.
fn print_verdicts(
    form: Form,
    check: Option<&Check>,
    comparisons: &[Comparison],
    budgets: &Budgets,
    json: &impl Serialize,
) -> Result<(), Error> {
    let texts = |of_check: fn(&Check) -> String, of: fn(&Comparison) -> String| {
        check.map(of_check).into_iter().chain(comparisons.iter().map(of)).collect::<Vec<_>>().join("\n")
    };
    match form {
        Form { json: true, .. } => print_json(json),
        Form { markdown: true, .. } => print(&texts(text::check_markdown, text::markdown)),
        Form { html: true, .. } => print(&page::document(check, comparisons, budgets)),
        Form { junit: true, .. } => print(&junit::report(check, comparisons)?),
        Form { .. } => terminal::print_text(|| texts(text::check, text::comparison)),
    }
}

/// JSON in which hidden characters are escapes; outside of its strings there are none but line breaks.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || !is_hidden(c) {
            out.push(c);
        } else {
            out.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out
}

/// What the command line says, or the exit code of what was wrong with it, which is printed.
///
/// # Errors
/// Not an error of its own: help and version end here, too.
pub fn parse<T: clap::Parser>() -> Result<T, ExitCode> {
    T::try_parse().map_err(|error| {
        let code = ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        if error.use_stderr() && error.kind() != ClapError::DisplayHelpOnMissingArgumentOrSubcommand {
            // It says again what was written, and that may be anything.
            let _ = write!(std::io::stderr(), "{}", safe_lines(&error.render().to_string()));
        } else {
            let _ = error.print();
        }
        code
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_the_same_and_hides_nothing() {
        let value = ["8.2\u{202e}.0\u{1b}[8m\u{9b}\u{7f}\u{e0041}", "轉帳\n"];
        let text = escaped(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!text.chars().any(|c| c != '\n' && is_hidden(c)), "{text}");
        assert!(text.contains("\\u202e") && text.contains("轉帳\\n"));
        assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), value);
    }
}
