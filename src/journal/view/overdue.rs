//! Who is inside for longer than they may be, as [`crate::model::stay`] judges it, and which of that is on record already.
//!
//! How long a kiosk has run for certain since a record, however often it started, follows from the monotonic time of the
//! last record of each boot, in table `boots`.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{Row, Transaction, params};

use super::presence::{INSIDE_COLUMNS, inside_row};
use super::{Error, InsideRow, View, query};
use crate::base::{BootId, ClockTrust, Epoch, LaneId, Mono, Seq, Stamp, Wall};
use crate::model::stay::Overdue;
use crate::model::{Reached, StayLimit, SubjectKind};

/// Boots before the present one that are looked at; what was before them has not run for certain.
const BOOTS_MAX: u32 = 1_000;
/// Passages that are named at once as overdue and not on record; the others follow the next time.
const NEW_MAX: usize = 64;

/// When somebody looks, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// When.
    pub now: Stamp,
    /// How many minutes the place is ahead of UTC.
    pub ahead_minutes: i16,
}

/// A passage by which somebody came in who is certainly overdue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overstay {
    /// The log of its record.
    pub log: Epoch,
    /// The record.
    pub entry: Seq,
    /// Where they came in.
    pub lane: Option<LaneId>,
    /// Vehicles of it that are inside.
    pub vehicles: u32,
    /// Persons, in the same way.
    pub people: u32,
}

/// Who is overdue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overstays {
    /// How many.
    pub counts: Overdue,
    /// Passages of which no record says it yet, oldest first.
    pub new: Vec<Overstay>,
}

/// What the records say of how long the kiosk has run.
#[derive(Debug)]
pub(super) struct Runs {
    as_of: AsOf,
    /// The last monotonic time of each earlier boot, and how long the kiosk ran after it.
    boots: BTreeMap<BootId, (Mono, u64)>,
}

/// Notes how long the boot of `last` has run.
pub(super) fn note_run(transaction: &Transaction<'_>, last: &Stamp) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO boots (boot, last) VALUES (?1, ?2) \
             ON CONFLICT (boot) DO UPDATE SET last = max(last, excluded.last)",
        )?
        .execute(params![&last.boot.0[..], super::integer(last.mono.0)])?;
    Ok(())
}

/// Notes that it is on record that somebody of a passage is overdue.
pub(super) fn on_record(transaction: &Transaction<'_>, log: Epoch, entry: Seq) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE passages SET overdue = 1 WHERE epoch = ?1 AND seq = ?2")?
        .execute(params![&log.0[..], super::integer(entry.get())])?;
    Ok(())
}

impl Runs {
    /// Whether the limit of whoever came in by the passage in `row` is over; none where nothing limits them.
    ///
    /// The row's columns from `first` on are those of [`STAY_COLUMNS`].
    pub(super) fn reached(&self, row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Reached>> {
        let Some(hours) = row.get(first)? else { return Ok(None) };
        let limit = StayLimit { hours, until: row.get(first + 1)?, back_by: row.get(first + 2)? };
        let boot: Vec<u8> = row.get(first + 3)?;
        let trust: ClockTrust = query::word(row, first + 7)?;
        let entry = Stamp {
            boot: BootId(boot.try_into().unwrap_or_default()),
            mono: Mono(query::number(row, first + 4)?),
            wall: Wall(row.get(first + 5)?),
            trust,
            max_error_ms: row.get(first + 6)?,
        };
        let AsOf { now, ahead_minutes } = &self.as_of;
        Ok(Some(limit.reached(&entry, now, self.since(&entry), *ahead_minutes)))
    }

    /// How long the kiosk has run for certain since `entry`.
    fn since(&self, entry: &Stamp) -> Duration {
        let now = self.as_of.now;
        if entry.boot == now.boot {
            return now.mono.since(entry.mono);
        }
        let earlier = self
            .boots
            .get(&entry.boot)
            .map(|(last, later)| last.since(entry.mono).saturating_add(Duration::from_nanos(*later)));
        earlier.unwrap_or_default().saturating_add(Duration::from_nanos(now.mono.0))
    }
}

/// What [`Runs::reached`] reads of a passage `p`.
pub(super) const STAY_COLUMNS: &str =
    "p.stay_h, p.stay_until, p.stay_back, p.boot, p.mono, p.wall, p.error_ms, p.trust";

impl View {
    pub(super) fn runs(&self, as_of: &AsOf) -> Result<Runs, Error> {
        let mut statement =
            self.connection.prepare_cached("SELECT boot, last FROM boots ORDER BY id DESC LIMIT ?1")?;
        let rows = statement.query_map([BOOTS_MAX], |row| {
            let boot: Vec<u8> = row.get(0)?;
            Ok((BootId(boot.try_into().unwrap_or_default()), Mono(query::number(row, 1)?)))
        })?;
        let (mut boots, mut later) = (BTreeMap::new(), 0_u64);
        for row in rows {
            let (boot, last) = row?;
            if boot != as_of.now.boot {
                boots.insert(boot, (last, later));
                later = later.saturating_add(last.0);
            }
        }
        Ok(Runs { as_of: *as_of, boots })
    }

    /// Those inside who are overdue or of whom the clocks do not say, newest first, at most `limit`, before row `before`.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn overdue(&self, as_of: &AsOf, limit: usize, before: Option<i64>) -> Result<Vec<InsideRow>, Error> {
        let text = format!(
            "SELECT {INSIDE_COLUMNS}, {STAY_COLUMNS} FROM subjects s JOIN passages p ON p.id = s.passage \
             WHERE s.gone IS NULL AND s.stays = 1 AND s.id < ?1 ORDER BY s.id DESC"
        );
        let runs = self.runs(as_of)?;
        let mut statement = self.connection.prepare_cached(&text)?;
        let rows = statement.query_map([before.unwrap_or(i64::MAX)], |row| inside_row(row, &runs))?;
        let is_over = |row: &rusqlite::Result<InsideRow>| {
            row.as_ref().map_or(true, |row| row.over.is_some_and(|over| over != Reached::No))
        };
        Ok(rows.filter(is_over).take(limit).collect::<rusqlite::Result<_>>()?)
    }

    /// How many are overdue, and which passages of theirs are not on record as that.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn overstays(&self, as_of: &AsOf) -> Result<Overstays, Error> {
        let text = format!(
            "SELECT s.kind, p.epoch, p.seq, p.lane, p.overdue IS NULL, {STAY_COLUMNS} \
             FROM subjects s JOIN passages p ON p.id = s.passage \
             WHERE s.gone IS NULL AND s.stays = 1 ORDER BY s.id"
        );
        let runs = self.runs(as_of)?;
        let mut statement = self.connection.prepare_cached(&text)?;
        let mut rows = statement.query([])?;
        let mut found = Overstays::default();
        while let Some(row) = rows.next()? {
            match runs.reached(row, 5)? {
                Some(Reached::Yes) => {
                    found.counts.certain += 1;
                    if row.get(4)? {
                        found.take(row)?;
                    }
                }
                Some(Reached::Unsure) => found.counts.perhaps += 1,
                Some(Reached::No) | None => {}
            }
        }
        Ok(found)
    }
}

impl Overstays {
    /// Takes in somebody whose passage is not on record as overdue. The rows of one passage follow each other.
    fn take(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let kind: SubjectKind = query::word(row, 0)?;
        let epoch: Vec<u8> = row.get(1)?;
        let log = Epoch(epoch.try_into().unwrap_or_default());
        let Some(entry) = Seq::new(query::number(row, 2)?) else { return Ok(()) };
        if self.new.last().is_none_or(|last| (last.log, last.entry) != (log, entry)) {
            if self.new.len() == NEW_MAX {
                return Ok(());
            }
            let lane = query::optional(row, 3)?;
            self.new.push(Overstay { log, entry, lane, vehicles: 0, people: 0 });
        }
        if let Some(last) = self.new.last_mut() {
            match kind {
                SubjectKind::Vehicle => last.vehicles += 1,
                SubjectKind::Person => last.people += 1,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
