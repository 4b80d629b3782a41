//! SMART Health Cards (HL7 SMART Health Cards and Links 1.0.0, formerly spec.smarthealth.cards 1.4.0): `shc:/`, digits, and a JWS in them.
//!
//! ```text
//! shc:/ ─▶ pairs of digits + 45 ─▶ JWS ─▶ key by its thumbprint ─▶ raw deflate ─▶ {iss, nbf, exp, vc}
//! ```
//! A card that is spread over several symbols is joined before it is looked at. Nothing is ever fetched from where a card
//! says that its issuer is.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value as Json;
use zeroize::Zeroizing;

use super::inflate::{Packing, unpack};
use super::key::{Algorithm, Key, Keys, Scheme};
use super::report::{Fault, Moment, Report};
use super::trusted::revocation::RevocationId;
use super::trusted::source::is_rid;
use crate::base::{Mono, Wall};
use crate::model::{Authenticity, CredentialKind};

/// How every card begins.
const PREFIX: &str = "shc:/";

/// The least character that a pair of digits can mean, and the greatest: `-` and `z`.
const LEAST: u8 = 45;
const GREATEST: u8 = 122;

/// Symbols of one card: more than three were never used, and the form is deprecated.
pub const CHUNKS_MAX: usize = 3;

/// How long the symbols of one card may take to be shown.
pub const JOINED_WITHIN: Duration = Duration::from_secs(20);

/// Checks a payload that begins with `shc:/`; a card of one symbol.
pub fn check(payload: &[u8], keys: &Keys, moment: &Moment) -> Report {
    let report = Report::unverified(CredentialKind::SmartHealthCard);
    match chunk(payload) {
        Ok(Chunk { count: 1, text, .. }) => check_jws(&text, keys, moment),
        Ok(_) => report.with(Fault::Part),
        Err(fault) => report.with(fault),
    }
}

/// Checks a card of several symbols, in any order; each has to be there once.
pub fn check_parts(payloads: &[&[u8]], keys: &Keys, moment: &Moment) -> Report {
    let report = Report::unverified(CredentialKind::SmartHealthCard);
    let mut chunks = match payloads.iter().map(|payload| chunk(payload)).collect::<Result<Vec<_>, _>>() {
        Ok(chunks) => chunks,
        Err(fault) => return report.with(fault),
    };
    chunks.sort_by_key(|chunk| chunk.index);
    let whole =
        chunks.iter().enumerate().all(|(at, chunk)| chunk.index == at + 1 && chunk.count == chunks.len());
    if chunks.is_empty() || !whole {
        return report.with(Fault::Part);
    }
    let text: String = chunks.iter().map(|chunk| chunk.text.as_str()).collect();
    check_jws(&text, keys, moment)
}

/// Symbols of one card that are shown one after another.
#[derive(Default)]
pub struct Joining {
    chunks: Vec<Chunk>,
    since: Mono,
}

impl std::fmt::Debug for Joining {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What they say is about somebody's health.
        f.debug_struct("Joining").field("chunks", &self.chunks.len()).finish_non_exhaustive()
    }
}

impl Joining {
    /// Takes what was shown at `now`; the whole card as one symbol would have it, once each of its symbols was shown within
    /// [`JOINED_WITHIN`] of the first. Anything else that is shown begins anew.
    pub fn add(&mut self, now: Mono, payload: &[u8]) -> Option<Zeroizing<String>> {
        let chunk = chunk(payload.trim_ascii()).ok().filter(|chunk| chunk.count > 1);
        let Some(chunk) = chunk else {
            self.chunks.clear();
            return None;
        };
        let is_other = |known: &Chunk| {
            known.count != chunk.count || (known.index == chunk.index && known.text != chunk.text)
        };
        if self.chunks.iter().any(is_other) || now.since(self.since) > JOINED_WITHIN {
            self.chunks.clear();
        }
        if self.chunks.is_empty() {
            self.since = now;
        }
        if !self.chunks.iter().any(|known| known.index == chunk.index) {
            self.chunks.push(chunk);
        }
        if self.chunks.len() < self.chunks[0].count {
            return None;
        }
        self.chunks.sort_by_key(|chunk| chunk.index);
        let characters = self.chunks.iter().flat_map(|chunk| chunk.text.bytes());
        let mut whole = Zeroizing::new(PREFIX.to_owned());
        for byte in characters {
            let value = byte.saturating_sub(LEAST);
            whole.extend([char::from(b'0' + value / 10), char::from(b'0' + value % 10)]);
        }
        self.chunks.clear();
        Some(whole)
    }
}

/// Checks the JWS of a card.
pub fn check_jws(jws: &str, keys: &Keys, moment: &Moment) -> Report {
    let report = Report::unverified(CredentialKind::SmartHealthCard);
    let Some(Parts { header, payload, signature, signed }) = parts(jws) else {
        return report.with(Fault::Envelope);
    };
    // The algorithm follows from the key; what the card says has to be the same.
    let (Some(algorithm), Some(id)) = (header["alg"].as_str(), header["kid"].as_str()) else {
        return report.with(Fault::Envelope);
    };
    let named = keys.named(Scheme::Shc, id.as_bytes());
    if named.is_empty() {
        return report.with(Fault::UnknownKey);
    }
    let has_signed = |key: &&Key| {
        let same = key.algorithm == Algorithm::Es256 && key.algorithm.name() == algorithm;
        same && key.has_signed(signed.as_bytes(), &signature)
    };
    let Some(key) = named.iter().find(has_signed) else { return report.with(Fault::Signature) };
    if header["zip"].as_str() != Some("DEF") {
        return report.with(Fault::Packing);
    }
    let Some(bytes) = unpack(&payload, Packing::Raw) else { return report.with(Fault::Packing) };
    let Ok(claims) = serde_json::from_slice::<Json>(&bytes) else { return report.with(Fault::Content) };
    let Some(issuer) = claims["iss"].as_str().filter(|issuer| is_issuer(issuer)) else {
        return report.with(Fault::Content);
    };
    // A key that is known to be of one issuer signs for no other.
    if !key.issuer.is_empty() && key.issuer != issuer {
        return report.with(Fault::UnknownKey);
    }
    let (Some(not_before), Ok(expires)) = (seconds(&claims["nbf"]), end(&claims["exp"])) else {
        return report.with(Fault::Content);
    };
    if !claims["vc"]["credentialSubject"].is_object() {
        return report.with(Fault::Content);
    }
    let rid = &claims["vc"]["rid"];
    let revocable = match rid.as_str().filter(|rid| is_rid(rid)) {
        Some(rid) => vec![RevocationId::of_card(id.as_bytes(), rid)],
        None if rid.is_null() => vec![],
        // One by which no list could ever name it.
        None => return report.with(Fault::Content),
    };
    // One without an end is valid for ever.
    let current = moment.currency(Some(not_before), Some(expires.unwrap_or(Wall(i64::MAX))));
    let report = Report {
        authentic: Authenticity::Genuine,
        current,
        issuer: Some(issuer.to_owned()),
        not_before: Some(not_before),
        expires,
        content: Some(claims["vc"].clone()),
        revocable,
        list: Some(key.list),
        ..report
    };
    Fault::of_time(current).into_iter().fold(report, Report::with)
}

/// What one symbol holds.
struct Chunk {
    index: usize,
    count: usize,
    text: Zeroizing<String>,
}

fn chunk(payload: &[u8]) -> Result<Chunk, Fault> {
    let text = std::str::from_utf8(payload)
        .ok()
        .and_then(|text| text.strip_prefix(PREFIX))
        .ok_or(Fault::Encoding)?;
    let (index, count, digits) = match text.split('/').collect::<Vec<_>>()[..] {
        [digits] => (1, 1, digits),
        [index, count, digits] => {
            let number = |text: &str| (1..=CHUNKS_MAX).find(|number| number.to_string() == text);
            let (index, count) = number(index).zip(number(count)).ok_or(Fault::Encoding)?;
            (index, count, digits)
        }
        _ => return Err(Fault::Encoding),
    };
    if index > count {
        return Err(Fault::Encoding);
    }
    if digits.is_empty() || digits.len() % 2 != 0 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Fault::Encoding);
    }
    let character = |pair: &[u8]| {
        let value = 10 * (pair[0] - b'0') + (pair[1] - b'0') + LEAST;
        (value <= GREATEST).then_some(char::from(value))
    };
    let text = digits
        .as_bytes()
        .chunks_exact(2)
        .map(character)
        .collect::<Option<String>>()
        .ok_or(Fault::Encoding)?;
    Ok(Chunk { index, count, text: Zeroizing::new(text) })
}

struct Parts<'t> {
    header: Json,
    payload: Vec<u8>,
    signature: Vec<u8>,
    signed: &'t str,
}

fn parts(jws: &str) -> Option<Parts<'_>> {
    let (signed, signature) = jws.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).ok();
    let header: Json = serde_json::from_slice(&decode(header)?).ok().filter(Json::is_object)?;
    Some(Parts { header, payload: decode(payload)?, signature: decode(signature)?, signed })
}

/// An address of an issuer has no slash at its end, for its keys are below it.
fn is_issuer(issuer: &str) -> bool {
    issuer.starts_with("https://") && !issuer.ends_with('/')
}

/// Seconds, whole or with a fraction that is cut off.
fn seconds(time: &Json) -> Option<Wall> {
    let seconds = time.as_f64().filter(|seconds| (0.0..1e11).contains(seconds))?;
    #[expect(clippy::cast_possible_truncation, reason = "of a time that there is")]
    let seconds = seconds.floor() as i64;
    Some(Wall::from_secs(seconds))
}

fn end(time: &Json) -> Result<Option<Wall>, ()> {
    if time.is_null() { Ok(None) } else { seconds(time).map(Some).ok_or(()) }
}
