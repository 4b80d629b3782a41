//! How a kiosk knows its hub over TLS, whatever its own clock shows, and which key it presents itself.
//!
//! A hub's own certificate is pinned: compared byte by byte, neither names nor dates looked at. A certificate of a
//! public authority is verified as everywhere, at the later of the system's time and a time that has certainly
//! [passed](Passed): a clock that starts in the past would otherwise call every certificate "not yet valid", and the
//! kiosk would never reach the hub. A clock that runs ahead finds a certificate expired, as anywhere; only the pin
//! helps there.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use super::net::wall_now;
use super::own_key::OwnKey;
use super::passed::Passed;
use crate::base::Wall;
use crate::sync::enrolment::Fingerprint;

/// TLS that accepts one certificate and nothing else, and presents `own`.
///
/// # Errors
///
/// What rustls says of its own settings, or of the key.
pub fn pinned(pin: Fingerprint, own: Option<&OwnKey>) -> Result<ClientConfig, rustls::Error> {
    let provider = provider();
    let verifier = Pinned { pin, provider: Arc::clone(&provider) };
    client(provider, Time { system: wall_now, passed: Passed::default() }, Arc::new(verifier), own)
}

/// TLS that accepts what the system's authorities vouch for, now or at the time that has certainly passed, and presents
/// `own`.
///
/// # Errors
///
/// When the system has no authorities, or what rustls says of the key.
pub fn public(passed: Passed, own: Option<&OwnKey>) -> Result<ClientConfig, rustls::Error> {
    let provider = provider();
    let verifier = Verifier::new(Arc::clone(&provider))?;
    client(provider, Time { system: wall_now, passed }, Arc::new(verifier), own)
}

/// TLS that accepts what the authorities of the PEM file `authorities` vouch for, and nothing else; it presents nothing.
///
/// # Errors
///
/// When there is no usable certificate in it.
pub fn vouched_for(authorities: &[u8]) -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authorities) {
        let certificate = certificate.map_err(|error| rustls::Error::General(error.to_string()))?;
        // One that this library cannot use does not spoil the others of a system's collection.
        let _ = roots.add(certificate);
    }
    if roots.is_empty() {
        return Err(rustls::Error::General("holds no usable certificate".to_owned()));
    }
    let builder = ClientConfig::builder_with_details(provider(), time_after(Passed::default()));
    Ok(builder.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn client(
    provider: Arc<CryptoProvider>,
    time: Time,
    verifier: Arc<dyn ServerCertVerifier>,
    own: Option<&OwnKey>,
) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_details(provider, Arc::new(time));
    let builder = builder.with_safe_default_protocol_versions()?;
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    match own.map(OwnKey::chain) {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key),
        None => Ok(builder.with_no_client_auth()),
    }
}

/// The time at which certificates are judged.
#[derive(Debug)]
struct Time {
    system: fn() -> Wall,
    passed: Passed,
}

/// The system's time, or what has certainly `passed` when its clock is behind that.
pub(super) fn time_after(passed: Passed) -> Arc<dyn TimeProvider> {
    Arc::new(Time { system: wall_now, passed })
}

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let now = (self.system)().max(self.passed.at());
        u64::try_from(now.as_secs()).ok().map(|secs| UnixTime::since_unix_epoch(Duration::from_secs(secs)))
    }
}

/// Accepts one certificate and nothing else.
#[derive(Debug)]
struct Pinned {
    pin: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if Fingerprint::of(end_entity) == self.pin {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::General("hub presents another certificate than at enrolment".to_owned()))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
