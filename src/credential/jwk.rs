//! Keys in JSON: JWK (RFC 7517), and DID documents that hold some (W3C DID 1.0).

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ring::digest::{SHA256, digest};
use serde_json::Value as Json;

use super::certificate;
use super::key::{Algorithm, Key, Scheme, Uses};
use crate::base::Wall;

/// Keys of JSON say nothing of an end.
const WHENEVER: (Wall, Wall) = (Wall(i64::MIN), Wall(i64::MAX));

/// Why JSON gives no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadJwk(&'static str);

/// The key `jwk`, which credentials of `scheme` call `id`, of `issuer`.
///
/// # Errors
///
/// When it is no key on P-256 or P-384, or its point has not the right length.
pub fn key(jwk: &Json, scheme: Scheme, id: &str, issuer: &str) -> Result<Key, BadJwk> {
    let (algorithm, length) = match (jwk["kty"].as_str(), jwk["crv"].as_str()) {
        (Some("EC"), Some("P-256")) => (Algorithm::Es256, 32),
        (Some("EC"), Some("P-384")) => (Algorithm::Es384, 48),
        _ => return Err(BadJwk("must be a key on P-256 or P-384")),
    };
    let coordinate = |name: &str| {
        let bytes = jwk[name].as_str().and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok());
        bytes
            .filter(|bytes| bytes.len() == length)
            .ok_or(BadJwk("must have a point of the length of its curve"))
    };
    // Uncompressed (SEC 1, 2.3.3).
    let public = [&[4][..], &coordinate("x")?, &coordinate("y")?].concat();
    let (not_before, not_after) = WHENEVER;
    let (id, issuer) = (id.as_bytes().to_vec(), issuer.to_owned());
    Ok(Key { scheme, id, algorithm, public, uses: Uses::default(), not_before, not_after, issuer, list: 0 })
}

/// The keys of a JWK set by their thumbprints (RFC 7638), which SMART Health Cards call them by; of the issuer that the set names,
/// or of one that it does not.
///
/// # Errors
///
/// When a key is none, or is not called by its thumbprint.
pub fn of_set(set: &Json) -> Result<Vec<Key>, BadJwk> {
    let keys = set["keys"].as_array().ok_or(BadJwk("must have a list of keys"))?;
    let issuer = set["issuer"].as_str().unwrap_or_default();
    let one = |jwk: &Json| {
        let id = jwk["kid"].as_str().ok_or(BadJwk("must have a kid"))?;
        let key = key(jwk, Scheme::Shc, id, issuer)?;
        let text = |name: &str| jwk[name].as_str().unwrap_or_default();
        let members =
            format!(r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#, text("crv"), text("x"), text("y"));
        let thumbprint = BASE64URL_NOPAD.encode(digest(&SHA256, members.as_bytes()).as_ref());
        if thumbprint == id { Ok(key) } else { Err(BadJwk("must have its thumbprint as its kid")) }
    };
    keys.iter().map(one).collect()
}

/// The keys of a trust list of the WHO's network: a DID document whose methods are named by what certificates call the keys, in
/// base64, percent-encoded. Where a method has its certificate with it, that says what the key may sign, and how long.
///
/// The proof of the document is not looked at: whoever fetches it from the network's own address trusts that connection.
///
/// # Errors
///
/// When the document names no subject, or a key in it is none.
pub fn of_trust_list(document: &Json) -> Result<Vec<Key>, BadJwk> {
    let subject = document["id"].as_str().filter(|id| id.starts_with("did:"));
    let subject = subject.ok_or(BadJwk("must have a DID as its id"))?;
    let methods = document["verificationMethod"].as_array().map(Vec::as_slice).unwrap_or_default();
    let one = |method: &Json| {
        let name = method["id"].as_str().and_then(|id| id.split_once('#')).map(|(_, name)| unescaped(name));
        let id = name.and_then(|name| BASE64.decode(name.as_bytes()).ok());
        let id = id.filter(|id| !id.is_empty()).ok_or(BadJwk("must name each key in base64 behind a #"))?;
        let jwk = &method["publicKeyJwk"];
        let Some(certificate) = jwk["x5c"][0].as_str() else {
            // did:web:<host>:v2:trustlist:<domain>:<participant>:<usage>
            let issuer = subject.rsplit(':').nth(1).unwrap_or(subject);
            return Ok(Key { id, ..key(jwk, Scheme::Hcert, "", issuer)? });
        };
        let der = BASE64
            .decode(certificate.as_bytes())
            .map_err(|_| BadJwk("must have its certificate in base64"))?;
        let key =
            certificate::key(&der).map_err(|_| BadJwk("must have a certificate of a key that signs"))?;
        Ok(Key { id, ..key })
    };
    methods.iter().map(one).collect()
}

/// A text whose `%3D` and the like are characters again.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => out.extend([&char::from(byte).to_string(), &part[2..]]),
            None => out.extend(["%", part]),
        }
    }
    out
}

/// The keys with which the subject of a DID document signs passes of New Zealand's kind, by what follows the `#` of their names.
///
/// # Errors
///
/// When the document names no subject, or a key that it signs with is none.
pub fn of_document(document: &Json) -> Result<Vec<Key>, BadJwk> {
    let subject = document["id"].as_str().filter(|id| id.starts_with("did:"));
    let subject = subject.ok_or(BadJwk("must have a DID as its id"))?;
    let list = |name: &str| document[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let asserts = |name: &str| list("assertionMethod").iter().any(|method| method.as_str() == Some(name));
    let methods =
        list("verificationMethod").iter().filter_map(|method| Some((method["id"].as_str()?, method)));
    methods
        .filter(|(name, _)| asserts(name))
        .filter_map(|(name, method)| Some((name.strip_prefix(subject)?.strip_prefix('#')?, method)))
        .map(|(name, method)| key(&method["publicKeyJwk"], Scheme::Nzcp, name, subject))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document() -> Json {
        let jwk = json!({
            "kty": "EC", "crv": "P-256",
            "x": "-HQqmqM-hjaSUSi5-MStJCDBs-eeiOT-t91-bPyPQPI", "y": "GxiOeUQu29da8Nw_GG9NRyu2ZaY5fLAf7PQlpGnpXdM",
        });
        let method = |name: &str| json!({"id": name, "publicKeyJwk": jwk});
        json!({
            "id": "did:web:a.example",
            "verificationMethod": [method("did:web:a.example#1"), method("did:web:a.example#2"), method("did:web:b.example#3")],
            "assertionMethod": ["did:web:a.example#1", "did:web:b.example#3"],
        })
    }

    #[test]
    fn only_keys_with_which_its_subject_asserts_are_taken() {
        let keys = of_document(&document()).unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!((keys[0].id.as_slice(), keys[0].issuer.as_str()), (&b"1"[..], "did:web:a.example"));
        assert_eq!((keys[0].public.len(), keys[0].public[0]), (65, 4));
        assert_eq!(keys[0].fault(Wall(0)), None);
    }

    #[test]
    fn a_trust_list_of_the_who_names_its_keys_as_certificates_do() {
        let signer = rcgen::KeyPair::generate().unwrap();
        let mut wanted = rcgen::CertificateParams::new(vec![]).unwrap();
        wanted.distinguished_name.push(rcgen::DnType::CountryName, "ZZ");
        let der = wanted.self_signed(&signer).unwrap().der().to_vec();
        let subject = "did:web:tng-cdn.example:v2:trustlist:DDCC:XXA:DSC";
        let plain = document()["verificationMethod"][0]["publicKeyJwk"].clone();
        let mut with_certificate = plain.clone();
        with_certificate["x5c"] = json!([BASE64.encode(&der)]);
        let list = |name: &str, jwk: &Json| json!({"id": subject, "verificationMethod": [{"id": format!("{subject}#{name}"), "publicKeyJwk": jwk}]});
        let keys = of_trust_list(&list("AQIDBAUGBwg%3D", &plain)).unwrap();
        assert_eq!((keys[0].id.as_slice(), keys[0].issuer.as_str()), (&[1, 2, 3, 4, 5, 6, 7, 8][..], "XXA"));
        assert_eq!((keys[0].scheme, keys[0].public.len()), (Scheme::Hcert, 65));
        let keys = of_trust_list(&list("AQIDBAUGBwg=", &with_certificate)).unwrap();
        assert_eq!(
            (keys[0].id.len(), keys[0].issuer.as_str()),
            (8, "ZZ"),
            "what the certificate says counts"
        );
        assert_eq!(keys[0].public, signer.public_key_raw());
        let said = |name: &str, jwk: &Json| of_trust_list(&list(name, jwk)).unwrap_err().to_string();
        assert_eq!(said("%ZZ", &plain), "must name each key in base64 behind a #");
        assert_eq!(said("", &plain), "must name each key in base64 behind a #");
        with_certificate["x5c"] = json!(["AAAA"]);
        assert_eq!(said("AQID", &with_certificate), "must have a certificate of a key that signs");
    }

    #[test]
    fn keys_of_a_set_are_called_by_their_thumbprints() {
        let mut jwk = document()["verificationMethod"][0]["publicKeyJwk"].clone();
        jwk["kid"] = json!("-7KwyVSAe4g37WuMgIfw1HD8z1_LVsX8zqcwagZlQBo");
        let keys = of_set(&json!({"keys": [jwk], "issuer": "https://a.example"})).unwrap();
        assert_eq!((keys.len(), keys[0].issuer.as_str()), (1, "https://a.example"));
        jwk["kid"] = json!("another");
        let said = |set: &Json| of_set(set).unwrap_err().to_string();
        assert_eq!(said(&json!({"keys": [jwk]})), "must have its thumbprint as its kid");
        assert_eq!(said(&json!({})), "must have a list of keys");
    }

    #[test]
    fn what_is_no_key_is_said() {
        for (pointer, value, what) in [
            ("/id", json!("a.example"), "must have a DID as its id"),
            ("/verificationMethod/0/publicKeyJwk/crv", json!("P-521"), "must be a key on P-256 or P-384"),
            (
                "/verificationMethod/0/publicKeyJwk/x",
                json!("AAAA"),
                "must have a point of the length of its curve",
            ),
            (
                "/verificationMethod/0/publicKeyJwk/y",
                json!(7),
                "must have a point of the length of its curve",
            ),
        ] {
            let mut bad = document();
            *bad.pointer_mut(pointer).unwrap() = value;
            assert_eq!(of_document(&bad).unwrap_err().to_string(), what);
        }
    }
}
