//! Frames: one summary and one histogram for each visit of a screen.
//!
//! Owns: the counts of the visit under way. Refuses: to keep single frames.
//! Invariant: a frame in the foreground is counted in exactly one visit; a visit without frames tells nothing.
//!
//! A trip to the background ends a visit; the return begins another. Frames outside any screen are a visit of
//! the name `""`. The first frame of a screen is presented at the moment the screen is shown, but may be told just
//! before: so the latest frame is held back until the next one, or the next visit, tells where it belongs.

use super::frame_times::{CLASSES, class, pack};
use super::limits::{FROZEN_FRAME_NS, MS};
use super::place::Place;
use super::visit::Shown;
use nowait_wire::{Event, Kind};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Frame {
    started: u64,
    deadline: u64,
    at: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counts {
    frames: u32,
    slow: u32,
    frozen: u32,
    frozen_ns: u64,
    classes: [u32; CLASSES],
}

impl Counts {
    fn add(&mut self, frame: Frame) {
        let took = frame.at.saturating_sub(frame.started);
        self.frames = self.frames.saturating_add(1);
        if frame.at > frame.deadline {
            self.slow = self.slow.saturating_add(1);
        }
        if took > FROZEN_FRAME_NS {
            self.frozen = self.frozen.saturating_add(1);
            self.frozen_ns = self.frozen_ns.saturating_add(took);
        }
        if let Some(count) = self.classes.get_mut(class(took)) {
            *count = count.saturating_add(1);
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Frames {
    /// Not known before the first signal that tells where the customer is; then the first frame begins the visit.
    began: Option<u64>,
    /// Of which screen instance.
    shown: Shown,
    journey: u64,
    counts: Counts,
    held: Option<Frame>,
}

impl Frames {
    pub(super) fn frame(&mut self, started: u64, deadline: u64, at: u64) {
        let earlier = self.held.replace(Frame { started, deadline, at });
        self.add(earlier);
    }

    fn add(&mut self, frame: Option<Frame>) {
        if let Some(frame) = frame {
            self.began.get_or_insert(frame.at);
            self.counts.add(frame);
        }
    }

    /// Ends the visit under way and begins the next one, of the screen `next`.
    pub(super) fn turn(&mut self, at: u64, next: Shown, journey: u64) -> Option<[Event; 2]> {
        let other_screen = next.id != self.shown.id;
        let first_of_next = self.held.take_if(|frame| other_screen && frame.at >= at);
        let last = self.held.take();
        self.add(last);
        let begun =
            Frames { began: Some(at), shown: next, journey, counts: Counts::default(), held: first_of_next };
        let visit = std::mem::replace(self, begun);
        (visit.counts.frames > 0).then(|| visit.close(at))
    }

    fn close(self, at: u64) -> [Event; 2] {
        let began = self.began.unwrap_or(at);
        let place = Place { screen: self.shown.screen, journey: self.journey };
        let mut summary = place.event(Kind::Frames, place.screen, began);
        summary.duration_ns = at.saturating_sub(began);
        let mut times = Event { kind: Kind::FrameTimes, ..summary };
        let counts = self.counts;
        summary.a = halves(u64::from(counts.frames), u64::from(counts.slow));
        summary.b = halves(u64::from(counts.frozen), counts.frozen_ns / MS);
        (times.a, times.b) = pack(&counts.classes);
        [summary, times]
    }
}

/// Two counts in one value; the high one saturates at 32 bits.
fn halves(low: u64, high: u64) -> u64 {
    low | high.min(u64::from(u32::MAX)) << 32
}
