//! What the hub has signed for: the countersigned notes that a kiosk keeps beside its segments.
//!
//! # Files
//!
//! Both are signed notes ([`super::note`]) with the log's own signature and the hub's cosignature, as the hub answered
//! them. Each was checked against this log before it was kept, and is checked again when it is read.
//!
//! | file | which note |
//! |---|---|
//! | `<epoch>.cosigned` | the one over the most records |
//! | `<name of a segment without .seg>.cosigned` | the first one over all records of that segment: since when the hub holds it |
//!
//! They are written under another name, synced and renamed, so that after a power cut the old or the new one is there.

use std::io;

use super::disk::Disk;
use super::merkle::Hash;
use super::note::{self, SignedNote, VerifyingKey};
use super::segment::Name;
use crate::base::{Epoch, KioskId, Wall};

/// Whose signatures count.
#[derive(Clone, Debug)]
pub struct Witness {
    /// Whose logs.
    pub kiosk: KioskId,
    /// The key that signs them.
    pub own: VerifyingKey,
    /// Name under which the hub cosigns.
    pub hub_name: &'static str,
    /// The key with which it does.
    pub hub: VerifyingKey,
}

/// A note with both signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    size: u64,
    root: Hash,
    at: Wall,
    text: String,
}

/// Why a note is no receipt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It is none, or one of the signatures is missing or wrong.
    #[error("{0}")]
    Note(#[from] note::Error),
    /// It is about another log.
    #[error("it is about {0}")]
    OtherLog(String),
    /// It is about more records than this log has.
    #[error("it is about {size} records, this log has {durable}")]
    Ahead {
        /// As signed.
        size: u64,
        /// What is durable here.
        durable: u64,
    },
    /// The records are others than those here.
    #[error("its root over {0} records is not the one of this log")]
    Root(u64),
}

impl Witness {
    /// Checks that `text` is about the log `epoch` and bears both signatures. What it states must still be compared
    /// with the log: see [`Cosigned::check`].
    ///
    /// # Errors
    ///
    /// [`Refused::Note`] or [`Refused::OtherLog`].
    pub fn read(&self, epoch: Epoch, text: &str) -> Result<Cosigned, Refused> {
        let signed = SignedNote::parse(text.as_bytes())?;
        let stated = signed.note();
        if stated.origin != note::origin(&self.kiosk, epoch) {
            return Err(Refused::OtherLog(stated.origin.chars().take(120).collect()));
        }
        signed.verify(&self.own)?;
        let at = signed.verify_cosignature(self.hub_name, &self.hub)?;
        Ok(Cosigned { size: stated.size, root: stated.root, at, text: text.to_owned() })
    }
}

impl Cosigned {
    /// Number of records that the hub holds.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hub's time when it signed, to the second.
    pub fn at(&self) -> Wall {
        self.at
    }

    /// The note as it was signed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Compares the note with the log, of which `durable` records are durable and the tree over `size` has `root`.
    ///
    /// # Errors
    ///
    /// [`Refused::Ahead`] or [`Refused::Root`].
    pub fn check(&self, durable: u64, root: &Hash) -> Result<(), Refused> {
        if self.size > durable {
            return Err(Refused::Ahead { size: self.size, durable });
        }
        if self.root == *root { Ok(()) } else { Err(Refused::Root(self.size)) }
    }
}

/// Name of the file with the newest note of a log.
pub fn file_of(epoch: Epoch) -> String {
    format!("{epoch}.cosigned")
}

/// Name of the file with the first note over the whole of a segment.
pub(super) fn file_of_segment(segment: &Name) -> String {
    let file = segment.file();
    format!("{}.cosigned", file.strip_suffix(".seg").unwrap_or(&file))
}

/// Reads a kept note; `None` when there is none.
///
/// # Errors
///
/// When the medium fails.
pub(super) fn read<D: Disk>(
    disk: &mut D,
    file: &str,
    epoch: Epoch,
    witness: &Witness,
) -> io::Result<Option<Result<Cosigned, Refused>>> {
    let mut bytes = vec![0; note::LENGTH_MAX + 1];
    let length = match disk.read_at(file, 0, &mut bytes) {
        Ok(length) => length,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let text = std::str::from_utf8(&bytes[..length]);
    let read = text.map_err(|_| Refused::Note(note::Error::Envelope));
    Ok(Some(read.and_then(|text| witness.read(epoch, text))))
}
