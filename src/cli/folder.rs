//! Files of a folder that others filled, read within bounds.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context as _, Result, bail};

use crate::base::Wall;

/// Largest file that is read: the EU's list of all signers has less than one megabyte.
pub const BYTES_MAX: u64 = 16 << 20;

/// A file, and what is in it.
pub struct Content {
    /// Which.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// When it was written.
    pub written: Wall,
}

impl Content {
    /// The end of its name behind the last dot.
    pub fn ending(&self) -> &str {
        self.path.extension().and_then(|ending| ending.to_str()).unwrap_or_default()
    }
}

/// Every file at or below `path` whose name ends so, in order. A file that is named itself may be called anything.
pub fn files(path: &Path, endings: &[&str]) -> Result<Vec<Content>> {
    if path.is_file() {
        return Ok(vec![content(path)?]);
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(path)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .with_context(|| path.display().to_string())?;
    entries.sort();
    let mut all = vec![];
    for path in entries {
        let ending = path.extension().and_then(|ending| ending.to_str());
        if path.is_dir() {
            all.extend(files(&path, endings)?);
        } else if ending.is_some_and(|ending| endings.contains(&ending)) {
            all.push(content(&path)?);
        }
    }
    Ok(all)
}

fn content(path: &Path) -> Result<Content> {
    let mut bytes = vec![];
    let read = File::open(path).and_then(|file| {
        let written = file.metadata()?.modified()?;
        file.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
        Ok(written)
    });
    let written = read.with_context(|| path.display().to_string())?;
    if bytes.len() as u64 > BYTES_MAX {
        bail!("{}: must be at most {BYTES_MAX} bytes", path.display());
    }
    let since = written.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    Ok(Content { path: path.to_owned(), bytes, written: Wall(i64::try_from(since).unwrap_or(i64::MAX)) })
}
