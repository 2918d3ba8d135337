//! Where raw signals of all threads meet the trackers, without any of them ever waiting.
//!
//! Whoever comes first works the trackers; whoever comes meanwhile leaves the signal in a bounded queue and
//! goes on, and the first one works that off before leaving (flat combining).
//!
//! Owns: the trackers of the process. Refuses: rules and clocks.
//! Invariant: no thread blocks here, and a signal that was queued is worked off by the time of the next tick.

use crate::fold::trackers::{Sink, Trackers};
use crate::limits::SIGNAL_QUEUE_MAX;
use crate::record::Fact as Signal;
use crate::sync::{AtomicU64, Mutant, Mutex, Ordering, Queue, TryLockError, fence, is_broken};
use nowait_wire::NameId;

/// The meeting point.
#[derive(Debug)]
pub(crate) struct Hub {
    /// Only ever `try_lock`ed.
    trackers: Mutex<Trackers>,
    waiting: Queue<Signal>,
    lost: AtomicU64,
    /// Screen and journey as the trackers last saw them, for events that no tracker makes.
    screen: AtomicU64,
    journey: AtomicU64,
}

impl Hub {
    /// A hub with fresh trackers.
    pub(crate) fn new() -> Hub {
        Hub {
            trackers: Mutex::new(Trackers::new()),
            waiting: Queue::new(SIGNAL_QUEUE_MAX),
            lost: AtomicU64::new(0),
            screen: AtomicU64::new(0),
            journey: AtomicU64::new(0),
        }
    }

    /// Takes a signal; what it finishes goes to `sink`, now or from the thread that is at work.
    #[inline]
    pub(crate) fn signal(&self, signal: &Signal, sink: &mut impl Sink) {
        if !self.work(Some(signal), sink) {
            if self.waiting.push(*signal).is_err() {
                // Relaxed: a count for the ledger.
                self.lost.fetch_add(1, Ordering::Relaxed);
                return;
            }
            if !is_broken(Mutant::PushedWithoutFence) {
                // SeqCst: the worker may have looked at the queue just before the push. With this fence and the one
                // in `work`, either it sees our signal or we see its lock released.
                fence(Ordering::SeqCst);
            }
            self.work(None, sink);
        }
    }

    /// Works off `first` and the queue if nobody else is at it; whether it did.
    fn work(&self, first: Option<&Signal>, sink: &mut impl Sink) -> bool {
        let mut first = first;
        loop {
            let mut trackers = match self.trackers.try_lock() {
                Ok(trackers) => trackers,
                // A tracker panicked under a host that caught it: its tables are plain numbers, still usable.
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                // Whoever holds it looks at the queue after letting go.
                Err(TryLockError::WouldBlock) => return first.is_none(),
            };
            if let Some(signal) = first.take() {
                trackers.fact(signal, sink);
            }
            // Bounded by the queue's capacity: a flood from other threads cannot hold this one here.
            for _ in 0..SIGNAL_QUEUE_MAX {
                let Some(signal) = self.waiting.pop() else { break };
                trackers.fact(&signal, sink);
            }
            let place = trackers.place();
            // Relaxed: labels, which lead to no other data.
            self.screen.store(u64::from(place.screen.0), Ordering::Relaxed);
            self.journey.store(place.journey, Ordering::Relaxed);
            drop(trackers);
            if !is_broken(Mutant::UnlockedWithoutFence) {
                // SeqCst: see `signal`.
                fence(Ordering::SeqCst);
            }
            if self.waiting.is_empty() || is_broken(Mutant::UnlockedWithoutLook) {
                return true;
            }
        }
    }

    /// The current screen and journey.
    #[inline]
    pub(crate) fn place(&self) -> (NameId, u64) {
        // Relaxed: see `work`.
        (NameId(self.screen.load(Ordering::Relaxed) as u32), self.journey.load(Ordering::Relaxed))
    }

    /// Signals and waits given up so far.
    pub(crate) fn lost(&self) -> u64 {
        let trackers = self.trackers.try_lock().map_or(0, |trackers| trackers.lost());
        // Relaxed: a count for the ledger.
        self.lost.load(Ordering::Relaxed) + trackers
    }
}
