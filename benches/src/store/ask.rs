//! The questions, and what each takes.
//!
//! Owns: the list of questions. Refuses: filling a store.
//! Invariant: an answer's peak of memory is that of a process that did nothing else.

use super::load::{BEGIN_UNIX_MS, DAY_MS, Load};
use super::median;
use super::pages::{PAGES, Page};
use nowait_collector::ask::Filter;
use nowait_collector::store::{self, By, Comparisons, Query, SqliteStore, Store as _};
use nowait_report::{Budgets, CompareOptions};
use nowait_wire::{Kind, Os, Tier};
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

/// What an answer took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) ms: f64,
    pub(super) peak_kib: u64,
}

impl Answer {
    pub(super) fn median(answers: &[Answer]) -> Answer {
        let of = |figure: fn(&Answer) -> f64| median(answers.iter().map(figure).collect());
        Answer { ms: of(|answer| answer.ms), peak_kib: of(|answer| answer.peak_kib as f64) as u64 }
    }
}

/// A question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Report,
    Release,
    System,
    Hours,
    Day,
    Touchpoint,
    Split,
    Tier,
    Dimension,
    Compare,
    /// The same comparison once more in the same process, as a running collector answers it.
    CompareAgain,
    /// All that a page of the program needs first.
    Page(Page),
}

impl Ask {
    const OF_STORE: [Ask; 11] = [
        Ask::Report,
        Ask::Release,
        Ask::System,
        Ask::Hours,
        Ask::Day,
        Ask::Touchpoint,
        Ask::Split,
        Ask::Tier,
        Ask::Dimension,
        Ask::Compare,
        Ask::CompareAgain,
    ];

    /// Every question.
    pub(super) fn all() -> impl Iterator<Item = Ask> {
        Ask::OF_STORE.into_iter().chain(PAGES.map(Ask::Page))
    }

    /// Those that this load can answer: pages name what only a bank's own names have, and sessions that go so far.
    pub(super) fn of(load: &Load) -> impl Iterator<Item = Ask> {
        let has_own_names = load.names == 0 && load.events_per_session >= 50;
        Ask::all().filter(move |ask| has_own_names || !matches!(ask, Ask::Page(_)))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Ask::Report => "report",
            Ask::Release => "one release",
            Ask::System => "one system",
            Ask::Hours => "50 hours in the middle",
            Ask::Day => "one day",
            Ask::Touchpoint => "one touchpoint in detail",
            Ask::Split => "the same, split by network",
            Ask::Tier => "one tier",
            Ask::Dimension => "one dimension",
            Ask::Compare => "compare two releases",
            Ask::CompareAgain => "the same, asked again of a running collector",
            Ask::Page(page) => page.name,
        }
    }

    pub(super) fn named(name: &str) -> Option<Ask> {
        Ask::all().find(|ask| ask.name() == name)
    }

    /// Asks it in this process.
    pub(super) fn answer(self, folder: &Path) -> Result<Answer, Box<dyn Error>> {
        let store = SqliteStore::open_read_only(folder)?;
        let filter = match self {
            Ask::Release => Filter { version: Some("8.3.0".into()), ..Filter::default() },
            Ask::System => Filter { os: Some(Os::Ios), ..Filter::default() },
            Ask::Tier => Filter { tier: Some(Tier::Low), ..Filter::default() },
            Ask::Dimension => {
                Filter { dimensions: vec![("segment".into(), "private".into())], ..Filter::default() }
            }
            Ask::Report
            | Ask::Hours
            | Ask::Day
            | Ask::Touchpoint
            | Ask::Split
            | Ask::Compare
            | Ask::CompareAgain
            | Ask::Page(_) => Filter::default(),
        };
        let mut query = Query::of(filter);
        if self == Ask::Hours {
            let from = BEGIN_UNIX_MS + 12 * DAY_MS + DAY_MS / 2;
            query = query.from(from).until(from + 50 * DAY_MS / 24);
        }
        if self == Ask::Day {
            query = query.from(BEGIN_UNIX_MS + 12 * DAY_MS).until(BEGIN_UNIX_MS + 13 * DAY_MS);
        }
        let by = (self == Ask::Split).then_some(By::Network);
        let (comparisons, budgets) = (Comparisons::default(), Arc::default());
        let releases = ("8.3.0", "8.4.0");
        let compared =
            || comparisons.compare(&store, "bank", &query, releases, &budgets, CompareOptions::default());
        if self == Ask::CompareAgain {
            compared()?;
        }
        let begin = Instant::now();
        let is_empty = match self {
            Ask::Page(page) => {
                page.ask(store)?;
                false
            }
            Ask::Compare | Ask::CompareAgain => compared()?.touchpoints.is_empty(),
            Ask::Touchpoint | Ask::Split => {
                let cold = (Kind::Launch, "cold");
                store.detail("bank", &query, cold, by.as_ref(), &Budgets::default())?.days.is_empty()
            }
            _ => store::report(&store, "bank", &query, &Budgets::default())?.touchpoints.is_empty(),
        };
        let ms = begin.elapsed().as_secs_f64() * 1e3;
        if is_empty {
            return Err(format!("{}: the answer is empty", self.name()).into());
        }
        Ok(Answer { ms, peak_kib: nowait_benches::used::peak_kib() })
    }

    /// Asks it in a process of its own.
    pub(super) fn answer_elsewhere(self, folder: &Path) -> Result<Answer, Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        let out = command.arg("ask").arg(folder).arg(self.name()).output()?;
        if !out.status.success() {
            return Err(format!("{}: {}", self.name(), String::from_utf8_lossy(&out.stderr)).into());
        }
        Ok(serde_json::from_slice(&out.stdout)?)
    }
}
