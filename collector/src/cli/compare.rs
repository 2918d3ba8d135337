//! `nowait compare BASE HEAD`: the verdict on a release.
//!
//! Owns: its options, its forms, and what it fails on. Refuses: the verdict (see `nowait_report`).
//! Invariant: a comparison in which nothing could be judged is no success, unless that was asked for.

use super::form::Form;
use super::progress::Progress;
use super::source::{Source, budgets, word};
use super::{EXIT_CODES, FailOn, Finding, print_comparisons};
use crate::ask::Ask;
use crate::error::Error;
use crate::lab::{self, Files, RunFile};
use crate::store::{self, Store as _};
use crate::time::now_unix_ms;
use nowait_report::{Budgets, Comparison, Side};
use std::path::PathBuf;
use std::sync::Arc;

const EXAMPLES: &str = "Examples:
  nowait compare 8.1.0 8.2.0 --data nowait-data
  nowait compare 8.1.0 8.2.0 --pinned 8.0.0 --os ios --min-effect 10
  nowait compare 8.1.0 8.2.0 --url http://127.0.0.1:4600 --markdown
  nowait compare base/ head/
  nowait compare base/*.json head/*.json --junit

Files of benchmarks: androidx Macrobenchmark and Microbenchmark JSON, `xcrun xcresulttool get test-results metrics`, JMH,
hyperfine (--export-json), criterion (its folder), Gradle profiler, CSV with a header. Each file is a run: with one file
a side figures are shown and nothing is judged. A word with a slash or the ending .json or .csv is a file or folder.";

/// The options of `nowait compare`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Args {
    /// What to compare with and what to judge: two releases, for example 8.1.0 8.2.0, or files of benchmarks, for example two
    /// folders
    #[arg(value_names = ["BASE", "HEAD"], value_parser = word, num_args = 2.., required = true)]
    sides: Vec<String>,
    /// Compare with this release too: small steps that nobody objects to add up
    #[arg(long, value_name = "VERSION", value_parser = word)]
    pinned: Option<String>,
    /// Compare files although devices, modes or dates differ
    #[arg(long)]
    allow_mixed: bool,
    #[command(flatten)]
    source: Source,
    /// Budgets to judge by (TOML) [default: those of the data folder]; a running collector judges by its own
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    budgets: Option<PathBuf>,
    /// The least change of a time that matters, in per cent [default: 3]
    #[arg(long, value_name = "PERCENT", value_parser = word, allow_hyphen_values = true)]
    min_effect: Option<String>,
    /// Say only what holds however often it is asked while the release is rolled out
    #[arg(long)]
    every_look: bool,
    /// Hold this equal, too: country, model, or the key of a dimension of the app; it is read from batches
    #[arg(long, value_name = "FIELD", value_parser = word)]
    strata: Option<String>,
    /// What ends with exit code 1
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [FailOn::Slower, FailOn::TooFew])]
    fail_on: Vec<FailOn>,
    #[command(flatten)]
    form: Form,
}

impl Args {
    /// The question that the words and options ask, where they are of releases.
    #[must_use]
    pub fn ask(&self) -> Ask {
        let word = |at: usize| self.sides.get(at).map_or("", String::as_str);
        self.ask_about(word(0), word(1))
    }

    fn ask_about(&self, base: &str, head: &str) -> Ask {
        Ask {
            base: base.to_owned(),
            head: head.to_owned(),
            min_effect: self.min_effect.clone().unwrap_or_default(),
            strata: self.strata.clone().unwrap_or_default(),
            every_look: if self.every_look { "yes".to_owned() } else { String::new() },
            ..self.source.ask()
        }
    }

    /// All that is compared: the releases, or the files; and HEAD against the pinned release. And by which budgets, as far as they
    /// are known here.
    fn compare(&self, given: Option<&Budgets>) -> Result<(Vec<Comparison>, Arc<Budgets>), Error> {
        match lab::split(&self.sides, self.source.is_named())? {
            [Files::Release(base), Files::Release(head)] => {
                let bases = std::iter::once(&base).chain(&self.pinned);
                let (mut comparisons, mut budgets) = (Vec::new(), Arc::default());
                for base in bases {
                    let (comparison, by) = answer(&self.source, &self.ask_about(base, &head), given)?;
                    comparisons.push(comparison);
                    budgets = by;
                }
                Ok((comparisons, budgets))
            }
            _ if self.pinned.is_some() => {
                Err(Error::input("--pinned: it is a release; files are compared with files, leave it out"))
            }
            [base, head] => {
                let budgets = given.cloned().unwrap_or_default();
                Ok((vec![self.compare_files(&base, &head, &budgets)?], Arc::new(budgets)))
            }
        }
    }

    fn compare_files(&self, base: &Files, head: &Files, budgets: &Budgets) -> Result<Comparison, Error> {
        if let ([Files::Runs { .. }, Files::Runs { .. }], Some(option)) = ([base, head], self.source.said()) {
            return Err(Error::input(format!(
                "{option}: it is of a collector, and both sides are files; leave it out"
            )));
        }
        let runs = [self.runs(base)?, self.runs(head)?];
        if !self.allow_mixed {
            lab::check([&runs[0], &runs[1]])?;
        }
        let options = self.ask().options()?;
        let side = |files: &Files, runs: &[RunFile]| -> Result<(String, Side), Error> {
            match files {
                Files::Runs { name, .. } => Ok((name.clone(), lab::side(runs)?)),
                Files::Release(version) => Ok((version.clone(), self.side_of_release(version)?)),
            }
        };
        let (base, head) = (side(base, &runs[0])?, side(head, &runs[1])?);
        Ok(Comparison::new((&base.0, &base.1), (&head.0, &head.1), budgets, options))
    }

    fn runs(&self, files: &Files) -> Result<Vec<RunFile>, Error> {
        let Files::Runs { paths, .. } = files else { return Ok(Vec::new()) };
        let _progress = Progress::new("Reading");
        lab::read_all(paths)
    }

    /// The waits of a release beside files, which know nothing of its customers.
    fn side_of_release(&self, version: &str) -> Result<Side, Error> {
        let store = self.source.local()?;
        let question = self.source.ask().question(now_unix_ms(), store.zone())?;
        let tenant = store::tenant_meant(&store, question.tenant.as_deref())?;
        Ok(store::side(&store, &tenant, &question.query(), version)?.regardless_of_strata())
    }
}

/// Two releases of this source, with the default options.
pub(super) fn releases(
    source: &Source,
    base: &str,
    head: &str,
    given: Option<&Budgets>,
) -> Result<Comparison, Error> {
    let ask = Ask { base: base.to_owned(), head: head.to_owned(), ..source.ask() };
    Ok(answer(source, &ask, given)?.0)
}

/// A comparison, and by which budgets, as far as they are known here: those of a running collector are not.
fn answer(source: &Source, ask: &Ask, given: Option<&Budgets>) -> Result<(Comparison, Arc<Budgets>), Error> {
    let mut by = Arc::default();
    let comparison = source.answer("/v1/compare", ask, given, |of| {
        by = Arc::clone(&of.budgets);
        // Trimmed, as everywhere.
        let (base, head) =
            of.question.releases.as_ref().map_or(("", ""), |(base, head)| (base.as_str(), head.as_str()));
        store::compare(&of.store, &of.tenant, &of.query, (base, head), &of.budgets, of.question.options)
    })?;
    Ok((comparison, by))
}

/// Prints a comparison, or two; the finding is the worse verdict.
///
/// # Errors
/// What could not be read, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let given = args.budgets.as_deref().map(budgets).transpose()?;
    let (comparisons, budgets) = args.compare(given.as_ref())?;
    print_comparisons(args.form, &comparisons, &budgets)?;
    Ok(FailOn::finding(&args.fail_on, &comparisons))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use nowait_report::{CompareOptions, Side, Verdict};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn finding(options: &str, verdicts: &[Verdict]) -> Finding {
        let words = ["compare", "8.1.0", "8.2.0"].into_iter().chain(options.split_whitespace());
        let args = Line::try_parse_from(words).ok().unwrap().args;
        let of = |verdict: &Verdict| Comparison {
            verdict: *verdict,
            ..Comparison::new(
                ("a", &Side::new()),
                ("b", &Side::new()),
                &Budgets::default(),
                CompareOptions::default(),
            )
        };
        FailOn::finding(&args.fail_on, &verdicts.iter().map(of).collect::<Vec<_>>())
    }

    #[test]
    fn it_fails_on_what_was_asked_for() {
        use Verdict::{Equivalent, Faster, NoEvidence, Slower, TooFewSamples};
        assert_eq!(finding("", &[Slower]), Finding::Regression);
        assert_eq!(finding("", &[TooFewSamples]), Finding::Unjudged);
        for fine in [Faster, Equivalent, NoEvidence] {
            assert_eq!(finding("", &[fine]), Finding::Fine);
        }
        assert_eq!(finding("--pinned 8.0.0", &[NoEvidence, Slower]), Finding::Regression);
        assert_eq!(finding("--fail-on slower", &[TooFewSamples]), Finding::Fine);
        assert_eq!(finding("--fail-on too-few", &[Slower]), Finding::Fine);
        assert_eq!(finding("--fail-on never", &[Slower]), Finding::Fine);
        let both = Line::try_parse_from(["compare", "8.1.0", "8.2.0", "--json", "--markdown"]);
        assert!(both.is_err());
    }
}
