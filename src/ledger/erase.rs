//! Erasing personal parts: the box and everything found in it go, the record and all that proves it stay.
//!
//! It is done here when an officer says so, and when a kiosk's log says that it was done there. What is overwritten in the
//! file is overwritten in its write-ahead log too. A backup of the ledger keeps what was in it: whoever keeps backups has
//! to let them go.

use rusqlite::{ToSql, Transaction, TransactionBehavior};

use super::access::Officer;
use super::record::{RecordId, SEAL_COLUMNS, record_key, seal_columns, signed, stored_seal};
use super::schema::{Error, Ledger};
use crate::base::{Epoch, KioskId, Seq, Wall};
use crate::journal::prove::without_box;
use crate::journal::{Hash, Seal, Stored};
use crate::model::Erasure;

impl Ledger {
    /// Erases the personal part of a record for `officer`, which is in the access log; false when it has none here.
    ///
    /// Its kiosk keeps a copy until the sealing key of that day is destroyed there.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used; then nothing is erased.
    pub fn erase(
        &mut self,
        id: &RecordId,
        officer: &Officer,
        why: Erasure,
        now: Wall,
    ) -> Result<bool, Error> {
        let Some(state) = self.log_state(&id.kiosk, id.epoch)? else { return Ok(false) };
        let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let erased = self.erase_box(state.log, id.seq)?;
        if erased {
            let why = super::schema::name_of(&why);
            self.log_access(officer, &format!("erased record {id}: {why}"), now)?;
        }
        tx.commit()?;
        self.overwrite_old_copies()?;
        Ok(erased)
    }

    /// Erases what a kiosk's log says was erased there.
    pub(super) fn erased_at_kiosk(
        &self,
        kiosk: &KioskId,
        epoch: Epoch,
        records: &[Seq],
    ) -> Result<(), Error> {
        let Some(state) = self.log_state(kiosk, epoch)? else { return Ok(()) };
        for seq in records {
            self.erase_box(state.log, *seq)?;
        }
        Ok(())
    }

    /// After a commit: what was overwritten in the file is not left in its write-ahead log.
    pub(super) fn overwrite_old_copies(&self) -> Result<(), Error> {
        if self.erased.take() {
            // The pragma answers with a row. Readers at work only put it off to the next one.
            self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        Ok(())
    }

    /// Erases the box under a number, wherever it lies; false when there is none.
    fn erase_box(&self, log: i64, seq: Seq) -> Result<bool, Error> {
        let record = record_key(log, seq.get());
        let entry = self.wipe("entries", "record = ?1", &[&record])?;
        let stray = self.wipe("strays", "log = ?1 AND seq = ?2", &[&log, &signed(seq.get())])?;
        if entry {
            self.db.execute("DELETE FROM identifiers WHERE record = ?1", [record])?;
            self.db.execute("UPDATE passages SET personal = 'erased' WHERE record = ?1", [record])?;
            self.untell(log, seq.get())?;
            self.erase_blob(record)?;
        }
        Ok(entry || stray)
    }

    /// Puts its hash in a box's place, in the rows of `table` that `condition` on `which` names.
    fn wipe(&self, table: &str, condition: &str, which: &[&dyn ToSql]) -> Result<bool, Error> {
        let columns =
            format!("SELECT leaf, {SEAL_COLUMNS} FROM {table} WHERE {condition} AND box IS NOT NULL");
        let mut query = self.db.prepare(&columns)?;
        let mut rows = query.query(which)?;
        let mut found: Vec<(Hash, Seal)> = vec![];
        while let Some(row) = rows.next()? {
            found.push((row.get(0)?, stored_seal(row, 1)?));
        }
        let (leaf_at, hash_at) = (which.len() + 1, which.len() + 2);
        let update = format!(
            "UPDATE {table} SET box = NULL, box_hash = ?{hash_at} WHERE {condition} AND leaf = ?{leaf_at}"
        );
        for (leaf, seal) in &found {
            let wiped = without_box(Stored { public: vec![], seal: seal.clone() }).seal;
            let (_, _, box_hash) = seal_columns(&wiped);
            let values: [&dyn ToSql; 2] = [leaf, &box_hash];
            self.db.execute(&update, &[which, &values[..]].concat()[..])?;
        }
        self.erased.set(self.erased.get() || !found.is_empty());
        Ok(!found.is_empty())
    }
}
