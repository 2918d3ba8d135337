//! `nowait report`: where customers wait, in the terminal or as JSON.

use super::source::{Source, budgets, word};
use super::terminal::print_text;
use super::{Finding, print, print_json};
use crate::ask::Ask;
use crate::error::Error;
use crate::page;
use crate::store;
use crate::time::now_unix_ms;
use nowait_report::text::{safe, units};
use nowait_report::{Daily, Detail, JourneyMap, Language, Report, Service, Timeline, text};
use serde::Serialize;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "Examples:
  nowait report --data nowait-data
  nowait report --since 7d --os android --version 8.2.0
  nowait report --country DE --dimension segment=retail --dimension login=biometric
  nowait report --page 2
  nowait report --daily --os android
  nowait report --touchpoint action:Pay.Confirm --since 30d --by segment
  nowait report --month 2026-03 --html service.html --lang zh-Hans
  nowait report --journey Transfer --since 30d
  nowait report --session 2b1b26a3-d6ab-4108-b851-4aa486c105cc
  nowait report --url http://127.0.0.1:4600 --since 2026-03-01 --until 2026-04-01 --json";

/// The options of `nowait report`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// Only this release of the app
    #[arg(long, value_name = "VERSION", value_parser = word)]
    version: Option<String>,
    /// Budgets to judge by (TOML) [default: those of the data folder]; a running collector judges by its own
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    budgets: Option<PathBuf>,
    /// One touchpoint in detail: how long its waits were, day by day, hour by hour, the longest; for example action:Pay.Confirm
    #[arg(long, value_name = "KIND:NAME", value_parser = word, conflicts_with_all = ["page", "session"])]
    touchpoint: Option<String>,
    /// The touchpoints of the report day by day over the last thirty days
    #[arg(long, conflicts_with_all = ["touchpoint", "session", "journey", "month", "html"])]
    daily: bool,
    /// Split the touchpoint by tier, network, country, model, or the key of a dimension of the app, from the batches that are kept
    #[arg(long, value_name = "FIELD", value_parser = word, requires = "touchpoint")]
    by: Option<String>,
    /// One session, event by event; a touchpoint's longest waits name theirs
    #[arg(long, value_name = "ID", value_parser = word)]
    session: Option<String>,
    /// One journey, step by step and across channels: where customers leave it, where the time goes, how it felt
    #[arg(long, value_name = "NAME", value_parser = word, conflicts_with_all = ["page", "session", "touchpoint", "month"])]
    journey: Option<String>,
    /// Which rows of each section, by the hundred
    #[arg(long, value_name = "N", value_parser = word)]
    page: Option<String>,
    /// A month of service beside the month before: how fast, right and reliable it was; for example 2026-03
    #[arg(long, value_name = "MONTH", value_parser = word, conflicts_with_all = ["page", "session", "touchpoint"])]
    month: Option<String>,
    /// Write the month of service as one HTML file, in English and Chinese, that opens from a mail [default of --month: the last
    /// whole month, or this one]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["page", "session", "touchpoint", "json"])]
    html: Option<PathBuf>,
    /// In which language the file opens: en, zh-Hans, zh-Hant
    #[arg(long, value_name = "LANGUAGE", value_parser = language, requires = "html", default_value = "en")]
    lang: Language,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl Args {
    /// The question that the options ask.
    #[must_use]
    pub fn ask(&self) -> Ask {
        let word = |word: &Option<String>| word.clone().unwrap_or_default();
        Ask {
            version: word(&self.version),
            page: word(&self.page),
            touchpoint: word(&self.touchpoint),
            by: word(&self.by),
            session: word(&self.session),
            month: word(&self.month),
            journey: word(&self.journey),
            ..self.source.ask()
        }
    }
}

/// Prints a report.
///
/// # Errors
/// What could not be read, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let given = args.budgets.as_deref().map(budgets).transpose()?;
    let (source, ask, given) = (&args.source, args.ask(), given.as_ref());
    if args.session.is_some() {
        let timeline: Timeline = source
            .answer("/v1/session", &ask, given, |of| store::timeline(&of.store, &of.tenant, &of.question))?;
        return shown(args, &timeline, text::timeline);
    }
    if args.journey.is_some() {
        let map: JourneyMap = source.answer("/v1/journey", &ask, given, |of| {
            store::journey(&of.store, &of.tenant, &of.question, &of.query, &of.budgets)
        })?;
        return shown(args, &map, text::journey);
    }
    if args.touchpoint.is_some() {
        let detail: Detail = source.answer("/v1/touchpoint", &ask, given, |of| {
            store::detail(&of.store, &of.tenant, &of.question, &of.query, &of.budgets)
        })?;
        return shown(args, &detail, text::detail);
    }
    if args.daily {
        let daily: Daily = source.answer("/v1/daily", &ask, given, |of| {
            store::daily(&of.store, &of.tenant, &of.query, &of.budgets)
        })?;
        return shown(args, &daily, text::daily);
    }
    if args.month.is_some() || args.html.is_some() {
        let service: Service = source.answer("/v1/service", &ask, given, |of| {
            store::service(&of.store, &of.tenant, &of.question, &of.query, &of.budgets, now_unix_ms())
        })?;
        return match &args.html {
            Some(path) => written(path, &page::service(&service, args.lang)),
            None => shown(args, &service, text::service),
        };
    }
    let report: Report = source.answer("/v1/report", &ask, given, |of| {
        store::report(&of.store, &of.tenant, &of.query, &of.budgets)
    })?;
    shown(args, &report, text::report)
}

/// A language by its tag.
fn language(tag: &str) -> Result<Language, String> {
    Language::from_tag(tag).ok_or_else(|| "write en, zh-Hans or zh-Hant".to_owned())
}

/// Writes a file that is not there yet.
fn written(path: &Path, html: &str) -> Result<Finding, Error> {
    let shown = path.display().to_string();
    let file = File::create_new(path).and_then(|mut file| file.write_all(html.as_bytes()));
    file.map_err(|error| {
        Error::input(format!("--html: {shown} cannot be made: {error}; name a file that is not there"))
    })?;
    print(&format!("{}: {}\n", safe(&shown), units::bytes(html.len() as f64)))?;
    Ok(Finding::Fine)
}

/// Prints a value as it was asked for.
fn shown<T: Serialize>(args: &Args, value: &T, text: fn(&T) -> String) -> Result<Finding, Error> {
    if args.json {
        print_json(value)?
    } else {
        print_text(|| text(value))?
    }
    Ok(Finding::Fine)
}
