//! ICAO visible digital seals for non-constrained environments (VDS-NC) of vaccinations and tests: JSON that is signed in its
//! canonical form and brings its signer's certificate with it.
//!
//! ```text
//! {"data": {"hdr": {"t", "v": 1, "is": state}, "msg"}, "sig": {"alg", "cer", "sigvl"}}
//! sigvl ─▶ of data in canonical form (RFC 8785) ─▶ key of cer ─▶ cer by a signing CA of a country that is trusted
//! ```
//! A seal of a vaccination has no end of its own: it is valid as long as its signer's certificate is.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};
use serde_json::Value as Json;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::key::{Algorithm, Key, Keys};
use super::report::{Fault, Moment, Report};
use super::{PAYLOAD_BYTES_MAX, certificate, chain, countries, json};
use crate::base::ClockTrust;
use crate::model::{Authenticity, CredentialKind, Currency};

/// The contents that are known: proofs of vaccination and of a test.
const TYPES: [&str; 2] = ["icao.vacc", "icao.test"];

/// Their only version.
const VERSION: u64 = 1;

/// Checks a payload that is JSON with a header of ICAO's.
pub fn check(payload: &[u8], keys: &Keys, moment: &Moment) -> Report {
    let report = Report::unverified(CredentialKind::VdsNc);
    match opened(payload) {
        Ok(seal) => signed(report, seal, keys, moment),
        Err(fault) => report.with(fault),
    }
}

/// A seal of which nothing is checked.
struct Seal {
    data: Json,
    /// The data as they are signed.
    message: Vec<u8>,
    algorithm: String,
    certificate: Vec<u8>,
    signature: Vec<u8>,
}

fn opened(payload: &[u8]) -> Result<Seal, Fault> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(Fault::Envelope);
    }
    let mut seal = json::read(payload).map_err(|_| Fault::Envelope)?;
    let has = |object: &Json, names: &[&str]| json::has_exactly(object, names);
    // Whatever else stood here would be signed by nobody.
    if !has(&seal, &["data", "sig"]) || !has(&seal["sig"], &["alg", "cer", "sigvl"]) {
        return Err(Fault::Envelope);
    }
    let header = &seal["data"]["hdr"];
    let is_known = header["t"].as_str().is_some_and(|kind| TYPES.contains(&kind));
    if !is_known || header["v"].as_u64() != Some(VERSION) {
        return Err(Fault::Unsupported);
    }
    let text = |name: &str| seal["sig"][name].as_str().ok_or(Fault::Envelope);
    let bytes = |name: &str| decoded(text(name)?).ok_or(Fault::Encoding);
    let (certificate, signature) = (bytes("cer")?, bytes("sigvl")?);
    let algorithm = text("alg")?.to_owned();
    let data = seal["data"].take();
    let message = serde_json_canonicalizer::to_vec(&data).map_err(|_| Fault::Envelope)?;
    Ok(Seal { data, message, algorithm, certificate, signature })
}

fn signed(report: Report, seal: Seal, keys: &Keys, moment: &Moment) -> Report {
    let Ok((&[], certificate)) = X509Certificate::from_der(&seal.certificate) else {
        return report.with(Fault::Envelope);
    };
    if !chain::is_exact(&certificate, &seal.certificate) {
        return report.with(Fault::Envelope);
    }
    let authority = match chain::vouched(&certificate, keys) {
        Ok(authority) => authority,
        Err(fault) => return report.with(fault),
    };
    let report = Report { issuer: Some(authority.issuer.clone()), list: Some(authority.list), ..report };
    let Some(key) = signer(&certificate, &seal.certificate) else { return report.with(Fault::Unsupported) };
    // The algorithm follows from the key; what the seal says has to be the same.
    if key.algorithm.name() != seal.algorithm || !key.has_signed(&seal.message, &seal.signature) {
        return report.with(Fault::Signature);
    }
    let header = &seal.data["hdr"];
    let Some(state) = header["is"].as_str() else { return report.with(Fault::Content) };
    if !json::has_exactly(&seal.data, &["hdr", "msg"])
        || seal.data["msg"].as_object().is_none_or(|msg| msg.is_empty())
    {
        return report.with(Fault::Content);
    }
    if !chain::may_seal(&certificate) || !is_of(state, &certificate, authority) {
        return report.with(Fault::Use);
    }
    let (current, key_fault) = currency(&key, authority, moment);
    let (not_before, expires) = (Some(key.not_before), Some(key.not_after));
    let report = Report {
        authentic: Authenticity::Genuine,
        current,
        not_before,
        expires,
        content: Some(seal.data),
        ..report
    };
    [key_fault, Fault::of_time(current)].into_iter().flatten().fold(report, Report::with)
}

/// The key of the certificate, where it is one that seals are signed with. P-521, which the format has too, is read nowhere here.
fn signer(certificate: &X509Certificate<'_>, der: &[u8]) -> Option<Key> {
    let key = certificate::of(certificate, der).ok()?;
    matches!(key.algorithm, Algorithm::Es256 | Algorithm::Es384).then_some(key)
}

/// Whether the seal is of the country whose certificates these are, as far as they say it.
fn is_of(state: &str, certificate: &X509Certificate<'_>, authority: &Key) -> bool {
    let stated = certificate.subject().iter_country().chain(certificate.issuer().iter_country());
    let mut stated = stated.map(|country| country.as_str().unwrap_or_default());
    let is_authoritys = authority.issuer == "?" || countries::is_same(state, &authority.issuer);
    is_authoritys && stated.all(|country| countries::is_same(state, country))
}

/// Whether both certificates are valid, and what is wrong with the first that is not.
fn currency(key: &Key, authority: &Key, moment: &Moment) -> (Currency, Option<Fault>) {
    let current = moment.currency(Some(key.not_before), Some(key.not_after));
    match key.fault(moment.now).or(authority.fault(moment.now)) {
        // A clock that may be wrong proves nothing of either.
        Some(_) if moment.clock == ClockTrust::None => (Currency::ClockUntrusted, None),
        fault => (current, fault),
    }
}

/// The bytes of base64 in either alphabet, filled up or not: issuers write all four.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let encoding = match (text.contains(['-', '_']), text.ends_with('=')) {
        (true, true) => BASE64URL,
        (true, false) => BASE64URL_NOPAD,
        (false, true) => BASE64,
        (false, false) => BASE64_NOPAD,
    };
    encoding.decode(text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_in_each_of_its_spellings_and_in_no_mixture() {
        let bytes = [0xFB, 0xFF, 0xFE, 0xFB];
        for text in ["+//++w==", "+//++w", "-__--w==", "-__--w"] {
            assert_eq!(decoded(text).as_deref(), Some(&bytes[..]), "{text}");
        }
        for text in ["+__--w", "-//++w", "-__--w=", "-__--x", "+//+ +w", "+//++w==\n", "?"] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
