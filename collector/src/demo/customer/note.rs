//! What a customer's process tells the fleet, and what the fleet tells it.
//!
//! A pipe, because what was written to it is there even if the writer is killed in the next moment, and because a full
//! disk is no obstacle. One line a message, far below the size up to which a pipe takes a write whole:
//! `session <id>`, `acknowledged <events> <walking|resting> <heap|file>`, `ended <batches left>`.
//!
//! Owns: the lines. Refuses: anything of the events themselves.
//! Invariant: a number of acknowledged events is told only after recording them had returned.

use nowait_core::NoWait;
use std::io::{BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The customer's end.
#[derive(Debug)]
pub(super) struct Note {
    nowait: NoWait,
    told: (u64, bool),
}

impl Note {
    /// Says who this is.
    pub(super) fn new(nowait: NoWait) -> Note {
        say(&format!("session {}", nowait.session()));
        Note { nowait, told: (0, false) }
    }

    /// Says how many events were acknowledged so far, if that changed.
    pub(super) fn acknowledge(&mut self, walking: bool) {
        let ledger = self.nowait.ledger();
        let now = (ledger.produced, walking);
        if now != self.told {
            self.told = now;
            let state = if walking { "walking" } else { "resting" };
            let ring = if ledger.ring_on_heap { "heap" } else { "file" };
            say(&format!("acknowledged {} {state} {ring}", now.0));
        }
    }

    /// Says that the session ended well.
    pub(super) fn end(self, batches_left: usize) {
        say(&format!("ended {batches_left}"));
    }
}

fn say(line: &str) {
    // A fleet that does not listen any more has ended; then so does this process, by the end of its input.
    let _ = std::io::stdout().lock().write_all(format!("{line}\n").as_bytes());
}

/// What a line says, as the fleet reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::demo) enum Said {
    Session { id: String },
    Acknowledged { events: u64, walking: bool, on_heap: bool },
    Ended { batches_left: usize },
}

impl Said {
    /// `None` if the line says none of it.
    pub(in crate::demo) fn parse(line: &str) -> Option<Said> {
        let mut words = line.split(' ');
        match (words.next()?, words.next()?, words.next(), words.next()) {
            ("session", id, None, None) => Some(Said::Session { id: id.to_owned() }),
            ("acknowledged", events, Some(state), Some(ring)) => Some(Said::Acknowledged {
                events: events.parse().ok()?,
                walking: state == "walking",
                on_heap: ring == "heap",
            }),
            ("ended", left, None, None) => Some(Said::Ended { batches_left: left.parse().ok()? }),
            _ => None,
        }
    }
}

/// What the fleet wants, followed by a thread that reads its lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    offline: Arc<AtomicBool>,
}

impl Orders {
    /// Follows the orders until the fleet ends, and then ends this process: nobody would end it otherwise.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn follow() -> std::io::Result<Orders> {
        let orders = Orders::default();
        let offline = Arc::clone(&orders.offline);
        std::thread::Builder::new().name("orders".to_owned()).spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                // Relaxed: takes effect with the next thing the customer does.
                offline.store(line == "offline", Ordering::Relaxed);
            }
            std::process::exit(1);
        })?;
        Ok(orders)
    }

    /// Whether the device has no network.
    pub(super) fn is_offline(&self) -> bool {
        // Relaxed: see `follow`.
        self.offline.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_understood_and_nothing_else() {
        assert_eq!(Said::parse("session 1-2"), Some(Said::Session { id: "1-2".into() }));
        let said = Said::parse("acknowledged 12 walking heap");
        assert_eq!(said, Some(Said::Acknowledged { events: 12, walking: true, on_heap: true }));
        assert_eq!(Said::parse("ended 3"), Some(Said::Ended { batches_left: 3 }));
        for line in
            ["", "ended", "ended x", "acknowledged", "acknowledged x walking file", "acknowledged 1 walking"]
        {
            assert_eq!(Said::parse(line), None, "{line}");
        }
    }
}
