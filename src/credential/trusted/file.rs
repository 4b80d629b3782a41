//! The file of trust: everything by which a kiosk judges credentials of others, signed by its hub.
//!
//! # Format
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `KKT1` |
//! | 4 | length of the head, the most significant first |
//! | … | head: a COSE_Sign1 as passes are, with the external data `kakou trust 1` |
//! | … | sections: keys, rules, dated, filter, index |
//! | 8 each | set of what is revoked: see [`revocation`] |
//!
//! What the head signs is a CBOR array: 0 version, 1 when it was built, 2 lists ([`TrustList`]), 3 length and SHA-256 of each section,
//! 4 how many values the set has. Keys are a CBOR array of [`Key`]; rules are JSON: an array of rules, and of sets of values as the EU
//! publishes them; dated is a CBOR array of pairs of an identifier and a time; the index has the hash of each block of the set.
//!
//! It is signed with the hub's key for passes, of which kiosks know two while a hub changes it: whoever holds that key
//! decides already who comes in. The external data keeps one from being taken for the other.

use std::io::{self, Write};
use std::sync::Arc;

use coset::{CborSerializable, CoseSign1, CoseSign1Builder, HeaderBuilder, iana};
use minicbor::{Decode, Encode};
use ring::digest::{Context, Digest, SHA256, digest};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde_json::Value as Json;

use super::super::hub_pass::key_id;
use super::super::key::{Key, Keys};
use super::super::rules::{BadRule, Rules};
use super::filter::Filter;
use super::revocation::{self, Parts, ReadAt, RevocationId, Revoked};
use super::{Trusted, source};
use crate::base::Wall;
use crate::model::trust_list::TrustList;

const MAGIC: [u8; 4] = *b"KKT1";
const EXTERNAL: &[u8] = b"kakou trust 1";

/// Longest head, and longest section: a filter of this length holds 50 million.
const HEAD_MAX: usize = 256 << 10;
const SECTION_MAX: u64 = 64 << 20;
/// Bytes that are read at once.
const PIECE: usize = 64 << 10;

/// Most keys: some five times those of all states.
pub const KEYS_MAX: usize = 10_000;
/// Longest keys and rules, which stay in memory.
const HELD_MAX: u64 = 4 << 20;

/// The sections, in their order.
const KEYS: usize = 0;
const RULES: usize = 1;
const DATED: usize = 2;
const FILTER: usize = 3;
const INDEX: usize = 4;
const SECTIONS: [(&str, u64); 5] = [
    ("keys", HELD_MAX),
    ("rules", HELD_MAX),
    ("dated revocations", HELD_MAX),
    ("filter", SECTION_MAX),
    ("index", SECTION_MAX),
];

/// What a file of trust holds.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Higher than that of the file before.
    pub version: u64,
    /// When it is built.
    pub built: Wall,
    /// What it is built of.
    pub lists: Vec<TrustList>,
    /// Keys, each with the number of its list.
    pub keys: Vec<Key>,
    /// Rules and sets of values.
    pub rules: Vec<Json>,
    /// What is revoked, in any order.
    pub revoked: Vec<RevocationId>,
    /// Cards that are revoked where they were issued before a time.
    pub dated: Vec<(RevocationId, Wall)>,
}

/// Why a file of trust is none.
#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    /// It cannot be read, or ends too early.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It does not begin like one.
    #[error("is no file of trust")]
    NoTrust,
    /// None of the hub's keys has signed it.
    #[error("is not signed by this hub")]
    Forged,
    /// What is signed is of a later version of this program, or none.
    #[error("is signed, and is of no form that is known here")]
    Unknown,
    /// A part is not what was signed for.
    #[error("is damaged: {0}")]
    Damaged(&'static str),
    /// A part is larger than a kiosk can hold.
    #[error("is too large: {0}")]
    TooLarge(&'static str),
    /// A rule is none.
    #[error("rule: {0}")]
    Rule(#[from] BadRule),
}

#[derive(Encode, Decode)]
struct Head {
    #[n(0)]
    version: u64,
    #[n(1)]
    built: Wall,
    #[n(2)]
    lists: Vec<TrustList>,
    #[n(3)]
    sections: Vec<Section>,
    #[n(4)]
    revoked: u64,
}

#[derive(Clone, Copy, Encode, Decode)]
struct Section {
    #[n(0)]
    length: u64,
    #[cbor(n(1), with = "minicbor::bytes")]
    hash: [u8; 32],
}

impl Contents {
    /// Writes the file, signed with the hub's `signer`. The same contents give the same bytes.
    ///
    /// # Errors
    ///
    /// When something is larger than a kiosk can hold, or `out` fails.
    pub fn write(self, signer: &Ed25519KeyPair, out: &mut impl Write) -> Result<(), BadFile> {
        if self.keys.len() > KEYS_MAX {
            return Err(BadFile::TooLarge("keys"));
        }
        let Self { version, built, lists, keys, rules, mut revoked, mut dated } = self;
        dated.sort_unstable();
        dated.dedup();
        let (set, index) = revocation::written(&mut revoked);
        let sections = [
            cbor(&Keys::new(keys).into_vec())?,
            serde_json::to_vec(&rules).map_err(io::Error::from)?,
            cbor(&dated)?,
            Filter::of(&revoked).bytes(),
            index,
        ];
        if let Some((_, (name, _))) =
            sections.iter().zip(SECTIONS).find(|(bytes, (_, most))| bytes.len() as u64 > *most)
        {
            return Err(BadFile::TooLarge(name));
        }
        let section =
            |bytes: &Vec<u8>| Section { length: bytes.len() as u64, hash: hash(&digest(&SHA256, bytes)) };
        let stated = sections.iter().map(section).collect();
        let head = cbor(&Head { version, built, lists, sections: stated, revoked: revoked.len() as u64 })?;
        let head =
            signed(head, signer).filter(|head| head.len() <= HEAD_MAX).ok_or(BadFile::TooLarge("head"))?;
        let length = u32::try_from(head.len()).map_err(|_| BadFile::TooLarge("head"))?;
        out.write_all(&MAGIC)?;
        out.write_all(&length.to_be_bytes())?;
        out.write_all(&head)?;
        sections.iter().try_for_each(|section| out.write_all(section))?;
        Ok(out.write_all(&set)?)
    }
}

fn cbor(value: &impl Encode<()>) -> Result<Vec<u8>, BadFile> {
    Ok(minicbor::to_vec(value).map_err(io::Error::other)?)
}

fn hash(digest: &Digest) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    hash
}

fn signed(head: Vec<u8>, signer: &Ed25519KeyPair) -> Option<Vec<u8>> {
    let public = signer.public_key().as_ref().try_into().ok()?;
    let header =
        HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).key_id(key_id(public).to_vec()).build();
    let sign = |message: &[u8]| signer.sign(message).as_ref().to_vec();
    CoseSign1Builder::new()
        .protected(header)
        .payload(head)
        .create_signature(EXTERNAL, sign)
        .build()
        .to_vec()
        .ok()
}

/// A file that is read from its start on.
struct Reading {
    file: Arc<ReadAt>,
    at: u64,
}

impl Reading {
    fn bytes(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        (self.file)(self.at, &mut bytes)?;
        self.at += length as u64;
        Ok(bytes)
    }

    fn head(&mut self, keys: &[[u8; 32]]) -> Result<Head, BadFile> {
        let start = self.bytes(8).map_err(|_| BadFile::NoTrust)?;
        let Some((_, length)) = start.split_first_chunk::<4>().filter(|(magic, _)| **magic == MAGIC) else {
            return Err(BadFile::NoTrust);
        };
        let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        if length > HEAD_MAX {
            return Err(BadFile::NoTrust);
        }
        let head = verified(&self.bytes(length)?, keys).ok_or(BadFile::Forged)?;
        read_cbor(&head)
    }

    /// Gives a section to `take` in pieces, of which nothing may be believed before this returns.
    fn section(
        &mut self,
        number: usize,
        section: Section,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), BadFile> {
        let (name, most) = SECTIONS[number];
        if section.length > most {
            return Err(BadFile::TooLarge(name));
        }
        let (mut hashed, mut left) = (Context::new(&SHA256), section.length);
        while left > 0 {
            let piece = self.bytes(usize::try_from(left).unwrap_or(PIECE).min(PIECE))?;
            hashed.update(&piece);
            take(&piece);
            left -= piece.len() as u64;
        }
        if hash(&hashed.finish()) == section.hash { Ok(()) } else { Err(BadFile::Damaged(name)) }
    }

    fn whole(&mut self, number: usize, section: Section) -> Result<Vec<u8>, BadFile> {
        let mut bytes = vec![];
        self.section(number, section, |piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// The higher, the later.
    pub version: u64,
    /// When it was built.
    pub built: Wall,
    /// What it is built of.
    pub lists: Vec<TrustList>,
}

/// What the file says of itself, if one of the hub's `keys` has signed it. Nothing behind its head is looked at.
///
/// # Errors
///
/// When it is none of the hub's.
pub fn stated(file: Arc<ReadAt>, keys: &[[u8; 32]]) -> Result<Stated, BadFile> {
    let Head { version, built, lists, .. } = Reading { file, at: 0 }.head(keys)?;
    Ok(Stated { version, built, lists })
}

/// Reads a file of `length` bytes that one of the hub's `keys` has signed. The set of what is revoked stays where it is; that it is
/// what was signed is seen block by block when it is asked, or by [`Revoked::check`].
///
/// # Errors
///
/// When it is none of the hub's, or is damaged.
pub fn read(file: Arc<ReadAt>, length: u64, keys: &[[u8; 32]]) -> Result<Trusted, BadFile> {
    let mut reading = Reading { file, at: 0 };
    let Head { version, built, lists, sections, revoked: count } = reading.head(keys)?;
    let sections: [Section; 5] = sections.try_into().map_err(|_| BadFile::Unknown)?;
    let keys: Vec<Key> = read_cbor(&reading.whole(KEYS, sections[KEYS])?)?;
    let mut rules = Rules::default();
    let json: Vec<Json> =
        serde_json::from_slice(&reading.whole(RULES, sections[RULES])?).map_err(|_| BadFile::Unknown)?;
    json.iter().try_for_each(|json| source::add_rule(json, &mut rules).map(drop))?;
    let dated: Vec<(RevocationId, Wall)> = read_cbor(&reading.whole(DATED, sections[DATED])?)?;
    // However long it is said to be, no room is made for more than there is.
    let mut filter = Filter::with_room(sections[FILTER].length.min(SECTION_MAX).min(length));
    reading.section(FILTER, sections[FILTER], |piece| filter.extend(piece))?;
    let index = reading.whole(INDEX, sections[INDEX])?;
    let Reading { file, at: start } = reading;
    if Some(length) != count.checked_mul(8).and_then(|set| set.checked_add(start)) {
        return Err(BadFile::Damaged("set of what is revoked"));
    }
    let set = Arc::new(move |offset: u64, out: &mut [u8]| file(start.saturating_add(offset), out));
    let revoked = Revoked::new(Parts { count, filter, index, set, dated }).ok_or(BadFile::Unknown)?;
    Ok(Trusted { version, built, lists, keys: Keys::new(keys), rules, revoked })
}

fn read_cbor<T: for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Result<T, BadFile> {
    minicbor::decode(bytes).map_err(|_| BadFile::Unknown)
}

/// What is signed, if one of `keys` has signed it.
fn verified(head: &[u8], keys: &[[u8; 32]]) -> Option<Vec<u8>> {
    let envelope = CoseSign1::from_slice(head).ok()?;
    let named = keys.iter().filter(|key| key_id(key)[..] == envelope.protected.header.key_id);
    let has_signed = |key: &[u8; 32]| {
        let key = UnparsedPublicKey::new(&ED25519, key);
        envelope.verify_signature(EXTERNAL, |signature, message| key.verify(message, signature)).is_ok()
    };
    named.into_iter().any(has_signed).then(|| envelope.payload.clone()).flatten()
}
