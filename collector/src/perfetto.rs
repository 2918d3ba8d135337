//! A session as a trace of [Perfetto](https://perfetto.dev): what the customer waited for, one lane above the other.
//!
//! Owns: the protobuf messages of `perfetto/trace/trace_packet.proto` that a trace of slices needs. Refuses: reading the store.
//! Invariant: slices of one lane never overlap, so that each ends where it ended; times are those of the device's uptime clock.

use nowait_wire::{Batch, Kind, NameId};
use std::collections::BTreeMap;

/// Numbers of fields, as the proto files of Perfetto have them.
mod field {
    pub(super) const TRACE_PACKET: u32 = 1;
    pub(super) const PACKET_TIMESTAMP: u32 = 8;
    pub(super) const PACKET_SEQUENCE: u32 = 10;
    pub(super) const PACKET_TRACK_EVENT: u32 = 11;
    pub(super) const PACKET_TRACK: u32 = 60;
    pub(super) const TRACK_UUID: u32 = 1;
    pub(super) const TRACK_NAME: u32 = 2;
    pub(super) const TRACK_PARENT: u32 = 5;
    pub(super) const EVENT_ANNOTATION: u32 = 4;
    pub(super) const EVENT_TYPE: u32 = 9;
    pub(super) const EVENT_TRACK: u32 = 11;
    pub(super) const EVENT_CATEGORY: u32 = 22;
    pub(super) const EVENT_NAME: u32 = 23;
    pub(super) const ANNOTATION_TEXT: u32 = 6;
    pub(super) const ANNOTATION_NAME: u32 = 10;
}

/// Of a track event: a slice begins, a slice ends, something happens.
const SLICE_BEGIN: u64 = 1;
const SLICE_END: u64 = 2;
const INSTANT: u64 = 3;

/// All packets are of one sequence.
const SEQUENCE: u64 = 1;

/// The track that all lanes lie in.
const ROOT: u64 = 1;

/// One event, with the texts that it names.
struct Told<'b> {
    kind: Kind,
    name: &'b str,
    screen: &'b str,
    outcome: &'static str,
    begin_ns: u64,
    end_ns: u64,
}

/// The trace of a session, from its batches.
#[must_use]
pub(crate) fn trace(batches: &[Batch]) -> Vec<u8> {
    let mut events: Vec<Told<'_>> = batches.iter().flat_map(told).collect();
    // What lasts longer lies below what it holds.
    events.sort_by_key(|event| (event.begin_ns, std::cmp::Reverse(event.end_ns)));
    let mut trace = Vec::new();
    let version = batches.first().map_or("", |batch| batch.context.app_version.as_str());
    packet(&mut trace, |packet| {
        message(packet, field::PACKET_TRACK, |track| {
            number(track, field::TRACK_UUID, ROOT);
            text(track, field::TRACK_NAME, &format!("NoWait {version}"));
        })
    });
    // Of each kind its lanes, each with its track and where its last slice ends.
    let mut lanes: BTreeMap<Kind, Vec<(u64, u64)>> = BTreeMap::new();
    let mut tracks = ROOT;
    for event in &events {
        let lanes = lanes.entry(event.kind).or_default();
        let free = lanes.iter().position(|(_, end_ns)| *end_ns <= event.begin_ns);
        let track = match free.and_then(|lane| lanes.get_mut(lane)) {
            Some((track, end_ns)) => {
                *end_ns = event.end_ns;
                *track
            }
            None => {
                tracks += 1;
                lanes.push((tracks, event.end_ns));
                let nth = if lanes.len() > 1 { format!(" {}", lanes.len()) } else { String::new() };
                packet(&mut trace, |packet| {
                    message(packet, field::PACKET_TRACK, |track| {
                        number(track, field::TRACK_UUID, tracks);
                        number(track, field::TRACK_PARENT, ROOT);
                        text(track, field::TRACK_NAME, &format!("{}{nth}", event.kind));
                    })
                });
                tracks
            }
        };
        put(&mut trace, event, track);
    }
    trace
}

fn told(batch: &Batch) -> impl Iterator<Item = Told<'_>> {
    let text = |name: NameId| batch.names.get(name.0 as usize).map_or("", String::as_str);
    batch.events.iter().map(move |event| Told {
        kind: event.kind,
        name: text(event.name),
        screen: text(event.screen),
        outcome: event.outcome.as_str(),
        begin_ns: event.started_uptime_ns,
        end_ns: event.ended_uptime_ns(),
    })
}

fn put(trace: &mut Vec<u8>, event: &Told<'_>, track: u64) {
    let is_instant = event.end_ns == event.begin_ns;
    let begin = if is_instant { INSTANT } else { SLICE_BEGIN };
    let kind = event.kind.to_string();
    packet(trace, |packet| {
        at(packet, event.begin_ns);
        message(packet, field::PACKET_TRACK_EVENT, |slice| {
            for (name, value) in [("outcome", event.outcome), ("screen", event.screen)] {
                if !value.is_empty() {
                    message(slice, field::EVENT_ANNOTATION, |annotation| {
                        text(annotation, field::ANNOTATION_TEXT, value);
                        text(annotation, field::ANNOTATION_NAME, name);
                    });
                }
            }
            number(slice, field::EVENT_TYPE, begin);
            number(slice, field::EVENT_TRACK, track);
            text(slice, field::EVENT_CATEGORY, &kind);
            text(slice, field::EVENT_NAME, if event.name.is_empty() { &kind } else { event.name });
        });
    });
    if !is_instant {
        packet(trace, |packet| {
            at(packet, event.end_ns);
            message(packet, field::PACKET_TRACK_EVENT, |slice| {
                number(slice, field::EVENT_TYPE, SLICE_END);
                number(slice, field::EVENT_TRACK, track);
            });
        });
    }
}

/// The time of a packet. Its clock is the one that is meant where none is named: any other one needs a snapshot of both.
fn at(packet: &mut Vec<u8>, uptime_ns: u64) {
    number(packet, field::PACKET_TIMESTAMP, uptime_ns);
}

fn packet(trace: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    message(trace, field::TRACE_PACKET, |packet| {
        fill(packet);
        number(packet, field::PACKET_SEQUENCE, SEQUENCE);
    });
}

/// A field that is a number (wire type 0).
fn number(out: &mut Vec<u8>, field: u32, value: u64) {
    nowait_report::bytes::put(out, u64::from(field) << 3);
    nowait_report::bytes::put(out, value);
}

/// A field that is a text (wire type 2).
fn text(out: &mut Vec<u8>, field: u32, text: &str) {
    length_delimited(out, field, text.as_bytes());
}

/// A field that is a message (wire type 2).
fn message(out: &mut Vec<u8>, field: u32, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut message = Vec::new();
    fill(&mut message);
    length_delimited(out, field, &message);
}

fn length_delimited(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    nowait_report::bytes::put(out, u64::from(field) << 3 | 2);
    nowait_report::bytes::put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use nowait_report::bytes::Reader;

    /// The fields of a message: numbers, and the bytes of texts and messages.
    fn fields(bytes: &[u8]) -> Vec<(u64, u64, &[u8])> {
        let (mut reader, mut fields) = (Reader::new(bytes), Vec::new());
        while reader.end().is_err() {
            let key = reader.number().unwrap();
            let value = reader.number().unwrap();
            let bytes = if key & 7 == 2 { reader.bytes(value as usize).unwrap() } else { &[] };
            fields.push((key >> 3, value, bytes));
        }
        fields
    }

    fn find<'b>(fields: &[(u64, u64, &'b [u8])], field: u32) -> Option<(u64, &'b [u8])> {
        fields.iter().find(|(key, ..)| *key == u64::from(field)).map(|(_, value, bytes)| (*value, *bytes))
    }

    #[test]
    fn every_slice_ends_where_its_event_ended_and_no_lane_overlaps() {
        let batch = nowait_wire::testing::session(3, 300);
        let trace = trace(std::slice::from_ref(&batch));
        let mut open: BTreeMap<u64, u64> = BTreeMap::new();
        let (mut slices, mut instants) = (Vec::new(), 0);
        let mut names = Vec::new();
        for (key, _, packet) in fields(&trace) {
            assert_eq!(key, u64::from(field::TRACE_PACKET));
            let packet = fields(packet);
            let Some((_, event)) = find(&packet, field::PACKET_TRACK_EVENT) else { continue };
            let (event, at) = (fields(event), find(&packet, field::PACKET_TIMESTAMP).unwrap().0);
            let track = find(&event, field::EVENT_TRACK).unwrap().0;
            match find(&event, field::EVENT_TYPE).unwrap().0 {
                SLICE_BEGIN => {
                    assert_eq!(open.insert(track, at), None, "one slice at a time");
                    names.push(
                        String::from_utf8(find(&event, field::EVENT_NAME).unwrap().1.to_vec()).unwrap(),
                    );
                }
                SLICE_END => slices.push((open.remove(&track).unwrap(), at)),
                _ => instants += 1,
            }
        }
        let lasting = batch.events.iter().filter(|event| event.duration_ns > 0);
        let mut expected: Vec<(u64, u64)> =
            lasting.map(|event| (event.started_uptime_ns, event.ended_uptime_ns())).collect();
        expected.sort_unstable();
        slices.sort_unstable();
        assert_eq!(slices, expected);
        assert_eq!(instants, batch.events.len() - expected.len());
        assert!(open.is_empty() && names.iter().any(|name| name == "Home.Transfer"), "{names:?}");
    }
}
