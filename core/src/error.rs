//! The one error of this crate. Recording is infallible and counted; only starting, and replaying a file, can fail.
//!
//! Owns: what went wrong, to which input, and what to do. Refuses: payload; it names sizes and settings.
//! Invariant: callers ask with predicates, so that new causes never break them.

use std::fmt;

/// Why NoWait could not start.
#[derive(Debug)]
pub struct Error {
    cause: Cause,
}

#[derive(Debug)]
pub(crate) enum Cause {
    Config { field: &'static str, problem: String },
    Thread(std::io::Error),
    Started,
    Recorder(String),
}

impl Error {
    pub(crate) fn config(field: &'static str, problem: impl Into<String>) -> Error {
        Error { cause: Cause::Config { field, problem: problem.into() } }
    }

    pub(crate) fn thread(error: std::io::Error) -> Error {
        Error { cause: Cause::Thread(error) }
    }

    pub(crate) fn started() -> Error {
        Error { cause: Cause::Started }
    }

    pub(crate) fn recorder(problem: impl Into<String>) -> Error {
        Error { cause: Cause::Recorder(problem.into()) }
    }

    /// Whether a file could not be replayed; the message says why.
    #[must_use]
    pub fn is_recorder(&self) -> bool {
        matches!(self.cause, Cause::Recorder(_))
    }

    /// Whether NoWait was started before; it starts once.
    #[must_use]
    pub fn is_started(&self) -> bool {
        matches!(self.cause, Cause::Started)
    }

    /// Whether a field of [`Config`](crate::Config) is not usable; the message names it.
    #[must_use]
    pub fn is_config(&self) -> bool {
        matches!(self.cause, Cause::Config { .. })
    }

    /// Whether the system refused a thread.
    #[must_use]
    pub fn is_thread(&self) -> bool {
        matches!(self.cause, Cause::Thread(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Config { field, problem } => write!(f, "nowait: config.{field} {problem}"),
            Cause::Recorder(problem) => write!(f, "nowait: the file {problem}"),
            Cause::Started => f.write_str("nowait: already started; a process starts NoWait once"),
            Cause::Thread(error) => {
                write!(f, "nowait: the system gave no worker thread ({error}); start again later")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Cause::Thread(error) => Some(error),
            Cause::Config { .. } | Cause::Started | Cause::Recorder(_) => None,
        }
    }
}
