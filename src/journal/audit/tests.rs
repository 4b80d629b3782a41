//! A proof file as an auditor meets it: good, altered anywhere, and not a proof at all.

use proptest::prelude::*;

use super::*;
use crate::base::{BootId, ClockTrust, Mono, Seq, Stamp};
use crate::journal::proof::Prover;
use crate::journal::{Frontier, SigningKey};
use crate::model::Body;

const HUB: &str = "kakou-hub";

#[test]
fn a_proof_survives_its_text_form_and_proves_the_record() {
    let made = made();
    let text = made.to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra ") && text.contains("\nindex 6\n"), "{text}");
    let read = AuditProof::parse(text.as_bytes()).unwrap();
    assert_eq!(read, made);
    let proven = read.verify(&kiosk().verifying(), None).unwrap();
    assert_eq!((proven.kiosk.as_str(), proven.epoch, proven.size), ("gate-1", Epoch([7; 16]), 11));
    assert_eq!((proven.entry, proven.sealed), (entry(7), Some(([7; 32], [8; 32]))));
    assert_eq!(proven.cosigned, None);
    let hub = (HUB, &hub().verifying());
    let cosigned = read.verify(&kiosk().verifying(), Some(hub)).unwrap().cosigned;
    assert_eq!(cosigned, Some(Wall::from_secs(9)));
    let (_, note) = text.split_once("\n\n").unwrap();
    assert_eq!(SignedNote::parse(note.as_bytes()).unwrap(), *read.note());
}

#[test]
fn other_keys_prove_nothing() {
    let made = made();
    let other = SigningKey::from_seed(&[3; 32]).verifying();
    assert_eq!(made.verify(&other, None), Err(NotProven::Kiosk(note::Error::Unsigned)));
    let verified = made.verify(&kiosk().verifying(), Some((HUB, &other)));
    assert_eq!(verified, Err(NotProven::Hub(note::Error::Unsigned)));
}

#[test]
fn every_altered_byte_of_the_file_is_refused() {
    let made = made();
    let good = made.to_string().into_bytes();
    let key = kiosk().verifying();
    let hub_key = hub().verifying();
    for at in 0..good.len() {
        for bit in [0x01, 0x02, 0x20] {
            let mut bad = good.clone();
            bad[at] ^= bit;
            let Ok(parsed) = AuditProof::parse(&bad) else { continue };
            let verified = parsed.verify(&key, Some((HUB, &hub_key)));
            // A byte of the readable copy that renames a field leaves the proven record as it is.
            let same = verified.as_ref().is_ok_and(|proven| proven.entry == entry(7));
            assert!(verified.is_err() || (same && parsed.record == made.record), "byte {at}: {verified:?}");
        }
    }
    for length in 0..good.len() {
        let parsed = AuditProof::parse(&good[..length]);
        let fails = parsed.map_or(true, |parsed| parsed.verify(&key, Some((HUB, &hub_key))).is_err());
        assert!(fails, "{length} bytes");
    }
}

#[test]
fn what_is_there_to_be_read_must_be_what_is_proven() {
    let key = kiosk().verifying();
    let mut lying = made();
    lying.entry["stamp"]["wall"] = json!(99);
    assert_eq!(lying.verify(&key, None), Err(NotProven::Readable));
    let mut later = made();
    later.entry["from-a-later-version"] = json!(true);
    assert!(later.verify(&key, None).is_ok());
    let mut elsewhere = made_of(7, 3);
    assert_eq!(elsewhere.verify(&key, None), Err(NotProven::Number { says: 3, place: 7 }));
    elsewhere.record.public = vec![0xFF];
    assert_eq!(elsewhere.verify(&key, None), Err(NotProven::Proof(proof::Error::Root)));
}

#[test]
fn numbers_that_no_record_has_are_read_as_they_are_written() {
    for number in
        ["17800000000101010101010101010101000", "17400000000010101010101000005900000000000", "5e-324"]
    {
        let mut altered = made();
        altered.entry["stamp"]["wall"] = serde_json::from_str(number).unwrap();
        let again = AuditProof::parse(altered.to_string().as_bytes()).unwrap();
        assert_eq!(AuditProof::parse(again.to_string().as_bytes()).as_ref(), Ok(&again), "{number}");
        assert_eq!(altered.verify(&kiosk().verifying(), None), Err(NotProven::Readable));
    }
    // Without rounding to the nearest, every second one or so drifts.
    for bits in (0..400).map(|step| 0x44F0_0000_0000_0001_u64 + step * 0x0000_0123_4567_89AB) {
        let number = f64::from_bits(bits);
        let text = serde_json::to_string(&number).unwrap();
        assert_eq!(serde_json::from_str::<f64>(&text).unwrap().to_bits(), bits, "{text}");
    }
}

#[test]
fn a_note_about_another_tree_or_no_kiosk_is_refused() {
    let (inclusion, frontier) = inclusion(7, 7);
    let mut other = frontier;
    other.push([1; 32]);
    let note = note::Note::new(&"gate-1".parse().unwrap(), Epoch([7; 16]), &other).sign(&kiosk());
    assert_eq!(AuditProof::new(inclusion.clone(), note), Err(NotProven::Proof(proof::Error::Root)));
    let mut stranger = note::Note {
        origin: "example.com/log".to_owned(),
        size: inclusion.size,
        root: inclusion.root,
        extensions: vec![],
    }
    .sign(&kiosk());
    stranger.cosign(HUB, &hub(), Wall::from_secs(9));
    let made = AuditProof::new(inclusion, stranger).unwrap();
    let verified = made.verify(&kiosk().verifying(), None);
    assert_eq!(verified, Err(NotProven::Origin("example.com/log".to_owned())));
}

#[test]
fn what_is_no_proof_is_called_unusable() {
    let good = made().to_string();
    let cases = [
        (String::new(), Unusable::Form),
        ("hello\n\nworld\n".to_owned(), Unusable::Form),
        (good.replace("@v1", "@v2"), Unusable::Form),
        (good.replace("extra ", "extra !"), Unusable::Record),
        (good.replace("index 6", "index 06"), Unusable::Line(3)),
        (good.replace("index 6", "index -1"), Unusable::Line(3)),
        (good.replace("index 6\n", "index 6\nAAAA\n"), Unusable::Line(4)),
        (good.replace("index 6\n", &format!("index 6\n{}", hash_line().repeat(129))), Unusable::TooLong),
        ("x".repeat(LENGTH_MAX + 1), Unusable::TooLong),
        (good.replace('\u{2014}', "-"), Unusable::Note(note::Error::Envelope)),
    ];
    for (text, expected) in cases {
        assert_eq!(AuditProof::parse(text.as_bytes()), Err(expected));
    }
    let strange = good.replace(
        &BASE64.encode(b"{\"form\":\"kakou/record@1\""),
        &BASE64.encode(b"{\"form\":\"kakou/record@9\""),
    );
    assert_ne!(strange, good);
    assert_eq!(AuditProof::parse(strange.as_bytes()), Err(Unusable::Record));
    assert_eq!(AuditProof::parse(&[0xFF; 40]), Err(Unusable::Form));
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), at in 0..400_usize) {
        prop_assert!(AuditProof::parse(&bytes).is_err());
        let mut mixed = made().to_string().into_bytes();
        let end = (at + bytes.len()).min(mixed.len());
        let at = at.min(end);
        mixed[at..end].copy_from_slice(&bytes[..end - at]);
        if let Ok(parsed) = AuditProof::parse(&mixed) {
            let _ = parsed.verify(&kiosk().verifying(), None);
        }
    }
}

fn made() -> AuditProof {
    made_of(7, 7)
}

/// The record at place `place` says that it is number `says`.
fn made_of(place: u64, says: u64) -> AuditProof {
    let (inclusion, frontier) = inclusion(place, says);
    let mut note = note::Note::new(&"gate-1".parse().unwrap(), Epoch([7; 16]), &frontier).sign(&kiosk());
    note.cosign(HUB, &hub(), Wall::from_secs(9));
    AuditProof::new(inclusion, note).unwrap()
}

fn inclusion(place: u64, says: u64) -> (Inclusion, Frontier) {
    let record = |number: u64| {
        let number = if number == place { says } else { number };
        Stored::new(&entry(number), Seal::Erased { commit: [7; 32], box_hash: [8; 32] }).unwrap()
    };
    let mut frontier = Frontier::new();
    let mut prover = Prover::inclusion(&frontier, place - 1, 11).unwrap();
    for number in 1..=11 {
        frontier.push(record(number).leaf_hash());
        prover.push(record(number).leaf_hash());
    }
    let hashes = prover.finish().unwrap();
    let proven =
        Inclusion { record: record(place), index: place - 1, size: 11, hashes, root: frontier.root() };
    (proven, frontier)
}

fn entry(number: u64) -> Entry {
    let stamp = Stamp {
        boot: BootId([1; 16]),
        mono: Mono(5),
        wall: Wall(6),
        trust: ClockTrust::None,
        max_error_ms: 0,
    };
    Entry { seq: Seq::new(number).unwrap(), stamp, lane: Some("in-1".parse().unwrap()), body: Body::Stopped }
}

fn hash_line() -> String {
    format!("{}\n", BASE64.encode(&[5; 32]))
}

fn kiosk() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn hub() -> SigningKey {
    SigningKey::from_seed(&[2; 32])
}
