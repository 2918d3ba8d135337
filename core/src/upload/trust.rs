//! Whom the default transport believes at the other end: certificate authorities and pinned keys.
//!
//! Owns: how an app says so, and the checks that need no TLS. Refuses: the verification itself (`tls`), and a host's own
//! transport, which has the platform's trust store and pins.
//! Invariant: there is never a single pin: a bank that loses its one pinned key would have silenced its app.

use crate::error::Error;
use crate::limits::{PINS_MAX, ROOTS_BYTES_MAX};
use std::str::FromStr;

/// Which certificate authorities the default transport believes. Each entry of a list is one certificate as DER, or any
/// number of them as PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Roots {
    /// Those that Mozilla's Firefox believes, as of the build.
    #[default]
    Mozilla,
    /// These and no others: a bank's private authority.
    Only(Vec<Vec<u8>>),
    /// Mozilla's, and these.
    MozillaAnd(Vec<Vec<u8>>),
}

impl Roots {
    /// The certificates that the app gave itself.
    pub(crate) fn own(&self) -> &[Vec<u8>] {
        match self {
            Roots::Mozilla => &[],
            Roots::Only(own) | Roots::MozillaAnd(own) => own,
        }
    }

    /// Checks the lists' shape.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let own = self.own();
        if *self != Roots::Mozilla && own.is_empty() {
            return Err(Error::config(
                "roots",
                "is a list without a certificate: give one, or Roots::Mozilla",
            ));
        }
        if let Some(empty) = own.iter().position(Vec::is_empty) {
            return Err(Error::config("roots", format!("has an empty entry, number {empty}")));
        }
        if own.iter().map(Vec::len).sum::<usize>() > ROOTS_BYTES_MAX {
            let problem = format!("has more than {ROOTS_BYTES_MAX} bytes of certificates");
            return Err(Error::config("roots", problem));
        }
        Ok(())
    }
}

/// A pinned public key: the SHA-256 digest of a certificate's SubjectPublicKeyInfo (RFC 7469, 2.4).
///
/// ```
/// use nowait_core::SpkiPin;
///
/// let pin: SpkiPin = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".parse()?;
/// # Ok::<(), nowait_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpkiPin([u8; 32]);

impl SpkiPin {
    /// A pin of this digest.
    #[must_use]
    pub const fn sha256(digest: [u8; 32]) -> SpkiPin {
        SpkiPin(digest)
    }

    /// The digest.
    #[cfg(feature = "http")]
    pub(crate) const fn digest(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for SpkiPin {
    type Err = Error;

    /// Reads `sha256/` and 44 characters of Base64, as OkHttp and Android's network security config write it.
    ///
    /// # Errors
    /// If it is anything else; the message says what.
    fn from_str(text: &str) -> Result<SpkiPin, Error> {
        let Some(digest) = text.strip_prefix("sha256/") else {
            return Err(Error::config("pins", "must begin with sha256/, the only digest that is taken"));
        };
        let problem = "must have the 44 characters of a SHA-256 digest in Base64 after sha256/";
        base64(digest).map(SpkiPin).ok_or_else(|| Error::config("pins", problem))
    }
}

/// The 32 bytes that these 44 characters stand for, written in the one way there is.
fn base64(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_suffix('=')?.as_bytes();
    if digits.len() != 43 {
        return None;
    }
    let mut bytes = [0; 32];
    let (mut bits, mut held) = (0_u32, 0);
    let mut to = bytes.iter_mut();
    for digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            *to.next()? = (bits >> held) as u8;
            bits &= (1 << held) - 1;
        }
    }
    // What is left are the two bits that no byte needs.
    (bits == 0).then_some(bytes)
}

/// Checks a list of pins.
pub(crate) fn check_pins(pins: &[SpkiPin]) -> Result<(), Error> {
    let mut distinct = pins.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    match distinct.len() {
        0 | 2..=PINS_MAX => Ok(()),
        1 => Err(Error::config(
            "pins",
            "has one key: also pin a backup key that no server uses yet, or the day the first one is lost or \
             renewed every installed app falls silent",
        )),
        many => Err(Error::config("pins", format!("has {many} keys; at most {PINS_MAX} are taken"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_as_it_is_written_elsewhere() {
        // SHA-256 of nothing: FIPS 180-4's well-known example.
        let pin: SpkiPin = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".parse().unwrap();
        assert_eq!(pin.0[..4], [0xE3, 0xB0, 0xC4, 0x42]);
        assert_eq!(pin.0[28..], [0x78, 0x52, 0xB8, 0x55]);
        let zeros: SpkiPin = format!("sha256/{}=", "A".repeat(43)).parse().unwrap();
        assert_eq!(zeros, SpkiPin::sha256([0; 32]));
    }

    #[test]
    fn anything_else_is_no_pin_and_says_why() {
        let digest = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        for text in [
            "",
            "sha256/",
            digest,
            &format!("sha1/{digest}"),
            &format!("SHA256/{digest}"),
            &format!("sha256/{digest}="),
            &format!("sha256/{}", &digest[1..]),
            &format!("sha256/{}", &digest[..43]),
            &format!("sha256/A{digest}"),
            &format!("sha256/{}", digest.replace('+', "-")),
            &format!("sha256/ {}", &digest[1..]),
            &format!("sha256/{}", digest.replace("FU=", "FV=")),
            &format!("sha256/{}", digest.replace("FU=", "é=")),
        ] {
            let error = text.parse::<SpkiPin>().unwrap_err();
            assert!(error.is_config() && error.to_string().contains("config.pins must"), "{text}: {error}");
        }
    }

    #[test]
    fn a_single_pin_is_refused_and_says_what_to_do() {
        let pin = |n| SpkiPin::sha256([n; 32]);
        assert!(check_pins(&[]).is_ok() && check_pins(&[pin(1), pin(2)]).is_ok());
        for single in [vec![pin(1)], vec![pin(1); 3]] {
            assert!(check_pins(&single).unwrap_err().to_string().contains("backup"));
        }
        let many: Vec<SpkiPin> = (0..=PINS_MAX as u8).map(pin).collect();
        assert!(check_pins(&many).unwrap_err().to_string().contains("17 keys"));
    }

    #[test]
    fn lists_of_roots_hold_something_and_not_too_much() {
        assert!(Roots::Mozilla.check().is_ok() && Roots::Only(vec![vec![0x30]]).check().is_ok());
        for roots in [
            Roots::Only(Vec::new()),
            Roots::MozillaAnd(Vec::new()),
            Roots::Only(vec![vec![0x30], Vec::new()]),
            Roots::MozillaAnd(vec![vec![0x30; ROOTS_BYTES_MAX / 2]; 3]),
        ] {
            assert!(roots.check().unwrap_err().to_string().contains("config.roots"));
        }
    }
}
