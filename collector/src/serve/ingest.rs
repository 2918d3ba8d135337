//! `POST /v1/batches` and `POST /v1/steps`: from a request to a receipt.
//!
//! Owns: every way in which this can end, which is the same for both. Refuses: guessing; what is not a batch, and does not become one, is
//! not stored.
//! Invariant: a status of 400, 413 or 415 means that this batch will never be stored, and only then. A version not
//! known here is no such end: the collector may be upgraded, and the device keeps the batch until then.

use super::body::{self, Broken};
use super::counters::Ending;
use super::door::{Phase, Seat};
use super::{Shared, access, refusal};
use crate::error::Error;
use crate::limits::{BODY_BYTES_MAX, RETRY_AFTER_BUSY_S, RETRY_AFTER_FAILED_S, RETRY_AFTER_UNSUPPORTED_S};
use crate::steps;
use crate::store::{Intake, Stored};
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use nowait_wire::{Batch, Receipt, ReceiptStatus};
use std::sync::Arc;

/// The device's wall clock when it sent, in milliseconds since 1970 UTC.
const SENT: HeaderName = HeaderName::from_static("x-nowait-sent-unix-ms");

/// Why a batch is not stored.
struct Refusal {
    ending: Ending,
    status: StatusCode,
    reason: String,
    /// The id of the batch, if it could be read.
    batch: String,
}

impl Refusal {
    fn new(ending: Ending, status: StatusCode, reason: impl Into<String>) -> Refusal {
        Refusal { ending, status, reason: reason.into(), batch: String::new() }
    }

    fn answer(self) -> Response {
        let retry_after_s = match self.ending {
            Ending::Busy | Ending::OverShare => RETRY_AFTER_BUSY_S,
            Ending::Failed => RETRY_AFTER_FAILED_S,
            Ending::Unsupported => RETRY_AFTER_UNSUPPORTED_S,
            Ending::WrongKey | Ending::Incomplete | Ending::TooSlow => {
                return refusal(self.status, &self.reason);
            }
            _ => return rejected(self.status, self.batch, self.reason),
        };
        let mut response = refusal(self.status, &self.reason);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
        response
    }
}

/// How a request ends: counted when this is dropped, wherever that is. Its connection may go away at any moment.
struct End {
    shared: Arc<Shared>,
    ending: Ending,
}

impl Drop for End {
    fn drop(&mut self) {
        // A panic has a count of its own.
        if !std::thread::panicking() {
            self.shared.counters.count(self.ending);
        }
    }
}

/// A frame, and the batch that it decodes to.
type Framed = (Vec<u8>, Batch);

/// What a body is, and how it becomes a frame and the batch in it.
struct Form {
    media_type: &'static str,
    read: fn(Vec<u8>, u64) -> Result<Framed, Refusal>,
}

const BATCH: Form = Form {
    media_type: nowait_wire::CONTENT_TYPE,
    read: |frame, _| {
        let batch = nowait_wire::decode(&frame).map_err(|error| unreadable(&frame, &error))?;
        Ok((frame, batch))
    },
};

/// What other channels tell: see [`crate::steps`].
const STEPS: Form = Form {
    media_type: "application/json",
    read: |body, now_unix_ms| {
        let refused = |why: String| Refusal::new(Ending::Malformed, StatusCode::BAD_REQUEST, why);
        let batch = steps::read(&body, now_unix_ms).map_err(|error| refused(error.to_string()))?;
        let frame = nowait_wire::encode(&batch).map_err(|error| refused(error.to_string()))?;
        Ok((frame, nowait_wire::quantise(&batch)))
    },
};

pub(super) async fn batches(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    receive(&shared, request, &BATCH).await
}

pub(super) async fn steps(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    receive(&shared, request, &STEPS).await
}

async fn receive(shared: &Arc<Shared>, request: Request, form: &Form) -> Response {
    let mut end = Some(End { shared: Arc::clone(shared), ending: Ending::Abandoned });
    match take(shared, request, form, &mut end).await {
        Ok((batch, stored)) => {
            let status = match stored {
                Stored::New => ReceiptStatus::Stored,
                Stored::Duplicate => ReceiptStatus::Duplicate,
            };
            let config = shared.config.remote;
            let receipt = Receipt { batch, status, reason: String::new(), config };
            (StatusCode::OK, axum::Json(receipt)).into_response()
        }
        Err(refused) => {
            if let Some(end) = &mut end {
                end.ending = refused.ending;
            }
            refused.answer()
        }
    }
}

/// Everything up to the word of the store. Takes `end` once the store has the batch: then that word is how it ends.
async fn take(
    shared: &Arc<Shared>,
    request: Request,
    form: &Form,
    end: &mut Option<End>,
) -> Result<(String, Stored), Refusal> {
    let (head, body) = request.into_parts();
    let seat = head.extensions.get::<Arc<Seat>>();
    let tenant = tenant(shared, &head.headers)?;
    seat.inspect(|seat| seat.is_known_now());
    check_type(&head.headers, form.media_type)?;
    check_length(&head.headers)?;
    // Told before the body crosses a slow network for nothing.
    if shared.ingest.is_full_for(&tenant) {
        return Err(over_share());
    }
    seat.inspect(|seat| seat.is_now(Phase::Body));
    let arriving = shared.bodies.begin(&tenant);
    let frame = body::read(body, &arriving).await.map_err(broken)?;
    seat.inspect(|seat| seat.is_now(Phase::Work));
    let share = shared.ingest.take(&tenant).ok_or_else(over_share)?;
    let now_unix_ms = (shared.config.clock)();
    let (frame, batch) = (form.read)(frame, now_unix_ms)?;
    let (id, events, bytes) = (batch.id.to_string(), batch.events.len(), frame.len());
    let sent = head.headers.get(SENT).and_then(|sent| sent.to_str().ok()?.parse().ok());
    let intake = Intake::new(&tenant, frame, batch, now_unix_ms, sent);
    let redacted = intake.redacted();
    let pending = shared.store.append(intake).map_err(not_stored)?;
    let mut end = end.take();
    // The share goes with the batch: who hangs up and comes again waits for what he sent before.
    let storing = tokio::spawn(async move {
        let _held = (share, arriving);
        let stored = pending.await;
        if let Some(end) = &mut end {
            end.ending = match &stored {
                Ok(Stored::New) => Ending::Stored,
                Ok(Stored::Duplicate) => Ending::Duplicate,
                Err(error) if error.is_busy() => Ending::Busy,
                Err(_) => Ending::Failed,
            };
            if let Ok(Stored::New) = stored {
                end.shared.counters.count_stored(events, bytes, redacted);
            }
        }
        stored
    });
    let stored = storing.await.map_err(|_| not_stored(Error::store("the collector is shutting down")))?;
    Ok((id, stored.map_err(not_stored)?))
}

fn tenant(shared: &Shared, headers: &HeaderMap) -> Result<String, Refusal> {
    let key = access::secret(headers);
    let tenant = key.as_deref().and_then(|key| shared.config.keys.tenant_of_app_key(key));
    tenant.map(str::to_owned).ok_or_else(|| {
        let reason = if key.is_none() { "the app key is missing" } else { "the app key is not known here" };
        Refusal::new(Ending::WrongKey, StatusCode::UNAUTHORIZED, reason)
    })
}

fn check_type(headers: &HeaderMap, wanted: &str) -> Result<(), Refusal> {
    let found = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let media_type = found.split(';').next().unwrap_or("").trim();
    if media_type.eq_ignore_ascii_case(wanted) && !headers.contains_key(header::CONTENT_ENCODING) {
        return Ok(());
    }
    let reason = format!("only {wanted} without a content encoding is taken");
    Err(Refusal::new(Ending::WrongType, StatusCode::UNSUPPORTED_MEDIA_TYPE, reason))
}

fn check_length(headers: &HeaderMap) -> Result<(), Refusal> {
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > BODY_BYTES_MAX as u64) {
        return Err(too_large());
    }
    Ok(())
}

fn too_large() -> Refusal {
    let reason = format!("the body is larger than {BODY_BYTES_MAX} bytes: send smaller batches");
    Refusal::new(Ending::TooLarge, StatusCode::PAYLOAD_TOO_LARGE, reason)
}

fn over_share() -> Refusal {
    let reason = "too many batches of this tenant are being received: send again later";
    Refusal::new(Ending::OverShare, StatusCode::SERVICE_UNAVAILABLE, reason)
}

fn broken(why: Broken) -> Refusal {
    let timeout = |ending, reason| Refusal::new(ending, StatusCode::REQUEST_TIMEOUT, reason);
    match why {
        Broken::TooLarge => too_large(),
        Broken::Incomplete => timeout(Ending::Incomplete, "the body did not arrive whole"),
        Broken::Late => timeout(Ending::Incomplete, "the body did not arrive in time"),
        Broken::TooSlow => timeout(Ending::TooSlow, "the body came too slowly"),
        Broken::NoRoom => {
            let reason = "too many batches are being received: send again later";
            Refusal::new(Ending::Busy, StatusCode::SERVICE_UNAVAILABLE, reason)
        }
    }
}

fn unreadable(frame: &[u8], error: &nowait_wire::Error) -> Refusal {
    let (ending, status) = if error.is_too_large() {
        (Ending::TooLarge, StatusCode::PAYLOAD_TOO_LARGE)
    } else if error.is_malformed() {
        (Ending::Malformed, StatusCode::BAD_REQUEST)
    } else {
        (Ending::Unsupported, StatusCode::NOT_IMPLEMENTED)
    };
    let batch = nowait_wire::decode_header(frame).map_or(String::new(), |header| header.id.to_string());
    Refusal { batch, ..Refusal::new(ending, status, error.to_string()) }
}

fn not_stored(error: Error) -> Refusal {
    if error.is_busy() {
        return Refusal::new(Ending::Busy, StatusCode::SERVICE_UNAVAILABLE, error.to_string());
    }
    tracing::error!(why = %error, "not stored");
    let reason = "the collector cannot store at the moment: send again later";
    Refusal::new(Ending::Failed, StatusCode::SERVICE_UNAVAILABLE, reason)
}

/// The receipt that ends a batch which is not stored; a device takes no configuration from a refusal.
fn rejected(status: StatusCode, batch: String, reason: String) -> Response {
    let receipt = Receipt { batch, status: ReceiptStatus::Rejected, reason, config: None };
    (status, axum::Json(receipt)).into_response()
}
