//! Everything that is read: reports, comparisons, the page, the collector's own numbers.
//!
//! Owns: turning an address into a question. Refuses: figures (see `store`) and markup (see `page`).
//! Invariant: a reader who came with a token sees that token's tenant and no other.

use super::guard::Reader;
use super::{Shared, refusal};
use crate::ask::Ask;
use crate::error::Error;
use crate::log;
use crate::page::{self, Page};
use crate::store::{self, Query};
use axum::extract::{Extension, Query as Words, State};
use axum::http::header::{self, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use nowait_report::{Comparison, Report};
use std::sync::Arc;
use uuid::Uuid;

pub(super) async fn report(
    State(shared): State<Arc<Shared>>,
    Extension(reader): Extension<Reader>,
    uri: Uri,
) -> Response {
    let answer = answer(shared, uri, move |shared, ask| {
        let (tenant, query) = meant(shared, &reader, ask)?;
        store::report(shared.store.as_ref(), &tenant, &query, &shared.config.budgets)
    });
    answer.await.map_or_else(|refused| refused, |report| axum::Json(report).into_response())
}

pub(super) async fn compare(
    State(shared): State<Arc<Shared>>,
    Extension(reader): Extension<Reader>,
    uri: Uri,
) -> Response {
    let answer = answer(shared, uri, move |shared, ask| {
        let (tenant, query) = meant(shared, &reader, ask)?;
        let releases = ask.releases()?.ok_or_else(|| {
            Error::input("name both releases, for example /v1/compare?base=8.1.0&head=8.2.0")
        })?;
        store::compare(shared.store.as_ref(), &tenant, &query, releases, ask.options()?)
    });
    answer.await.map_or_else(|refused| refused, |comparison| axum::Json(comparison).into_response())
}

pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    Extension(reader): Extension<Reader>,
    uri: Uri,
) -> Response {
    let answer = answer(shared, uri, move |shared, ask| {
        let (tenant, query) = meant(shared, &reader, ask)?;
        let store = shared.store.as_ref();
        let report: Report = store::report(store, &tenant, &query, &shared.config.budgets)?;
        let comparison: Option<Comparison> = match ask.releases()? {
            Some(releases) => Some(store::compare(store, &tenant, &query, releases, ask.options()?)?),
            None => None,
        };
        let app_versions = store.app_versions(&tenant)?;
        let nonce = Uuid::new_v4().simple().to_string();
        let page =
            Page { ask, report: &report, comparison: comparison.as_ref(), app_versions: &app_versions };
        Ok((page::render(&page, &nonce), nonce))
    });
    let (html, nonce) = match answer.await {
        Ok(rendered) => rendered,
        Err(refused) => return refused,
    };
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut response = Html(html).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

pub(super) async fn status(State(shared): State<Arc<Shared>>) -> Response {
    axum::Json(shared.counters.status(shared.config.remote)).into_response()
}

/// Whether batches can be stored.
pub(super) async fn healthz(State(shared): State<Arc<Shared>>) -> Response {
    if shared.store.is_open() {
        return axum::Json(serde_json::json!({ "status": "ok" })).into_response();
    }
    refusal(StatusCode::SERVICE_UNAVAILABLE, "the store is closed")
}

/// Whose figures are meant, and which.
fn meant(shared: &Shared, reader: &Reader, ask: &Ask) -> Result<(String, Query), Error> {
    let query = ask.query((shared.config.clock)())?;
    let tenant = match reader {
        Reader::Local => store::tenant_meant(shared.store.as_ref(), ask.tenant())?,
        Reader::Tenant(own) if ask.tenant().is_none_or(|asked| asked == own) => own.clone(),
        Reader::Tenant(_) => return Err(Error::input("tenant: the read token is another tenant's")),
    };
    Ok((tenant, query))
}

/// Reads the question and answers it on a thread that may wait for the disk.
async fn answer<T: Send + 'static>(
    shared: Arc<Shared>,
    uri: Uri,
    work: impl FnOnce(&Shared, &Ask) -> Result<T, Error> + Send + 'static,
) -> Result<T, Response> {
    let words = Words::<Ask>::try_from_uri(&uri);
    let Words(ask) = words.map_err(|error| refusal(StatusCode::BAD_REQUEST, &error.body_text()))?;
    let busy = || refusal(StatusCode::SERVICE_UNAVAILABLE, "the collector is shutting down");
    let working = Arc::clone(&shared);
    let _slot = shared.read_slots.acquire().await.map_err(|_| busy())?;
    let done = tokio::task::spawn_blocking(move || work(&working, &ask)).await;
    match done {
        Ok(answer) => answer.map_err(|error| refused(&error)),
        Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        Err(_) => Err(busy()),
    }
}

fn refused(error: &Error) -> Response {
    let status = if error.is_input() {
        StatusCode::BAD_REQUEST
    } else if error.is_no_data() {
        StatusCode::NOT_FOUND
    } else {
        log::line("not answered", &[("why", error)]);
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "the store could not answer; the log says why");
    };
    refusal(status, &error.to_string())
}
