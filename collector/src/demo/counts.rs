//! How much was recorded: the same count on both ends, in a customer's process and over the collector's store.
//!
//! Owns: which kinds are counted. Refuses: sources (see `customer::note` and `audit`).
//! Invariant: each thing of a counted kind that has ended is exactly one event, however it ended.

use nowait_wire::Kind;

/// The kinds whose ends an app knows itself. The others come of facts in ways that only the fold knows, or of time.
pub(super) const COUNTED: [Kind; 7] =
    [Kind::Tap, Kind::Screen, Kind::Request, Kind::Action, Kind::Journey, Kind::Step, Kind::Lifecycle];

/// What was recorded in one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Facts.
    pub(super) facts: u64,
    /// Things that ended, by [`COUNTED`].
    pub(super) ended: [u64; COUNTED.len()],
}

impl Counts {
    /// Counts `more` that ended, if their kind is counted.
    pub(super) fn add(&mut self, kind: Kind, more: u64) {
        let counted = COUNTED.iter().zip(&mut self.ended).find(|(counted, _)| **counted == kind);
        if let Some((_, count)) = counted {
            *count += more;
        }
    }

    /// Everything that ended.
    pub(super) fn total(&self) -> u64 {
        self.ended.iter().sum()
    }

    /// How many of these ends are not among `found`, kind by kind, so that one's surplus never hides another's loss.
    pub(super) fn missing_in(&self, found: &Counts) -> u64 {
        self.ended.iter().zip(found.ended).map(|(own, found)| own.saturating_sub(found)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surplus_hides_no_loss() {
        let (mut own, mut found) = (Counts::default(), Counts::default());
        own.add(Kind::Request, 3);
        own.add(Kind::Hang, 9);
        found.add(Kind::Request, 1);
        found.add(Kind::Tap, 7);
        assert_eq!((own.total(), own.missing_in(&found), found.missing_in(&own)), (3, 2, 7));
    }
}
