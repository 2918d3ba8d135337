//! The ring under loom: every interleaving of a few threads, and every value that the memory model
//! allows a relaxed load to see. Run by `make loom`.
//!
//! Loom is known to pass broken rings where a thread loads the atomic that it then stores (tokio-rs/loom#166, #392).
//! So every proof says how many executions it saw and how often the interesting thing happened in them, and must
//! fail once the code is broken in a place that it guards.

use super::mutants::{broken, count_execution, must_fail, take_executions};
use super::{event, event_of, payload, read_all, slots};
use crate::ring::slot::{self, Recovered, Slot};
use crate::ring::{Drain, Ring};
use crate::sync::{Mutant, Ordering};
use nowait_wire::Event;
use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize, Ordering as StdOrdering};

/// How often something happened, over all executions of a model.
#[derive(Clone, Default)]
pub(super) struct Tally(StdArc<AtomicUsize>);

impl Tally {
    pub(super) fn hit(&self) {
        self.0.fetch_add(1, StdOrdering::Relaxed);
    }

    fn hits(&self) -> usize {
        self.0.load(StdOrdering::Relaxed)
    }
}

/// What a proof saw.
#[derive(Debug)]
pub(super) struct Seen {
    executions: usize,
    hits: usize,
}

/// Runs a model through all its executions; `preemptions` bounds those with three threads, as loom advises.
pub(super) fn explore(
    name: &str,
    preemptions: Option<usize>,
    model: impl Fn(&Tally) + Send + Sync + 'static,
) -> Seen {
    take_executions();
    let hits = Tally::default();
    let hitting = hits.clone();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.check(move || {
        count_execution();
        model(&hitting);
    });
    let seen = Seen { executions: take_executions(), hits: hits.hits() };
    println!("loom: {name}: {} executions, {} hits", seen.executions, seen.hits);
    // A mutant must fail by what its proof asserts, not because it saw too little.
    assert!(broken().is_some() || seen.executions > 1 && seen.hits > 1, "loom saw nothing: {seen:?}");
    seen
}

/// Slots for the life of one execution: loom wants its threads to own what they share.
fn leaked_ring(capacity: usize) -> (&'static Ring<'static>, &'static [Slot]) {
    let slots: &'static [Slot] = Box::leak(slots(capacity).into_boxed_slice());
    (Box::leak(Box::new(Ring::new(slots))), slots)
}

fn assert_whole(found: &[Event]) {
    for found in found {
        assert_eq!(*found, event(found.journey, found.a));
    }
}

/// One producer, one drain, a ring of one slot: the second lap needs the first to be read, cleared and released.
fn laps() -> Seen {
    explore("laps of one slot", Some(3), |hits| {
        let (ring, _) = leaked_ring(1);
        let mut drain = Drain::new(ring);
        let producer = loom::thread::spawn(move || {
            let mut taken = Vec::new();
            for number in 0..3 {
                if ring.push(&payload(1, number)).is_ok() {
                    taken.push(number);
                }
                loom::thread::yield_now();
            }
            taken
        });
        let mut drained = Vec::new();
        for _ in 0..2 {
            let read = read_all(&drain, usize::MAX);
            assert_eq!(read.corrupt, 0, "a committed slot is whole");
            drained.extend(read.events);
            drain.release(read.next);
            loom::thread::yield_now();
        }
        let taken = producer.join().unwrap();
        let read = read_all(&drain, usize::MAX);
        drained.extend(read.events);
        drain.release(read.next);
        assert_whole(&drained);
        assert_eq!(
            drained.iter().map(|event| event.a).collect::<Vec<_>>(),
            taken,
            "what is taken is drained once"
        );
        if taken.len() > 1 {
            hits.hit();
        }
    })
}

/// Two producers and a drain that never releases: positions are given once, and the third event is refused.
fn two_producers() -> Seen {
    explore("two producers, two slots", Some(2), |hits| {
        let (ring, _) = leaked_ring(2);
        let push = move |thread| ring.push(&payload(thread, 0)).map(|reserved| reserved.position);
        let producer = |thread| loom::thread::spawn(move || push(thread));
        let producers = [producer(1), producer(2)];
        let read = read_all(&Drain::new(ring), usize::MAX);
        assert_eq!(read.corrupt, 0);
        assert_whole(&read.events);
        if read.events.len() == 1 {
            hits.hit();
        }
        let mut positions: Vec<_> = producers.into_iter().map(|producer| producer.join().unwrap()).collect();
        positions.sort_by_key(|position| position.unwrap_or(u64::MAX));
        assert_eq!(positions, [Ok(0), Ok(1)]);
        assert!(ring.push(&payload(3, 0)).is_err());
        let read = read_all(&Drain::new(ring), usize::MAX);
        assert_eq!((read.events.len(), read.corrupt), (2, 0));
    })
}

/// Two producers fight for the one slot that a drain frees meanwhile.
fn contended_lap() -> Seen {
    explore("two producers and a drain, one slot", Some(2), |hits| {
        let (ring, _) = leaked_ring(1);
        ring.push(&payload(0, 0)).unwrap();
        let mut drain = Drain::new(ring);
        let producer = |thread| loom::thread::spawn(move || ring.push(&payload(thread, 0)).is_ok());
        let producers = [producer(1), producer(2)];
        let read = read_all(&drain, usize::MAX);
        assert_eq!((read.events.len(), read.corrupt), (1, 0));
        assert_whole(&read.events);
        drain.release(read.next);
        let taken: usize = producers.into_iter().map(|producer| usize::from(producer.join().unwrap())).sum();
        let read = read_all(&drain, usize::MAX);
        assert_eq!((read.events.len(), read.corrupt), (taken, 0), "no producer meets another in a slot");
        assert_whole(&read.events);
        assert!(taken <= 1);
        if taken == 1 {
            hits.hit();
        }
    })
}

/// Two writers, a lap apart, in one slot: what is found is one of them at its own position, or torn.
fn late_writer() -> Seen {
    explore("two positions in one slot", Some(2), |hits| {
        let slots: &'static [Slot] = Box::leak(slots(1).into_boxed_slice());
        let other = loom::thread::spawn(move || slot::write(&slots[0], 1, &payload(1, 0)));
        slot::write(&slots[0], 0, &payload(0, 0));
        other.join().unwrap();
        match slot::recover(&slots[0].each_ref().map(|word| word.load(Ordering::Relaxed))) {
            Recovered::Whole { position, payload } => assert_eq!(event_of(&payload), event(position, 0)),
            Recovered::Corrupt => hits.hit(),
            Recovered::Empty => panic!("both have committed"),
        }
    })
}

#[test]
fn laps_are_whole_once_and_in_order_in_every_interleaving() {
    laps();
    must_fail(
        "loom: laps of one slot",
        &[Mutant::CommitRelaxed, Mutant::CommittedRelaxed, Mutant::ReleasedRelaxed, Mutant::ReservingRelaxed],
        laps,
    );
}

#[test]
fn positions_are_given_once_in_every_interleaving() {
    two_producers();
    must_fail("loom: two producers, two slots", &[Mutant::ReservedInTwoSteps], two_producers);
    contended_lap();
    must_fail("loom: two producers and a drain, one slot", &[Mutant::ReservedInTwoSteps], contended_lap);
}

#[test]
fn two_writers_of_one_slot_are_never_mixed_in_any_interleaving() {
    late_writer();
    must_fail(
        "loom: two positions in one slot",
        &[Mutant::ChecksumUntied, Mutant::ChecksumIgnored],
        late_writer,
    );
}
