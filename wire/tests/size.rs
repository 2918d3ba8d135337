//! What a session costs on the wire may not grow unseen.

use nowait_wire::{encode, testing::session};

/// Measured: 4.82 (see `docs/wire.md`); deflate may change a little between releases of its crate.
const BYTES_PER_EVENT_MAX: f64 = 4.9;

#[test]
fn a_session_of_500_events_stays_small() {
    let bytes: usize = (0..20).map(|seed| encode(&session(seed, 500)).unwrap().len()).sum();
    let per_event = bytes as f64 / (20.0 * 500.0);
    assert!(per_event <= BYTES_PER_EVENT_MAX, "{per_event:.2} bytes per event");
}
