//! What an app's own texts may not say: names, dimensions, countries.
//!
//! Owns: the patterns of cards, IBANs, ID and phone numbers, e-mail addresses and tokens. Refuses: the texts of makers, whose
//! codes look alike (see `code`).
//! Invariant: where something stands between the parts of a number makes no difference.

use crate::hidden::{is_hidden, joins};

/// Digits in a row that no screen, route or target needs: account numbers, phones and ids start here.
pub(crate) const DIGITS_RUN_MAX: usize = 5;

/// Digits in one name altogether, whatever stands between them: phone numbers are written with gaps.
pub(crate) const DIGITS_TOTAL_MAX: usize = 8;

/// Letters and digits in a row, both kinds mixed, that look like a token or an IBAN rather than a word.
const TOKEN_RUN_MIN: usize = 15;

/// Hexadecimal digits in a row that look like a hash or an id rather than a word.
const HEX_RUN_MIN: usize = 12;

/// Whether this text of an app may be personal: cards, IBANs, ID and phone numbers, e-mail addresses, tokens, and characters
/// that hide what a text says.
#[must_use]
pub fn looks_personal(text: &str) -> bool {
    let (mut digits, mut run, mut longest) = (0, 0, 0);
    for c in text.chars() {
        if tells_at_once(c) {
            return true;
        }
        if c.is_numeric() {
            digits += 1;
            run += 1;
            longest = longest.max(run);
        } else if !joins(c) {
            // What is not drawn between two digits does not part them.
            run = 0;
        }
    }
    if digits > DIGITS_TOTAL_MAX || longest > DIGITS_RUN_MAX {
        return true;
    }
    // Whatever follows needs digits.
    digits > 1
        && (text.split(|c: char| !c.is_alphanumeric() && !joins(c)).any(is_token)
            // An IBAN is written in groups; its gaps must not hide it.
            || is_iban(&text.split_whitespace().collect::<String>()))
}

/// An e-mail address's sign, or what hides the rest.
pub(crate) fn tells_at_once(c: char) -> bool {
    is_at(c) || (is_hidden(c) && !joins(c))
}

/// The sign of an e-mail address.
pub(crate) fn is_at(c: char) -> bool {
    matches!(c, '@' | '\u{FE6B}' | '\u{FF20}')
}

/// A word in which letters and digits mix as they do in tokens, hashes and UUID parts.
pub(crate) fn is_token(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let hex = word.len() >= HEX_RUN_MIN && digits >= 2 && word.bytes().all(|b| b.is_ascii_hexdigit());
    hex || (digits >= 3 && word.chars().count() >= TOKEN_RUN_MIN) || is_iban(word)
}

/// Two letters, two check digits and 11 to 30 more of either (ISO 13616), at least half of them digits.
pub(crate) fn is_iban(word: &str) -> bool {
    let bytes = word.as_bytes();
    let [c1, c2, d1, d2, rest @ ..] = bytes else { return false };
    (11..=30).contains(&rest.len())
        && c1.is_ascii_alphabetic()
        && c2.is_ascii_alphabetic()
        && d1.is_ascii_digit()
        && d2.is_ascii_digit()
        && rest.iter().all(u8::is_ascii_alphanumeric)
        && rest.iter().filter(|b| b.is_ascii_digit()).count() * 2 >= rest.len()
}

#[cfg(test)]
mod tests {
    use super::looks_personal;

    #[test]
    fn names_of_screens_routes_and_targets_pass() {
        for name in [
            "Home",
            "Pay.Confirm",
            "/accounts/{id}/transactions",
            "GET /v2/cards/{card}",
            "轉帳確認",
            "Überweisung bestätigen",
            "FPS.QR-pay",
            "step 3 of 12",
            "HTTP2Handshake",
            "OnboardingIdentityVerificationScreen",
            "mpf2024",
            "第123步：轉帳確認畫面",
            "می\u{200c}خواهم",
            "❤\u{fe0f}",
        ] {
            assert!(!looks_personal(name), "{name}");
        }
    }

    #[test]
    fn personal_data_does_not() {
        for name in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "GB82WEST12345698765432",
            "GB82 WEST 1234 5698 7654 32",
            "DE89370400440532013000",
            "/accounts/123456789",
            "chan.tai.man@example.com",
            "+852 9123 4567",
            "+44 20 7946 0958",
            "A123456(7)",
            "078-05-1120",
            "eyJhbGciOiJIUzI1NiIsInR5cCI6",
            "550e8400-e29b-41d4-a716-446655440000",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "٤١١١١١١١١١١١١١١١",
            "line\nbreak",
            "４１１１１１１１１１１１１１１１",
            "chan＠example.com",
            "\u{1b}[8m8.2.0",
            "\u{9b}8m",
            "Pay\u{202e}mrifnoC",
            "Pay\u{2066}Confirm",
            "Pay\u{200b}Confirm",
            "4111\u{200d}11",
        ] {
            assert!(looks_personal(name), "{name}");
        }
    }
}
