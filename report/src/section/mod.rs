//! A report as tables: what stands in which column, once, for the terminal, the page and the API.
//!
//! Owns: the sections, their columns and what is in a cell. Refuses: how a cell is written (see [`crate::text`] and
//! [`crate::words`]) and arithmetic on latencies.
//! Invariant: every section has a title, every column a head and every word of ours a text in each language of [`crate::words`].

mod arrivals;
mod comparison;
mod condition;
mod cost;
mod daily;
mod detail;
mod exits;
mod gaps;
mod indicators;
mod journey_map;
mod journeys;
mod life;
mod listening;
mod rated;
mod releases;
mod service;
mod session;
mod waits;

use crate::metric::Unit;
use crate::report::{Latency, Report, Within};
pub use arrivals::{of_arrivals, of_refused};
pub use comparison::{Told, figure_of_waits, of_comparison, value_of_waits, verdict};
pub use daily::of_daily;
pub use detail::of_detail;
pub use gaps::{of_gaps, of_targets};
pub use indicators::{of_experiences, of_trends};
pub use journey_map::of_journey;
pub use life::of_life;
pub use listening::of_listening;
use nowait_wire::Kind;
pub use rated::of_explained;
pub use releases::of_releases;
use schemars::JsonSchema;
use serde::Serialize;
pub use service::of_service;
pub use session::of_session;

/// The form of the sections, in their JSON. A new column or cell makes no new one; a removed or renamed one does.
pub const SECTIONS_VERSION: u32 = 1;

/// A part of a report as a table. One without rows has nothing to say.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Section {
    /// Which one it is; its title is the word `section.KEY`, what it says of itself `section.KEY.note`.
    pub key: &'static str,
    /// What it tells of.
    pub about: About,
    /// The number that the note speaks of, in the place of `{n}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
    /// Whether the order of the rows is a ranking.
    pub is_ranked: bool,
    /// Its columns.
    pub columns: &'static [Column],
    /// Its rows.
    pub rows: Vec<Row>,
    /// How many rows there are besides these.
    pub more: u64,
}

/// What a section tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum About {
    /// Where customers wait.
    Waits,
    /// What NoWait itself costs, and whether everything that was told has arrived.
    NoWait,
    /// How two releases differ.
    Releases,
    /// What a bank expects of itself, and how far it is.
    Bank,
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Column {
    /// Which one it is; its head is the word `column.KEY`.
    pub key: &'static str,
    /// Whether its cells are texts, not numbers.
    pub is_text: bool,
}

/// A row, with a cell for each column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Row {
    /// Whether it is a part of the row before it that is none: one release of a touchpoint.
    pub is_part: bool,
    /// Its cells.
    pub cells: Vec<Cell>,
    /// The touchpoint that it is about, as `GET /v1/touchpoint` takes it: `kind:name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub touchpoint: Option<String>,
}

impl Row {
    /// A row that is no part of another.
    fn of(cells: Vec<Cell>) -> Row {
        Row { is_part: false, cells, touchpoint: None }
    }

    /// The same about a touchpoint.
    fn about(self, kind: Kind, name: &str) -> Row {
        Row { touchpoint: Some(format!("{kind}:{name}")), ..self }
    }
}

/// What is in a cell.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// Nothing is known.
    None,
    /// A text from outside.
    Text(String),
    /// A date of the scope's zone, `2026-03-05`.
    Day(String),
    /// A month of the scope's zone, `2026-03`.
    Month(String),
    /// A word of ours: the group and the key of `GROUP.KEY`.
    Word(&'static str, &'static str),
    /// How many.
    Count(u64),
    /// A duration in nanoseconds.
    DurationNs(u64),
    /// Durations in nanoseconds that follow each other, one a day; `null` where too few waits support one.
    Trend(Vec<Option<u64>>),
    /// A share, 0 to 1.
    Share(f64),
    /// So many of so many, which are people.
    People {
        /// How many of them.
        part: u64,
        /// All of them.
        whole: u64,
    },
    /// An Apdex, 0 to 1.
    Apdex {
        /// The index.
        index: f64,
        /// Whether it is one of a small group, which the Apdex specification marks.
        is_of_few: bool,
    },
    /// A number of bytes.
    Bytes(f64),
    /// A value on a scale, with one decimal: 0 to 10, what such numbers are multiplied to, or a mean rating.
    Score(f64),
    /// From one to another.
    Range {
        /// The lower end.
        low: Box<Cell>,
        /// The upper end.
        high: Box<Cell>,
    },
    /// A bucket of durations.
    Within(Within),
    /// A value in its unit.
    Quantity {
        /// The unit.
        unit: Unit,
        /// The value.
        value: f64,
    },
    /// How many in BASE, and how many in HEAD.
    Sides(u64, u64),
    /// How much something changed.
    Change(Change),
    /// Between which changes the true one lies; `null` where the samples do not bound it.
    Interval {
        /// The lower end.
        low: Option<Change>,
        /// The upper end.
        high: Option<Change>,
    },
    /// How many of what: words of this group, or texts as they are if there is no such word.
    Counts(&'static str, Vec<(String, u64)>),
}

/// How much something changed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// HEAD / BASE.
    Ratio(f64),
    /// HEAD - BASE of shares, each 0 to 1.
    Points(f64),
    /// A difference of scores.
    Score(f64),
    /// The chance (0 to 1) that one of HEAD is larger than one of BASE.
    Chance(f64),
    /// HEAD - BASE in a unit.
    Difference {
        /// The unit.
        unit: Unit,
        /// The difference.
        value: f64,
    },
}

impl Section {
    /// Its rows, each with the parts of it behind it.
    pub fn items(&self) -> impl Iterator<Item = &[Row]> {
        self.rows.chunk_by(|_, next| next.is_part)
    }

    fn new(key: &'static str, columns: &'static [Column]) -> Section {
        Section { key, about: About::Waits, n: None, is_ranked: false, columns, rows: Vec::new(), more: 0 }
    }

    /// The same with these rows.
    fn with(mut self, rows: impl IntoIterator<Item = Vec<Cell>>) -> Section {
        self.rows = rows.into_iter().map(Row::of).collect();
        self
    }

    /// The same about touchpoints of this kind and of these names, one a row; an empty name is none.
    fn about<'n>(mut self, kind: Kind, names: impl IntoIterator<Item = &'n str>) -> Section {
        for (row, name) in self.rows.iter_mut().zip(names) {
            row.touchpoint = (!name.is_empty()).then(|| format!("{kind}:{name}"));
        }
        self
    }

    fn of_nowait(key: &'static str, columns: &'static [Column]) -> Section {
        Section { about: About::NoWait, ..Section::new(key, columns) }
    }

    /// The same with a row for each of these, and with what the report has left out of them.
    fn of<'a, T: 'a>(
        mut self,
        report: &Report,
        items: impl IntoIterator<Item = &'a T>,
        cells: impl Fn(&T) -> Vec<Cell>,
    ) -> Section {
        self.rows = items.into_iter().map(|item| Row::of(cells(item))).collect();
        self.more = report.left_out.get(self.key).copied().unwrap_or(0);
        self
    }
}

/// All sections of a report that have something to say, in the order in which they are read.
#[must_use]
pub fn sections(report: &Report) -> Vec<Section> {
    let all = [
        waits::touchpoints(report),
        waits::lost(report),
        waits::launches(report),
        waits::screens(report),
        waits::taps(report),
        journeys::journeys(report),
        journeys::steps(report),
        waits::requests(report),
        waits::hangs(report),
        waits::frames(report),
        exits::groups(report),
        cost::times(&report.cost),
        cost::bytes(&report.cost),
        cost::events(report),
        cost::facts(&report.ledger.facts),
        cost::reasons(&report.ledger),
        cost::notes(&report.ledger),
    ];
    all.into_iter().filter(|section| !section.rows.is_empty()).collect()
}

/// A column of texts.
const fn text(key: &'static str) -> Column {
    Column { key, is_text: true }
}

/// A column of numbers.
const fn number(key: &'static str) -> Column {
    Column { key, is_text: false }
}

fn duration(ns: Option<u64>) -> Cell {
    ns.map_or(Cell::None, Cell::DurationNs)
}

fn share(share: Option<f64>) -> Cell {
    share.map_or(Cell::None, Cell::Share)
}

/// A text, or that there is none.
fn name(name: &str) -> Cell {
    if name.is_empty() { Cell::None } else { Cell::Text(name.to_owned()) }
}

/// n, p50, p75, p95 and p99.
fn latency(of: &Latency) -> impl Iterator<Item = Cell> {
    std::iter::once(Cell::Count(of.count)).chain(quantiles(of))
}

/// p50, p75, p95 and p99.
fn quantiles(latency: &Latency) -> [Cell; 4] {
    [latency.p50_ns, latency.p75_ns, latency.p95_ns, latency.p99_ns].map(|ns| quantile(latency, ns))
}

/// A quantile; where there are waits and it is not supported, that they are too few.
fn quantile(latency: &Latency, ns: Option<u64>) -> Cell {
    if ns.is_none() && latency.count > 0 { TOO_FEW } else { duration(ns) }
}

/// What stands in the place of a figure that too few waits support.
const TOO_FEW: Cell = Cell::Word("verdict", "too_few_samples");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_of_a_cell_says_what_it_is() {
        let json = |cell: Cell| serde_json::to_string(&cell).unwrap();
        assert_eq!(json(Cell::None), "\"none\"");
        assert_eq!(json(Cell::DurationNs(5)), "{\"duration_ns\":5}");
        assert_eq!(json(Cell::People { part: 3, whole: 10 }), "{\"people\":{\"part\":3,\"whole\":10}}");
        assert_eq!(
            json(Cell::Counts("status", vec![("2xx".into(), 4)])),
            "{\"counts\":[\"status\",[[\"2xx\",4]]]}"
        );
    }
}
