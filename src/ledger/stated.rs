//! What kiosks have signed for and not yet sent, held against what they send later.
//!
//! A kiosk whose card loses records that no hub held yet knows nothing of them: its log simply ends earlier, and goes on
//! from there. But its heartbeats named a size and a root. Of each boot the largest one is kept until that many records
//! are here. Then the roots must be equal; and no later boot may state less.

use rusqlite::{OptionalExtension as _, params};

use super::heartbeat::boot_of;
use super::record::{LogState, signed, unsigned};
use super::report::AlarmKind;
use super::schema::{Error, Ledger};
use crate::base::{Epoch, KioskId, Wall};
use crate::journal::{Hash, Note, SignedNote};

pub(super) const TABLE: &str = "
-- The largest heartbeat of each boot over more records than are here.
CREATE TABLE IF NOT EXISTS stated (
    log INTEGER NOT NULL REFERENCES logs,
    boot TEXT NOT NULL,             -- as the heartbeat names it
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    PRIMARY KEY (log, boot)
) STRICT, WITHOUT ROWID;
";

/// Most boots of which heartbeats are kept, largest first: one a boot in which nothing could be sent.
const BOOTS_MAX: i64 = 16;

/// A heartbeat over records that were not here when it came.
pub(super) struct Stated {
    boot: String,
    size: u64,
    root: Hash,
}

impl Ledger {
    /// Keeps what a heartbeat of `boot` states over records that are not here.
    pub(super) fn keep_stated(&self, log: i64, boot: &str, note: &Note) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "INSERT INTO stated (log, boot, size, root) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET size = ?3, root = ?4 WHERE size < ?3",
            )?
            .execute(params![log, boot, signed(note.size), note.root])?;
        self.db
            .prepare_cached(
                "DELETE FROM stated WHERE log = ?1 AND boot NOT IN
                     (SELECT boot FROM stated WHERE log = ?1 ORDER BY size DESC LIMIT ?2)",
            )?
            .execute(params![log, BOOTS_MAX])?;
        Ok(())
    }

    /// The most records that a boot other than `boot` has signed for and that are not here.
    pub(super) fn stated_before(&self, log: i64, boot: &str) -> Result<Option<u64>, Error> {
        let mut query =
            self.db.prepare_cached("SELECT max(size) FROM stated WHERE log = ?1 AND boot <> ?2")?;
        let size: Option<i64> = query.query_row(params![log, boot], |row| row.get(0)).optional()?.flatten();
        size.map(unsigned).transpose()
    }

    /// Adds `leaves` to the tree of `state`; returns what was stated on the way and turns out to be other records.
    pub(super) fn push_leaves(
        &self,
        state: &mut LogState,
        leaves: impl Iterator<Item = Hash>,
    ) -> Result<Vec<Stated>, Error> {
        let mut query =
            self.db.prepare_cached("SELECT boot, size, root FROM stated WHERE log = ?1 ORDER BY size")?;
        let mut rows = query.query([state.log])?;
        let mut stated = vec![];
        while let Some(row) = rows.next()? {
            stated.push(Stated { boot: row.get(0)?, size: unsigned(row.get(1)?)?, root: row.get(2)? });
        }
        stated.retain(|stated| stated.size > state.frontier.size());
        for leaf in leaves {
            state.frontier.push(leaf);
            let size = state.frontier.size();
            if stated.iter().any(|stated| stated.size == size) {
                let root = state.frontier.root();
                stated.retain(|stated| stated.size != size || stated.root != root);
            }
        }
        stated.retain(|stated| stated.size <= state.frontier.size());
        Ok(stated)
    }

    /// Raises an alarm for each of what was stated and is other records now, and forgets what is here.
    ///
    /// A kiosk that has started since then lost its last records and went on with others. One that has not had no
    /// reason to: two kiosks write this log.
    pub(super) fn settle_stated(
        &self,
        state: &LogState,
        kiosk: &KioskId,
        epoch: Epoch,
        others: &[Stated],
        now: Wall,
    ) -> Result<(), Error> {
        let beat = state.beat.as_deref().and_then(|text| SignedNote::parse(text.as_bytes()).ok());
        let boot = beat.as_ref().and_then(boot_of);
        for Stated { boot: then, size, .. } in others {
            if boot == Some(then) {
                let detail = format!("root over {size} records is not the one in the heartbeat");
                self.alarm(now, kiosk, epoch, AlarmKind::Fork, &detail)?;
            } else {
                self.alarm(now, kiosk, epoch, AlarmKind::Shrunk, &lost(*size))?;
            }
        }
        self.db
            .prepare_cached(
                "DELETE FROM stated WHERE log = ?1 AND size < (SELECT next FROM logs WHERE log = ?1)",
            )?
            .execute([state.log])?;
        Ok(())
    }
}

/// What is said of a kiosk that had signed for `size` records of which some never came.
pub(super) fn lost(size: u64) -> String {
    format!("kiosk had signed for {size} records, and went on with fewer after a restart")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Frontier, SigningKey};
    use crate::ledger::Keys;

    #[test]
    fn heartbeats_of_many_boots_take_no_more_room_and_the_largest_stay() {
        let mut ledger = Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap();
        let (kiosk, epoch, now) = ("east-1".parse().unwrap(), Epoch([7; 16]), Wall(5));
        ledger.add_token(&[1; 32], None, now).unwrap();
        ledger.enrol(&[1; 32], Some(&kiosk), SigningKey::from_seed(&[2; 32]).verifying(), now).unwrap();
        let log = ledger.log_state_or_new(&kiosk, epoch, now).unwrap().log;
        for size in 1..100 {
            let note = Note { size, ..Note::new(&kiosk, epoch, &Frontier::new()) };
            ledger.keep_stated(log, &format!("{size:02x}"), &note).unwrap();
        }
        let count = |sql| ledger.db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(count("SELECT count(*) FROM stated"), BOOTS_MAX);
        assert_eq!(ledger.stated_before(log, "other").unwrap(), Some(99));
        assert_eq!(ledger.stated_before(log, "63").unwrap(), Some(98), "another boot than 99's");
    }
}
