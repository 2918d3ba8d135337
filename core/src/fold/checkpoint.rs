//! The checkpoint: the fold's state in the flight recorder's memory, in two copies that take turns.
//!
//! Owns: their form. Refuses: what the state means.
//! Invariant: whatever a kill interrupts, one of the copies is whole, and it is the latest that was.

use super::trackers::Trackers;
use super::trackers::limits::STATE_BYTES_MAX;
use super::{FOLD_VERSION, Progress, State};
use crate::limits::{CHECKPOINT_BYTES_MAX, CRUMBS_MAX, EVENTS_PER_FACT_MAX};
use crate::ring::header::{read_bytes, write_bytes};
use crate::ring::layout::CHECKPOINTS;
use crate::sync::{AtomicU64, Mutant, is_broken};
use nowait_wire::Event;
use nowait_wire::limits::ANCHORS_MAX;

/// Most bytes of an event, of a crumb and of an anchor as postcard writes them: ten for each number of 64 bits.
const EVENT_BYTES_MAX: usize = 1 + 1 + 3 + 5 + 5 + 5 * 10;
const CRUMB_BYTES_MAX: usize = 5 + 2 * 10;
const ANCHOR_BYTES_MAX: usize = 3 * 10;
/// The plain numbers of a checkpoint, and the lengths of its lists.
const NUMBERS_BYTES_MAX: usize = 16 * 10;

// The schedule checker makes its recorders too small for this.
const _: () = assert!(
    cfg!(shuttle)
        || STATE_BYTES_MAX
            + EVENTS_PER_FACT_MAX as usize * EVENT_BYTES_MAX
            + CRUMBS_MAX * CRUMB_BYTES_MAX
            + ANCHORS_MAX * ANCHOR_BYTES_MAX
            + NUMBERS_BYTES_MAX
            <= CHECKPOINT_BYTES_MAX
);

/// Where a living fold writes its state.
#[derive(Debug)]
pub(crate) struct Checkpoints<'a> {
    words: &'a [AtomicU64],
    written: u64,
    /// Used again for every checkpoint.
    buffer: Vec<u8>,
}

/// How far a fold came, in a form that every version reads: version, how many checkpoints there were, the progress, the
/// waits that were open, as events of a process that died.
type Common<P, W> = (u16, u64, P, W);

impl<'a> Checkpoints<'a> {
    pub(crate) fn new(words: &'a [AtomicU64]) -> Checkpoints<'a> {
        Checkpoints { words, written: 0, buffer: vec![0; CHECKPOINT_BYTES_MAX] }
    }

    /// Writes the state over the older copy; `false` if it does not fit.
    pub(crate) fn write(&mut self, state: &State) -> bool {
        let written = self.written + 1;
        let copy = CHECKPOINTS.get((written % 2) as usize).and_then(|copy| self.words.get(copy.clone()));
        let common: Common<&Progress, Vec<Event>> = (version(), written, &state.progress, state.open_waits());
        let bytes = postcard::to_slice(&(common, &state.trackers), &mut self.buffer);
        let (Some(words), Ok(bytes)) = (copy, bytes) else { return false };
        self.written = written;
        write_bytes(words, bytes)
    }
}

/// The version of the rules; in a simulation, of the app that runs there.
fn version() -> u16 {
    #[cfg(all(test, not(any(loom, shuttle))))]
    if let Some(version) = crate::simulate::fold_version() {
        return version;
    }
    FOLD_VERSION
}

/// What a dead session's memory says of its fold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Recovered {
    /// It had folded this far, by our own rules.
    Ours(Box<State>),
    /// It had folded this far by the rules of another version, and these waits were open.
    OtherRules { progress: Box<Progress>, open: Vec<Event> },
    /// It folded nothing yet, or both copies are damaged.
    Nothing,
}

/// The latest whole checkpoint in these words of a dead session.
pub(crate) fn recover(words: &[u64]) -> Recovered {
    let copies = CHECKPOINTS.iter().filter_map(|copy| read_bytes(words.get(copy.clone())?));
    type Theirs = Common<Progress, Vec<Event>>;
    let mut latest: Option<(Theirs, Option<Trackers>)> = None;
    for bytes in copies {
        let Ok((common, rest)) = postcard::take_from_bytes::<Theirs>(&bytes) else {
            continue;
        };
        if latest.as_ref().is_none_or(|(kept, _)| kept.1 < common.1) {
            let is_ours = common.0 == version() || is_broken(Mutant::OtherRulesBelieved);
            let trackers = if is_ours { postcard::from_bytes(rest).ok() } else { None };
            latest = Some((common, trackers));
        }
    }
    match latest {
        Some(((_, _, progress, ..), Some(trackers))) => {
            Recovered::Ours(Box::new(State { progress, trackers }))
        }
        Some(((_, _, progress, open), None)) => Recovered::OtherRules { progress: Box::new(progress), open },
        None => Recovered::Nothing,
    }
}
