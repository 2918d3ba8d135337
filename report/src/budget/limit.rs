//! Limits: what a team promises of a touchpoint, and who answers for it.
//!
//! Owns: the TOML form of `[[limit]]`. Refuses: whether a limit is kept (see `check`).
//! Invariant: a limit limits something.

use super::read::{known_kind, milliseconds, share, wrong};
use crate::error::Error;
use crate::verdict::Figure;
use nowait_wire::Kind;
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

/// What a team promises of a touchpoint, and who answers for it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Limit {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) objective: Objective,
    pub(crate) owner: Option<String>,
    /// The last day, `YYYY-MM-DD`, on which nobody minds that it is broken.
    pub(crate) exception_until: Option<String>,
}

/// A figure and the limit that it has to keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Objective {
    /// A quantile, in nanoseconds.
    QuantileAtMost(Figure, u64),
    /// The share that is done within the target.
    InTimeAtLeast(f64),
    /// The share that fails, has no answer or is given up.
    UnansweredAtMost(f64),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitEntry {
    kind: Spanned<String>,
    name: Spanned<String>,
    p50_ms: Option<Spanned<f64>>,
    p75_ms: Option<Spanned<f64>>,
    p95_ms: Option<Spanned<f64>>,
    in_time_min: Option<Spanned<f64>>,
    failed_max: Option<Spanned<f64>>,
    owner: Option<String>,
    exception_until: Option<Spanned<Datetime>>,
}

impl LimitEntry {
    pub(super) fn limits(&self, text: &str) -> Result<Vec<Limit>, Error> {
        let mut objectives = Vec::new();
        let quantiles = [
            (Figure::P50, "p50_ms", &self.p50_ms),
            (Figure::P75, "p75_ms", &self.p75_ms),
            (Figure::P95, "p95_ms", &self.p95_ms),
        ];
        for (figure, key, most_ms) in quantiles {
            let most_ns = milliseconds(text, key, most_ms.as_ref())?;
            objectives.extend(most_ns.map(|most_ns| Objective::QuantileAtMost(figure, most_ns)));
        }
        let in_time = share(text, "in_time_min", self.in_time_min.as_ref())?;
        objectives.extend(in_time.map(Objective::InTimeAtLeast));
        let failed = share(text, "failed_max", self.failed_max.as_ref())?;
        objectives.extend(failed.map(Objective::UnansweredAtMost));
        if objectives.is_empty() {
            let what = "it limits nothing; write p50_ms, p75_ms, p95_ms, in_time_min or failed_max";
            return Err(wrong(text, &self.name, "limit", what));
        }
        let exception_until = match &self.exception_until {
            None => None,
            Some(until) => Some(until.get_ref().date.map(|date| date.to_string()).ok_or_else(|| {
                wrong(text, until, "exception_until", "it is no day; write one, for example 2026-12-31")
            })?),
        };
        let kind = known_kind(text, &self.kind)?;
        let limit = |objective| Limit {
            kind,
            name: self.name.get_ref().clone(),
            objective,
            owner: self.owner.clone(),
            exception_until: exception_until.clone(),
        };
        Ok(objectives.into_iter().map(limit).collect())
    }
}
