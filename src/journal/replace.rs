//! Writing a small file whole or not at all.

use std::io;

use super::disk::Disk;

/// Puts `bytes` into `file`, whole or not at all, and makes them durable.
///
/// # Errors
///
/// When the disk is full or fails; what was in `file` before is then still there, or `bytes` already.
pub fn replace<D: Disk>(disk: &mut D, file: &str, bytes: &[u8]) -> io::Result<()> {
    replace_by(disk, file, "new", bytes)
}

/// The same where several programs write: each under the name of its own until the file is whole.
pub(super) fn replace_by<D: Disk>(disk: &mut D, file: &str, writer: &str, bytes: &[u8]) -> io::Result<()> {
    let new = format!("{file}.{writer}");
    match disk.remove(&new) {
        // Left by an attempt that the power cut ended.
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    disk.create(&new, bytes.len() as u64)?;
    disk.write_at(&new, 0, bytes)?;
    disk.sync(&new)?;
    disk.rename(&new, file)?;
    disk.sync_dir()
}
