//! From cells to a [`Report`].
//!
//! Owns: every computation of a report. Refuses: shapes (see [`crate::report`]) and printing.
//! Invariant: the same input in any order gives the same report.

use crate::budget::Budgets;
use crate::cell::Cells;
use crate::report::{Exit, REPORT_VERSION, Report, Scope, SessionAccount};

/// What a report is made of.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// What was asked for.
    pub scope: Scope,
    /// The rollups.
    pub cells: Cells,
    /// The abnormal exits.
    pub exits: Vec<Exit>,
    /// The account of every session.
    pub sessions: Vec<SessionAccount>,
}

impl Report {
    /// Computes the report.
    #[must_use]
    pub fn new(input: &Input, _budgets: &Budgets) -> Report {
        Report { report_version: REPORT_VERSION, scope: input.scope.clone(), ..Report::default() }
    }
}
