//! Real threads: no producer ever waits, whatever the drain or another producer does meanwhile.
//!
//! A thread that waited for the drain would hang here for ever, because the drain is parked until every producer
//! is done. No clock decides anything.

use super::{event, payload, read_all, slots};
#[cfg(not(miri))]
use crate::limits::RING_SLOTS;
#[cfg(not(miri))]
use crate::record::Fact;
use crate::ring::slot::{self, Recovered};
use crate::ring::{Drain, Reserved, Ring};
use crate::sync::Ordering;
use nowait_wire::RefuseReason;
use std::sync::Barrier;
use std::thread;

const THREADS: u64 = 4;
const CAPACITY: usize = 64;
/// Events that each thread tries to record in one round.
const TRIES: u64 = if cfg!(miri) { 30 } else { 20_000 };
const ROUNDS: u64 = if cfg!(miri) { 2 } else { 20 };

/// What became of the events of one or more threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    taken: u64,
    full: u64,
    contended: u64,
}

impl Count {
    fn of(ring: &Ring<'_>, thread: u64, numbers: std::ops::Range<u64>) -> Count {
        let mut count = Count::default();
        for number in numbers {
            match ring.push(&payload(thread, number)) {
                Ok(_) => count.taken += 1,
                Err(RefuseReason::RingFull) => count.full += 1,
                Err(RefuseReason::Contended) => count.contended += 1,
                Err(reason) => panic!("a push has no such reason: {reason:?}"),
            }
        }
        count
    }

    fn plus(self, other: Count) -> Count {
        Count {
            taken: self.taken + other.taken,
            full: self.full + other.full,
            contended: self.contended + other.contended,
        }
    }

    fn tries(self) -> u64 {
        self.taken + self.full + self.contended
    }
}

/// Lets all threads record at once and returns when every one of them is through.
fn record_from_all_threads(ring: &Ring<'_>, tries: u64) -> Count {
    let start = Barrier::new(THREADS as usize);
    thread::scope(|scope| {
        let record = |thread| {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                Count::of(ring, thread, 0..tries)
            })
        };
        let threads: Vec<_> = (0..THREADS).map(record).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).fold(Count::default(), Count::plus)
    })
}

/// Where the drain stands still while four threads record as fast as they can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Park {
    BeforeReading,
    BetweenReadingAndReleasing,
    BetweenClearingTheSlotsAndReleasing,
}

#[test]
fn a_parked_drain_makes_nobody_wait() {
    for park in
        [Park::BeforeReading, Park::BetweenReadingAndReleasing, Park::BetweenClearingTheSlotsAndReleasing]
    {
        let slots = slots(CAPACITY);
        let ring = Ring::new(&slots);
        let mut drain = Drain::new(&ring);
        let mut drained = 0;
        for _ in 0..ROUNDS {
            // The ring is empty: exactly as many events as there are slots are taken, all others are refused.
            let before = (park == Park::BeforeReading).then(|| record_from_all_threads(&ring, TRIES));
            let full = before.unwrap_or_else(|| record_from_all_threads(&ring, TRIES));
            assert_eq!((full.taken, full.tries()), (CAPACITY as u64, THREADS * TRIES), "{park:?}");
            let read = read_all(&drain, usize::MAX);
            assert_eq!((read.events.len(), read.corrupt), (CAPACITY, 0));
            if park == Park::BetweenClearingTheSlotsAndReleasing {
                slots.iter().for_each(|slot| slot[0].store(0, Ordering::Relaxed));
            }
            if park != Park::BeforeReading {
                let refused = record_from_all_threads(&ring, TRIES);
                assert_eq!((refused.taken, refused.full), (0, THREADS * TRIES), "{park:?}");
            }
            drain.release(read.next);
            drained += CAPACITY as u64;
        }
        assert_eq!((ring.reserved(), ring.released()), (drained, drained));
    }
}

#[test]
fn a_parked_producer_makes_nobody_wait_and_costs_nobody_else_an_event() {
    let slots = slots(CAPACITY);
    let ring = Ring::new(&slots);
    // A thread is stopped for good after it reserved its slot.
    assert_eq!(ring.reserve(), Ok(Reserved { position: 0, held: 0 }));
    let count = record_from_all_threads(&ring, TRIES);
    assert_eq!((count.taken, count.tries()), (CAPACITY as u64 - 1, THREADS * TRIES));
    assert_eq!(read_all(&Drain::new(&ring), usize::MAX).events, [], "the drain does not pass an open slot");
    let words = |slot: &slot::Slot| slot.each_ref().map(|word| word.load(Ordering::Relaxed));
    let whole = slots.iter().filter(|slot| matches!(slot::recover(&words(slot)), Recovered::Whole { .. }));
    assert_eq!(whole.count(), CAPACITY - 1, "but a recovery does");
}

#[test]
fn what_is_taken_is_drained_once_and_in_its_threads_order() {
    let slots = slots(CAPACITY);
    let ring = Ring::new(&slots);
    let tries = TRIES * ROUNDS;
    let running = std::sync::atomic::AtomicU64::new(THREADS);
    let (count, drained) = thread::scope(|scope| {
        let record = |thread| {
            let (ring, running) = (&ring, &running);
            scope.spawn(move || {
                let count = Count::of(ring, thread, 0..tries);
                running.fetch_sub(1, Ordering::Release);
                count
            })
        };
        let threads: Vec<_> = (0..THREADS).map(record).collect();
        let mut drain = Drain::new(&ring);
        let mut drained = Vec::new();
        loop {
            let last = running.load(Ordering::Acquire) == 0;
            let read = read_all(&drain, CAPACITY / 2);
            assert_eq!(read.corrupt, 0);
            drained.extend(read.events);
            drain.release(read.next);
            if last && ring.len() == 0 {
                break;
            }
            thread::yield_now();
        }
        let counts = threads.into_iter().map(|thread| thread.join().unwrap());
        (counts.fold(Count::default(), Count::plus), drained)
    });
    assert_eq!(count.tries(), THREADS * tries);
    assert_eq!(count.taken, drained.len() as u64);
    let mut next = [0; THREADS as usize];
    for found in drained {
        assert_eq!(found, event(found.journey, found.a), "whole");
        let next = &mut next[found.journey as usize];
        assert!(found.a >= *next, "once, and in order");
        *next = found.a + 1;
    }
}

/// Files and locks are nothing for Miri.
#[cfg(not(miri))]
#[test]
fn a_thread_parked_in_the_middle_of_a_fact_makes_no_other_and_no_worker_wait() {
    use crate::testing::{self, MemoryUpload};
    use crate::{Build, Config, Consent, ManualClock, NOW, Outcome};

    const FACTS: u64 = 5_000;
    let folder = tempfile::tempdir().unwrap();
    let config = Config::new("http://127.0.0.1:1", "key", Build::new("1", "1"), folder.path());
    let config = Config { consent: Consent::Granted, ..config };
    let (nowait, mut worker) = testing::start(config, MemoryUpload::new(), ManualClock::new(0)).unwrap();
    worker.turn();
    let flight = nowait.engine.recorder.flight().unwrap();
    // A thread is stopped for good after it reserved its slot.
    let parked = flight.ring.reserve().unwrap().position;
    let name = nowait.name("name");
    let append = |number: u64| match number % 4 {
        0 => nowait.append(Fact::TouchUp { at: NOW, target: name }),
        1 => nowait.append(Fact::Breadcrumb { at: NOW, name, number }),
        2 => nowait.append(Fact::ActionStarted { at: NOW, id: nowait.next_id(), action: name }),
        _ => nowait.append(Fact::ActionEnded { at: NOW, id: number, outcome: Outcome::Done }),
    };
    let taken = thread::scope(|scope| {
        let record = || (0..FACTS).filter(|number| append(*number).is_taken()).count();
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(record)).collect();
        // The worker turns beside them, and comes back each time.
        (0..20).for_each(|_| _ = worker.turn());
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
    });
    // Ticks of the worker have slots as well.
    assert!((RING_SLOTS - 25..RING_SLOTS).contains(&taken), "{taken}");
    let refused = nowait.ledger().facts.refused.iter().sum::<u64>();
    assert_eq!(refused, THREADS * FACTS - taken as u64, "each refusal is counted");
    assert_eq!(flight.ring.released(), parked, "and the fold waits behind the open slot");
}
