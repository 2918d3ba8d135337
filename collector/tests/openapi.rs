//! Every address of the read API answers what its description says.

mod house;

use axum::http::StatusCode;
use house::{House, NOW, frame};
use nowait_collector::listen::{self, Listener};
use nowait_collector::store::SqliteStore;
use nowait_collector::time::DAY_MS;
use nowait_report::gaps::EXAMPLE_GAPS;
use nowait_report::life::EXAMPLE_LIFE;
use nowait_report::{Budgets, Zone};
use nowait_wire::Uuid;
use nowait_wire::testing::session;
use serde_json::{Value, json};

/// What is asked for, where a word has to be said.
fn said(word: &str, session: Uuid) -> String {
    match word {
        "touchpoint" => "tap:Confirm.Pay".to_owned(),
        "journey" => "transfer".to_owned(),
        "session" => session.to_string(),
        "base" => "8.1.0".to_owned(),
        "head" | "version" => "8.2.0".to_owned(),
        _ => panic!("nobody says {word}"),
    }
}

/// The schema of an answer, with all that it refers to.
fn schema_of(described: &Value, operation: &Value, status: &str) -> Option<jsonschema::Validator> {
    let mut answer = &operation["responses"][status];
    if let Some(place) = answer["$ref"].as_str() {
        answer = described.pointer(place.trim_start_matches('#')).unwrap();
    }
    let schema = answer["content"]["application/json"].get("schema")?;
    let whole = json!({ "allOf": [schema], "components": described["components"] });
    Some(jsonschema::draft202012::new(&whole).unwrap())
}

#[tokio::test]
async fn every_answer_is_what_the_description_says() {
    let limit = "[[limit]]\nkind = 'launch'\nname = 'cold'\np95_ms = 9000\n";
    let house = House::judging_by(&format!("{EXAMPLE_LIFE}\n{EXAMPLE_GAPS}\n{limit}"));
    let mut last = Uuid::nil();
    for seed in 1..=12 {
        let mut batch = session(seed, 500);
        batch.context.app_version = ["8.1.0", "8.2.0"][seed as usize % 2].into();
        last = batch.id.session;
        assert_eq!(house.post(frame(&batch)).await.status, StatusCode::OK);
    }
    let reviews = listen::read(include_bytes!("../examples/reviews.csv"), &Zone::UTC, NOW + 30 * DAY_MS, "");
    let noted = Listener::new(&Budgets::default()).note(reviews.unwrap().reviews, false, |_, _| {});
    SqliteStore::import(house.folder.path()).unwrap().write("bank", &noted).unwrap();
    let described = house.get("/v1/openapi.json").await.json();
    for (path, operations) in described["paths"].as_object().unwrap() {
        let Some(operation) = operations.get("get") else { continue };
        let empty = Vec::new();
        let required = operation["parameters"].as_array().unwrap_or(&empty).iter();
        let words: Vec<String> = required
            .filter(|parameter| parameter["required"] == true)
            .map(|parameter| parameter["name"].as_str().unwrap())
            .map(|word| format!("{word}={}", said(word, last)))
            .collect();
        let address = format!("{path}?{}", words.join("&"));
        let answer = house.get(&address).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text());
        if let Some(schema) = schema_of(&described, operation, "200") {
            assert!(!schema.is_valid(&json!({})), "{path}: anything would do");
            let wrong: Vec<String> = schema
                .iter_errors(&answer.json())
                .map(|error| format!("{} {error}", error.instance_path()))
                .collect();
            assert!(wrong.is_empty(), "{address}: {wrong:#?}");
        }
        let refused = house.get(&format!("{path}?nonsense=1")).await;
        if let Some(schema) = schema_of(&described, operation, "400").filter(|_| !refused.status.is_success())
        {
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{path}");
            assert!(schema.is_valid(&refused.json()), "{path}");
        }
    }
    let operation = &described["paths"]["/v1/deletions"]["post"];
    let asked = json!({ "session": last });
    let whole = &operation["requestBody"]["content"]["application/json"]["schema"];
    let wanted = jsonschema::draft202012::new(whole).unwrap();
    assert!(wanted.is_valid(&asked) && !wanted.is_valid(&json!({ "sesion": last })));
    let answer = house.delete(&asked).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let schema = schema_of(&described, operation, "200").unwrap();
    assert!(schema.is_valid(&answer.json()) && !schema.is_valid(&json!({})));
}
