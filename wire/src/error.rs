//! The one error of this crate: what was wrong and where, never what the payload said.
//!
//! Owns: [`Error`]. Refuses: payload in messages; only ids, sizes and places appear.
//! Invariant: each error answers true to exactly one predicate.

use core::fmt;

/// Why a batch could not be encoded or a frame not be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    place: &'static str,
    fault: Fault,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    TooLarge { found: u64, limit: u64 },
    Version(u8),
    Suite(u8),
    Malformed(&'static str),
}

impl Error {
    pub(crate) fn malformed(place: &'static str, what: &'static str) -> Error {
        Error { place, fault: Fault::Malformed(what) }
    }

    pub(crate) fn version(found: u8) -> Error {
        Error { place: "version", fault: Fault::Version(found) }
    }

    pub(crate) fn suite(found: u8) -> Error {
        Error { place: "encryption suite", fault: Fault::Suite(found) }
    }

    /// `Ok` while `found` is within `limit`.
    pub(crate) fn within(place: &'static str, found: usize, limit: usize) -> Result<(), Error> {
        if found <= limit {
            return Ok(());
        }
        Err(Error { place, fault: Fault::TooLarge { found: found as u64, limit: limit as u64 } })
    }

    /// Whether a size or a count passed its limit (see [`crate::limits`]): a smaller batch would do.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        matches!(self.fault, Fault::TooLarge { .. })
    }

    /// Whether the frame names a version of the format that this crate does not know.
    #[must_use]
    pub fn is_unsupported_version(&self) -> bool {
        matches!(self.fault, Fault::Version(_))
    }

    /// Whether the frame names an encryption suite that this crate does not know.
    #[must_use]
    pub fn is_unsupported_suite(&self) -> bool {
        matches!(self.fault, Fault::Suite(_))
    }

    /// Whether a rule of the format is broken: damaged bytes when decoding, a wrong batch when encoding.
    #[must_use]
    pub fn is_malformed(&self) -> bool {
        matches!(self.fault, Fault::Malformed(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place;
        match &self.fault {
            Fault::TooLarge { found, limit } => write!(f, "{place}: {found} is over the limit of {limit}"),
            Fault::Version(found) => write!(f, "{place}: {found} is not known here"),
            Fault::Suite(found) => write!(f, "{place}: {found} is not known here"),
            Fault::Malformed(what) => write!(f, "{place}: {what}"),
        }
    }
}

impl std::error::Error for Error {}
