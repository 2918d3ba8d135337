//! A batch as it enters the store: decoded once, placed in the day once.
//!
//! Owns: [`Intake`] and the correction of the device's clock. Refuses: storing.
//! Invariant: the moment of an event follows from the batch, its two stored times and nothing else, so that
//! reading a batch again gives the hours it was counted in.

use super::clean;
use crate::limits::{AGE_MAX_MS, SKEW_TOLERATED_MS};
use nowait_wire::{Anchor, Batch, Event};

const NS_PER_MS: u64 = 1_000_000;

/// One batch with all that the store needs to know.
#[derive(Clone, Debug)]
pub struct Intake {
    pub(super) tenant: String,
    pub(super) frame: Vec<u8>,
    pub(super) batch: Batch,
    pub(super) placement: Placement,
    redacted: u64,
}

impl Intake {
    /// The batch that `frame` decoded to, as it arrived at `received_unix_ms` of our clock. What looks personal in it is
    /// replaced, and then the frame is encoded again: what is stored never held it.
    ///
    /// `sent_unix_ms` is what the device's own wall clock said when it sent it, if it said anything.
    #[must_use]
    pub fn new(
        tenant: &str,
        mut frame: Vec<u8>,
        mut batch: Batch,
        received_unix_ms: u64,
        sent_unix_ms: Option<u64>,
    ) -> Intake {
        let redacted = clean::clean(&mut batch);
        if redacted > 0 {
            frame = clean::frame(&mut batch);
        }
        let placement = Placement::new(&batch, received_unix_ms, sent_unix_ms);
        Intake { tenant: tenant.to_owned(), frame, batch, placement, redacted }
    }

    /// How many events it holds.
    #[must_use]
    pub fn events(&self) -> usize {
        self.batch.events.len()
    }

    /// How many of its texts looked personal and were replaced.
    #[must_use]
    pub fn redacted(&self) -> u64 {
        self.redacted
    }
}

/// When the first event of a batch began and its last one ended, in milliseconds since 1970 UTC.
pub(super) fn span_unix_ms(batch: &Batch, placement: &Placement) -> (u64, u64) {
    let events = &batch.events;
    let started = events.iter().map(|event| event.started_uptime_ns).min();
    let ended = events.iter().map(Event::ended_uptime_ns).max();
    // A batch without events speaks of the moment at which it was sealed: its latest anchor is the nearest.
    let sealed = batch.anchors.last().map_or(0, |anchor| anchor.uptime_ns);
    (placement.unix_ms(started.unwrap_or(sealed)), placement.unix_ms(ended.unwrap_or(sealed)))
}

/// Where a batch's uptimes lie in the day.
///
/// An uptime belongs to the latest anchor that is not after it, else to the first. The uptime clock stands still in sleep, so
/// each anchor after a sleep has a later moment at which that clock would have stood at 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    /// When the uptime clock stood at 0 by the first anchor, in milliseconds since 1970 UTC, skew corrected.
    pub(super) uptime_zero_unix_ms: i64,
    /// When the batch arrived, by our clock.
    received_unix_ms: u64,
    /// The other anchors, sorted by uptime: seldom any.
    later: Vec<Later>,
}

/// What an anchor after the first says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Later {
    uptime_ns: u64,
    /// How much later than by the first anchor the uptime clock stood at 0.
    zero_later_ms: i64,
}

impl Placement {
    fn new(batch: &Batch, received_unix_ms: u64, sent_unix_ms: Option<u64>) -> Placement {
        let skew = sent_unix_ms.map_or(0, |sent| signed(received_unix_ms).saturating_sub(signed(sent)));
        let skew = if skew.unsigned_abs() < SKEW_TOLERATED_MS { 0 } else { skew };
        let first = zeros_unix_ms(&batch.anchors).first().copied().unwrap_or_default();
        Placement::stored(batch, first.saturating_add(skew), received_unix_ms)
    }

    /// The placement of a batch with one anchor that was stored with these two times.
    pub(super) fn of_one_anchor(uptime_zero_unix_ms: i64, received_unix_ms: u64) -> Placement {
        Placement { uptime_zero_unix_ms, received_unix_ms, later: Vec::new() }
    }

    /// The placement of a batch that was stored with these two times.
    pub(super) fn stored(batch: &Batch, uptime_zero_unix_ms: i64, received_unix_ms: u64) -> Placement {
        let mut later = Vec::new();
        if batch.anchors.len() > 1 {
            let zeros = zeros_unix_ms(&batch.anchors);
            let first = zeros.first().copied().unwrap_or_default();
            let others = batch.anchors.iter().zip(zeros).skip(1);
            later.extend(others.map(|(anchor, zero)| Later {
                uptime_ns: anchor.uptime_ns,
                zero_later_ms: zero.saturating_sub(first),
            }));
        }
        Placement { uptime_zero_unix_ms, received_unix_ms, later }
    }

    /// When the batch arrived, by our clock, in milliseconds since 1970 UTC.
    pub(super) fn received_unix_ms(&self) -> u64 {
        self.received_unix_ms
    }

    /// The moment of this uptime. What lies in the future or too far in the past counts as the moment of arrival.
    pub(super) fn unix_ms(&self, uptime_ns: u64) -> u64 {
        let at = u64::try_from(self.claimed_unix_ms(uptime_ns)).unwrap_or(0);
        let is_plausible = at <= self.received_unix_ms && self.received_unix_ms - at <= AGE_MAX_MS;
        if is_plausible { at } else { self.received_unix_ms }
    }

    /// From one uptime to another as the day went on, sleep included, in milliseconds; 0 if it is no later.
    pub(super) fn between_ms(&self, from_uptime_ns: u64, to_uptime_ns: u64) -> u64 {
        let between = self.claimed_unix_ms(to_uptime_ns).saturating_sub(self.claimed_unix_ms(from_uptime_ns));
        u64::try_from(between).unwrap_or(0)
    }

    /// The moment of this uptime, as the device has it.
    fn claimed_unix_ms(&self, uptime_ns: u64) -> i64 {
        let anchor = self.later.iter().rev().find(|anchor| anchor.uptime_ns <= uptime_ns);
        let zero = self.uptime_zero_unix_ms.saturating_add(anchor.map_or(0, |anchor| anchor.zero_later_ms));
        zero.saturating_add(signed(uptime_ns / NS_PER_MS))
    }
}

/// When the uptime clock stood at 0 by each of these anchors, in milliseconds since 1970 UTC, skew included.
///
/// A wall clock that somebody set between two anchors says another time than the boot clock. The latest anchor is the one
/// whose wall clock is compared with ours, so what lies before a jump follows from it by the boot clock. A boot clock that is
/// nowhere ahead of the uptime is none (or the device never slept), and then every wall clock is believed.
fn zeros_unix_ms(anchors: &[Anchor]) -> Vec<i64> {
    let has_boot_clock = anchors.iter().any(|anchor| anchor.boot_ns != anchor.uptime_ns);
    let mut next: Option<(i64, u64)> = None;
    let mut zeros: Vec<i64> = anchors
        .iter()
        .rev()
        .map(|anchor| {
            let mut wall = signed(anchor.wall_unix_ms);
            if let Some((wall_after, boot_after)) = next.filter(|_| has_boot_clock) {
                let passed = signed(boot_after.saturating_sub(anchor.boot_ns) / NS_PER_MS);
                let by_boot = wall_after.saturating_sub(passed);
                wall = if wall.abs_diff(by_boot) < SKEW_TOLERATED_MS { wall } else { by_boot };
            }
            next = Some((wall, anchor.boot_ns));
            wall.saturating_sub(signed(anchor.uptime_ns / NS_PER_MS))
        })
        .collect();
    zeros.reverse();
    zeros
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
        batch.anchors[0].wall_unix_ms = anchor_wall;
        Placement::new(&batch, NOW, sent).unix_ms(batch.anchors[0].uptime_ns)
    }

    const MINUTE_MS: u64 = 60_000;
    const HOUR_MS: u64 = 60 * MINUTE_MS;

    /// An hour awake, eight hours asleep, half an hour awake, asleep again, a minute awake until `NOW`.
    fn two_sleeps() -> Batch {
        let anchor = |uptime_ms: u64, boot_ms: u64, before_now_ms: u64| Anchor {
            uptime_ns: uptime_ms * NS_PER_MS,
            boot_ns: boot_ms * NS_PER_MS,
            wall_unix_ms: NOW - before_now_ms,
        };
        let mut batch = session(1, 0);
        batch.anchors = vec![
            anchor(HOUR_MS, 3 * HOUR_MS, 18 * HOUR_MS + 31 * MINUTE_MS),
            anchor(2 * HOUR_MS, 12 * HOUR_MS, 9 * HOUR_MS + 31 * MINUTE_MS),
            anchor(2 * HOUR_MS + 30 * MINUTE_MS, 21 * HOUR_MS + 30 * MINUTE_MS, MINUTE_MS),
        ];
        batch
    }

    /// How long before `NOW` these uptimes are, in minutes.
    fn minutes_ago(placement: &Placement, uptimes_min: &[u64]) -> Vec<u64> {
        let ago = |uptime_min: &u64| NOW - placement.unix_ms(uptime_min * MINUTE_MS * NS_PER_MS);
        uptimes_min.iter().map(ago).map(|ms| ms / MINUTE_MS).collect()
    }

    #[test]
    fn every_uptime_is_placed_by_the_anchor_before_it() {
        let placement = Placement::new(&two_sleeps(), NOW, None);
        let uptimes = [30, 60, 119, 120, 149, 150, 151];
        assert_eq!(minutes_ago(&placement, &uptimes), [1141, 1111, 1052, 571, 542, 1, 0]);
        let again = Placement::stored(&two_sleeps(), placement.uptime_zero_unix_ms, NOW);
        assert_eq!(again, placement);
        let ns = |minutes: u64| minutes * MINUTE_MS * NS_PER_MS;
        assert_eq!(placement.between_ms(ns(119), ns(120)), 8 * HOUR_MS + MINUTE_MS);
        assert_eq!(placement.between_ms(ns(120), ns(119)), 0);
    }

    #[test]
    fn a_wrong_clock_is_corrected_at_every_anchor() {
        let mut batch = two_sleeps();
        let day = 24 * HOUR_MS;
        batch.anchors.iter_mut().for_each(|anchor| anchor.wall_unix_ms -= 700 * day);
        let placement = Placement::new(&batch, NOW, Some(NOW - 700 * day));
        assert_eq!(minutes_ago(&placement, &[60, 120, 150]), [1111, 571, 1]);
        assert_eq!(Placement::stored(&batch, placement.uptime_zero_unix_ms, NOW), placement);
    }

    #[test]
    fn a_clock_that_was_set_meanwhile_moves_nothing() {
        let mut batch = two_sleeps();
        batch.anchors[0].wall_unix_ms -= 90 * 60_000;
        batch.anchors[1].wall_unix_ms += 5_000;
        let placement = Placement::new(&batch, NOW, None);
        // A few seconds are the drift of a clock, not a jump.
        assert_eq!(minutes_ago(&placement, &[60, 120, 150]), [1110, 570, 1]);
        batch.anchors.iter_mut().for_each(|anchor| anchor.boot_ns = anchor.uptime_ns);
        let placement = Placement::new(&batch, NOW, None);
        assert_eq!(
            minutes_ago(&placement, &[60, 120, 150]),
            [1201, 570, 1],
            "only wall clocks are left to ask"
        );
    }

    #[test]
    fn anchors_beyond_reason_count_as_now() {
        let mut batch = two_sleeps();
        for wild in [0, 1, u64::MAX] {
            for anchor in &mut batch.anchors {
                (anchor.boot_ns, anchor.wall_unix_ms) = (u64::MAX - wild, wild);
            }
            assert_eq!(minutes_ago(&Placement::new(&batch, NOW, Some(wild)), &[60]).len(), 1);
            assert_eq!(Placement::new(&batch, NOW, None).unix_ms(u64::MAX), NOW);
        }
        batch.anchors.clear();
        assert_eq!(Placement::new(&batch, NOW, None).unix_ms(5), NOW);
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
