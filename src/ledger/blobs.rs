//! Which blobs the records of a kiosk name, and which of them must go. The bytes lie in files beside the ledger.
//!
//! A blob is known from the moment that the record naming it is applied, so that nothing else is ever taken in. Of several
//! records that name one blob the first counts. When a record's personal part is erased, its blob has to go as well: that
//! is noted in the same transaction, and noted as done when the file is gone, so that a crash in between loses neither.

use rusqlite::{OptionalExtension as _, params};

use super::apply::Refused;
use super::record::RecordId;
use super::schema::{Error, Ledger};
use crate::base::{BlobId, KioskId};
use crate::journal::Seal;
use crate::model::Picture;

/// Step of the ledger: what records name.
pub(super) const TABLE: &str = "
-- Pictures that records name, under the SHA-256 of their sealed bytes; these lie in files.
CREATE TABLE blobs (
    kiosk TEXT NOT NULL,
    hash BLOB NOT NULL,
    length INTEGER NOT NULL,        -- as the record says
    record INTEGER NOT NULL REFERENCES entries,
    state TEXT NOT NULL,            -- named, erasing (its file has to go), gone
    PRIMARY KEY (kiosk, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX blobs_record ON blobs (record);
CREATE INDEX blobs_erasing ON blobs (kiosk, hash) WHERE state = 'erasing';
";

/// What the ledger knows of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobState {
    /// No record of this kiosk names it.
    Unknown,
    /// A record names it, and says that it is so many bytes long.
    Named(u32),
    /// Its record is erased.
    Erased,
}

impl Ledger {
    /// What is known of a blob of `kiosk`, which must be one that may send.
    ///
    /// # Errors
    ///
    /// [`Refused::UnknownKiosk`], [`Refused::Revoked`], or when the ledger cannot be used.
    pub fn blob(&self, kiosk: &KioskId, blob: &BlobId) -> Result<BlobState, Refused> {
        self.key_of_sender(kiosk)?;
        let mut query =
            self.db.prepare_cached("SELECT length, state FROM blobs WHERE kiosk = ?1 AND hash = ?2")?;
        let row = query.query_row(params![kiosk.as_str(), blob.0], |row| {
            Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?))
        });
        Ok(match row.optional()? {
            None => BlobState::Unknown,
            Some((length, state)) if state == "named" => BlobState::Named(length),
            Some(_) => BlobState::Erased,
        })
    }

    /// Blobs whose files have to go; most often none.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn blobs_to_go(&self) -> Result<Vec<(KioskId, BlobId)>, Error> {
        if !self.blobs_go.take() {
            return Ok(vec![]);
        }
        let mut query = self.db.prepare_cached("SELECT kiosk, hash FROM blobs WHERE state = 'erasing'")?;
        let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        let mut found = vec![];
        for row in rows {
            let (kiosk, hash) = row?;
            found.push((kiosk.parse().map_err(|_| Error::Damaged("a kiosk's name"))?, BlobId(hash)));
        }
        Ok(found)
    }

    /// Notes that the files of these blobs are gone.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used; they are named again at the next start then.
    pub fn blobs_gone(&self, gone: &[(KioskId, BlobId)]) -> Result<(), Error> {
        let mut update = self.db.prepare_cached(
            "UPDATE blobs SET state = 'gone' WHERE kiosk = ?1 AND hash = ?2 AND state = 'erasing'",
        )?;
        gone.iter().try_for_each(|(kiosk, blob)| {
            update.execute(params![kiosk.as_str(), blob.0]).map(|_| ()).map_err(Error::from)
        })
    }

    /// Notes that blobs have to go, once more: their files could not be deleted.
    pub fn blobs_still_to_go(&self) {
        self.blobs_go.set(true);
    }

    /// Takes up the blob that a record names.
    pub(super) fn name_blob(
        &self,
        record: i64,
        kiosk: &KioskId,
        picture: &Picture,
        sealed: &Seal,
    ) -> Result<(), Error> {
        // Without its key nobody ever opens it: it is not wanted.
        let state = match sealed {
            Seal::Boxed { .. } => "named",
            Seal::None | Seal::Erased { .. } => "gone",
        };
        self.db
            .prepare_cached("INSERT OR IGNORE INTO blobs (kiosk, hash, length, record, state) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![kiosk.as_str(), picture.sha256.0, picture.length, record, state])?;
        Ok(())
    }

    /// Notes that the blob of a record has to go, which is being erased.
    pub(super) fn erase_blob(&self, record: i64) -> Result<(), Error> {
        let mut update = self
            .db
            .prepare_cached("UPDATE blobs SET state = 'erasing' WHERE record = ?1 AND state = 'named'")?;
        if update.execute([record])? > 0 {
            self.blobs_go.set(true);
        }
        Ok(())
    }

    /// The blob that a record names, and what is known of it.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn blob_of(&self, id: &RecordId) -> Result<Option<(BlobId, u32)>, Error> {
        let Some(state) = self.log_state(&id.kiosk, id.epoch)? else { return Ok(None) };
        let record = super::record::record_key(state.log, id.seq.get());
        let mut query =
            self.db.prepare_cached("SELECT hash, length FROM blobs WHERE record = ?1 AND state = 'named'")?;
        let row = query.query_row([record], |row| Ok((BlobId(row.get(0)?), row.get(1)?)));
        Ok(row.optional()?)
    }
}
