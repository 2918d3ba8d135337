//! Versions 1 to 3, which devices in the field still send and collectors still hold.
//!
//! Owns: reading them. Refuses: writing them. Invariant: what a frame of an older version says never changes.

mod columns;
pub(crate) mod number;

use crate::batch::Batch;
use crate::body::{Head, check, read_texts};
use crate::error::Error;
use crate::frame::{
    Header, VERSION_WITH_ANCHORS, VERSION_WITH_COST, VERSION_WITH_DICTIONARY, VERSION_WITH_FACTS,
};
use crate::{account, anchors};
use number::{BitReader, Reader};

/// Length of the id of an installation.
const INSTALL_BYTES: u64 = 16;

/// The batch in a body of an older version: what was deflated in it, and what stands behind that.
pub(crate) fn decode(header: &Header, inflated: &[u8], behind: &[u8]) -> Result<Batch, Error> {
    let mut reader = Reader::new(inflated);
    let length = reader.varint("texts")?;
    let texts = reader.take(length, "texts")?;
    let (os, device_tier, network) =
        (reader.byte("os")?, reader.byte("device tier")?, reader.byte("network")?);
    let dimensions = reader.byte("dimensions")?;
    let ledger = match header.version {
        VERSION_WITH_FACTS.. => account::read(&mut |place| reader.varint(place))?,
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
    let install = install.try_into().map_err(|_| Error::malformed("installation", "cut short"))?;
    let anchors = match header.version {
        VERSION_WITH_ANCHORS.. => anchors::read(&mut |place| noise.varint(place))?,
        _ => anchors::read_one(&mut |place| noise.varint(place))?,
    };
    let events = columns::read(header, &mut columns, &mut BitReader::new(noise.rest()))?;
    let head = Head { os, device_tier, network, dimensions, install };
    let (context, names) = read_texts(texts, &head)?;
    let batch = Batch { id: header.id, context, anchors, ledger, names, events };
    check(&batch)?;
    Ok(batch)
}
