//! Changed, made-up and hostile passes: none is ever genuine and current.

use std::collections::BTreeSet;

use coset::{CborSerializable, CoseSign1, CoseSign1Builder, HeaderBuilder, iana};
use kakou::base::{ClockTrust, Random, Wall};
use kakou::credential::{PREFIX, check, issue, key_id};
use kakou::model::{Authenticity, Credential, Currency};
use minicbor::Encoder;
use proptest::prelude::*;

use super::{DAY, NOW, person, public, signer, trust, vehicle};

fn checked(payload: &[u8]) -> Credential {
    check(payload, &trust(), NOW, ClockTrust::Synced)
}

fn is_accepted(payload: &[u8]) -> bool {
    let Credential { authentic, current, .. } = checked(payload);
    authentic == Authenticity::Genuine && current == Currency::Current
}

fn text(envelope: &[u8]) -> String {
    format!("{PREFIX}{}", base45::encode(envelope))
}

fn bytes(pass: &str) -> Vec<u8> {
    base45::decode(pass.strip_prefix(PREFIX).unwrap()).unwrap()
}

fn envelope() -> CoseSign1 {
    CoseSign1::from_slice(&bytes(&issue(&person(), &signer(1)).unwrap())).unwrap()
}

#[test]
fn no_change_of_any_byte_or_character_is_accepted() {
    let mut tried = BTreeSet::new();
    for good in [issue(&person(), &signer(1)).unwrap(), issue(&vehicle(), &signer(1)).unwrap()] {
        assert!(is_accepted(good.as_bytes()), "the pass itself is good");
        let envelope = bytes(&good);
        for (at, bit) in (0..envelope.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut changed = envelope.clone();
            changed[at] ^= 1 << bit;
            tried.insert(text(&changed).into_bytes());
        }
        for at in 0..envelope.len() {
            tried.insert(text(&envelope[..at]).into_bytes());
            let mut without = envelope.clone();
            without.remove(at);
            tried.insert(text(&without).into_bytes());
        }
        for (at, replacement) in
            (0..good.len()).flat_map(|at| b"0Z:\x00\xff".iter().map(move |byte| (at, *byte)))
        {
            let mut changed = good.clone().into_bytes();
            changed[at] = replacement;
            if changed != good.as_bytes() {
                tried.insert(changed);
            }
        }
    }
    println!("{} changed passes", tried.len());
    assert!(tried.len() > 3_000, "only {} tried", tried.len());
    for payload in tried {
        assert!(!is_accepted(&payload), "{}", String::from_utf8_lossy(&payload));
    }
}

#[test]
fn other_algorithms_signatures_and_spellings_are_refused() {
    let good = envelope();
    let with = |change: &dyn Fn(&mut CoseSign1)| {
        let mut changed = good.clone();
        change(&mut changed);
        changed.to_vec().unwrap()
    };
    let header =
        |algorithm| HeaderBuilder::new().algorithm(algorithm).key_id(good.protected.header.key_id.clone());
    let resigned = |header: coset::Header| {
        let builder = CoseSign1Builder::new().protected(header).payload(good.payload.clone().unwrap());
        let sign = |message: &[u8]| signer(1).sign(message).as_ref().to_vec();
        builder.create_signature(b"kakou pass 1", sign).build().to_vec().unwrap()
    };
    let tagged = |tag: &[u8], mut rest: Vec<u8>| [tag, &std::mem::take(&mut rest)].concat();
    let plain = good.clone().to_vec().unwrap();
    let der = |signature: &[u8]| {
        let (r, s) = signature.split_at(32);
        [&[0x30, 68, 0x02, 32], r, &[0x02, 32], s].concat()
    };
    let kid = good.protected.header.key_id.clone();
    let plain_header = || header(iana::Algorithm::EdDSA).build();
    let forgeries: Vec<(&str, Vec<u8>)> = vec![
        ("ES256, well signed", resigned(header(iana::Algorithm::ES256).build())),
        ("PS256, well signed", resigned(header(iana::Algorithm::PS256).build())),
        ("HMAC, well signed", resigned(header(iana::Algorithm::HMAC_256_256).build())),
        ("no algorithm", resigned(HeaderBuilder::new().key_id(kid.clone()).build())),
        (
            "algorithm none",
            resigned(coset::Header { alg: Some(coset::Algorithm::Text("none".into())), ..plain_header() }),
        ),
        ("a critical header", resigned(header(iana::Algorithm::EdDSA).value(99, 1.into()).build())),
        ("no key id", resigned(HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).build())),
        ("short key id", resigned(header(iana::Algorithm::EdDSA).key_id(kid[..7].to_vec()).build())),
        (
            "other key's id",
            resigned(header(iana::Algorithm::EdDSA).key_id(key_id(&public(&signer(2))).to_vec()).build()),
        ),
        ("63-byte signature", with(&|pass| pass.signature.truncate(63))),
        ("65-byte signature", with(&|pass| pass.signature.push(0))),
        ("96-byte signature", with(&|pass| pass.signature.resize(96, 0))),
        ("DER signature", with(&|pass| pass.signature = der(&pass.signature))),
        ("empty signature", with(&|pass| pass.signature.clear())),
        ("zero signature", with(&|pass| pass.signature = vec![0; 64])),
        ("unprotected key id", with(&|pass| pass.unprotected.key_id = kid.clone())),
        ("no payload", with(&|pass| pass.payload = None)),
        ("empty payload", with(&|pass| pass.payload = Some(vec![]))),
        ("tag 18", tagged(&[0xD2], plain.clone())),
        ("tag 61(18)", tagged(&[0xD8, 61, 0xD2], plain.clone())),
        ("trailing byte", [&plain[..], &[0]].concat()),
        ("twice", [&plain[..], &plain[..]].concat()),
        ("long array head", [&[0x98, 4], &plain[1..]].concat()),
        ("indefinite array", [&[0x9F], &plain[1..], &[0xFF]].concat()),
        ("huge array head", [&[0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], &plain[1..]].concat()),
        ("huge byte string", vec![0x84, 0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        ("deep nesting", vec![0x81; 190]),
    ];
    for (what, bytes) in forgeries {
        assert!(!is_accepted(text(&bytes).as_bytes()), "{what}");
    }
    let good = issue(&person(), &signer(1)).unwrap();
    for (what, payload) in [
        ("lower case", good.to_lowercase()),
        ("other prefix", good.replace(PREFIX, "HC1:")),
        ("no prefix", good.replace(PREFIX, "")),
        ("prefix twice", format!("{PREFIX}{good}")),
        ("prefix only", PREFIX.to_owned()),
        ("too long", format!("{good}{}", "0".repeat(300))),
        ("far too long", format!("{PREFIX}{}", "0".repeat(1_000_000))),
    ] {
        assert!(!is_accepted(payload.as_bytes()), "{what}");
    }
}

/// An envelope around `claims`, signed with a trusted key: what a careless or compromised hub could issue.
fn well_signed(claims: &[u8]) -> String {
    let kid = key_id(&public(&signer(1))).to_vec();
    let header = HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).key_id(kid).build();
    let builder = CoseSign1Builder::new().protected(header).payload(claims.to_vec());
    let sign = |message: &[u8]| signer(1).sign(message).as_ref().to_vec();
    text(&builder.create_signature(b"kakou pass 1", sign).build().to_vec().unwrap())
}

/// Key and CBOR of the value.
type Claim = (u64, Vec<u8>);

/// The bytes of claims in the order given.
fn claims(entries: &[Claim]) -> Vec<u8> {
    let mut bytes = vec![0xA0 | u8::try_from(entries.len()).unwrap()];
    for (key, value) in entries {
        Encoder::new(&mut bytes).u64(*key).unwrap();
        bytes.extend(value);
    }
    bytes
}

fn cbor(value: impl minicbor::Encode<()>) -> Vec<u8> {
    minicbor::to_vec(value).unwrap()
}

fn good_entries() -> Vec<Claim> {
    vec![
        (0, cbor(1u8)),
        (1, [&[0x48][..], b"\x01\x23\x45\x67\x89\xab\xcd\xef"].concat()),
        (2, cbor(0u8)),
        (3, cbor(0u8)),
        (4, cbor("jinhe-garden")),
        (5, cbor((NOW.0 - DAY) / 1_000)),
        (6, cbor((NOW.0 + DAY) / 1_000)),
        (7, cbor("王*")),
    ]
}

#[test]
fn well_signed_claims_of_any_other_shape_are_refused() {
    assert_eq!(well_signed(&claims(&good_entries())), issue(&person(), &signer(1)).unwrap());
    let mut shapes: Vec<(String, Vec<Claim>)> = Vec::new();
    for index in 0..7 {
        let mut entries = good_entries();
        let dropped = entries.remove(index).0;
        shapes.push((format!("without {dropped}"), entries));
        let mut entries = good_entries();
        entries.insert(index, entries[index].clone());
        shapes.push((format!("{index} twice"), entries));
        let mut entries = good_entries();
        entries.swap(index, index + 1);
        shapes.push((format!("{index} out of order"), entries));
        for value in [
            cbor(-1i8),
            cbor("x"),
            cbor([1u8, 2]),
            vec![0xF6],
            vec![0xFB, 0, 0, 0, 0, 0, 0, 0, 0],
            vec![0x18, 1],
        ] {
            let mut entries = good_entries();
            entries[index].1 = value;
            shapes.push((format!("{index} of another type"), entries));
        }
    }
    let mut other = |key: u64, value: Vec<u8>| {
        let mut entries = good_entries();
        entries.retain(|entry| entry.0 != key);
        entries.push((key, value));
        entries.sort_by_key(|entry| entry.0);
        shapes.push((format!("key {key}"), entries));
    };
    other(0, cbor(2u8));
    other(2, cbor(1u8));
    other(3, cbor(7u8));
    other(4, cbor("other-garden"));
    other(4, cbor("Jinhe Garden"));
    other(5, cbor((NOW.0 + DAY) / 1_000));
    other(5, cbor((NOW.0 + 600_000) / 1_000));
    other(6, cbor((NOW.0 - 600_000) / 1_000));
    other(6, cbor(i64::MAX));
    other(6, cbor(u64::MAX));
    other(7, cbor(""));
    other(7, cbor("a\u{202E}b"));
    other(7, cbor("a\nb"));
    other(7, cbor("x".repeat(33)));
    other(7, vec![0x7F, 0x61, 0x61, 0xFF]);
    other(8, cbor("川KA3476"));
    other(9, vec![0x80]);
    other(9, vec![0x9F, 0xFF]);
    other(10, cbor(0u8));
    other(10, cbor(2u8));
    other(10, cbor(3u8));
    other(10, cbor(4u8));
    other(10, cbor("1"));
    other(11, cbor(NOW.0 / 1_000));
    other(12, cbor("成都"));
    other(13, cbor(minicbor::bytes::ByteVec::from(vec![0; 15])));
    other(14, cbor(1u8));
    other(31, cbor(1u8));
    other(32, vec![0xA0]);
    for (what, entries) in &shapes {
        let credential = checked(well_signed(&claims(entries)).as_bytes());
        let accepted =
            (credential.authentic, credential.current) == (Authenticity::Genuine, Currency::Current);
        assert!(!accepted, "{what}");
    }
    let good = claims(&good_entries());
    for (what, bytes) in [
        ("trailing byte", [&good[..], &[0]].concat()),
        ("indefinite map", [&[0xBF], &good[1..], &[0xFF]].concat()),
        ("long map head", [&[0xB8, 8], &good[1..]].concat()),
        ("list", vec![0x80]),
        ("nothing", vec![]),
    ] {
        assert!(!is_accepted(well_signed(&bytes).as_bytes()), "{what}");
    }
}

#[test]
fn a_later_pass_with_a_key_that_may_be_passed_over_is_accepted_and_one_that_may_not_is_not() {
    let with = |key| {
        let mut entries = good_entries();
        entries.push((key, cbor("new")));
        checked(well_signed(&claims(&entries)).as_bytes())
    };
    assert_eq!(with(40).current, Currency::Current);
    assert_eq!((with(14).authentic, with(14).current), (Authenticity::Genuine, Currency::Unknown));
    assert_eq!(with(14).holder, None);
}

#[test]
fn expired_and_foreign_passes_are_genuine_but_not_current() {
    let mut old = person();
    (old.not_before, old.expires) = (Wall(NOW.0 - 9 * DAY), Wall(NOW.0 - 2 * DAY));
    let mut foreign = person();
    foreign.site = "other-garden".parse().unwrap();
    for claims in [old, foreign] {
        let credential = checked(issue(&claims, &signer(1)).unwrap().as_bytes());
        assert_eq!(credential.authentic, Authenticity::Genuine);
        assert_ne!(credential.current, Currency::Current);
    }
}

#[test]
fn four_thousand_random_bytes_are_only_bytes() {
    let mut random = Random::new(5);
    for _ in 0..200 {
        let mut payload = vec![0; 4_000];
        random.fill(&mut payload);
        assert!(!is_accepted(&payload));
        payload[..4].copy_from_slice(PREFIX.as_bytes());
        assert!(!is_accepted(&payload));
    }
}

proptest! {
    #[test]
    fn no_bytes_panic_and_none_are_accepted(payload in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(!is_accepted(&payload));
        prop_assert!(!is_accepted(text(&payload).as_bytes()));
        prop_assert!(!is_accepted(well_signed(&payload).as_bytes()));
    }

    #[test]
    fn no_prefixed_text_panics(text in "(KK1:|HC1:|shc:/|\\{|https://|PK\u{3}\u{4})[0-9A-Z $%*+./:-]{0,300}") {
        prop_assert!(!is_accepted(text.as_bytes()));
    }
}
