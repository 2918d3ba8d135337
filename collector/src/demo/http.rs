//! The one HTTP client that the demo's processes use, for the bank and for reading reports.
//!
//! Owns: its settings. Refuses: TLS, proxies and redirects: everything is on 127.0.0.1.
//! Invariant: no request leaves this machine.

use crate::Error;
use std::sync::Arc;

/// A client for addresses on this machine.
///
/// # Errors
/// [`Error`] if the system refuses.
pub(super) fn client() -> Result<reqwest::Client, Error> {
    let failed = |error: String| Error::io(format!("no HTTP client: {error}"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    // No roots: reading the system's would be most of a customer's launch, and nothing here speaks TLS.
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.to_string()))?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| failed(error.to_string()))
}
