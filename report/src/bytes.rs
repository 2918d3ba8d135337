//! Whole numbers as LEB128, and a reader that cannot run past its end.
//!
//! Owns: the two directions of one encoding. Refuses: knowledge of what is stored.
//! Invariant: reading never panics and never reads the same byte twice.

use crate::error::Error;

/// Appends `value`, seven bits a byte, least significant first.
pub fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// What is left to read.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A reader of these bytes, from their beginning.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader(bytes)
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    ///
    /// # Errors
    /// [`Error::is_corrupt`] at the end.
    pub fn byte(&mut self) -> Result<u8, Error> {
        let (first, rest) = self.0.split_first().ok_or_else(|| Error::corrupt("it ends too early"))?;
        self.0 = rest;
        Ok(*first)
    }

    /// The next so many bytes.
    ///
    /// # Errors
    /// [`Error::is_corrupt`] if there are fewer.
    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (first, rest) =
            self.0.split_at_checked(length).ok_or_else(|| Error::corrupt("it ends too early"))?;
        self.0 = rest;
        Ok(first)
    }

    /// The next number.
    ///
    /// # Errors
    /// [`Error::is_corrupt`] if it ends too early, or is more than a `u64`.
    pub fn number(&mut self) -> Result<u64, Error> {
        // Nearly all numbers of a rollup are gaps and counts below 128.
        if let Some((first, rest)) = self.0.split_first().filter(|(first, _)| **first < 0x80) {
            self.0 = rest;
            return Ok(u64::from(*first));
        }
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Error::corrupt("a number is too long"))
    }

    /// Makes sure that nothing is left.
    ///
    /// # Errors
    /// [`Error::is_corrupt`] if something is.
    pub fn end(&self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::corrupt("bytes follow its end")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_overlong_ones_do_not() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut out = Vec::new();
            put(&mut out, value);
            let mut reader = Reader::new(&out);
            assert_eq!(reader.number(), Ok(value));
            assert!(reader.end().is_ok());
        }
        assert!(Reader::new(&[0xff; 11]).number().is_err());
        assert!(Reader::new(&[0x80]).number().is_err());
    }
}
