//! A proof to take home: one text file with which an auditor checks a record far from kiosk and hub.
//!
//! The form is a C2SP [tlog-proof], which public transparency-log tools read, stored as `NAME.tlog-proof`:
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra <base64 of a JSON object>
//! index <the record's index, counted from 0>
//! <hash, base64>                          from the record's sibling up to the root's child
//!                                         (an empty line)
//! <signed checkpoint note>                as in [`super::note`], with the hub's cosignature where there is one
//! ```
//!
//! The object has these fields:
//!
//! | field | what |
//! |---|---|
//! | `form` | `kakou/record@1` |
//! | `entry` | the public part, to be read |
//! | `public` | the public part's exact bytes, CBOR in base64: what is proven |
//! | `commitment` | commitment to the personal part, 64 hexadecimal digits; absent without one |
//! | `box_sha256` | SHA-256 of the sealed box, 64 hexadecimal digits; absent without one |
//!
//! The leaf follows from the last three as [`super::stored`] says. The box itself never leaves with a proof. What
//! `entry` says is compared with `public`: fields that a later version added to either are passed over.
//!
//! [tlog-proof]: https://c2sp.org/tlog-proof

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::merkle::Hash;
use super::note::{self, SignedNote, VerifyingKey, parse_origin};
use super::proof::{self, HASHES_MAX, verify_inclusion};
use super::prove::{Inclusion, without_box};
use super::stored::{Seal, Stored};
use crate::base::{Epoch, KioskId, Wall};
use crate::model::Entry;

/// Longest file that is read, in bytes.
pub const LENGTH_MAX: usize = 512 * 1024;
const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
const FORM: &str = "kakou/record@1";

/// A record, its proof and the note that it is proven against. Nothing in it is believed before
/// [`verify`](Self::verify).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditProof {
    record: Stored,
    /// As the file has it.
    entry: Value,
    index: u64,
    hashes: Vec<Hash>,
    note: SignedNote,
}

/// What a proof has proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Whose log.
    pub kiosk: KioskId,
    /// Which log of that kiosk.
    pub epoch: Epoch,
    /// The record.
    pub entry: Entry,
    /// Commitment and box hash, where the record has or had a personal part.
    pub sealed: Option<(Hash, Hash)>,
    /// Number of records that the note vouches for.
    pub size: u64,
    /// The hub's time when it countersigned, where that was asked for.
    pub cosigned: Option<Wall>,
}

/// Why a file cannot be used at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// Longer than [`LENGTH_MAX`], or with more than [`HASHES_MAX`] hashes.
    #[error("the file is too long for a proof")]
    TooLong,
    /// Not text, or another first line.
    #[error("not a {FIRST_LINE} file")]
    Form,
    /// The line with the record is missing or not ours.
    #[error("no record of a kiosk is in it")]
    Record,
    /// The index or a hash is not in its form.
    #[error("line {0} is neither index nor hash")]
    Line(usize),
    /// The note at its end is none.
    #[error("checkpoint note: {0}")]
    Note(#[from] note::Error),
}

/// Why a file proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotProven {
    /// The kiosk's key has not signed the note.
    #[error("the kiosk's key: {0}")]
    Kiosk(note::Error),
    /// The hub's key has not countersigned the note.
    #[error("the hub's key: {0}")]
    Hub(note::Error),
    /// The note is about no log of a kiosk.
    #[error("the note is about {0:?}, no log of a kiosk")]
    Origin(String),
    /// The record is not in the tree that was signed.
    #[error("the record is not in the log that was signed: {0}")]
    Proof(#[from] proof::Error),
    /// The bytes are proven and of no content that this version knows.
    #[error("the record is of a content that this version does not know")]
    Content,
    /// The record says another number than its place.
    #[error("the record says it is number {says}, its place is {place}")]
    Number {
        /// As in the record.
        says: u64,
        /// As proven.
        place: u64,
    },
    /// Somebody altered what is there to be read.
    #[error("what the file gives to be read is not what is proven")]
    Readable,
}

#[derive(Serialize, Deserialize)]
struct Extra {
    form: String,
    entry: Value,
    public: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commitment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    box_sha256: Option<String>,
}

impl AuditProof {
    /// Puts together what was proven from a log and the signed note over the same number of records.
    ///
    /// # Errors
    ///
    /// [`NotProven::Proof`] when the note is about another tree, [`NotProven::Content`] when the record cannot be read.
    pub fn new(proven: Inclusion, note: SignedNote) -> Result<Self, NotProven> {
        let Inclusion { record, index, size, hashes, root } = proven;
        if (note.note().size, note.note().root) != (size, root) {
            return Err(proof::Error::Root.into());
        }
        let entry = readable(&record.entry().map_err(|_| NotProven::Content)?);
        Ok(Self { record: without_box(record), entry, index, hashes, note })
    }

    /// Reads a file without believing it.
    ///
    /// # Errors
    ///
    /// Any [`Unusable`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Unusable> {
        if bytes.len() > LENGTH_MAX {
            return Err(Unusable::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Unusable::Form)?;
        let (head, note) = text.split_once("\n\n").ok_or(Unusable::Form)?;
        let mut lines = head.split('\n').zip(1..);
        if lines.next().map(|(line, _)| line) != Some(FIRST_LINE) {
            return Err(Unusable::Form);
        }
        let extra = lines.next().and_then(|(line, _)| line.strip_prefix("extra ")).ok_or(Unusable::Record)?;
        let (record, entry) = decode_extra(extra).ok_or(Unusable::Record)?;
        let index = lines.next().and_then(|(line, _)| decode_index(line)).ok_or(Unusable::Line(3))?;
        let mut hashes = Vec::new();
        for (line, number) in lines {
            if hashes.len() == HASHES_MAX {
                return Err(Unusable::TooLong);
            }
            hashes.push(decode_hash(line).ok_or(Unusable::Line(number))?);
        }
        Ok(Self { record, entry, index, hashes, note: SignedNote::parse(note.as_bytes())? })
    }

    /// The note that the record is proven against.
    pub fn note(&self) -> &SignedNote {
        &self.note
    }

    /// Checks everything: signature by `kiosk`, countersignature by `hub` (name and key) where one is given, the
    /// record's place in the signed tree, and that what is there to be read is what is proven.
    ///
    /// # Errors
    ///
    /// Any [`NotProven`].
    pub fn verify(
        &self,
        kiosk: &VerifyingKey,
        hub: Option<(&str, &VerifyingKey)>,
    ) -> Result<Proven, NotProven> {
        let stated = self.note.verify(kiosk).map_err(NotProven::Kiosk)?;
        let countersigned = |(name, key)| self.note.verify_cosignature(name, key).map_err(NotProven::Hub);
        let cosigned = hub.map(countersigned).transpose()?;
        let (id, epoch) =
            parse_origin(&stated.origin).ok_or_else(|| NotProven::Origin(stated.origin.clone()))?;
        verify_inclusion(&self.record.leaf_hash(), self.index, stated.size, &self.hashes, &stated.root)?;
        let entry = self.record.entry().map_err(|_| NotProven::Content)?;
        let (says, place) = (entry.seq.get(), self.index + 1);
        if says != place {
            return Err(NotProven::Number { says, place });
        }
        if !agrees(&self.entry, &readable(&entry)) {
            return Err(NotProven::Readable);
        }
        let sealed = match &self.record.seal {
            Seal::Erased { commit, box_hash } => Some((*commit, *box_hash)),
            Seal::None | Seal::Boxed { .. } => None,
        };
        Ok(Proven { kiosk: id, epoch, entry, sealed, size: stated.size, cosigned })
    }
}

/// The file's text.
impl fmt::Display for AuditProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (commitment, box_sha256) = match &self.record.seal {
            Seal::Erased { commit, box_hash } => (Some(commit), Some(box_hash)),
            Seal::None | Seal::Boxed { .. } => (None, None),
        };
        let hex = |hash: &Hash| HEXLOWER.encode(hash);
        let extra = Extra {
            form: FORM.to_owned(),
            entry: self.entry.clone(),
            public: BASE64.encode(&self.record.public),
            commitment: commitment.map(hex),
            box_sha256: box_sha256.map(hex),
        };
        let extra = serde_json::to_vec(&extra).map_err(|_| fmt::Error)?;
        writeln!(f, "{FIRST_LINE}\nextra {}\nindex {}", BASE64.encode(&extra), self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", BASE64.encode(hash)))?;
        write!(f, "\n{}", self.note)
    }
}

/// The public part, to be read.
pub fn readable(entry: &Entry) -> Value {
    json!({ "seq": entry.seq, "stamp": entry.stamp, "lane": entry.lane, "body": entry.body })
}

/// Whether two readings of a record say the same, as far as both say it.
fn agrees(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.iter().all(|(key, value)| other.get(key).is_none_or(|theirs| agrees(value, theirs)))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| agrees(one, other))
        }
        _ => one == other,
    }
}

fn decode_extra(text: &str) -> Option<(Stored, Value)> {
    let bytes = note::from_base64(text)?;
    let extra: Extra = serde_json::from_slice(&bytes).ok()?;
    let public = note::from_base64(&extra.public)?;
    let hash = |text: String| -> Option<Hash> { HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok() };
    let seal = match (extra.commitment, extra.box_sha256) {
        (None, None) => Seal::None,
        (Some(commit), Some(box_hash)) => Seal::Erased { commit: hash(commit)?, box_hash: hash(box_hash)? },
        (Some(_), None) | (None, Some(_)) => return None,
    };
    let good = extra.form == FORM && (1..=Stored::PUBLIC_MAX).contains(&public.len());
    good.then_some((Stored { public, seal }, extra.entry))
}

/// One spelling only.
fn decode_index(line: &str) -> Option<u64> {
    let text = line.strip_prefix("index ")?;
    let index: u64 = text.parse().ok()?;
    (index.to_string() == text).then_some(index)
}

fn decode_hash(line: &str) -> Option<Hash> {
    note::from_base64(line)?.try_into().ok()
}

#[cfg(test)]
mod tests;
