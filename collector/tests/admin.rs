//! What an admin changes over HTTP, who else may not, and what stays of it.

mod house;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use house::{Answer, House, KEY, OTHER_TOKEN, TOKEN, frame};
use nowait_collector::serve::app;
use nowait_collector::store::{Policy, SqliteStore, Store as _};
use nowait_report::{Budgets, Report};
use nowait_wire::Kind;
use nowait_wire::testing::session;
use serde_json::json;
use std::sync::Arc;

const STRICT: &str = "[kind.tap]\ntarget_ms = 1\n";
const BEARER: &str = "Bearer read-token-0123456789abcdefg";

async fn sent(
    house: &House,
    method: &str,
    address: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let request = Request::builder().method(method).uri(address).header("host", "bank.example");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    house.send(request.body(body.into()).unwrap()).await
}

async fn judge_by(house: &House, toml: &str) -> Answer {
    sent(house, "PUT", "/v1/budgets", &[("authorization", BEARER)], toml.to_owned()).await
}

async fn report(house: &House) -> Report {
    serde_json::from_slice(&house.get("/v1/report").await.body).unwrap()
}

fn in_time(report: &Report) -> Option<f64> {
    report.touchpoints.iter().find(|of| of.kind == Kind::Tap).unwrap().figures.within_budget_share
}

/// Two installations, three sessions.
async fn house() -> (House, [nowait_wire::Batch; 3]) {
    let house = House::new(|_| {});
    let mut batches = [session(1, 300), session(2, 300), session(3, 300)];
    batches[1].context.app_version = "8.3.0".into();
    for batch in &batches {
        assert_eq!(house.post(frame(batch)).await.status, StatusCode::OK);
    }
    (house, batches)
}

#[tokio::test]
async fn budgets_count_from_the_next_question_on_and_are_kept() {
    let (house, _) = house().await;
    let before = in_time(&report(&house).await).unwrap();
    assert_eq!(house.get("/v1/budgets").await.text(), "");
    let compare = "/v1/compare?base=8.2.0&head=8.3.0";
    let compared = house.get(compare).await;
    let set = judge_by(&house, STRICT).await;
    assert_eq!((set.status, set.text()), (StatusCode::OK, STRICT));
    assert_eq!(set.headers["content-type"], "application/toml");
    let after = in_time(&report(&house).await).unwrap();
    assert!(after < before, "{after} {before}");
    assert_eq!(compared.status, house.get(compare).await.status);
    assert_eq!(house.get("/v1/budgets").await.text(), STRICT);
    let read = SqliteStore::open_read_only(house.folder.path()).unwrap();
    assert_eq!(read.budgets().source(), STRICT, "the command line judges as the page does");
    house.store.close();
    let House { folder, store, app, .. } = house;
    drop((store, app, read));
    let again = SqliteStore::open(folder.path()).unwrap();
    assert_eq!(again.budgets().source(), STRICT, "as long as nothing else is said");
}

#[tokio::test]
async fn budgets_that_are_none_change_nothing() {
    let (house, _) = house().await;
    assert_eq!(judge_by(&house, STRICT).await.status, StatusCode::OK);
    for (wrong, reason) in [
        (b"[kind.tap]\ntarget_ms = \"soon\"\n".to_vec(), "budgets line 2"),
        (b"[kind.\xff]".to_vec(), "UTF-8"),
        (vec![b'#'; 300 * 1024], "262144 bytes"),
    ] {
        let answer = sent(&house, "PUT", "/v1/budgets", &[("authorization", BEARER)], wrong).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.text().contains(reason), "{}", answer.text());
    }
    assert_eq!(house.get("/v1/budgets").await.text(), STRICT);
}

#[tokio::test]
async fn budgets_of_a_file_stay_those_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let policy = Policy { budgets: Some(Budgets::parse(STRICT).unwrap()), ..Policy::default() };
    let store = Arc::new(SqliteStore::open_with(folder.path(), policy, |_, _| {}).unwrap());
    let mut config = None;
    let of_house = House::new(|of_house| config = Some(of_house.clone()));
    let app = app(Arc::<SqliteStore>::clone(&store), config.unwrap());
    let house = House { app, store, folder };
    drop(of_house);
    let refused = judge_by(&house, "").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text().contains("started with --budgets"), "{}", refused.text());
    assert_eq!(house.get("/v1/budgets").await.text(), STRICT);
}

#[tokio::test]
async fn a_session_an_installation_and_a_release_are_deleted_when_asked_for_twice() {
    let (house, batches) = house().await;
    let id = batches[0].id.session.to_string();
    let asked = house.delete(&json!({ "session": id })).await.json();
    assert_eq!(
        (&asked["batches"], &asked["sessions"], &asked["is_deleted"]),
        (&json!(1), &json!(1), &json!(false))
    );
    assert_eq!(report(&house).await.ledger.sessions, 3, "nothing is changed by asking");
    let gone = house.delete(&json!({ "session": id, "sure": true })).await;
    assert_eq!((gone.status, &gone.json()["is_deleted"]), (StatusCode::OK, &json!(true)), "{}", gone.text());
    assert_eq!(gone.json()["is_in_log"], false);
    let left = report(&house).await;
    assert_eq!(left.ledger.sessions, 2);
    assert_eq!(house.delete(&json!({ "session": id, "sure": true })).await.status, StatusCode::NOT_FOUND);
    // The device that sends it again is not told that it had been stored before.
    assert_eq!(house.post(frame(&session(4, 300))).await.status, StatusCode::OK);
    assert_eq!(report(&house).await.ledger.sessions, 3, "it goes on taking batches");
    let install = batches[2].context.install.to_string();
    assert_eq!(house.delete(&json!({ "install": install, "sure": true })).await.status, StatusCode::OK);
    assert_eq!(house.delete(&json!({ "version": "8.3.0", "sure": true })).await.status, StatusCode::OK);
    let releases = house.get("/v1/releases").await.json();
    assert!(!releases["releases"].as_array().unwrap().contains(&json!("8.3.0")), "{releases}");
    let store = SqliteStore::open_read_only(house.folder.path()).unwrap();
    assert_eq!(store.session("bank", batches[1].id.session).unwrap(), []);
}

#[tokio::test]
async fn who_is_no_admin_changes_nothing() {
    let (house, batches) = house().await;
    let body = json!({ "session": batches[0].id.session.to_string(), "sure": true }).to_string();
    let other = format!("Bearer {OTHER_TOKEN}");
    let key = format!("Bearer {KEY}");
    for (token, status) in [
        (other.as_str(), StatusCode::FORBIDDEN),
        (key.as_str(), StatusCode::UNAUTHORIZED),
        ("", StatusCode::UNAUTHORIZED),
    ] {
        let own = [("authorization", token)];
        assert_eq!(sent(&house, "POST", "/v1/deletions", &own, body.clone()).await.status, status);
        assert_eq!(sent(&house, "PUT", "/v1/budgets", &own, STRICT).await.status, status);
    }
    assert_eq!(
        sent(&house, "GET", "/v1/budgets", &[("authorization", &other)], "").await.status,
        StatusCode::OK
    );
    assert_eq!(report(&house).await.ledger.sessions, 3);
    assert_eq!(house.get("/v1/budgets").await.text(), "");
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let (house, _) = house().await;
    let form = format!("token={TOKEN}");
    let ours = ("origin", "https://bank.example");
    let signed_in = sent(&house, "POST", "/login", &[ours], form).await;
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let cookie = ("cookie", cookie.as_str());
    let theirs = ("origin", "https://evil.example");
    let cross = ("sec-fetch-site", "cross-site");
    for headers in [&[cookie][..], &[cookie, theirs], &[cookie, ours, cross]] {
        let answer = sent(&house, "PUT", "/v1/budgets", headers, STRICT).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
        let answer = sent(&house, "POST", "/v1/deletions", headers, "{}").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    assert_eq!(sent(&house, "PUT", "/v1/budgets", &[cookie, ours], STRICT).await.status, StatusCode::OK);
}

#[tokio::test]
async fn on_a_machine_without_tokens_a_program_may_and_a_foreign_page_may_not() {
    let keys = format!("[[app_key]]\ntenant = 'bank'\nkey = '{KEY}'\n");
    let house = House::new(|config| config.keys = nowait_collector::keys::Keys::parse(&keys).unwrap());
    let put = |headers: &'static [(&'static str, &'static str)]| {
        let request = Request::put("/v1/budgets").header("host", "localhost:4600");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        house.send(request.body(Body::from(STRICT)).unwrap())
    };
    assert_eq!(put(&[("origin", "https://evil.example")]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(put(&[("sec-fetch-site", "cross-site")]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(put(&[("x-forwarded-for", "192.0.2.1")]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(put(&[]).await.status, StatusCode::OK);
    assert_eq!(put(&[("origin", "http://localhost:4600")]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_deletion_that_is_not_understood_says_what_to_write() {
    let (house, batches) = house().await;
    let id = batches[0].id.session.to_string();
    for (body, reason) in [
        (json!({}), "name one of"),
        (json!({ "session": id, "version": "8.2.0" }), "name one of"),
        (json!({ "session": "x" }), "deletion: "),
        (json!({ "session": id, "sur": true }), "unknown field"),
        (json!({ "session": id, "tenant": "shop" }), "another tenant's"),
    ] {
        let answer = house.delete(&body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(answer.text().contains(reason), "{body}: {}", answer.text());
    }
    let stranger = house.delete(&json!({ "version": "9.9.9", "sure": true })).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);
    assert_eq!(report(&house).await.ledger.sessions, 3);
}
