//! The default transport: reqwest over rustls, on the worker's own thread.
//!
//! Owns: one HTTP client with our own TLS configuration (`tls`), no redirects, and no connection between two exchanges.
//! Refuses: retries and meaning; see `policy`.
//! Invariant: when [`Upload::send`] returns, its socket is closed, whether the exchange ended, was cancelled or took too
//! long.

use super::endpoint::{self, Endpoint};
use super::tls;
use super::trust::{Roots, SpkiPin};
use super::{Answer, Cancel, Parcel, Upload};
use crate::error::Error;
use crate::limits::{ANSWER_BYTES_MAX, CANCEL_LOOK, CLOSE_TIMEOUT};
use reqwest::header::RETRY_AFTER;
use rustls::pki_types::TrustAnchor;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep, timeout_at};

/// An exchange that may take longer than this may take for ever; it keeps sums of times within the clock.
const TIMEOUT_MAX: Duration = Duration::from_secs(3_600);

/// Sends parcels over HTTP.
#[derive(Debug)]
pub(crate) struct Http {
    endpoint: Endpoint,
    roots: Vec<TrustAnchor<'static>>,
    with_mozilla: bool,
    pins: Vec<SpkiPin>,
    /// Made at the first parcel, on the worker's thread: certificates and TLS take milliseconds.
    client: Option<reqwest::Client>,
}

impl Http {
    /// The transport to this endpoint, believing these roots and pins.
    ///
    /// # Errors
    /// If one of the root certificates cannot be read.
    pub(crate) fn new(endpoint: &str, roots: &Roots, pins: &[SpkiPin]) -> Result<Http, Error> {
        Ok(Http {
            endpoint: endpoint::parse(endpoint).map_err(|problem| Error::config("endpoint", problem))?,
            roots: tls::own_anchors(roots)?,
            with_mozilla: !matches!(roots, Roots::Only(_)),
            pins: pins.to_vec(),
            client: None,
        })
    }

    /// The client; `None` if it cannot be had, which may be another matter at the next parcel.
    fn client(&mut self) -> Option<&reqwest::Client> {
        if self.client.is_none() {
            self.client = self.make_client();
        }
        self.client.as_ref()
    }

    fn make_client(&self) -> Option<reqwest::Client> {
        let mut roots = self.roots.clone();
        if self.with_mozilla {
            roots.extend_from_slice(webpki_roots::TLS_SERVER_ROOTS);
        }
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::client_config(roots, &self.pins).ok()?)
            .https_only(self.endpoint.is_tls)
            .redirect(reqwest::redirect::Policy::none())
            // The runtime rests between exchanges, so nobody would close a connection that idles; and one exchange in
            // some minutes would not find it open anyway. TLS sessions are resumed, which saves most of a handshake.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("nowait/", env!("CARGO_PKG_VERSION")));
        if self.endpoint.is_loopback {
            // A proxy of the environment would take what must not leave this device, and look for it on its own.
            builder = builder.no_proxy();
        }
        builder.build().ok()
    }
}

impl Upload for Http {
    fn send(&mut self, parcel: Parcel<'_>) -> Option<Answer> {
        if parcel.cancel.is_cancelled() {
            return None;
        }
        let mut request = self.client()?.post(parcel.url).body(parcel.body.to_vec());
        for (name, value) in parcel.headers() {
            request = request.header(name, value);
        }
        // Its one thread asks the system for the server's address, which may take as long as the system likes.
        let runtime = Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(1)
            .thread_name("nowait-dns")
            .build()
            .ok()?;
        let answer = runtime.block_on(async {
            let mut answer = None;
            let ending = bounded(exchange(request, &mut answer), &parcel.cancel, parcel.timeout).await;
            if ending == Ending::Cancelled {
                return None;
            }
            closed().await;
            answer
        });
        close(runtime);
        answer
    }
}

/// One request and its answer. What came of the answer stands in `answer` also if this is dropped half-way.
async fn exchange(request: reqwest::RequestBuilder, answer: &mut Option<Answer>) {
    let Ok(mut response) = request.send().await else { return };
    let header = response.headers().get(RETRY_AFTER);
    let retry_after = header.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let answer = answer.insert(Answer { status: response.status().as_u16(), retry_after, body: Vec::new() });
    let mut body = Vec::new();
    while let Ok(chunk) = response.chunk().await {
        match chunk {
            Some(chunk) if body.len() + chunk.len() <= ANSWER_BYTES_MAX => body.extend_from_slice(&chunk),
            // Nothing is concluded from a body that is longer than any receipt.
            Some(_) => return,
            None => {
                answer.body = body;
                return;
            }
        }
    }
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Finished,
    TimedOut,
    Cancelled,
}

/// Drives the exchange until it ends, it is cancelled, or its time is up.
async fn bounded(exchange: impl Future<Output = ()>, cancel: &Cancel, timeout: Duration) -> Ending {
    let mut exchange = pin!(exchange);
    let until = Instant::now() + timeout.min(TIMEOUT_MAX);
    loop {
        let look = until.min(Instant::now() + CANCEL_LOOK);
        if timeout_at(look, exchange.as_mut()).await.is_ok() {
            return Ending::Finished;
        }
        if cancel.is_cancelled() {
            return Ending::Cancelled;
        }
        if look == until {
            return Ending::TimedOut;
        }
    }
}

/// Lets the connection say goodbye, which takes a turn or two of the runtime.
async fn closed() {
    let until = Instant::now() + CLOSE_TIMEOUT;
    let tasks = tokio::runtime::Handle::current().metrics();
    while tasks.num_alive_tasks() > 0 && Instant::now() < until {
        sleep(Duration::from_millis(1)).await;
    }
}

/// Drops whatever the runtime still holds, sockets included. Does not wait for a name that the system is still resolving
/// on a thread of its own.
fn close(runtime: Runtime) {
    runtime.shutdown_background();
}

#[cfg(test)]
mod tests;
