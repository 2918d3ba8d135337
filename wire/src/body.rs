//! What is inside a frame: what is true of the whole batch, its dictionary, its events.
//!
//! Owns: the order of the fields on the wire. Refuses: compression.
//! Invariant: every enum travels as its stable number, never as its place in the source.

use crate::batch::{Batch, Context, Network, Os, Tier};
use crate::error::Error;
use crate::event::NameId;
use crate::frame::{
    VERSION_WITH_ANCHORS, VERSION_WITH_COST, VERSION_WITH_DICTIONARY, VERSION_WITH_FACTS, inflate, open, seal,
};
use crate::limits::{DIMENSIONS_MAX, EVENTS_MAX, NAME_BYTES_MAX, NAMES_MAX, TEXT_BYTES_MAX};
use crate::number::{BitReader, Reader, Writer};
use crate::{account, anchors, columns};
use uuid::Uuid;

/// Ends each text; none may hold it.
const TEXT_END: char = '\0';
/// Length of the id of an installation.
const INSTALL_BYTES: u64 = 16;

/// What is true of the whole batch and is neither text, nor random, nor of the ledger.
struct Head {
    os: u8,
    device_tier: u8,
    network: u8,
    dimensions: u8,
}

/// Encodes a batch as one frame. Starts, durations and times among the small values are rounded
/// (see [`quantise`](crate::quantise())); all else arrives as it is.
///
/// # Errors
/// `is_too_large` where a limit of [`crate::limits`] is passed: split the batch. `is_malformed` where the
/// batch breaks a rule of [`Batch`]: reserved names, name ids, sorted events, sorted dimensions, no NUL.
pub fn encode(batch: &Batch) -> Result<Vec<u8>, Error> {
    check(batch)?;
    let context = &batch.context;
    let mut texts = String::new();
    let names = batch.names.iter().skip(NameId::RESERVED.len());
    for text in context_texts(context).chain(names) {
        texts.push_str(text);
        texts.push(TEXT_END);
    }
    let mut texts_section = Writer::default();
    texts_section.varint(texts.len() as u64);
    texts_section.bytes.extend_from_slice(texts.as_bytes());
    let columns = columns::write(&batch.events);
    let mut repeating = Writer::default();
    for byte in [context.os as u8, context.device_tier as u8, context.network as u8] {
        repeating.byte(byte);
    }
    repeating.byte(context.dimensions.len() as u8);
    account::write(&batch.ledger, &mut repeating);
    repeating.bytes.extend_from_slice(&columns.bytes);
    let mut noise = Writer::default();
    noise.bytes.extend_from_slice(context.install.as_bytes());
    anchors::write(&batch.anchors, &mut noise);
    noise.bytes.extend_from_slice(&columns.bits);
    seal(batch.id, batch.events.len(), &[&texts_section.bytes, &repeating.bytes], &noise.bytes)
}

/// Decodes a frame; every limit of [`crate::limits`] is enforced, and no input panics.
///
/// # Errors
/// `is_too_large`, `is_unsupported_version`, `is_unsupported_suite` or `is_malformed`.
pub fn decode(frame: &[u8]) -> Result<Batch, Error> {
    let (header, body) = open(frame)?;
    let (inflated, behind) = inflate(header.version, body, header.inflated_bytes)?;
    let mut reader = Reader::new(&inflated);
    let length = reader.varint("texts")?;
    let texts = str::from_utf8(reader.take(length, "texts")?);
    let texts = texts.map_err(|_| Error::malformed("texts", "not UTF-8"))?;
    let head = Head {
        os: reader.byte("os")?,
        device_tier: reader.byte("device tier")?,
        network: reader.byte("network")?,
        dimensions: reader.byte("dimensions")?,
    };
    let ledger = match header.version {
        VERSION_WITH_FACTS.. => account::read(&mut reader)?,
        version => account::read_one_line(version >= VERSION_WITH_COST, &mut reader)?,
    };
    let (mut columns, mut noise) = match header.version {
        VERSION_WITH_DICTIONARY.. => (reader, Reader::new(behind)),
        _ if !behind.is_empty() => return Err(Error::malformed("body", "followed by more bytes")),
        // Once the noise was deflated with the rest.
        _ => {
            let columns_bytes = reader.varint("columns")?;
            (Reader::new(reader.take(columns_bytes, "columns")?), reader)
        }
    };
    let install = noise.take(INSTALL_BYTES, "installation")?;
    let install = Uuid::from_slice(install).map_err(|_| Error::malformed("installation", "cut short"))?;
    let anchors = match header.version {
        VERSION_WITH_ANCHORS.. => anchors::read(&mut noise)?,
        _ => anchors::read_one(&mut noise)?,
    };
    let events = columns::read(&header, &mut columns, &mut BitReader::new(noise.rest()))?;
    let (context, names) = read_texts(texts, &head, install)?;
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

fn read_texts(texts: &str, head: &Head, install: Uuid) -> Result<(Context, Vec<String>), Error> {
    let texts = texts.strip_suffix(TEXT_END).ok_or(Error::malformed("texts", "the last one has no end"))?;
    let mut texts = texts.split(TEXT_END);
    let mut text = || texts.next().map(String::from).ok_or(Error::malformed("texts", "too few"));
    Error::within("dimensions", usize::from(head.dimensions), DIMENSIONS_MAX)?;
    let context = Context {
        install,
        app_version: text()?,
        app_build: text()?,
        os: Os::from_u8(head.os).ok_or(Error::malformed("os", "not known"))?,
        os_version: text()?,
        device_model: text()?,
        device_tier: Tier::from_u8(head.device_tier).ok_or(Error::malformed("device tier", "not known"))?,
        network: Network::from_u8(head.network).ok_or(Error::malformed("network", "not known"))?,
        country: text()?,
        sdk_version: text()?,
        dimensions: (0..head.dimensions).map(|_| Ok((text()?, text()?))).collect::<Result<_, Error>>()?,
    };
    let mut names: Vec<String> = NameId::RESERVED.iter().map(|name| String::from(*name)).collect();
    for name in texts {
        Error::within("names", names.len() + 1, NAMES_MAX)?;
        names.push(name.into());
    }
    Ok((context, names))
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
    anchors::check(&batch.anchors)?;
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
