//! The fold: recorded facts become events, in the order of their positions.
//!
//! One turn drains what the ring holds, runs the trackers over it, puts the events that they make into the event area of the
//! same memory, writes a checkpoint, and only then frees the slots of the facts. A kill before the checkpoint is whole folds
//! the same facts again; after it they are not folded twice, because the checkpoint says where it stopped.
//!
//! Owns: the one place where events are made, and what a checkpoint is worth. Refuses: clocks (time passes by facts), files,
//! the network.
//! Invariant: the same facts after the same checkpoint give the same events under the same numbers.

mod area;
mod checkpoint;
mod state;
pub mod trackers;
mod trail;

use area::Area;
pub(crate) use area::{Waiting, recover as recover_events, unpack};
pub(crate) use checkpoint::{Recovered, recover as recover_checkpoint};
pub(crate) use state::{Progress, State};

use crate::limits::{EVENT_SLOTS, EVENTS_PER_FACT_MAX, FACTS_PER_CHECKPOINT_MAX};
use crate::record::Fact;
use crate::ring::account::Folded;
use crate::ring::flight::Flight;
use crate::ring::layout::{self, Word};
use crate::ring::slot::Payload;
use crate::ring::{Drain, Found};
use crate::sync::{Mutant, is_broken, step};
use checkpoint::Checkpoints;
use nowait_wire::{Anchor, Event};
use trackers::Presence;

/// The version of the rules. An app update whose rules differ must not go on from a state of the old ones: raise it with
/// every change of what a tracker, the trail or [`State`] means.
pub(crate) const FOLD_VERSION: u16 = 2;

/// Every limit that expires ends one wait, a journey its step as well; then come the visit's two, the launch and the change
/// of the foreground itself. The schedule checker makes its recorders too small for this.
const _: () = assert!(
    cfg!(shuttle)
        || trackers::limits::EXPIRIES_MAX + trackers::limits::JOURNEYS_MAX + 4
            <= EVENTS_PER_FACT_MAX as usize
);

/// Why a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Every fact that was there when it began is folded.
    AllFolded,
    /// Events must be sealed first: the area, or the list of anchors, has no room.
    NoRoom,
}

/// The fold of a living session.
#[derive(Debug)]
pub(crate) struct Fold {
    flight: &'static Flight,
    drain: Drain<'static, 'static>,
    area: Area<'static>,
    checkpoints: Checkpoints<'static>,
    state: State,
    /// The first event that is not sealed.
    sealed_to: u64,
    /// Whether the latest turn stopped at a position that a thread has reserved and not filled yet.
    is_held: bool,
}

impl Fold {
    /// The fold of a fresh flight recorder.
    pub(crate) fn new(flight: &'static Flight) -> Fold {
        let words = flight.memory.words;
        Fold {
            drain: Drain::new(&flight.ring),
            area: Area::new(layout::slots(words, layout::EVENTS)),
            checkpoints: Checkpoints::new(words),
            state: State::default(),
            sealed_to: 0,
            is_held: false,
            flight,
        }
    }

    /// The position after all that the ring holds now.
    pub(crate) fn end(&self) -> u64 {
        self.flight.ring.reserved()
    }

    /// Folds what lies before this position. Facts that come meanwhile wait for the next turn, so that a flood cannot keep
    /// the worker here.
    pub(crate) fn turn(&mut self, end: u64) -> Ended {
        let end = if is_broken(Mutant::FoldedEndlessly) { u64::MAX } else { end };
        loop {
            let before = self.position();
            let ended = self.fold_some(end);
            self.is_held = ended == Ended::AllFolded && self.position() < end;
            let refused = self.refused();
            if self.position() == before && self.state.progress.refused == refused {
                return ended;
            }
            self.state.note_refusals(refused);
            step("facts folded");
            if is_broken(Mutant::ReleasedBeforeCheckpoint) {
                self.drain.release(self.position());
            }
            if !is_broken(Mutant::CheckpointLeftOut) && !self.checkpoints.write(&self.state) {
                // Cannot happen: the bound is tested. The facts stay where they are, and a full ring says so.
                return Ended::NoRoom;
            }
            step("checkpoint written");
            let words = self.flight.memory.words;
            layout::store(words, Word::EventsMade, layout::checked(self.events()));
            step("events-made noted");
            layout::store(words, Word::FoldedTo, layout::checked(self.position()));
            step("folded-to noted");
            self.drain.release(self.position());
            step("slots released");
            if ended == Ended::NoRoom || self.position() >= end {
                return ended;
            }
        }
    }

    /// Folds some facts, which are not done before the next checkpoint.
    fn fold_some(&mut self, end: u64) -> Ended {
        for _ in 0..FACTS_PER_CHECKPOINT_MAX {
            if self.waiting() == 0 {
                self.state.progress.forget_older_anchors();
            }
            if self.room() < EVENTS_PER_FACT_MAX || self.state.progress.has_all_anchors() {
                return Ended::NoRoom;
            }
            if self.position() >= end {
                break;
            }
            let payload = match self.drain.read(self.position()) {
                Found::Nothing if !is_broken(Mutant::ReservedPassedOver) => break,
                Found::Nothing => None,
                Found::Whole(payload) => Some(payload),
                Found::Corrupt => None,
            };
            let area = &self.area;
            fold_one(&mut self.state, payload.as_ref(), &mut |number, event| {
                area.put(number, &event);
                step("event put");
            });
        }
        Ended::AllFolded
    }

    /// The first fact that is not folded.
    fn position(&self) -> u64 {
        self.state.progress.position
    }

    fn room(&self) -> u64 {
        (EVENT_SLOTS as u64).saturating_sub(self.waiting())
    }

    /// Facts that found no room in the ring so far.
    fn refused(&self) -> u64 {
        self.flight.account.refusals().iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Events that are not sealed.
    pub(crate) fn waiting(&self) -> u64 {
        self.events().saturating_sub(self.sealed_to)
    }

    /// The oldest events that are not sealed, at most `max`, and what the fold counted up to their end.
    pub(crate) fn read(&self, max: u64) -> Waiting {
        self.area.read(self.sealed_to, self.events().min(self.sealed_to.saturating_add(max)))
    }

    /// What the fold counted, when events before `next` are, or are about to be, in a batch.
    pub(crate) fn counted(&self, next: u64) -> Folded {
        self.state.progress.counted(next)
    }

    /// The number of the next event.
    pub(crate) fn events(&self) -> u64 {
        self.state.progress.events
    }

    /// The moments that place the waiting events in the day.
    pub(crate) fn anchors(&self) -> &[Anchor] {
        &self.state.progress.anchors
    }

    /// Frees the events before `next`: they are sealed, delivered or given up.
    pub(crate) fn seal_to(&mut self, next: u64) {
        layout::store(self.flight.memory.words, Word::SealedTo, layout::checked(next));
        self.area.clear(self.sealed_to, next);
        self.sealed_to = next;
    }

    /// Whether the customer has the app in front.
    pub(crate) fn presence(&self) -> Presence {
        self.state.trackers.presence()
    }

    /// Whether facts wait behind a position that a thread has reserved and not filled yet.
    pub(crate) fn is_held(&self) -> bool {
        self.is_held
    }

    /// Whether everything that was appended so far is folded.
    pub(crate) fn is_done(&self) -> bool {
        self.is_folded_to(self.end())
    }

    /// Whether every fact before this position is folded. Not so behind one that a thread is still writing.
    pub(crate) fn is_folded_to(&self, end: u64) -> bool {
        self.position() >= end
    }
}

/// Folds what lies at the next position: a payload, or `None` for one that damage made unreadable. `event` takes each
/// event with its number.
pub(crate) fn fold_one(state: &mut State, payload: Option<&Payload>, event: &mut impl FnMut(u64, Event)) {
    match payload.and_then(Fact::from_words) {
        Some(fact) => state.fold(&fact, event),
        None => state.skip(),
    }
}
