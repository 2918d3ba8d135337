//! The one error of this crate, made for the person who must act on it.
//!
//! Owns: [`Error`]. Refuses: payload in messages; only paths, ids, sizes and causes appear.
//! Invariant: callers decide by predicates, never by the text.

use rusqlite::ErrorCode;
use std::fmt;

/// What went wrong, with which input, and what to do.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ErrorKind {
    Busy,
    Store,
    NewerSchema,
    Input,
    NoData,
    Io,
}

impl Error {
    pub(crate) fn busy() -> Error {
        Error { kind: ErrorKind::Busy, message: "the writer's queue is full: send again later".into() }
    }

    /// Something else has to end first.
    pub(crate) fn later(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Busy, message: message.into() }
    }

    pub(crate) fn store(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Store, message: message.into() }
    }

    pub(crate) fn newer_schema(found: i64, known: i64) -> Error {
        let message = format!(
            "the store has schema version {found}, this nowait knows {known} at most: \
             run the newer nowait that wrote it"
        );
        Error { kind: ErrorKind::NewerSchema, message }
    }

    pub(crate) fn input(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Input, message: message.into() }
    }

    pub(crate) fn no_data(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::NoData, message: message.into() }
    }

    pub(crate) fn io(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Io, message: message.into() }
    }

    /// The same error, saying which file or address it is about.
    pub(crate) fn within(&self, place: &str) -> Error {
        Error { kind: self.kind, message: format!("{place}: {}", self.message) }
    }

    /// Whether there is more to write than the store can take right now: the same call may succeed soon.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.kind == ErrorKind::Busy
    }

    /// Whether the store could not be opened, read or written.
    #[must_use]
    pub fn is_store(&self) -> bool {
        matches!(self.kind, ErrorKind::Store | ErrorKind::NewerSchema)
    }

    /// Whether a newer program has changed the store's schema.
    #[must_use]
    pub fn is_newer_schema(&self) -> bool {
        self.kind == ErrorKind::NewerSchema
    }

    /// Whether a file, an option or a query says something that cannot be followed.
    #[must_use]
    pub fn is_input(&self) -> bool {
        self.kind == ErrorKind::Input
    }

    /// Whether the question was fine and the store has nothing to answer it with.
    #[must_use]
    pub fn is_no_data(&self) -> bool {
        self.kind == ErrorKind::NoData
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        let remedy = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => ": free some space on its disk",
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                ": another program holds it, try again when it is done"
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                ": bring back a backup (docs/operate.md)"
            }
            Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
                ": is its folder there, and may you read and write it?"
            }
            _ => "",
        };
        Error::store(format!("the store failed: {error}{remedy}"))
    }
}

impl From<nowait_report::Error> for Error {
    fn from(error: nowait_report::Error) -> Error {
        if error.is_budgets() {
            return Error::input(error.to_string());
        }
        Error::store(format!("{error}; `nowait reindex` rebuilds the rollups"))
    }
}
