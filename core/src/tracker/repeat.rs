//! Signals that are told twice.
//!
//! Owns: the latest signals. Refuses: to judge signals that may be equal by nature (pings and ticks).
//! Invariant: a signal told again among the next few begins nothing a second time.

use super::signal::Signal;

/// A face that tells a signal twice does so at once, from two hooks of one moment.
const REMEMBERED: usize = 8;

#[derive(Debug)]
pub(super) struct Repeats {
    latest: [Option<Signal>; REMEMBERED],
    next: usize,
    /// Apart, because frames would wash out all others.
    frame: Option<Signal>,
}

impl Repeats {
    pub(super) const fn new() -> Repeats {
        Repeats { latest: [None; REMEMBERED], next: 0, frame: None }
    }

    /// Whether this signal was told before; remembers it if not.
    pub(super) fn is_repeat(&mut self, signal: &Signal) -> bool {
        match signal {
            Signal::Tick { .. } | Signal::MainPing { .. } | Signal::MainPong { .. } => false,
            Signal::Frame { .. } => self.frame.replace(*signal) == Some(*signal),
            _ => self.is_among_latest(signal),
        }
    }

    fn is_among_latest(&mut self, signal: &Signal) -> bool {
        if self.latest.iter().flatten().any(|latest| latest == signal) {
            return true;
        }
        if let Some(slot) = self.latest.get_mut(self.next) {
            *slot = Some(*signal);
        }
        self.next = (self.next + 1) % REMEMBERED;
        false
    }
}
