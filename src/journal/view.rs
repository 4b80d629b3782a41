//! The view: passages in SQLite, for lists and searches. A projection that can be thrown away at any time.
//!
//! It is applied behind the log, in transactions that also note the last record applied, and is rebuilt from the log
//! when it is damaged, from another version of the program, or made with another blinding key; the old file is set
//! aside as `<file>.set-aside`. There is no name, number or plate in it, only masked forms and blinded identifiers.
//!
//! # Tables, version 2 (`user_version`)
//!
//! | table | a row is |
//! |---|---|
//! | `applied` | a log: epoch, last record applied |
//! | `passages` | a verdict, in the order of records |
//! | `identifiers` | a blinded identifier of one passage: plate, identity number, telephone number or pass |
//! | `arrivals` | an arrival without a verdict so far |
//! | `meta` | a blinded constant, which tells one blinding key from another |
//!
//! Numbers of records are only comparable within an epoch; [`PassageRow::id`] orders across epochs.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params};

use super::disk::Disk;
use super::reader::{self, Reader};
use super::seal::{SealingKey, open_with_any};
use super::stored::Stored;
use crate::base::{Epoch, Seq};
use crate::model::blind::IdentifierKind;
use crate::model::record::Crossing;
use crate::model::{Blinder, Body, Entry, Passage, Personal};

mod forget;
mod query;

pub use query::{ArrivalRow, Count, PassageRow};

const VERSION: i64 = 2;
/// Records applied in one transaction.
const BATCH: usize = 500;

const TABLES: &str = "
    CREATE TABLE applied (epoch BLOB PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE passages (
        id INTEGER PRIMARY KEY, epoch BLOB NOT NULL, seq INTEGER NOT NULL, arrival INTEGER NOT NULL,
        follows INTEGER, lane TEXT, wall INTEGER NOT NULL, trust TEXT NOT NULL, subject TEXT NOT NULL,
        direction TEXT NOT NULL, class TEXT NOT NULL, verdict TEXT NOT NULL, reasons TEXT NOT NULL,
        decided_by TEXT, label TEXT, people INTEGER NOT NULL, crossing TEXT
    );
    CREATE INDEX passages_seq ON passages (seq, epoch);
    CREATE INDEX passages_arrival ON passages (arrival, epoch);
    CREATE INDEX passages_wall ON passages (wall);
    CREATE TABLE identifiers (blinded BLOB NOT NULL, passage INTEGER NOT NULL, PRIMARY KEY (blinded, passage))
        WITHOUT ROWID;
    CREATE TABLE arrivals (
        id INTEGER PRIMARY KEY, epoch BLOB NOT NULL, seq INTEGER NOT NULL, lane TEXT, subject TEXT NOT NULL,
        direction TEXT NOT NULL, wall INTEGER NOT NULL, UNIQUE (epoch, seq)
    );
";

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
    /// Every page; after a run that did not end in order.
    Pages,
    /// Only that it can be opened.
    Opening,
}

/// The view, with the one connection that writes it.
#[derive(Debug)]
pub struct View {
    connection: Connection,
    blinder: Blinder,
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
        let unusable = match connect(path) {
            Ok(mut connection) => match usable(&mut connection, &blinder, check) {
                Ok(None) => return Ok((Self { connection, blinder }, None)),
                Ok(Some(why)) => why,
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        set_aside(path)?;
        let mut connection = connect(path)?;
        match usable(&mut connection, &blinder, Check::Opening)? {
            None => Ok((Self { connection, blinder }, Some(format!("{}: {unusable}", path.display())))),
            Some(why) => Err(Error::Io { file: path.display().to_string(), source: io::Error::other(why) }),
        }
    }

    /// Why the view at `path` cannot be used, every page looked at; `None` when it can, or when there is none. The
    /// file is only read.
    ///
    /// # Errors
    ///
    /// Never because of the file's content.
    pub fn examine(path: &Path, blinder: &Blinder) -> Result<Option<String>, Error> {
        if !path.try_exists().map_err(|source| Error::Io { file: path.display().to_string(), source })? {
            return Ok(None);
        }
        let opened = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let why = opened.and_then(|connection| fault(&connection, blinder, Check::Pages));
        Ok(why.unwrap_or_else(|error| Some(error.to_string())))
    }

    /// The last record of a log that was applied, 0 for none.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn applied(&self, epoch: Epoch) -> Result<u64, Error> {
        let mut statement = self.connection.prepare_cached("SELECT last FROM applied WHERE epoch = ?1")?;
        let last: Option<i64> = statement.query_row([&epoch.0[..]], |row| row.get(0)).optional()?;
        Ok(last.map_or(0, i64::unsigned_abs))
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
        let applied = self.applied(epoch)?;
        let transaction = self.connection.transaction()?;
        let mut last = applied;
        for (number, stored) in (from..).zip(records) {
            if number <= applied {
                continue;
            }
            // What a later version wrote is passed over; it is still in the log.
            if let Ok(entry) = stored.entry() {
                let personal = open_with_any(keys, &stored.seal).ok();
                apply_entry(&transaction, &self.blinder, epoch, &entry, personal.as_ref())?;
            }
            last = number;
        }
        transaction
            .prepare_cached("INSERT OR REPLACE INTO applied (epoch, last) VALUES (?1, ?2)")?
            .execute(params![&epoch.0[..], integer(last)])?;
        transaction.commit()?;
        Ok(())
    }
}

fn apply_entry(
    transaction: &Transaction<'_>,
    blinder: &Blinder,
    epoch: Epoch,
    entry: &Entry,
    personal: Option<&Personal>,
) -> rusqlite::Result<()> {
    let seq = integer(entry.seq.get());
    let lane = entry.lane.as_ref().map(|lane| lane.as_str());
    match &entry.body {
        Body::Arrived { subject, direction } => {
            let row = params![&epoch.0[..], seq, lane, word(subject), word(direction), entry.stamp.wall.0];
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO arrivals (epoch, seq, lane, subject, direction, wall) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(row)?;
        }
        Body::Passage(passage) => {
            insert_passage(transaction, blinder, epoch, entry, passage, personal)?;
            transaction
                .prepare_cached("DELETE FROM arrivals WHERE epoch = ?1 AND seq = ?2")?
                .execute(params![&epoch.0[..], integer(passage.arrival.get())])?;
        }
        Body::Crossed { arrival, crossing } => {
            insert_crossing(transaction, epoch, *arrival, *crossing)?;
        }
        Body::Booted { .. }
        | Body::Stopped
        | Body::KeyOpened { .. }
        | Body::DeviceHealth { .. }
        | Body::Attendance { .. }
        | Body::ClockMapped
        | Body::OpenedByHand
        | Body::FoundOpen
        | Body::ClosedByAttendant { .. }
        | Body::Erased { .. }
        | Body::KeyDestroyed { .. }
        | Body::SegmentsDropped { .. }
        | Body::Commanded { .. }
        | Body::CommandDone { .. }
        | Body::Gap { .. } => {}
    }
    Ok(())
}

fn insert_passage(
    transaction: &Transaction<'_>,
    blinder: &Blinder,
    epoch: Epoch,
    entry: &Entry,
    passage: &Passage,
    personal: Option<&Personal>,
) -> rusqlite::Result<()> {
    let reasons = serde_json::to_string(&passage.reasons).unwrap_or_default();
    let people = passage.occupants.len().max(personal.map_or(0, |personal| personal.people.len()));
    transaction
        .prepare_cached(
            "INSERT INTO passages (epoch, seq, arrival, follows, lane, wall, trust, subject, direction, class, \
             verdict, reasons, decided_by, label, people) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            &epoch.0[..],
            integer(entry.seq.get()),
            integer(passage.arrival.get()),
            passage.follows.map(|follows| integer(follows.get())),
            entry.lane.as_ref().map(|lane| lane.as_str()),
            entry.stamp.wall.0,
            word(&entry.stamp.trust),
            word(&passage.subject),
            word(&passage.direction),
            word(&passage.class),
            passage.verdict.name(),
            reasons,
            query::decider(&passage.decided_by),
            personal.and_then(query::label),
            i64::try_from(people).unwrap_or(i64::MAX),
        ])?;
    let id = transaction.last_insert_rowid();
    let mut insert = transaction.prepare_cached("INSERT OR IGNORE INTO identifiers VALUES (?1, ?2)")?;
    for (kind, identifier) in personal.map(identifiers).unwrap_or_default() {
        insert.execute(params![&blinder.blind(kind, identifier).0[..], id])?;
    }
    Ok(())
}

fn insert_crossing(
    transaction: &Transaction<'_>,
    epoch: Epoch,
    arrival: Seq,
    crossing: Crossing,
) -> rusqlite::Result<()> {
    // The verdict that opened the barrier is the last one on this arrival.
    transaction
        .prepare_cached(
            "UPDATE passages SET crossing = ?3 WHERE id = \
             (SELECT max(id) FROM passages WHERE epoch = ?1 AND arrival = ?2)",
        )?
        .execute(params![&epoch.0[..], integer(arrival.get()), word(&crossing)])?;
    Ok(())
}

fn identifiers(personal: &Personal) -> Vec<(IdentifierKind, &str)> {
    let mut all = Vec::new();
    for person in &personal.people {
        all.extend(person.id_number.as_ref().map(|number| (IdentifierKind::IdNumber, number)));
        all.extend(person.phone.as_ref().map(|phone| (IdentifierKind::Phone, phone)));
        all.extend(person.pass.as_ref().map(|pass| (IdentifierKind::Pass, pass)));
    }
    let plate = personal.vehicle.as_ref().and_then(|vehicle| vehicle.plate.as_ref());
    all.extend(plate.map(|plate| (IdentifierKind::Plate, plate)));
    let exposed = all.into_iter().map(|(kind, value)| (kind, value.expose().as_str()));
    exposed.filter(|(_, value)| !value.is_empty()).collect()
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    forget::overwrite_deleted(&connection)?;
    // Losing the last transactions costs nothing: they are applied again from the log.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(connection)
}

/// Creates the tables of an empty file; says why an existing one cannot be used.
fn usable(connection: &mut Connection, blinder: &Blinder, check: Check) -> rusqlite::Result<Option<String>> {
    let mark = blinder.blind(IdentifierKind::Pass, "kakou view");
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if version == 0 && tables == 0 {
        let transaction = connection.transaction()?;
        transaction.execute_batch(TABLES)?;
        transaction.execute("INSERT INTO meta VALUES ('blinder', ?1)", [&mark.0[..]])?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
        return Ok(None);
    }
    fault(connection, blinder, check)
}

/// Why a file with tables cannot be used.
fn fault(connection: &Connection, blinder: &Blinder, check: Check) -> rusqlite::Result<Option<String>> {
    let mark = blinder.blind(IdentifierKind::Pass, "kakou view");
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version != VERSION {
        return Ok(Some(format!("is of version {version}, this program writes version {VERSION}")));
    }
    if check == Check::Pages {
        let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found != "ok" {
            return Ok(Some(format!("is damaged: {found}")));
        }
    }
    let stored: Vec<u8> =
        connection.query_row("SELECT value FROM meta WHERE name = 'blinder'", [], |row| row.get(0))?;
    Ok((stored != mark.0).then(|| "was made with another blinding key".to_owned()))
}

fn set_aside(path: &Path) -> Result<(), Error> {
    let with = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    for suffix in ["", "-wal", "-shm"] {
        match std::fs::rename(with(suffix), with(&format!("{suffix}.set-aside"))) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(Error::Io { file: path.display().to_string(), source });
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
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
mod tests;
