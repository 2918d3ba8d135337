//! `GET /metrics`: who may read it, what is in it, and that a real Prometheus takes it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod house;

use axum::http::StatusCode;
use house::{Answer, House, KEY, OTHER_TOKEN, frame};
use nowait_collector::keys::Keys;
use nowait_wire::testing::session;
use std::collections::BTreeMap;

const METRICS_TOKEN: &str = "metrics-token-0123456789abcdef";

fn house() -> House {
    House::new(|config| {
        let text = format!(
            "[[app_key]]\ntenant = 'bank'\nkey = '{KEY}'\n\
            [[read_token]]\ntenant = 'bank'\ntoken = '{METRICS_TOKEN}'\nrole = 'metrics'\n\
            [[read_token]]\ntenant = 'bank'\ntoken = '{OTHER_TOKEN}'\n"
        );
        config.keys = Keys::parse(&text).unwrap();
    })
}

async fn ask(house: &House, address: &str, token: &str) -> Answer {
    house.ask(address, &[("authorization", &format!("Bearer {token}"))]).await
}

/// The value of each series.
fn series(answer: &Answer) -> BTreeMap<&str, f64> {
    let lines = answer.text().lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap()).map(|(name, of)| (name, of.parse().unwrap())).collect()
}

#[tokio::test]
async fn it_tells_of_a_collector_that_nobody_has_sent_to_yet() {
    let answer = ask(&house(), "/metrics", METRICS_TOKEN).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(answer.headers["content-type"], content_type);
    assert!(answer.text().ends_with("# EOF\n"));
    assert_eq!(series(&answer)["nowait_batches_total{outcome=\"stored\"}"], 0.0);
    assert!(!answer.text().contains("nowait_waits"));
}

#[tokio::test]
async fn it_says_what_the_report_of_the_latest_day_says() {
    let house = house();
    for seed in 0..40 {
        assert_eq!(house.post(frame(&session(seed, 100))).await.status, StatusCode::OK);
    }
    let answer = ask(&house, "/metrics", METRICS_TOKEN).await;
    let told = series(&answer);
    assert_eq!(told["nowait_batches_total{outcome=\"stored\"}"], 40.0);
    assert_eq!(told["nowait_events_stored_total"], 4_000.0);
    let latest = told["nowait_latest_batch_timestamp_seconds{tenant=\"bank\"}"];
    assert_eq!(latest, house::NOW as f64 / 1e3);
    let report = ask(&house, "/v1/report", OTHER_TOKEN).await.json();
    let touchpoints = report["touchpoints"].as_array().unwrap();
    assert!(touchpoints.len() > 5);
    for figures in touchpoints {
        let labels = format!("tenant=\"bank\",kind={},touchpoint={}", figures["kind"], figures["name"]);
        assert_eq!(
            told[&*format!("nowait_lost_seconds{{{labels}}}")],
            figures["lost_ns"].as_f64().unwrap() / 1e9
        );
        let share = told.get(&*format!("nowait_within_budget_ratios{{{labels}}}")).copied();
        assert_eq!(share, figures["within_budget_share"].as_f64(), "{labels}");
        let p95 = told.get(&*format!("nowait_wait_seconds{{{labels},quantile=\"0.95\"}}")).copied();
        assert_eq!(p95, figures["latency"]["p95_ns"].as_f64().map(|ns| ns / 1e9), "{labels}");
    }
}

#[tokio::test]
async fn its_token_opens_nothing_else_and_a_viewers_does_not_open_it() {
    let house = house();
    assert_eq!(ask(&house, "/metrics", OTHER_TOKEN).await.status, StatusCode::FORBIDDEN);
    for address in ["/v1/report", "/v1/status", "/plain", "/", "/metrics/"] {
        let answer = ask(&house, address, METRICS_TOKEN).await;
        assert!([StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&answer.status), "{address}");
    }
    assert_eq!(house.ask("/metrics", &[]).await.status, StatusCode::UNAUTHORIZED);
    let filtered = ask(&house, "/metrics?version=8.2.0", METRICS_TOKEN).await;
    assert_eq!((filtered.status, filtered.text().contains("leave filters")), (StatusCode::BAD_REQUEST, true));
    let other = ask(&house, "/metrics?tenant=shop", METRICS_TOKEN).await;
    assert_eq!(other.status, StatusCode::BAD_REQUEST);
}

/// What a tenant sends cannot break the text, nor make it long.
#[tokio::test]
async fn names_are_escaped_and_as_many_as_fit() {
    let house = house();
    for part in 0..10_u64 {
        let mut batch = session(part, 100);
        for (number, name) in batch.names.iter_mut().enumerate().skip(6) {
            let letter = |number: u64| char::from(b'A' + (number % 26) as u8);
            *name = format!("To \\ or \"as\" {}{}", letter(part), letter(number as u64));
        }
        house.post(frame(&batch)).await;
    }
    let answer = ask(&house, "/metrics", METRICS_TOKEN).await;
    assert_eq!(answer.status, StatusCode::OK);
    let told = series(&answer);
    assert!(told.keys().any(|name| name.contains(r#"touchpoint="To \\ or \"as\" "#)), "{}", answer.text());
    assert_eq!(told.keys().filter(|name| name.starts_with("nowait_waits{")).count(), 50);
}
