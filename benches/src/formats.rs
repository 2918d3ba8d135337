//! One session in the formats of the peers.
//!
//! Owns: the translations. Refuses: compressing. Invariant: every format says what NoWait's batch says about an
//! event (kind, name, screen, start, duration, outcome, journey, small values) in the way its own users do, with
//! what is true of the whole session said once wherever the format can.

use nowait_wire::{Batch, Event, Kind, NameId, Outcome};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, status};
use prost::Message as _;
use sentry_core::protocol;
use serde_json::{Value, json};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::time::{Duration, UNIX_EPOCH};

const MS_NS: f64 = 1_000_000.0;

/// Random-looking bits that are the same in every run: ids do not compress, whoever draws them.
fn id(seed: impl std::hash::Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(seed)
}

fn name(batch: &Batch, id: NameId) -> &str {
    batch.names.get(id.0 as usize).map_or("", String::as_str)
}

/// When it began, in nanoseconds since 1970.
fn started_unix_ns(batch: &Batch, event: &Event) -> u64 {
    let before_anchor = batch.anchors[0].uptime_ns.saturating_sub(event.started_uptime_ns);
    (batch.anchors[0].wall_unix_ms * 1_000_000).saturating_sub(before_anchor)
}

/// OTLP: a request with one span for each event, as an OpenTelemetry exporter sends it.
pub(crate) fn otlp(batch: &Batch) -> Vec<u8> {
    let context = &batch.context;
    let mut attributes = vec![
        text("service.name", "bank"),
        text("service.version", &context.app_version),
        text("app.build_id", &context.app_build),
        text("app.installation.id", &context.install.to_string()),
        text("session.id", &batch.id.session.to_string()),
        text("os.type", context.os.as_str()),
        text("os.version", &context.os_version),
        text("device.model.name", &context.device_model),
        text("device.tier", context.device_tier.as_str()),
        text("network.connection.type", context.network.as_str()),
        text("geo.country.iso_code", &context.country),
    ];
    attributes.extend(context.dimensions.iter().map(|(key, value)| text(key, value)));
    let scope = InstrumentationScope { name: "nowait".into(), version: "0.1.0".into(), ..Default::default() };
    let spans = batch.events.iter().enumerate().map(|(index, event)| span(batch, index, event)).collect();
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource { attributes, ..Default::default() }),
            scope_spans: vec![ScopeSpans { scope: Some(scope), spans, ..Default::default() }],
            ..Default::default()
        }],
    };
    request.encode_to_vec()
}

fn span(batch: &Batch, index: usize, event: &Event) -> Span {
    let start_time_unix_nano = started_unix_ns(batch, event);
    let session = batch.id.session.as_u128() as u64;
    let trace = [id((session, event.journey, "high")), id((session, event.journey, "low"))];
    let mut attributes = vec![text("kind", event.kind.as_str())];
    if event.screen != NameId::NONE {
        attributes.push(text("app.screen.name", name(batch, event.screen)));
    }
    match event.kind {
        Kind::Request if event.a != 0 => attributes.push(number("http.response.status_code", event.a)),
        _ => {
            attributes.extend((event.a != 0).then(|| number("a", event.a)));
            attributes.extend((event.b != 0).then(|| number("b", event.b)));
        }
    }
    let failed = event.outcome != Outcome::Done;
    if failed {
        attributes.push(text("outcome", event.outcome.as_str()));
    }
    Span {
        trace_id: trace.iter().flat_map(|half| half.to_be_bytes()).collect(),
        span_id: id((session, index)).to_be_bytes().to_vec(),
        name: name(batch, event.name).into(),
        start_time_unix_nano,
        end_time_unix_nano: start_time_unix_nano + event.duration_ns,
        attributes,
        status: failed.then(|| Status { code: status::StatusCode::Error.into(), ..Default::default() }),
        ..Default::default()
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, any_value::Value::StringValue(value.into()))
}

fn number(key: &str, value: u64) -> KeyValue {
    attribute(key, any_value::Value::IntValue(value.cast_signed()))
}

fn attribute(key: &str, value: any_value::Value) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}

/// Sentry: one event that carries all as breadcrumbs, serialised by Sentry's own types.
pub(crate) fn sentry(batch: &Batch) -> Result<Vec<u8>, serde_json::Error> {
    let context = &batch.context;
    let tags = [
        ("install", context.install.to_string()),
        ("session", batch.id.session.to_string()),
        ("os", context.os.to_string()),
        ("os_version", context.os_version.clone()),
        ("device", context.device_model.clone()),
        ("device_tier", context.device_tier.to_string()),
        ("network", context.network.to_string()),
        ("country", context.country.clone()),
    ];
    let dimensions = context.dimensions.iter().cloned();
    let event = protocol::Event {
        release: Some(context.app_version.clone().into()),
        dist: Some(context.app_build.clone().into()),
        tags: tags.into_iter().map(|(key, value)| (key.to_owned(), value)).chain(dimensions).collect(),
        breadcrumbs: batch.events.iter().map(|event| crumb(batch, event)).collect::<Vec<_>>().into(),
        ..protocol::Event::default()
    };
    serde_json::to_vec(&event)
}

fn crumb(batch: &Batch, event: &Event) -> protocol::Breadcrumb {
    let mut data = protocol::Map::new();
    data.insert("ms".into(), json!(event.duration_ns as f64 / MS_NS));
    small_values(batch, event, |key, value| {
        data.insert(key.into(), value);
    });
    protocol::Breadcrumb {
        timestamp: UNIX_EPOCH + Duration::from_nanos(started_unix_ns(batch, event)),
        category: Some(event.kind.as_str().into()),
        message: Some(name(batch, event.name).into()),
        data,
        ..protocol::Breadcrumb::default()
    }
}

/// What is only said where it is not the usual.
fn small_values(batch: &Batch, event: &Event, mut say: impl FnMut(&'static str, Value)) {
    if event.screen != NameId::NONE {
        say("screen", json!(name(batch, event.screen)));
    }
    if event.outcome != Outcome::Done {
        say("outcome", json!(event.outcome.as_str()));
    }
    if event.journey != 0 {
        say("journey", json!(event.journey));
    }
    if event.a != 0 {
        say(if event.kind == Kind::Request { "status_code" } else { "a" }, json!(event.a));
    }
    if event.b != 0 {
        say("b", json!(event.b));
    }
}

/// Real-user monitoring in the manner of Datadog: one JSON object a line, each complete in itself.
pub(crate) fn rum(batch: &Batch) -> Vec<u8> {
    let mut lines = Vec::new();
    for (index, event) in batch.events.iter().enumerate() {
        lines.extend_from_slice(rum_event(batch, index, event).to_string().as_bytes());
        lines.push(b'\n');
    }
    lines
}

fn rum_event(batch: &Batch, index: usize, event: &Event) -> Value {
    let context = &batch.context;
    let session = batch.id.session.as_u128() as u64;
    // A view is a screen visit: events of one screen within a journey share its id.
    let view = uuid(id((session, event.journey, event.screen.0)));
    let kind = match event.kind {
        Kind::Screen | Kind::Frames | Kind::FrameTimes => "view",
        Kind::Request => "resource",
        Kind::Hang => "long_task",
        _ => "action",
    };
    let mut detail = json!({
        "id": uuid(id((session, index))),
        "type": event.kind.as_str(),
        "name": name(batch, event.name),
        "duration": event.duration_ns,
    });
    small_values(batch, event, |key, value| detail[key] = value);
    let mut line = json!({
        "_dd": { "format_version": 2, "session": { "plan": 1 } },
        "application": { "id": context.install },
        "session": { "id": batch.id.session, "type": "user" },
        "view": { "id": view, "name": name(batch, event.screen), "url": name(batch, event.screen) },
        "date": started_unix_ns(batch, event) / 1_000_000,
        "type": kind,
        "service": "bank",
        "source": context.os.as_str(),
        "version": context.app_version,
        "build_version": context.app_build,
        "device": { "type": "mobile", "name": context.device_model, "tier": context.device_tier.as_str() },
        "os": { "name": context.os.as_str(), "version": context.os_version },
        "connectivity": { "status": "connected", "interfaces": [context.network.as_str()] },
        "geo": { "country_iso_code": context.country },
        "context": context.dimensions.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
    });
    line[kind] = match line[kind].take() {
        Value::Object(mut view) => {
            detail.as_object().into_iter().flatten().for_each(|(key, value)| {
                view.entry(key.as_str()).or_insert_with(|| value.clone());
            });
            Value::Object(view)
        }
        _ => detail,
    };
    line
}

fn uuid(bits: u64) -> nowait_wire::Uuid {
    nowait_wire::Uuid::from_u64_pair(bits, id(bits))
}
