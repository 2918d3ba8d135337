//! Clients that do not scrub what they send.
//!
//! Owns: personal texts in every place of a batch, and where they must not be found. Refuses: the rules (see the crate `scrub`).
//! Invariant: no such text is in the database, in a report or on the page, nor in what the rollups are made of again.

use crate::attacked::{Answer, Attacked, KEY, ONE_TENANT};
use crate::said::{Fallen, nowait};
use nowait_report::Report;
use nowait_wire::testing::session;
use nowait_wire::{Batch, Kind, NameId};
use serde_json::Value;

const CARD: &str = "4111 1111 1111 1111";
const ESC: &str = "\u{1b}[8m";

/// Whether any text of this JSON holds the other one.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own.contains(text),
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(fields) => fields.iter().any(|(name, field)| name.contains(text) || holds(field, text)),
        _ => false,
    }
}

/// One way in which a client sends a text that no device would.
type Smuggle = fn(&mut Batch, &str);

pub(crate) fn texts() {
    let ways: [(&str, Smuggle); 9] = [
        ("name", |batch, text| {
            let at = batch.events[0].name.0.max(NameId::RESERVED.len() as u32) as usize;
            batch.names[at] = text.into();
        }),
        ("every name", |batch, text| batch.names.iter_mut().skip(6).for_each(|name| *name = text.into())),
        ("version", |batch, text| batch.context.app_version = text.into()),
        ("build", |batch, text| batch.context.app_build = text.into()),
        ("model", |batch, text| batch.context.device_model = text.into()),
        ("OS version", |batch, text| batch.context.os_version = text.into()),
        ("country", |batch, text| batch.context.country = text.into()),
        ("dimension key", |batch, text| batch.context.dimensions[0].0 = text.into()),
        ("dimension value", |batch, text| batch.context.dimensions[0].1 = text.into()),
    ];
    let texts = [
        CARD,
        "4111-1111-1111-1111",
        "GB82 WEST 1234 5698 7654 32",
        "tai.man@example.com",
        "+852 9123 4567",
        ESC,
        "a\u{202e}b",
    ];
    let mut server = Attacked::start(ONE_TENANT);
    let mut fallen = Fallen::default();
    for (seed, (way, smuggle)) in ways.iter().enumerate() {
        for (nth, text) in texts.iter().enumerate() {
            let mut batch = session((seed * 100 + nth) as u64, 60);
            smuggle(&mut batch, text);
            batch.context.dimensions.sort();
            let Answer { status, body, .. } = server.post(KEY, &nowait_wire::encode(&batch).unwrap());
            fallen.unless(
                status == 200 && body.contains("\"stored\""),
                &format!("{text} as {way} is taken"),
                &body,
            );
        }
    }
    let data = server.data();
    let of_data = ["--data", data.to_str().unwrap()];
    let report = || nowait(&[&["report", "--json"], &of_data[..]].concat()).1;
    let (said, page) = (report(), server.local("/plain").body);
    let versions = serde_json::from_str::<Report>(&said).unwrap();
    fallen.unless(versions.ledger.names_redacted >= 63, "what was redacted is counted", &said);
    let mut files = Vec::new();
    for file in std::fs::read_dir(&data).unwrap() {
        files.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    for text in texts {
        let stored = files.windows(text.len()).any(|bytes| bytes == text.as_bytes());
        let shown = holds(&serde_json::from_str(&said).unwrap(), text) || page.contains(text);
        fallen.unless(
            !stored && !shown,
            &format!("{text} is nowhere"),
            &format!("stored {stored}, shown {shown}"),
        );
    }
    // Frames are deflated: what they hold is what the rollups are made of again.
    server.end();
    let again = nowait(&[&["reindex"], &of_data[..]].concat());
    fallen.unless(again.0 == 0 && report() == said, "nor in a frame", &again.all());
    fallen.end();
}

pub(crate) fn taps() {
    let server = Attacked::start(ONE_TENANT);
    let mut fallen = Fallen::default();
    let keypads = [
        ["pin_key_4", "pin_key_0", "pin_key_7"],
        ["keyA", "key_b", "key-c"],
        ["btnSeven", "btn_four", "btn.ONE"],
    ];
    for (seed, keys) in keypads.iter().enumerate() {
        let mut batch = session(seed as u64, 60);
        let first = batch.names.len() as u32;
        batch.names.extend(keys.map(String::from));
        for (event, at) in batch.events.iter_mut().zip(0..) {
            event.kind = [Kind::Tap, Kind::Settled, Kind::RageTap][at % 3];
            event.name = NameId(first + at as u32 % 3);
        }
        let Answer { status, body, .. } = server.post(KEY, &nowait_wire::encode(&batch).unwrap());
        let report = server.local("/v1/report").json();
        let told = keys.iter().any(|key| holds(&report, key));
        fallen.unless(
            status == 200 && !told && report["taps"][0]["name"].is_string(),
            &keys.join(" "),
            &body,
        );
    }
    fallen.end();
}
