//! The clock anchors of a batch: the first one whole, each other one by what it adds to the one before.
//!
//! Owns: their numbers and their rules. Refuses: how a number is written, and placing events, which [`Batch::anchor_at`](crate::Batch::anchor_at)
//! does.
//! Invariant: 1 to [`ANCHORS_MAX`] anchors, whose uptimes never run back.
//!
//! Between two anchors the uptime grows, the boot clock grows by the sleep more, and the wall clock goes with the
//! boot clock unless somebody set it: so the second and the third number of a difference are small.

use crate::batch::Anchor;
use crate::error::Error;
use crate::limits::ANCHORS_MAX;
use crate::quantise::{START_UNIT_NS, quantise_anchor};
use crate::zigzag::{unzigzag, zigzag};

/// Where an error says that it happened.
const PLACE: &str = "anchors";

/// An anchor in the unit in which it travels: milliseconds on all three clocks.
#[derive(Clone, Copy, Default)]
struct InMs {
    uptime: u64,
    boot: u64,
    wall: u64,
}

impl InMs {
    fn of(anchor: &Anchor) -> InMs {
        let Anchor { uptime_ns, boot_ns, wall_unix_ms } = *anchor;
        InMs { uptime: uptime_ns / START_UNIT_NS, boot: boot_ns / START_UNIT_NS, wall: wall_unix_ms }
    }

    fn anchor(self) -> Result<Anchor, Error> {
        let ns = |ms: u64| {
            ms.checked_mul(START_UNIT_NS)
                .ok_or(Error::malformed(PLACE, "a clock passes 64 bits of nanoseconds"))
        };
        Ok(Anchor { uptime_ns: ns(self.uptime)?, boot_ns: ns(self.boot)?, wall_unix_ms: self.wall })
    }
}

/// The rules, the same for what goes out and for what comes in.
pub(crate) fn check(anchors: &[Anchor]) -> Result<(), Error> {
    Error::within(PLACE, anchors.len(), ANCHORS_MAX)?;
    if anchors.is_empty() {
        return Err(Error::malformed(PLACE, "there is none"));
    }
    if !anchors.is_sorted_by_key(|anchor| anchor.uptime_ns) {
        return Err(Error::malformed(PLACE, "not sorted by uptime"));
    }
    Ok(())
}

/// How many anchors there are, which passed [`check`], then three numbers of each.
pub(crate) fn numbers(anchors: &[Anchor]) -> Vec<u64> {
    let mut numbers = vec![anchors.len() as u64];
    // Against this one the first is whole, but for its boot clock, which is mostly near its uptime.
    let mut before = InMs::default();
    for (index, anchor) in anchors.iter().enumerate() {
        let now = InMs::of(anchor);
        let uptime = now.uptime.wrapping_sub(before.uptime);
        let boot = now.boot.wrapping_sub(before.boot);
        let wall = now.wall.wrapping_sub(before.wall);
        let wall = if index == 0 { wall } else { difference(wall, boot) };
        numbers.extend([uptime, difference(boot, uptime), wall]);
        before = now;
    }
    numbers
}

/// Reads what [`numbers`] gave, from version 3 on; no more anchors than may be, and rounded.
pub(crate) fn read(next: &mut impl FnMut(&'static str) -> Result<u64, Error>) -> Result<Vec<Anchor>, Error> {
    let count = usize::try_from(next(PLACE)?).unwrap_or(usize::MAX);
    Error::within(PLACE, count, ANCHORS_MAX)?;
    let mut anchors = Vec::with_capacity(count);
    let mut before = InMs::default();
    for index in 0..count {
        let uptime = next(PLACE)?;
        let boot = sum(uptime, next(PLACE)?);
        let wall = next(PLACE)?;
        let wall = if index == 0 { wall } else { sum(boot, wall) };
        let now = InMs {
            uptime: before
                .uptime
                .checked_add(uptime)
                .ok_or(Error::malformed(PLACE, "an uptime passes 64 bits"))?,
            boot: before.boot.wrapping_add(boot),
            wall: before.wall.wrapping_add(wall),
        };
        anchors.push(now.anchor()?);
        before = now;
    }
    Ok(anchors)
}

/// Reads the one anchor of versions 1 and 2, which had no boot clock.
pub(crate) fn read_one(
    next: &mut impl FnMut(&'static str) -> Result<u64, Error>,
) -> Result<Vec<Anchor>, Error> {
    let uptime_ns = next(PLACE)?;
    let wall_unix_ms = next(PLACE)?;
    Ok(vec![quantise_anchor(&Anchor { uptime_ns, boot_ns: uptime_ns, wall_unix_ms })])
}

/// How much more the one grew than the other, small for small differences of either sign; modulo 2^64.
const fn difference(grown: u64, than: u64) -> u64 {
    zigzag(grown.wrapping_sub(than) as i64)
}

/// The inverse of [`difference`].
const fn sum(than: u64, difference: u64) -> u64 {
    than.wrapping_add(unzigzag(difference) as u64)
}
