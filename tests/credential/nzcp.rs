//! Passes of New Zealand, as its specification has them.

use std::fs;

use data_encoding::BASE32_NOPAD;
use kakou::base::Wall;
use kakou::credential::key::Keys;
use kakou::credential::report::{Fault, Moment, Report};
use kakou::credential::{jwk, nzcp};
use kakou::model::{Authenticity, Currency};

use crate::corpora;

/// 2021-11-10T00:00:00Z, when the examples are valid.
const AT: Wall = Wall(1_636_502_400_000);

struct Case {
    valid: String,
    modified: String,
    keys: Keys,
}

fn case() -> Option<Case> {
    let root = corpora::folder("credentials", "manifest.csv")?.join("nzcp/spec/examples");
    let text = |name: &str| fs::read_to_string(root.join(name)).unwrap().trim().to_owned();
    let document = serde_json::from_str(&text("valid/did.json")).unwrap();
    let keys = Keys::new(jwk::of_document(&document).unwrap());
    Some(Case { valid: text("valid/nzcp.txt"), modified: text("invalid/nzcp-modified-sig.txt"), keys })
}

fn check(text: &str, keys: &Keys, at: Wall) -> Report {
    nzcp::check(text.as_bytes(), keys, &Moment::sure(at))
}

#[test]
fn the_valid_example_is_genuine_and_the_modified_one_is_forged() {
    let Some(Case { valid, modified, keys }) = case() else { return };
    let report = check(&valid, &keys, AT);
    assert_eq!(
        (report.fault, report.authentic, report.current),
        (None, Authenticity::Genuine, Currency::Current)
    );
    assert_eq!(report.issuer.as_deref(), Some("did:web:nzcp.covid19.health.nz"));
    assert_eq!(report.content.unwrap()["type"][1], "PublicCovidPass");
    let report = check(&modified, &keys, AT);
    assert_eq!((report.fault, report.authentic), (Some(Fault::Signature), Authenticity::Forged));
    let late = check(&valid, &keys, Wall(AT.0 + 100 * 365 * 86_400_000));
    assert_eq!((late.fault, late.authentic), (Some(Fault::Expired), Authenticity::Genuine));
    let early = check(&valid, &keys, Wall(AT.0 - 365 * 86_400_000));
    assert_eq!(early.fault, Some(Fault::NotYetValid));
}

#[test]
fn almost_a_pass_is_none() {
    let Some(Case { valid, keys, .. }) = case() else { return };
    let refused = |text: &str| check(text, &keys, AT).fault;
    assert_eq!(refused(&valid.replace("NZCP:/1/", "NZCP:/2/")), Some(Fault::Unsupported));
    assert_eq!(refused(&valid.to_lowercase().replace("nzcp:/1/", "NZCP:/1/")), Some(Fault::Encoding));
    assert_eq!(check(&valid, &Keys::default(), AT).fault, Some(Fault::UnknownKey));
    // The same key of somebody else.
    let document = serde_json::json!({
        "id": "did:web:other.example",
        "verificationMethod": [{"id": "did:web:other.example#key-1", "publicKeyJwk": {
            "kty": "EC", "crv": "P-256", "x": "zRR-XGsCp12Vvbgui4DD6O6cqmhfPuXMhi1OxPl8760",
            "y": "Iv5SU6FuW-TRYh5_GOrJlcV_gpF_GpFQhCOD8LSk3T0",
        }}],
        "assertionMethod": ["did:web:other.example#key-1"],
    });
    let other = Keys::new(jwk::of_document(&document).unwrap());
    assert_eq!(check(&valid, &other, AT).fault, Some(Fault::UnknownKey));
    let bytes = BASE32_NOPAD.decode(&valid.as_bytes()["NZCP:/1/".len()..]).unwrap();
    for at in 0..bytes.len() * 8 {
        let mut turned = bytes.clone();
        turned[at / 8] ^= 1 << (at % 8);
        let report = check(&format!("NZCP:/1/{}", BASE32_NOPAD.encode(&turned)), &keys, AT);
        // Another tag of the envelope says nothing else.
        assert!(report.fault.is_some() || at < 8, "bit {at}");
    }
    for end in 0..valid.len() {
        assert!(check(&valid[..end], &keys, AT).fault.is_some(), "cut at {end}");
    }
}
