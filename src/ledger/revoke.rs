//! Kiosks that may not send any more.
//!
//! What a revoked kiosk sends is refused by name, whichever way it comes: over the network, as a file, on paper. There
//! is no place apart where it would be kept all the same: whoever holds the kiosk holds its keys and could write there
//! what he likes. Nothing is lost by that. A kiosk keeps what the hub has not signed for, and when an officer has it in
//! hand again, a new token lets it in, with the same log, and everything arrives.

use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::access::Officer;
use super::apply::Refused;
use super::schema::{Error, Ledger};
use crate::base::{KioskId, Wall};
use crate::journal::VerifyingKey;

/// That a kiosk may not send any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Since when.
    pub at: Wall,
    /// By whom.
    pub officer: String,
    /// Why.
    pub reason: String,
}

impl Ledger {
    /// Revokes a kiosk, which goes to the access log; false when there is no such kiosk or it is revoked already.
    ///
    /// Tokens that were made for its name and not used yet are void too.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used; nothing has changed then.
    pub fn revoke(&mut self, kiosk: &KioskId, officer: &Officer, now: Wall) -> Result<bool, Error> {
        let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        if self.key_of(kiosk)?.is_none() || self.revoked(kiosk)?.is_some() {
            return Ok(false);
        }
        tx.execute(
            "INSERT INTO revocations (kiosk, at, officer, reason) VALUES (?1, ?2, ?3, ?4)",
            params![kiosk.as_str(), now.0, officer.name(), officer.reason()],
        )?;
        tx.execute("DELETE FROM tokens WHERE kiosk = ?1 AND used IS NULL", [kiosk.as_str()])?;
        self.log_access(officer, &format!("revoked kiosk {kiosk}"), now)?;
        tx.commit()?;
        Ok(true)
    }

    /// Whether a kiosk may not send any more.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn revoked(&self, kiosk: &KioskId) -> Result<Option<Revocation>, Error> {
        let mut query =
            self.db.prepare_cached("SELECT at, officer, reason FROM revocations WHERE kiosk = ?1")?;
        let found = query.query_row([kiosk.as_str()], |row| {
            Ok(Revocation { at: Wall(row.get(0)?), officer: row.get(1)?, reason: row.get(2)? })
        });
        Ok(found.optional()?)
    }

    /// The key with which a kiosk that may send signs.
    pub(super) fn key_of_sender(&self, kiosk: &KioskId) -> Result<VerifyingKey, Refused> {
        let key = self.key_of(kiosk)?.ok_or_else(|| Refused::UnknownKiosk(kiosk.clone()))?;
        if self.revoked(kiosk)?.is_some() { Err(Refused::Revoked(kiosk.clone())) } else { Ok(key) }
    }
}
