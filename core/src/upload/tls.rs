//! The default transport's TLS: whose certificates are believed, and which keys must be among them.
//!
//! Owns: reading the app's own root certificates, the client configuration, and the check of pins. Refuses: any rule of
//! its own about certificates; rustls verifies them, and a pin can only refuse what it accepted.
//! Invariant: pins are looked for on a verified path, never among what the server merely sent along: anybody can send the
//! bank's certificates beside their own.

use super::trust::{Roots, SpkiPin};
use crate::error::Error;
use ring::digest::{SHA256, digest};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, KeyProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, TrustAnchor, UnixTime};
use rustls::sign::SigningKey;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::sync::Arc;
use webpki::{EndEntityCert, KeyUsage, VerifiedPath, anchor_from_trusted_cert};

/// First byte of a certificate as DER; PEM begins with a dash, or with text about what follows.
const DER_SEQUENCE: u8 = 0x30;

/// Reads the root certificates that the app gave itself.
///
/// # Errors
/// If an entry holds none, or one that cannot be read; the message says which.
pub(crate) fn own_anchors(roots: &Roots) -> Result<Vec<TrustAnchor<'static>>, Error> {
    let mut anchors = Vec::new();
    for (number, entry) in roots.own().iter().enumerate() {
        let problem = || {
            let problem = format!("has an entry (number {number}) that is no certificate as DER or PEM");
            Error::config("roots", problem)
        };
        let before = anchors.len();
        if entry.first() == Some(&DER_SEQUENCE) {
            anchors.push(anchor(&CertificateDer::from(entry.as_slice())).ok_or_else(problem)?);
        } else {
            for certificate in CertificateDer::pem_slice_iter(entry) {
                let certificate = certificate.map_err(|_| problem())?;
                anchors.push(anchor(&certificate).ok_or_else(problem)?);
            }
        }
        if anchors.len() == before {
            return Err(problem());
        }
    }
    Ok(anchors)
}

fn anchor(certificate: &CertificateDer<'_>) -> Option<TrustAnchor<'static>> {
    Some(anchor_from_trusted_cert(certificate).ok()?.to_owned())
}

/// The client configuration: TLS 1.2 and up, these authorities, these pins if there are any.
pub(crate) fn client_config(
    roots: Vec<TrustAnchor<'static>>,
    pins: &[SpkiPin],
) -> Result<ClientConfig, rustls::Error> {
    let provider = CryptoProvider { key_provider: &NoKeys, ..rustls::crypto::ring::default_provider() };
    let provider = Arc::new(provider);
    let roots = Arc::new(RootCertStore { roots });
    let builder =
        ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    if pins.is_empty() {
        return Ok(builder.with_root_certificates(roots).with_no_client_auth());
    }
    let verifier = Arc::new(Pinned::new(roots, pins, &provider)?);
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// A device has no key of its own to show, so that the code that reads such keys and signs with them need not be in the app.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("the client has no key".to_owned()))
    }
}

/// Verifies as rustls does, and then asks for a path with a pinned key on it.
#[derive(Debug)]
struct Pinned {
    webpki: Arc<WebPkiServerVerifier>,
    roots: Arc<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
    pins: Vec<SpkiPin>,
}

impl Pinned {
    fn new(
        roots: Arc<RootCertStore>,
        pins: &[SpkiPin],
        provider: &Arc<CryptoProvider>,
    ) -> Result<Pinned, rustls::Error> {
        let webpki = WebPkiServerVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(provider))
            .build()
            // Only where there is no authority at all, and then nobody can be believed.
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        let algorithms = provider.signature_verification_algorithms;
        Ok(Pinned { webpki, roots, algorithms, pins: pins.to_vec() })
    }

    fn is_pinned(&self, spki: &[u8]) -> bool {
        let found = digest(&SHA256, spki);
        self.pins.iter().any(|pin| pin.digest() == found.as_ref())
    }

    /// Whether the server's own key, an intermediate authority's or the root's is pinned.
    fn is_path_pinned(&self, path: &VerifiedPath<'_>) -> bool {
        let root = sequence(&path.anchor().subject_public_key_info);
        self.is_pinned(&path.end_entity().subject_public_key_info())
            || path.intermediate_certificates().any(|cert| self.is_pinned(&cert.subject_public_key_info()))
            || self.is_pinned(&root)
    }
}

/// A trust anchor holds only what is inside of its SubjectPublicKeyInfo; a pin is of the whole (X.690, 8.1.3).
fn sequence(content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes().into_iter().skip_while(|&byte| byte == 0);
    let mut der = vec![DER_SEQUENCE];
    if content.len() >= 0x80 {
        der.push(0x80 | length.clone().count() as u8);
    }
    der.extend(length);
    der.extend_from_slice(content);
    der
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified =
            self.webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        let refused = || rustls::Error::from(CertificateError::ApplicationVerificationFailure);
        let pinned = |path: &VerifiedPath<'_>| {
            if self.is_path_pinned(path) { Ok(()) } else { Err(webpki::Error::UnknownIssuer) }
        };
        EndEntityCert::try_from(end_entity)
            .map_err(|_| refused())?
            .verify_for_usage(
                self.algorithms.all,
                &self.roots.roots,
                intermediates,
                now,
                KeyUsage::server_auth(),
                None,
                Some(&pinned),
            )
            .map_err(|_| refused())?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.webpki.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.webpki.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::sequence;

    #[test]
    fn a_sequence_says_its_length_in_the_shortest_way() {
        for (length, head) in [
            (91, vec![0x30, 91]),
            (127, vec![0x30, 127]),
            (128, vec![0x30, 0x81, 128]),
            (255, vec![0x30, 0x81, 255]),
            (256, vec![0x30, 0x82, 1, 0]),
            (294, vec![0x30, 0x82, 1, 38]),
        ] {
            let der = sequence(&vec![7; length]);
            assert_eq!((&der[..head.len()], der.len()), (&head[..], head.len() + length));
        }
    }
}
