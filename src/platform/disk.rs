//! The journal's directory on a real file system.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::journal::Disk;

/// Open files kept between operations; the writer uses one, a reader two or three.
const OPEN_MAX: usize = 4;

/// A directory. Clones work on the same files with file handles of their own.
#[derive(Debug)]
pub struct DirDisk {
    path: PathBuf,
    open: BTreeMap<String, File>,
    lock: Option<File>,
    writable: bool,
}

impl Clone for DirDisk {
    fn clone(&self) -> Self {
        Self { path: self.path.clone(), open: BTreeMap::new(), lock: None, writable: self.writable }
    }
}

impl DirDisk {
    /// Opens the directory for its one writer and creates it, readable by its owner only, if it is not there.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when another process has it open for writing.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let lock = File::open(path)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|errno| taken(errno.into()))?;
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(parent)?.sync_all()?;
        }
        Ok(Self { path: path.to_owned(), open: BTreeMap::new(), lock: Some(lock), writable: true })
    }

    /// Opens the directory for reading, beside its writer.
    ///
    /// # Errors
    ///
    /// When there is no such directory.
    pub fn open_read_only(path: &Path) -> io::Result<Self> {
        fs::read_dir(path)?;
        Ok(Self { path: path.to_owned(), open: BTreeMap::new(), lock: None, writable: false })
    }

    /// Opens the directory beside its writer, for files that are replaced whole and of which each writer has its own
    /// unfinished one, such as [`crate::journal::cosigned`]. Never for segments.
    ///
    /// # Errors
    ///
    /// When there is no such directory.
    pub fn open_beside(path: &Path) -> io::Result<Self> {
        Ok(Self { writable: true, ..Self::open_read_only(path)? })
    }

    /// Whether this handle holds the directory's lock.
    pub fn is_writer(&self) -> bool {
        self.lock.is_some()
    }

    fn file(&mut self, name: &str) -> io::Result<&File> {
        if !self.open.contains_key(name) {
            if self.open.len() >= OPEN_MAX {
                self.open.pop_first();
            }
            let file = OpenOptions::new().read(true).write(self.writable).open(self.path.join(name))?;
            self.open.insert(name.to_owned(), file);
        }
        self.open.get(name).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// Says in words what `WouldBlock` means here.
fn taken(error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::WouldBlock {
        return error;
    }
    let words =
        "日志正被另一程序写入 another program is writing this journal: a kiosk that runs, or a repair";
    io::Error::new(io::ErrorKind::WouldBlock, words)
}

impl Disk for DirDisk {
    fn list(&mut self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.extend(entry.file_name().into_string().ok());
            }
        }
        names.sort();
        Ok(names)
    }

    fn len(&mut self, file: &str) -> io::Result<u64> {
        Ok(self.file(file)?.metadata()?.len())
    }

    fn read_at(&mut self, file: &str, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
        let file = self.file(file)?;
        let mut done = 0;
        while done < bytes.len() {
            match file.read_at(&mut bytes[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn create(&mut self, file: &str, size: u64) -> io::Result<()> {
        let path = self.path.join(file);
        let mut new = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        let zeros = [0; 64 * 1024];
        let mut left = size;
        while left > 0 {
            let count = usize::try_from(left).unwrap_or(zeros.len()).min(zeros.len());
            new.write_all(&zeros[..count])?;
            left -= count as u64;
        }
        if self.open.len() >= OPEN_MAX {
            self.open.pop_first();
        }
        self.open.insert(file.to_owned(), new);
        Ok(())
    }

    fn write_at(&mut self, file: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file(file)?.write_all_at(bytes, offset)
    }

    fn sync(&mut self, file: &str) -> io::Result<()> {
        let outcome = self.file(file)?.sync_data();
        if outcome.is_err() {
            // The kernel reports a lost page once per open file; a fresh handle sees what really is there.
            self.open.remove(file);
        }
        outcome
    }

    fn sync_dir(&mut self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.open.remove(from);
        self.open.remove(to);
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.open.remove(file);
        fs::remove_file(self.path.join(file))
    }

    fn room(&mut self) -> io::Result<Option<u64>> {
        let found = rustix::fs::statvfs(&self.path)?;
        // What is kept for root is not for us, even where the kiosk runs as root.
        Ok(Some(found.f_bavail.saturating_mul(found.f_frsize)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_hold_what_is_written_and_only_their_owner_reads_them() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let mut disk = DirDisk::open(&dir.path().join("journal")).unwrap();
        disk.create("a", 100_000).unwrap();
        disk.write_at("a", 99_998, b"xy").unwrap();
        disk.sync("a").unwrap();
        disk.sync_dir().unwrap();
        let mut bytes = [9; 8];
        assert_eq!(disk.clone().read_at("a", 99_996, &mut bytes).unwrap(), 4);
        assert_eq!(&bytes, b"\0\0xy\x09\x09\x09\x09");
        assert_eq!(disk.create("a", 1).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        let mode = fs::metadata(dir.path().join("journal/a")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        disk.rename("a", "b").unwrap();
        assert_eq!((disk.list().unwrap(), disk.len("b").unwrap()), (vec!["b".to_owned()], 100_000));
        disk.remove("b").unwrap();
        assert_eq!(disk.len("b").unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_second_writer_is_refused_and_a_reader_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let first = DirDisk::open(dir.path()).unwrap();
        assert!(first.is_writer());
        let refused = DirDisk::open(dir.path()).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
        assert!(refused.to_string().contains("another program is writing"), "{refused}");
        let mut reader = DirDisk::open_read_only(dir.path()).unwrap();
        assert!(reader.list().unwrap().is_empty());
        drop(first);
        DirDisk::open(dir.path()).unwrap();
    }
}
