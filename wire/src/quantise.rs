//! What the wire rounds, so that tests elsewhere can compare.
//!
//! Owns: the rounding of starts, anchors, durations and the times among the small values. Refuses: bytes.
//! Invariant: rounding twice changes nothing, and rounding keeps order.

use crate::batch::{Anchor, Batch};
use crate::event::{Event, Kind};

/// Nanoseconds in the unit in which starts travel.
pub(crate) const START_UNIT_NS: u64 = 1_000_000;

/// Significant bits of a time, the leading one included.
pub(crate) const TIME_BITS: u32 = 9;

/// A duration as it arrives: rounded to nearest with 9 significant bits, so exact below 512 ns and within
/// 0.2 % (2^-9) above. A half rounds up; what would pass `u64::MAX` rounds down instead.
#[must_use]
pub const fn quantise_duration_ns(duration_ns: u64) -> u64 {
    let bits = u64::BITS - duration_ns.leading_zeros();
    if bits <= TIME_BITS {
        return duration_ns;
    }
    let shift = bits - TIME_BITS;
    let half = 1u64 << (shift - 1);
    match duration_ns.checked_add(half) {
        // A carry into a new leading bit leaves only zeros behind it, so the same shift stays right.
        Some(sum) => (sum >> shift) << shift,
        None => (duration_ns >> shift) << shift,
    }
}

/// A start as it arrives: rounded down to a whole millisecond.
#[must_use]
pub const fn quantise_start_ns(started_uptime_ns: u64) -> u64 {
    started_uptime_ns / START_UNIT_NS * START_UNIT_NS
}

/// Whether `a` and `b` of this kind are times, in microseconds, and so are rounded like durations.
pub(crate) const fn has_time_values(kind: Kind) -> bool {
    matches!(kind, Kind::Screen | Kind::Tap | Kind::Journey | Kind::Step)
}

/// An event as it arrives: its start, its duration and, where they are times, `a` and `b` are rounded.
#[must_use]
pub const fn quantise_event(event: &Event) -> Event {
    let mut rounded = *event;
    rounded.started_uptime_ns = quantise_start_ns(event.started_uptime_ns);
    rounded.duration_ns = quantise_duration_ns(event.duration_ns);
    if has_time_values(event.kind) {
        rounded.a = quantise_duration_ns(event.a);
        rounded.b = quantise_duration_ns(event.b);
    }
    rounded
}

/// An anchor as it arrives: both clocks rounded down to a whole millisecond.
///
/// As starts are: an event that began at the moment of an anchor must not end up before it.
pub(crate) const fn quantise_anchor(anchor: &Anchor) -> Anchor {
    Anchor {
        uptime_ns: quantise_start_ns(anchor.uptime_ns),
        boot_ns: quantise_start_ns(anchor.boot_ns),
        wall_unix_ms: anchor.wall_unix_ms,
    }
}

/// The batch as it arrives: `decode(&encode(&batch)?)? == quantise(&batch)`.
#[must_use]
pub fn quantise(batch: &Batch) -> Batch {
    let events = batch.events.iter().map(quantise_event).collect();
    Batch {
        id: batch.id,
        context: batch.context.clone(),
        anchors: batch.anchors.iter().map(quantise_anchor).collect(),
        ledger: batch.ledger.clone(),
        names: batch.names.clone(),
        events,
    }
}
