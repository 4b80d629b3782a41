//! Damage: how it shows, how it is looked for, and whether the view belongs to the logs beside it.
//!
//! A view is never a reason to refuse: it is set aside and made anew, and that is said once.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use super::{Check, Error, View, file};
use crate::base::{Seq, Wall};
use crate::journal::disk::Disk;
use crate::journal::reader::{LogName, Reader};
use crate::model::Blinder;

/// Time between two looks at every page and index.
const CHECK_EVERY: Duration = Duration::from_hours(7 * 24);

impl Error {
    /// Whether the file is damaged, or lies on a medium that no longer gives back what was written.
    pub fn is_damage(&self) -> bool {
        let Self::Sqlite(error) = self else { return false };
        if let rusqlite::Error::SqliteFailure(found, _) = error {
            return matches!(found.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                || [ffi::SQLITE_IOERR_READ, ffi::SQLITE_IOERR_SHORT_READ, ffi::SQLITE_IOERR_CORRUPTFS]
                    .contains(&found.extended_code);
        }
        // A word or a number that no version ever wrote.
        matches!(
            error,
            rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..)
        )
    }
}

impl View {
    /// Why the view at `path` cannot be used, every page and index looked at; `None` when it can, or when there is
    /// none. The file is only read, on a connection of its own: also while another one writes it.
    ///
    /// # Errors
    ///
    /// Never because of the file's content.
    pub fn examine(path: &Path, blinder: &Blinder) -> Result<Option<String>, Error> {
        if !path.try_exists().map_err(|source| Error::Io { file: path.display().to_string(), source })? {
            return Ok(None);
        }
        let opened = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let why = opened.and_then(|connection| file::fault(&connection, blinder, Check::Whole));
        Ok(why.unwrap_or_else(|error| Some(error.to_string())))
    }

    /// When every page and index was last looked at and found good, by the clock as it then was.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn checked(&self) -> Result<Option<Wall>, Error> {
        Ok(file::checked(&self.connection)?)
    }

    /// Whether it is time to look at every page and index: a week after the last time, or when the clock has moved
    /// by so much either way that nobody knows.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn check_is_due(&self, now: Wall) -> Result<bool, Error> {
        let week = u64::try_from(CHECK_EVERY.as_millis()).unwrap_or(u64::MAX);
        Ok(self.checked()?.is_none_or(|last| now.0.abs_diff(last.0) >= week))
    }

    /// Notes that every page and index was looked at and found good.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn note_check(&mut self, now: Wall) -> Result<(), Error> {
        self.wake()?;
        Ok(file::note_check(&self.connection, now)?)
    }

    /// Sets the file aside and begins an empty one, to be filled from the logs.
    ///
    /// # Errors
    ///
    /// When no view can be kept at all.
    pub fn remake(&mut self) -> Result<(), Error> {
        // The damaged file is closed first, and without the mark of a good one.
        self.connection = Connection::open_in_memory()?;
        self.connection = Self::begin_anew(&self.path, &self.blinder)?;
        self.rests = false;
        Ok(())
    }

    pub(super) fn begin_anew(path: &Path, blinder: &Blinder) -> Result<Connection, Error> {
        file::set_aside(path)?;
        let mut connection = file::connect(path)?;
        match file::usable(&mut connection, blinder, Check::AsLeft)? {
            None => Ok(connection),
            Some(why) => {
                Err(Error::Io { file: path.display().to_string(), source: std::io::Error::other(why) })
            }
        }
    }

    /// Why the view does not belong to the logs of this directory, of which `reader` reads the newest: the card was
    /// swapped, or the journal is from an older backup than the view. `None` when it does, or when nobody can tell.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn misfit<D: Disk>(&self, logs: &[LogName], reader: &mut Reader<D>) -> Result<Option<String>, Error> {
        let mut statement = self.connection.prepare("SELECT epoch, last, leaf FROM applied")?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?, row.get(2)?)))?;
        for row in rows {
            let (epoch, last, leaf): (_, _, Vec<u8>) = row?;
            if !logs.iter().any(|log| log.epoch.0[..] == epoch) {
                return Ok(Some("holds passages of a log that is not here".to_owned()));
            }
            let Some(last) = Seq::new(last.unsigned_abs()).filter(|_| reader.epoch().0[..] == epoch) else {
                continue;
            };
            if reader.durable() < Some(last) {
                let end = reader.durable().map_or(0, Seq::get);
                return Ok(Some(format!("holds record {last} of a log that ends at {end}")));
            }
            // A record that is missing or no longer kept says nothing.
            let there = reader.read(last, 1, usize::MAX).unwrap_or_default();
            if there.first().is_some_and(|stored| stored.leaf_hash()[..] != leaf) {
                return Ok(Some(format!("holds another record {last} than the log")));
            }
        }
        Ok(None)
    }
}
