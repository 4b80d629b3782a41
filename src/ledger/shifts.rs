//! Shifts at the kiosks, and who went through beside their records: the kiosk's own figures, from the same records.
//!
//! A shift is what [`crate::model::shift`] makes of the sign-ins and sign-outs of a log, and what went unrecorded in it is
//! what [`crate::model::leak`] makes of the crossings between: as on the sheet that the kiosk itself shows.

use std::collections::BTreeMap;

use rusqlite::params;

use super::record::{record_key, split_key, unsigned};
use super::report::{Day, kiosk_name};
use super::schema::{Error, Ledger, SEQ_BITS};
use crate::base::{AttendantId, KioskId, LaneId, Seq, Wall};
use crate::journal::{Seal, Stored};
use crate::model::leak::{Counted, Crossings, Leak};
use crate::model::shift::{Duty, Shift, shifts};
use crate::model::{Body, Entry, Verdict};

/// 13: sign-ins and sign-outs, and what was counted while barriers were open.
pub(super) const TABLES: &str = "
-- Records of sign-ins and sign-outs.
CREATE TABLE duties (
    record INTEGER PRIMARY KEY REFERENCES entries,
    at INTEGER NOT NULL             -- the best known time when it came
) STRICT;
CREATE INDEX duties_at ON duties (at);

-- What was seen under barriers that were opened for somebody.
CREATE TABLE crossings (
    record INTEGER PRIMARY KEY REFERENCES entries,
    lane TEXT,
    beam INTEGER,                   -- NULL: nothing was counted
    beside INTEGER                  -- NULL: no sensor looks there
) STRICT;
";

/// The first version with [`TABLES`]; what is in an older file is read again.
pub(super) const WITH_SHIFTS: i32 = 13;

/// Sign-ins and sign-outs of one log among which shifts are looked for: as many as its kiosk looks at.
const DUTIES_MAX: u32 = 500;
/// Records read at a time.
const BATCH: u32 = 1_000;

/// Somebody's time on duty at a kiosk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KioskShift {
    /// Where.
    pub kiosk: KioskId,
    /// Who.
    pub attendant: AttendantId,
    /// When they signed in, by the kiosk's clock.
    pub begun: Wall,
    /// When they signed out; none where they have not, or no record of it is here.
    pub ended: Option<Wall>,
    /// Records of the shift that are not here: lost, or still to come.
    pub missing: u64,
    /// By lane, where somebody was let through.
    pub lanes: BTreeMap<Option<LaneId>, LaneShift>,
}

/// What was let through at a lane in a shift.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaneShift {
    /// Verdicts that opened.
    pub opened: u64,
    /// What counted beside these records.
    pub crossings: Crossings,
}

/// Why nobody can say how many went through beside the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Nothing at the lane counted anybody.
    NoCounter,
    /// Records of the shift are missing, and none of those here counts anybody.
    Missing,
}

impl LaneShift {
    /// How many went through beside the records, as far as what counts there can tell. `missing` records are not here.
    ///
    /// # Errors
    ///
    /// Why nobody can say.
    pub fn leak(&self, missing: u64) -> Result<Leak, Unknown> {
        let why = if missing > 0 { Unknown::Missing } else { Unknown::NoCounter };
        self.crossings.leak().ok_or(why)
    }

    /// How many were let through and not counted by anything.
    pub fn uncounted(&self) -> u64 {
        self.opened.saturating_sub(self.crossings.openings())
    }
}

impl Ledger {
    /// Takes out what shifts are made of.
    pub(super) fn note_shift(&self, record: i64, entry: &Entry, at: Wall) -> Result<(), Error> {
        if Duty::of(entry).is_some() {
            self.db
                .prepare_cached("INSERT OR REPLACE INTO duties (record, at) VALUES (?1, ?2)")?
                .execute(params![record, at.0])?;
        }
        if let Body::Crossed { counted, .. } = &entry.body {
            let lane = entry.lane.as_ref().map(LaneId::as_str);
            let (beam, beside) = counted.map_or((None, None), |counted| (Some(counted.beam), counted.beside));
            self.db
                .prepare_cached(
                    "INSERT OR REPLACE INTO crossings (record, lane, beam, beside) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![record, lane, beam, beside])?;
        }
        Ok(())
    }

    /// Takes out the same of every record that is here already.
    pub(super) fn note_every_shift(&self) -> Result<(), Error> {
        let mut after = 0_i64;
        loop {
            let mut query = self.db.prepare_cached(
                "SELECT record, public, received FROM entries WHERE record > ?1 ORDER BY record LIMIT ?2",
            )?;
            let rows = query.query_map(params![after, BATCH], |row| {
                let stored = Stored { public: row.get(1)?, seal: Seal::None };
                Ok((row.get(0)?, stored, Wall(row.get(2)?)))
            })?;
            let some: Vec<(i64, Stored, Wall)> = rows.collect::<Result<_, _>>()?;
            let Some((last, ..)) = some.last() else { return Ok(()) };
            after = *last;
            for (record, stored, received) in &some {
                // What a later version wrote is passed over, as it was when it came.
                if let Ok(entry) = stored.entry() {
                    self.note_shift(*record, &entry, *received)?;
                }
            }
        }
    }

    /// The shifts that began from day `first` to day `last`, both included, latest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn shifts(&self, first: Day, last: Day, limit: usize) -> Result<Vec<KioskShift>, Error> {
        let (from, until) = (first.start(), last.plus(1).start());
        let mut query = self.db.prepare_cached(
            "SELECT DISTINCT log, kiosk, next FROM duties JOIN logs ON log = record >> 40
             WHERE at >= ?1 AND at < ?2 AND NOT urgent",
        )?;
        let mut rows = query.query([from.0, until.0])?;
        let mut found = vec![];
        while let Some(row) = rows.next()? {
            let (log, kiosk): (i64, String) = (row.get(0)?, row.get(1)?);
            let (kiosk, here) = (kiosk_name(&kiosk)?, unsigned(row.get(2)?)? - 1);
            for (at, shift) in self.shifts_of(log, until)? {
                if at >= from && at < until {
                    found.push((at, log, here, kiosk.clone(), shift));
                }
            }
        }
        found.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| other.4.first.cmp(&one.4.first)));
        found.truncate(limit);
        found.into_iter().map(|(_, log, here, kiosk, shift)| self.filled(log, here, kiosk, shift)).collect()
    }

    /// The shifts of a log that began before `until`, each with when its sign-in was.
    fn shifts_of(&self, log: i64, until: Wall) -> Result<Vec<(Wall, Shift)>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT record, at, public FROM duties JOIN entries USING (record)
             WHERE record BETWEEN ?1 AND ?2 ORDER BY record DESC LIMIT ?3",
        )?;
        let mut rows = query.query(params![record_key(log, 0), last_key(log), DUTIES_MAX])?;
        let (mut duties, mut times) = (vec![], BTreeMap::new());
        while let Some(row) = rows.next()? {
            let stored = Stored { public: row.get(2)?, seal: Seal::None };
            let (_, seq) = split_key(row.get(0)?);
            times.insert(seq, Wall(row.get(1)?));
            duties.extend(stored.entry().ok().and_then(|entry| Duty::of(&entry)));
        }
        duties.reverse();
        let at = |shift: &Shift| times.get(&shift.first.get()).copied().unwrap_or(shift.begun);
        let all = shifts(duties).into_iter().map(|shift| (at(&shift), shift));
        Ok(all.filter(|(at, _)| *at < until).collect())
    }

    /// What happened in a shift of a log, of which record `here` is the last one that came in order.
    fn filled(&self, log: i64, here: u64, kiosk: KioskId, shift: Shift) -> Result<KioskShift, Error> {
        let Shift { attendant, first, last, begun, ended } = shift;
        let last = last.map_or(here.max(first.get()), Seq::get);
        let range = params![record_key(log, first.get()), record_key(log, last)];
        let mut count =
            self.db.prepare_cached("SELECT count(*) FROM entries WHERE record BETWEEN ?1 AND ?2")?;
        let records = unsigned(count.query_row(range, |row| row.get(0))?)?;
        let missing = (last + 1).saturating_sub(first.get()).saturating_sub(records);
        let mut lanes = BTreeMap::<Option<LaneId>, LaneShift>::new();
        let opening: Vec<String> =
            Verdict::opening().map(|verdict| format!("'{}'", verdict.name())).collect();
        let text = format!(
            "SELECT lane, count(*) FROM passages
             WHERE record BETWEEN ?1 AND ?2 AND verdict IN ({}) GROUP BY lane",
            opening.join(", ")
        );
        let mut query = self.db.prepare_cached(&text)?;
        let mut rows = query.query(range)?;
        while let Some(row) = rows.next()? {
            lanes.entry(lane_name(row.get(0)?)?).or_default().opened = unsigned(row.get(1)?)?;
        }
        let mut query = self.db.prepare_cached(
            "SELECT lane, beam, beside, count(*) FROM crossings
             WHERE record BETWEEN ?1 AND ?2 AND beam IS NOT NULL GROUP BY lane, beam, beside",
        )?;
        let mut rows = query.query(range)?;
        while let Some(row) = rows.next()? {
            let counted = Counted { beam: row.get(1)?, beside: row.get(2)? };
            // Where nothing went through there was nobody to be missed.
            if counted.says_anything() {
                let times = unsigned(row.get(3)?)?;
                lanes.entry(lane_name(row.get(0)?)?).or_default().crossings.take_times(counted, times);
            }
        }
        Ok(KioskShift { kiosk, attendant, begun, ended, missing, lanes })
    }
}

fn last_key(log: i64) -> i64 {
    record_key(log, (1 << SEQ_BITS) - 1)
}

fn lane_name(name: Option<String>) -> Result<Option<LaneId>, Error> {
    name.map(|name| name.parse().map_err(|_| Error::Damaged("a lane's name"))).transpose()
}
