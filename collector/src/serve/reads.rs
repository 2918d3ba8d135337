//! Everything that is read: reports, comparisons, the page, the collector's own numbers.
//!
//! Owns: turning an address into a question. Refuses: figures (see `store`) and markup (see `page`).
//! Invariant: a reader who came with a token sees that token's tenant and no other; and what is worked on is waited for, or
//! told to stop.

use super::access::Reader;
use super::counters::{Counters, Read};
use super::door::{Phase, Seat};
use super::{Shared, refusal, retry_later, sent};
use crate::ask::{Ask, Question};
use crate::cancel::Cancel;
use crate::error::Error;
use crate::keys::Role;
use crate::limits::{READ_TIMEOUT, RETRY_AFTER_BUSY_S};
use crate::page::{self, Page};
use crate::perfetto;
use crate::priority;
use crate::store::{self, Query, Store};
use axum::extract::{Extension, Query as Words, State};
use axum::http::header::{self, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use nowait_report::limits::ROWS_LISTED_MAX;
use nowait_report::report::Scope;
use nowait_report::section::{self, Cell, SECTIONS_VERSION};
use nowait_report::{Budgets, Comparison, Detail, JourneyMap, Language, Report, Section, Service, Timeline};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// A question, and everything that its answer is made of.
pub(super) struct Asked {
    shared: Arc<Shared>,
    reader: Reader,
    ask: Ask,
    cancel: Cancel,
}

/// The connection that a question came on; there is none without a socket.
type Line = Option<Extension<Arc<Seat>>>;

/// An address whose questions are answered by this.
pub(super) fn asked(work: fn(&Asked) -> Result<Response, Error>) -> MethodRouter<Arc<Shared>> {
    get(move |State(shared), Extension(reader), line: Line, uri: Uri| async move {
        answer(shared, reader, line, &uri, work).await
    })
}

pub(super) fn report(asked: &Asked) -> Result<Response, Error> {
    Ok(axum::Json(asked.report()?).into_response())
}

/// A report as the tables that the terminal and the page show.
pub(super) fn sections(asked: &Asked) -> Result<Response, Error> {
    let report = asked.report()?;
    let body = Sections {
        sections_version: SECTIONS_VERSION,
        scope: &report.scope,
        uncounted: &report.uncounted,
        sections: nowait_report::sections(&report),
    };
    Ok(axum::Json(body).into_response())
}

/// The latest releases side by side.
pub(super) fn releases_sections(asked: &Asked) -> Result<Response, Error> {
    let report = asked.report()?;
    let body = Sections {
        sections_version: SECTIONS_VERSION,
        scope: &report.scope,
        uncounted: &report.uncounted,
        sections: section::of_releases(&report),
    };
    Ok(axum::Json(body).into_response())
}

/// The JSON of `GET /v1/sections`.
#[derive(Debug, Serialize)]
struct Sections<'a> {
    sections_version: u32,
    scope: &'a Scope,
    uncounted: &'a BTreeMap<String, u64>,
    sections: Vec<Section>,
}

/// The latest releases that were heard of, the oldest first.
pub(super) fn releases(asked: &Asked) -> Result<Response, Error> {
    let (tenant, _) = asked.meant()?;
    let mut releases = asked.store().app_versions(&tenant)?;
    releases.drain(..releases.len().saturating_sub(ROWS_LISTED_MAX));
    Ok(axum::Json(Releases { releases }).into_response())
}

/// The JSON of `GET /v1/releases`.
#[derive(Debug, Serialize)]
struct Releases {
    releases: Vec<String>,
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
#[derive(Debug, Serialize)]
struct ComparedSections<'a> {
    sections_version: u32,
    base: &'a str,
    head: &'a str,
    verdict: Cell,
    sections: Vec<Section>,
}

/// One touchpoint in detail.
pub(super) fn touchpoint(asked: &Asked) -> Result<Response, Error> {
    Ok(axum::Json(asked.detail()?).into_response())
}

/// The same as the tables that the terminal and the page show.
pub(super) fn touchpoint_sections(asked: &Asked) -> Result<Response, Error> {
    let detail = asked.detail()?;
    let body = Sections {
        sections_version: SECTIONS_VERSION,
        scope: &detail.scope,
        uncounted: &detail.uncounted,
        sections: section::of_detail(&detail),
    };
    Ok(axum::Json(body).into_response())
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
        of: Sections {
            sections_version: SECTIONS_VERSION,
            scope: &service.report.scope,
            uncounted: &service.report.uncounted,
            sections: section::of_service(&service),
        },
    };
    Ok(axum::Json(body).into_response())
}

/// The JSON of `GET /v1/service/sections`.
#[derive(Debug, Serialize)]
struct ServiceSections<'a> {
    month: &'a str,
    #[serde(flatten)]
    of: Sections<'a>,
}

/// The same as a file that needs nothing beside it.
pub(super) fn service_file(asked: &Asked) -> Result<Response, Error> {
    let service = asked.service()?;
    let kept = format!("attachment; filename=\"nowait-{}.html\"", service.month);
    let head =
        [(header::CONTENT_DISPOSITION, HeaderValue::try_from(kept).map_err(|_| Error::input("month"))?)];
    Ok((head, Html(page::service(&service, Language::En))).into_response())
}

/// One journey, step by step and across channels.
pub(super) fn journey(asked: &Asked) -> Result<Response, Error> {
    Ok(axum::Json(asked.journey()?).into_response())
}

/// The same as the tables that the terminal and the page show.
pub(super) fn journey_sections(asked: &Asked) -> Result<Response, Error> {
    let map = asked.journey()?;
    let body = Sections {
        sections_version: SECTIONS_VERSION,
        scope: &map.scope,
        uncounted: &map.uncounted,
        sections: section::of_journey(&map),
    };
    Ok(axum::Json(body).into_response())
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
#[derive(Debug, Serialize)]
struct SessionSections {
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
    let kept = format!("attachment; filename=\"{session}.perfetto-trace\"");
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, HeaderValue::try_from(kept).map_err(|_| Error::input("session"))?),
    ];
    Ok((head, perfetto::trace(&batches)).into_response())
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
    let config = &asked.shared.config;
    let found = store::check(asked.store(), &tenant, &query, &version, &config.budgets, (config.clock)())?;
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

/// For admins: the numbers are of all tenants together.
/// Who asks, and what they may see.
pub(super) async fn reader(Extension(reader): Extension<Reader>) -> Response {
    let is_signed_in = reader.signed_in().is_some();
    let tenant = Some(reader.name()).filter(|name| !name.is_empty());
    axum::Json(Who { tenant, role: reader.role(), is_signed_in }).into_response()
}

/// The JSON of `GET /v1/reader`.
#[derive(Debug, Serialize)]
struct Who<'a> {
    /// The tenant whose figures it sees; `null` if that is every one on this machine.
    tenant: Option<&'a str>,
    role: Role,
    /// Whether a cookie says so, so that there is something to sign out of.
    is_signed_in: bool,
}

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

impl Asked {
    pub(super) fn store(&self) -> &dyn Store {
        self.shared.store.as_ref()
    }

    /// Refuses words that are of a touchpoint or a session, where all of them are meant.
    fn refuse_stray(&self) -> Result<(), Error> {
        let stray = self
            .ask
            .said()
            .into_iter()
            .find(|(name, _)| matches!(*name, "touchpoint" | "session" | "month" | "journey"));
        match stray {
            None => Ok(()),
            Some((name, _)) => Err(Error::input(match name {
                "month" => "month: ask /v1/service for one, or leave it out".to_owned(),
                _ => format!("{name}: ask /v1/{name} for one, or leave it out"),
            })),
        }
    }

    /// The touchpoint that is asked for.
    fn detail(&self) -> Result<Detail, Error> {
        let (tenant, question, query) = self.question()?;
        store::detail(self.store(), &tenant, &question, &query, self.budgets())
    }

    /// The month that is asked for.
    fn service(&self) -> Result<Service, Error> {
        let (tenant, question, query) = self.question()?;
        store::service(self.store(), &tenant, &question, &query, self.budgets(), (self.shared.config.clock)())
    }

    /// The journey that is asked for.
    fn journey(&self) -> Result<JourneyMap, Error> {
        let (tenant, question, query) = self.question()?;
        store::journey(self.store(), &tenant, &question, &query, self.budgets())
    }

    /// The session that is asked for.
    fn timeline(&self) -> Result<Timeline, Error> {
        let (tenant, question, _) = self.question()?;
        store::timeline(self.store(), &tenant, &question)
    }

    /// The budgets of this collector.
    pub(super) fn budgets(&self) -> &Budgets {
        &self.shared.config.budgets
    }

    /// The moment of the question, in milliseconds since 1970 UTC.
    pub(super) fn now_unix_ms(&self) -> u64 {
        (self.shared.config.clock)()
    }

    /// Whose figures are meant, and which, where all touchpoints are and nothing is compared.
    pub(super) fn of_no_comparison(&self) -> Result<(String, Query), Error> {
        self.refuse_stray()?;
        if self.ask.releases()?.is_some() {
            return Err(Error::input(
                "base and head: a report compares nothing; ask /v1/compare, or leave them out",
            ));
        }
        self.meant()
    }

    /// The report that is asked for.
    fn report(&self) -> Result<Report, Error> {
        let (tenant, query) = self.of_no_comparison()?;
        store::report(self.store(), &tenant, &query, self.budgets())
    }

    /// The comparison that is asked for.
    fn comparison(&self) -> Result<Arc<Comparison>, Error> {
        self.refuse_stray()?;
        let (tenant, query) = self.meant()?;
        if query.filter.version.is_some() {
            return Err(Error::input("version: a comparison has two, base and head; leave it out"));
        }
        let releases = self.ask.releases()?.ok_or_else(|| {
            Error::input("name both releases, for example /v1/compare?base=8.1.0&head=8.2.0")
        })?;
        self.compared(&tenant, &query, releases)
    }

    /// A comparison; the same one as long as nothing was written.
    fn compared(
        &self,
        tenant: &str,
        query: &Query,
        releases: (&str, &str),
    ) -> Result<Arc<Comparison>, Error> {
        self.shared.comparisons.compare(self.store(), tenant, query, releases, self.ask.options()?)
    }

    /// Whose figures are meant, and which.
    fn meant(&self) -> Result<(String, Query), Error> {
        self.question().map(|(tenant, _, query)| (tenant, query))
    }

    /// The same, with what else was said.
    fn question(&self) -> Result<(String, Question, Query), Error> {
        let now_unix_ms = (self.shared.config.clock)();
        let question = self.ask.question(now_unix_ms, self.store().zone())?;
        let query = question.query().unless(&self.cancel);
        let tenant = match &self.reader {
            Reader::Local => store::tenant_meant(self.store(), self.ask.tenant())?,
            Reader::Tenant { name: own, .. } if self.ask.tenant().is_none_or(|asked| asked == own) => {
                own.clone()
            }
            Reader::Tenant { .. } => return Err(Error::input("tenant: the read token is another tenant's")),
        };
        Ok((tenant, question, query))
    }
}

/// A question whose answer somebody waits for; when this is dropped, nobody does.
struct Awaited<'a> {
    cancel: Cancel,
    counters: &'a Counters,
    ending: Read,
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        self.cancel.cancel();
        if !std::thread::panicking() {
            self.counters.count_read(self.ending);
        }
    }
}

/// Reads the question and answers it on a thread that may wait for the disk.
async fn answer(
    shared: Arc<Shared>,
    reader: Reader,
    line: Line,
    uri: &Uri,
    work: fn(&Asked) -> Result<Response, Error>,
) -> Response {
    let cancel = Cancel::default();
    let mut awaited = Awaited { cancel: cancel.clone(), counters: &shared.counters, ending: Read::Abandoned };
    let ask = match Words::<Ask>::try_from_uri(uri) {
        Ok(Words(ask)) => ask,
        Err(error) => {
            awaited.ending = Read::Refused;
            return refusal(StatusCode::BAD_REQUEST, &error.body_text());
        }
    };
    let seat = line.map(|Extension(seat)| seat);
    if let Some(seat) = &seat {
        seat.is_now(Phase::Work);
    }
    let done = tokio::time::timeout(READ_TIMEOUT, async {
        let place = shared.desk.enter(reader.name()).await?;
        let asked = Asked { shared: Arc::clone(&shared), reader, ask, cancel };
        // The place goes with the work: who hangs up and comes again waits for what he asked before to stop.
        let task = tokio::task::spawn_blocking(move || {
            // The thread keeps that; what it does otherwise is to wait for the word of a probe.
            priority::give_way();
            Ok::<_, Error>((work(&asked)?, place.done()))
        });
        Some(task.await)
    });
    let (ending, response) = match done.await {
        Ok(Some(Ok(Ok((response, place))))) => (Read::Answered, sent::holding(response, place, seat).await),
        Ok(Some(Ok(Err(error)))) => refused(&error),
        Ok(Some(Err(failed))) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        Ok(Some(Err(_))) => (Read::Failed, later("the collector is shutting down")),
        Ok(None) => (Read::Busy, later("too many reports are being made: ask again later")),
        Err(_) => (Read::Late, later("the report took too long: ask for less, or again later")),
    };
    awaited.ending = ending;
    response
}

fn later(reason: &str) -> Response {
    retry_later(reason, RETRY_AFTER_BUSY_S)
}

fn refused(error: &Error) -> (Read, Response) {
    let status = if error.is_input() {
        StatusCode::BAD_REQUEST
    } else if error.is_no_data() {
        StatusCode::NOT_FOUND
    } else {
        tracing::error!(why = %error, "not answered");
        let reason = "the store could not answer; the log says why";
        return (Read::Failed, refusal(StatusCode::INTERNAL_SERVER_ERROR, reason));
    };
    (Read::Refused, refusal(status, &error.to_string()))
}
