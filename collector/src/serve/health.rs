//! Whether the process lives, and whether batches can be stored.
//!
//! Owns: `/livez`, `/readyz` and `/healthz`, which is the same as `/readyz`. Refuses: finding out (see `store`).
//! Invariant: readiness is what the last commit said; a process that answers is alive whatever the disk does.

use super::{Shared, retry_later};
use crate::limits::RETRY_AFTER_FAILED_S;
use crate::store::Store;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Asks the store, one question at a time: a probe takes a thread, and anybody may ask.
#[derive(Debug, Default)]
pub(super) struct Health(Arc<Mutex<()>>);

impl Health {
    async fn ask(&self, store: &Arc<dyn Store>) -> Result<(), String> {
        let turn = Arc::clone(&self.0).lock_owned().await;
        let store = Arc::clone(store);
        let asked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            store.health()
        });
        asked.await.unwrap_or_else(|_| Err("the store could not be asked".into()))
    }
}

/// Whether this process answers.
pub(super) async fn livez() -> Response {
    axum::Json(serde_json::json!({ "status": "ok" })).into_response()
}

/// Whether batches can be stored.
pub(super) async fn readyz(State(shared): State<Arc<Shared>>) -> Response {
    match shared.health.ask(&shared.store).await {
        Ok(()) => axum::Json(serde_json::json!({ "status": "ok" })).into_response(),
        Err(why) => retry_later(&why, RETRY_AFTER_FAILED_S),
    }
}
