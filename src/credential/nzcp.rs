//! New Zealand's `NZCP:` passes (NZ COVID Pass 1): base32 of a COSE_Sign1 over a CWT with a verifiable credential in it.

use data_encoding::BASE32_NOPAD;

use super::cbor::Cbor;
use super::cose::{Sign1, Signature};
use super::key::{Keys, Scheme};
use super::report::{Fault, Moment, Report};
use crate::base::Wall;
use crate::model::{Authenticity, CredentialKind};

/// How every pass of the version that there is begins.
const PREFIX: &str = "NZCP:/1/";

/// Claims of a CWT.
const ISSUER: i64 = 1;
const EXPIRES: i64 = 4;
const NOT_BEFORE: i64 = 5;

/// Checks a payload that begins with `NZCP:/`.
pub fn check(payload: &[u8], keys: &Keys, moment: &Moment) -> Report {
    let report = Report::unverified(CredentialKind::NzCovidPass);
    let Some(text) = payload.strip_prefix(PREFIX.as_bytes()) else { return report.with(Fault::Unsupported) };
    let Ok(bytes) = BASE32_NOPAD.decode(text) else { return report.with(Fault::Encoding) };
    let Some(message) = Sign1::read(&bytes) else { return report.with(Fault::Envelope) };
    let key = match message.verify(keys, Scheme::Nzcp) {
        Signature::Of(key) => key,
        Signature::Wrong => return report.with(Fault::Signature),
        Signature::UnknownKey => return report.with(Fault::UnknownKey),
    };
    let Ok(claims @ Cbor::Map(_)) = Cbor::read(message.payload()) else { return report.with(Fault::Content) };
    // A key has a name within its issuer alone.
    if claims.get(ISSUER).and_then(Cbor::text) != Some(key.issuer.as_str()) {
        return report.with(Fault::UnknownKey);
    }
    let Some(credential @ Cbor::Map(_)) = claims.named("vc") else { return report.with(Fault::Content) };
    let time = |label| claims.get(label).and_then(Cbor::seconds).map(Wall::from_secs);
    let (not_before, expires) = (time(NOT_BEFORE), time(EXPIRES));
    let current = moment.currency(not_before, expires);
    let report = Report {
        authentic: Authenticity::Genuine,
        current,
        issuer: Some(key.issuer.clone()),
        list: Some(key.list),
        not_before,
        expires,
        content: Some(credential.to_json()),
        ..report
    };
    Fault::of_time(current).into_iter().fold(report, Report::with)
}
