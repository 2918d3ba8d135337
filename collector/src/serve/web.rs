//! The page's program: the files that `make web` builds, out of the binary.
//!
//! Owns: which addresses they have and how long they are kept. Refuses: figures; the program asks for them as everybody does.
//! Invariant: the page loads nothing from elsewhere, and a collector that was built without it shows the plain one.

use super::refusal;
use axum::http::header::{self, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

/// The addresses of its pages; the program knows which is which.
pub(super) const PAGES: [&str; 12] = [
    "/",
    "/waits",
    "/journeys",
    "/touchpoint",
    "/session",
    "/releases",
    "/service",
    "/indicators",
    "/gaps",
    "/map",
    "/listening",
    "/health",
];

/// The document that starts the program.
const DOCUMENT: &str = "index.html";

/// Nothing but what the collector itself sends. The style is the one that the library of pictures writes into each of them.
const POLICY: &str = "default-src 'self'; style-src 'self' 'sha256-zrfVyvY1E/5V+DXZunsRZW8XTqTsuIZzp8dBDThhSn8='; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'";

#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Files;

/// Whether there is a program in this binary.
pub(super) fn is_built() -> bool {
    Files::get(DOCUMENT).is_some()
}

/// The document that starts the program.
pub(super) async fn document() -> Response {
    let mut response = file(DOCUMENT);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // Its form that signs out tells where it comes from.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    // The next build has another one.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// A file of the program: its name says what is in it, so that it never changes.
pub(super) async fn asset(uri: Uri) -> Response {
    let mut response = file(uri.path().trim_start_matches('/'));
    if response.status() == StatusCode::OK {
        let kept = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, kept);
    }
    response
}

fn file(name: &str) -> Response {
    let Some(found) = Files::get(name) else {
        return refusal(StatusCode::NOT_FOUND, "there is nothing here");
    };
    let kind = match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
    ([(header::CONTENT_TYPE, kind)], found.data).into_response()
}
