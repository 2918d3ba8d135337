//! What a customer's process tells the fleet, and what the fleet tells it.
//!
//! A pipe, because what was written to it is there even if the writer is killed in the next moment, and because a full
//! disk is no obstacle. One line a message, far below the size up to which a pipe takes a write whole:
//! `session <id>`, `recorded <facts> <ended, by kind>… <walking|resting> <heap|file>`, `ended <batches left>`.
//!
//! Owns: the lines, and the count of what was recorded. Refuses: anything of the events themselves.
//! Invariant: what is counted was recorded before: the calls had returned.

use crate::demo::counts::{COUNTED, Counts};
use nowait_core::{Kind, NoWait};
use std::io::{BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The customer's end.
#[derive(Debug)]
pub(super) struct Note {
    nowait: NoWait,
    recorded: Counts,
    is_walking: bool,
}

impl Note {
    /// Says who this is.
    pub(super) fn new(nowait: NoWait) -> Note {
        say(&format!("session {}", nowait.session()));
        Note { nowait, recorded: Counts::default(), is_walking: false }
    }

    /// Counts facts of the main thread. They are told with what ends next.
    pub(super) fn facts(&mut self, facts: u64) {
        self.recorded.facts += facts;
    }

    /// Something of this kind has ended: NoWait knows all that makes its event.
    pub(super) fn ended(&mut self, kind: Kind) {
        self.recorded.add(kind, 1);
        self.tell();
    }

    /// A journey begins, or the customer rests again.
    pub(super) fn set_walking(&mut self, is_walking: bool) {
        self.is_walking = is_walking;
        self.tell();
    }

    fn tell(&self) {
        let state = if self.is_walking { "walking" } else { "resting" };
        let ring = if self.nowait.ledger().ring_on_heap { "heap" } else { "file" };
        let ended: String = self.recorded.ended.iter().map(|count| format!(" {count}")).collect();
        say(&format!("recorded {}{ended} {state} {ring}", self.recorded.facts));
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
    Recorded { counts: Counts, walking: bool, on_heap: bool },
    Ended { batches_left: usize },
}

impl Said {
    /// `None` if the line says none of it.
    pub(in crate::demo) fn parse(line: &str) -> Option<Said> {
        let words: Vec<&str> = line.split(' ').collect();
        match *words.as_slice() {
            ["session", id] => Some(Said::Session { id: id.to_owned() }),
            ["recorded", facts, ref ended @ .., state, ring] => {
                let ended: Option<Vec<u64>> = ended.iter().map(|count| count.parse().ok()).collect();
                let ended: [u64; COUNTED.len()] = ended?.try_into().ok()?;
                let counts = Counts { facts: facts.parse().ok()?, ended };
                Some(Said::Recorded { counts, walking: state == "walking", on_heap: ring == "heap" })
            }
            ["ended", left] => Some(Said::Ended { batches_left: left.parse().ok()? }),
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
        let counts = Counts { facts: 12, ended: [1, 2, 3, 4, 5, 6, 7] };
        let said = Said::parse("recorded 12 1 2 3 4 5 6 7 walking heap");
        assert_eq!(said, Some(Said::Recorded { counts, walking: true, on_heap: true }));
        assert_eq!(Said::parse("ended 3"), Some(Said::Ended { batches_left: 3 }));
        for line in [
            "",
            "ended",
            "ended x",
            "recorded",
            "recorded 12",
            "recorded x 1 2 3 4 5 6 7 walking file",
            "recorded 12 1 2 3 4 5 6 walking file",
            "recorded 12 1 2 3 4 5 6 7 walking",
        ] {
            assert_eq!(Said::parse(line), None, "{line}");
        }
    }
}
