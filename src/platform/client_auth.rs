//! How a hub learns with which key somebody speaks: by a certificate that the client may present and signs for itself.
//!
//! The handshake proves that the client holds the key; whose key that is, and whether it counts, is asked for each
//! request (see [`crate::sync::tls_keys`]), so that what changes at the hub counts at once. Dates, names and issuers are
//! not looked at. Browsers present nothing: they are told that only certificates of the issuer [`ISSUER`] are of use, so
//! that none of them asks a person to choose one.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, SignatureScheme};

use crate::journal::TlsKeyId;

/// The common name of issuer and subject in the certificate of every kiosk. Nobody is named in the clear.
pub const ISSUER: &str = "kakou kiosk";

/// Accepts whoever proves to hold the key in the certificate that it presents, and whoever presents none.
#[derive(Debug)]
pub struct AnyKey {
    provider: Arc<CryptoProvider>,
    hints: [DistinguishedName; 1],
}

impl AnyKey {
    /// Signatures are checked by `provider`.
    pub fn new(provider: Arc<CryptoProvider>) -> Self {
        Self { provider, hints: [DistinguishedName::in_sequence(&common_name(ISSUER))] }
    }
}

/// The key that somebody proved to hold with these certificates, the first of which is its own.
pub fn key_of(certificates: Option<&[CertificateDer<'_>]>) -> Option<TlsKeyId> {
    let certificate = ParsedCertificate::try_from(certificates?.first()?).ok()?;
    Some(TlsKeyId::of(&certificate.subject_public_key_info()))
}

impl ClientCertVerifier for AnyKey {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        ParsedCertificate::try_from(end_entity).map(|_| ClientCertVerified::assertion())
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

/// A name's one part in DER: SET { SEQUENCE { OBJECT IDENTIFIER 2.5.4.3, UTF8String } }.
fn common_name(name: &str) -> Vec<u8> {
    let value = der(0x0C, name.as_bytes());
    der(0x31, &der(0x30, &[&[0x06, 0x03, 0x55, 0x04, 0x03], &value[..]].concat()))
}

/// A value of less than 128 bytes in DER.
fn der(tag: u8, value: &[u8]) -> Vec<u8> {
    assert!(value.len() < 128, "a longer length has another form");
    let length = u8::try_from(value.len()).unwrap_or(0);
    [&[tag, length], value].concat()
}

#[cfg(test)]
mod tests;
