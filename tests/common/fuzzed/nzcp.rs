//! New Zealand's passes, whole and at each layer, also within their signature.

use data_encoding::BASE32_NOPAD;
use kakou::credential::cbor::Cbor;
use kakou::credential::report::SKEW_SECONDS;
use kakou::model::Currency;

use super::issuers::{
    NOW, PASS_KEY, SUBJECT, Signed, answered, cbor, cut, eddsa_message, header, is_far, joined,
};

/// The first byte says what the others are: the text, the message in it, the claims that are signed, or a header and the claims that
/// are signed under it.
pub fn nzcp(bytes: &[u8]) -> bool {
    let Some((layer, bytes)) = bytes.split_first() else { return false };
    let none: &[u8] = &[];
    let (payload, claims) = match layer % 4 {
        0 => ([b"NZCP:/", bytes].concat(), none),
        1 => (written(bytes), none),
        2 => (written(&signed(bytes)), bytes),
        _ => {
            let (header, claims) = cut(bytes);
            (written(&eddsa_message(header, &[], claims)), claims)
        }
    };
    let (report, _) = answered(&payload);
    if let Some(content) = &report.content {
        let claims = if claims.is_empty() { self::claims() } else { claims.to_vec() };
        let claims = Cbor::read(&claims).unwrap();
        assert_eq!(Some(content), claims.named("vc").map(Cbor::to_json).as_ref(), "what was signed");
        assert_eq!(claims.get(1).and_then(Cbor::text), Some(SUBJECT), "another issuer has this key");
        let time = |label| claims.get(label).and_then(Cbor::seconds);
        if report.current == Currency::Current {
            assert!(time(4).unwrap() > NOW.as_secs() - SKEW_SECONDS, "it has ended");
            assert!(time(5).is_none_or(|start| start <= NOW.as_secs() + SKEW_SECONDS), "it is yet to come");
        }
    }
    is_far(&report, if layer % 4 < 2 { Signed::Elsewhere } else { Signed::Here })
}

fn written(message: &[u8]) -> Vec<u8> {
    [b"NZCP:/1/", BASE32_NOPAD.encode(message).as_bytes()].concat()
}

fn signed(claims: &[u8]) -> Vec<u8> {
    eddsa_message(&header(-8, PASS_KEY.as_bytes()), &[], claims)
}

fn claims() -> Vec<u8> {
    let seconds = NOW.as_secs();
    cbor(|e| {
        e.map(4).unwrap().u8(1).unwrap().str(SUBJECT).unwrap();
        e.u8(5).unwrap().i64(seconds - 9).unwrap().u8(4).unwrap().i64(seconds + 9).unwrap();
        e.str("vc").unwrap().map(1).unwrap().str("type").unwrap().array(1).unwrap();
        e.str("PublicCovidPass").unwrap();
    })
}

/// Of each layer one that is good, or as good as one that nobody has signed.
pub fn seeds() -> Vec<Vec<u8>> {
    let at = |layer: u8, bytes: &[u8]| [&[layer], bytes].concat();
    let good = signed(&claims());
    let text = written(&good);
    vec![
        at(0, &text[6..]),
        at(1, &good),
        at(1, &[0x84, 0x40, 0xA0, 0x40, 0x40]),
        at(2, &claims()),
        at(3, &joined(&header(-8, PASS_KEY.as_bytes()), &claims())),
    ]
}
