//! What the wire rounds, so that tests elsewhere can compare.
//!
//! Owns: the rounding of durations and starts. Refuses: bytes.
//! Invariant: rounding twice changes nothing, and rounding keeps order.

use crate::batch::Batch;

/// Nanoseconds in the unit in which starts travel.
pub(crate) const START_UNIT_NS: u64 = 1_000_000;

/// Significant bits of a duration, the leading one included.
pub(crate) const DURATION_BITS: u32 = 9;

/// A duration as it arrives: rounded to nearest with 9 significant bits, so exact below 512 ns and within
/// 0.2 % (2^-9) above. A half rounds up; what would pass `u64::MAX` rounds down instead.
#[must_use]
pub const fn quantise_duration_ns(duration_ns: u64) -> u64 {
    let bits = u64::BITS - duration_ns.leading_zeros();
    if bits <= DURATION_BITS {
        return duration_ns;
    }
    let shift = bits - DURATION_BITS;
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

/// The batch as it arrives: `decode(&encode(&batch)?)? == quantise(&batch)`.
#[must_use]
pub fn quantise(batch: &Batch) -> Batch {
    let mut batch = batch.clone();
    for event in &mut batch.events {
        event.started_uptime_ns = quantise_start_ns(event.started_uptime_ns);
        event.duration_ns = quantise_duration_ns(event.duration_ns);
    }
    batch
}
