//! What the hub last vouched for, kept beside the log: `<epoch>.cosigned`, the text of the note with its cosignature.
//!
//! The file is replaced whole: written under another name, synced, renamed, and the folder synced. After a power cut
//! there is the old one or the new one. A file that cannot be read counts as none, which only means that more is sent
//! than need be.

use std::io;

use super::cosigned::file_of;
use super::disk::Disk;
use super::note::{self, SignedNote};
use crate::base::Epoch;

/// The note that is kept for the log of `epoch`, if there is one that can be read. Its signatures are not checked.
///
/// # Errors
///
/// When the medium fails.
pub fn load<D: Disk>(disk: &mut D, epoch: Epoch) -> io::Result<Option<SignedNote>> {
    let file = file_of(epoch);
    let length = match disk.len(&file) {
        Ok(length) => usize::try_from(length).unwrap_or(usize::MAX),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if length > note::LENGTH_MAX {
        return Ok(None);
    }
    let mut bytes = vec![0; length];
    let read = disk.read_at(&file, 0, &mut bytes)?;
    Ok(SignedNote::parse(&bytes[..read]).ok())
}

/// Keeps `note` for the log of `epoch`. When this returns, it survives a power cut.
///
/// `writer` names who writes, so that two programs never write into the same unfinished file.
///
/// # Errors
///
/// The note that was kept before is then still there.
pub fn store<D: Disk>(disk: &mut D, epoch: Epoch, note: &SignedNote, writer: &str) -> io::Result<()> {
    let (file, text) = (file_of(epoch), note.to_string());
    let unfinished = format!("{file}.{writer}");
    match disk.remove(&unfinished) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    disk.create(&unfinished, text.len() as u64)?;
    disk.write_at(&unfinished, 0, text.as_bytes())?;
    disk.sync(&unfinished)?;
    disk.rename(&unfinished, &file)?;
    disk.sync_dir()
}
