//! The passing of time: limits that expire, and the sleep of the device.
//!
//! Owns: the order in which limits expire. Refuses: to look at a clock; each fact brings its time.
//! Invariant: what expires does so in the order of time, and as it would have with any number of ticks in between.

use super::journey::Mode;
use super::limits::EXPIRIES_MAX;
use super::{Sink, Trackers};

/// The trackers whose waits have a limit, in the order in which they expire at the same moment.
#[derive(Clone, Copy, Debug)]
enum Limited {
    Launch,
    Taps,
    RageTaps,
    Requests,
    Settled,
    Screens,
    Hang,
    Actions,
    Journeys,
}

impl Trackers {
    /// The moment on the uptime clock after which a tick would end something; `u64::MAX` if nothing is open.
    #[must_use]
    pub fn next_due(&self) -> u64 {
        self.first_due().0
    }

    fn mode(&self) -> Mode {
        if self.trips.is_away() {
            Mode::Away
        } else if self.taps.waiting()
            || self.screens.waiting()
            || self.requests.waiting()
            || self.actions.waiting()
        {
            Mode::Waiting
        } else {
            Mode::Acting
        }
    }

    /// Lets time pass up to `now`: every limit that ended before it expires, in the order of time.
    pub(super) fn pass(&mut self, now: u64, sink: &mut impl Sink) {
        for _ in 0..EXPIRIES_MAX {
            let (due, limited) = self.first_due();
            if due >= now {
                break;
            }
            self.advance(due);
            self.expire(limited, due, sink);
        }
        self.advance(now);
    }

    /// Only journeys ask how their time was spent.
    fn advance(&mut self, to: u64) {
        let mode = if self.journeys.is_empty() { Mode::Acting } else { self.mode() };
        self.journeys.pass(to, mode);
    }

    fn first_due(&self) -> (u64, Limited) {
        // What is made in the background makes nobody wait.
        let screens = if self.trips.is_away() { u64::MAX } else { self.screens.due() };
        let mut first = (self.launch.due(), Limited::Launch);
        for other in [
            (self.taps.due(), Limited::Taps),
            (self.rage_taps.due(), Limited::RageTaps),
            (self.requests.due(), Limited::Requests),
            (self.settled.due(), Limited::Settled),
            (screens, Limited::Screens),
            (self.hang.due(), Limited::Hang),
            (self.actions.due(), Limited::Actions),
            (self.journeys.due(), Limited::Journeys),
        ] {
            if other.0 < first.0 {
                first = other;
            }
        }
        first
    }

    /// Ends one wait whose limit is `due`.
    fn expire(&mut self, limited: Limited, due: u64, sink: &mut impl Sink) {
        match limited {
            Limited::Launch => super::tell(self.launch.expire(), sink),
            Limited::Taps => self.tell_judged(|trackers| trackers.taps.expire(due), sink),
            Limited::RageTaps => super::tell(self.rage_taps.expire(due), sink),
            Limited::Requests => {
                self.tell_judged(|trackers| trackers.requests.expire(due), sink);
                self.settled.requests(due, self.requests.waiting());
            }
            Limited::Settled => self.tell_judged(|trackers| trackers.settled.expire(), sink),
            Limited::Screens => self.tell_judged(|trackers| trackers.screens.expire(due), sink),
            Limited::Hang => self.tell_judged(|trackers| trackers.hang.expire(), sink),
            Limited::Actions => self.tell_judged(|trackers| trackers.actions.expire(due), sink),
            Limited::Journeys => {
                let Trackers { journeys, doubt, .. } = self;
                journeys.expire(due, |event| sink.event(doubt.judge(event)));
            }
        }
    }

    /// One moment on the clocks. By how much the boot clock is ahead is known from the first tick on; what it gains
    /// from then on, the device slept. The two clocks are not read at one moment: what it loses again is no waking.
    pub(super) fn tick(&mut self, at: u64, boot_ns: u64, sink: &mut impl Sink) {
        self.launch.tick(at);
        let ahead = boot_ns.saturating_sub(at);
        let before = *self.slept_ns.get_or_insert(ahead);
        let asleep = ahead.saturating_sub(before);
        if asleep == 0 {
            return;
        }
        self.slept_ns = Some(ahead);
        self.launch.sleep(asleep);
        let Trackers { journeys, doubt, .. } = self;
        journeys.sleep(asleep, |event| sink.event(doubt.judge(event)));
        self.pass(at, sink);
    }
}
