//! Who may read figures.
//!
//! Owns: the one decision, and the tokens and names it is made from. Refuses: what the handlers do, and what a cookie stands for
//! (see `sign_ins`).
//! Invariant: **once there is a read token, nobody reads without one**, whatever a request says of where it comes from.
//! Without any, only who came straight from this machine reads: what a header claims can only take that away.

use super::door::Seat;
use super::{ReadAccess, Shared, login, metrics, refusal, sign_ins};
use crate::error::Error;
use crate::keys::Role;
use crate::store::{self, Store};
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::uri::Authority;
use axum::http::{StatusCode, Version};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use std::sync::Arc;

/// Browsers pad, scripts often do not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Headers that only somebody who speaks for others sends.
const FORWARDING: [&str; 12] = [
    "forwarded",
    "via",
    "cdn-loop",
    "client-ip",
    "true-client-ip",
    "fastly-client-ip",
    "fly-client-ip",
    "cf-ray",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-appengine-user-ip",
];

/// What such headers begin with.
const FORWARDING_PREFIXES: [&str; 7] =
    ["x-forwarded", "x-original-", "x-proxyuser-", "x-envoy-", "x-azure-", "x-amzn-", "cf-connecting-"];

/// What a reader may see.
#[derive(Clone, Debug)]
pub(super) enum Reader {
    /// Everything that is on this machine.
    Local,
    /// The figures of one tenant; and what the collector counts of itself, if an admin.
    Tenant {
        /// The tenant.
        name: String,
        role: Role,
        /// Whether a cookie said so, and not a token.
        is_signed_in: bool,
    },
}

impl Reader {
    /// Whose share of the reports it uses.
    pub(super) fn name(&self) -> &str {
        match self {
            Reader::Local => "",
            Reader::Tenant { name, .. } => name,
        }
    }

    /// Whose figures it means by this word, or by none.
    pub(super) fn tenant_meant(&self, store: &dyn Store, asked: Option<&str>) -> Result<String, Error> {
        match self {
            Reader::Local => store::tenant_meant(store, asked),
            Reader::Tenant { name: own, .. } if asked.is_none_or(|asked| asked == own) => Ok(own.clone()),
            Reader::Tenant { .. } => Err(Error::input("tenant: the read token is another tenant's")),
        }
    }

    /// What it may do; whoever is on this machine may do all.
    pub(super) fn role(&self) -> Role {
        match self {
            Reader::Local => Role::Admin,
            Reader::Tenant { role, .. } => *role,
        }
    }

    /// As whom a browser is signed in.
    pub(super) fn signed_in(&self) -> Option<(&str, Role)> {
        match self {
            Reader::Tenant { name, role, is_signed_in: true } => Some((name, *role)),
            _ => None,
        }
    }
}

/// Lets through who may read, and tells the handler who it is.
pub(super) async fn readers_only(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(reader) = reader(&shared, &request) else {
        shared.counters.count_unauthorized();
        let headers = request.headers();
        let may_sign_in =
            shared.config.keys.has_read_tokens() && !headers.contains_key(header::AUTHORIZATION);
        if may_sign_in && login::is_browser(headers) {
            return login::first(request.uri());
        }
        let reason = "reading needs a read token of the keys file, as `authorization: Bearer TOKEN`, \
            as the password of basic authentication, or once at /login";
        // A script whose sign-in is over goes to /login: a challenge would open the browser's own prompt over the page.
        let is_script = headers.get("sec-fetch-dest").is_some_and(|what| what == "empty");
        let mut response = refusal(StatusCode::UNAUTHORIZED, reason);
        if !is_script {
            let challenge = HeaderValue::from_static("Basic realm=\"NoWait\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        return response;
    };
    if reader.role() == Role::Metrics && request.uri().path() != metrics::PATH {
        let reason = "a read token whose role is metrics opens /metrics and nothing else";
        return refusal(StatusCode::FORBIDDEN, reason);
    }
    if let Some(seat) = request.extensions().get::<Arc<Seat>>() {
        seat.is_known_now();
    }
    request.extensions_mut().insert(reader);
    next.run(request).await
}

fn reader(shared: &Shared, request: &Request) -> Option<Reader> {
    let keys = &shared.config.keys;
    if let Some(secret) = secret(request.headers()) {
        let (tenant, role) = keys.reader(&secret)?;
        return Some(Reader::Tenant { name: tenant.to_owned(), role, is_signed_in: false });
    }
    // Something in `authorization` that is no secret was meant as one.
    if request.headers().contains_key(header::AUTHORIZATION) {
        return None;
    }
    if let Some(reader) = sign_ins::id(request).and_then(|id| shared.sign_ins.reader(id)) {
        return Some(reader);
    }
    let is_open = shared.config.read_access == ReadAccess::Local && !keys.has_read_tokens();
    (is_open && is_from_here(request)).then_some(Reader::Local)
}

/// Whether a request came straight from this machine, as far as can be told: a proxy on this machine that hides everything
/// cannot be told from a browser on it, which is why docs/operate.md asks for a token behind one.
pub(super) fn is_from_here(request: &Request) -> bool {
    let is_near = request.extensions().get::<Arc<Seat>>().is_none_or(|seat| seat.is_within_machine());
    // Proxies still speak HTTP/1.0 to what is behind them (nginx does unless told otherwise), and nobody else does.
    let is_direct = request.version() >= Version::HTTP_11 && !is_forwarded(request.headers());
    is_near && is_direct && is_called_by_local_names(request)
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().map(HeaderName::as_str).any(|name| {
        FORWARDING.contains(&name) || FORWARDING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    })
}

/// Whether the client calls us by names that only this machine has. A web page elsewhere whose name was made to
/// point here (DNS rebinding) calls us by that name, and is not let in.
pub(super) fn is_called_by_local_names(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let mut hosts_local = 0;
    if !hosts.all(|host| {
        hosts_local += 1;
        host.to_str().is_ok_and(is_local)
    }) {
        return false;
    }
    match request.uri().authority() {
        Some(authority) => is_local(authority.as_str()) && hosts_local <= 1,
        None => hosts_local == 1,
    }
}

/// Whether this is `localhost` or a loopback address, with a port or without.
pub(super) fn is_local(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host();
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    !host.contains('@')
        && (name.eq_ignore_ascii_case("localhost")
            || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()))
}

/// The bearer token, or the password of basic authentication, which is what browsers can send.
pub(super) fn secret(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let pair = String::from_utf8(BASE64.decode(rest.trim()).ok()?).ok()?;
        return Some(pair.split_once(':')?.1.to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    fn asked(uri: &str, headers: &[(&str, &str)]) -> Request {
        let request =
            headers.iter().fold(Request::get(uri), |request, (name, value)| request.header(*name, *value));
        request.body(Body::empty()).unwrap()
    }

    #[test]
    fn a_secret_is_read_from_both_schemes() {
        for value in [
            "Bearer open-sesame",
            "bearer open-sesame",
            "Basic bm93YWl0Om9wZW4tc2VzYW1l",
            "Basic OnNlc2FtZQ==",
            "Basic OnNlc2FtZQ",
        ] {
            let secret = secret(&with(header::AUTHORIZATION, value)).unwrap();
            assert!(secret.ends_with("sesame") && !secret.contains(':'), "{value}: {secret}");
        }
        for value in ["", "Bearer", "Basic !!", "Basic bm93YWl0", "Digest x"] {
            assert_eq!(secret(&with(header::AUTHORIZATION, value)), None, "{value}");
        }
    }

    #[test]
    fn only_names_of_this_machine_are_local() {
        for host in ["localhost", "localhost:4600", "127.0.0.1:4600", "127.8.8.8", "[::1]:4600", "LOCALHOST"]
        {
            assert!(is_from_here(&asked("/", &[("host", host)])), "{host}");
        }
        let wrong = [
            "",
            "bank.example",
            "localhost.bank.example",
            "10.0.0.1:4600",
            "[::2]",
            "localhost@bank.example",
            "a b",
        ];
        for host in wrong {
            assert!(!is_from_here(&asked("/", &[("host", host)])), "{host}");
        }
        assert!(!is_from_here(&asked("/", &[])));
        assert!(!is_from_here(&asked("/", &[("host", "localhost"), ("host", "bank.example")])));
        assert!(!is_from_here(&asked("/", &[("host", "localhost"), ("host", "localhost")])));
        assert!(is_from_here(&asked("http://localhost/", &[("host", "localhost")])));
        assert!(!is_from_here(&asked("http://localhost/", &[("host", "bank.example")])));
        assert!(!is_from_here(&asked("http://bank.example/", &[("host", "localhost")])));
    }

    #[test]
    fn what_was_forwarded_is_not_from_here() {
        for name in [
            "Forwarded",
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Forwarded-Proto",
            "X-Real-IP",
            "Via",
            "CF-Connecting-IP",
            "True-Client-IP",
            "X-Envoy-External-Address",
            "X-Original-Forwarded-For",
            "X-Forwarded",
        ] {
            assert!(!is_from_here(&asked("/", &[("host", "localhost"), (name, "")])), "{name}");
        }
        let mut old = asked("/", &[("host", "localhost")]);
        *old.version_mut() = Version::HTTP_10;
        assert!(!is_from_here(&old));
    }
}
