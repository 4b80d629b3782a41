//! Days that came on paper: kept once each, shown until the records follow, and then compared with them.

use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::record::{LogState, record_key, signed, unsigned};
use super::report::{AlarmKind, Day};
use super::schema::{Error, Ledger, name_of, named};
use crate::base::{Epoch, KioskId, Wall};
use crate::journal::{Frontier, Hash, Seal, Stored};
use crate::sync::sheet::{BadSheet, Counter, Summary, Unverified};

pub(super) const TABLE: &str = "
-- Days that came on paper, one for each log and day.
CREATE TABLE sheets (
    kiosk TEXT NOT NULL REFERENCES kiosks,
    epoch BLOB NOT NULL,
    day INTEGER NOT NULL,           -- of the site's time, days since 1970-01-01
    size INTEGER NOT NULL,          -- number of the day's last record
    sheet BLOB NOT NULL,            -- as it was signed
    received INTEGER NOT NULL,
    state TEXT NOT NULL,            -- waiting (for records), confirmed, contradicted
    PRIMARY KEY (kiosk, epoch, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX sheets_waiting ON sheets (kiosk, epoch, size) WHERE state = 'waiting';
";

/// Up to so many records, a sheet's root is computed again from the records; beyond, only the counts are.
const LEAVES_MAX: u64 = 200_000;

/// What the records say about a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SheetState {
    /// They are not all here yet.
    Waiting,
    /// The same.
    Confirmed,
    /// Something else. Somebody must look at this.
    Contradicted,
}

/// A day that came on paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaySheet {
    /// What it says.
    pub summary: Summary,
    /// When it came.
    pub received: Wall,
    /// What the records say about it.
    pub state: SheetState,
}

/// What became of a sheet that was not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetTaken {
    /// It is new.
    New,
    /// It takes the place of one that was printed earlier on that day.
    Replaced,
    /// This one is here already.
    Known,
    /// One that was printed later on that day is here; nothing has changed.
    Older,
}

/// Why a sheet was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SheetRefused {
    /// It is none, or not signed by the kiosk that it names.
    #[error(transparent)]
    Bad(#[from] BadSheet),
    /// No such kiosk is enrolled.
    #[error("no kiosk {0} is enrolled")]
    UnknownKiosk(KioskId),
    /// The kiosk may not send any more.
    #[error("kiosk {0} is revoked")]
    Revoked(KioskId),
    /// Another sheet over as many records says something else. Somebody must look at this.
    #[error("another sheet of that day over {size} records is here, and it says something else")]
    Contradiction {
        /// Number of records.
        size: u64,
    },
    /// The ledger cannot be used.
    #[error(transparent)]
    Storage(#[from] Error),
}

impl From<rusqlite::Error> for SheetRefused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl Ledger {
    /// Takes a day's sheet, and compares it with the records as far as they are here. Taking it again changes nothing.
    ///
    /// # Errors
    ///
    /// [`SheetRefused`]: nothing was stored, but for an alarm about a contradiction.
    pub fn take_sheet(
        &mut self,
        sheet: &[u8],
        received: Wall,
    ) -> Result<(Summary, SheetTaken), SheetRefused> {
        let unverified = Unverified::read(sheet)?;
        let kiosk = unverified.claimed().kiosk.clone();
        let key = self.key_of(&kiosk)?.ok_or_else(|| SheetRefused::UnknownKiosk(kiosk.clone()))?;
        if self.revoked(&kiosk)?.is_some() {
            return Err(SheetRefused::Revoked(kiosk));
        }
        let summary = unverified.verify(&key)?;
        let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let kept = self.keep(&summary, sheet, received);
        if let Err(refused @ SheetRefused::Contradiction { .. }) = kept {
            tx.rollback()?;
            self.alarm(
                received,
                &summary.kiosk,
                summary.epoch,
                AlarmKind::Sheet,
                &detail(&summary, &refused),
            )?;
            return Err(refused);
        }
        let taken = kept?;
        if let SheetTaken::New | SheetTaken::Replaced = taken {
            let state = self.log_state_or_new(&summary.kiosk, summary.epoch, received)?;
            // The kiosk has signed for so many.
            let claim = "UPDATE logs SET claimed = max(claimed, ?2) WHERE log = ?1";
            self.db.execute(claim, params![state.log, signed(summary.last.get())])?;
            self.compare_sheets(&summary.kiosk, summary.epoch, received)?;
        }
        tx.commit()?;
        Ok((summary, taken))
    }

    fn keep(&self, summary: &Summary, sheet: &[u8], received: Wall) -> Result<SheetTaken, SheetRefused> {
        let (kiosk, epoch, day) = (summary.kiosk.as_str(), summary.epoch.0, summary.day.days);
        let size = signed(summary.last.get());
        let known = "SELECT size, sheet FROM sheets WHERE kiosk = ?1 AND epoch = ?2 AND day = ?3";
        let known: Option<(i64, Vec<u8>)> = self
            .db
            .query_row(known, params![kiosk, epoch, day], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let taken = match known {
            None => SheetTaken::New,
            Some((_, known)) if known == sheet => return Ok(SheetTaken::Known),
            Some((known, _)) if known > size => return Ok(SheetTaken::Older),
            Some((known, _)) if known < size => SheetTaken::Replaced,
            Some(_) => return Err(SheetRefused::Contradiction { size: summary.last.get() }),
        };
        self.db.execute(
            "INSERT INTO sheets (kiosk, epoch, day, size, sheet, received, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'waiting')
             ON CONFLICT DO UPDATE SET size = ?4, sheet = ?5, received = ?6, state = 'waiting'",
            params![kiosk, epoch, day, size, sheet, received.0],
        )?;
        Ok(taken)
    }

    /// Compares sheets whose records are all here by now.
    pub(super) fn compare_sheets(&self, kiosk: &KioskId, epoch: Epoch, now: Wall) -> Result<(), Error> {
        let mut query = self.db.prepare_cached(
            "SELECT sheet FROM sheets JOIN logs USING (kiosk, epoch)
             WHERE kiosk = ?1 AND epoch = ?2 AND state = 'waiting' AND size < next",
        )?;
        let sheets = query.query_map(params![kiosk.as_str(), epoch.0], |row| row.get::<_, Vec<u8>>(0))?;
        let sheets: Vec<Vec<u8>> = sheets.collect::<Result<_, _>>()?;
        if sheets.is_empty() {
            return Ok(());
        }
        let log = self.log_state(kiosk, epoch)?.ok_or(Error::Damaged("a sheet's log"))?;
        for sheet in sheets {
            let unverified = Unverified::read(&sheet).map_err(|_| Error::Damaged("a sheet"))?;
            let summary = unverified.claimed();
            let state = match self.differs(&log, summary)? {
                Compared::Same => SheetState::Confirmed,
                Compared::Unknown => continue,
                Compared::Differs(what) => {
                    self.alarm(now, kiosk, epoch, AlarmKind::Sheet, &detail(summary, &what))?;
                    SheetState::Contradicted
                }
            };
            self.db
                .prepare_cached("UPDATE sheets SET state = ?4 WHERE kiosk = ?1 AND epoch = ?2 AND day = ?3")?
                .execute(params![kiosk.as_str(), epoch.0, summary.day.days, name_of(&state)])?;
        }
        Ok(())
    }

    fn differs(&self, log: &LogState, summary: &Summary) -> Result<Compared, Error> {
        let root = self.root_over(log, summary.last.get())?;
        if root.is_some_and(|root| root != summary.root) {
            return Ok(Compared::Differs("the records give another root"));
        }
        Ok(match (self.recounted(log, summary)?, root) {
            (Some(true), _) => Compared::Same,
            (Some(false), _) => Compared::Differs("the records give other counts"),
            // What a later version wrote cannot be counted here; the root holds for it all the same.
            (None, Some(_)) => Compared::Same,
            (None, None) => Compared::Unknown,
        })
    }

    /// The root over the first `size` records; `None` when there are too many, or not all of them are here.
    fn root_over(&self, log: &LogState, size: u64) -> Result<Option<Hash>, Error> {
        if log.frontier.size() == size {
            return Ok(Some(log.frontier.root()));
        }
        if size > LEAVES_MAX {
            return Ok(None);
        }
        let mut query = self
            .db
            .prepare_cached("SELECT leaf FROM entries WHERE record BETWEEN ?1 AND ?2 ORDER BY record")?;
        let mut rows = query.query([record_key(log.log, 1), record_key(log.log, size)])?;
        let mut tree = Frontier::new();
        while let Some(row) = rows.next()? {
            tree.push(row.get(0)?);
        }
        Ok((tree.size() == size).then(|| tree.root()))
    }

    /// Whether the records give the same counts; `None` when not all of them are here or can be read.
    fn recounted(&self, log: &LogState, summary: &Summary) -> Result<Option<bool>, Error> {
        let (first, last) = (summary.first.get(), summary.last.get());
        let mut query = self
            .db
            .prepare_cached("SELECT public FROM entries WHERE record BETWEEN ?1 AND ?2 ORDER BY record")?;
        let mut rows = query.query([record_key(log.log, first), record_key(log.log, last)])?;
        let (mut counter, mut read) = (Counter::new(summary.day), 0);
        while let Some(row) = rows.next()? {
            let Ok(entry) = (Stored { public: row.get(0)?, seal: Seal::None }).entry() else {
                return Ok(None);
            };
            counter.take(&entry);
            read += 1;
        }
        if read != last - first + 1 {
            return Ok(None);
        }
        let same = |(a, b, counts)| (a, b) == (summary.first, summary.last) && counts == summary.counts;
        Ok(Some(counter.finish().is_some_and(same)))
    }

    /// Sheets of the days from `first` to `last`, both included, newest day first.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn sheets(&self, first: Day, last: Day) -> Result<Vec<DaySheet>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT sheet, received, state, size FROM sheets WHERE day BETWEEN ?1 AND ?2
             ORDER BY day DESC, kiosk, received",
        )?;
        let mut rows = query.query([first.0, last.0])?;
        let mut sheets = vec![];
        while let Some(row) = rows.next()? {
            let bytes: Vec<u8> = row.get(0)?;
            let unverified = Unverified::read(&bytes).map_err(|_| Error::Damaged("a sheet"))?;
            let summary = unverified.claimed().clone();
            if unsigned(row.get(3)?)? != summary.last.get() {
                return Err(Error::Damaged("a sheet's size"));
            }
            let (received, state) = (Wall(row.get(1)?), named(&row.get::<_, String>(2)?)?);
            sheets.push(DaySheet { summary, received, state });
        }
        Ok(sheets)
    }
}

enum Compared {
    Same,
    Unknown,
    Differs(&'static str),
}

fn detail(summary: &Summary, what: &impl std::fmt::Display) -> String {
    format!("sheet of {} over records {} to {}: {what}", summary.day, summary.first, summary.last)
}
