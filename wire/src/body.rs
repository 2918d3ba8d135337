//! What is inside a frame: the facts of the batch, its dictionary, its events.
//!
//! Owns: the order of the fields on the wire. Refuses: compression.
//! Invariant: every enum travels as its stable number, never as its place in the source.

use crate::batch::{Anchor, Batch, Context, Network, Os, Tier};
use crate::ledger::{Cost, DropReason, Ledger, RECORD_BUCKETS};
use crate::columns;
use crate::error::Error;
use crate::event::NameId;
use crate::frame::{VERSION_WITH_COST, inflate, open, seal};
use crate::limits::{DIMENSIONS_MAX, EVENTS_MAX, NAME_BYTES_MAX, NAMES_MAX, TEXT_BYTES_MAX};
use crate::number::{BitReader, Reader, Writer};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Ends each text; none may hold it.
const TEXT_END: char = '\0';

/// What is true of the whole batch and is neither text nor random: postcard, in this order.
#[derive(Serialize, Deserialize)]
struct Facts {
    os: u8,
    device_tier: u8,
    network: u8,
    dimensions: u8,
    produced: u64,
    names_redacted: u64,
    names_overflowed: u64,
    signals_lost: u64,
    panics_caught: u64,
    ring_on_heap: bool,
    /// How many drop counts follow: a later release may know more reasons than an earlier one.
    drop_reasons: u8,
}

/// Encodes a batch as one frame. Starts, durations and times among the small values are rounded
/// (see [`quantise`](crate::quantise())); all else arrives as it is.
///
/// # Errors
/// `is_too_large` where a limit of [`crate::limits`] is passed: split the batch. `is_malformed` where the
/// batch breaks a rule of [`Batch`]: reserved names, name ids, sorted events, sorted dimensions, no NUL.
pub fn encode(batch: &Batch) -> Result<Vec<u8>, Error> {
    check(batch)?;
    let (context, ledger) = (&batch.context, &batch.ledger);
    let mut texts = String::new();
    let names = batch.names.iter().skip(NameId::RESERVED.len());
    for text in context_texts(context).chain(names) {
        texts.push_str(text);
        texts.push(TEXT_END);
    }
    let facts = Facts {
        os: context.os as u8,
        device_tier: context.device_tier as u8,
        network: context.network as u8,
        dimensions: context.dimensions.len() as u8,
        produced: ledger.produced,
        names_redacted: ledger.names_redacted,
        names_overflowed: ledger.names_overflowed,
        signals_lost: ledger.signals_lost,
        panics_caught: ledger.panics_caught,
        ring_on_heap: ledger.ring_on_heap,
        drop_reasons: ledger.dropped.len() as u8,
    };
    let random = (context.install.into_bytes(), batch.anchors[0].uptime_ns, batch.anchors[0].wall_unix_ms);
    let failed = |_| Error::malformed("body", "could not be written");
    let texts = postcard::to_stdvec(texts.as_str()).map_err(failed)?;
    let facts = postcard::to_stdvec(&(facts, ledger.dropped)).map_err(failed)?;
    let random = postcard::to_stdvec(&random).map_err(failed)?;
    let columns = columns::write(&batch.events);
    let mut repeating = Writer::default();
    repeating.bytes = facts;
    write_cost(&ledger.cost, &mut repeating);
    repeating.varint(columns.bytes.len() as u64);
    repeating.bytes.extend_from_slice(&columns.bytes);
    let dense = [random, columns.bits].concat();
    seal(batch.id, batch.events.len(), &[&texts, &repeating.bytes, &dense])
}

/// Decodes a frame; every limit of [`crate::limits`] is enforced, and no input panics.
///
/// # Errors
/// `is_too_large`, `is_unsupported_version`, `is_unsupported_suite` or `is_malformed`.
pub fn decode(frame: &[u8]) -> Result<Batch, Error> {
    let (header, body) = open(frame)?;
    let inflated = inflate(body, header.inflated_bytes)?;
    let (texts, rest) =
        postcard::take_from_bytes::<&str>(&inflated).map_err(|_| Error::malformed("texts", "not UTF-8"))?;
    let (facts, rest) =
        postcard::take_from_bytes::<Facts>(rest).map_err(|_| Error::malformed("facts", "cannot be read"))?;
    let mut reader = Reader::new(rest);
    let mut ledger = read_ledger(&facts, &mut reader)?;
    if header.version >= VERSION_WITH_COST {
        ledger.cost = read_cost(&mut reader)?;
    }
    let columns_bytes = reader.varint("columns")?;
    let mut columns = Reader::new(reader.take(columns_bytes, "columns")?);
    let ((install, uptime_ns, wall_unix_ms), bits) =
        postcard::take_from_bytes(reader.rest()).map_err(|_| Error::malformed("anchor", "cannot be read"))?;
    let events = columns::read(header.events, &mut columns, &mut BitReader::new(bits))?;
    let (context, names) = read_texts(texts, &facts, Uuid::from_bytes(install))?;
    let anchors = vec![Anchor { uptime_ns, boot_ns: uptime_ns, wall_unix_ms }];
    let batch = Batch { id: header.id, context, anchors, ledger, names, events };
    check(&batch)?;
    Ok(batch)
}

/// The texts of a context in the order in which they travel.
fn context_texts(context: &Context) -> impl Iterator<Item = &String> {
    let fixed = [
        &context.app_version,
        &context.app_build,
        &context.os_version,
        &context.device_model,
        &context.country,
        &context.sdk_version,
    ];
    fixed.into_iter().chain(context.dimensions.iter().flat_map(|(key, value)| [key, value]))
}

fn read_texts(texts: &str, facts: &Facts, install: Uuid) -> Result<(Context, Vec<String>), Error> {
    let texts = texts.strip_suffix(TEXT_END).ok_or(Error::malformed("texts", "the last one has no end"))?;
    let mut texts = texts.split(TEXT_END);
    let mut text = || texts.next().map(String::from).ok_or(Error::malformed("texts", "too few"));
    Error::within("dimensions", usize::from(facts.dimensions), DIMENSIONS_MAX)?;
    let context = Context {
        install,
        app_version: text()?,
        app_build: text()?,
        os: Os::from_u8(facts.os).ok_or(Error::malformed("os", "not known"))?,
        os_version: text()?,
        device_model: text()?,
        device_tier: Tier::from_u8(facts.device_tier).ok_or(Error::malformed("device tier", "not known"))?,
        network: Network::from_u8(facts.network).ok_or(Error::malformed("network", "not known"))?,
        country: text()?,
        sdk_version: text()?,
        dimensions: (0..facts.dimensions).map(|_| Ok((text()?, text()?))).collect::<Result<_, Error>>()?,
    };
    let mut names: Vec<String> = NameId::RESERVED.iter().map(|name| String::from(*name)).collect();
    for name in texts {
        Error::within("names", names.len() + 1, NAMES_MAX)?;
        names.push(name.into());
    }
    Ok((context, names))
}

fn read_ledger(facts: &Facts, reader: &mut Reader<'_>) -> Result<Ledger, Error> {
    Error::within("drop reasons", usize::from(facts.drop_reasons), DropReason::ALL.len())?;
    let mut dropped = [0; DropReason::ALL.len()];
    for count in dropped.iter_mut().take(usize::from(facts.drop_reasons)) {
        *count = reader.varint("drop counts")?;
    }
    Ok(Ledger {
        produced: facts.produced,
        dropped,
        names_redacted: facts.names_redacted,
        names_overflowed: facts.names_overflowed,
        signals_lost: facts.signals_lost,
        panics_caught: facts.panics_caught,
        ring_on_heap: facts.ring_on_heap,
        cost: Cost::default(),
        ..Ledger::default()
    })
}

/// Numbers of a cost.
const COSTS: usize = 5 + RECORD_BUCKETS;

/// How many numbers there are up to the last one that is not 0, then these.
fn write_cost(cost: &Cost, writer: &mut Writer) {
    let Cost { start_ns, worker_cpu_ns, sealed_bytes, sent_bytes, record_ns_sum, record_ns_buckets } = cost;
    let fixed = [start_ns, worker_cpu_ns, sealed_bytes, sent_bytes, record_ns_sum];
    let numbers = fixed.into_iter().chain(record_ns_buckets);
    let count = COSTS - numbers.clone().rev().take_while(|number| **number == 0).count();
    writer.varint(count as u64);
    numbers.take(count).for_each(|number| writer.varint(*number));
}

fn read_cost(reader: &mut Reader<'_>) -> Result<Cost, Error> {
    let count = usize::try_from(reader.varint("costs")?).unwrap_or(usize::MAX);
    Error::within("costs", count, COSTS)?;
    let mut numbers = [0; COSTS];
    for number in numbers.iter_mut().take(count) {
        *number = reader.varint("costs")?;
    }
    let [start_ns, worker_cpu_ns, sealed_bytes, sent_bytes, record_ns_sum, record_ns_buckets @ ..] = numbers;
    Ok(Cost { start_ns, worker_cpu_ns, sealed_bytes, sent_bytes, record_ns_sum, record_ns_buckets })
}

/// The rules of [`Batch`], the same for what goes out and for what comes in.
fn check(batch: &Batch) -> Result<(), Error> {
    Error::within("events", batch.events.len(), EVENTS_MAX)?;
    Error::within("names", batch.names.len(), NAMES_MAX)?;
    Error::within("dimensions", batch.context.dimensions.len(), DIMENSIONS_MAX)?;
    let reserved = batch.names.get(..NameId::RESERVED.len()).unwrap_or_default();
    if reserved != NameId::RESERVED {
        return Err(Error::malformed("names", "the first six are not the reserved ones"));
    }
    for name in &batch.names {
        Error::within("bytes of a name", name.len(), NAME_BYTES_MAX)?;
    }
    let context = &batch.context;
    for text in context_texts(context) {
        Error::within("bytes of a context text", text.len(), TEXT_BYTES_MAX)?;
    }
    if context_texts(context).chain(&batch.names).any(|text| text.contains(TEXT_END)) {
        return Err(Error::malformed("texts", "a text holds a NUL"));
    }
    if !context.dimensions.is_sorted_by(|left, right| left.0 < right.0) {
        return Err(Error::malformed("dimensions", "not sorted by distinct keys"));
    }
    if !batch.events.is_sorted_by_key(|event| event.started_uptime_ns) {
        return Err(Error::malformed("events", "not sorted by start"));
    }
    let count = batch.names.len();
    let known = |id: NameId| usize::try_from(id.0).is_ok_and(|index| index < count);
    if !batch.events.iter().all(|event| known(event.name) && known(event.screen)) {
        return Err(Error::malformed("events", "a name id is not in the dictionary"));
    }
    Ok(())
}
