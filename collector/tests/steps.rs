//! `POST /v1/steps`: what other channels tell, from the request to the report, without a socket; and once with one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod house;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use house::{Answer, House, KEY, NOW, frame};
use nowait_wire::testing::session;
use nowait_wire::{Event, Kind, NameId, Outcome, ReceiptStatus};
use serde_json::{Value, json};

const MINUTE: u64 = 60_000;

fn visit(id: &str) -> Value {
    let at = |ago: u64| NOW - ago * MINUTE;
    json!({
        "id": id, "channel": "branch", "journey": "OpenAccount", "continuation": "028T5-CY4TQ-KFFHF", "rating": 4,
        "steps": [{ "name": "Counter", "ticket_taken": at(40), "called": at(30), "done": at(10),
            "suspended": [{ "from": at(25), "until": at(20) }] }],
    })
}

fn request(body: impl Into<Body>) -> Request<Body> {
    Request::post("/v1/steps")
        .header("authorization", format!("Bearer {KEY}"))
        .header("content-type", "application/json; charset=utf-8")
        .body(body.into())
        .unwrap()
}

async fn tell(house: &House, body: &Value) -> Answer {
    house.send(request(body.to_string())).await
}

#[tokio::test]
async fn a_visit_is_stored_once_and_is_in_the_report() {
    let house = House::new(|_| {});
    let first = tell(&house, &visit("A117")).await;
    assert_eq!((first.status, first.receipt().status), (StatusCode::OK, ReceiptStatus::Stored));
    let again = tell(&house, &visit("A117")).await;
    assert_eq!((again.status, again.receipt().status), (StatusCode::OK, ReceiptStatus::Duplicate));
    assert_eq!(first.receipt().batch, again.receipt().batch);
    assert_eq!(tell(&house, &visit("A118")).await.receipt().status, ReceiptStatus::Stored);
    let status = house.get("/v1/status").await.json();
    assert_eq!((&status["batches_stored"], &status["batches_duplicate"]), (&2.into(), &1.into()));
    let report = house.get("/v1/report").await.json();
    let [journey, step] = [&report["journeys"][0], &report["steps"][0]];
    assert_eq!((&journey["name"], &step["name"]), (&"OpenAccount".into(), &"Counter".into()));
    let minutes =
        |of: &Value, part: &str| (of[part].as_u64().unwrap() + MINUTE * 500_000) / (MINUTE * 1_000_000);
    for of in [journey, step] {
        assert_eq!(of["outcomes"]["done"], 2);
        assert_eq!(["waiting_ns", "acting_ns", "away_ns"].map(|part| minutes(of, part)), [20, 30, 10]);
    }
    assert_eq!((&report["ledger"]["delivered"], &report["ledger"]["balanced"]), (&8.into(), &true.into()));
    assert_eq!(
        house.get("/v1/releases").await.json(),
        json!({ "releases": [], "pinned": null }),
        "a branch is no release"
    );
    assert_eq!(house.post(frame(&session(1, 20))).await.status, StatusCode::OK);
    for (word, nearest) in [("version=9.9.9", "known is: \"8.2.0\""), ("country=XX", "known is: \"VN\"")] {
        let unknown = house.get(&format!("/v1/report?{word}")).await;
        assert!(unknown.json()["reason"].as_str().unwrap().ends_with(nearest), "{}", unknown.text());
    }
}

#[tokio::test]
async fn a_channel_is_a_slice_and_what_says_none_is_the_app() {
    let house = House::new(|_| {});
    assert_eq!(tell(&house, &visit("A117")).await.status, StatusCode::OK);
    let mut batch = session(1, 0);
    let name = NameId(batch.names.len() as u32);
    batch.names.push("OpenAccount".into());
    batch.events.push(Event {
        started_uptime_ns: batch.anchors[0].uptime_ns - 60_000_000_000,
        duration_ns: 30_000_000_000,
        outcome: Outcome::Abandoned,
        ..Event::new(Kind::Journey, name)
    });
    assert_eq!(house.post(frame(&batch)).await.status, StatusCode::OK);
    let mut outcomes = Vec::new();
    for filter in ["", "?dimension=channel:branch", "?dimension=channel:app", "?dimension=channel:web"] {
        let answer = house.get(&format!("/v1/report{filter}")).await;
        let journey = &answer.json()["journeys"][0]["outcomes"];
        outcomes.push([journey["done"].as_u64(), journey["abandoned"].as_u64()]);
    }
    assert_eq!(outcomes, [[Some(1), Some(1)], [Some(1), Some(0)], [Some(0), Some(1)], [None, None]]);
}

#[tokio::test]
async fn what_is_wrong_is_refused_whole_with_the_field() {
    let house = House::new(|_| {});
    let mut wrong = visit("A117");
    wrong["steps"][0]["called"] = json!(NOW - 41 * MINUTE);
    let refused = tell(&house, &wrong).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.receipt().status, ReceiptStatus::Rejected);
    assert_eq!(refused.json()["reason"], "steps[0].called: is before ticket_taken");
    let deep = house.send(request("[".repeat(100_000))).await;
    assert_eq!(deep.status, StatusCode::BAD_REQUEST);
    let large = house.send(request(" ".repeat(256 * 1024 + 1))).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    let mut nobody = request(visit("A117").to_string());
    nobody.headers_mut().insert("authorization", "Bearer someone-0123456789abcdefghijk".parse().unwrap());
    assert_eq!(house.send(nobody).await.status, StatusCode::UNAUTHORIZED);
    let mut typed = request(visit("A117").to_string());
    typed.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(house.send(typed).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let status = house.get("/v1/status").await.json();
    assert_eq!(status["batches_stored"], 0);
    assert_eq!(
        (
            &status["rejected"]["malformed"],
            &status["rejected"]["too_large"],
            &status["rejected"]["wrong_key"]
        ),
        (&2.into(), &1.into(), &1.into())
    );
    // What was refused does not stand in the way of the same visit, told right.
    assert_eq!(tell(&house, &visit("A117")).await.receipt().status, ReceiptStatus::Stored);
}

#[tokio::test]
async fn what_looks_personal_is_replaced_before_it_is_stored() {
    let house = House::new(|_| {});
    let mut personal = visit("A117");
    personal["journey"] = json!("Loan of tai.man@example.com");
    personal["steps"][0]["name"] = json!("Counter 4111 1111 1111 1111");
    assert_eq!(tell(&house, &personal).await.receipt().status, ReceiptStatus::Stored);
    let report = house.get("/v1/report").await;
    assert_eq!(report.json()["journeys"][0]["name"], "redacted");
    assert!(!report.text().contains("4111") && !report.text().contains("tai.man"));
    assert_eq!(house.get("/v1/status").await.json()["texts_redacted"], 2);
}

/// A session in which `OpenAccount` was handed over so many minutes ago.
fn handed_over(ago: u64) -> Vec<u8> {
    let mut batch = session(1, 0);
    let first = batch.names.len() as u32;
    batch.names.extend(["OpenAccount", "Form"].map(String::from));
    let (journey, form) = (NameId(first), NameId(first + 1));
    let anchor = batch.anchors[0];
    // The wall clock of the session's anchor is an hour before now.
    let at = |ago: u64| anchor.uptime_ns + (60 * MINUTE * 1_000_000) - ago * MINUTE * 1_000_000;
    let mut push = |kind, name, started: u64, minutes: u64, a| {
        batch.events.push(Event {
            started_uptime_ns: started,
            duration_ns: minutes * MINUTE * 1_000_000,
            outcome: if matches!(kind, Kind::Journey | Kind::Step) {
                Outcome::Abandoned
            } else {
                Outcome::Done
            },
            journey: 7,
            a,
            ..Event::new(kind, name)
        });
    };
    push(Kind::Journey, journey, at(ago + 2), 3, 30_000_000);
    push(Kind::Step, form, at(ago + 2), 3, 30_000_000);
    push(Kind::HandOver, journey, at(ago), 0, 0x0123_4567_89AB_CDEF);
    frame(&batch)
}

#[tokio::test]
async fn a_journey_goes_on_in_a_branch() {
    let house = House::new(|_| {});
    // Whichever arrives first.
    assert_eq!(tell(&house, &visit("A117")).await.status, StatusCode::OK);
    assert_eq!(house.post(handed_over(50)).await.status, StatusCode::OK);
    assert_eq!(tell(&house, &visit("A118")).await.status, StatusCode::OK);
    let answer = house.get("/v1/journey?journey=OpenAccount").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let map = answer.json();
    let step = |nth: usize, field: &str| map["steps"][nth][field].clone();
    assert_eq!(
        [step(0, "channel"), step(0, "name"), step(0, "went_on")],
        [json!("app"), json!("Form"), json!(1)]
    );
    assert_eq!(step(0, "left")["abandoned"], 0, "who went on did not leave");
    assert_eq!(
        [step(1, "channel"), step(1, "name"), step(1, "reached")],
        [json!("branch"), json!("Counter"), json!(2)]
    );
    let channels: Vec<_> =
        map["channels"].as_array().unwrap().iter().map(|of| of["channel"].clone()).collect();
    assert_eq!(channels, [json!("app"), json!("branch")]);
    assert_eq!(
        (&map["channels"][1]["continued"], &map["channels"][1]["rating_mean"]),
        (&json!(1), &json!(4.0))
    );
    let joins = &map["hand_overs"];
    assert_eq!(
        (&joins["handed_over"], &joins["joined"], &joins["used_again"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(joins["between_ns"].as_u64().unwrap().div_ceil(MINUTE * 1_000_000), 10);

    let sections = house.get("/v1/journey/sections?journey=OpenAccount").await.json();
    let keys: Vec<_> = sections["sections"].as_array().unwrap().iter().map(|of| of["key"].clone()).collect();
    assert_eq!(keys, ["journey_steps", "step_times", "journey_channels", "hand_overs"].map(|key| json!(key)));
    let of_branch = house.get("/v1/journey?journey=OpenAccount&dimension=channel:branch").await.json();
    assert_eq!(
        (of_branch["steps"].as_array().unwrap().len(), &of_branch["hand_overs"]["unknown"]),
        (1, &json!(2))
    );
}

#[tokio::test]
async fn a_journey_that_nobody_made_names_the_nearest() {
    let house = House::new(|_| {});
    assert_eq!(tell(&house, &visit("A117")).await.status, StatusCode::OK);
    // Without a script: all of them, each leading to its steps.
    let all = house.get("/plain/journeys?dimension=channel:branch").await.text().to_owned();
    assert!(
        all.contains("/plain/journeys?dimension=channel%3Abranch&amp;journey=OpenAccount")
            && all.contains("Journeys"),
        "{all}"
    );
    let one = house.get("/plain/journeys?journey=OpenAccount").await.text().to_owned();
    assert!(one.contains("Step by step") && one.contains("Across channels"), "{one}");
    let unknown = house.get("/v1/journey?journey=OpenAcount").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.text().contains("OpenAccount"), "{}", unknown.text());
    let unnamed = house.get("/v1/journey").await;
    assert_eq!(unnamed.status, StatusCode::BAD_REQUEST);
    assert!(unnamed.text().contains("journey: name the one"), "{}", unnamed.text());
    assert_eq!(house.get("/v1/report?journey=OpenAccount").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        house.get("/v1/journey?journey=OpenAccount&until=2026-01-01").await.status,
        StatusCode::NOT_FOUND
    );
}
