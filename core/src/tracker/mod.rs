//! Pure state machines that turn raw signals into finished waits.
//!
//! Owns: the trackers of design §6 and their composition, [`Trackers`].
//! Refuses: clocks (time is an argument), allocation, threads, storage.
//! Invariant: **trackers know no clock**, and every wait that began ends in at most one event.

mod signal;

pub use signal::Signal;

use nowait_wire::Event;

/// Where finished events go; a closure will do.
pub trait Sink {
    /// Takes one finished event.
    fn event(&mut self, event: Event);
}

impl<F: FnMut(Event)> Sink for F {
    fn event(&mut self, event: Event) {
        self(event);
    }
}

/// All trackers of one process.
#[derive(Debug, Default)]
pub struct Trackers {
    lost: u64,
}

impl Trackers {
    /// Trackers that have seen nothing yet.
    #[must_use]
    pub fn new() -> Trackers {
        Trackers::default()
    }

    /// Takes one raw signal and hands every event that it finishes to `sink`.
    pub fn signal(&mut self, _signal: &Signal, _sink: &mut impl Sink) {}

    /// How many waits were given up because a table was full.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }
}
