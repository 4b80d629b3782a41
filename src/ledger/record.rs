//! One record: its place, its content, its proof data.

use rusqlite::{OptionalExtension as _, params};

use super::placing::{LogBoot, placed_row};
use super::schema::{Error, Ledger, SEQ_BITS};
use crate::base::{Epoch, KioskId, Seq, Wall};
use crate::journal::{Frontier, Hash, Seal, SealingKey, Stored, seal};
use crate::model::{Entry, Personal, Placed};

/// Which record, for ever: the number within the log of a kiosk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordId {
    /// Whose.
    pub kiosk: KioskId,
    /// Which of its logs.
    pub epoch: Epoch,
    /// Its number there.
    pub seq: Seq,
}

impl std::fmt::Display for RecordId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.kiosk, self.epoch, self.seq)
    }
}

/// A record with what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Which.
    pub id: RecordId,
    /// What it says; `None` when a later version wrote it in a form unknown here.
    pub entry: Option<Entry>,
    /// The record as stored, with its sealed part.
    pub stored: Stored,
    /// Its leaf in the log's tree, at index `seq − 1`.
    pub leaf: Hash,
    /// When it arrived here.
    pub received: Wall,
    /// When it was made, as well as that is known.
    pub placed: Option<Placed>,
    /// Number of records of its log that are here.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
    /// The log's last note, signed by the kiosk and cosigned by this hub.
    pub note: Option<String>,
    /// For a record that the tree does not prove: what the kiosk signed when it salvaged it.
    pub salvage: Option<String>,
    /// The verdict that follows this one up, if any.
    pub superseded: Option<Seq>,
}

/// Where the hub stands with a log.
#[derive(Clone, Debug)]
pub(super) struct LogState {
    pub log: i64,
    pub next: u64,
    pub frontier: Frontier,
    pub note: Option<String>,
    pub beat: Option<String>,
    /// Largest size that the kiosk has signed.
    pub claimed: u64,
    /// Largest number of a record that the tree does not prove.
    pub salvaged: u64,
    pub ended: bool,
    /// The clock of its kiosk's present boot, once a record was placed by it.
    pub boot: Option<LogBoot>,
}

/// The key of a record; see [`SEQ_BITS`].
///
/// Kiosks name records by numbers that nobody has checked. One that is out of range is the last one of
/// this log, and never a record of another.
pub(super) fn record_key(log: i64, seq: u64) -> i64 {
    const LAST: i64 = (1 << SEQ_BITS) - 1;
    (log << SEQ_BITS) | i64::try_from(seq).unwrap_or(LAST).min(LAST)
}

/// The log and the number in a record's key.
pub(super) fn split_key(record: i64) -> (i64, u64) {
    let seq = record & ((1 << SEQ_BITS) - 1);
    (record >> SEQ_BITS, u64::try_from(seq).unwrap_or(0))
}

/// A number read from the file that can only be negative when the file is damaged.
pub(super) fn unsigned(value: i64) -> Result<u64, Error> {
    u64::try_from(value).map_err(|_| Error::Damaged("a negative number"))
}

pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The columns of the sealed part, as `stored_seal` reads them.
pub(super) const SEAL_COLUMNS: &str = "commitment, box, box_hash";

/// The sealed part from three columns that begin at `at`.
pub(super) fn stored_seal(row: &rusqlite::Row<'_>, at: usize) -> Result<Seal, Error> {
    let commit: Option<Hash> = row.get(at)?;
    let bytes: Option<Vec<u8>> = row.get(at + 1)?;
    let box_hash: Option<Hash> = row.get(at + 2)?;
    match (commit, bytes, box_hash) {
        (None, None, None) => Ok(Seal::None),
        (Some(commit), Some(bytes), None) => Ok(Seal::Boxed { commit, bytes }),
        (Some(commit), None, Some(box_hash)) => Ok(Seal::Erased { commit, box_hash }),
        (_, _, _) => Err(Error::Damaged("a sealed part")),
    }
}

/// The sealed part as the values of three columns.
pub(super) fn seal_columns(seal: &Seal) -> (Option<&Hash>, Option<&Vec<u8>>, Option<&Hash>) {
    match seal {
        Seal::None => (None, None, None),
        Seal::Boxed { commit, bytes } => (Some(commit), Some(bytes), None),
        Seal::Erased { commit, box_hash } => (Some(commit), None, Some(box_hash)),
    }
}

impl Ledger {
    /// The record `id`, if it is here.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn record(&self, id: &RecordId) -> Result<Option<Record>, Error> {
        let Some(state) = self.log_state(&id.kiosk, id.epoch)? else { return Ok(None) };
        let key = record_key(state.log, id.seq.get());
        let columns =
            format!("SELECT public, leaf, received, {SEAL_COLUMNS}, proven FROM entries WHERE record = ?1");
        let mut query = self.db.prepare_cached(&columns)?;
        let mut rows = query.query([key])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let stored = Stored { public: row.get(0)?, seal: stored_seal(row, 3)? };
        let superseded = "SELECT superseded FROM passages WHERE record = ?1";
        let superseded: Option<Option<i64>> =
            self.db.query_row(superseded, [key], |row| row.get(0)).optional()?;
        let (entry, received) = (stored.entry().ok(), Wall(row.get(2)?));
        Ok(Some(Record {
            id: id.clone(),
            placed: self.placed(key, entry.as_ref(), received)?,
            entry,
            stored,
            leaf: row.get(1)?,
            received,
            size: state.next - 1,
            root: state.frontier.root(),
            note: state.note,
            salvage: if row.get(6)? { None } else { self.salvage_of(state.log, id.seq)? },
            superseded: superseded.flatten().and_then(|record| Seq::new(split_key(record).1)),
        }))
    }

    /// When a record was made: as lists show it for a passage, else by its boot's clock.
    fn placed(&self, record: i64, entry: Option<&Entry>, received: Wall) -> Result<Option<Placed>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT at, at_sure, earliest, latest, known FROM passages LEFT JOIN times USING (record)
             WHERE record = ?1",
        )?;
        let mut rows = query.query([record])?;
        if let Some(row) = rows.next()? {
            return placed_row(row, 2, (Wall(row.get(0)?), row.get(1)?)).map(Some);
        }
        match entry {
            Some(entry) => self.place_alone(record, &entry.stamp, received),
            None => Ok(None),
        }
    }

    /// The number expected next in a log, the root over what is here, and the cosigned note.
    ///
    /// A log that never sent anything begins at record 1.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn head(&self, kiosk: &KioskId, epoch: Epoch) -> Result<(Seq, Hash, Option<String>), Error> {
        let Some(state) = self.log_state(kiosk, epoch)? else {
            return Ok((Seq::FIRST, Frontier::new().root(), None));
        };
        let next = Seq::new(state.next).ok_or(Error::Damaged("a log's next number"))?;
        Ok((next, state.frontier.root(), state.note))
    }

    /// Whether a log's kiosk has stated that nothing more comes of it.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn has_ended(&self, kiosk: &KioskId, epoch: Epoch) -> Result<bool, Error> {
        Ok(self.log_state(kiosk, epoch)?.is_some_and(|state| state.ended))
    }

    pub(super) fn log_state(&self, kiosk: &KioskId, epoch: Epoch) -> Result<Option<LogState>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT log, next, frontier, note, beat, claimed, salvaged, ended IS NOT NULL FROM logs
             WHERE kiosk = ?1 AND epoch = ?2",
        )?;
        let mut rows = query.query(params![kiosk.as_str(), epoch.0])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let frontier: Vec<u8> = row.get(2)?;
        Ok(Some(LogState {
            log: row.get(0)?,
            next: unsigned(row.get(1)?)?,
            frontier: Frontier::decode(&frontier).ok_or(Error::Damaged("a log's frontier"))?,
            note: row.get(3)?,
            beat: row.get(4)?,
            claimed: unsigned(row.get(5)?)?,
            salvaged: unsigned(row.get(6)?)?,
            ended: row.get(7)?,
            boot: None,
        }))
    }

    /// The log's row, made on first sight.
    pub(super) fn log_state_or_new(
        &self,
        kiosk: &KioskId,
        epoch: Epoch,
        now: Wall,
    ) -> Result<LogState, Error> {
        if let Some(state) = self.log_state(kiosk, epoch)? {
            return Ok(state);
        }
        let mut frontier = vec![];
        Frontier::new().encode(&mut frontier);
        self.db.execute(
            "INSERT INTO logs (kiosk, epoch, next, frontier, claimed, opened) VALUES (?1, ?2, 1, ?3, 0, ?4)",
            params![kiosk.as_str(), epoch.0, frontier, now.0],
        )?;
        let log = self.db.last_insert_rowid();
        Ok(LogState {
            log,
            next: 1,
            frontier: Frontier::new(),
            note: None,
            beat: None,
            claimed: 0,
            salvaged: 0,
            ended: false,
            boot: None,
        })
    }

    /// The kiosk and epoch of a log.
    pub(super) fn log_name(&self, log: i64) -> Result<(KioskId, Epoch), Error> {
        let mut query = self.db.prepare_cached("SELECT kiosk, epoch FROM logs WHERE log = ?1")?;
        let (name, epoch): (String, [u8; 16]) =
            query.query_row([log], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok((name.parse().map_err(|_| Error::Damaged("a kiosk's name"))?, Epoch(epoch)))
    }

    /// The record behind a key.
    pub(super) fn record_id(&self, record: i64) -> Result<RecordId, Error> {
        let (log, seq) = split_key(record);
        let (kiosk, epoch) = self.log_name(log)?;
        let seq = Seq::new(seq).ok_or(Error::Damaged("a record's number"))?;
        Ok(RecordId { kiosk, epoch, seq })
    }

    /// Opens the box of a record of `log`; `None` when its sealing key is not here yet or it does not open.
    ///
    /// What it returns is never stored. Showing it to anybody needs [`Ledger::disclose`].
    pub(super) fn open_box(&self, log: i64, sealed: &Seal) -> Result<Option<Personal>, Error> {
        let bytes = match sealed {
            Seal::Boxed { bytes, .. } => bytes,
            Seal::None | Seal::Erased { .. } => return Ok(None),
        };
        let Some(number) = seal::box_key(bytes) else { return Ok(None) };
        Ok(self.sealing_key(log, number)?.and_then(|key| key.open(sealed).ok()))
    }

    pub(super) fn sealing_key(&self, log: i64, number: u32) -> Result<Option<SealingKey>, Error> {
        const KEPT_MAX: usize = 4_096;
        if let Some(key) = self.opened.borrow().get(&(log, number)) {
            return Ok(Some(key.clone()));
        }
        let mut query = self.db.prepare_cached(
            "SELECT public FROM sealing_keys JOIN entries USING (record) WHERE log = ?1 AND number = ?2",
        )?;
        let public = query.query_row(params![log, number], |row| row.get(0)).optional()?;
        let Some(public) = public else { return Ok(None) };
        let entry = Stored { public, seal: Seal::None }.entry();
        let entry = entry.map_err(|_| Error::Damaged("a sealing key's record"))?;
        let (kiosk, epoch) = self.log_name(log)?;
        let Ok(key) = self.keys.opener.open_key(&kiosk, epoch, &entry.body) else { return Ok(None) };
        let mut opened = self.opened.borrow_mut();
        if opened.len() >= KEPT_MAX {
            opened.clear();
        }
        opened.insert((log, number), key.clone());
        Ok(Some(key))
    }
}
