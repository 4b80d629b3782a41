//! What a command centre looks at: gates, tallies, holes, alarms.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::{Date, date};
use rusqlite::params;

use super::record::unsigned;
use super::schema::{Error, Ledger, day_of, name_of, named};
use crate::base::{Epoch, KioskId, Wall};
use crate::journal::{Frontier, Hash};
use crate::model::{Direction, SubjectKind, Verdict};

/// A day in China's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub(super) i64);

impl Day {
    /// The day of `at`.
    pub fn of(at: Wall) -> Self {
        Self(day_of(at))
    }

    /// Its first millisecond.
    pub fn start(self) -> Wall {
        Wall(self.0.saturating_mul(86_400_000).saturating_sub(8 * 3_600_000))
    }

    /// `days` later, or earlier when negative.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Within a span's range: beyond it the library's own arithmetic wraps.
        let days = self.0.clamp(-7_304_484, 7_304_484);
        let day = jiff::Span::new().try_days(days).and_then(|days| date(1970, 1, 1).checked_add(days));
        day.unwrap_or(Date::MAX).fmt(f)
    }
}

impl FromStr for Day {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day: Date = text.parse().map_err(|_| "a day is written 2026-11-22")?;
        let since = day.since(date(1970, 1, 1)).map_err(|_| "a day is written 2026-11-22")?;
        Ok(Self(i64::from(since.get_days())))
    }
}

/// A kiosk, as the overview shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Which.
    pub kiosk: KioskId,
    /// Its newest log, once it has sent anything.
    pub epoch: Option<Epoch>,
    /// Records here, over all its logs.
    pub records: u64,
    /// Records that it has signed for and not delivered yet.
    pub backlog: u64,
    /// Root of its newest log.
    pub root: Option<Hash>,
    /// When it was last heard of.
    pub seen: Option<Wall>,
    /// Time of its last record.
    pub last_at: Option<Wall>,
    /// Today's arrivals by their last verdict.
    pub today: BTreeMap<Verdict, u64>,
    /// Alarms about it.
    pub alarms: u64,
}

impl Gate {
    /// How long a kiosk may be silent before it counts as stale.
    pub const SILENT_MAX: Duration = Duration::from_mins(5);

    /// Whether the kiosk was heard of recently. What the hub saw in its own future, before its clock was set back,
    /// does not count.
    pub fn is_live(&self, now: Wall) -> bool {
        self.seen.is_some_and(|seen| u128::from(seen.0.abs_diff(now.0)) <= Self::SILENT_MAX.as_millis())
    }
}

/// How many arrivals ended how, on one day at one kiosk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// When.
    pub day: Day,
    /// Where.
    pub kiosk: KioskId,
    /// How.
    pub verdict: Verdict,
    /// Who.
    pub subject: SubjectKind,
    /// Which way.
    pub direction: Direction,
    /// Number of arrivals.
    pub passages: u64,
    /// Number of occupants in the vehicles among them.
    pub occupants: u64,
}

/// What an alarm is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmKind {
    /// Two versions of one log: a copied card, or an altered record.
    Fork,
    /// A kiosk has fewer records than it had.
    Shrunk,
    /// A log declares records missing.
    Hole,
    /// Records of a later version.
    Unreadable,
    /// Records sealed to somebody else.
    Sealed,
    /// A day's sheet says something else than the records.
    Sheet,
    /// A barrier rose more often than its records say.
    Count,
    /// A kiosk's disk is nearly full, or fails.
    Disk,
    /// A kiosk got a command that it must not have got, or not in that order.
    Command,
}

/// Something that somebody must look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// When it last happened.
    pub at: Wall,
    /// Whose.
    pub kiosk: KioskId,
    /// Which log.
    pub epoch: Epoch,
    /// What.
    pub kind: AlarmKind,
    /// In plain words.
    pub detail: String,
    /// How often.
    pub times: u64,
}

pub(super) fn kiosk_name(name: &str) -> Result<KioskId, Error> {
    name.parse().map_err(|_| Error::Damaged("a kiosk's name"))
}

impl Ledger {
    /// Every enrolled kiosk, by name. Its urgent log is no part of this.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn gates(&self, now: Wall) -> Result<Vec<Gate>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT kiosks.kiosk, kiosks.seen,
                    (SELECT sum(next - 1 - coalesce((SELECT sum(last - first + 1) FROM skips
                                                     WHERE skips.log = logs.log AND skips.frontier IS NOT NULL), 0)
                                + (SELECT count(*) FROM entries WHERE proven = 0
                                   AND record BETWEEN logs.log << 40 AND (logs.log + 1) << 40))
                     FROM logs WHERE logs.kiosk = kiosks.kiosk AND NOT urgent),
                    (SELECT sum(max(claimed - next + 1, 0)) FROM logs
                     WHERE logs.kiosk = kiosks.kiosk AND ended IS NULL AND NOT urgent),
                    (SELECT max(last_at) FROM logs WHERE logs.kiosk = kiosks.kiosk AND NOT urgent),
                    newest.epoch, newest.frontier,
                    (SELECT count(*) FROM alarms WHERE alarms.kiosk = kiosks.kiosk)
             FROM kiosks LEFT JOIN logs AS newest
               ON newest.log = (SELECT max(log) FROM logs WHERE logs.kiosk = kiosks.kiosk AND NOT urgent)
             ORDER BY kiosks.kiosk",
        )?;
        let mut rows = query.query([])?;
        let mut gates = vec![];
        while let Some(row) = rows.next()? {
            let kiosk = kiosk_name(&row.get::<_, String>(0)?)?;
            let frontier: Option<Vec<u8>> = row.get(6)?;
            gates.push(Gate {
                epoch: row.get::<_, Option<[u8; 16]>>(5)?.map(Epoch),
                records: unsigned(row.get::<_, Option<i64>>(2)?.unwrap_or(0))?,
                backlog: unsigned(row.get::<_, Option<i64>>(3)?.unwrap_or(0))?,
                root: frontier.and_then(|bytes| Frontier::decode(&bytes)).map(|frontier| frontier.root()),
                seen: row.get::<_, Option<i64>>(1)?.map(Wall),
                last_at: row.get::<_, Option<i64>>(4)?.map(Wall),
                today: BTreeMap::new(),
                alarms: unsigned(row.get(7)?)?,
                kiosk,
            });
        }
        let today = Day::of(now);
        for tally in self.tallies(today, today)? {
            if let Some(gate) = gates.iter_mut().find(|gate| gate.kiosk == tally.kiosk) {
                *gate.today.entry(tally.verdict).or_default() += tally.passages;
            }
        }
        Ok(gates)
    }

    /// Counts from day `first` to day `last`, both included, by day, kiosk, verdict, subject and direction.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn tallies(&self, first: Day, last: Day) -> Result<Vec<Tally>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT day, kiosk, verdict, subject, direction, passages, occupants FROM tallies
             WHERE day BETWEEN ?1 AND ?2 AND passages > 0 ORDER BY day DESC, kiosk, verdict, subject, direction",
        )?;
        let mut rows = query.query([first.0, last.0])?;
        let mut tallies = vec![];
        while let Some(row) = rows.next()? {
            let text = |column: usize| row.get::<_, String>(column);
            tallies.push(Tally {
                day: Day(row.get(0)?),
                kiosk: kiosk_name(&text(1)?)?,
                verdict: named(&text(2)?)?,
                subject: named(&text(3)?)?,
                direction: named(&text(4)?)?,
                passages: unsigned(row.get(5)?)?,
                occupants: unsigned(row.get(6)?)?,
            });
        }
        Ok(tallies)
    }

    /// Alarms, newest first.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn alarms(&self, max: u32) -> Result<Vec<Alarm>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT at, kiosk, epoch, kind, detail, times FROM alarms ORDER BY at DESC, alarm DESC LIMIT ?1",
        )?;
        let mut rows = query.query([max])?;
        let mut alarms = vec![];
        while let Some(row) = rows.next()? {
            alarms.push(Alarm {
                at: Wall(row.get(0)?),
                kiosk: kiosk_name(&row.get::<_, String>(1)?)?,
                epoch: Epoch(row.get(2)?),
                kind: named(&row.get::<_, String>(3)?)?,
                detail: row.get(4)?,
                times: unsigned(row.get(5)?)?,
            });
        }
        Ok(alarms)
    }

    /// Raises an alarm; the same one again is counted.
    pub(super) fn alarm(
        &self,
        at: Wall,
        kiosk: &KioskId,
        epoch: Epoch,
        kind: AlarmKind,
        detail: &str,
    ) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "INSERT INTO alarms (at, kiosk, epoch, kind, detail, times) VALUES (?1, ?2, ?3, ?4, ?5, 1)
                 ON CONFLICT DO UPDATE SET at = ?1, times = times + 1",
            )?
            .execute(params![at.0, kiosk.as_str(), epoch.0, name_of(&kind), detail])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_and_read_as_dates() {
        let day = Day::of(Wall::from_secs(1_795_276_800));
        assert_eq!(day.to_string(), "2026-11-22");
        assert_eq!("2026-11-22".parse(), Ok(day));
        assert_eq!(day.start(), Wall::from_secs(1_795_276_800));
        assert!("22.11.2026".parse::<Day>().is_err());
        assert_eq!(Day(i64::MAX).to_string(), Date::MAX.to_string(), "no panic at the edge");
    }
}
