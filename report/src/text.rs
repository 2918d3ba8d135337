//! Reports and comparisons as plain text for a terminal.
//!
//! Owns: columns, units and digits. Refuses: colours, terminal widths and I/O.
//! Invariant: no line is longer than 110 columns.

use crate::compare::Comparison;
use crate::report::Report;

/// A whole report.
#[must_use]
pub fn report(report: &Report) -> String {
    format!("{report:?}")
}

/// A whole comparison.
#[must_use]
pub fn comparison(comparison: &Comparison) -> String {
    format!("{comparison:?}")
}
