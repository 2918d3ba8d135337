//! `nowait aa`: what a device farm cannot tell apart.
//!
//! Owns: its options. Refuses: the arithmetic (see `nowait_report::aa`). Invariant: it is of one build, and says so if it is not.

use super::progress::Progress;
use super::source::word;
use super::terminal::print_text;
use super::{Finding, print_json};
use crate::error::Error;
use crate::lab;
use nowait_report::aa::Noise;
use nowait_report::text;
use std::path::PathBuf;

const EXAMPLES: &str = "Examples:
  nowait aa runs/
  nowait aa run-1.json run-2.json run-3.json run-4.json --json

Measure one build four times or more, each time into a file of its own, as `nowait compare` reads them (`nowait help compare`).";

/// The options of `nowait aa`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// Files of benchmarks of one build, or folders with them: each file is a run
    #[arg(value_name = "FILE", value_parser = word, num_args = 1.., required = true)]
    files: Vec<String>,
    /// Take files although devices, modes or dates differ
    #[arg(long)]
    allow_mixed: bool,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// Prints the noise.
///
/// # Errors
/// What could not be read, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let progress = Progress::new("Reading");
    let mut paths: Vec<PathBuf> = Vec::new();
    for file in &args.files {
        paths.extend(lab::found(file.as_ref())?);
    }
    let runs = lab::read_all(&paths)?;
    if !args.allow_mixed {
        lab::check([&runs, &[]])?;
    }
    let noise = Noise::of(&lab::side(&runs)?).ok_or_else(|| {
        let count = paths.len();
        Error::input(format!(
            "{count} files are too few: no metric has four runs; measure the same build at least four times, each time into a file"
        ))
    })?;
    drop(progress);
    if args.json {
        print_json(&noise)?
    } else {
        print_text(|| text::noise(&noise))?
    }
    Ok(Finding::Fine)
}
