//! One record as it lies in a segment and travels in a batch.
//!
//! # Encoding
//!
//! Integers are little-endian. `Stored` has no length of its own: it says where it ends.
//!
//! | bytes | field |
//! |---|---|
//! | 1 | kind: 0 plain, 1 sealed, 2 sealed and erased; others are for later versions |
//! | 4 | length of the public part, 1 to 65,536 |
//! | 4 | length of the box: 1 to 65,536 for kind 1, else 0 |
//! | … | public part: CBOR of [`Entry`] |
//! | 32 | commitment to the personal part; kinds 1 and 2 |
//! | … | box bytes; kind 1 |
//! | 32 | SHA-256 of the box bytes; kind 2 |
//!
//! # Leaf
//!
//! `SHA-256(0x00 || public || commit || SHA-256(box))`, the last two only where there is a box or was one. A box can
//! thus be destroyed while size, root and every proof stay as they were.

use super::merkle::{Hash, leaf_hash, sha256};
use crate::model::Entry;

/// A record: its public part, and the sealed personal part if there is one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    /// CBOR of the [`Entry`].
    pub public: Vec<u8>,
    /// What it says about persons.
    pub seal: Seal,
}

/// The personal part of a record, which only the hub can open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seal {
    /// The record says nothing about persons.
    None,
    /// Encrypted.
    Boxed {
        /// Salted commitment to the content; the salt is inside the box.
        commit: Hash,
        /// The box, as [`crate::journal`] seals it.
        bytes: Vec<u8>,
    },
    /// Destroyed; the proofs stay valid.
    Erased {
        /// As it was.
        commit: Hash,
        /// SHA-256 of the bytes that were destroyed.
        box_hash: Hash,
    },
}

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes end within the record.
    #[error("record is cut short")]
    Short,
    /// The kind is not one that this version knows.
    #[error("record is of kind {0}, which this version does not know")]
    Kind(u8),
    /// A part is empty or longer than allowed.
    #[error("a part of {0} bytes, where 1 to 65536 are allowed")]
    Length(usize),
    /// The public part is no CBOR of an entry, or more than one.
    #[error("public part is not an entry")]
    Entry,
}

const HEAD: usize = 9;

impl Stored {
    /// Longest public part, in bytes.
    pub const PUBLIC_MAX: usize = 64 * 1024;
    /// Longest box, in bytes.
    pub const BOX_MAX: usize = 64 * 1024;
    /// Longest encoding, in bytes.
    pub const ENCODED_MAX: usize = HEAD + Self::PUBLIC_MAX + 32 + Self::BOX_MAX;

    /// Puts an entry and its seal together.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] when a part is longer than allowed.
    pub fn new(entry: &Entry, seal: Seal) -> Result<Self, Error> {
        let mut public = Vec::with_capacity(256);
        minicbor::encode(entry, &mut public).map_err(|_| Error::Entry)?;
        let stored = Self { public, seal };
        stored.check_lengths().map(|()| stored)
    }

    /// Reads the public part.
    ///
    /// # Errors
    ///
    /// [`Error::Entry`] when it is not exactly one entry.
    pub fn entry(&self) -> Result<Entry, Error> {
        let mut decoder = minicbor::Decoder::new(&self.public);
        let entry = decoder.decode().map_err(|_| Error::Entry)?;
        if decoder.position() == self.public.len() { Ok(entry) } else { Err(Error::Entry) }
    }

    /// The record's leaf in the log's tree.
    pub fn leaf_hash(&self) -> Hash {
        match &self.seal {
            Seal::None => leaf_hash(&[&self.public]),
            Seal::Boxed { commit, bytes } => leaf_hash(&[&self.public, commit, &sha256(bytes)]),
            Seal::Erased { commit, box_hash } => leaf_hash(&[&self.public, commit, box_hash]),
        }
    }

    /// Length of the encoding, in bytes.
    pub fn encoded_len(&self) -> usize {
        let sealed = match &self.seal {
            Seal::None => 0,
            Seal::Boxed { bytes, .. } => 32 + bytes.len(),
            Seal::Erased { .. } => 64,
        };
        HEAD + self.public.len() + sealed
    }

    /// Appends the encoding to `out`.
    ///
    /// # Panics
    ///
    /// When a part is longer than allowed; [`new`](Self::new) and [`decode`](Self::decode) make none such.
    pub fn encode(&self, out: &mut Vec<u8>) {
        assert!(self.check_lengths().is_ok(), "a record longer than allowed");
        let (kind, box_len) = match &self.seal {
            Seal::None => (0, 0),
            Seal::Boxed { bytes, .. } => (1, bytes.len()),
            Seal::Erased { .. } => (2, 0),
        };
        out.push(kind);
        for length in [self.public.len(), box_len] {
            let length = u32::try_from(length).unwrap_or(u32::MAX);
            out.extend_from_slice(&length.to_le_bytes());
        }
        out.extend_from_slice(&self.public);
        match &self.seal {
            Seal::None => {}
            Seal::Boxed { commit, bytes } => {
                out.extend_from_slice(commit);
                out.extend_from_slice(bytes);
            }
            Seal::Erased { commit, box_hash } => {
                out.extend_from_slice(commit);
                out.extend_from_slice(box_hash);
            }
        }
    }

    /// Reads one record from the front of `bytes` and moves `bytes` behind it.
    ///
    /// Allocates no more than `bytes` holds. The public part is not looked into; see [`entry`](Self::entry).
    ///
    /// # Errors
    ///
    /// Any [`Error`]; `bytes` is then where it was.
    pub fn decode(bytes: &mut &[u8]) -> Result<Self, Error> {
        let mut rest = *bytes;
        let [kind] = take_array::<1>(&mut rest)?;
        let public_len = take_length(&mut rest)?;
        let box_len = take_length(&mut rest)?;
        check_length(public_len, Self::PUBLIC_MAX)?;
        match kind {
            0 | 2 if box_len == 0 => {}
            1 => check_length(box_len, Self::BOX_MAX)?,
            0 | 2 => return Err(Error::Length(box_len)),
            other => return Err(Error::Kind(other)),
        }
        let public = take(&mut rest, public_len)?.to_vec();
        let seal = match kind {
            0 => Seal::None,
            1 => Seal::Boxed { commit: take_array(&mut rest)?, bytes: take(&mut rest, box_len)?.to_vec() },
            _ => Seal::Erased { commit: take_array(&mut rest)?, box_hash: take_array(&mut rest)? },
        };
        *bytes = rest;
        Ok(Self { public, seal })
    }

    fn check_lengths(&self) -> Result<(), Error> {
        check_length(self.public.len(), Self::PUBLIC_MAX)?;
        match &self.seal {
            Seal::Boxed { bytes, .. } => check_length(bytes.len(), Self::BOX_MAX),
            Seal::None | Seal::Erased { .. } => Ok(()),
        }
    }
}

fn check_length(length: usize, max: usize) -> Result<(), Error> {
    if (1..=max).contains(&length) { Ok(()) } else { Err(Error::Length(length)) }
}

fn take<'b>(rest: &mut &'b [u8], length: usize) -> Result<&'b [u8], Error> {
    let (front, back) = rest.split_at_checked(length).ok_or(Error::Short)?;
    *rest = back;
    Ok(front)
}

fn take_array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Error> {
    let (front, back) = rest.split_first_chunk::<N>().ok_or(Error::Short)?;
    *rest = back;
    Ok(*front)
}

fn take_length(rest: &mut &[u8]) -> Result<usize, Error> {
    let length = u32::from_le_bytes(take_array(rest)?);
    usize::try_from(length).map_err(|_| Error::Short)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::{BootId, ClockTrust, Mono, Seq, Stamp, Wall};
    use crate::model::Body;

    #[test]
    fn every_kind_survives_encoding_and_says_where_it_ends() {
        let all = [plain(), boxed(), erased()];
        let mut bytes = vec![];
        all.iter().for_each(|stored| stored.encode(&mut bytes));
        assert_eq!(bytes.len(), all.iter().map(Stored::encoded_len).sum::<usize>());
        let mut rest = bytes.as_slice();
        for stored in &all {
            assert_eq!(Stored::decode(&mut rest).as_ref(), Ok(stored));
        }
        assert!(rest.is_empty());
    }

    #[test]
    fn erasing_a_box_leaves_the_leaf_as_it_was() {
        assert_eq!(boxed().leaf_hash(), erased().leaf_hash());
        assert_ne!(boxed().leaf_hash(), plain().leaf_hash());
    }

    #[test]
    fn a_cut_record_is_refused_at_every_length() {
        let mut bytes = vec![];
        boxed().encode(&mut bytes);
        for length in 0..bytes.len() {
            assert_eq!(Stored::decode(&mut &bytes[..length]), Err(Error::Short), "{length} bytes");
        }
    }

    #[test]
    fn lengths_beyond_the_limits_are_refused_before_anything_is_allocated() {
        let head = |kind: u8, public: u32, sealed: u32| {
            [&[kind][..], &public.to_le_bytes(), &sealed.to_le_bytes(), &[0; 80]].concat()
        };
        assert_eq!(Stored::decode(&mut &head(0, u32::MAX, 0)[..]), Err(Error::Length(u32::MAX as usize)));
        assert_eq!(Stored::decode(&mut &head(0, 65_537, 0)[..]), Err(Error::Length(65_537)));
        assert_eq!(Stored::decode(&mut &head(0, 0, 0)[..]), Err(Error::Length(0)));
        assert_eq!(Stored::decode(&mut &head(0, 1, 1)[..]), Err(Error::Length(1)));
        assert_eq!(Stored::decode(&mut &head(1, 1, 65_537)[..]), Err(Error::Length(65_537)));
        assert_eq!(Stored::decode(&mut &head(9, 1, 0)[..]), Err(Error::Kind(9)));
        let long = Stored { public: vec![0; 65_537], seal: Seal::None };
        assert!(long.check_lengths().is_err());
    }

    #[test]
    fn bytes_behind_an_entry_are_not_part_of_it() {
        let mut stored = plain();
        stored.public.push(0);
        assert_eq!(stored.entry(), Err(Error::Entry));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut rest = bytes.as_slice();
            if let Ok(stored) = Stored::decode(&mut rest) {
                let mut again = vec![];
                stored.encode(&mut again);
                prop_assert_eq!(&again[..], &bytes[..bytes.len() - rest.len()]);
                let _ = stored.entry();
            }
        }
    }

    fn plain() -> Stored {
        let stamp = Stamp {
            boot: BootId([1; 16]),
            mono: Mono(5),
            wall: Wall(6),
            trust: ClockTrust::None,
            max_error_ms: 0,
        };
        let entry = Entry { seq: Seq::FIRST, stamp, lane: None, body: Body::Stopped };
        Stored::new(&entry, Seal::None).unwrap()
    }

    fn boxed() -> Stored {
        Stored { seal: Seal::Boxed { commit: [7; 32], bytes: b"sealed".to_vec() }, ..plain() }
    }

    fn erased() -> Stored {
        Stored { seal: Seal::Erased { commit: [7; 32], box_hash: sha256(b"sealed") }, ..plain() }
    }
}
