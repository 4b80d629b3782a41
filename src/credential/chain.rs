//! Certificates that a credential brings with it: each counts as far as a country's signing CA (CSCA) that is trusted vouches for it.
//!
//! One step and no more, as in Doc 9303, part 12. The CA is found by the identifier of its key, or by its name, in its own bytes; what
//! decides is its signature alone, made as its key can and not as the certificate says.

use ring::digest::{SHA256, digest};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey,
    VerificationAlgorithm,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{KeyUsage, ParsedExtension};
use x509_parser::oid_registry::{
    OID_NIST_HASH_SHA256, OID_NIST_HASH_SHA384, OID_NIST_HASH_SHA512, OID_PKCS1_RSASSAPSS,
    OID_PKCS1_SHA256WITHRSA, OID_PKCS1_SHA384WITHRSA, OID_PKCS1_SHA512WITHRSA, OID_SIG_ECDSA_WITH_SHA256,
    OID_SIG_ECDSA_WITH_SHA384,
};
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::X509Name;

use super::key::{Algorithm, Key, Keys, Scheme};
use super::report::Fault;

/// What a certificate that names any use at all has to name, to sign seals (ICAO VDS-NC, its profile of signers).
const SEALS: &str = "2.23.136.1.1.14.2";

/// Tags of DER, and one more than the most bytes of the header of a certificate.
const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const HEADER_MAX: usize = 5;

/// What is trusted with a signing CA of which `key` is the key: the same key by its identifier and by the CA's name. Nothing of a
/// certificate that is none's.
pub fn authority(certificate: &X509Certificate<'_>, key: &Key) -> Vec<Key> {
    if !is_authority(certificate) {
        return vec![];
    }
    let identifier = certificate.extensions().iter().find_map(|extension| {
        if let ParsedExtension::SubjectKeyIdentifier(identifier) = extension.parsed_extension() {
            Some(identifier.0.to_vec())
        } else {
            None
        }
    });
    let names = identifier.into_iter().chain([name(certificate.subject())]);
    names.map(|id| Key { scheme: Scheme::VdsNc, id, ..key.clone() }).collect()
}

/// Which of `keys` vouches for `certificate`.
///
/// # Errors
///
/// [`Fault::UnknownKey`] where none of them is named, [`Fault::Signature`] where the one that is has not signed it, and
/// [`Fault::Unsupported`] where it may have in a way that nothing here checks. Only an identifier names a key: a CA keeps its name
/// when it changes its key.
pub fn vouched<'k>(certificate: &X509Certificate<'_>, keys: &'k Keys) -> Result<&'k Key, Fault> {
    let identifier = certificate.extensions().iter().find_map(|extension| {
        if let ParsedExtension::AuthorityKeyIdentifier(authority) = extension.parsed_extension() {
            authority.key_identifier.as_ref()
        } else {
            None
        }
    });
    let by_identifier = identifier.map_or(&[][..], |identifier| keys.named(Scheme::VdsNc, identifier.0));
    let by_name = keys.named(Scheme::VdsNc, &name(certificate.issuer()));
    if let Some(key) = by_identifier.iter().chain(by_name).find(|key| has_signed(key, certificate)) {
        return Ok(key);
    }
    match by_identifier {
        [] => Err(Fault::UnknownKey),
        named if named.iter().all(|key| way(key.algorithm, certificate).is_none()) => Err(Fault::Unsupported),
        _ => Err(Fault::Signature),
    }
}

/// Whether what is not signed of the certificate that `der` is, its frame, is as it has to be: readers take frames that are not, and
/// there would be several certificates of one.
pub fn is_exact(certificate: &X509Certificate<'_>, der: &[u8]) -> bool {
    let signed = certificate.tbs_certificate.as_ref();
    let signature = [&[0], &certificate.signature_value.data[..]].concat();
    let end = framed(BIT_STRING, &signature);
    let rest = der.windows(signed.len()).take(HEADER_MAX).position(|window| window == signed);
    let rest = rest.and_then(|start| der[start + signed.len()..].strip_suffix(&end[..]));
    // The way in which it is signed stands within what is signed as well.
    rest.is_some_and(|way| {
        let whole = framed(SEQUENCE, &[signed, way, &end].concat());
        whole == der && !way.is_empty() && signed.windows(way.len()).any(|window| window == way)
    })
}

/// Whether whoever has this certificate may sign seals: it says nothing else of its use, is no CA, and has nothing that must be
/// understood and is not.
pub fn may_seal(certificate: &X509Certificate<'_>) -> bool {
    let names_it = match certificate.extended_key_usage() {
        Ok(Some(usage)) => usage.value.other.iter().any(|oid| oid.to_id_string() == SEALS),
        Ok(None) => true,
        Err(_) => false,
    };
    let is_signer = matches!(certificate.basic_constraints(), Ok(None))
        || matches!(certificate.basic_constraints(), Ok(Some(constraints)) if !constraints.value.ca);
    let is_understood = certificate.extensions().iter().all(|extension| {
        !extension.critical
            || matches!(
                extension.parsed_extension(),
                ParsedExtension::KeyUsage(_)
                    | ParsedExtension::ExtendedKeyUsage(_)
                    | ParsedExtension::BasicConstraints(_)
            )
    });
    names_it && is_signer && is_understood && signs_documents(certificate)
}

/// Whether the key may sign anything but certificates, which it may where it says nothing.
pub fn signs_documents(certificate: &X509Certificate<'_>) -> bool {
    uses(certificate, KeyUsage::digital_signature)
}

fn is_authority(certificate: &X509Certificate<'_>) -> bool {
    let is_one = matches!(certificate.basic_constraints(), Ok(Some(constraints)) if constraints.value.ca);
    is_one && uses(certificate, KeyUsage::key_cert_sign)
}

fn uses(certificate: &X509Certificate<'_>, has: impl Fn(&KeyUsage) -> bool) -> bool {
    match certificate.key_usage() {
        Ok(usage) => usage.is_none_or(|usage| has(usage.value)),
        Err(_) => false,
    }
}

/// DER of a tag and what it holds, at most 65,535 bytes.
fn framed(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    let length = match (high, low) {
        (0, 0..0x80) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag], &length[..], content].concat()
}

/// What a CA is called by its name: of the same length as nothing that certificates call keys.
fn name(name: &X509Name<'_>) -> Vec<u8> {
    digest(&SHA256, name.as_raw()).as_ref().to_vec()
}

/// Whether `certificate` bears the signature of `key`, in a way that a key of its kind signs.
fn has_signed(key: &Key, certificate: &X509Certificate<'_>) -> bool {
    // What is signed names the way as well, and has to name the same.
    let is_same = certificate.signature_algorithm == certificate.tbs_certificate.signature;
    let way = way(key.algorithm, certificate).filter(|_| is_same);
    way.is_some_and(|way| {
        let signed = certificate.tbs_certificate.as_ref();
        UnparsedPublicKey::new(way, &key.public).verify(signed, &certificate.signature_value.data).is_ok()
    })
}

fn way(
    algorithm: Algorithm,
    certificate: &X509Certificate<'_>,
) -> Option<&'static dyn VerificationAlgorithm> {
    let said = &certificate.signature_algorithm;
    let way: &'static dyn VerificationAlgorithm = match algorithm {
        Algorithm::Es256 if said.algorithm == OID_SIG_ECDSA_WITH_SHA256 => &ECDSA_P256_SHA256_ASN1,
        Algorithm::Es256 if said.algorithm == OID_SIG_ECDSA_WITH_SHA384 => &ECDSA_P256_SHA384_ASN1,
        Algorithm::Es384 if said.algorithm == OID_SIG_ECDSA_WITH_SHA256 => &ECDSA_P384_SHA256_ASN1,
        Algorithm::Es384 if said.algorithm == OID_SIG_ECDSA_WITH_SHA384 => &ECDSA_P384_SHA384_ASN1,
        Algorithm::Ps256 if said.algorithm == OID_PKCS1_SHA256WITHRSA => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Ps256 if said.algorithm == OID_PKCS1_SHA384WITHRSA => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Ps256 if said.algorithm == OID_PKCS1_SHA512WITHRSA => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 if said.algorithm == OID_PKCS1_RSASSAPSS => {
            let parameters = RsaSsaPssParams::try_from(said.parameters.as_ref()?).ok()?;
            let hash = parameters.hash_algorithm_oid();
            if *hash == OID_NIST_HASH_SHA256 {
                &RSA_PSS_2048_8192_SHA256
            } else if *hash == OID_NIST_HASH_SHA384 {
                &RSA_PSS_2048_8192_SHA384
            } else if *hash == OID_NIST_HASH_SHA512 {
                &RSA_PSS_2048_8192_SHA512
            } else {
                return None;
            }
        }
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::Ps256 | Algorithm::EdDsa => return None,
    };
    Some(way)
}
