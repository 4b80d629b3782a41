//! Files that are written whole: after a power cut there is the old one or the new one, never a part.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ring::rand::{SecureRandom, SystemRandom};

/// Replaces the file at `path` by `bytes`, readable by its owner only.
///
/// Writes a neighbour, syncs it, renames it and syncs the folder: when this returns, the bytes survive a power cut.
///
/// # Errors
///
/// The file is then as it was.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::other("the path names no file"))?;
    let mut neighbour = name.to_owned();
    neighbour.push(".new");
    let neighbour = path.with_file_name(neighbour);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = write_new(&neighbour, bytes).and_then(|()| fs::rename(&neighbour, path));
    if written.is_err() {
        // What could not be finished is of no use; that it is left lying about is no further harm.
        drop(fs::remove_file(&neighbour));
    }
    written?;
    File::open(folder)?.sync_all()
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
    let mut bytes = Vec::new();
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > bytes_max {
        return Err(io::Error::other(format!("larger than {bytes_max} bytes")));
    }
    Ok(Some(bytes))
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

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
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
