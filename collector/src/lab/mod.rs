//! Benchmark files of other tools: what `nowait compare base/ head/` reads.
//!
//! A file becomes one plain value ([`RunFile`]), whatever tool wrote it; what speaks against comparing files is found on those values
//! ([`check()`]); and then they are sides of a comparison as releases are ([`side()`]).
//!
//! Owns: where files are, their formats, which of them belong together. Refuses: figures and verdicts (see `nowait_report`).
//! Invariant: a file that is not understood is an error that names it, never a file with nothing in it.

mod check;
mod files;
mod formats;
mod run;
mod side;
#[cfg(test)]
mod tests;
mod units;

pub use check::check;
pub use files::{Files, found, split};
pub use formats::read;
pub use run::{Device, RunFile, Series};
pub use side::{read_all, side};
