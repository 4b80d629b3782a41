//! An outbox against a real ledger through a network that loses, repeats, overtakes and cuts.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may panic")]

mod common;

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::kiosk::{Log, NOW};
use kakou::base::{BootId, Mono, Random, Seq, Wall};
use kakou::journal::{SigningKey, Stored};
use kakou::ledger::{Filter, Keys, Ledger, Refused};
use kakou::sync::packer::Packer;
use kakou::sync::wire::Batch;
use kakou::sync::{Action, Answer, Outbox, Settings};

/// What went wrong on the way, so that a run in which nothing did cannot pass.
#[derive(Debug, Default)]
struct Faults {
    requests_lost: u32,
    answers_lost: u32,
    truncated: u32,
    delayed: u32,
    repeated: u32,
    restarts: u32,
    busy: u32,
    too_large: u32,
}

struct World {
    ledger: Option<Ledger>,
    /// Where the ledger lies, for a hub that restarts; most seeds do with one in memory.
    file: Option<tempfile::TempDir>,
    log: Log,
    random: Random,
    now: Mono,
    faults: Faults,
    /// Batches that are still somewhere on the way.
    astray: Vec<(Seq, Vec<u8>)>,
    new: u64,
    calm: bool,
}

impl World {
    fn new(seed: u64, count: usize) -> Self {
        let file = (seed % 6 == 3).then(|| tempfile::tempdir().unwrap());
        let mut log = Log::new("east-1", 7);
        log.random = Random::new(seed);
        let mut ledger = open(file.as_ref().map(tempfile::TempDir::path));
        ledger.add_token(&[1; 32], Some(&log.kiosk), NOW).unwrap();
        ledger.enrol(&[1; 32], None, log.key.verifying(), NOW).unwrap();
        log.append_key(NOW, &ledger.keys().seal_key());
        log.append_traffic(NOW, count);
        let random = Random::new(seed ^ 0x5EED);
        let (now, faults) = (Mono::from_millis(1_000), Faults::default());
        Self { ledger: Some(ledger), file, log, random, now, faults, astray: vec![], new: 0, calm: false }
    }

    fn ledger(&mut self) -> &mut Ledger {
        self.ledger.as_mut().unwrap()
    }

    fn wall(&self) -> Wall {
        NOW + Duration::from_millis(self.now.as_millis())
    }

    fn chance(&mut self, p: f64) -> bool {
        !self.calm && self.random.chance(p)
    }

    fn restart_hub(&mut self) {
        let Some(file) = &self.file else { return };
        self.ledger = None;
        self.ledger = Some(open(Some(file.path())));
        self.faults.restarts += 1;
    }

    /// A batch on its way to the hub and the answer on its way back.
    fn send(&mut self, from: Seq, mut body: Vec<u8>) -> Answer {
        if self.chance(0.05) {
            self.restart_hub();
        }
        if self.chance(0.05) {
            self.faults.busy += 1;
            return Answer::Busy { retry_after: Some(Duration::from_secs(2)) };
        }
        if self.chance(0.1) {
            // Lost for now; it may arrive much later.
            self.faults.requests_lost += 1;
            self.astray.push((from, body));
            return Answer::Lost("dropped".into());
        }
        if self.chance(0.1) {
            self.faults.truncated += 1;
            let length = self.random.below(body.len() as u64) as usize;
            body.truncate(length);
        }
        if self.chance(0.1) {
            self.faults.repeated += 1;
            self.astray.push((from, body.clone()));
        }
        let answer = self.deliver(from, &body);
        if self.chance(0.15) {
            self.faults.answers_lost += 1;
            return Answer::Lost("answer dropped".into());
        }
        answer
    }

    fn deliver(&mut self, from: Seq, body: &[u8]) -> Answer {
        let Ok(batch) = Batch::decode(body) else { return Answer::Refused("400".into()) };
        if batch.entries.len() > 40 {
            self.faults.too_large += 1;
            return Answer::TooLarge;
        }
        let (kiosk, epoch, wall) = (self.log.kiosk.clone(), self.log.epoch, self.wall());
        match self.ledger().apply(&kiosk, epoch, from, &batch.note, &batch.entries, wall) {
            Ok(applied) => {
                self.new += applied.new;
                Answer::Next(applied.next)
            }
            Err(Refused::Gap { next }) => Answer::Rewind(next),
            Err(refused) => panic!("an honest kiosk was refused: {refused}"),
        }
    }

    fn head(&mut self) -> Answer {
        if self.chance(0.2) {
            return Answer::Lost("dropped".into());
        }
        let (kiosk, epoch) = (self.log.kiosk.clone(), self.log.epoch);
        Answer::Next(self.ledger().head(&kiosk, epoch).unwrap().0)
    }

    fn beat(&mut self, note: &str) -> Answer {
        if self.chance(0.2) {
            return Answer::Lost("dropped".into());
        }
        let (kiosk, epoch, wall) = (self.log.kiosk.clone(), self.log.epoch, self.wall());
        Answer::Next(self.ledger().heartbeat(&kiosk, epoch, note, wall).unwrap().0)
    }

    /// Things that happen by themselves: what went astray arrives.
    fn drift(&mut self) {
        while !self.astray.is_empty() && (self.calm || self.random.chance(0.3)) {
            let index = self.random.below(self.astray.len() as u64) as usize;
            let (from, body) = self.astray.swap_remove(index);
            self.faults.delayed += 1;
            self.deliver(from, &body);
        }
    }

    /// Whether the hub holds just what the kiosk wrote.
    fn check(&mut self) -> Result<(), String> {
        let size = self.log.size();
        let (kiosk, epoch) = (self.log.kiosk.clone(), self.log.epoch);
        let root = self.log.frontier(size).root();
        let passages = self
            .log
            .entries
            .iter()
            .filter(|stored| matches!(stored.entry().unwrap().body, kakou::model::Body::Passage(_)));
        let (passages, new) = (passages.count() as u64, self.new);
        let ledger = self.ledger();
        let head = ledger.head(&kiosk, epoch).unwrap();
        if (head.0.get() - 1, head.1) != (size, root) {
            return Err(format!("hub holds {} of {size} records, or another root", head.0.get() - 1));
        }
        if new != size {
            return Err(format!("{new} records were taken as new, of {size}"));
        }
        let found = ledger.count(&Filter::default()).unwrap();
        if found != passages {
            return Err(format!("{found} passages in the ledger, {passages} in the journal"));
        }
        match ledger.alarms(9).unwrap().first() {
            Some(alarm) => Err(format!("an honest kiosk raised an alarm: {}", alarm.detail)),
            None => Ok(()),
        }
    }
}

fn open(folder: Option<&Path>) -> Ledger {
    let keys = Keys::from_secret(&[1; 32]);
    match folder {
        Some(folder) => Ledger::open(&folder.join("hub.db"), keys).unwrap(),
        None => Ledger::in_memory(keys).unwrap(),
    }
}

/// Runs an outbox until everything is delivered; records become durable as it goes.
fn run(seed: u64) -> World {
    let mut world = World::new(seed, 30 + (seed as usize % 5) * 40);
    let key = SigningKey::from_seed(&[world.log.kiosk.as_str().len() as u8; 32]);
    let mut packer = Packer::new(world.log.kiosk.clone(), world.log.epoch, key);
    let mut outbox = Outbox::new(Settings::default(), Random::new(seed));
    let entries = Arc::new(world.log.entries.clone());
    let mut durable = world.random.below(40).min(world.log.size());
    for step in 0..4_000 {
        world.calm = step >= 200;
        if world.calm && outbox.waiting() == 0 && durable == world.log.size() && world.astray.is_empty() {
            break;
        }
        durable = (durable + world.random.below(12)).min(world.log.size());
        // The kiosk restarts and knows nothing of the hub any more.
        if world.chance(0.02) {
            outbox = Outbox::new(Settings::default(), Random::new(seed + step));
        }
        world.drift();
        let entries = Arc::clone(&entries);
        let mut source = |from: Seq, max: usize, _: usize| -> Result<Vec<Stored>, Infallible> {
            let first = from.get() as usize - 1;
            let last = (first + max).min(durable as usize);
            Ok(entries.get(first..last).unwrap_or_default().to_vec())
        };
        let answer = match outbox.next(world.now, durable) {
            Action::WaitUntil(until) => {
                world.now = until.min(world.now + Duration::from_secs(20)).max(world.now);
                world.now = world.now + Duration::from_millis(1);
                continue;
            }
            Action::Head => world.head(),
            Action::Heartbeat => {
                let note = packer.heartbeat(durable, BootId([1; 16]), world.now, &mut source).unwrap();
                world.beat(&note)
            }
            Action::Post { from, max_entries, max_bytes } => {
                let body = packer.batch(from, max_entries, max_bytes, &mut source).unwrap();
                world.send(from, body)
            }
        };
        world.now = world.now + Duration::from_millis(20);
        let wall = world.wall();
        outbox.on_answer(world.now, wall, answer);
        assert!(outbox.expected().is_none_or(|next| next.get() <= durable + 1), "seed {seed}");
        assert!(!outbox.forked(), "seed {seed}: an honest log counts as forked");
    }
    world
}

#[test]
fn everything_arrives_exactly_once_whatever_the_network_does() {
    let only = std::env::var("SIM_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut all = Faults::default();
    for seed in only.map_or(0..300, |seed: u64| seed..seed + 1) {
        let mut world = run(seed);
        if let Err(why) = world.check() {
            panic!("SIM_SEED={seed}: {why} after {:?}", world.faults);
        }
        let faults = &world.faults;
        all.requests_lost += faults.requests_lost;
        all.answers_lost += faults.answers_lost;
        all.truncated += faults.truncated;
        all.delayed += faults.delayed;
        all.repeated += faults.repeated;
        all.restarts += faults.restarts;
        all.busy += faults.busy;
        all.too_large += faults.too_large;
    }
    let Faults { requests_lost, answers_lost, truncated, delayed, repeated, restarts, busy, too_large } = all;
    let kinds = [requests_lost, answers_lost, truncated, delayed, repeated, restarts, busy, too_large];
    assert!(
        only.is_some() || kinds.iter().all(|count| *count > 20),
        "a tame network proves nothing: {all:?}"
    );
}

#[test]
fn the_check_above_notices_a_lost_a_doubled_and_an_altered_record() {
    let mut lost = run(1);
    lost.log.append_traffic(NOW, lost.log.entries.len() + 1);
    assert!(lost.check().unwrap_err().contains("records, or another root"));
    let mut doubled = run(1);
    doubled.new += 1;
    assert!(doubled.check().unwrap_err().contains("taken as new"));
    let mut altered = run(1);
    altered.log.entries.swap(3, 4);
    assert!(altered.check().unwrap_err().contains("another root"));
    let mut alarmed = run(1);
    let (size, kiosk, epoch) = (alarmed.log.size(), alarmed.log.kiosk.clone(), alarmed.log.epoch);
    // The first heartbeat of another boot may be a late one; only the next one of that boot says that records are gone.
    for _ in 0..2 {
        let beat = alarmed.log.beat(size - 1);
        alarmed.ledger().heartbeat(&kiosk, epoch, &beat, NOW).unwrap();
    }
    assert!(alarmed.check().unwrap_err().contains("alarm"));
}

#[test]
fn a_hub_restored_from_a_backup_is_brought_up_to_date() {
    let mut world = World::new(3, 120);
    let (note, entries) = (world.log.note(50), world.log.slice(1, 50));
    let (kiosk, epoch) = (world.log.kiosk.clone(), world.log.epoch);
    world.calm = true;
    world.ledger().apply(&kiosk, epoch, Seq::FIRST, &note, &entries, NOW).unwrap();
    world.ledger = None;
    // A copy of every file, as an officer would make it; then the rest arrives and is lost with the disk.
    let backup = tempfile::tempdir().unwrap();
    let folder = world.file.take().unwrap();
    copy(folder.path(), backup.path());
    world.ledger = Some(open(Some(folder.path())));
    let (note, entries) = (world.log.note(120), world.log.slice(51, 120));
    world.ledger().apply(&kiosk, epoch, Seq::new(51).unwrap(), &note, &entries, NOW).unwrap();
    world.ledger = None;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    copy(backup.path(), folder.path());
    world.ledger = Some(open(Some(folder.path())));
    assert_eq!(world.ledger().head(&kiosk, epoch).unwrap().0.get(), 51);
    for (from, through) in [(51, 85), (86, 120)] {
        let (note, entries) = (world.log.note(through), world.log.slice(from, through));
        let body = Batch { note, entries }.encode().unwrap();
        let next = Seq::new(through + 1).unwrap();
        assert_eq!(world.deliver(Seq::new(from).unwrap(), &body), Answer::Next(next));
    }
    world.new = 120;
    world.check().unwrap();
}

fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
