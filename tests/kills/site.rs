//! What outlives the kiosk's process, and what the checks know of its past.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kakou::base::{BootId, ClockTrust, Epoch, KioskId, Mono, Random, Stamp, Wall};
use kakou::journal::{Disk as _, SigningKey, Stored};
use kakou::model::{Body, Entry};
use kakou::sim::disk::SimDisk;
use tempfile::TempDir;

use crate::checks::{Check, Failure};
use crate::disk::Mortal;
use crate::gate::Gate;
use crate::held::{self, Checked, Handed};
use crate::image::{Image, Synced};
use crate::planted::Plant;
use crate::scythe::{End, Kills, Point, Scythe};

pub fn kiosk_id() -> KioskId {
    "east-1".parse().unwrap()
}

/// The kiosk's signing key.
pub fn kiosk_key() -> SigningKey {
    SigningKey::from_seed(&[3; 32])
}

/// A folder for databases, in memory where the system has such a place: what is durable is this test's own model.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

pub struct Site {
    pub now: Mono,
    /// The wall time at the beginning.
    pub begins: Wall,
    pub disk: SimDisk,
    /// Length of the journal's segments, in bytes.
    pub segment_len: u64,
    pub gates: Vec<Gate>,
    pub scythe: Scythe,
    pub kills: Kills,
    pub random: Random,
    pub plant: Option<Plant>,
    pub verbose: bool,
    /// Everything that somebody was told is durable.
    pub told: Vec<Stored>,
    pub last: Option<Entry>,
    /// Handed in and not yet seen in the log.
    pub handed: VecDeque<Handed>,
    pub epoch: Option<Epoch>,
    /// Requests so far.
    pub ids: u64,
    /// Planted: what the link takes for received.
    pub believed: u64,
    pub boots: u64,
    folder: TempDir,
    /// Where the view of the process lies that runs.
    pub view: PathBuf,
    /// What the last process left of it, when it was killed in the middle of a write.
    torn: Option<Image>,
    synced: Synced,
}

impl Site {
    pub fn new(begins: Wall, lanes: usize, plant: Option<Plant>, verbose: bool, random: Random) -> Self {
        let folder = folder();
        Self {
            now: Mono::from_millis(1_000),
            begins,
            disk: SimDisk::new(),
            segment_len: 16 * 1024,
            gates: (0..lanes).map(|_| Gate::new()).collect(),
            scythe: Scythe::default(),
            kills: Kills::new(),
            random,
            plant,
            verbose,
            told: vec![],
            last: None,
            handed: VecDeque::new(),
            epoch: None,
            ids: 0,
            believed: 0,
            boots: 0,
            view: folder.path().join("view-0.sqlite"),
            folder,
            torn: None,
            synced: Synced::default(),
        }
    }

    pub fn wall(&self) -> Wall {
        self.begins + Duration::from_millis(self.now.as_millis())
    }

    /// A stamp of the boot whose own clock shows `mono`.
    pub fn stamp(&self, boot: BootId, mono: Mono) -> Stamp {
        Stamp { boot, mono, wall: self.wall(), trust: ClockTrust::Synced, max_error_ms: 20 }
    }

    /// The disk as a process sees it that the scythe can end.
    pub fn mortal(&self) -> Mortal {
        let skips_sync = self.plant == Some(Plant::AcknowledgesUnsynced);
        Mortal { disk: self.disk.clone(), scythe: self.scythe.clone(), skips_sync }
    }

    pub fn fail(&self, check: Check, outcome: Checked) -> Result<(), Failure> {
        outcome.map_err(|what| Failure { check, at: self.now, what })
    }

    pub fn say(&self, what: &dyn std::fmt::Debug) {
        if self.verbose {
            eprintln!("{} {what:?}", self.now);
        }
    }

    /// Takes the next record of the log, as its reader gives it.
    pub fn learn(&mut self, stored: Stored) -> Result<(), Failure> {
        let entry = match stored.entry() {
            Ok(entry) => entry,
            Err(error) => return self.fail(Check::NothingLostOrDoubled, Err(error.to_string())),
        };
        self.say(&entry.body);
        let handed = self.handed.front().is_some_and(|(_, draft)| draft.body == entry.body);
        // The recorder itself says that it turned to another key.
        if handed || !matches!(entry.body, Body::KeyOpened { .. }) {
            let last = self.told.len() as u64;
            let next = held::nothing_is_lost_or_doubled(&mut self.handed, last, &entry);
            self.fail(Check::NothingLostOrDoubled, next)?;
        }
        self.fail(Check::OrderIsKept, held::order_is_kept(self.last.as_ref(), &entry))?;
        self.told.push(stored);
        self.last = Some(entry);
        Ok(())
    }

    /// Does something to the view, if the process lives to see it; killed within, it leaves what it had written.
    pub fn with_view<T>(&mut self, work: impl FnOnce(&Path) -> T) -> Option<T> {
        if !self.scythe.spares(Point::View) {
            return None;
        }
        if self.scythe.spares(Point::WithinView) {
            let done = work(&self.view);
            self.synced.look(&self.view);
            return self.scythe.spares(Point::AfterView).then_some(done);
        }
        let before = Image::of(&self.view);
        work(&self.view);
        self.synced.look(&self.view);
        self.torn = Some(Image::torn(&before, &Image::of(&self.view), &mut self.random));
        None
    }

    /// What is left when the process has been killed at `point`: call it before anything of the process is dropped.
    pub fn bury(&mut self, point: Point) {
        let end = if self.random.chance(0.5) { End::PowerCut } else { End::Killed };
        self.say(&(point, end));
        *self.kills.entry((point, end)).or_default() += 1;
        let mut view = self.torn.take().unwrap_or_else(|| Image::of(&self.view));
        match end {
            End::Killed => self.disk = self.disk.killed(),
            End::PowerCut => {
                self.disk = self.disk.crash(&mut self.random);
                view = match self.random.below(8) {
                    // Nothing says that its name was ever synced.
                    0 => Image::default(),
                    1 | 2 => view,
                    _ => view.cut(self.synced.bytes(), &mut self.random),
                };
            }
        }
        self.boots += 1;
        self.view = self.folder.path().join(format!("view-{}.sqlite", self.boots));
        view.lay(&self.view);
        self.synced.begin(&view, end);
        match self.plant {
            Some(Plant::ViewAhead) => lose_a_row(&self.view),
            Some(Plant::LosesKeys) => lose_a_key(&mut self.disk),
            Some(_) | None => {}
        }
    }

    /// A view beside the one in use.
    pub fn other_view(&self) -> PathBuf {
        self.folder.path().join("other.sqlite")
    }

    /// Removes what is left of earlier processes.
    pub fn sweep(&self) {
        let live = self.view.file_name().unwrap().to_str().unwrap().to_owned();
        for entry in self.folder.path().read_dir().unwrap().flatten() {
            if !entry.file_name().to_str().is_some_and(|name| name.starts_with(&live)) {
                std::fs::remove_file(entry.path()).unwrap();
            }
        }
    }
}

/// What a view would leave that notes its cursor before the rows.
fn lose_a_row(view: &Path) {
    let Ok(connection) = rusqlite::Connection::open(view) else { return };
    // A file without tables has no row to lose.
    let _ = connection.execute("DELETE FROM passages WHERE id = (SELECT max(id) FROM passages)", []);
}

/// What a medium would leave that never wrote the name of a key.
fn lose_a_key(disk: &mut SimDisk) {
    let files = disk.list().unwrap();
    if let Some(key) = files.iter().rfind(|file| file.ends_with(".key")) {
        disk.remove(key).unwrap();
        disk.sync_dir().unwrap();
    }
}
