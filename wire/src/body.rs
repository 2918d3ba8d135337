//! What is inside a frame: the facts of the batch, its dictionary, its events.
//!
//! Owns: the order of the fields on the wire. Refuses: compression.
//! Invariant: every enum travels as its stable number, never as its place in the source.

use crate::batch::{Anchor, Batch, Context, DropReason, Ledger, Network, Os, Tier};
use crate::error::Error;
use crate::event::{Event, Flags, Kind, NameId, Outcome};
use crate::frame::{inflate, open, seal};
use crate::limits::{DIMENSIONS_MAX, EVENTS_MAX, NAME_BYTES_MAX, NAMES_MAX, TEXT_BYTES_MAX};
use crate::quantise::quantise;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The facts that are true of the whole batch, and its dictionary without the reserved names.
#[derive(Serialize, Deserialize)]
struct Facts<'a> {
    install: [u8; 16],
    app_version: &'a str,
    app_build: &'a str,
    os: u8,
    os_version: &'a str,
    device_model: &'a str,
    device_tier: u8,
    network: u8,
    country: &'a str,
    sdk_version: &'a str,
    #[serde(borrow)]
    dimensions: Vec<(&'a str, &'a str)>,
    anchor_uptime_ns: u64,
    anchor_wall_unix_ms: u64,
    produced: u64,
    dropped: Vec<u64>,
    names_redacted: u64,
    names_overflowed: u64,
    signals_lost: u64,
    panics_caught: u64,
    ring_on_heap: bool,
    names: Vec<&'a str>,
}

type Row = (u8, u8, u16, u32, u32, u64, u64, u64, u64, u64);

/// Encodes a batch as one frame.
///
/// # Errors
/// `is_too_large` where a limit of [`crate::limits`] is passed: split the batch. `is_malformed` where the
/// batch breaks a rule of [`Batch`]: reserved names, name ids, sorted events, sorted dimensions.
pub fn encode(batch: &Batch) -> Result<Vec<u8>, Error> {
    check(batch)?;
    let context = &batch.context;
    let facts = Facts {
        install: *context.install.as_bytes(),
        app_version: &context.app_version,
        app_build: &context.app_build,
        os: context.os as u8,
        os_version: &context.os_version,
        device_model: &context.device_model,
        device_tier: context.device_tier as u8,
        network: context.network as u8,
        country: &context.country,
        sdk_version: &context.sdk_version,
        dimensions: context.dimensions.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect(),
        anchor_uptime_ns: batch.anchor.uptime_ns,
        anchor_wall_unix_ms: batch.anchor.wall_unix_ms,
        produced: batch.ledger.produced,
        dropped: batch.ledger.dropped.to_vec(),
        names_redacted: batch.ledger.names_redacted,
        names_overflowed: batch.ledger.names_overflowed,
        signals_lost: batch.ledger.signals_lost,
        panics_caught: batch.ledger.panics_caught,
        ring_on_heap: batch.ledger.ring_on_heap,
        names: batch.names.iter().skip(NameId::RESERVED.len()).map(String::as_str).collect(),
    };
    let rows: Vec<Row> = quantise(batch)
        .events
        .iter()
        .map(|e| {
            (
                e.kind as u8,
                e.outcome as u8,
                e.flags.0,
                e.name.0,
                e.screen.0,
                e.started_uptime_ns,
                e.duration_ns,
                e.journey,
                e.a,
                e.b,
            )
        })
        .collect();
    let failed = |_| Error::malformed("body", "could not be written");
    let facts = postcard::to_stdvec(&facts).map_err(failed)?;
    let rows = postcard::to_stdvec(&rows).map_err(failed)?;
    seal(batch.id, batch.events.len(), &[&facts, &rows])
}

/// Decodes a frame; every limit of [`crate::limits`] is enforced, and no input panics.
///
/// # Errors
/// `is_too_large`, `is_unsupported_version`, `is_unsupported_suite` or `is_malformed`.
pub fn decode(frame: &[u8]) -> Result<Batch, Error> {
    let (header, body) = open(frame)?;
    let inflated = inflate(body, header.inflated_bytes)?;
    let (facts, rest) = postcard::take_from_bytes::<Facts<'_>>(&inflated)
        .map_err(|_| Error::malformed("facts", "cannot be read"))?;
    let (rows, rest) = postcard::take_from_bytes::<Vec<Row>>(rest)
        .map_err(|_| Error::malformed("events", "cannot be read"))?;
    if !rest.is_empty() {
        return Err(Error::malformed("body", "followed by more bytes"));
    }
    if rows.len() != header.events {
        return Err(Error::malformed("events", "not as many as the header says"));
    }
    let batch = Batch {
        id: header.id,
        context: context(&facts)?,
        anchor: Anchor { uptime_ns: facts.anchor_uptime_ns, wall_unix_ms: facts.anchor_wall_unix_ms },
        ledger: ledger(&facts)?,
        names: NameId::RESERVED.iter().chain(&facts.names).map(|name| String::from(*name)).collect(),
        events: rows.into_iter().map(event).collect::<Result<_, _>>()?,
    };
    check(&batch)?;
    Ok(batch)
}

fn event(row: Row) -> Result<Event, Error> {
    Ok(Event {
        kind: Kind::from_u8(row.0).ok_or(Error::malformed("kind", "not known"))?,
        outcome: Outcome::from_u8(row.1).ok_or(Error::malformed("outcome", "not known"))?,
        flags: Flags(row.2),
        name: NameId(row.3),
        screen: NameId(row.4),
        started_uptime_ns: row.5,
        duration_ns: row.6,
        journey: row.7,
        a: row.8,
        b: row.9,
    })
}

fn context(facts: &Facts<'_>) -> Result<Context, Error> {
    Ok(Context {
        install: Uuid::from_bytes(facts.install),
        app_version: facts.app_version.into(),
        app_build: facts.app_build.into(),
        os: Os::from_u8(facts.os).ok_or(Error::malformed("os", "not known"))?,
        os_version: facts.os_version.into(),
        device_model: facts.device_model.into(),
        device_tier: Tier::from_u8(facts.device_tier).ok_or(Error::malformed("device tier", "not known"))?,
        network: Network::from_u8(facts.network).ok_or(Error::malformed("network", "not known"))?,
        country: facts.country.into(),
        sdk_version: facts.sdk_version.into(),
        dimensions: facts.dimensions.iter().map(|(k, v)| (String::from(*k), String::from(*v))).collect(),
    })
}

fn ledger(facts: &Facts<'_>) -> Result<Ledger, Error> {
    Error::within("drop reasons", facts.dropped.len(), DropReason::ALL.len())?;
    let mut dropped = [0; DropReason::ALL.len()];
    for (to, from) in dropped.iter_mut().zip(&facts.dropped) {
        *to = *from;
    }
    Ok(Ledger {
        produced: facts.produced,
        dropped,
        names_redacted: facts.names_redacted,
        names_overflowed: facts.names_overflowed,
        signals_lost: facts.signals_lost,
        panics_caught: facts.panics_caught,
        ring_on_heap: facts.ring_on_heap,
    })
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
    let texts = [
        &context.app_version,
        &context.app_build,
        &context.os_version,
        &context.device_model,
        &context.country,
        &context.sdk_version,
    ];
    for text in texts.into_iter().chain(context.dimensions.iter().flat_map(|(k, v)| [k, v])) {
        Error::within("bytes of a context text", text.len(), TEXT_BYTES_MAX)?;
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
