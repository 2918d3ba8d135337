//! Handing a sealed batch to the collector, and what its answer means.
//!
//! Owns: [`Upload`], the reading of an answer, the back-off. Refuses: files, and any HTTP stack of its own
//! (`http` has the default one; a host may bring its own).
//! Invariant: only a receipt or a definite refusal for this very batch lets it go; everything else keeps it.

use crate::limits::{BACKOFF_BASE, BACKOFF_MAX, RETRY_AFTER_MAX};
use nowait_wire::{BatchId, Receipt, ReceiptStatus};
use std::time::{Duration, SystemTime};

/// A sealed batch on its way out.
#[derive(Clone, Copy, Debug)]
pub struct Parcel<'a> {
    /// Where to, for example `https://telemetry.bank.example/v1/batches`.
    pub url: &'a str,
    /// The app key, to be sent as `authorization: Bearer …`.
    pub app_key: &'a str,
    /// The device's wall clock now, to be sent as `x-nowait-sent-unix-ms`.
    pub sent_unix_ms: u64,
    /// The body, of content type [`CONTENT_TYPE`].
    pub body: &'a [u8],
    /// How long the whole exchange may take.
    pub timeout: Duration,
}

impl Parcel<'_> {
    /// The headers to send it with, as (name in lower case, value), beside those of the HTTP stack itself.
    #[must_use]
    pub fn headers(&self) -> [(&'static str, String); 3] {
        [
            ("authorization", format!("Bearer {}", self.app_key)),
            ("content-type", CONTENT_TYPE.to_owned()),
            ("x-nowait-sent-unix-ms", self.sent_unix_ms.to_string()),
        ]
    }
}

/// The content type of a parcel's body.
pub const CONTENT_TYPE: &str = "application/vnd.nowait.batch";

/// What came back over HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The `retry-after` header, as it came: seconds or a date.
    pub retry_after: Option<String>,
    /// The first bytes of the body; a receipt has less than 300.
    pub body: Vec<u8>,
}

/// Sends one parcel. Implement it to use the host's own HTTP stack.
pub trait Upload: Send {
    /// Sends the parcel and returns the server's answer, or `None` if there was none (no network, a timeout).
    /// Must not retry by itself. Called from NoWait's worker thread only.
    fn send(&mut self, parcel: Parcel<'_>) -> Option<Answer>;
}

/// What an answer means for the batch that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Stored, now or before: let it go.
    Delivered,
    /// Refused for good: split it or give it up.
    Rejected,
    /// Not this time: keep it and wait, as long as the server asked if it did.
    Later(Option<Duration>),
}

/// Reads an answer. `now` is the wall clock, for a Retry-After that is a date.
pub(crate) fn judge(id: BatchId, answer: Option<&Answer>, now: SystemTime) -> Verdict {
    let Some(answer) = answer else { return Verdict::Later(None) };
    let receipt = serde_json::from_slice::<Receipt>(&answer.body).ok();
    match (answer.status, receipt) {
        (200, Some(receipt)) if receipt.batch == id.to_string() => match receipt.status {
            ReceiptStatus::Stored | ReceiptStatus::Duplicate => Verdict::Delivered,
            ReceiptStatus::Rejected => Verdict::Rejected,
        },
        // Only our collector writes such a body: a captive portal's 400 must not cost a batch. The id may be
        // missing, where the collector could not read that far.
        (400 | 413 | 415, Some(receipt)) if receipt.status == ReceiptStatus::Rejected => Verdict::Rejected,
        _ => Verdict::Later(answer.retry_after.as_deref().and_then(|text| retry_after(text, now))),
    }
}

/// Seconds or an HTTP date (RFC 9110, 10.2.3), clamped to [`RETRY_AFTER_MAX`].
fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let wait = match text.trim().parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text.trim()).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// Full-jitter exponential back-off: a random time between 0 and a doubling ceiling, so that a fleet that lost
/// one server at one moment does not come back to it at one moment (AWS Architecture Blog, 2015).
#[derive(Debug)]
pub(crate) struct Backoff {
    failures: u32,
    /// State of a xorshift generator: jitter needs spread, not secrecy.
    random: u64,
}

impl Backoff {
    /// A back-off whose jitter differs from device to device by this seed.
    pub(crate) fn new(seed: u64) -> Backoff {
        Backoff { failures: 0, random: seed | 1 }
    }

    /// Forgets the failures.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// Counts a failure: how long to wait before the next try.
    pub(crate) fn next(&mut self) -> Duration {
        let ceiling = BACKOFF_BASE.saturating_mul(1 << self.failures.min(16)).min(BACKOFF_MAX);
        self.failures = self.failures.saturating_add(1);
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        // 24 bits of the generator as a fraction: exact in f64, never 1.
        ceiling.mul_f64((self.random >> 40) as f64 / f64::from(1 << 24))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nowait_wire::Uuid;
    use std::time::UNIX_EPOCH;

    fn id() -> BatchId {
        BatchId { session: Uuid::from_u128(7), first: 42 }
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, retry_after: None, body: body.as_bytes().to_vec() }
    }

    fn verdict(answer: &Answer) -> Verdict {
        judge(id(), Some(answer), UNIX_EPOCH)
    }

    #[test]
    fn a_receipt_for_this_batch_lets_it_go() {
        for status in ["stored", "duplicate"] {
            let body = format!(r#"{{"batch":"{}","status":"{status}"}}"#, id());
            assert_eq!(verdict(&answer(200, &body)), Verdict::Delivered);
        }
    }

    #[test]
    fn anything_else_keeps_it() {
        let other = r#"{"batch":"00000000-0000-0000-0000-000000000007.43","status":"stored"}"#;
        for (status, body) in [(200, other), (200, "<html>free wifi</html>"), (200, ""), (204, ""), (302, "")]
        {
            assert_eq!(verdict(&answer(status, body)), Verdict::Later(None), "{status} {body}");
        }
        for status in [400, 401, 403, 404, 408, 413, 429, 500, 502, 503] {
            assert_eq!(verdict(&answer(status, "<html>")), Verdict::Later(None), "{status}");
        }
        assert_eq!(judge(id(), None, UNIX_EPOCH), Verdict::Later(None));
    }

    #[test]
    fn a_refusal_by_the_collector_is_final() {
        let body = r#"{"batch":"","status":"rejected","reason":"no"}"#;
        for status in [400, 413, 415] {
            assert_eq!(verdict(&answer(status, body)), Verdict::Rejected);
        }
        for status in [422, 501, 503] {
            assert_eq!(verdict(&answer(status, body)), Verdict::Later(None));
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_at_most_a_day() {
        let at = |text| retry_after(text, UNIX_EPOCH + Duration::from_secs(784_111_777 - 60));
        assert_eq!(at("120"), Some(Duration::from_secs(120)));
        assert_eq!(at("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(at("Sun, 06 Nov 1983 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!(at("99999999999"), Some(RETRY_AFTER_MAX));
        assert_eq!(at("soon"), None);
        assert_eq!(at("-5"), None);
    }

    #[test]
    fn back_off_spreads_below_a_doubling_ceiling() {
        let mut ceilings = vec![Duration::ZERO; 12];
        for seed in 0..500 {
            let mut backoff = Backoff::new(u64::wrapping_mul(seed, 0x9E37_79B9_7F4A_7C15));
            for (n, highest) in ceilings.iter_mut().enumerate() {
                let wait = backoff.next();
                assert!(wait <= BACKOFF_BASE.saturating_mul(1 << n).min(BACKOFF_MAX));
                *highest = wait.max(*highest);
            }
        }
        assert!(ceilings.windows(2).take(8).all(|pair| pair[0] < pair[1]), "{ceilings:?}");
    }
}
