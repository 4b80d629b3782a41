//! Sealing what a record says about persons, so that only the hub, and for a while this kiosk, can read it.
//!
//! Each record has a key of its own, drawn at random. It is wrapped under the kiosk's current *sealing key*, which
//! itself reaches the hub once, encrypted to the hub's public key, in a [`Body::KeyOpened`] entry. Destroying a
//! sealing key on the kiosk makes its records unreadable here; destroying a box makes it unreadable everywhere.
//! A kiosk without a hub seals all the same and appends `KeyOpened` when it knows one.
//!
//! # Box
//!
//! | bytes | field |
//! |---|---|
//! | 1 | version: 1 |
//! | 4 | number of the sealing key, little-endian |
//! | 24 | nonce, random |
//! | 48 | record key, XChaCha20-Poly1305 under the sealing key |
//! | … | salt (32 bytes) and CBOR of [`Personal`], XChaCha20-Poly1305 under the record key |
//!
//! Both use the same nonce, under different keys, and the first five bytes as associated data. The commitment is
//! `SHA-256("kakou/commit/1\0" || salt || CBOR)`: what the hub shows after opening is what the kiosk sealed.
//!
//! # Sealing key to the hub
//!
//! HPKE (RFC 9180) base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305; info is
//! `kakou/sealing-key/1 ` and the log's origin, associated data the key's number. A copy in another log does not open.
//!
//! # Life of a sealing key
//!
//! A new one is drawn each day ([`super::ring`]), stored ([`super::key_file`]) before it is used, and given to the hub
//! before any record that is sealed with it. The kiosk destroys its copy when the site says so.

use std::fmt;

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use zeroize::{Zeroize, Zeroizing};

use super::entropy::Entropy;
use super::hpke::open_from_kiosk;
use super::merkle::{Hash, leaf_hash, sha256};
use super::stored::{Seal, Stored};
use crate::base::{Epoch, KioskId};
use crate::model::{Body, Personal};

const VERSION: u8 = 1;
const HEAD: usize = 5;
const NONCE: usize = 24;
const WRAPPED: usize = 48;
const SALT: usize = 32;
const COMMIT_LABEL: &[u8] = b"kakou/commit/1\0";

/// Why something cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There are no random bytes, or the key file cannot be written or read.
    #[error("sealing key: {0}")]
    Io(#[from] std::io::Error),
    /// More personal data than a box may hold.
    #[error("personal part of {0} bytes is too long to seal")]
    TooLong(usize),
    /// The record has no box, or it was erased.
    #[error("record has no box")]
    NoBox,
    /// The box is in no form that this version knows.
    #[error("box is not in a known form")]
    Malformed,
    /// The box was sealed under another sealing key.
    #[error("box needs sealing key {0}")]
    OtherKey(u32),
    /// The box or the sealing key does not open: altered, or for somebody else.
    #[error("does not open with this key")]
    Unopened,
    /// The box opens and holds something else than the record commits to.
    #[error("content does not match the record's commitment")]
    Commitment,
    /// The bytes are no public key.
    #[error("not an X25519 public key")]
    PublicKey,
}

/// A symmetric key under which a kiosk seals records for a while.
#[derive(Clone)]
pub struct SealingKey {
    number: u32,
    secret: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey {}", self.number)
    }
}

impl SealingKey {
    /// The key with this number and these secret bytes.
    pub fn new(number: u32, secret: [u8; 32]) -> Self {
        Self { number, secret: Zeroizing::new(secret) }
    }

    /// Its number within the epoch.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The secret bytes, for whoever must keep the key.
    pub fn expose(&self) -> &[u8; 32] {
        &self.secret
    }

    /// Opens a record's box and checks that it holds what the record commits to.
    ///
    /// # Errors
    ///
    /// Any [`Error`] that its variants describe for boxes.
    pub fn open(&self, seal: &Seal) -> Result<Personal, Error> {
        let (commit, bytes) = match seal {
            Seal::Boxed { commit, bytes } => (commit, bytes),
            Seal::None | Seal::Erased { .. } => return Err(Error::NoBox),
        };
        let number = box_key(bytes).ok_or(Error::Malformed)?;
        if number != self.number {
            return Err(Error::OtherKey(number));
        }
        let (head, rest) = bytes.split_at(HEAD);
        let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(Error::Malformed)?;
        let (wrapped, content) = rest.split_first_chunk::<WRAPPED>().ok_or(Error::Malformed)?;
        let record_key = Zeroizing::new(open_with(&self.secret[..], nonce, wrapped, head)?);
        let plain = Zeroizing::new(open_with(&record_key, nonce, content, head)?);
        if commitment(&plain) != *commit {
            return Err(Error::Commitment);
        }
        let personal = plain.get(SALT..).ok_or(Error::Malformed)?;
        minicbor::decode(personal).map_err(|_| Error::Malformed)
    }

    /// Seals `personal` under a record key of its own.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] without random bytes, [`Error::TooLong`].
    pub fn seal(&self, personal: &Personal, entropy: &mut dyn Entropy) -> Result<Seal, Error> {
        let mut drawn = Zeroizing::new([0; 32 + NONCE + SALT]);
        entropy.fill(&mut drawn[..])?;
        let (record_key, rest) = drawn.split_at(32);
        let (nonce, salt) = rest.split_at(NONCE);
        let mut plain = Zeroizing::new(Vec::with_capacity(512));
        plain.extend_from_slice(salt);
        minicbor::encode(personal, &mut *plain).map_err(|_| Error::Malformed)?;
        let mut bytes = Vec::with_capacity(HEAD + NONCE + WRAPPED + plain.len() + 16);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.number.to_le_bytes());
        let wrapped = seal_with(&self.secret[..], nonce, record_key, &bytes)?;
        let content = seal_with(record_key, nonce, &plain, &bytes)?;
        bytes.extend_from_slice(nonce);
        bytes.extend_from_slice(&wrapped);
        bytes.extend_from_slice(&content);
        if bytes.len() > Stored::BOX_MAX {
            return Err(Error::TooLong(plain.len()));
        }
        Ok(Seal::Boxed { commit: commitment(&plain), bytes })
    }
}

/// The number of the sealing key that a box needs; `None` when the bytes are no box.
pub fn box_key(bytes: &[u8]) -> Option<u32> {
    let (head, _) = bytes.split_first_chunk::<HEAD>()?;
    (head[0] == VERSION).then(|| u32::from_le_bytes([head[1], head[2], head[3], head[4]]))
}

fn commitment(salt_and_plain: &[u8]) -> Hash {
    sha256(&Zeroizing::new([COMMIT_LABEL, salt_and_plain].concat()))
}

fn cipher(key: &[u8]) -> Result<XChaCha20Poly1305, Error> {
    XChaCha20Poly1305::new_from_slice(key).map_err(|_| Error::Malformed)
}

pub(super) fn seal_with(key: &[u8], nonce: &[u8], msg: &[u8], aad: &[u8]) -> Result<Vec<u8>, Error> {
    let nonce = nonce.try_into().map_err(|_| Error::Malformed)?;
    cipher(key)?.encrypt(nonce, Payload { msg, aad }).map_err(|_| Error::TooLong(msg.len()))
}

pub(super) fn open_with(key: &[u8], nonce: &[u8; NONCE], msg: &[u8], aad: &[u8]) -> Result<Vec<u8>, Error> {
    cipher(key)?.decrypt(nonce.into(), Payload { msg, aad }).map_err(|_| Error::Unopened)
}

/// Opens a box with whichever of `keys` it needs.
///
/// # Errors
///
/// As [`SealingKey::open`]; [`Error::OtherKey`] when none of `keys` is the one.
pub fn open_with_any(keys: &[SealingKey], seal: &Seal) -> Result<Personal, Error> {
    let bytes = match seal {
        Seal::Boxed { bytes, .. } => bytes,
        Seal::None | Seal::Erased { .. } => return Err(Error::NoBox),
    };
    let number = box_key(bytes).ok_or(Error::Malformed)?;
    let key = keys.iter().find(|key| key.number == number).ok_or(Error::OtherKey(number))?;
    key.open(seal)
}

/// The hub's private key, which opens the sealing keys of its kiosks.
pub struct HubOpener {
    private: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for HubOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HubOpener")
    }
}

impl HubOpener {
    /// The key pair that follows from a secret `seed`.
    pub fn from_seed(mut seed: [u8; 32]) -> Self {
        let private = Zeroizing::new(super::hpke::private_from_seed(&seed));
        seed.zeroize();
        Self { private }
    }

    /// The public key, to be given to kiosks.
    pub fn public(&self) -> [u8; 32] {
        super::hpke::public_of(&self.private)
    }

    /// Opens the sealing key in a [`Body::KeyOpened`] of the log `kiosk`, `epoch`.
    ///
    /// # Errors
    ///
    /// [`Error::NoBox`] for any other body, [`Error::Unopened`] when it is for another hub or from another log.
    pub fn open_key(&self, kiosk: &KioskId, epoch: Epoch, body: &Body) -> Result<SealingKey, Error> {
        let Body::KeyOpened { key, encapsulated, sealed } = body else { return Err(Error::NoBox) };
        let origin = super::note::origin(kiosk, epoch);
        open_from_kiosk(&self.private, &origin, *key, encapsulated, sealed)
    }
}

/// A short public name of a key, for telling keys apart in logs and on screens.
pub fn fingerprint(public: &[u8; 32]) -> String {
    data_encoding::HEXLOWER.encode(&leaf_hash(&[public])[..8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Pii, Random};
    use crate::model::Person;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_only() {
        let key = SealingKey::new(3, [5; 32]);
        let seal = sealed(&key, 1);
        assert_eq!(key.open(&seal).unwrap(), wang());
        assert!(matches!(SealingKey::new(4, [5; 32]).open(&seal), Err(Error::OtherKey(3))));
        assert!(matches!(SealingKey::new(3, [6; 32]).open(&seal), Err(Error::Unopened)));
        assert!(matches!(key.open(&Seal::None), Err(Error::NoBox)));
        assert_eq!(open_with_any(&[SealingKey::new(1, [0; 32]), key], &seal).unwrap(), wang());
    }

    #[test]
    fn a_box_shows_nothing_and_equal_people_give_different_boxes() {
        let key = SealingKey::new(3, [5; 32]);
        let Seal::Boxed { commit, bytes } = sealed(&key, 1) else { panic!("not boxed") };
        let name = "王小明".as_bytes();
        assert!(!bytes.windows(name.len()).any(|window| window == name));
        let Seal::Boxed { commit: other, .. } = sealed(&key, 2) else { panic!("not boxed") };
        assert_ne!(commit, other, "the commitment is salted");
    }

    #[test]
    fn every_altered_byte_of_a_box_or_its_commitment_is_noticed() {
        let key = SealingKey::new(3, [5; 32]);
        let Seal::Boxed { commit, bytes } = sealed(&key, 1) else { panic!("not boxed") };
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x10;
            assert!(key.open(&Seal::Boxed { commit, bytes }).is_err(), "byte {at}");
        }
        for length in 0..bytes.len() {
            assert!(key.open(&Seal::Boxed { commit, bytes: bytes[..length].to_vec() }).is_err());
        }
        let commit = [0; 32];
        assert!(matches!(key.open(&Seal::Boxed { commit, bytes }), Err(Error::Commitment)));
    }

    #[test]
    fn keys_do_not_print_themselves() {
        assert_eq!(format!("{:?}", SealingKey::new(3, [5; 32])), "SealingKey 3");
        assert_eq!(format!("{:?}", HubOpener::from_seed([1; 32])), "HubOpener");
    }

    #[test]
    fn more_than_a_box_holds_is_refused() {
        let person = Person { name: Some(Pii::new("x".repeat(70_000))), ..Person::default() };
        let personal = Personal { people: vec![person], vehicle: None, note: None, picture: None };
        let key = SealingKey::new(3, [5; 32]);
        assert!(matches!(key.seal(&personal, &mut Random::new(1)), Err(Error::TooLong(_))));
    }

    fn sealed(key: &SealingKey, seed: u64) -> Seal {
        key.seal(&wang(), &mut Random::new(seed)).unwrap()
    }

    fn wang() -> Personal {
        let person = Person { name: Some(Pii::new("王小明".to_owned())), ..Person::default() };
        Personal { people: vec![person], vehicle: None, note: None, picture: None }
    }
}
