//! What holds for every batch and for every input.

mod common;

use nowait_wire::{
    Batch, DICTIONARY, Error, decode, decode_header, encode, limits, quantise, quantise_duration_ns,
    quantise_start_ns, testing::session,
};
use proptest::prelude::*;

/// The checksum, so that a test reaches what lies behind it.
fn seal_again(frame: &mut [u8]) {
    let Some(covered) = frame.len().checked_sub(4) else { return };
    let mut crc = flate2::Crc::new();
    crc.update(&frame[..covered]);
    frame[covered..].copy_from_slice(&crc.sum().to_le_bytes());
}

/// `decode` gave a batch within the limits, or an error that exactly one predicate describes.
fn judge(decoded: Result<Batch, Error>) -> Result<(), TestCaseError> {
    match decoded {
        Ok(batch) => {
            prop_assert!(batch.events.len() <= limits::EVENTS_MAX);
            prop_assert!(batch.names.len() <= limits::NAMES_MAX);
            // What was decoded is valid and rounded, so it survives another trip unchanged.
            prop_assert_eq!(&quantise(&batch), &batch);
            prop_assert_eq!(decode(&encode(&batch).unwrap()).unwrap(), batch);
        }
        Err(error) => {
            let predicates = [
                error.is_too_large(),
                error.is_malformed(),
                error.is_unsupported_version(),
                error.is_unsupported_suite(),
            ];
            prop_assert_eq!(predicates.iter().filter(|holds| **holds).count(), 1, "{}", error);
            prop_assert!(!error.to_string().is_empty());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_valid_batch_comes_back_rounded(batch in common::batch(60)) {
        let frame = encode(&batch).unwrap();
        let decoded = decode(&frame).unwrap();
        prop_assert_eq!(&decoded, &quantise(&batch));
        prop_assert_eq!(encode(&decoded).unwrap(), frame.clone(), "a second trip gives the same bytes");
        let header = decode_header(&frame).unwrap();
        prop_assert_eq!((header.id, header.events), (batch.id, batch.events.len()));
    }

    #[test]
    fn no_input_panics(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        judge(decode(&bytes))?;
    }

    #[test]
    fn no_body_panics(
        version in 1..=4u8,
        first in any::<[u8; 24]>(),
        mut body in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let mut frame = [&b"NWB"[..], &[version, 0]].concat();
        frame.extend(first);
        frame.append(&mut body);
        frame.extend([0; 4]);
        seal_again(&mut frame);
        judge(decode(&frame))?;
    }

    #[test]
    fn no_mutated_frame_panics(
        seed in 0u64..64,
        events in 0usize..40,
        mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut frame = encode(&session(seed, events)).unwrap();
        for (place, byte) in mutations {
            let place = place.index(frame.len());
            frame[place] = byte;
        }
        if let Some(cut) = cut {
            frame.truncate(cut.index(frame.len()));
        }
        judge(decode(&frame))?;
        seal_again(&mut frame);
        judge(decode(&frame))?;
    }

    #[test]
    fn no_mutated_body_panics(
        seed in 0u64..64,
        events in 0usize..40,
        mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let frame = encode(&session(seed, events)).unwrap();
        let header = decode_header(&frame).unwrap();
        let Parts { head, mut texts, mut coded } = open(&frame, header.inflated_bytes);
        for (place, byte) in mutations {
            let place = place.index(texts.len() + coded.len());
            *texts.iter_mut().chain(&mut coded).nth(place).unwrap() = byte;
        }
        judge(decode(&wrap(&head, &texts, &coded)))?;
    }

    #[test]
    fn rounding_is_canonical_close_and_monotonic(n in any::<u64>(), shift in 0u32..64, m in any::<u64>()) {
        let (n, m) = (n >> shift, m >> shift);
        let rounded = quantise_duration_ns(n);
        prop_assert_eq!(quantise_duration_ns(rounded), rounded);
        prop_assert!(u128::from(rounded.abs_diff(n)) * 512 <= u128::from(n) || n > u64::MAX - (1 << 55));
        prop_assert!(n >= 512 || rounded == n);
        prop_assert_eq!(n.cmp(&m).is_le(), n <= m);
        prop_assert!(n > m || rounded <= quantise_duration_ns(m));
        prop_assert!(n - quantise_start_ns(n) < 1_000_000);
    }
}

/// A frame without its checksum: the header's bytes, what was deflated, what was coded.
struct Parts {
    head: Vec<u8>,
    texts: Vec<u8>,
    coded: Vec<u8>,
}

fn open(frame: &[u8], inflated_bytes: usize) -> Parts {
    // magic, version, suite, session; then three varints, which end at the first byte below 128 each.
    let mut end = 21;
    for _ in 0..3 {
        while frame[end] >= 128 {
            end += 1;
        }
        end += 1;
    }
    // The dictionary as a stored block of its own, which any inflater takes for the beginning of the stream.
    let length = (DICTIONARY.len() as u16).to_le_bytes();
    let stored = [&[0], &length[..], &length.map(|byte| !byte), DICTIONARY.as_bytes()].concat();
    let mut window = vec![0; DICTIONARY.len() + inflated_bytes];
    let mut inflater = flate2::Decompress::new(false);
    let stream = [&stored, &frame[end..frame.len() - 4]].concat();
    inflater.decompress(&stream, &mut window, flate2::FlushDecompress::Finish).unwrap();
    let coded = stream[inflater.total_in() as usize..].to_vec();
    Parts { head: frame[..end].to_vec(), texts: window.split_off(DICTIONARY.len()), coded }
}

fn wrap(head: &[u8], texts: &[u8], coded: &[u8]) -> Vec<u8> {
    let mut frame = head.to_vec();
    frame.reserve(texts.len() + 1024);
    let mut deflater = flate2::Compress::new(flate2::Compression::fast(), false);
    let status = deflater.compress_vec(texts, &mut frame, flate2::FlushCompress::Finish).unwrap();
    assert_eq!(status, flate2::Status::StreamEnd);
    frame.extend(coded);
    frame.extend([0; 4]);
    seal_again(&mut frame);
    frame
}
