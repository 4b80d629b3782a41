//! DIVOC certificates (India, Sri Lanka, Jamaica and others): a ZIP archive in a code, with a verifiable credential in it.
//!
//! ```text
//! PK ─▶ ZIP ─▶ certificate.json ─▶ W3C verifiable credential, signed over its RDF in normal form
//! ```
//! That signature is over a graph that JSON-LD makes of the credential, and is not checked here: a certificate is told from what is none,
//! and remains unverified. Nothing of what it says is passed on.

use serde_json::Value as Json;

use super::report::{Fault, Report};
use super::{PAYLOAD_BYTES_MAX, json, zip};
use crate::model::CredentialKind;

/// The file that counts.
const FILE: &str = "certificate.json";

/// What the credential calls its kind (W3C Verifiable Credentials 1.1).
const TYPE: &str = "VerifiableCredential";

/// Checks a payload that begins as a ZIP archive does.
pub fn check(payload: &[u8]) -> Report {
    let report = Report::unverified(CredentialKind::Divoc);
    report.with(opened(payload).err().unwrap_or(Fault::NotChecked))
}

fn opened(payload: &[u8]) -> Result<(), Fault> {
    // As UTF-8 each byte may have become two.
    if payload.len() > 2 * PAYLOAD_BYTES_MAX {
        return Err(Fault::Packing);
    }
    let file =
        zip::file(payload, FILE).or_else(|| zip::file(&mended(payload)?, FILE)).ok_or(Fault::Packing)?;
    let credential = json::read(&file).map_err(|_| Fault::Content)?;
    if is_credential(&credential) { Ok(()) } else { Err(Fault::Content) }
}

/// The bytes of an archive whose writer took them for Latin-1 and wrote that as UTF-8.
fn mended(payload: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(payload).ok()?;
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

fn is_credential(credential: &Json) -> bool {
    let kind = &credential["type"];
    let is_type = |kind: &Json| kind.as_str() == Some(TYPE);
    let is_one = is_type(kind) || kind.as_array().is_some_and(|kinds| kinds.iter().any(is_type));
    is_one && credential["credentialSubject"].is_object() && credential["proof"].is_object()
}
