//! SQLite's files as a killed process or a power cut leaves them.
//!
//! The databases here write ahead: what is new goes to the end of a log beside the main file. A process that is killed
//! within a write leaves the log cut at any byte of what it was adding. A power cut takes any part of what was not
//! synced; what was is known from SQLite's documented order: the log is synced before the main file is written, and with
//! `synchronous = FULL` with every commit.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use kakou::base::Random;

use crate::scythe::End;

const SECTOR: usize = 512;
/// Length of a write-ahead log's header.
const HEADER: usize = 32;

/// A main file and its write-ahead log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    main: Option<Vec<u8>>,
    log: Vec<u8>,
}

impl Image {
    /// The files at `path` as they are.
    pub fn of(path: &Path) -> Self {
        Self { main: fs::read(path).ok(), log: fs::read(log_of(path)).unwrap_or_default() }
    }

    /// Lays the files at `path`, where there are none.
    pub fn lay(&self, path: &Path) {
        if let Some(main) = &self.main {
            fs::write(path, main).unwrap();
        }
        if !self.log.is_empty() {
            fs::write(log_of(path), &self.log).unwrap();
        }
    }

    /// Where the process was killed between `before` and `after`: what it wrote is there up to some byte.
    pub fn torn(before: &Self, after: &Self, random: &mut Random) -> Self {
        let appended = before.main == after.main && after.log.starts_with(&before.log);
        let (from, to) = match (appended, after.begins_log_anew(before)) {
            (true, _) => (before.log.len(), after.log.len()),
            (false, true) if before.main == after.main => (HEADER, after.log.len()),
            (false, _) => return random.pick(&[before.clone(), after.clone()]).cloned().unwrap_or_default(),
        };
        // Killed behind the last byte, as likely as not much earlier.
        let cut = if random.chance(0.3) { to } else { from + random.below((to - from) as u64 + 1) as usize };
        Self { main: after.main.clone(), log: after.log[..cut].to_vec() }
    }

    /// What a power cut leaves when the first `synced` bytes of the log are on the medium for certain.
    pub fn cut(&self, synced: usize, random: &mut Random) -> Self {
        let mut log = self.log.clone();
        let synced = synced.min(log.len());
        log.truncate(synced + random.below((log.len() - synced + 1) as u64) as usize);
        if random.chance(0.5) && log.len() > synced {
            let from = synced + random.below((log.len() - synced) as u64) as usize;
            let to = log.len().min((from / SECTOR + 1) * SECTOR);
            log[from..to].fill(0);
        }
        Self { main: self.main.clone(), log }
    }

    fn begins_log_anew(&self, before: &Self) -> bool {
        let header = |log: &[u8]| log.get(..HEADER).map(<[u8]>::to_vec);
        header(&self.log).is_some() && header(&self.log) != header(&before.log)
    }
}

/// Follows how much of a write-ahead log is synced, with `synchronous = NORMAL`.
#[derive(Clone, Debug, Default)]
pub struct Synced {
    /// Checksum of the main file.
    main: Option<u32>,
    header: Vec<u8>,
    bytes: usize,
}

impl Synced {
    /// A process begins with `image`; after a power cut all of that is on the medium.
    pub fn begin(&mut self, image: &Image, after: End) {
        self.bytes = match after {
            End::Killed => self.bytes.min(image.log.len()),
            End::PowerCut => image.log.len(),
        };
        self.main = image.main.as_deref().map(crc32c::crc32c);
        self.header = image.log.get(..HEADER).unwrap_or_default().to_vec();
    }

    /// Looks at the files again; call it after everything that may have written.
    pub fn look(&mut self, path: &Path) {
        let main = fs::read(path).ok().map(|bytes| crc32c::crc32c(&bytes));
        let mut header = vec![];
        if let Ok(log) = fs::File::open(log_of(path)) {
            log.take(HEADER as u64).read_to_end(&mut header).unwrap();
        }
        if main != self.main {
            // The log is synced before any of it goes into the main file.
            self.bytes = fs::metadata(log_of(path)).map_or(0, |log| log.len() as usize);
        } else if header != self.header {
            self.bytes = HEADER;
        }
        (self.main, self.header) = (main, header);
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rusqlite::Connection;

    use super::*;

    #[test]
    fn a_write_that_was_cut_short_is_there_or_not_and_never_in_part() {
        let rows = |seed| {
            let (folder, path) = database();
            let connection = Connection::open(&path).unwrap();
            let before = Image::of(&path);
            connection.execute_batch(&format!("BEGIN; {} COMMIT;", INSERT.repeat(200))).unwrap();
            let after = Image::of(&path);
            count(folder.path(), &Image::torn(&before, &after, &mut Random::new(seed)))
        };
        let seen: BTreeSet<u32> = (0..40).map(rows).collect();
        // The last frame of a write is the one that counts: most cuts undo it.
        assert_eq!(seen, BTreeSet::from([1, 201]));
    }

    #[test]
    fn a_power_cut_takes_what_was_not_synced_and_nothing_else() {
        let (folder, path) = database();
        let connection = Connection::open(&path).unwrap();
        let mut synced = Synced::default();
        synced.begin(&Image::of(&path), End::PowerCut);
        connection.execute_batch(&INSERT.repeat(20)).unwrap();
        synced.look(&path);
        let image = Image::of(&path);
        let rows = |synced: usize| -> BTreeSet<u32> {
            (0..40).map(|seed| count(folder.path(), &image.cut(synced, &mut Random::new(seed)))).collect()
        };
        assert!(rows(synced.bytes()).len() > 5, "{:?}", rows(synced.bytes()));
        assert!(rows(synced.bytes()).iter().all(|rows| (1..=21).contains(rows)));
        assert_eq!(rows(usize::MAX), BTreeSet::from([21]), "with every commit synced");
        // What is written into the main file was synced before.
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
        synced.look(&path);
        connection.execute_batch(INSERT).unwrap();
        synced.look(&path);
        let image = Image::of(&path);
        let rows =
            (0..40).map(|seed| count(folder.path(), &image.cut(synced.bytes(), &mut Random::new(seed))));
        assert!(rows.collect::<BTreeSet<u32>>().is_subset(&BTreeSet::from([21, 22])));
    }

    const INSERT: &str = "INSERT INTO rows VALUES (randomblob(900));";

    /// A database that writes ahead, with one row.
    fn database() -> (tempfile::TempDir, PathBuf) {
        let folder = crate::site::folder();
        let path = folder.path().join("a.sqlite");
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.execute_batch(&format!("CREATE TABLE rows (bytes BLOB NOT NULL); {INSERT}")).unwrap();
        (folder, path)
    }

    /// Rows in an image, which must be sound.
    fn count(folder: &Path, image: &Image) -> u32 {
        let folder = tempfile::tempdir_in(folder).unwrap();
        let path = folder.path().join("left.sqlite");
        image.lay(&path);
        let connection = Connection::open(&path).unwrap();
        let sound: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
        connection.query_row("SELECT count(*) FROM rows", [], |row| row.get(0)).unwrap()
    }
}
