//! A continuation id: by which a journey that began in the app is known elsewhere, in a branch or a call centre.
//!
//! Owns: the number, its text and the check on it. Refuses: drawing one (the engine does), and who may use it how often
//! (the collector does).
//! Invariant: one character that is wrong, or two neighbours that are swapped, are never another valid id.

use core::fmt::{Display, Formatter, Write as _};
use core::num::NonZeroU64;
use core::str::FromStr;

/// A random number that stands for one hand-over of one journey, and for nothing else: nothing of the customer is in it.
///
/// Its text is fit for a link, a QR code and a telephone: `028T5-CY4TQ-KFFHF`, digits and letters without I, L, O and U,
/// in three groups. Reading takes small letters too, `o` as 0, `i` and `l` as 1, and hyphens wherever they are, or are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Continuation(NonZeroU64);

/// A text that is no continuation id, mostly because of a slip of the pen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAContinuation;

impl Display for NotAContinuation {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.write_str("not a continuation id, or misspelt")
    }
}

impl std::error::Error for NotAContinuation {}

/// The digits of Crockford's base 32.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A prime: the difference that one wrong digit, or two swapped ones, make is no multiple of it. Two digits hold the
/// remainder.
const CHECK: u128 = 1021;
const CHECK_BITS: u32 = 10;

/// Digits of a text: 64 bits of number and ten of check, in fives.
const LENGTH: u32 = 15;

/// Digits between two hyphens.
const GROUP: u32 = 5;

impl Continuation {
    /// The id of this number; 0 is none.
    #[must_use]
    pub const fn from_u64(number: u64) -> Option<Continuation> {
        match NonZeroU64::new(number) {
            Some(number) => Some(Continuation(number)),
            None => None,
        }
    }

    /// Its number, as value `a` of a [`HandOver`](crate::Kind::HandOver).
    #[must_use]
    pub const fn to_u64(self) -> u64 {
        self.0.get()
    }
}

impl Display for Continuation {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let number = u128::from(self.to_u64());
        let all = (number << CHECK_BITS) | (number % CHECK);
        for place in 0..LENGTH {
            if place > 0 && place % GROUP == 0 {
                f.write_char('-')?;
            }
            let digit = all >> (5 * (LENGTH - 1 - place)) & 31;
            f.write_char(DIGITS.get(digit as usize).map_or('0', |digit| char::from(*digit)))?;
        }
        Ok(())
    }
}

impl FromStr for Continuation {
    type Err = NotAContinuation;

    fn from_str(text: &str) -> Result<Continuation, NotAContinuation> {
        let (mut all, mut digits) = (0_u128, 0);
        for letter in text.bytes().filter(|letter| *letter != b'-') {
            let letter = match letter.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other => other,
            };
            let digit = DIGITS.iter().position(|digit| *digit == letter).ok_or(NotAContinuation)?;
            digits += 1;
            if digits > LENGTH {
                return Err(NotAContinuation);
            }
            all = all << 5 | digit as u128;
        }
        let number = all >> CHECK_BITS;
        let is_whole = digits == LENGTH && number % CHECK == all & ((1 << CHECK_BITS) - 1);
        let number = u64::try_from(number).ok().filter(|_| is_whole);
        number.and_then(Continuation::from_u64).ok_or(NotAContinuation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<u64, NotAContinuation> {
        text.parse().map(Continuation::to_u64)
    }

    #[test]
    fn the_text_stays_as_it_is() {
        let texts = [1, u64::MAX, 0x0123_4567_89AB_CDEF]
            .map(|number| Continuation::from_u64(number).unwrap().to_string());
        assert_eq!(texts, ["00000-00000-00101", "FZZZZ-ZZZZZ-ZZZDG", "028T5-CY4TQ-KFFHF"].map(String::from));
        assert_eq!(texts.map(|text| read(&text).unwrap()), [1, u64::MAX, 0x0123_4567_89AB_CDEF]);
        assert_eq!(read("oooooooooooolol"), Ok(1), "as a person may write it");
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let all_zero = "00000-00000-00000";
        let wider = "G0000-00000-00000";
        for text in ["", "-", "00000-00000-0010", "00000-00000-001010", "00000-00000-0010U", all_zero, wider]
        {
            assert_eq!(read(text), Err(NotAContinuation), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_id_comes_back_from_its_text(number in 1..u64::MAX) {
            let text = Continuation::from_u64(number).unwrap().to_string();
            prop_assert_eq!(read(&text), Ok(number));
            prop_assert_eq!(read(&text.to_lowercase().replace('-', "")), Ok(number));
        }

        #[test]
        fn a_slip_of_the_pen_is_noticed(number in 1..u64::MAX, place in 0..15_usize, digit in 0..32_usize) {
            let text = Continuation::from_u64(number).unwrap().to_string().replace('-', "");
            let mut wrong = text.clone().into_bytes();
            wrong[place] = DIGITS[digit];
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert!(wrong == text || read(&wrong).is_err());
            let mut swapped = text.clone().into_bytes();
            swapped.swap(place, (place + 1) % 15);
            let swapped = String::from_utf8(swapped).unwrap();
            prop_assert!(place == 14 || swapped == text || read(&swapped).is_err());
        }

        #[test]
        fn any_text_is_an_id_or_an_error(text in any::<String>()) {
            if let Ok(number) = read(&text) {
                prop_assert!(number > 0);
            }
        }
    }
}
