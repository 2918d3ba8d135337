//! Keeps the counts of callgrind, a record for each commit: `make bench-instructions`.
//!
//! Reads what the benchmarks print with `--output-format=json`, shows it beside the latest record, and adds it to the
//! file of records, or holds it against the record that this commit has already.
//!
//! Owns: the decision to add. Refuses: asking git or the tools anything, its caller says what is measured.
//! Invariant: a commit has at most one record for each set of tools, and none of a tree with changes.

mod counts;
mod records;
mod table;

use clap::Parser;
use records::{Origin, Records};
use std::error::Error;
use std::io::BufReader;
use std::path::PathBuf;

/// Most that two counts of one commit may differ by, as a share: hash tables draw their seeds anew in every process,
/// which moves a lookup by some 0.2 % and `start` and `encode` by 0.01 %; all else is the same to the instruction.
const TOLERANCE: f64 = 0.005;

/// Shows counts of callgrind and adds them to the file of records.
#[derive(Debug, Parser)]
struct Arguments {
    /// The file of records; made if it is not there.
    #[arg(long)]
    records: PathBuf,
    /// The commit that was measured.
    #[arg(long)]
    commit: String,
    /// When it was committed, in UTC: 2026-11-23T02:36:00Z.
    #[arg(long)]
    date: String,
    /// Whether the measured tree had changes that are in no commit; then nothing is added.
    #[arg(long)]
    changed: bool,
    /// Version of the compiler.
    #[arg(long)]
    rustc: String,
    /// Version of valgrind.
    #[arg(long)]
    valgrind: String,
    /// Processor architecture and C library.
    #[arg(long)]
    system: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let origin = Origin {
        commit: arguments.commit,
        date: arguments.date,
        rustc: arguments.rustc,
        valgrind: arguments.valgrind,
        system: arguments.system,
    };
    let counts = counts::read(BufReader::new(std::io::stdin()))?;
    let mut records = Records::open(&arguments.records)?;
    print!("{}", table::show(&counts, &records.before(&origin), &origin));
    let file = arguments.records.display();
    if arguments.changed {
        println!("Not recorded: there are changes that are in no commit, and a record belongs to one.");
    } else if let Some(known) = records.of(&origin) {
        let moved = counts.differing(&known, TOLERANCE);
        if !moved.is_empty() {
            let moved = moved.join(", ");
            return Err(format!("{} has a record with other counts, of: {moved}", origin.commit).into());
        }
        println!(
            "{file} has a record of {} with the same counts (within {} %).",
            origin.commit,
            TOLERANCE * 100.0
        );
    } else {
        records.add(&origin, &counts);
        records.save(&arguments.records)?;
        println!("Recorded in {file}.");
    }
    Ok(())
}
