//! The seam below the journal: one directory of flat files on something that may lose power.

use std::io;

/// A directory of files without subdirectories.
///
/// What is written may sit in a volatile cache until [`sync`](Self::sync), and what is created, renamed or removed
/// until [`sync_dir`](Self::sync_dir). A power cut keeps any part of it, in units of 512 bytes, in any order.
pub trait Disk: Send {
    /// The names of all files, sorted.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read.
    fn list(&mut self) -> io::Result<Vec<String>>;

    /// Length of `file`, in bytes.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is no such file.
    fn len(&mut self, file: &str) -> io::Result<u64>;

    /// Reads from `offset` until `bytes` is full or the file ends; returns how many bytes were read.
    ///
    /// # Errors
    ///
    /// When the file is not there or the medium fails.
    fn read_at(&mut self, file: &str, offset: u64, bytes: &mut [u8]) -> io::Result<usize>;

    /// Creates `file` with `size` zero bytes, written out so that later writes need no new blocks.
    ///
    /// # Errors
    ///
    /// `AlreadyExists`; `StorageFull`, after which a shorter file may be left behind.
    fn create(&mut self, file: &str, size: u64) -> io::Result<()>;

    /// Overwrites part of `file`.
    ///
    /// # Errors
    ///
    /// After an error any part of `bytes` may have been written.
    fn write_at(&mut self, file: &str, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything written so far to `file` survive a power cut.
    ///
    /// # Errors
    ///
    /// After an error nothing is known about unsynced bytes: a second call may succeed without having written them.
    fn sync(&mut self, file: &str) -> io::Result<()>;

    /// Makes everything created, renamed and removed so far survive a power cut.
    ///
    /// # Errors
    ///
    /// As for [`sync`](Self::sync).
    fn sync_dir(&mut self) -> io::Result<()>;

    /// Renames `from` to `to`, replacing what was there.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is no such file.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;

    /// Removes `file`.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is no such file.
    fn remove(&mut self, file: &str) -> io::Result<()>;

    /// Bytes that can still be written; `None` where the medium does not say.
    ///
    /// # Errors
    ///
    /// When the medium fails.
    fn room(&mut self) -> io::Result<Option<u64>> {
        Ok(None)
    }
}
