//! The HTTP face of the collector.
//!
//! Owns: routes, and what every one of them shares. Refuses: SQL and figures.
//! Invariant: every request is answered, with a short reason if it is refused, and never with a panic.

mod access;
mod admin;
mod api;
mod arrivals;
mod asked;
mod attempts;
mod bodies;
mod body;
mod counters;
mod desk;
mod door;
mod files;
mod gaps;
mod guard;
mod health;
mod indicators;
mod ingest;
mod listening;
mod login;
mod map;
mod metrics;
mod openapi;
mod origin;
mod reads;
mod run;
mod sent;
mod shares;
mod sign_ins;
mod web;

pub use openapi::described as openapi;
pub use run::run;

use crate::error::Error;
use crate::keys::Keys;
use crate::limits::{BODIES_BYTES_MAX, INGEST_AT_ONCE_MAX, READS_WAITING_MAX, RETRY_AFTER_BUSY_S};
use crate::store::{Comparisons, Store};
use asked::asked;
use attempts::Attempts;
use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bodies::Bodies;
use counters::Counters;
use desk::Desk;
use health::Health;
use nowait_wire::RemoteConfig;
use schemars::JsonSchema;
use serde::Serialize;
use shares::Shares;
use sign_ins::SignIns;
use std::sync::Arc;

/// Who may read reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadAccess {
    /// The listener is on loopback: who comes straight from this machine, under a name of it, as long as the keys hold no read
    /// token; and then only who has one.
    Local,
    /// Only who has a read token.
    Token,
}

/// What an app is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who may send, and with which tokens one may read.
    pub keys: Keys,
    /// Who may read.
    pub read_access: ReadAccess,
    /// What every receipt of a stored batch asks the devices to do, if anything.
    pub remote: Option<RemoteConfig>,
    /// The wall clock, in milliseconds since 1970 UTC.
    pub clock: fn() -> u64,
}

impl Config {
    /// These keys, reading from this machine only, nothing asked of devices, the clock of this
    /// machine.
    #[must_use]
    pub fn new(keys: Keys) -> Config {
        Config { keys, read_access: ReadAccess::Local, remote: None, clock: crate::time::now_unix_ms }
    }
}

/// What every handler sees.
struct Shared {
    store: Arc<dyn Store>,
    config: Config,
    counters: Counters,
    health: Health,
    bodies: Arc<Bodies>,
    ingest: Arc<Shares>,
    desk: Desk,
    sign_ins: SignIns,
    attempts: Attempts,
    comparisons: Comparisons,
}

/// The whole collector as a service; see docs/operate.md for its routes. It needs no socket.
pub fn app(store: Arc<dyn Store>, config: Config) -> Router {
    // Where files are few, what is worked for leaves connections to those who ask whether we live.
    let connections = files::connections_max();
    let senders = config.keys.senders().len();
    let shared = Arc::new(Shared {
        store,
        counters: Counters::default(),
        health: Health::default(),
        bodies: Bodies::new(BODIES_BYTES_MAX),
        ingest: Shares::new(INGEST_AT_ONCE_MAX.min(connections / 2), senders),
        desk: Desk::new(READS_WAITING_MAX.min(connections / 4), &config.keys.readers()),
        sign_ins: SignIns::default(),
        attempts: Attempts::default(),
        comparisons: Comparisons::default(),
        config,
    });
    let reads = questions().route_layer(from_fn_with_state(Arc::clone(&shared), access::readers_only));
    let all = Router::new()
        .route("/v1/batches", post(ingest::batches))
        .route("/v1/steps", post(ingest::steps))
        .route("/login", get(login::ask).post(login::sign_in))
        .route("/logout", post(login::sign_out))
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/healthz", get(health::readyz))
        .route("/assets/{name}", get(web::asset))
        .route("/icon.svg", get(web::asset))
        .merge(reads)
        .fallback(|| async { refusal(StatusCode::NOT_FOUND, "there is nothing here") })
        .method_not_allowed_fallback(|| async {
            refusal(StatusCode::METHOD_NOT_ALLOWED, "this address does not take that method")
        })
        .layer(guard::catch_panics())
        .layer(from_fn_with_state(Arc::clone(&shared), guard::tell_panics));
    guard::hardened().into_iter().fold(all, Router::layer).with_state(shared)
}

/// Everything that only who may read is answered.
fn questions() -> Router<Arc<Shared>> {
    let page = || if web::is_built() { get(web::document) } else { asked(reads::plain) };
    let pages = web::PAGES.into_iter().fold(Router::new(), |pages, path| pages.route(path, page()));
    pages
        .route(metrics::PATH, asked(metrics::metrics))
        .route("/plain", asked(reads::plain))
        .route("/plain/gaps", asked(gaps::plain))
        .route("/plain/journeys", asked(reads::plain_journeys))
        .route("/plain/map", asked(map::plain))
        .route("/plain/listening", asked(listening::plain))
        .route("/plain/indicators", asked(indicators::plain))
        .merge(api::router())
        .merge(admin::router())
}

/// Why there is no answer.
#[derive(Debug, Serialize, JsonSchema)]
struct Refusal<'a> {
    /// What was wrong with which word, and what to do.
    reason: &'a str,
}

/// A short JSON that says why.
fn refusal(status: StatusCode, reason: &str) -> Response {
    (status, axum::Json(Refusal { reason })).into_response()
}

/// The same for an error; what no asker can mend is told in the log alone.
fn refused(error: &Error) -> Response {
    let status = if error.is_busy() {
        return retry_later(&error.to_string(), RETRY_AFTER_BUSY_S);
    } else if error.is_input() {
        StatusCode::BAD_REQUEST
    } else if error.is_no_data() {
        StatusCode::NOT_FOUND
    } else {
        tracing::error!(why = %error, "not answered");
        let reason = "the store could not answer; the log says why";
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, reason);
    };
    refusal(status, &error.to_string())
}

/// The same with 503, and when to come back.
fn retry_later(reason: &str, after_s: u64) -> Response {
    let mut response = refusal(StatusCode::SERVICE_UNAVAILABLE, reason);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after_s));
    response
}
