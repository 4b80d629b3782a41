//! Certificates of the EU's and the WHO's form, whole and at each layer, also within their signature.

use data_encoding::HEXLOWER;
use kakou::credential::cbor::Cbor;
use kakou::credential::report::{Report, SKEW_SECONDS};
use kakou::model::{Authenticity, Currency};
use miniz_oxide::deflate::compress_to_vec_zlib;
use serde_json::Value as Json;

use super::issuers::{
    ISSUERS, LIMITED, NOW, OPEN, REVOKED, Signed, answered, cbor, cut, eddsa_message, header, is_far, joined,
    message,
};

/// The first byte says what the others are: the text, what is packed in it, the message, the claims that are signed, a header and
/// the claims that are signed under it, or claims signed by a key that may sign vaccinations alone.
pub fn hcert(bytes: &[u8]) -> bool {
    let Some((layer, bytes)) = bytes.split_first() else { return false };
    let none: &[u8] = &[];
    let (payload, claims) = match layer % 6 {
        0 => ([b"HC1:", bytes].concat(), none),
        1 => (packed(bytes), none),
        2 => (zipped(bytes), none),
        3 => (zipped(&eddsa_message(&header(-8, OPEN), &[], bytes)), bytes),
        4 => {
            let (header, claims) = cut(bytes);
            (zipped(&eddsa_message(header, &[], claims)), claims)
        }
        _ => (zipped(&limited(bytes)), bytes),
    };
    let (report, _) = answered(&payload);
    if let Some(content) = &report.content {
        let claims = if claims.is_empty() { self::claims("A") } else { claims.to_vec() };
        is_what_was_signed(&report, content, &Cbor::read(&claims).unwrap());
        let count = |kind: &str| content[kind].as_array().map_or(0, Vec::len);
        assert!(report.issuer.as_deref() != Some("YY") || count("t") + count("r") == 0, "{report:?}");
    }
    is_far(&report, if layer % 6 < 3 { Signed::Elsewhere } else { Signed::Here })
}

/// What is passed on is what an issuer signed, and it is neither out of its time nor revoked if it counts.
fn is_what_was_signed(report: &Report, content: &Json, claims: &Cbor) {
    assert_eq!(Some(content), claims.get(-260).and_then(|hcert| hcert.get(1)).map(Cbor::to_json).as_ref());
    let events: Vec<&Json> =
        ["v", "t", "r"].iter().filter_map(|kind| content[kind].as_array()).flatten().collect();
    assert!(!events.is_empty(), "a certificate of nothing");
    if report.authentic != Authenticity::Genuine {
        return;
    }
    assert!(events.iter().all(|event| event["ci"] != REVOKED), "what was revoked is genuine");
    if report.current == Currency::Current && report.fault.is_none() {
        let time = |label| claims.get(label).and_then(Cbor::seconds);
        assert!(time(4).unwrap() > NOW.as_secs() - SKEW_SECONDS, "it has ended");
        assert!(time(6).is_none_or(|issued| issued <= NOW.as_secs() + SKEW_SECONDS), "it is yet to come");
        assert_eq!(events.len(), 1, "nobody can say which counts");
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    [b"HC1:", base45::encode(bytes).as_bytes()].concat()
}

fn zipped(message: &[u8]) -> Vec<u8> {
    packed(&compress_to_vec_zlib(message, 1))
}

fn limited(claims: &[u8]) -> Vec<u8> {
    ISSUERS.with(|issuers| message(&header(-7, LIMITED), &[], claims, |signed| issuers.es256(signed)))
}

/// A good one, as its code says it.
pub fn certificate() -> Vec<u8> {
    zipped(&eddsa_message(&header(-8, OPEN), &[], &claims("A")))
}

/// A vaccination with that identifier, valid now.
fn claims(identifier: &str) -> Vec<u8> {
    events(&["v"], identifier)
}

fn events(kinds: &[&str], identifier: &str) -> Vec<u8> {
    let seconds = NOW.as_secs();
    cbor(|e| {
        e.map(4).unwrap().u8(1).unwrap().str("XX").unwrap();
        e.u8(4).unwrap().i64(seconds + 9).unwrap().u8(6).unwrap().i64(seconds - 9).unwrap();
        e.i16(-260).unwrap().map(1).unwrap().u8(1).unwrap().map(kinds.len() as u64).unwrap();
        for kind in kinds {
            e.str(kind).unwrap().array(1).unwrap().map(2).unwrap().str("dn").unwrap().u8(2).unwrap();
            e.str("ci").unwrap().str(identifier).unwrap();
        }
    })
}

/// Of each layer one that is good, or as good as one that nobody has signed.
pub fn seeds() -> Vec<Vec<u8>> {
    let at = |layer: u8, bytes: &[u8]| [&[layer], bytes].concat();
    let good = eddsa_message(&header(-8, OPEN), &[], &claims("A"));
    let unsigned = HEXLOWER.decode(b"d28440a04040").unwrap();
    let text = String::from_utf8(zipped(&good)).unwrap();
    vec![
        at(0, &text.as_bytes()[4..]),
        at(1, &compress_to_vec_zlib(&unsigned, 9)),
        at(2, &unsigned),
        at(2, &good),
        at(3, &claims("A")),
        at(3, &claims(REVOKED)),
        at(3, &events(&["t", "r"], "B")),
        at(4, &joined(&header(-8, OPEN), &claims("A"))),
        at(5, &claims("A")),
        at(5, &events(&["v", "t"], "A")),
    ]
}
