//! A kiosk: a journal on a simulated disk, and what sends it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kakou::base::{BootId, ClockTrust, Epoch, KioskId, Mono, Random, Seq, Stamp, Wall};
use kakou::journal::{Disk, Journal, Options, Reader, SigningKey, Stored};
use kakou::model::record::Crossing;
use kakou::model::{Body, Direction, Draft, SubjectKind};
use kakou::sim::disk::SimDisk;
use kakou::sync::wire::Head;
use kakou::sync::{Action, Answer, Ask, Desk, Durable, Link, Series, Settings};

use crate::common::kiosk::Log;

/// A request under way.
struct Asked {
    id: u64,
    epoch: Epoch,
    ask: Ask,
}

pub struct Kiosk {
    pub name: KioskId,
    pub disk: SimDisk,
    pub journal: Option<Journal<SimDisk>>,
    reader: Option<Reader<SimDisk>>,
    link: Link,
    desk: Desk<SimDisk>,
    asked: Option<Asked>,
    traffic: Log,
    random: Random,
    hub_key: [u8; 32],
    boots: u8,
    /// When it started last.
    started: Mono,
    /// How far its clock is off, in milliseconds.
    pub clock_off: i64,
    /// Every record that was ever durable, by log.
    pub truth: BTreeMap<Epoch, Vec<Stored>>,
    /// Those of them that its medium has lost.
    pub lost: BTreeSet<(Epoch, u64)>,
}

impl Kiosk {
    pub fn new(seed: u64, hub_key: [u8; 32]) -> Self {
        let (name, disk): (KioskId, _) = ("east-1".parse().unwrap(), SimDisk::new());
        let mut kiosk = Self {
            desk: Desk::new(name.clone(), key(), disk.clone()),
            link: Link::new(Settings::default(), Random::new(seed)),
            name,
            disk,
            journal: None,
            reader: None,
            asked: None,
            traffic: Log::new("east-1", 7),
            random: Random::new(seed ^ 0xFACE),
            hub_key,
            boots: 0,
            started: Mono::ZERO,
            clock_off: 0,
            truth: BTreeMap::new(),
            lost: BTreeSet::new(),
        };
        kiosk.traffic.random = Random::new(seed ^ 0xCA7);
        kiosk
    }

    /// Starts, or starts again: it knows nothing of any hub then.
    pub fn start(&mut self, now: Mono, wall: Wall) {
        self.boots += 1;
        self.started = now;
        self.journal = None;
        let options =
            Options { kiosk: self.name.clone(), segment_len: 48 * 1024, ballast_len: 0, witness: None };
        let entropy = Box::new(Random::new(self.random.next_u64()));
        let (journal, recovery) = Journal::open(self.disk.clone(), options, entropy).unwrap();
        self.reader = Some(journal.reader(self.disk.clone()));
        self.journal = Some(journal);
        self.link = Link::new(Settings::default(), Random::new(self.random.next_u64()));
        self.desk = Desk::new(self.name.clone(), key(), self.disk.clone());
        self.asked = None;
        let hub_key = self.hub_key;
        for draft in recovery.drafts("0.1.0") {
            self.append(draft, now, wall);
        }
        let body = self.journal().sealer().key_opened(&hub_key).unwrap();
        self.append(Draft { lane: None, body, personal: None }, now, wall);
        self.commit();
    }

    pub fn journal(&mut self) -> &mut Journal<SimDisk> {
        self.journal.as_mut().unwrap()
    }

    pub fn epoch(&self) -> Epoch {
        self.journal.as_ref().unwrap().epoch()
    }

    pub fn durable(&self) -> u64 {
        self.journal.as_ref().unwrap().durable().map_or(0, Seq::get)
    }

    /// Somebody comes, is checked and goes.
    pub fn serve(&mut self, now: Mono, wall: Wall) {
        let (subject, direction) = (SubjectKind::Person, Direction::Inbound);
        let draft = |body, personal| Draft { lane: Some("in-1".parse().unwrap()), body, personal };
        let arrival = self.append(draft(Body::Arrived { subject, direction }, None), now, wall);
        let (passage, personal) = self.traffic.passage(arrival, subject, direction);
        self.append(draft(Body::Passage(Box::new(passage)), Some(personal)), now, wall);
        self.append(
            draft(Body::Crossed { arrival, crossing: Crossing::Passed, counted: None }, None),
            now,
            wall,
        );
        self.commit();
    }

    fn append(&mut self, draft: Draft, now: Mono, wall: Wall) -> Seq {
        let stamp = self.stamp(now, wall);
        self.journal().append(draft, stamp).unwrap()
    }

    fn commit(&mut self) {
        self.journal().commit().unwrap();
        let (epoch, durable) = (self.epoch(), self.durable());
        let (reader, truth) = (self.reader.as_mut().unwrap(), self.truth.entry(epoch).or_default());
        while (truth.len() as u64) < durable {
            let from = Seq::new(truth.len() as u64 + 1).unwrap();
            let read = reader.read(from, usize::MAX, usize::MAX).unwrap();
            assert!(!read.is_empty());
            truth.extend(read);
        }
    }

    fn stamp(&self, now: Mono, wall: Wall) -> Stamp {
        let wall = Wall(wall.0 + self.clock_off);
        let trust = if self.clock_off == 0 { ClockTrust::Synced } else { ClockTrust::Rtc };
        Stamp {
            boot: BootId([self.boots; 16]),
            mono: Mono::ZERO + now.since(self.started),
            wall,
            trust,
            max_error_ms: 12,
        }
    }

    /// Its medium loses record `seq` of the log that is being written; nothing else.
    pub fn rot(&mut self, seq: u64) -> bool {
        let epoch = self.epoch();
        let files: Vec<String> = self.disk.clone().list().unwrap();
        for file in files.iter().filter(|file| file.contains(&epoch.to_string()) && file.ends_with(".seg")) {
            let bytes = self.disk.read(file).unwrap();
            let is_it = |window: &[u8]| window.starts_with(b"KKF1\0") && window[8..16] == seq.to_le_bytes();
            if let Some(at) = bytes.windows(16).position(is_it) {
                // The first byte of the public part: behind the head of 36 bytes.
                self.disk.flip(file, at + 36, 1);
                self.lost.insert((epoch, seq));
                return true;
            }
        }
        false
    }

    /// The next request, if there is one to make now; else when to look again.
    pub fn next(&mut self, now: Mono, wall: Wall, ids: &mut u64) -> Result<(u64, Epoch, Ask), Mono> {
        let epoch = self.epoch();
        if self.link.live(Series::Main) != Some(epoch) {
            let closed = self.desk.take_up(Series::Main, epoch).unwrap();
            self.link.take_up(Series::Main, epoch, &closed);
        }
        for _ in 0..1_000 {
            let durable = Durable::main(self.durable());
            let (log, action) = match self.link.next(now, durable) {
                (Some(log), action) => (log, action),
                (None, Action::WaitUntil(until)) => return Err(until),
                (None, action) => panic!("{action:?} about no log"),
            };
            let stamp = self.stamp(now, wall);
            match self.desk.prepare(log, durable, action, stamp) {
                Ok(ask) => {
                    *ids += 1;
                    self.asked = Some(Asked { id: *ids, epoch: log, ask: ask.clone() });
                    return Ok((*ids, log, ask));
                }
                Err(answer) => self.link.on_answer(now, stamp.wall, answer),
            }
        }
        panic!("the link goes round in circles");
    }

    /// Takes the answer to request `id`; one to an earlier request reaches nobody.
    pub fn heard(&mut self, now: Mono, wall: Wall, id: u64, answer: Result<Head, Answer>) {
        let Some(asked) = self.asked.take_if(|asked| asked.id == id) else { return };
        let answer = self.desk.understand(asked.epoch, &asked.ask, answer);
        self.link.on_answer(now, Wall(wall.0 + self.clock_off), answer);
    }

    /// What its screen says still has to be sent.
    pub fn waiting(&self) -> u64 {
        self.link.status().waiting
    }

    pub fn error(&self) -> Option<String> {
        self.link.status().error
    }

    pub fn is_forked(&self) -> bool {
        self.link.outbox(self.epoch()).is_some_and(kakou::sync::Outbox::forked)
    }
}

/// The kiosk's signing key.
pub fn key() -> Arc<SigningKey> {
    Arc::new(SigningKey::from_seed(&[6; 32]))
}
