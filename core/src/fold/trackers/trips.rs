//! What begins and ends with a trip to the background, and with the process.
//!
//! Owns: these changes. Refuses: to decide whether the app is in front (see `presence`).
//! Invariant: after a trip began, nothing is open but journeys, their steps, and a launch that may go on; after the
//! process died, nothing at all.

use super::presence::Presence;
use super::{Sink, Trackers, tell};
use nowait_wire::Outcome;

impl Trackers {
    pub(super) fn process_started(&mut self, at: u64, visible: bool, sink: &mut impl Sink) {
        if std::mem::replace(&mut self.process_seen, true) {
            return;
        }
        match (visible, self.trips.presence()) {
            // Told late: the customer has left again.
            (true, Presence::Background) => {}
            (true, _) => {
                self.launch.process_started(at);
                self.turn(at, sink);
            }
            (false, Presence::Starting) => self.background(at, sink),
            // Whatever started it, it has been told since where it is.
            (false, _) => {}
        }
    }

    /// `restored` is `None` when only a touch tells that the app is in front: that is no launch.
    pub(super) fn foreground(&mut self, at: u64, restored: Option<bool>, sink: &mut impl Sink) {
        let place = self.place();
        let was_away = self.trips.is_away();
        if !was_away {
            if self.trips.presence() == Presence::Starting
                && let Some(restored) = restored
            {
                self.launch.foreground_at_start(at, restored, place);
            }
            self.trips.enter(at);
            return;
        }
        self.trips.enter(at);
        let since = self.launch.foreground(at, restored, place);
        self.screens.foreground(since);
        self.turn(at, sink);
    }

    pub(super) fn background(&mut self, at: u64, sink: &mut impl Sink) {
        if self.trips.is_away() {
            return;
        }
        tell(self.launch.background(at), sink);
        self.end_waits(at, Outcome::Interrupted, sink);
        self.turn(at, sink);
        self.trips.leave(at);
    }

    /// The process ended at `at`, its last sign of life: whatever the customer waited for then has died. A process
    /// that ended in the background took no wait with it; its journeys were abandoned. Nothing is open afterwards.
    pub fn died(&mut self, at: u64, sink: &mut impl Sink) {
        self.pass(at, sink);
        self.tell_judged(|trackers| trackers.launch.died(at), sink);
        let was_away = self.trips.is_away();
        if !was_away {
            self.end_waits(at, Outcome::Died, sink);
            self.turn(at, sink);
        }
        let outcome = if was_away { Outcome::Abandoned } else { Outcome::Died };
        let Trackers { journeys, doubt, .. } = self;
        journeys.end_all(at, outcome, |event| sink.event(doubt.judge(event)));
    }

    /// Ends every wait but the launch and the journeys.
    fn end_waits(&mut self, at: u64, outcome: Outcome, sink: &mut impl Sink) {
        let Trackers { taps, rage_taps, screens, requests, actions, doubt, .. } = self;
        let doubt = *doubt;
        let mut ended = |event| sink.event(doubt.judge(event));
        taps.end_all(at, outcome, &mut ended);
        rage_taps.end_all(&mut ended);
        self.settled.close(at, outcome).into_iter().for_each(&mut ended);
        screens.end_all(at, outcome, &mut ended);
        requests.end_all(at, outcome, &mut ended);
        self.hang.close(at, outcome).into_iter().for_each(&mut ended);
        actions.end_all(at, outcome, &mut ended);
    }

    /// Ends the visit whose frames were counted and begins the next.
    pub(super) fn turn(&mut self, at: u64, sink: &mut impl Sink) {
        let (shown, journey) = (self.visits.current(), self.journeys.current());
        self.frames.turn(at, shown, journey).into_iter().flatten().for_each(|event| sink.event(event));
    }
}
