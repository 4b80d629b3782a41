//! `HC1:` certificates of the EU and of the WHO's network (HCERT 1.0.5, WHO GDHCN 1.1.1).
//!
//! ```text
//! HC1: ─▶ base45 ─▶ zlib ─▶ COSE_Sign1 ─▶ key by its name ─▶ CWT {1 issuer, 4 end, 6 issued, -260 {1: certificate}}
//! ```
//! What is wrong first is said. Whether what is signed is enough for anything is for rules.

use serde_json::Value as Json;

use super::cbor::Cbor;
use super::cose::{Sign1, Signature};
use super::inflate::{Packing, unpack};
use super::key::{Algorithm, Key, Keys, Scheme, Uses};
use super::report::{Fault, Moment, Report};
use super::trusted::revocation::{Form, RevocationId, half};
use crate::base::{ClockTrust, Wall};
use crate::model::{Authenticity, CredentialKind, Currency};

/// How every certificate begins.
pub const PREFIX: &str = "HC1:";

/// Claims of a CWT (RFC 8392), and of HCERT. Who the issuer is its key says; the claim of that name finds it in lists of what was
/// revoked.
const ISSUER: i64 = 1;
const EXPIRES: i64 = 4;
const ISSUED: i64 = 6;
const HCERT: i64 = -260;

/// Contents of an HCERT.
const DCC: i64 = 1;
const LINKS: i64 = 5;

/// Checks a payload that begins with [`PREFIX`].
pub fn check(payload: &[u8], keys: &Keys, moment: &Moment) -> Report {
    let report = Report::unverified(CredentialKind::HealthCertificate);
    match opened(payload) {
        Ok(message) => signed(report, &message, keys, moment),
        Err(fault) => report.with(fault),
    }
}

/// The signed message in a certificate.
fn opened(payload: &[u8]) -> Result<Sign1, Fault> {
    let text = payload.strip_prefix(PREFIX.as_bytes()).ok_or(Fault::Encoding)?;
    let packed = base45::decode(text).map_err(|_| Fault::Encoding)?;
    let bytes = unpack(&packed, Packing::Zlib).ok_or(Fault::Packing)?;
    Sign1::read(&bytes).ok_or(Fault::Envelope)
}

fn signed(report: Report, message: &Sign1, keys: &Keys, moment: &Moment) -> Report {
    let key = match message.verify(keys, Scheme::Hcert) {
        Signature::Of(key) => key,
        Signature::Wrong => return report.with(Fault::Signature),
        Signature::UnknownKey => return report.with(Fault::UnknownKey),
    };
    let report = Report { issuer: Some(key.issuer.clone()), list: Some(key.list), ..report };
    let Ok(claims @ Cbor::Map(_)) = Cbor::read(message.payload()) else {
        return report.with(Fault::Content);
    };
    let time = |label| claims.get(label).and_then(Cbor::seconds).map(Wall::from_secs);
    let (not_before, expires) = (time(ISSUED), time(EXPIRES));
    let report = Report { not_before, expires, ..report };
    let content = match contained(&claims) {
        Ok(content) => content,
        Err(fault) => return report.with(fault),
    };
    if !may_sign(key, &content) {
        return report.with(Fault::Use);
    }
    let several = events(&content).into_iter().sum::<usize>() > 1;
    let (current, key_fault) = match (moment.currency(not_before, expires), key.fault(moment.now)) {
        // A clock that may be wrong proves nothing of the key either.
        (_, Some(_)) if moment.clock == ClockTrust::None => (Currency::ClockUntrusted, None),
        of_both => of_both,
    };
    let revocable = revocable(message, key, &claims, &content);
    let report =
        Report { authentic: Authenticity::Genuine, current, content: Some(content), revocable, ..report };
    let faults = [Fault::of_time(current), key_fault, several.then_some(Fault::Several)];
    faults.into_iter().flatten().fold(report, Report::with)
}

/// The certificate in the claims, as rules read it.
fn contained(claims: &Cbor) -> Result<Json, Fault> {
    let hcert = claims.get(HCERT).ok_or(Fault::Unsupported)?;
    let Cbor::Map(entries) = hcert else { return Err(Fault::Content) };
    let Some(dcc) = hcert.get(DCC) else {
        // Other contents of the network, a list of links among them, are known by their number.
        let known = entries.iter().any(|(label, _)| matches!(label, Cbor::Int(label) if *label <= LINKS));
        return Err(if known { Fault::Unsupported } else { Fault::Content });
    };
    let content = dcc.to_json();
    if content.is_object() { Ok(content) } else { Err(Fault::Content) }
}

/// By what it can be revoked: its signature and the identifiers in it, each under the name of the key and under none.
fn revocable(message: &Sign1, key: &Key, claims: &Cbor, content: &Json) -> Vec<RevocationId> {
    let signature = message.signature();
    let signature = match key.algorithm {
        // Whoever knows one signature of these can make another of the same message that differs in its second half.
        Algorithm::Es256 | Algorithm::Es384 => &signature[..signature.len() / 2],
        Algorithm::Ps256 | Algorithm::EdDsa => signature,
    };
    let mut hashes = vec![(Form::Signature, half(signature))];
    let stated = claims.get(ISSUER).and_then(Cbor::text);
    let events = ["v", "t", "r"].into_iter().filter_map(|kind| content[kind].as_array()).flatten();
    for identifier in events.filter_map(|event| event["ci"].as_str()) {
        hashes.push((Form::Identifier, half(identifier.as_bytes())));
        let countries =
            stated.into_iter().chain((stated != Some(&key.issuer)).then_some(key.issuer.as_str()));
        let of_country = |country: &str| half(format!("{country}{identifier}").as_bytes());
        hashes.extend(countries.map(|country| (Form::CountryAndIdentifier, of_country(country))));
    }
    let ids = |(form, hash): &(Form, [u8; 16])| {
        [&key.id[..], &[]].map(|key| RevocationId::of_hash(*form, key, hash))
    };
    hashes.iter().flat_map(ids).collect()
}

/// How many vaccinations, tests and recoveries there are. Issuers write none as an empty list, as null, or leave it out.
fn events(content: &Json) -> [usize; 3] {
    ["v", "t", "r"].map(|kind| content[kind].as_array().map_or(0, Vec::len))
}

/// Whether the key may sign all of what is certified, which is something.
fn may_sign(key: &Key, content: &Json) -> bool {
    let Uses { vaccination, test, recovery } = key.uses;
    let events = events(content);
    let allowed = [vaccination, test, recovery].into_iter().zip(events);
    events != [0; 3]
        && (key.uses.is_open() || allowed.into_iter().all(|(allowed, count)| allowed || count == 0))
}
