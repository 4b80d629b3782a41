//! The hub's process: the real ledger on files of its own, which is killed before, within and after its commits.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use kakou::base::{Epoch, Mono, Random, Wall};
use kakou::ledger::{Keys, Ledger};
use kakou::sync::wire::Head;
use kakou::sync::{Answer, Ask};
use tempfile::TempDir;

use crate::face;
use crate::image::Image;
use crate::planted::Plant;
use crate::scythe::{End, Kills, Point, Scythe};
use crate::site::{folder, kiosk_id, kiosk_key};

pub struct Hub {
    ledger: Option<Ledger>,
    pub scythe: Scythe,
    pub kills: Kills,
    pub lives: u32,
    /// When it starts again, once it is down.
    pub back: Mono,
    /// The most records that it ever said it holds.
    pub answered: u64,
    plant: Option<Plant>,
    path: PathBuf,
    folder: TempDir,
    random: Random,
}

impl Hub {
    /// A hub that has pinned the key of the one kiosk.
    pub fn new(plant: Option<Plant>, random: Random) -> Self {
        let folder = folder();
        let path = folder.path().join("hub-0.db");
        enrolled().lay(&path);
        let mut hub = Self {
            ledger: None,
            scythe: Scythe::default(),
            kills: Kills::new(),
            lives: 0,
            back: Mono::ZERO,
            answered: 0,
            plant,
            path,
            folder,
            random,
        };
        hub.open();
        hub
    }

    pub fn is_up(&self) -> bool {
        self.ledger.is_some()
    }

    pub fn ledger(&self) -> &Ledger {
        self.ledger.as_ref().unwrap()
    }

    /// Starts again on what is left; what it answered before it still has to hold.
    pub fn start(&mut self, epoch: Option<Epoch>) -> Result<(), String> {
        self.open();
        if self.random.chance(0.3) {
            // Now and then it stops in order: then what was written ahead is in the main file.
            self.ledger = None;
            self.open();
        }
        let Some(epoch) = epoch else { return Ok(()) };
        let held = face::head(self.ledger(), &kiosk_id(), epoch).next.get() - 1;
        match held < self.answered {
            true => Err(format!("answered that it holds {} records, and holds {held}", self.answered)),
            false => Ok(()),
        }
    }

    fn open(&mut self) {
        self.scythe.lift();
        self.ledger = Some(Ledger::open(&self.path, Keys::from_secret(&[5; 32])).unwrap());
    }

    /// Answers a request as the hub's HTTP face does; `None` when it is down, or dies over it.
    pub fn answer(&mut self, now: Mono, wall: Wall, epoch: Epoch, ask: &Ask) -> Option<Result<Head, Answer>> {
        self.ledger.as_ref()?;
        if !self.scythe.spares(Point::HubRequest) {
            let left = Image::of(&self.path);
            return self.die(now, Point::HubRequest, left);
        }
        if !self.scythe.spares(Point::WithinHub) {
            let before = Image::of(&self.path);
            let answer = self.apply(epoch, ask, wall);
            let torn = Image::torn(&before, &Image::of(&self.path), &mut self.random);
            self.die(now, Point::WithinHub, torn);
            return (self.plant == Some(Plant::HubAnswersEarly)).then_some(answer);
        }
        let answer = self.apply(epoch, ask, wall);
        if !self.scythe.spares(Point::HubAnswer) {
            let left = Image::of(&self.path);
            return self.die(now, Point::HubAnswer, left);
        }
        Some(answer)
    }

    /// Notes what an answer that has left promises.
    pub fn promises(&mut self, head: &Head) {
        self.answered = self.answered.max(head.next.get() - 1);
    }

    fn apply(&mut self, epoch: Epoch, ask: &Ask, wall: Wall) -> Result<Head, Answer> {
        let ledger = self.ledger.as_mut().unwrap();
        let applied = face::apply(ledger, &kiosk_id(), epoch, ask, wall);
        if let (Some(Plant::HubCountsTwice), Ok(0), Ask::Entries { .. }) = (self.plant, &applied, ask) {
            // All of the batch was there already.
            let other = rusqlite::Connection::open(&self.path).unwrap();
            other.execute("UPDATE tallies SET passages = passages + 1", []).unwrap();
        }
        face::answer(applied)?;
        Ok(face::head(ledger, &kiosk_id(), epoch))
    }

    /// It is killed, or its power goes: every commit was synced, so both leave the same but for the end of its log.
    fn die(&mut self, now: Mono, point: Point, left: Image) -> Option<Result<Head, Answer>> {
        let end = if self.random.chance(0.5) { End::PowerCut } else { End::Killed };
        *self.kills.entry((point, end)).or_default() += 1;
        self.ledger = None;
        std::fs::remove_file(&self.path).unwrap();
        self.lives += 1;
        self.path = self.folder.path().join(format!("hub-{}.db", self.lives));
        left.lay(&self.path);
        self.back = now + Duration::from_millis(200 + self.random.below(2_500));
        None
    }
}

/// The files of a hub that knows the kiosk and nothing of it yet.
fn enrolled() -> &'static Image {
    static ENROLLED: OnceLock<Image> = OnceLock::new();
    ENROLLED.get_or_init(|| {
        let folder = folder();
        let path = folder.path().join("hub.db");
        let mut ledger = Ledger::open(&path, Keys::from_secret(&[5; 32])).unwrap();
        ledger.add_token(&[9; 32], None, Wall::EARLIEST).unwrap();
        ledger.enrol(&[9; 32], Some(&kiosk_id()), kiosk_key().verifying(), Wall::EARLIEST).unwrap();
        drop(ledger);
        Image::of(&path)
    })
}
