//! Forgetting persons: what the view knows of them goes when their sealing key is destroyed.

use std::path::Path;

use rusqlite::{Connection, Transaction, params};

use super::{Error, View, integer};
use crate::base::{Epoch, Seq};

/// Lets SQLite overwrite what it deletes. Without it the bytes would stay in pages that are free.
pub(super) fn overwrite_deleted(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "secure_delete", true)
}

impl View {
    /// Removes labels and blinded identifiers of all passages of a log before record `before`; returns how many had any.
    ///
    /// The bytes are overwritten in the file, its write-ahead log is emptied, and files that were set aside go as well.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`], or [`Error::Io`] when a set-aside file cannot be removed.
    pub fn forget(&mut self, epoch: Epoch, before: u64) -> Result<usize, Error> {
        let transaction = self.connection.transaction()?;
        let range = params![&epoch.0[..], integer(before)];
        transaction.execute(
            "DELETE FROM identifiers WHERE passage IN (SELECT id FROM passages WHERE epoch = ?1 AND seq < ?2)",
            range,
        )?;
        let count = transaction.execute(
            "UPDATE passages SET label = NULL WHERE epoch = ?1 AND seq < ?2 AND label IS NOT NULL",
            range,
        )?;
        transaction.commit()?;
        self.overwrite_old_copies()?;
        Ok(count)
    }

    /// Empties the write-ahead log, and removes files that were set aside: both hold what was just forgotten.
    pub(super) fn overwrite_old_copies(&self) -> Result<(), Error> {
        // The pragma answers with a row.
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        if let Some(path) = self.connection.path() {
            remove_set_aside(Path::new(path))?;
        }
        Ok(())
    }
}

/// Removes the label and blinded identifiers of one passage, if it is one.
pub(super) fn erased(transaction: &Transaction<'_>, epoch: Epoch, seq: Seq) -> rusqlite::Result<()> {
    let which = params![&epoch.0[..], integer(seq.get())];
    transaction.execute(
        "DELETE FROM identifiers WHERE passage IN (SELECT id FROM passages WHERE epoch = ?1 AND seq = ?2)",
        which,
    )?;
    transaction.execute("UPDATE passages SET label = NULL WHERE epoch = ?1 AND seq = ?2", which)?;
    Ok(())
}

fn remove_set_aside(path: &Path) -> Result<(), Error> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        name.push(".set-aside");
        match std::fs::remove_file(&name) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::Io { file: name.display().to_string(), source });
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}
