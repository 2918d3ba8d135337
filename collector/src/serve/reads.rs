//! Everything that is read: reports, comparisons, the page, the collector's own numbers.
//!
//! Owns: the form of each answer. Refuses: whose question it is (see `asked`), figures (see `store`) and markup (see `page`).
//! Invariant: an answer is made of what [`Asked`] found, which is one tenant's.

use super::access::Reader;
use super::asked::{Asked, Line};
use super::{Shared, refusal};
use crate::error::Error;
use crate::keys::Role;
use crate::page::{self, Page};
use crate::perfetto;
use crate::store;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{Html, IntoResponse, Response};
use nowait_report::limits::ROWS_LISTED_MAX;
use nowait_report::report::Scope;
use nowait_report::section::{self, Cell, SECTIONS_VERSION};
use nowait_report::{JourneyMap, Language, Report, Section};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

pub(super) fn report(asked: &Asked) -> Result<Response, Error> {
    Ok(axum::Json(asked.report()?).into_response())
}

/// A report as the tables that the terminal and the page show.
pub(super) fn sections(asked: &Asked) -> Result<Response, Error> {
    let report = asked.report()?;
    Ok(Sections::of(&report.scope, &report.uncounted, nowait_report::sections(&report)).response())
}

/// The latest releases side by side.
pub(super) fn releases_sections(asked: &Asked) -> Result<Response, Error> {
    let report = asked.report()?;
    Ok(Sections::of(&report.scope, &report.uncounted, section::of_releases(&report)).response())
}

/// The JSON of `GET /v1/sections` and of everything else that has a scope.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Sections<'a> {
    sections_version: u32,
    scope: &'a Scope,
    uncounted: &'a BTreeMap<String, u64>,
    sections: Vec<Section>,
}

impl<'a> Sections<'a> {
    fn of(scope: &'a Scope, uncounted: &'a BTreeMap<String, u64>, sections: Vec<Section>) -> Sections<'a> {
        Sections { sections_version: SECTIONS_VERSION, scope, uncounted, sections }
    }

    fn response(self) -> Response {
        axum::Json(self).into_response()
    }
}

/// The latest releases that were heard of, the oldest first.
pub(super) fn releases(asked: &Asked) -> Result<Response, Error> {
    let (tenant, _) = asked.meant()?;
    let mut releases = asked.store().app_versions(&tenant)?;
    releases.drain(..releases.len().saturating_sub(ROWS_LISTED_MAX));
    let pinned = asked.budgets().pinned().map(str::to_owned);
    Ok(axum::Json(Releases { releases, pinned }).into_response())
}

/// The JSON of `GET /v1/releases`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Releases {
    releases: Vec<String>,
    /// The release that every other one is held against, as the budgets file says (`pinned`); `null` if it says none.
    pinned: Option<String>,
}

pub(super) fn compare(asked: &Asked) -> Result<Response, Error> {
    Ok(axum::Json(&*asked.comparison()?).into_response())
}

/// A comparison as the tables that the terminal and the page show.
pub(super) fn compare_sections(asked: &Asked) -> Result<Response, Error> {
    let comparison = asked.comparison()?;
    let body = ComparedSections {
        sections_version: SECTIONS_VERSION,
        base: &comparison.base,
        head: &comparison.head,
        verdict: section::verdict(comparison.verdict),
        sections: section::of_comparison(&comparison),
    };
    Ok(axum::Json(body).into_response())
}

/// The JSON of `GET /v1/compare/sections`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ComparedSections<'a> {
    sections_version: u32,
    base: &'a str,
    head: &'a str,
    verdict: Cell,
    sections: Vec<Section>,
}

/// The touchpoints of a report, day by day.
pub(super) fn daily(asked: &Asked) -> Result<Response, Error> {
    Ok(axum::Json(asked.daily()?).into_response())
}

/// The same as the table that the terminal and the page show.
pub(super) fn daily_sections(asked: &Asked) -> Result<Response, Error> {
    let daily = asked.daily()?;
    Ok(Sections::of(&daily.scope, &daily.uncounted, section::of_daily(&daily)).response())
}

/// One touchpoint in detail.
pub(super) fn touchpoint(asked: &Asked) -> Result<Response, Error> {
    Ok(axum::Json(asked.detail()?).into_response())
}

/// The same as the tables that the terminal and the page show.
pub(super) fn touchpoint_sections(asked: &Asked) -> Result<Response, Error> {
    let detail = asked.detail()?;
    Ok(Sections::of(&detail.scope, &detail.uncounted, section::of_detail(&detail)).response())
}

/// A month of service.
pub(super) fn service(asked: &Asked) -> Result<Response, Error> {
    Ok(axum::Json(asked.service()?).into_response())
}

/// The same as the tables that the file and the page show.
pub(super) fn service_sections(asked: &Asked) -> Result<Response, Error> {
    let service = asked.service()?;
    let body = ServiceSections {
        month: &service.month,
        of: Sections::of(&service.report.scope, &service.report.uncounted, section::of_service(&service)),
    };
    Ok(axum::Json(body).into_response())
}

/// The JSON of `GET /v1/service/sections`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ServiceSections<'a> {
    month: &'a str,
    #[serde(flatten)]
    of: Sections<'a>,
}

/// The same as a file that needs nothing beside it.
pub(super) fn service_file(asked: &Asked) -> Result<Response, Error> {
    let service = asked.service()?;
    let head = [(header::CONTENT_DISPOSITION, kept_as(&format!("nowait-{}.html", service.month))?)];
    Ok((head, Html(page::service(&service, Language::En))).into_response())
}

/// One journey, step by step and across channels.
pub(super) fn journey(asked: &Asked) -> Result<Response, Error> {
    Ok(axum::Json(asked.journey()?).into_response())
}

/// The same as the tables that the terminal and the page show.
pub(super) fn journey_sections(asked: &Asked) -> Result<Response, Error> {
    let map = asked.journey()?;
    let of = Sections::of(&map.scope, &map.uncounted, section::of_journey(&map));
    Ok(axum::Json(JourneySections { journey: &map, of }).into_response())
}

/// The JSON of `GET /v1/journey/sections`: a journey is read from all of its sessions, so that nobody has to ask for it twice.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct JourneySections<'a> {
    /// What its curve is drawn from.
    journey: &'a JourneyMap,
    #[serde(flatten)]
    of: Sections<'a>,
}

/// All journeys without a script, or the one that is asked for.
pub(super) fn plain_journeys(asked: &Asked) -> Result<Response, Error> {
    let (tenant, query) = asked.of_no_comparison_beside("journey")?;
    let report = store::report(asked.store(), &tenant, &query, asked.budgets())?;
    let tables = if asked.ask.journey.is_empty() {
        let mut tables = nowait_report::sections(&report);
        tables.retain(|table| matches!(table.key, "journeys" | "steps"));
        tables
    } else {
        section::of_journey(&asked.journey()?)
    };
    let names: Vec<_> = report.journeys.iter().map(|of| (of.name.as_str(), of.label.as_str())).collect();
    let nonce = Uuid::new_v4().simple().to_string();
    Ok(shown(page::journeys(&asked.ask, &names, &tables, &nonce), &nonce))
}

/// One session, event by event.
pub(super) fn session(asked: &Asked) -> Result<Response, Error> {
    Ok(axum::Json(asked.timeline()?).into_response())
}

/// The same as tables.
pub(super) fn session_sections(asked: &Asked) -> Result<Response, Error> {
    let sections = section::of_session(&asked.timeline()?);
    Ok(axum::Json(SessionSections { sections_version: SECTIONS_VERSION, sections }).into_response())
}

/// The JSON of `GET /v1/session/sections`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SessionSections {
    sections_version: u32,
    sections: Vec<Section>,
}

/// The same as a trace of Perfetto, to be kept as a file.
pub(super) fn session_trace(asked: &Asked) -> Result<Response, Error> {
    let (tenant, question, _) = asked.question()?;
    let session = store::session_meant(&question)?;
    let batches = asked.store().session(&tenant, session)?;
    if batches.is_empty() {
        return Err(Error::no_data(format!("there is no batch of session {session}")));
    }
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, kept_as(&format!("{session}.perfetto-trace"))?),
    ];
    Ok((head, perfetto::trace(&batches)).into_response())
}

/// Says under which name a browser keeps an answer: one of ours, without a quote.
fn kept_as(name: &str) -> Result<HeaderValue, Error> {
    let kept = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    kept.map_err(|_| Error::input("the answer has no name that a browser takes"))
}

pub(super) fn check(asked: &Asked) -> Result<Response, Error> {
    asked.refuse_stray()?;
    let (tenant, query) = asked.meant()?;
    if asked.ask.releases()?.is_some() {
        return Err(Error::input("base and head: a check is of one version; leave them out"));
    }
    let version = query.filter.version.clone();
    let version = version.ok_or_else(|| {
        Error::input("version: name the release to check, for example /v1/check?version=8.2.0")
    })?;
    let (budgets, now_unix_ms) = (asked.budgets(), asked.now_unix_ms());
    let found = store::check(asked.store(), &tenant, &query, &version, budgets, now_unix_ms)?;
    Ok(axum::Json(found).into_response())
}

pub(super) fn plain(asked: &Asked) -> Result<Response, Error> {
    asked.refuse_stray()?;
    let ((tenant, query), ask, store) = (asked.meant()?, &asked.ask, asked.store());
    let report: Report = store::report(store, &tenant, &query, asked.budgets())?;
    let releases = ask.releases()?;
    let comparison = releases.map(|releases| asked.compared(&tenant, &query, releases)).transpose()?;
    let app_versions = store.app_versions(&tenant)?;
    let nonce = Uuid::new_v4().simple().to_string();
    let page = Page {
        ask,
        report: &report,
        comparison: comparison.as_deref(),
        app_versions: &app_versions,
        signed_in: asked.reader.signed_in(),
    };
    Ok(shown(page::render(&page, &nonce), &nonce))
}

/// A document with its one style. A page with a form tells its own site where the form comes from; with `no-referrer` a browser
/// would say `Origin: null`.
pub(super) fn shown(html: String, nonce: &str) -> Response {
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut response = Html(html).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// Who asks, and what they may see.
pub(super) async fn reader(Extension(reader): Extension<Reader>) -> Response {
    let is_signed_in = reader.signed_in().is_some();
    let tenant = Some(reader.name()).filter(|name| !name.is_empty());
    axum::Json(Who { tenant, role: reader.role(), is_signed_in }).into_response()
}

/// The JSON of `GET /v1/reader`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Who<'a> {
    /// The tenant whose figures it sees; `null` if that is every one on this machine.
    tenant: Option<&'a str>,
    role: Role,
    /// Whether a cookie says so, so that there is something to sign out of.
    is_signed_in: bool,
}

/// For admins: the numbers are of all tenants together.
pub(super) async fn status(
    State(shared): State<Arc<Shared>>,
    Extension(reader): Extension<Reader>,
    line: Line,
) -> Response {
    if reader.role() != Role::Admin {
        let reason = "these numbers are of all tenants together: they need a read token whose role is admin";
        return refusal(StatusCode::FORBIDDEN, reason);
    }
    let connections = line.map(|Extension(seat)| seat.door().figures());
    axum::Json(shared.counters.status(shared.config.remote, connections)).into_response()
}
