//! Any body of a request of `POST /v1/steps`: see `fuzz/README.md`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nowait_collector::steps;
use nowait_wire::{decode, encode, quantise};

/// 2026-03-05, 14:30 UTC.
const NOW: u64 = 1_772_721_000_000;

fuzz_target!(|data: &[u8]| {
    match steps::read(data, NOW) {
        Ok(batch) => {
            let frame = encode(&batch).unwrap_or_else(|error| panic!("what is taken can be sent: {error}"));
            assert_eq!(decode(&frame).ok(), Some(quantise(&batch)));
            assert_eq!(batch.ledger.produced, batch.events.len() as u64);
            for event in &batch.events {
                let parts_ns = if event.duration_ns > 0 { (event.a + event.b) * 1_000 } else { 0 };
                assert!(parts_ns <= event.duration_ns && nowait_report::Cell::believes(event), "{event:?}");
            }
        }
        Err(error) => assert!(error.is_input() && error.to_string().len() < 256, "{error}"),
    }
});
