//! Forgetting persons: what the view knows of them goes when their sealing key is destroyed.

use rusqlite::{Connection, Transaction, params};

use super::{Error, View, file, integer};
use crate::base::{Epoch, Seq};

/// Lets SQLite overwrite what it deletes. Without it the bytes would stay in pages that are free.
pub(super) fn overwrite_deleted(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "secure_delete", true)
}

/// Writes everything into the file itself, durably, and empties the write-ahead log.
pub(super) fn empty_log(connection: &Connection) -> rusqlite::Result<()> {
    // The pragma answers with a row.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
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
        self.wake()?;
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
        // Nobody can tell any more when they leave.
        transaction.execute(
            "UPDATE subjects SET label = NULL, known = 0, name = NULL, host = NULL, gone = coalesce(gone, passage) \
             WHERE passage IN (SELECT id FROM passages WHERE epoch = ?1 AND seq < ?2)",
            range,
        )?;
        transaction.commit()?;
        self.overwrite_old_copies()?;
        Ok(count)
    }

    /// Empties the write-ahead log, and removes files that were set aside: both hold what was just forgotten.
    pub(super) fn overwrite_old_copies(&self) -> Result<(), Error> {
        let failed = |source| Error::Io { file: self.path.display().to_string(), source };
        empty_log(&self.connection)?;
        for (_, file) in file::aside(&self.path).map_err(failed)? {
            file::gone(std::fs::remove_file(file)).map_err(failed)?;
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
    transaction.execute(
        "UPDATE subjects SET label = NULL, known = 0, name = NULL, host = NULL, gone = coalesce(gone, passage) \
         WHERE passage IN (SELECT id FROM passages WHERE epoch = ?1 AND seq = ?2)",
        which,
    )?;
    Ok(())
}
