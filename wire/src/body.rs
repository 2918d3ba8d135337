//! What is inside a frame: what is true of the whole batch, its dictionary, its events.
//!
//! Owns: the order of the fields on the wire. Refuses: compression.
//! Invariant: every enum travels as its stable number, never as its place in the source.

use crate::batch::{Batch, Context, Network, Os, Tier};
use crate::coder::{Coder, Decoder, Encoder, Number};
use crate::error::Error;
use crate::event::NameId;
use crate::frame::{VERSION_WITH_CODER, inflate, open, seal};
use crate::limits::{DIMENSIONS_MAX, EVENTS_MAX, NAME_BYTES_MAX, NAMES_MAX, TEXT_BYTES_MAX};
use crate::{account, anchors, older, rows};
use uuid::Uuid;

/// Ends each text; none may hold it.
const TEXT_END: char = '\0';

/// What is true of the whole batch and is neither text nor of the ledger, as it travels.
pub(crate) struct Head {
    pub(crate) os: u8,
    pub(crate) device_tier: u8,
    pub(crate) network: u8,
    pub(crate) dimensions: u8,
    pub(crate) install: [u8; 16],
}

impl Head {
    fn of(context: &Context) -> Head {
        Head {
            os: context.os as u8,
            device_tier: context.device_tier as u8,
            network: context.network as u8,
            dimensions: context.dimensions.len() as u8,
            install: *context.install.as_bytes(),
        }
    }

    fn code<C: Coder>(&self, coder: &mut C) -> Head {
        Head {
            os: coder.byte(self.os),
            device_tier: coder.byte(self.device_tier),
            network: coder.byte(self.network),
            dimensions: coder.byte(self.dimensions),
            install: self.install.map(|byte| coder.byte(byte)),
        }
    }
}

/// Encodes a batch as one frame. Starts, durations and times among the small values are rounded
/// (see [`quantise`](crate::quantise())); all else arrives as it is.
///
/// # Errors
/// `is_too_large` where a limit of [`crate::limits`] is passed: split the batch. `is_malformed` where the
/// batch breaks a rule of [`Batch`]: reserved names, name ids, sorted events, sorted dimensions, no NUL.
pub fn encode(batch: &Batch) -> Result<Vec<u8>, Error> {
    check(batch)?;
    let mut texts = String::new();
    let names = batch.names.iter().skip(NameId::RESERVED.len());
    for text in context_texts(&batch.context).chain(names) {
        texts.push_str(text);
        texts.push(TEXT_END);
    }
    let mut encoder = Encoder::new();
    Head::of(&batch.context).code(&mut encoder);
    for numbers in [account::numbers(&batch.ledger), anchors::numbers(&batch.anchors)] {
        let mut odds = Number::default();
        for number in numbers {
            encoder.exact(&mut odds, number);
        }
    }
    rows::code(&mut encoder, batch.events.len(), &batch.events)?;
    seal(batch.id, batch.events.len(), texts.as_bytes(), &encoder.finish())
}

/// Decodes a frame; every limit of [`crate::limits`] is enforced, and no input panics.
///
/// # Errors
/// `is_too_large`, `is_unsupported_version`, `is_unsupported_suite` or `is_malformed`.
pub fn decode(frame: &[u8]) -> Result<Batch, Error> {
    let (header, body) = open(frame)?;
    let (inflated, behind) = inflate(header.version, body, header.inflated_bytes)?;
    if header.version < VERSION_WITH_CODER {
        return older::decode(&header, &inflated, behind);
    }
    let mut decoder = Decoder::new(behind);
    let head = Head { os: 0, device_tier: 0, network: 0, dimensions: 0, install: [0; 16] };
    let head = head.code(&mut decoder);
    let mut odds = Number::default();
    let ledger = account::read(&mut |_| Ok(decoder.exact(&mut odds, 0)))?;
    let mut odds = Number::default();
    let anchors = anchors::read(&mut |_| Ok(decoder.exact(&mut odds, 0)))?;
    let events = rows::code(&mut decoder, header.events, &[])?;
    decoder.finish()?;
    let (context, names) = read_texts(&inflated, &head)?;
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

pub(crate) fn read_texts(texts: &[u8], head: &Head) -> Result<(Context, Vec<String>), Error> {
    let texts = str::from_utf8(texts).map_err(|_| Error::malformed("texts", "not UTF-8"))?;
    let texts = texts.strip_suffix(TEXT_END).ok_or(Error::malformed("texts", "the last one has no end"))?;
    let mut texts = texts.split(TEXT_END);
    let mut text = || texts.next().map(String::from).ok_or(Error::malformed("texts", "too few"));
    Error::within("dimensions", usize::from(head.dimensions), DIMENSIONS_MAX)?;
    let context = Context {
        install: Uuid::from_bytes(head.install),
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
pub(crate) fn check(batch: &Batch) -> Result<(), Error> {
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
