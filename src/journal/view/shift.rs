//! A shift's sheet, counted from the journal itself: no number of it depends on what a view may have lost.

use std::io;

use super::{integer, query};
use crate::base::{AttendantId, Epoch, Seq, Wall};
use crate::journal::disk::Disk;
use crate::journal::merkle::Hash;
use crate::journal::reader::{self, Reader};
use crate::journal::stored::Stored;
use crate::model::shift::{Duty, ShiftSheet, Tally};
use crate::model::timeline::place_all;

/// Most records of one sheet; what is counted is kept in memory meanwhile.
pub const RECORDS_MAX: u64 = 300_000;
/// Records read at a time.
const BATCH: usize = 500;
/// Bytes read at a time.
const BYTES: usize = 1024 * 1024;

/// A sheet, and the log that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The log's life.
    pub epoch: Epoch,
    /// The counts.
    pub sheet: ShiftSheet,
    /// Root of the log's tree at the last record; `None` when it cannot be known.
    pub root: Option<Hash>,
}

/// Why there is no sheet.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] reader::Error),
    /// More than a sheet may hold.
    #[error("{0} records, where a sheet holds at most {RECORDS_MAX}")]
    TooMany(u64),
}

/// Counts the durable records `from` to `through`, or to the last one there is.
///
/// # Errors
///
/// Any [`Error`]. Records that are missing are told by the sheet.
pub fn count<D: Disk>(reader: &mut Reader<D>, from: Seq, through: Option<Seq>) -> Result<Counted, Error> {
    let durable = reader.durable().map_or(0, Seq::get);
    let through = through.map_or(durable, |through| through.get().min(durable));
    let records = (through + 1).saturating_sub(from.get());
    if records > RECORDS_MAX {
        return Err(Error::TooMany(records));
    }
    let mut tally = Tally::default();
    let holes = walk(reader, from.get(), through, |number, stored| match stored.entry() {
        Ok(entry) => tally.take(&entry),
        Err(_) => drop(Seq::new(number).map(|seq| tally.take_unknown(seq))),
    })?;
    for (first, last) in holes {
        tally.missing(first, last);
    }
    let sheet = tally.finish();
    let root = match sheet.last.map(|last| reader.frontier(last.get())) {
        Some(Ok(frontier)) => Some(frontier.root()),
        Some(Err(reader::Error::Missing { .. } | reader::Error::NoLog)) | None => None,
        Some(Err(error @ reader::Error::Io(_))) => return Err(error.into()),
    };
    Ok(Counted { epoch: reader.epoch(), sheet, root })
}

/// Every sign-in and sign-out of a log, in order.
///
/// # Errors
///
/// When the log cannot be read; what is missing is passed over.
pub fn duties<D: Disk>(reader: &mut Reader<D>) -> Result<Vec<Duty>, reader::Error> {
    let (first, last) = (reader.first()?, reader.durable().map_or(0, Seq::get));
    let mut found = vec![];
    walk(reader, first, last, |_, stored| {
        found.extend(stored.entry().ok().and_then(|entry| Duty::of(&entry)));
    })?;
    Ok(found)
}

/// First and last record made in `[from, to)`, as well as their times are known; `None` when there is none.
///
/// Everything between the two is between them in the log as well, whatever its clock was.
///
/// # Errors
///
/// When the log cannot be read; what is missing is passed over.
pub fn between<D: Disk>(
    reader: &mut Reader<D>,
    from: Wall,
    to: Wall,
) -> Result<Option<(Seq, Seq)>, reader::Error> {
    let (first, last) = (reader.first()?, reader.durable().map_or(0, Seq::get));
    let (mut numbers, mut seen) = (vec![], vec![]);
    walk(reader, first, last, |number, stored| {
        if let (Some(seq), Ok(entry)) = (Seq::new(number), stored.entry()) {
            numbers.push(seq);
            seen.push((entry.stamp, None));
        }
    })?;
    let placed = place_all(&seen);
    let mut within = numbers.iter().zip(&placed).filter(|(_, at)| at.best >= from && at.best < to);
    let first = within.next().map(|(seq, _)| *seq);
    Ok(first.map(|first| (first, within.next_back().map_or(first, |(seq, _)| *seq))))
}

/// Gives the records from one number to another to `take`; returns what of them is missing.
fn walk<D: Disk>(
    reader: &mut Reader<D>,
    from: u64,
    through: u64,
    mut take: impl FnMut(u64, &Stored),
) -> Result<Vec<(u64, u64)>, reader::Error> {
    let (mut next, mut holes) = (from, vec![]);
    while let Some(seq) = Seq::new(next).filter(|_| next <= through) {
        match reader.read(seq, BATCH, BYTES) {
            Ok(records) if records.is_empty() => break,
            Ok(records) => {
                let wanted = (next..=through).zip(&records);
                wanted.for_each(|(number, stored)| take(number, stored));
                next += records.len() as u64;
            }
            Err(reader::Error::Missing { from, through: last }) => {
                holes.push((from.max(next), last.min(through)));
                next = last.max(next) + 1;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(holes)
}

impl super::View {
    /// Sign-ins and sign-outs of a log, the latest `limit` of them, in the order of their records.
    ///
    /// # Errors
    ///
    /// [`super::Error::Sqlite`].
    pub fn duties(&self, epoch: Epoch, limit: u32) -> Result<Vec<Duty>, super::Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, wall, attendant, what FROM duties WHERE epoch = ?1 AND what != 'note' \
             ORDER BY seq DESC LIMIT ?2",
        )?;
        let rows = statement.query_map(rusqlite::params![&epoch.0[..], limit], |row| {
            let seq = Seq::new(query::number(row, 0)?).unwrap_or(Seq::FIRST);
            let (attendant, what): (_, String) = (query::word(row, 2)?, row.get(3)?);
            Ok(Duty { seq, wall: Wall(row.get(1)?), attendant, signed_in: what == "in" })
        })?;
        let mut duties: Vec<Duty> = rows.collect::<rusqlite::Result<_>>()?;
        duties.reverse();
        Ok(duties)
    }

    /// The latest `limit` hand-over notes of a log up to record `through`, latest first: their records, and who wrote.
    ///
    /// # Errors
    ///
    /// [`super::Error::Sqlite`].
    pub fn notes(
        &self,
        epoch: Epoch,
        through: u64,
        limit: u32,
    ) -> Result<Vec<(u64, Wall, AttendantId)>, super::Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, wall, attendant FROM duties WHERE epoch = ?1 AND what = 'note' AND seq <= ?2 \
             ORDER BY seq DESC LIMIT ?3",
        )?;
        let rows = statement.query_map(rusqlite::params![&epoch.0[..], integer(through), limit], |row| {
            Ok((query::number(row, 0)?, Wall(row.get(1)?), query::word(row, 2)?))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Log(error.into())
    }
}
