//! Files that are written whole: after a power cut there is the old one or the new one, never a part.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};

/// Replaces the file at `path` by `bytes`, readable by its owner only.
///
/// Writes a neighbour, syncs it, renames it and syncs the folder: when this returns, the bytes survive a power cut.
///
/// # Errors
///
/// The file is then as it was.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let neighbour = neighbour_of(path)?;
    let written = write_new(&neighbour, bytes).and_then(|()| fs::rename(&neighbour, path));
    if written.is_err() {
        // What could not be finished is of no use; that it is left lying about is no further harm.
        drop(fs::remove_file(&neighbour));
    }
    written?;
    File::open(folder_of(path))?.sync_all()
}

/// A long file that is written bit by bit and appears whole at its end.
///
/// Dropped before [`finish`](Self::finish), it leaves nothing behind.
#[derive(Debug)]
pub struct Unfinished {
    file: BufWriter<File>,
    path: PathBuf,
    neighbour: PathBuf,
    finished: bool,
}

impl Unfinished {
    /// Begins the file at `path` in a neighbour of it.
    ///
    /// # Errors
    ///
    /// When the neighbour cannot be made.
    pub fn begin(path: &Path) -> io::Result<Self> {
        let neighbour = neighbour_of(path)?;
        let file = BufWriter::with_capacity(1 << 20, create(&neighbour)?);
        Ok(Self { file, path: path.to_owned(), neighbour, finished: false })
    }

    /// Gives the file its name. When this returns, it survives a power cut, and that the medium is pulled out.
    ///
    /// # Errors
    ///
    /// What was at the path before is then still there.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        fs::rename(&self.neighbour, &self.path)?;
        self.finished = true;
        File::open(folder_of(&self.path))?.sync_all()
    }
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.finished {
            // What could not be finished is of no use; that it is left lying about is no further harm.
            drop(fs::remove_file(&self.neighbour));
        }
    }
}

/// Fills a buffer with the bytes of an open file from an offset on.
pub type ReadAt = dyn Fn(u64, &mut [u8]) -> io::Result<()> + Send + Sync;

/// The file at `path`, to be read anywhere, and its length. It stays the same file when another takes its name.
///
/// # Errors
///
/// When it cannot be opened.
pub fn read_at(path: &Path) -> io::Result<(Arc<ReadAt>, u64)> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    Ok((Arc::new(move |offset, out: &mut [u8]| file.read_exact_at(out, offset)), length))
}

/// The length of the file at `path`; none where there is none.
///
/// # Errors
///
/// When nobody can look.
pub fn length(path: &Path) -> io::Result<Option<u64>> {
    match fs::metadata(path) {
        Ok(seen) => Ok(Some(seen.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The file at `path`, to be written on at its end; made where there is none.
///
/// # Errors
///
/// When it cannot be opened or made.
pub fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

/// Removes the file at `path`, where there is one.
///
/// # Errors
///
/// When it is there and cannot be removed.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Gives the whole file `from` the name `to`, in the same folder. When this returns, it survives a power cut.
///
/// # Errors
///
/// What was at `to` before is then still there.
pub fn put_in_place(from: &Path, to: &Path) -> io::Result<()> {
    File::open(from)?.sync_all()?;
    fs::rename(from, to)?;
    File::open(folder_of(to))?.sync_all()
}

/// The whole file at `path`, of at most `bytes_max` bytes; `None` where there is none.
///
/// # Errors
///
/// When it cannot be read or is larger.
pub fn read_if_there(path: &Path, bytes_max: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    read_whole(file, bytes_max).map(Some)
}

fn read_whole(file: File, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > bytes_max {
        return Err(io::Error::other(format!("larger than {bytes_max} bytes")));
    }
    Ok(bytes)
}

/// The whole file at `path`, of at most `bytes_max` bytes, which is nobody's but its owner's and its group's.
///
/// # Errors
///
/// When it cannot be read, is larger, or others may read or write it.
pub fn read_private(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    // Of the open file: what takes its name meanwhile is another one.
    if file.metadata()?.mode() & 0o007 != 0 {
        return Err(io::Error::other("others may read or change it; chmod o= it"));
    }
    read_whole(file, bytes_max)
}

/// The 32-byte secret in the file at `path`, drawn and written there if there is none.
///
/// # Errors
///
/// When it cannot be read or written, or has another length: a damaged key is never replaced, because everything made
/// with it would be lost.
pub fn secret(path: &Path) -> io::Result<[u8; 32]> {
    if let Some(bytes) = read_if_there(path, 32)? {
        return bytes.try_into().map_err(|_| io::Error::other("a secret has 32 bytes; this file is damaged"));
    }
    let mut secret = [0; 32];
    let drawn = SystemRandom::new().fill(&mut secret);
    drawn.map_err(|_| io::Error::other("the operating system gives no random bytes"))?;
    write_atomically(path, &secret)?;
    Ok(secret)
}

fn neighbour_of(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::other("the path names no file"))?;
    let mut neighbour = name.to_owned();
    neighbour.push(".new");
    Ok(path.with_file_name(neighbour))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// By what one content of a file is told from the next, without reading it: it is replaced whole, never written into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    inode: u64,
    length: u64,
    changed: (i64, i64),
}

/// The marks of the file at `path`; none where there is none, or nobody can look.
pub fn marks(path: &Path) -> Option<Marks> {
    let seen = fs::metadata(path).ok()?;
    Some(Marks { inode: seen.ino(), length: seen.len(), changed: (seen.ctime(), seen.ctime_nsec()) })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_belongs_to_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roster.bin");
        assert_eq!(read_if_there(&path, 100).unwrap(), None);
        for bytes in [&b"first and longer"[..], b"second"] {
            write_atomically(&path, bytes).unwrap();
            assert_eq!(read_if_there(&path, 100).unwrap().unwrap(), bytes);
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no neighbour is left");
        assert!(read_if_there(&path, 5).is_err());
    }

    #[test]
    fn a_private_file_is_not_read_where_others_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gate-api.secret");
        write_atomically(&path, b"shh").unwrap();
        for (mode, good) in [(0o600, true), (0o640, true), (0o644, false), (0o602, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read_private(&path, 3).is_ok(), good, "{mode:o}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(read_private(&path, 2).is_err());
    }

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        assert!(write_atomically(&path, b"new").is_err());
        assert!(path.is_dir());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write_atomically(&folder.path().join("missing/file"), b"new").is_err());
    }

    #[test]
    fn a_long_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("east-1.kkp");
        fs::write(&path, b"the old one").unwrap();
        let mut begun = Unfinished::begin(&path).unwrap();
        begun.write_all(&[7; 3 << 20]).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"the old one");
        drop(begun);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left of what was given up");
        let mut begun = Unfinished::begin(&path).unwrap();
        begun.write_all(b"the new one").unwrap();
        begun.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"the new one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(Unfinished::begin(&folder.path().join("missing/file")).is_err());
    }

    #[test]
    fn a_secret_is_drawn_once_and_a_damaged_one_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("site.key");
        let drawn = secret(&path).unwrap();
        assert_eq!(secret(&path).unwrap(), drawn);
        assert_ne!(drawn, [0; 32]);
        fs::write(&path, b"short").unwrap();
        assert!(secret(&path).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"short");
    }
}
