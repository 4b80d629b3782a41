//! Which TLS keys are let in for which kiosk. What the rules are for is said in [`crate::sync::tls_keys`].

use rusqlite::{OptionalExtension as _, params};

use super::schema::{Error, Ledger};
use crate::base::{KioskId, Wall};
use crate::journal::{TlsKeyId, TlsPin, VerifyingKey};
use crate::sync::tls_keys::{KEYS_MAX, RENEW_AFTER, SUPERSEDED_LIFE, Via};

pub(super) const TABLES: &str = "
-- The TLS keys that kiosks have brought: one of each that is current, and those before it for a while.
CREATE TABLE tls_keys (
    kiosk TEXT NOT NULL REFERENCES kiosks,
    key BLOB NOT NULL,              -- SHA-256 of its SubjectPublicKeyInfo
    pinned INTEGER NOT NULL,        -- all times: milliseconds since 1970, by the hub's clock
    superseded INTEGER,             -- NULL: this is the current one
    asked INTEGER,                  -- when somebody at the hub asked for another one
    PRIMARY KEY (kiosk, key)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX tls_keys_current ON tls_keys (kiosk) WHERE superseded IS NULL;
CREATE INDEX tls_keys_key ON tls_keys (key);

-- Kiosks that may not send any more. Who revoked it and why is in the access log as well, which outlives this.
CREATE TABLE revocations (
    kiosk TEXT PRIMARY KEY REFERENCES kiosks,
    at INTEGER NOT NULL,
    officer TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

/// How a kiosk that is let in stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is to be done.
    Good,
    /// It should bring a new TLS key.
    RenewKey,
}

/// Why a request about a kiosk is not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeptOut {
    /// The connection presents no certificate.
    #[error("a request about a kiosk needs that kiosk's certificate, and this connection presents none")]
    NoCertificate,
    /// The connection presents the certificate of nobody, or of another kiosk.
    #[error("the key of this connection is not pinned for this kiosk")]
    OtherKey,
    /// The key was superseded too long ago.
    #[error("the key of this connection was superseded more than 180 days ago")]
    Superseded,
    /// The kiosk may not send any more.
    #[error("kiosk {0} is revoked; its records stay here, and a new token lets it in again")]
    Revoked(KioskId),
    /// The ledger cannot be used.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// Why a TLS key was not pinned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinRefused {
    /// The log key that is known here did not sign it, or no such kiosk is enrolled; which, is not for strangers to know.
    #[error("not signed by the log key of an enrolled kiosk of that name")]
    Unsigned,
    /// The statement is about another kiosk.
    #[error("the statement is about kiosk {0}")]
    OtherKiosk(KioskId),
    /// The connection does not prove that the kiosk holds the key.
    #[error("the connection presents another key than {0}, or none")]
    NotPresented(TlsKeyId),
    /// Another key took its place before.
    #[error("key {0} was superseded; make another one")]
    Superseded(TlsKeyId),
    /// Another kiosk speaks with it.
    #[error("key {0} is another kiosk's; make another one")]
    Taken(TlsKeyId),
    /// It is to take the place of another key than the current one.
    #[error("the key does not follow the current one")]
    Follows {
        /// The one to follow.
        current: Option<TlsKeyId>,
    },
    /// Too many, too fast.
    #[error("more than {KEYS_MAX} keys within 180 days")]
    TooMany,
    /// The kiosk may not send any more.
    #[error("kiosk {0} is revoked")]
    Revoked(KioskId),
    /// The ledger cannot be used.
    #[error(transparent)]
    Storage(#[from] Error),
}

impl From<rusqlite::Error> for KeptOut {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl From<rusqlite::Error> for PinRefused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error.into())
    }
}

/// The current TLS key of a kiosk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinnedKey {
    /// Which.
    pub key: TlsKeyId,
    /// When it was pinned.
    pub pinned: Wall,
    /// When somebody at the hub asked for another one.
    pub asked: Option<Wall>,
}

impl PinnedKey {
    /// Whether another one should be brought. A key from the future was pinned while the hub's clock was wrong.
    fn is_due(&self, now: Wall) -> bool {
        self.asked.is_some() || now >= self.pinned + RENEW_AFTER || now < self.pinned
    }
}

impl Ledger {
    /// Whether a request about `kiosk` that came this way is answered.
    ///
    /// # Errors
    ///
    /// [`KeptOut`] with the reason. Only whoever proves to be the kiosk learns that it is revoked.
    pub fn standing(&self, kiosk: &KioskId, via: Via, now: Wall) -> Result<Standing, KeptOut> {
        let standing = match via {
            Via::Loopback => Standing::Good,
            Via::Tls(None) => return Err(KeptOut::NoCertificate),
            Via::Tls(Some(key)) => self.standing_of(kiosk, key, now)?,
        };
        if self.revoked(kiosk)?.is_some() {
            return Err(KeptOut::Revoked(kiosk.clone()));
        }
        Ok(standing)
    }

    fn standing_of(&self, kiosk: &KioskId, key: TlsKeyId, now: Wall) -> Result<Standing, KeptOut> {
        let mut query =
            self.db.prepare_cached("SELECT superseded FROM tls_keys WHERE kiosk = ?1 AND key = ?2")?;
        let superseded: Option<Option<i64>> =
            query.query_row(params![kiosk.as_str(), key.0], |row| row.get(0)).optional()?;
        match superseded.ok_or(KeptOut::OtherKey)? {
            Some(superseded) if now > Wall(superseded) + SUPERSEDED_LIFE => Err(KeptOut::Superseded),
            Some(_) => Ok(Standing::RenewKey),
            None => {
                let is_due = self.tls_key_of(kiosk)?.is_some_and(|key| key.is_due(now));
                Ok(if is_due { Standing::RenewKey } else { Standing::Good })
            }
        }
    }

    /// The current TLS key of a kiosk, if it has brought one.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn tls_key_of(&self, kiosk: &KioskId) -> Result<Option<PinnedKey>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT key, pinned, asked FROM tls_keys WHERE kiosk = ?1 AND superseded IS NULL",
        )?;
        let found = query.query_row([kiosk.as_str()], |row| {
            let asked = row.get::<_, Option<i64>>(2)?.map(Wall);
            Ok(PinnedKey { key: TlsKeyId(row.get(0)?), pinned: Wall(row.get(1)?), asked })
        });
        Ok(found.optional()?)
    }

    /// Pins the TLS key that a `statement` names, which `presented` is on the connection that brought it. Bringing it
    /// again changes nothing.
    ///
    /// # Errors
    ///
    /// [`PinRefused`]; nothing has changed then.
    pub fn pin_tls_key(
        &mut self,
        kiosk: &KioskId,
        statement: &str,
        presented: Option<TlsKeyId>,
        now: Wall,
    ) -> Result<TlsKeyId, PinRefused> {
        let log_key = self.key_of(kiosk)?.ok_or(PinRefused::Unsigned)?;
        let pin = proven(kiosk, statement, presented, &log_key)?;
        if self.revoked(kiosk)?.is_some() {
            return Err(PinRefused::Revoked(kiosk.clone()));
        }
        let tx = self.db.transaction()?;
        pin_within(&tx, &pin, now)?;
        tx.commit()?;
        Ok(pin.key)
    }

    /// Asks a kiosk for a new TLS key, which it brings the next time it speaks; false when it has none.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn ask_for_tls_key(&mut self, kiosk: &KioskId, now: Wall) -> Result<bool, Error> {
        let ask = "UPDATE tls_keys SET asked = ?2 WHERE kiosk = ?1 AND superseded IS NULL";
        Ok(self.db.execute(ask, params![kiosk.as_str(), now.0])? > 0)
    }
}

/// The statement, when the log key signed it for this kiosk and the connection proves that the kiosk holds the key.
pub(super) fn proven(
    kiosk: &KioskId,
    statement: &str,
    presented: Option<TlsKeyId>,
    log_key: &VerifyingKey,
) -> Result<TlsPin, PinRefused> {
    let pin = TlsPin::parse_and_verify(statement, log_key).map_err(|_| PinRefused::Unsigned)?;
    if pin.kiosk != *kiosk {
        return Err(PinRefused::OtherKiosk(pin.kiosk));
    }
    if presented != Some(pin.key) { Err(PinRefused::NotPresented(pin.key)) } else { Ok(pin) }
}

pub(super) fn pin_within(tx: &rusqlite::Transaction<'_>, pin: &TlsPin, now: Wall) -> Result<(), PinRefused> {
    let TlsPin { kiosk, key, follows } = pin;
    let same = "SELECT kiosk, superseded IS NULL FROM tls_keys WHERE key = ?1 ORDER BY kiosk = ?2 LIMIT 1";
    let same: Option<(String, bool)> = tx
        .query_row(same, params![key.0, kiosk.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match same {
        Some((other, _)) if other != kiosk.as_str() => return Err(PinRefused::Taken(*key)),
        Some((_, false)) => return Err(PinRefused::Superseded(*key)),
        Some((_, true)) => return Ok(()),
        None => {}
    }
    let current = "SELECT key FROM tls_keys WHERE kiosk = ?1 AND superseded IS NULL";
    let current = tx.query_row(current, [kiosk.as_str()], |row| row.get(0).map(TlsKeyId)).optional()?;
    if current != *follows {
        return Err(PinRefused::Follows { current });
    }
    // A time of supersession in the future was written while the hub's clock was wrong.
    let supersede = "UPDATE tls_keys SET superseded = min(coalesce(superseded, ?2), ?2) WHERE kiosk = ?1";
    tx.execute(supersede, params![kiosk.as_str(), now.0])?;
    let forget = "DELETE FROM tls_keys WHERE kiosk = ?1 AND superseded < ?2";
    let life = i64::try_from(SUPERSEDED_LIFE.as_millis()).unwrap_or(i64::MAX);
    tx.execute(forget, params![kiosk.as_str(), now.0.saturating_sub(life)])?;
    let count = "SELECT count(*) FROM tls_keys WHERE kiosk = ?1";
    if tx.query_row(count, [kiosk.as_str()], |row| row.get::<_, u32>(0))? >= KEYS_MAX {
        return Err(PinRefused::TooMany);
    }
    let insert = "INSERT INTO tls_keys (kiosk, key, pinned) VALUES (?1, ?2, ?3)";
    tx.execute(insert, params![kiosk.as_str(), key.0, now.0])?;
    Ok(())
}

#[cfg(test)]
mod tests;
