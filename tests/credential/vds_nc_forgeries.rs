//! Seals that are almost good: none is accepted, and what is wrong is said.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use kakou::credential::key::Keys;
use kakou::credential::report::{Fault, Moment};
use kakou::credential::vds_nc;
use kakou::model::Authenticity;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use serde_json::{Value as Json, json};

use crate::NOW;
use crate::seal::{Authority, Signer, canonical, check, is_accepted, text, vaccination};

/// A CA, one of its signers, and what both are trusted with.
fn parties() -> (Authority, Signer, Keys) {
    let authority = Authority::new("AU");
    let (signer, keys) = (authority.signer("AU"), authority.keys());
    (authority, signer, keys)
}

#[test]
fn no_bit_of_a_seal_can_be_turned() {
    let (_, signer, keys) = parties();
    let good = signer.seal(&vaccination("AUS"));
    assert!(is_accepted(&check(&good, &keys)));
    let mut tried = 0;
    for at in 0..good.len() {
        for bit in 0..7 {
            let mut turned = good.clone().into_bytes();
            turned[at] ^= 1 << bit;
            let turned = String::from_utf8(turned).unwrap();
            assert!(!is_accepted(&check(&turned, &keys)), "bit {bit} at {at}");
            tried += 1;
        }
        assert!(!is_accepted(&check(&good[..at], &keys)), "cut at {at}");
    }
    assert!(tried > 6_000, "{tried}");
}

#[test]
fn no_bit_of_the_certificate_or_the_signature_can_be_turned() {
    let (_, signer, keys) = parties();
    let data = vaccination("AUS");
    let signature = signer.sign(&canonical(&data));
    let seal = |certificate: &[u8], signature: &[u8]| {
        text(&data, "ES256", &BASE64.encode(certificate), &BASE64URL_NOPAD.encode(signature))
    };
    for at in 0..signer.certificate.len() * 8 {
        let mut turned = signer.certificate.clone();
        turned[at / 8] ^= 1 << (at % 8);
        assert!(!is_accepted(&check(&seal(&turned, &signature), &keys)), "bit {at} of the certificate");
    }
    for at in 0..signature.len() * 8 {
        let mut turned = signature.clone();
        turned[at / 8] ^= 1 << (at % 8);
        let report = check(&seal(&signer.certificate, &turned), &keys);
        assert_eq!(
            (report.fault, report.authentic),
            (Some(Fault::Signature), Authenticity::Forged),
            "bit {at}"
        );
    }
}

#[test]
fn what_is_wrong_with_a_signature_is_said() {
    let (authority, signer, keys) = parties();
    let data = vaccination("AUS");
    let good = signer.sign(&canonical(&data));
    let as_algorithm = |algorithm: &str, signature: &[u8]| {
        let (certificate, signature) =
            (BASE64.encode(&signer.certificate), BASE64URL_NOPAD.encode(signature));
        check(&text(&data, algorithm, &certificate, &signature), &keys).fault
    };
    let wide = authority.signer_with("AU", &rcgen::PKCS_ECDSA_P384_SHA384, |_| ()).sign(&canonical(&data));
    for (name, algorithm, signature) in [
        ("of P-384", "ES384", &good[..]),
        ("of P-384 and as long", "ES384", &wide),
        ("of P-521", "ES512", &good),
        ("by RSA", "PS256", &good),
        ("a keyed hash", "HS256", &good),
        ("none", "none", &good),
        ("no algorithm", "", &good),
        ("in small letters", "es256", &good),
        ("as P-384 signs", "ES256", &wide),
        ("none at all", "ES256", &[]),
        ("too short", "ES256", &good[..63]),
        ("too long", "ES256", &[&good[..], &[0]].concat()),
        ("halves exchanged", "ES256", &[&good[32..], &good[..32]].concat()),
        ("zeros", "ES256", &[0; 64]),
        ("in DER", "ES256", &signer.sign_in_der(&canonical(&data))),
        ("of another signer", "ES256", &authority.signer("AU").sign(&canonical(&data))),
        ("of the message alone", "ES256", &signer.sign(&canonical(&data["msg"]))),
        (
            "of the data as they were laid out",
            "ES256",
            &signer.sign(&serde_json::to_vec_pretty(&data).unwrap()),
        ),
    ] {
        assert_eq!(as_algorithm(algorithm, signature), Some(Fault::Signature), "{name}");
    }
    assert_eq!(as_algorithm("ES256", &good), None);
}

#[test]
fn what_is_wrong_with_a_certificate_is_said() {
    let (authority, _, keys) = parties();
    let of = |change: fn(&mut CertificateParams)| {
        let signer = authority.signer_with("AU", &PKCS_ECDSA_P256_SHA256, change);
        let report = check(&signer.seal(&vaccination("AUS")), &keys);
        assert!(
            report.content.is_none() || report.authentic != Authenticity::Forged,
            "nothing of it is passed on"
        );
        report.fault
    };
    assert_eq!(of(|_| ()), None);
    assert_eq!(of(|params| params.not_after = date_time_ymd(2026, 2, 28)), Some(Fault::KeyTooOld));
    assert_eq!(of(|params| params.not_before = date_time_ymd(2026, 3, 2)), Some(Fault::KeyTooNew));
    assert_eq!(of(|params| params.extended_key_usages.clear()), None, "it may leave out what it is for");
    let server = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    };
    assert_eq!(of(server), Some(Fault::Use));
    let lists = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(vec![2, 23, 136, 1, 1, 3])];
    };
    assert_eq!(of(lists), Some(Fault::Use), "whoever signs lists of CAs signs no seals");
    let lists_alone = |params: &mut CertificateParams| params.key_usages = vec![KeyUsagePurpose::CrlSign];
    assert_eq!(of(lists_alone), Some(Fault::Use));
    let authority_of_its_own = |params: &mut CertificateParams| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages.push(KeyUsagePurpose::KeyCertSign);
    };
    assert_eq!(of(authority_of_its_own), Some(Fault::Use));
    let must_be_understood = |params: &mut CertificateParams| {
        let mut extension = CustomExtension::from_oid_content(&[2, 23, 136, 1, 1, 99], vec![5, 0]);
        extension.set_criticality(true);
        params.custom_extensions.push(extension);
    };
    assert_eq!(of(must_be_understood), Some(Fault::Use));
}

#[test]
fn whoever_a_trusted_ca_has_not_signed_is_unknown_or_an_imitator() {
    let (authority, signer, keys) = parties();
    let data = vaccination("AUS");
    let said = |signer: &Signer| {
        let report = check(&signer.seal(&data), &keys);
        (report.fault, report.authentic, report.content.is_none())
    };
    let unknown = (Some(Fault::UnknownKey), Authenticity::UnknownIssuer, true);
    assert_eq!(said(&Authority::new("AU").signer("AU")), unknown, "of another CA with its name");
    assert_eq!(said(&Authority::new("NZ").signer("AU")), unknown, "of another country's");
    // One that names the key of the trusted CA, and is signed by another.
    let rest = [[0x30, 0x16, 0x80, 0x14].as_slice(), &identifier(&authority)].concat();
    let imitator = Authority::new("AU").signer_with("AU", &PKCS_ECDSA_P256_SHA256, |params| {
        params.use_authority_key_identifier_extension = false;
        params.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 35], rest));
    });
    assert_eq!(said(&imitator), (Some(Fault::Signature), Authenticity::Forged, true));
    // A signer signs for no other signer.
    let below = Authority::with("AU", &PKCS_ECDSA_P256_SHA256, |_| ()).signer("AU");
    assert_eq!(said(&below), unknown);
    // The CA's own certificate in a seal is nobody's who signs seals; and what follows a certificate is none.
    let seal = |certificate: &[u8]| {
        let signature = BASE64URL_NOPAD.encode(&signer.sign(&canonical(&data)));
        check(&text(&data, "ES256", &BASE64.encode(certificate), &signature), &keys).fault
    };
    assert_eq!(seal(&authority.der), Some(Fault::Signature));
    assert_eq!(seal(&[&signer.certificate[..], &[0]].concat()), Some(Fault::Envelope));
    assert_eq!(seal(b""), Some(Fault::Envelope));
    assert_eq!(seal(b"\x30\x80"), Some(Fault::Envelope));
}

#[test]
fn a_country_signs_for_itself_alone() {
    let said = |authority: &str, signer: &str, state: Json| {
        let authority = Authority::new(authority);
        let mut data = vaccination("");
        data["hdr"]["is"] = state;
        check(&authority.signer(signer).seal(&data), &authority.keys()).fault
    };
    assert_eq!(said("AU", "AU", json!("AUS")), None);
    assert_eq!(said("DE", "DE", json!("D")), None);
    assert_eq!(said("au", "AU", json!("AUS")), None, "small letters are no other country");
    assert_eq!(said("", "", json!("AUS")), None, "where no certificate says whose it is");
    for (authority, signer, state) in [
        ("AU", "AU", "AUT"),
        ("AU", "AT", "AUS"),
        ("AU", "AT", "AUT"),
        ("AT", "AU", "AUS"),
        ("", "AT", "AUS"),
        ("AU", "", "AUT"),
        ("AU", "AU", "aus"),
        ("AU", "AU", ""),
        ("AU", "AU", "UTO"),
        ("UT", "UT", "AUS"),
    ] {
        assert_eq!(said(authority, signer, json!(state)), Some(Fault::Use), "{authority} {signer} {state}");
    }
    // Whose the CA is says its own certificate, which is trusted, and not the one that it has signed.
    let authority = Authority::new("AU");
    let of_another = authority.signer_as_of("AT", "AT");
    for (state, fault) in [("AUT", Fault::Use), ("AUS", Fault::Use)] {
        let report = check(&of_another.seal(&vaccination(state)), &authority.keys());
        assert_eq!((report.fault, report.authentic), (Some(fault), Authenticity::Forged), "{state}");
    }
    let same = authority.signer_as_of("AU", "AU").seal(&vaccination("AUS"));
    assert!(is_accepted(&check(&same, &authority.keys())));
    assert_eq!(said("AU", "AU", json!(null)), Some(Fault::Content));
    assert_eq!(said("AU", "AU", json!(["AUS"])), Some(Fault::Content));
}

#[test]
fn nothing_is_said_twice_or_beside_what_is_signed() {
    let (_, signer, keys) = parties();
    let good = signer.seal(&vaccination("AUS"));
    for (from, to) in [
        ("{\"data\":", "{\"data\":{},\"data\":"),
        ("\"hdr\":{", "\"hdr\":{\"t\":\"icao.vacc\","),
        ("\"is\":\"AUS\"", "\"is\":\"AUS\",\"is\":\"AUS\""),
        ("\"is\":\"AUS\"", "\"is\":\"NZL\",\"i\\u0073\":\"AUS\""),
        ("\"uvci\":", "\"uvci\":\"other\",\"uvci\":"),
        ("\"alg\":\"ES256\"", "\"alg\":\"none\",\"alg\":\"ES256\""),
        ("\"sig\":{", "\"sig\":{\"x\":1,"),
        ("\"sig\":{", "\"x\":1,\"sig\":{"),
        ("\"sig\":{", "\"sig\":{\"crv\":\"P-256\","),
        ("{\"data\":", "{\"a\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]],\"data\":"),
    ] {
        let other = good.replacen(from, to, 1);
        assert_ne!(other, good, "{to}");
        assert_eq!(check(&other, &keys).fault, Some(Fault::Envelope), "{to}");
    }
    assert!(!is_accepted(&check(&format!("{good}{good}"), &keys)));
    assert!(!is_accepted(&check(&format!("[{good}]"), &keys)));
}

#[test]
fn what_is_signed_must_be_a_seal_that_is_known() {
    let (_, signer, keys) = parties();
    let with = |pointer: &str, value: Json| {
        let mut data = vaccination("AUS");
        *data.pointer_mut(pointer).unwrap() = value;
        check(&signer.seal(&data), &keys).fault
    };
    for (pointer, value, fault) in [
        ("/hdr/t", json!("icao.visa"), Fault::Unsupported),
        ("/hdr/v", json!(2), Fault::Unsupported),
        ("/hdr/v", json!("1"), Fault::Unsupported),
        ("/hdr/v", json!(null), Fault::Unsupported),
        ("/msg", json!({}), Fault::Content),
        ("/msg", json!(null), Fault::Content),
        ("/msg", json!([1]), Fault::Content),
        ("/msg/uvci", json!(9_007_199_254_740_993_u64), Fault::Envelope),
    ] {
        assert_eq!(with(pointer, value.clone()), Some(fault), "{pointer}");
    }
    let mut long = vaccination("AUS");
    long["msg"]["uvci"] = json!("x".repeat(4_300));
    let report = vds_nc::check(signer.seal(&long).as_bytes(), &keys, &Moment::sure(NOW));
    assert_eq!(report.fault, Some(Fault::Envelope), "longer than any code");
    let mut more = vaccination("AUS");
    more["more"] = json!(1);
    assert_eq!(check(&signer.seal(&more), &keys).fault, Some(Fault::Content));
    let data = vaccination("AUS");
    let good = signer.sign(&canonical(&data));
    let (certificate, signature) = (BASE64.encode(&signer.certificate), BASE64URL_NOPAD.encode(&good));
    for (certificate, signature) in
        [("?", signature.as_str()), (certificate.as_str(), "?"), (&certificate, "A")]
    {
        assert_eq!(check(&text(&data, "ES256", certificate, signature), &keys).fault, Some(Fault::Encoding));
    }
    for (name, value) in [("alg", json!(7)), ("cer", json!(null)), ("sigvl", json!([]))] {
        let mut seal: Json = serde_json::from_str(&signer.seal(&data)).unwrap();
        seal["sig"][name] = value;
        assert_eq!(check(&seal.to_string(), &keys).fault, Some(Fault::Envelope), "{name}");
    }
}

/// The identifier of a CA's key.
fn identifier(authority: &Authority) -> Vec<u8> {
    let keys = kakou::credential::certificate::keys(&authority.der).unwrap();
    keys.into_iter().map(|key| key.id).find(|id| id.len() == 20).unwrap()
}
