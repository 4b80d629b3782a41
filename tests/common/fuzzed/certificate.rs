//! Credentials of strangers, whole and at each layer, and rules about them.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use kakou::base::Wall;
use kakou::credential::cbor::Cbor;
use kakou::credential::certificate::keys as trusted;
use kakou::credential::certlogic::Logic;
use kakou::credential::key::{Algorithm, Key, Keys, Scheme, Uses};
use kakou::credential::report::{Fault, Moment};
use kakou::credential::verify;
use kakou::model::{Authenticity, CredentialKind};
use minicbor::Encoder;
use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value as Json, json};

const ID: &[u8] = b"issuer-1";
/// 2026-03-01T00:00:00Z.
const NOW: Wall = Wall(1_772_323_200_000);

/// Three signing CAs, and seals by them and by others.
const SEALS: &str = include_str!("../../credential/seals.tsv");

/// The first byte says at which layer the others are: the text of one of three kinds, what is packed in it, the message, the
/// signed claims, or a rule with what it is asked about; a seal, or the certificate in one; an archive, or the file in one; what a
/// link to a record says; or the whole content of a code.
pub fn certificate(bytes: &[u8]) -> bool {
    let Some((layer, bytes)) = bytes.split_first() else { return false };
    let text = |prefix: &str, body: &[u8]| [prefix.as_bytes(), body].concat();
    let packed = |bytes: &[u8]| text("HC1:", base45::encode(bytes).as_bytes());
    let (payload, signed) = match layer % 13 {
        0 => (text("HC1:", bytes), false),
        1 => (text("shc:/", bytes), false),
        2 => (text("NZCP:/1/", bytes), false),
        3 => (packed(bytes), false),
        4 => (packed(&compress_to_vec_zlib(bytes, 1)), false),
        5 => (packed(&compress_to_vec_zlib(&message(bytes), 1)), true),
        6 => return rule(bytes),
        7 | 12 => (bytes.to_vec(), false),
        8 => (with_certificate(bytes), false),
        9 => (text("PK\x03\x04", bytes), false),
        10 => (archive(bytes), false),
        _ => (text("shlink:/", BASE64URL_NOPAD.encode(bytes).as_bytes()), false),
    };
    let report = verify(&payload, &keys(), &Moment::sure(NOW));
    let genuine = report.authentic == Authenticity::Genuine;
    let known = report.content.as_ref().is_some_and(|content| {
        *content == json!({"v": [{"dn": 2}]})
            || content["msg"]["utci"] == "U1" && content["hdr"]["is"] == "UTO"
    });
    assert!(signed || !genuine || known, "nobody can sign but the issuer");
    assert!(report.content.is_none() || genuine, "nothing unsigned is passed on");
    if let Ok(value) = Cbor::read(bytes) {
        let _ = value.to_json().to_string();
    }
    match report.fault {
        None => report.kind != CredentialKind::Text && report.kind != CredentialKind::Binary,
        Some(fault) => fault >= Fault::UnknownKey,
    }
}

fn rule(bytes: &[u8]) -> bool {
    let Ok(json) = serde_json::from_slice::<Json>(bytes) else { return false };
    let Ok(logic) = Logic::parse(&json["logic"]) else { return false };
    let said = logic.evaluate(&json["data"]);
    assert!(said.is_ok() || !logic.holds(&json["data"]), "an error never holds");
    said.is_ok()
}

fn signer() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

fn keys() -> Keys {
    let authorities = SEALS.lines().filter(|line| !line.starts_with('#') && !line.contains('\t'));
    let authorities = authorities.map(|line| BASE64.decode(line.as_bytes()).unwrap());
    let own = Key {
        scheme: Scheme::Hcert,
        id: ID.to_vec(),
        algorithm: Algorithm::EdDsa,
        public: signer().public_key().as_ref().to_vec(),
        uses: Uses::default(),
        not_before: Wall(0),
        not_after: Wall(i64::MAX),
        issuer: "XX".to_owned(),
        list: 0,
    };
    Keys::new(authorities.flat_map(|der| trusted(&der).unwrap()).chain([own]).collect())
}

/// A seal with this as its signer's certificate, signed by nobody.
fn with_certificate(der: &[u8]) -> Vec<u8> {
    let data = json!({"hdr": {"t": "icao.vacc", "v": 1, "is": "UTO"}, "msg": {"a": 1}});
    let signature = json!({"alg": "ES256", "cer": BASE64.encode(der), "sigvl": "AAAA"});
    json!({"data": data, "sig": signature}).to_string().into_bytes()
}

/// An archive with this as its one file.
fn archive(content: &[u8]) -> Vec<u8> {
    let crc = !content.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    });
    let packed = compress_to_vec(content, 1);
    let long = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let about = [
        &[20, 0, 8, 0, 8, 0, 0, 0, 0, 0][..],
        &crc.to_le_bytes(),
        &long(packed.len()),
        &long(content.len()),
        &[16, 0, 0, 0],
    ]
    .concat();
    let name = b"certificate.json";
    let file = [b"PK\x03\x04", &about[..], name, &packed].concat();
    let entry = [b"PK\x01\x02", &[20, 0][..], &about, &[0; 14], name].concat();
    let end = [b"PK\x05\x06", &[0, 0, 0, 0, 1, 0, 1, 0][..], &long(entry.len()), &long(file.len()), &[0, 0]]
        .concat();
    [file, entry, end].concat()
}

fn cbor(write: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut out = vec![];
    write(&mut Encoder::new(&mut out));
    out
}

/// These claims, well signed.
fn message(claims: &[u8]) -> Vec<u8> {
    let header = cbor(|e| {
        e.map(2).unwrap().u8(1).unwrap().i8(-8).unwrap().u8(4).unwrap().bytes(ID).unwrap();
    });
    let signed = cbor(|e| {
        e.array(4).unwrap().str("Signature1").unwrap().bytes(&header).unwrap();
        e.bytes(&[]).unwrap().bytes(claims).unwrap();
    });
    cbor(|e| {
        e.array(4).unwrap().bytes(&header).unwrap().map(0).unwrap();
        e.bytes(claims).unwrap().bytes(signer().sign(&signed).as_ref()).unwrap();
    })
}

/// A vaccination that is valid at [`NOW`].
fn claims() -> Vec<u8> {
    let seconds = NOW.as_secs();
    cbor(|e| {
        e.map(3).unwrap().u8(4).unwrap().i64(seconds + 9).unwrap().u8(6).unwrap().i64(seconds - 9).unwrap();
        e.i16(-260).unwrap().map(1).unwrap().u8(1).unwrap().map(1).unwrap();
        e.str("v").unwrap().array(1).unwrap().map(1).unwrap().str("dn").unwrap().u8(2).unwrap();
    })
}

/// Of each layer one that is good, or as good as one that nobody has signed.
pub fn seeds() -> Vec<Vec<u8>> {
    let at = |layer: u8, bytes: &[u8]| [&[layer], bytes].concat();
    let message = message(&claims());
    let zipped = compress_to_vec_zlib(&message, 9);
    let unknown = compress_to_vec_zlib(&[0x84, 0x40, 0xA0, 0x40, 0x40], 9);
    let logic = json!({
        "logic": {"if": [{"var": "v.0"}, {">=": [{"var": "v.0.dn"}, {"var": "v.0.sd"}]}, true]},
        "data": {"v": [{"dn": 2, "sd": 2}]},
    });
    let dates = json!({
        "logic": {"not-after": [{"plusTime": [{"var": "d"}, -7, "day"]}, {"plusTime": ["2026-01-31T00:00:00Z", 1, "month"]}]},
        "data": {"d": "2026-02"},
    });
    let sum = json!({
        "logic": {"reduce": [{"var": "l"}, {"+": [{"var": "accumulator"}, {"var": "current.n"}]}, 0]},
        "data": {"l": [{"n": 1}, {"n": 2}]},
    });
    let jws = "eyJhbGciOiJFUzI1NiIsInppcCI6IkRFRiIsImtpZCI6IngifQ.AwA.AAAA";
    let digits: String = jws.bytes().map(|byte| format!("{:02}", byte - 45)).collect();
    let mut seeds = vec![
        at(0, base45::encode(&zipped).as_bytes()),
        at(1, digits.as_bytes()),
        at(2, b"QRAKAQCA"),
        at(3, &unknown),
        at(4, &[0x84, 0x40, 0xA0, 0x40, 0x40]),
        at(5, &claims()),
        at(6, logic.to_string().as_bytes()),
        at(6, dates.to_string().as_bytes()),
        at(6, sum.to_string().as_bytes()),
    ];
    seeds.extend(others());
    seeds
}

/// The same of seals, archives, links and codes that nobody has signed.
fn others() -> Vec<Vec<u8>> {
    let at = |layer: u8, bytes: &[u8]| [&[layer], bytes].concat();
    let credential =
        json!({"type": "VerifiableCredential", "credentialSubject": {}, "proof": {"jws": "x"}}).to_string();
    let link =
        json!({"url": "https://a.example/", "key": "A".repeat(43), "flag": "LP", "exp": NOW.as_secs() + 9});
    let seals = SEALS.lines().filter_map(|line| line.rsplit_once('\t')).map(|(_, seal)| seal);
    let der = |line: usize| BASE64.decode(SEALS.lines().nth(line).unwrap().as_bytes()).unwrap();
    let texts = [
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
        "I<UTOD23145890<7349<<<<<<<<<<<3407127M9507122UTO<<<<<<<<<<<2STEVENSON<<PETER<JOHN<<<<<<<<<",
        "]Q3010950600013435210ABC\u{1D}17261231",
        "(01)09506000134352(10)A-1",
        "+86 138-1234-1234",
        "HKEN:0",
    ];
    let texts = texts.into_iter().map(|text| at(12, text.as_bytes()));
    let seals = seals.filter(|seal| seal.starts_with('{')).map(|seal| at(7, seal.as_bytes()));
    let rest = [
        at(8, &der(2)),
        at(9, &archive(credential.as_bytes())[4..]),
        at(10, credential.as_bytes()),
        at(11, link.to_string().as_bytes()),
    ];
    seals.chain(texts).chain(rest).collect()
}
