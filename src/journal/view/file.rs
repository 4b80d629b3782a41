//! The view's file: its tables, whether it can be used, and how it is set aside.
//!
//! While a view is open its file says so: the mark that the last run ended in order is removed at once and durably,
//! and written when the view rests. Without it every page is looked at before the file is used.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};

use super::{Check, Error, forget};
use crate::base::Wall;
use crate::model::Blinder;
use crate::model::blind::IdentifierKind;

/// Version of the tables.
const VERSION: i64 = 5;
/// Files set aside that are kept: enough to see that a card fails again and again.
const ASIDE_MAX: usize = 3;

const TABLES: &str = "
    CREATE TABLE applied (epoch BLOB PRIMARY KEY, last INTEGER NOT NULL, leaf BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE passages (
        id INTEGER PRIMARY KEY, epoch BLOB NOT NULL, seq INTEGER NOT NULL, arrival INTEGER NOT NULL,
        follows INTEGER, lane TEXT, wall INTEGER NOT NULL, trust TEXT NOT NULL, subject TEXT NOT NULL,
        direction TEXT NOT NULL, class TEXT NOT NULL, verdict TEXT NOT NULL, reasons TEXT NOT NULL,
        decided_by TEXT, label TEXT, people INTEGER NOT NULL, crossing TEXT, boot BLOB NOT NULL, mono INTEGER NOT NULL,
        error_ms INTEGER NOT NULL, stay_h INTEGER, stay_until INTEGER, stay_back INTEGER, overdue INTEGER
    );
    CREATE TABLE boots (id INTEGER PRIMARY KEY, boot BLOB NOT NULL UNIQUE, last INTEGER NOT NULL);
    CREATE UNIQUE INDEX passages_seq ON passages (seq, epoch);
    CREATE INDEX passages_arrival ON passages (arrival, epoch);
    CREATE INDEX passages_wall ON passages (wall);
    CREATE INDEX passages_open ON passages (id) WHERE verdict IN ('referred', 'held');
    CREATE TABLE subjects (
        id INTEGER PRIMARY KEY, passage INTEGER NOT NULL, kind TEXT NOT NULL, label TEXT, known INTEGER NOT NULL,
        gone INTEGER, verdict TEXT NOT NULL, steps BLOB NOT NULL, name BLOB, host BLOB,
        stays INTEGER NOT NULL
    );
    CREATE INDEX subjects_staying ON subjects (id) WHERE gone IS NULL AND stays = 1;
    CREATE INDEX subjects_passage ON subjects (passage);
    CREATE INDEX subjects_inside ON subjects (id) WHERE gone IS NULL;
    CREATE INDEX subjects_gone ON subjects (gone);
    CREATE INDEX subjects_name ON subjects (name) WHERE name IS NOT NULL;
    CREATE INDEX subjects_host ON subjects (host) WHERE host IS NOT NULL;
    CREATE INDEX subjects_unknown ON subjects (passage) WHERE known = 0;
    CREATE TABLE identifiers (
        blinded BLOB NOT NULL, subject INTEGER NOT NULL, passage INTEGER NOT NULL, PRIMARY KEY (blinded, subject)
    ) WITHOUT ROWID;
    CREATE INDEX identifiers_passage ON identifiers (passage);
    CREATE TABLE arrivals (
        id INTEGER PRIMARY KEY, epoch BLOB NOT NULL, seq INTEGER NOT NULL, lane TEXT, subject TEXT NOT NULL,
        direction TEXT NOT NULL, wall INTEGER NOT NULL, UNIQUE (epoch, seq)
    );
    CREATE TABLE duties (
        epoch BLOB NOT NULL, seq INTEGER NOT NULL, wall INTEGER NOT NULL, attendant TEXT NOT NULL,
        what TEXT NOT NULL, PRIMARY KEY (epoch, seq)
    ) WITHOUT ROWID;
";

pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    forget::overwrite_deleted(&connection)?;
    // Losing the last transactions costs nothing: they are applied again from the log.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(connection)
}

/// Creates the tables of an empty file; says why an existing one cannot be used.
pub(super) fn usable(
    connection: &mut Connection,
    blinder: &Blinder,
    check: Check,
) -> rusqlite::Result<Option<String>> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if version == 0 && tables == 0 {
        let transaction = connection.transaction()?;
        transaction.execute_batch(TABLES)?;
        transaction.execute("INSERT INTO meta VALUES ('blinder', ?1)", [&mark(blinder)[..]])?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
        return Ok(None);
    }
    fault(connection, blinder, check)
}

/// Why a file with tables cannot be used.
pub(super) fn fault(
    connection: &Connection,
    blinder: &Blinder,
    check: Check,
) -> rusqlite::Result<Option<String>> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version != VERSION {
        return Ok(Some(format!("is of version {version}, this program writes version {VERSION}")));
    }
    let pragma = match check {
        Check::AsLeft if ended_in_order(connection)? => None,
        Check::AsLeft | Check::Pages => Some("PRAGMA quick_check(1)"),
        Check::Whole => Some("PRAGMA integrity_check(1)"),
    };
    if let Some(pragma) = pragma {
        let found: String = connection.query_row(pragma, [], |row| row.get(0))?;
        if found != "ok" {
            return Ok(Some(format!("is damaged: {found}")));
        }
        if is_cut(connection)? {
            return Ok(Some("ends within a page".to_owned()));
        }
    }
    let stored: Vec<u8> =
        connection.query_row("SELECT value FROM meta WHERE name = 'blinder'", [], |row| row.get(0))?;
    Ok((stored != mark(blinder)).then(|| "was made with another blinding key".to_owned()))
}

/// Whether the last page is not whole. SQLite would read zeros for what is missing of it.
fn is_cut(connection: &Connection) -> rusqlite::Result<bool> {
    let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let length = connection.path().and_then(|path| fs::metadata(path).ok()).map_or(0, |file| file.len());
    Ok(!length.is_multiple_of(page.unsigned_abs()))
}

fn mark(blinder: &Blinder) -> [u8; 16] {
    blinder.blind(IdentifierKind::Pass, "kakou view").0
}

fn ended_in_order(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) FROM meta WHERE name = 'rested'", [], |row| row.get(0))
}

/// From now on the file is in use, also for whoever finds it after a power cut.
pub(super) fn wake(connection: &Connection) -> rusqlite::Result<()> {
    if connection.execute("DELETE FROM meta WHERE name = 'rested'", [])? > 0 {
        forget::empty_log(connection)?;
    }
    Ok(())
}

/// Everything is written, and the file says so.
pub(super) fn rest(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('rested', x'01')", [])?;
    forget::empty_log(connection)
}

/// When every page and index was last looked at, by the kiosk's clock as it then was.
pub(super) fn checked(connection: &Connection) -> rusqlite::Result<Option<Wall>> {
    let text = "SELECT value FROM meta WHERE name = 'checked'";
    let wall: Option<i64> = connection.query_row(text, [], |row| row.get(0)).optional()?;
    Ok(wall.map(Wall))
}

pub(super) fn note_check(connection: &Connection, now: Wall) -> rusqlite::Result<()> {
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('checked', ?1)", [now.0]).map(|_| ())
}

/// Renames the file to `<file>.set-aside-<number>`, higher ones later; only the latest few are kept.
pub(super) fn set_aside(path: &Path) -> Result<(), Error> {
    let failed = |source| Error::Io { file: path.display().to_string(), source };
    let numbers: Vec<u64> = aside(path).map_err(failed)?.into_iter().map(|(number, _)| number).collect();
    let number = numbers.iter().max().map_or(1, |last| last + 1);
    // The write-ahead log first: left behind, it would be taken for the new file's.
    for suffix in ["-shm", "-wal", ""] {
        let to = with(path, &format!(".set-aside-{number}{suffix}"));
        gone(fs::rename(with(path, suffix), to)).map_err(failed)?;
    }
    for (old, file) in aside(path).map_err(failed)? {
        if old + ASIDE_MAX as u64 <= number {
            gone(fs::remove_file(file)).map_err(failed)?;
        }
    }
    File::open(folder(path)).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Every file that was set aside, with its number; 0 for those of older versions of the program.
pub(super) fn aside(path: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut found = vec![];
    for entry in fs::read_dir(folder(path))? {
        let file = entry?.path();
        let other = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some((_, number)) = other.strip_prefix(&name).and_then(|rest| rest.split_once(".set-aside"))
        else {
            continue;
        };
        let digits = number.trim_start_matches('-').split('-').next().unwrap_or_default();
        found.push((digits.parse().unwrap_or(0), file));
    }
    Ok(found)
}

/// What is not there need not be moved or removed.
pub(super) fn gone(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
