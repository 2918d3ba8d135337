//! What seeded sessions cost on the wire: `cargo run --release -p nowait-wire --example bytes_per_event`.

use nowait_wire::{Batch, Error, decode, encode, testing::session};
use std::time::Instant;

/// Sessions of each size, of which the mean is printed.
const SEEDS: u64 = 20;
/// Events encoded and decoded of each size, so that the times mean something.
const EVENTS_TIMED: usize = 200_000;

fn main() -> Result<(), Error> {
    println!(
        "{:>6} {:>7} {:>7} {:>11} {:>9} {:>9}",
        "events", "names", "bytes", "bytes/event", "encode", "decode"
    );
    for events in [0, 50, 100, 500, 2000, 8192] {
        let batches: Vec<Batch> = (0..SEEDS).map(|seed| session(seed, events)).collect();
        let frames: Vec<Vec<u8>> = batches.iter().map(encode).collect::<Result<_, _>>()?;
        let bytes = frames.iter().map(Vec::len).sum::<usize>() as f64 / SEEDS as f64;
        let names = batches.iter().map(|batch| batch.names.len()).sum::<usize>() / batches.len();
        let rounds = EVENTS_TIMED.div_ceil(events.max(100) * batches.len());
        let timed = (rounds * batches.len() * events.max(1)) as f64;
        let encoding = Instant::now();
        for batch in batches.iter().cycle().take(rounds * batches.len()) {
            encode(batch)?;
        }
        let encode_ns = encoding.elapsed().as_nanos() as f64 / timed;
        let decoding = Instant::now();
        for frame in frames.iter().cycle().take(rounds * frames.len()) {
            decode(frame)?;
        }
        let decode_ns = decoding.elapsed().as_nanos() as f64 / timed;
        let per_event = bytes / events.max(1) as f64;
        println!(
            "{events:>6} {names:>7} {bytes:>7.0} {per_event:>11.2} {encode_ns:>6.0} ns {decode_ns:>6.0} ns"
        );
    }
    Ok(())
}
