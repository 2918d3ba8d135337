//! The one error of this crate.
//!
//! Owns: what went wrong, in words for the person who must act. Refuses: payload (bytes are counted, not shown).
//! Invariant: callers decide by predicates, never by the text.

use std::fmt;

/// Why an input was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    Corrupt,
    Version,
    Budgets,
    Zone,
}

impl Error {
    pub(crate) fn corrupt(what: &str) -> Error {
        Error { kind: ErrorKind::Corrupt, message: format!("stored numbers are damaged: {what}") }
    }

    pub(crate) fn version(found: u8, known: u8) -> Error {
        let message =
            format!("stored numbers have version {found}, this program reads up to {known}: update it");
        Error { kind: ErrorKind::Version, message }
    }

    pub(crate) fn budgets(message: String) -> Error {
        Error { kind: ErrorKind::Budgets, message }
    }

    pub(crate) fn zone(message: String) -> Error {
        Error { kind: ErrorKind::Zone, message }
    }

    /// Stored bytes are not what `to_bytes` wrote. Rebuild the rollups from the batches.
    #[must_use]
    pub fn is_corrupt(&self) -> bool {
        self.kind == ErrorKind::Corrupt
    }

    /// Stored bytes were written by a newer program.
    #[must_use]
    pub fn is_unknown_version(&self) -> bool {
        self.kind == ErrorKind::Version
    }

    /// A budgets file is wrong; the text names the line, the key and what to write instead.
    #[must_use]
    pub fn is_budgets(&self) -> bool {
        self.kind == ErrorKind::Budgets
    }

    /// A name is that of no time zone; the text says what to write instead.
    #[must_use]
    pub fn is_zone(&self) -> bool {
        self.kind == ErrorKind::Zone
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
