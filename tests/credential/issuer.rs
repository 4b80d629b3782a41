//! An issuer of certificates of the EU's form, and each layer of what it writes.

use kakou::base::Wall;
use kakou::credential::hcert;
use kakou::credential::key::{Algorithm, Key, Keys, Scheme, Uses};
use kakou::credential::report::{Moment, Report};
use kakou::model::{Authenticity, Currency};
use minicbor::Encoder;
use miniz_oxide::deflate::compress_to_vec_zlib;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

use crate::{DAY, NOW};

pub const ID: [u8; 8] = *b"\x01\x02\x03\x04\x05\x06\x07\x08";

/// An issuer, and the key that is trusted of it.
pub struct Issuer {
    signer: EcdsaKeyPair,
    random: SystemRandom,
}

impl Issuer {
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let signer =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Self { signer, random }
    }

    pub fn key(&self) -> Key {
        Key {
            scheme: Scheme::Hcert,
            id: ID.to_vec(),
            algorithm: Algorithm::Es256,
            public: self.signer.public_key().as_ref().to_vec(),
            uses: Uses::default(),
            not_before: Wall(NOW.0 - 300 * DAY),
            not_after: Wall(NOW.0 + 300 * DAY),
            issuer: "XX".to_owned(),
            list: 0,
        }
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.signer.sign(&self.random, message).unwrap().as_ref().to_vec()
    }
}

pub type Cbor<'a> = Encoder<&'a mut Vec<u8>>;

pub fn cbor(write: impl FnOnce(&mut Cbor<'_>)) -> Vec<u8> {
    let mut out = vec![];
    write(&mut Encoder::new(&mut out));
    out
}

/// A vaccination.
pub fn dcc(e: &mut Cbor<'_>) {
    e.map(3)
        .unwrap()
        .str("ver")
        .unwrap()
        .str("1.3.0")
        .unwrap()
        .str("dob")
        .unwrap()
        .str("1990-01-01")
        .unwrap();
    e.str("v").unwrap().array(1).unwrap().map(2).unwrap();
    e.str("dn").unwrap().u8(2).unwrap().str("sd").unwrap().u8(2).unwrap();
}

/// Claims from a day ago until tomorrow, with what `hcert` writes as the value of their last key.
pub fn claims(hcert: impl FnOnce(&mut Cbor<'_>)) -> Vec<u8> {
    claims_for(1, hcert)
}

/// The same until so many days from now.
pub fn claims_for(days: i64, hcert: impl FnOnce(&mut Cbor<'_>)) -> Vec<u8> {
    cbor(|e| {
        let seconds = |days: i64| NOW.as_secs() + days * DAY / 1_000;
        e.map(4).unwrap().u8(1).unwrap().str("XX").unwrap();
        e.u8(4)
            .unwrap()
            .i64(seconds(days))
            .unwrap()
            .u8(6)
            .unwrap()
            .i64(seconds(-1))
            .unwrap()
            .i16(-260)
            .unwrap();
        hcert(e);
    })
}

pub fn vaccination() -> Vec<u8> {
    claims(|e| {
        e.map(1).unwrap().u8(1).unwrap();
        dcc(e);
    })
}

pub fn header() -> Vec<u8> {
    cbor(|e| {
        e.map(2).unwrap().u8(1).unwrap().i8(-7).unwrap().u8(4).unwrap().bytes(&ID).unwrap();
    })
}

pub fn to_be_signed(context: &str, header: &[u8], payload: &[u8]) -> Vec<u8> {
    cbor(|e| {
        e.array(4)
            .unwrap()
            .str(context)
            .unwrap()
            .bytes(header)
            .unwrap()
            .bytes(&[])
            .unwrap()
            .bytes(payload)
            .unwrap();
    })
}

/// A message of these parts; `unprotected` is the CBOR of that header.
pub fn message(header: &[u8], unprotected: &[u8], payload: &[u8], signature: &[u8]) -> Vec<u8> {
    let mut out = cbor(|e| {
        e.tag(minicbor::data::Tag::new(18)).unwrap().array(4).unwrap().bytes(header).unwrap();
    });
    out.extend_from_slice(unprotected);
    out.extend(cbor(|e| {
        e.bytes(payload).unwrap().bytes(signature).unwrap();
    }));
    out
}

pub const NOTHING: &[u8] = &[0xA0];

/// The text of a certificate with these claims under this header, well signed.
pub fn text(issuer: &Issuer, header: &[u8], unprotected: &[u8], payload: &[u8]) -> String {
    let signature = issuer.sign(&to_be_signed("Signature1", header, payload));
    packed(&message(header, unprotected, payload, &signature))
}

pub fn packed(message: &[u8]) -> String {
    written(&compress_to_vec_zlib(message, 9))
}

pub fn written(bytes: &[u8]) -> String {
    format!("HC1:{}", base45::encode(bytes))
}

pub fn check(text: &str, key: Key) -> Report {
    hcert::check(text.as_bytes(), &Keys::new(vec![key]), &Moment::sure(NOW))
}

pub fn is_accepted(report: &Report) -> bool {
    report.authentic == Authenticity::Genuine && report.current == Currency::Current && report.fault.is_none()
}
