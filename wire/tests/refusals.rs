//! Each rule of the format has an input that breaks it, and an error that says so.

use flate2::{Compress, Compression, Crc, FlushCompress};
use nowait_wire::{
    Anchor, Batch, Cost, Error, Event, Facts, Kind, NameId, Outcome, RECORD_BUCKETS, Receipt, RemoteConfig,
    decode, decode_header, encode, limits, quantise_duration_ns, testing::session,
};

fn seal_again(frame: &mut [u8]) {
    let covered = frame.len() - 4;
    let mut crc = Crc::new();
    crc.update(&frame[..covered]);
    frame[covered..].copy_from_slice(&crc.sum().to_le_bytes());
}

/// A frame with these claims around this body, in version 1, the shortest.
fn frame(events: &[u8], inflated: &[u8], body: &[u8]) -> Vec<u8> {
    let mut frame = b"NWB\x01\x00".to_vec();
    frame.extend([7; 16]);
    frame.push(0);
    frame.extend(events);
    frame.extend(inflated);
    frame.reserve(body.len() + 1024);
    Compress::new(Compression::best(), false).compress_vec(body, &mut frame, FlushCompress::Finish).unwrap();
    frame.extend([0; 4]);
    seal_again(&mut frame);
    frame
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 128 {
        bytes.push(value as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn message(result: Result<Batch, Error>) -> String {
    result.expect_err("must be refused").to_string()
}

/// Texts, facts, drop counts and the length of the columns, for a body of one's own.
fn body(texts: &[u8], columns: &[u8], bits: &[u8]) -> Vec<u8> {
    let mut body = varint(texts.len());
    body.extend(texts);
    body.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    body.extend(varint(columns.len()));
    body.extend(columns);
    body.extend([0; 18]);
    body.extend(bits);
    body
}

fn decode_body(events: usize, body: &[u8]) -> Result<Batch, Error> {
    decode(&frame(&varint(events), &varint(body.len()), body))
}

const TEXTS: &[u8] = b"\0\0\0\0\0\0";
/// One event of kind 1, named by id 3, all else 0.
const LAUNCH: [u8; 10] = [0, 1, 6, 0, 0, 0, 0, 0, 0, 0];

#[test]
fn one_event_by_hand_is_read() {
    let batch = decode_body(1, &body(TEXTS, &[&LAUNCH[..], &[0]].concat(), &[])).unwrap();
    assert_eq!(batch.events, [Event::new(Kind::Launch, NameId::COLD)]);
}

#[test]
fn envelope() {
    let good = encode(&session(1, 20)).unwrap();
    assert_eq!(message(decode(b"")), "magic: not a NoWait batch");
    assert_eq!(message(decode(b"NWB")), "version: missing");
    assert_eq!(message(decode(b"NWB\x01")), "encryption suite: missing");
    assert_eq!(message(decode(b"NWB\x01\x00")), "checksum: missing");
    let mut other = good.clone();
    for version in [0, 5, 255] {
        other[3] = version;
        assert!(decode(&other).unwrap_err().is_unsupported_version());
    }
    other[3] = good[3];
    other[4] = 1;
    assert!(decode(&other).unwrap_err().is_unsupported_suite());
    for place in 5..good.len() {
        let mut damaged = good.clone();
        damaged[place] ^= 1;
        assert_eq!(message(decode(&damaged)), "checksum: does not match the frame", "byte {place}");
        assert!(decode_header(&damaged).is_err());
    }
    for length in 0..good.len() {
        assert!(decode(&good[..length]).unwrap_err().is_malformed());
    }
    let mut longer = good;
    longer.insert(longer.len() - 4, 0);
    seal_again(&mut longer);
    assert_eq!(message(decode(&longer)), "events: followed by more bytes");
    let whole = body(TEXTS, &[&LAUNCH[..], &[0]].concat(), &[]);
    let mut longer = frame(&[1], &varint(whole.len()), &whole);
    longer.insert(longer.len() - 4, 0);
    seal_again(&mut longer);
    assert_eq!(message(decode(&longer)), "body: followed by more bytes");
}

#[test]
fn sizes() {
    let huge = vec![0; limits::ENCODED_BYTES_MAX + 1];
    assert_eq!(message(decode(&huge)), "encoded bytes: 262145 is over the limit of 262144");
    let claim = varint(limits::INFLATED_BYTES_MAX + 1);
    assert_eq!(
        message(decode(&frame(&[0], &claim, b""))),
        "inflated bytes: 1048577 is over the limit of 1048576"
    );
    let claim = varint(limits::EVENTS_MAX + 1);
    assert!(decode(&frame(&claim, &[0], b"")).unwrap_err().is_too_large());
    let whole = body(TEXTS, &[], &[]);
    let short = frame(&[0], &varint(whole.len() + 1), &whole);
    assert_eq!(message(decode(&short)), "body: shorter than the header says");
    let long = frame(&[0], &varint(whole.len() - 1), &whole);
    assert_eq!(message(decode(&long)), "body: cut short, or longer than the header says");
    // A bomb: 16 MiB of zeros in 16 KiB.
    let bomb = frame(&[0], &varint(limits::INFLATED_BYTES_MAX), &vec![0; 16 << 20]);
    assert!(bomb.len() < 64 * 1024);
    assert!(decode(&bomb).unwrap_err().is_malformed());
}

#[test]
fn counts_and_ends() {
    let one = [&LAUNCH[..], &[0]].concat();
    assert!(message(decode_body(0, &body(TEXTS, &one, &[]))).starts_with("columns: followed"));
    assert!(decode_body(2, &body(TEXTS, &one, &[])).unwrap_err().is_malformed());
    assert_eq!(message(decode_body(1, &body(TEXTS, &one, &[0]))), "bits: followed by more bits");
    assert_eq!(message(decode_body(1, &body(b"\0\0\0\0\0", &one, &[]))), "texts: too few");
    assert_eq!(message(decode_body(1, &body(b"\0\0\0\0\0\0a", &one, &[]))), "texts: the last one has no end");
    assert_eq!(message(decode_body(1, &body(b"\0\0\0\0\0\xFF\0", &one, &[]))), "texts: not UTF-8");
    let many = vec![0; 6 + limits::NAMES_MAX];
    assert!(decode_body(1, &body(&many, &one, &[])).unwrap_err().is_too_large());
    let long = [&[b'x'; limits::NAME_BYTES_MAX + 1][..], b"\0"].concat();
    assert!(decode_body(1, &body(&[TEXTS, &long].concat(), &one, &[])).unwrap_err().is_too_large());
}

#[test]
fn numbers_without_meaning() {
    let with = |place: usize, byte: u8| {
        let mut one = [&LAUNCH[..], &[0]].concat();
        one[place] = byte;
        message(decode_body(1, &body(TEXTS, &one, &[])))
    };
    assert_eq!(with(0, 1), "subject: not defined yet");
    assert_eq!(with(0, 2), "subject: not defined yet");
    assert_eq!(with(1, 0), "kind: not known");
    assert_eq!(with(1, 18), "kind: not known");
    assert_eq!(with(2, 14), "name: an id outside 32 bits");
    assert_eq!(with(2, 1), "events: a name id is not in the dictionary");
    assert_eq!(with(3, 6), "events: a name id is not in the dictionary");
    assert_eq!(with(4, 9), "journey: code not known");
    assert_eq!(with(5, 7), "outcome: not known");
    assert_eq!(with(7, 66), "start: a token passes 64 bits");
    assert_eq!(with(7, 9), "start: bits missing");
    assert_eq!(with(8, 66), "duration: a token passes 64 bits");
}

#[test]
fn costs_are_as_many_as_they_say_and_no_more_than_are_known() {
    let with = |costs: &[u8]| {
        let mut body = body(TEXTS, &[&LAUNCH[..], &[0]].concat(), &[]);
        // Behind the texts and their length, eleven facts and no drop counts.
        body.splice(1 + TEXTS.len() + 11..1 + TEXTS.len() + 11, costs.iter().copied());
        let mut frame = frame(&varint(1), &varint(body.len()), &body);
        frame[3] = 2;
        seal_again(&mut frame);
        decode(&frame)
    };
    let cost = with(&[6, 1, 2, 3, 4, 5, 6]).unwrap().ledger.cost;
    let numbers = [cost.start_ns, cost.worker_cpu_ns, cost.sealed_bytes, cost.sent_bytes, cost.record_ns_sum];
    assert_eq!((numbers, cost.record_samples()), ([1, 2, 3, 4, 5], 6));
    assert_eq!(with(&[0]).unwrap().ledger.cost, Cost::default());
    assert!(with(&[6, 1, 2, 3, 4, 5]).unwrap_err().is_malformed());
    assert_eq!(message(with(&[&[22][..], &[0; 22]].concat())), "costs: 22 is over the limit of 21");
}

/// A frame of version 3 with one launch, and these bytes for its ledger, its outcome and its anchors.
fn decode_v3(ledger: &[u8], outcome: u8, anchors: &[u8]) -> Result<Batch, Error> {
    let mut columns = [&LAUNCH[..], &[0]].concat();
    columns[5] = outcome;
    let mut body = varint(TEXTS.len());
    body.extend([TEXTS, &[0; 4], ledger, &columns].concat());
    let mut frame = frame(&[1], &varint(body.len()), &body);
    frame[3] = 3;
    // Behind the deflate stream, before the checksum.
    let noise = [&[0; 16], anchors].concat();
    let end = frame.len() - 4;
    frame.splice(end..end, noise);
    seal_again(&mut frame);
    decode(&frame)
}

/// A ledger of zeros, and one anchor of zeros.
const NOTHING: &[u8] = &[0; 5];
const ONE: &[u8] = &[1, 0, 0, 0];

#[test]
fn ledgers_have_two_lines() {
    let ledger = decode_v3(&[1, 7, 9, 11, 0, 0, 0, 0, 4, 1, 5, 3, 0, 2, 6, 0], 0, ONE).unwrap().ledger;
    assert_eq!((ledger.ring_on_heap, ledger.produced, ledger.starts_failed), (true, 9, 4));
    assert_eq!(ledger.dropped, [5, 0, 0, 0, 0, 0, 0]);
    assert_eq!(ledger.facts, Facts { folded: 11, refused: [0, 2, 6, 0] });
    assert_eq!((ledger.facts.refused_total(), ledger.facts.appended()), (8, 19));
    let with = |ledger: &[u8]| message(decode_v3(ledger, 0, ONE));
    assert_eq!(with(&[2, 0, 0, 0, 0]), "ring on heap: neither 0 nor 1");
    assert_eq!(with(&[0, 8, 0, 0, 0, 0, 0, 0, 0, 0]), "counts: 8 is over the limit of 7");
    assert_eq!(with(&[0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0]), "drop reasons: 8 is over the limit of 7");
    assert_eq!(with(&[0, 0, 0, 5, 0, 0, 0, 0, 0]), "refuse reasons: 5 is over the limit of 4");
}

#[test]
fn anchors_are_one_to_sixteen_and_never_run_back() {
    let read = |anchors: &[u8]| decode_v3(NOTHING, 0, anchors).map(|batch| batch.anchors);
    let anchor = |uptime_ms: u64, boot_ms: u64, wall_unix_ms| Anchor {
        uptime_ns: uptime_ms * 1_000_000,
        boot_ns: boot_ms * 1_000_000,
        wall_unix_ms,
    };
    assert_eq!(read(&[2, 5, 6, 9, 4, 20, 1]).unwrap(), [anchor(5, 8, 9), anchor(9, 22, 22)]);
    assert_eq!(read(&[&[16][..], &[0; 48]].concat()).unwrap().len(), 16);
    assert_eq!(message(decode_v3(NOTHING, 0, &[0])), "anchors: there is none");
    assert_eq!(
        message(decode_v3(NOTHING, 0, &[&[17][..], &[0; 51]].concat())),
        "anchors: 17 is over the limit of 16"
    );
    assert_eq!(message(decode_v3(NOTHING, 0, &[2, 0, 0, 0, 1])), "anchors: cut short");
    let most = [255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
    let passes = "anchors: a clock passes 64 bits of nanoseconds";
    assert_eq!(message(decode_v3(NOTHING, 0, &[&[1][..], &most, &[0, 0]].concat())), passes);
    assert_eq!(message(decode_v3(NOTHING, 0, &[1, 0, 1, 0])), passes);
    assert!(decode_v3(NOTHING, 0, &[&[2, 1, 0, 0][..], &most, &[0, 0]].concat()).unwrap_err().is_malformed());
}

#[test]
fn an_event_has_the_latest_anchor_that_is_not_after_it() {
    let mut batch = session(1, 20);
    let anchor = |uptime_ns, wall_unix_ms| Anchor { uptime_ns, boot_ns: 0, wall_unix_ms };
    batch.anchors = vec![anchor(10, 1), anchor(20, 2), anchor(20, 3), anchor(30, 4)];
    let wall = |uptime_ns| batch.anchor_at(uptime_ns).unwrap().wall_unix_ms;
    assert_eq!([0, 9, 10, 19, 20, 29, 30, u64::MAX].map(wall), [1, 1, 1, 1, 3, 3, 4, 4]);
    batch.anchors.clear();
    assert_eq!(batch.anchor_at(10), None);
}

#[test]
fn a_wait_that_died_is_known_from_version_3_on() {
    assert_eq!(decode_v3(NOTHING, 7, ONE).unwrap().events[0].outcome, Outcome::Died);
    assert_eq!(message(decode_v3(NOTHING, 8, ONE)), "outcome: not known");
    // `numbers_without_meaning` has the same for version 1.
}

#[test]
fn receipts_of_older_and_newer_collectors_are_read() {
    let read = |json: &str| serde_json::from_str::<Receipt>(json);
    let old = read(r#"{"batch":"b","status":"stored"}"#).unwrap();
    assert_eq!(old.config, None);
    assert_eq!(serde_json::to_string(&old).unwrap(), r#"{"batch":"b","status":"stored"}"#);
    let little = read(r#"{"batch":"b","status":"stored","config":{"version":7},"other":1}"#).unwrap();
    let all = RemoteConfig { version: 7, enabled: true, sampled_per_mille: 1000, flush_interval_s: 0 };
    assert_eq!(little.config, Some(all));
    assert_eq!(read(&serde_json::to_string(&little).unwrap()).unwrap(), little);
    assert!(read(r#"{"batch":"b","status":"stored","config":{"enabled":false}}"#).is_err());
    assert!(all.is_valid() && !RemoteConfig { sampled_per_mille: 1001, ..all }.is_valid());
}

#[test]
fn every_duration_has_its_bucket() {
    for ns in (0..40).flat_map(|bits| [(1 << bits) - 1, 1 << bits]).chain([u64::MAX]) {
        let bucket = Cost::record_bucket(ns);
        assert!(Cost::record_bucket_end_ns(bucket).is_none_or(|end| ns < end), "{ns}");
        let before = bucket.checked_sub(1).and_then(Cost::record_bucket_end_ns);
        assert!(before.is_none_or(|end| ns >= end), "{ns}");
    }
    assert_eq!((Cost::record_bucket(0), Cost::record_bucket(u64::MAX)), (0, RECORD_BUCKETS - 1));
}

#[test]
fn encode_holds_a_batch_to_the_same_rules() {
    let refused = |change: &dyn Fn(&mut Batch)| {
        let mut batch = session(1, 20);
        change(&mut batch);
        encode(&batch).unwrap_err()
    };
    assert!(refused(&|batch| batch.events.swap(0, 19)).is_malformed());
    assert!(refused(&|batch| batch.names[1].push('!')).is_malformed());
    assert!(refused(&|batch| batch.names.truncate(5)).is_malformed());
    assert!(refused(&|batch| batch.events[3].name = NameId(99)).is_malformed());
    assert!(refused(&|batch| batch.context.country = "V\0N".into()).is_malformed());
    assert!(refused(&|batch| batch.context.dimensions.reverse()).is_malformed());
    assert!(refused(&|batch| batch.context.device_model = "x".repeat(129)).is_too_large());
    assert!(refused(&|batch| batch.names.push("x".repeat(129))).is_too_large());
    assert!(refused(&|batch| batch.names.extend(vec![String::new(); 4096])).is_too_large());
    assert!(refused(&|batch| batch.events.extend(vec![batch.events[19]; 8192])).is_too_large());
    let one_more = |batch: &mut Batch| {
        batch.context.dimensions = (b'a'..=b'i').map(|key| (char::from(key).into(), String::new())).collect();
    };
    assert!(refused(&one_more).is_too_large());
    assert!(refused(&|batch| batch.anchors.clear()).is_malformed());
    assert!(refused(&|batch| batch.anchors.push(Anchor::default())).is_malformed());
    assert!(refused(&|batch| batch.anchors.extend([batch.anchors[0]; 16])).is_too_large());
}

#[test]
fn a_batch_that_would_not_fit_is_refused() {
    let mut batch = session(1, 100);
    let mut state = 1u64;
    while batch.names.len() < limits::NAMES_MAX {
        let mut letter = |_| {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            char::from(b' ' + (state >> 58) as u8)
        };
        batch.names.push((0..limits::NAME_BYTES_MAX).map(&mut letter).collect());
    }
    let error = encode(&batch).unwrap_err();
    assert!(error.is_too_large(), "{error}");
    batch.names.truncate(limits::NAMES_MAX / 4);
    let frame = encode(&batch).unwrap();
    assert_eq!(decode(&frame).unwrap(), nowait_wire::quantise(&batch));
}

#[test]
fn sessions_of_all_lengths_come_back() {
    for events in (0..80).chain([499, 500, 501, 4096, 8192]) {
        let batch = session(events as u64, events);
        assert_eq!(batch.events.len(), events);
        assert_eq!(decode(&encode(&batch).unwrap()).unwrap(), nowait_wire::quantise(&batch));
    }
}

#[test]
fn rounding_by_example() {
    let pairs =
        [(511, 511), (513, 514), (1025, 1024), (1026, 1028), (u64::MAX, 511 << 55), (1_000_000, 999_424)];
    for (exact, rounded) in pairs {
        assert_eq!(quantise_duration_ns(exact), rounded, "{exact}");
    }
}
