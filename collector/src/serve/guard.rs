//! What stands before and behind every handler.
//!
//! Owns: read access, security headers, the net under panics. Refuses: what the handlers do.
//! Invariant: no figure leaves without a token, except to this machine under one of its own names.

use super::{ReadAccess, Shared, refusal};
use crate::log;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

/// What a reader may see.
#[derive(Clone, Debug)]
pub(super) enum Reader {
    /// Everything that is on this machine.
    Local,
    /// The figures of one tenant.
    Tenant(String),
}

/// Lets through who may read, and tells the handler who it is.
pub(super) async fn readers_only(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let token = secret(request.headers());
    let tenant = token.as_deref().and_then(|token| shared.config.keys.tenant_of_read_token(token));
    let reader = match (tenant, shared.config.read_access) {
        (Some(tenant), _) => Reader::Tenant(tenant.to_owned()),
        (None, ReadAccess::Local) if token.is_none() && is_local_name(request.headers(), request.uri()) => {
            Reader::Local
        }
        _ => {
            let reason = "reading needs a read token of the keys file, as `authorization: Bearer TOKEN` \
                or as the password of the browser's prompt";
            let mut response = refusal(StatusCode::UNAUTHORIZED, reason);
            let challenge = HeaderValue::from_static("Basic realm=\"NoWait\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            return response;
        }
    };
    request.extensions_mut().insert(reader);
    next.run(request).await
}

/// The bearer token, or the password of basic authentication, which is what browsers can send.
pub(super) fn secret(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let pair = String::from_utf8(decode_base64(rest.trim())?).ok()?;
        return Some(pair.split_once(':')?.1.to_owned());
    }
    None
}

/// Base64 as in RFC 4648 §4, without a check of the bits behind the last byte.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0u32);
    for digit in text.trim_end_matches('=').bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    Some(bytes)
}

/// Whether the client calls us by a name that only this machine has. A web page elsewhere whose name was made to
/// point here (DNS rebinding) calls us by that name, and is not let in.
fn is_local_name(headers: &HeaderMap, uri: &Uri) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).or_else(|| uri.host());
    let Some(host) = host else {
        return false;
    };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => host.split(':').next(),
    };
    let name = name.unwrap_or("");
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Answers 500 where a handler panics, and counts it: one bad request must not end the others.
pub(super) async fn catch_panics(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let mut answer = pin!(next.run(request));
    // The handler is dropped after a panic and never polled again: nobody sees what it left half done.
    let caught = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(response)) => Poll::Ready(Some(response)),
        Err(_) => Poll::Ready(None),
    });
    caught.await.unwrap_or_else(|| {
        shared.counters.count_panic();
        log::line("panic", &[("path", &path)]);
        refusal(StatusCode::INTERNAL_SERVER_ERROR, "a defect of the collector; it was counted")
    })
}

/// Headers that keep a browser from doing more than showing the answer. A page may set its own content policy.
pub(super) async fn harden(request: Request, next: Next) -> Response {
    const HEADERS: [(HeaderName, &str); 4] = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn a_secret_is_read_from_both_schemes() {
        for value in ["Bearer open-sesame", "bearer open-sesame", "Basic bm93YWl0Om9wZW4tc2VzYW1l"] {
            assert_eq!(
                secret(&with(header::AUTHORIZATION, value)).as_deref(),
                Some("open-sesame"),
                "{value}"
            );
        }
        for value in ["", "Bearer", "Basic !!", "Basic bm93YWl0", "Digest x"] {
            assert_eq!(secret(&with(header::AUTHORIZATION, value)), None, "{value}");
        }
    }

    #[test]
    fn only_names_of_this_machine_are_local() {
        let uri = Uri::from_static("/");
        for host in ["localhost", "localhost:4600", "127.0.0.1:4600", "127.8.8.8", "[::1]:4600", "LOCALHOST"]
        {
            assert!(is_local_name(&with(header::HOST, host), &uri), "{host}");
        }
        for host in ["", "bank.example", "localhost.bank.example", "10.0.0.1:4600", "[::2]"] {
            assert!(!is_local_name(&with(header::HOST, host), &uri), "{host}");
        }
        assert!(!is_local_name(&HeaderMap::new(), &uri));
    }
}
