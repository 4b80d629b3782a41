//! The view: passages in SQLite, for lists and searches. A projection that can be thrown away at any time.
//!
//! It is applied behind the log, when somebody looks, in transactions that also note the last record applied. It is
//! rebuilt from the logs when it is damaged, from another version of the program, made with another blinding key, or
//! not of these logs; the old file is set aside as `<file>.set-aside-<number>`, and the latest few are kept. Pages are
//! looked at after a run that did not end in order, and all indexes every week. There is no name, number or plate in it, only masked forms and blinded identifiers.
//!
//! # Tables, version 5 (`user_version`)
//!
//! | table | a row is |
//! |---|---|
//! | `applied` | a log: epoch, last record applied and its leaf hash |
//! | `passages` | a verdict, in the order of records; `stay_h`, `stay_until` and `stay_back` say when whoever came in has to be out, `overdue` that a record says they are not |
//! | `subjects` | one of whom a passage tells: a vehicle, a person, an occupant; see `presence.rs`; `steps` is the public CBOR of what became of their steps, `name` and `host` are blinded |
//! | `identifiers` | a blinded identifier of one subject: plate, identity number, telephone number or pass |
//! | `arrivals` | an arrival without a verdict so far |
//! | `boots` | how long a boot has run, by its last record |
//! | `duties` | a sign-in (`in`), a sign-out (`out`), or that a hand-over note was written (`note`) |
//! | `meta` | `blinder`: a blinded constant, which tells one blinding key from another; `rested`: the last run ended in order; `checked`: when everything was last looked at, milliseconds since 1970 |
//!
//! Numbers of records are only comparable within an epoch; [`PassageRow::id`] orders across epochs.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::disk::Disk;
use super::reader::{self, Reader};
use super::seal::{SealingKey, open_with_any};
use super::stored::Stored;
use crate::base::{Epoch, Seq, Stamp};
use crate::model::{Blinder, Body};

mod file;
mod forget;
mod heal;
mod overdue;
mod presence;
mod query;
mod recall;
mod rows;
pub mod shift;

pub use overdue::{AsOf, Overstay, Overstays};
pub use presence::{InsideDay, InsideRow, Unmatched};
pub use query::{ArrivalRow, Count, Filter, PassageRow};

/// Records applied in one transaction.
const BATCH: usize = 500;

/// Why the view cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// SQLite says no.
    #[error("view: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The old file cannot be moved out of the way.
    #[error("view {file}: {source}")]
    Io {
        /// Which file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The log cannot be read.
    #[error("view: {0}")]
    Log(#[from] reader::Error),
}

/// How far an existing file is looked at when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Every page when the last run did not end in order, else only that it can be opened.
    AsLeft,
    /// Every page.
    Pages,
    /// Every page and every entry of every index; several times slower.
    Whole,
}

/// The view, with the one connection that writes it.
#[derive(Debug)]
pub struct View {
    path: PathBuf,
    connection: Connection,
    blinder: Blinder,
    /// Whether the file says that everything is written.
    rests: bool,
}

impl View {
    /// Opens the view at `path` and creates it if it is not there.
    ///
    /// When an existing file cannot be used it is set aside, and the reason returned, with the file's name and
    /// versions where they differ; the new view is empty until [`catch_up`](Self::catch_up).
    ///
    /// # Errors
    ///
    /// When no view can be created at `path` at all.
    pub fn open(path: &Path, blinder: Blinder, check: Check) -> Result<(Self, Option<String>), Error> {
        let opened = file::connect(path).and_then(|mut connection| {
            let why = file::usable(&mut connection, &blinder, check)?;
            if why.is_none() {
                file::wake(&connection)?;
            }
            Ok((connection, why))
        });
        let (connection, unusable) = match opened {
            Ok((connection, None)) => (connection, None),
            Ok((_, Some(why))) => (Self::begin_anew(path, &blinder)?, Some(why)),
            Err(error) => (Self::begin_anew(path, &blinder)?, Some(error.to_string())),
        };
        let why = unusable.map(|why| format!("{}: {why}", path.display()));
        Ok((Self { path: path.to_owned(), connection, blinder, rests: false }, why))
    }

    /// Notes in the file that everything is written, so that the next start need not look at every page. Whatever
    /// is written after that takes the note back.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`]: then the next start looks.
    pub fn rest(&mut self) -> Result<(), Error> {
        if !self.rests {
            file::rest(&self.connection)?;
            self.rests = true;
        }
        Ok(())
    }

    fn wake(&mut self) -> Result<(), Error> {
        if self.rests {
            file::wake(&self.connection)?;
            self.rests = false;
        }
        Ok(())
    }

    /// The last record of a log that was applied, 0 for none.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn applied(&self, epoch: Epoch) -> Result<u64, Error> {
        Ok(applied(&self.connection, epoch)?)
    }

    /// Applies everything durable that was not applied yet; returns how many records that was.
    ///
    /// `keys` open the personal parts; those sealed under other keys are listed without a label. Missing records are
    /// passed over.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; whole batches before it stay applied.
    pub fn catch_up<D: Disk>(&mut self, reader: &mut Reader<D>, keys: &[SealingKey]) -> Result<u64, Error> {
        let epoch = reader.epoch();
        let mut next = self.applied(epoch)? + 1;
        let mut count = 0;
        while let Some(from) = Seq::new(next).filter(|from| reader.durable() >= Some(*from)) {
            match reader.read(from, BATCH, 4 * 1024 * 1024) {
                Ok(records) if records.is_empty() => break,
                Ok(records) => {
                    self.apply(epoch, next, &records, keys)?;
                    next += records.len() as u64;
                    count += records.len() as u64;
                }
                Err(reader::Error::Missing { through, .. }) => next = through.max(next) + 1,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(count)
    }

    /// Applies consecutive records of a log, the first of which is number `from`, in one transaction. Those that were
    /// applied before are passed over.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`], after which none of them is applied.
    pub fn apply(
        &mut self,
        epoch: Epoch,
        from: u64,
        records: &[Stored],
        keys: &[SealingKey],
    ) -> Result<(), Error> {
        self.wake()?;
        // Whoever writes reads first what the last writer applied: a second one changes nothing.
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let applied = applied(&transaction, epoch)?;
        let (mut last, mut erased, mut run) = (None, false, None::<Stamp>);
        for (number, stored) in (from..).zip(records).filter(|(number, _)| *number > applied) {
            // What a later version wrote is passed over; it is still in the log.
            if let Ok(entry) = stored.entry() {
                match &run {
                    Some(last) if last.boot != entry.stamp.boot => overdue::note_run(&transaction, last)?,
                    Some(_) | None => {}
                }
                run = Some(entry.stamp);
                erased |= matches!(entry.body, Body::Erased { .. });
                let personal = open_with_any(keys, &stored.seal).ok();
                rows::apply(&transaction, &self.blinder, epoch, &entry, personal.as_ref())?;
            }
            last = Some((number, stored));
        }
        run.map(|run| overdue::note_run(&transaction, &run)).transpose()?;
        if let Some((number, stored)) = last {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO applied (epoch, last, leaf) VALUES (?1, ?2, ?3)")?
                .execute(params![&epoch.0[..], integer(number), &stored.leaf_hash()[..]])?;
        }
        transaction.commit()?;
        if erased { self.overwrite_old_copies() } else { Ok(()) }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // Without the note the next start looks at every page, and that is all.
        let _ = self.rest();
    }
}

fn applied(connection: &Connection, epoch: Epoch) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached("SELECT last FROM applied WHERE epoch = ?1")?;
    let last: Option<i64> = statement.query_row([&epoch.0[..]], |row| row.get(0)).optional()?;
    Ok(last.map_or(0, i64::unsigned_abs))
}

/// SQLite's integers are signed; no log gets near the difference.
fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The name of a variant in files.
fn word<T: serde::Serialize>(value: &T) -> Option<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Some(word),
        Ok(_) | Err(_) => None,
    }
}

#[cfg(test)]
mod damage;
#[cfg(test)]
mod flags;
#[cfg(test)]
mod recalled;
#[cfg(test)]
mod tests;
