//! What a bank says of itself in its budgets, and what the collector answers of it.

mod house;

use axum::http::StatusCode;
use house::{House, frame};
use nowait_report::section::{of_gaps, of_targets};
use nowait_report::{Budgets, Gaps, Report, Targets, text};
use nowait_wire::testing::session;

/// Sessions of both releases, and factors of which the busiest tap measures one.
async fn house() -> (House, String) {
    let empty = House::new(|_| {});
    assert_eq!(empty.post(frame(&session(1, 500))).await.status, StatusCode::OK);
    let report: Report = serde_json::from_slice(&empty.get("/v1/report").await.body).unwrap();
    let tap = report.taps.first().unwrap().name.clone();
    let budgets = format!(
        "[[factor]]\nname = \"Brand\"\nexperience = 7\nexpectation = 7\nimportance = 5\n\
         [[factor]]\nname = \"Speed\"\nmeasured_by = [{{ kind = \"tap\", name = \"{tap}\" }}]\nexpectation = 10\n\
         importance = 9\nowner = \"Payments\"\ntarget = 10\nsince = \"8.2.0\"\n"
    );
    let house = House::new(|config| config.budgets = Budgets::parse(&budgets).unwrap());
    for seed in 1..40 {
        let mut batch = session(seed, 500);
        if seed % 2 == 0 {
            batch.context.app_version = "8.3.0".into();
        }
        assert_eq!(house.post(frame(&batch)).await.status, StatusCode::OK);
    }
    (house, tap)
}

#[tokio::test]
async fn gaps_are_of_what_was_measured() {
    let (house, tap) = house().await;
    let gaps: Gaps = serde_json::from_slice(&house.get("/v1/gaps").await.body).unwrap();
    let speed = gaps.factors.first().unwrap();
    assert_eq!((speed.name.as_str(), speed.touchpoints[0].name.as_str()), ("Speed", tap.as_str()));
    let cell = {
        let report: Report = serde_json::from_slice(&house.get("/v1/report").await.body).unwrap();
        let of_tap = |touchpoint: &&nowait_report::report::Touchpoint| {
            touchpoint.kind == nowait_wire::Kind::Tap && touchpoint.name == tap
        };
        report.touchpoints.iter().find(of_tap).unwrap().figures.clone()
    };
    let in_time = cell.within_budget_share.unwrap() * cell.outcomes.ended() as f64;
    let all = cell.outcomes.ended() + cell.outcomes.abandoned;
    let score = 10.0 * in_time / all as f64;
    assert!((speed.experience.score.unwrap() - score).abs() < 1e-9, "{score} {speed:?}");
    assert_eq!(speed.experience.waits, all);
    assert!(speed.experience.low.unwrap() <= score && score <= speed.experience.high.unwrap());
    assert_eq!(speed.satisfaction, Some(speed.experience.score.unwrap() - 10.0));

    let of_one: Gaps = serde_json::from_slice(&house.get("/v1/gaps?version=8.3.0").await.body).unwrap();
    assert!(of_one.factors[0].experience.waits < all, "a filter is heard");
}

#[tokio::test]
async fn the_tables_of_gaps_are_those_of_the_terminal_and_the_plain_page() {
    let (house, _) = house().await;
    let gaps: Gaps = serde_json::from_slice(&house.get("/v1/gaps").await.body).unwrap();
    let targets: Targets = serde_json::from_slice(&house.get("/v1/gaps/targets").await.body).unwrap();
    assert_eq!(targets.targets[0].releases[0].version, "8.3.0");
    let shown = text::gaps(&gaps, &targets);
    let plain = house.get("/plain/gaps").await;
    assert_eq!(plain.status, StatusCode::OK);
    let both = [("/v1/gaps/sections", of_gaps(&gaps)), ("/v1/gaps/targets/sections", of_targets(&targets))];
    for (address, sections) in both {
        let json = house.get(address).await.json();
        let section = sections.first().unwrap();
        assert_eq!(json["sections"][0]["key"], section.key);
        assert_eq!(json["sections"][0]["rows"].as_array().unwrap().len(), section.rows.len());
        assert!(json.get("example").is_none(), "{address}");
        assert!(shown.contains(text::section(section).trim_end()), "{address}: {shown}");
        let title = text::title(section, nowait_report::Language::En).0;
        assert!(plain.text().contains(&title), "{title}");
    }
    assert_eq!(house.get("/plain/gaps?version=8.3.0").await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_said_nothing_is_told_what_to_write() {
    let house = House::new(|_| {});
    assert_eq!(house.post(frame(&session(1, 50))).await.status, StatusCode::OK);
    let json = house.get("/v1/gaps/sections").await.json();
    assert_eq!(json["sections"], serde_json::json!([]));
    assert!(Budgets::parse(json["example"].as_str().unwrap()).is_ok());
    assert!(house.get("/plain/gaps").await.text().contains("[[factor]]"));
    assert_eq!(house.get("/v1/gaps/targets").await.json(), serde_json::json!({ "targets": [] }));
}

#[tokio::test]
async fn questions_that_make_no_sense_are_refused() {
    let (house, _) = house().await;
    for (address, status, reason) in [
        ("/v1/gaps?base=8.2.0&head=8.3.0", StatusCode::BAD_REQUEST, "compares nothing"),
        ("/v1/gaps?page=2", StatusCode::BAD_REQUEST, "page: gaps are listed whole"),
        ("/v1/gaps/targets?version=8.3.0", StatusCode::BAD_REQUEST, "targets are told of each release"),
        ("/v1/gaps?version=8.9.9", StatusCode::NOT_FOUND, "8.9.9"),
    ] {
        let answer = house.get(address).await;
        assert_eq!(answer.status, status, "{address}");
        assert!(answer.text().contains(reason), "{address}: {}", answer.text());
    }
}
