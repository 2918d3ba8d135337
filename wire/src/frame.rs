//! The envelope: magic, version, suite, header, deflated body, checksum.
//!
//! Owns: everything of a frame but the meaning of its body. Refuses: events.
//! Invariant: no byte of the body is inflated before the checksum of the whole frame was right.

use crate::batch::BatchId;
use crate::dictionary::DICTIONARY;
use crate::error::Error;
use crate::limits::{ENCODED_BYTES_MAX, EVENTS_MAX, INFLATED_BYTES_MAX};
use crc::{CRC_32_ISO_HDLC, Crc, Table};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use uuid::Uuid;

/// The first three bytes of every frame: NoWait batch.
const MAGIC: [u8; 3] = *b"NWB";
/// The version of the format that this crate writes; it reads this one and all before it.
const VERSION: u8 = 4;
/// The first version whose ledger says what NoWait cost.
pub(crate) const VERSION_WITH_COST: u8 = 2;
/// The first version whose ledger has a line of facts.
pub(crate) const VERSION_WITH_FACTS: u8 = 3;
/// The first version that has several anchors, with a boot clock.
pub(crate) const VERSION_WITH_ANCHORS: u8 = 3;
/// The first version whose body begins with the dictionary in its window, and whose noise is not deflated.
pub(crate) const VERSION_WITH_DICTIONARY: u8 = 3;
/// The first version that deflates texts alone; all else goes through the coder.
pub(crate) const VERSION_WITH_CODER: u8 = 4;
/// The first version in which a wait may have the outcome `died`.
pub(crate) const VERSION_WITH_DIED: u8 = 3;
/// The only encryption suite so far: none.
const SUITE_NONE: u8 = 0;
/// Deflate's effort: the levels above save less than 0.1 % of a session and take up to half as long again.
const DEFLATE_LEVEL: u32 = 6;
/// Length of the checksum at the end.
const CRC_BYTES: usize = 4;

/// What a frame says about itself without being inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The version of the format that it is in.
    pub version: u8,
    /// The batch inside.
    pub id: BatchId,
    /// How many events it claims to hold; [`crate::decode`] verifies it.
    pub events: usize,
    /// The length of what is deflated in its body, after inflating, in bytes.
    pub inflated_bytes: usize,
}

/// Reads the header of a frame: the checksum over all of it is verified, nothing is inflated.
///
/// # Errors
/// As [`crate::decode`], for everything outside the body.
pub fn decode_header(frame: &[u8]) -> Result<Header, Error> {
    open(frame).map(|(header, _)| header)
}

/// The header, and the body still deflated.
pub(crate) fn open(frame: &[u8]) -> Result<(Header, &[u8]), Error> {
    Error::within("encoded bytes", frame.len(), ENCODED_BYTES_MAX)?;
    let rest = frame.strip_prefix(&MAGIC).ok_or(Error::malformed("magic", "not a NoWait batch"))?;
    let (&version, rest) = rest.split_first().ok_or(Error::malformed("version", "missing"))?;
    if !(1..=VERSION).contains(&version) {
        return Err(Error::version(version));
    }
    let (&suite, rest) = rest.split_first().ok_or(Error::malformed("encryption suite", "missing"))?;
    if suite != SUITE_NONE {
        return Err(Error::suite(suite));
    }
    let (rest, crc) = rest.split_last_chunk::<CRC_BYTES>().ok_or(Error::malformed("checksum", "missing"))?;
    let covered = frame.get(..frame.len() - CRC_BYTES).unwrap_or_default();
    if checksum(covered) != u32::from_le_bytes(*crc) {
        return Err(Error::malformed("checksum", "does not match the frame"));
    }
    let (session, rest) = rest.split_first_chunk::<16>().ok_or(Error::malformed("session", "missing"))?;
    let ((first, events, inflated), body) = postcard::take_from_bytes::<(u64, u64, u64)>(rest)
        .map_err(|_| Error::malformed("header", "not three numbers"))?;
    let events = usize::try_from(events).unwrap_or(usize::MAX);
    let inflated_bytes = usize::try_from(inflated).unwrap_or(usize::MAX);
    Error::within("events", events, EVENTS_MAX)?;
    Error::within("inflated bytes", inflated_bytes, INFLATED_BYTES_MAX)?;
    let id = BatchId { session: Uuid::from_bytes(*session), first };
    Ok((Header { version, id, events, inflated_bytes }, body))
}

/// A frame around these texts, which are deflated, and what was coded, which is not.
pub(crate) fn seal(id: BatchId, events: usize, texts: &[u8], coded: &[u8]) -> Result<Vec<u8>, Error> {
    Error::within("inflated bytes", texts.len(), INFLATED_BYTES_MAX)?;
    let mut frame = Vec::with_capacity(texts.len() / 2 + coded.len() + 64);
    frame.extend_from_slice(&MAGIC);
    frame.extend_from_slice(&[VERSION, SUITE_NONE]);
    frame.extend_from_slice(id.session.as_bytes());
    let mut frame = postcard::to_extend(&(id.first, events as u64, texts.len() as u64), frame)
        .map_err(|_| Error::malformed("header", "could not be written"))?;
    deflate(texts, &mut frame)?;
    frame.extend_from_slice(coded);
    let crc = checksum(&frame);
    frame.extend_from_slice(&crc.to_le_bytes());
    Error::within("encoded bytes", frame.len(), ENCODED_BYTES_MAX)?;
    Ok(frame)
}

/// Deflates the texts in a window that holds the dictionary already.
fn deflate(texts: &[u8], frame: &mut Vec<u8>) -> Result<(), Error> {
    let mut deflater = Compress::new(Compression::new(DEFLATE_LEVEL), false);
    // A stream that begins with the dictionary, of which only what follows it is kept.
    let mut left_out = Vec::with_capacity(DICTIONARY.len());
    deflate_part(&mut deflater, DICTIONARY.as_bytes(), FlushCompress::Sync, &mut left_out)?;
    deflate_part(&mut deflater, texts, FlushCompress::Finish, frame)
}

/// Deflates up to a whole byte, or up to the end of the stream.
fn deflate_part(
    deflater: &mut Compress,
    part: &[u8],
    flush: FlushCompress,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let failed = || Error::malformed("body", "could not be deflated");
    let mut rest = part;
    loop {
        out.reserve(rest.len() / 2 + 256);
        let room = out.capacity() - out.len();
        let before = deflater.total_in();
        let length = out.len();
        let status = deflater.compress_vec(rest, out, flush).map_err(|_| failed())?;
        let taken = usize::try_from(deflater.total_in() - before).map_err(|_| failed())?;
        rest = rest.get(taken..).ok_or_else(failed)?;
        // Room that was left over says that nothing is held back.
        let is_flushed = flush == FlushCompress::Sync && rest.is_empty() && out.len() - length < room;
        if status == Status::StreamEnd || is_flushed {
            return Ok(());
        }
    }
}

/// Inflates a body that says it is `length` bytes long, and gives what follows its deflate stream. Allocates that
/// much, the dictionary and the body, and no more.
pub(crate) fn inflate(version: u8, body: &[u8], length: usize) -> Result<(Vec<u8>, &[u8]), Error> {
    let mut inflater = Decompress::new(false);
    let dictionary = if version >= VERSION_WITH_DICTIONARY { DICTIONARY.as_bytes() } else { &[] };
    let mut inflated = vec![0; dictionary.len() + length];
    let known = dictionary.len() as u64;
    let (status, passed) = if dictionary.is_empty() {
        (inflater.decompress(body, &mut inflated, FlushDecompress::Finish), 0)
    } else {
        let primed = [&STORED_DICTIONARY, dictionary, body].concat();
        let passed = primed.len() - body.len();
        (inflater.decompress(&primed, &mut inflated, FlushDecompress::Finish), passed)
    };
    let status = status.map_err(|_| Error::malformed("body", "not a deflate stream"))?;
    if status != Status::StreamEnd {
        return Err(Error::malformed("body", "cut short, or longer than the header says"));
    }
    if inflater.total_out() != known + length as u64 {
        return Err(Error::malformed("body", "shorter than the header says"));
    }
    let read = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
    let rest = read.checked_sub(passed).and_then(|read| body.get(read..));
    inflated.drain(..dictionary.len());
    Ok((inflated, rest.ok_or(Error::malformed("body", "cut short"))?))
}

/// The head of a deflate block that holds the dictionary as it is and is not the last: what zlib's
/// `inflateSetDictionary` does, for inflaters that have no such call.
const STORED_DICTIONARY: [u8; 5] = {
    let [low, high] = (DICTIONARY.len() as u16).to_le_bytes();
    [0, low, high, !low, !high]
};

/// CRC-32 as in gzip and zlib (IEEE 802.3, reflected), by a table of 1 KiB: faster ones are 16, which frames of some kilobytes do not
/// need, and customers download them.
static CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

fn checksum(bytes: &[u8]) -> u32 {
    CRC.checksum(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_gzip() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
        let bytes: Vec<u8> = (0..70_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for length in [0, 1, 2, 63, 64, 65, 4_096, bytes.len()] {
            let mut crc = flate2::Crc::new();
            crc.update(&bytes[..length]);
            assert_eq!(checksum(&bytes[..length]), crc.sum(), "of {length} bytes");
        }
    }
}
