//! Blobs as files of one folder, each under its name; whole or not there.
//!
//! | file | what |
//! |---|---|
//! | `<prefix><sha256>` | a blob, as it was sealed |
//! | `<prefix><sha256>.new` | one that was being written when the power went: removed at the next start |
//! | `<prefix><sha256>.damaged` | one that is not what its name says: kept for whoever looks into it, and never sent |
//!
//! The prefix is empty at a kiosk; at a hub it is the kiosk's name and a point, so that no kiosk reaches what another sent.

use std::io;

use super::LENGTH_MAX;
use crate::base::BlobId;
use crate::journal::picture::name_of;
use crate::journal::{Disk, replace};

const NEW: &str = ".new";
const DAMAGED: &str = ".damaged";

/// Blobs on a disk.
#[derive(Clone, Debug)]
pub struct Store<D> {
    disk: D,
}

/// A blob that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What stands before its name.
    pub prefix: String,
    /// Which.
    pub blob: BlobId,
    /// How long it is, in bytes.
    pub length: u64,
    /// Whether it is what its name says, as far as that is known.
    pub condition: Condition,
}

/// What is known of a blob's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing is known against it.
    Whole,
    /// It was found damaged, and set aside.
    SetAside,
}

/// Why a blob cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unread {
    /// There is none of this name.
    #[error("not here")]
    Missing,
    /// Its bytes are not those that its name says.
    #[error("damaged")]
    Damaged,
    /// The medium failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<D: Disk> Store<D> {
    /// Blobs on `disk`.
    pub fn new(disk: D) -> Self {
        Self { disk }
    }

    /// What is there, in the order of the names; removes what was not finished when the power went.
    ///
    /// # Errors
    ///
    /// When the medium fails.
    pub fn list(&mut self) -> io::Result<Vec<Found>> {
        let mut found = vec![];
        for file in self.disk.list()? {
            if file.strip_suffix(NEW).is_some_and(|name| parse(name).is_some()) {
                self.disk.remove(&file)?;
                continue;
            }
            let (name, condition) = match file.strip_suffix(DAMAGED) {
                Some(name) => (name, Condition::SetAside),
                None => (file.as_str(), Condition::Whole),
            };
            if let Some((prefix, blob)) = parse(name) {
                let length = self.disk.len(&file)?;
                found.push(Found { prefix: prefix.to_owned(), blob, length, condition });
            }
        }
        Ok(found)
    }

    /// Which blobs are there under `prefix`, beside whoever writes more of them.
    ///
    /// # Errors
    ///
    /// When the medium fails.
    pub fn names(&mut self, prefix: &str) -> io::Result<Vec<BlobId>> {
        let parsed = |file: &String| parse(file).filter(|(found, _)| *found == prefix).map(|(_, blob)| blob);
        Ok(self.disk.list()?.iter().filter_map(parsed).collect())
    }

    /// Stores `bytes` under their name. When this returns, they survive a power cut.
    ///
    /// # Errors
    ///
    /// When the disk is full or fails; then there is no such blob, or all of it.
    pub fn keep(&mut self, prefix: &str, blob: &BlobId, bytes: &[u8]) -> io::Result<()> {
        assert!(name_of(bytes) == *blob, "a blob under another's name");
        replace(&mut self.disk, &format!("{prefix}{blob}"), bytes)
    }

    /// How long a blob is; `None` where there is none.
    ///
    /// # Errors
    ///
    /// When the medium fails.
    pub fn length(&mut self, prefix: &str, blob: &BlobId) -> io::Result<Option<u64>> {
        match self.disk.len(&format!("{prefix}{blob}")) {
            Ok(length) => Ok(Some(length)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads a blob and holds it against its name.
    ///
    /// # Errors
    ///
    /// [`Unread`].
    pub fn load(&mut self, prefix: &str, blob: &BlobId) -> Result<Vec<u8>, Unread> {
        let length = self.length(prefix, blob)?.ok_or(Unread::Missing)?;
        let length = u32::try_from(length).ok().filter(|length| *length <= LENGTH_MAX);
        let mut bytes = vec![0; length.ok_or(Unread::Damaged)? as usize];
        let read = self.disk.read_at(&format!("{prefix}{blob}"), 0, &mut bytes)?;
        if read == bytes.len() && name_of(&bytes) == *blob { Ok(bytes) } else { Err(Unread::Damaged) }
    }

    /// Puts a damaged blob out of the way, where it stays.
    ///
    /// # Errors
    ///
    /// When the medium fails.
    pub fn set_aside(&mut self, prefix: &str, blob: &BlobId) -> io::Result<()> {
        self.disk.rename(&format!("{prefix}{blob}"), &format!("{prefix}{blob}{DAMAGED}"))?;
        self.disk.sync_dir()
    }

    /// Deletes a blob, also one that was set aside. One that is not there is deleted already.
    ///
    /// # Errors
    ///
    /// When the medium fails.
    pub fn forget(&mut self, prefix: &str, blob: &BlobId) -> io::Result<()> {
        for suffix in ["", NEW, DAMAGED] {
            match self.disk.remove(&format!("{prefix}{blob}{suffix}")) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        self.disk.sync_dir()
    }
}

fn parse(name: &str) -> Option<(&str, BlobId)> {
    let (prefix, hash) = name.split_at_checked(name.len().checked_sub(64)?)?;
    Some((prefix, hash.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_whatever_else_lies_in_the_folder() {
        let hash = "a5".repeat(32);
        assert_eq!(parse(&hash), Some(("", BlobId([0xA5; 32]))));
        assert_eq!(parse(&format!("east-1.{hash}")), Some(("east-1.", BlobId([0xA5; 32]))));
        for other in ["", "lost+found", &hash[1..], &format!("{hash}.new"), &format!("门{}", &hash[2..])] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
