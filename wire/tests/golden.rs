//! Frames that were written once and must be readable for ever, beside what they say.
//!
//! `testdata/vN/NAME.bin` is a frame of version N, `testdata/vN/NAME.json` its content. The bytes of a frame are for decoding:
//! another release of the deflate crate may write other bytes for the same batch, but must read these.
//!
//! A new case is written by `NOWAIT_GOLDEN=write cargo test -p nowait-wire --test golden`, which writes only files
//! that are missing. A file that exists is never overwritten: devices in the field have sent such bytes, so a
//! change that needs it needs a new version of the format, in a folder of its own.

use nowait_wire::{
    Anchor, Batch, BatchId, Context, Cost, Event, ExitReason, Facts, Flags, Kind, Ledger, NameId, Network,
    Os, Outcome, Tier, Uuid, decode, encode, quantise, testing::session,
};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn base() -> Batch {
    Batch {
        id: BatchId { session: Uuid::from_u128(0x0011_2233_4455_6677_8899_AABB_CCDD_EEFF), first: 4096 },
        context: Context {
            install: Uuid::from_u128(0xFEDC_BA98_7654_3210_0123_4567_89AB_CDEF),
            app_version: "8.2.0".into(),
            app_build: "8f3c2a1".into(),
            os: Os::Ios,
            os_version: "18.3".into(),
            device_model: "iPhone17,1".into(),
            device_tier: Tier::High,
            network: Network::Wifi,
            country: "VN".into(),
            sdk_version: "0.1.0".into(),
            dimensions: vec![("segment".into(), "retail".into())],
        },
        anchors: vec![Anchor {
            uptime_ns: 7_200_000_000_123,
            boot_ns: 9_000_000_000_789,
            wall_unix_ms: 1_772_700_000_456,
        }],
        ledger: Ledger {
            facts: Facts { folded: 200_000, refused: [23, 24, 25, 26] },
            produced: 5000,
            dropped: [1, 2, 3, 4, 5, 6, 7],
            names_redacted: 8,
            names_overflowed: 9,
            signals_lost: 10,
            panics_caught: 11,
            starts_failed: 27,
            ring_on_heap: true,
            cost: Cost {
                start_ns: 12,
                worker_cpu_ns: 13,
                sealed_bytes: 14,
                sent_bytes: 15,
                record_ns_sum: 16,
                record_ns_buckets: [17, 18, 0, 0, 0, 19, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            },
        },
        names: NameId::RESERVED.iter().map(|name| (*name).to_string()).collect(),
        events: Vec::new(),
    }
}

/// One event of each kind, with values of the shape that the kind gives them.
fn kinds() -> Batch {
    let mut batch = base();
    batch
        .names
        .extend(["Home", "Home.Pay", "GET /accounts/{id}", "transfer", "Confirm", "crumb"].map(String::from));
    let (home, pay, route, transfer, confirm) = (NameId(6), NameId(7), NameId(8), NameId(9), NameId(10));
    for (place, kind) in Kind::ALL.iter().enumerate() {
        let (name, a, b) = match kind {
            Kind::Launch => (NameId::COLD, 0, 0),
            Kind::Screen => (home, 142_000, 0),
            Kind::Tap => (pay, 6_200, 0),
            Kind::Settled | Kind::Hang => (pay, 0, 0),
            Kind::Frames => (home, 240 | 12 << 32, 1 | 812 << 32),
            Kind::FrameTimes => (home, 0x0000_0103_1A4F_2200, 0x0100_0000_0000_0000),
            Kind::Request => (route, 200, 0),
            Kind::Action => (confirm, 0, 0),
            Kind::Journey => (transfer, 4_200_000, 1_500_000),
            Kind::Step => (confirm, 900_000, 0),
            Kind::RageTap => (pay, 5, 0),
            Kind::Breadcrumb => (NameId(11), 42, 0),
            Kind::Exit => (NameId::NONE, ExitReason::Foreground as u64, 0),
            Kind::Lifecycle => (NameId::NONE, 1, 0),
            Kind::Rating => (transfer, 4, 0),
            Kind::HandOver => (transfer, 0x9E37_79B9_7F4A_7C15, 0),
        };
        batch.events.push(Event {
            outcome: Outcome::ALL[place % Outcome::ALL.len()],
            flags: if place % 2 == 0 { Flags::NONE } else { Flags::IN_JOURNEY.with(Flags::RECOVERED) },
            screen: home,
            started_uptime_ns: 7_000_000_000_000 + place as u64 * 12_345_678,
            duration_ns: 1_234_567 * place as u64,
            journey: place as u64 % 3,
            a,
            b,
            ..Event::new(*kind, name)
        });
    }
    batch
}

/// Two nights of sleep in one batch: an anchor after each, and a wall clock that was set meanwhile.
fn asleep_twice() -> Batch {
    const S: u64 = 1_000_000_000;
    let mut batch = base();
    let anchor = |uptime_s: u64, slept_s: u64, wall_unix_ms| Anchor {
        uptime_ns: uptime_s * S + 345_678,
        boot_ns: (uptime_s + slept_s) * S + 345_678,
        wall_unix_ms,
    };
    let (first, night) = (1_772_700_000_456, 8 * 3_600);
    batch.anchors = vec![
        anchor(7_000, 500, first),
        anchor(7_600, 500 + night, first + (600 + night) * 1_000 + 1),
        anchor(8_000, 500 + 2 * night, first + (1_000 + 2 * night) * 1_000 - 3_600_000),
    ];
    for (started_s, outcome) in [(7_001, Outcome::Done), (7_600, Outcome::Failed), (8_100, Outcome::Died)] {
        batch.events.push(Event {
            outcome,
            started_uptime_ns: started_s * S + 345_678,
            duration_ns: 420_000_000,
            ..Event::new(Kind::Launch, NameId::COLD)
        });
    }
    batch
}

/// The largest and strangest values that are allowed.
fn extremes() -> Batch {
    let mut batch = base();
    batch.id.first = u64::MAX;
    batch.anchors = [(0, u64::MAX, 0), (0, 0, u64::MAX), (u64::MAX, u64::MAX, 0), (u64::MAX, 0, 1)]
        .map(|(uptime_ns, boot_ns, wall_unix_ms)| Anchor { uptime_ns, boot_ns, wall_unix_ms })
        .into();
    batch.ledger.produced = u64::MAX;
    batch.ledger.facts = Facts { folded: u64::MAX, refused: [u64::MAX; 4] };
    batch.ledger.starts_failed = u64::MAX;
    batch.ledger.dropped = [u64::MAX; 7];
    batch.ledger.cost.start_ns = u64::MAX;
    batch.ledger.cost.record_ns_buckets = [u64::MAX; 16];
    batch.context.device_model = "x".repeat(128);
    batch.context.country = "điện thoại 📱".into();
    batch.context.dimensions = (b'a'..=b'h').map(|key| (char::from(key).into(), "v".repeat(128))).collect();
    batch.names.extend((0..300).map(|number| format!("name {number} {}", "é".repeat(number % 8))));
    let starts = [0, 0, 999_999, 1_000_000, u64::MAX, u64::MAX, u64::MAX];
    let journeys = [u64::MAX, u64::MAX, 0, u64::MAX, 1, 2, 1];
    let values = [u64::MAX, 0, u64::MAX, 1, 511, 513, u64::MAX];
    for (kind, _) in Kind::ALL.iter().zip(0u32..) {
        for (((start, journey), value), place) in starts.iter().zip(journeys).zip(values).zip(0u32..) {
            batch.events.push(Event {
                flags: Flags(if place % 2 == 0 { u16::MAX } else { 0 }),
                screen: NameId(305 - place),
                started_uptime_ns: *start,
                duration_ns: value,
                journey,
                a: value,
                b: !value,
                ..Event::new(*kind, NameId(5 + place * 50))
            });
        }
    }
    batch.events.sort_by_key(|event| event.started_uptime_ns);
    batch
}

fn readable(batch: &Batch) -> Value {
    let event = |event: &Event| {
        json!({
            "kind": event.kind, "outcome": event.outcome, "flags": event.flags, "name": event.name,
            "screen": event.screen, "started_uptime_ns": event.started_uptime_ns,
            "duration_ns": event.duration_ns, "journey": event.journey, "a": event.a, "b": event.b,
        })
    };
    json!({
        "id": batch.id, "context": batch.context, "anchors": batch.anchors, "ledger": batch.ledger,
        "names": batch.names, "events": batch.events.iter().map(event).collect::<Vec<_>>(),
    })
}

/// JSON with one line for each member, name and event.
fn lines(value: &Value) -> String {
    let mut text = String::from("{\n");
    let members: Vec<String> = value
        .as_object()
        .expect("an object")
        .iter()
        .map(|(key, member)| match member {
            Value::Array(items) if !items.is_empty() => {
                let items: Vec<String> = items.iter().map(Value::to_string).collect();
                format!("\"{key}\": [\n  {}\n]", items.join(",\n  "))
            }
            _ => format!("\"{key}\": {member}"),
        })
        .collect();
    write!(text, "{}\n}}\n", members.join(",\n")).expect("a string takes all");
    text
}

/// All versions, of which the last is written now and the others are only read.
const VERSIONS: [&str; 4] = ["v1", "v2", "v3", WRITTEN];
const WRITTEN: &str = "v4";

fn path(version: &str, name: &str, extension: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(version);
    folder.join(name).with_extension(extension)
}

/// A case that every version since this one has.
fn check(since: &str, name: &str, batch: &Batch) {
    check_written(name, batch);
    VERSIONS.iter().skip_while(|version| **version != since).for_each(|version| check_reading(version, name));
}

fn check_written(name: &str, batch: &Batch) {
    let (frame_path, text_path) = (path(WRITTEN, name, "bin"), path(WRITTEN, name, "json"));
    if std::env::var_os("NOWAIT_GOLDEN").is_some_and(|value| value == "write") && !frame_path.exists() {
        std::fs::write(&frame_path, encode(batch).unwrap()).expect("the frame is written");
        std::fs::write(&text_path, lines(&readable(&quantise(batch)))).expect("the text is written");
    }
}

/// What a version could not say reads as nothing, and its one anchor as one of today.
fn complete(expected: &mut Value) {
    let ledger = expected["ledger"].as_object_mut().expect("a ledger");
    ledger.entry("cost").or_insert_with(|| json!(Cost::default()));
    ledger.entry("facts").or_insert_with(|| json!(Facts::default()));
    ledger.entry("starts_failed").or_insert(json!(0));
    if let Some(mut anchor) = expected.as_object_mut().expect("an object").remove("anchor") {
        let uptime_ns = anchor["uptime_ns"].as_u64().expect("an uptime") / 1_000_000 * 1_000_000;
        (anchor["uptime_ns"], anchor["boot_ns"]) = (json!(uptime_ns), json!(uptime_ns));
        expected["anchors"] = json!([anchor]);
    }
}

fn check_reading(version: &str, name: &str) {
    let frame_path = path(version, name, "bin");
    let frame = std::fs::read(&frame_path).unwrap_or_else(|error| {
        panic!("{}: {error}; a new case is written with NOWAIT_GOLDEN=write", frame_path.display())
    });
    let text = std::fs::read_to_string(path(version, name, "json")).expect("every frame has its text");
    let mut expected: Value = serde_json::from_str(&text).expect("the text is JSON");
    complete(&mut expected);
    let decoded = decode(&frame).unwrap_or_else(|error| {
        panic!(
            "{version}/{name}: {error}. Devices have sent such frames: keep them readable, or add a version"
        )
    });
    assert_eq!(
        readable(&decoded),
        expected,
        "{version}/{name}: the frame now reads differently. Devices have sent such frames: keep their meaning, or \
         add a version"
    );
    assert_eq!(
        decode(&encode(&decoded).unwrap()).unwrap(),
        decoded,
        "{version}/{name}: does not survive another trip"
    );
}

#[test]
fn ledger_only() {
    check("v1", "ledger_only", &base());
}

#[test]
fn one_of_each_kind() {
    check("v1", "one_of_each_kind", &kinds());
}

#[test]
fn whole_session() {
    check("v1", "whole_session", &session(7, 500));
}

#[test]
fn extreme_values() {
    check("v1", "extreme_values", &extremes());
}

/// The two kinds that came after the first frames of version 4: devices of before never send them.
#[test]
fn rating_and_hand_over() {
    let mut batch = kinds();
    batch.events.retain(|event| matches!(event.kind, Kind::Journey | Kind::Rating | Kind::HandOver));
    check(WRITTEN, "rating_and_hand_over", &batch);
}

#[test]
fn several_anchors() {
    check("v3", "several_anchors", &asleep_twice());
}
