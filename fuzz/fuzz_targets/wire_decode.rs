//! Any frame and any body: see `fuzz/README.md`.
#![no_main]

use flate2::{Compress, Compression, Crc, FlushCompress};
use libfuzzer_sys::fuzz_target;
use nowait_wire::{decode, decode_header, encode, limits, quantise};

/// A frame around `body`, whose version and number of events `events` chooses; the length is right.
fn wrap(events: u8, body: &[u8]) -> Vec<u8> {
    // The two upper bits choose the version.
    let version = 4 - (events >> 6);
    // From version 3 on the end of the body is not deflated; the first byte says how much of it.
    let (body, noise) = match body.split_first() {
        Some((length, body)) if version >= 3 => {
            body.split_at(body.len().saturating_sub(usize::from(*length)))
        }
        _ => (body, &body[..0]),
    };
    let mut frame = [&b"NWB"[..], &[version, 0]].concat();
    frame.extend([7; 16]);
    frame.extend([0, events & 0x3F]);
    let mut length = body.len();
    while length >= 128 {
        frame.push(length as u8 | 128);
        length >>= 7;
    }
    frame.push(length as u8);
    frame.reserve(body.len() + 1024);
    Compress::new(Compression::none(), false)
        .compress_vec(body, &mut frame, FlushCompress::Finish)
        .expect("there is room");
    frame.extend(noise);
    frame.extend([0; 4]);
    frame
}

fuzz_target!(|data: &[u8]| {
    let mut frame = match data {
        [b'N', b'W', b'B', ..] => data.to_vec(),
        [events, body @ ..] => wrap(*events, body),
        [] => return,
    };
    if let Some(covered) = frame.len().checked_sub(4) {
        let mut crc = Crc::new();
        crc.update(&frame[..covered]);
        frame[covered..].copy_from_slice(&crc.sum().to_le_bytes());
    }
    let header = decode_header(&frame);
    let Ok(batch) = decode(&frame) else { return };
    let header = header.expect("what decodes has a header");
    assert_eq!((header.id, header.events), (batch.id, batch.events.len()));
    assert!(batch.events.len() <= limits::EVENTS_MAX && batch.names.len() <= limits::NAMES_MAX);
    assert_eq!(quantise(&batch), batch);
    // A body that deflated well by chance may not do so again; nothing else may stand in the way.
    match encode(&batch) {
        Ok(again) => assert_eq!(decode(&again), Ok(batch)),
        Err(error) => assert!(error.is_too_large()),
    }
});
