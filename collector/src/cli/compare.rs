//! `nowait compare BASE HEAD`: the verdict on a release.
//!
//! Owns: its options, its forms, and what it fails on. Refuses: the verdict (see `nowait_report`).
//! Invariant: a comparison in which nothing could be judged is no success, unless that was asked for.

use super::source::{Source, budgets, word};
use super::{EXIT_CODES, Finding, junit, print, print_json};
use crate::ask::Ask;
use crate::error::Error;
use crate::store;
use nowait_report::{Budgets, Comparison, Verdict, text};
use std::path::PathBuf;

const EXAMPLES: &str = "Examples:
  nowait compare 8.1.0 8.2.0 --data nowait-data
  nowait compare 8.1.0 8.2.0 --pinned 8.0.0 --os ios --min-effect 10
  nowait compare 8.1.0 8.2.0 --url http://127.0.0.1:4600 --markdown";

/// The options of `nowait compare`.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Args {
    /// The release to compare with, for example 8.1.0
    #[arg(value_parser = word)]
    base: String,
    /// The release to judge, for example 8.2.0
    #[arg(value_parser = word)]
    head: String,
    /// Compare with this release too: small steps that nobody objects to add up
    #[arg(long, value_name = "VERSION", value_parser = word)]
    pinned: Option<String>,
    #[command(flatten)]
    source: Source,
    /// Budgets to judge by (TOML); a running collector judges by its own
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    budgets: Option<PathBuf>,
    /// The least change of a time that matters, in per cent [default: 3]
    #[arg(long, value_name = "PERCENT", value_parser = word, allow_hyphen_values = true)]
    min_effect: Option<String>,
    /// Say only what holds however often it is asked while the release is rolled out
    #[arg(long)]
    every_look: bool,
    /// What ends with exit code 1
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [FailOn::Slower, FailOn::TooFew])]
    fail_on: Vec<FailOn>,
    #[command(flatten)]
    form: Form,
}

/// A reason to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// Customers are worse off somewhere
    Slower,
    /// Nothing could be judged
    TooFew,
    /// Nothing at all
    Never,
}

/// In which form it is printed.
#[derive(Clone, Copy, Debug, clap::Args)]
#[group(multiple = false)]
struct Form {
    /// Print the comparison as JSON; with --pinned, a list of both
    #[arg(long)]
    json: bool,
    /// Print it as Markdown for a merge request, in 60 lines at most
    #[arg(long)]
    markdown: bool,
    /// Print it as `JUnit` XML, a test case for each touchpoint
    #[arg(long)]
    junit: bool,
}

impl Args {
    /// The question that the options ask.
    #[must_use]
    pub fn ask(&self) -> Ask {
        Ask {
            base: self.base.clone(),
            head: self.head.clone(),
            min_effect: self.min_effect.clone().unwrap_or_default(),
            every_look: if self.every_look { "yes".to_owned() } else { String::new() },
            ..self.source.ask()
        }
    }

    fn compare(&self, base: &str, budgets: &Budgets) -> Result<Comparison, Error> {
        let ask = Ask { base: base.to_owned(), ..self.ask() };
        self.source.answer("/v1/compare", &ask, |store, question| {
            let query = question.query();
            let tenant = store::tenant_meant(store, question.tenant.as_deref())?;
            // Trimmed, as everywhere.
            let (base, head) =
                question.releases.as_ref().map_or(("", ""), |(base, head)| (base.as_str(), head.as_str()));
            store::compare(store, &tenant, &query, (base, head), budgets, question.options)
        })
    }

    fn finding(&self, comparisons: &[Comparison]) -> Finding {
        let has = |wanted| comparisons.iter().any(|comparison| comparison.verdict == wanted);
        let fails_on = |reason| self.fail_on.contains(&reason) && !self.fail_on.contains(&FailOn::Never);
        if fails_on(FailOn::Slower) && has(Verdict::Slower) {
            Finding::Regression
        } else if fails_on(FailOn::TooFew) && has(Verdict::TooFewSamples) {
            Finding::Unjudged
        } else {
            Finding::Fine
        }
    }
}

/// Prints a comparison, or two; the finding is the worse verdict.
///
/// # Errors
/// What could not be read, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let budgets = budgets(args.budgets.as_deref())?;
    let bases = std::iter::once(&args.base).chain(&args.pinned);
    let comparisons: Vec<Comparison> =
        bases.map(|base| args.compare(base, &budgets)).collect::<Result<_, Error>>()?;
    let texts = |of: fn(&Comparison) -> String| comparisons.iter().map(of).collect::<Vec<_>>().join("\n");
    match args.form {
        Form { json: true, .. } => match comparisons.as_slice() {
            [one] => print_json(one)?,
            all => print_json(&all)?,
        },
        Form { markdown: true, .. } => print(&texts(text::markdown))?,
        Form { junit: true, .. } => print(&junit::report(&comparisons)?)?,
        Form { .. } => print(&texts(text::comparison))?,
    }
    Ok(args.finding(&comparisons))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use nowait_report::{CompareOptions, Side};

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
        args.finding(&verdicts.iter().map(of).collect::<Vec<_>>())
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
