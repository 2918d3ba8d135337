//! A batch as it enters the store: decoded once, placed in the day once.
//!
//! Owns: [`Intake`] and the correction of the device's clock. Refuses: storing.
//! Invariant: the moment of an event follows from the batch, its two stored times and nothing else, so that
//! reading a batch again gives the hours it was counted in.

use crate::limits::{AGE_MAX_MS, SKEW_TOLERATED_MS};
use nowait_wire::{Batch, Event, Kind};

/// One batch with all that the store needs to know.
#[derive(Clone, Debug)]
pub struct Intake {
    pub(super) tenant: String,
    pub(super) frame: Vec<u8>,
    pub(super) batch: Batch,
    pub(super) placement: Placement,
}

impl Intake {
    /// The batch that `frame` decoded to, as it arrived at `received_unix_ms` of our clock.
    ///
    /// `sent_unix_ms` is what the device's own wall clock said when it sent it, if it said anything.
    #[must_use]
    pub fn new(
        tenant: &str,
        frame: Vec<u8>,
        batch: Batch,
        received_unix_ms: u64,
        sent_unix_ms: Option<u64>,
    ) -> Intake {
        let placement = Placement::new(&batch, received_unix_ms, sent_unix_ms);
        Intake { tenant: tenant.to_owned(), frame, batch, placement }
    }

    /// How many events it holds.
    #[must_use]
    pub fn events(&self) -> usize {
        self.batch.events.len()
    }

    /// How many of its events are exits.
    pub(super) fn exits(&self) -> usize {
        self.batch.events.iter().filter(|event| event.kind == Kind::Exit).count()
    }

    /// When its first event began and its last one ended, in milliseconds since 1970 UTC.
    pub(super) fn span_unix_ms(&self) -> (u64, u64) {
        let place = |uptime_ns| self.placement.unix_ms(uptime_ns);
        let events = &self.batch.events;
        let started = events.iter().map(|event| event.started_uptime_ns).min();
        let ended = events.iter().map(Event::ended_uptime_ns).max();
        let anchor = self.batch.anchor.uptime_ns;
        (place(started.unwrap_or(anchor)), place(ended.unwrap_or(anchor)))
    }
}

/// Where a batch's uptimes lie in the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    /// When the device's uptime clock stood at 0, in milliseconds since 1970 UTC, skew corrected.
    pub(super) uptime_zero_unix_ms: i64,
    /// When the batch arrived, by our clock.
    pub(super) received_unix_ms: u64,
}

impl Placement {
    fn new(batch: &Batch, received_unix_ms: u64, sent_unix_ms: Option<u64>) -> Placement {
        let skew = sent_unix_ms.map_or(0, |sent| signed(received_unix_ms).saturating_sub(signed(sent)));
        let skew = if skew.unsigned_abs() < SKEW_TOLERATED_MS { 0 } else { skew };
        let uptime = signed(batch.anchor.uptime_ns / 1_000_000);
        let zero = signed(batch.anchor.wall_unix_ms).saturating_add(skew).saturating_sub(uptime);
        Placement { uptime_zero_unix_ms: zero, received_unix_ms }
    }

    /// The moment of this uptime. What lies in the future or too far in the past counts as the moment of arrival.
    pub(super) fn unix_ms(&self, uptime_ns: u64) -> u64 {
        let at = self.uptime_zero_unix_ms.saturating_add(signed(uptime_ns / 1_000_000));
        let at = u64::try_from(at).unwrap_or(0);
        let is_plausible = at <= self.received_unix_ms && self.received_unix_ms - at <= AGE_MAX_MS;
        if is_plausible { at } else { self.received_unix_ms }
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nowait_wire::testing::session;

    const NOW: u64 = 1_772_800_000_000;

    fn placed(anchor_wall: u64, sent: Option<u64>) -> u64 {
        let mut batch = session(1, 10);
        batch.anchor.wall_unix_ms = anchor_wall;
        Placement::new(&batch, NOW, sent).unix_ms(batch.anchor.uptime_ns)
    }

    #[test]
    fn a_right_clock_is_believed() {
        assert_eq!(placed(NOW - 90_000, Some(NOW - 300)), NOW - 90_000);
        assert_eq!(placed(NOW - 90_000, None), NOW - 90_000);
    }

    #[test]
    fn a_wrong_clock_is_corrected_by_what_it_says_when_it_sends() {
        let day = 86_400_000;
        assert_eq!(placed(NOW - 400 * day, Some(NOW - 400 * day + 5_000)), NOW - 5_000);
        assert_eq!(placed(NOW + 400 * day, Some(NOW + 400 * day + 5_000)), NOW - 5_000);
    }

    #[test]
    fn what_cannot_be_true_counts_as_now() {
        assert_eq!(placed(NOW + 1, None), NOW);
        assert_eq!(placed(NOW - AGE_MAX_MS - 1, None), NOW);
        assert_eq!(placed(0, None), NOW);
        assert_eq!(placed(u64::MAX, Some(0)), NOW);
    }
}
