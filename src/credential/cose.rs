//! COSE_Sign1 (RFC 9052) as certificates of states have it: tagged or not, with the name of the key in either header.

use super::cbor::Cbor;
use super::key::{Key, Keys, Scheme};

/// Tags of a COSE_Sign1 and of a CWT (RFC 8392).
const SIGN1: u64 = 18;
const CWT: u64 = 61;

/// Labels of headers.
const ALGORITHM: i64 = 1;
const KEY_ID: i64 = 4;

/// A signed message.
#[derive(Clone, Debug, PartialEq)]
pub struct Sign1 {
    protected: Vec<u8>,
    algorithm: Option<i64>,
    key_id: Option<Vec<u8>>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// What is known of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature<'k> {
    /// It is this key's.
    Of(&'k Key),
    /// A trusted key is named, and it is not its signature.
    Wrong,
    /// No trusted key is named.
    UnknownKey,
}

impl Sign1 {
    /// Reads the message that `bytes` are.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let message = untagged(Cbor::read(bytes).ok()?)?;
        let Cbor::Array(parts) = message else { return None };
        let Ok([Cbor::Bytes(protected), unprotected, Cbor::Bytes(payload), Cbor::Bytes(signature)]) =
            <[Cbor; 4]>::try_from(parts)
        else {
            return None;
        };
        let header = if protected.is_empty() { Cbor::Map(vec![]) } else { Cbor::read(&protected).ok()? };
        if !matches!((&header, &unprotected), (Cbor::Map(_), Cbor::Map(_))) {
            return None;
        }
        // What is signed goes first.
        let either = |label| header.get(label).or_else(|| unprotected.get(label));
        let algorithm = match either(ALGORITHM) {
            Some(Cbor::Int(algorithm)) => Some(*algorithm),
            _ => None,
        };
        let key_id = either(KEY_ID).and_then(Cbor::bytes).map(<[u8]>::to_vec);
        Some(Self { algorithm, key_id, payload, signature, protected })
    }

    /// What is signed.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Its signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// What those of `keys` that sign credentials of `scheme` say of the signature.
    pub fn verify<'k>(&self, keys: &'k Keys, scheme: Scheme) -> Signature<'k> {
        let named = self.key_id.as_deref().map_or(&[][..], |id| keys.named(scheme, id));
        if named.is_empty() {
            return Signature::UnknownKey;
        }
        let message = self.message();
        let signed = |key: &&Key| {
            self.algorithm == Some(key.algorithm.cose()) && key.has_signed(&message, &self.signature)
        };
        named.iter().find(signed).map_or(Signature::Wrong, Signature::Of)
    }

    /// What the signature is of (9052, 4.4).
    fn message(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.payload.len() + self.protected.len() + 32);
        let mut encoder = minicbor::Encoder::new(&mut out);
        // Writing to memory cannot fail.
        let written = encoder
            .array(4)
            .and_then(|e| e.str("Signature1"))
            .and_then(|e| e.bytes(&self.protected))
            .and_then(|e| e.bytes(&[]))
            .and_then(|e| e.bytes(&self.payload));
        assert!(written.is_ok(), "a message is encoded in memory");
        out
    }
}

/// The message without its tags, each of which may stand once.
fn untagged(message: Cbor) -> Option<Cbor> {
    let message = without(message, CWT);
    let message = without(message, SIGN1);
    if matches!(message, Cbor::Tagged(..)) { None } else { Some(message) }
}

fn without(message: Cbor, tag: u64) -> Cbor {
    if let Cbor::Tagged(found, inner) = message {
        if found == tag { *inner } else { Cbor::Tagged(found, inner) }
    } else {
        message
    }
}
