//! `nowait check --version X`: does a release keep the limits of `budgets.toml`?
//!
//! Owns: its options, and what it fails on. Refuses: what a limit is (see `nowait_report::budget`) and whether it is kept.
//! Invariant: a check without any limit is an error, and no success.

use super::form::Form;
use super::source::{Source, budgets, word};
use super::{EXIT_CODES, Finding, compare, print_verdicts};
use crate::ask::Ask;
use crate::error::Error;
use crate::store;
use crate::time::now_unix_ms;
use nowait_report::check::Status;
use nowait_report::{Budgets, Check, Comparison, Verdict};
use serde::Serialize;
use std::path::PathBuf;

const EXAMPLES: &str = "Examples:
  nowait check --version 8.2.0 --data nowait-data --budgets budgets.toml
  nowait check --version 8.2.0 --url http://127.0.0.1:4600 --markdown

Limits in budgets.toml:
  pinned = \"8.0.0\"              # compare with this release, too

  [[limit]]
  kind = \"screen\"
  name = \"Cards.List\"
  p75_ms = 900                  # also p50_ms, p95_ms
  in_time_min = 0.9             # the share that is done within the target
  failed_max = 0.02             # the share that fails, has no answer or is given up
  owner = \"Team Cards\"
  exception_until = 2026-12-31  # nobody minds until then";

/// The options of `nowait check`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Args {
    /// The release to check
    #[arg(long, value_name = "VERSION", value_parser = word)]
    version: String,
    #[command(flatten)]
    source: Source,
    /// The limits (TOML) [default: budgets.toml]; a running collector checks its own
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    budgets: Option<PathBuf>,
    /// What ends with exit code 1
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [FailOn::Broken, FailOn::TooFew])]
    fail_on: Vec<FailOn>,
    #[command(flatten)]
    form: Form,
}

/// A reason to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// A limit is broken without an exception, or the release is slower than the pinned one
    Broken,
    /// A figure lies beyond its limit, and by chance alone it might
    Unsure,
    /// No limit could be judged
    TooFew,
    /// Nothing at all
    Never,
}

/// What is found: the limits, and the comparison with the pinned release if there is one.
#[derive(Debug, Serialize)]
struct Found {
    #[serde(flatten)]
    check: Check,
    against_pinned: Option<Comparison>,
}

/// Prints the check.
///
/// # Errors
/// What could not be read, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let path = args.budgets.clone().unwrap_or_else(|| "budgets.toml".into());
    let budgets = if args.source.is_remote() { Budgets::default() } else { budgets(&path)? };
    let ask = Ask { version: args.version.clone(), ..args.source.ask() };
    let check: Check = args.source.answer("/v1/check", &ask, Some(&budgets), |of| {
        let version = of.query.filter.version.clone().unwrap_or_default();
        store::check(&of.store, &of.tenant, &of.query, &version, &of.budgets, now_unix_ms())
    })?;
    let against = check.pinned.as_deref().filter(|pinned| *pinned != check.version);
    let against_pinned = against
        .map(|pinned| compare::releases(&args.source, pinned, &check.version, Some(&budgets)))
        .transpose()?;
    let found = Found { check, against_pinned };
    print_verdicts(args.form, Some(&found.check), found.against_pinned.as_slice(), &budgets, &found)?;
    Ok(args.finding(&found))
}

impl Args {
    fn finding(&self, found: &Found) -> Finding {
        let fails_on = |reason| self.fail_on.contains(&reason) && !self.fail_on.contains(&FailOn::Never);
        let is_slower =
            found.against_pinned.as_ref().is_some_and(|against| against.verdict == Verdict::Slower);
        let is_broken = found.check.has(Status::Broken) || is_slower;
        let is_unjudged = found.check.limits.iter().all(|limit| limit.status == Status::TooFewSamples);
        if fails_on(FailOn::Broken) && is_broken
            || fails_on(FailOn::Unsure) && found.check.has(Status::Unsure)
        {
            Finding::Regression
        } else if fails_on(FailOn::TooFew) && is_unjudged {
            Finding::Unjudged
        } else {
            Finding::Fine
        }
    }
}
