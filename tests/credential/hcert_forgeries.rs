//! Certificates that are almost good: each is refused, and for what is wrong with it.

use kakou::base::{ClockTrust, Wall};
use kakou::credential::hcert;
use kakou::credential::inflate::{Packing, unpack};
use kakou::credential::key::{Algorithm, Key, Keys, Scheme};
use kakou::credential::report::{Fault, Moment};
use kakou::model::{Authenticity, Currency};
use miniz_oxide::deflate::compress_to_vec_zlib;

use crate::issuer::{
    Cbor, ID, Issuer, NOTHING, cbor, check, claims, dcc, header, is_accepted, message, packed, text,
    to_be_signed, vaccination, written,
};
use crate::{DAY, NOW};

#[test]
fn a_good_one_is_good() {
    let issuer = Issuer::new();
    let report = check(&text(&issuer, &header(), NOTHING, &vaccination()), issuer.key());
    assert!(is_accepted(&report), "{report:?}");
    assert_eq!((report.issuer.as_deref(), report.expires), (Some("XX"), Some(Wall(NOW.0 + DAY))));
    assert_eq!(report.content.unwrap()["v"][0]["dn"], 2);
    // Untagged, as a CWT, and with the name of the key and the algorithm in the other header.
    let good = message(
        &header(),
        NOTHING,
        &vaccination(),
        &issuer.sign(&to_be_signed("Signature1", &header(), &vaccination())),
    );
    for tagged in
        [good[1..].to_vec(), [&[0xD8, 0x3D], &good[..]].concat(), [&[0xD8, 0x3D], &good[1..]].concat()]
    {
        assert!(is_accepted(&check(&packed(&tagged), issuer.key())));
    }
    assert!(is_accepted(&check(&text(&issuer, &[], &header(), &vaccination()), issuer.key())));
}

#[test]
fn no_bit_of_any_layer_can_be_turned() {
    let issuer = Issuer::new();
    let (header, payload) = (header(), vaccination());
    let signature = issuer.sign(&to_be_signed("Signature1", &header, &payload));
    let whole = message(&header, NOTHING, &payload, &signature);
    let mut tried = 0;
    for at in 0..whole.len() * 8 {
        let mut turned = whole.clone();
        turned[at / 8] ^= 1 << (at % 8);
        let report = check(&packed(&turned), issuer.key());
        // Another tag of the envelope says nothing else.
        assert!(!is_accepted(&report) || at < 8, "bit {at} of the message");
        tried += 1;
    }
    let zipped = compress_to_vec_zlib(&whole, 9);
    for at in 0..zipped.len() * 8 {
        let mut turned = zipped.clone();
        turned[at / 8] ^= 1 << (at % 8);
        let same = unpack(&turned, Packing::Zlib).is_some_and(|bytes| bytes == whole);
        assert!(same || !is_accepted(&check(&written(&turned), issuer.key())), "bit {at} of what is packed");
        tried += 1;
    }
    let text = written(&zipped);
    for at in 0..text.len() {
        for other in ['0', 'Z', ' ', ':', 'a', '\u{7F}'] {
            let turned: String =
                text.chars().enumerate().map(|(i, c)| if i == at { other } else { c }).collect();
            if turned != text {
                assert!(!is_accepted(&check(&turned, issuer.key())), "{other:?} at {at}");
                tried += 1;
            }
        }
        assert!(!is_accepted(&check(&text[..at], issuer.key())), "cut at {at}");
    }
    assert!(tried > 3_500, "{tried}");
}

#[test]
fn what_is_wrong_is_said() {
    let issuer = Issuer::new();
    let (good, payload) = (header(), vaccination());
    let signed = |header: &[u8], unprotected: &[u8]| text(&issuer, header, unprotected, &payload);
    let with_header = |write: &dyn Fn(&mut Cbor<'_>)| signed(&cbor(write), NOTHING);
    let with_signature = |signature: &[u8]| packed(&message(&good, NOTHING, &payload, signature));
    let with_payload = |payload: &[u8]| text(&issuer, &good, NOTHING, payload);
    let signature = issuer.sign(&to_be_signed("Signature1", &good, &payload));
    let der = {
        let part = |half: &[u8]| [&[0x02, 0x21, 0x00], half].concat();
        [&[0x30, 0x46], &part(&signature[..32])[..], &part(&signature[32..])].concat()
    };
    let id = |e: &mut Cbor<'_>| {
        e.u8(4).unwrap().bytes(&ID).unwrap();
    };
    let other_id = |e: &mut Cbor<'_>| {
        e.u8(4).unwrap().bytes(&[9; 8]).unwrap();
    };
    let whole = message(&good, NOTHING, &payload, &signature);
    let cases: Vec<(&str, String, Fault)> = vec![
        // Algorithms.
        (
            "another algorithm",
            with_header(&|e| {
                e.map(2).unwrap().u8(1).unwrap().i8(-35).unwrap();
                id(e);
            }),
            Fault::Signature,
        ),
        (
            "one for RSA",
            with_header(&|e| {
                e.map(2).unwrap().u8(1).unwrap().i8(-37).unwrap();
                id(e);
            }),
            Fault::Signature,
        ),
        (
            "a keyed hash",
            with_header(&|e| {
                e.map(2).unwrap().u8(1).unwrap().i8(5).unwrap();
                id(e);
            }),
            Fault::Signature,
        ),
        (
            "none",
            with_header(&|e| {
                e.map(1).unwrap();
                id(e);
            }),
            Fault::Signature,
        ),
        (
            "nothing as algorithm",
            with_header(&|e| {
                e.map(2).unwrap().u8(1).unwrap().null().unwrap();
                id(e);
            }),
            Fault::Signature,
        ),
        (
            "a word",
            with_header(&|e| {
                e.map(2).unwrap().u8(1).unwrap().str("ES256").unwrap();
                id(e);
            }),
            Fault::Signature,
        ),
        // Names of keys.
        (
            "another key",
            with_header(&|e| {
                e.map(2).unwrap().u8(1).unwrap().i8(-7).unwrap();
                other_id(e);
            }),
            Fault::UnknownKey,
        ),
        (
            "no key",
            with_header(&|e| {
                e.map(1).unwrap().u8(1).unwrap().i8(-7).unwrap();
            }),
            Fault::UnknownKey,
        ),
        (
            "half of a name",
            with_header(&|e| {
                e.map(2).unwrap().u8(1).unwrap().i8(-7).unwrap().u8(4).unwrap().bytes(&ID[..4]).unwrap();
            }),
            Fault::UnknownKey,
        ),
        (
            "a key named twice",
            signed(
                &cbor(|e| {
                    e.map(2).unwrap().u8(1).unwrap().i8(-7).unwrap();
                    other_id(e);
                }),
                &cbor(|e| {
                    e.map(1).unwrap();
                    id(e);
                }),
            ),
            Fault::UnknownKey,
        ),
        (
            "the same label twice",
            with_header(&|e| {
                e.map(3).unwrap().u8(1).unwrap().i8(-7).unwrap();
                id(e);
                id(e);
            }),
            Fault::Envelope,
        ),
        // Signatures.
        ("none at all", with_signature(&[]), Fault::Signature),
        ("too short", with_signature(&signature[..63]), Fault::Signature),
        ("too long", with_signature(&[&signature[..], &[0]].concat()), Fault::Signature),
        ("of P-384's length", with_signature(&[&signature[..], &[0; 32]].concat()), Fault::Signature),
        ("in DER", with_signature(&der), Fault::Signature),
        ("zeros", with_signature(&[0; 64]), Fault::Signature),
        (
            "halves exchanged",
            with_signature(&[&signature[32..], &signature[..32]].concat()),
            Fault::Signature,
        ),
        (
            "of another context",
            with_signature(&issuer.sign(&to_be_signed("Signature", &good, &payload))),
            Fault::Signature,
        ),
        ("of the payload alone", with_signature(&issuer.sign(&payload)), Fault::Signature),
        (
            "of another issuer",
            with_signature(&Issuer::new().sign(&to_be_signed("Signature1", &good, &payload))),
            Fault::Signature,
        ),
        // Envelopes.
        ("something follows", packed(&[&whole[..], &[0]].concat()), Fault::Envelope),
        ("tagged twice", packed(&[&[0xD2], &whole[..]].concat()), Fault::Envelope),
        ("a MAC", packed(&[&[0xD1], &whole[1..]].concat()), Fault::Envelope),
        ("three parts", packed(&[&[0xD2, 0x83], &whole[2..whole.len() - 66]].concat()), Fault::Envelope),
        (
            "a header that is no map",
            signed(
                &cbor(|e| {
                    e.u8(1).unwrap();
                }),
                NOTHING,
            ),
            Fault::Envelope,
        ),
        (
            "a payload that is no bytes",
            packed(&cbor(|e| {
                e.array(4)
                    .unwrap()
                    .bytes(&good)
                    .unwrap()
                    .map(0)
                    .unwrap()
                    .null()
                    .unwrap()
                    .bytes(&signature)
                    .unwrap();
            })),
            Fault::Envelope,
        ),
        ("nested deeply", packed(&[&[0x81; 500][..], &[0]].concat()), Fault::Envelope),
        ("nothing", packed(&[]), Fault::Envelope),
        // Packing.
        ("a megabyte of nothing", packed(&vec![0; 1 << 20]), Fault::Packing),
        ("not packed", written(&whole), Fault::Packing),
        (
            "something follows the packing",
            written(&[compress_to_vec_zlib(&whole, 9), vec![0]].concat()),
            Fault::Packing,
        ),
        ("lower case", packed(&whole).replace("HC1:", "HC1:a"), Fault::Encoding),
        // Contents.
        ("something follows the claims", with_payload(&[&payload[..], &[0]].concat()), Fault::Content),
        (
            "a list of claims",
            with_payload(&cbor(|e| {
                e.array(0).unwrap();
            })),
            Fault::Content,
        ),
        (
            "claims about nothing",
            with_payload(&cbor(|e| {
                e.map(1).unwrap().u8(4).unwrap().i64(NOW.as_secs() + 9).unwrap();
            })),
            Fault::Unsupported,
        ),
        (
            "the end twice",
            with_payload(&cbor(|e| {
                e.map(2).unwrap().u8(4).unwrap().u8(1).unwrap().u8(4).unwrap().u8(2).unwrap();
            })),
            Fault::Content,
        ),
        (
            "two certificates",
            with_payload(&claims(|e| {
                e.map(2).unwrap().u8(1).unwrap();
                dcc(e);
                e.u8(1).unwrap();
                dcc(e);
            })),
            Fault::Content,
        ),
        (
            "a text as certificate",
            with_payload(&claims(|e| {
                e.map(1).unwrap().u8(1).unwrap().str("yes").unwrap();
            })),
            Fault::Content,
        ),
        (
            "a certificate of nothing",
            with_payload(&claims(|e| {
                e.map(1).unwrap().u8(1).unwrap().map(0).unwrap();
            })),
            Fault::Use,
        ),
        (
            "links",
            with_payload(&claims(|e| {
                e.map(1).unwrap().u8(5).unwrap().array(0).unwrap();
            })),
            Fault::Unsupported,
        ),
        (
            "under development",
            with_payload(&claims(|e| {
                e.map(1).unwrap().i8(-6).unwrap().map(0).unwrap();
            })),
            Fault::Unsupported,
        ),
    ];
    for (name, text, fault) in cases {
        let report = check(&text, issuer.key());
        assert_eq!(report.fault, Some(fault), "{name}: {report:?}");
        assert_ne!(report.authentic, Authenticity::Genuine, "{name}");
    }
}

#[test]
fn keys_and_times_have_their_limits() {
    let issuer = Issuer::new();
    let good = text(&issuer, &header(), NOTHING, &vaccination());
    let of = |change: &dyn Fn(&mut Key)| {
        let mut key = issuer.key();
        change(&mut key);
        let report = check(&good, key);
        (report.fault, report.authentic)
    };
    assert_eq!(of(&|_| ()), (None, Authenticity::Genuine));
    assert_eq!(of(&|key| key.uses.vaccination = true), (None, Authenticity::Genuine));
    assert_eq!(of(&|key| key.uses.test = true), (Some(Fault::Use), Authenticity::Forged));
    let ended = of(&|key| key.not_after = Wall(NOW.0 - 1_000));
    assert_eq!(ended, (Some(Fault::KeyTooOld), Authenticity::UnknownIssuer));
    assert_eq!(of(&|key| key.not_after = NOW), (None, Authenticity::Genuine), "to the second");
    let begins = of(&|key| key.not_before = Wall(NOW.0 + 1_000));
    assert_eq!(begins, (Some(Fault::KeyTooNew), Authenticity::UnknownIssuer));
    assert_eq!(of(&|key| key.algorithm = Algorithm::Ps256), (Some(Fault::Signature), Authenticity::Forged));
    let at = |days: i64, clock| {
        let moment = Moment { now: Wall(NOW.0 + days * DAY), clock, passed: NOW };
        let report = hcert::check(good.as_bytes(), &Keys::new(vec![issuer.key()]), &moment);
        (report.fault, report.authentic, report.current)
    };
    let genuine = Authenticity::Genuine;
    assert_eq!(at(2, ClockTrust::Synced), (Some(Fault::Expired), genuine, Currency::Expired));
    assert_eq!(at(-2, ClockTrust::Rtc), (Some(Fault::NotYetValid), genuine, Currency::NotYetValid));
    assert_eq!(at(2, ClockTrust::None), (Some(Fault::Clock), genuine, Currency::ClockUntrusted));
    assert_eq!(at(0, ClockTrust::None), (None, genuine, Currency::Current));
    // A clock that is known to be nothing proves as little of the key.
    let unsure = Moment { now: Wall(NOW.0 + 400 * DAY), clock: ClockTrust::None, passed: Wall(0) };
    let late = Key { not_after: Wall(NOW.0 + DAY), ..issuer.key() };
    for key in [issuer.key(), late] {
        let report = hcert::check(good.as_bytes(), &Keys::new(vec![key]), &unsure);
        assert_eq!((report.authentic, report.current), (genuine, Currency::ClockUntrusted));
    }
    // Not even of one that says no end itself.
    let endless = cbor(|e| {
        e.map(1).unwrap().i16(-260).unwrap().map(1).unwrap().u8(1).unwrap();
        dcc(e);
    });
    let endless = text(&issuer, &header(), NOTHING, &endless);
    let late = Key { not_after: Wall(NOW.0 + DAY), ..issuer.key() };
    let report = hcert::check(endless.as_bytes(), &Keys::new(vec![late]), &unsure);
    assert_eq!((report.fault, report.current), (Some(Fault::Clock), Currency::ClockUntrusted));
    // Whoever is trusted with other credentials is not trusted with these.
    for scheme in [Scheme::Shc, Scheme::Nzcp] {
        assert_eq!(of(&|key| key.scheme = scheme), (Some(Fault::UnknownKey), Authenticity::UnknownIssuer));
    }
    // Nor does it say whose it is: its key does.
    let key = Key { issuer: "YY".to_owned(), ..issuer.key() };
    assert_eq!(check(&good, key).issuer.as_deref(), Some("YY"));
    // Of two keys with one name the one that has signed counts, and more than eight are not tried.
    let keys = |others: usize| {
        let mut keys: Vec<Key> =
            (0..others).map(|_| Key { public: Issuer::new().key().public, ..issuer.key() }).collect();
        keys.push(issuer.key());
        hcert::check(good.as_bytes(), &Keys::new(keys), &Moment::sure(NOW)).fault
    };
    assert_eq!((keys(1), keys(7), keys(8)), (None, None, Some(Fault::Signature)));
    // Several things at once are well signed, and nobody can say which of them counts.
    let several = claims(|e| {
        e.map(1)
            .unwrap()
            .u8(1)
            .unwrap()
            .map(1)
            .unwrap()
            .str("t")
            .unwrap()
            .array(2)
            .unwrap()
            .null()
            .unwrap()
            .null()
            .unwrap();
    });
    let report = check(&text(&issuer, &header(), NOTHING, &several), issuer.key());
    assert_eq!((report.fault, report.authentic), (Some(Fault::Several), genuine));
}
