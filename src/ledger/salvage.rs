//! Records without a proof: whole, signed by their kiosk, and in no tree whose root is still known.

use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::apply::{Proof, Refused};
use super::placing::Moment;
use super::record::{LogState, record_key, seal_columns, signed};
use super::report::AlarmKind;
use super::schema::{Error, Ledger, SEQ_BITS};
use crate::base::{Epoch, KioskId, Seq, Wall};
use crate::journal::statement::{Salvage, Says, Statement};
use crate::journal::{Stored, note};

impl Ledger {
    /// Takes in records that a kiosk salvaged; returns how many were new.
    ///
    /// They are searched, counted and shown like others, and marked. A number that is taken by another record is no
    /// reason to lose one of the two: the salvaged one is kept aside, and an alarm raised.
    ///
    /// # Errors
    ///
    /// [`Refused`]: nothing was stored.
    pub fn salvage(
        &mut self,
        kiosk: &KioskId,
        epoch: Epoch,
        statement: &str,
        records: &[(Seq, Stored)],
        received: Wall,
    ) -> Result<u64, Refused> {
        let stated = self.checked_statement(kiosk, epoch, statement)?;
        if Salvage::of(records).map(Says::Salvage) != Some(stated) {
            return Err(Refused::Note(note::Error::Forged));
        }
        let last = records.last().map_or(0, |(seq, _)| seq.get());
        if last >= 1 << SEQ_BITS {
            return Err(Refused::Record { seq: last, why: "number is out of range" });
        }
        let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let state = self.log_state_or_new(kiosk, epoch, received)?;
        let mut new = 0;
        for (seq, stored) in records {
            match self.leaf_of(state.log, *seq)? {
                Some(leaf) if leaf == stored.leaf_hash() => {}
                Some(_) => self.stray(&state, kiosk, epoch, (*seq, stored), statement, received)?,
                None => {
                    self.salvaged(&state, kiosk, epoch, (*seq, stored), received)?;
                    new += 1;
                }
            }
        }
        if new > 0 {
            let first = records.first().map_or(0, |(seq, _)| seq.get());
            self.db.execute(
                "INSERT OR IGNORE INTO salvages (log, first, last, statement, received)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![state.log, signed(first), signed(last), statement, received.0],
            )?;
            let update = "UPDATE logs SET salvaged = max(salvaged, ?2) WHERE log = ?1";
            self.db.execute(update, params![state.log, signed(last)])?;
            self.seen(kiosk, received)?;
        }
        tx.commit()?;
        self.overwrite_old_copies()?;
        Ok(new)
    }

    /// Takes in that nothing more comes of a log. What its kiosk has signed for and not delivered is then lost.
    ///
    /// The same statement again changes nothing.
    ///
    /// # Errors
    ///
    /// [`Refused::Gap`] while something of it could still be sent, and for the same reasons as a batch's note.
    pub fn end(
        &mut self,
        kiosk: &KioskId,
        epoch: Epoch,
        statement: &str,
        received: Wall,
    ) -> Result<(), Refused> {
        let Says::End { first, last, whole } = self.checked_statement(kiosk, epoch, statement)? else {
            return Err(Refused::Note(note::Error::Statement));
        };
        if last >= 1 << SEQ_BITS {
            return Err(Refused::Record { seq: last, why: "number is out of range" });
        }
        let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let state = self.log_state_or_new(kiosk, epoch, received)?;
        if !state.ended {
            if first > 0 && first != state.next {
                let next = Seq::new(state.next).ok_or(Error::Damaged("a log's next number"))?;
                return Err(Refused::Gap { next });
            }
            if first > 0 {
                self.check_salvaged(&state, (first, last), whole)?;
            }
            let claimed = "UPDATE logs SET ended = ?2 WHERE log = ?1 RETURNING claimed";
            let claimed: i64 =
                self.db.query_row(claimed, params![state.log, received.0], |row| row.get(0))?;
            let last = last.max(u64::try_from(claimed).unwrap_or(0));
            if last >= state.next {
                self.db.execute(
                    "INSERT OR IGNORE INTO skips (log, first, last, statement, received)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![state.log, signed(state.next), signed(last), statement, received.0],
                )?;
                self.alarm_of_loss(state.log, (state.next, last), kiosk, epoch, received)?;
            }
            self.seen(kiosk, received)?;
        }
        tx.commit()?;
        Ok(())
    }

    /// What vouches for a record that the tree does not prove.
    pub(super) fn salvage_of(&self, log: i64, seq: Seq) -> Result<Option<String>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT statement FROM salvages WHERE log = ?1 AND ?2 BETWEEN first AND last ORDER BY salvage",
        )?;
        Ok(query.query_row(params![log, signed(seq.get())], |row| row.get(0)).optional()?)
    }

    fn checked_statement(&self, kiosk: &KioskId, epoch: Epoch, text: &str) -> Result<Says, Refused> {
        let key = self.key_of_sender(kiosk)?;
        let stated = Statement::parse_and_verify(text, &key)?;
        if (&stated.kiosk, stated.epoch) != (kiosk, epoch) {
            let found = note::origin(&stated.kiosk, stated.epoch);
            return Err(Refused::OtherLog { found, expected: note::origin(kiosk, epoch) });
        }
        Ok(stated.says)
    }

    fn salvaged(
        &self,
        state: &LogState,
        kiosk: &KioskId,
        epoch: Epoch,
        (seq, stored): (Seq, &Stored),
        received: Wall,
    ) -> Result<(), Error> {
        let record = record_key(state.log, seq.get());
        self.insert(record, (stored, &stored.leaf_hash()), Proof::Salvage, received)?;
        match stored.entry() {
            Ok(entry) if entry.seq == seq => {
                let placed = self.place_salvaged(record, &entry.stamp, received)?;
                let moment = Moment { received, placed };
                self.extract(record, kiosk, epoch, &entry, &stored.seal, moment).map(|_| ())
            }
            Ok(_) | Err(_) => {
                let detail = "records are in a form that this hub does not know";
                self.alarm(received, kiosk, epoch, AlarmKind::Unreadable, detail)
            }
        }
    }

    fn stray(
        &self,
        state: &LogState,
        kiosk: &KioskId,
        epoch: Epoch,
        (seq, stored): (Seq, &Stored),
        statement: &str,
        received: Wall,
    ) -> Result<(), Error> {
        let (commit, sealed, box_hash) = seal_columns(&stored.seal);
        let new = self.db.execute(
            "INSERT OR IGNORE INTO strays
                 (log, seq, leaf, public, commitment, box, box_hash, statement, received)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                state.log,
                signed(seq.get()),
                stored.leaf_hash(),
                stored.public,
                commit,
                sealed,
                box_hash,
                statement,
                received.0
            ],
        )?;
        if new > 0 {
            let detail = "the kiosk salvaged records that are here with another content; both are kept";
            self.alarm(received, kiosk, epoch, AlarmKind::Fork, detail)?;
        }
        Ok(())
    }
}
