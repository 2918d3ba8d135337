//! What a bank says of itself in its budgets, and what the collector answers of it.

mod house;

use axum::http::StatusCode;
use house::{House, frame};
use nowait_report::indicator::{Experiences, Status, Trends};
use nowait_report::section::{of_experiences, of_gaps, of_targets, of_trends};
use nowait_report::{Budgets, Gaps, Report, Targets, text};
use nowait_wire::Kind;
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
    let house = House::judging_by(&budgets);
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
async fn the_map_has_every_stage_and_what_the_budgets_place_there() {
    let house = House::judging_by(nowait_report::life::EXAMPLE_LIFE);
    assert_eq!(house.post(frame(&session(1, 500))).await.status, StatusCode::OK);
    let map = house.get("/v1/map").await.json();
    let stages: Vec<&str> =
        map["stages"].as_array().unwrap().iter().map(|of| of["stage"].as_str().unwrap()).collect();
    assert_eq!(stages, ["learn", "open", "use", "support", "leave"]);
    let report: Report = serde_json::from_slice(&house.get("/v1/report").await.body).unwrap();
    let cold = report.touchpoints.iter().find(|of| of.kind == Kind::Launch && of.name == "cold").unwrap();
    let placed = map["stages"][2]["touchpoints"].as_array().unwrap();
    let same = placed.iter().find(|of| of["name"] == "cold").unwrap();
    assert_eq!((&same["owner"], &same["channel"]), (&"App".into(), &"app".into()));
    assert_eq!(same["waits"]["max_ns"].as_u64(), cold.figures.latency.max_ns);
    let sections = house.get("/v1/map/sections").await.json();
    assert_eq!((&sections["sections"][0]["key"], sections.get("example")), (&"life".into(), None));
    assert!(house.get("/plain/map").await.text().contains("Over a customer"));
    let house = House::new(|_| {});
    assert_eq!(house.post(frame(&session(1, 500))).await.status, StatusCode::OK);
    let sections = house.get("/v1/map/sections").await.json();
    assert!(sections["example"].as_str().unwrap().contains("stage = \"use\""));
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
async fn numbers_of_factors_can_be_tried_out_and_are_kept_nowhere() {
    let (house, _) = house().await;
    let before = house.get("/v1/gaps/sections").await.json();
    assert!(before.get("toml").is_none());
    let tried = "/v1/gaps/sections?factor=Calm:5:7:9:&factor=Speed::4::";
    let tables = house.get(tried).await.json();
    let rows = tables["sections"][0]["rows"].as_array().unwrap();
    let calm = rows.iter().find(|row| row["cells"][0]["text"] == "Calm").unwrap();
    assert_eq!(calm["cells"][1]["change"]["score"], -18.0);
    let toml = tables["toml"].as_str().unwrap();
    assert!(toml.contains("name = \"Calm\"") && toml.contains("measured_by"), "{toml}");
    assert_eq!(house.get(tried).await.json(), tables, "the same address has the same answer");
    assert_eq!(house.get("/v1/gaps/sections").await.json(), before);
    for refused in
        ["/v1/gaps?factor=Calm:11:::", "/v1/report?factor=Calm:5:::", "/v1/indicators?factor=Calm:5:::"]
    {
        let answer = house.get(refused).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{refused}");
        assert!(answer.text().contains("factor: "), "{}", answer.text());
    }
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
        ("/v1/gaps?page=2", StatusCode::BAD_REQUEST, "page: this is listed whole"),
        ("/v1/gaps/targets?version=8.3.0", StatusCode::BAD_REQUEST, "targets are told of each release"),
        ("/v1/gaps?version=8.9.9", StatusCode::NOT_FOUND, "8.9.9"),
    ] {
        let answer = house.get(address).await;
        assert_eq!(answer.status, status, "{address}");
        assert!(answer.text().contains(reason), "{address}: {}", answer.text());
    }
}

/// Of the sessions of `nowait_wire::testing`, which are of March 2026.
async fn house_of_indicators() -> House {
    let house = House::judging_by("dimension.trust = 2\n");
    for seed in 1..20 {
        assert_eq!(house.post(frame(&session(seed, 500))).await.status, StatusCode::OK);
    }
    house
}

#[tokio::test]
async fn indicators_are_shares_of_what_was_counted() {
    let house = house_of_indicators().await;
    let found: Experiences = serde_json::from_slice(&house.get("/v1/indicators").await.body).unwrap();
    let report: Report = serde_json::from_slice(&house.get("/v1/report").await.body).unwrap();
    let smooth = found.indicators.iter().find(|of| of.name == "frames_smooth").unwrap();
    let frames: u64 = report.frames.iter().map(|of| of.frames).sum();
    let slow: u64 = report.frames.iter().map(|of| of.slow).sum();
    assert_eq!(smooth.counted, frames);
    assert!((smooth.share.unwrap() - (frames - slow) as f64 / frames as f64).abs() < 1e-9);
    let taps = found.indicators.iter().find(|of| of.name == "taps_calm").unwrap();
    assert_eq!(taps.counted, report.taps.iter().map(|tap| tap.outcomes.total()).sum::<u64>());
    assert!(taps.touchpoints.iter().any(|of| report.taps.iter().any(|tap| tap.name == of.name)));
    assert!(found.indicators.iter().any(|of| of.status == Status::TooFew), "ratings: nobody gave any");
    assert_eq!(house.get("/v1/indicators?version=8.9.9").await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.get("/v1/indicators?page=2").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_months_of_indicators_end_with_the_current_one() {
    let house = house_of_indicators().await;
    let span: Experiences = serde_json::from_slice(&house.get("/v1/indicators").await.body).unwrap();
    let trends: Trends = serde_json::from_slice(&house.get("/v1/indicators/months").await.body).unwrap();
    for trend in &trends.indicators {
        let of = span.indicators.iter().find(|of| of.name == trend.name).unwrap();
        let months: Vec<(&str, u64, Option<f64>)> =
            trend.months.iter().map(|month| (month.month.as_str(), month.counted, month.share)).collect();
        assert_eq!(months, [("2026-03", of.counted, of.share)], "all of it is of March");
    }
    let refused = house.get("/v1/indicators/months?since=2026-03-01").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text().contains("the months are the last twelve"), "{}", refused.text());
}

#[tokio::test]
async fn the_tables_of_indicators_are_those_of_the_terminal_and_the_plain_page() {
    let house = house_of_indicators().await;
    let span: Experiences = serde_json::from_slice(&house.get("/v1/indicators").await.body).unwrap();
    let trends: Trends = serde_json::from_slice(&house.get("/v1/indicators/months").await.body).unwrap();
    let shown = text::indicators(&span, &trends);
    let plain = house.get("/plain/indicators?since=2026-03-01").await;
    assert_eq!(plain.status, StatusCode::OK);
    let both = [
        ("/v1/indicators/sections", of_experiences(&span)),
        ("/v1/indicators/months/sections", of_trends(&trends)),
    ];
    for (address, sections) in both {
        let json = house.get(address).await.json();
        assert!(json.get("example").is_none(), "the bank said something: {address}");
        for (section, of_api) in sections.iter().zip(json["sections"].as_array().unwrap()) {
            assert_eq!(of_api["key"], section.key);
            assert_eq!(of_api["rows"].as_array().unwrap().len(), section.rows.len());
            assert!(shown.contains(text::section(section).trim_end()), "{}: {shown}", section.key);
            assert!(plain.text().contains(&text::title(section, nowait_report::Language::En).0));
        }
    }
    let bare = House::new(|_| {});
    assert_eq!(bare.post(frame(&session(1, 50))).await.status, StatusCode::OK);
    let json = bare.get("/v1/indicators/sections").await.json();
    assert!(Budgets::parse(json["example"].as_str().unwrap()).unwrap().has_own_indicators());
    assert!(!json["sections"].as_array().unwrap().is_empty(), "the shipped ones are there");
}
