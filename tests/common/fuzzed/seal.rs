//! ICAO's seals and the certificates in them, whole and at each layer, also within their signatures.

use data_encoding::BASE64;
use kakou::credential::certificate;
use kakou::model::Authenticity;
use serde_json::{Value as Json, json};

use super::issuers::{ISSUERS, SEALS, SIGNER, Signed, answered, is_far};

/// The first byte says what the others are: the whole seal; the data that are signed; the signed part of the signer's certificate; that
/// certificate; or all that stands beside the data.
pub fn seal(bytes: &[u8]) -> bool {
    let Some((layer, bytes)) = bytes.split_first() else { return false };
    let (der, data) = (der(SIGNER), data().to_string().into_bytes());
    let payload = match layer % 5 {
        0 => bytes.to_vec(),
        1 => sealed(bytes, &der),
        2 => sealed(&data, &vouched(bytes)),
        3 => sealed(&data, bytes),
        _ => [br#"{"data":"#, &data[..], br#","sig":"#, bytes, b"}"].concat(),
    };
    let (report, _) = answered(&payload);
    if report.authentic == Authenticity::Genuine {
        let content = report.content.as_ref().unwrap();
        let is_of_corpus = content["msg"]["utci"] == "U1" && content["hdr"]["is"] == "UTO";
        match layer % 5 {
            1 => assert_eq!(*content, serde_json::from_slice::<Json>(bytes).unwrap(), "what was signed"),
            2 => assert!(has(bytes, &public_key(&der)), "the certificate is another's"),
            3 => assert!(has(bytes, signed_part(&der)), "nobody has signed this certificate"),
            _ => assert!(is_of_corpus || *content == self::data(), "nobody can sign but the issuer"),
        }
    }
    if matches!(layer % 5, 2 | 3) {
        let _ = certificate::keys(bytes);
    }
    is_far(&report, if matches!(layer % 5, 1..=3) { Signed::Here } else { Signed::Elsewhere })
}

/// A seal of `data` by whoever has the certificate in `der`.
fn sealed(data: &[u8], der: &[u8]) -> Vec<u8> {
    let canonical = serde_json::from_slice::<Json>(data).ok();
    let canonical = canonical.and_then(|json| serde_json_canonicalizer::to_vec(&json).ok());
    let signature = ISSUERS.with(|issuers| issuers.es256(canonical.as_deref().unwrap_or(data)));
    let beside =
        json!({"alg": "ES256", "cer": BASE64.encode(der), "sigvl": BASE64.encode(&signature)}).to_string();
    [br#"{"data":"#, data, br#","sig":"#, beside.as_bytes(), b"}"].concat()
}

/// The certificate of which that is the signed part, as the signing CA signs it.
fn vouched(signed: &[u8]) -> Vec<u8> {
    let signature = ISSUERS.with(|issuers| issuers.authority(signed));
    let way = [0x30, 10, 6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2];
    let content = [signed, &way, &framed(3, &[&[0], &signature[..]].concat())].concat();
    framed(0x30, &content)
}

fn framed(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    let length = match (high, low) {
        (0, 0..0x80) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag], &length[..], content].concat()
}

/// The part of a certificate that is signed: of a length in two bytes, as the certificate's.
fn signed_part(der: &[u8]) -> &[u8] {
    let length = usize::from(der[6]) << 8 | usize::from(der[7]);
    &der[4..8 + length]
}

fn public_key(der: &[u8]) -> Vec<u8> {
    certificate::key(der).unwrap().public
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn der(text: &str) -> Vec<u8> {
    BASE64.decode(text.as_bytes()).unwrap()
}

fn data() -> Json {
    json!({"hdr": {"t": "icao.vacc", "v": 1, "is": "UTO"}, "msg": {"a": [1, 1.5, "é"]}})
}

/// Of each layer some that are good, or as good as one that nobody has signed.
pub fn seeds() -> Vec<Vec<u8>> {
    let at = |layer: u8, bytes: &[u8]| [&[layer], bytes].concat();
    let data = data().to_string().into_bytes();
    let signer = der(SIGNER);
    let beside = json!({"alg": "ES256", "cer": SIGNER, "sigvl": "AAAA"}).to_string();
    let seals = SEALS.lines().filter_map(|line| line.rsplit_once('\t')).map(|(_, seal)| seal);
    let seals = seals.filter(|seal| seal.starts_with('{')).map(|seal| at(0, seal.as_bytes()));
    let rest = [
        at(1, &data),
        at(1, br#"{"msg": {"b": -1e3, "a": {"n": null}}, "hdr": {"is": "UTO", "v": 1, "t": "icao.test"}}"#),
        at(2, signed_part(&signer)),
        at(3, &signer),
        at(4, beside.as_bytes()),
    ];
    seals.chain(rest).collect()
}
