//! The report: one value that the command line, the page and the JSON all render.
//!
//! Owns: the shapes and what their fields mean. Refuses: computing them (see `assemble`) and printing them.
//! Invariant: every number here is computed from cells, exits and ledgers; nothing is estimated twice.

mod cost;

use crate::cell::{Cell, RATINGS};
use crate::confidence::Confidence;
use crate::histogram::Histogram;
use crate::zone::Zone;
pub use cost::{
    ByteCost, CostSummary, FactsSummary, LedgerSummary, ReceivedBytes, RecordCost, SessionAccount, Within,
};
use nowait_wire::{ExitCause, ExitReason, Kind, Os};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the JSON form: raised when a field changes its meaning or goes away.
pub const REPORT_VERSION: u32 = 2;

/// What a report speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scope {
    /// The first moment of the span, in milliseconds since 1970 UTC.
    pub from_unix_ms: u64,
    /// The first moment after the span, in milliseconds since 1970 UTC.
    pub until_unix_ms: u64,
    /// In which its days are cut; UTC in the JSON of a collector that did not know of zones.
    #[serde(default)]
    pub zone: Zone,
    /// Which slice was asked for, as column and value, for example `app_version` and `8.2.0`; empty for everything.
    pub filters: BTreeMap<String, String>,
}

/// How waits ended, as counts of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcomes {
    /// The app answered.
    pub done: u64,
    /// The app answered with an error.
    pub failed: u64,
    /// Nothing answered a tap within 3 s.
    pub no_response: u64,
    /// The limit of the kind passed first.
    pub timed_out: u64,
    /// The app went to the background meanwhile.
    pub interrupted: u64,
    /// Frames were already flowing, so that none can be said to answer.
    pub already_animating: u64,
    /// The customer or the app gave it up.
    pub abandoned: u64,
    /// The process ended while the customer waited; 0 in the JSON of a collector that did not know of it.
    #[serde(default)]
    pub died: u64,
}

impl Outcomes {
    /// All events.
    #[must_use]
    pub fn total(&self) -> u64 {
        [self.done, self.unanswered_or_failed(), self.interrupted, self.already_animating, self.abandoned]
            .into_iter()
            .fold(0, u64::saturating_add)
    }

    /// Waits that got an error or no answer: `failed`, `no_response`, `timed_out` and `died`.
    #[must_use]
    pub fn unanswered_or_failed(&self) -> u64 {
        [self.failed, self.no_response, self.timed_out, self.died].into_iter().fold(0, u64::saturating_add)
    }

    /// Waits that got all they will ever get: `done` and [`Self::unanswered_or_failed`]. Shares and Apdex are of these.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.done.saturating_add(self.unanswered_or_failed())
    }
}

/// A distribution of durations in nanoseconds. A quantile is `null` when fewer than `1 / (1 - q)` durations
/// support it: p50 needs 2, p75 needs 4, p95 needs 20, p99 needs 100.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// How many durations.
    pub count: u64,
    /// Their exact mean.
    pub mean_ns: Option<u64>,
    /// The median, within 0.55 %.
    pub p50_ns: Option<u64>,
    /// Three quarters were at most this long, within 0.55 %.
    pub p75_ns: Option<u64>,
    /// 95 of 100 were at most this long, within 0.55 %.
    pub p95_ns: Option<u64>,
    /// 99 of 100 were at most this long, within 0.55 %.
    pub p99_ns: Option<u64>,
    /// The exact longest.
    pub max_ns: Option<u64>,
}

/// The figures of one touchpoint in one slice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// How its waits ended.
    pub outcomes: Outcomes,
    /// Its latencies: waits that were `done` or `failed`.
    pub latency: Latency,
    /// Customer time beyond the target, in nanoseconds: the sum of wait - target over all that was not in time, given up waits
    /// among them.
    pub lost_ns: u64,
    /// The same by how the waits ended: they add up to it. `null` in the JSON of a collector that did not tell.
    #[serde(default)]
    pub lost: Option<Lost>,
    /// Waits that were `done` within the target, up to the end of its bucket, as a share (0 to 1) of `done`, `failed`, `no_response`, `timed_out`
    /// and `died`; `null` if there are none of these.
    pub within_budget_share: Option<f64>,
    /// Apdex with T = the target: (satisfied + tolerating / 2) / all; errors and unanswered waits are frustrated. `null`
    /// where `within_budget_share` is.
    pub apdex: Option<f64>,
    /// How many installs; `null` where that is not known: in hours, and in the rows of a release or system.
    #[serde(default)]
    pub people: Option<PeopleFigures>,
    /// How far these figures could be from those of other customers like these; `null` where people are.
    #[serde(default)]
    pub confidence: Option<Confidence>,
}

/// Customer time beyond the target, in nanoseconds, by how the waits ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lost {
    /// Waits that were `done`, beyond the target.
    pub late_ns: u64,
    /// Waits that `failed`, had `no_response` or `timed_out`.
    pub failed_ns: u64,
    /// Waits that were `abandoned`.
    pub gave_up_ns: u64,
    /// Waits that `died`.
    pub died_ns: u64,
}

impl Lost {
    /// What waits of a cell took beyond a target.
    pub(crate) fn of(cell: &Cell, target_ns: u64) -> Lost {
        let excess = |of: &Histogram| of.excess_over(target_ns);
        Lost {
            late_ns: excess(cell.done()),
            failed_ns: excess(cell.failed()).saturating_add(excess(cell.unanswered())),
            gave_up_ns: excess(cell.given_up()),
            died_ns: excess(cell.died()),
        }
    }

    /// All of it.
    #[must_use]
    pub fn total_ns(&self) -> u64 {
        [self.late_ns, self.failed_ns, self.gave_up_ns, self.died_ns].into_iter().fold(0, u64::saturating_add)
    }
}

/// How many installs, estimated: a few are exact, many are within 2 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PeopleFigures {
    /// To whom it happened at all.
    pub waited: u64,
    /// Who waited beyond the target, as it was when their batches were stored, at least once.
    pub beyond_target: u64,
    /// For whom it `failed`, had `no_response`, `timed_out` or `died` at least once.
    pub failed: u64,
    /// Who `abandoned` it at least once.
    pub gave_up: u64,
}

/// The same figures for one value of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Slice {
    /// The value, for example `8.2.0` or `android`.
    pub value: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// One touchpoint where customers wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Touchpoint {
    /// The kind of wait.
    #[schemars(schema_with = "crate::schema::kind")]
    pub kind: Kind,
    /// Its registered name.
    pub name: String,
    /// What people call it; the name unless the budgets say otherwise.
    pub label: String,
    /// The target of its budget, in nanoseconds.
    pub target_ns: u64,
    /// The longest wait that counts as in time: the target, up to the end of its bucket.
    pub in_time_ns: u64,
    /// How much its lost time counts in the ranking.
    pub weight: f64,
    /// Its figures over everything.
    #[serde(flatten)]
    pub figures: Figures,
    /// By release, in the order of their versions.
    pub by_app_version: Vec<Slice>,
    /// By operating system.
    pub by_os: Vec<Slice>,
}

/// What is particular to screens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Screen {
    /// The screen.
    pub name: String,
    /// How its visits began.
    pub outcomes: Outcomes,
    /// Cause to first frame: time to initial display.
    pub shown: Latency,
    /// Cause to ready: time to full display.
    pub ready: Latency,
}

/// What is particular to taps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tap {
    /// The target.
    pub name: String,
    /// How its taps ended.
    pub outcomes: Outcomes,
    /// Touch up to the first frame after the handler ran.
    pub latency: Latency,
    /// Touch up to the moment its handler ran.
    pub handled: Latency,
    /// Times that customers tapped it three times or more within a second without an answer.
    pub rage_taps: u64,
}

/// A journey or a step and where its time went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Journey {
    /// Its name.
    pub name: String,
    /// What people call it; the name unless the budgets say otherwise.
    pub label: String,
    /// The longest time the app may make the customer wait in it, in nanoseconds.
    pub target_ns: u64,
    /// How it ended.
    pub outcomes: Outcomes,
    /// `done` as a share (0 to 1) of all; `null` if there are none.
    pub completion_share: Option<f64>,
    /// Begin to end, of those that were `done` or `failed`; so are all fields below.
    pub duration: Latency,
    /// The part of each in which the app worked.
    pub waiting: Latency,
    /// Time in which the app worked, in nanoseconds, summed.
    pub waiting_ns: u64,
    /// Time in which the customer worked, in nanoseconds, summed: duration - waiting - away.
    pub acting_ns: u64,
    /// Time in the background, in nanoseconds, summed.
    pub away_ns: u64,
    /// Waiting beyond the target, in nanoseconds, summed.
    pub lost_ns: u64,
}

/// What customers said of a journey or a touchpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rated {
    /// What they rated.
    pub name: String,
    /// How many said 1 (worst), 2, 3, 4 and 5 (best).
    pub counts: [u64; RATINGS],
}

impl Rated {
    /// How many ratings.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Their mean, 1 to 5; `None` if there are none.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let sum: f64 = self.counts.iter().zip(1_u8..).map(|(n, rating)| *n as f64 * f64::from(rating)).sum();
        (self.count() > 0).then(|| sum / self.count() as f64)
    }
}

/// A route and its answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// The route.
    pub name: String,
    /// The longest wait that counts as in time, in nanoseconds.
    pub target_ns: u64,
    /// The figures of its waits.
    #[serde(flatten)]
    pub figures: Figures,
    /// Answers by HTTP status class: `none`, `1xx`, `2xx`, `3xx`, `4xx`, `5xx`; classes without an answer are absent.
    pub statuses: BTreeMap<String, u64>,
}

/// How often the main thread stood still on a screen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hang {
    /// The screen.
    pub screen: String,
    /// How long it stood still.
    pub latency: Latency,
    /// The sum, in nanoseconds, without those that died.
    pub total_ns: u64,
    /// Times that it stood still until the process ended; 0 in the JSON of a collector that did not know of it.
    #[serde(default)]
    pub died: u64,
}

/// How smoothly a screen moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Frames {
    /// The screen.
    pub screen: String,
    /// Visits that drew frames.
    pub visits: u64,
    /// Frames drawn.
    pub frames: u64,
    /// Frames presented after their deadline.
    pub slow: u64,
    /// `slow` as a share (0 to 1) of `frames`; `null` if there are none.
    pub slow_share: Option<f64>,
    /// Frames that took longer than 700 ms.
    pub frozen: u64,
    /// How long the frozen frames took together, in nanoseconds.
    pub frozen_ns: u64,
}

/// One breadcrumb of a dead session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Crumb {
    /// What it marks.
    pub name: String,
    /// The number the app gave it.
    pub value: u64,
    /// How long before the last sign of life, in milliseconds.
    pub before_end_ms: u64,
}

/// One abnormal exit: what a store hands in, and what a report lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exit {
    /// The session that died, as text.
    pub session: String,
    /// Its release.
    pub app_version: String,
    /// The operating system family.
    #[schemars(schema_with = "crate::schema::os")]
    pub os: Os,
    /// The device model.
    pub device_model: String,
    /// Where it died.
    #[schemars(schema_with = "crate::schema::exit_reason")]
    pub reason: ExitReason,
    /// What ended it; unknown where a report of before does not say.
    #[serde(default)]
    #[schemars(schema_with = "crate::schema::exit_cause")]
    pub cause: ExitCause,
    /// Its last sign of life, in milliseconds since 1970 UTC.
    pub ended_unix_ms: u64,
    /// Session start to last sign of life, in nanoseconds.
    pub lived_ns: u64,
    /// What led to it, oldest first.
    pub trail: Vec<Crumb>,
}

/// Exits that died alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExitGroup {
    /// Where they died.
    #[schemars(schema_with = "crate::schema::exit_reason")]
    pub reason: ExitReason,
    /// What ended them; unknown where a report of before does not say.
    #[serde(default)]
    #[schemars(schema_with = "crate::schema::exit_cause")]
    pub cause: ExitCause,
    /// Their release.
    pub app_version: String,
    /// The operating system family.
    #[schemars(schema_with = "crate::schema::os")]
    pub os: Os,
    /// The last breadcrumb before the end; empty if there was none.
    pub last_crumb: String,
    /// How many.
    pub count: u64,
}

/// The abnormal exits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exits {
    /// How many there were.
    pub count: u64,
    /// By how they died, most frequent first.
    pub groups: Vec<ExitGroup>,
    /// The latest ones that did not die in the background (at most [`crate::limits::EXITS_LISTED_MAX`]), latest first.
    pub latest: Vec<Exit>,
}

/// Where customers wait. See docs/report.md for every definition.
///
/// Kinds overlap (a screen begins with the tap that caused it, a step contains both), so lost time is to be compared
/// between rows and not to be added up across kinds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// [`REPORT_VERSION`].
    pub report_version: u32,
    /// What it speaks of.
    pub scope: Scope,
    /// By section, how many rows there are besides those that are listed; sections that are listed whole are absent.
    #[serde(default)]
    pub left_out: BTreeMap<String, u64>,
    /// What stands in none of these figures, and how many there are of it: waits that cannot be true, rows that are damaged.
    #[serde(default)]
    pub uncounted: BTreeMap<String, u64>,
    /// Launches, screens, taps, actions and hangs, ranked by lost time times weight.
    pub touchpoints: Vec<Touchpoint>,
    /// Screens, most visited first.
    pub screens: Vec<Screen>,
    /// Taps, most tapped first.
    pub taps: Vec<Tap>,
    /// Journeys, most walked first.
    pub journeys: Vec<Journey>,
    /// Steps of journeys, ranked by lost time.
    pub steps: Vec<Journey>,
    /// Requests, ranked by lost time.
    pub requests: Vec<Request>,
    /// What customers rated, most ratings first; empty in the JSON of a collector that did not know of it.
    #[serde(default)]
    pub ratings: Vec<Rated>,
    /// Hangs by screen, longest total first.
    pub hangs: Vec<Hang>,
    /// Frames by screen, most slow frames first.
    pub frames: Vec<Frames>,
    /// Abnormal exits.
    pub exits: Exits,
    /// What NoWait itself cost; empty in the JSON of a collector that did not know of it.
    #[serde(default)]
    pub cost: CostSummary,
    /// Whether everything that was produced is accounted for.
    pub ledger: LedgerSummary,
}
