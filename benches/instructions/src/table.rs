//! The counts for people.
//!
//! Owns: the table. Refuses: judging a change. Invariant: says so where a change may not be NoWait's.

use crate::TOLERANCE;
use crate::counts::Counts;
use crate::records::{Origin, Row};
use nowait_instructions::OPERATIONS;
use std::fmt::Write as _;

/// The counts beside the latest record of each operation.
pub(crate) fn show(counts: &Counts, before: &[Row], origin: &Origin) -> String {
    let mut table = format!(
        "INSTRUCTIONS   per operation, on the calling thread; commit {}, rustc {}, valgrind {}, {}\n",
        origin.commit, origin.rustc, origin.valgrind, origin.system
    );
    // Writing to a string does not fail.
    let _ = writeln!(table, "{:<44}{:>12}  {:>12}  {:>8}", "operation", "instructions", "latest", "change");
    for operation in OPERATIONS {
        let now = counts.of(operation.id).unwrap_or(f64::NAN);
        let latest = before.iter().find(|row| row.operation == operation.id).map(|row| row.instructions);
        let (latest, change) = match latest {
            Some(latest) => (format!("{latest:.1}"), change(now, latest)),
            None => ("–".to_owned(), "–".to_owned()),
        };
        let _ = writeln!(table, "{:<44}{now:>12.1}  {latest:>12}  {change:>8}", operation.title);
    }
    if let Some(row) = before.first() {
        let Origin { commit, rustc, valgrind, .. } = &row.origin;
        let _ = writeln!(table, "Latest: commit {commit}. =: no more than {} % apart.", TOLERANCE * 100.0);
        if (rustc, valgrind) != (&origin.rustc, &origin.valgrind) {
            let _ = writeln!(
                table,
                "It was counted with rustc {rustc} and valgrind {valgrind}: the change may be theirs."
            );
        }
    }
    table
}

/// A change in percent, if it is one.
fn change(now: f64, latest: f64) -> String {
    if (now - latest).abs() <= TOLERANCE * latest {
        return "=".to_owned();
    }
    format!("{:+.1} %", (now / latest - 1.0) * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_moved_is_a_change() {
        assert_eq!(change(147.0, 147.0), "=");
        assert_eq!(change(147.5, 147.0), "=");
        assert_eq!(change(150.0, 100.0), "+50.0 %");
        assert_eq!(change(50.0, 100.0), "-50.0 %");
    }
}
