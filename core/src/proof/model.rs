//! The ring against the simplest thing that behaves like it: a `VecDeque` with a cap.

use super::{event, event_of, payload, read_all, slots};
use crate::ring::slot::{self, Recovered};
use crate::ring::{Drain, Ring};
use crate::sync::Ordering;
use nowait_wire::RefuseReason;
use proptest::prelude::*;
use std::collections::VecDeque;

/// Slots of the ring under test: small, so that laps are many.
const CAPACITY: usize = 8;

#[derive(Clone, Copy, Debug)]
enum Op {
    /// Record one event.
    Push,
    /// Copy out at most this many, and free nothing.
    Read(usize),
    /// Free this many of what was read last, from the oldest on.
    Release(u64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        4 => Just(Op::Push),
        1 => (0..CAPACITY + 2).prop_map(Op::Read),
        1 => (0..CAPACITY as u64 + 1).prop_map(Op::Release),
    ];
    prop::collection::vec(op, 0..if cfg!(miri) { 40 } else { 400 })
}

fn config() -> ProptestConfig {
    let cases = if cfg!(miri) { 3 } else { 150 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_ring_is_a_queue_with_a_cap(ops in ops()) {
        let slots = slots(CAPACITY);
        let ring = Ring::new(&slots);
        let mut drain = Drain::new(&ring);
        let mut model: VecDeque<(u64, u64)> = VecDeque::new();
        let mut pushed = 0;
        let mut next_position = 0;
        let mut read_to = 0;
        for op in ops {
            match op {
                Op::Push => {
                    let pushing = ring.push(&payload(1, pushed)).map(|reserved| reserved.position);
                    if model.len() == CAPACITY {
                        prop_assert_eq!(pushing, Err(RefuseReason::RingFull));
                    } else {
                        prop_assert_eq!(pushing, Ok(next_position));
                        model.push_back((next_position, pushed));
                        next_position += 1;
                    }
                    pushed += 1;
                }
                Op::Read(max) => {
                    let drained = read_all(&drain, max);
                    let expected: Vec<_> = model.iter().take(max).map(|(_, number)| event(1, *number)).collect();
                    prop_assert_eq!(drain.released(), next_position - model.len() as u64);
                    prop_assert_eq!(drained.next, drain.released() + expected.len() as u64);
                    prop_assert_eq!(drained.events, expected);
                    prop_assert_eq!(drained.corrupt, 0);
                    read_to = drained.next;
                }
                Op::Release(count) => {
                    let count = count.min(read_to.saturating_sub(ring.released()));
                    drain.release(ring.released() + count);
                    model.drain(..count as usize);
                }
            }
            prop_assert_eq!(ring.len(), model.len() as u64);
            // What a kill at this moment would leave is what the model holds, wherever it lies.
            let mut left: Vec<_> = slots.iter().filter_map(recovered).collect();
            left.sort_unstable();
            prop_assert_eq!(left, model.iter().copied().collect::<Vec<_>>());
        }
    }
}

/// What a later start would read from this slot: the position, and the number of the event.
fn recovered(slot: &slot::Slot) -> Option<(u64, u64)> {
    let mut words = [0; slot::SLOT_WORDS];
    for (to, word) in words.iter_mut().zip(slot) {
        *to = word.load(Ordering::Relaxed);
    }
    match slot::recover(&words) {
        Recovered::Whole { position, payload } => Some((position, event_of(&payload).a)),
        Recovered::Empty => None,
        Recovered::Corrupt => panic!("a slot that nobody is writing is whole"),
    }
}
