//! Who may read, what every answer carries, and what is counted about questions; without a socket.

mod house;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, StatusCode};
use house::{House, KEY, OTHER_TOKEN, TOKEN, frame, post};
use hyper::body::Frame;
use nowait_collector::cancel::Cancel;
use nowait_collector::keys::Keys;
use nowait_collector::limits::INGEST_AT_ONCE_MAX;
use nowait_collector::serve::ReadAccess;
use nowait_collector::store::{Query, Store};
use nowait_report::Report;
use nowait_wire::ReceiptStatus;
use nowait_wire::testing::session;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tempfile::TempDir;

const READ: [&str; 12] = [
    "/",
    "/?os=ios",
    "/health",
    "/releases",
    "/plain",
    "/v1/report",
    "/v1/reader",
    "/v1/releases",
    "/v1/sections",
    "/v1/compare?base=8.2.0&head=8.2.0",
    "/v1/compare/sections?base=8.2.0&head=8.2.0",
    "/v1/status",
];

/// What comes from this machine, or says so.
const CLAIMS: [(&str, &str); 4] = [
    ("host", "localhost:4600"),
    ("host", "127.0.0.1:4600"),
    ("x-forwarded-for", "127.0.0.1"),
    ("x-real-ip", "::1"),
];

#[tokio::test]
async fn where_there_is_a_token_nobody_reads_without_one() {
    for read_access in [ReadAccess::Local, ReadAccess::Token] {
        let house = House::new(|config| config.read_access = read_access);
        house.post(frame(&session(1, 100))).await;
        for address in READ {
            for claim in CLAIMS {
                let answer = house.ask(address, &[claim]).await;
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{address} {claim:?}");
                assert!(answer.headers.contains_key("www-authenticate"));
            }
            assert_eq!(house.get(address).await.status, StatusCode::OK, "{address}");
        }
        for wrong in ["Bearer wrong".to_owned(), format!("Bearer {KEY}"), "Basic".to_owned(), String::new()] {
            let answer = house.ask("/v1/report", &[("host", "localhost"), ("authorization", &wrong)]).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{wrong}");
        }
        let other = format!("Bearer {OTHER_TOKEN}");
        let other = house.ask("/v1/report", &[("host", "localhost"), ("authorization", &other)]).await;
        let report: Report = serde_json::from_slice(&other.body).unwrap();
        assert!(report.touchpoints.is_empty());
        let refused = (READ.len() * CLAIMS.len() + 4) as u64;
        assert_eq!(house.get("/v1/status").await.json()["reads"]["unauthorized"], refused);
    }
}

#[tokio::test]
async fn without_any_token_only_this_machine_reads() {
    let keys = format!("[[app_key]]\ntenant = 'bank'\nkey = '{KEY}'\n");
    let keys = Keys::parse(&keys).unwrap();
    let house = House::new(|config| config.keys = keys.clone());
    house.post(frame(&session(1, 100))).await;
    let here = ("host", "localhost:4600");
    let token = format!("Bearer {TOKEN}");
    for address in READ {
        assert_eq!(house.ask(address, &[here]).await.status, StatusCode::OK, "{address}");
        for elsewhere in [
            vec![("host", "rebound.example")],
            vec![],
            vec![here, ("x-forwarded-for", "127.0.0.1")],
            vec![here, ("forwarded", "for=127.0.0.1")],
            vec![here, ("via", "1.1 localhost")],
            vec![here, ("authorization", token.as_str())],
        ] {
            let answer = house.ask(address, &elsewhere).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{address} {elsewhere:?}");
        }
    }
    let house = House::new(|config| (config.keys, config.read_access) = (keys.clone(), ReadAccess::Token));
    assert_eq!(house.ask("/v1/report", &[here]).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_answer_keeps_a_browser_from_doing_more_than_showing_it() {
    let house = House::new(|config| config.clock = || panic!("a clock that fails"));
    for (address, status) in [
        ("/livez", StatusCode::OK),
        ("/nowhere", StatusCode::NOT_FOUND),
        ("/v1/batches", StatusCode::METHOD_NOT_ALLOWED),
        ("/v1/report", StatusCode::INTERNAL_SERVER_ERROR),
    ] {
        let answer = house.get(address).await;
        assert_eq!(answer.status, status, "{address}");
        for (name, value) in [
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.headers[name], value, "{address}");
        }
    }
}

/// A body that never comes.
struct NoEnd;

impl HttpBody for NoEnd {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

/// Keeps anybody else from committing, as another program would; until it is dropped.
fn locked(folder: &TempDir) -> rusqlite::Connection {
    let disk = rusqlite::Connection::open(folder.path().join("nowait.db")).unwrap();
    disk.execute_batch("BEGIN IMMEDIATE").unwrap();
    disk
}

/// Sends a batch and hangs up while it waits for the disk.
async fn sent_and_given_up(house: &House, request: Request<Body>) {
    let waits = tokio::time::timeout(Duration::from_millis(2), house.send(request)).await;
    assert!(waits.is_err(), "{}", waits.unwrap().text());
}

#[tokio::test]
async fn how_a_request_ends_is_counted_whoever_hangs_up() {
    let house = House::new(|_| {});
    let mut never = post(Vec::new());
    *never.body_mut() = Body::new(NoEnd);
    sent_and_given_up(&house, never).await;
    assert_eq!(house.get("/v1/status").await.json()["unanswered"]["abandoned"], 1);
    let lock = locked(&house.folder);
    sent_and_given_up(&house, post(frame(&session(1, 10)))).await;
    assert_eq!(house.get("/v1/status").await.json()["unanswered"]["abandoned"], 1);
    drop(lock);
    let again = house.post(frame(&session(1, 10))).await;
    assert_eq!(again.receipt().status, ReceiptStatus::Duplicate, "it was stored all the same");
    let status = house.get("/v1/status").await.json();
    assert_eq!((&status["batches_stored"], &status["batches_duplicate"]), (&1.into(), &1.into()));
    assert_eq!((&status["events_stored"], &status["unanswered"]["abandoned"]), (&10.into(), &1.into()));
    assert_eq!(house.get("/v1/report").await.status, StatusCode::OK);
    assert_eq!(house.get("/v1/report?os=symbian").await.status, StatusCode::BAD_REQUEST);
    let reads = house.get("/v1/status").await.json()["reads"].clone();
    assert_eq!(
        (&reads["answered"], &reads["refused"], &reads["abandoned"]),
        (&1.into(), &1.into(), &0.into())
    );
}

#[tokio::test]
async fn a_tenant_that_sends_and_hangs_up_keeps_its_share_only() {
    let text = format!(
        "[[app_key]]\ntenant = 'bank'\nkey = '{KEY}'\n[[app_key]]\ntenant = 'shop'\nkey = '{OTHER_TOKEN}'\n\
         [[read_token]]\ntenant = 'bank'\ntoken = '{TOKEN}'\nrole = 'admin'\n"
    );
    let house = House::new(|config| config.keys = Keys::parse(&text).unwrap());
    let lock = locked(&house.folder);
    let mut flooded = 0;
    loop {
        let waits =
            tokio::time::timeout(Duration::from_millis(2), house.post(frame(&session(flooded, 5)))).await;
        match waits {
            Err(_) => flooded += 1,
            Ok(answer) => break assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE),
        }
    }
    assert_eq!(flooded, INGEST_AT_ONCE_MAX as u64 / 2);
    let mut other = post(frame(&session(1_000, 5)));
    other.headers_mut().insert("authorization", format!("Bearer {OTHER_TOKEN}").parse().unwrap());
    let (answer, ()) = tokio::join!(house.send(other), async { drop(lock) });
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(house.get("/v1/status").await.json()["unanswered"]["over_share"], 1);
}

#[tokio::test]
async fn a_question_that_was_given_up_is_not_answered() {
    let house = House::new(|_| {});
    house.post(frame(&session(1, 100))).await;
    let cancel = Cancel::default();
    let asked = Query::default().unless(&cancel);
    assert!(!house.store.cells("bank", &asked).unwrap().is_empty());
    cancel.cancel();
    assert!(house.store.cells("bank", &asked).unwrap_err().is_store());
    assert!(!house.store.cells("bank", &Query::default()).unwrap().is_empty());
}

#[tokio::test]
async fn a_token_opens_one_tenant() {
    let house = House::new(|_| {});
    let token = format!("Bearer {OTHER_TOKEN}");
    let answer = house.ask("/v1/report?tenant=bank", &[("authorization", &token)]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}
