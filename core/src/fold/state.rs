//! What the fold knows after a fact: a value, and the pure step to the next one.
//!
//! Owns: everything that a checkpoint keeps. Refuses: memory, clocks, positions that it was not given.
//! Invariant: a step depends on the state and the fact alone.

use super::trackers::limits::JOURNEY_NS_MAX;
use super::trackers::{Presence, Trackers};
use super::trail::Trail;
use crate::limits::{ANCHOR_DRIFT_MS, MEASURED_AHEAD_NS_MAX};
use crate::record::Fact;
use crate::ring::account::Folded;
use crate::sync::{Mutant, is_broken};
use nowait_wire::limits::ANCHORS_MAX;
use nowait_wire::{Anchor, Event, ExitCause, ExitReason, Flags, Kind, NameId, Outcome};
use serde::{Deserialize, Serialize};

/// The state of a session's fold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) progress: Progress,
    pub(crate) trackers: Trackers,
}

/// The part of the state that no rule changes: later versions of NoWait go on from it, whatever their trackers are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// First fact that is not folded.
    pub(crate) position: u64,
    /// Facts folded.
    folded: u64,
    /// Facts that could not be read.
    corrupt: u64,
    /// Events made so far, which is the number of the next one.
    pub(crate) events: u64,
    /// Facts that had found no room when this was noted last.
    pub(crate) refused: u64,
    /// Waits that found a full table.
    waits_lost: u64,
    /// The latest moment that any fact told of, in uptime nanoseconds.
    alive_uptime_ns: u64,
    /// Moments that place events in the day: one after each sleep and each change of the wall clock.
    pub(crate) anchors: Vec<Anchor>,
    trail: Trail,
}

impl Progress {
    /// What was counted, when events before `next` are in a batch.
    pub(crate) fn counted(&self, next: u64) -> Folded {
        Folded { facts: self.folded, facts_corrupt: self.corrupt, events: next, waits_lost: self.waits_lost }
    }

    /// The same, where only this is known of what was folded since.
    pub(crate) fn moved_to(self, position: u64, events: u64) -> Progress {
        let folded = self.folded.saturating_add(position.saturating_sub(self.position));
        Progress { position, events, folded, ..self }
    }

    /// Whether there is no room for the next anchor.
    pub(crate) fn has_all_anchors(&self) -> bool {
        self.anchors.len() >= ANCHORS_MAX
    }

    /// Forgets the anchors that no event needs any more, when none is waiting: a journey may have begun half an hour ago.
    pub(crate) fn forget_older_anchors(&mut self) {
        let now = self.anchors.last().map_or(0, |last| last.boot_ns);
        while self.anchors.get(1).is_some_and(|second| second.boot_ns.saturating_add(JOURNEY_NS_MAX) < now)
            || self.has_all_anchors()
        {
            self.anchors.remove(0);
        }
    }
}

impl State {
    /// Folds the fact at [`Progress::position`]. `event` takes each event with its number.
    pub(crate) fn fold(&mut self, fact: &Fact, event: &mut impl FnMut(u64, Event)) {
        let State { progress, trackers } = self;
        let Progress { events, trail, anchors, alive_uptime_ns, .. } = progress;
        let fact = &believed(*fact, *alive_uptime_ns);
        let mut emit = |made: Event| {
            event(*events, made);
            *events += 1;
        };
        match *fact {
            Fact::Breadcrumb { at, name, number } => trail.leave(name, at, number),
            Fact::Crashed { at, name } => trail.leave(name, at, 0),
            Fact::TouchUp { at, target } => trail.leave(target, at, 0),
            Fact::ScreenShown { at, screen, .. } => trail.leave(screen, at, 0),
            Fact::RequestStarted { at, route, .. } => trail.leave(route, at, 0),
            Fact::Foreground { at, .. } => emit(lifecycle(at, true)),
            Fact::Background { at } => emit(lifecycle(at, false)),
            Fact::Tick { at, boot_ns, wall_unix_ms } => {
                note_anchor(anchors, Anchor { uptime_ns: at, boot_ns, wall_unix_ms });
            }
            _ => {}
        }
        trackers.fact(fact, &mut emit);
        progress.position += 1;
        progress.folded += 1;
        // What the app measured itself says when, but not that it is now.
        if !matches!(fact, Fact::Measured(_)) {
            progress.alive_uptime_ns = progress.alive_uptime_ns.max(fact.at());
        }
        progress.waits_lost = trackers.lost();
    }

    /// Passes over a fact that cannot be read. It may have been the end of anything.
    pub(crate) fn skip(&mut self) {
        self.progress.position += 1;
        self.progress.corrupt += 1;
        self.trackers.facts_were_refused();
    }

    /// Notes how many facts found no room so far. If it is more than before, the lost ones may have been the end of any wait
    /// that is open now. A full ring takes no fact before a checkpoint frees slots, so a recovery notes it at the same place.
    pub(crate) fn note_refusals(&mut self, refused: u64) {
        if refused > self.progress.refused {
            self.progress.refused = refused;
            self.trackers.facts_were_refused();
        }
    }

    /// The waits that are open, as the events that they become if the process dies now.
    pub(crate) fn open_waits(&self) -> Vec<Event> {
        let mut open = Vec::new();
        self.trackers.clone().died(self.progress.alive_uptime_ns, &mut |event: Event| open.push(event));
        open
    }

    /// The process is no more: what was open ends at its last sign of life, `alive_uptime_ns` being one that is no fact; the
    /// trail and how the session ended come last.
    pub(crate) fn die(
        &mut self,
        started_uptime_ns: u64,
        alive_uptime_ns: u64,
        event: &mut impl FnMut(u64, Event),
    ) {
        let ended = self.progress.alive_uptime_ns.max(alive_uptime_ns).max(started_uptime_ns);
        let reason = match self.trackers.presence() {
            Presence::Starting => ExitReason::Starting,
            Presence::InFront => ExitReason::Foreground,
            Presence::Background => ExitReason::Background,
        };
        let cause = if self.trackers.has_crashed() { ExitCause::Crash } else { ExitCause::Unknown };
        let State { progress: Progress { events, trail, .. }, trackers } = self;
        let mut emit = |made: Event| {
            event(*events, made);
            *events += 1;
        };
        if !is_broken(Mutant::DiedLeftOut) {
            trackers.died(ended, &mut emit);
        }
        trail.crumbs().for_each(&mut emit);
        emit(Event {
            outcome: Outcome::Failed,
            flags: Flags::RECOVERED,
            started_uptime_ns,
            duration_ns: ended.saturating_sub(started_uptime_ns),
            a: u64::from(reason as u8),
            b: u64::from(cause as u8),
            ..Event::new(Kind::Exit, NameId::NONE)
        });
    }
}

/// The fact, with the time of an event that somebody else measured as far as it can be believed. All other times were held
/// against the clock when they were told.
fn believed(fact: Fact, alive_uptime_ns: u64) -> Fact {
    match fact {
        Fact::Measured(event)
            if event.started_uptime_ns > alive_uptime_ns.saturating_add(MEASURED_AHEAD_NS_MAX) =>
        {
            Fact::Measured(Event { started_uptime_ns: alive_uptime_ns, ..event })
        }
        fact => fact,
    }
}

fn lifecycle(at: u64, is_in_front: bool) -> Event {
    Event { started_uptime_ns: at, a: u64::from(is_in_front), ..Event::new(Kind::Lifecycle, NameId::NONE) }
}

/// Keeps an anchor that says something new: the device slept, or its wall clock was moved.
fn note_anchor(anchors: &mut Vec<Anchor>, anchor: Anchor) {
    let slept = |anchor: &Anchor| anchor.boot_ns.saturating_sub(anchor.uptime_ns) / 1_000_000;
    let zero = |anchor: &Anchor| anchor.wall_unix_ms.saturating_sub(anchor.boot_ns / 1_000_000);
    let is_new = anchors.last().is_none_or(|last| {
        slept(last).abs_diff(slept(&anchor)) > ANCHOR_DRIFT_MS
            || zero(last).abs_diff(zero(&anchor)) > ANCHOR_DRIFT_MS
    });
    // They are told in the order of their uptimes; one that runs back would place nothing.
    if is_new && anchors.last().is_none_or(|last| last.uptime_ns <= anchor.uptime_ns) {
        anchors.push(anchor);
    }
}
