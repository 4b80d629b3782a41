//! When records were made, kept up to date as more becomes known of a boot's clock.
//!
//! The rules are those of [`crate::model::timeline`]. A passage is placed when it arrives. It is placed anew, with the
//! day that it counts in, when the first synced record of its boot arrives, or when a later record shows that its
//! boot was earlier by a second or more; the latter waits until the kiosk's backlog is here, so that catching up
//! after months costs no more than it must. Once a time service vouches for a passage's time it stays.
//!
//! A day's counts go by `passages.at`, the interval's best time: where nothing is sure that is the latest possible.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension as _, Row, params};

use super::extract::Cell;
use super::record::{record_key, split_key};
use super::schema::{Error, Ledger, SEQ_BITS, day_of, name_of, named};
use crate::base::{Stamp, Wall};
use crate::journal::{Seal, Stored};
use crate::model::{BootClock, Placed};

/// Passages placed anew in one go.
const CHUNK: u32 = 5_000;
/// How much earlier a boot must turn out to be before its passages are placed anew.
const WORTHWHILE_MS: u64 = 1_000;

/// When a record arrived here, and when it was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub received: Wall,
    pub placed: Placed,
}

/// The clock of one boot of a log.
#[derive(Clone, Debug)]
pub(super) struct LogBoot {
    log: i64,
    first: i64,
    clock: BootClock,
    shown: Option<Wall>,
    dirty: bool,
}

impl LogBoot {
    /// Notes whether its passages are to be placed anew.
    fn compare(&mut self) {
        let moved = match (self.clock.latest(), self.shown) {
            (Some(latest), Some(shown)) => latest.0.abs_diff(shown.0) >= WORTHWHILE_MS,
            (latest, shown) => latest.is_some() != shown.is_some(),
        };
        self.dirty |= moved && !self.clock.is_synced();
    }
}

impl Ledger {
    /// Places the next record of a log. `boot` is that of the record before, or `None` when it is not known yet.
    pub(super) fn place_next(
        &self,
        boot: &mut Option<LogBoot>,
        record: i64,
        stamp: &Stamp,
        received: Wall,
    ) -> Result<Placed, Error> {
        let (log, _) = split_key(record);
        let last = match boot.take() {
            Some(boot) => Some(boot),
            None => self.boot_before(log, i64::MAX)?,
        };
        let mut now = match last {
            Some(last) if last.clock.boot() == stamp.boot => last,
            last => {
                let clock = BootClock::begin(stamp, last.as_ref().map(|last| &last.clock));
                if let Some(last) = last {
                    self.keep_boot(&last)?;
                }
                LogBoot { log, first: record, clock, shown: None, dirty: false }
            }
        };
        let was_synced = now.clock.is_synced();
        now.clock.learn(stamp, Some(received));
        now.dirty |= now.clock.is_synced() && !was_synced;
        now.compare();
        let placed = now.clock.place(stamp, Some(received));
        *boot = Some(now);
        Ok(placed)
    }

    /// Ends a batch: keeps the clock, and places anew what more is known of. `complete` when the kiosk has nothing
    /// more to send.
    pub(super) fn settle(&self, boot: Option<LogBoot>, complete: bool) -> Result<(), Error> {
        let Some(boot) = boot else { return Ok(()) };
        self.keep_boot(&boot)?;
        if !(complete || boot.dirty && boot.clock.is_synced()) {
            return Ok(());
        }
        let mut query = self.db.prepare_cached("SELECT first FROM boots WHERE log = ?1 AND dirty")?;
        let mut waiting: BTreeSet<i64> =
            query.query_map([boot.log], |row| row.get(0))?.collect::<Result<_, _>>()?;
        // Newest first: each may bound the one before it.
        while let Some(first) = waiting.pop_last() {
            let Some(mut boot) = self.boot_before(boot.log, first)? else { continue };
            self.place_anew(&boot)?;
            (boot.shown, boot.dirty) = (boot.clock.latest(), false);
            self.keep_boot(&boot)?;
            if let Some(mut before) = self.boot_before(boot.log, first - 1)? {
                before.clock.ended_before(&boot.clock);
                before.compare();
                self.keep_boot(&before)?;
                waiting.extend(before.dirty.then_some(before.first));
            }
        }
        Ok(())
    }

    /// The time of a record that is no passage.
    pub(super) fn place_alone(
        &self,
        record: i64,
        stamp: &Stamp,
        received: Wall,
    ) -> Result<Option<Placed>, Error> {
        let (log, _) = split_key(record);
        let boot = self.boot_before(log, record)?;
        Ok(boot
            .filter(|boot| boot.clock.boot() == stamp.boot)
            .map(|boot| boot.clock.place(stamp, Some(received))))
    }

    /// Places a record that no tree proves. Such records come out of order: they teach nothing about the log's boots.
    pub(super) fn place_salvaged(&self, record: i64, stamp: &Stamp, received: Wall) -> Result<Placed, Error> {
        if let Some(placed) = self.place_alone(record, stamp, received)? {
            return Ok(placed);
        }
        let (log, _) = split_key(record);
        let before = self.boot_before(log, record)?;
        let mut clock = BootClock::begin(stamp, before.as_ref().map(|boot| &boot.clock));
        clock.learn(stamp, Some(received));
        Ok(clock.place(stamp, Some(received)))
    }

    /// Places everything that is here, as if it had just arrived: for files from before there were intervals.
    pub(super) fn place_everything(&self) -> Result<(), Error> {
        let mut logs = self.db.prepare("SELECT log FROM logs ORDER BY log")?;
        let logs: Vec<i64> = logs.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for log in logs {
            let (mut boot, mut after) = (None, record_key(log, 0));
            loop {
                let some = self.entries_after(after, log)?;
                let Some((last, ..)) = some.last() else { break };
                after = *last;
                for (record, stamp, received) in some {
                    let placed = self.place_next(&mut boot, record, &stamp, received)?;
                    self.move_to(record, &placed)?;
                }
            }
            self.settle(boot, true)?;
        }
        Ok(())
    }

    /// Keeps the interval of a passage that has just been stored.
    pub(super) fn keep_time(&self, record: i64, placed: &Placed) -> Result<(), Error> {
        let wall = |wall: Option<Wall>| wall.map(|wall| wall.0);
        let values = params![record, wall(placed.earliest), wall(placed.latest), name_of(&placed.known)];
        self.db
            .prepare_cached(
                "INSERT INTO times (record, earliest, latest, known) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET earliest = ?2, latest = ?3, known = ?4",
            )?
            .execute(values)?;
        Ok(())
    }

    fn place_anew(&self, boot: &LogBoot) -> Result<(), Error> {
        let next = self
            .db
            .prepare_cached("SELECT min(first) FROM boots WHERE log = ?1 AND first > ?2")?
            .query_row([boot.log, boot.first], |row| row.get::<_, Option<i64>>(0))?;
        let end = next.unwrap_or(record_key(boot.log, (1 << SEQ_BITS) - 1));
        let mut after = boot.first - 1;
        loop {
            let mut query = self.db.prepare_cached(
                "SELECT record, public, received FROM times JOIN entries USING (record)
                 WHERE record > ?1 AND record < ?2 AND known NOT IN ('synced', 'mapped')
                 ORDER BY record LIMIT ?3",
            )?;
            let some = query.query_map(params![after, end, CHUNK], entry_row)?;
            let some: Vec<_> = some.collect::<Result<_, _>>()?;
            let Some((last, ..)) = some.last() else { return Ok(()) };
            after = *last;
            for (record, public, received) in some {
                // A salvaged one may be of another boot, of which nothing else is here.
                let stamp = stamp_of(public).filter(|stamp| stamp.boot == boot.clock.boot());
                let Some(stamp) = stamp else { continue };
                self.move_to(record, &boot.clock.place(&stamp, Some(received)))?;
            }
        }
    }

    /// Places a passage anew, and counts it in the day where it now belongs. Other records are passed over.
    fn move_to(&self, record: i64, placed: &Placed) -> Result<(), Error> {
        let mut query = self.db.prepare_cached(
            "SELECT at, kiosk, verdict, subject, direction, occupants, superseded FROM passages
             WHERE record = ?1",
        )?;
        let found = query
            .query_row([record], |row| Ok((Cell::from_row(row)?, row.get::<_, Option<i64>>(6)?.is_some())));
        let Some((cell, superseded)) = found.optional()? else { return Ok(()) };
        self.db
            .prepare_cached("UPDATE passages SET at = ?2, at_sure = ?3 WHERE record = ?1")?
            .execute(params![record, placed.best.0, placed.is_sure()])?;
        self.keep_time(record, placed)?;
        if !superseded && day_of(Wall(cell.at)) != day_of(placed.best) {
            self.tally(&cell, -1)?;
            self.tally(&Cell { at: placed.best.0, ..cell }, 1)?;
        }
        Ok(())
    }

    fn entries_after(&self, after: i64, log: i64) -> Result<Vec<(i64, Stamp, Wall)>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT record, public, received FROM entries WHERE record > ?1 AND record < ?2
             ORDER BY record LIMIT ?3",
        )?;
        let end = record_key(log, (1 << SEQ_BITS) - 1);
        let rows = query.query_map(params![after, end, CHUNK], entry_row)?;
        let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
        let stamped = |(record, public, received)| Some((record, stamp_of(public)?, received));
        Ok(rows.into_iter().filter_map(stamped).collect())
    }

    /// The boot that begins with `record` or last before it.
    fn boot_before(&self, log: i64, record: i64) -> Result<Option<LogBoot>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT first, clock, shown, dirty FROM boots WHERE log = ?1 AND first <= ?2
             ORDER BY first DESC LIMIT 1",
        )?;
        let mut rows = query.query([log, record])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let clock: Vec<u8> = row.get(1)?;
        let clock = minicbor::decode(&clock).map_err(|_| Error::Damaged("a boot's clock"))?;
        let shown = row.get::<_, Option<i64>>(2)?.map(Wall);
        Ok(Some(LogBoot { log, first: row.get(0)?, clock, shown, dirty: row.get(3)? }))
    }

    fn keep_boot(&self, boot: &LogBoot) -> Result<(), Error> {
        let clock = minicbor::to_vec(&boot.clock).map_err(|_| Error::Damaged("a boot's clock"))?;
        let shown = boot.shown.map(|shown| shown.0);
        self.db
            .prepare_cached(
                "INSERT INTO boots (log, first, clock, shown, dirty) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET clock = ?3, shown = ?4, dirty = ?5",
            )?
            .execute(params![boot.log, boot.first, clock, shown, boot.dirty])?;
        Ok(())
    }
}

/// An interval from three columns that begin at `column`; `at` and whether it is sure are for files without it.
pub(super) fn placed_row(row: &Row<'_>, column: usize, (at, sure): (Wall, bool)) -> Result<Placed, Error> {
    use crate::model::Known;
    let wall = |column| row.get::<_, Option<i64>>(column).map(|wall| wall.map(Wall));
    Ok(match row.get::<_, Option<String>>(column + 2)? {
        Some(known) => {
            Placed { earliest: wall(column)?, latest: wall(column + 1)?, best: at, known: named(&known)? }
        }
        None if sure => Placed { earliest: Some(at), latest: Some(at), best: at, known: Known::Synced },
        None => Placed { earliest: None, latest: Some(at), best: at, known: Known::Received },
    })
}

fn entry_row(row: &Row<'_>) -> rusqlite::Result<(i64, Vec<u8>, Wall)> {
    Ok((row.get(0)?, row.get(1)?, Wall(row.get(2)?)))
}

/// What a later version wrote has no stamp here.
fn stamp_of(public: Vec<u8>) -> Option<Stamp> {
    Stored { public, seal: Seal::None }.entry().ok().map(|entry| entry.stamp)
}
