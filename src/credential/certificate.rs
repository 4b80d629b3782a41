//! Document signer certificates: the key in each, and what it may sign.

use ring::digest::{SHA256, digest};
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_NIST_EC_P384, OID_PKCS1_RSAENCRYPTION, OID_PKCS1_RSASSAPSS,
};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::RSAPublicKey;

use super::chain;
use super::key::{Algorithm, Key, Scheme, Uses};
use crate::base::Wall;

/// What a key may sign, in the two spellings that certificates have: the registered one, and one with a zero too many, which
/// more than half of the signers of the EU use.
const TEST: [&str; 2] = ["1.3.6.1.4.1.1847.2021.1.1", "1.3.6.1.4.1.0.1847.2021.1.1"];
const VACCINATION: [&str; 2] = ["1.3.6.1.4.1.1847.2021.1.2", "1.3.6.1.4.1.0.1847.2021.1.2"];
const RECOVERY: [&str; 2] = ["1.3.6.1.4.1.1847.2021.1.3", "1.3.6.1.4.1.0.1847.2021.1.3"];

/// Why bytes give no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCertificate {
    /// They are no X.509 certificate.
    #[error("no X.509 certificate in DER")]
    NoCertificate,
    /// Its key is of a kind that no credential is signed with.
    #[error("a key of {0}, which signs no credential that is known here")]
    UnknownKey(String),
    /// Its key is none of its kind, or a point that is compressed.
    #[error("a key that is none of its kind, or is written in a form that is not known here")]
    BadKey,
}

/// What is trusted with the certificate in `der`: the key of a document signer with HCERT; that of a country's signing CA, which says
/// that it is one, with the certificates in ICAO seals; and one that is both with both.
///
/// # Errors
///
/// As [`key`].
pub fn keys(der: &[u8]) -> Result<Vec<Key>, BadCertificate> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(|_| BadCertificate::NoCertificate)?;
    let key = of(&certificate, der)?;
    let authority = chain::authority(&certificate, &key);
    let signs_none = !authority.is_empty() && !chain::signs_documents(&certificate);
    Ok(authority.into_iter().chain((!signs_none).then_some(key)).collect())
}

/// The key of the certificate in `der`, by the name that HCERT gives it.
///
/// # Errors
///
/// When `der` is no certificate, or its key is neither on P-256 or P-384 nor of RSA, or is none.
pub fn key(der: &[u8]) -> Result<Key, BadCertificate> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(|_| BadCertificate::NoCertificate)?;
    of(&certificate, der)
}

/// The key of `certificate`, which `der` is.
pub(super) fn of(certificate: &X509Certificate<'_>, der: &[u8]) -> Result<Key, BadCertificate> {
    let public = certificate.public_key();
    let algorithm = &public.algorithm;
    let curve = algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
    let algorithm = if [OID_PKCS1_RSAENCRYPTION, OID_PKCS1_RSASSAPSS].contains(&algorithm.algorithm) {
        Algorithm::Ps256
    } else if curve.as_ref() == Some(&OID_EC_P256) {
        Algorithm::Es256
    } else if curve.as_ref() == Some(&OID_NIST_EC_P384) {
        Algorithm::Es384
    } else {
        return Err(BadCertificate::UnknownKey(curve.unwrap_or(algorithm.algorithm.clone()).to_id_string()));
    };
    if !is_key(algorithm, &public.subject_public_key.data) {
        return Err(BadCertificate::BadKey);
    }
    let country = certificate.subject().iter_country().chain(certificate.issuer().iter_country());
    let issuer = country.filter_map(|country| country.as_str().ok()).next().unwrap_or("?").to_owned();
    Ok(Key {
        scheme: Scheme::Hcert,
        id: digest(&SHA256, der).as_ref()[..8].to_vec(),
        algorithm,
        public: public.subject_public_key.data.to_vec(),
        uses: uses(certificate),
        not_before: Wall::from_secs(certificate.validity().not_before.timestamp()),
        not_after: Wall::from_secs(certificate.validity().not_after.timestamp()),
        issuer,
        list: 0,
    })
}

/// Whether these bytes have the form of a key that signs like that. One that has not would verify nothing, and nobody would notice.
fn is_key(algorithm: Algorithm, bytes: &[u8]) -> bool {
    // Uncompressed (SEC 1, 2.3.3).
    let is_point = |length: usize| bytes.len() == 1 + 2 * length && bytes[0] == 4;
    match algorithm {
        Algorithm::Es256 => is_point(32),
        Algorithm::Es384 => is_point(48),
        Algorithm::Ps256 => matches!(RSAPublicKey::from_der(bytes), Ok((&[], _))),
        Algorithm::EdDsa => bytes.len() == 32,
    }
}

fn uses(certificate: &X509Certificate<'_>) -> Uses {
    let extended = certificate.extended_key_usage().ok().flatten();
    let named: Vec<String> =
        extended.iter().flat_map(|usage| &usage.value.other).map(|oid| oid.to_id_string()).collect();
    let has = |names: [&str; 2]| named.iter().any(|name| names.contains(&name.as_str()));
    Uses { test: has(TEST), vaccination: has(VACCINATION), recovery: has(RECOVERY) }
}
