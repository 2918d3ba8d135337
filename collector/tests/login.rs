//! Signing in, staying in and getting out, as a browser does; without a socket.

mod house;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use house::{Answer, House, KEY, OTHER_TOKEN, TOKEN, frame};
use nowait_collector::keys::Keys;
use nowait_collector::limits::{
    LOGIN_BYTES_MAX, LOGIN_FAILURES_MAX, LOGIN_FORGIVEN_AFTER, SIGN_IN_IDLE_MAX, SIGN_IN_LIFE_MAX,
};
use nowait_wire::testing::session;
use std::time::Duration;
use tokio::time::advance;

const HOST: (&str, &str) = ("host", "nowait.bank.example");
const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

/// What a browser says of a form of our own page.
const OURS: [(&str, &str); 3] =
    [HOST, ("origin", "https://nowait.bank.example"), ("sec-fetch-site", "same-origin")];

async fn form(house: &House, address: &str, headers: &[(&str, &str)], body: String) -> Answer {
    let request = Request::post(address).header("content-type", "application/x-www-form-urlencoded");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    house.send(request.body(Body::from(body)).unwrap()).await
}

async fn sign_in(house: &House, token: &str, next: &str) -> Answer {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token)
        .append_pair("next", next)
        .finish();
    form(house, "/login", &OURS, body).await
}

/// The name and value of the cookie that is set, as the browser sends it back, and its attributes.
fn cookie(answer: &Answer) -> (String, Vec<String>) {
    let text = answer.headers["set-cookie"].to_str().unwrap();
    let mut parts = text.split("; ").map(str::to_owned);
    let pair = parts.next().unwrap();
    let mut attributes: Vec<String> = parts.collect();
    attributes.sort();
    (pair, attributes)
}

async fn with_cookie(house: &House, address: &str, cookie: &str) -> Answer {
    house.ask(address, &[HOST, HTML, ("cookie", cookie)]).await
}

#[tokio::test]
async fn a_browser_is_led_to_the_login_page_and_back() {
    let house = House::new(|_| {});
    house.post(frame(&session(1, 100))).await;
    let asked = "/?os=android&dimension=segment%3Aretail";
    let sent = house.ask(asked, &[HOST, HTML]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    let login = sent.headers["location"].to_str().unwrap();
    assert_eq!(login, "/login?next=%2F%3Fos%3Dandroid%26dimension%3Dsegment%253Aretail");
    let page = house.ask(login, &[HOST, HTML]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("name=\"next\" value=\"/?os=android&amp;dimension=segment%3Aretail\""));
    assert!(!page.text().contains("<script"));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'nonce-") && policy.contains("form-action 'self'")
    );
    assert_eq!(page.headers["referrer-policy"], "same-origin", "with none a browser says Origin: null");
    let answer = sign_in(&house, &format!(" {TOKEN}\n"), "/?os=android").await;
    assert_eq!(
        (answer.status, &answer.headers["location"]),
        (StatusCode::SEE_OTHER, &"/?os=android".parse().unwrap())
    );
    let (pair, _) = cookie(&answer);
    let shown = with_cookie(&house, "/plain?os=android", &format!("theme=dark; {pair}")).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(
        shown.text().contains("Where customers wait") && shown.text().contains("Signed in as admin of bank")
    );
    assert!(!house.get("/plain").await.text().contains("Sign out"), "a token has nothing to sign out of");
    assert_eq!(with_cookie(&house, "/v1/report", &pair).await.status, StatusCode::OK);
    let plain = house.ask("/", &[HOST, HTML]).await;
    assert_eq!(plain.status, StatusCode::SEE_OTHER);
    assert_eq!(plain.headers["location"], "/login");
}

#[tokio::test]
async fn a_program_is_told_401_as_ever_and_its_token_counts_as_ever() {
    let house = House::new(|_| {});
    house.post(frame(&session(1, 100))).await;
    for headers in [
        vec![HOST],
        vec![HOST, ("accept", "*/*")],
        vec![HOST, ("accept", "application/json")],
        vec![HOST, HTML, ("authorization", "Bearer wrong")],
    ] {
        let answer = house.ask("/", &headers).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{headers:?}");
        assert!(answer.headers.contains_key("www-authenticate"));
    }
    let bearer = format!("Bearer {TOKEN}");
    let basic =
        format!("Basic {}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("x:{TOKEN}")));
    for authorization in [&bearer, &basic] {
        for accept in [HTML, ("accept", "*/*")] {
            let answer = house.ask("/v1/report", &[HOST, accept, ("authorization", authorization)]).await;
            assert_eq!(answer.status, StatusCode::OK, "{authorization}");
        }
    }
}

#[tokio::test]
async fn the_cookie_is_for_this_site_alone_and_says_nothing() {
    let house = House::new(|_| {});
    let (pair, attributes) = cookie(&sign_in(&house, TOKEN, "/").await);
    assert_eq!(attributes, ["HttpOnly", "Path=/", "SameSite=Strict", "Secure"]);
    let id = pair.strip_prefix("__Host-nowait=").unwrap();
    assert!(id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert_ne!(cookie(&sign_in(&house, TOKEN, "/").await).0, pair);
    let local = [("host", "localhost:4600"), ("origin", "http://localhost:4600")];
    let local = form(&house, "/login", &local, format!("token={TOKEN}")).await;
    let (pair, attributes) = cookie(&local);
    assert_eq!(
        attributes,
        ["HttpOnly", "Path=/", "SameSite=Strict"],
        "browsers keep no Secure one from http"
    );
    assert!(pair.starts_with("nowait="), "{pair}");
    let here = [("host", "localhost:4600"), HTML, ("cookie", pair.as_str())];
    assert_eq!(house.ask("/v1/report", &here).await.status, StatusCode::OK);
    assert_eq!(
        with_cookie(&house, "/", &pair).await.status,
        StatusCode::SEE_OTHER,
        "a name beside ours may set it"
    );
    let plain = [HOST, ("origin", "http://nowait.bank.example")];
    let plain = form(&house, "/login", &plain, format!("token={TOKEN}")).await;
    assert_eq!(plain.status, StatusCode::FORBIDDEN);
    assert!(plain.text().contains("https") && !plain.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn a_wrong_token_opens_nothing_and_is_not_repeated() {
    let house = House::new(|_| {});
    for wrong in ["", "wrong-token-0123456789abcdefg", KEY, &TOKEN[1..], &format!("{TOKEN}0")] {
        let answer = sign_in(&house, wrong, "/?os=ios").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{wrong}");
        assert!(!answer.headers.contains_key("set-cookie"));
        assert!(answer.text().contains("not known") && answer.text().contains("value=\"/?os=ios\""));
        assert!(wrong.is_empty() || !answer.text().contains(wrong));
    }
    let long = form(&house, "/login", &OURS, "x".repeat(LOGIN_BYTES_MAX + 1)).await;
    assert_eq!(long.status, StatusCode::BAD_REQUEST);
    for cookie in ["__Host-nowait=", "__Host-nowait=0", &format!("__Host-nowait={}", "0".repeat(64))] {
        assert_eq!(with_cookie(&house, "/", cookie).await.status, StatusCode::SEE_OTHER, "{cookie}");
    }
    sign_in(&house, TOKEN, "/").await;
    let logins = house.get("/v1/status").await.json()["logins"].clone();
    assert_eq!(
        (&logins["wrong_token"], &logins["refused"], &logins["signed_in"]),
        (&5.into(), &1.into(), &1.into())
    );
}

#[tokio::test]
async fn nobody_is_sent_to_another_site() {
    let house = House::new(|_| {});
    let long = format!("/?{}", "x".repeat(2_000));
    for evil in [
        "//evil.com",
        "/\\evil.com",
        "\\\\evil.com",
        "/?x=\\evil.com",
        "https://evil.com/",
        "evil.com",
        "",
        "javascript:alert(1)",
        "/\t/evil.com",
        "\t//evil.com",
        "/\n/evil.com",
        "/\r\nset-cookie: a=b",
        " //evil.com",
        "/é",
        &long,
    ] {
        let answer = sign_in(&house, TOKEN, evil).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert_eq!(answer.headers["location"], "/", "{evil:?}");
        let login = form_urlencoded::Serializer::new("/login?".to_owned()).append_pair("next", evil).finish();
        let page = house.ask(&login.replace("?&", "?"), &[HOST, HTML]).await;
        assert!(
            page.text().contains("name=\"next\" value=\"/\"") && page.text().contains("href=\"/\""),
            "{evil:?}"
        );
    }
    for own in ["/", "/v1/report?os=ios", "/?dimension=a%3Ab"] {
        assert_eq!(sign_in(&house, TOKEN, own).await.headers["location"], own);
    }
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let house = House::new(|_| {});
    let (pair, _) = cookie(&sign_in(&house, TOKEN, "/").await);
    let evil = ("origin", "https://evil.example");
    for headers in [
        vec![HOST],
        vec![HOST, evil],
        vec![HOST, ("origin", "null")],
        vec![HOST, evil, ("sec-fetch-site", "cross-site")],
        vec![HOST, ("origin", "https://other.bank.example"), ("sec-fetch-site", "same-site")],
    ] {
        let mut headers = headers;
        headers.push(("cookie", &pair));
        for address in ["/login", "/logout"] {
            let answer = form(&house, address, &headers, format!("token={OTHER_TOKEN}")).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{address} {headers:?}");
            assert!(!answer.headers.contains_key("set-cookie"), "{address} {headers:?}");
        }
    }
    let shown = with_cookie(&house, "/v1/status", &pair).await;
    assert_eq!(shown.status, StatusCode::OK, "still signed in, and as who he was");
    assert_eq!(shown.json()["logins"]["refused"], 5);
    for address in ["/login", "/logout"] {
        let answer = house.ask(&format!("{address}?token={TOKEN}"), &[HOST, HTML]).await;
        assert!(!answer.headers.contains_key("set-cookie"), "an address alone does nothing");
    }
}

#[tokio::test]
async fn who_signs_out_is_out_and_who_signs_in_again_was_in_once() {
    let house = House::new(|_| {});
    let (first, _) = cookie(&sign_in(&house, TOKEN, "/").await);
    let (other, _) = cookie(&sign_in(&house, TOKEN, "/").await);
    let headers = [OURS[0], OURS[1], OURS[2], ("cookie", first.as_str())];
    let again = form(&house, "/login", &headers, format!("token={OTHER_TOKEN}")).await;
    let (second, _) = cookie(&again);
    assert_eq!(with_cookie(&house, "/v1/status", &first).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        with_cookie(&house, "/v1/status", &second).await.status,
        StatusCode::FORBIDDEN,
        "a viewer now"
    );
    let headers = [OURS[0], OURS[1], OURS[2], ("cookie", other.as_str())];
    let out = form(&house, "/logout", &headers, String::new()).await;
    assert_eq!((out.status, &out.headers["location"]), (StatusCode::SEE_OTHER, &"/login".parse().unwrap()));
    let cleared: Vec<&str> =
        out.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(
        cleared.len() == 2 && cleared.iter().all(|cookie| cookie.contains("=; Max-Age=0; Path=/")),
        "{cleared:?}"
    );
    assert_eq!(
        with_cookie(&house, "/", &other).await.status,
        StatusCode::SEE_OTHER,
        "here, too, not only in the browser"
    );
    assert_eq!(with_cookie(&house, "/v1/report", &second).await.status, StatusCode::OK, "others stay");
    assert_eq!(form(&house, "/logout", &OURS, String::new()).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_ends_with_its_time() {
    let house = House::new(|_| {});
    let (idle, _) = cookie(&sign_in(&house, TOKEN, "/").await);
    let (used, _) = cookie(&sign_in(&house, TOKEN, "/").await);
    let step = SIGN_IN_IDLE_MAX - Duration::from_secs(1);
    let mut lived = Duration::ZERO;
    while lived + step < SIGN_IN_LIFE_MAX {
        advance(step).await;
        lived += step;
        assert_eq!(with_cookie(&house, "/v1/status", &used).await.status, StatusCode::OK, "{lived:?}");
    }
    assert_eq!(with_cookie(&house, "/v1/status", &idle).await.status, StatusCode::SEE_OTHER);
    advance(SIGN_IN_LIFE_MAX - lived).await;
    assert_eq!(with_cookie(&house, "/v1/status", &used).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(start_paused = true)]
async fn too_many_wrong_tokens_have_to_wait_and_then_a_right_one_counts() {
    let house = House::new(|_| {});
    for _ in 0..LOGIN_FAILURES_MAX {
        assert_eq!(sign_in(&house, "wrong", "/").await.status, StatusCode::FORBIDDEN);
    }
    let answer = sign_in(&house, TOKEN, "/?os=ios").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "nor is a right one looked at");
    assert_eq!(answer.headers["retry-after"], LOGIN_FORGIVEN_AFTER.as_secs().to_string());
    assert!(!answer.headers.contains_key("set-cookie") && answer.text().contains("value=\"/?os=ios\""));
    let status = house.get("/v1/status").await;
    assert_eq!((status.status, &status.json()["logins"]["too_often"]), (StatusCode::OK, &1.into()));
    advance(LOGIN_FORGIVEN_AFTER).await;
    assert_eq!(sign_in(&house, TOKEN, "/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_reader_sees_one_tenant_and_what_the_role_allows() {
    let house = House::new(|_| {});
    house.post(frame(&session(1, 100))).await;
    let (viewer, _) = cookie(&sign_in(&house, OTHER_TOKEN, "/").await);
    let (admin, _) = cookie(&sign_in(&house, TOKEN, "/").await);
    assert_eq!(with_cookie(&house, "/v1/report?tenant=bank", &admin).await.status, StatusCode::OK);
    let refused = with_cookie(&house, "/v1/report?tenant=bank", &viewer).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(with_cookie(&house, "/v1/report", &admin).await.json()["touchpoints"][0].is_object());
    assert!(!with_cookie(&house, "/v1/report", &viewer).await.json()["touchpoints"][0].is_object());
    assert_eq!(with_cookie(&house, "/v1/status", &admin).await.status, StatusCode::OK);
    let refused = with_cookie(&house, "/v1/status", &viewer).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.json()["reason"].as_str().unwrap().contains("admin"));
    let bearer = format!("Bearer {OTHER_TOKEN}");
    let refused = house.ask("/v1/status", &[HOST, ("authorization", &bearer)]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let both = house.ask("/v1/status", &[HOST, ("authorization", &bearer), ("cookie", &admin)]).await;
    assert_eq!(both.status, StatusCode::FORBIDDEN, "a token is the word that counts");
}

#[tokio::test]
async fn without_any_token_this_machine_reads_and_nobody_signs_in() {
    let keys = format!("[[app_key]]\ntenant = 'bank'\nkey = '{KEY}'\n");
    let house = House::new(|config| config.keys = Keys::parse(&keys).unwrap());
    house.post(frame(&session(1, 100))).await;
    let here = [("host", "localhost:4600"), HTML];
    for address in ["/", "/v1/report", "/v1/status"] {
        assert_eq!(house.ask(address, &here).await.status, StatusCode::OK, "{address}");
    }
    assert!(!house.ask("/", &here).await.text().contains("Sign out"));
    let elsewhere = house.ask("/", &[HOST, HTML]).await;
    assert_eq!(elsewhere.status, StatusCode::UNAUTHORIZED, "there is nothing to sign in with");
    let page = house.ask("/login", &here).await;
    assert_eq!((page.status, &page.headers["location"]), (StatusCode::SEE_OTHER, &"/".parse().unwrap()));
    let answer = sign_in(&house, TOKEN, "/").await;
    assert!(answer.status == StatusCode::SEE_OTHER && !answer.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn a_script_is_told_who_reads_and_is_not_interrupted_when_the_sign_in_is_over() {
    let house = House::new(|_| {});
    house.post(frame(&session(1, 100))).await;
    let (cookie, _) = cookie(&sign_in(&house, TOKEN, "/").await);
    let script = [HOST, ("accept", "application/json"), ("sec-fetch-dest", "empty")];
    let who = house.ask("/v1/reader", &[&script[..], &[("cookie", cookie.as_str())]].concat()).await.json();
    assert_eq!(who, serde_json::json!({ "tenant": "bank", "role": "admin", "is_signed_in": true }));
    let over = house.ask("/v1/reader", &script).await;
    assert_eq!(over.status, StatusCode::UNAUTHORIZED);
    assert!(!over.headers.contains_key("www-authenticate"));
    let program = house.ask("/v1/reader", &[HOST]).await;
    assert!(program.headers.contains_key("www-authenticate"));
}
