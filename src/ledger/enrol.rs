//! Who may send: kiosks and one-time tokens.

use rusqlite::{OptionalExtension as _, params};

use super::schema::{Error, Ledger};
use super::tls_keys::{PinRefused, pin_within, proven};
use crate::base::{KioskId, Wall};
use crate::journal::{TlsKeyId, VerifyingKey};
use crate::sync::enrolment::TOKEN_LIFE;

/// An enrolled kiosk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kiosk {
    /// Its name.
    pub kiosk: KioskId,
    /// The key that it signs with.
    pub key: VerifyingKey,
    /// When it was enrolled.
    pub enrolled: Wall,
    /// When a fresh batch or heartbeat last arrived.
    pub seen: Option<Wall>,
}

/// Why a kiosk was not enrolled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolRefused {
    /// Never made here, used already, or too old. Which of these it is, is not for the asker to know.
    #[error("token is not valid: it can be used once, for 15 minutes")]
    Token,
    /// Neither the token nor the kiosk says how the kiosk is called.
    #[error("the token names no kiosk, so the kiosk must say its name")]
    Nameless,
    /// Another kiosk has this name, and the token was not made for it.
    #[error("a kiosk {0} is enrolled already; make a token for that name to replace it")]
    Taken(KioskId),
    /// The TLS key that it brought is not accepted.
    #[error("TLS key: {0}")]
    TlsKey(#[source] PinRefused),
    /// The ledger cannot be used.
    #[error(transparent)]
    Storage(#[from] Error),
}

impl From<rusqlite::Error> for EnrolRefused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl Ledger {
    /// Remembers a token by its `digest`, for the kiosk called `kiosk` or for any new one.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn add_token(&mut self, digest: &[u8; 32], kiosk: Option<&KioskId>, now: Wall) -> Result<(), Error> {
        let expires = now + TOKEN_LIFE;
        self.db.execute("DELETE FROM tokens WHERE expires < ?1", [now.0])?;
        self.db.execute(
            "INSERT INTO tokens (digest, kiosk, expires) VALUES (?1, ?2, ?3)",
            params![digest, kiosk.map(KioskId::as_str), expires.0],
        )?;
        Ok(())
    }

    /// Enrols a kiosk that shows a token: pins its key. The token is used up.
    ///
    /// A token made for an enrolled kiosk's name replaces that kiosk's key; its logs stay.
    ///
    /// # Errors
    ///
    /// [`EnrolRefused`]; nothing has changed then.
    pub fn enrol(
        &mut self,
        digest: &[u8; 32],
        wish: Option<&KioskId>,
        key: VerifyingKey,
        now: Wall,
    ) -> Result<KioskId, EnrolRefused> {
        self.enrol_over_tls(digest, wish, key, None, now)
    }

    /// The same, and pins the TLS key that a statement names and that is presented on the connection it came over.
    ///
    /// What was pinned for that name before counts no more, nor does a revocation.
    ///
    /// # Errors
    ///
    /// [`EnrolRefused`]; nothing has changed then.
    pub fn enrol_over_tls(
        &mut self,
        digest: &[u8; 32],
        wish: Option<&KioskId>,
        key: VerifyingKey,
        tls: Option<(&str, Option<TlsKeyId>)>,
        now: Wall,
    ) -> Result<KioskId, EnrolRefused> {
        let tx = self.db.transaction()?;
        let used = "UPDATE tokens SET used = ?2 WHERE digest = ?1 AND used IS NULL AND expires >= ?2
                    RETURNING kiosk";
        let bound: Option<Option<String>> =
            tx.query_row(used, params![digest, now.0], |row| row.get(0)).optional()?;
        let bound = bound.ok_or(EnrolRefused::Token)?;
        let bound = bound.map(|name| name.parse()).transpose();
        let bound: Option<KioskId> = bound.map_err(|_| Error::Damaged("a kiosk's name"))?;
        let kiosk = bound.as_ref().or(wish).ok_or(EnrolRefused::Nameless)?.clone();
        let known =
            tx.query_row("SELECT 1 FROM kiosks WHERE kiosk = ?1", [kiosk.as_str()], |_| Ok(())).optional()?;
        if known.is_some() && bound.is_none() {
            return Err(EnrolRefused::Taken(kiosk));
        }
        tx.execute(
            "INSERT INTO kiosks (kiosk, key, enrolled) VALUES (?1, ?2, ?3)
             ON CONFLICT (kiosk) DO UPDATE SET key = ?2, enrolled = ?3",
            params![kiosk.as_str(), key.0, now.0],
        )?;
        tx.execute("DELETE FROM tls_keys WHERE kiosk = ?1", [kiosk.as_str()])?;
        tx.execute("DELETE FROM revocations WHERE kiosk = ?1", [kiosk.as_str()])?;
        if let Some((statement, presented)) = tls {
            let pinned =
                proven(&kiosk, statement, presented, &key).and_then(|pin| pin_within(&tx, &pin, now));
            pinned.map_err(EnrolRefused::TlsKey)?;
        }
        tx.commit()?;
        Ok(kiosk)
    }

    /// The kiosks, by name.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn kiosks(&self) -> Result<Vec<Kiosk>, Error> {
        let mut query =
            self.db.prepare_cached("SELECT kiosk, key, enrolled, seen FROM kiosks ORDER BY kiosk")?;
        let mut rows = query.query([])?;
        let mut kiosks = vec![];
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            kiosks.push(Kiosk {
                kiosk: name.parse().map_err(|_| Error::Damaged("a kiosk's name"))?,
                key: VerifyingKey(row.get(1)?),
                enrolled: Wall(row.get(2)?),
                seen: row.get::<_, Option<i64>>(3)?.map(Wall),
            });
        }
        Ok(kiosks)
    }

    /// The key that `kiosk` signs with, if it is enrolled.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn key_of(&self, kiosk: &KioskId) -> Result<Option<VerifyingKey>, Error> {
        let mut query = self.db.prepare_cached("SELECT key FROM kiosks WHERE kiosk = ?1")?;
        Ok(query.query_row([kiosk.as_str()], |row| row.get(0).map(VerifyingKey)).optional()?)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Keys;
    use super::*;

    const NOW: Wall = Wall(1_790_000_000_000);
    const KEY: VerifyingKey = VerifyingKey([5; 32]);

    #[test]
    fn a_token_enrols_one_kiosk_once_within_fifteen_minutes() {
        let (mut ledger, east) = (ledger(), "east-1".parse().unwrap());
        ledger.add_token(&[1; 32], None, NOW).unwrap();
        assert!(matches!(ledger.enrol(&[2; 32], Some(&east), KEY, NOW), Err(EnrolRefused::Token)));
        let late = NOW + TOKEN_LIFE + Duration::from_millis(1);
        assert!(matches!(ledger.enrol(&[1; 32], Some(&east), KEY, late), Err(EnrolRefused::Token)));
        assert!(matches!(ledger.enrol(&[1; 32], None, KEY, NOW), Err(EnrolRefused::Nameless)));
        assert_eq!(ledger.enrol(&[1; 32], Some(&east), KEY, NOW).unwrap(), east);
        assert!(matches!(ledger.enrol(&[1; 32], Some(&east), KEY, NOW), Err(EnrolRefused::Token)));
        assert_eq!(ledger.key_of(&east).unwrap(), Some(KEY));
    }

    #[test]
    fn only_a_token_for_that_name_replaces_a_kiosk() {
        let (mut ledger, east) = (ledger(), "east-1".parse().unwrap());
        for (digest, bound) in [([1; 32], None), ([2; 32], None), ([3; 32], Some(&east))] {
            ledger.add_token(&digest, bound, NOW).unwrap();
        }
        ledger.enrol(&[1; 32], Some(&east), KEY, NOW).unwrap();
        let other = VerifyingKey([6; 32]);
        assert!(matches!(ledger.enrol(&[2; 32], Some(&east), other, NOW), Err(EnrolRefused::Taken(_))));
        assert_eq!(ledger.key_of(&east).unwrap(), Some(KEY));
        ledger.enrol(&[3; 32], None, other, NOW).unwrap();
        assert_eq!(ledger.key_of(&east).unwrap(), Some(other));
        assert_eq!(ledger.kiosks().unwrap().len(), 1);
    }

    fn ledger() -> Ledger {
        Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap()
    }
}
