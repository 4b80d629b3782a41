//! What the hub last vouched for, kept beside the log: `<epoch>.cosigned`, the text of the note with its cosignature.
//!
//! A file that cannot be read counts as none, which only means that more is sent than need be.

use std::io;

use super::cosigned::{file_of, unchecked};
use super::disk::Disk;
use super::note::SignedNote;
use super::replace::replace_by;
use crate::base::Epoch;

/// The note that is kept for the log of `epoch`, if there is one that can be read. Its signatures are not checked.
///
/// # Errors
///
/// When the medium fails.
pub fn load<D: Disk>(disk: &mut D, epoch: Epoch) -> io::Result<Option<SignedNote>> {
    Ok(unchecked(disk, epoch)?.and_then(Result::ok))
}

/// Keeps `note` for the log of `epoch`. When this returns, it survives a power cut.
///
/// `writer` names who writes, so that two programs never write into the same unfinished file.
///
/// # Errors
///
/// The note that was kept before is then still there.
pub fn store<D: Disk>(disk: &mut D, epoch: Epoch, note: &SignedNote, writer: &str) -> io::Result<()> {
    replace_by(disk, &file_of(epoch), writer, note.to_string().as_bytes())
}
