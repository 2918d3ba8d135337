//! The `nowait` command: a table of contents of its subcommands.
//!
//! Owns: which subcommands there are. Refuses: what they do (see the modules of `cli`).
//! Invariant: exit code 0 is fine, 1 is a regression verdict or damage found, 2 is an error that says what to do.
#![forbid(unsafe_code)]

use clap::{CommandFactory, Parser, Subcommand};
#[cfg(feature = "replay")]
use nowait_collector::cli::replay;
use nowait_collector::cli::{
    self, aa, backup, bench, check, compare, delete, doctor, export, gaps, import, indicators, listening,
    manual, map, reindex, report, serve, token,
};
#[cfg(all(feature = "demo", unix))]
use nowait_collector::demo;
use std::process::ExitCode;

/// The C library keeps what each thread freed apart for that thread: at the worst that is known `serve` held 480 MB, of which 290
/// were in use. mimalloc gives it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EXAMPLES: &str = "Examples:
  nowait serve --data /var/lib/nowait
  nowait report --data /var/lib/nowait --since 7d
  nowait compare 8.1.0 8.2.0 --data /var/lib/nowait";

/// Where do customers wait, how long, and since which release?
#[derive(Parser)]
#[command(name = "nowait", version, arg_required_else_help = true, after_long_help = format!("{EXAMPLES}\n\n{}", cli::EXIT_CODES))]
struct Nowait {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Take batches in, and show where customers wait
    Serve(serve::Args),
    /// Print where customers wait
    Report(report::Args),
    /// Say how far the bank is from what its customers expect, and what became of the gaps that it chose
    Gaps(gaps::Args),
    /// Say how customers fare on three levels, and from month to month
    Indicators(indicators::Args),
    /// Say what customers say in reviews and calls, of the own product and of others
    Listening(listening::Args),
    /// Say where customers meet the bank over their life, with the worst wait of each touchpoint and who answers for it
    Map(map::Args),
    /// Judge a release, or files of benchmarks, against another: slower, faster, equivalent, no evidence, too few samples
    Compare(compare::Args),
    /// Hold a release against the limits of a budgets file
    Check(check::Args),
    /// Run two commands in turns, and judge one against the other
    Bench(bench::Args),
    /// Say what a device farm cannot tell apart, from runs of one build
    Aa(aa::Args),
    /// Take in what the bank has beside what the app tells: reviews and notes of calls
    Import(import::Args),
    /// Copy a data folder's database into one file, also while `serve` runs
    Backup(backup::Args),
    /// Write a session for another tool
    Export(export::Args),
    /// Remove what is known of a session, an installation or a release
    Delete(delete::Args),
    /// Find what is damaged in a data folder, and mend it if asked to
    Doctor(doctor::Args),
    /// Make, list and revoke the tokens with which people read
    Token(token::Args),
    /// Rebuild the rollups of a data folder from its batches
    Reindex(reindex::Args),
    /// Print the events of a recorder file that a process of the app left on a device
    #[cfg(feature = "replay")]
    Replay(replay::Args),
    /// Live through a bank day on this machine, from a tap to a report, in about a minute
    #[cfg(all(feature = "demo", unix))]
    Demo(demo::Args),
    /// Print what a shell completes behind `nowait`
    Completions(manual::CompletionsArgs),
    /// Print the manual page, or write those of all commands
    Man(manual::ManArgs),
    /// One customer of the demo
    #[cfg(all(feature = "demo", unix))]
    #[command(hide = true)]
    DemoCustomer(demo::CustomerArgs),
    /// The collector of the demo
    #[cfg(all(feature = "demo", unix))]
    #[command(hide = true)]
    DemoServe(demo::ServeArgs),
}

fn main() -> ExitCode {
    let command = match cli::parse::<Nowait>() {
        Ok(nowait) => nowait.command,
        Err(code) => return code,
    };
    cli::exit(match command {
        Command::Serve(args) => serve::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Gaps(args) => gaps::run(&args),
        Command::Indicators(args) => indicators::run(&args),
        Command::Listening(args) => listening::run(&args),
        Command::Map(args) => map::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Aa(args) => aa::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Delete(args) => delete::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Token(args) => token::run(&args),
        Command::Reindex(args) => reindex::run(&args),
        #[cfg(feature = "replay")]
        Command::Replay(args) => replay::run(&args),
        #[cfg(all(feature = "demo", unix))]
        Command::Demo(args) => demo::run(&args),
        Command::Completions(args) => manual::completions(Nowait::command(), &args),
        Command::Man(args) => manual::man(Nowait::command(), &args),
        #[cfg(all(feature = "demo", unix))]
        Command::DemoCustomer(args) => demo::customer(&args),
        #[cfg(all(feature = "demo", unix))]
        Command::DemoServe(args) => demo::serve(&args),
    })
}
