//! What a session costs on the wire may not grow unseen.

use nowait_wire::{encode, testing::session};

/// Sessions of each length, of which the mean is held to its limit.
const SEEDS: u64 = 20;

/// By events of a session, the most bytes an event. Measured: 8.21 and 3.74 (see `docs/wire.md`); deflate may change a
/// little between releases of its crate.
const BYTES_PER_EVENT_MAX: [(usize, f64); 2] = [(50, 8.4), (500, 3.8)];

#[test]
fn sessions_stay_small() {
    for (events, most) in BYTES_PER_EVENT_MAX {
        let bytes: usize = (0..SEEDS).map(|seed| encode(&session(seed, events)).unwrap().len()).sum();
        let per_event = bytes as f64 / (SEEDS as usize * events) as f64;
        assert!(per_event <= most, "{events} events: {per_event:.2} bytes per event");
    }
}
