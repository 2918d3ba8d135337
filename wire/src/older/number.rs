//! Numbers of versions 1 to 3: a token for the magnitude, and the bits below it in a stream of their own.
//!
//! Owns: reading tokens, varints and the bit stream. Refuses: knowing what a number means, and writing.
//! Invariant: whatever the bytes are, reading ends with a number or an error.
//!
//! The token of a number is the count of its significant bits, 0 for 0. The bits after the leading one
//! follow in the bit stream, least significant first: all of them for an exact number, the upper eight
//! for a time.

use crate::coder::Precision;
use crate::error::Error;

/// Reads bytes and varints (LEB128); `place` in its methods is where an error says it happened.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    /// What was not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn byte(&mut self, place: &'static str) -> Result<u8, Error> {
        let (&byte, rest) = self.rest.split_first().ok_or(Error::malformed(place, "cut short"))?;
        self.rest = rest;
        Ok(byte)
    }

    pub(crate) fn varint(&mut self, place: &'static str) -> Result<u64, Error> {
        let mut value = 0u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte(place)?;
            let seven = u64::from(byte & 0x7F);
            if (seven << shift) >> shift != seven {
                break;
            }
            value |= seven << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Error::malformed(place, "a varint passes 64 bits"))
    }

    /// This many bytes as they are.
    pub(crate) fn take(&mut self, length: u64, place: &'static str) -> Result<&'a [u8], Error> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Error::malformed(place, "cut short"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// A varint that must fit 32 bits.
    pub(crate) fn varint_u32(&mut self, place: &'static str) -> Result<u32, Error> {
        u32::try_from(self.varint(place)?).map_err(|_| Error::malformed(place, "a varint passes 32 bits"))
    }
}

/// Reads the bit stream.
pub(crate) struct BitReader<'a> {
    bits: &'a [u8],
    position: usize,
}

impl<'a> BitReader<'a> {
    pub(crate) fn new(bits: &'a [u8]) -> BitReader<'a> {
        BitReader { bits, position: 0 }
    }

    /// The number that this token begins.
    pub(crate) fn number(
        &mut self,
        token: u8,
        precision: Precision,
        place: &'static str,
    ) -> Result<u64, Error> {
        let significant = u32::from(token);
        if significant > u64::BITS {
            return Err(Error::malformed(place, "a token passes 64 bits"));
        }
        let Some(leading) = significant.checked_sub(1) else { return Ok(0) };
        let (kept, zeros) = precision.bits_and_zeros(leading);
        Ok(1 << leading | self.take(kept, place)? << zeros)
    }

    /// Up to 63 bits, least significant first.
    fn take(&mut self, count: u32, place: &'static str) -> Result<u64, Error> {
        let (first, skipped) = (self.position / 8, self.position % 8);
        let end = self.position + count as usize;
        if end > self.bits.len() * 8 {
            return Err(Error::malformed(place, "bits missing"));
        }
        self.position = end;
        let rest = self.bits.get(first..).unwrap_or_default();
        // Nine bytes hold 63 bits wherever they begin.
        let window = match rest.first_chunk::<9>() {
            Some([low @ .., high]) => u128::from(u64::from_le_bytes(*low)) | u128::from(*high) << 64,
            None => rest.iter().rev().fold(0, |window, byte| window << 8 | u128::from(*byte)),
        };
        Ok((window >> skipped) as u64 & ((1 << count) - 1))
    }

    /// `Ok` if nothing is left but the zeros that fill the last byte.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        let left = self.bits.len() * 8 - self.position;
        let filling = self.bits.last().map_or(0, |last| (u16::from(*last) << left.min(8)) >> 8);
        if left >= 8 || filling != 0 {
            return Err(Error::malformed("bits", "followed by more bits"));
        }
        Ok(())
    }
}
