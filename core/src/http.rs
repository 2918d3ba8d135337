//! The default transport: reqwest over rustls, on the worker's own thread.
//!
//! Owns: one HTTP client with our own TLS configuration (Mozilla's roots, TLS 1.2 and up, no redirects).
//! Refuses: retries and meaning; see `upload`.
//! Invariant: nothing is sent but the parcel, and nothing is read but the first bytes of the answer.

use crate::limits::ANSWER_BYTES_MAX;
use crate::upload::{Answer, Parcel, Upload};
use reqwest::header::RETRY_AFTER;
use std::sync::Arc;
use std::time::Duration;

/// How long a connection may sit unused: longer keeps the radio of a phone awake for nothing.
const IDLE_CONNECTION: Duration = Duration::from_secs(10);

/// Sends parcels over HTTP.
#[derive(Debug, Default)]
pub(crate) struct Http {
    /// Made at the first parcel, on the worker's thread: certificates and TLS take milliseconds.
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    /// Runs on the worker's thread only; reqwest needs a runtime, and this one has no threads.
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
}

impl Http {
    /// The client; `None` if TLS or the runtime cannot be had, which may be another matter at the next parcel.
    fn open(&mut self) -> Option<&Open> {
        if self.open.is_none() {
            self.open = Open::new();
        }
        self.open.as_ref()
    }
}

impl Open {
    fn new() -> Option<Open> {
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .ok()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(IDLE_CONNECTION)
            .user_agent(concat!("nowait/", env!("CARGO_PKG_VERSION")))
            .build()
            .ok()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        Some(Open { runtime, client })
    }
}

impl Upload for Http {
    fn send(&mut self, parcel: Parcel<'_>) -> Option<Answer> {
        let open = self.open()?;
        let mut request = open.client.post(parcel.url).timeout(parcel.timeout).body(parcel.body.to_vec());
        for (name, value) in parcel.headers() {
            request = request.header(name, value);
        }
        open.runtime.block_on(async {
            let mut response = request.send().await.ok()?;
            let status = response.status().as_u16();
            let header = response.headers().get(RETRY_AFTER);
            let retry_after = header.and_then(|value| value.to_str().ok()).map(str::to_owned);
            let mut body = Vec::new();
            while let Ok(Some(chunk)) = response.chunk().await {
                body.extend_from_slice(&chunk);
                if body.len() >= ANSWER_BYTES_MAX {
                    body.truncate(ANSWER_BYTES_MAX);
                    break;
                }
            }
            Some(Answer { status, retry_after, body })
        })
    }
}
