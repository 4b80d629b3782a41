//! Applying a batch: everything it claims is checked, then everything it holds is stored, in one transaction.

use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::placing::Moment;
use super::record::{LogState, record_key, seal_columns, signed};
use super::report::AlarmKind;
use super::schema::{Error, Ledger, SEQ_BITS};
use crate::base::{Epoch, KioskId, Seq, Wall};
use crate::journal::{Hash, Note, SignedNote, Stored, note};
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
    /// The kiosk may not send any more.
    #[error("kiosk {0} is revoked")]
    Revoked(KioskId),
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
    /// What is said about lost records does not hold.
    #[error("records {first} to {last}: {why}")]
    Hole {
        /// First number.
        first: u64,
        /// Last number.
        last: u64,
        /// What is wrong.
        why: &'static str,
    },
    /// The ledger cannot be used.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    /// It was here.
    Already,
    /// It is new, and in no form that is known here.
    Unread,
    /// It is new, and placed at this time.
    At(Wall),
}

impl Kept {
    fn at(self) -> Option<Wall> {
        match self {
            Self::At(at) => Some(at),
            Self::Already | Self::Unread => None,
        }
    }
}

/// What proves a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// The log's tree.
    Tree,
    /// The kiosk's signature under what it salvaged.
    Salvage,
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
            Ok(_) => {
                tx.commit()?;
                self.overwrite_old_copies()?;
            }
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
        let key = self.key_of_sender(kiosk)?;
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
        self.check_overlap(state.log, from, next, overlap)?;
        if new.is_empty() {
            let cosigned = state.note.unwrap_or_default();
            return Ok(Applied { next, root: state.frontier.root(), cosigned, new: 0 });
        }
        let leaves: Vec<Hash> = new.iter().map(Stored::leaf_hash).collect();
        let others = self.push_leaves(&mut state, leaves.iter().copied())?;
        let Note { root, size, .. } = *signed_note.note();
        if state.frontier.root() != root {
            return Err(Refused::Root { size });
        }
        let (mut fresh, mut last_at) = (0, None);
        for (seq, (stored, leaf)) in (next.get()..).zip(new.iter().zip(&leaves)) {
            let stored = self.store(&mut state, (kiosk, epoch, seq), (stored, leaf), received)?;
            fresh += u64::from(stored != Kept::Already);
            last_at = stored.at().or(last_at);
        }
        signed_note.cosign(HUB_NOTE_NAME, &self.keys.note, received);
        let cosigned = signed_note.to_string();
        let mut frontier = vec![];
        state.frontier.encode(&mut frontier);
        self.db
            .prepare_cached(
                "UPDATE logs SET next = ?2, frontier = ?3, note = ?4, claimed = max(claimed, ?5), applied = ?6,
                                 last_at = coalesce(?7, last_at)
                 WHERE log = ?1",
            )?
            .execute(params![
                state.log,
                signed(size + 1),
                frontier,
                cosigned,
                signed(size),
                received.0,
                last_at.map(|at| at.0)
            ])?;
        self.settle_stated(&state, kiosk, epoch, &others, received)?;
        self.seen(kiosk, received)?;
        self.settle(state.boot.take(), size >= state.claimed)?;
        self.compare_sheets(kiosk, epoch, received)?;
        let next = Seq::new(size + 1).ok_or(Error::Damaged("a log's size"))?;
        Ok(Applied { next, root, cosigned, new: fresh })
    }

    /// Records that are here already must be the same ones. Where the log goes on without some of them, what comes
    /// late is not taken in: nothing here could prove it.
    fn check_overlap(&self, log: i64, from: Seq, next: Seq, overlap: &[Stored]) -> Result<(), Refused> {
        for (seq, stored) in (from.get()..).zip(overlap) {
            let seq = Seq::new(seq).ok_or(Error::Damaged("a record's number"))?;
            match self.leaf_of(log, seq)? {
                None => return Err(Refused::Gap { next }),
                Some(leaf) if leaf != stored.leaf_hash() => return Err(Refused::Fork { seq }),
                Some(_) => {}
            }
        }
        Ok(())
    }

    pub(super) fn leaf_of(&self, log: i64, seq: Seq) -> Result<Option<Hash>, Error> {
        let mut query = self.db.prepare_cached("SELECT leaf FROM entries WHERE record = ?1")?;
        Ok(query.query_row([record_key(log, seq.get())], |row| row.get(0)).optional()?)
    }

    /// Stores a record that the tree proves.
    fn store(
        &self,
        state: &mut LogState,
        (kiosk, epoch, seq): (&KioskId, Epoch, u64),
        (stored, leaf): (&Stored, &Hash),
        received: Wall,
    ) -> Result<Kept, Refused> {
        if seq <= state.salvaged {
            let seq = Seq::new(seq).ok_or(Error::Damaged("a record's number"))?;
            match self.leaf_of(state.log, seq)? {
                Some(known) if known == *leaf => {
                    let key = record_key(state.log, seq.get());
                    self.db.execute("UPDATE entries SET proven = 1 WHERE record = ?1", [key])?;
                    return Ok(Kept::Already);
                }
                Some(_) => return Err(Refused::Fork { seq }),
                None => {}
            }
        }
        let record = record_key(state.log, seq);
        self.insert(record, (stored, leaf), Proof::Tree, received)?;
        let entry: Entry = match stored.entry() {
            Ok(entry) => entry,
            Err(_) => {
                // What a later version wrote is kept as it is; the proofs hold for it all the same.
                let detail = "records are in a form that this hub does not know";
                self.alarm(received, kiosk, epoch, AlarmKind::Unreadable, detail)?;
                return Ok(Kept::Unread);
            }
        };
        if entry.seq.get() != seq {
            return Err(Refused::Record { seq, why: "it bears another number" });
        }
        let placed = self.place_next(&mut state.boot, record, &entry.stamp, received)?;
        let moment = Moment { received, placed };
        Ok(Kept::At(self.extract(record, kiosk, epoch, &entry, &stored.seal, moment)?))
    }

    pub(super) fn insert(
        &self,
        record: i64,
        (stored, leaf): (&Stored, &Hash),
        proof: Proof,
        received: Wall,
    ) -> Result<(), Error> {
        let (commit, sealed, box_hash) = seal_columns(&stored.seal);
        let proven = match proof {
            Proof::Tree => 1,
            Proof::Salvage => 0,
        };
        let values = params![record, stored.public, leaf, received.0, commit, sealed, box_hash, proven];
        self.db
            .prepare_cached(
                "INSERT INTO entries (record, public, leaf, received, commitment, box, box_hash, proven)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(values)?;
        Ok(())
    }

    pub(super) fn seen(&self, kiosk: &KioskId, now: Wall) -> Result<(), Error> {
        self.db
            .prepare_cached("UPDATE kiosks SET seen = ?2 WHERE kiosk = ?1")?
            .execute(params![kiosk.as_str(), now.0])?;
        Ok(())
    }
}
