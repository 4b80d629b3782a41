//! What the hub has countersigned, held against the log that is here.
//!
//! The last note that came back with the hub's cosignature lies beside the segments, in `<epoch>.cosigned`, as the text
//! of a signed note ([`super::note`]). It proves what the hub holds, and so what this log must hold: fewer records, or
//! others, mean that the log was put back to an earlier state, copied and gone on elsewhere, or altered.

use std::io;

use super::disk::Disk;
use super::merkle::Hash;
use super::note::{self, SignedNote};
use super::reader::{self, LogName, Reader};
use crate::base::Epoch;

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

/// Name of the file that holds the last countersigned note of a log.
pub fn file_of(epoch: Epoch) -> String {
    format!("{epoch}.cosigned")
}

/// The note that is kept of a log, unchecked; `None` when there is none.
///
/// # Errors
///
/// When the medium fails.
pub fn read<D: Disk>(disk: &mut D, epoch: Epoch) -> io::Result<Option<Result<SignedNote, note::Error>>> {
    let mut bytes = vec![0; note::LENGTH_MAX + 1];
    let length = match disk.read_at(&file_of(epoch), 0, &mut bytes) {
        Ok(length) => length,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some(SignedNote::parse(&bytes[..length])))
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
