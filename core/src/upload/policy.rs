//! What an answer means for the batch that was sent, and when the next exchange may be.
//!
//! | answer | batch | next exchange |
//! |---|---|---|
//! | 2xx, receipt for this batch: stored, duplicate | let go | at once |
//! | 2xx, 400, 413, 415, 422, receipt for this batch: rejected; 400, 413, 415 also without an id | split once, then given up | at once |
//! | 401, 403, 404, 405, 410 | kept | after [`STOP_WAIT`] |
//! | anything else, and no answer | kept | after the back-off |
//!
//! Where the batch is kept, `Retry-After` can only make the wait longer: it is max(asked, ours), and never more than a
//! day.
//!
//! Owns: these rules, as one function of what was seen. Refuses: clocks, files and the network; whoever calls it has them.
//! Invariant: only the collector's own word for this very batch lets it go. Proxies, portals and gateways answer too,
//! and a batch must not be lost to one of them.

use super::Answer;
use crate::limits::{ANSWER_BYTES_MAX, BACKOFF_BASE, BACKOFF_MAX, RETRY_AFTER_MAX, STOP_WAIT};
use crate::mix::below;
use crate::remote::{self, RemoteConfig};
use crate::sync::{Mutant, is_broken};
use nowait_wire::{BatchId, ReceiptStatus};
use serde::Deserialize;
use std::time::{Duration, SystemTime};

/// One exchange, as the policy sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange<'a> {
    /// The batch that was sent.
    pub(crate) batch: BatchId,
    /// Whether it could be sent as two: it has two events or more and is itself no half.
    pub(crate) divisible: bool,
    /// What came back, if anything did.
    pub(crate) answer: Option<&'a Answer>,
    /// Exchanges in a row, before this one, that ended in [`Next::Wait`] or [`Next::Stop`].
    pub(crate) failures: u32,
    /// The device's wall clock, for a `Retry-After` that is a date.
    pub(crate) wall_unix_ms: u64,
    /// Any number that differs from device to device and from exchange to exchange.
    pub(crate) jitter: u64,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Let the batch go: it is stored.
    Delivered,
    /// Replace the batch by its halves: it is refused as it is, and one event may be why.
    Split,
    /// Give the batch up and count its events: it is refused for good.
    DeadLetter,
    /// Keep the batch; no exchange before this has passed. One failure more.
    Wait(Duration),
    /// The same, but the server does not want this app or does not know this address, which a person has to mend.
    Stop(Duration),
}

/// What one exchange decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) next: Next,
    /// The configuration that the receipt carried, if that is one of ours within its limits.
    pub(crate) config: Option<RemoteConfig>,
}

/// Decides what an exchange means.
pub(crate) fn decide(exchange: &Exchange<'_>) -> Decision {
    let receipt = exchange.answer.and_then(|answer| Receipt::of(answer, exchange.batch));
    let next = match receipt.as_ref().map(|receipt| receipt.status) {
        Some(ReceiptStatus::Stored | ReceiptStatus::Duplicate) => Next::Delivered,
        Some(ReceiptStatus::Rejected) if exchange.divisible => Next::Split,
        Some(ReceiptStatus::Rejected) => Next::DeadLetter,
        None if exchange.answer.is_none() && is_broken(Mutant::SilenceDelivers) => Next::Delivered,
        None => later(exchange),
    };
    Decision { next, config: receipt.and_then(|receipt| receipt.config) }
}

/// The collector's word for one batch.
struct Receipt {
    status: ReceiptStatus,
    config: Option<RemoteConfig>,
}

/// The JSON of a receipt. The configuration is read apart, so that one this version cannot read costs no receipt.
#[derive(Deserialize)]
struct ReceiptJson {
    batch: String,
    status: ReceiptStatus,
    #[serde(default)]
    config: Option<serde_json::Value>,
}

impl Receipt {
    /// The receipt in this answer, if it has one that counts for this batch.
    fn of(answer: &Answer, batch: BatchId) -> Option<Receipt> {
        if answer.body.len() > ANSWER_BYTES_MAX {
            return None;
        }
        let json = serde_json::from_slice::<ReceiptJson>(&answer.body).ok()?;
        let is_this_batch = json.batch == batch.to_string();
        // The collector leaves the id out where it could not read that far.
        let may_be_this_batch = is_this_batch || json.batch.is_empty();
        let counts = match (answer.status, json.status) {
            (200..=299, _) => is_this_batch,
            (400 | 413 | 415, ReceiptStatus::Rejected) => may_be_this_batch,
            (422, ReceiptStatus::Rejected) => is_this_batch,
            _ => false,
        };
        let config = json.config.filter(|_| is_this_batch).and_then(|config| remote::read(&config));
        counts.then_some(Receipt { status: json.status, config })
    }
}

/// How long to wait after an exchange that settled nothing.
fn later(exchange: &Exchange<'_>) -> Next {
    let asked =
        exchange.answer.and_then(|answer| retry_after(answer.retry_after.as_deref()?, exchange.wall_unix_ms));
    let at_least = |ours: Duration| ours.max(asked.unwrap_or_default());
    match exchange.answer.map(|answer| answer.status) {
        // The app key is not (yet, or no longer) known, or the address leads elsewhere. An hour later is soon enough for
        // a person to have mended it, and a fleet of phones with a wrong key costs its server next to nothing. A gateway
        // says the same for a minute while its collector is replaced: the batches are on the disk and can wait.
        Some(401 | 403 | 404 | 405 | 410) => Next::Stop(at_least(spread(STOP_WAIT, exchange.jitter))),
        Some(429 | 503) if is_broken(Mutant::RemovedWhenBusy) => Next::Delivered,
        _ if is_broken(Mutant::BackoffLeftOut) => Next::Wait(Duration::ZERO),
        _ => Next::Wait(at_least(backoff(exchange.failures, exchange.jitter))),
    }
}

/// The back-off after so many failures before this one: some time below a ceiling that doubles.
fn backoff(failures: u32, jitter: u64) -> Duration {
    let doubled = BACKOFF_BASE.saturating_mul(1 << failures.min(16));
    spread(doubled.min(BACKOFF_MAX), jitter)
}

/// Some time between half of the ceiling and the whole of it. Spread, so that a fleet that lost one server at one moment
/// does not come back to it at one moment (AWS Architecture Blog, 2015, "equal jitter"). Never below half, so that the
/// number of attempts is bounded whatever is drawn: eleven in ten minutes, where jitter down to zero has no bound at all.
fn spread(ceiling: Duration, jitter: u64) -> Duration {
    let half = ceiling / 2;
    half + Duration::from_nanos(below(u64::try_from(half.as_nanos()).unwrap_or(u64::MAX), jitter))
}

/// Seconds or an HTTP date (RFC 9110, 10.2.3), at most [`RETRY_AFTER_MAX`]; `None` if it is neither. A date that is past
/// on this device's clock asks for nothing.
fn retry_after(text: &str, wall_unix_ms: u64) -> Option<Duration> {
    let text = text.trim();
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are no less of a wish.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let now = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(wall_unix_ms))?;
        httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests;
