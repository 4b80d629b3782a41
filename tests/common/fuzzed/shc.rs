//! SMART Health Cards, whole and at each layer, also within their signature; cards of several symbols; and lists of revoked ones.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use kakou::base::{Mono, Wall};
use kakou::credential::report::{Moment, SKEW_SECONDS};
use kakou::credential::shc::{CHUNKS_MAX, JOINED_WITHIN, Joining, check_parts};
use kakou::credential::trusted::revocation::RevocationId;
use kakou::credential::trusted::source::revoked_cards;
use kakou::model::Currency;
use miniz_oxide::deflate::compress_to_vec;
use serde_json::{Value as Json, json};

use super::issuers::{ADDRESS, CARD_KEY, ISSUERS, NOW, REVOKED_CARD, Signed, answered, cut, is_far, joined};

/// The first byte says what the others are: the text; the JWS in it; the claims, what they are packed into, or a header and claims,
/// that are signed; what symbols say that are shown one after another; how a good card is spread over symbols; or a list of revoked
/// cards.
pub fn shc(bytes: &[u8]) -> bool {
    let Some((layer, bytes)) = bytes.split_first() else { return false };
    match layer % 8 {
        0 => card(&[b"shc:/", bytes].concat(), None),
        1 => card(digits(bytes).as_bytes(), None),
        2 => card(digits(&jws(&own_header(), &compress_to_vec(bytes, 1))).as_bytes(), Some(bytes)),
        3 => {
            let unpacked = miniz_oxide::inflate::decompress_to_vec_with_limit(bytes, 64 << 10).ok();
            card(digits(&jws(&own_header(), bytes)).as_bytes(), unpacked.as_deref())
        }
        4 => {
            let (header, claims) = cut(bytes);
            card(digits(&jws(header, &compress_to_vec(claims, 1))).as_bytes(), Some(claims))
        }
        5 => symbols(bytes),
        6 => spread(bytes),
        _ => revoked(bytes),
    }
}

/// A card of one symbol, in which those claims are signed.
fn card(payload: &[u8], claims: Option<&[u8]>) -> bool {
    let (report, _) = answered(payload);
    if let Some(content) = &report.content {
        let claims = claims.map_or_else(|| self::claims("a"), <[u8]>::to_vec);
        let claims: Json = serde_json::from_slice(&claims).unwrap();
        assert_eq!((content, &claims["iss"]), (&claims["vc"], &json!(ADDRESS)), "what was signed");
        assert!(content["credentialSubject"].is_object());
        if report.current == Currency::Current && report.fault.is_none() {
            assert_ne!(content["rid"], REVOKED_CARD, "it was revoked");
            let now = NOW.as_secs() as f64;
            assert!(claims["nbf"].as_f64().unwrap() < now + SKEW_SECONDS as f64 + 1.0, "it is yet to come");
            assert!(claims["exp"].as_f64().is_none_or(|end| end > now - SKEW_SECONDS as f64), "it has ended");
        }
    }
    is_far(&report, if claims.is_some() { Signed::Here } else { Signed::Elsewhere })
}

/// Lines are shown one after another, so many seconds apart.
fn symbols(bytes: &[u8]) -> bool {
    let Some((seconds, bytes)) = bytes.split_first() else { return false };
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').take(12).collect();
    let (mut joining, mut whole) = (Joining::default(), false);
    for (at, line) in lines.iter().enumerate() {
        let now = Mono::ZERO + Duration::from_secs(u64::from(*seconds)) * u32::try_from(at).unwrap();
        assert!(!format!("{joining:?}").contains("shc"), "what it says is somebody's");
        let Some(text) = joining.add(now, line) else { continue };
        let parts = last_of_each(&lines[..=at]);
        assert!(parts.len() > 1 && parts.len() <= CHUNKS_MAX, "{} symbols", parts.len());
        let apart = Duration::from_secs(u64::from(*seconds)) * u32::try_from(parts.len() - 1).unwrap();
        assert!(apart <= JOINED_WITHIN, "they were shown too far apart");
        let at_once = ISSUERS.with(|issuers| check_parts(&parts, &issuers.trusted.keys, &Moment::sure(NOW)));
        let (joined, _) = answered(text.as_bytes());
        assert_eq!((joined.kind, joined.issuer), (at_once.kind, at_once.issuer), "the same as at once");
        whole = true;
    }
    whole
}

/// Of each symbol of the card that the last line belongs to the last that was shown.
fn last_of_each<'l>(lines: &[&'l [u8]]) -> Vec<&'l [u8]> {
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.trim_ascii()).collect();
    let count = lines.last().and_then(|line| line.get(7)).map_or(0, |digit| usize::from(digit - b'0'));
    let begins = |index: usize| format!("shc:/{index}/{count}/").into_bytes();
    let last = |index: usize| lines.iter().rev().find(|line| line.starts_with(&begins(index))).copied();
    (1..=count).filter_map(last).collect()
}

/// A good card is cut where the bytes say it, and its parts are shown in the order that they say: it is the card.
fn spread(bytes: &[u8]) -> bool {
    let Some((&[first, second, order], claims)) = bytes.split_first_chunk::<3>() else { return false };
    let text = digits(&jws(&own_header(), &compress_to_vec(claims, 1)));
    let pairs = (text.len() - 5) / 2;
    let cuts = [first, second].map(|cut| 5 + 2 * (1 + usize::from(cut) % (pairs - 2).max(1)));
    let (from, to) = (cuts[0].min(cuts[1]), cuts[0].max(cuts[1]) + 2);
    let parts = [&text[5..from], &text[from..to], &text[to..]];
    if parts.iter().any(|part| part.is_empty()) {
        return false;
    }
    let symbols: Vec<String> =
        parts.iter().enumerate().map(|(at, part)| format!("shc:/{}/3/{part}", at + 1)).collect();
    let order = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]][usize::from(order) % 6];
    let mut joining = Joining::default();
    let shown: Vec<_> = order.iter().map(|at| joining.add(Mono::ZERO, symbols[*at].as_bytes())).collect();
    assert!(shown[0].is_none() && shown[1].is_none());
    assert_eq!(shown[2].as_ref().map(|text| text.as_str()), Some(text.as_str()), "it is the card again");
    card(text.as_bytes(), Some(claims))
}

/// A list of revoked cards revokes as many as stand in it, each under its key and no other.
fn revoked(bytes: &[u8]) -> bool {
    let Ok(found) = revoked_cards(bytes, |_| None) else { return false };
    let json: Json = serde_json::from_slice(bytes).unwrap();
    let (kid, rids) = (json["kid"].as_str().unwrap(), json["rids"].as_array().unwrap());
    assert_eq!(found.ids.len() + found.dated.len(), rids.len());
    for rid in rids.iter().map(|rid| rid.as_str().unwrap()) {
        let (rid, before) = rid.split_once('.').map_or((rid, None), |(rid, before)| (rid, Some(before)));
        let id = RevocationId::of_card(kid.as_bytes(), rid);
        let dated = |before: &str| (id, Wall::from_secs(before.parse().unwrap()));
        assert!(before.map_or(found.ids.contains(&id), |before| found.dated.contains(&dated(before))));
    }
    true
}

fn own_header() -> Vec<u8> {
    json!({"alg": "ES256", "zip": "DEF", "kid": CARD_KEY}).to_string().into_bytes()
}

fn jws(header: &[u8], packed: &[u8]) -> Vec<u8> {
    let signed = [header, packed].map(|part| BASE64URL_NOPAD.encode(part)).join(".");
    let signature = ISSUERS.with(|issuers| issuers.es256(signed.as_bytes()));
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature)).into_bytes()
}

/// The digits of a JWS; of characters that have none, others.
fn digits(jws: &[u8]) -> String {
    let pairs = jws.iter().map(|byte| format!("{:02}", byte.wrapping_sub(45) % 100));
    format!("shc:/{}", pairs.collect::<String>())
}

fn claims(rid: &str) -> Vec<u8> {
    let seconds = NOW.as_secs();
    let vc = json!({"credentialSubject": {"fhirVersion": "4.0.1"}, "rid": rid});
    json!({"iss": ADDRESS, "nbf": seconds - 9, "exp": seconds + 9, "vc": vc}).to_string().into_bytes()
}

/// Of each layer one that is good, or as good as one that nobody has signed.
pub fn seeds() -> Vec<Vec<u8>> {
    let at = |layer: u8, bytes: &[u8]| [&[layer], bytes].concat();
    let good = jws(&own_header(), &compress_to_vec(&claims("a"), 9));
    let text = digits(&good);
    let (first, rest) = text[5..].split_at(200);
    let shown = format!("\u{1}shc:/2/2/{rest}\nshc:/1/2/{first}");
    let list = json!({"kid": "k", "method": "rid", "ctr": 1, "rids": ["abc", "d_-9.1600000000"]}).to_string();
    vec![
        at(0, &text.as_bytes()[5..]),
        at(1, &good),
        at(2, &claims("a")),
        at(2, &claims(REVOKED_CARD)),
        at(3, &compress_to_vec(&claims("b"), 9)),
        at(4, &joined(&own_header(), &claims("a"))),
        at(5, shown.as_bytes()),
        at(6, &[&[30, 90, 4], &claims("a")[..]].concat()),
        at(7, list.as_bytes()),
    ]
}
