//! Alarms that overtake the backlog of their kiosk: taken from its urgent log, each shown once, acknowledged by name.
//!
//! See [`crate::model::alarm`]. A log whose first record says so is an urgent one: it is no part of what is counted of a
//! kiosk. An alarm is known by the record of the main log to which it points. One that stood alone, because that log could
//! not be written, is known by its stamp, and gets the record when it is raised again with it. What an alarm points to
//! may come weeks later.

use rusqlite::{OptionalExtension as _, Row, Transaction, TransactionBehavior, params};

use super::RecordId;
use super::access::Officer;
use super::placing::Moment;
use super::record::{signed, split_key, unsigned};
use super::report::kiosk_name;
use super::schema::{Error, Ledger, SEQ_BITS, name_of, named};
use crate::base::{Epoch, KioskId, LaneId, Seq, Wall};
use crate::model::{Cause, Entry};

pub(super) const TABLE: &str = "
ALTER TABLE logs ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0;    -- whether it holds alarms only

-- What urgent logs raise.
CREATE TABLE urgent (
    alarm INTEGER PRIMARY KEY,
    raised INTEGER NOT NULL REFERENCES entries,  -- by this record first
    kiosk TEXT NOT NULL,
    kind TEXT NOT NULL,
    lane TEXT,
    boot BLOB NOT NULL,             -- its stamp
    mono INTEGER NOT NULL,
    epoch BLOB,                     -- the record of the main log; NULL: it stands alone
    seq INTEGER,
    at INTEGER NOT NULL,            -- the best known time when it came
    received INTEGER NOT NULL,
    acknowledged INTEGER,           -- when; NULL: nobody has yet
    officer TEXT,
    reason TEXT
) STRICT;
CREATE UNIQUE INDEX urgent_record ON urgent (kiosk, epoch, seq) WHERE seq IS NOT NULL;
CREATE INDEX urgent_stamp ON urgent (kiosk, boot, mono);
CREATE INDEX urgent_open ON urgent (alarm) WHERE acknowledged IS NULL;
";

/// Which alarm, in this ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AlarmId(pub i64);

/// An alarm that overtook the backlog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Urgent {
    /// Which.
    pub id: AlarmId,
    /// Whose.
    pub kiosk: KioskId,
    /// Why.
    pub kind: Cause,
    /// Where.
    pub lane: Option<LaneId>,
    /// When it happened, as far as that was known when it came.
    pub at: Wall,
    /// When it came.
    pub received: Wall,
    /// The record of the urgent log.
    pub raised: RecordId,
    /// The record of the main log that tells more; none while the kiosk could not write it.
    pub record: Option<RecordId>,
    /// Whether that record is here.
    pub has_record: bool,
    /// Who has seen to it.
    pub acknowledged: Option<Acknowledged>,
}

/// That somebody has seen to an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// When.
    pub at: Wall,
    /// Who.
    pub officer: String,
    /// What was done.
    pub reason: String,
}

/// Which alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that nobody has acknowledged.
    Open,
    /// Every one.
    All,
}

impl Ledger {
    /// Takes in an alarm from record `record` of a kiosk's urgent log, once.
    pub(super) fn raise(
        &self,
        (record, kiosk, entry): (i64, &KioskId, &Entry),
        kind: Cause,
        about: Option<(Epoch, Seq)>,
        Moment { received, placed }: Moment,
    ) -> Result<(), Error> {
        let (log, number) = split_key(record);
        if kind == Cause::Begun {
            if number == 1 {
                self.db.execute("UPDATE logs SET urgent = 1 WHERE log = ?1", [log])?;
            }
            return Ok(());
        }
        // No log has such numbers.
        let about = about.filter(|(_, seq)| seq.get() < 1 << SEQ_BITS);
        if self.is_raised(kiosk, kind, entry, about)? {
            return Ok(());
        }
        let (epoch, seq) =
            about.map_or((None, None), |(epoch, seq)| (Some(epoch.0), Some(signed(seq.get()))));
        self.db
            .prepare_cached(
                "INSERT INTO urgent (raised, kiosk, kind, lane, boot, mono, epoch, seq, at, received)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                record,
                kiosk.as_str(),
                name_of(&kind),
                entry.lane.as_ref().map(LaneId::as_str),
                entry.stamp.boot.0,
                signed(entry.stamp.mono.0),
                epoch,
                seq,
                placed.best.0,
                received.0
            ])?;
        Ok(())
    }

    /// Whether an alarm is here already. One that stood alone is told which record it is about.
    fn is_raised(
        &self,
        kiosk: &KioskId,
        kind: Cause,
        entry: &Entry,
        about: Option<(Epoch, Seq)>,
    ) -> Result<bool, Error> {
        let stamp = params![
            kiosk.as_str(),
            name_of(&kind),
            entry.lane.as_ref().map(LaneId::as_str),
            entry.stamp.boot.0,
            signed(entry.stamp.mono.0)
        ];
        let Some((epoch, seq)) = about else {
            let mut same = self.db.prepare_cached(
                "SELECT 1 FROM urgent WHERE kiosk = ?1 AND kind = ?2 AND lane IS ?3 AND boot = ?4 AND mono = ?5",
            )?;
            return Ok(same.exists(stamp)?);
        };
        let pointed = params![kiosk.as_str(), epoch.0, signed(seq.get())];
        let mut same =
            self.db.prepare_cached("SELECT 1 FROM urgent WHERE kiosk = ?1 AND epoch = ?2 AND seq = ?3")?;
        if same.exists(pointed)? {
            return Ok(true);
        }
        let mut alone = self.db.prepare_cached(
            "SELECT min(alarm) FROM urgent WHERE kiosk = ?1 AND kind = ?2 AND lane IS ?3 AND boot = ?4
             AND mono = ?5 AND seq IS NULL",
        )?;
        let Some(alarm) = alone.query_row(stamp, |row| row.get::<_, Option<i64>>(0))? else {
            return Ok(false);
        };
        self.db
            .prepare_cached("UPDATE urgent SET epoch = ?2, seq = ?3 WHERE alarm = ?1")?
            .execute(params![alarm, epoch.0, signed(seq.get())])?;
        Ok(true)
    }

    /// Alarms, newest first.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn urgent(&self, which: Which, max: u32) -> Result<Vec<Urgent>, Error> {
        let only = match which {
            Which::Open => "WHERE acknowledged IS NULL",
            Which::All => "",
        };
        let sql = format!("{SELECT} {only} ORDER BY alarm DESC LIMIT ?1");
        let mut query = self.db.prepare_cached(&sql)?;
        let mut rows = query.query([max])?;
        let mut found = vec![];
        while let Some(row) = rows.next()? {
            found.push(self.urgent_row(row)?);
        }
        Ok(found)
    }

    /// One alarm, if it is here.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn urgent_alarm(&self, AlarmId(alarm): AlarmId) -> Result<Option<Urgent>, Error> {
        let mut query = self.db.prepare_cached(&format!("{SELECT} WHERE alarm = ?1"))?;
        let mut rows = query.query([alarm])?;
        rows.next()?.map(|row| self.urgent_row(row)).transpose()
    }

    /// Number of alarms that nobody has acknowledged.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn urgent_open(&self) -> Result<u64, Error> {
        let count = "SELECT count(*) FROM urgent WHERE acknowledged IS NULL";
        unsigned(self.db.prepare_cached(count)?.query_row([], |row| row.get(0))?)
    }

    /// Notes who has seen to an alarm, which goes to the access log; false when there is no such alarm, or somebody has
    /// already.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used; nothing has changed then.
    pub fn acknowledge(&mut self, id: AlarmId, officer: &Officer, now: Wall) -> Result<bool, Error> {
        let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let seen = tx.query_row(
            "UPDATE urgent SET acknowledged = ?2, officer = ?3, reason = ?4
             WHERE alarm = ?1 AND acknowledged IS NULL RETURNING kiosk, kind",
            params![id.0, now.0, officer.name(), officer.reason()],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
        );
        let Some((kiosk, kind)) = seen.optional()? else { return Ok(false) };
        self.log_access(officer, &format!("acknowledged alarm {} of {kiosk}: {kind}", id.0), now)?;
        tx.commit()?;
        Ok(true)
    }

    fn urgent_row(&self, row: &Row<'_>) -> Result<Urgent, Error> {
        let kiosk = kiosk_name(&row.get::<_, String>(1)?)?;
        let lane = row.get::<_, Option<String>>(3)?.map(|lane| lane.parse());
        let about = row.get::<_, Option<[u8; 16]>>(7)?.zip(row.get::<_, Option<i64>>(8)?);
        let record = about.map(|(epoch, seq)| -> Result<RecordId, Error> {
            let seq = Seq::new(unsigned(seq)?).ok_or(Error::Damaged("a record's number"))?;
            Ok(RecordId { kiosk: kiosk.clone(), epoch: Epoch(epoch), seq })
        });
        let acknowledged = match (row.get::<_, Option<i64>>(10)?, row.get(11)?, row.get(12)?) {
            (Some(at), Some(officer), Some(reason)) => Some(Acknowledged { at: Wall(at), officer, reason }),
            (_, _, _) => None,
        };
        Ok(Urgent {
            id: AlarmId(row.get(0)?),
            kind: named(&row.get::<_, String>(2)?)?,
            lane: lane.transpose().map_err(|_| Error::Damaged("a lane's name"))?,
            at: Wall(row.get(4)?),
            received: Wall(row.get(5)?),
            raised: self.record_id(row.get(6)?)?,
            record: record.transpose()?,
            has_record: row.get(9)?,
            acknowledged,
            kiosk,
        })
    }
}

/// What `urgent_row` reads.
const SELECT: &str = "
SELECT alarm, kiosk, kind, lane, at, received, raised, epoch, seq,
       EXISTS (SELECT 1 FROM logs JOIN entries ON entries.record = (logs.log << 40) + urgent.seq
               WHERE logs.kiosk = urgent.kiosk AND logs.epoch = urgent.epoch),
       acknowledged, officer, reason
FROM urgent";
