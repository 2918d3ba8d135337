//! The read API: each address that is asked for figures, the words that it takes, and what comes back.
//!
//! The router and the description are both made of one table, and each answer's schema of the type that is serialised.
//!
//! Owns: the table. Refuses: answering (see `reads`), and how it is written down (see `openapi`).
//! Invariant: what is answered is described.

use super::asked::{Asked, asked};
use super::gaps::Tables;
use super::reads::{
    self, ComparedSections, JourneySections, Releases, Sections, ServiceSections, SessionSections,
};
use super::{Shared, arrivals, gaps, indicators, listening, map, openapi};
use crate::error::Error;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use nowait_report::feedback::Listening;
use nowait_report::gaps::{Gaps, Targets};
use nowait_report::indicator::{Experiences, Trends};
use nowait_report::life::LifeMap;
use nowait_report::rated::Explained;
use nowait_report::{Arrivals, Check, Comparison, Daily, Detail, JourneyMap, Report, Service, Timeline};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::sync::Arc;

/// Words that choose a part of the customers.
const FILTER: &[&str] = &["tenant", "version", "os", "tier", "network", "country", "model", "dimension"];
/// The same where each release is told.
const OF_RELEASES: &[&str] = &["tenant", "os", "tier", "network", "country", "model", "dimension"];
/// The same of reviews, of which the only dimension is the channel.
const OF_REVIEWS: &[&str] = &["tenant", "version", "dimension"];
/// Words that choose a span of time.
const SPAN: &[&str] = &["hours", "since", "until"];
/// Words of a comparison.
const COMPARED: &[&str] = &["base", "head", "min_effect", "every_look", "strata"];

/// An address that is asked for figures.
pub(super) struct Read {
    pub(super) path: &'static str,
    /// What comes back, in a sentence.
    pub(super) summary: &'static str,
    pub(super) words: &'static [&'static [&'static str]],
    /// Those without which there is no answer.
    pub(super) required: &'static [&'static str],
    work: fn(&Asked) -> Result<Response, Error>,
    pub(super) answer: Answer,
}

/// What comes back.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// Something else, by its media type.
    Other(&'static str),
}

/// An answer of this type.
const fn json<T: JsonSchema>() -> Answer {
    Answer::Json(SchemaGenerator::subschema_for::<T>)
}

/// An address that takes these words.
const fn read(
    path: &'static str,
    summary: &'static str,
    words: &'static [&'static [&'static str]],
    work: fn(&Asked) -> Result<Response, Error>,
    answer: Answer,
) -> Read {
    Read { path, summary, words, required: &[], work, answer }
}

impl Read {
    const fn requires(self, required: &'static [&'static str]) -> Read {
        Read { required, ..self }
    }
}

/// All of them.
pub(super) const READS: &[Read] = &[
    read(
        "/v1/releases",
        "The latest releases that were heard of, the oldest first",
        &[&["tenant"]],
        reads::releases,
        json::<Releases>(),
    ),
    read(
        "/v1/releases/sections",
        "The latest releases side by side, as tables",
        &[FILTER, SPAN, &["page"]],
        reads::releases_sections,
        json::<Sections>(),
    ),
    read(
        "/v1/report",
        "Where customers wait, how long, how many of them",
        &[FILTER, SPAN, &["page"]],
        reads::report,
        json::<Report>(),
    ),
    read(
        "/v1/sections",
        "The report as tables",
        &[FILTER, SPAN, &["page"]],
        reads::sections,
        json::<Sections>(),
    ),
    read(
        "/v1/arrivals",
        "What arrives from devices, what found no room, and what could not be read",
        &[&["tenant"]],
        arrivals::arrivals,
        json::<Arrivals>(),
    ),
    read(
        "/v1/arrivals/sections",
        "What arrives from devices, as tables; for an admin with what was not taken",
        &[&["tenant"]],
        arrivals::sections,
        json::<Tables>(),
    ),
    read(
        "/v1/daily",
        "The touchpoints of the report day by day",
        &[FILTER, SPAN, &["page"]],
        reads::daily,
        json::<Daily>(),
    ),
    read(
        "/v1/daily/sections",
        "The touchpoints of the report day by day, as a table",
        &[FILTER, SPAN, &["page"]],
        reads::daily_sections,
        json::<Sections>(),
    ),
    read(
        "/v1/touchpoint",
        "One touchpoint in detail",
        &[FILTER, SPAN, &["touchpoint", "by"]],
        reads::touchpoint,
        json::<Detail>(),
    )
    .requires(&["touchpoint"]),
    read(
        "/v1/touchpoint/sections",
        "One touchpoint in detail, as tables",
        &[FILTER, SPAN, &["touchpoint", "by"]],
        reads::touchpoint_sections,
        json::<Sections>(),
    )
    .requires(&["touchpoint"]),
    read(
        "/v1/service",
        "A month of service beside the month before",
        &[FILTER, &["month"]],
        reads::service,
        json::<Service>(),
    ),
    read(
        "/v1/service/sections",
        "A month of service beside the month before, as tables",
        &[FILTER, &["month"]],
        reads::service_sections,
        json::<ServiceSections>(),
    ),
    read(
        "/v1/service/file",
        "A month of service as one HTML file in three languages",
        &[FILTER, &["month"]],
        reads::service_file,
        Answer::Other("text/html"),
    ),
    read(
        "/v1/journey",
        "One journey, step by step and across channels",
        &[FILTER, SPAN, &["journey"]],
        reads::journey,
        json::<JourneyMap>(),
    )
    .requires(&["journey"]),
    read(
        "/v1/journey/sections",
        "One journey, with its tables",
        &[FILTER, SPAN, &["journey"]],
        reads::journey_sections,
        json::<JourneySections>(),
    )
    .requires(&["journey"]),
    read(
        "/v1/session",
        "One session, event by event",
        &[&["tenant", "session"]],
        reads::session,
        json::<Timeline>(),
    )
    .requires(&["session"]),
    read(
        "/v1/session/sections",
        "One session, as tables",
        &[&["tenant", "session"]],
        reads::session_sections,
        json::<SessionSections>(),
    )
    .requires(&["session"]),
    read(
        "/v1/session/trace",
        "One session as a trace of Perfetto",
        &[&["tenant", "session"]],
        reads::session_trace,
        Answer::Other("application/octet-stream"),
    )
    .requires(&["session"]),
    read(
        "/v1/compare",
        "One release against another, with a verdict",
        &[OF_RELEASES, SPAN, COMPARED],
        reads::compare,
        json::<Comparison>(),
    )
    .requires(&["base", "head"]),
    read(
        "/v1/compare/sections",
        "One release against another, as tables",
        &[OF_RELEASES, SPAN, COMPARED],
        reads::compare_sections,
        json::<ComparedSections>(),
    )
    .requires(&["base", "head"]),
    read(
        "/v1/check",
        "A release against the limits of the collector's budgets",
        &[FILTER, SPAN],
        reads::check,
        json::<Check>(),
    )
    .requires(&["version"]),
    read(
        "/v1/gaps",
        "How far the bank is from what its customers expect",
        &[FILTER, SPAN, &["factor"]],
        gaps::gaps,
        json::<Gaps>(),
    ),
    read(
        "/v1/gaps/sections",
        "How far the bank is from what its customers expect, as tables",
        &[FILTER, SPAN, &["factor"]],
        gaps::sections,
        json::<Tables>(),
    ),
    read(
        "/v1/gaps/targets",
        "What the latest releases did for the gaps that were chosen",
        &[OF_RELEASES, SPAN],
        gaps::targets,
        json::<Targets>(),
    ),
    read(
        "/v1/gaps/targets/sections",
        "What the latest releases did for the gaps that were chosen, as tables",
        &[OF_RELEASES, SPAN],
        gaps::targets_sections,
        json::<Tables>(),
    ),
    read(
        "/v1/indicators",
        "How customers fare, by the indicators of the collector's budgets",
        &[FILTER, SPAN],
        indicators::indicators,
        json::<Experiences>(),
    ),
    read(
        "/v1/indicators/sections",
        "How customers fare, as tables",
        &[FILTER, SPAN],
        indicators::sections,
        json::<Tables>(),
    ),
    read(
        "/v1/indicators/months",
        "How customers fared in each of the last twelve months",
        &[FILTER],
        indicators::months,
        json::<Trends>(),
    ),
    read(
        "/v1/indicators/months/sections",
        "How customers fared in each of the last twelve months, as tables",
        &[FILTER],
        indicators::months_sections,
        json::<Tables>(),
    ),
    read(
        "/v1/listening",
        "What customers say in reviews and calls, of the own product and of others",
        &[OF_REVIEWS, SPAN],
        listening::listening,
        json::<Listening>(),
    ),
    read(
        "/v1/listening/sections",
        "What customers say in reviews and calls, as tables",
        &[OF_REVIEWS, SPAN],
        listening::sections,
        json::<Tables>(),
    ),
    read(
        "/v1/listening/ratings",
        "Whether waiting explains what customers said in the app",
        &[FILTER, SPAN],
        listening::ratings,
        json::<Explained>(),
    ),
    read(
        "/v1/listening/ratings/sections",
        "Whether waiting explains what customers said in the app, as tables",
        &[FILTER, SPAN],
        listening::ratings_sections,
        json::<Tables>(),
    ),
    read(
        "/v1/map",
        "The touchpoints that the budgets place in a customer's life",
        &[FILTER, SPAN],
        map::map,
        json::<LifeMap>(),
    ),
    read(
        "/v1/map/sections",
        "The touchpoints that the budgets place in a customer's life, as tables",
        &[FILTER, SPAN],
        map::sections,
        json::<Tables>(),
    ),
];

/// The addresses as routes.
pub(super) fn router() -> Router<Arc<Shared>> {
    let reads = READS.iter().fold(Router::new(), |all, read| all.route(read.path, asked(read.work)));
    reads
        .route("/v1/reader", get(reads::reader))
        .route("/v1/status", get(reads::status))
        .route("/v1/openapi.json", get(|| async { axum::Json(openapi::described()) }))
}
