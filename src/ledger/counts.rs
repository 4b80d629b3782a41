//! What kiosks count beside their records, compared with the records.
//!
//! A boom that rose more often than admissions, and openings by hand, are on record let somebody through whom no record
//! names. A heartbeat's counts are compared when the next one arrives: by then every record that was being written
//! when they were read has been written, so that an honest kiosk never raises an alarm.

use rusqlite::params;

use super::record::{LogState, record_key, signed, unsigned};
use super::report::AlarmKind;
use super::schema::{Error, Ledger, SEQ_BITS};
use crate::base::{Epoch, KioskId, LaneId, Wall};
use crate::model::Verdict;
use crate::sync::counts::Count;

/// Most lanes that are kept of a log; what a kiosk says of others is passed over.
const LANES_MAX: u64 = 64;

/// A lane as its kiosk counted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// What was counted.
    pub count: Count,
    /// Openings that are on record since then: admissions, and by hand.
    pub recorded: u64,
    /// When it was told.
    pub at: Wall,
}

/// What is kept of a lane between two heartbeats.
struct Kept {
    count: Count,
    /// Of the heartbeat that said so.
    size: u64,
    /// Openings on record after the program's start, up to record `through`.
    recorded: u64,
    through: u64,
}

impl Ledger {
    /// Compares what was counted before with what is here, and keeps what is counted now.
    pub(super) fn take_counts(
        &self,
        (kiosk, epoch): (&KioskId, Epoch),
        state: &LogState,
        (size, lines): (u64, &[String]),
        received: Wall,
    ) -> Result<(), Error> {
        let possible = |now: &Count| now.since < 1 << SEQ_BITS;
        for now in lines.iter().filter_map(|line| Count::parse(line)).filter(possible) {
            let kept = self.kept_count(state.log, &now.lane)?;
            if kept.is_none() && self.lanes_kept(state.log)? >= LANES_MAX {
                continue;
            }
            let before = kept.filter(|before| before.count.since == now.since);
            let (recorded, through) =
                before.as_ref().map_or((0, now.since), |kept| (kept.recorded, kept.through));
            // Only what has come since: a program may run for months.
            let here = (state.next - 1).max(through);
            let recorded = recorded + self.openings(state.log, &now.lane, through, here)?;
            if let Some(Kept { count: before, .. }) = before.filter(|before| state.next > before.size)
                && before.raised > recorded
            {
                // The excess and not the counts: these go on rising, and it is one alarm.
                let more = before.raised - recorded;
                let detail = format!(
                    "since record {}, the barrier of lane {} rose {more} times more than is on record",
                    before.since, before.lane
                );
                self.alarm(received, kiosk, epoch, AlarmKind::Count, &detail)?;
            }
            self.keep_count(state.log, &Kept { count: now, size, recorded, through: here }, received)?;
        }
        Ok(())
    }

    /// What the lanes of a kiosk counted last, in the log that was heard of last.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn counted(&self, kiosk: &KioskId) -> Result<Vec<Counted>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT log, lane, at FROM counts JOIN logs USING (log) WHERE kiosk = ?1 AND log =
                 (SELECT log FROM counts JOIN logs USING (log) WHERE kiosk = ?1 ORDER BY at DESC LIMIT 1)
             ORDER BY lane",
        )?;
        let mut rows = query.query([kiosk.as_str()])?;
        let mut counted = vec![];
        while let Some(row) = rows.next()? {
            let (log, lane): (i64, String) = (row.get(0)?, row.get(1)?);
            let lane = lane.parse().map_err(|_| Error::Damaged("a lane's name"))?;
            let at = Wall(row.get(2)?);
            let Some(Kept { count, recorded, through, .. }) = self.kept_count(log, &lane)? else { continue };
            let recorded = recorded + self.openings(log, &lane, through, (1 << SEQ_BITS) - 1)?;
            counted.push(Counted { count, recorded, at });
        }
        Ok(counted)
    }

    fn kept_count(&self, log: i64, lane: &LaneId) -> Result<Option<Kept>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT since, raised, beam, present, passages, size, recorded, through FROM counts
             WHERE log = ?1 AND lane = ?2",
        )?;
        let mut rows = query.query(params![log, lane.as_str()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let number = |column| unsigned(row.get(column)?);
        let count = Count {
            lane: lane.clone(),
            since: number(0)?,
            raised: number(1)?,
            beam: number(2)?,
            present: number(3)?,
            passages: number(4)?,
        };
        Ok(Some(Kept { count, size: number(5)?, recorded: number(6)?, through: number(7)? }))
    }

    fn lanes_kept(&self, log: i64) -> Result<u64, Error> {
        let mut query = self.db.prepare_cached("SELECT count(*) FROM counts WHERE log = ?1")?;
        unsigned(query.query_row([log], |row| row.get(0))?)
    }

    fn keep_count(&self, log: i64, kept: &Kept, received: Wall) -> Result<(), Error> {
        let Kept { count: Count { lane, since, raised, beam, present, passages }, size, recorded, through } =
            kept;
        let mut replace = self.db.prepare_cached(
            "INSERT OR REPLACE INTO counts
             (log, lane, since, raised, beam, present, passages, size, recorded, through, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?;
        replace.execute(params![
            log,
            lane.as_str(),
            signed(*since),
            signed(*raised),
            signed(*beam),
            signed(*present),
            signed(*passages),
            signed(*size),
            signed(*recorded),
            signed(*through),
            received.0
        ])?;
        Ok(())
    }

    /// Openings on record at a lane after record `after`, up to record `through`.
    fn openings(&self, log: i64, lane: &LaneId, after: u64, through: u64) -> Result<u64, Error> {
        let opening: Vec<String> =
            Verdict::opening().map(|verdict| format!("'{}'", verdict.name())).collect();
        let count = format!(
            "SELECT (SELECT count(*) FROM passages
                     WHERE record BETWEEN ?1 AND ?2 AND lane = ?3 AND verdict IN ({}))
                  + (SELECT count(*) FROM openings WHERE record BETWEEN ?1 AND ?2 AND lane = ?3)",
            opening.join(", ")
        );
        let mut query = self.db.prepare_cached(&count)?;
        let keys = params![record_key(log, after + 1), record_key(log, through), lane.as_str()];
        unsigned(query.query_row(keys, |row| row.get(0))?)
    }

    /// Notes that a barrier was opened without a verdict.
    pub(super) fn opened_by_hand(&self, record: i64, lane: Option<&LaneId>) -> Result<(), Error> {
        let lane = lane.map(LaneId::as_str);
        self.db.execute("INSERT INTO openings (record, lane) VALUES (?1, ?2)", params![record, lane])?;
        Ok(())
    }
}
