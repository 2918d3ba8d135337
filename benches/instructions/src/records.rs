//! The file of records: a row for each commit and operation, in the order of the commits' dates.
//!
//! Owns: the file's form. Refuses: rows that it does not understand, so that it never drops one.
//! Invariant: what is read and saved again is the same file, new rows apart.

use crate::counts::Counts;
use nowait_instructions::OPERATIONS;
use std::error::Error;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::Path;

/// What the file says of itself.
const HEAD: &str = "\
# Instructions of NoWait's hot calls, counted by callgrind: a row for each commit and operation.
# Made by `make bench-instructions`; run it at a commit to count again: the same tools give the same counts, however
# busy the machine is. A record belongs to the latest commit that changed what is measured (core, wire, the benchmarks
# in benches/instructions and the locked crates). Older commits: `make bench-instructions COMMITS='...'`; those from
# before the benchmarks were counted with later ones.
# instructions: of one operation, on the calling thread alone. Under valgrind a clock read is a system call of 19
# instructions; on a phone the kernel's own part of it, which no valgrind sees, comes on top.
# Instructions are no nanoseconds: they say what changed and where, the pages beside this file say what it costs.
";

/// The names of the columns.
const COLUMNS: &str = "commit\tdate\toperation\tinstructions\trustc\tvalgrind\tsystem";

/// Where counts come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) commit: String,
    /// When it was committed, in UTC; sorts as text.
    pub(crate) date: String,
    pub(crate) rustc: String,
    pub(crate) valgrind: String,
    pub(crate) system: String,
}

impl Origin {
    /// Whether both are counts of one commit with the same tools.
    fn is_same(&self, other: &Origin) -> bool {
        Origin { date: other.date.clone(), ..self.clone() } == *other
    }
}

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) origin: Origin,
    pub(crate) operation: String,
    pub(crate) instructions: f64,
}

/// All rows.
#[derive(Debug, Default)]
pub(crate) struct Records(Vec<Row>);

impl Records {
    /// Reads the file; none is an empty one.
    ///
    /// # Errors
    /// If it cannot be read, or has a row of another form.
    pub(crate) fn open(path: &Path) -> Result<Records, Box<dyn Error>> {
        match std::fs::read_to_string(path) {
            Ok(text) => Records::parse(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Records::default()),
            Err(error) => Err(error.into()),
        }
    }

    fn parse(text: &str) -> Result<Records, Box<dyn Error>> {
        let rows = text.lines().filter(|line| !line.starts_with('#') && *line != COLUMNS);
        rows.map(row).collect::<Result<_, _>>().map(Records)
    }

    /// The counts that this commit has with the same tools.
    pub(crate) fn of(&self, origin: &Origin) -> Option<Counts> {
        let mut counts = Counts::default();
        for row in self.0.iter().filter(|row| row.origin.is_same(origin)) {
            counts.set(&row.operation, row.instructions);
        }
        (counts != Counts::default()).then_some(counts)
    }

    /// The latest row of each operation on the same system that is of another commit, not younger than this one.
    pub(crate) fn before(&self, origin: &Origin) -> Vec<Row> {
        let earlier = |row: &&Row| {
            row.origin.commit != origin.commit
                && row.origin.date <= origin.date
                && row.origin.system == origin.system
        };
        let latest = |id: &str| self.0.iter().filter(earlier).rfind(|row| row.operation == id).cloned();
        OPERATIONS.iter().filter_map(|operation| latest(operation.id)).collect()
    }

    /// Adds these counts in their place.
    pub(crate) fn add(&mut self, origin: &Origin, counts: &Counts) {
        self.0.extend(OPERATIONS.iter().filter_map(|operation| {
            let instructions = counts.of(operation.id)?;
            Some(Row { origin: origin.clone(), operation: operation.id.to_owned(), instructions })
        }));
        // Stable: rows of one commit stay in their order.
        self.0.sort_by(|one, other| one.origin.date.cmp(&other.origin.date));
    }

    /// Writes the file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn save(&self, path: &Path) -> std::io::Result<()> {
        std::fs::write(path, self.text())
    }

    fn text(&self) -> String {
        let mut text = format!("{HEAD}{COLUMNS}\n");
        for Row { origin, operation, instructions } in &self.0 {
            let Origin { commit, date, rustc, valgrind, system } = origin;
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "{commit}\t{date}\t{operation}\t{instructions:.1}\t{rustc}\t{valgrind}\t{system}"
            );
        }
        text
    }
}

fn row(line: &str) -> Result<Row, Box<dyn Error>> {
    let words: Vec<&str> = line.split('\t').collect();
    let [commit, date, operation, instructions, rustc, valgrind, system] = words[..] else {
        return Err(format!("the file of records has a row of {} columns: {line}", words.len()).into());
    };
    let [commit, date, rustc, valgrind, system] = [commit, date, rustc, valgrind, system].map(str::to_owned);
    Ok(Row {
        origin: Origin { commit, date, rustc, valgrind, system },
        operation: operation.to_owned(),
        instructions: instructions.parse()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(commit: &str, date: &str) -> Origin {
        let [commit, date, rustc, valgrind, system] =
            [commit, date, "1.95.0", "3.19.0", "x86_64"].map(str::to_owned);
        Origin { commit, date, rustc, valgrind, system }
    }

    fn counts(record: f64) -> Counts {
        let mut counts = Counts::default();
        counts.set("record", record);
        counts
    }

    #[test]
    fn a_file_comes_back_as_it_was_saved() {
        let mut records = Records::default();
        records.add(&origin("b", "2026-02"), &counts(12.34));
        let text = records.text();
        assert!(text.ends_with("\nb\t2026-02\trecord\t12.3\t1.95.0\t3.19.0\tx86_64\n"), "{text}");
        let again = Records::parse(&text).expect("our own form");
        assert_eq!(again.text(), text);
        assert!(Records::parse("b\t2026-02\trecord").is_err());
    }

    #[test]
    fn an_older_commit_takes_its_place_and_sees_only_what_was_before_it() {
        let mut records = Records::default();
        records.add(&origin("c", "2026-03"), &counts(3.0));
        records.add(&origin("a", "2026-01"), &counts(1.0));
        let rows = records.before(&origin("b", "2026-02"));
        assert_eq!(rows.iter().map(|row| row.instructions).collect::<Vec<_>>(), [1.0]);
        assert!(records.before(&origin("a", "2026-01")).is_empty());
        assert_eq!(records.of(&origin("c", "2026-03")), Some(counts(3.0)));
    }

    #[test]
    fn another_compiler_makes_another_record() {
        let mut records = Records::default();
        records.add(&origin("a", "2026-01"), &counts(1.0));
        let other = Origin { rustc: "1.96.0".to_owned(), ..origin("a", "2026-01") };
        assert_eq!(records.of(&other), None);
        let other = Origin { system: "aarch64".to_owned(), ..origin("b", "2026-02") };
        assert!(records.before(&other).is_empty());
    }
}
