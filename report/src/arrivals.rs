//! What arrives from the customers' devices, what found no room, and what could not be read: whether the figures can be trusted.
//!
//! Owns: the form of the answer. Refuses: counting (the store does), and figures of waits.
//! Invariant: it tells numbers of devices, and of none of them anything else.

use schemars::JsonSchema;
use serde::Serialize;

/// What arrives, as of a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Arrivals {
    /// The moment of the question, in milliseconds since 1970 UTC.
    pub asked_unix_ms: u64,
    /// When the latest batch that is kept came, in milliseconds since 1970 UTC; `null` if none is kept.
    pub latest_unix_ms: Option<u64>,
    /// Who told of themselves lately, the latest first.
    pub spans: Vec<Reporting>,
    /// How much of each budget is used.
    pub room: Vec<Room>,
    /// Rows that could not be read and were set apart, by table and reason, the most first, ten at most.
    pub set_apart: Vec<SetApart>,
}

/// How many told of themselves in a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Reporting {
    /// Which span.
    pub span: Lately,
    /// Sessions that began in it; `null` where there were too many since to be counted.
    pub sessions: Option<u64>,
    /// Installs that these are of.
    pub installs: Option<u64>,
}

/// A span before the question, by whole hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lately {
    /// The last 24 hours.
    LastDay,
    /// The 24 hours before.
    DayBefore,
    /// The last seven days.
    LastWeek,
    /// The seven days before.
    WeekBefore,
}

impl Lately {
    /// All of them, as they are told.
    pub const ALL: [Lately; 4] = [Lately::LastDay, Lately::DayBefore, Lately::LastWeek, Lately::WeekBefore];

    /// Its word, as in the JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Lately::LastDay => "last_day",
            Lately::DayBefore => "day_before",
            Lately::LastWeek => "last_week",
            Lately::WeekBefore => "week_before",
        }
    }

    /// How many hours before the question it begins and ends.
    #[must_use]
    pub const fn hours_ago(self) -> (u32, u32) {
        match self {
            Lately::LastDay => (24, 0),
            Lately::DayBefore => (48, 24),
            Lately::LastWeek => (7 * 24, 0),
            Lately::WeekBefore => (14 * 24, 7 * 24),
        }
    }
}

/// How much of a budget is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Room {
    /// What is counted.
    pub what: Counted,
    /// How many there are.
    pub used: u64,
    /// As many have room.
    pub most: u64,
    /// Whether some found none, and are counted together under `(other)`, or answered from batches alone.
    pub is_beyond: bool,
}

/// What has a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Names of touchpoints, each with its kind.
    Names,
    /// Releases, each on its operating system.
    Releases,
    /// Tiers, networks, countries and values of dimensions with rollups of their own.
    Segments,
}

impl Counted {
    /// Its word, as in the JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Counted::Names => "names",
            Counted::Releases => "releases",
            Counted::Segments => "segments",
        }
    }
}

/// Rows of one table that could not be read for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SetApart {
    /// The table.
    pub table: String,
    /// What is wrong with them.
    pub why: String,
    /// How many.
    pub count: u64,
}
