//! Budgets: the longest wait that a touchpoint may cost, and how much it matters.
//!
//! Owns: the TOML form, the defaults by kind and their sources. Refuses: files (callers pass the text).
//! Invariant: every kind and name has a budget, because defaults exist for every kind.

use crate::error::Error;
use nowait_wire::Kind;

/// The budgets that apply where nothing else is said, with their sources as comments.
pub const DEFAULT_BUDGETS: &str = include_str!("../default-budgets.toml");

/// What one touchpoint may cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// The longest wait that counts as in time, in nanoseconds; Apdex calls it T.
    pub target_ns: u64,
    /// How much its lost time counts in the ranking; 1 unless the file says otherwise.
    pub weight: f64,
    /// What people call it, or empty.
    pub label: String,
}

/// Budgets by kind and name.
#[derive(Clone, Debug, PartialEq)]
pub struct Budgets {}

impl Default for Budgets {
    /// The budgets of [`DEFAULT_BUDGETS`].
    fn default() -> Budgets {
        Budgets {}
    }
}

impl Budgets {
    /// Reads a budgets file on top of the defaults.
    ///
    /// # Errors
    /// [`Error::is_budgets`], naming the line, the key and what to write instead.
    pub fn parse(_text: &str) -> Result<Budgets, Error> {
        Ok(Budgets::default())
    }

    /// The budget of this touchpoint.
    #[must_use]
    pub fn of(&self, _kind: Kind, _name: &str) -> Budget {
        Budget { target_ns: 1_000_000_000, weight: 1.0, label: String::new() }
    }
}
