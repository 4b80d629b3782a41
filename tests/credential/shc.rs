//! SMART Health Cards, as their specification has them, and almost.

use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::BASE64URL_NOPAD;
use kakou::base::{Mono, Wall};
use kakou::credential::key::{Keys, Scheme};
use kakou::credential::report::{Fault, Moment, Report};
use kakou::credential::shc::Joining;
use kakou::credential::trusted::revocation::RevocationId;
use kakou::credential::{jwk, shc};
use kakou::model::{Authenticity, Currency};
use miniz_oxide::deflate::compress_to_vec;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value as Json, json};

use crate::{DAY, NOW, corpora};

/// 2024-01-01T00:00:00Z: behind all examples, before the end of the one that has one.
const AT: Wall = Wall(1_704_067_200_000);

fn spec() -> Option<PathBuf> {
    Some(corpora::folder("credentials", "manifest.csv")?.join("shc-spec"))
}

fn keys(root: &Path) -> Keys {
    let set = fs::read(root.join("issuer/.well-known/jwks.json")).unwrap();
    let set: Json = serde_json::from_slice(&set).unwrap();
    // Some of its keys are for other curves, or are named by certificates: each that is one of ours by itself.
    let each =
        set["keys"].as_array().unwrap().iter().filter_map(|key| jwk::of_set(&json!({"keys": [key]})).ok());
    Keys::new(each.flatten().collect())
}

#[test]
fn all_four_examples_are_genuine_from_their_digits_and_from_their_jws() {
    let Some(root) = spec() else { return };
    let keys = keys(&root);
    let read = |name: String| fs::read_to_string(root.join(name)).unwrap().trim().to_owned();
    for (number, symbols) in [(0, 1), (1, 1), (2, 3), (3, 1)] {
        let digits: Vec<String> = (0..symbols)
            .map(|at| read(format!("example-{number:02}-f-qr-code-numeric-value-{at}.txt")))
            .collect();
        let parts: Vec<&[u8]> = digits.iter().rev().map(String::as_bytes).collect();
        let report = shc::check_parts(&parts, &keys, &Moment::sure(AT));
        assert_eq!((report.fault, report.authentic), (None, Authenticity::Genuine), "{number}: {report:?}");
        assert_eq!(report.current, Currency::Current);
        let by_jws =
            shc::check_jws(&read(format!("example-{number:02}-d-jws.txt")), &keys, &Moment::sure(AT));
        assert_eq!(by_jws, report);
        let alone = shc::check(parts[0], &keys, &Moment::sure(AT));
        assert_eq!(alone.fault, (symbols > 1).then_some(Fault::Part), "{number}");
        let ends = shc::check_parts(&parts, &keys, &Moment::sure(Wall(AT.0 + 10_000 * DAY)));
        assert_eq!(ends.fault, (number == 3).then_some(Fault::Expired));
        assert_eq!(
            shc::check_parts(&parts, &keys, &Moment::sure(NOW_BEFORE)).fault,
            Some(Fault::NotYetValid)
        );
        assert_eq!(
            shc::check_parts(&parts, &Keys::default(), &Moment::sure(AT)).fault,
            Some(Fault::UnknownKey)
        );
    }
}

/// Before any example was issued.
const NOW_BEFORE: Wall = Wall(1_600_000_000_000);

/// An issuer with its key.
struct Issuer {
    signer: EcdsaKeyPair,
    random: SystemRandom,
    keys: Keys,
    id: String,
}

fn issuer() -> Issuer {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let signer =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
    let point = signer.public_key().as_ref();
    let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..])});
    let id = "the-key".to_owned();
    let keys = Keys::new(vec![jwk::key(&jwk, Scheme::Shc, &id, "https://a.example").unwrap()]);
    Issuer { signer, random, keys, id }
}

fn claims() -> Json {
    let seconds = NOW.as_secs() as f64;
    json!({
        "iss": "https://a.example", "nbf": seconds - 0.5, "exp": seconds + 86_400.5,
        "vc": {"type": ["https://smarthealth.cards#health-card"], "credentialSubject": {"fhirVersion": "4.0.1"}},
    })
}

impl Issuer {
    fn header(&self) -> Json {
        json!({"alg": "ES256", "zip": "DEF", "kid": self.id})
    }

    fn jws(&self, header: &Json, packed: &[u8]) -> String {
        let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let signed = format!("{}.{}", text(header.to_string().as_bytes()), text(packed));
        format!("{signed}.{}", text(self.signer.sign(&self.random, signed.as_bytes()).unwrap().as_ref()))
    }

    fn check(&self, jws: &str) -> Report {
        shc::check_jws(jws, &self.keys, &Moment::sure(NOW))
    }

    /// With this header and these claims, well signed.
    fn fault(&self, header: &Json, claims: &Json) -> Option<Fault> {
        self.check(&self.jws(header, &compress_to_vec(claims.to_string().as_bytes(), 9))).fault
    }
}

fn digits(jws: &str) -> String {
    let pairs: String = jws.bytes().map(|byte| format!("{:02}", byte - 45)).collect();
    format!("shc:/{pairs}")
}

#[test]
fn no_character_of_a_card_can_be_another() {
    let issuer = issuer();
    let good = issuer.jws(&issuer.header(), &compress_to_vec(claims().to_string().as_bytes(), 9));
    assert_eq!(issuer.check(&good).fault, None);
    let text = digits(&good);
    assert_eq!(shc::check(text.as_bytes(), &issuer.keys, &Moment::sure(NOW)).fault, None);
    let mut tried = 0;
    for at in 0..text.len() {
        for other in ['0', '7', '9', 'x', '/'] {
            let turned: String =
                text.chars().enumerate().map(|(i, c)| if i == at { other } else { c }).collect();
            if turned != text {
                let report = shc::check(turned.as_bytes(), &issuer.keys, &Moment::sure(NOW));
                assert!(
                    report.fault.is_some() && report.authentic != Authenticity::Genuine,
                    "{other} at {at}"
                );
                tried += 1;
            }
        }
        assert!(shc::check(&text.as_bytes()[..at], &issuer.keys, &Moment::sure(NOW)).fault.is_some(), "{at}");
    }
    assert!(tried > 1_000);
}

#[test]
fn what_is_wrong_with_a_card_is_said() {
    let issuer = issuer();
    let with = |member: &str, value: Json| {
        let mut header = issuer.header();
        header[member] = value;
        issuer.fault(&header, &claims())
    };
    for algorithm in ["none", "HS256", "ES384", "PS256", "es256", "EdDSA"] {
        assert_eq!(with("alg", json!(algorithm)), Some(Fault::Signature), "{algorithm}");
    }
    assert_eq!(with("alg", Json::Null), Some(Fault::Envelope));
    assert_eq!(with("kid", json!("another")), Some(Fault::UnknownKey));
    assert_eq!(with("kid", Json::Null), Some(Fault::Envelope));
    assert_eq!(with("zip", json!("GZIP")), Some(Fault::Packing));
    assert_eq!(with("zip", Json::Null), Some(Fault::Packing));
    let claiming = |pointer: &str, value: Json| {
        let mut claims = claims();
        *claims.pointer_mut(pointer).unwrap() = value;
        issuer.fault(&issuer.header(), &claims)
    };
    assert_eq!(claiming("/iss", json!("https://a.example/")), Some(Fault::Content));
    assert_eq!(claiming("/iss", json!("http://a.example")), Some(Fault::Content));
    assert_eq!(claiming("/iss", json!("https://b.example")), Some(Fault::UnknownKey));
    assert_eq!(claiming("/nbf", json!("2021-01-01")), Some(Fault::Content));
    assert_eq!(claiming("/exp", json!("never")), Some(Fault::Content));
    assert_eq!(claiming("/exp", json!(NOW.as_secs() - 301)), Some(Fault::Expired));
    assert_eq!(claiming("/nbf", json!(NOW.as_secs() + 301)), Some(Fault::NotYetValid));
    assert_eq!(claiming("/vc/credentialSubject", json!("me")), Some(Fault::Content));
    assert_eq!(claiming("/exp", Json::Null), None, "valid for ever");
    let packed = |bytes: &[u8]| issuer.check(&issuer.jws(&issuer.header(), bytes)).fault;
    assert_eq!(packed(claims().to_string().as_bytes()), Some(Fault::Packing), "not packed");
    assert_eq!(packed(&compress_to_vec(&vec![0; 1 << 20], 9)), Some(Fault::Packing), "a megabyte of nothing");
    assert_eq!(packed(&compress_to_vec(b"{", 9)), Some(Fault::Content));
    assert_eq!(
        packed(&[compress_to_vec(claims().to_string().as_bytes(), 9), vec![0]].concat()),
        Some(Fault::Packing)
    );
    let good = issuer.jws(&issuer.header(), &compress_to_vec(claims().to_string().as_bytes(), 9));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    let signed_by =
        |signature: &[u8]| issuer.check(&format!("{signed}.{}", BASE64URL_NOPAD.encode(signature))).fault;
    let part = |half: &[u8]| [&[0x02, 0x21, 0x00], half].concat();
    let der = [&[0x30, 0x46], &part(&signature[..32])[..], &part(&signature[32..])].concat();
    for wrong in [&der[..], &[], &signature[..63], &[&signature[..], &[0]].concat(), &[0; 64]] {
        assert_eq!(signed_by(wrong), Some(Fault::Signature));
    }
    for text in ["", ".", "..", "a.b", "a.b.c.d", &good.replace('.', "_"), &format!("{good}=")] {
        assert_eq!(issuer.check(text).fault, Some(Fault::Envelope), "{text:?}");
    }
}

#[test]
fn digits_and_symbols_have_their_form() {
    let keys = Keys::default();
    let check = |text: &str| shc::check(text.as_bytes(), &keys, &Moment::sure(NOW)).fault;
    for text in [
        "shc:/",
        "shc:/5",
        "shc:/567",
        "shc:/56a6",
        "shc:/7800",
        "shc:/56 6",
        "shc:/1/56",
        "shc:/0/1/56",
        "shc:/2/1/56",
        "shc:/1/4/56",
        "shc:/1/2/3/56",
        "shc:/1/1/",
        "shc:/-1/1/56",
        "shc:/+1/1/56",
        "shc:/01/1/56",
        "SHC:/56",
        "\u{FF15}6",
    ] {
        assert_eq!(check(text), Some(Fault::Encoding), "{text}");
    }
    let parts = |parts: &[&[u8]]| shc::check_parts(parts, &keys, &Moment::sure(NOW)).fault;
    assert_eq!(parts(&[]), Some(Fault::Part));
    assert_eq!(parts(&[b"shc:/1/2/56"]), Some(Fault::Part));
    assert_eq!(parts(&[b"shc:/1/2/56", b"shc:/1/2/56"]), Some(Fault::Part));
    assert_eq!(parts(&[b"shc:/1/2/56", b"shc:/2/3/56"]), Some(Fault::Part));
    assert_eq!(parts(&[b"shc:/2/2/56", b"shc:/1/2/56"]), Some(Fault::Envelope));
}

#[test]
fn a_card_says_by_what_it_is_revoked() {
    let issuer = issuer();
    let check = |rid: Json| {
        let mut claims = claims();
        claims["vc"]["rid"] = rid;
        issuer.check(&issuer.jws(&issuer.header(), &compress_to_vec(claims.to_string().as_bytes(), 9)))
    };
    let report = check(json!("MKyCxh7p6uQ"));
    assert_eq!(
        (report.fault, report.revocable),
        (None, vec![RevocationId::of_card(b"the-key", "MKyCxh7p6uQ")])
    );
    assert_eq!(
        issuer
            .check(&issuer.jws(&issuer.header(), &compress_to_vec(claims().to_string().as_bytes(), 9)))
            .revocable,
        []
    );
    for wrong in [json!(""), json!("a b"), json!("a".repeat(25)), json!(7), json!(["a"])] {
        assert_eq!(check(wrong.clone()).fault, Some(Fault::Content), "{wrong}");
    }
}

#[test]
fn the_symbols_of_one_card_are_joined_in_any_order_while_nothing_else_is_shown() {
    let issuer = issuer();
    let jws = issuer.jws(&issuer.header(), &compress_to_vec(claims().to_string().as_bytes(), 9));
    let all = digits(&jws).trim_start_matches("shc:/").to_owned();
    let (first, rest) = all.split_at(100);
    let (second, third) = rest.split_at(100);
    let part = |index: usize, digits: &str| format!("shc:/{index}/3/{digits}");
    let parts = [part(1, first), part(2, second), part(3, third)];
    let at = |seconds| Mono::from_millis(1_000 * seconds);
    let join = |shown: &[(u64, &str)]| {
        let mut joining = Joining::default();
        let found: Vec<_> =
            shown.iter().filter_map(|(seconds, text)| joining.add(at(*seconds), text.as_bytes())).collect();
        found.into_iter().map(|whole| whole.to_string()).collect::<Vec<_>>()
    };
    let [one, two, three] = parts.each_ref().map(String::as_str);
    let whole = digits(&jws);
    assert_eq!(join(&[(0, three), (1, one), (1, one), (2, two)]), [whole.as_str()]);
    assert_eq!(shc::check(whole.as_bytes(), &issuer.keys, &Moment::sure(NOW)).fault, None);
    assert!(join(&[(0, one), (1, two)]).is_empty(), "one is missing");
    assert!(join(&[(0, one), (1, two), (21, three)]).is_empty(), "too late");
    assert!(
        join(&[(0, one), (1, two), (2, "KK1:ABC"), (3, three)]).is_empty(),
        "somebody else's between them"
    );
    let other = part(1, "5656");
    assert!(join(&[(0, one), (1, two), (2, &other), (3, three)]).is_empty(), "another card's");
    assert_eq!(join(&[(0, &other), (1, one), (2, two), (3, three)]), [whole.as_str()]);
    assert!(join(&[(0, &whole)]).is_empty(), "one that is whole is none of several");
}
