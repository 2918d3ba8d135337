//! The ledger as numbers on the wire, in each version of it.
//!
//! Owns: the order of a ledger's numbers. Refuses: adding them up, and how a number is written.
//! Invariant: zeros at the end of a list are left out, so a list may grow at its end without a new version.

use crate::error::Error;
use crate::ledger::{Cost, DropReason, Facts, Ledger, RECORD_BUCKETS, RefuseReason};
use crate::older::number::Reader;

/// Numbers of a cost.
const COSTS: usize = 5 + RECORD_BUCKETS;

/// A ledger as the current version has it.
pub(crate) fn numbers(ledger: &Ledger) -> Vec<u64> {
    let Ledger { facts, produced, dropped, ring_on_heap, cost, .. } = ledger;
    let counts = [
        *produced,
        facts.folded,
        ledger.names_redacted,
        ledger.names_overflowed,
        ledger.signals_lost,
        ledger.panics_caught,
        ledger.starts_failed,
    ];
    let fixed = [cost.start_ns, cost.worker_cpu_ns, cost.sealed_bytes, cost.sent_bytes, cost.record_ns_sum];
    let costs: Vec<u64> = fixed.into_iter().chain(cost.record_ns_buckets).collect();
    let mut numbers = vec![u64::from(*ring_on_heap)];
    for list in [&counts[..], dropped, &facts.refused, &costs] {
        // Up to the last one that is not 0.
        let count = list.iter().rposition(|number| *number != 0).map_or(0, |last| last + 1);
        numbers.push(count as u64);
        numbers.extend(list.iter().take(count));
    }
    numbers
}

/// Reads what [`numbers`] gave, from version 3 on.
pub(crate) fn read(next: &mut impl FnMut(&'static str) -> Result<u64, Error>) -> Result<Ledger, Error> {
    let ring_on_heap = read_bool(next)?;
    let [produced, folded, names_redacted, names_overflowed, signals_lost, panics_caught, starts_failed] =
        read_numbers("counts", next)?;
    let dropped = read_numbers::<{ DropReason::ALL.len() }>("drop reasons", next)?;
    let refused = read_numbers::<{ RefuseReason::ALL.len() }>("refuse reasons", next)?;
    Ok(Ledger {
        facts: Facts { folded, refused },
        produced,
        dropped,
        names_redacted,
        names_overflowed,
        signals_lost,
        panics_caught,
        starts_failed,
        ring_on_heap,
        cost: read_cost(next)?,
    })
}

/// Reads the ledger of version 1 or, `with_cost`, of version 2: one line, and each count whether 0 or not.
pub(crate) fn read_one_line(with_cost: bool, reader: &mut Reader<'_>) -> Result<Ledger, Error> {
    let mut next = |place| reader.varint(place);
    let mut ledger = Ledger {
        produced: next("counts")?,
        names_redacted: next("counts")?,
        names_overflowed: next("counts")?,
        signals_lost: next("counts")?,
        panics_caught: next("counts")?,
        ring_on_heap: read_bool(&mut next)?,
        dropped: read_numbers("drop reasons", &mut next)?,
        ..Ledger::default()
    };
    if with_cost {
        ledger.cost = read_cost(&mut next)?;
    }
    Ok(ledger)
}

fn read_bool(next: &mut impl FnMut(&'static str) -> Result<u64, Error>) -> Result<bool, Error> {
    match next("ring on heap")? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::malformed("ring on heap", "neither 0 nor 1")),
    }
}

fn read_cost(next: &mut impl FnMut(&'static str) -> Result<u64, Error>) -> Result<Cost, Error> {
    let [start_ns, worker_cpu_ns, sealed_bytes, sent_bytes, record_ns_sum, record_ns_buckets @ ..] =
        read_numbers::<COSTS>("costs", next)?;
    Ok(Cost { start_ns, worker_cpu_ns, sealed_bytes, sent_bytes, record_ns_sum, record_ns_buckets })
}

/// How many numbers there are, then these; those that were left out are 0.
fn read_numbers<const N: usize>(
    place: &'static str,
    next: &mut impl FnMut(&'static str) -> Result<u64, Error>,
) -> Result<[u64; N], Error> {
    let count = usize::try_from(next(place)?).unwrap_or(usize::MAX);
    Error::within(place, count, N)?;
    let mut numbers = [0; N];
    for number in numbers.iter_mut().take(count) {
        *number = next(place)?;
    }
    Ok(numbers)
}
