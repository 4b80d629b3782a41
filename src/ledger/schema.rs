//! The file itself: opening, its tables, its version.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::keys::Keys;
use super::migrate::{STEPS, VERSION, WITH_TIMES};
use crate::base::Wall;
use crate::journal::SealingKey;

/// Marks the file as a ledger ("KKL1").
const APPLICATION: i32 = 0x4B4B_4C31;

/// A record is `log · 2⁴⁰ + seq`: one integer, so that a log's records lie together and in order.
pub(super) const SEQ_BITS: u32 = 40;

/// The tables of version 1; what came later is in `migrate.rs`.
const TABLES: &str = "
-- The kiosks that may send.
CREATE TABLE kiosks (
    kiosk TEXT PRIMARY KEY,
    key BLOB NOT NULL,              -- Ed25519, pinned at enrolment
    enrolled INTEGER NOT NULL,      -- all times: milliseconds since 1970
    seen INTEGER                    -- last fresh batch or heartbeat
) STRICT, WITHOUT ROWID;

-- One-time tokens, by their digest.
CREATE TABLE tokens (
    digest BLOB PRIMARY KEY,
    kiosk TEXT,                     -- the name it is bound to, if any
    expires INTEGER NOT NULL,
    used INTEGER
) STRICT, WITHOUT ROWID;

-- The logs of the kiosks: one for each epoch.
CREATE TABLE logs (
    log INTEGER PRIMARY KEY,
    kiosk TEXT NOT NULL REFERENCES kiosks,
    epoch BLOB NOT NULL,
    next INTEGER NOT NULL,          -- the record expected next
    frontier BLOB NOT NULL,         -- right edge of the tree over the records before it
    note TEXT,                      -- last applied note, cosigned
    claimed INTEGER NOT NULL,       -- largest size that the kiosk has signed
    beat TEXT,                      -- last heartbeat's note
    opened INTEGER NOT NULL,
    applied INTEGER,                -- when records last arrived
    last_at INTEGER,                -- time of the last record
    UNIQUE (kiosk, epoch)
) STRICT;

-- Records, as they were signed.
CREATE TABLE entries (
    record INTEGER PRIMARY KEY,     -- log * 2^40 + seq
    public BLOB NOT NULL,           -- CBOR of the entry
    commitment BLOB,                -- for sealed records
    box BLOB,                       -- sealed personal part
    box_hash BLOB,                  -- of a box that was erased
    leaf BLOB NOT NULL,
    received INTEGER NOT NULL
) STRICT;

-- What is searched of the passages among them.
CREATE TABLE passages (
    record INTEGER PRIMARY KEY REFERENCES entries,
    kiosk TEXT NOT NULL,
    at INTEGER NOT NULL,            -- the best known time: see placing.rs
    at_sure INTEGER NOT NULL,       -- whether a time service vouches for it
    lane TEXT,
    subject TEXT NOT NULL,
    direction TEXT NOT NULL,
    class TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT,                    -- the most important one
    decided_by TEXT,                -- an attendant; NULL: the policy
    occupants INTEGER NOT NULL,
    took_ms INTEGER NOT NULL,
    arrival INTEGER NOT NULL,       -- record of the arrival
    crossing TEXT,                  -- what was seen at the barrier
    superseded INTEGER,             -- record of the verdict that follows this one up
    box_key INTEGER,                -- sealing key of its box
    personal TEXT NOT NULL          -- none, waiting (for a sealing key), indexed, unreadable, erased
) STRICT;
CREATE INDEX passages_at ON passages (at, record);
CREATE INDEX passages_kiosk ON passages (kiosk, at, record);
CREATE INDEX passages_verdict ON passages (verdict, at, record);
CREATE INDEX passages_arrival ON passages (arrival);
CREATE INDEX passages_waiting ON passages (record) WHERE personal = 'waiting';

-- Blinded identifiers of the people and vehicles in them.
CREATE TABLE identifiers (
    blinded BLOB NOT NULL,
    record INTEGER NOT NULL REFERENCES passages,
    PRIMARY KEY (blinded, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX identifiers_record ON identifiers (record);

-- Sealing keys, encrypted to this hub as the kiosk sent them: the record that opened each.
CREATE TABLE sealing_keys (
    log INTEGER NOT NULL REFERENCES logs,
    number INTEGER NOT NULL,
    record INTEGER NOT NULL REFERENCES entries,
    PRIMARY KEY (log, number)
) STRICT, WITHOUT ROWID;

-- Counts by day (of China's one time zone), each arrival once, by its last verdict.
CREATE TABLE tallies (
    day INTEGER NOT NULL,           -- days since 1970-01-01
    kiosk TEXT NOT NULL,
    verdict TEXT NOT NULL,
    subject TEXT NOT NULL,
    direction TEXT NOT NULL,
    passages INTEGER NOT NULL,
    occupants INTEGER NOT NULL,
    PRIMARY KEY (day, kiosk, verdict, subject, direction)
) STRICT, WITHOUT ROWID;

-- Numbers that a log itself declares missing.
CREATE TABLE holes (
    record INTEGER PRIMARY KEY REFERENCES entries,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    found TEXT NOT NULL
) STRICT;

-- What somebody must look at.
CREATE TABLE alarms (
    alarm INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kiosk TEXT NOT NULL,
    epoch BLOB NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    times INTEGER NOT NULL,
    UNIQUE (kiosk, epoch, kind, detail)
) STRICT;

-- Who was shown personal data, and why.
CREATE TABLE access_log (
    access INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    officer TEXT NOT NULL,
    reason TEXT NOT NULL,
    what TEXT NOT NULL              -- a record, or a search and how many records it gave
) STRICT;
";

/// Why the ledger cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// SQLite failed; for a full disk it says so.
    #[error("ledger: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// Written by a newer program, which may have put things there that this one would overlook.
    #[error("{file}: ledger version {found}, this program supports up to {supported}; update it")]
    Newer {
        /// The file.
        file: String,
        /// Its version.
        found: i32,
        /// The highest version that this program reads.
        supported: i32,
    },
    /// A database of something else.
    #[error("{file}: a database, but not a kakou ledger")]
    NotALedger {
        /// The file.
        file: String,
    },
    /// What is stored does not decode: the file is damaged.
    #[error("ledger is damaged: {0}")]
    Damaged(&'static str),
    /// Export could not be written.
    #[error("export: {0}")]
    Export(#[from] csv::Error),
}

/// The hub's records. One writer; any number of [`reader`](Self::reader)s beside it.
#[derive(Debug)]
pub struct Ledger {
    pub(super) db: Connection,
    pub(super) keys: Keys,
    /// Sealing keys that were opened, by log and number.
    pub(super) opened: RefCell<BTreeMap<(i64, u32), SealingKey>>,
}

impl Ledger {
    /// Opens the ledger at `path`, creating it when there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Newer`], [`Error::NotALedger`], or what SQLite says.
    pub fn open(path: &Path, keys: Keys) -> Result<Self, Error> {
        let mut ledger = Self::with(Connection::open(path)?, keys);
        ledger.prepare(&path.display().to_string())?;
        Ok(ledger)
    }

    /// An empty ledger in memory, for tests and simulations.
    ///
    /// # Errors
    ///
    /// What SQLite says.
    pub fn in_memory(keys: Keys) -> Result<Self, Error> {
        let mut ledger = Self::with(Connection::open_in_memory()?, keys);
        ledger.prepare(":memory:")?;
        Ok(ledger)
    }

    /// Opens the ledger at `path` for reading, beside its writer.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); also when there is no such file.
    pub fn reader(path: &Path, keys: Keys) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let ledger = Self::with(Connection::open_with_flags(path, flags)?, keys);
        ledger.db.busy_timeout(Duration::from_secs(5))?;
        ledger.check(&path.display().to_string())?;
        Ok(ledger)
    }

    /// The hub's keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    fn with(db: Connection, keys: Keys) -> Self {
        Self { db, keys, opened: RefCell::default() }
    }

    fn prepare(&mut self, file: &str) -> Result<(), Error> {
        self.db.busy_timeout(Duration::from_secs(5))?;
        let found = self.check(file)?;
        if found == 0 {
            self.db.pragma_update(None, "journal_mode", "WAL")?;
        }
        if found < VERSION {
            self.migrate(found)?;
        }
        // A record is acknowledged only when it survives a power cut of the hub.
        self.db.pragma_update(None, "synchronous", "FULL")?;
        self.db.pragma_update(None, "foreign_keys", true)?;
        Ok(())
    }

    /// Brings a file of version `found` up to date, all of it or nothing.
    fn migrate(&self, found: i32) -> Result<(), Error> {
        let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        if found == 0 {
            tx.execute_batch(TABLES)?;
            tx.pragma_update(None, "application_id", APPLICATION)?;
        }
        let taken = usize::try_from(found - 1).unwrap_or(0);
        STEPS.iter().skip(taken).try_for_each(|step| tx.execute_batch(step))?;
        if (1..WITH_TIMES).contains(&found) {
            self.place_everything()?;
        }
        tx.pragma_update(None, "user_version", VERSION)?;
        Ok(tx.commit()?)
    }

    /// The version of the file, 0 for an empty one.
    fn check(&self, file: &str) -> Result<i32, Error> {
        let number = |name| self.db.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        let (application, found) = (number("application_id")?, number("user_version")?);
        let tables: i64 = self.db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        match (application, tables) {
            (0, 0) => Ok(0),
            (APPLICATION, _) if found <= VERSION => Ok(found),
            (APPLICATION, _) => Err(Error::Newer { file: file.to_owned(), found, supported: VERSION }),
            (_, _) => Err(Error::NotALedger { file: file.to_owned() }),
        }
    }
}

/// The day of `at` in China's time zone, in days since 1970-01-01.
///
/// UTC+8 all year; no daylight saving since 1991.
pub(super) fn day_of(at: Wall) -> i64 {
    (at.0 + 8 * 3_600_000).div_euclid(86_400_000)
}

/// The name of one of our enums' values in records, such as `turned-back`.
pub(super) fn name_of<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(_) | Err(_) => String::new(),
    }
}

/// The value that [`name_of`] named.
pub(super) fn named<T: serde::de::DeserializeOwned>(name: &str) -> Result<T, Error> {
    serde_json::from_value(serde_json::Value::String(name.to_owned()))
        .map_err(|_| Error::Damaged("an unknown name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_opens_again_and_others_are_refused_by_name_and_version() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.db");
        let keys = || Keys::from_secret(&[1; 32]);
        drop(Ledger::open(&path, keys()).unwrap());
        let ledger = Ledger::open(&path, keys()).unwrap();
        Ledger::reader(&path, keys()).unwrap();
        ledger.db.pragma_update(None, "user_version", VERSION + 1).unwrap();
        let error = Ledger::open(&path, keys()).unwrap_err().to_string();
        let expected =
            format!("hub.db: ledger version {}, this program supports up to {VERSION}", VERSION + 1);
        assert!(error.contains(&expected), "{error}");
        let other = folder.path().join("other.db");
        Connection::open(&other).unwrap().execute_batch("CREATE TABLE x (y)").unwrap();
        assert!(matches!(Ledger::open(&other, keys()), Err(Error::NotALedger { .. })));
        assert!(Ledger::reader(&folder.path().join("none.db"), keys()).is_err());
    }

    #[test]
    fn a_ledger_of_the_first_version_is_brought_up_to_date_and_keeps_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(TABLES).unwrap();
        old.pragma_update(None, "application_id", APPLICATION).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        old.execute("INSERT INTO kiosks (kiosk, key, enrolled) VALUES ('east-1', zeroblob(32), 5)", [])
            .unwrap();
        drop(old);
        for _ in 0..2 {
            let ledger = Ledger::open(&path, Keys::from_secret(&[1; 32])).unwrap();
            assert_eq!(ledger.kiosks().unwrap().len(), 1);
            let schema = |ledger: &Ledger| -> Vec<String> {
                let mut query = ledger.db.prepare("SELECT sql FROM sqlite_schema ORDER BY name").unwrap();
                let rows = query.query_map([], |row| row.get::<_, Option<String>>(0)).unwrap();
                rows.filter_map(|sql| sql.unwrap()).collect()
            };
            let fresh = Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap();
            assert_eq!(schema(&ledger), schema(&fresh));
        }
    }

    #[test]
    fn commits_survive_a_power_cut() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("hub.db"), Keys::from_secret(&[1; 32])).unwrap();
        let value = |name| ledger.db.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(value("synchronous"), 2, "FULL");
        let mode: String = ledger.db.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }

    #[test]
    fn days_begin_at_midnight_in_china() {
        // 2026-11-21T16:00:00Z is 2026-11-22T00:00+08:00.
        let midnight = Wall::from_secs(1_795_276_800);
        assert_eq!(day_of(midnight), day_of(Wall(midnight.0 - 1)) + 1);
    }
}
