//! What stands before and behind every handler.
//!
//! Owns: security headers and the net under panics. Refuses: who may read (see `access`) and what the handlers do.
//! Invariant: a request whose handler panicked is answered, counted and told of like any other.

use super::{Shared, refusal};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use std::any::Any;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

/// Marks the answer that stands in for one that panicked.
#[derive(Clone, Copy, Debug)]
struct Panicked;

/// How a caught panic becomes an answer.
pub(super) type Stand = fn(Box<dyn Any + Send>) -> Response<Body>;

/// Answers 500 where a handler panics: one bad request must not end the others.
pub(super) fn catch_panics() -> CatchPanicLayer<Stand> {
    let stand: Stand = |_| {
        let mut response =
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "a defect of the collector; it was counted");
        response.extensions_mut().insert(Panicked);
        response
    };
    CatchPanicLayer::custom(stand)
}

/// Counts panics and tells where they were; lies around [`catch_panics`].
pub(super) async fn tell_panics(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    if response.extensions().get::<Panicked>().is_some() {
        shared.counters.count_panic();
        tracing::error!(path, "panic");
    }
    response
}

/// Headers that keep a browser from doing more than showing the answer. A page may set its own content policy.
pub(super) fn hardened() -> [SetResponseHeaderLayer<HeaderValue>; 4] {
    const HEADERS: [(HeaderName, &str); 4] = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    HEADERS.map(|(name, value)| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value)))
}
