//! Launch: what a person waited for, from the process start or the return to the foreground to the first frame.
//!
//! Owns: the one launch that may be under way. Refuses: launches that no person asked for, or whose first frame was
//! there before the recorder.
//! Invariant: a process start gives at most one launch, and a return to the foreground at most one.
//!
//! **Cold** begins at the process start, and needs two words: the system says that a person started the process
//! (`visible`), and the first screen is created within its first moments: before the main thread had nothing to do
//! for the first time, and at most ten seconds after the start. Where no screen is told, the first frame must come
//! within these ten seconds; the main thread is idle before a first frame anyway. So:
//! - A process that something else woke and that a person opens later is a **warm** launch from its first screen, or
//!   from the return to the foreground if that is first, also where the system called it visible.
//! - A recorder that begins after the first moments (its first tick says when), because the customer's consent came
//!   late, has not seen the launch and tells none until the app has been away.
//!
//! **Warm and hot** begin at the return to the foreground; warm at the creation of a screen shortly before it, if
//! there is one: Android creates an activity, and then says that the app is in front.
//!
//! Leaving ends a launch as interrupted. But a router or splash that finishes in its `onCreate` may leave nothing in
//! front for a moment: a cold or warm launch goes on if the app, or a next screen, is there within the 700 ms.
//! A launch of more than a minute was none, and nothing is told.

use super::limits::{FIRST_MOMENTS_NS, FLICKER_NS_MAX, LAUNCH_NS_MAX, SCREEN_TO_FOREGROUND_NS_MAX};
use super::place::{Begun, Place};
use nowait_wire::{Event, Kind, NameId, Outcome};
use serde::{Deserialize, Serialize};

/// A moment, and the last one at which something may still follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Window {
    at: u64,
    until: u64,
}

impl Window {
    fn new(at: u64, ns: u64) -> Window {
        Window { at, until: at.saturating_add(ns) }
    }

    fn holds(&self, at: u64) -> bool {
        at <= self.until
    }

    /// The window is one of the boot clock: sleep takes of it.
    fn sleep(&mut self, ns: u64) {
        self.until = self.until.saturating_sub(ns);
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
enum Stage {
    /// Nothing is under way.
    #[default]
    Over,
    /// The system says that a person started the process; the first screen or frame will tell.
    Candidate(Window),
    UnderWay(Begun),
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Launch {
    stage: Stage,
    /// When the recorder began, as far as ticks tell.
    first_tick: Option<u64>,
    /// When the main thread had nothing to do for the first time.
    idle: Option<u64>,
    /// The app left before the first frame; the launch may go on yet.
    left: Option<Window>,
    /// A screen was created in the background: a person may be about to see it.
    opened: Option<Window>,
}

impl Launch {
    /// The process started for a person, as the system says. A start in the background, or a prewarmed one, is no
    /// launch; the return to the foreground that follows it is.
    pub(super) fn process_started(&mut self, at: u64) {
        let first_moments = Window::new(at, FIRST_MOMENTS_NS);
        let recorded = self.first_tick.is_none_or(|tick| first_moments.holds(tick));
        self.stage = if recorded { Stage::Candidate(first_moments) } else { Stage::Over };
    }

    pub(super) fn main_idle(&mut self, at: u64) {
        self.idle.get_or_insert(at);
    }

    /// The recorder told the time.
    pub(super) fn tick(&mut self, at: u64) {
        if self.first_tick.is_none() {
            self.first_tick = Some(at);
            if matches!(self.stage, Stage::Candidate(first_moments) if !first_moments.holds(at)) {
                self.stage = Stage::Over;
            }
        }
    }

    /// The device slept for so long just now.
    pub(super) fn sleep(&mut self, ns: u64) {
        if let (Stage::Candidate(first_moments), None) = (&mut self.stage, self.left) {
            first_moments.sleep(ns);
        }
        self.left.iter_mut().chain(&mut self.opened).for_each(|window| window.sleep(ns));
    }

    /// A screen was created, or (`created` is false) only told to be there.
    pub(super) fn screen(&mut self, at: u64, created: bool, place: Place) {
        let Stage::Candidate(first_moments) = self.stage else { return };
        let was_idle = self.idle.is_some_and(|idle| idle < at);
        self.stage = match (first_moments.holds(at) && !was_idle, created) {
            (true, true) => {
                Stage::UnderWay(Begun { name: NameId::COLD, place: Place::default(), at: first_moments.at })
            }
            (true, false) => self.stage,
            (false, true) => Stage::UnderWay(Begun { name: NameId::WARM, place, at }),
            (false, false) => Stage::Over,
        };
    }

    /// A screen was created while the app is in the background.
    pub(super) fn screen_away(&mut self, at: u64, place: Place) {
        if let Some(left) = self.left.as_mut().filter(|left| left.holds(at)) {
            left.until = left.until.max(at.saturating_add(SCREEN_TO_FOREGROUND_NS_MAX));
            self.screen(at, true, place);
        }
        if !self.opened.is_some_and(|opened| opened.holds(at)) {
            self.opened = Some(Window::new(at, SCREEN_TO_FOREGROUND_NS_MAX));
        }
    }

    /// The app is back in front; `restored` is `None` when only a touch tells that: then no launch begins.
    /// Gives back since when a person waits for its screens.
    pub(super) fn foreground(&mut self, at: u64, restored: Option<bool>, place: Place) -> u64 {
        let opened = self.opened.take().filter(|opened| opened.holds(at)).map_or(at, |opened| opened.at);
        let goes_on = self.left.take().is_some_and(|left| left.holds(at));
        match restored {
            Some(restored) if !goes_on => self.begin(if restored { at } else { opened }, restored, place),
            _ => {}
        }
        if restored == Some(true) { at } else { opened }
    }

    /// The app is in front, and was not known to be away.
    pub(super) fn foreground_at_start(&mut self, at: u64, restored: bool, place: Place) {
        if matches!(self.stage, Stage::Candidate(first_moments) if !first_moments.holds(at)) {
            self.begin(at, restored, place);
        }
    }

    fn begin(&mut self, at: u64, restored: bool, place: Place) {
        let name = if restored { NameId::HOT } else { NameId::WARM };
        self.stage = Stage::UnderWay(Begun { name, place, at });
    }

    /// Whether a launch without a frame so far explains what a screen did at this moment.
    pub(super) fn covers(&self, at: u64) -> bool {
        matches!(self.stage, Stage::UnderWay(begun) if at.saturating_sub(begun.at) <= LAUNCH_NS_MAX)
    }

    /// The first frame ends the launch; a frame from before it began, or of the same moment, does not.
    pub(super) fn frame(&mut self, at: u64) -> Option<Event> {
        let begun = match self.stage {
            Stage::Over => return None,
            Stage::Candidate(first_moments) => first_moments.at,
            Stage::UnderWay(begun) => begun.at,
        };
        if at <= begun { None } else { self.close(at, Outcome::Done) }
    }

    /// The app left; nothing is made anew for a hot launch, so that it is over at once.
    pub(super) fn background(&mut self, at: u64) -> Option<Event> {
        match self.stage {
            Stage::UnderWay(begun) if begun.name == NameId::HOT => self.close(at, Outcome::Interrupted),
            Stage::Candidate(_) | Stage::UnderWay(_) => {
                self.left = Some(Window::new(at, FLICKER_NS_MAX));
                None
            }
            Stage::Over => None,
        }
    }

    /// When it is decided whether the app came back at once.
    pub(super) fn due(&self) -> u64 {
        self.left.map_or(u64::MAX, |left| left.until)
    }

    /// The app did not come back at once.
    pub(super) fn expire(&mut self) -> Option<Event> {
        let left = self.left.take()?;
        self.close(left.at, Outcome::Interrupted)
    }

    pub(super) fn died(&mut self, at: u64) -> Option<Event> {
        if self.left.is_some() { self.expire() } else { self.close(at, Outcome::Died) }
    }

    /// Ends the launch; where it turns out to have been none, nothing is told.
    fn close(&mut self, at: u64, outcome: Outcome) -> Option<Event> {
        // A first frame is evidence enough; without one, the main thread must not have been idle.
        let is_cold = outcome == Outcome::Done || self.idle.is_none();
        let begun = match std::mem::take(&mut self.stage) {
            Stage::Candidate(first_moments) if is_cold && first_moments.holds(at) => {
                Begun { name: NameId::COLD, place: Place::default(), at: first_moments.at }
            }
            Stage::UnderWay(begun) => begun,
            Stage::Candidate(_) | Stage::Over => return None,
        };
        let duration_ns = at.saturating_sub(begun.at);
        let event = Event { duration_ns, outcome, ..begun.event(Kind::Launch) };
        (duration_ns <= LAUNCH_NS_MAX).then_some(event)
    }
}
