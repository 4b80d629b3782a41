//! DIVOC codes: archives as they are met, and archives that would fill memory.

use kakou::credential::classify;
use kakou::credential::divoc;
use kakou::credential::inflate::BYTES_MAX;
use kakou::credential::report::{Fault, Moment};
use kakou::credential::verify;
use kakou::model::{Authenticity, CredentialKind, Currency};
use miniz_oxide::deflate::compress_to_vec;
use serde_json::{Value as Json, json};

use crate::NOW;

#[test]
fn a_certificate_is_known_and_its_signature_is_said_not_to_be_checked() {
    for form in [Form::Plain, Form::Descriptor, Form::Stored] {
        let archive = archive(form, "certificate.json", credential().to_string().as_bytes());
        for payload in [archive.clone(), as_utf8(&archive)] {
            assert_eq!(classify(&payload), CredentialKind::Divoc);
            let report = verify(&payload, &Default::default(), &Moment::sure(NOW));
            let known = (report.fault, report.authentic, report.current);
            assert_eq!(
                known,
                (Some(Fault::NotChecked), Authenticity::Unverified, Currency::Unknown),
                "{form:?}"
            );
            assert_eq!((report.kind, report.issuer, report.content), (CredentialKind::Divoc, None, None));
        }
    }
    assert_eq!(Fault::NotChecked.name(), "signature-not-checked");
}

#[test]
fn an_archive_in_utf8_has_bytes_beyond_ascii() {
    let archive = archive(Form::Descriptor, "certificate.json", credential().to_string().as_bytes());
    assert!(as_utf8(&archive).len() > archive.len() + 50, "or the test above shows nothing");
}

#[test]
fn no_byte_of_an_archive_can_be_another_without_it_being_noticed_or_meaning_nothing() {
    let text = credential().to_string();
    let whole = archive(Form::Descriptor, "certificate.json", text.as_bytes());
    let mut refused = 0;
    for at in 0..whole.len() {
        for mask in [1, 0x80, 0xFF] {
            let mut turned = whole.clone();
            turned[at] ^= mask;
            let fault = divoc::check(&turned).fault.unwrap();
            assert!(matches!(fault, Fault::NotChecked | Fault::Packing), "byte {at}: {fault:?}");
            refused += usize::from(fault == Fault::Packing);
        }
        assert_eq!(divoc::check(&whole[..at]).fault, Some(Fault::Packing), "cut at {at}");
    }
    assert!(refused > whole.len(), "{refused}");
}

#[test]
fn a_bomb_is_refused() {
    for size in [BYTES_MAX + 1, 1 << 20, 3 << 20] {
        let bomb = archive(Form::Descriptor, "certificate.json", &vec![b' '; size]);
        assert!(bomb.len() < 4_300, "it fits in a code");
        assert_eq!(divoc::check(&bomb).fault, Some(Fault::Packing));
    }
    // One that says that it is small, one whose whole is a number larger than there is, and one that says a gigabyte.
    let text = vec![b' '; 1 << 20];
    for size in [2_u32, u32::MAX, 1 << 30] {
        let mut bomb = archive(Form::Plain, "certificate.json", &text);
        let at = bomb.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
        bomb[at + 24..at + 28].copy_from_slice(&size.to_le_bytes());
        assert_eq!(divoc::check(&bomb).fault, Some(Fault::Packing), "{size}");
        bomb[at + 20..at + 24].copy_from_slice(&size.to_le_bytes());
        assert_eq!(divoc::check(&bomb).fault, Some(Fault::Packing), "{size}");
    }
    assert_eq!(divoc::check(&b"PK\x03\x04".repeat(100_000)).fault, Some(Fault::Packing));
}

#[test]
fn what_is_packed_must_be_a_credential() {
    let fault = |text: &str| divoc::check(&archive(Form::Plain, "certificate.json", text.as_bytes())).fault;
    let without = |name: &str| {
        let mut credential = credential();
        credential.as_object_mut().unwrap().remove(name);
        credential.to_string()
    };
    assert_eq!(fault(&credential().to_string()), Some(Fault::NotChecked));
    for name in ["type", "credentialSubject", "proof"] {
        assert_eq!(fault(&without(name)), Some(Fault::Content), "{name}");
    }
    for text in ["", "{", "[]", "\u{FF}", r#"{"type":"VerifiableCredential"}"#] {
        assert_eq!(fault(text), Some(Fault::Content), "{text:?}");
    }
    let twice = credential().to_string().replacen('{', r#"{"proof":{},"#, 1);
    assert_eq!(fault(&twice), Some(Fault::Content));
    let deep =
        credential().to_string().replacen('{', &format!(r#"{{"a":{}{},"#, "[".repeat(99), "]".repeat(99)), 1);
    assert_eq!(fault(&deep), Some(Fault::Content));
    let other = archive(Form::Plain, "other.json", credential().to_string().as_bytes());
    assert_eq!(divoc::check(&other).fault, Some(Fault::Packing));
    assert_eq!(divoc::check(&other).authentic, Authenticity::Forged);
}

#[test]
fn encrypted_spread_and_unknown_forms_are_refused() {
    let whole = archive(Form::Plain, "certificate.json", credential().to_string().as_bytes());
    let entry = whole.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    let end = whole.windows(4).position(|bytes| bytes == b"PK\x05\x06").unwrap();
    for (name, at, value) in [
        ("encrypted", entry + 8, 1_u8),
        ("another method", entry + 10, 12),
        ("another size than it has", entry + 24, whole[entry + 24] ^ 1),
        ("on another disk", end + 4, 1),
        ("with files elsewhere", end + 10, 2),
        ("nothing in the directory", end + 8, 0),
        ("a comment that is not there", end + 20, 1),
        ("a directory that is not there", end + 17, 0xFF),
    ] {
        let mut turned = whole.clone();
        turned[at] = value;
        assert_eq!(divoc::check(&turned).fault, Some(Fault::Packing), "{name}");
    }
}

/// How an archive says its sizes, and whether it packs at all.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Plain,
    /// Sizes are 0 before the file, and stand behind it.
    Descriptor,
    Stored,
}

fn credential() -> Json {
    json!({
        "@context": ["https://www.w3.org/2018/credentials/v1", "https://cowin.gov.in/credentials/vaccination/v1"],
        "type": ["VerifiableCredential", "ProofOfVaccinationCredential"],
        "credentialSubject": {"type": "Person", "name": "Specimen", "age": "40"},
        "issuer": "https://issuer.example/",
        "issuanceDate": "2021-05-01T00:00:00.000Z",
        "evidence": [{"type": ["Vaccination"], "dose": 1, "totalDoses": 2}],
        "proof": {"type": "RsaSignature2018", "created": "2021-05-01T00:00:00Z", "jws": "eyJ..x"},
    })
}

fn archive(form: Form, name: &str, content: &[u8]) -> Vec<u8> {
    let packed = if form == Form::Stored { content.to_vec() } else { compress_to_vec(content, 9) };
    let (flags, method): (u16, u16) = match form {
        Form::Plain => (0, 8),
        Form::Descriptor => (8, 8),
        Form::Stored => (0, 0),
    };
    let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let sizes = [crc32(content).to_le_bytes(), size(&packed), size(content)].concat();
    let zeros = vec![0; sizes.len()];
    let before = if form == Form::Descriptor { &zeros } else { &sizes };
    let short = |number: u16| number.to_le_bytes();
    let name_length = short(u16::try_from(name.len()).unwrap());
    let about = |sizes: &[u8]| {
        [&short(20)[..], &short(flags), &short(method), &[0; 4], sizes, &name_length, &short(0)].concat()
    };
    let mut out = [b"PK\x03\x04", &about(before)[..], name.as_bytes(), &packed].concat();
    if form == Form::Descriptor {
        out.extend([b"PK\x07\x08", &sizes[..]].concat());
    }
    let offset = u32::try_from(out.len()).unwrap().to_le_bytes();
    let entry = [b"PK\x01\x02", &short(20)[..], &about(&sizes), &[0; 14], name.as_bytes()].concat();
    let end = [b"PK\x05\x06", &[0; 4][..], &short(1), &short(1), &size(&entry), &offset, &short(0)].concat();
    [out, entry, end].concat()
}

/// Each byte taken for a character of Latin-1.
fn as_utf8(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 },
        )
    })
}
