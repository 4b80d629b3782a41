//! What a kiosk signs about a log whose root it can no longer state: records that were salvaged, and that it has ended.
//!
//! The envelope is that of a [note](super::note). Nobody can take the text for a checkpoint: the origin, which is the
//! key's name too, has a fourth part, and the second line begins with a word where a checkpoint has its size.
//!
//! ```text
//! kakou/<kiosk>/<epoch>/salvage              kakou/<kiosk>/<epoch>/end
//! salvage <first> <last> <count>             end <first> <last> <whole>
//! <hash, base64>
//! ```
//!
//! *End* says: of the records from first to last, as far as the kiosk knows, so many are whole and were salvaged, and no
//! tree is known over the others any more; first is 0 for a log that the hub contradicted, which was salvaged whole.
//!
//! The hash is `SHA-256("kakou/salvage/1\0" || number || leaf || number || leaf …)` over the records in ascending order,
//! numbers as eight bytes, little-endian. It covers leaves, not bytes, so that a box can be destroyed later.

use std::fmt;

use data_encoding::BASE64;

use super::merkle::{Hash, sha256};
use super::note::{
    ED25519_PLAIN, Error, LENGTH_MAX, Signature, SigningKey, VerifyingKey, key_id, parse_origin,
};
use super::stored::Stored;
use crate::base::{Epoch, KioskId, Seq};

const LABEL: &[u8] = b"kakou/salvage/1\0";

/// What is stated about a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Whose log.
    pub kiosk: KioskId,
    /// Which one.
    pub epoch: Epoch,
    /// What about it.
    pub says: Says,
}

/// What can be stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// These records are whole; the tree they were in is not known any more.
    Salvage(Salvage),
    /// Nothing more will come of this log.
    End {
        /// The first record that no tree proves; 0 for a log that was contradicted.
        first: u64,
        /// The last number that the kiosk knows of.
        last: u64,
        /// How many from first to last were salvaged.
        whole: u64,
    },
}

/// Which records were salvaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salvage {
    /// Number of the first one.
    pub first: Seq,
    /// Number of the last one.
    pub last: Seq,
    /// How many there are; fewer than from first to last when some are lost.
    pub count: u64,
    /// Over all of them: see the module.
    pub hash: Hash,
}

impl Salvage {
    /// What there is to state about `records`; `None` unless there are any, and their numbers ascend.
    pub fn of(records: &[(Seq, Stored)]) -> Option<Self> {
        let ((first, _), (last, _)) = (records.first()?, records.last()?);
        let ascend = records.is_sorted_by(|(before, _), (after, _)| before < after);
        let mut bytes = LABEL.to_vec();
        for (seq, stored) in records {
            bytes.extend_from_slice(&seq.get().to_le_bytes());
            bytes.extend_from_slice(&stored.leaf_hash());
        }
        let (first, last, count) = (*first, *last, records.len() as u64);
        ascend.then(|| Self { first, last, count, hash: sha256(&bytes) })
    }
}

impl Statement {
    /// The statement with the signature of the kiosk's key.
    pub fn sign(&self, key: &SigningKey) -> String {
        signed(&self.origin(), &self.to_string(), key)
    }

    /// Reads a signed statement and checks the signature.
    ///
    /// # Errors
    ///
    /// Any of a note's; [`Error::Statement`] when it is none. The caller must still compare kiosk and epoch with those
    /// that it expects.
    pub fn parse_and_verify(signed: &str, key: &VerifyingKey) -> Result<Self, Error> {
        let envelope = Envelope::parse(signed)?;
        let statement = Self::parse(&envelope.text).ok_or(Error::Statement)?;
        envelope.verify(&statement.origin(), key)?;
        Ok(statement)
    }

    fn origin(&self) -> String {
        let kind = match self.says {
            Says::Salvage(_) => "salvage",
            Says::End { .. } => "end",
        };
        format!("{}/{kind}", super::note::origin(&self.kiosk, self.epoch))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (origin, _) = lines.next()?.rsplit_once('/')?;
        let (kiosk, epoch) = parse_origin(origin)?;
        let words: Vec<&str> = lines.next()?.split(' ').collect();
        let says = match words[..] {
            ["salvage", first, last, count] => Says::Salvage(Salvage {
                first: Seq::new(first.parse().ok()?)?,
                last: Seq::new(last.parse().ok()?)?,
                count: count.parse().ok()?,
                hash: BASE64.decode(lines.next()?.as_bytes()).ok()?.try_into().ok()?,
            }),
            ["end", first, last, whole] => {
                Says::End { first: first.parse().ok()?, last: last.parse().ok()?, whole: whole.parse().ok()? }
            }
            _ => return None,
        };
        let statement = Self { kiosk, epoch, says };
        // One spelling only.
        (statement.to_string() == text).then_some(statement)
    }
}

/// A text and the one signature under it.
pub(super) struct Envelope {
    pub text: String,
    signature: Signature,
}

impl Envelope {
    pub(super) fn parse(signed: &str) -> Result<Self, Error> {
        if signed.len() > LENGTH_MAX {
            return Err(Error::TooLong);
        }
        let (body, block) = signed.split_once("\n\n").ok_or(Error::Envelope)?;
        let line = block.strip_suffix('\n').ok_or(Error::Envelope)?;
        let signature = Signature::parse(line).ok_or(Error::Envelope)?;
        Ok(Self { text: format!("{body}\n"), signature })
    }

    /// Checks that the signature is that of `key` and bears the name `origin`.
    pub(super) fn verify(&self, origin: &str, key: &VerifyingKey) -> Result<(), Error> {
        let id = key_id(origin, ED25519_PLAIN, key);
        let bytes = self.signature.bytes.strip_prefix(&id[..]).filter(|_| self.signature.name == origin);
        key.check(self.text.as_bytes(), bytes.ok_or(Error::Unsigned)?)
    }
}

/// `text` with the signature of `key`, which bears the name `origin`.
pub(super) fn signed(origin: &str, text: &str, key: &SigningKey) -> String {
    let id = key_id(origin, ED25519_PLAIN, &key.verifying());
    let bytes = [&id[..], &key.sign(text.as_bytes())].concat();
    let signature = Signature { name: origin.to_owned(), bytes };
    format!("{text}\n{signature}\n")
}

/// The text that is signed.
impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.origin())?;
        match self.says {
            Says::Salvage(Salvage { first, last, count, hash }) => {
                writeln!(f, "salvage {first} {last} {count}\n{}", BASE64.encode(&hash))
            }
            Says::End { first, last, whole } => writeln!(f, "end {first} {last} {whole}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Frontier, Note, Seal, SignedNote};

    #[test]
    fn a_statement_survives_and_every_altered_byte_is_noticed() {
        for says in [salvage(), end().says] {
            let statement = Statement { says, ..end() };
            let signed = statement.sign(&key());
            assert_eq!(Statement::parse_and_verify(&signed, &key().verifying()), Ok(statement));
            let stranger = SigningKey::from_seed(&[2; 32]).verifying();
            assert_eq!(Statement::parse_and_verify(&signed, &stranger), Err(Error::Unsigned));
            for at in 0..signed.len() {
                let mut bytes = signed.clone().into_bytes();
                bytes[at] ^= 1;
                let Ok(text) = String::from_utf8(bytes) else { continue };
                assert!(Statement::parse_and_verify(&text, &key().verifying()).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn a_statement_is_no_checkpoint_and_a_checkpoint_no_statement() {
        for says in [salvage(), end().says] {
            let signed = Statement { says, ..end() }.sign(&key());
            assert_eq!(SignedNote::parse(signed.as_bytes()), Err(Error::Checkpoint), "{signed}");
            let origin = signed.lines().next().unwrap_or_default();
            assert_eq!(parse_origin(origin), None, "{origin}");
        }
        let note = Note::new(&end().kiosk, end().epoch, &Frontier::new()).sign(&key()).to_string();
        assert_eq!(Statement::parse_and_verify(&note, &key().verifying()), Err(Error::Statement));
    }

    #[test]
    fn the_hash_covers_numbers_and_leaves_and_outlives_the_boxes() {
        let sealed = |seal| Stored { public: vec![1], seal };
        let bytes = vec![7; 50];
        let erased = Seal::Erased { commit: [2; 32], box_hash: sha256(&bytes) };
        let whole = [(seq(3), sealed(Seal::Boxed { commit: [2; 32], bytes })), (seq(5), sealed(Seal::None))];
        let stated = Salvage::of(&whole).unwrap();
        assert_eq!((stated.first, stated.last, stated.count), (seq(3), seq(5), 2));
        let wiped = [(seq(3), sealed(erased)), whole[1].clone()];
        assert_eq!(Salvage::of(&wiped), Some(stated));
        let renumbered = [whole[0].clone(), (seq(6), sealed(Seal::None))];
        assert_ne!(Salvage::of(&renumbered).unwrap().hash, stated.hash);
        assert_eq!(Salvage::of(&[whole[1].clone(), whole[0].clone()]), None);
        assert_eq!(Salvage::of(&[]), None);
    }

    fn salvage() -> Says {
        Says::Salvage(Salvage { first: seq(3), last: seq(9), count: 4, hash: [5; 32] })
    }

    fn end() -> Statement {
        Statement {
            kiosk: "east-1".parse().unwrap(),
            epoch: Epoch([7; 16]),
            says: Says::End { first: 3, last: 17, whole: 9 },
        }
    }

    fn key() -> SigningKey {
        SigningKey::from_seed(&[1; 32])
    }

    fn seq(number: u64) -> Seq {
        Seq::new(number).unwrap()
    }
}
