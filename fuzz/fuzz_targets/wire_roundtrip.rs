//! Any valid batch: see `fuzz/README.md`.
#![no_main]

mod batches;

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use nowait_wire::{decode, decode_header, encode, quantise};

fuzz_target!(|data: &[u8]| {
    let Ok(batch) = batches::batch(&mut Unstructured::new(data)) else { return };
    let frame = encode(&batch).expect("a valid batch of this size encodes");
    let header = decode_header(&frame).expect("and has a header");
    assert_eq!((header.id, header.events), (batch.id, batch.events.len()));
    assert_eq!(decode(&frame), Ok(quantise(&batch)));
});
