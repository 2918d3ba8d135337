//! What an admin changes: the budgets that waits are judged by, and what is known of somebody.
//!
//! Owns: who may change something, and from where. Refuses: what a budget is (see `nowait_report`) and what goes (see `store`).
//! Invariant: nothing is changed for a viewer, nor for a page of another site in an admin's browser; and nothing is deleted
//! that was not asked for twice.

use super::access::Reader;
use super::asked::Line;
use super::door::Phase;
use super::origin::{self, NotOurs};
use super::{Shared, refusal, refused};
use crate::error::Error;
use crate::keys::Role;
use crate::limits::{BODY_TIMEOUT, CONFIG_BYTES_MAX, DELETION_BYTES_MAX, READ_TIMEOUT};
use crate::store::{Deleted, Found, Whose};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Extension, Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use nowait_report::Budgets;
use nowait_wire::Uuid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::time::timeout;

/// The addresses that change something; whoever may read sees the budgets.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/budgets", get(budgets).put(judge_by))
        .route("/v1/deletions", post(delete))
        .route_layer(from_fn(admins_only))
}

/// Lets a change through if an admin wants it.
///
/// A browser says where each request that changes something comes from. A program says nothing of that, and has a token in hand; or
/// it runs on this machine, where without a token everybody is an admin.
async fn admins_only(Extension(reader): Extension<Reader>, request: Request, next: Next) -> Response {
    if request.method() == Method::GET || request.method() == Method::HEAD {
        return next.run(request).await;
    }
    if reader.role() != Role::Admin {
        return refusal(StatusCode::FORBIDDEN, "only a read token whose role is admin changes anything");
    }
    let headers = request.headers();
    let is_browser = headers.contains_key(header::ORIGIN)
        || headers.contains_key(HeaderName::from_static("sec-fetch-site"));
    if is_browser || reader.signed_in().is_some() {
        match origin::is_secure(&request) {
            Ok(_) => {}
            Err(NotOurs::Foreign) => {
                return refusal(
                    StatusCode::FORBIDDEN,
                    "a page of another site asked for this; nothing was changed",
                );
            }
            Err(NotOurs::Plain) => {
                return refusal(
                    StatusCode::FORBIDDEN,
                    "this came without TLS from another machine; use https",
                );
            }
        }
    }
    next.run(request).await
}

/// `GET /v1/budgets`: by what is judged, as TOML.
async fn budgets(State(shared): State<Arc<Shared>>) -> Response {
    toml(&shared.store.budgets())
}

/// `PUT /v1/budgets`: what comes is judged by these.
async fn judge_by(State(shared): State<Arc<Shared>>, line: Line, request: Request) -> Response {
    let body = match body(line, request, CONFIG_BYTES_MAX as usize).await {
        Ok(body) => body,
        Err(why) => return why,
    };
    let read = || -> Result<Budgets, Error> {
        let text = std::str::from_utf8(&body).map_err(|_| Error::input("budgets: they are no UTF-8 text"))?;
        Ok(Budgets::parse(text)?)
    };
    let budgets = match read() {
        Ok(budgets) => budgets,
        Err(why) => return refused(&why),
    };
    let set = tokio::task::spawn_blocking(move || {
        shared.store.set_budgets(budgets)?;
        tracing::info!("an admin changed the budgets");
        Ok::<_, Error>(shared.store.budgets())
    });
    match set.await {
        Ok(Ok(budgets)) => toml(&budgets),
        Ok(Err(why)) => refused(&why),
        Err(_) => failed(),
    }
}

/// What is to be deleted: one of the session, the installation, the release and all reviews.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Whose; needed only where there are several tenants and no token says it.
    tenant: Option<String>,
    /// One session, by its id.
    #[schemars(with = "Option<String>")]
    session: Option<Uuid>,
    /// One installation with all of its sessions, by its id.
    #[schemars(with = "Option<String>")]
    install: Option<Uuid>,
    /// One release, on all systems.
    version: Option<String>,
    /// All reviews that were imported.
    #[serde(default)]
    feedback: bool,
    /// Delete it. Without this the answer says what would go, and nothing is changed.
    #[serde(default)]
    sure: bool,
}

impl Wanted {
    fn whose(&self) -> Result<Whose, Error> {
        let Wanted { session, install, version, feedback, .. } = self;
        match (session, install, version, feedback) {
            (Some(id), None, None, false) => Ok(Whose::Session(*id)),
            (None, Some(id), None, false) => Ok(Whose::Install(*id)),
            (None, None, Some(version), false) => Ok(Whose::Version(version.clone())),
            (None, None, None, true) => Ok(Whose::Feedback),
            _ => Err(Error::input("name one of session, install, version and feedback")),
        }
    }
}

/// The JSON of `POST /v1/deletions`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Removed {
    /// How many batches are of it.
    batches: usize,
    /// How many sessions are.
    sessions: usize,
    /// How many reviews are, where all of them are meant.
    reviews: usize,
    /// Whether they are gone.
    is_deleted: bool,
    /// Damaged batches of the tenant that are set apart: whose they are cannot be read. They go with their age.
    set_apart: u64,
    /// Whether the write-ahead log still holds it, as somebody was reading; then until the collector has begun it anew.
    is_in_log: bool,
}

impl Removed {
    fn of(found: &Found, deleted: Option<Deleted>) -> Removed {
        let (batches, sessions) = found.counts();
        Removed {
            batches,
            sessions,
            reviews: found.reviews(),
            is_deleted: deleted.is_some(),
            set_apart: deleted.map_or(0, |deleted| deleted.set_apart),
            is_in_log: deleted.is_some_and(|deleted| deleted.is_in_log),
        }
    }
}

/// `POST /v1/deletions`: what would go, or that it went.
async fn delete(
    State(shared): State<Arc<Shared>>,
    Extension(reader): Extension<Reader>,
    line: Line,
    request: Request,
) -> Response {
    let body = match body(line, request, DELETION_BYTES_MAX).await {
        Ok(body) => body,
        Err(why) => return why,
    };
    let wanted: Wanted = match serde_json::from_slice(&body) {
        Ok(wanted) => wanted,
        Err(why) => return refused(&Error::input(format!("deletion: {why}"))),
    };
    // It goes on if nobody waits for it any more: half of a deletion is none.
    let done = tokio::task::spawn_blocking(move || deleted(&shared, &reader, &wanted));
    match timeout(READ_TIMEOUT, done).await {
        Ok(Ok(Ok(went))) => axum::Json(went).into_response(),
        Ok(Ok(Err(why))) => refused(&why),
        Ok(Err(_)) => failed(),
        Err(_) => {
            let reason = "it is being deleted, which takes longer than this answer may: ask again without `sure`, until \
                there is nothing of it";
            refusal(StatusCode::ACCEPTED, reason)
        }
    }
}

fn deleted(shared: &Shared, reader: &Reader, wanted: &Wanted) -> Result<Removed, Error> {
    let (store, whose) = (shared.store.as_ref(), wanted.whose()?);
    let tenant = reader.tenant_meant(store, wanted.tenant.as_deref())?;
    let found = store.known_of(&tenant, whose.clone())?;
    if !wanted.sure {
        return Ok(Removed::of(&found, None));
    }
    let deleted = store.delete(&tenant, whose)?;
    // Not whose: what was deleted does not live on in a log.
    let (batches, sessions) = found.counts();
    tracing::info!(
        batches,
        sessions,
        reviews = found.reviews(),
        "an admin deleted what was known of somebody"
    );
    Ok(Removed::of(&found, Some(deleted)))
}

/// The body, if it comes whole and in time.
async fn body(line: Line, request: Request, bytes_max: usize) -> Result<Vec<u8>, Response> {
    let seat = line.map(|Extension(seat)| seat);
    seat.iter().for_each(|seat| seat.is_now(Phase::Body));
    let body = timeout(BODY_TIMEOUT, to_bytes(request.into_body(), bytes_max)).await;
    seat.iter().for_each(|seat| seat.is_now(Phase::Work));
    match body {
        Ok(Ok(body)) => Ok(body.to_vec()),
        _ => Err(refusal(
            StatusCode::BAD_REQUEST,
            &format!("the body did not come whole, or is longer than {bytes_max} bytes; nothing was changed"),
        )),
    }
}

fn toml(budgets: &Budgets) -> Response {
    ([(header::CONTENT_TYPE, "application/toml")], budgets.source().to_owned()).into_response()
}

fn failed() -> Response {
    refusal(StatusCode::INTERNAL_SERVER_ERROR, "this failed; the log says why")
}
