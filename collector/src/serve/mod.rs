//! The HTTP face of the collector.
//!
//! Owns: routes, and what every one of them shares. Refuses: SQL and figures.
//! Invariant: every request is answered, with a short reason if it is refused, and never with a panic.

mod counters;
mod guard;
mod ingest;
mod reads;
mod run;

pub use run::run;

use crate::keys::Keys;
use crate::limits::{INGEST_AT_ONCE_MAX, READS_AT_ONCE_MAX};
use crate::store::Store;
use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use counters::Counters;
use nowait_report::Budgets;
use nowait_wire::RemoteConfig;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Who may read reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadAccess {
    /// Whoever reaches us under a name of this machine (the listener is on loopback), or has a read token.
    Local,
    /// Only who has a read token.
    Token,
}

/// What an app is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who may send, and with which tokens one may read.
    pub keys: Keys,
    /// The budgets of every report.
    pub budgets: Budgets,
    /// Who may read.
    pub read_access: ReadAccess,
    /// What every receipt of a stored batch asks the devices to do, if anything.
    pub remote: Option<RemoteConfig>,
    /// The wall clock, in milliseconds since 1970 UTC.
    pub clock: fn() -> u64,
}

impl Config {
    /// These keys, the default budgets, reading from this machine only, nothing asked of devices, the clock of this
    /// machine.
    #[must_use]
    pub fn new(keys: Keys) -> Config {
        Config {
            keys,
            budgets: Budgets::default(),
            read_access: ReadAccess::Local,
            remote: None,
            clock: crate::time::now_unix_ms,
        }
    }
}

/// What every handler sees.
struct Shared {
    store: Arc<dyn Store>,
    config: Config,
    counters: Counters,
    ingest_slots: Semaphore,
    read_slots: Semaphore,
}

/// The whole collector as a service; see docs/operate.md for its routes. It needs no socket.
pub fn app(store: Arc<dyn Store>, config: Config) -> Router {
    let shared = Arc::new(Shared {
        store,
        config,
        counters: Counters::default(),
        ingest_slots: Semaphore::new(INGEST_AT_ONCE_MAX),
        read_slots: Semaphore::new(READS_AT_ONCE_MAX),
    });
    let reads = Router::new()
        .route("/", get(reads::page))
        .route("/v1/report", get(reads::report))
        .route("/v1/compare", get(reads::compare))
        .route("/v1/status", get(reads::status))
        .route_layer(from_fn_with_state(Arc::clone(&shared), guard::readers_only));
    Router::new()
        .route("/v1/batches", post(ingest::batches))
        .route("/healthz", get(reads::healthz))
        .merge(reads)
        .fallback(|| async { refusal(StatusCode::NOT_FOUND, "there is nothing here") })
        .method_not_allowed_fallback(|| async {
            refusal(StatusCode::METHOD_NOT_ALLOWED, "this address does not take that method")
        })
        .layer(from_fn_with_state(Arc::clone(&shared), guard::catch_panics))
        .layer(from_fn(guard::harden))
        .with_state(shared)
}

/// A short JSON that says why.
fn refusal(status: StatusCode, reason: &str) -> Response {
    (status, axum::Json(serde_json::json!({ "reason": reason }))).into_response()
}
