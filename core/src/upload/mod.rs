//! Handing a sealed batch to the collector.
//!
//! ```text
//! mod.rs        Upload: one exchange, by the default transport or the host's own
//! policy.rs     what an answer means for the batch, and when the next exchange may be
//! retry.rs      that moment, as data that outlives the process and is shared with others
//! conditions.rs whether the device's network, battery and place allow an exchange now
//! endpoint.rs   which addresses are taken     trust.rs  whom to believe at the other end
//! http.rs       the default transport         tls.rs    its certificates and pins
//! ```
//!
//! Owns: the trait and what goes over it. Refuses: files, threads and any waiting between exchanges.
//! Invariant: a transport only carries; what an answer means is decided in one place, `policy`, for every transport.

pub(crate) mod conditions;
pub(crate) mod endpoint;
#[cfg(feature = "http")]
pub(crate) mod http;
pub(crate) mod policy;
pub(crate) mod retry;
#[cfg(feature = "http")]
mod tls;
pub(crate) mod trust;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A sealed batch on its way out.
#[derive(Clone, Debug)]
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
    /// Whether to break off: look at it every 50 ms or so while the exchange lasts.
    pub cancel: Cancel,
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

/// Whether an exchange is still wanted. Once the customer has refused, it is not: break it off and answer nothing.
#[derive(Clone, Default)]
pub struct Cancel(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Cancel {
    /// Never cancelled.
    #[must_use]
    pub const fn never() -> Cancel {
        Cancel(None)
    }

    /// Cancelled once this says `true`. It is asked from whatever thread carries the exchange, some 20 times a second:
    /// it must not wait for anything.
    #[must_use]
    pub fn new(is_cancelled: impl Fn() -> bool + Send + Sync + 'static) -> Cancel {
        Cancel(Some(Arc::new(is_cancelled)))
    }

    /// Whether to break off.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.as_ref().is_some_and(|is_cancelled| is_cancelled())
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancel").field(&self.is_cancelled()).finish()
    }
}

/// What came back over HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The `retry-after` header, as it came: seconds or a date.
    pub retry_after: Option<String>,
    /// The body; empty if it did not come whole. A receipt has less than 500 bytes, and more than 16 KiB are not looked
    /// at.
    pub body: Vec<u8>,
}

/// Sends one parcel. Implement it to use the host's own HTTP stack.
pub trait Upload: Send {
    /// Sends the parcel and returns the server's answer, or `None` if there was none (no network, a timeout, cancelled).
    /// Must not retry by itself and must not follow redirects: a redirect is an answer. Should leave no idle connection
    /// open. Called from NoWait's worker thread only.
    fn send(&mut self, parcel: Parcel<'_>) -> Option<Answer>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn cancelling_reaches_every_clone() {
        let refused = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&refused);
        let cancel = Cancel::new(move || asked.load(Ordering::Relaxed));
        let clone = cancel.clone();
        assert!(!cancel.is_cancelled() && !clone.is_cancelled() && !Cancel::never().is_cancelled());
        refused.store(true, Ordering::Relaxed);
        assert!(cancel.is_cancelled() && clone.is_cancelled() && !Cancel::default().is_cancelled());
    }
}
