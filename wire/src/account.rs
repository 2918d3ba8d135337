//! The ledger as numbers on the wire, in each version of it.
//!
//! Owns: the order of a ledger's numbers. Refuses: adding them up.
//! Invariant: zeros at the end of a list are left out, so a list may grow at its end without a new version.

use crate::error::Error;
use crate::ledger::{Cost, DropReason, Facts, Ledger, RECORD_BUCKETS, RefuseReason};
use crate::number::{Reader, Writer};

/// Numbers of a cost.
const COSTS: usize = 5 + RECORD_BUCKETS;

/// Writes a ledger as the current version has it.
pub(crate) fn write(ledger: &Ledger, writer: &mut Writer) {
    writer.byte(u8::from(ledger.ring_on_heap));
    let counts = [
        ledger.produced,
        ledger.facts.folded,
        ledger.names_redacted,
        ledger.names_overflowed,
        ledger.signals_lost,
        ledger.panics_caught,
        ledger.starts_failed,
    ];
    write_numbers(&counts, writer);
    write_numbers(&ledger.dropped, writer);
    write_numbers(&ledger.facts.refused, writer);
    write_cost(&ledger.cost, writer);
}

/// Reads what [`write()`] wrote.
pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Ledger, Error> {
    let ring_on_heap = read_bool(reader)?;
    let [produced, folded, names_redacted, names_overflowed, signals_lost, panics_caught, starts_failed] =
        read_numbers("counts", reader)?;
    let dropped = read_numbers::<{ DropReason::ALL.len() }>("drop reasons", reader)?;
    let refused = read_numbers::<{ RefuseReason::ALL.len() }>("refuse reasons", reader)?;
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
        cost: read_cost(reader)?,
    })
}

/// Reads the ledger of version 1 or, `with_cost`, of version 2: one line, and each count whether 0 or not.
pub(crate) fn read_one_line(with_cost: bool, reader: &mut Reader<'_>) -> Result<Ledger, Error> {
    let mut ledger = Ledger {
        produced: reader.varint("counts")?,
        names_redacted: reader.varint("counts")?,
        names_overflowed: reader.varint("counts")?,
        signals_lost: reader.varint("counts")?,
        panics_caught: reader.varint("counts")?,
        ring_on_heap: read_bool(reader)?,
        dropped: read_numbers("drop reasons", reader)?,
        ..Ledger::default()
    };
    if with_cost {
        ledger.cost = read_cost(reader)?;
    }
    Ok(ledger)
}

fn read_bool(reader: &mut Reader<'_>) -> Result<bool, Error> {
    match reader.byte("ring on heap")? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::malformed("ring on heap", "neither 0 nor 1")),
    }
}

fn write_cost(cost: &Cost, writer: &mut Writer) {
    let Cost { start_ns, worker_cpu_ns, sealed_bytes, sent_bytes, record_ns_sum, record_ns_buckets } = cost;
    let mut numbers = [0; COSTS];
    let fixed = [start_ns, worker_cpu_ns, sealed_bytes, sent_bytes, record_ns_sum];
    for (number, value) in numbers.iter_mut().zip(fixed.into_iter().chain(record_ns_buckets)) {
        *number = *value;
    }
    write_numbers(&numbers, writer);
}

fn read_cost(reader: &mut Reader<'_>) -> Result<Cost, Error> {
    let [start_ns, worker_cpu_ns, sealed_bytes, sent_bytes, record_ns_sum, record_ns_buckets @ ..] =
        read_numbers::<COSTS>("costs", reader)?;
    Ok(Cost { start_ns, worker_cpu_ns, sealed_bytes, sent_bytes, record_ns_sum, record_ns_buckets })
}

/// How many numbers there are up to the last one that is not 0, then these.
fn write_numbers(numbers: &[u64], writer: &mut Writer) {
    let count = numbers.iter().rposition(|number| *number != 0).map_or(0, |last| last + 1);
    writer.varint(count as u64);
    numbers.iter().take(count).for_each(|number| writer.varint(*number));
}

/// Reads what [`write_numbers`] wrote; those that were left out are 0.
fn read_numbers<const N: usize>(place: &'static str, reader: &mut Reader<'_>) -> Result<[u64; N], Error> {
    let count = usize::try_from(reader.varint(place)?).unwrap_or(usize::MAX);
    Error::within(place, count, N)?;
    let mut numbers = [0; N];
    for number in numbers.iter_mut().take(count) {
        *number = reader.varint(place)?;
    }
    Ok(numbers)
}
