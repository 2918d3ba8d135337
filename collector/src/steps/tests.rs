//! What a request becomes, and what is said of one that is none.

use super::*;
use nowait_wire::{decode, encode, quantise};
use proptest::prelude::*;
use serde_json::json;

const NOW: u64 = 1_772_700_000_000;
const MINUTE: u64 = 60_000;

/// A visit to a branch that began so many minutes before now.
fn visit() -> Value {
    let at = |ago: u64| NOW - ago * MINUTE;
    json!({
        "id": "branch-12/2026-03-05/A117", "channel": "branch", "journey": "OpenAccount",
        "continuation": "028T5-CY4TQ-KFFHF", "rating": 4,
        "steps": [
            { "name": "Counter", "ticket_taken": at(60), "called": at(48), "served": at(47), "done": at(40) },
            { "name": "Adviser", "ticket_taken": at(35), "called": at(30),
              "suspended": [{ "from": at(25), "until": at(20) }, { "from": at(18), "until": at(15) }],
              "done": at(5) },
        ],
    })
}

fn read(value: &Value) -> Result<Batch, Error> {
    super::read(value.to_string().as_bytes(), NOW)
}

/// Outcome and minutes: all of it, waiting, away.
fn times(event: &Event) -> (Outcome, u64, u64, u64) {
    let minute_us = MINUTE * MS_US;
    (event.outcome, event.duration_ns / (MINUTE * MS_NS), event.a / minute_us, event.b / minute_us)
}

#[test]
fn a_visit_becomes_its_steps_and_one_journey() {
    let batch = read(&visit()).unwrap();
    let of = |kind| batch.events.iter().filter(move |event| event.kind == kind).collect::<Vec<_>>();
    let name = |event: &Event| batch.names[event.name.0 as usize].as_str();
    let steps = of(Kind::Step);
    assert_eq!(steps.iter().map(|step| name(step)).collect::<Vec<_>>(), ["Counter", "Adviser"]);
    assert_eq!(times(steps[0]), (Outcome::Done, 20, 12, 0), "ticket to call is waiting");
    assert_eq!(times(steps[1]), (Outcome::Done, 30, 5, 8), "suspended is away, and 17 are handling");
    let journeys = of(Kind::Journey);
    assert_eq!((journeys.len(), name(journeys[0])), (1, "OpenAccount"));
    assert_eq!(
        times(journeys[0]),
        (Outcome::Done, 55, 17, 13),
        "away with the five minutes between the steps"
    );
    let joined: Vec<_> = of(Kind::HandOver).iter().map(|event| (name(event), event.a, event.b)).collect();
    assert_eq!(joined, [("OpenAccount", 0x0123_4567_89AB_CDEF, 1)]);
    assert_eq!(of(Kind::Rating).iter().map(|event| event.a).collect::<Vec<_>>(), [4]);
    assert!(batch.events.iter().all(|event| event.journey == 1 && event.flags == Flags::IN_JOURNEY));
    assert!(batch.events.is_sorted_by_key(|event| event.started_uptime_ns));
    assert_eq!(batch.context.dimensions, [("channel".to_owned(), "branch".to_owned())]);
    assert_eq!(batch.ledger.produced, 5);
    assert_eq!(batch.anchors[0].wall_unix_ms, NOW - 5 * MINUTE);
    assert_eq!(decode(&encode(&batch).unwrap()).unwrap(), quantise(&batch));
}

#[test]
fn an_id_is_one_batch_of_its_channel() {
    let id = |value: &Value| read(value).unwrap().id;
    let (mut told_otherwise, mut elsewhere, mut another) = (visit(), visit(), visit());
    told_otherwise["rating"] = json!(5);
    elsewhere["channel"] = json!("call_centre");
    another["id"] = json!("branch-12/2026-03-05/A118");
    assert_eq!(id(&visit()), id(&told_otherwise));
    assert_ne!(id(&visit()), id(&elsewhere));
    assert_ne!(id(&visit()), id(&another));
    assert_eq!(id(&visit()).session.to_string(), "dbc80a1f-d3b2-59e5-8721-cfc7feb3d9d6", "it never changes");
}

#[test]
fn what_was_not_told_is_not_made_up() {
    let at = |ago: u64| NOW - ago * MINUTE;
    let step = |step: Value| {
        let batch = read(&json!({ "id": "1", "channel": "web", "journey": "Pay", "steps": [step] })).unwrap();
        times(batch.events.iter().find(|event| event.kind == Kind::Step).unwrap())
    };
    let gave_up = json!({ "name": "Queue", "ticket_taken": at(30), "given_up": at(10) });
    assert_eq!(step(gave_up), (Outcome::Abandoned, 20, 20, 0), "all of it was waiting");
    let served = json!({ "name": "Desk", "ticket_taken": at(30), "served": at(20), "failed": at(10) });
    assert_eq!(step(served), (Outcome::Failed, 20, 10, 0), "served without a call: waiting ends there");
    let no_queue = json!({ "name": "Form", "served": at(30), "done": at(10) });
    assert_eq!(step(no_queue), (Outcome::Done, 20, 0, 0));
    let away_in_the_queue = json!({ "name": "Queue", "ticket_taken": at(30), "called": at(10), "done": at(9),
        "suspended": [{ "from": at(20), "until": at(15) }, { "from": at(12), "until": at(9) }] });
    assert_eq!(step(away_in_the_queue), (Outcome::Done, 21, 13, 8), "away is not waiting, too");
}

#[test]
fn a_refusal_names_the_field_and_repeats_nothing() {
    let at = |ago: u64| NOW - ago * MINUTE;
    let secret = "4111 1111 1111 1111";
    let long = "x".repeat(200);
    let cases: [(&str, Value, &str); 27] = [
        ("", json!([secret]), "the request: has to be an object"),
        ("/id", json!(null), "id: is missing"),
        ("/id", json!(7), "id: has to be a text"),
        ("/id", json!(secret), "id: has to be 1 to 64 visible ASCII characters"),
        ("/id", json!(long), "id: has to be 1 to 64 visible ASCII characters"),
        ("/channel", json!("Branch"), "channel: has to be 1 to 32 of a to z, 0 to 9, _ and -"),
        ("/channel", json!("app"), "channel: this one is the app's own"),
        ("/journey", json!(" "), "journey: has to have 1 to 128 bytes"),
        ("/journey", json!(long), "journey: has to have 1 to 128 bytes"),
        ("/journey", json!("Open\nAccount"), "journey: must not hold control characters"),
        ("/continuation", json!("028T5-CY4TQ-KFFHG"), "continuation: is no continuation id, or misspelt"),
        ("/rating", json!(6), "rating: has to be 1 to 5"),
        ("/rating", json!(4.5), "rating: has to be a whole number"),
        ("/steps", json!([]), "steps: is missing, or empty"),
        ("/steps", json!({}), "steps: has to be a list"),
        ("/steps", json!(vec![1; 65]), "steps: 65 are more than 64"),
        ("/steps/0", json!(secret), "steps[0]: has to be an object"),
        ("/steps/0/name", json!(null), "steps[0].name: is missing"),
        (
            "/steps/0/done",
            json!(null),
            "steps[0].done: one of done, failed and given_up has to be there, and only one",
        ),
        (
            "/steps/0/given_up",
            json!(at(39)),
            "steps[0].done: one of done, failed and given_up has to be there, and only one",
        ),
        ("/steps/0/called", json!(at(61)), "steps[0].called: is before ticket_taken"),
        ("/steps/0/done", json!(at(47) - 1), "steps[0].done: is before served"),
        (
            "/steps/0/ticket_taken",
            json!(NOW / 1_000),
            "steps[0].ticket_taken: is too long ago, or not in milliseconds since 1970",
        ),
        ("/steps/1/done", json!(NOW + 61_000), "steps[1].done: lies in the future"),
        (
            "/steps/1/ticket_taken",
            json!(at(41)),
            "steps[1].ticket_taken: is before the end of the step before",
        ),
        ("/steps/0/ticket_taken", json!(at(25 * 60)), "steps: take longer than a day"),
        (
            "/steps/1/suspended/1/from",
            json!(at(21)),
            "steps[1].suspended[1].from: has to lie in the step, in order, and before until",
        ),
    ];
    for (place, value, why) in cases {
        let mut request = visit();
        match request.pointer_mut(place) {
            Some(found) => *found = value,
            None => {
                let (parent, field) = place.rsplit_once('/').unwrap();
                request.pointer_mut(parent).unwrap()[field] = value;
            }
        }
        assert_eq!(read(&request).unwrap_err().to_string(), why, "{place}");
    }
    for place in ["", "/steps/1", "/steps/1/suspended/0"] {
        let mut request = visit();
        request.pointer_mut(place).unwrap()[secret] = json!(1);
        let why = read(&request).unwrap_err().to_string();
        assert!(why.contains("has a field that is not one of") && !why.contains("4111"), "{why}");
    }
}

#[test]
fn what_is_no_json_is_not_repeated_either() {
    let cut = super::read(b"{\"id\": \"4111 1111 1111 1111", NOW).unwrap_err();
    assert_eq!(cut.to_string(), "the request: is no JSON at line 1, column 27");
}

proptest! {
    /// Whatever times are told, a step that is taken splits into waiting, handling and away without a rest.
    #[test]
    fn times_never_pass_what_they_are_part_of(ago in prop::collection::vec(0..90_u64, 7)) {
        let at = |nth: usize| NOW - ago[nth] * MINUTE;
        let step = json!({ "name": "Queue", "ticket_taken": at(0), "called": at(1), "done": at(2),
            "suspended": [{ "from": at(3), "until": at(4) }, { "from": at(5), "until": at(6) }] });
        let request = json!({ "id": "1", "channel": "web", "journey": "Pay", "steps": [step] });
        if let Ok(batch) = read(&request) {
            for event in &batch.events {
                prop_assert!((event.a + event.b) * 1_000 <= event.duration_ns);
            }
        }
    }
}
