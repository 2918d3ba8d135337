//! What an event is likely to share with the events before it.
//!
//! Owns: the predictions that all versions of the format have in common. Refuses: how a deviation is written.
//! Invariant: a prediction stands on what a decoder has read already.

use crate::coder::Precision;
use crate::error::Error;
use crate::event::{Flags, Kind, NameId};
use crate::quantise::has_time_values;

/// Most lanes into which `a` and `b` are cut.
pub(crate) const LANES_MAX: u32 = 16;

/// What most events share with others: (kind, name, screen).
pub(crate) type Subject = (Kind, NameId, NameId);

/// Which subject followed each subject when it was last seen.
#[derive(Default)]
pub(crate) struct Successors {
    /// By subject and, in the first place, for the first event of all.
    after: Vec<Option<usize>>,
    /// Where the successor of the latest subject stands.
    latest: usize,
}

impl Successors {
    /// The subject that is likely next.
    pub(crate) fn expected(&self) -> Option<usize> {
        self.after.get(self.latest).copied().flatten()
    }

    /// The subject that is next.
    pub(crate) fn saw(&mut self, subject: usize) {
        let place = subject + 1;
        if self.after.len() <= place {
            self.after.resize(place + 1, None);
        }
        if let Some(after) = self.after.get_mut(self.latest) {
            *after = Some(subject);
        }
        self.latest = place;
    }
}

/// Journeys come as numbers that mostly stay, or grow by 1.
#[derive(Default)]
pub(crate) struct Journeys {
    latest: u64,
    latest_some: u64,
}

impl Journeys {
    const SAME: u64 = 0;
    const NONE: u64 = 1;
    /// The last one that was not 0.
    const BACK: u64 = 2;
    /// The one after the last that was not 0.
    const NEXT: u64 = 3;
    /// Any other: its number follows.
    pub(crate) const OTHER: u64 = 4;

    /// The code for this journey.
    pub(crate) fn code(&self, journey: u64) -> u64 {
        match journey {
            _ if journey == self.latest => Journeys::SAME,
            0 => Journeys::NONE,
            _ if journey == self.latest_some => Journeys::BACK,
            _ if Some(journey) == self.latest_some.checked_add(1) => Journeys::NEXT,
            _ => Journeys::OTHER,
        }
    }

    /// The journey with this code, which is the latest from now on; `other` reads its number.
    pub(crate) fn journey(
        &mut self,
        code: u64,
        other: impl FnOnce() -> Result<u64, Error>,
    ) -> Result<u64, Error> {
        self.latest = match code {
            Journeys::SAME => self.latest,
            Journeys::NONE => 0,
            Journeys::BACK => self.latest_some,
            Journeys::NEXT => {
                self.latest_some.checked_add(1).ok_or(Error::malformed("journey", "passes 64 bits"))?
            }
            Journeys::OTHER => other()?,
            _ => return Err(Error::malformed("journey", "code not known")),
        };
        self.latest_some = if self.latest == 0 { self.latest_some } else { self.latest };
        Ok(self.latest)
    }
}

/// The flags that an event has unless something is unusual about it.
pub(crate) const fn expected_flags(journey: u64) -> u16 {
    if journey == 0 { Flags::NONE.0 } else { Flags::IN_JOURNEY.0 }
}

/// How `a` and `b` of a kind are cut: seen as one number of 128 bits, `b` in the upper half.
#[derive(Clone, Copy)]
pub(crate) struct Lanes {
    pub(crate) count: u32,
    pub(crate) precision: Precision,
}

impl Lanes {
    pub(crate) const fn of(kind: Kind) -> Lanes {
        let (count, precision) = match kind {
            Kind::Frames => (4, Precision::Exact),
            Kind::FrameTimes => (LANES_MAX, Precision::Exact),
            _ if has_time_values(kind) => (2, Precision::Time),
            _ => (2, Precision::Exact),
        };
        Lanes { count, precision }
    }

    pub(crate) const fn width(self) -> u32 {
        u128::BITS / self.count
    }

    /// What stands in this lane.
    pub(crate) const fn value(self, lane: u32, both: u128) -> u64 {
        (both >> (lane * self.width())) as u64 & (u64::MAX >> (64 - self.width()))
    }

    /// This value in this lane, with nothing in the others.
    pub(crate) fn placed(self, lane: u32, value: u64) -> Result<u128, Error> {
        if value > u64::MAX >> (64 - self.width()) {
            return Err(Error::malformed("value", "wider than its lane"));
        }
        Ok(u128::from(value) << (lane * self.width()))
    }
}
