//! Signing in and out.
//!
//! Owns: the login page, the two forms, and where a browser goes next. Refuses: what a sign-in is (see `sign_ins`) and who has
//! failed too often (see `attempts`).
//! Invariant: a form that no page of ours sent changes nothing, and no form sends a browser to another site.

use super::Shared;
use super::counters::Login;
use super::door::{Phase, Seat};
use super::origin::{self, NotOurs};
use super::reads::shown;
use super::sign_ins;
use crate::keys::Role;
use crate::limits::{BODY_TIMEOUT, LOGIN_BYTES_MAX, NEXT_BYTES_MAX};
use crate::page;
use axum::body::to_bytes;
use axum::extract::{Extension, Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use nowait_report::{Language, text};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

/// `GET /login`: the page. Where there is no token, there is nothing to sign in with.
pub(super) async fn ask(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Response {
    if !shared.config.keys.has_read_tokens() {
        return see_other("/");
    }
    let words = uri.query().unwrap_or("").as_bytes();
    let next = word(words, "next");
    asked(StatusCode::OK, local(&next), language(&word(words, "lang"), &next, preferred(&headers)), None)
}

/// `POST /login`: a token for a cookie.
pub(super) async fn sign_in(
    State(shared): State<Arc<Shared>>,
    line: Option<Extension<Arc<Seat>>>,
    request: Request,
) -> Response {
    let seat = line.map(|Extension(seat)| seat);
    if let Some(seat) = &seat {
        seat.is_now(Phase::Body);
    }
    let (counted, response) = signed_in(&shared, seat.as_deref(), request).await;
    shared.counters.count_login(counted);
    response
}

async fn signed_in(shared: &Shared, seat: Option<&Seat>, request: Request) -> (Login, Response) {
    let preferred = preferred(request.headers());
    let refused = |status, why| (Login::Refused, asked(status, "/", preferred, Some(why)));
    if !shared.config.keys.has_read_tokens() {
        return (Login::Refused, see_other("/"));
    }
    let is_secure = match origin::is_secure(&request) {
        Ok(is_secure) => is_secure,
        Err(why) => return refused(StatusCode::FORBIDDEN, reason(why)),
    };
    // Whoever signs in again has one sign-in, and not two.
    let before = sign_ins::id(&request).map(str::to_owned);
    let Ok(Ok(body)) = timeout(BODY_TIMEOUT, to_bytes(request.into_body(), LOGIN_BYTES_MAX)).await else {
        return refused(StatusCode::BAD_REQUEST, "not_whole");
    };
    let (token, next) = (word(&body, "token"), word(&body, "next"));
    let (language, next) = (language(&word(&body, "lang"), &next, preferred), local(&next));
    let peer = seat.and_then(Seat::peer);
    // A token for metrics opens no page.
    let reader = || shared.config.keys.reader(token.trim()).filter(|(_, role)| *role != Role::Metrics);
    match shared.attempts.attempt(peer, reader) {
        Err(wait) => (Login::TooOften, too_often(next, language, wait)),
        Ok(None) => (Login::WrongToken, asked(StatusCode::FORBIDDEN, next, language, Some("unknown"))),
        Ok(Some((tenant, role))) => {
            if let Some(seat) = seat {
                seat.is_known_now();
            }
            before.iter().for_each(|id| shared.sign_ins.end(id));
            let cookie = sign_ins::set_cookie(&shared.sign_ins.begin(tenant, role), is_secure);
            let mut response = see_other(next);
            response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
            (Login::SignedIn, response)
        }
    }
}

/// `POST /logout`: ends the sign-in of this browser.
pub(super) async fn sign_out(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    if let Err(why) = origin::is_secure(&request) {
        return asked(StatusCode::FORBIDDEN, "/", preferred(request.headers()), Some(reason(why)));
    }
    if let Some(id) = sign_ins::id(&request) {
        shared.sign_ins.end(id);
    }
    let mut response = see_other("/login");
    for cookie in sign_ins::clear_cookies() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The way to the login page for a browser that asked for something else: what it asked comes after it.
pub(super) fn first(uri: &Uri) -> Response {
    let asked = uri.path_and_query().map_or("/", |asked| asked.as_str());
    if local(asked) == "/" {
        return see_other("/login");
    }
    let next = form_urlencoded::Serializer::new(String::new()).append_pair("next", asked).finish();
    see_other(&format!("/login?{next}"))
}

/// Whether somebody looks at the answer: programs take anything.
pub(super) fn is_browser(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.any(|types| types.split(',').any(|one| one.trim().starts_with("text/html")))
}

/// This address if it is one of ours, else the page. Browsers read a second slash, or a backslash, as the begin of a host, and take
/// out what cannot be seen before they look.
fn local(next: &str) -> &str {
    let mut bytes = next.bytes();
    let is_path = bytes.next() == Some(b'/') && bytes.next() != Some(b'/');
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_path && is_plain && next.len() <= NEXT_BYTES_MAX { next } else { "/" }
}

/// The key of its words.
fn reason(why: NotOurs) -> &'static str {
    match why {
        NotOurs::Foreign => "foreign",
        NotOurs::Plain => "plain",
    }
}

/// The language that the address says, else that of the page which was asked for, else the browser's.
fn language(said: &str, next: &str, preferred: Language) -> Language {
    let of_next = next.split_once('?').map(|(_, words)| word(words.as_bytes(), "lang")).unwrap_or_default();
    [said, &of_next].into_iter().find_map(Language::spoken).unwrap_or(preferred)
}

/// The first language of ours that a browser asks for: browsers name them in the order in which they are liked.
fn preferred(headers: &HeaderMap) -> Language {
    let tags = headers.get(header::ACCEPT_LANGUAGE).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    let mut tags = tags.split(',').map(|tag| tag.split(';').next().unwrap_or_default().trim());
    tags.find_map(Language::spoken).unwrap_or_default()
}

/// The page; `why` is the key of its words.
fn asked(status: StatusCode, next: &str, language: Language, why: Option<&str>) -> Response {
    page(status, next, language, why.map(|why| text::word("login", why, language)).as_deref())
}

fn page(status: StatusCode, next: &str, language: Language, why: Option<&str>) -> Response {
    let nonce = Uuid::new_v4().simple().to_string();
    let mut response = shown(page::login(next, why, language, &nonce), &nonce);
    *response.status_mut() = status;
    response
}

fn too_often(next: &str, language: Language, wait: Duration) -> Response {
    let wait_s = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
    let why = text::word("login", "too_often", language).replace("{n}", &wait_s.to_string());
    let mut response = page(StatusCode::TOO_MANY_REQUESTS, next, language, Some(&why));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
    response
}

fn see_other(place: &str) -> Response {
    let place = HeaderValue::from_str(place).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

/// A word of a form or of an address; empty if it is not there.
fn word(form: &[u8], name: &str) -> String {
    let mut words = form_urlencoded::parse(form);
    words.find(|(found, _)| found == name).map_or(String::new(), |(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::door::Door;
    use super::super::{Config, app};
    use super::*;
    use crate::keys::Keys;
    use crate::limits::{LOGIN_PEER_FAILURES_MAX, LOGIN_PEER_FORGIVEN_AFTER};
    use crate::store::SqliteStore;
    use axum::Router;
    use axum::body::Body;
    use std::net::IpAddr;
    use tokio::time::advance;
    use tower::ServiceExt;

    const TOKEN: &str = "read-token-0123456789abcdefg";

    async fn tried(app: &Router, seat: &Arc<Seat>, token: &str) -> Response {
        let mut request = Request::post("/login")
            .header("host", "nowait.bank.example")
            .header("origin", "https://nowait.bank.example")
            .body(Body::from(format!("token={token}")))
            .unwrap();
        request.extensions_mut().insert(Arc::clone(seat));
        app.clone().oneshot(request).await.unwrap()
    }

    #[test]
    fn the_address_says_the_language_then_what_was_asked_for_then_the_browser() {
        let of = |said, next, accepted: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_str(accepted).unwrap());
            language(said, next, preferred(&headers)).tag()
        };
        assert_eq!(of("en", "/gaps?lang=zh-Hant", "zh-CN"), "en");
        assert_eq!(of("", "/gaps?os=ios&lang=zh-Hant", "en"), "zh-Hant");
        assert_eq!(of("", "/", "fr, zh-TW;q=0.9, en;q=0.8"), "zh-Hant");
        assert_eq!(of("xx", "/?lang=yy", "fr"), "en");
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_with_too_many_wrong_tokens_waits_whichever_connection_it_takes() {
        let keys = format!(
            "[[app_key]]\ntenant = 'bank'\nkey = 'app-key-0123456789abcdefghij'\n\
             [[read_token]]\ntenant = 'bank'\ntoken = '{TOKEN}'\n"
        );
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(folder.path()).unwrap());
        let app = app(store, Config::new(Keys::parse(&keys).unwrap()));
        let door = Door::new(8);
        let [guesses, more, other] = [
            door.enter(IpAddr::from([192, 0, 2, 1]), None).await.unwrap(),
            door.enter(IpAddr::from([192, 0, 2, 1]), None).await.unwrap(),
            door.enter(IpAddr::from([192, 0, 2, 2]), None).await.unwrap(),
        ];
        for _ in 0..LOGIN_PEER_FAILURES_MAX {
            assert_eq!(tried(&app, &guesses, "wrong").await.status(), StatusCode::FORBIDDEN);
        }
        let late = tried(&app, &more, TOKEN).await;
        assert_eq!(late.status(), StatusCode::TOO_MANY_REQUESTS);
        let wait_s = LOGIN_PEER_FORGIVEN_AFTER.as_secs();
        assert_eq!(late.headers()[header::RETRY_AFTER], wait_s.to_string());
        assert!(!more.is_known());
        assert_eq!(tried(&app, &other, TOKEN).await.status(), StatusCode::SEE_OTHER);
        assert!(other.is_known(), "its connection may stay open");
        advance(LOGIN_PEER_FORGIVEN_AFTER).await;
        assert_eq!(tried(&app, &more, TOKEN).await.status(), StatusCode::SEE_OTHER);
    }
}
