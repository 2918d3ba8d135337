//! Hang: the main thread did not answer for 250 ms or longer while in the foreground.
//!
//! Owns: the one unanswered ping. Refuses: to blame the main thread for a process that was suspended.
//! Invariant: a silence gives at most one hang.
//!
//! The watchdog repeats its ping while no answer comes. A gap in the pings means that the watchdog did not run
//! either: the process was suspended, and the silence says nothing.

use super::limits::{HANG_NS_MAX, HANG_NS_MIN, PING_GAP_NS_MAX};
use super::place::{Begun, Limit, Place};
use nowait_wire::{Event, Kind, Outcome};
use serde::{Deserialize, Serialize};

const LIMIT: Limit = Limit::timed_out(HANG_NS_MAX);

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Silence {
    begun: Begun,
    last_ping: u64,
    /// It reached the limit and was told.
    told: bool,
}

impl Silence {
    fn began(&self) -> u64 {
        self.begun.at
    }

    fn was_suspended(&self, now: u64) -> bool {
        now.saturating_sub(self.last_ping) > PING_GAP_NS_MAX
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Hang {
    silence: Option<Silence>,
}

impl Hang {
    pub(super) fn due(&self) -> u64 {
        let open = self.silence.filter(|silence| !silence.told);
        open.map_or(u64::MAX, |silence| LIMIT.due(silence.began()))
    }

    pub(super) fn ping(&mut self, at: u64, place: Place) {
        match self.silence.as_mut().filter(|silence| !silence.was_suspended(at)) {
            Some(silence) => silence.last_ping = silence.last_ping.max(at),
            None => {
                let begun = Begun { name: place.screen, place, at };
                self.silence = Some(Silence { begun, last_ping: at, told: false });
            }
        }
    }

    /// An answer to an older ping, told late, answers nothing.
    pub(super) fn pong(&mut self, at: u64) -> Option<Event> {
        if self.silence?.began() > at { None } else { self.close(at, Outcome::Done) }
    }

    /// Ends the silence, if there is one.
    pub(super) fn close(&mut self, at: u64, outcome: Outcome) -> Option<Event> {
        let silence = self.silence.take()?;
        let mut event = silence.begun.event(Kind::Hang);
        LIMIT.close(&mut event, at, outcome);
        let is_hang = event.duration_ns >= HANG_NS_MIN;
        (is_hang && !silence.told && !silence.was_suspended(at)).then_some(event)
    }

    /// The limit is over: tells the silence, if there were pings to the end.
    pub(super) fn expire(&mut self) -> Option<Event> {
        let silence = self.silence.as_mut()?;
        let due = LIMIT.due(silence.began());
        if silence.was_suspended(due) {
            self.silence = None;
            return None;
        }
        silence.told = true;
        let mut event = silence.begun.event(Kind::Hang);
        LIMIT.close(&mut event, due, Outcome::TimedOut);
        Some(event)
    }
}
