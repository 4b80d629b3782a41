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
//!
//! A note proves what the hub holds, and so what this log must hold: fewer records, or others, mean that the log was
//! put back to an earlier state, copied and gone on elsewhere, or altered. [`judge`] tells, and
//! [`recovery`](super::recovery) acts on it.

use std::io;

use super::disk::Disk;
use super::merkle::Hash;
use super::note::{self, SignedNote, VerifyingKey};
use super::reader::{self, LogName, Reader};
use super::segment::Name;
use crate::base::{Epoch, KioskId, Wall};

const EXTENSION: &str = ".cosigned";

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

/// What a countersigned size and root say about the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The log begins with exactly these records.
    Agrees,
    /// The log is shorter.
    Shorter {
        /// Number of its records.
        found: u64,
    },
    /// The log's first records are others.
    Other,
    /// The root over so many records cannot be told any more: damaged, or no longer kept.
    Unknown,
}

impl Witness {
    /// Checks that `text` is about the log `epoch` and bears both signatures. What it states must still be compared
    /// with the log: see [`judge`].
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

    /// The root over them.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The hub's time when it signed, to the second.
    pub fn at(&self) -> Wall {
        self.at
    }

    /// The note as it was signed.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Name of the file with the newest note of a log.
pub fn file_of(epoch: Epoch) -> String {
    format!("{epoch}{EXTENSION}")
}

/// The log whose newest note `file` holds by its name; `None` for any other file.
pub(super) fn epoch_of(file: &str) -> Option<Epoch> {
    file.strip_suffix(EXTENSION)?.parse().ok().filter(|epoch| file_of(*epoch) == file)
}

/// Name of the file with the first note over the whole of a segment.
pub(super) fn file_of_segment(segment: &Name) -> String {
    let file = segment.file();
    format!("{}{EXTENSION}", file.strip_suffix(".seg").unwrap_or(&file))
}

/// The newest note that is kept of a log, with no signature checked; `None` when there is none.
///
/// # Errors
///
/// When the medium fails.
pub fn unchecked<D: Disk>(disk: &mut D, epoch: Epoch) -> io::Result<Option<Result<SignedNote, note::Error>>> {
    Ok(bytes_of(disk, &file_of(epoch))?.map(|bytes| SignedNote::parse(&bytes)))
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
    let Some(bytes) = bytes_of(disk, file)? else { return Ok(None) };
    let text = std::str::from_utf8(&bytes).map_err(|_| Refused::Note(note::Error::Envelope));
    Ok(Some(text.and_then(|text| witness.read(epoch, text))))
}

/// What `file` holds, with one byte more than a note may have; `None` when there is no such file.
fn bytes_of<D: Disk>(disk: &mut D, file: &str) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; note::LENGTH_MAX + 1];
    match disk.read_at(file, 0, &mut bytes) {
        Ok(length) => bytes.truncate(length),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    Ok(Some(bytes))
}

/// Holds `log` against `size` records with `root`.
///
/// Looks at the segment that ends the first `size` records, and at no other.
///
/// # Errors
///
/// [`reader::Error::Io`] or [`reader::Error::NoLog`].
pub fn judge<D: Disk + Clone>(
    disk: &D,
    log: LogName,
    size: u64,
    root: &Hash,
) -> Result<Judgement, reader::Error> {
    judge_by(&mut Reader::open(disk.clone(), log)?, size, root)
}

/// The same through a reader of the log.
///
/// # Errors
///
/// [`reader::Error::Io`].
pub fn judge_by<D: Disk>(reader: &mut Reader<D>, size: u64, root: &Hash) -> Result<Judgement, reader::Error> {
    let found = reader.durable().map_or(0, |last| last.get());
    if size > found {
        return Ok(Judgement::Shorter { found });
    }
    match reader.frontier(size) {
        Ok(frontier) if frontier.root() == *root => Ok(Judgement::Agrees),
        Ok(_) => Ok(Judgement::Other),
        Err(reader::Error::Missing { .. }) => Ok(Judgement::Unknown),
        Err(error) => Err(error),
    }
}
