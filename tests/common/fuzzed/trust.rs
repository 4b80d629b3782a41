//! The file of trust, whole and within its signature, and the lists of others that it is built of.

use data_encoding::{BASE64, HEXLOWER};
use kakou::base::Wall;
use kakou::credential::key::{Key, Keys};
use kakou::credential::key_id;
use kakou::credential::report::Moment;
use kakou::credential::trusted::file::{Contents, KEYS_MAX};
use kakou::credential::trusted::source::{
    certificate_keys, counters, json_keys, revoked_cards, revoked_certificates, revoked_passes, rules,
};
use kakou::credential::trusted::{PassState, Trusted};
use kakou::model::Authenticity;
use ring::digest::{SHA256, digest};
use serde_json::json;

use super::issuers::{
    AUTHORITY, ISSUERS, NOW, OPEN, SEALS, SIGNER, cbor, eddsa_message, header, opened, public,
};

/// What the hub signs beside a file of trust.
const EXTERNAL: &[u8] = b"kakou trust 1";

/// What is revoked in the file that is altered.
const PASS: &[u8; 8] = b"revoked!";

/// The first byte says what the others are: a file; a head that is signed, and what follows it; sections that are signed; or a list of
/// others: keys in JSON, certificates, rules, or what was revoked of certificates, cards or passes.
pub fn trust(bytes: &[u8]) -> bool {
    let Some((layer, bytes)) = bytes.split_first() else { return false };
    match layer % 9 {
        0 => file(bytes),
        1 => head(bytes),
        2 => sections(bytes),
        3 => json_keys(bytes).is_ok_and(keys_stay),
        4 => certificate_keys(bytes).is_ok_and(keys_stay),
        5 => rules(bytes).is_ok_and(|rules| {
            let written = written(Contents { rules: rules.clone(), ..Contents::default() });
            assert!(read(written).is_some(), "what is taken is taken again");
            !rules.is_empty()
        }),
        6 => revoked_certificates(bytes, NOW).is_ok_and(|found| found.ids.len() + found.dated.len() > 0),
        7 => counters(bytes).is_ok_and(|counters| {
            let newest =
                |kid: &str| counters.iter().find(|(known, _)| known == kid).map(|(_, newest)| *newest);
            let _ = revoked_cards(bytes, newest);
            !counters.is_empty()
        }),
        _ => passes(bytes),
    }
}

/// A whole file counts as the hub wrote it, or not at all.
fn file(bytes: &[u8]) -> bool {
    let good = good();
    let Some(trusted) = read(bytes.to_vec()) else { return false };
    assert_eq!((trusted.version, trusted.keys.len()), (7, 1), "nobody can sign but the hub");
    let is_whole = trusted.revoked.check().is_ok();
    assert_eq!(is_whole, bytes == good, "a set that was changed is noticed");
    let state = trusted.pass(PASS, &Moment::sure(NOW));
    assert!(matches!(state, PassState::Revoked | PassState::Unreadable), "{state:?}");
    is_whole
}

/// A head whose length stands before it, and what follows it.
fn head(bytes: &[u8]) -> bool {
    let Some(([high, low], rest)) = bytes.split_first_chunk::<2>().map(|(length, rest)| (*length, rest))
    else {
        return false;
    };
    let (head, rest) = rest.split_at((usize::from(high) << 8 | usize::from(low)).min(rest.len()));
    let Some(trusted) = read(with_head(head, rest)) else { return false };
    // The sections are those that it states: what it says of itself is all that can be another.
    is_sound(&trusted)
}

/// Six parts, each with its length in two bytes before it: the five sections, and the set. The head states them as they are.
fn sections(bytes: &[u8]) -> bool {
    let Some((count, mut rest)) = bytes.split_first() else { return false };
    let mut parts: Vec<&[u8]> = vec![];
    for _ in 0..5 {
        let Some((length, behind)) = rest.split_first_chunk::<2>() else { return false };
        let (part, behind) = behind.split_at(usize::from(u16::from_be_bytes(*length)).min(behind.len()));
        parts.push(part);
        rest = behind;
    }
    let head = stated(&parts, u64::from(*count));
    let Some(trusted) = read(with_head(&head, &[&parts.concat(), rest].concat())) else { return false };
    is_sound(&trusted)
}

/// What was read can be gone by, whatever it says.
fn is_sound(trusted: &Trusted) -> bool {
    let moment = Moment::sure(NOW);
    let _ = (trusted.revoked.check(), trusted.age(NOW), trusted.pass(PASS, &moment));
    let own = ISSUERS.with(|issuers| public(&issuers.eddsa));
    let certificate = super::hcert::certificate();
    let report = trusted.verify(&certificate, &moment);
    let keys = trusted.keys.clone().into_vec();
    let is_trusted = keys.iter().any(|key| key.public == own && key.id == OPEN);
    assert!(report.authentic != Authenticity::Genuine || is_trusted, "nobody's key is trusted");
    super::issuers::printable(&certificate, trusted, &moment);
    let _ = trusted.judge(&report, &moment);
    true
}

/// Keys are the same once they were in a file.
fn keys_stay(mut keys: Vec<Key>) -> bool {
    keys.truncate(KEYS_MAX);
    let contents = Contents { keys: keys.clone(), ..Contents::default() };
    let trusted = read(written(contents)).unwrap();
    assert_eq!(trusted.keys, Keys::new(keys.clone()));
    assert!(keys.iter().all(|key| !key.public.is_empty()), "a key without bytes");
    !keys.is_empty()
}

fn passes(bytes: &[u8]) -> bool {
    let Ok(found) = revoked_passes(bytes) else { return false };
    let lines = std::str::from_utf8(bytes).unwrap().lines();
    let lines = lines.map(|line| line.split('#').next().unwrap().trim()).filter(|line| !line.is_empty());
    let trusted = read(written(Contents { revoked: found.ids.clone(), ..Contents::default() })).unwrap();
    for line in lines {
        let pass = HEXLOWER.decode(line.to_ascii_lowercase().as_bytes()).unwrap();
        assert_eq!(trusted.pass(&pass, &Moment::sure(NOW)), PassState::Revoked, "{line}");
    }
    !found.ids.is_empty()
}

fn read(file: Vec<u8>) -> Option<Trusted> {
    ISSUERS.with(|issuers| opened(file, &issuers.eddsa)).ok()
}

fn written(contents: Contents) -> Vec<u8> {
    let mut out = vec![];
    ISSUERS.with(|issuers| contents.write(&issuers.eddsa, &mut out)).unwrap();
    out
}

/// A file of that head, signed, and what is behind it.
fn with_head(head: &[u8], rest: &[u8]) -> Vec<u8> {
    let key = ISSUERS.with(|issuers| key_id(&public(&issuers.eddsa)));
    let head = eddsa_message(&header(-8, &key), EXTERNAL, head);
    let length = u32::try_from(head.len()).unwrap().to_be_bytes();
    [b"KKT1", &length[..], &head, rest].concat()
}

/// The head that states those sections, and so many values.
fn stated(sections: &[&[u8]], count: u64) -> Vec<u8> {
    cbor(|e| {
        e.array(5).unwrap().u64(7).unwrap().i64(NOW.0).unwrap().array(0).unwrap().array(5).unwrap();
        for section in sections {
            e.array(2).unwrap().u64(section.len() as u64).unwrap();
            e.bytes(digest(&SHA256, section).as_ref()).unwrap();
        }
        e.u64(count).unwrap();
    })
}

fn good() -> Vec<u8> {
    ISSUERS.with(|issuers| {
        let keys = issuers.trusted.keys.clone().into_vec();
        let revoked = vec![kakou::credential::trusted::revocation::RevocationId::of_pass(PASS)];
        let keys = keys.into_iter().filter(|key| key.id == OPEN).collect();
        written(Contents { version: 7, built: NOW, keys, revoked, ..Contents::default() })
    })
}

/// The head of a file as it is signed, and the sections in it with the set.
fn taken_apart(file: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    use coset::CborSerializable;
    let length = usize::from(file[6]) << 8 | usize::from(file[7]);
    let envelope = coset::CoseSign1::from_slice(&file[8..8 + length]).unwrap();
    let head = envelope.payload.unwrap();
    let stated = kakou::credential::cbor::Cbor::read(&head).unwrap().to_json();
    let (mut at, mut parts) = (8 + length, vec![]);
    for section in stated[3].as_array().unwrap() {
        let length = usize::try_from(section[0].as_u64().unwrap()).unwrap();
        parts.push(file[at..at + length].to_vec());
        at += length;
    }
    parts.push(file[at..].to_vec());
    (head, parts)
}

/// Of each layer one that is good.
pub fn seeds() -> Vec<Vec<u8>> {
    let at = |layer: u8, bytes: &[u8]| [&[layer], bytes].concat();
    let sized = |part: &[u8]| [&u16::try_from(part.len()).unwrap().to_be_bytes(), part].concat();
    let good = good();
    let (head, parts) = taken_apart(&good);
    let sections: Vec<u8> = parts[..5].iter().flat_map(|part| sized(part)).collect();
    let dated = [(Wall(5), kakou::credential::trusted::revocation::RevocationId::of_card(b"k", "r"))];
    let dated = written(Contents { dated: dated.map(|(at, id)| (id, at)).to_vec(), ..Contents::default() });
    let (_, with_dates) = taken_apart(&dated);
    let with_dates: Vec<u8> = with_dates[..5].iter().flat_map(|part| sized(part)).collect();
    let mut seeds = vec![
        at(0, &good),
        at(1, &[&sized(&head)[..], &parts.concat()].concat()),
        at(2, &[&[1], &sections[..], &parts[5]].concat()),
        at(2, &[&[0], &with_dates[..]].concat()),
        at(4, &BASE64.decode(AUTHORITY.as_bytes()).unwrap()),
        at(4, pem(&[SIGNER, SEALS.lines().nth(1).unwrap()]).as_bytes()),
    ];
    seeds.extend(lists());
    seeds
}

fn pem(certificates: &[&str]) -> String {
    certificates
        .iter()
        .map(|text| format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"))
        .collect()
}

/// Lists of others, of each kind one.
fn lists() -> Vec<Vec<u8>> {
    let at = |layer: u8, json: &serde_json::Value| [&[layer], json.to_string().as_bytes()].concat();
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "kid": "-7KwyVSAe4g37WuMgIfw1HD8z1_LVsX8zqcwagZlQBo", "crlVersion": 2,
        "x": "-HQqmqM-hjaSUSi5-MStJCDBs-eeiOT-t91-bPyPQPI", "y": "GxiOeUQu29da8Nw_GG9NRyu2ZaY5fLAf7PQlpGnpXdM",
    });
    let did = "did:web:a.example";
    let method = json!({"id": "did:web:a.example#1", "publicKeyJwk": jwk});
    let list = "did:web:tng-cdn.example:v2:trustlist:DDCC:XXA:DSC";
    let named = json!({"id": format!("{list}#AQIDBAUGBwg%3D"), "publicKeyJwk": jwk});
    let certified = json!({"id": format!("{list}#AQID"), "publicKeyJwk": {"x5c": [SIGNER]}});
    let rule = json!({
        "Identifier": "R", "Version": "1.0.0", "Engine": "CERTLOGIC", "CertificateType": "General",
        "Logic": {"in": [1, [1]]}, "ValidFrom": "2021-01-01T00:00:00Z", "ValidTo": "2030-01-01T00:00:00Z",
    });
    let batch = json!({
        "kid": "AQI=", "hashType": "UCI", "expires": "2030-11-01T00:00:00Z",
        "entries": [{"hash": "AAAAAAAAAAAAAAAAAAAAAA=="}],
    });
    let mut lists = vec![
        at(3, &json!({"keys": [jwk], "issuer": "https://a.example"})),
        at(
            3,
            &json!({"id": did, "verificationMethod": [method], "assertionMethod": ["did:web:a.example#1"]}),
        ),
        at(3, &json!({"id": list, "verificationMethod": [named, certified]})),
        at(3, &json!({"issuerInfo": [{"issuer": {"iss": "https://a.example"}, "keys": [jwk]}]})),
        at(5, &json!([rule, {"valueSetId": "good", "valueSetValues": {"a": {}}}])),
        at(6, &batch),
        at(7, &json!({"kid": "k", "crlVersion": 3, "method": "rid", "ctr": 3, "rids": ["a", "b.5"]})),
    ];
    lists.push([&[8][..], b"0123456789abcdef # lost\n\n# all\n0123456789ABCDE0\n"].concat());
    lists
}
