//! `nowait bench`: two commands, one after the other again and again.
//!
//! Owns: running them, and what is stored of it. Refuses: the verdict (see `nowait_report`).
//! Invariant: both commands meet the same machine: they take turns, and neither has two turns in a row.

use super::form::Form;
use super::progress::Progress;
use super::source::word;
use super::{EXIT_CODES, FailOn, Finding, print_comparisons};
use crate::error::Error;
use crate::time::now_unix_ms;
use nowait_report::Zone;
use nowait_report::{Better, Budgets, CompareOptions, Comparison, Measured, Metric, Side, Unit};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

/// What is measured.
const METRIC: &str = "wall time";

/// The most runs of each command.
const RUNS_MAX: i64 = 10_000;

const EXAMPLES: &str = "Examples:
  nowait bench --base './old parse big.json' --head './new parse big.json'
  nowait bench --base ./session-base.sh --head ./session-head.sh --runs 40 --warmup 3 --out lab/2026-03-05

Each command is run by `sh -c`, without input, and what it prints is dropped. Runs take turns: base, head, base, head. A run that
ends with another exit code than 0 counts as failed, and not as fast. With --out the runs are stored as base.csv and head.csv, which
`nowait compare` reads.";

/// The options of `nowait bench`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Args {
    /// The command to compare with
    #[arg(long, value_name = "COMMAND", value_parser = word)]
    base: String,
    /// The command to judge
    #[arg(long, value_name = "COMMAND", value_parser = word)]
    head: String,
    /// How often each is measured
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..=RUNS_MAX))]
    runs: u32,
    /// How often each is run before, unmeasured
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=RUNS_MAX))]
    warmup: u32,
    /// Store the runs in this folder, which is made
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What ends with exit code 1
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [FailOn::Slower, FailOn::TooFew])]
    fail_on: Vec<FailOn>,
    #[command(flatten)]
    form: Form,
}

/// Runs both commands and prints the verdict.
///
/// # Errors
/// A command that cannot be run, or that fails before anything is measured; a folder that cannot be written.
pub fn run(args: &Args) -> Result<Finding, Error> {
    // Said before minutes are spent on it.
    if let Some(out) = &args.out {
        for name in ["base.csv", "head.csv"] {
            let path = out.join(name);
            if path.exists() {
                return Err(Error::input(format!(
                    "--out: there is {} already; name another folder",
                    path.display()
                )));
            }
        }
        fs::create_dir_all(out).map_err(|error| unwritten(out, &error))?;
    }
    let sides = measure(args)?;
    if let Some(out) = &args.out {
        for (name, values) in ["base.csv", "head.csv"].into_iter().zip(&sides) {
            let path = out.join(name);
            fs::write(&path, csv(values)).map_err(|error| unwritten(&path, &error))?;
        }
    }
    let [base, head] = sides.map(|values| side(&values));
    let (base, head) = ((args.base.as_str(), &base), (args.head.as_str(), &head));
    let found = [Comparison::new(base, head, &Budgets::default(), CompareOptions::default())];
    print_comparisons(args.form, &found, &Budgets::default())?;
    Ok(FailOn::finding(&args.fail_on, &found))
}

fn measure(args: &Args) -> Result<[Vec<Measured>; 2], Error> {
    let commands = [args.base.as_str(), args.head.as_str()];
    let total = u64::from(args.warmup + args.runs) * 2;
    let (progress, mut done) = (Progress::new("Running"), 0);
    let mut sides = [Vec::new(), Vec::new()];
    for turn in 0..args.warmup + args.runs {
        for (command, values) in commands.into_iter().zip(&mut sides) {
            progress.set(done, total);
            let (seconds, status) = timed(command)?;
            done += 1;
            if turn >= args.warmup {
                values.push(Measured { value: seconds * 1e9, has_failed: !status.success() });
            } else if !status.success() {
                return Err(Error::input(format!(
                    "{command:?} failed before anything was measured ({status}): run it by itself, and mend it first"
                )));
            }
        }
    }
    for (command, values) in commands.into_iter().zip(&sides) {
        if values.iter().all(|measured| measured.has_failed) {
            return Err(Error::input(format!(
                "{command:?} failed in every run: run it by itself, and mend it first"
            )));
        }
    }
    Ok(sides)
}

fn timed(command: &str) -> Result<(f64, ExitStatus), Error> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begin = Instant::now();
    let status =
        shell.status().map_err(|error| Error::io(format!("{command:?} cannot be run by sh: {error}")))?;
    Ok((begin.elapsed().as_secs_f64(), status))
}

/// Each run of a command is a process of its own.
fn side(values: &[Measured]) -> Side {
    let metric = Metric { unit: Unit::Nanoseconds, better: Better::Less };
    let mut side = Side::new();
    for (run, measured) in values.iter().enumerate() {
        side.add_run(METRIC, &metric, &(run + 1).to_string(), &[*measured]);
    }
    side
}

fn csv(values: &[Measured]) -> String {
    let day = Zone::UTC.day(now_unix_ms());
    let mut text = "metric,value,unit,run,failed,date\n".to_owned();
    for (run, measured) in values.iter().enumerate() {
        text.push_str(&format!("{METRIC},{},ns,{},{},{day}\n", measured.value, run + 1, measured.has_failed));
    }
    text
}

fn unwritten(path: &Path, error: &std::io::Error) -> Error {
    Error::io(format!("{} cannot be written: {error}", path.display()))
}
