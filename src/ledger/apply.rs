//! Applying a batch: everything it claims is checked, then everything it holds is stored, in one transaction.

use rusqlite::{Transaction, TransactionBehavior, params};

use super::placing::Moment;
use super::record::{LogState, SEAL_COLUMNS, record_key, signed};
use super::report::AlarmKind;
use super::schema::{Error, Ledger, SEQ_BITS};
use crate::base::{Epoch, KioskId, Seq, Wall};
use crate::journal::{Hash, Note, Seal, SignedNote, Stored, note};
use crate::model::Entry;
use crate::sync::wire::HUB_NOTE_NAME;

/// What became of a batch that was not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The record expected next.
    pub next: Seq,
    /// Root over the records before it.
    pub root: Hash,
    /// The last applied note with the hub's cosignature.
    pub cosigned: String,
    /// How many records of the batch were new.
    pub new: u64,
}

/// Why nothing of a batch was applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// No such kiosk is enrolled.
    #[error("no kiosk {0} is enrolled")]
    UnknownKiosk(KioskId),
    /// The note is none, or not signed by the kiosk's key.
    #[error("note: {0}")]
    Note(#[from] note::Error),
    /// The note is about another log.
    #[error("note is about {found}, expected {expected}")]
    OtherLog {
        /// As signed.
        found: String,
        /// As asked for.
        expected: String,
    },
    /// The note's size is not that of the log after the batch.
    #[error("note states {stated} records, the batch ends at {end}")]
    Size {
        /// As signed.
        stated: u64,
        /// Number of the batch's last record.
        end: u64,
    },
    /// Records before the batch are missing.
    #[error("records from {next} on are missing")]
    Gap {
        /// The first one.
        next: Seq,
    },
    /// A record is already here, and it is another one. Somebody must look at this.
    #[error("record {seq} is here already with another content")]
    Fork {
        /// Which.
        seq: Seq,
    },
    /// The records do not give the root that was signed: an earlier one must differ. Somebody must look at this.
    #[error("root over {size} records is not the one in the note")]
    Root {
        /// Number of records.
        size: u64,
    },
    /// A record's own number is not its place, or is out of range.
    #[error("record {seq}: {why}")]
    Record {
        /// Its place.
        seq: u64,
        /// What is wrong.
        why: &'static str,
    },
    /// The ledger cannot be used.
    #[error(transparent)]
    Storage(#[from] Error),
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl Ledger {
    /// Applies the records of a batch that begins with record `from` and that `signed_note` vouches for.
    ///
    /// Records that are here already are passed over, so that sending anything twice changes nothing. When this
    /// returns, the new ones survive a power cut.
    ///
    /// # Errors
    ///
    /// [`Refused`]: nothing was stored, but for an alarm about a fork.
    pub fn apply(
        &mut self,
        kiosk: &KioskId,
        epoch: Epoch,
        from: Seq,
        signed_note: &str,
        entries: &[Stored],
        received: Wall,
    ) -> Result<Applied, Refused> {
        let mut signed_note = self.checked_note(kiosk, epoch, signed_note)?;
        let end = (from.get() - 1).saturating_add(entries.len() as u64);
        if signed_note.note().size != end {
            return Err(Refused::Size { stated: signed_note.note().size, end });
        }
        if end >= 1 << SEQ_BITS {
            return Err(Refused::Record { seq: end, why: "number is out of range" });
        }
        let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let applied = self.apply_within(kiosk, epoch, from, &mut signed_note, entries, received);
        match &applied {
            Ok(_) => tx.commit()?,
            Err(refused) => {
                tx.rollback()?;
                self.opened.borrow_mut().clear();
                if let Refused::Fork { .. } | Refused::Root { .. } = refused {
                    self.alarm(received, kiosk, epoch, AlarmKind::Fork, &refused.to_string())?;
                }
            }
        }
        applied
    }

    /// A note of the log that was asked for, signed by the key that was pinned.
    pub(super) fn checked_note(
        &self,
        kiosk: &KioskId,
        epoch: Epoch,
        text: &str,
    ) -> Result<SignedNote, Refused> {
        let key = self.key_of(kiosk)?.ok_or_else(|| Refused::UnknownKiosk(kiosk.clone()))?;
        let signed_note = SignedNote::parse(text.as_bytes())?;
        let expected = note::origin(kiosk, epoch);
        let Note { origin, .. } = signed_note.note();
        if *origin != expected {
            return Err(Refused::OtherLog { found: origin.chars().take(120).collect(), expected });
        }
        signed_note.verify(&key)?;
        Ok(signed_note)
    }

    fn apply_within(
        &self,
        kiosk: &KioskId,
        epoch: Epoch,
        from: Seq,
        signed_note: &mut SignedNote,
        entries: &[Stored],
        received: Wall,
    ) -> Result<Applied, Refused> {
        let mut state = self.log_state_or_new(kiosk, epoch, received)?;
        let next = Seq::new(state.next).ok_or(Error::Damaged("a log's next number"))?;
        if from > next {
            return Err(Refused::Gap { next });
        }
        let known = usize::try_from(next.get() - from.get()).unwrap_or(usize::MAX).min(entries.len());
        let (overlap, new) = entries.split_at(known);
        self.check_overlap(state.log, from, overlap)?;
        if new.is_empty() {
            let cosigned = state.note.unwrap_or_default();
            return Ok(Applied { next, root: state.frontier.root(), cosigned, new: 0 });
        }
        let others = self.push_leaves(&mut state, new.iter().map(Stored::leaf_hash))?;
        let Note { root, size, .. } = *signed_note.note();
        if state.frontier.root() != root {
            return Err(Refused::Root { size });
        }
        for (seq, stored) in (next.get()..).zip(new) {
            self.store(&mut state, kiosk, epoch, seq, stored, received)?;
        }
        signed_note.cosign(HUB_NOTE_NAME, &self.keys.note, received);
        let cosigned = signed_note.to_string();
        let mut frontier = vec![];
        state.frontier.encode(&mut frontier);
        self.db
            .prepare_cached(
                "UPDATE logs SET next = ?2, frontier = ?3, note = ?4, claimed = max(claimed, ?5), applied = ?6
                 WHERE log = ?1",
            )?
            .execute(params![state.log, signed(size + 1), frontier, cosigned, signed(size), received.0])?;
        self.settle_stated(&state, kiosk, epoch, &others, received)?;
        self.seen(kiosk, received)?;
        self.settle(state.boot.take(), size >= state.claimed)?;
        self.compare_sheets(kiosk, epoch, received)?;
        let next = Seq::new(size + 1).ok_or(Error::Damaged("a log's size"))?;
        Ok(Applied { next, root, cosigned, new: new.len() as u64 })
    }

    /// Records that are here already must be the same ones.
    fn check_overlap(&self, log: i64, from: Seq, overlap: &[Stored]) -> Result<(), Refused> {
        let mut query = self.db.prepare_cached("SELECT leaf FROM entries WHERE record = ?1")?;
        for (seq, stored) in (from.get()..).zip(overlap) {
            let leaf: Hash = query.query_row([record_key(log, seq)], |row| row.get(0))?;
            if leaf != stored.leaf_hash() {
                let seq = Seq::new(seq).ok_or(Error::Damaged("a record's number"))?;
                return Err(Refused::Fork { seq });
            }
        }
        Ok(())
    }

    fn store(
        &self,
        state: &mut LogState,
        kiosk: &KioskId,
        epoch: Epoch,
        seq: u64,
        stored: &Stored,
        received: Wall,
    ) -> Result<(), Refused> {
        let record = record_key(state.log, seq);
        let (commit, sealed, box_hash) = match &stored.seal {
            Seal::None => (None, None, None),
            Seal::Boxed { commit, bytes } => (Some(commit), Some(bytes), None),
            Seal::Erased { commit, box_hash } => (Some(commit), None, Some(box_hash)),
        };
        let insert = format!(
            "INSERT INTO entries (record, public, leaf, received, {SEAL_COLUMNS})
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        );
        let leaf = stored.leaf_hash();
        let values = params![record, stored.public, leaf, received.0, commit, sealed, box_hash];
        self.db.prepare_cached(&insert)?.execute(values)?;
        let entry: Entry = match stored.entry() {
            Ok(entry) => entry,
            Err(_) => {
                // What a later version wrote is kept as it is; the proofs hold for it all the same.
                let detail = "records are in a form that this hub does not know";
                return Ok(self.alarm(received, kiosk, epoch, AlarmKind::Unreadable, detail)?);
            }
        };
        if entry.seq.get() != seq {
            return Err(Refused::Record { seq, why: "it bears another number" });
        }
        let placed = self.place_next(&mut state.boot, record, &entry.stamp, received)?;
        Ok(self.extract(record, kiosk, epoch, &entry, &stored.seal, Moment { received, placed })?)
    }

    pub(super) fn seen(&self, kiosk: &KioskId, now: Wall) -> Result<(), Error> {
        self.db
            .prepare_cached("UPDATE kiosks SET seen = ?2 WHERE kiosk = ?1")?
            .execute(params![kiosk.as_str(), now.0])?;
        Ok(())
    }
}
