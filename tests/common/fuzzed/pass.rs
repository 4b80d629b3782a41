//! Passes of a hub, whole and at each layer, also within their signature.

use data_encoding::HEXLOWER;
use kakou::credential::cbor::Cbor;
use kakou::credential::key_id;
use kakou::credential::report::SKEW_SECONDS;
use kakou::model::{Authenticity, Credential, Currency};

use super::issuers::{
    ISSUERS, LANE, NOW, REVOKED_PASS, SITE, answered, cbor, cut, eddsa_message, header, joined, public,
};

/// What the hub signs beside a pass, and beside a file of trust.
const PASS: &[u8] = b"kakou pass 1";
const TRUST: &[u8] = b"kakou trust 1";

/// The first byte says what the others are: the text, the message in it, the claims that are signed, a header and the claims that are
/// signed under it, or claims that the hub has signed as something else.
pub fn pass(bytes: &[u8]) -> bool {
    let Some((layer, bytes)) = bytes.split_first() else { return false };
    let header = own_header();
    let (payload, claims) = match layer % 5 {
        0 => ([b"KK1:", bytes].concat(), None),
        1 => (written(bytes), None),
        2 => (written(&eddsa_message(&header, PASS, bytes)), Some(bytes)),
        3 => {
            let (other, claims) = cut(bytes);
            let payload = written(&eddsa_message(other, PASS, claims));
            (payload, (other == header).then_some(claims))
        }
        _ => (written(&eddsa_message(&header, TRUST, bytes)), None),
    };
    let (_, credential) = answered(&payload);
    let is_signed = matches!(credential.authentic, Authenticity::Genuine | Authenticity::Revoked);
    if is_signed {
        let known = good().into_iter().find(|claims| written_pass(claims) == payload.trim_ascii());
        let claims = claims.map(<[u8]>::to_vec).or(known);
        says_what_was_signed(&credential, &claims.expect("nobody can sign but the hub, and in one spelling"));
    }
    assert!(is_signed || credential.holder.is_none(), "of what is not signed nothing is believed");
    is_signed || matches!(layer % 5, 0 | 1) && credential.authentic != Authenticity::Forged
}

/// What is believed is what the hub signed, and it is of this place and time and not revoked if it counts.
fn says_what_was_signed(credential: &Credential, claims: &[u8]) {
    let Some(holder) = &credential.holder else {
        assert_eq!(credential.current, Currency::Unknown, "what is not understood does not count");
        return;
    };
    let claims = Cbor::read(claims).unwrap();
    let text = |key| claims.get(key).and_then(Cbor::text);
    assert_eq!(holder.pass.expose(), &HEXLOWER.encode(claims.get(1).and_then(Cbor::bytes).unwrap()));
    assert_eq!(holder.name.as_ref().map(|name| name.expose().as_str()), text(7));
    assert_eq!(holder.plate.as_ref().map(|plate| plate.expose().as_str()), text(8));
    assert!((10..32).all(|key| claims.get(key).is_none()), "a key that has to be understood");
    let revoked = claims.get(1).and_then(Cbor::bytes) == Some(REVOKED_PASS);
    assert_eq!(credential.authentic == Authenticity::Revoked, revoked);
    if credential.current == Currency::Current {
        let second = |key| claims.get(key).and_then(Cbor::seconds).unwrap();
        assert!(second(5) <= NOW.as_secs() + SKEW_SECONDS && second(6) > NOW.as_secs() - SKEW_SECONDS);
        assert_eq!(text(4), Some(SITE));
        if let Some(Cbor::Array(lanes)) = claims.get(9) {
            assert!(lanes.contains(&Cbor::Text(LANE.to_owned())), "another lane's");
        }
    }
}

fn own_header() -> Vec<u8> {
    ISSUERS.with(|issuers| header(-8, &key_id(&public(&issuers.eddsa))))
}

fn written(message: &[u8]) -> Vec<u8> {
    [b"KK1:", base45::encode(message).as_bytes()].concat()
}

fn written_pass(claims: &[u8]) -> Vec<u8> {
    written(&eddsa_message(&own_header(), PASS, claims))
}

/// Claims that make a pass: a person's, a vehicle's on some lanes, a revoked one, and one with what may be passed over.
fn good() -> [Vec<u8>; 4] {
    let seconds = NOW.as_secs();
    let begun = |e: &mut minicbor::Encoder<&mut Vec<u8>>, count, pass: &[u8; 8], subject: u8| {
        e.map(count).unwrap().u8(0).unwrap().u8(1).unwrap().u8(1).unwrap().bytes(pass).unwrap();
        e.u8(2).unwrap().u8(subject).unwrap().u8(3).unwrap().u8(0).unwrap().u8(4).unwrap().str(SITE).unwrap();
        e.u8(5).unwrap().i64(seconds - 99).unwrap().u8(6).unwrap().i64(seconds + 99).unwrap();
    };
    [
        cbor(|e| {
            begun(e, 8, b"person-1", 0);
            e.u8(7).unwrap().str("王*").unwrap();
        }),
        cbor(|e| {
            begun(e, 9, b"vehicle1", 1);
            e.u8(8).unwrap().str("京A12345").unwrap().u8(9).unwrap().array(2).unwrap();
            e.str(LANE).unwrap().str("west").unwrap();
        }),
        cbor(|e| begun(e, 7, REVOKED_PASS, 0)),
        cbor(|e| {
            begun(e, 8, b"person-2", 0);
            e.u8(32).unwrap().array(1).unwrap().bool(true).unwrap();
        }),
    ]
}

/// Of each layer one that is good, or as good as one that nobody has signed.
pub fn seeds() -> Vec<Vec<u8>> {
    let at = |layer: u8, bytes: &[u8]| [&[layer], bytes].concat();
    let good = good();
    let unknown = eddsa_message(&header(-8, b"nobody's"), PASS, &good[0]);
    let mut seeds = vec![
        at(0, &written_pass(&good[0])[4..]),
        at(0, &written_pass(&good[1])[4..]),
        at(1, &unknown),
        at(3, &joined(&own_header(), &good[1])),
    ];
    seeds.extend(good.iter().map(|claims| at(2, claims)));
    seeds
}
