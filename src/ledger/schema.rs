//! The file itself: opening, its tables, its version.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::keys::Keys;
use super::tables::{STEPS, VERSION, WITH_TIMES};
use crate::base::Wall;
use crate::journal::SealingKey;

/// Marks the file as a ledger ("KKL1").
const APPLICATION: i32 = 0x4B4B_4C31;

/// Memory for the writer's pages.
const CACHE_KIB: i32 = 64 * 1024;
/// Pages of 4 KiB that the write-ahead log gathers before they are written into the file.
const CHECKPOINT_PAGES: i32 = 8_192;

/// A record is `log · 2⁴⁰ + seq`: one integer, so that a log's records lie together and in order.
pub(super) const SEQ_BITS: u32 = 40;

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
    /// Written by an older program, and opened for reading only.
    #[error("{file}: ledger version {found}; the hub must open it once to bring it to {supported}")]
    Older {
        /// The file.
        file: String,
        /// Its version.
        found: i32,
        /// The version that this program reads.
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
    /// Whether something was erased since the write-ahead log was emptied.
    pub(super) erased: Cell<bool>,
    /// Whether there may be blobs whose files have to go.
    pub(super) blobs_go: Cell<bool>,
    /// The largest number of what kiosks are told of each other.
    pub(super) told: Cell<u64>,
}

impl Ledger {
    /// Opens the ledger at `path`, creating it when there is none, and bringing an older one up to date in place.
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
        match ledger.check(&path.display().to_string())? {
            VERSION => Ok(ledger),
            found => Err(Error::Older { file: path.display().to_string(), found, supported: VERSION }),
        }
    }

    /// The hub's keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    fn with(db: Connection, keys: Keys) -> Self {
        // Applying a batch alone takes more than the 16 that are kept by default.
        db.set_prepared_statement_cache_capacity(64);
        let (opened, erased) = (RefCell::default(), Cell::default());
        Self { db, keys, opened, erased, blobs_go: Cell::new(true), told: Cell::default() }
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
        // Index pages are hit at random: with the default of 2 MiB most of them would be read again for each batch.
        self.db.pragma_update(None, "cache_size", -CACHE_KIB)?;
        self.db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        // A record is acknowledged only when it survives a power cut of the hub.
        self.db.pragma_update(None, "synchronous", "FULL")?;
        self.db.pragma_update(None, "foreign_keys", true)?;
        // What is erased is overwritten; nothing else is ever deleted here.
        self.db.pragma_update(None, "secure_delete", true)?;
        Ok(())
    }

    /// Brings a file of version `found` up to date, all of it or nothing.
    fn migrate(&self, found: i32) -> Result<(), Error> {
        let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let taken = usize::try_from(found).unwrap_or(0);
        tx.pragma_update(None, "application_id", APPLICATION)?;
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
    fn a_ledger_of_the_first_version_is_brought_up_to_date_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(STEPS[0]).unwrap();
        old.pragma_update(None, "application_id", APPLICATION).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        old.execute_batch(
            "INSERT INTO kiosks VALUES ('east-1', x'00', 5, NULL);
             INSERT INTO entries (record, public, leaf, received) VALUES (7, x'01', x'02', 9);",
        )
        .unwrap();
        drop(old);
        let keys = || Keys::from_secret(&[1; 32]);
        assert!(matches!(Ledger::reader(&path, keys()), Err(Error::Older { found: 1, .. })));
        let ledger = Ledger::open(&path, keys()).unwrap();
        Ledger::reader(&path, keys()).unwrap();
        let proven = "SELECT proven FROM entries WHERE record = 7";
        assert_eq!(ledger.db.query_row(proven, [], |row| row.get::<_, i64>(0)), Ok(1));
        let schema = |ledger: &Ledger| -> Vec<String> {
            let mut query =
                ledger.db.prepare("SELECT name || sql FROM sqlite_schema WHERE sql > ''").unwrap();
            let mut all: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().flatten().collect();
            all.sort();
            all
        };
        assert_eq!(
            schema(&ledger),
            schema(&Ledger::in_memory(keys()).unwrap()),
            "an old file ends like a new one"
        );
    }

    #[test]
    fn no_step_that_was_released_is_altered() {
        // SHA-256 of each, the first 8 digits. A ledger that took a step never takes it again.
        let released = ["dc5d2f9a", "f0e05f3c", "4e5c76db", "c893ec1b", "fc0f00d0", "48c68363", "5db9163a"];
        let digest = |step: &&str| ring::digest::digest(&ring::digest::SHA256, step.as_bytes());
        let now = STEPS.iter().map(|step| data_encoding::HEXLOWER.encode(&digest(step).as_ref()[..4]));
        assert_eq!(now.take(released.len()).collect::<Vec<_>>(), released);
    }

    #[test]
    fn a_ledger_from_before_openings_were_kept_goes_on_counting_from_where_the_program_started() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hub.db");
        let old = Connection::open(&path).unwrap();
        STEPS.iter().take(7).for_each(|step| old.execute_batch(step).unwrap());
        old.pragma_update(None, "application_id", APPLICATION).unwrap();
        old.pragma_update(None, "user_version", 7).unwrap();
        old.execute_batch(
            "INSERT INTO kiosks VALUES ('east-1', x'00', 5, NULL);
             INSERT INTO logs (log, kiosk, epoch, next, frontier, claimed, opened)
                 VALUES (1, 'east-1', x'07070707070707070707070707070707', 9, x'00', 8, 5);
             INSERT INTO counts VALUES (1, 'gate', 3, 2, 0, 0, 0, 8, 6);",
        )
        .unwrap();
        drop(old);
        let ledger = Ledger::open(&path, Keys::from_secret(&[1; 32])).unwrap();
        let counted = ledger.counted(&"east-1".parse().unwrap()).unwrap();
        let [lane] = counted.as_slice() else { panic!("{counted:?}") };
        assert_eq!((lane.count.since, lane.count.raised, lane.recorded), (3, 2, 0));
        let through = "SELECT recorded, through FROM counts";
        assert_eq!(ledger.db.query_row(through, [], |row| Ok((row.get(0)?, row.get(1)?))), Ok((0, 3)));
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
