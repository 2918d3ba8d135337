//! The hub's promise under loom: a signal that was queued is worked off by the time all threads have returned.
//!
//! Owns: that proof, and the queue it stands on. Refuses: what the trackers make of a signal.
//! Invariant: whatever this queue promises, the one that ships promises too.

use super::interleavings::{Seen, explore};
use super::mutants::must_fail;
use crate::hub::Hub;
use crate::record::Fact as Signal;
use crate::sync::{AtomicU64, Mutant, Ordering};
use nowait_wire::{Event, NameId, Outcome};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// A queue for loom, which cannot look into crossbeam's. Its count is the one thing that threads see of each other's
/// pushes, with the weakest orderings that a queue can have, so that the hub stands on nothing but its own fences.
/// The signals themselves lie under a lock that loom does not see: their way from one thread to another is the
/// queue's business and crossbeam's proof.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    count: AtomicU64,
    values: Mutex<VecDeque<T>>,
}

impl<T> Queue<T> {
    /// A queue without a bound: the models push less than any.
    pub(crate) fn new(_capacity: usize) -> Queue<T> {
        Queue { count: AtomicU64::new(0), values: Mutex::default() }
    }

    /// Never full.
    pub(crate) fn push(&self, value: T) -> Result<(), T> {
        self.values.lock().unwrap().push_back(value);
        self.count.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// The oldest, if the count that this thread sees says that there is one.
    pub(crate) fn pop(&self) -> Option<T> {
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.values.lock().unwrap().pop_front()
    }

    /// Whether it looks empty from here.
    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }
}

/// Two threads end a request each, and each end is one event, made by whoever works it off.
fn combining() -> Seen {
    explore("two signals at one hub", Some(3), |hits| {
        let hub: &'static Hub = Box::leak(Box::new(Hub::new()));
        let made: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
        for id in 1..=2 {
            let route = NameId(id as u32 + 10);
            hub.signal(&Signal::RequestStarted { at: 1, id, route }, &mut |event: Event| panic!("{event:?}"));
        }
        let end = |id: u64| {
            let made = made.clone();
            move || {
                let signal = Signal::RequestEnded { at: 2, id, status: 200, outcome: Outcome::Done };
                hub.signal(&signal, &mut |event: Event| {
                    made.lock().unwrap().push((id, u64::from(event.name.0) - 10));
                });
            }
        };
        let other = loom::thread::spawn(end(2));
        end(1)();
        other.join().unwrap();
        let made = made.lock().unwrap();
        let mut ended: Vec<_> = made.iter().map(|(_, ended)| *ended).collect();
        ended.sort_unstable();
        assert_eq!(ended, [1, 2], "a signal was left behind, or worked off twice");
        if made.iter().any(|(by, ended)| by != ended) {
            hits.hit();
        }
    })
}

#[test]
fn no_signal_is_left_behind_in_any_interleaving() {
    combining();
    must_fail(
        "loom: two signals at one hub",
        &[Mutant::PushedWithoutFence, Mutant::UnlockedWithoutFence, Mutant::UnlockedWithoutLook],
        combining,
    );
}
