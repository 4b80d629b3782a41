//! ICAO seals that are good, whoever wrote them and however, and what they depend on.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};
use kakou::base::{ClockTrust, Wall};
use kakou::credential::certificate::{self, BadCertificate};
use kakou::credential::key::{Keys, Scheme};
use kakou::credential::report::{Fault, Moment};
use kakou::credential::verify;
use kakou::model::{Authenticity, CredentialKind, Currency};
use rcgen::{CertificateParams, IsCa, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384};
use serde_json::{Value as Json, json};

use crate::seal::{Authority, canonical, check, is_accepted, text, vaccination};
use crate::{DAY, NOW};

#[test]
fn a_good_seal_is_good_on_each_curve_and_of_each_kind() {
    for authority_key in [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384] {
        let authority = Authority::with("AU", authority_key, |_| ());
        for signer_key in [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384] {
            let signer = authority.signer_with("AU", signer_key, |_| ());
            let mut test = vaccination("AUS");
            test["hdr"]["t"] = json!("icao.test");
            for data in [vaccination("AUS"), test] {
                let report = check(&signer.seal(&data), &authority.keys());
                assert!(is_accepted(&report), "{:?}", report.fault);
                assert_eq!((report.kind, report.issuer.as_deref()), (CredentialKind::VdsNc, Some("AU")));
                assert_eq!(report.content, Some(data));
            }
        }
    }
}

#[test]
fn it_is_valid_as_long_as_its_signers_certificate() {
    let authority = Authority::new("AU");
    let (seal, keys) = (authority.signer("AU").seal(&vaccination("AUS")), authority.keys());
    let report = check(&seal, &keys);
    // 2025-01-01 and 2031-01-01.
    let span = (Some(Wall(1_735_689_600_000)), Some(Wall(1_924_992_000_000)));
    assert_eq!((report.not_before, report.expires), span);
    let at = |days: i64, clock| {
        let moment = Moment { now: Wall(NOW.0 + days * DAY), clock, passed: Wall(0) };
        let report = verify(seal.as_bytes(), &keys, &moment);
        (report.fault, report.authentic, report.current)
    };
    let unknown = Authenticity::UnknownIssuer;
    // 2032 and 2024, when the CA itself is valid.
    assert_eq!(at(2_190, ClockTrust::Synced), (Some(Fault::KeyTooOld), unknown, Currency::Expired));
    assert_eq!(at(-730, ClockTrust::Rtc), (Some(Fault::KeyTooNew), unknown, Currency::NotYetValid));
    let unsure = (Some(Fault::Clock), Authenticity::Genuine, Currency::ClockUntrusted);
    assert_eq!(at(2_190, ClockTrust::None), unsure);
    assert_eq!(at(0, ClockTrust::None), (None, Authenticity::Genuine, Currency::Current));
}

#[test]
fn a_signing_ca_that_has_ended_vouches_for_nobody() {
    for (from, to, fault) in [(2020, 2026, Fault::KeyTooOld), (2027, 2035, Fault::KeyTooNew)] {
        let authority = Authority::with("AU", &PKCS_ECDSA_P256_SHA256, |params| {
            params.not_before = rcgen::date_time_ymd(from, 1, 1);
            params.not_after = rcgen::date_time_ymd(to, 1, 1);
        });
        let report = check(&authority.signer("AU").seal(&vaccination("AUS")), &authority.keys());
        assert_eq!((report.fault, report.authentic), (Some(fault), Authenticity::UnknownIssuer));
    }
}

#[test]
fn members_may_stand_in_any_order_and_with_any_space() {
    let authority = Authority::new("AU");
    let (signer, keys) = (authority.signer("AU"), authority.keys());
    let data = vaccination("AUS");
    let compact = signer.seal(&data);
    let seal: Json = serde_json::from_str(&compact).unwrap();
    let spaced = serde_json::to_string_pretty(&seal).unwrap();
    assert!(is_accepted(&check(&spaced, &keys)));
    let members = data.as_object().unwrap();
    let turned =
        format!(r#"{{"sig":{},"data":{{"msg":{},"hdr":{}}}}}"#, seal["sig"], members["msg"], members["hdr"]);
    assert!(turned != compact && is_accepted(&check(&turned, &keys)));
    assert!(is_accepted(&check(&compact.replace("Jane", "J\\u0061ne"), &keys)), "the same character");
    assert!(is_accepted(&check(&format!("\n {compact}\r\n"), &keys)), "as readers send it");
}

#[test]
fn base64_is_taken_as_issuers_write_it() {
    let authority = Authority::new("AU");
    let (signer, keys, data) = (authority.signer("AU"), authority.keys(), vaccination("AUS"));
    for encoding in [BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD] {
        let signature = encoding.encode(&signer.sign(&canonical(&data)));
        assert!(is_accepted(&check(
            &text(&data, "ES256", &encoding.encode(&signer.certificate), &signature),
            &keys
        )));
    }
}

#[test]
fn the_canonical_form_is_that_of_rfc_8785() {
    // Keys by UTF-16, numbers as ECMAScript writes them, and characters as they are.
    let mut data = vaccination("AUS");
    data["msg"]["x"] =
        json!({"\u{20AC}": 1, "\r": 2, "\u{FB33}": 3, "1": 4.50, "\u{1F600}": 5, "\u{F6}": 1e21});
    let written = data.to_string();
    let start = written.find(r#""x":{"#).unwrap() + 5;
    let end = start + written[start..].find('}').unwrap();
    let sorted = "\"\\r\":2,\"1\":4.5,\"\u{F6}\":1e+21,\"\u{20AC}\":1,\"\u{1F600}\":5,\"\u{FB33}\":3";
    let message = format!("{}{sorted}{}", &written[..start], &written[end..]);
    let authority = Authority::new("AU");
    let signer = authority.signer("AU");
    let signature = BASE64URL_NOPAD.encode(&signer.sign(message.as_bytes()));
    let seal = text(&data, "ES256", &BASE64.encode(&signer.certificate), &signature);
    let report = check(&seal, &authority.keys());
    assert!(is_accepted(&report), "{:?}", report.fault);
}

#[test]
fn a_signer_is_found_by_the_name_of_its_ca_where_it_names_no_key() {
    let authority = Authority::new("AU");
    let signer = authority.signer_with("AU", &PKCS_ECDSA_P256_SHA256, |params| {
        params.use_authority_key_identifier_extension = false;
    });
    assert!(is_accepted(&check(&signer.seal(&vaccination("AUS")), &authority.keys())));
    // Another of the same name is not known to have signed it, and not known to be imitated either.
    let report = check(&signer.seal(&vaccination("AUS")), &Authority::new("AU").keys());
    assert_eq!((report.fault, report.authentic), (Some(Fault::UnknownKey), Authenticity::UnknownIssuer));
}

#[test]
fn of_several_with_one_name_the_one_that_has_signed_counts() {
    let authority = Authority::new("AU");
    let signer = authority.signer_with("AU", &PKCS_ECDSA_P256_SHA256, |params| {
        params.use_authority_key_identifier_extension = false;
    });
    let others = (0..5).flat_map(|_| certificate::keys(&Authority::new("AU").der).unwrap());
    let keys = Keys::new(others.chain(certificate::keys(&authority.der).unwrap()).collect());
    assert!(is_accepted(&check(&signer.seal(&vaccination("AUS")), &keys)));
}

#[test]
fn whoever_is_trusted_with_other_credentials_vouches_for_no_seal() {
    let authority = Authority::new("AU");
    let seal = authority.signer("AU").seal(&vaccination("AUS"));
    for scheme in [Scheme::Hcert, Scheme::Shc, Scheme::Nzcp] {
        let mut keys = certificate::keys(&authority.der).unwrap();
        keys.iter_mut().for_each(|key| key.scheme = scheme);
        assert_eq!(check(&seal, &Keys::new(keys)).fault, Some(Fault::UnknownKey), "{scheme:?}");
    }
    assert_eq!(check(&seal, &Keys::default()).fault, Some(Fault::UnknownKey));
}

#[test]
fn a_certificate_says_what_it_is_trusted_with() {
    let schemes = |change: fn(&mut CertificateParams)| {
        let authority = Authority::with("AU", &PKCS_ECDSA_P256_SHA256, change);
        certificate::keys(&authority.der).unwrap().iter().map(|key| key.scheme).collect::<Vec<_>>()
    };
    // By its key and by its name.
    assert_eq!(schemes(|_| ()), [Scheme::VdsNc, Scheme::VdsNc]);
    let both = schemes(|params| params.key_usages.push(KeyUsagePurpose::DigitalSignature));
    assert_eq!(
        both,
        [Scheme::VdsNc, Scheme::VdsNc, Scheme::Hcert],
        "a CA that signs certificates of health itself"
    );
    assert_eq!(schemes(|params| params.is_ca = IsCa::NoCa), [Scheme::Hcert]);
    assert_eq!(schemes(|params| params.is_ca = IsCa::ExplicitNoCa), [Scheme::Hcert]);
    let no_certificates = schemes(|params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature]);
    assert_eq!(no_certificates, [Scheme::Hcert]);
    let signer = Authority::new("AU").signer("AU");
    assert_eq!(certificate::keys(&signer.certificate).unwrap().len(), 1);
    assert!(certificate::keys(b"no certificate").is_err());
}

#[test]
fn a_certificate_whose_key_verifies_nothing_is_none_that_can_be_trusted() {
    let p256 = Authority::new("AU").der;
    let p384 = Authority::with("AU", &PKCS_ECDSA_P384_SHA384, |_| ()).der;
    let mut cas = include_str!("seals.tsv").lines().filter(|line| !line.contains(['#', '\t']));
    let rsa = BASE64.decode(cas.next().unwrap().as_bytes()).unwrap();
    // Where the bits of a key begin: a point that is not compressed, or the modulus and the exponent.
    for (der, begin) in [
        (p256, &[3, 0x42, 0, 4][..]),
        (p384, &[3, 0x62, 0, 4]),
        (rsa, &[3, 0x82, 1, 15, 0, 0x30, 0x82, 1, 10, 2]),
    ] {
        assert!(certificate::keys(&der).is_ok());
        let at = der.windows(begin.len()).position(|bytes| bytes == begin).unwrap() + begin.len() - 1;
        let mut other = der.clone();
        other[at] = 5;
        assert_eq!(certificate::keys(&other), Err(BadCertificate::BadKey), "{begin:?}");
    }
}

/// Seals that Python's `cryptography` made, with what is wrong with each; `seals.tsv` has the CAs' certificates first. No key is kept.
#[test]
fn seals_of_another_implementation_are_judged_the_same() {
    let (mut keys, mut good, mut bad) = (vec![], 0, 0);
    for line in include_str!("seals.tsv").lines().filter(|line| !line.starts_with('#')) {
        let Some((what, rest)) = line.split_once('\t') else {
            keys.extend(certificate::keys(&BASE64.decode(line.as_bytes()).unwrap()).unwrap());
            continue;
        };
        let (fault, seal) = rest.split_once('\t').unwrap();
        let report = check(seal, &Keys::new(keys.clone()));
        assert_eq!(report.fault.map(Fault::name).unwrap_or_default(), fault, "{what}");
        assert_eq!(is_accepted(&report), fault.is_empty(), "{what}");
        if fault.is_empty() {
            good += 1;
        } else {
            bad += 1;
        }
        let without = check(seal, &Keys::default());
        assert_eq!(without.fault, Some(Fault::UnknownKey), "{what}");
    }
    assert_eq!((good, bad), (10, 5));
}
