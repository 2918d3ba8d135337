//! A release against the limits that a team has set itself.
//!
//! Owns: which limits are kept, broken, or neither for all that is known. Refuses: reading the limits (see `budget`) and the other
//! release (see `compare`).
//! Invariant: a limit is broken only where the whole interval lies beyond it; what an exception covers is told, and fails nothing.

use crate::budget::{Budgets, Limit, Objective};
use crate::curve::bucket_place;
use crate::figures;
use crate::interval::Interval;
use crate::pair::Pair;
use crate::side::{Ending, Side};
use crate::spread::Level;
use crate::verdict::{CompareOptions, Figure};
use nowait_wire::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The chance (0 to 1) that the interval of a limit's figure misses.
const ERROR_SHARE_MAX: f64 = 0.05;

/// What can be said of a limit, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "LimitStatus")]
pub enum Status {
    /// It is not kept.
    Broken,
    /// It is not kept, and until a day that has not passed nobody minds.
    Excepted,
    /// The figure lies beyond it, and by chance alone it might.
    Unsure,
    /// Too few waits or sessions to say anything.
    TooFewSamples,
    /// It is kept, or not provably broken.
    Kept,
}

/// One limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LimitCheck {
    /// The kind of wait.
    #[schemars(schema_with = "crate::schema::kind")]
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// What is limited: `p50`, `p75` and `p95` from above, in nanoseconds; `in_time` from below and `unanswered` from above, as
    /// shares from 0 to 1.
    pub figure: Figure,
    /// The limit.
    pub limit: f64,
    /// What the release has; `null` if nothing is known.
    pub value: Option<f64>,
    /// The lower end of its interval at 95 %; `null` if the samples do not bound it.
    pub low: Option<f64>,
    /// The upper end; `null` if the samples do not bound it.
    pub high: Option<f64>,
    /// How many waits there are.
    pub waits: u64,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Until which day, `YYYY-MM-DD` in UTC, nobody minds.
    pub exception_until: Option<String>,
    /// What that says.
    pub status: Status,
}

/// A release against all limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// The release.
    pub version: String,
    /// The day of the check, `YYYY-MM-DD` in UTC: by it exceptions have passed.
    pub day: String,
    /// The limits, broken ones first.
    pub limits: Vec<LimitCheck>,
    /// The release that these limits say to compare with.
    pub pinned: Option<String>,
}

impl Check {
    /// Holds a release against the limits of these budgets on a day, `YYYY-MM-DD`.
    #[must_use]
    pub fn new((version, side): (&str, &Side), budgets: &Budgets, day: &str) -> Check {
        let mut limits: Vec<LimitCheck> =
            budgets.limits().iter().map(|limit| checked(limit, side, budgets, day)).collect();
        limits.sort_by_key(|limit| limit.status);
        Check {
            version: version.to_owned(),
            day: day.to_owned(),
            limits,
            pinned: budgets.pinned().map(str::to_owned),
        }
    }

    /// Whether any limit has this status.
    #[must_use]
    pub fn has(&self, status: Status) -> bool {
        self.limits.iter().any(|limit| limit.status == status)
    }
}

fn checked(limit: &Limit, side: &Side, budgets: &Budgets, day: &str) -> LimitCheck {
    let pair = side.waits(&(limit.kind, limit.name.clone())).map(|waits| Pair::new(waits, waits));
    let waits = pair.as_ref().map_or(0, |pair| pair.base.count);
    let level = Level { error_share: ERROR_SHARE_MAX, at_every_look: false };
    let (figure, most, is_floor) = match limit.objective {
        Objective::QuantileAtMost(figure, most_ns) => (figure, most_ns as f64, false),
        Objective::InTimeAtLeast(least) => (Figure::InTime, least, true),
        Objective::UnansweredAtMost(most) => (Figure::Unanswered, most, false),
    };
    let found = pair.as_ref().and_then(|pair| {
        let target = bucket_place(budgets.of(limit.kind, &limit.name).target_ns);
        let is_in_time = |place, ending| pair.is_in_time(target, place, ending);
        match figure {
            Figure::InTime => figures::share_of(&pair.base, is_in_time, level),
            Figure::Unanswered => figures::share_of(&pair.base, |_, ending| ending != Ending::Done, level),
            Figure::P50 | Figure::P75 | Figure::P95 | Figure::Longer => {
                figures::quantile_of(&pair.base, quantile(figure), level)
            }
        }
    });
    let is_excepted = limit.exception_until.as_deref().is_some_and(|until| day <= until);
    let status = match found {
        Some(found) if waits >= CompareOptions::default().samples_min => {
            match beyond(found, most, is_floor) {
                Beyond::All if is_excepted => Status::Excepted,
                Beyond::All => Status::Broken,
                Beyond::Some => Status::Unsure,
                Beyond::None => Status::Kept,
            }
        }
        _ => Status::TooFewSamples,
    };
    let end = |end: f64| Some(end).filter(|end| end.is_finite());
    LimitCheck {
        kind: limit.kind,
        name: limit.name.clone(),
        figure,
        limit: most,
        value: found.map(|found| found.value),
        low: found.and_then(|found| end(found.low)),
        high: found.and_then(|found| end(found.high)),
        waits,
        owner: limit.owner.clone(),
        exception_until: limit.exception_until.clone(),
        status,
    }
}

fn quantile(figure: Figure) -> f64 {
    match figure {
        Figure::P50 => 0.5,
        Figure::P95 => 0.95,
        _ => 0.75,
    }
}

/// How much of an interval lies beyond a limit.
enum Beyond {
    All,
    /// The figure itself, but not all of the interval.
    Some,
    None,
}

fn beyond(found: Interval, limit: f64, is_floor: bool) -> Beyond {
    let (nearest, value) = if is_floor {
        (limit - found.high, limit - found.value)
    } else {
        (found.low - limit, found.value - limit)
    };
    if nearest > 0.0 {
        Beyond::All
    } else if value > 0.0 {
        Beyond::Some
    } else {
        Beyond::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::side::Stratum;
    use nowait_wire::{Event, NameId, Outcome};

    const MS: u64 = 1_000_000;

    /// Sessions of two taps that take 200 to 299 ms, every tenth of which fails.
    fn side(sessions: u64) -> Side {
        let mut side = Side::new();
        for session in 0..sessions {
            let tap = |at: u64| {
                let nth = session * 2 + at;
                let outcome = if nth.is_multiple_of(10) { Outcome::Failed } else { Outcome::Done };
                let duration_ns = (200 + nth * 37 % 100) * MS;
                (
                    Stratum::UNKNOWN,
                    "Pay",
                    Event { duration_ns, outcome, ..Event::new(Kind::Tap, NameId::NONE) },
                )
            };
            side.add_whole_session([tap(0), tap(1)]);
        }
        side
    }

    fn statuses(side: &Side, limits: &str, day: &str) -> Vec<(Figure, Status)> {
        let text = format!("[[limit]]\nkind = \"tap\"\nname = \"Pay\"\n{limits}");
        let check = Check::new(("8.2.0", side), &Budgets::parse(&text).unwrap(), day);
        check.limits.iter().map(|limit| (limit.figure, limit.status)).collect()
    }

    #[test]
    fn a_limit_is_broken_where_no_chance_is_left() {
        let day = "2026-03-05";
        let side = side(500);
        assert_eq!(
            statuses(
                &side,
                "p50_ms = 260\np75_ms = 230\np95_ms = 297\nin_time_min = 0.5\nfailed_max = 0.2",
                day
            ),
            [
                (Figure::P75, Status::Broken),
                (Figure::InTime, Status::Broken),
                (Figure::P50, Status::Kept),
                (Figure::P95, Status::Kept),
                (Figure::Unanswered, Status::Kept),
            ],
            "in time is within 100 ms, the target of a tap"
        );
        assert_eq!(statuses(&side, "p75_ms = 274.2", day), [(Figure::P75, Status::Unsure)]);
        let excepted = "p75_ms = 230\nexception_until = 2026-03-05";
        assert_eq!(statuses(&side, excepted, day), [(Figure::P75, Status::Excepted)]);
        assert_eq!(statuses(&side, excepted, "2026-03-06"), [(Figure::P75, Status::Broken)], "it has passed");
        assert_eq!(statuses(&self::side(20), "p75_ms = 230", day), [(Figure::P75, Status::TooFewSamples)]);
        assert_eq!(statuses(&Side::new(), "p75_ms = 230", day), [(Figure::P75, Status::TooFewSamples)]);
    }
}
