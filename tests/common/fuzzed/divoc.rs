//! DIVOC's archives, whole, as text, and the file in one.

use kakou::credential::report::Fault;
use kakou::model::{Authenticity, CredentialKind};
use miniz_oxide::deflate::compress_to_vec;
use serde_json::{Value as Json, json};

use super::issuers::{Signed, answered, is_far};

/// The first byte says what the others are: an archive behind its first four bytes; the same, taken for Latin-1 and written as UTF-8; or
/// the file in one, stored or packed.
pub fn divoc(bytes: &[u8]) -> bool {
    let Some((layer, bytes)) = bytes.split_first() else { return false };
    let payload = match layer % 4 {
        0 => [b"PK\x03\x04", bytes].concat(),
        1 => latin([b"PK\x03\x04", bytes].concat()),
        2 => archive(bytes, &[0, 0], bytes),
        _ => archive(&compress_to_vec(bytes, 1), &[8, 0], bytes),
    };
    let (report, credential) = answered(&payload);
    assert_eq!(report.kind, CredentialKind::Divoc);
    assert!(report.content.is_none() && report.issuer.is_none() && report.expires.is_none());
    let is_one = report.authentic == Authenticity::Unverified;
    assert_eq!(is_one, report.fault == Some(Fault::NotChecked), "what is none is forged: {report:?}");
    assert!(is_one || report.authentic == Authenticity::Forged);
    assert!(credential.holder.is_none() && credential.manifest.is_none());
    if is_one && layer % 4 > 1 {
        let said: Json = serde_json::from_slice(bytes).unwrap();
        assert!(said["credentialSubject"].is_object() && said["proof"].is_object());
    }
    is_far(&report, Signed::Elsewhere)
}

fn latin(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().map(char::from).collect::<String>().into_bytes()
}

/// An archive with one file, `content`, which lies there as `packed`.
fn archive(packed: &[u8], method: &[u8], content: &[u8]) -> Vec<u8> {
    let crc = !content.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    });
    let long = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let about = [
        &[20, 0, 8, 0],
        method,
        &[0, 0, 0, 0],
        &crc.to_le_bytes(),
        &long(packed.len()),
        &long(content.len()),
        &[16, 0, 0, 0],
    ]
    .concat();
    let name = b"certificate.json";
    let file = [b"PK\x03\x04", &about[..], name, packed].concat();
    let entry = [b"PK\x01\x02", &[20, 0][..], &about, &[0; 14], name].concat();
    let end = [b"PK\x05\x06", &[0, 0, 0, 0, 1, 0, 1, 0][..], &long(entry.len()), &long(file.len()), &[0, 0]]
        .concat();
    [file, entry, end].concat()
}

/// Of each layer a good one: nobody's signature is looked at.
pub fn seeds() -> Vec<Vec<u8>> {
    let at = |layer: u8, bytes: &[u8]| [&[layer], bytes].concat();
    let plain =
        json!({"type": "VerifiableCredential", "credentialSubject": {}, "proof": {"jws": "x"}}).to_string();
    let several = json!({
        "type": ["VerifiableCredential", "ProofOfVaccinationCredential"],
        "credentialSubject": {"name": "é"}, "proof": {},
    });
    let packed = archive(&compress_to_vec(plain.as_bytes(), 9), &[8, 0], plain.as_bytes());
    let stored = archive(plain.as_bytes(), &[0, 0], plain.as_bytes());
    vec![
        at(0, &packed[4..]),
        at(0, &stored[4..]),
        at(1, &packed[4..]),
        at(2, plain.as_bytes()),
        at(3, several.to_string().as_bytes()),
    ]
}
