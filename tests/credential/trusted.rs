//! A hub's file of trust: read as it was written, and nothing else; revocations and the age of lists count.

use std::io;
use std::sync::{Arc, Mutex};

use data_encoding::BASE64;
use kakou::base::{ClockTrust, Wall};
use kakou::credential::key::{Key, Scheme};
use kakou::credential::report::{Fault, Moment};
use kakou::credential::trusted::file::{BadFile, Contents, read};
use kakou::credential::trusted::revocation::{ReadAt, RevocationId, half};
use kakou::credential::trusted::{PassState, Trusted, source};
use kakou::model::trust_list::{ListAge, TrustList, TrustListKind};
use kakou::model::{Admissible, Authenticity, Currency};
use serde_json::json;

use crate::issuer::{self, ID, Issuer};
use crate::{DAY, NOW, public, signer};

type Held = Arc<Mutex<Vec<u8>>>;

fn reading(bytes: &Held) -> Arc<ReadAt> {
    let bytes = Held::clone(bytes);
    Arc::new(move |offset, out: &mut [u8]| {
        let bytes = bytes.lock().unwrap();
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let part = bytes.get(offset..).and_then(|rest| rest.get(..out.len()));
        out.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    })
}

fn list(kind: TrustListKind) -> TrustList {
    let (warn_after_s, refuse_after_s) = (86_400, 7 * 86_400);
    TrustList { name: kind.name().to_owned(), kind, as_of: NOW, entries: 1, warn_after_s, refuse_after_s }
}

fn contents(issuer: &Issuer) -> Contents {
    Contents {
        version: 7,
        built: NOW,
        lists: vec![list(TrustListKind::Rules), list(TrustListKind::HcertKeys)],
        keys: vec![Key { list: 1, ..issuer.key() }],
        ..Contents::default()
    }
}

fn open(bytes: &Held, keys: &[[u8; 32]]) -> Result<Trusted, BadFile> {
    let length = bytes.lock().unwrap().len() as u64;
    read(reading(bytes), length, keys)
}

fn written(contents: Contents) -> Vec<u8> {
    let mut out = vec![];
    contents.write(&signer(1), &mut out).unwrap();
    out
}

fn opened(contents: Contents) -> Trusted {
    open(&Held::new(Mutex::new(written(contents))), &[public(&signer(2)), public(&signer(1))]).unwrap()
}

fn certificate(issuer: &Issuer) -> String {
    issuer::text(issuer, &issuer::header(), issuer::NOTHING, &issuer::vaccination())
}

/// A vaccination with this identifier.
fn named(issuer: &Issuer, identifier: &str) -> String {
    let payload = issuer::claims(|e| {
        e.map(1).unwrap().u8(1).unwrap().map(1).unwrap().str("v").unwrap().array(1).unwrap();
        e.map(1).unwrap().str("ci").unwrap().str(identifier).unwrap();
    });
    issuer::text(issuer, &issuer::header(), issuer::NOTHING, &payload)
}

const SURE: Moment = Moment::sure(NOW);

fn days_on(days: i64) -> Moment {
    Moment::sure(Wall(NOW.0 + days * DAY))
}

#[test]
fn what_was_written_is_read() {
    let issuer = Issuer::new();
    let rule = json!({
        "Identifier": "R", "Version": "1.0.0", "Engine": "CERTLOGIC", "CertificateType": "General", "Logic": false,
        "ValidFrom": "2021-01-01T00:00:00Z", "ValidTo": "2030-01-01T00:00:00Z", "Description": [],
    });
    let full = Contents {
        rules: vec![rule],
        revoked: (0..3_000_u32).map(|n| RevocationId::of_pass(&n.to_be_bytes())).collect(),
        dated: vec![(RevocationId::of_card(b"k", "r"), NOW)],
        ..contents(&issuer)
    };
    let trusted = opened(full.clone());
    assert_eq!((trusted.version, trusted.built, trusted.lists.len()), (7, NOW, 2));
    assert_eq!((trusted.keys.len(), trusted.revoked.len()), (1, 3_001));
    assert_eq!(trusted.keys.named(Scheme::Hcert, &ID), [Key { list: 1, ..issuer.key() }]);
    let report = trusted.verify(certificate(&issuer).as_bytes(), &SURE);
    assert!(issuer::is_accepted(&report), "{report:?}");
    assert_eq!(trusted.judge(&report, &SURE).admissible, Admissible::No, "its rule says so");
    let (mut again, mut turned) = (full.clone(), full.clone());
    turned.revoked.reverse();
    again.revoked.extend(full.revoked.clone());
    assert_eq!(written(full.clone()), written(again), "whatever stands twice counts once");
    assert_eq!(written(full), written(turned), "in any order");
}

#[test]
fn what_this_hub_did_not_sign_is_refused() {
    let bytes = Held::new(Mutex::new(written(contents(&Issuer::new()))));
    let said = |keys: &[[u8; 32]]| open(&bytes, keys).map(|trusted| trusted.version);
    assert_eq!(said(&[public(&signer(1))]).unwrap(), 7);
    assert!(matches!(said(&[public(&signer(2))]), Err(BadFile::Forged)));
    assert!(matches!(said(&[]), Err(BadFile::Forged)));
}

#[test]
fn no_byte_of_a_file_can_be_another_and_none_be_missing() {
    let issuer = Issuer::new();
    let passes: Vec<_> = (0..1_500_u32).map(u32::to_be_bytes).collect();
    let revoked = passes.iter().map(|pass| RevocationId::of_pass(pass)).collect();
    let good = written(Contents { revoked, ..contents(&issuer) });
    let set = good.len() - 8 * passes.len();
    let bytes = Held::new(Mutex::new(good.clone()));
    let keys = [public(&signer(1))];
    let trusted = open(&bytes, &keys).unwrap();
    for at in (0..set).chain((set..good.len()).step_by(97)) {
        bytes.lock().unwrap()[at] ^= 1 << (at % 8);
        let found = open(&bytes, &keys);
        if at < set {
            assert!(found.is_err(), "{at}");
        } else {
            let unreadable =
                passes.iter().filter(|pass| trusted.pass(*pass, &SURE) == PassState::Unreadable).count();
            assert!(
                unreadable >= 476,
                "{at}: {unreadable} of those in the damaged block are known to be unknown"
            );
            assert!(passes.iter().all(|pass| trusted.pass(pass, &SURE) != PassState::Good), "{at}");
        }
        bytes.lock().unwrap()[at] = good[at];
    }
    for length in (0..set).step_by(11).chain(set..good.len()) {
        let short = Held::new(Mutex::new(good[..length].to_vec()));
        assert!(open(&short, &keys).is_err(), "{length}");
    }
}

#[test]
fn a_certificate_is_revoked_by_each_of_the_forms_of_the_eu_under_its_key_or_any() {
    let issuer = Issuer::new();
    let (text, other) = (named(&issuer, "URN:UVCI:01:XX:A"), named(&issuer, "URN:UVCI:01:XX:B"));
    let report = opened(contents(&issuer)).verify(text.as_bytes(), &SURE);
    assert!(issuer::is_accepted(&report), "{report:?}");
    let signature = {
        let bytes = base45::decode(&text["HC1:".len()..]).unwrap();
        let message = miniz_oxide::inflate::decompress_to_vec_zlib(&bytes).unwrap();
        message[message.len() - 64..message.len() - 32].to_vec()
    };
    let hash = |value: &[u8]| BASE64.encode(&half(value));
    for (form, hash) in [
        ("UCI", hash(b"URN:UVCI:01:XX:A")),
        ("COUNTRYCODEUCI", hash(b"XXURN:UVCI:01:XX:A")),
        ("SIGNATURE", hash(&signature)),
    ] {
        for (kid, counts) in
            [(BASE64.encode(&ID), true), ("UNKNOWN_KID".to_owned(), true), ("AAAA".to_owned(), false)]
        {
            let batch = json!({"country": "XX", "kid": kid, "hashType": form, "entries": [{"hash": hash}]});
            let revoked = source::revoked_certificates(batch.to_string().as_bytes(), NOW).unwrap().ids;
            let trusted = opened(Contents { revoked, ..contents(&issuer) });
            let report = trusted.verify(text.as_bytes(), &SURE);
            let expected = if counts {
                (Authenticity::Revoked, Some(Fault::Revoked))
            } else {
                (Authenticity::Genuine, None)
            };
            assert_eq!((report.authentic, report.fault), expected, "{form} under {kid}");
            let judged = trusted.judge(&report, &SURE).admissible;
            assert_eq!(judged, if counts { Admissible::No } else { Admissible::Yes });
            assert!(issuer::is_accepted(&trusted.verify(other.as_bytes(), &SURE)), "{form}: another's");
        }
    }
}

#[test]
fn where_nobody_can_say_what_was_revoked_nothing_is_current() {
    let issuer = Issuer::new();
    let text = named(&issuer, "A");
    let id =
        RevocationId::of_hash(kakou::credential::trusted::revocation::Form::Identifier, &[], &half(b"A"));
    let bytes = Held::new(Mutex::new(written(Contents { revoked: vec![id], ..contents(&issuer) })));
    let trusted = open(&bytes, &[public(&signer(1))]).unwrap();
    assert_eq!(trusted.verify(text.as_bytes(), &SURE).authentic, Authenticity::Revoked);
    *bytes.lock().unwrap().last_mut().unwrap() ^= 1;
    let report = trusted.verify(text.as_bytes(), &SURE);
    assert_eq!((report.authentic, report.current), (Authenticity::Genuine, Currency::Unknown));
    assert_eq!(report.fault, Some(Fault::Unreadable));
    assert_eq!(trusted.judge(&report, &SURE).admissible, Admissible::Unknown);
    let late = trusted.verify(text.as_bytes(), &days_on(30));
    assert_eq!(
        (late.current, late.fault),
        (Currency::Expired, Some(Fault::Expired)),
        "that is known all the same"
    );
}

#[test]
fn a_clock_that_is_behind_makes_no_list_younger() {
    let contents = Contents { lists: vec![list(TrustListKind::PassesRevoked)], ..contents(&Issuer::new()) };
    let trusted = opened(contents);
    let state = |passed: i64| {
        let passed = Wall(NOW.0 + passed * DAY);
        trusted.pass(b"12345678", &Moment { now: Wall(NOW.0 - DAY), clock: ClockTrust::Rtc, passed })
    };
    assert_eq!([state(6), state(7)], [PassState::Good, PassState::ListTooOld]);
}

#[test]
fn a_list_that_is_too_old_vouches_for_nothing() {
    let issuer = Issuer::new();
    // Claims end after a day; this one has a week more.
    let long = issuer::claims_for(30, |e| {
        e.map(1).unwrap().u8(1).unwrap();
        issuer::dcc(e);
    });
    let text = issuer::text(&issuer, &issuer::header(), issuer::NOTHING, &long);
    let check = |kind: TrustListKind, days: i64| {
        let mut contents = contents(&issuer);
        contents.lists.push(TrustList { refuse_after_s: u32::MAX, ..list(TrustListKind::ShcRevoked) });
        // Only the one of this kind grows old.
        for list in &mut contents.lists {
            list.refuse_after_s = u32::MAX;
        }
        contents.lists.push(list(TrustListKind::HcertRevoked));
        for list in contents.lists.iter_mut().filter(|list| list.kind == kind) {
            list.refuse_after_s = 7 * 86_400;
        }
        if kind != TrustListKind::HcertRevoked {
            contents.lists.last_mut().unwrap().refuse_after_s = u32::MAX;
        }
        let trusted = opened(contents);
        let report = trusted.verify(text.as_bytes(), &days_on(days));
        (report.current, report.fault, trusted.judge(&report, &days_on(days)).admissible)
    };
    let good = (Currency::Current, None, Admissible::Yes);
    let stale = (Currency::ListsTooOld, Some(Fault::ListsTooOld), Admissible::Unknown);
    assert_eq!(check(TrustListKind::HcertKeys, 6), good);
    assert_eq!(check(TrustListKind::HcertKeys, 7), stale);
    assert_eq!(check(TrustListKind::HcertRevoked, 6), good);
    assert_eq!(check(TrustListKind::HcertRevoked, 7), stale);
    assert_eq!(check(TrustListKind::ShcRevoked, 7), good, "is about others");
    assert_eq!(check(TrustListKind::Rules, 7), (Currency::Current, None, Admissible::Unknown));
}

#[test]
fn a_clock_behind_the_file_is_wrong() {
    let issuer = Issuer::new();
    let trusted = opened(contents(&issuer));
    let text = certificate(&issuer);
    let current = |days: i64, clock| {
        let moment = Moment { now: Wall(NOW.0 + days * DAY / 2), clock, passed: Wall(0) };
        trusted.verify(text.as_bytes(), &moment).current
    };
    assert_eq!(current(0, ClockTrust::None), Currency::Current);
    assert_eq!(current(-1, ClockTrust::None), Currency::ClockUntrusted);
    assert_eq!(
        current(-1, ClockTrust::Synced),
        Currency::Current,
        "a clock that is vouched for may be asked about the past"
    );
}

#[test]
fn a_pass_of_the_hub_is_revoked_by_its_identifier() {
    let pass = |last: u8| [1, 35, 69, 103, 137, 171, 205, last];
    let revoked = source::revoked_passes(b"0123456789abcdef # lost\n").unwrap().ids;
    let lists = vec![list(TrustListKind::PassesRevoked)];
    let trusted = opened(Contents { revoked, lists, ..contents(&Issuer::new()) });
    assert_eq!(trusted.pass(&pass(0xef), &days_on(1)), PassState::Revoked);
    assert_eq!(trusted.pass(&pass(0xee), &days_on(6)), PassState::Good);
    assert_eq!(trusted.pass(&pass(0xee), &days_on(7)), PassState::ListTooOld);
    assert_eq!(trusted.pass(&pass(0xef), &days_on(7)), PassState::Revoked);
    assert_eq!(trusted.age(Wall(NOW.0 + DAY)), ListAge::Old);
}

#[test]
fn more_than_a_kiosk_can_hold_is_not_written() {
    let issuer = Issuer::new();
    let keys = vec![issuer.key(); 10_001];
    let said = Contents { keys, ..contents(&issuer) }.write(&signer(1), &mut vec![]).unwrap_err().to_string();
    assert_eq!(said, "is too large: keys");
    let rules = vec![json!("x".repeat(4 << 20))];
    let said =
        Contents { rules, ..contents(&issuer) }.write(&signer(1), &mut vec![]).unwrap_err().to_string();
    assert_eq!(said, "is too large: rules");
}
